//! Machines that propose, people who decide: what the pages « Assistance » call.
//!
//! Documents that may be leaned on ([`sources`]) → what is asked ([`ask`]), if the committee switched the function on
//! ([`governance`]) → the queue's work ([`worker`]), which leaves proposals → what a named person decides ([`decide`]),
//! the only way from a proposal to the bank. [`comments`] are drafted by the same queue for patterns of wrong answers.
//! Tags of many questions have a room of
//! their own ([`tags`]). What became of accepted questions is in [`quality`] and [`incidents`]; what students are told in [`disclosure`]; what
//! who asked may read in [`own`]. Writing and checking is `docimo_ai`; the gate is kept by the database too.

pub mod ask;
pub mod comments;
pub mod decide;
pub mod disclosure;
pub mod governance;
pub mod incidents;
pub mod item_models;
pub mod meaning;
pub mod own;
pub mod quality;
pub mod reports;
pub mod retrieve;
pub mod sources;
pub mod tags;
pub mod worker;

use crate::app::App;
use crate::auth::Actor;
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult};
use docimo_ai::generation::Draft;
use docimo_ai::local::LocalModel;
use docimo_ai::proposal::{Function, Proposal};
use docimo_ai::provider::{Client, Endpoint, Key, ProviderError};
use docimo_bank::rights::Level;
use docimo_store::ai::ProposalRow;
use std::sync::Arc;

/// The function of this room.
pub const GENERATION: Function = Function::QuestionGeneration;

/// The models that this server may ask.
#[derive(Clone, Debug)]
pub struct Models {
    /// Writes.
    pub writer: Client,
    /// Answers without the key: another model where there is one.
    pub reader: Client,
    /// Drafts comments.
    pub commenter: Client,
    /// Puts candidate tags in order.
    pub tagger: Client,
}

/// A model for one function; what is empty is as for questions.
#[derive(Clone, Debug, Default)]
pub struct Other {
    /// Address up to `/v1`.
    pub base: String,
    /// Model.
    pub model: String,
    /// Key of that address: the key of another host is never sent to it.
    pub key: Option<Key>,
}

/// What was configured of the models.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Address up to `/v1`.
    pub base: String,
    /// Model that writes.
    pub model: String,
    /// Answers without the key.
    pub reader: Other,
    /// Drafts comments.
    pub comments: Other,
    /// Puts candidate tags in order.
    pub tags: Other,
    /// Key.
    pub key: Option<Key>,
    /// Hosts allowed beside this machine.
    pub hosts: Vec<String>,
}

impl Models {
    /// A model on this machine, for everything.
    pub fn local(model: Arc<LocalModel>) -> Self {
        let client = Client::local(model);
        Self { writer: client.clone(), reader: client.clone(), commenter: client.clone(), tagger: client }
    }

    /// Ready to ask.
    ///
    /// # Errors
    /// When the address is none or is not allowed.
    pub fn new(settings: &Settings) -> Result<Self, ProviderError> {
        let client = |other: &Other| -> Result<Client, ProviderError> {
            let own = |text: &str| !text.trim().is_empty();
            let model = if own(&other.model) { &other.model } else { &settings.model };
            let (base, key) = match own(&other.base) {
                true => (&other.base, &other.key),
                false => (&settings.base, &settings.key),
            };
            Client::new(Endpoint::new(base, model, key.clone(), &settings.hosts)?)
        };
        Ok(Self {
            writer: client(&Other::default())?,
            reader: client(&settings.reader)?,
            commenter: client(&settings.comments)?,
            tagger: client(&settings.tags)?,
        })
    }
}

/// A proposal in reach of someone who may decide on it, as if absent otherwise.
pub async fn proposal(app: &App, actor: &Actor, id: &str) -> ApiResult<(ProposalRow, Proposal<Draft>, Reach)> {
    let ours = [GENERATION.code(), Function::ItemModel.code()];
    let row = app.store.ai_proposal(id).await?.filter(|r| ours.contains(&&*r.function)).ok_or(ApiError::NotFound)?;
    let reach = Reach::of(app, actor).await?;
    reach.need(&row.folder_id, Level::Review)?;
    let proposal = read(&row)?;
    Ok((row, proposal, reach))
}

/// What a row holds.
pub fn read(row: &ProposalRow) -> ApiResult<Proposal<Draft>> {
    serde_json::from_str(&row.body).map_err(|e| ApiError::Internal(e.into()))
}

/// Is a function on?
pub async fn is_on(app: &App, function: Function) -> ApiResult<bool> {
    Ok(app.store.ai_switch(function.code()).await?.is_some_and(|s| s.enabled == 1))
}
