//! `docimo check`.

use super::database::Found;
use super::{Common, Failure, out};
use docimo_store::Store;
use serde::Serialize;

/// What was found, as `check --json` writes it.
#[derive(Debug, Serialize)]
struct Checked {
    /// SQLite or PostgreSQL; none where there is no database of this version.
    database: Option<&'static str>,
    people: i64,
    exams: usize,
    /// Titles of the exams under way.
    open: Vec<String>,
    /// What to do, if anything.
    advice: Option<String>,
}

/// Looks at everything that a server needs, writes nothing, and says what it finds.
pub async fn run(common: &Common) -> Result<(), Failure> {
    let store = match common.find().await? {
        Found::Ready(store) => store,
        Found::Nothing(advice) | Found::OtherVersion(advice) => {
            if common.json {
                let checked = Checked { database: None, people: 0, exams: 0, open: Vec::new(), advice: Some(advice) };
                out::print_json(&checked)?;
            } else {
                out::tell(&format!("docimo : {advice}"));
            }
            return Err(Failure::Attention);
        }
    };
    let checked = look(&store).await?;
    store.close().await;
    if common.json {
        return out::print_json(&checked);
    }
    let mut text = format!("Base {} : ouverte, à jour.\n", checked.database.unwrap_or_default());
    text.push_str(&format!("{} compte(s), {} examen(s).\n", checked.people, checked.exams));
    if let Some(line) = &checked.advice {
        text.push_str(&format!("{line}\n"));
    }
    for title in &checked.open {
        text.push_str(&format!("Examen en cours : {title}. N’arrêtez pas le serveur.\n"));
    }
    out::print(text.as_bytes())
}

async fn look(store: &Store) -> Result<Checked, Failure> {
    store.ping().await?;
    let (people, exams) = (store.count_people().await?, store.exams().await?);
    let advice = "Aucun compte : lancez « docimo serve », qui affiche le lien du premier administrateur.";
    Ok(Checked {
        database: Some(store.engine_name()),
        people,
        exams: exams.len(),
        open: exams.into_iter().filter(|e| e.state == "open").map(|e| e.title).collect(),
        advice: (people == 0).then(|| advice.to_owned()),
    })
}
