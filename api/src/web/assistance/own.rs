//! What who asked reads of what came of it: a proposal as a proposal, and what was decided.

use super::review::{age, verdict_french};
use crate::ambient;
use crate::app::App;
use crate::assistance::decide::{Before, reason_french};
use crate::assistance::incidents::KINDS;
use crate::assistance::own as mine;
use crate::auth::Actor;
use crate::error::ApiResult;
use crate::markdown;
use crate::web::bank::editor::preview;
use crate::web::filters::date_time;
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use docimo_ai::proposal::Function;

struct Said {
    what: &'static str,
    reason: String,
    remark: String,
    by: String,
    at: String,
    entry: Option<String>,
}

#[derive(Template)]
#[template(path = "assistance/own.html")]
struct OwnPage {
    page: Layout,
    kicker: &'static str,
    id: String,
    job: String,
    title: String,
    waits: String,
    agreed: usize,
    people: i64,
    said: Option<Said>,
    student: String,
    claims: Vec<(String, bool, String, String)>,
    comment: String,
    model: String,
    kinds: Vec<(&'static str, &'static str)>,
}

/// A proposal, to be read by who asked for it.
pub async fn own(State(app): State<App>, actor: Actor, Path(id): Path<String>, page: Layout) -> ApiResult<Response> {
    let (row, proposal, _) = mine::question(&app, &actor, &id).await?;
    let (draft, from) = (proposal.content(), proposal.provenance());
    let before = Before::of(&app, &row.id).await?;
    let said = match app.store.ai_decision(&row.id).await? {
        None => None,
        Some(d) => Some(Said {
            what: verdict_french(&d.verdict),
            reason: reason_french(&d.reason).to_owned(),
            by: app.store.person(&d.reviewer_id).await?.map(|p| p.name).unwrap_or_default(),
            at: date_time(d.at_ms),
            entry: app.store.ai_entry(&d.id).await?,
            remark: d.remark,
        }),
    };
    let claims = super::review::claims(draft, from).into_iter();
    let claims = claims.map(|c| (format!("{}. {}", c.letter, c.html), c.is_true, c.why, c.quote));
    web::page(&OwnPage {
        kicker: super::kicker(&row),
        title: markdown::plain(draft.opening(), 160),
        waits: age(row.created_ms, ambient::now_ms()),
        agreed: before.opinions.len(),
        people: before.people,
        said,
        student: preview::student(&draft.element)?,
        claims: claims.collect(),
        comment: draft.first().map(|q| q.comment.clone()).unwrap_or_default(),
        model: match from.function {
            Function::ItemModel => format!("Tirée de « {} », {}", from.model, from.model_version),
            _ => format!("Écrite par {} ({})", from.model, from.provider),
        },
        kinds: KINDS.to_vec(),
        page: page.titled("Ma proposition"),
        job: row.job_id,
        id: row.id,
    })
}
