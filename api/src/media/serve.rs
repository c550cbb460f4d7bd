//! Media, served to people signed in: an address is a content, so that a browser keeps it; PDFs and videos may be asked
//! for by parts, and never are whole in memory.

use super::{metadata, picture, sizes};
use crate::app::App;
use crate::error::{ApiError, ApiResult};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use docimo_store::Store;
use docimo_store::bank::Media;
use docimo_store::bank::media::{MediaHead, PIECE};
use std::ops::Range;
use tokio::io::AsyncWriteExt;
use tokio_util::io::ReaderStream;

/// What a picture opened by itself may do: be drawn.
const PICTURE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
/// What a PDF or a video opened by itself may do: be shown by the browser's own reader, and saved from there. Neither
/// was taken in with anything that runs.
const DOCUMENT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; media-src 'self'; object-src 'self'; \
                               form-action 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox allow-downloads";

/// A picture, a PDF or a video of the bank.
pub async fn whole(State(app): State<App>, Path(hash): Path<String>, asked: HeaderMap) -> ApiResult<Response> {
    let head = app.store.media_head(&hash).await?.ok_or(ApiError::NotFound)?;
    original(&app.store, head, &asked).await
}

/// A picture at one of the widths that are made; the original where that does as well.
pub async fn smaller(
    State(app): State<App>,
    Path((hash, width)): Path<(String, String)>,
    asked: HeaderMap,
) -> ApiResult<Response> {
    let width = width.parse().ok().filter(|width| sizes::WIDTHS.contains(width)).ok_or(ApiError::NotFound)?;
    let head = app.store.media_head(&hash).await?.ok_or(ApiError::NotFound)?;
    match sizes::at(&app.store, &hash, width).await? {
        Some(size) => Ok(headed(size.bytes.into_response(), &size.mime, PICTURE_POLICY)?),
        None => original(&app.store, head, &asked).await,
    }
}

async fn original(store: &Store, head: MediaHead, asked: &HeaderMap) -> ApiResult<Response> {
    if !head.mime.starts_with("image/") {
        return document(store, head, asked);
    }
    let media = store.media(&head.hash).await?.ok_or(ApiError::NotFound)?;
    let mime = media.mime.clone();
    headed(shown(media).into_response(), &mime, PICTURE_POLICY)
}

/// The bytes of a picture as it is shown: one that came before metadata were left out at the door is not shown with
/// them.
pub fn shown(media: Media) -> Vec<u8> {
    let clean = picture::format_of(&media.bytes).and_then(|format| metadata::without(format, &media.bytes).ok());
    clean.map_or(media.bytes, |clean| clean.bytes)
}

fn headed(mut response: Response, mime: &str, policy: &'static str) -> ApiResult<Response> {
    let mime = HeaderValue::from_str(mime).map_err(|e| ApiError::Internal(e.into()))?;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, mime);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    Ok(response)
}

/// A PDF or a video, or the part of it that is asked for.
fn document(store: &Store, head: MediaHead, asked: &HeaderMap) -> ApiResult<Response> {
    let size = u64::try_from(head.size).unwrap_or(0);
    let tag = format!("\"{}\"", head.hash);
    // A part of another content is of no use to who asks for it.
    let same = asked.get(header::IF_RANGE).is_none_or(|t| t.as_bytes() == tag.as_bytes());
    let range = asked.get(header::RANGE).and_then(|r| r.to_str().ok()).filter(|_| same).and_then(|r| part(r, size));
    let (status, wanted) = match range {
        None => (StatusCode::OK, 0..size),
        Some(Some(range)) => (StatusCode::PARTIAL_CONTENT, range),
        Some(None) => {
            // With a type: without one it would be taken for a refusal of the framework's.
            let bare = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
            let mut response = headed(bare, &head.mime, DOCUMENT_POLICY)?;
            let every = HeaderValue::from_str(&format!("bytes */{size}")).map_err(|e| ApiError::Internal(e.into()))?;
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_RANGE, every);
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            return Ok(response);
        }
    };
    let body = pieces(store.clone(), head.hash.clone(), wanted.clone());
    let mut response = headed((status, body).into_response(), &head.mime, DOCUMENT_POLICY)?;
    let headers = response.headers_mut();
    let value = |text: &str| HeaderValue::from_str(text).map_err(|e| ApiError::Internal(e.into()));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_LENGTH, (wanted.end - wanted.start).into());
    headers.insert(header::ETAG, value(&tag)?);
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {}-{}/{size}", wanted.start, wanted.end.saturating_sub(1));
        headers.insert(header::CONTENT_RANGE, value(&range)?);
    }
    let name = if head.mime == "application/pdf" { "article.pdf" } else { "video" };
    headers.insert(header::CONTENT_DISPOSITION, value(&format!("inline; filename=\"{name}\""))?);
    Ok(response)
}

/// The part of `size` bytes that a `Range` asks for: `None` if it is none that is understood, which is as if nothing
/// had been asked; `Some(None)` if it is outside.
fn part(range: &str, size: u64) -> Option<Option<Range<u64>>> {
    let (from, to) = range.trim().strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let wanted = match (from.trim(), to.trim()) {
        ("", last) => {
            let last = number(last)?;
            if last == 0 { return Some(None) } else { size.saturating_sub(last)..size }
        }
        (from, "") => number(from)?..size,
        (from, to) => {
            let (from, to) = (number(from)?, number(to)?);
            if to < from {
                return None;
            }
            from..to.saturating_add(1).min(size)
        }
    };
    Some(Some(wanted).filter(|w| w.start < w.end))
}

/// The bytes of a range, read from the database as they leave. A fault there cuts the answer short of its length, which
/// the browser sees.
fn pieces(store: Store, hash: String, wanted: Range<u64>) -> Body {
    let size = PIECE as u64;
    let (mut into, from) = tokio::io::duplex(PIECE);
    tokio::spawn(async move {
        let mut at = wanted.start;
        while at < wanted.end {
            let number = at / size;
            let Ok(Some(piece)) = store.media_piece(&hash, i64::try_from(number).unwrap_or(i64::MAX)).await else {
                tracing::error!("a piece of a document cannot be read");
                return;
            };
            let start = usize::try_from(at - number * size).unwrap_or(usize::MAX);
            let end = usize::try_from(wanted.end - number * size).unwrap_or(usize::MAX).min(piece.len());
            let Some(slice) = piece.get(start..end).filter(|slice| !slice.is_empty()) else { return };
            // Whoever asked may have left.
            if into.write_all(slice).await.is_err() {
                return;
            }
            at += slice.len() as u64;
        }
    });
    Body::from_stream(ReaderStream::new(from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_as_browsers_write_them() {
        let whole = |range: &str| part(range, 1000);
        assert_eq!(whole("bytes=0-"), Some(Some(0..1000)));
        assert_eq!(whole("bytes=0-99"), Some(Some(0..100)));
        assert_eq!(whole("bytes=990-2000"), Some(Some(990..1000)));
        assert_eq!(whole("bytes=-10"), Some(Some(990..1000)));
        assert_eq!(whole("bytes=-5000"), Some(Some(0..1000)));
        // Outside.
        assert_eq!(whole("bytes=1000-"), Some(None));
        assert_eq!(whole("bytes=-0"), Some(None));
        // Not understood: the whole is sent.
        for other in ["bytes=9-3", "bytes=0-1,5-6", "lignes=1-2", "bytes=a-b", "bytes=-"] {
            assert_eq!(whole(other), None, "{other}");
        }
    }
}
