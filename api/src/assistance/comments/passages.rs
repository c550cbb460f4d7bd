//! What a comment may lean on.
//!
//! The passages that who asks chose, else those that the question was written from, else those of the documents that it
//! names as its source, else those that a search finds in the documents in use.

use crate::ambient;
use crate::app::App;
use crate::assistance::ask::{Asked as AskedQuestions, Place};
use crate::assistance::retrieve;
use crate::error::{ApiError, ApiResult};
use docimo_ai::generation::Given;
use docimo_ai::proposal::{Passage, Source, Trust};
use docimo_ai::sources;
use docimo_ai::tagging::bm25::{Bm25, Parameters};
use docimo_ai::tagging::terms::{Terms, terms};
use docimo_engine::question::Question;
use docimo_store::ai::PassageRow;

/// Most characters of passages for one comment.
pub const MAX_CHARS: usize = 12_000;

/// Passages of a document that speak most of a question, in the document's order, as many as [`MAX_CHARS`] lets.
fn nearest(rows: Vec<PassageRow>, question: &Question) -> Vec<PassageRow> {
    let all: usize = rows.iter().map(|r| r.body.chars().count()).sum();
    if all <= MAX_CHARS {
        return rows;
    }
    let mut said = question.stem.clone();
    for p in question.body.propositions() {
        said.push('\n');
        said.push_str(&p.text);
    }
    let texts: Vec<Terms> = rows.iter().map(|r| terms(&format!("{}\n{}", r.section, r.body))).collect();
    let scores = Bm25::new(&texts, Parameters::default()).scores(&terms(&said));
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then_with(|| a.cmp(b)));
    let (mut room, mut kept) = (MAX_CHARS, vec![false; rows.len()]);
    for i in order {
        let Some(left) = room.checked_sub(rows[i].body.chars().count()) else { continue };
        (room, kept[i]) = (left, scores[i] > 0.0 || room == MAX_CHARS);
    }
    rows.into_iter().zip(kept).filter(|(_, kept)| *kept).map(|(row, _)| row).collect()
}

/// Places of the passages to lean on: of the document chosen, else those that the question was written from. Empty where
/// there are none in use.
pub async fn choose(app: &App, entry_id: &str, question: &Question, source: &str) -> ApiResult<Vec<Place>> {
    let now_ms = ambient::now_ms();
    let mut rows = Vec::new();
    if source.is_empty() {
        let Some(birth) = app.store.ai_birth(entry_id).await? else {
            return named(app, question).await;
        };
        let proposal = app.store.ai_proposal(&birth.proposal_id).await?.ok_or(ApiError::NotFound)?;
        let job = app.store.ai_job(&proposal.job_id).await?.ok_or(ApiError::NotFound)?;
        // A request of another form than ours names no passage.
        let asked: Vec<Place> =
            serde_json::from_str::<AskedQuestions>(&job.request).map(|a| a.passages).unwrap_or_default();
        for place in asked {
            let usable = app.store.ai_source(&place.source).await?.is_some_and(|s| s.is_usable(now_ms));
            if usable {
                let all = app.store.ai_passages(&place.source).await?;
                rows.extend(all.into_iter().filter(|r| r.number == place.number));
            }
        }
    } else {
        let document = app.store.ai_source(source).await?.ok_or(ApiError::NotFound)?;
        if !document.is_usable(now_ms) {
            return Err(ApiError::wrong("source", format!("La source « {} » est retirée ou périmée.", document.title)));
        }
        rows = app.store.ai_passages(source).await?;
    }
    Ok(nearest(rows, question).into_iter().map(|r| Place { source: r.source_id, number: r.number }).collect())
}

/// Shortest title that is looked for in what a question says of its source.
const LEAST_TITLE: usize = 8;

