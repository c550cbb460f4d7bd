//! The list of abbreviations and synonyms that searches follow: the program's own, or the establishment's.

use super::event;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult, Wrong};
use docimo_search::synonyms::{DEFAULT_LIST, Synonyms};
use docimo_store::Store;

/// Name of the setting.
const SETTING: &str = "synonyms";
/// The longest list, in bytes.
const LONGEST: usize = 1_000_000;

/// The list in force, and whether it is the establishment's own.
///
/// # Errors
/// Where the database cannot be read.
pub async fn list(store: &Store) -> ApiResult<(String, bool)> {
    let own = store.bank_setting(SETTING).await?.map(|(list, _)| list).filter(|list| !list.is_empty());
    Ok(own.map_or_else(|| (DEFAULT_LIST.to_owned(), false), |list| (list, true)))
}

/// The list in force, ready, and when it was decided (0: never).
///
/// # Errors
/// Where the database cannot be read.
pub async fn ready(store: &Store) -> ApiResult<(Synonyms, i64)> {
    let Some((list, at_ms)) = store.bank_setting(SETTING).await? else { return Ok((Synonyms::embedded(), 0)) };
    let own = (!list.is_empty()).then(|| Synonyms::read(&list).ok()).flatten();
    Ok((own.unwrap_or_else(Synonyms::embedded), at_ms))
}

/// When the list was decided.
///
/// # Errors
/// Where the database cannot be read.
pub async fn decided_ms(store: &Store) -> ApiResult<i64> {
    Ok(store.bank_setting(SETTING).await?.map_or(0, |(_, at_ms)| at_ms))
}

/// Keeps a list; an empty one goes back to the program's own. Returns how many terms it has, or what is wrong by line.
/// Searches of this process follow it at once, those of others within seconds.
///
/// # Errors
/// Where the database cannot be written.
pub async fn set(app: &App, actor: &Actor, list: &str) -> ApiResult<Result<usize, Vec<Wrong>>> {
    if list.len() > LONGEST || list.contains('\0') {
        return Err(ApiError::wrong("liste", "Un texte d’un mégaoctet au plus, sans caractère nul."));
    }
    let list = list.replace("\r\n", "\n");
    let read = match list.trim() {
        "" => Synonyms::embedded(),
        text => match Synonyms::read(text) {
            Ok(read) => read,
            Err(faults) => {
                let wrong = |f: docimo_search::synonyms::SynonymError| Wrong {
                    place: format!("ligne {}", f.line),
                    message: f.message,
                };
                return Ok(Err(faults.into_iter().map(wrong).collect()));
            }
        },
    };
    let terms = read.len();
    let detail = if list.trim().is_empty() { "liste du programme".to_owned() } else { format!("{terms} termes") };
    app.store.set_bank_setting(SETTING, list.trim(), &event(actor, "synonyms", detail)).await?;
    if let Some(finder) = app.finder() {
        finder.index.set_synonyms(read);
    }
    Ok(Ok(terms))
}
