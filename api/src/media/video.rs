//! Videos that come in: MP4 or WebM by their content, whole, in codecs that every browser plays, without the place and
//! the device that telephones write in them.

/// Largest video, in bytes.
pub const MAX_BYTES: usize = 50 * 1024 * 1024;
/// How deep boxes are looked into: film, track, medium, information, table, description.
const DEPTH: usize = 7;

/// What holds picture and sound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Container {
    /// ISO base media file format.
    Mp4,
    /// Matroska's subset for the web.
    WebM,
}

impl Container {
    /// Media type.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Mp4 => "video/mp4",
            Self::WebM => "video/webm",
        }
    }
}

/// The container that first bytes announce.
pub fn container(bytes: &[u8]) -> Option<Container> {
    if bytes.get(4..8) == Some(b"ftyp") {
        Some(Container::Mp4)
    } else if bytes.starts_with(&EBML) {
        Some(Container::WebM)
    } else {
        None
    }
}

/// Checks a video; what is kept of it, else why it is refused, in French.
pub fn check(name: &str, container: Container, mut bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    let refused = |why: &str| format!("la vidéo « {name} » est refusée : {why}");
    if bytes.len() > MAX_BYTES {
        return Err(refused(&format!("elle dépasse {} Mio", MAX_BYTES / 1024 / 1024)));
    }
    match container {
        Container::Mp4 => mp4(&mut bytes).map_err(|why| refused(&why))?,
        Container::WebM => webm(&bytes).map_err(|why| refused(&why))?,
    }
    Ok(bytes)
}

const CUT: &str = "elle est abîmée ou coupée";

/// What an MP4 was found to hold.
#[derive(Default)]
struct Film {
    described: bool,
    data: bool,
    pictures: bool,
    strange: Option<String>,
}

fn mp4(bytes: &mut [u8]) -> Result<(), String> {
    let mut film = Film::default();
    boxes(bytes, 0, &mut film).ok_or(CUT)?;
    if let Some(codec) = film.strange {
        return Err(format!("le codec « {codec} » n’est pas lu partout : H.264 et AAC sont attendus"));
    }
    match film {
        Film { described: true, data: true, pictures: true, .. } => Ok(()),
        Film { described: true, data: true, .. } => Err("elle n’a pas d’image (H.264 attendu)".to_owned()),
        _ => Err(CUT.to_owned()),
    }
}

/// Walks boxes that fill `bytes`, erasing what says where and with what it was filmed.
fn boxes(bytes: &mut [u8], depth: usize, film: &mut Film) -> Option<()> {
    let mut at = 0;
    while at < bytes.len() {
        let short = u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?);
        let kind: [u8; 4] = bytes.get(at + 4..at + 8)?.try_into().ok()?;
        let (head, length) = match short {
            0 => (8, bytes.len() - at),
            1 => (16, usize::try_from(u64::from_be_bytes(bytes.get(at + 8..at + 16)?.try_into().ok()?)).ok()?),
            n => (8, usize::try_from(n).ok()?),
        };
        if length < head {
            return None;
        }
        let inside = bytes.get_mut(at + head..at.checked_add(length)?)?;
        match &kind {
            b"moov" | b"trak" | b"mdia" | b"minf" | b"stbl" if depth < DEPTH => {
                film.described |= &kind == b"moov";
                boxes(inside, depth + 1, film)?;
            }
            b"mdat" => film.data |= !inside.is_empty(),
            b"stsd" => {
                // Version, flags, count, then the descriptions.
                let codec: [u8; 4] = inside.get(12..16)?.try_into().ok()?;
                match &codec {
                    b"avc1" | b"avc3" => film.pictures = true,
                    b"mp4a" | b"text" | b"tx3g" | b"wvtt" => {}
                    other => film.strange = Some(String::from_utf8_lossy(other).into_owned()),
                }
            }
            b"udta" | b"meta" | b"uuid" => {
                inside.fill(0);
                bytes.get_mut(at + 4..at + 8)?.copy_from_slice(b"free");
            }
            _ => {}
        }
        at += length;
    }
    Some(())
}

/// Identifiers of EBML elements, as they are written.
const EBML: [u8; 4] = [0x1a, 0x45, 0xdf, 0xa3];
const DOC_TYPE: &[u8] = &[0x42, 0x82];
const SEGMENT: &[u8] = &[0x18, 0x53, 0x80, 0x67];
const TRACKS: &[u8] = &[0x16, 0x54, 0xae, 0x6b];
const TRACK: &[u8] = &[0xae];
const CODEC: &[u8] = &[0x86];
const CLUSTER: &[u8] = &[0x1f, 0x43, 0xb6, 0x75];

/// An element of EBML: its identifier, its content, what follows. Content of unknown length runs to the end.
fn element(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let id_length = bytes.first()?.leading_zeros() as usize + 1;
    let (id, rest) = bytes.split_at_checked(id_length).filter(|_| id_length <= 4)?;
    let length_length = rest.first()?.leading_zeros() as usize + 1;
    let (written, rest) = rest.split_at_checked(length_length).filter(|_| length_length <= 8)?;
    let marker = 1u64 << (7 * length_length);
    let value = written.iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte)) & (marker - 1);
    let length = if value == marker - 1 { rest.len() } else { usize::try_from(value).ok()? };
    let (content, after) = rest.split_at_checked(length)?;
    Some((id, content, after))
}