/// Places of the documents in use that a question written by people names as its source.
async fn named(app: &App, question: &Question) -> ApiResult<Vec<Place>> {
    let (now_ms, said) = (ambient::now_ms(), question.source.to_lowercase());
    let mut rows = Vec::new();
    for source in app.store.ai_sources().await? {
        let title = source.title.to_lowercase();
        if source.is_usable(now_ms) && title.chars().count() >= LEAST_TITLE && said.contains(&title) {
            rows.extend(app.store.ai_passages(&source.id).await?);
        }
    }
    if rows.is_empty() {
        return found(app, question).await;
    }
    Ok(nearest(rows, question).into_iter().map(|r| Place { source: r.source_id, number: r.number }).collect())
}

/// Passages found for a question of which nobody said what it rests on, at most.
const FOUND: usize = 8;

/// Places of the passages, in all documents in use, that say most of what a question says.
async fn found(app: &App, question: &Question) -> ApiResult<Vec<Place>> {
    let mut said = question.stem.clone();
    for p in question.body.propositions().iter().filter(|p| p.status.is_true()) {
        said.push('\n');
        said.push_str(&p.text);
    }
    let (mut places, mut room) = (Vec::new(), MAX_CHARS);
    for found in retrieve::find(app, &said, FOUND, Trust::Unassessed).await? {
        let Some(left) = room.checked_sub(found.passage.body.chars().count()) else { continue };
        room = left;
        places.push(Place { source: found.passage.source_id, number: found.passage.number });
    }
    Ok(places)
}

/// The passages of places, as a model is given them and as a proposal says where it comes from.
///
/// # Errors
/// In French, where one is no longer there to lean on.
pub async fn leaned(app: &App, places: &[Place]) -> Result<(Vec<Given>, Vec<Source>), String> {
    let broken = |error: docimo_store::StoreError| {
        tracing::warn!(%error, "the passages of a request cannot be read");
        "la base de données n’a pas répondu".to_owned()
    };
    let (mut given, mut sources): (Vec<Given>, Vec<(String, Source)>) = Default::default();
    for place in places {
        let source = app.store.ai_source(&place.source).await.map_err(broken)?;
        let source = source.filter(|s| s.is_usable(ambient::now_ms())).ok_or("une source a été retirée ou a expiré")?;
        let rows = app.store.ai_passages(&place.source).await.map_err(broken)?;
        let row = rows.into_iter().find(|p| p.number == place.number).ok_or("un passage manque")?;
        let id = format!("P{}", given.len() + 1);
        given.push(Given { id: id.clone(), text: row.body.clone() });
        let at = sources::place(row.page.and_then(|p| u32::try_from(p).ok()), &row.section);
        let passage = Passage { id, text: row.body, place: (!at.is_empty()).then_some(at) };
        match sources.iter_mut().find(|(name, _)| *name == source.id) {
            Some((_, known)) => known.passages.push(passage),
            None => sources.push((
                source.id,
                Source {
                    title: source.title,
                    reference: Some(source.origin),
                    edition: source.edition,
                    date: source.published,
                    licence: source.licence,
                    trust: Trust::from_number(source.trust),
                    passages: vec![passage],
                },
            )),
        }
    }
    Ok((given, sources.into_iter().map(|(_, source)| source).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn of_a_long_document_what_speaks_of_the_question_is_kept_in_order() {
        let question: Question = serde_json::from_value(
            json!({"id": "q", "kind": "QROC", "stem": "Signe de gravité d’une crise d’asthme ?", "exact": ["x"]}),
        )
        .unwrap();
        let row = |number: i64, body: String| PassageRow {
            source_id: "s".into(),
            number,
            page: None,
            section: String::new(),
            body,
            hash: String::new(),
        };
        let filler = "Le rein filtre le plasma et concentre les urines. ".repeat(100);
        let rows = vec![
            row(1, filler.clone()),
            row(2, "La gravité d’une crise d’asthme se juge à la saturation.".into()),
            row(3, filler.clone()),
            row(4, "L’asthme est fréquent.".into()),
            row(5, filler),
        ];
        let kept: Vec<i64> = nearest(rows.clone(), &question).into_iter().map(|r| r.number).collect();
        assert_eq!(kept, [2, 4]);
        assert_eq!(nearest(rows[1..2].to_vec(), &question).len(), 1);
    }
}
