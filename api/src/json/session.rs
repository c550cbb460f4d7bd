//! Signing in from a program.

use super::Body;
use crate::app::App;
use crate::auth::{Actor, Role, signin};
use crate::error::{ApiError, ApiResult, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who signs in.
#[derive(Deserialize, ToSchema)]
pub struct Credentials {
    /// Login or candidate number.
    login: String,
    /// Password or access code.
    password: String,
}

/// Someone signed in.
#[derive(Serialize, ToSchema)]
pub struct Me {
    /// Account.
    id: String,
    /// Login.
    login: String,
    /// Name.
    name: String,
    /// Roles.
    roles: Vec<Role>,
}

impl Me {
    fn of(actor: &Actor) -> Self {
        Self {
            id: actor.id.to_string(),
            login: actor.login.to_string(),
            name: actor.name.to_string(),
            roles: actor.roles.to_vec(),
        }
    }
}

/// A session.
#[derive(Serialize, ToSchema)]
pub struct Session {
    /// For the `Authorization: Bearer` header.
    token: String,
    /// Who.
    person: Me,
}

/// Opens a session.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", security(()), request_body = Credentials,
    responses((status = 201, body = Session), (status = 401, body = Problem, content_type = "application/problem+json"),
              (status = 429, body = Problem, content_type = "application/problem+json")))]
pub async fn open(State(app): State<App>, Body(form): Body<Credentials>) -> ApiResult<(StatusCode, Json<Session>)> {
    let (token, actor) = signin::sign_in_with(&app, &form.login, &form.password).await.map_err(|e| match e {
        ApiError::Invalid { title, .. } => ApiError::Credentials(title),
        other => other,
    })?;
    Ok((StatusCode::CREATED, Json(Session { token, person: Me::of(&actor) })))
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/v1/session", tag = "session", responses((status = 200, body = Me)))]
pub async fn show(actor: Actor) -> Json<Me> {
    Json(Me::of(&actor))
}

/// Ends the session.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", responses((status = 204)))]
pub async fn close(State(app): State<App>, actor: Actor) -> ApiResult<StatusCode> {
    app.store.close_login(&actor.token_hash).await?;
    app.sessions.forget(Some(&actor.token_hash));
    Ok(StatusCode::NO_CONTENT)
}

/// A change of one's own password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// Present password or access code.
    current: String,
    /// New password.
    new: String,
}

/// Changes one's own password. Every session ends; the token of a new one is in the answer.
#[utoipa::path(post, path = "/api/v1/session/password", tag = "session", request_body = PasswordChange,
    responses((status = 200, body = Session), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn change_password(
    State(app): State<App>,
    actor: Actor,
    Body(form): Body<PasswordChange>,
) -> ApiResult<Json<Session>> {
    let token = signin::change_password(&app, &actor, &form.current, &form.new).await?;
    Ok(Json(Session { token, person: Me::of(&actor) }))
}
