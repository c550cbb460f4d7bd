//! Tags of many questions, slice by slice: what is done of a request stays, whatever becomes of the server.

use super::{LEASE_MS, Progress};
use crate::ambient;
use crate::app::App;
use crate::assistance::Models;
use crate::assistance::tags::ask::Asked;
use crate::assistance::tags::{TAGGING, learn};
use crate::bank::draft::suggest::{asked, own_tags};
use crate::error::ApiError;
use docimo_ai::proposal::{Proposal, Tokens};
use docimo_ai::tagging::propose::{Against, CHOICE, propose, provenance};
use docimo_ai::tagging::rerank::{SEEN, rerank};
use docimo_ai::tagging::tagger::THRESHOLD;
use docimo_engine::paper::Element;
use docimo_store::ai::tags::TagProposal;
use docimo_store::ai::{Job, ProposalRow};
use std::collections::HashMap;

/// Questions of a slice: a transaction that the journal of exams does not feel.
const SLICE: usize = 20;

fn broken(error: impl Into<ApiError>) -> String {
    let error: ApiError = error.into();
    tracing::warn!(%error, "a request for tags cannot go on");
    "la base de données n’a pas répondu".to_owned()
}

/// Works on a request from where it was left.
pub(super) async fn make(
    app: &App,
    models: Option<&Models>,
    runner: &str,
    job: &Job,
    progress: &Progress,
) -> Result<Vec<ProposalRow>, String> {
    let wanted: Asked =
        serde_json::from_str(&job.request).map_err(|_| "demande illisible par cette version".to_owned())?;
    if wanted.learn {
        progress.told("apprend des étiquettes validées".into());
        learn::run(app, job).await?;
        return Ok(Vec::new());
    }
    let all = wanted.entries.len();
    let mut done = usize::try_from(app.store.tagging_done(&job.id).await.map_err(broken)?).unwrap_or(0);
    progress.told(format!("{done} questions sur {all}"));
    let tagger = app.tagger.of(&app.store).await.map_err(broken)?;
    let situations = app.tags.situations().await.map_err(broken)?;
    let shelf = app.tags.shelf(app).await.map_err(broken)?;
    let head = app.tags.head(app).await.map_err(broken)?;
    // Only where one is configured and the committee said so.
    let permitted = app.store.tag_rules().await.map_err(broken)?.first().is_some_and(|r| r.rerank == 1);
    let orders = models.filter(|_| permitted).map(|m| &m.tagger);
    let choice = if orders.is_some() { SEEN } else { CHOICE };
    let mut spent = Tokens::default();
    let hash = match &head {
        Some((id, _)) => app.store.tag_head(id).await.map_err(broken)?.map(|h| h.hash).unwrap_or_default(),
        None => String::new(),
    };
    let named = head.as_ref().map(|(id, _)| (id.clone(), hash));
    while done < all {
        let slice = &wanted.entries[done..(done + SLICE).min(all)];
        let lines = app.store.lines(slice).await.map_err(broken)?;
        let mut folders: HashMap<String, String> = HashMap::new();
        let mut read = Vec::with_capacity(slice.len());
        for line in lines.into_iter().filter(|l| l.status != "retired") {
            let latest = app.store.latest_revision(&line.id).await.map_err(broken)?;
            if let Some(latest) = latest {
                folders.insert(line.id.clone(), line.folder_id.clone());
                read.push((line.id, latest.number, latest.body));
            }
        }
        // In the order asked for, whatever the database's.
        read.sort_by_key(|(id, _, _)| slice.iter().position(|own| own == id));
        let (tagger, situations, shelf, head) = (tagger.clone(), situations.clone(), shelf.clone(), head.clone());
        let drafts = tokio::task::spawn_blocking(move || {
            let against = Against {
                tagger: &tagger,
                situations: &situations,
                head: head.as_ref().map(|(_, head)| head.as_ref()),
                neighbours: Some((&shelf.index, &shelf.known)),
                threshold: THRESHOLD,
                choice,
            };
            let mut drafts = Vec::with_capacity(read.len());
            for (id, number, body) in read {
                let Ok(element) = serde_json::from_str::<Element>(&body) else { continue };
                let has: Vec<String> = own_tags(&element).into_iter().collect();
                let asked = asked(&element);
                match propose(against, &asked, &id, number, &has) {
                    Ok(draft) => drafts.push((asked, draft)),
                    Err(error) => return Err(error.to_string()),
                }
            }
            Ok(drafts)
        });
        let drafts = drafts.await.map_err(|_| "l’étiquetage s’est interrompu".to_owned())??;
        let now_ms = ambient::now_ms();
        let mut rows = Vec::with_capacity(drafts.len());
        for (asked, mut draft) in drafts {
            let mut told = None;
            if let Some(client) = orders.filter(|_| !draft.items.is_empty()) {
                let (items, objectives) = (draft.items.clone(), draft.objectives.clone());
                let own = rerank(client, &asked, &mut draft, (&items, &objectives)).await;
                spent.prompt = spent.prompt.saturating_add(own.tokens.prompt);
                spent.completion = spent.completion.saturating_add(own.tokens.completion);
                progress.spent(spent);
                told = Some(own);
            }
            draft.items.truncate(CHOICE);
            draft.objectives.truncate(CHOICE);
            let head = named.as_ref().map(|(id, hash)| (id.as_str(), hash.as_str()));
            let from = provenance(head, THRESHOLD, told.as_ref(), now_ms);
            let thousandths = |c: f64| (c.clamp(0.0, 1.0) * 1000.0).floor() as i64;
            let measured = draft.proposed.iter().filter(|s| s.confidence > 0.0);
            let about = TagProposal {
                proposal_id: ambient::fresh_id(now_ms),
                entry_id: draft.entry.clone(),
                revision: draft.revision,
                tags: draft.proposed.iter().map(|s| s.tag.as_str()).collect::<Vec<_>>().join(" "),
                confidence: measured.map(|s| thousandths(s.confidence)).min().unwrap_or(0),
                first_tag: draft.items.first().map(|i| i.tag.clone()).unwrap_or_default(),
                first_confidence: thousandths(draft.item_confidence),
                method: named.as_ref().map_or_else(|| "words".to_owned(), |(id, _)| id.clone()),
            };
            let folder_id = folders.get(&draft.entry).cloned().unwrap_or_else(|| job.folder_id.clone());
            let proposal = Proposal::new(draft, from).map_err(|e| e.to_string())?;
            let row = ProposalRow {
                id: about.proposal_id.clone(),
                job_id: job.id.clone(),
                number: i64::try_from(done + rows.len() + 1).unwrap_or(i64::MAX),
                function: TAGGING.code().into(),
                folder_id,
                body: serde_json::to_string(&proposal).map_err(|e| e.to_string())?.replace("\\u0000", ""),
                unsupported: 0,
                created_ms: now_ms,
            };
            rows.push((row, about));
        }
        done += slice.len();
        let stage = format!("{done} questions sur {all}");
        progress.told(stage.clone());
        let until_ms = ambient::now_ms() + LEASE_MS;
        let done_ = i64::try_from(done).unwrap_or(i64::MAX);
        if !app.store.keep_tag_slice(&job.id, runner, done_, &rows, &stage, until_ms).await.map_err(broken)? {
            // Cancelled, switched off, or taken up by another: nobody hears this.
            return Err("demande arrêtée".to_owned());
        }
    }
    Ok(Vec::new())
}
