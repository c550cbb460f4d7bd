//! The life of the bank: what the pages, the JSON interface and the command line all call.
//!
//! Who sees and does what ([`reach`], [`folders`]) → finding entries ([`find`], over the [`index`] of this process, with
//! its [`synonyms`]; [`near`] for those alike) → what is being written ([`draft`]) → an entry's way from draft to use
//! ([`desk`], [`described`], [`keyed`]) → several entries at once ([`bulk`]) → where entries were used and how they did
//! ([`record`]) → which must not be together ([`enemies`]) → what was done to the
//! bank as a whole ([`journal`]). Bringing files is `crate::library`; taking them away is
//! [`select`] (which entries), [`export`] (the file), [`follows`] (tags of today).

pub mod bulk;
pub mod described;
pub mod desk;
pub mod draft;
pub mod enemies;
pub mod export;
pub mod find;
pub mod folders;
pub mod follows;
pub mod index;
pub mod journal;
pub mod keyed;
pub mod near;
pub mod reach;
pub mod record;
pub mod select;
pub mod synonyms;

use crate::ambient;
use crate::auth::Actor;
use docimo_store::exams::NewEvent;

/// What a person in charge of the bank just did, to be recorded with it.
pub(crate) fn event(actor: &Actor, what: &'static str, detail: impl Into<String>) -> NewEvent {
    let at_ms = ambient::now_ms();
    NewEvent {
        id: ambient::fresh_id(at_ms),
        exam_id: None,
        at_ms,
        author_id: Some(actor.id.to_string()),
        what,
        detail: detail.into(),
    }
}
