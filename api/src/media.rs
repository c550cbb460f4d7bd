//! Pictures: kept by content hash, checked when they come in, served to people signed in.

use crate::ambient;
use crate::app::App;
use crate::error::{ApiError, ApiResult};
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use docimo_engine::question::Image;
use docimo_store::bank::Media;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// A picture on a page.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImageView {
    /// Address.
    pub url: String,
    /// What a reader who cannot see it needs.
    pub alt: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

impl ImageView {
    /// A picture of the bank.
    pub fn of(image: &Image) -> Self {
        let or = |pixels: u32, default: u32| if pixels == 0 { default } else { pixels };
        Self {
            url: format!("/media/{}", image.file),
            alt: image.alt.clone(),
            width: or(image.width, 800),
            height: or(image.height, 600),
        }
    }
}

/// Largest picture, in bytes.
pub const MAX_BYTES: usize = 10 * 1024 * 1024;

/// Checks a picture by its content (never by its name) and measures it.
pub fn check(name: &str, bytes: Vec<u8>) -> Result<Media, String> {
    if bytes.len() > MAX_BYTES {
        return Err(format!("l’image « {name} » dépasse {} Mio", MAX_BYTES / 1024 / 1024));
    }
    let (mime, width, height) = if let Some((width, height)) = svg_size(&bytes) {
        svg_is_inert(&bytes).map_err(|why| format!("l’image « {name} » : {why}"))?;
        ("image/svg+xml", width, height)
    } else {
        let mime = match imagesize::image_type(&bytes) {
            Ok(imagesize::ImageType::Png) => "image/png",
            Ok(imagesize::ImageType::Jpeg) => "image/jpeg",
            Ok(imagesize::ImageType::Gif) => "image/gif",
            Ok(imagesize::ImageType::Webp) => "image/webp",
            _ => return Err(format!("l’image « {name} » n’est ni PNG, JPEG, GIF, WebP ni SVG")),
        };
        let size = imagesize::blob_size(&bytes).map_err(|_| format!("l’image « {name} » est abîmée"))?;
        (mime, size.width, size.height)
    };
    if width == 0 || height == 0 || width > 20_000 || height > 20_000 {
        return Err(format!("l’image « {name} » mesure {width} × {height} pixels : de 1 à 20 000"));
    }
    let hash = ambient::hex(&Sha256::digest(&bytes));
    Ok(Media { hash, mime: mime.into(), width: width as i64, height: height as i64, bytes })
}

/// Size of an SVG by its viewBox or its width and height.
fn svg_size(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut reader = quick_xml::Reader::from_reader(bytes);
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer).ok()? {
            quick_xml::events::Event::Start(e) | quick_xml::events::Event::Empty(e) => {
                if e.local_name().as_ref() != "svg" {
                    return None;
                }
                let attribute = |name: &str| Some(e.try_get_attribute(name).ok()??.value.into_owned());
                if let Some(view) = attribute("viewBox") {
                    let numbers: Vec<f64> = view.split([' ', ',']).filter_map(|n| n.parse().ok()).collect();
                    if let [_, _, w, h] = numbers[..] {
                        return Some((w.round() as usize, h.round() as usize));
                    }
                }
                let pixels = |name| attribute(name)?.trim_end_matches("px").parse::<f64>().ok();
                return Some((pixels("width")?.round() as usize, pixels("height")?.round() as usize));
            }
            quick_xml::events::Event::Eof => return None,
            _ => buffer.clear(),
        }
    }
}

/// SVG files are shown through `<img>`, where scripts do not run; one that holds any is refused all the
/// same, as well as one that fetches something.
fn svg_is_inert(bytes: &[u8]) -> Result<(), String> {
    let mut reader = quick_xml::Reader::from_reader(bytes);
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer) {
            Err(e) => return Err(format!("SVG illisible ({e})")),
            Ok(quick_xml::events::Event::DocType(_)) => return Err("un SVG avec DOCTYPE est refusé".into()),
            Ok(quick_xml::events::Event::Start(e) | quick_xml::events::Event::Empty(e)) => {
                let name = e.local_name();
                let name = name.as_ref().to_lowercase();
                if matches!(name.as_str(), "script" | "foreignobject" | "iframe" | "image" | "use") {
                    return Err(format!("l’élément « {name} » n’est pas admis dans un SVG"));
                }
                if !name.chars().all(|c| c.is_alphanumeric() || c == '-') {
                    return Err("SVG mal formé".into());
                }
                for attribute in e.attributes() {
                    let attribute = attribute.map_err(|e| format!("SVG mal formé ({e})"))?;
                    let key = attribute.key.local_name().as_ref().to_lowercase();
                    let value = attribute.value.to_lowercase();
                    let outside =
                        value.contains("javascript:") || value.contains("url(http") || value.contains("data:");
                    if key.starts_with("on") || outside || (key == "href" && !value.starts_with('#')) {
                        return Err(format!("l’attribut « {key} » n’est pas admis dans un SVG"));
                    }
                }
            }
            Ok(quick_xml::events::Event::Eof) => return Ok(()),
            Ok(_) => {}
        }
        buffer.clear();
    }
}

/// Serves a picture: it never changes, its address is its content.
pub async fn serve(State(app): State<App>, Path(hash): Path<String>) -> ApiResult<Response> {
    let media = app.store.media(&hash).await?.ok_or(ApiError::NotFound)?;
    let mime = HeaderValue::from_str(&media.mime).map_err(|e| ApiError::Internal(e.into()))?;
    let mut response = media.bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, mime);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox"),
    );
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_known_by_their_content() {
        let svg = |inner: &str| {
            format!("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 800 600'>{inner}</svg>").into_bytes()
        };
        let ok = check("a.png", svg("<rect width='1' height='1'/>")).unwrap();
        assert_eq!((ok.mime.as_str(), ok.width, ok.height), ("image/svg+xml", 800, 600));
        for bad in ["<script>1</script>", "<rect onload='x'/>", "<a href='http://x'/>", "<image href='#a'/>", "<rect"] {
            assert!(check("a.svg", svg(bad)).is_err(), "{bad}");
        }
        assert!(check("a.png", b"GIF?".to_vec()).is_err());
        assert!(check("a.png", Vec::new()).is_err());
    }
}
