//! What people do with an entry from its page: steps of the workflow, comments, comparing two revisions.

use super::super::committee::Fields;
use crate::app::App;
use crate::auth::Actor;
use crate::bank::desk::{self, Outcome, StepForm};
use crate::bank::reach;
use crate::error::{ApiError, ApiResult};
use crate::web::filters::{count, date_time};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::response::Response;
use docimo_bank::diff::{Difference, differences};
use docimo_bank::rights::Level;
use docimo_engine::paper::Element;
use similar::{ChangeTag, TextDiff};

/// Takes a step of the workflow.
pub async fn step(
    State(app): State<App>,
    actor: Actor,
    Path(entry): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let form = StepForm {
        step: fields.get("etape").to_owned(),
        latest: i64::from(fields.number("version", "version")?),
        status: fields.get("etat").to_owned(),
        reason: fields.get("reason").to_owned(),
    };
    let message = match desk::step(&app, &actor, &entry, &form).await? {
        Outcome::Moved(status) => format!("État : {}.", status.french()),
        Outcome::Awaiting(left) => {
            format!("Votre accord est enregistré ; il en manque {left}.")
        }
    };
    Ok(web::go(&format!("/questions/{entry}"), message))
}

/// Adds a comment.
pub async fn comment(
    State(app): State<App>,
    actor: Actor,
    Path(entry): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    desk::comment(&app, &actor, &entry, fields.get("place"), fields.get("texte")).await?;
    Ok(web::go(&format!("/questions/{entry}#remarques"), "Remarque enregistrée."))
}

/// Says that a comment has been dealt with.
pub async fn resolve(
    State(app): State<App>,
    actor: Actor,
    Path((entry, comment)): Path<(String, String)>,
) -> ApiResult<Response> {
    desk::resolve(&app, &actor, &entry, &comment).await?;
    Ok(web::go(&format!("/questions/{entry}#remarques"), "Remarque réglée."))
}

/// A piece of a compared text.
pub(crate) struct Piece {
    /// `same`, `gone` or `new`.
    pub(crate) class: &'static str,
    pub(crate) text: String,
}

/// A field that differs.
pub(super) struct Row {
    pub(super) place: String,
    pub(super) pieces: Vec<Piece>,
}

/// What differs between two texts of an entry.
pub(super) fn rows(before: &Element, after: &Element) -> Vec<Row> {
    let one = |d: Difference| Row { pieces: pieces(&d.before, &d.after), place: d.place };
    differences(before, after).into_iter().map(one).collect()
}

#[derive(Template)]
#[template(path = "bank/compare.html")]
struct ComparePage {
    page: Layout,
    id: String,
    external_id: String,
    from: i64,
    to: i64,
    by: String,
    total: String,
    rows: Vec<Row>,
}

pub(crate) fn pieces(before: &str, after: &str) -> Vec<Piece> {
    let diff = TextDiff::from_words(before, after);
    let mut pieces: Vec<Piece> = Vec::new();
    for change in diff.iter_all_changes() {
        let class = match change.tag() {
            ChangeTag::Equal => "same",
            ChangeTag::Delete => "gone",
            ChangeTag::Insert => "new",
        };
        match pieces.last_mut() {
            Some(last) if last.class == class => last.text.push_str(change.value()),
            _ => pieces.push(Piece { class, text: change.value().to_owned() }),
        }
    }
    pieces
}

/// What differs between two revisions.
pub async fn compare(
    State(app): State<App>,
    actor: Actor,
    Path((entry, from, to)): Path<(String, i64, i64)>,
    page: Layout,
) -> ApiResult<Response> {
    let (line, _) = reach::entry(&app, &actor, &entry, Level::Read).await?;
    let revisions = app.store.revisions(&entry).await?;
    let revision = |number: i64| revisions.iter().find(|r| r.number == number).ok_or(ApiError::NotFound);
    let read = |body: &str| serde_json::from_str::<Element>(body).map_err(|e| ApiError::Internal(e.into()));
    let (before, after) = (revision(from)?, revision(to)?);
    let rows = rows(&read(&before.body)?, &read(&after.body)?);
    web::page(&ComparePage {
        page: page.titled(format!("{} : versions {from} et {to}", line.external_id)),
        external_id: line.external_id,
        from,
        to,
        by: format!("{}, {}", after.author_name, date_time(after.created_ms)),
        total: count(rows.len(), "différence", "différences"),
        rows,
        id: entry,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_changed_are_told_apart() {
        let found = pieces("Le cœur est à gauche", "Le cœur est à droite");
        let told: Vec<(&str, &str)> = found.iter().map(|p| (p.class, p.text.as_str())).collect();
        assert_eq!(told, [("same", "Le cœur est à "), ("gone", "gauche"), ("new", "droite")]);
        let all: String = found.iter().filter(|p| p.class != "gone").map(|p| p.text.as_str()).collect();
        assert_eq!(all, "Le cœur est à droite");
    }
}
