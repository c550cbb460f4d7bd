//! Receipts: what a candidate holds, compared with what is kept.

use super::{At, Fields, Head, again, head};
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult, Wrong};
use crate::exam::draft;
use crate::exam::receipts::{self, CodeCheck, ExamCheck};
use crate::web::filters::thousands;
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, Query, RawForm, State};
use axum::response::Response;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "committee/receipts.html")]
struct ReceiptsPage {
    page: Layout,
    head: Head,
    number: String,
    code: String,
    wrong: Vec<Wrong>,
    found: Option<CodeCheck>,
    all: Option<ExamCheck>,
    steps: String,
    sheets: String,
}

/// What is asked of the page.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    /// Check everything?
    #[serde(default)]
    tout: String,
}

async fn page(app: &App, actor: &Actor, id: &str, page: Layout) -> ApiResult<ReceiptsPage> {
    let exam = draft::exam(app, id).await?;
    let head = head(app, actor, &exam, At::Events).await?.under("Reçus des copies");
    Ok(ReceiptsPage {
        page: page.titled(head.document()),
        head,
        number: String::new(),
        code: String::new(),
        wrong: Vec::new(),
        found: None,
        all: None,
        steps: String::new(),
        sheets: String::new(),
    })
}

/// The form, and every journal checked if asked.
pub async fn receipts_page(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    layout: Layout,
) -> ApiResult<Response> {
    let mut shown = page(&app, &actor, &id, layout).await?;
    if !asked.tout.is_empty() {
        let check = receipts::check_exam_for(&app, &actor, &id).await?;
        shown.steps = thousands(usize::try_from(check.steps).unwrap_or(0));
        shown.sheets = thousands(check.sheets);
        shown.all = Some(check);
    }
    web::page(&shown)
}

/// Compares one receipt.
pub async fn check_receipt(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    layout: Layout,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let mut shown = page(&app, &actor, &id, layout).await?;
    shown.number = fields.get("numero").to_owned();
    shown.code = fields.get("recu").to_owned();
    match receipts::check_code_for(&app, &actor, &id, &shown.number, &shown.code).await {
        Ok(found) => {
            shown.found = Some(found);
            web::page(&shown)
        }
        Err(ApiError::Invalid { wrong, .. }) => {
            shown.wrong = wrong;
            again(&shown)
        }
        Err(other) => Err(other),
    }
}
