//! Accounts of the staff, for administrators.

use super::layout::Layout;
use crate::app::App;
use crate::auth::accounts::{self, Change};
use crate::auth::{Actor, Role};
use crate::error::{ApiError, ApiResult, Wrong};
use crate::web::{self, filters};
use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::collections::HashMap;

/// Roles that an administrator gives. Students come from the lists of candidates.
const GIVEN: [Role; 6] =
    [Role::Author, Role::Reviewer, Role::Committee, Role::Supervisor, Role::Registrar, Role::Administrator];

/// What a role may do, beside its box.
fn explained(role: Role) -> &'static str {
    match role {
        Role::Student => "compose et lit ses corrections",
        Role::Author => "apporte des questions à la banque",
        Role::Reviewer => "lit la banque",
        Role::Committee => "prépare les examens, les ouvre, les note, décide et publie",
        Role::Supervisor => "suit une salle, donne du temps, rend une copie remise par erreur",
        Role::Registrar => "importe les candidats, exporte les résultats",
        Role::Administrator => "crée les comptes\u{202f}; entre partout où entre le comité",
    }
}

struct RoleBox {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    checked: bool,
}

fn boxes(held: &[Role]) -> Vec<RoleBox> {
    let one = |role: Role| RoleBox {
        name: role.name(),
        label: role.french(),
        hint: explained(role),
        checked: held.contains(&role),
    };
    GIVEN.into_iter().map(one).collect()
}

/// Boxes come one by one: a form cannot repeat a name here.
fn chosen(form: &HashMap<String, String>) -> Vec<Role> {
    GIVEN.into_iter().filter(|role| form.contains_key(&format!("role.{}", role.name()))).collect()
}

struct Line {
    id: String,
    login: String,
    name: String,
    roles: String,
    created: String,
    disabled: Option<String>,
    is_self: bool,
    selected: bool,
}

struct Edited {
    id: String,
    login: String,
    name: String,
    roles: Vec<RoleBox>,
    disabled: bool,
    is_self: bool,
}

struct Shown {
    login: String,
    name: String,
    code: String,
}

#[derive(Template)]
#[template(path = "admin/people.html")]
struct PeoplePage {
    page: Layout,
    lines: Vec<Line>,
    edited: Option<Edited>,
    shown: Option<Shown>,
    login: String,
    name: String,
    roles: Vec<RoleBox>,
    wrong: Vec<Wrong>,
}

impl PeoplePage {
    async fn read(app: &App, actor: &Actor, page: Layout, edited: Option<&str>) -> ApiResult<Self> {
        let mut lines = Vec::new();
        let mut panel = None;
        for person in app.store.staff().await? {
            let held: Vec<Role> =
                app.store.roles(&person.id).await?.iter().filter_map(|r| Role::from_name(r)).collect();
            let is_self = *person.id == *actor.id;
            let selected = edited == Some(&person.id);
            if selected {
                panel = Some(Edited {
                    id: person.id.clone(),
                    login: person.login.clone(),
                    name: person.name.clone(),
                    roles: boxes(&held),
                    disabled: person.disabled_ms.is_some(),
                    is_self,
                });
            }
            lines.push(Line {
                roles: held.iter().map(|r| r.french()).collect::<Vec<_>>().join(" · "),
                created: filters::date_time(person.created_ms),
                disabled: person.disabled_ms.map(filters::date_time),
                id: person.id,
                login: person.login,
                name: person.name,
                is_self,
                selected,
            });
        }
        Ok(Self {
            page: page.titled("Comptes"),
            lines,
            edited: panel,
            shown: None,
            login: String::new(),
            name: String::new(),
            roles: boxes(&[]),
            wrong: Vec::new(),
        })
    }
}

/// Which account is open.
#[derive(Deserialize)]
pub struct PeopleQuery {
    compte: Option<String>,
}

/// The list, with one account open if asked.
pub async fn people(
    State(app): State<App>,
    actor: Actor,
    Query(query): Query<PeopleQuery>,
    page: Layout,
) -> ApiResult<Response> {
    web::page(&PeoplePage::read(&app, &actor, page, query.compte.as_deref()).await?)
}

/// Makes an account and shows its access code, once.
pub async fn add_person(
    State(app): State<App>,
    actor: Actor,
    page: Layout,
    Form(form): Form<HashMap<String, String>>,
) -> ApiResult<Response> {
    let text = |name: &str| form.get(name).map_or("", String::as_str);
    let roles = chosen(&form);
    match accounts::add(&app, &actor, text("login"), text("nom"), &roles).await {
        Ok((person, code)) => {
            let mut view = PeoplePage::read(&app, &actor, page, None).await?;
            view.shown = Some(Shown { login: person.login, name: person.name, code });
            web::page(&view)
        }
        Err(ApiError::Invalid { wrong, .. }) => {
            let mut view = PeoplePage::read(&app, &actor, page, None).await?;
            (view.login, view.name) = (text("login").to_owned(), text("nom").to_owned());
            (view.roles, view.wrong) = (boxes(&roles), wrong);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, web::page(&view)?).into_response())
        }
        Err(error) => Err(error),
    }
}

/// Replaces the roles of an account.
pub async fn set_roles(
    State(app): State<App>,
    actor: Actor,
    Path(person): Path<String>,
    Form(form): Form<HashMap<String, String>>,
) -> ApiResult<Response> {
    let change = Change { roles: Some(chosen(&form)), disabled: None };
    let person = accounts::change(&app, &actor, &person, &change).await?;
    Ok(web::go("/comptes", format!("Rôles enregistrés\u{a0}: {}.", person.name)))
}

/// Gives a new access code and shows it, once.
pub async fn new_code(
    State(app): State<App>,
    actor: Actor,
    Path(person): Path<String>,
    page: Layout,
) -> ApiResult<Response> {
    let (person, code) = accounts::new_code(&app, &actor, &person).await?;
    let mut view = PeoplePage::read(&app, &actor, page, None).await?;
    view.shown = Some(Shown { login: person.login, name: person.name, code });
    web::page(&view)
}

/// What the state form sends.
#[derive(Deserialize)]
pub struct StateForm {
    etat: String,
}

/// Disables or enables an account.
pub async fn set_disabled(
    State(app): State<App>,
    actor: Actor,
    Path(person): Path<String>,
    Form(form): Form<StateForm>,
) -> ApiResult<Response> {
    let disabled = match form.etat.as_str() {
        "desactive" => true,
        "actif" => false,
        _ => return Err(ApiError::bad("État inconnu.")),
    };
    let change = Change { roles: None, disabled: Some(disabled) };
    let person = accounts::change(&app, &actor, &person, &change).await?;
    let what = if disabled { "désactivé, sessions fermées" } else { "réactivé" };
    Ok(web::go("/comptes", format!("Compte {what}\u{a0}: {}.", person.name)))
}
