//! Sealed papers: a section is encrypted once, downloaded before the hour, and opened at the hour by a key.
//!
//! [`pieces`] cuts a section into what each key opens; [`crypto`] seals; this module makes, keeps and gives out; [`queue`]
//! brings by hand what a machine could not send. A piece is compressed before it is encrypted, since nothing compresses
//! after. The manifest is in clear: it has numbers, sizes and hashes, no word of the paper.

pub mod crypto;
pub mod pieces;
pub mod queue;

use self::crypto::{KEY, place_of_piece};
use self::pieces::{MediaPiece, Opened, Shown, WIDTHS, address, cut, open_keys};
use super::live::view::{Clock, phase_name};
use super::room::own_attempt;
use crate::ambient;
use crate::app::App;
use crate::assistance::disclosure;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::media::{serve, sizes};
use axum::body::Bytes;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use docimo_engine::QuestionId;
use docimo_engine::attempt::Phase;
use docimo_engine::paper::Section;
use docimo_store::delivery::Attempt;
use docimo_store::sealed::{SealedPiece, SealedSection};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use utoipa::ToSchema;

/// Largest file that is sealed, bytes. What is larger (a long video) is served by parts, once it may be seen.
pub const MOST_FILE: usize = 16 * 1024 * 1024;
/// Most bytes sealed for a section: beyond, files are served when they may be seen.
pub const MOST_SECTION: usize = 192 * 1024 * 1024;

/// What a candidate downloads before the hour.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Manifest {
    /// 1.
    pub version: u32,
    /// Exam; the pieces are bound to it.
    pub exam: String,
    /// Section; the pieces are bound to it.
    pub section: String,
    /// In order; a piece is bound to its number, from 0.
    pub pieces: Vec<ManifestPiece>,
}

/// A piece: `nonce (12 bytes) ‖ AES-256-GCM`, its additional data `docimo paper 1\n{exam}\n{section}\n{number}`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ManifestPiece {
    /// SHA-256 of the bytes given out, hexadecimal: its address.
    pub hash: String,
    /// Bytes given out.
    pub size: usize,
    /// Number of the key that opens it.
    pub key: usize,
    /// Is what it holds compressed (gzip)?
    pub gzip: bool,
    /// For a picture: which one, so that a page takes it at one width.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<usize>,
    /// For a picture: pixels; absent for the original.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
}

/// A sealed section, ready to be given out.
pub struct Sealed {
    /// SHA-256 of the manifest.
    pub hash: String,
    /// The manifest, plain, gzip and brotli.
    pub manifest: [Bytes; 3],
    pieces: BTreeSet<String>,
    keys: Vec<String>,
    queue_secret: [u8; KEY],
    offline_parts: i64,
}

impl Sealed {
    /// The keys that any sheet may have as its time begins, whatever it validates: the section's own and those of the
    /// allowance. By number, base64.
    pub(crate) fn first_keys(&self, section: &Section) -> BTreeMap<usize, &str> {
        let numbers = open_keys(section, &BTreeSet::new(), self.offline_parts);
        numbers.into_iter().filter_map(|n| Some((n, self.keys.get(n)?.as_str()))).collect()
    }
}

/// What was read once of sealed papers. It can be lost at any time.
#[derive(Default)]
pub struct Cabinet {
    sections: RwLock<HashMap<(String, String), Arc<Sealed>>>,
    pieces: RwLock<(usize, HashMap<String, Bytes>)>,
    sealing: tokio::sync::Mutex<()>,
}

/// Bytes of pieces in memory.
const MOST_KEPT: usize = 96 * 1024 * 1024;

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

/// Seals every section of a frozen paper that is not.
pub async fn seal_exam(app: &App, exam_id: &str) -> ApiResult<()> {
    for section in &app.frozen_paper(exam_id).await?.sections {
        sealed(app, exam_id, section).await?;
    }
    Ok(())
}

/// A section, sealed: now, if it was frozen before papers were sealed or if that was cut short.
pub async fn sealed(app: &App, exam_id: &str, section: &Section) -> ApiResult<Arc<Sealed>> {
    let place = (exam_id.to_owned(), section.id.to_string());
    if let Some(found) = read(&app.sealed.sections).get(&place) {
        return Ok(found.clone());
    }
    let _alone = app.sealed.sealing.lock().await;
    if let Some(found) = read(&app.sealed.sections).get(&place) {
        return Ok(found.clone());
    }
    let id = section.id.as_str();
    let kept = match app.store.sealed(exam_id, id).await? {
        Some(kept) => kept,
        None => {
            make(app, exam_id, section).await?;
            app.store.sealed(exam_id, id).await?.ok_or(ApiError::NotFound)?
        }
    };
    let exam = app.store.exam(exam_id).await?.ok_or(ApiError::NotFound)?;
    let sealed = Arc::new(ready(kept, exam.offline_parts)?);
    write(&app.sealed.sections).insert(place, sealed.clone());
    Ok(sealed)
}

