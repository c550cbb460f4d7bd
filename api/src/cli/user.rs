//! `docimo user`.

use super::{Common, Failure};
use crate::ambient;
use crate::auth::{Role, password};
use clap::Subcommand;
use docimo_store::people::Person;

/// What to do with accounts.
#[derive(Subcommand, Clone, Debug)]
pub enum UserCommand {
    /// Crée un compte et affiche son code d’accès, une seule fois
    Add {
        /// Identifiant de connexion
        login: String,
        /// Nom affiché
        #[arg(long)]
        name: String,
        /// Rôle : student, author, reviewer, committee, supervisor, registrar, administrator (répétable)
        #[arg(long = "role", required = true)]
        roles: Vec<String>,
    },
    /// Remplace le secret d’un compte par un nouveau code d’accès, affiché une seule fois
    Code {
        /// Identifiant de connexion
        login: String,
    },
    /// Liste les comptes du personnel
    List,
}

/// Does it.
pub async fn run(common: &Common, command: &UserCommand) -> Result<(), Failure> {
    let store = common.open(false).await?;
    match command {
        UserCommand::Add { login, name, roles } => {
            let known: Vec<&str> = roles
                .iter()
                .map(|r| {
                    Role::from_name(r).map(Role::name).ok_or_else(|| Failure::Input(format!("rôle inconnu : {r}")))
                })
                .collect::<Result<_, _>>()?;
            let (now_ms, code) = (ambient::now_ms(), ambient::access_code());
            let person = Person {
                id: ambient::fresh_id(now_ms),
                login: login.trim().to_lowercase(),
                name: name.trim().to_owned(),
                secret: Some(password::hash_code(&code)),
                created_ms: now_ms,
                disabled_ms: None,
            };
            store.add_person(&person, &known).await?;
            println!("{code}");
        }
        UserCommand::Code { login } => {
            let person = store.person_by_login(&login.trim().to_lowercase()).await?;
            let person = person.ok_or_else(|| Failure::Input(format!("aucun compte « {login} »")))?;
            let code = ambient::access_code();
            store.set_secret(&person.id, &password::hash_code(&code)).await?;
            println!("{code}");
        }
        UserCommand::List => {
            for person in store.staff().await? {
                let roles = store.roles(&person.id).await?.join(",");
                let state = if person.disabled_ms.is_some() { " (désactivé)" } else { "" };
                println!("{}\t{}\t{roles}{state}", person.login, person.name);
            }
        }
    }
    store.close().await;
    Ok(())
}
