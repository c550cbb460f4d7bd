//! Pictures that come in: known by their content, bounded in bytes, pixels and memory, decoded once to be sure that
//! they are whole, and kept without their metadata, which may name a patient.

use super::{metadata, svg};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, metadata::Orientation};
use std::io::Cursor;
use std::sync::{Mutex, PoisonError};

/// Largest picture, in bytes.
pub const MAX_BYTES: usize = 10 * 1024 * 1024;
/// Most pixels of a picture that is decoded.
pub const MAX_PIXELS: u64 = 40_000_000;
/// Most memory that decoding one may take: 40 million pixels of four channels of 16 bits, and some room.
const MAX_MEMORY: u64 = 400 * 1024 * 1024;
/// Widest or highest picture, in pixels.
const MAX_SIDE: usize = 20_000;

/// One picture is decoded at a time, so that many at once cannot exhaust the memory.
static ONE: Mutex<()> = Mutex::new(());

/// A picture as it is kept.
#[derive(Debug)]
pub struct Picture {
    /// Media type.
    pub mime: &'static str,
    /// Pixels, as it is shown.
    pub width: u32,
    /// Pixels, as it is shown.
    pub height: u32,
    /// Content, without metadata.
    pub bytes: Vec<u8>,
}

/// Checks a picture by its content and measures it; else why not, in French.
pub fn check(name: &str, bytes: Vec<u8>) -> Result<Picture, String> {
    if bytes.len() > MAX_BYTES {
        return Err(format!("l’image « {name} » dépasse {} Mio", MAX_BYTES / 1024 / 1024));
    }
    if let Some((width, height)) = svg::size(&bytes) {
        svg::is_inert(&bytes).map_err(|why| format!("l’image « {name} » : {why}"))?;
        let (width, height) = bounded(name, width, height)?;
        return Ok(Picture { mime: "image/svg+xml", width, height, bytes });
    }
    let format = format_of(&bytes).ok_or_else(|| format!("l’image « {name} » n’est ni PNG, JPEG, GIF, WebP ni SVG"))?;
    let damaged = |_| format!("l’image « {name} » est abîmée");
    // Announced sizes are looked at before a pixel is decoded.
    let size = imagesize::blob_size(&bytes).map_err(|_| format!("l’image « {name} » est abîmée"))?;
    let (width, height) = bounded(name, size.width, size.height)?;
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(format!(
            "l’image « {name} » compte {width} × {height} pixels : {} millions au plus, réduisez-la",
            MAX_PIXELS / 1_000_000
        ));
    }
    let clean = metadata::without(format, &bytes).map_err(damaged)?;
    let decoded = decode(format, &clean.bytes).map_err(|why| format!("l’image « {name} » {why}"))?;
    let (bytes, shown) = match (format, clean.orientation) {
        // The one thing of the metadata that shows is kept in the file.
        (ImageFormat::Jpeg, orientation) => (clean.bytes, turned((decoded.width(), decoded.height()), orientation)),
        (_, Orientation::NoTransforms) => (clean.bytes, (decoded.width(), decoded.height())),
        // These are turned without loss; few programs make them.
        (format, orientation) => {
            let mut upright = decoded;
            upright.apply_orientation(orientation);
            let size = (upright.width(), upright.height());
            let mut bytes = Cursor::new(Vec::new());
            upright.write_to(&mut bytes, format).map_err(|_| format!("l’image « {name} » est abîmée"))?;
            (bytes.into_inner(), size)
        }
    };
    Ok(Picture { mime: mime(format), width: shown.0, height: shown.1, bytes })
}

fn bounded(name: &str, width: usize, height: usize) -> Result<(u32, u32), String> {
    let sides = 1..=MAX_SIDE;
    match (u32::try_from(width), u32::try_from(height)) {
        (Ok(w), Ok(h)) if sides.contains(&width) && sides.contains(&height) => Ok((w, h)),
        _ => Err(format!("l’image « {name} » mesure {width} × {height} pixels : de 1 à 20 000")),
    }
}

/// The format of a picture made of pixels, by its first bytes.
pub fn format_of(bytes: &[u8]) -> Option<ImageFormat> {
    match imagesize::image_type(bytes).ok()? {
        imagesize::ImageType::Png => Some(ImageFormat::Png),
        imagesize::ImageType::Jpeg => Some(ImageFormat::Jpeg),
        imagesize::ImageType::Gif => Some(ImageFormat::Gif),
        imagesize::ImageType::Webp => Some(ImageFormat::WebP),
        _ => None,
    }
}

fn mime(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Png => "image/png",
        ImageFormat::Jpeg => "image/jpeg",
        ImageFormat::Gif => "image/gif",
        _ => "image/webp",
    }
}

/// Width and height once turned.
fn turned((width, height): (u32, u32), orientation: Orientation) -> (u32, u32) {
    match orientation {
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH => {
            (height, width)
        }
        _ => (width, height),
    }
}

