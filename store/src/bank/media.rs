//! Pictures, PDFs and videos of the bank. What is no picture is kept in pieces of one size, so that a part of it is read
//! without the whole.

use super::Media;
use crate::db::{read, write};
use crate::{Store, StoreResult};

/// Bytes of a piece.
pub const PIECE: usize = 256 * 1024;

/// What is said of a picture, a PDF or a video, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct MediaHead {
    /// SHA-256 of the bytes, hexadecimal.
    pub hash: String,
    /// Media type.
    pub mime: String,
    /// Bytes.
    pub size: i64,
}

/// A smaller version of a picture.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct MediaSize {
    /// The original.
    pub hash: String,
    /// Pixels.
    pub width: i64,
    /// Media type.
    pub mime: String,
    /// Content; empty where the original does as well.
    pub bytes: Vec<u8>,
}

/// Keeps media inside a transaction; those that are there stay as they are.
macro_rules! insert_media {
    ($tx:expr, $media:expr, $now_ms:expr) => {
        for m in $media {
            let is_picture = m.mime.starts_with("image/");
            let whole: &[u8] = if is_picture { &m.bytes } else { &[] };
            let done = sqlx::query("insert into media (hash, mime, width, height, bytes, created_ms) values ($1, $2, $3, $4, $5, $6) on conflict (hash) do nothing")
                .bind(&m.hash).bind(&m.mime).bind(m.width).bind(m.height).bind(whole).bind($now_ms)
                .execute(&mut *$tx).await?.rows_affected();
            if is_picture || done == 0 {
                continue;
            }
            for (number, piece) in m.bytes.chunks($crate::bank::media::PIECE).enumerate() {
                sqlx::query("insert into media_piece (hash, number, bytes) values ($1, $2, $3)")
                    .bind(&m.hash).bind(number as i64).bind(piece).execute(&mut *$tx).await?;
            }
        }
    };
}

pub(crate) use insert_media;

impl Store {
    /// A picture, a PDF or a video, whole.
    pub async fn media(&self, hash: &str) -> StoreResult<Option<Media>> {
        let sql = "select hash, mime, width, height, bytes from media where hash = $1";
        let pieces = "select bytes from media_piece where hash = $1 order by number";
        Ok(read!(self, pool => {
            let found: Option<Media> = sqlx::query_as(sql).bind(hash).fetch_optional(pool).await?;
            match found {
                Some(mut media) if !media.mime.starts_with("image/") => {
                    let pieces: Vec<Vec<u8>> = sqlx::query_scalar(pieces).bind(hash).fetch_all(pool).await?;
                    media.bytes = pieces.concat();
                    Some(media)
                }
                found => found,
            }
        }))
    }

    /// What is said of a picture, a PDF or a video.
    pub async fn media_head(&self, hash: &str) -> StoreResult<Option<MediaHead>> {
        let sql = "select m.hash, m.mime, \
                   cast(length(m.bytes) + coalesce((select sum(length(p.bytes)) from media_piece p where p.hash = m.hash), 0) as bigint) as size \
                   from media m where m.hash = $1";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(hash).fetch_optional(pool).await?))
    }

    /// The piece of a PDF or of a video that has this number, from 0.
    pub async fn media_piece(&self, hash: &str, number: i64) -> StoreResult<Option<Vec<u8>>> {
        let sql = "select bytes from media_piece where hash = $1 and number = $2";
        Ok(read!(self, pool => sqlx::query_scalar(sql).bind(hash).bind(number).fetch_optional(pool).await?))
    }

    /// A smaller version of a picture, if it was made.
    pub async fn media_size(&self, hash: &str, width: i64) -> StoreResult<Option<MediaSize>> {
        let sql = "select hash, width, mime, bytes from media_size where hash = $1 and width = $2";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(hash).bind(width).fetch_optional(pool).await?))
    }

    /// Keeps smaller versions of pictures; those that are there stay as they are.
    pub async fn keep_media_sizes(&self, sizes: &[MediaSize], now_ms: i64) -> StoreResult<()> {
        write!(self, tx => {
            for size in sizes {
                sqlx::query("insert into media_size (hash, width, mime, bytes, created_ms) values ($1, $2, $3, $4, $5) on conflict (hash, width) do nothing")
                    .bind(&size.hash).bind(size.width).bind(&size.mime).bind(&size.bytes).bind(now_ms)
                    .execute(&mut *tx).await?;
            }
        });
        Ok(())
    }
}
