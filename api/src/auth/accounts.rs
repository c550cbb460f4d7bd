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
    if name.is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
        fault("nom", "Indiquez un nom, de 200 caractères au plus, sans saut de ligne.");
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
    let mut names: Vec<&str> = roles.iter().map(|r| r.name()).collect();
    names.sort_unstable();
    names.dedup();
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

/// What to change of an account.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// New roles. The student role comes with enrolments: it stays as it is.
    pub roles: Option<Vec<Role>>,
    /// Disable it, or enable it again.
    pub disabled: Option<bool>,
}

/// Changes an account, all or nothing. Administrators can neither take that role from themselves nor
/// disable themselves, so that there is always one.
pub async fn change(app: &App, actor: &Actor, person_id: &str, change: &Change) -> ApiResult<Person> {
    let person = person(app, person_id).await?;
    let own = *person.id == *actor.id;
    let mut said = Vec::new();
    let wanted = match &change.roles {
        None => None,
        Some(roles) => {
            if own && !roles.contains(&Role::Administrator) {
                return Err(ApiError::Conflict(
                    "Vous ne pouvez pas retirer votre propre rôle d’administrateur.".into(),
                ));
            }
            let mut wanted: Vec<Role> = roles.iter().copied().filter(|r| *r != Role::Student).collect();
            wanted.sort_unstable();
            wanted.dedup();
            if wanted.is_empty() {
                return Err(ApiError::wrong("rôles", "Choisissez au moins un rôle, ou désactivez le compte."));
            }
            if app.store.roles(person_id).await?.iter().any(|r| r == Role::Student.name()) {
                wanted.push(Role::Student);
            }
            said.push(format!("rôles\u{a0}: {}", french(&wanted)));
            Some(wanted)
        }
    };
    if own && change.disabled == Some(true) {
        return Err(ApiError::Conflict("Vous ne pouvez pas désactiver votre propre compte.".into()));
    }
    said.extend(change.disabled.map(|off| if off { "désactivé".to_owned() } else { "réactivé".to_owned() }));
    if said.is_empty() {
        return Ok(person);
    }
    let names: Option<Vec<&str>> = wanted.as_ref().map(|list| list.iter().map(|r| r.name()).collect());
    let disabled_ms = change.disabled.map(|off| off.then(ambient::now_ms));
    let done = event(Some(actor), format!("Compte {}, {}", person.login, said.join(", ")));
    app.store.change_person(person_id, names.as_deref(), disabled_ms, &done).await?;
    app.sessions.forget(None);
    Ok(person)
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
    // Whoever tried the old one too often may come in with the new one at once.
    app.throttle.succeeded(&person.login);
    record(app, Some(actor), format!("Nouveau code d’accès\u{a0}: {}", person.login)).await?;
    Ok((person, code))
}

fn french(roles: &[Role]) -> String {
    roles.iter().map(|r| r.french()).collect::<Vec<_>>().join(", ")
}

fn event(actor: Option<&Actor>, detail: String) -> NewEvent {
    let at_ms = ambient::now_ms();
    NewEvent {
        id: ambient::fresh_id(at_ms),
        exam_id: None,
        at_ms,
        author_id: actor.map(|a| a.id.to_string()),
        what: "account",
        detail,
    }
}

async fn record(app: &App, actor: Option<&Actor>, detail: String) -> ApiResult<()> {
    Ok(app.store.add_event(&event(actor, detail)).await?)
}
