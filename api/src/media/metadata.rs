//! Pictures without what they say of who is on them, who took them, where and when: blocks are copied as they are, or
//! left out; no pixel changes. What shows is kept: colour profiles, transparency, movement, and which side is up.

use image::{ImageFormat, metadata::Orientation};

/// A picture without metadata.
pub(super) struct Clean {
    /// The file.
    pub(super) bytes: Vec<u8>,
    /// How it is to be turned. A JPEG still says so by itself.
    pub(super) orientation: Orientation,
    /// Is it one image?
    pub(super) still: bool,
}

/// A file that stops before its end, or whose blocks do not follow.
#[derive(Debug)]
pub(super) struct Damaged;

/// The picture without its metadata.
pub(super) fn without(format: ImageFormat, bytes: &[u8]) -> Result<Clean, Damaged> {
    match format {
        ImageFormat::Jpeg => jpeg(bytes),
        ImageFormat::Png => png(bytes),
        ImageFormat::Gif => gif(bytes),
        ImageFormat::WebP => webp(bytes),
        _ => None,
    }
    .ok_or(Damaged)
}

/// The orientation in an Exif block, with or without its name.
fn oriented(exif: &[u8]) -> Orientation {
    let tiff = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
    Orientation::from_exif_chunk(tiff).unwrap_or(Orientation::NoTransforms)
}

/// A JPEG to its end, without application segments but those that tell colours, nor comments.
fn jpeg(bytes: &[u8]) -> Option<Clean> {
    let mut kept: Vec<&[u8]> = Vec::new();
    let mut orientation = Orientation::NoTransforms;
    let mut at = 2;
    if !bytes.starts_with(b"\xff\xd8") {
        return None;
    }
    loop {
        if *bytes.get(at)? != 0xff {
            return None;
        }
        let marker = *bytes.get(at + 1)?;
        match marker {
            // Filling.
            0xff => at += 1,
            0xd9 => break,
            0x01 | 0xd0..=0xd7 => at += 2,
            _ => {
                let length = usize::from(u16::from_be_bytes([*bytes.get(at + 2)?, *bytes.get(at + 3)?]));
                let segment = bytes.get(at..at + 2 + length.max(2))?;
                let data = segment.get(4..).unwrap_or_default();
                at += segment.len();
                let keep = match marker {
                    0xe0 => data.starts_with(b"JFIF\0"),
                    0xe1 if data.starts_with(b"Exif\0\0") => {
                        orientation = oriented(data);
                        false
                    }
                    0xe2 => data.starts_with(b"ICC_PROFILE\0"),
                    0xee => data.starts_with(b"Adobe"),
                    0xe1..=0xef | 0xfe => false,
                    _ => true,
                };
                if keep {
                    kept.push(segment);
                }
                if marker == 0xda {
                    let start = at;
                    // Data run until a marker that is neither a stuffed zero nor a restart.
                    loop {
                        let next = at + bytes.get(at..)?.iter().position(|b| *b == 0xff)?;
                        match *bytes.get(next + 1)? {
                            0x00 | 0xd0..=0xd7 => at = next + 2,
                            0xff => at = next + 1,
                            _ => {
                                at = next;
                                break;
                            }
                        }
                    }
                    kept.push(bytes.get(start..at)?);
                }
            }
        }
    }
    let mut out = Vec::with_capacity(bytes.len());
    out.extend(b"\xff\xd8");
    if orientation != Orientation::NoTransforms {
        out.extend(b"\xff\xe1\0\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0");
        out.push(orientation.to_exif());
        out.extend([0; 6]);
    }
    kept.into_iter().for_each(|part| out.extend(part));
    out.extend(b"\xff\xd9");
    Some(Clean { bytes: out, orientation, still: true })
}

/// Chunks of a PNG that show something; critical ones are all kept.
const PNG_KEPT: [&[u8; 4]; 16] = [
    b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs", b"hIST", b"sPLT", b"cICP", b"mDCV",
    b"cLLI", b"acTL", b"fcTL", b"fdAT",
];

