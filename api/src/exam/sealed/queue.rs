//! What waits on a machine that never comes back to the network, brought by hand: an encrypted file that its page made,
//! for its sheet only.

use super::crypto::{self, place_of_queue};
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::exam::event;
use crate::exam::room::{MAX_STEPS, StepForm, checked_steps};
use crate::exam::supervision::own_sheet;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use docimo_engine::attempt::{Act, Verdict};
use docimo_engine::paper::Section;
use docimo_store::SaveError;
use docimo_store::journal::{NewStep, Save};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// The file, as the page writes it.
#[derive(Deserialize)]
struct QueueFile {
    docimo: String,
    version: u32,
    attempt: String,
    /// `nonce ‖ AES-256-GCM`, base64.
    sealed: String,
}

/// What is in it.
#[derive(Deserialize)]
struct Queue {
    /// When it was made, by the page's reading of the server's clock.
    made_ms: i64,
    streams: Vec<QueuedStream>,
}

#[derive(Deserialize)]
struct QueuedStream {
    /// None for steps of a page that had no stream yet.
    stream: Option<u32>,
    steps: Vec<StepForm>,
}

/// What a file brought.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Brought {
    /// Exam.
    pub exam: String,
    /// Candidate number.
    pub number: String,
    /// Steps that were not there yet.
    pub fresh: usize,
    /// Steps that the server had already.
    pub known: usize,
    /// Answers among the fresh ones.
    pub answers: usize,
    /// Fresh steps that count.
    pub counted: usize,
    /// Fresh steps that came after the end: kept, for the jury.
    pub late: usize,
    /// When the file was made, ms UTC.
    pub made_ms: i64,
}

const NOT_ONE: &str = "Ce fichier n’est pas un export de réponses, ou il est incomplet : reprenez celui que la salle d’examen a enregistré.";
const ALTERED: &str =
    "Ce fichier a été modifié ou tronqué : rien n’en a été pris. Copiez-le de nouveau depuis l’ordinateur du candidat.";

/// Largest file, bytes.
pub const MOST: usize = 8 * 1024 * 1024;

/// Brings the steps of a file into the journal of its sheet: they get the time of their arrival here, and are judged as
/// any that arrive now. The same file twice changes nothing.
pub async fn import(app: &App, actor: &Actor, attempt_id: &str, file: &[u8]) -> ApiResult<Brought> {
    let attempt = own_sheet(app, actor, attempt_id).await?;
    let paper = app.frozen_paper(&attempt.exam_id).await?;
    let (_, section) = paper.section(&attempt.section_id).ok_or(ApiError::NotFound)?;
    let wrong = |message: &str| ApiError::wrong("fichier", message);
    if file.len() > MOST {
        return Err(wrong("Ce fichier est trop gros pour un export de réponses."));
    }
    let read: QueueFile = serde_json::from_slice(file).map_err(|_| wrong(NOT_ONE))?;
    if read.docimo != "queue" || read.version != 1 {
        return Err(wrong(NOT_ONE));
    }
    if read.attempt != attempt.id {
        return Err(wrong(&format!(
            "Ce fichier est celui d’un autre candidat ou d’une autre épreuve : rien n’en a été pris pour le candidat {}.",
            attempt.number
        )));
    }
    let sealed = STANDARD.decode(read.sealed.trim()).map_err(|_| wrong(ALTERED))?;
    let key = super::queue_key(app, &attempt, section).await?;
    let plain = crypto::open(&key, &place_of_queue(&attempt.id), &sealed).map_err(|_| wrong(ALTERED))?;
    let queue: Queue = serde_json::from_slice(&plain).map_err(|_| wrong(NOT_ONE))?;
    // All of them are right, or nothing of it is taken.
    let checked = |QueuedStream { stream, steps }| Ok((stream, checked_steps(steps)?));
    let streams: Vec<(Option<u32>, Vec<NewStep>)> = queue.streams.into_iter().map(checked).collect::<ApiResult<_>>()?;
    let before = attempt.exam_state == "marked" || attempt.exam_state == "published";
    let mut brought = Brought {
        exam: attempt.exam_id.clone(),
        number: attempt.number.clone(),
        made_ms: queue.made_ms,
        ..Brought::default()
    };
    let done = bring_all(app, actor, &attempt.id, section, streams, &mut brought).await;
    // What was brought before a failure is in the journal: it is told there too, and the same file brings the rest.
    let detail = format!(
        "Réponses du candidat {} apportées par fichier : {} actes nouveaux ({} réponses, {} comptés, {} tardifs), {} déjà reçus{}",
        brought.number,
        brought.fresh,
        brought.answers,
        brought.counted,
        brought.late,
        brought.known,
        if before { ", après la notation : gardés, sans effet" } else { "" }
    );
    if done.is_ok() || brought.fresh > 0 {
        app.store.add_event(&event(actor, &attempt.exam_id, "import_queue", detail)).await?;
    }
    done.map(|()| brought)
}

