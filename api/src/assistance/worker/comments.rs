//! Drafts of comments asked of a model, one pattern at a time.

use super::Progress;
use crate::ambient;
use crate::app::App;
use crate::assistance::Models;
use crate::assistance::comments::ask::Asked;
use crate::assistance::comments::{COMMENTS, passages, place_of, subject_of};
use docimo_ai::comments::run::draft;
use docimo_ai::comments::{Draft, Request, prompt};
use docimo_ai::generation::run::Stage;
use docimo_ai::proposal::{Parameter, Parameters, Proposal, Provenance, Tokens};
use docimo_store::ai::{Job, ProposalRow};

/// The proposal of a request. Errors are for who asked, in French.
pub(super) async fn make(
    app: &App,
    models: &Models,
    job: &Job,
    progress: &Progress,
) -> Result<Vec<ProposalRow>, String> {
    let told = |stage: Stage| progress.told(stage.french());
    let spent = |tokens: Tokens| progress.spent(tokens);
    let asked: Asked =
        serde_json::from_str(&job.request).map_err(|_| "demande illisible par cette version".to_owned())?;
    let subject = subject_of(app, &asked.slot).await.map_err(|error| {
        tracing::warn!(%error, job = job.id, "the pattern of a request cannot be read");
        "la question n’a plus cette formulation, ou n’existe plus".to_owned()
    })?;
    let (given, sources) = passages::leaned(app, &asked.passages).await?;
    let request = Request {
        shown: subject.shown().to_owned(),
        students: u32::try_from(subject.students()).unwrap_or(u32::MAX),
        question: subject.question.clone(),
        pattern: subject.pattern.clone(),
        remark: asked.remark,
        passages: given,
    };
    let written = draft(&models.commenter, &request, &told, &spent).await.map_err(|e| e.to_string())?;
    let writer = models.commenter.endpoint();
    let now_ms = ambient::now_ms();
    let provenance = Provenance {
        function: COMMENTS,
        provider: writer.host().to_owned(),
        model: writer.model.clone(),
        model_version: written.model_version,
        parameters: Parameters::from([
            ("température".to_owned(), Parameter::Number(writer.temperature)),
            ("réponse corrigée une fois".to_owned(), Parameter::Flag(written.repaired)),
        ]),
        prompt: prompt::template(),
        sources,
        created_at_ms: now_ms,
        tokens: written.tokens,
    };
    let draft = Draft {
        place: place_of(&subject.place),
        question: request.question,
        pattern: request.pattern,
        shown: request.shown,
        students: request.students,
        text: written.text,
        claims: written.claims,
    };
    let unsupported = i64::from(draft.is_unsupported());
    let proposal = Proposal::new(draft, provenance).map_err(|e| e.to_string())?;
    Ok(vec![ProposalRow {
        id: ambient::fresh_id(now_ms),
        job_id: job.id.clone(),
        number: 1,
        function: job.function.clone(),
        folder_id: job.folder_id.clone(),
        body: serde_json::to_string(&proposal).map_err(|e| e.to_string())?.replace("\\u0000", ""),
        unsupported,
        created_ms: now_ms,
    }])
}
