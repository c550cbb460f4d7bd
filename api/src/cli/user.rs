//! `docimo user`.

use super::french::french_io;
use super::{Common, Failure, out};
use crate::ambient;
use crate::auth::{Role, accounts, password, signin};
use crate::error::Wrong;
use clap::Subcommand;
use docimo_store::people::Person;
use serde::Serialize;
use std::collections::BTreeSet;

/// What to do with accounts.
#[derive(Subcommand, Clone, Debug)]
pub enum UserCommand {
    /// Crée un compte et affiche son code d’accès, une seule fois
    Add {
        /// Identifiant de connexion
        #[arg(value_name = "IDENTIFIANT")]
        login: String,
        /// Nom affiché
        #[arg(long, value_name = "NOM")]
        name: String,
        /// Rôle : author, reviewer, committee, supervisor, registrar, administrator (répétable)
        #[arg(long = "role", value_name = "RÔLE", required = true)]
        roles: Vec<String>,
    },
    /// Remplace le secret d’un compte par un nouveau code d’accès, affiché une seule fois
    Code {
        /// Identifiant de connexion
        #[arg(value_name = "IDENTIFIANT")]
        login: String,
    },
    /// Liste les comptes du personnel
    List,
}

/// An account as `--json` writes it.
#[derive(Debug, Serialize)]
struct Account {
    login: String,
    name: String,
    roles: Vec<String>,
    disabled: bool,
    /// New access code, which cannot be shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

/// An account to make, checked.
#[derive(Debug)]
struct NewAccount {
    login: String,
    name: String,
    roles: BTreeSet<Role>,
}

impl NewAccount {
    fn new(login: &str, name: &str, roles: &[String]) -> Result<Self, Failure> {
        let (login, name) = (signin::normalise_login(login), name.trim().to_owned());
        let mut wrong = accounts::faults(&login, &name);
        if name.chars().any(char::is_control) && !wrong.iter().any(|w| w.place == "nom") {
            wrong
                .push(Wrong {
                    place: "nom".into(), message: "Pas de saut de ligne ni de caractère invisible.".into()
                });
        }
        let mut merged = BTreeSet::new();
        for word in roles {
            match Role::from_name(word.trim()) {
                Some(Role::Student) => wrong.push(Wrong {
                    place: "rôle".into(),
                    message: "Le rôle student vient avec l’inscription à un examen : importez ses candidats d’un \
                              fichier CSV, depuis la page de l’examen."
                        .into(),
                }),
                Some(role) => drop(merged.insert(role)),
                None => {
                    let known: Vec<&str> =
                        Role::ALL.iter().filter(|r| **r != Role::Student).map(|r| r.name()).collect();
                    let message = format!("« {word} » est inconnu (connus : {}).", known.join(", "));
                    wrong.push(Wrong { place: "rôle".into(), message });
                }
            }
        }
        if wrong.is_empty() {
            Ok(Self { login, name, roles: merged })
        } else {
            Err(Failure::faults("le compte n’a pas été créé", &wrong))
        }
    }
}

/// Does it.
pub async fn run(common: &Common, command: &UserCommand) -> Result<(), Failure> {
    match command {
        UserCommand::Add { login, name, roles } => add(common, NewAccount::new(login, name, roles)?).await,
        UserCommand::Code { login } => code(common, &signin::normalise_login(login)).await,
        UserCommand::List => list(common).await,
    }
}

async fn add(common: &Common, new: NewAccount) -> Result<(), Failure> {
    let store = common.open(false).await?;
    let (now_ms, code) = (ambient::now_ms(), ambient::access_code());
    let person = Person {
        id: ambient::fresh_id(now_ms),
        login: new.login,
        name: new.name,
        secret: Some(password::hash_code(&code)),
        created_ms: now_ms,
        disabled_ms: None,
    };
    let roles: Vec<&str> = new.roles.iter().map(|r| r.name()).collect();
    store.add_person(&person, &roles).await?;
    let roles = roles.into_iter().map(str::to_owned).collect();
    let given = give(common, account(person, roles, Some(code)));
    store.close().await;
    given
}

async fn code(common: &Common, login: &str) -> Result<(), Failure> {
    if login.is_empty() {
        return Err(Failure::Input("donnez l’identifiant d’un compte (docimo user list les montre)".into()));
    }
    let store = common.open_existing().await?;
    let person = store.person_by_login(login).await?;
    let person = person.ok_or_else(|| Failure::Input(format!("aucun compte « {login} »")))?;
    let code = ambient::access_code();
    store.set_secret(&person.id, &password::hash_code(&code)).await?;
    let roles = store.roles(&person.id).await?;
    let given = give(common, account(person, roles, Some(code)));
    store.close().await;
    given
}

async fn list(common: &Common) -> Result<(), Failure> {
    let store = common.open_existing().await?;
    let mut list = Vec::new();
    for person in store.staff().await? {
        let roles = store.roles(&person.id).await?;
        list.push(account(person, roles, None));
    }
    store.close().await;
    if common.json {
        return out::print_json(&list);
    }
    let line = |a: &Account| {
        let state = if a.disabled { " (désactivé)" } else { "" };
        format!("{}\t{}\t{}{state}\n", a.login, a.name, a.roles.join(","))
    };
    out::print(list.iter().map(line).collect::<String>().as_bytes())
}

fn account(person: Person, roles: Vec<String>, code: Option<String>) -> Account {
    Account { login: person.login, name: person.name, roles, disabled: person.disabled_ms.is_some(), code }
}

/// Prints a new code. It is kept nowhere: if it cannot be printed, what to do is said.
fn give(common: &Common, account: Account) -> Result<(), Failure> {
    let bytes = match &account.code {
        Some(code) if !common.json => format!("{code}\n").into_bytes(),
        _ => out::json(&account)?,
    };
    out::try_print(&bytes).map_err(|e| lost(&account.login, &e))
}

fn lost(login: &str, error: &std::io::Error) -> Failure {
    Failure::Environment(format!(
        "le compte « {login} » est prêt, mais son code d’accès n’a pas pu être écrit ({}) et il est perdu. Faites-en un \
         autre : docimo user code {login}",
        french_io(error)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(login: &str, name: &str, roles: &[&str]) -> String {
        let roles: Vec<String> = roles.iter().map(|r| (*r).to_owned()).collect();
        match NewAccount::new(login, name, &roles) {
            Err(Failure::Input(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn arguments_are_checked() {
        assert!(refused("", "Léa", &["author"]).contains("identifiant"));
        assert!(refused(&"x".repeat(61), "Léa", &["author"]).contains("identifiant"));
        assert!(refused("lea", " ", &["author"]).contains("nom"));
        assert!(refused("lea", &"x".repeat(201), &["author"]).contains("nom"));
        assert!(refused("lea", "a\nb", &["author"]).contains("nom"));
        assert!(refused("lea", "Léa", &["student"]).contains("inscription"));
        assert!(refused("lea", "Léa", &["chef"]).contains("administrator"));
        let roles = ["author".to_owned(), "committee".to_owned(), "author".to_owned()];
        let new = NewAccount::new(" LEA ", " Léa ", &roles).unwrap();
        assert_eq!((new.login.as_str(), new.name.as_str(), new.roles.len()), ("lea", "Léa", 2));
    }

    #[tokio::test]
    async fn nothing_is_opened_for_wrong_arguments() {
        let folder = tempfile::tempdir().unwrap();
        let common = Common { data: Some(folder.path().join("data")), ..Common::default() };
        let wrong = UserCommand::Add { login: "lea".into(), name: "Léa".into(), roles: vec!["chef".into()] };
        assert!(matches!(run(&common, &wrong).await, Err(Failure::Input(_))));
        assert!(matches!(run(&common, &UserCommand::List).await, Err(Failure::Input(_))));
        assert!(matches!(run(&common, &UserCommand::Code { login: "lea".into() }).await, Err(Failure::Input(_))));
        assert!(!folder.path().join("data").exists());
    }

    #[test]
    fn a_code_that_is_lost_says_how_to_make_another() {
        let Failure::Environment(text) = lost("lea", &std::io::ErrorKind::StorageFull.into()) else { panic!() };
        assert!(text.contains("docimo user code lea") && text.contains("plus de place"), "{text}");
    }
}