fn ready(kept: SealedSection, offline_parts: i64) -> ApiResult<Sealed> {
    let manifest: Manifest = serde_json::from_str(&kept.manifest).map_err(|e| ApiError::Internal(e.into()))?;
    let bytes = kept.manifest.into_bytes();
    let gzip = crypto::zip(&bytes).map_err(|e| ApiError::Internal(e.into()))?;
    let mut brotli = Vec::new();
    brotli::BrotliCompress(&mut bytes.as_slice(), &mut brotli, &Default::default())
        .map_err(|e| ApiError::Internal(e.into()))?;
    let unreadable = || ApiError::Internal(anyhow::anyhow!("a stored key cannot be read"));
    let mut keys = Vec::with_capacity(kept.keys.len());
    for key in &kept.keys {
        keys.push(STANDARD.encode(crypto::key_from_hex(key).ok_or_else(unreadable)?));
    }
    Ok(Sealed {
        hash: kept.hash,
        pieces: manifest.pieces.into_iter().map(|p| p.hash).collect(),
        manifest: [bytes.into(), gzip.into(), brotli.into()],
        keys,
        queue_secret: crypto::key_from_hex(&kept.queue_secret).ok_or_else(unreadable)?,
        offline_parts,
    })
}

/// A file of a key, at one size.
struct File {
    key: usize,
    address: String,
    mime: String,
    bytes: Vec<u8>,
    picture: Option<usize>,
    width: Option<u32>,
}

async fn make(app: &App, exam_id: &str, section: &Section) -> ApiResult<()> {
    let mut opened = cut(section, &disclosure::told_in_exam(app, exam_id).await?);
    let (mut files, mut total, mut pictures) = (Vec::new(), 0, 0);
    let mut wanted: Vec<(usize, Shown)> = Vec::new();
    for (key, opened) in opened.iter().enumerate() {
        wanted.extend(opened.shown.iter().cloned().map(|shown| (key, shown)));
    }
    for (key, shown) in wanted {
        let mut found = files_of(app, key, &shown).await?;
        let size: usize = found.iter().map(|f| f.bytes.len()).sum();
        if total + size > MOST_SECTION {
            continue;
        }
        total += size;
        if shown.is_picture {
            found.iter_mut().for_each(|f| f.picture = Some(pictures));
            pictures += 1;
        }
        files.append(&mut found);
    }
    let mut media: Vec<BTreeMap<String, MediaPiece>> = vec![BTreeMap::new(); opened.len()];
    for (i, file) in files.iter().enumerate() {
        let piece = MediaPiece { piece: opened.len() + i, mime: file.mime.clone() };
        media[file.key].insert(file.address.clone(), piece);
    }
    for (opened, media) in opened.iter_mut().zip(media) {
        opened.place(media);
    }
    let (exam, id) = (exam_id.to_owned(), section.id.to_string());
    let work = move || seal(&exam, &id, &opened, files);
    let (kept, pieces) = tokio::task::spawn_blocking(work).await.map_err(|e| ApiError::Internal(e.into()))??;
    app.store.add_sealed(exam_id, section.id.as_str(), &kept, &pieces, ambient::now_ms()).await?;
    Ok(())
}

