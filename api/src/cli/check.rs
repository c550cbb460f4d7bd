//! `docimo check`.

use super::database::Found;
use super::{Common, Failure, out};
use crate::exam::doors::address::public_url as public_url_of;
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
    /// What is odd.
    odd: Vec<String>,
}

/// Looks at everything that a server needs, writes nothing, and says what it finds.
pub async fn run(common: &Common) -> Result<(), Failure> {
    let store = match common.find().await? {
        Found::Ready(store) => store,
        Found::Nothing(advice) | Found::OtherVersion(advice) => {
            if common.json {
                let checked = Checked {
                    database: None,
                    people: 0,
                    exams: 0,
                    open: Vec::new(),
                    advice: Some(advice),
                    odd: Vec::new(),
                };
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
    for line in &checked.odd {
        text.push_str(&format!("À vérifier : {line}\n"));
    }
    for title in &checked.open {
        text.push_str(&format!("Examen en cours : {title}. N’arrêtez pas le serveur.\n"));
    }
    out::print(text.as_bytes())
}

async fn look(store: &Store) -> Result<Checked, Failure> {
    store.ping().await?;
    let (people, exams) = (store.count_people().await?, store.exams().await?);
    let public = std::env::var("DOCIMO_PUBLIC_URL").ok();
    let odd = odd(&store.exams_with_locked_browser().await?, public.as_deref());
    let advice = "Aucun compte : lancez « docimo serve », qui affiche le lien du premier administrateur.";
    Ok(Checked {
        database: Some(store.engine_name()),
        people,
        exams: exams.len(),
        open: exams.into_iter().filter(|e| e.state == "open").map(|e| e.title).collect(),
        advice: (people == 0).then(|| advice.to_owned()),
        odd,
    })
}

/// What is odd of exams that ask for Safe Exam Browser: it hashes the address that it sees, which must be ours.
fn odd(locked: &[String], public_url: Option<&str>) -> Vec<String> {
    let Some(first) = locked.first() else { return Vec::new() };
    let example = "par exemple DOCIMO_PUBLIC_URL=https://examens.exemple.fr";
    match public_url.map(public_url_of) {
        None => vec![format!(
            "« {first} » demande Safe Exam Browser, et l’adresse publique n’est pas donnée ({example}, ou --public-url \
             au démarrage) : derrière un proxy, les candidats seraient refusés."
        )],
        Some(Err(why)) => vec![format!("DOCIMO_PUBLIC_URL : {why}.")],
        Some(Ok(url)) if url.starts_with("http://") => vec![format!(
            "« {first} » demande Safe Exam Browser, et l’adresse publique est en http : les réponses et les codes \
             passent en clair."
        )],
        Some(Ok(_)) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locked_browser_without_a_public_address_is_odd() {
        let locked = ["Blanc".to_owned()];
        assert!(odd(&[], None).is_empty());
        assert!(odd(&locked, None)[0].contains("DOCIMO_PUBLIC_URL"));
        assert!(odd(&locked, Some("n’importe"))[0].contains("attendu une adresse"));
        assert!(odd(&locked, Some("http://a.fr"))[0].contains("en clair"));
        assert!(odd(&locked, Some("https://a.fr")).is_empty());
    }
}