/// The pixels as the file has them (its first image, if it moves), within bounds; else what is wrong with it.
pub(super) fn decode(format: ImageFormat, bytes: &[u8]) -> Result<DynamicImage, &'static str> {
    with_profile(format, bytes).map(|(pixels, _)| pixels)
}

/// [`decode`], with the colour profile.
pub(super) fn with_profile(format: ImageFormat, bytes: &[u8]) -> Result<(DynamicImage, Option<Vec<u8>>), &'static str> {
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let said = |error: image::ImageError| match error {
        image::ImageError::Limits(_) => "demande trop de mémoire : réduisez-la",
        _ => "est abîmée",
    };
    let mut decoder = reader.into_decoder().map_err(said)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err("compte trop de pixels : réduisez-la");
    }
    let profile = decoder.icc_profile().ok().flatten();
    Ok((DynamicImage::from_decoder(decoder).map_err(said)?, profile))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{GenericImageView, ImageBuffer, Rgb};

    /// Forty by twenty pixels, the left half red.
    fn half_red() -> DynamicImage {
        let of = |x: u32, _| if x < 20 { Rgb([200u8, 0, 0]) } else { Rgb([0, 0, 200]) };
        DynamicImage::ImageRgb8(ImageBuffer::from_fn(40, 20, of))
    }

    fn written(format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        half_red().write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn every_format_is_known_and_measured() {
        for (format, wanted) in [
            (ImageFormat::Png, "image/png"),
            (ImageFormat::Jpeg, "image/jpeg"),
            (ImageFormat::Gif, "image/gif"),
            (ImageFormat::WebP, "image/webp"),
        ] {
            let bytes = written(format);
            let picture = check("x", bytes.clone()).unwrap();
            assert_eq!((picture.mime, picture.width, picture.height), (wanted, 40, 20));
            let again = check("x", picture.bytes.clone()).unwrap();
            assert_eq!(again.bytes, picture.bytes, "{wanted}: cleaned twice is cleaned once");
            // Cut in its second half.
            let cut = bytes[..bytes.len() * 2 / 3].to_vec();
            assert!(check("coupée", cut).unwrap_err().contains("est abîmée"), "{wanted}");
        }
    }

    #[test]
    fn a_small_file_of_too_many_pixels_is_refused_before_it_is_decoded() {
        let mut bomb = written(ImageFormat::Png);
        bomb[16..20].copy_from_slice(&19_000u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&19_000u32.to_be_bytes());
        let refused = check("bombe", bomb.clone()).unwrap_err();
        assert!(refused.contains("19000 × 19000 pixels") && refused.contains("40 millions"), "{refused}");
        bomb[16..20].copy_from_slice(&30_000u32.to_be_bytes());
        assert!(check("bombe", bomb).unwrap_err().contains("de 1 à 20 000"));
    }

    #[test]
    fn a_jpeg_that_says_to_turn_it_keeps_only_that() {
        let plain = written(ImageFormat::Jpeg);
        let mut exif =
            b"Exif\0\0II*\0\x08\0\0\0\x02\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\x0e\x01\x02\0\x04\0\0\0abc\0\0\0\0\0"
                .to_vec();
        exif.extend(b"Mme Dupont");
        let mut bytes = plain[..2].to_vec();
        bytes.extend([0xff, 0xe1]);
        bytes.extend(u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
        bytes.extend(&exif);
        bytes.extend(b"\xff\xfe\x00\x09Dr Durand"[..11].iter());
        bytes.extend(&plain[2..]);
        let picture = check("x", bytes).unwrap();
        assert_eq!((picture.width, picture.height), (20, 40));
        let text = String::from_utf8_lossy(&picture.bytes).into_owned();
        assert!(!text.contains("Dupont") && !text.contains("Durand"));
        assert_eq!(check("x", picture.bytes.clone()).unwrap().bytes, picture.bytes);
        let clean = metadata::without(ImageFormat::Jpeg, &picture.bytes).unwrap();
        assert_eq!(clean.orientation, Orientation::Rotate90);
    }

    #[test]
    fn a_png_that_says_to_turn_it_is_turned() {
        let plain = written(ImageFormat::Png);
        let mut bytes = plain[..33].to_vec();
        let tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x03\0\0\0\0\0\0";
        for (kind, data) in [(b"eXIf", tiff.as_slice()), (b"tEXt", b"Comment\0Mme Dupont".as_slice())] {
            bytes.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
            bytes.extend(kind);
            bytes.extend(data);
            bytes.extend([0; 4]);
        }
        bytes.extend(&plain[33..]);
        let picture = check("x", bytes).unwrap();
        assert!(!String::from_utf8_lossy(&picture.bytes).contains("Dupont"));
        let pixels = decode(ImageFormat::Png, &picture.bytes).unwrap();
        assert_eq!(pixels.get_pixel(0, 0).0[..3], [0, 0, 200], "upside down");
    }
}