/// A file as pages show it: a picture at each width, the rest as it is. None where it is too large.
async fn files_of(app: &App, key: usize, shown: &Shown) -> ApiResult<Vec<File>> {
    let Some(head) = app.store.media_head(&shown.file).await? else { return Ok(Vec::new()) };
    if usize::try_from(head.size).map_or(true, |size| size > MOST_FILE) {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    let file =
        |width, mime, bytes| File { key, address: address(&shown.file, width), mime, bytes, picture: None, width };
    if shown.is_picture {
        for width in WIDTHS {
            if let Some(size) = sizes::at(&app.store, &shown.file, width).await? {
                files.push(file(Some(width), size.mime, size.bytes));
            }
        }
    }
    if let Some(media) = app.store.media(&shown.file).await? {
        let mime = media.mime.clone();
        let bytes = if shown.is_picture { serve::shown(media) } else { media.bytes };
        files.push(file(None, mime, bytes));
    }
    Ok(files)
}

fn seal(
    exam: &str,
    section: &str,
    opened: &[Opened],
    files: Vec<File>,
) -> ApiResult<(SealedSection, Vec<SealedPiece>)> {
    let internal = |e: anyhow::Error| ApiError::Internal(e);
    let keys: Vec<[u8; KEY]> = opened.iter().map(|_| ambient::random()).collect();
    let (mut heads, mut pieces) = (Vec::new(), Vec::new());
    let mut add = |key: usize, plain: &[u8], gzip: bool, picture, width| -> ApiResult<()> {
        let place = place_of_piece(exam, section, heads.len());
        let bytes = crypto::seal(&keys[key], &ambient::random(), &place, plain).map_err(|e| internal(e.into()))?;
        let hash = crypto::hash(&bytes);
        heads.push(ManifestPiece { hash: hash.clone(), size: bytes.len(), key, gzip, picture, width });
        pieces.push(SealedPiece { hash, bytes });
        Ok(())
    };
    for (key, text) in opened.iter().enumerate() {
        let json = text.json().map_err(|e| internal(e.into()))?;
        add(key, &crypto::zip(&json).map_err(|e| internal(e.into()))?, true, None, None)?;
    }
    for file in files {
        // A photograph, a PDF or a video is compressed already; a drawing is text.
        let gzip = file.mime == "image/svg+xml";
        let plain = if gzip { crypto::zip(&file.bytes).map_err(|e| internal(e.into()))? } else { file.bytes };
        add(file.key, &plain, gzip, file.picture, file.width)?;
    }
    let manifest = Manifest { version: 1, exam: exam.to_owned(), section: section.to_owned(), pieces: heads };
    let manifest = serde_json::to_string(&manifest).map_err(|e| internal(e.into()))?;
    let kept = SealedSection {
        hash: crypto::hash(manifest.as_bytes()),
        manifest,
        queue_secret: ambient::hex(&ambient::random::<KEY>()),
        keys: keys.iter().map(|key| ambient::hex(key)).collect(),
    };
    Ok((kept, pieces))
}

/// What is at an address of a paper.
pub enum Given {
    /// The manifest: plain, gzip and brotli.
    Manifest([Bytes; 3]),
    /// A piece.
    Piece(Bytes),
}

/// The manifest or a piece of the paper of a sheet, for its candidate. Costs nothing per candidate: a sheet's place is
/// looked up once, and pieces are in memory.
pub async fn given(app: &App, actor: &Actor, attempt_id: &str, hash: &str) -> ApiResult<Given> {
    let sheet = app.sheet_facts(attempt_id).await?;
    if *sheet.person_id != *actor.id {
        return Err(ApiError::NotFound);
    }
    let paper = app.frozen_paper(&sheet.exam_id).await?;
    let (_, section) = paper.section(&sheet.section_id).ok_or(ApiError::NotFound)?;
    let sealed = sealed(app, &sheet.exam_id, section).await?;
    if sealed.hash == hash {
        return Ok(Given::Manifest(sealed.manifest.clone()));
    }
    if !sealed.pieces.contains(hash) {
        return Err(ApiError::NotFound);
    }
    if let Some(piece) = read(&app.sealed.pieces).1.get(hash) {
        return Ok(Given::Piece(piece.clone()));
    }
    let bytes = app.store.sealed_piece(&sheet.exam_id, &sheet.section_id, hash).await?.ok_or(ApiError::NotFound)?;
    let bytes = Bytes::from(bytes);
    let mut kept = write(&app.sealed.pieces);
    if kept.0 + bytes.len() > MOST_KEPT {
        *kept = (0, HashMap::new());
    }
    if bytes.len() * 4 < MOST_KEPT && kept.1.insert(hash.to_owned(), bytes.clone()).is_none() {
        kept.0 += bytes.len();
    }
    Ok(Given::Piece(bytes))
}

/// The keys that a candidate may have now, with the clock that decided it.
#[derive(Clone, Serialize, ToSchema)]
pub struct Keys {
    /// waiting, ready, running, handed_in or closed: keys come while it is running only.
    pub state: String,
    /// The clock.
    pub clock: Clock,
    /// Pages opened so far.
    pub streams: i64,
    /// Questions validated.
    pub locked: Vec<String>,
    /// By number, base64.
    pub keys: BTreeMap<usize, String>,
}

/// The keys that this sheet may have at `now_ms`: none unless its time runs by the server's clock; then the section's,
/// those of the parts that its locks show, and those of the allowance.
pub async fn keys_for(app: &App, attempt: &Attempt, section: &Section, now_ms: i64) -> ApiResult<Keys> {
    let times = attempt.times(section.duration_minutes);
    let phase = times.phase(now_ms);
    let mut given = Keys {
        state: phase_name(phase).into(),
        clock: Clock::of(&times, now_ms),
        streams: attempt.streams,
        locked: Vec::new(),
        keys: BTreeMap::new(),
    };
    if phase != Phase::Running {
        return Ok(given);
    }
    let sealed = sealed(app, &attempt.exam_id, section).await?;
    if pieces::has_further(section) {
        given.locked = app.store.locked(&attempt.exam_id, &attempt.id).await?;
    }
    let locked: BTreeSet<QuestionId> = given.locked.iter().map(|id| QuestionId::new(id.as_str())).collect();
    let numbers = open_keys(section, &locked, sealed.offline_parts);
    given.keys = numbers.into_iter().filter_map(|n| Some((n, sealed.keys.get(n)?.clone()))).collect();
    Ok(given)
}

/// The keys of a sheet, for its candidate.
pub async fn keys(app: &App, actor: &Actor, attempt_id: &str) -> ApiResult<Keys> {
    let (attempt, section, _) = own_attempt(app, actor, attempt_id).await?;
    keys_for(app, &attempt, &section, ambient::now_ms()).await
}

/// The key of the queue of a sheet.
pub async fn queue_key(app: &App, attempt: &Attempt, section: &Section) -> ApiResult<[u8; KEY]> {
    let sealed = sealed(app, &attempt.exam_id, section).await?;
    crypto::queue_key(&sealed.queue_secret, &attempt.id).map_err(|e| ApiError::Internal(e.into()))
}
