//! Accounts of the staff: making, changing, disabling. Pages and the JSON interface both come here.

use super::{Actor, Role, password, signin};
use crate::ambient;
use crate::app::App;
use crate::error::{ApiError, ApiResult, Wrong};
use docimo_store::exams::NewEvent;
use docimo_store::people::Person;

/// Purpose of the link that makes the first administrator.
pub const FIRST_ADMINISTRATOR: &str = "first-administrator";

/// What is wrong with a login and a name, if anything.
pub fn faults(login: &str, name: &str) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let mut fault = |place: &str, message: &str| wrong.push(Wrong { place: place.into(), message: message.into() });
    let fits = login.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-@".contains(c));
    if !(2..=60).contains(&login.chars().count()) || !fits {
        fault(
            "identifiant",
            "De 2 à 60 signes\u{a0}: lettres sans accent, chiffres, point, tiret, tiret bas ou arobase.",
        );
    }
    if name.is_empty() || name.chars().count() > 200 {
        fault("nom", "Indiquez un nom, de 200 caractères au plus.");
    }
    wrong
}

/// Makes an account with these roles. Returns the access code, which is not kept and cannot be shown
/// again.
pub async fn add(app: &App, actor: &Actor, login: &str, name: &str, roles: &[Role]) -> ApiResult<(Person, String)> {
    let (login, name) = (signin::normalise_login(login), name.trim());
    let mut wrong = faults(&login, name);
    if roles.is_empty() {
        wrong.push(Wrong { place: "rôles".into(), message: "Choisissez au moins un rôle.".into() });
    }
    if wrong.is_empty() && app.store.person_by_login(&login).await?.is_some() {
        let message = format!("L’identifiant «\u{a0}{login}\u{a0}» est déjà pris.");
        wrong.push(Wrong { place: "identifiant".into(), message });
    }
    if !wrong.is_empty() {
        return Err(ApiError::Invalid { title: "Le compte n’a pas été créé".into(), wrong });
    }
    let code = ambient::access_code();
    let person = new_person(login, name, password::hash_code(&code));
    let names: Vec<&str> = roles.iter().map(|r| r.name()).collect();
    app.store.add_person(&person, &names).await?;
    record(app, Some(actor), format!("Compte créé\u{a0}: {} ({})", person.login, french(roles))).await?;
    Ok((person, code))
}

/// Makes the first administrator of an instance and uses the link up; false if the link was used or has
/// expired.
pub async fn add_first(app: &App, link_hash: &str, login: &str, name: &str, secret: &str) -> ApiResult<Option<Person>> {
    let (login, name) = (signin::normalise_login(login), name.trim());
    let mut wrong = faults(&login, name);
    if let Err(message) = password::acceptable(secret) {
        wrong.push(Wrong { place: "mot de passe".into(), message });
    }
    if wrong.is_empty() && app.store.person_by_login(&login).await?.is_some() {
        let message = format!("L’identifiant «\u{a0}{login}\u{a0}» est déjà pris.");
        wrong.push(Wrong { place: "identifiant".into(), message });
    }
    if !wrong.is_empty() {
        return Err(ApiError::Invalid { title: "Le compte n’a pas été créé".into(), wrong });
    }
    let person = new_person(login, name, signin::hash_password(app, secret).await?);
    // The link goes first: two people who follow it at once make one account.
    if !app.store.use_link(link_hash, FIRST_ADMINISTRATOR, ambient::now_ms()).await? {
        return Ok(None);
    }
    let roles = [Role::Administrator, Role::Committee];
    app.store.add_person(&person, &roles.map(Role::name)).await?;
    record(app, None, format!("Premier administrateur\u{a0}: {}", person.login)).await?;
    Ok(Some(person))
}

fn new_person(login: String, name: &str, secret: String) -> Person {
    let now_ms = ambient::now_ms();
    Person {
        id: ambient::fresh_id(now_ms),
        login,
        name: name.to_owned(),
        secret: Some(secret),
        created_ms: now_ms,
        disabled_ms: None,
    }
}

/// An account, or "not found".
pub async fn person(app: &App, person_id: &str) -> ApiResult<Person> {
    app.store.person(person_id).await?.ok_or(ApiError::NotFound)
}

/// Replaces the roles of an account. The student role comes with enrolments: it stays as it is.
/// Administrators cannot take that role from themselves, so that there is always one.
pub async fn set_roles(app: &App, actor: &Actor, person_id: &str, roles: &[Role]) -> ApiResult<()> {
    let person = person(app, person_id).await?;
    if *person.id == *actor.id && !roles.contains(&Role::Administrator) {
        return Err(ApiError::Conflict("Vous ne pouvez pas retirer votre propre rôle d’administrateur.".into()));
    }
    let student = app.store.roles(person_id).await?.iter().any(|r| r == Role::Student.name());
    let mut wanted: Vec<Role> = roles.iter().copied().filter(|r| *r != Role::Student).collect();
    if wanted.is_empty() {
        return Err(ApiError::wrong("rôles", "Choisissez au moins un rôle, ou désactivez le compte."));
    }
    if student {
        wanted.push(Role::Student);
    }
    let names: Vec<&str> = wanted.iter().map(|r| r.name()).collect();
    app.store.set_roles(person_id, &names).await?;
    app.sessions.forget(None);
    record(app, Some(actor), format!("Rôles de {}\u{a0}: {}", person.login, french(&wanted))).await
}

/// Gives an account a new access code and ends its sessions. The old code or password stops working.
pub async fn new_code(app: &App, actor: &Actor, person_id: &str) -> ApiResult<(Person, String)> {
    let person = person(app, person_id).await?;
    if *person.id == *actor.id {
        return Err(ApiError::Conflict(
            "Pour votre propre compte, changez le mot de passe dans «\u{a0}Mon compte\u{a0}».".into(),
        ));
    }
    let code = ambient::access_code();
    app.store.set_secret(person_id, &password::hash_code(&code)).await?;
    app.sessions.forget(None);
    record(app, Some(actor), format!("Nouveau code d’accès\u{a0}: {}", person.login)).await?;
    Ok((person, code))
}

/// Disables or enables an account. One cannot disable oneself.
pub async fn set_disabled(app: &App, actor: &Actor, person_id: &str, disabled: bool) -> ApiResult<Person> {
    let person = person(app, person_id).await?;
    if *person.id == *actor.id && disabled {
        return Err(ApiError::Conflict("Vous ne pouvez pas désactiver votre propre compte.".into()));
    }
    app.store.set_disabled(person_id, disabled.then(ambient::now_ms)).await?;
    app.sessions.forget(None);
    let what = if disabled { "désactivé" } else { "réactivé" };
    record(app, Some(actor), format!("Compte {what}\u{a0}: {}", person.login)).await?;
    Ok(person)
}

fn french(roles: &[Role]) -> String {
    roles.iter().map(|r| r.french()).collect::<Vec<_>>().join(", ")
}

async fn record(app: &App, actor: Option<&Actor>, detail: String) -> ApiResult<()> {
    let at_ms = ambient::now_ms();
    let event = NewEvent {
        id: ambient::fresh_id(at_ms),
        exam_id: None,
        at_ms,
        author_id: actor.map(|a| a.id.to_string()),
        what: "account",
        detail,
    };
    app.store.add_event(&event).await?;
    Ok(())
}
