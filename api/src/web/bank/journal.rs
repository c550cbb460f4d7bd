//! The journal of the bank: what was done to it as a whole, filtered.

use crate::app::App;
use crate::bank::journal::{self, Asked, SORTS};
use crate::error::ApiResult;
use crate::web::committee::Pages;
use crate::web::filters::{count, date_time, iso};
use crate::web::layout::Layout;
use crate::web::{self, urlencode};
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

/// Acts on a page.
const PAGE: usize = 100;

struct Line {
    at: String,
    iso: String,
    sort: &'static str,
    detail: String,
    author: String,
}

struct Choice {
    code: String,
    label: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "bank/journal.html")]
struct JournalPage {
    page: Layout,
    sorts: Vec<Choice>,
    people: Vec<Choice>,
    from: String,
    to: String,
    total: String,
    lines: Vec<Line>,
    pages: Pages,
}

/// What the address asks for.
#[derive(Default, Deserialize)]
pub struct JournalQuery {
    #[serde(default)]
    quoi: String,
    #[serde(default)]
    qui: String,
    #[serde(default)]
    du: String,
    #[serde(default)]
    au: String,
    #[serde(default)]
    page: Option<usize>,
}

/// The journal.
pub async fn journal(State(app): State<App>, Query(query): Query<JournalQuery>, page: Layout) -> ApiResult<Response> {
    let asked = Asked { what: query.quoi, who: query.qui, from: query.du, to: query.au };
    let at = query.page.unwrap_or(1).clamp(1, 100_000);
    let (found, total) = journal::read(&app, &asked, PAGE, (at - 1) * PAGE).await?;
    let sorts = SORTS.iter().map(|(code, label)| Choice {
        code: (*code).into(),
        label: (*label).into(),
        chosen: *code == asked.what,
    });
    let people = app.store.act_authors().await?.into_iter().map(|(code, label)| Choice {
        chosen: code == asked.who,
        code,
        label,
    });
    let base = format!(
        "/questions/journal?quoi={}&qui={}&du={}&au={}&",
        urlencode(&asked.what),
        urlencode(&asked.who),
        urlencode(&asked.from),
        urlencode(&asked.to)
    );
    let line = |e: docimo_store::exams::Event| Line {
        at: date_time(e.at_ms),
        iso: iso(e.at_ms),
        sort: journal::french(&e.what),
        detail: e.detail,
        author: e.author_name.unwrap_or_else(|| "ligne de commande".into()),
    };
    web::page(&JournalPage {
        page: page.titled("Journal de la banque"),
        sorts: sorts.collect(),
        people: people.collect(),
        from: asked.from,
        to: asked.to,
        total: count(total, "acte", "actes"),
        lines: found.into_iter().map(line).collect(),
        pages: Pages::new(total, PAGE, at, &base),
    })
}