async fn bring_all(
    app: &App,
    actor: &Actor,
    attempt: &str,
    section: &Arc<Section>,
    streams: Vec<(Option<u32>, Vec<NewStep>)>,
    brought: &mut Brought,
) -> ApiResult<()> {
    for (stream, steps) in streams {
        let Some(first) = steps.first() else { continue };
        // The first step of a page without a stream never left it: it tells the page.
        let digest = crypto::hash(format!("{}\n{}", first.client_ms, first.text()).as_bytes());
        let number = match stream {
            Some(stream) => stream,
            None => own_stream(app, attempt, &digest).await?,
        };
        match bring(app, actor, attempt, section, number, steps.clone(), brought).await {
            Ok(()) => {}
            // The server has lost what it had before these, or the stream itself: they go into one of their own.
            Err(SaveError::Gap { .. } | SaveError::UnknownStream) => {
                let number = own_stream(app, attempt, &digest).await?;
                let renumber = |(mut step, seq): (NewStep, u32)| {
                    step.seq = seq;
                    step
                };
                let again = steps.into_iter().zip(1..).map(renumber).collect();
                bring(app, actor, attempt, section, number, again, brought).await?;
            }
            Err(other) => return Err(other.into()),
        }
    }
    Ok(())
}

async fn own_stream(app: &App, attempt: &str, digest: &str) -> ApiResult<u32> {
    let stream = app.store.stream_of_import(attempt, digest, ambient::now_ms()).await?;
    u32::try_from(stream).map_err(|e| ApiError::Internal(e.into()))
}

async fn bring(
    app: &App,
    actor: &Actor,
    attempt: &str,
    section: &Arc<Section>,
    stream: u32,
    mut steps: Vec<NewStep>,
    brought: &mut Brought,
) -> Result<(), SaveError> {
    let known = app.store.last_seq(attempt, stream).await.map_err(SaveError::Store)?;
    while !steps.is_empty() {
        let rest = steps.split_off(steps.len().min(MAX_STEPS));
        let answers: Vec<u32> = steps.iter().filter(|s| matches!(s.act(), Act::Answer { .. })).map(|s| s.seq).collect();
        let save = Save {
            attempt_id: attempt.to_owned(),
            section: section.clone(),
            actor: actor.id.to_string(),
            stream,
            steps,
            now_ms: ambient::now_ms(),
        };
        let saved = app.journal.save(save).await?;
        for (seq, verdict) in saved.verdicts {
            if seq <= known {
                brought.known += 1;
                continue;
            }
            brought.fresh += 1;
            brought.answers += usize::from(answers.contains(&seq));
            brought.counted += usize::from(verdict == Verdict::Counted);
            brought.late += usize::from(verdict == Verdict::Late);
        }
        steps = rest;
    }
    Ok(())
}
