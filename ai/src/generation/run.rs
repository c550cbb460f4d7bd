//! One request, from what is asked to checked drafts.

use super::{Draft, Request, SecondPass, answer, prompt};
use crate::proposal::Tokens;
use crate::provider::{Client, ProviderError};
use docimo_engine::paper::{Element, Part};
use docimo_engine::question::Question;
use std::collections::BTreeMap;

/// How far it is, for who waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// The questions are being written.
    Writing,
    /// So much is written, in characters.
    Written(u32),
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
            Self::Written(chars) => format!("le modèle rédige : {chars} caractères"),
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
    let schema = answer::schema(request.form);
    let heard = |so_far: &str| told(Stage::Written(u32::try_from(so_far.chars().count()).unwrap_or(u32::MAX)));
    let said = prompt::generation(request);
    let mut tokens = Tokens::default();
    let mut reply = writer.ask_heard("questions", &said, &schema, &heard).await?;
    add(&mut tokens, reply.tokens);
    spent(tokens);
    let mut repaired = false;
    let mut drafts = match answer::drafts(&reply.content, request, prefix) {
        Ok(drafts) => drafts,
        Err(faults) => {
            told(Stage::Repairing);
            repaired = true;
            let again = prompt::repair(said, &reply.content, &faults);
            reply = writer.ask_heard("questions", &again, &schema, &heard).await?;
            add(&mut tokens, reply.tokens);
            spent(tokens);
            answer::drafts(&reply.content, request, prefix).map_err(GenerationError::Unusable)?
        }
    };
    let mut number = 0;
    for draft in &mut drafts {
        let mut seconds = BTreeMap::new();
        for (question, context) in in_turn(&draft.element) {
            number += 1;
            told(Stage::Answering(number));
            seconds.insert(question.id.clone(), second(reader, question, &context, &mut tokens).await);
            spent(tokens);
        }
        draft.seconds = seconds;
    }
    Ok(Batch { drafts, model_version: reply.model, repaired, tokens })
}

/// Each question with what a candidate was told before it.
fn in_turn(element: &Element) -> Vec<(&Question, String)> {
    match element {
        Element::Question(question) => vec![(question, String::new())],
        Element::Case(case) => {
            let mut told = case.intro.clone();
            let turn = |part: &Part| {
                if !part.text.is_empty() {
                    told.push('\n');
                    told.push_str(&part.text);
                }
                told.clone()
            };
            let told: Vec<String> = case.parts.iter().map(turn).collect();
            case.parts.iter().map(|part| &part.question).zip(told).collect()
        }
    }
}

/// A pass that fails leaves the draft without it, and says so to the reviewer.
async fn second(reader: &Client, question: &Question, context: &str, tokens: &mut Tokens) -> SecondPass {
    let Some(asked) = prompt::answering(question, context) else {
        return SecondPass::Missing { why: "un TCS n’a pas de clé avant le vote de son panel".into() };
    };
    match reader.ask("reponse", &asked, &answer::answering_schema(question)).await {
        Ok(reply) => {
            add(tokens, reply.tokens);
            answer::second(&reply.content, question, &reply.model).unwrap_or_else(|faults| SecondPass::Missing {
                why: format!("réponse illisible : {}", faults.join(" ; ")),
            })
        }
        Err(error) => SecondPass::Missing { why: error.to_string() },
    }
}
