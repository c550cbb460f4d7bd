//! Styles and scripts, in the binary, under an address that changes with their content.

use crate::ambient;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

#[derive(RustEmbed)]
#[folder = "assets"]
struct Assets;

/// `/static/<hash of all assets>`: modules import each other by relative paths, so that they share it.
pub static BASE: LazyLock<String> = LazyLock::new(|| {
    let mut names: Vec<_> = Assets::iter().collect();
    names.sort();
    let mut hash = Sha256::new();
    for name in &names {
        hash.update(name.as_bytes());
        if let Some(file) = Assets::get(name) {
            hash.update(&file.data);
        }
    }
    format!("/static/{}", &ambient::hex(&hash.finalize())[..12])
});

/// Serves an asset, to be kept for ever.
pub async fn serve(Path((_, path)): Path<(String, String)>) -> Response {
    let Some(file) = Assets::get(&path) else { return crate::error::ApiError::NotFound.into_response() };
    let mime = match path.rsplit_once('.').map(|(_, ext)| ext) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    };
    let mut response = file.data.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(mime));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    if path == "room/worker.js" {
        // It serves the exam room without a network, and nothing else.
        headers.insert("service-worker-allowed", HeaderValue::from_static("/epreuves/"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without a network the room is what its worker kept: a file it does not know is a room that does not open.
    #[test]
    fn the_worker_keeps_all_that_the_room_is_made_of() {
        let worker = String::from_utf8(Assets::get("room/worker.js").unwrap().data.to_vec()).unwrap();
        let list = worker.split_once("const FILES = [").unwrap().1.split_once(']').unwrap().0;
        let mut kept: Vec<&str> =
            list.split(',').map(|f| f.trim().trim_matches('"')).filter(|f| !f.is_empty()).collect();
        kept.sort_unstable();
        let apart = ["room/types.js", "room/worker.js"];
        let room = |name: &str| name.starts_with("room/") && !apart.contains(&name);
        let mut served: Vec<String> = Assets::iter().map(Into::into).filter(|name: &String| room(name)).collect();
        served.extend(["base.css", "room.css", "theme.js"].map(str::to_owned));
        served.sort_unstable();
        assert_eq!(kept, served);
    }
}
