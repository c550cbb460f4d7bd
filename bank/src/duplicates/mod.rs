//! Which questions are much the same: at import, at saving, at assembly, over the whole bank.
//!
//! Two steps. A [`Signature`] (MinHash, Broder 1997) is stored with each revision and cut into [`Signature::band_keys`]
//! (locality-sensitive hashing, Indyk and Motwani 1998): revisions that share a key are candidates, found by an SQL
//! index or by a [`NearIndex`] in memory. Then [`similarity`] compares the candidates word by word and says in French
//! what differs. [`within`] does both inside a batch. Exact duplicates stay `revision::fingerprint`'s.
//!
//! Reading order: `text` (what is compared), `signature`, `index`, `similarity`, `batch`.
//!
//! Not here: synonyms and translations (words are compared, not meaning), images, the key.

mod batch;
mod index;
mod signature;
mod similarity;
mod text;

pub use batch::{Group, within};
pub use index::{Candidate, NearIndex};
pub use signature::{BANDS, BYTES, NotASignature, SCHEME_VERSION, Signature, signatures};
pub use similarity::{Difference, MOST, NEAR, Similarity, Verdict, similarity};
pub use text::Text;
