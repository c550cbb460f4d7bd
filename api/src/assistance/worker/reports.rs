//! Reports of flaws asked of a model.

use super::Progress;
use crate::ambient;
use crate::app::App;
use crate::assistance::Models;
use crate::assistance::reports::{Asked, REPORTS, client};
use docimo_ai::generation::run::Stage;
use docimo_ai::proposal::{Parameter, Parameters, Proposal, Provenance, Tokens};
use docimo_ai::report::{report, template};
use docimo_engine::paper::Element;
use docimo_store::ai::{Job, ProposalRow};

/// The report of a request. Errors are for who asked, in French.
pub(super) async fn make(
    app: &App,
    models: &Models,
    job: &Job,
    progress: &Progress,
) -> Result<Vec<ProposalRow>, String> {
    let asked: Asked =
        serde_json::from_str(&job.request).map_err(|_| "demande illisible par cette version".to_owned())?;
    let latest = app.store.latest_revision(&asked.entry).await.map_err(|error| {
        tracing::warn!(%error, job = job.id, "the question of a request cannot be read");
        "la base de données n’a pas répondu".to_owned()
    })?;
    let latest = latest.ok_or("la question n’existe plus")?;
    let element: Element = serde_json::from_str(&latest.body).map_err(|_| "question illisible".to_owned())?;
    let told = |stage: Stage| progress.told(stage.french());
    let spent = |tokens: Tokens| progress.spent(tokens);
    let found = report(client(models), element, &told, &spent).await.map_err(|e| e.to_string())?;
    let (endpoint, now_ms) = (client(models).endpoint(), ambient::now_ms());
    let provenance = Provenance {
        function: REPORTS,
        provider: endpoint.host().to_owned(),
        model: endpoint.model.clone(),
        model_version: found.model_version,
        parameters: Parameters::from([
            ("température".to_owned(), Parameter::Number(endpoint.temperature)),
            ("version de la question".to_owned(), Parameter::Integer(latest.number)),
            ("réponse corrigée une fois".to_owned(), Parameter::Flag(found.repaired)),
        ]),
        prompt: template(),
        sources: Vec::new(),
        created_at_ms: now_ms,
        tokens: found.tokens,
    };
    let proposal = Proposal::new(found.report, provenance).map_err(|e| e.to_string())?;
    Ok(vec![ProposalRow {
        id: ambient::fresh_id(now_ms),
        job_id: job.id.clone(),
        number: 1,
        function: job.function.clone(),
        folder_id: job.folder_id.clone(),
        body: serde_json::to_string(&proposal).map_err(|e| e.to_string())?.replace("\\u0000", ""),
        unsupported: 0,
        created_ms: now_ms,
    }])
}
