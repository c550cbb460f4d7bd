//! Smaller versions of pictures, so that a telephone does not fetch a radiograph of six mebibytes: made once, when a
//! picture comes in or, for one that was there before, when a page first asks; kept under the original's hash.
//!
//! A page needs to know nothing of what was made: any width of [`WIDTHS`] is answered, with the original where that
//! is as good (a drawing in SVG, a picture that moves, one that would not be lighter).

use super::metadata;
use super::picture::{format_of, with_profile};
use crate::ambient;
use crate::error::{ApiError, ApiResult};
use docimo_store::Store;
use docimo_store::bank::Media;
use docimo_store::bank::media::MediaSize;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageEncoder, ImageFormat};
use std::fmt::Write;
use tokio::sync::Mutex;

/// Widths made, in pixels.
pub const WIDTHS: [u32; 3] = [480, 960, 1600];
/// Quality of the JPEG made, of 100.
const QUALITY: u8 = 85;

/// A picture is made smaller once, however many ask at the same time.
static MAKING: Mutex<()> = Mutex::const_new(());

/// The `srcset` of a picture: its smaller versions, then itself. Empty where it has none, or where its width is unknown.
pub fn srcset(hash: &str, width: u32) -> String {
    let mut set = String::new();
    for smaller in WIDTHS.into_iter().filter(|w| *w < width) {
        let _ = write!(set, "/media/{hash}/{smaller} {smaller}w, ");
    }
    if !set.is_empty() {
        let _ = write!(set, "/media/{hash} {width}w");
    }
    set
}

/// A picture at a width of [`WIDTHS`]; `None` where the original is what is to be shown, or where there is none.
pub async fn at(store: &Store, hash: &str, width: u32) -> ApiResult<Option<MediaSize>> {
    let shown = |size: MediaSize| Some(size).filter(|s| !s.bytes.is_empty());
    if let Some(size) = store.media_size(hash, width.into()).await? {
        return Ok(shown(size));
    }
    let _alone = MAKING.lock().await;
    if let Some(size) = store.media_size(hash, width.into()).await? {
        return Ok(shown(size));
    }
    let Some(media) = store.media_head(hash).await?.filter(|m| m.mime.starts_with("image/")) else { return Ok(None) };
    let Some(media) = store.media(&media.hash).await? else { return Ok(None) };
    let sizes = keep(store, media).await?;
    Ok(sizes.into_iter().find(|s| s.width == i64::from(width)).and_then(shown))
}

/// Makes and keeps the smaller versions of a picture that came in, where they are not there yet.
pub async fn prepare(store: &Store, media: Media) -> ApiResult<()> {
    if !media.mime.starts_with("image/") || store.media_size(&media.hash, WIDTHS[0].into()).await?.is_some() {
        return Ok(());
    }
    let _alone = MAKING.lock().await;
    keep(store, media).await.map(drop)
}

async fn keep(store: &Store, media: Media) -> ApiResult<Vec<MediaSize>> {
    let sizes = tokio::task::spawn_blocking(move || made(&media)).await.map_err(|e| ApiError::Internal(e.into()))?;
    store.keep_media_sizes(&sizes, ambient::now_ms()).await?;
    Ok(sizes)
}

/// Every width of a picture; without bytes where the original does as well.
fn made(media: &Media) -> Vec<MediaSize> {
    let mut found: Vec<(u32, &'static str, Vec<u8>)> = smaller(&media.bytes).unwrap_or_default();
    found.retain(|(_, _, bytes)| bytes.len() < media.bytes.len());
    WIDTHS
        .into_iter()
        .map(|width| {
            let at = found.iter().position(|(w, _, _)| *w == width);
            let (mime, bytes) = at.map(|i| found.swap_remove(i)).map(|(_, m, b)| (m, b)).unwrap_or_default();
            MediaSize { hash: media.hash.clone(), width: width.into(), mime: mime.to_owned(), bytes }
        })
        .collect()
}

/// The smaller versions of a picture of pixels that does not move.
fn smaller(bytes: &[u8]) -> Option<Vec<(u32, &'static str, Vec<u8>)>> {
    let format = format_of(bytes)?;
    let clean = metadata::without(format, bytes).ok().filter(|clean| clean.still)?;
    let (mut pixels, profile) = with_profile(format, &clean.bytes).ok()?;
    pixels.apply_orientation(clean.orientation);
    // Pages show eight bits a channel.
    pixels = match (pixels.color().has_color(), pixels.color().has_alpha()) {
        (true, true) => DynamicImage::ImageRgba8(pixels.into_rgba8()),
        (true, false) => DynamicImage::ImageRgb8(pixels.into_rgb8()),
        (false, true) => DynamicImage::ImageLumaA8(pixels.into_luma_alpha8()),
        (false, false) => DynamicImage::ImageLuma8(pixels.into_luma8()),
    };
    let space: &[u8] = if pixels.color().has_color() { b"RGB " } else { b"GRAY" };
    let profile = profile.filter(|p| p.get(16..20) == Some(space));
    let mut all = Vec::new();
    // The widest first: each is made from the one before.
    for width in WIDTHS.into_iter().rev().filter(|w| *w < pixels.width()).collect::<Vec<_>>() {
        let height = (f64::from(pixels.height()) * f64::from(width) / f64::from(pixels.width())).round().max(1.0);
        pixels = pixels.resize_exact(width, height as u32, FilterType::CatmullRom);
        let (mime, bytes) = written(&pixels, format, profile.as_deref())?;
        all.push((width, mime, bytes));
    }
    Some(all)
}

/// A photograph as JPEG, a drawing or what is transparent as PNG. A PNG that is a photograph is told by what it weighs.
fn written(pixels: &DynamicImage, format: ImageFormat, profile: Option<&[u8]>) -> Option<(&'static str, Vec<u8>)> {
    let photograph = matches!(format, ImageFormat::Jpeg | ImageFormat::WebP);
    let opaque = !pixels.color().has_alpha();
    let jpeg = if opaque { Some(as_jpeg(pixels, profile)?) } else { None };
    match jpeg {
        Some(jpeg) if photograph => Some(("image/jpeg", jpeg)),
        Some(jpeg) => {
            let png = as_png(pixels, profile)?;
            Some(if jpeg.len() * 2 < png.len() { ("image/jpeg", jpeg) } else { ("image/png", png) })
        }
        None => Some(("image/png", as_png(pixels, profile)?)),
    }
}

fn as_jpeg(pixels: &DynamicImage, profile: Option<&[u8]>) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut out, QUALITY);
    if let Some(profile) = profile {
        encoder.set_icc_profile(profile.to_vec()).ok()?;
    }
    pixels.write_with_encoder(encoder).ok()?;
    Some(out)
}