fn png(bytes: &[u8]) -> Option<Clean> {
    let mut out = bytes.get(..8)?.to_vec();
    let (mut orientation, mut still) = (Orientation::NoTransforms, true);
    let mut at = 8;
    loop {
        let length = usize::try_from(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?)).ok()?;
        let kind: &[u8; 4] = bytes.get(at + 4..at + 8)?.try_into().ok()?;
        let chunk = bytes.get(at..at.checked_add(length)?.checked_add(12)?)?;
        at += chunk.len();
        still &= kind != b"acTL";
        if kind == b"eXIf" {
            orientation = oriented(&chunk[8..8 + length]);
        } else if kind[0].is_ascii_uppercase() || PNG_KEPT.contains(&kind) {
            out.extend(chunk);
        }
        if kind == b"IEND" {
            return Some(Clean { bytes: out, orientation, still });
        }
    }
}

fn webp(bytes: &[u8]) -> Option<Clean> {
    let length = usize::try_from(u32::from_le_bytes(bytes.get(4..8)?.try_into().ok()?)).ok()?;
    let body = bytes.get(12..length.checked_add(8)?)?;
    let mut out = b"RIFF\0\0\0\0WEBP".to_vec();
    let (mut orientation, mut still) = (Orientation::NoTransforms, true);
    let mut at = 0;
    while at < body.len() {
        let kind: &[u8; 4] = body.get(at..at + 4)?.try_into().ok()?;
        let length = usize::try_from(u32::from_le_bytes(body.get(at + 4..at + 8)?.try_into().ok()?)).ok()?;
        let data = body.get(at + 8..at.checked_add(length)?.checked_add(8)?)?;
        // Chunks start on even places; the last one may lack its filling.
        at += 8 + length + length % 2;
        match kind {
            b"EXIF" => orientation = oriented(data),
            b"VP8X" | b"VP8 " | b"VP8L" | b"ALPH" | b"ANIM" | b"ANMF" | b"ICCP" => {
                let start = out.len();
                out.extend(kind);
                out.extend(u32::try_from(length).ok()?.to_le_bytes());
                out.extend(data);
                if length % 2 == 1 {
                    out.push(0);
                }
                if kind == b"VP8X" {
                    let flags = out.get_mut(start + 8)?;
                    still = *flags & 0x02 == 0;
                    // Neither Exif nor XMP any more.
                    *flags &= !0x0c;
                }
            }
            _ => {}
        }
    }
    let size = u32::try_from(out.len() - 8).ok()?.to_le_bytes();
    out[4..8].copy_from_slice(&size);
    Some(Clean { bytes: out, orientation, still })
}

/// Length of a colour table, by the flags before it.
fn table(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// End of the blocks that start at `at`, their closing zero included.
fn blocks(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match usize::from(*bytes.get(at)?) {
            0 => return Some(at + 1),
            length => at += length + 1,
        }
    }
}

fn gif(bytes: &[u8]) -> Option<Clean> {
    let head = 13 + table(*bytes.get(10)?);
    let mut out = bytes.get(..head)?.to_vec();
    let (mut at, mut images) = (head, 0);
    loop {
        let (end, keep) = match *bytes.get(at)? {
            0x3b => break,
            0x2c => {
                images += 1;
                let data = at + 10 + table(*bytes.get(at + 9)?);
                (blocks(bytes, data + 1)?, true)
            }
            0x21 => {
                let (label, name) = (*bytes.get(at + 1)?, bytes.get(at + 3..at + 14).unwrap_or_default());
                let repeats = name == b"NETSCAPE2.0" || name == b"ANIMEXTS1.0";
                (blocks(bytes, at + 2)?, matches!(label, 0x01 | 0xf9) || (label == 0xff && repeats))
            }
            _ => return None,
        };
        if keep {
            out.extend(bytes.get(at..end)?);
        }
        at = end;
    }
    out.push(0x3b);
    (images > 0).then_some(Clean { bytes: out, orientation: Orientation::NoTransforms, still: images == 1 })
}
