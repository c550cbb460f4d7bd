//! Searches kept under a name, and the list of synonyms that searches follow.

use super::super::committee::Fields;
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::bank::synonyms;
use crate::error::{ApiError, ApiResult, Wrong};
use crate::web::layout::Layout;
use crate::web::{self, filters::count};
use askama::Template;
use axum::extract::{RawForm, State};
use axum::response::Response;

/// The longest line kept.
const LONGEST: usize = 1_000;

/// A search kept.
pub(crate) struct SavedView {
    pub(crate) name: String,
    pub(crate) line: String,
    pub(crate) href: String,
}

/// Someone's searches, by name.
pub(crate) async fn saved(app: &App, actor: &Actor) -> ApiResult<Vec<SavedView>> {
    let kept = app.store.saved_searches(&actor.id).await?;
    let view = |(name, line): (String, String)| SavedView { href: format!("?q={}", web::urlencode(&line)), name, line };
    Ok(kept.into_iter().map(view).collect())
}

/// Checks the name and the line of a search to be kept.
pub fn checked<'a>(name: &'a str, line: &'a str) -> ApiResult<(&'a str, &'a str)> {
    let (name, line) = (name.trim(), line.trim());
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(ApiError::wrong("nom", "Donnez un nom de 1 à 100 caractères."));
    }
    if line.chars().count() > LONGEST {
        return Err(ApiError::wrong("q", format!("{LONGEST} caractères au plus.")));
    }
    docimo_search::query::parse(line).map_err(|fault| ApiError::wrong("q", fault.to_string()))?;
    Ok((name, line))
}

/// Keeps a search.
pub async fn save(State(app): State<App>, actor: Actor, RawForm(body): RawForm) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let (name, line) = checked(fields.get("nom"), fields.get("q"))?;
    app.store.save_search(&actor.id, name, line, ambient::now_ms()).await?;
    Ok(web::go(&format!("/questions?q={}", web::urlencode(line)), format!("Recherche « {name} » enregistrée.")))
}

/// Forgets a search.
pub async fn forget(State(app): State<App>, actor: Actor, RawForm(body): RawForm) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    app.store.forget_search(&actor.id, fields.get("nom")).await?;
    Ok(web::go("/questions", "Recherche supprimée."))
}

#[derive(Template)]
#[template(path = "bank/synonyms.html")]
struct SynonymsPage {
    page: Layout,
    list: String,
    own: bool,
    faults: Vec<Wrong>,
}

/// The list of abbreviations and synonyms.
pub async fn synonyms_page(State(app): State<App>, page: Layout) -> ApiResult<Response> {
    let (list, own) = synonyms::list(&app.store).await?;
    web::page(&SynonymsPage { page: page.titled("Abréviations et synonymes"), list, own, faults: Vec::new() })
}

/// Keeps another list, or goes back to the program's own.
pub async fn set_synonyms(
    State(app): State<App>,
    actor: Actor,
    page: Layout,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let list = if fields.get("retour").is_empty() { fields.get("liste") } else { "" };
    match synonyms::set(&app, &actor, list).await? {
        Ok(terms) => {
            let said = format!("Liste enregistrée : {}.", count(terms, "terme", "termes"));
            Ok(web::go("/questions/synonymes", said))
        }
        Err(faults) => web::page(&SynonymsPage {
            page: page.titled("Abréviations et synonymes"),
            list: list.to_owned(),
            own: true,
            faults,
        }),
    }
}
