//! Accounts of staff.

use super::Body;
use crate::app::App;
use crate::auth::accounts::{self, Change};
use crate::auth::{Actor, Role};
use crate::error::{ApiResult, Problem};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An account.
#[derive(Serialize, ToSchema)]
pub struct PersonView {
    /// Id.
    id: String,
    /// Login.
    login: String,
    /// Name.
    name: String,
    /// Roles.
    roles: Vec<Role>,
    /// Disabled?
    disabled: bool,
}

/// Accounts of staff.
#[utoipa::path(get, path = "/api/v1/people", tag = "people", responses((status = 200, body = Vec<PersonView>)))]
pub async fn list(State(app): State<App>) -> ApiResult<Json<Vec<PersonView>>> {
    let mut people = Vec::new();
    for p in app.store.staff().await? {
        let roles = app.store.roles(&p.id).await?.iter().filter_map(|r| Role::from_name(r)).collect();
        people.push(PersonView { id: p.id, login: p.login, name: p.name, roles, disabled: p.disabled_ms.is_some() });
    }
    Ok(Json(people))
}

/// An account to make.
#[derive(Deserialize, ToSchema)]
pub struct NewPerson {
    /// Login.
    login: String,
    /// Name.
    name: String,
    /// Roles.
    roles: Vec<Role>,
}

/// An account made, with its access code, told this once.
#[derive(Serialize, ToSchema)]
pub struct MadePerson {
    /// Id.
    id: String,
    /// Access code.
    code: String,
}

/// Makes an account.
#[utoipa::path(post, path = "/api/v1/people", tag = "people", request_body = NewPerson,
    responses((status = 201, body = MadePerson), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn add(
    State(app): State<App>,
    actor: Actor,
    Body(form): Body<NewPerson>,
) -> ApiResult<(StatusCode, Json<MadePerson>)> {
    let (person, code) = accounts::add(&app, &actor, &form.login, &form.name, &form.roles).await?;
    Ok((StatusCode::CREATED, Json(MadePerson { id: person.id, code })))
}

/// What to change.
#[derive(Deserialize, ToSchema)]
pub struct ChangePerson {
    /// New roles.
    roles: Option<Vec<Role>>,
    /// Disable or enable.
    disabled: Option<bool>,
}

/// Changes an account.
#[utoipa::path(patch, path = "/api/v1/people/{person}", tag = "people", params(("person" = String, Path)), request_body = ChangePerson,
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn change(
    State(app): State<App>,
    actor: Actor,
    Path(person): Path<String>,
    Body(form): Body<ChangePerson>,
) -> ApiResult<StatusCode> {
    accounts::change(&app, &actor, &person, &Change { roles: form.roles, disabled: form.disabled }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives an account a new access code; it is in the answer, this once. Its sessions end.
#[utoipa::path(post, path = "/api/v1/people/{person}/code", tag = "people", params(("person" = String, Path)),
    responses((status = 200, body = MadePerson), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn new_code(State(app): State<App>, actor: Actor, Path(person): Path<String>) -> ApiResult<Json<MadePerson>> {
    let (person, code) = accounts::new_code(&app, &actor, &person).await?;
    Ok(Json(MadePerson { id: person.id, code }))
}
