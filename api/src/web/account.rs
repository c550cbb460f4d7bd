//! Signing in and out, one's own account, and the first administrator of an instance.

use super::layout::Layout;
use crate::ambient;
use crate::app::App;
use crate::auth::guard::Visitor;
use crate::auth::{Actor, accounts, password, signin};
use crate::demo::DemoAccount;
use crate::error::{ApiError, ApiResult, Wrong};
use crate::web;
use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "account/sign_in.html")]
struct SignInPage {
    page: Layout,
    next: String,
    login: String,
    error: Option<String>,
    accounts: &'static [DemoAccount],
}

/// Where to go after signing in.
#[derive(Deserialize)]
pub struct NextQuery {
    #[serde(default)]
    suite: String,
}

/// A path of ours to go to, or the home page: never another site.
fn local_path(path: &str) -> &str {
    let ours = path.starts_with('/') && !path[1..].starts_with(['/', '\\']);
    let plain = path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if ours && plain && path.len() < 500 { path } else { "/" }
}

fn sign_in_form(app: &App, page: Layout, next: &str, login: &str, error: Option<String>) -> ApiResult<Response> {
    let accounts = if app.demo { crate::demo::ACCOUNTS } else { &[] };
    let page = page.titled("Connexion");
    web::page(&SignInPage { page, next: next.to_owned(), login: login.to_owned(), error, accounts })
}

/// The sign-in page; whoever is signed in goes on.
pub async fn sign_in_page(
    State(app): State<App>,
    Visitor(actor): Visitor,
    Query(query): Query<NextQuery>,
    page: Layout,
) -> ApiResult<Response> {
    let next = local_path(&query.suite);
    if actor.is_some() {
        return Ok(Redirect::to(next).into_response());
    }
    sign_in_form(&app, page, next, "", None)
}

/// What the sign-in form sends.
#[derive(Deserialize)]
pub struct SignInForm {
    #[serde(default)]
    login: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    suite: String,
}

/// Opens a session.
pub async fn sign_in(State(app): State<App>, page: Layout, Form(form): Form<SignInForm>) -> ApiResult<Response> {
    let next = local_path(&form.suite);
    match signin::sign_in_with(&app, &form.login, &form.password).await {
        Ok((token, _)) => with_cookie(Redirect::to(next).into_response(), &signin::session_cookie(&app, &token)),
        Err(ApiError::Invalid { title, .. }) => {
            let response = sign_in_form(&app, page, next, form.login.trim(), Some(title))?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, response).into_response())
        }
        Err(error @ ApiError::TooManyTries(seconds)) => {
            let response = sign_in_form(&app, page, next, form.login.trim(), Some(error.to_string()))?;
            let wait = (header::RETRY_AFTER, seconds.to_string());
            Ok((StatusCode::TOO_MANY_REQUESTS, [wait], response).into_response())
        }
        Err(error) => Err(error),
    }
}

fn with_cookie(mut response: Response, cookie: &str) -> ApiResult<Response> {
    let value = HeaderValue::from_str(cookie).map_err(|e| ApiError::Internal(e.into()))?;
    response.headers_mut().append(header::SET_COOKIE, value);
    Ok(response)
}

/// Ends the session of this browser.
pub async fn sign_out(State(app): State<App>, actor: Actor) -> ApiResult<Response> {
    signin::close_session(&app, &actor).await?;
    with_cookie(web::go("/connexion", "Vous êtes déconnecté."), &signin::ended_cookie())
}

#[derive(Template)]
#[template(path = "account/account.html")]
struct AccountPage {
    page: Layout,
    name: String,
    login: String,
    min_chars: usize,
    wrong_current: Option<String>,
    wrong_new: Option<String>,
    wrong_again: Option<String>,
}

impl AccountPage {
    fn of(page: Layout, actor: &Actor) -> Self {
        Self {
            page: page.titled("Mon compte"),
            name: actor.name.to_string(),
            login: actor.login.to_string(),
            min_chars: password::MIN_PASSWORD_CHARS,
            wrong_current: None,
            wrong_new: None,
            wrong_again: None,
        }
    }

    fn refused(self) -> ApiResult<Response> {
        Ok((StatusCode::UNPROCESSABLE_ENTITY, web::page(&self)?).into_response())
    }
}

/// One's own account.
pub async fn account_page(actor: Actor, page: Layout) -> ApiResult<Response> {
    web::page(&AccountPage::of(page, &actor))
}

