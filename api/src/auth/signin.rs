//! Signing in and out: what the pages and the JSON interface share.

use super::guard::COOKIE;
use super::{Actor, Role, password};
use crate::ambient;
use crate::app::App;
use crate::error::{ApiError, ApiResult};
use crate::exam::supervision::machines;
use docimo_store::people::{LoginSession, Person};

/// How long a session lasts: longer than the longest exam day.
pub const SESSION_MS: i64 = 14 * 60 * 60 * 1000;
/// Longest login looked at.
const MAX_LOGIN_CHARS: usize = 100;
/// Longest secret looked at.
const MAX_SECRET_CHARS: usize = 200;

/// A login as it is stored: without spaces around, in lower case.
pub fn normalise_login(login: &str) -> String {
    login.trim().to_lowercase()
}

/// Opens a session for whoever knows this login and this password or access code. An unknown login, a
/// wrong password and a disabled account get the same answer.
pub async fn sign_in_with(app: &App, login: &str, secret: &str) -> ApiResult<(String, Actor)> {
    let person = match verified(app, login, secret).await {
        Ok(person) => person,
        Err(refused) => match moved(app, login, secret).await? {
            Some(person) => person,
            None => return Err(refused),
        },
    };
    open_session(app, person).await
}

/// Who comes to another machine with the one-time code that a supervisor made. Sixty bits are not guessed in the
/// minutes that it lasts.
async fn moved(app: &App, login: &str, secret: &str) -> ApiResult<Option<Person>> {
    let login = normalise_login(login);
    if login.is_empty() || login.chars().count() > MAX_LOGIN_CHARS || secret.chars().count() > MAX_SECRET_CHARS {
        return Ok(None);
    }
    let Some(person) = app.store.person_by_login(&login).await?.filter(|p| p.disabled_ms.is_none()) else {
        return Ok(None);
    };
    if !machines::arrive(app, &person, secret).await? {
        return Ok(None);
    }
    app.throttle.succeeded(&login);
    Ok(Some(person))
}

/// Who has this login, if the secret is theirs and the account is enabled. Failures are counted, and
/// slow down the next tries.
pub async fn verified(app: &App, login: &str, secret: &str) -> ApiResult<Person> {
    let login = normalise_login(login);
    let refused = || ApiError::wrong("identifiants", "Identifiant, mot de passe ou code d’accès incorrect.");
    if login.is_empty() || login.chars().count() > MAX_LOGIN_CHARS || secret.chars().count() > MAX_SECRET_CHARS {
        return Err(refused());
    }
    let person = app.store.person_by_login(&login).await?.filter(|p| p.disabled_ms.is_none());
    let kept = person.as_ref().and_then(|p| p.secret.clone()).filter(|s| !s.is_empty());
    // Nobody guesses an access code of 60 bits; but a pause would let anyone who knows a candidate's number keep
    // them out on the day.
    let guessable = kept.as_deref().is_none_or(|k| k.starts_with("$argon2"));
    if guessable && let Some(seconds) = app.throttle.wait_s(&login, ambient::now_ms()) {
        return Err(ApiError::TooManyTries(seconds));
    }
    // For an unknown login the same work is done, so that the time taken says nothing.
    let right = matches(app, secret, kept).await?;
    match person {
        Some(person) if right => {
            app.throttle.succeeded(&login);
            Ok(person)
        }
        _ => {
            if guessable {
                app.throttle.failed(&login, ambient::now_ms());
            }
            Err(refused())
        }
    }
}

/// Compares a secret with what is kept of it. A password is hashed off the web threads, a few at a time;
/// an access code is fast.
async fn matches(app: &App, secret: &str, kept: Option<String>) -> ApiResult<bool> {
    if kept.as_deref().is_some_and(|k| !k.starts_with("$argon2")) {
        return Ok(password::verify(secret, kept.as_deref()));
    }
    let secret = secret.to_owned();
    slowly(app, move || password::verify(&secret, kept.as_deref())).await
}

/// Hashes a new password.
pub async fn hash_password(app: &App, secret: &str) -> ApiResult<String> {
    let secret = secret.to_owned();
    Ok(slowly(app, move || password::hash(&secret)).await??)
}

async fn slowly<T: Send + 'static>(app: &App, work: impl FnOnce() -> T + Send + 'static) -> ApiResult<T> {
    let _turn = app.hashing.acquire().await.map_err(|e| ApiError::Internal(e.into()))?;
    tokio::task::spawn_blocking(work).await.map_err(|e| ApiError::Internal(e.into()))
}

/// Opens a session for someone whose identity is known. Returns its token and who holds it.
pub async fn open_session(app: &App, person: Person) -> ApiResult<(String, Actor)> {
    let now_ms = ambient::now_ms();
    let token = ambient::token();
    let token_hash = ambient::token_hash(&token);
    let session =
        LoginSession { person_id: person.id.clone(), csrf: ambient::token(), expires_ms: now_ms + SESSION_MS };
    app.journal.sign_in(&token_hash, session.clone(), now_ms).await?;
    let roles: Vec<Role> = app.store.roles(&person.id).await?.iter().filter_map(|r| Role::from_name(r)).collect();
    let actor = Actor {
        id: person.id.into(),
        name: person.name.into(),
        login: person.login.into(),
        roles: roles.into(),
        csrf: session.csrf.into(),
        token_hash: token_hash.into(),
    };
    Ok((token, actor))
}

/// Ends the session of this browser or program.
pub async fn close_session(app: &App, actor: &Actor) -> ApiResult<()> {
    app.store.close_login(&actor.token_hash).await?;
    app.sessions.forget(Some(&actor.token_hash));
    Ok(())
}

/// Changes one's own password. Every session ends; the token of a new one for this browser comes back.
pub async fn change_password(app: &App, actor: &Actor, current: &str, new: &str) -> ApiResult<String> {
    let is_public = app.demo && crate::demo::ACCOUNTS.iter().any(|a| a.login == &*actor.login);
    if is_public {
        return Err(ApiError::Conflict(
            "Ce compte de démonstration est public\u{a0}: son mot de passe ne se change pas.".into(),
        ));
    }
    password::acceptable(new).map_err(|why| ApiError::wrong("nouveau", why))?;
    let person = verified(app, &actor.login, current).await.map_err(|error| match error {
        ApiError::Invalid { .. } => {
            ApiError::wrong("actuel", "Ce n’est pas votre mot de passe ou code d’accès actuel.")
        }
        other => other,
    })?;
    let hash = hash_password(app, new).await?;
    app.store.set_secret(&person.id, &hash).await?;
    app.sessions.forget(None);
    let (token, _) = open_session(app, person).await?;
    Ok(token)
}

/// The `Set-Cookie` value that gives a browser its session.
pub fn session_cookie(app: &App, token: &str) -> String {
    let secure = if app.secure_cookies { "; Secure" } else { "" };
    format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{secure}", SESSION_MS / 1000)
}

/// The `Set-Cookie` value that takes it back.
pub fn ended_cookie() -> String {
    format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")
}
