//! Sealed papers: what candidates download before the hour, and the keys that open it.

use crate::db::{read, write};
use crate::{Store, StoreResult};
use std::fmt;

/// A section, sealed. Keys are in hexadecimal, in the order of their numbers; they are not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSection {
    /// SHA-256 of the manifest, hexadecimal.
    pub hash: String,
    /// JSON, in clear.
    pub manifest: String,
    /// What the keys of exported queues are derived from.
    pub queue_secret: String,
    /// Number 0 opens the section; each other one a further part of a progressive case.
    pub keys: Vec<String>,
}

impl fmt::Debug for SealedSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedSection")
            .field("hash", &self.hash)
            .field("keys", &self.keys.len())
            .finish_non_exhaustive()
    }
}

/// An encrypted piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedPiece {
    /// SHA-256 of the bytes, hexadecimal.
    pub hash: String,
    /// Nonce, then what is encrypted.
    pub bytes: Vec<u8>,
}

impl Store {
    /// Keeps a sealed section, whole or not at all. False where there was one already: that one stays, since
    /// candidates may hold it.
    pub async fn add_sealed(
        &self,
        exam_id: &str,
        section_id: &str,
        sealed: &SealedSection,
        pieces: &[SealedPiece],
        now_ms: i64,
    ) -> StoreResult<bool> {
        let head = "insert into sealed_section (exam_id, section_id, hash, manifest, queue_secret, created_ms) \
                    values ($1, $2, $3, $4, $5, $6) on conflict (exam_id, section_id) do nothing";
        Ok(write!(self, tx => {
            // First: another process that seals the same section waits here, then leaves.
            let fresh = sqlx::query(head).bind(exam_id).bind(section_id).bind(&sealed.hash).bind(&sealed.manifest)
                .bind(&sealed.queue_secret).bind(now_ms).execute(&mut *tx).await?.rows_affected() == 1;
            if fresh {
                for piece in pieces {
                    sqlx::query("insert into sealed_piece (exam_id, section_id, hash, bytes) values ($1, $2, $3, $4)")
                        .bind(exam_id).bind(section_id).bind(&piece.hash).bind(&piece.bytes).execute(&mut *tx).await?;
                }
                for (number, secret) in sealed.keys.iter().enumerate() {
                    sqlx::query("insert into sealed_key (exam_id, section_id, number, secret) values ($1, $2, $3, $4)")
                        .bind(exam_id).bind(section_id).bind(number as i64).bind(secret).execute(&mut *tx).await?;
                }
            }
            fresh
        }))
    }

    /// A sealed section with its keys, if it was sealed.
    pub async fn sealed(&self, exam_id: &str, section_id: &str) -> StoreResult<Option<SealedSection>> {
        let head = "select hash, manifest, queue_secret from sealed_section where exam_id = $1 and section_id = $2";
        let keys = "select secret from sealed_key where exam_id = $1 and section_id = $2 order by number";
        Ok(read!(self, pool => {
            let found: Option<(String, String, String)> =
                sqlx::query_as(head).bind(exam_id).bind(section_id).fetch_optional(pool).await?;
            match found {
                None => None,
                Some((hash, manifest, queue_secret)) => {
                    let keys = sqlx::query_scalar(keys).bind(exam_id).bind(section_id).fetch_all(pool).await?;
                    Some(SealedSection { hash, manifest, queue_secret, keys })
                }
            }
        }))
    }

    /// An encrypted piece of a section.
    pub async fn sealed_piece(&self, exam_id: &str, section_id: &str, hash: &str) -> StoreResult<Option<Vec<u8>>> {
        let sql = "select bytes from sealed_piece where exam_id = $1 and section_id = $2 and hash = $3";
        Ok(
            read!(self, pool => sqlx::query_scalar(sql).bind(exam_id).bind(section_id).bind(hash).fetch_optional(pool).await?),
        )
    }

    /// Questions validated on a sheet.
    pub async fn locked(&self, exam_id: &str, attempt_id: &str) -> StoreResult<Vec<String>> {
        let sql = "select question_id from step where exam_id = $1 and attempt_id = $2 and kind = 'lock' \
                   and verdict = 'counted' order by position";
        Ok(read!(self, pool => sqlx::query_scalar(sql).bind(exam_id).bind(attempt_id).fetch_all(pool).await?))
    }

    /// Number of the last step of a stream of a sheet; 0 where there is none.
    pub async fn last_seq(&self, attempt_id: &str, stream: u32) -> StoreResult<u32> {
        let sql = "select max(s.seq) from step s join attempt a on a.exam_id = s.exam_id and a.id = s.attempt_id \
                   where a.id = $1 and s.stream = $2";
        let last: Option<i64> = read!(self, pool => sqlx::query_scalar(sql).bind(attempt_id).bind(i64::from(stream)).fetch_one(pool).await?);
        Ok(last.and_then(|n| u32::try_from(n).ok()).unwrap_or(0))
    }

    /// The stream into which steps without one are brought: opened the first time that this digest of them is
    /// seen, the same one ever after.
    pub async fn stream_of_import(&self, attempt_id: &str, digest: &str, now_ms: i64) -> StoreResult<i64> {
        let open = "update attempt set streams = streams + 1, last_seen_ms = $2 where id = $1 returning streams";
        Ok(write!(self, tx => {
            let known: Option<i64> = sqlx::query_scalar("select stream from queue_import where attempt_id = $1 and digest = $2")
                .bind(attempt_id).bind(digest).fetch_optional(&mut *tx).await?;
            match known {
                Some(stream) => stream,
                None => {
                    let stream: i64 = sqlx::query_scalar(open).bind(attempt_id).bind(now_ms).fetch_one(&mut *tx).await?;
                    sqlx::query("insert into queue_import (attempt_id, digest, stream) values ($1, $2, $3)")
                        .bind(attempt_id).bind(digest).bind(stream).execute(&mut *tx).await?;
                    stream
                }
            }
        }))
    }
}
