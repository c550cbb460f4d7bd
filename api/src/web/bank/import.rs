//! Bringing a file of questions: first to look, then for good.

use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult, Wrong};
use crate::library::{self, Report};
use crate::web;
use crate::web::layout::Layout;
use askama::Template;
use axum::extract::State;
use axum::extract::multipart::Multipart;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

#[derive(Template)]
#[template(path = "bank/import.html")]
struct ImportPage {
    page: Layout,
    /// Why nothing was read.
    refused: Option<String>,
    wrong: Vec<Wrong>,
}

/// The form.
pub async fn import_page(page: Layout) -> ApiResult<Response> {
    web::page(&ImportPage { page: page.titled("Importer des questions"), refused: None, wrong: Vec::new() })
}

#[derive(Template)]
#[template(path = "bank/imported.html")]
struct ImportedPage {
    page: Layout,
    file: String,
    dry_run: bool,
    report: Report,
}

struct Sent {
    file: String,
    bytes: Vec<u8>,
    dry_run: bool,
}

async fn sent(mut form: Multipart) -> ApiResult<Sent> {
    let unreadable = |_| ApiError::bad("Le formulaire reçu est incomplet. Recommencez.");
    let mut sent = Sent { file: String::new(), bytes: Vec::new(), dry_run: true };
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        match field.name() {
            Some("fichier") => {
                sent.file = field.file_name().unwrap_or("fichier").to_owned();
                sent.bytes = field.bytes().await.map_err(unreadable)?.to_vec();
            }
            Some("action") => sent.dry_run = field.text().await.map_err(unreadable)? != "importer",
            _ => {}
        }
    }
    if sent.bytes.is_empty() {
        return Err(ApiError::wrong("fichier", "Choisissez un fichier, qui ne soit pas vide."));
    }
    Ok(sent)
}

/// Checks or imports a file, and tells everything about it.
pub async fn import(State(app): State<App>, actor: Actor, page: Layout, form: Multipart) -> ApiResult<Response> {
    match read(&app, &actor, form).await {
        Ok((file, dry_run, report)) => {
            let title = if dry_run { "Vérification du fichier" } else { "Import terminé" };
            web::page(&ImportedPage { page: page.titled(title), file, dry_run, report })
        }
        Err(ApiError::Invalid { title, wrong }) => {
            let page = page.titled("Importer des questions");
            Ok((StatusCode::UNPROCESSABLE_ENTITY, web::page(&ImportPage { page, refused: Some(title), wrong })?)
                .into_response())
        }
        Err(error) => Err(error),
    }
}

async fn read(app: &App, actor: &Actor, form: Multipart) -> ApiResult<(String, bool, Report)> {
    let Sent { file, bytes, dry_run } = sent(form).await?;
    let report = library::import(app, actor, &file, bytes, dry_run).await?;
    Ok((file, dry_run, report))
}
