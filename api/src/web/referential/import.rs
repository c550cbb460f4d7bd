//! Bringing a version: first a look at its faults and at what changes, then for good.
//!
//! Nothing is kept between the two: the page that shows the look carries the file back.

use super::tree::{ChangeRow, MOST};
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult, Wrong};
use crate::referential::bring::{self, Report};
use crate::referential::file::{self, MAX_BYTES};
use crate::web;
use crate::web::layout::Layout;
use askama::Template;
use axum::extract::State;
use axum::extract::multipart::Multipart;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Largest file that the page carries back; a larger one is chosen again.
const CARRIED: usize = 8 * 1024 * 1024;

#[derive(Template)]
#[template(path = "referential/import.html")]
struct ImportPage {
    page: Layout,
    /// Why nothing was read.
    refused: Option<String>,
    wrong: Vec<Wrong>,
    slug: String,
    version: String,
}

#[derive(Template)]
#[template(path = "referential/imported.html")]
struct ImportedPage {
    page: Layout,
    file: String,
    done: bool,
    report: Report,
    cut: usize,
    doubtful: usize,
    changes: Vec<ChangeRow>,
    more: usize,
    /// The file, to be sent again; empty when it is too large.
    carried: String,
}

/// The form.
pub async fn import_page(page: Layout) -> ApiResult<Response> {
    let page = page.titled("Importer un référentiel");
    web::page(&ImportPage { page, refused: None, wrong: Vec::new(), slug: String::new(), version: String::new() })
}

#[derive(Default)]
struct Sent {
    file: String,
    bytes: Vec<u8>,
    slug: String,
    version: String,
    for_good: bool,
}

async fn sent(mut form: Multipart) -> ApiResult<Sent> {
    let unreadable = |_| ApiError::bad("Le formulaire reçu est incomplet. Recommencez.");
    let mut sent = Sent::default();
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        match field.name() {
            Some("fichier") => {
                sent.file = field.file_name().unwrap_or("fichier").to_owned();
                sent.bytes = field.bytes().await.map_err(unreadable)?.to_vec();
            }
            Some("nom") => sent.file = field.text().await.map_err(unreadable)?,
            Some("contenu") => {
                let text = field.bytes().await.map_err(unreadable)?;
                sent.bytes = STANDARD
                    .decode(&text)
                    .map_err(|_| ApiError::bad("Le fichier renvoyé par la page est abîmé. Choisissez-le à nouveau."))?;
            }
            Some("referentiel") => sent.slug = field.text().await.map_err(unreadable)?.trim().to_owned(),
            Some("version") => sent.version = field.text().await.map_err(unreadable)?.trim().to_owned(),
            Some("action") => sent.for_good = field.text().await.map_err(unreadable)? == "importer",
            _ => {}
        }
    }
    Ok(sent)
}

/// Shows what an import would do, or does it.
pub async fn import(State(app): State<App>, actor: Actor, page: Layout, form: Multipart) -> ApiResult<Response> {
    let sent = sent(form).await?;
    let (slug, version) = (sent.slug.clone(), sent.version.clone());
    match done(&app, &actor, sent, page.clone()).await {
        Err(ApiError::Invalid { title, wrong }) => {
            let page = page.titled("Importer un référentiel");
            let view = ImportPage { page, refused: Some(title), wrong, slug, version };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, web::page(&view)?).into_response())
        }
        other => other,
    }
}

async fn done(app: &App, actor: &Actor, sent: Sent, page: Layout) -> ApiResult<Response> {
    if sent.bytes.is_empty() {
        return Err(ApiError::wrong("fichier", "Choisissez un fichier, qui ne soit pas vide."));
    }
    let Sent { file: name, bytes, slug, version, for_good } = sent;
    let (brought, bytes) = crate::referential::off_thread({
        let name = name.clone();
        move || (file::read(&name, &bytes, Some(&slug)), bytes)
    })
    .await?;
    let brought =
        brought.map_err(|wrong| ApiError::Invalid { title: "Le fichier ne peut pas être importé".into(), wrong })?;
    let plan = bring::plan(Some(&app.store), brought, Some(&version)).await?;
    let report = if for_good { bring::keep(&app.store, plan, &actor.id).await? } else { plan.report };
    let title = if for_good { "Import terminé" } else { "Vérification du référentiel" };
    let status = |name: &str| report.title_status.get(name).copied().unwrap_or(0);
    web::page(&ImportedPage {
        page: page.titled(title),
        file: name,
        done: for_good,
        cut: status("truncated"),
        doubtful: status("uncertain"),
        changes: report.changes.iter().take(MOST).map(ChangeRow::of).collect(),
        more: report.changes.len().saturating_sub(MOST),
        carried: if for_good || bytes.len() > CARRIED.min(MAX_BYTES) { String::new() } else { STANDARD.encode(&bytes) },
        report,
    })
}
