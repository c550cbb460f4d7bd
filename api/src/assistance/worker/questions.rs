//! Questions asked of a model.

use super::Progress;
use crate::ambient;
use crate::app::App;
use crate::assistance::ask::Asked;
use crate::assistance::comments::passages::leaned;
use crate::assistance::{GENERATION, Models};
use docimo_ai::generation::run::{Batch, GenerationError, Stage, generate};
use docimo_ai::generation::{Draft, Justification, Request, prompt};
use docimo_ai::proposal::{Parameter, Parameters, Proposal, Provenance, Source, Tokens};
use docimo_engine::QuestionId;
use docimo_engine::paper::Element;
use docimo_store::ai::{Job, ProposalRow};

/// The proposals of a request. Errors are for who asked, in French.
pub(super) async fn make(
    app: &App,
    models: &Models,
    job: &Job,
    progress: &Progress,
) -> Result<Vec<ProposalRow>, String> {
    let told = |stage: Stage| progress.told(stage.french());
    let spent = |tokens: Tokens| progress.spent(tokens);
    let (request, leaned) = prepare(app, job).await?;
    let prefix = format!("ia-{}", job.id.rsplit('-').next().unwrap_or(&job.id));
    let batch = generate(&models.writer, &models.reader, &request, &prefix, &told, &spent).await;
    let batch = batch.map_err(|e: GenerationError| e.to_string())?;
    rows(models, job, &request, &leaned, batch)
}

/// What is told to the model, and the documents behind it.
async fn prepare(app: &App, job: &Job) -> Result<(Request, Vec<Source>), String> {
    let broken = |error: docimo_store::StoreError| {
        tracing::warn!(%error, "a request cannot be read");
        "la base de données n’a pas répondu".to_owned()
    };
    let asked: Asked =
        serde_json::from_str(&job.request).map_err(|_| "demande illisible par cette version".to_owned())?;
    let (passages, leaned) = leaned(app, &asked.passages).await?;
    let mut variant_of = None;
    if let Some(entry) = &asked.variant_of {
        let latest =
            app.store.latest_revision(entry).await.map_err(broken)?.ok_or("la question à varier n’existe plus")?;
        let element: Element =
            serde_json::from_str(&latest.body).map_err(|_| "question à varier illisible".to_owned())?;
        variant_of = element.questions().next().cloned();
    }
    let request = Request {
        form: asked.form,
        count: asked.count,
        rank: asked.rank,
        level: asked.level,
        difficulty: asked.difficulty,
        objective: asked.objective,
        tags: asked.tags,
        variant_of,
        remark: asked.remark,
        passages,
    };
    Ok((request, leaned))
}

/// What a question rests on, for its own page: the places that it quotes.
fn rests_on(draft: &Draft, question: &QuestionId, leaned: &[Source]) -> String {
    let mut all: Vec<String> = Vec::new();
    for source in leaned {
        for passage in &source.passages {
            let quotes = |j: &&Justification| j.question == *question && j.passage.eq_ignore_ascii_case(&passage.id);
            if draft.justifications.iter().any(|j| quotes(&j)) {
                let place = passage.place.as_ref().map_or_else(String::new, |p| format!(", {p}"));
                all.push(format!("{}{place}", source.title));
            }
        }
    }
    all.dedup();
    all.join(" ; ")
}

fn rows(
    models: &Models,
    job: &Job,
    request: &Request,
    leaned: &[Source],
    batch: Batch,
) -> Result<Vec<ProposalRow>, String> {
    let (writer, reader) = (models.writer.endpoint(), models.reader.endpoint());
    let parameters = Parameters::from([
        ("température".to_owned(), Parameter::Number(writer.temperature)),
        ("type".to_owned(), Parameter::Text(request.form.code().into())),
        ("niveau".to_owned(), Parameter::Text(request.level.french().into())),
        ("difficulté".to_owned(), Parameter::Text(request.difficulty.french().into())),
        ("sujet".to_owned(), Parameter::Text(request.objective.clone())),
        ("réponse corrigée une fois".to_owned(), Parameter::Flag(batch.repaired)),
        ("modèle de seconde lecture".to_owned(), Parameter::Text(reader.model.clone())),
        ("gabarit de seconde lecture".to_owned(), Parameter::Text(prompt::ANSWERING_VERSION.into())),
    ]);
    let count = u64::from(request.count.max(1));
    let now_ms = ambient::now_ms();
    let one = |(i, mut draft): (usize, Draft)| {
        for id in draft.element.questions().map(|q| q.id.clone()).collect::<Vec<_>>() {
            let source = rests_on(&draft, &id, leaned);
            match &mut draft.element {
                Element::Question(question) => question.source = source,
                Element::Case(case) => {
                    for part in case.parts.iter_mut().filter(|p| p.question.id == id) {
                        part.question.source.clone_from(&source);
                    }
                }
            }
        }
        let unsupported = i64::from(!draft.unsupported_key().is_empty());
        let provenance = Provenance {
            function: GENERATION,
            provider: writer.host().to_owned(),
            model: writer.model.clone(),
            model_version: batch.model_version.clone(),
            parameters: parameters.clone(),
            prompt: prompt::generation_template(request.form),
            sources: leaned.to_vec(),
            created_at_ms: now_ms,
            // Its share of what the request cost.
            tokens: Tokens { prompt: batch.tokens.prompt / count, completion: batch.tokens.completion / count },
        };
        let proposal = Proposal::new(draft, provenance).map_err(|e| e.to_string())?;
        Ok(ProposalRow {
            id: ambient::fresh_id(now_ms),
            job_id: job.id.clone(),
            number: i64::try_from(i + 1).unwrap_or(i64::MAX),
            function: job.function.clone(),
            folder_id: job.folder_id.clone(),
            body: serde_json::to_string(&proposal).map_err(|e| e.to_string())?.replace("\\u0000", ""),
            unsupported,
            created_ms: now_ms,
        })
    };
    batch.drafts.into_iter().enumerate().map(one).collect()
}