fn as_png(pixels: &DynamicImage, profile: Option<&[u8]>) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut encoder = PngEncoder::new(&mut out);
    if let Some(profile) = profile {
        encoder.set_icc_profile(profile.to_vec()).ok()?;
    }
    pixels.write_with_encoder(encoder).ok()?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageBuffer, Rgb, Rgba};
    use std::io::Cursor;

    fn kept(pixels: DynamicImage, format: ImageFormat) -> Media {
        let mut bytes = Cursor::new(Vec::new());
        pixels.write_to(&mut bytes, format).unwrap();
        crate::media::check("x", bytes.into_inner()).unwrap()
    }

    /// Grain, as a radiograph has.
    fn grain(width: u32, height: u32) -> DynamicImage {
        let of = |x: u32, y: u32| {
            let n = x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503).wrapping_mul(x + 1);
            Rgb([(n >> 8) as u8, (n >> 13) as u8, (n >> 17) as u8])
        };
        DynamicImage::ImageRgb8(ImageBuffer::from_fn(width, height, of))
    }

    #[test]
    fn a_page_is_offered_the_widths_below_the_original() {
        assert_eq!(srcset("h", 480), "");
        assert_eq!(srcset("h", 0), "");
        assert_eq!(srcset("h", 1000), "/media/h/480 480w, /media/h/960 960w, /media/h 1000w");
    }

    #[test]
    fn a_photograph_is_made_smaller_and_keeps_its_shape() {
        let media = kept(grain(1200, 600), ImageFormat::Png);
        let sizes = made(&media);
        let measured = |i: usize| imagesize::blob_size(&sizes[i].bytes).map(|size| (size.width, size.height)).unwrap();
        assert_eq!((sizes[0].width, sizes[0].mime.as_str(), measured(0)), (480, "image/jpeg", (480, 240)));
        assert_eq!((sizes[1].width, sizes[1].mime.as_str(), measured(1)), (960, "image/jpeg", (960, 480)));
        assert!(sizes[2].width == 1600 && sizes[2].bytes.is_empty(), "wider than the original");
        assert!(sizes[0].bytes.len() * 3 < media.bytes.len());
    }

    #[test]
    fn a_drawing_stays_sharp_and_what_is_transparent_stays_so() {
        let stripes = |x: u32, _| if x % 200 < 100 { Rgb([255u8, 255, 255]) } else { Rgb([0, 0, 0]) };
        let drawing = made(&kept(DynamicImage::ImageRgb8(ImageBuffer::from_fn(1000, 900, stripes)), ImageFormat::Png));
        assert!(drawing.iter().all(|s| matches!(s.mime.as_str(), "image/png" | "")), "{:?}", drawing[0].mime);
        let glass =
            |x: u32, y: u32| Rgba([(x * y) as u8, (x ^ y) as u8, (x.wrapping_mul(y) >> 3) as u8, (x / 8) as u8]);
        let glass = made(&kept(DynamicImage::ImageRgba8(ImageBuffer::from_fn(1000, 500, glass)), ImageFormat::Png));
        assert_eq!(glass[0].mime, "image/png");
    }

    #[test]
    fn what_has_no_smaller_version_is_shown_itself() {
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 2000 1000'/>".to_vec();
        for media in [crate::media::check("x", svg).unwrap(), kept(grain(300, 200), ImageFormat::Jpeg)] {
            assert!(made(&media).iter().all(|s| s.bytes.is_empty()));
        }
    }
}