/// Elements one after the other.
fn elements(mut bytes: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let (id, content, after) = element(bytes)?;
        all.push((id, content));
        bytes = after;
    }
    Some(all)
}

fn webm(bytes: &[u8]) -> Result<(), String> {
    let (_, head, rest) = element(bytes).ok_or(CUT)?;
    let head = elements(head).ok_or(CUT)?;
    if !head.iter().any(|(id, content)| *id == DOC_TYPE && content.starts_with(b"webm")) {
        return Err("c’est un Matroska qui n’est pas du WebM".to_owned());
    }
    let (id, segment, _) = element(rest).ok_or(CUT)?;
    if id != SEGMENT {
        return Err(CUT.to_owned());
    }
    let (mut data, mut pictures, mut at) = (false, false, segment);
    while !at.is_empty() {
        let (id, content, after) = element(at).ok_or(CUT)?;
        data |= id == CLUSTER;
        if id == TRACKS {
            for (_, track) in elements(content).ok_or(CUT)?.into_iter().filter(|(id, _)| *id == TRACK) {
                for (_, codec) in elements(track).ok_or(CUT)?.into_iter().filter(|(id, _)| *id == CODEC) {
                    match codec {
                        b"V_VP8" | b"V_VP9" | b"V_AV1" => pictures = true,
                        b"A_OPUS" | b"A_VORBIS" => {}
                        other => {
                            let other = String::from_utf8_lossy(other);
                            return Err(format!(
                                "le codec « {other} » n’est pas du WebM (VP8, VP9, AV1, Opus, Vorbis)"
                            ));
                        }
                    }
                }
            }
        }
        at = after;
    }
    match (data, pictures) {
        (true, true) => Ok(()),
        (true, false) => Err("elle n’a pas d’image (VP8, VP9 ou AV1 attendu)".to_owned()),
        (false, _) => Err(CUT.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], inside: &[u8]) -> Vec<u8> {
        [&u32::try_from(inside.len() + 8).unwrap().to_be_bytes()[..], kind, inside].concat()
    }

    fn film(codec: &[u8; 4], extra: &[u8]) -> Vec<u8> {
        let description = [&[0, 0, 0, 0, 0, 0, 0, 1][..], &boxed(codec, &[0; 78])].concat();
        let stbl = boxed(b"stbl", &boxed(b"stsd", &description));
        let track = boxed(b"trak", &boxed(b"mdia", &boxed(b"minf", &stbl)));
        let moov = boxed(b"moov", &[track, extra.to_vec()].concat());
        [boxed(b"ftyp", b"isom\0\0\0\0isomavc1"), moov, boxed(b"mdat", b"pictures")].concat()
    }

    fn told(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
        let container = container(&bytes).ok_or("no video")?;
        check("v", container, bytes)
    }

    #[test]
    fn an_mp4_is_kept_without_its_place() {
        let filmed = film(b"avc1", &boxed(b"udta", b"\xa9xyz+48.8566+002.3522/"));
        assert_eq!(container(&filmed), Some(Container::Mp4));
        let kept = told(filmed.clone()).unwrap();
        assert_eq!(kept.len(), filmed.len());
        assert!(!kept.windows(6).any(|w| w == b"48.856"));
        assert_eq!(told(kept.clone()).unwrap(), kept, "cleaned twice is cleaned once");
    }

    #[test]
    fn a_film_that_is_cut_or_of_another_codec_is_refused() {
        let whole = film(b"avc1", b"");
        for end in [12, 40, whole.len() - 3] {
            assert!(told(whole[..end].to_vec()).unwrap_err().contains("coupée"), "{end}");
        }
        assert!(told(film(b"hvc1", b"")).unwrap_err().contains("hvc1"));
        assert!(told(film(b"mp4a", b"")).unwrap_err().contains("pas d’image"));
        let mut long = whole;
        long.resize(MAX_BYTES + 1, 0);
        assert!(told(long).unwrap_err().contains("50 Mio"));
        assert!(container(b"<svg/>").is_none());
    }

    fn ebml(id: &[u8], inside: &[u8]) -> Vec<u8> {
        let length = u32::try_from(inside.len()).unwrap() | 0x1000_0000;
        [id, &length.to_be_bytes()[..], inside].concat()
    }

    fn webm_of(doc_type: &[u8], codec: &[u8]) -> Vec<u8> {
        let tracks = ebml(TRACKS, &ebml(TRACK, &ebml(CODEC, codec)));
        let segment = ebml(SEGMENT, &[tracks, ebml(CLUSTER, b"pictures")].concat());
        [ebml(&EBML, &ebml(DOC_TYPE, doc_type)), segment].concat()
    }

    #[test]
    fn a_webm_is_told_from_other_matroskas() {
        let whole = webm_of(b"webm", b"V_VP9");
        assert_eq!(container(&whole), Some(Container::WebM));
        assert!(told(whole.clone()).is_ok());
        assert!(told(whole[..whole.len() - 2].to_vec()).unwrap_err().contains("coupée"));
        assert!(told(webm_of(b"matroska", b"V_VP9")).unwrap_err().contains("Matroska"));
        assert!(told(webm_of(b"webm", b"V_MPEGH/ISO/HEVC")).unwrap_err().contains("HEVC"));
        assert!(told(webm_of(b"webm", b"A_OPUS")).unwrap_err().contains("pas d’image"));
        assert!(told(EBML.to_vec()).unwrap_err().contains("coupée"));
    }
}
