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
    response
}
