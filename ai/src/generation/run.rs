//! One request, from what is asked to checked drafts.

use super::prompt::Message;
use super::{Draft, Request, SecondPass, answer, prompt};
use crate::proposal::Tokens;
use crate::provider::{Client, ProviderError};
use serde_json::Value;

/// How far it is, for who waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// The questions are being written.
    Writing,
    /// They could not be read; the model was told why.
    Repairing,
    /// Question `n` is being answered without its key.
    Answering(u32),
}

impl Stage {
    /// In French.
    #[must_use]
    pub fn french(self) -> String {
        match self {
            Self::Writing => "le modèle rédige".into(),
            Self::Repairing => "réponse illisible : le modèle corrige".into(),
            Self::Answering(n) => format!("seconde lecture, sans la clé, de la question {n}"),
        }
    }
}

/// What a request gave.
#[derive(Clone, PartialEq, Debug)]
pub struct Batch {
    /// Drafts, in the order of the answer.
    pub drafts: Vec<Draft>,
    /// The model, as it names itself.
    pub model_version: String,
    /// Was a repair turn needed?
    pub repaired: bool,
    /// What all calls cost.
    pub tokens: Tokens,
}

/// Why there is nothing to show, in French.
#[derive(Debug, thiserror::Error)]
pub enum GenerationError {
    /// The model was not reached, or refused.
    #[error("{0}")]
    Provider(#[from] ProviderError),
    /// What it wrote cannot be used, even told why.
    #[error("réponse du modèle inutilisable, même après lui avoir dit pourquoi : {}", .0.join(" ; "))]
    Unusable(Vec<String>),
}

fn add(total: &mut Tokens, more: Tokens) {
    total.prompt = total.prompt.saturating_add(more.prompt);
    total.completion = total.completion.saturating_add(more.completion);
}

/// Asks for drafts; `told` hears how far it is, and `spent` what was paid for so far, a failure included. Dropping the
/// future stops everything.
///
/// # Errors
/// When the model is not reached, or its answer cannot be read after one repair turn.
pub async fn generate(
    writer: &Client,
    reader: &Client,
    request: &Request,
    prefix: &str,
    told: &(dyn Fn(Stage) + Sync),
    spent: &(dyn Fn(Tokens) + Sync),
) -> Result<Batch, GenerationError> {
    told(Stage::Writing);
    let schema = answer::schema();
    let said = prompt::generation(request);
    let mut tokens = Tokens::default();
    let mut reply = writer.ask("questions", &said, &schema).await?;
    add(&mut tokens, reply.tokens);
    spent(tokens);
    let mut repaired = false;
    let mut drafts = match answer::drafts(&reply.content, request, prefix) {
        Ok(drafts) => drafts,
        Err(faults) => {
            told(Stage::Repairing);
            repaired = true;
            let again = prompt::repair(said, &reply.content, &faults);
            reply = writer.ask("questions", &again, &schema).await?;
            add(&mut tokens, reply.tokens);
            spent(tokens);
            answer::drafts(&reply.content, request, prefix).map_err(GenerationError::Unusable)?
        }
    };
    for (i, draft) in drafts.iter_mut().enumerate() {
        told(Stage::Answering(u32::try_from(i + 1).unwrap_or(u32::MAX)));
        let asked = prompt::answering(&draft.question);
        draft.second = second(reader, &asked, &answer::answering_schema(), draft, &mut tokens).await;
        spent(tokens);
    }
    Ok(Batch { drafts, model_version: reply.model, repaired, tokens })
}

/// A pass that fails leaves the draft without it, and says so to the reviewer.
async fn second(reader: &Client, asked: &[Message], schema: &Value, draft: &Draft, tokens: &mut Tokens) -> SecondPass {
    match reader.ask("reponse", asked, schema).await {
        Ok(reply) => {
            add(tokens, reply.tokens);
            answer::second(&reply.content, &draft.question, &reply.model).unwrap_or_else(|faults| SecondPass::Missing {
                why: format!("réponse illisible : {}", faults.join(" ; ")),
            })
        }
        Err(error) => SecondPass::Missing { why: error.to_string() },
    }
}
