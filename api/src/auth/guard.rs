//! The guard of every door: who is it, may they pass, is the form ours.

use super::{Access, Role, csrf};
use crate::app::App;
use crate::error::ApiError;
use crate::{ambient, error::ApiResult};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// Name of the session cookie.
pub const COOKIE: &str = "docimo_session";
/// Largest body read, in bytes.
pub const MAX_BODY: usize = 32 * 1024 * 1024;

/// Someone signed in.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Account.
    pub id: Arc<str>,
    /// Shown to people.
    pub name: Arc<str>,
    /// Login.
    pub login: Arc<str>,
    /// Roles held.
    pub roles: Arc<[Role]>,
    /// Token that forms carry.
    pub csrf: Arc<str>,
    /// What names the session in the store.
    pub token_hash: Arc<str>,
}

impl Actor {
    /// Do they hold this role?
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Do they hold one of these?
    pub fn is_any(&self, roles: &[Role]) -> bool {
        roles.iter().any(|r| self.is(*r))
    }
}

impl<S: Sync> FromRequestParts<S> for Actor {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> ApiResult<Self> {
        parts.extensions.get::<Self>().cloned().ok_or(ApiError::SignIn)
    }
}

/// Someone, or nobody.
#[derive(Clone, Debug)]
pub struct Visitor(pub Option<Actor>);

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.extensions.get::<Actor>().cloned()))
    }
}

/// Value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// The session's token and whether it came by cookie (a browser) or header (a program).
fn presented(headers: &HeaderMap) -> Option<(&str, bool)> {
    let bearer =
        headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
    bearer.map(|token| (token, false)).or_else(|| cookie(headers, COOKIE).map(|token| (token, true)))
}

async fn identify(app: &App, headers: &HeaderMap) -> ApiResult<Option<(Actor, bool)>> {
    let Some((token, by_cookie)) = presented(headers) else { return Ok(None) };
    let hash = ambient::token_hash(token);
    let actor = app.sessions.actor(&hash, ambient::now_ms()).await?;
    Ok(actor.map(|actor| (actor, by_cookie)))
}

/// Layer of one door.
pub async fn guard(State((app, access)): State<(App, Access)>, request: Request, next: Next) -> Response {
    match admit(&app, access, request).await {
        Ok(request) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

async fn admit(app: &App, access: Access, request: Request) -> ApiResult<Request> {
    let who = identify(app, request.headers()).await?;
    let roles = who.as_ref().map(|(actor, _)| &actor.roles[..]);
    if !access.allows(roles) {
        return Err(if roles.is_some() { ApiError::Forbidden } else { ApiError::SignIn });
    }
    let safe = matches!(*request.method(), Method::GET | Method::HEAD);
    let Some((actor, by_cookie)) = who else {
        // Without a session there is nothing to ride on; browsers still must not post from elsewhere.
        let site = request.headers().get("sec-fetch-site").map(|v| v.as_bytes());
        if !safe && site.is_some_and(|s| s == b"cross-site" || s == b"same-site") {
            return Err(ApiError::Csrf);
        }
        return Ok(request);
    };
    if safe || !by_cookie {
        let mut request = request;
        request.extensions_mut().insert(actor);
        return Ok(request);
    }
    let (mut parts, body) = request.into_parts();
    let bytes: Bytes = to_bytes(body, MAX_BODY)
        .await
        .map_err(|_| ApiError::bad(format!("Fichier trop grand : {} Mio au plus.", MAX_BODY / 1024 / 1024)))?;
    if !csrf::passes(&parts.headers, &bytes, &actor.csrf) {
        return Err(ApiError::Csrf);
    }
    parts.extensions.insert(actor);
    Ok(Request::from_parts(parts, Body::from(bytes)))
}
