//! What every page has around its content.

use crate::app::App;
use crate::auth::guard::Visitor;
use crate::auth::{Actor, Role};
use crate::error::Wrong;
use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::convert::Infallible;

/// An entry of the main navigation.
#[derive(Clone, Debug)]
pub struct NavItem {
    /// Address.
    pub href: &'static str,
    /// In French.
    pub label: &'static str,
    /// Is the page under it?
    pub current: bool,
}

/// The frame of a page. Every page template holds one as `page`.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Title of the document.
    pub title: String,
    /// Where styles and scripts are.
    pub assets: &'static str,
    /// Who is signed in.
    pub actor: Option<Actor>,
    /// Their roles, in French.
    pub roles: String,
    /// Main navigation.
    pub nav: Vec<NavItem>,
    /// Token that forms carry; empty when signed out.
    pub csrf: String,
    /// Shown once.
    pub message: Option<String>,
    /// Is this the demonstration?
    pub demo: bool,
}

impl Layout {
    /// A frame without anyone.
    pub fn bare(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            assets: &crate::assets::BASE,
            actor: None,
            roles: String::new(),
            nav: Vec::new(),
            csrf: String::new(),
            message: None,
            demo: false,
        }
    }

    /// The same frame with a title.
    #[must_use]
    pub fn titled(self, title: impl Into<String>) -> Self {
        Self { title: title.into(), ..self }
    }
}

/// What the navigation offers to whom.
const NAV: [(&str, &str, &[Role]); 7] = [
    ("/mes-examens", "Mes épreuves", &[Role::Student]),
    ("/examens", "Examens", &[Role::Committee, Role::Supervisor, Role::Registrar, Role::Administrator]),
    ("/questions", "Questions", &[Role::Author, Role::Reviewer, Role::Committee, Role::Administrator]),
    ("/referentiel", "Référentiel", &[Role::Author, Role::Reviewer, Role::Committee, Role::Administrator]),
    ("/assistance", "Assistance", &[Role::Author, Role::Reviewer, Role::Committee, Role::Administrator]),
    ("/comptes", "Comptes", &[Role::Administrator]),
    ("/aide", "Aide", &[]),
];

impl FromRequestParts<App> for Layout {
    type Rejection = Infallible;

    /// The frame for whoever asks; handlers add the title.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let Visitor(actor) = Visitor::from_request_parts(parts, app).await?;
        let path = parts.uri.path();
        let nav = NAV
            .iter()
            .filter(|(_, _, roles)| roles.is_empty() || actor.as_ref().is_some_and(|a| a.is_any(roles)))
            .map(|(href, label, _)| NavItem {
                href,
                label,
                current: path == *href || path.starts_with(&format!("{href}/")),
            })
            .collect();
        let roles = actor.as_ref().map(|a| a.roles.iter().map(|r| r.french()).collect::<Vec<_>>().join(", "));
        Ok(Self {
            title: String::new(),
            assets: &crate::assets::BASE,
            csrf: actor.as_ref().map(|a| a.csrf.to_string()).unwrap_or_default(),
            roles: roles.unwrap_or_default(),
            actor,
            nav,
            message: super::flash::read(&parts.headers),
            demo: app.demo,
        })
    }
}

/// The page of an error.
#[derive(Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// Frame.
    pub page: Layout,
    /// HTTP status.
    pub code: u16,
    /// In French.
    pub detail: String,
    /// Each fault with its place.
    pub wrong: Vec<Wrong>,
    /// What to quote when asking for help.
    pub instance: Option<String>,
    /// Offer to sign in?
    pub sign_in: bool,
}
