//! One request, from what is asked to a checked comment.

use super::{Claim, Request, answer, prompt};
use crate::generation::prompt::repair;
use crate::generation::run::{GenerationError, Stage};
use crate::proposal::Tokens;
use crate::provider::Client;

/// What a request gave.
#[derive(Clone, PartialEq, Debug)]
pub struct Written {
    /// The comment, in Markdown.
    pub text: String,
    /// What it claims.
    pub claims: Vec<Claim>,
    /// The model, as it names itself.
    pub model_version: String,
    /// Was a repair turn needed?
    pub repaired: bool,
    /// What it cost.
    pub tokens: Tokens,
}

/// Asks for a comment; `told` hears how far it is, `spent` what was paid for so far, a failure included. Dropping the
/// future stops everything.
///
/// # Errors
/// When the model is not reached, or its answer cannot be read after one repair turn.
pub async fn draft(
    writer: &Client,
    request: &Request,
    told: &(dyn Fn(Stage) + Sync),
    spent: &(dyn Fn(Tokens) + Sync),
) -> Result<Written, GenerationError> {
    told(Stage::Writing);
    let schema = answer::schema();
    let said = prompt::comment(request);
    let reply = writer.ask("commentaire", &said, &schema).await?;
    let mut tokens = reply.tokens;
    spent(tokens);
    let faults = match answer::comment(&reply.content, &request.passages) {
        Ok((text, claims)) => return Ok(Written { text, claims, model_version: reply.model, repaired: false, tokens }),
        Err(faults) => faults,
    };
    told(Stage::Repairing);
    let reply = writer.ask("commentaire", &repair(said, &reply.content, &faults), &schema).await?;
    tokens.prompt = tokens.prompt.saturating_add(reply.tokens.prompt);
    tokens.completion = tokens.completion.saturating_add(reply.tokens.completion);
    spent(tokens);
    let (text, claims) = answer::comment(&reply.content, &request.passages).map_err(GenerationError::Unusable)?;
    Ok(Written { text, claims, model_version: reply.model, repaired: true, tokens })
}
