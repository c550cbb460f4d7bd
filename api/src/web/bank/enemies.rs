//! What an entry must not be with, on its page.

use crate::app::App;
use crate::auth::Actor;
use crate::bank::enemies::{self, EnemyForm};
use crate::error::ApiResult;
use crate::web;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;

/// The form of the page.
#[derive(Deserialize)]
pub struct Sent {
    #[serde(default)]
    other: String,
    #[serde(default)]
    reason: String,
}

fn back(entry: &str, message: &str) -> Response {
    web::go(&format!("/questions/{entry}#incompatibles"), message)
}

/// Declares that two entries must not be together.
pub async fn declare_enemy(
    State(app): State<App>,
    actor: Actor,
    Path(entry): Path<String>,
    Form(sent): Form<Sent>,
) -> ApiResult<Response> {
    let form = EnemyForm { other: sent.other, reason: sent.reason };
    enemies::declare(&app, &actor, &entry, &form).await?;
    Ok(back(&entry, "Incompatibilité déclarée."))
}

/// Lets them be together again.
pub async fn remove_enemy(
    State(app): State<App>,
    actor: Actor,
    Path((entry, other)): Path<(String, String)>,
) -> ApiResult<Response> {
    enemies::remove(&app, &actor, &entry, &other).await?;
    Ok(back(&entry, "Incompatibilité levée."))
}
