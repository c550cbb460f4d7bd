//! Pictures, articles as PDF and videos: kept by content hash, checked when they come in ([`picture`], [`pdf`],
//! [`video`]), made smaller for pages ([`sizes`]), served to people signed in ([`serve`]).

mod metadata;
pub mod pdf;
pub mod picture;
pub mod serve;
pub mod sizes;
mod svg;
pub mod video;

use crate::ambient;
use docimo_engine::paper::Pdf;
use docimo_engine::question::{Image, Video};
use docimo_store::bank::Media;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// A picture on a page.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImageView {
    /// Address.
    pub url: String,
    /// Addresses of the same picture at several widths, as `srcset` has them; empty where there is only one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub srcset: String,
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
            url: address(&image.file),
            srcset: sizes::srcset(&image.file, image.width),
            alt: image.alt.clone(),
            width: or(image.width, 800),
            height: or(image.height, 600),
        }
    }
}

/// An article to open as a PDF.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PdfView {
    /// Address.
    pub url: String,
    /// What the link says: "Ouvrir l’article (PDF, 8 pages)".
    pub label: String,
    /// What a reader who cannot read it needs.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
}

impl PdfView {
    /// A PDF of the bank.
    pub fn of(pdf: &Pdf) -> Self {
        let label = match pdf.pages {
            0 => "Ouvrir l’article (PDF)".to_owned(),
            1 => "Ouvrir l’article (PDF, 1 page)".to_owned(),
            n => format!("Ouvrir l’article (PDF, {n} pages)"),
        };
        Self { url: address(&pdf.file), label, description: pdf.description.trim().to_owned() }
    }
}

/// A video on a page.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VideoView {
    /// Address.
    pub url: String,
    /// What a reader who cannot see or hear it needs.
    pub description: String,
}

impl VideoView {
    /// A video of the bank.
    pub fn of(video: &Video) -> Self {
        Self { url: address(&video.file), description: video.description.trim().to_owned() }
    }
}

fn address(hash: &str) -> String {
    format!("/media/{hash}")
}

/// A file that came in, checked.
#[derive(Clone, Debug)]
pub enum Checked {
    /// A picture.
    Picture(Media),
    /// A PDF, with its number of pages.
    Pdf(Media, u32),
    /// A video.
    Video(Media),
}

impl Checked {
    /// What is kept of it.
    pub fn media(&self) -> &Media {
        match self {
            Self::Picture(media) | Self::Pdf(media, _) | Self::Video(media) => media,
        }
    }

    /// What is kept of it.
    pub fn into_media(self) -> Media {
        match self {
            Self::Picture(media) | Self::Pdf(media, _) | Self::Video(media) => media,
        }
    }
}

/// Checks a file by its content (never by its name): a PDF, a video or a picture.
pub fn read(name: &str, bytes: Vec<u8>) -> Result<Checked, String> {
    if pdf::is_one(&bytes) {
        let pages = pdf::check(name, &bytes)?;
        Ok(Checked::Pdf(document("application/pdf", bytes), pages))
    } else if let Some(container) = video::container(&bytes) {
        let bytes = video::check(name, container, bytes)?;
        Ok(Checked::Video(document(container.mime(), bytes)))
    } else {
        check(name, bytes).map(Checked::Picture)
    }
}

/// Checks a picture by its content (never by its name) and measures it. What is kept of it holds no metadata.
pub fn check(name: &str, bytes: Vec<u8>) -> Result<Media, String> {
    let picture = picture::check(name, bytes)?;
    let (width, height) = (i64::from(picture.width), i64::from(picture.height));
    Ok(Media { width, height, ..document(picture.mime, picture.bytes) })
}

fn document(mime: &str, bytes: Vec<u8>) -> Media {
    Media { hash: ambient::hex(&Sha256::digest(&bytes)), mime: mime.to_owned(), width: 0, height: 0, bytes }
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
