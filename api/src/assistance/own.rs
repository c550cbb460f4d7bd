//! What who asked may read of what came of it: their own proposals, as proposals, where they may still write.

use super::{GENERATION, read};
use crate::app::App;
use crate::auth::Actor;
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult};
use docimo_ai::generation::Draft;
use docimo_ai::proposal::{Function, Proposal};
use docimo_bank::rights::Level;
use docimo_store::ai::ProposalRow;

/// A proposal that someone may read: they review its folder, or asked for it and may write there. As if absent
/// otherwise.
pub async fn readable(app: &App, actor: &Actor, id: &str) -> ApiResult<(ProposalRow, Reach)> {
    let row = app.store.ai_proposal(id).await?.ok_or(ApiError::NotFound)?;
    let reach = Reach::of(app, actor).await?;
    if reach.may(&row.folder_id, Level::Review) {
        return Ok((row, reach));
    }
    let asked = app.store.ai_job(&row.job_id).await?.is_some_and(|job| job.person_id == *actor.id);
    if asked && reach.may(&row.folder_id, Level::Write) { Ok((row, reach)) } else { Err(ApiError::NotFound) }
}

/// The same, of a question, with what it holds.
pub async fn question(app: &App, actor: &Actor, id: &str) -> ApiResult<(ProposalRow, Proposal<Draft>, Reach)> {
    let (row, reach) = readable(app, actor, id).await?;
    if ![GENERATION.code(), Function::ItemModel.code()].contains(&&*row.function) {
        return Err(ApiError::NotFound);
    }
    let proposal = read(&row)?;
    Ok((row, proposal, reach))
}
