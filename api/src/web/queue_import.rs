//! Bringing by hand the answers that a candidate's machine could not send.

use super::committee::{At, Head, again, head};
use super::filters::{date_time, thousands};
use super::layout::Layout;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult, Wrong};
use crate::exam::draft;
use crate::exam::sealed::queue::{self, Brought};
use crate::exam::supervision::own_sheet;
use crate::web;
use askama::Template;
use axum::extract::{Multipart, Path, State};
use axum::response::Response;

#[derive(Template)]
#[template(path = "supervision/queue_import.html")]
struct ImportPage {
    page: Layout,
    head: Head,
    attempt: String,
    number: String,
    name: String,
    section: String,
    back: String,
    wrong: Vec<Wrong>,
    brought: Option<Told>,
}

struct Told {
    fresh: String,
    answers: String,
    counted: String,
    late: String,
    known: String,
    made: String,
    nothing: bool,
}

impl Told {
    fn of(brought: &Brought) -> Self {
        Self {
            nothing: brought.fresh == 0,
            fresh: thousands(brought.fresh),
            answers: thousands(brought.answers),
            counted: thousands(brought.counted),
            late: thousands(brought.late),
            known: thousands(brought.known),
            made: date_time(brought.made_ms),
        }
    }
}

async fn show(app: &App, actor: &Actor, attempt: &str, page: Layout) -> ApiResult<ImportPage> {
    let attempt = own_sheet(app, actor, attempt).await?;
    let exam = draft::exam(app, &attempt.exam_id).await?;
    let paper = app.frozen_paper(&exam.id).await?;
    let (_, section) = paper.section(&attempt.section_id).ok_or(ApiError::NotFound)?;
    let candidate = app.store.candidate(&exam.id, &attempt.person_id).await?.ok_or(ApiError::NotFound)?;
    let back = format!("/examens/{}/candidats/{}", exam.id, attempt.person_id);
    let head = head(app, actor, &exam, At::Watch)
        .await?
        .under("Apporter des réponses")
        .lead(format!("Épreuve «\u{a0}{}\u{a0}».", section.title));
    Ok(ImportPage {
        page: page.titled(head.document()),
        head,
        attempt: attempt.id,
        number: candidate.number,
        name: candidate.name,
        section: section.title.clone(),
        back,
        wrong: Vec::new(),
        brought: None,
    })
}

/// The form.
pub async fn page(
    State(app): State<App>,
    actor: Actor,
    Path(attempt): Path<String>,
    page: Layout,
) -> ApiResult<Response> {
    web::page(&show(&app, &actor, &attempt, page).await?)
}

/// Takes a file in.
pub async fn bring(
    State(app): State<App>,
    actor: Actor,
    Path(attempt): Path<String>,
    page: Layout,
    multipart: Multipart,
) -> ApiResult<Response> {
    let outcome = match file(multipart).await? {
        Some(bytes) => queue::import(&app, &actor, &attempt, &bytes).await,
        None => Err(ApiError::wrong("fichier", "Choisissez le fichier enregistré par la salle d’examen.")),
    };
    let shown = show(&app, &actor, &attempt, page).await?;
    match outcome {
        Ok(brought) => web::page(&ImportPage { brought: Some(Told::of(&brought)), ..shown }),
        Err(ApiError::Invalid { wrong, .. }) => again(&ImportPage { wrong, ..shown }),
        Err(error) => Err(error),
    }
}

async fn file(mut multipart: Multipart) -> ApiResult<Option<Vec<u8>>> {
    let unread = |_| ApiError::bad("Le fichier n’a pas été reçu en entier. Recommencez.");
    while let Some(field) = multipart.next_field().await.map_err(unread)? {
        if field.name() == Some("fichier") {
            let bytes = field.bytes().await.map_err(unread)?;
            return Ok((!bytes.is_empty()).then(|| bytes.to_vec()));
        }
    }
    Ok(None)
}