/// What the password form sends.
#[derive(Deserialize)]
pub struct PasswordForm {
    #[serde(default)]
    actuel: String,
    #[serde(default)]
    nouveau: String,
    #[serde(default)]
    encore: String,
}

/// Changes one's own password; other sessions end.
pub async fn change_password(
    State(app): State<App>,
    actor: Actor,
    page: Layout,
    Form(form): Form<PasswordForm>,
) -> ApiResult<Response> {
    let mut view = AccountPage::of(page, &actor);
    if form.nouveau != form.encore {
        view.wrong_again = Some("Les deux saisies du nouveau mot de passe diffèrent.".into());
        return view.refused();
    }
    match signin::change_password(&app, &actor, &form.actuel, &form.nouveau).await {
        Ok(token) => {
            let response = web::go("/compte", "Mot de passe changé. Vos autres sessions sont fermées.");
            with_cookie(response, &signin::session_cookie(&app, &token))
        }
        Err(ApiError::Invalid { title, wrong }) => {
            if wrong.iter().any(|w| w.place == "nouveau") {
                view.wrong_new = Some(title);
            } else {
                view.wrong_current = Some(title);
            }
            view.refused()
        }
        Err(error) => Err(error),
    }
}

#[derive(Template)]
#[template(path = "account/first_access.html")]
struct FirstAccessPage {
    page: Layout,
    /// Is the link good?
    open: bool,
    login: String,
    name: String,
    min_chars: usize,
    wrong: Vec<Wrong>,
}

impl FirstAccessPage {
    fn of(page: Layout, open: bool) -> Self {
        let page = page.titled("Premier accès");
        let min_chars = password::MIN_PASSWORD_CHARS;
        Self { page, open, login: String::new(), name: String::new(), min_chars, wrong: Vec::new() }
    }

    fn closed(page: Layout) -> ApiResult<Response> {
        Ok((StatusCode::GONE, web::page(&Self::of(page, false))?).into_response())
    }
}

/// The page behind the one-time link printed at the first start.
pub async fn first_access_page(State(app): State<App>, Path(token): Path<String>, page: Layout) -> ApiResult<Response> {
    let hash = ambient::token_hash(&token);
    if app.store.link_is_open(&hash, accounts::FIRST_ADMINISTRATOR, ambient::now_ms()).await? {
        web::page(&FirstAccessPage::of(page, true))
    } else {
        FirstAccessPage::closed(page)
    }
}

/// What its form sends.
#[derive(Deserialize)]
pub struct FirstAccessForm {
    #[serde(default)]
    login: String,
    #[serde(default)]
    nom: String,
    #[serde(default)]
    nouveau: String,
    #[serde(default)]
    encore: String,
}

/// Makes the first administrator, once, and signs them in.
pub async fn first_access(
    State(app): State<App>,
    Path(token): Path<String>,
    page: Layout,
    Form(form): Form<FirstAccessForm>,
) -> ApiResult<Response> {
    let hash = ambient::token_hash(&token);
    if !app.store.link_is_open(&hash, accounts::FIRST_ADMINISTRATOR, ambient::now_ms()).await? {
        return FirstAccessPage::closed(page);
    }
    let made = if form.nouveau == form.encore {
        accounts::add_first(&app, &hash, &form.login, &form.nom, &form.nouveau).await
    } else {
        Err(ApiError::wrong("mot de passe", "Les deux saisies diffèrent."))
    };
    match made {
        Ok(Some(person)) => {
            let (token, _) = signin::open_session(&app, person).await?;
            let response = web::go("/", "Votre compte est créé. Créez maintenant ceux de vos collègues.");
            with_cookie(response, &signin::session_cookie(&app, &token))
        }
        Ok(None) => FirstAccessPage::closed(page),
        Err(ApiError::Invalid { wrong, .. }) => {
            let view = FirstAccessPage { login: form.login, name: form.nom, wrong, ..FirstAccessPage::of(page, true) };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, web::page(&view)?).into_response())
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        for good in ["/", "/examens/1", "/epreuves/a%20b"] {
            assert_eq!(local_path(good), good);
        }
        for bad in ["", "//ailleurs.fr", "/\\ailleurs.fr", "https://ailleurs.fr", "examens", "/a\nb", "/é", "/a\\b"] {
            assert_eq!(local_path(bad), "/", "{bad}");
        }
    }
}
