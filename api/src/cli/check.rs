//! `docimo check`.

use super::{Common, Failure};

/// Opens everything a server needs and says what it finds.
pub async fn run(common: &Common) -> Result<(), Failure> {
    let store = common.open(false).await?;
    store.ping().await?;
    let people = store.count_people().await?;
    let exams = store.exams().await?;
    if common.json {
        let value = serde_json::json!({"database": store.engine_name(), "people": people, "exams": exams.len()});
        println!("{value}");
    } else {
        println!("Base {} : ouverte, à jour.", store.engine_name());
        println!("{people} compte(s), {} examen(s).", exams.len());
        if people == 0 {
            println!("Aucun compte : lancez « docimo serve », qui affiche le lien du premier administrateur.");
        }
        for exam in exams.iter().filter(|e| e.state == "open") {
            println!("Examen en cours : {}. N’arrêtez pas le serveur.", exam.title);
        }
    }
    store.close().await;
    Ok(())
}
