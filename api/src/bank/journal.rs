//! What people did to the bank as a whole, to be read: folders, rights, establishments, synonyms, exports.

use super::export;
use crate::app::App;
use crate::error::{ApiError, ApiResult};
use crate::web::filters::paris;
use docimo_store::bank::journal::Acts;
use docimo_store::exams::Event;
use jiff::civil::Date;

/// Sorts of acts: code, French.
pub const SORTS: [(&str, &str); 6] = [
    ("folder", "Dossiers"),
    ("folder_right", "Droits sur les dossiers"),
    ("unit", "Établissements et collèges"),
    ("member", "Membres"),
    ("synonyms", "Synonymes"),
    (export::EVENT, "Exports"),
];

/// What is asked for, as forms and addresses write it; an empty text keeps nothing back.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// A code of [`SORTS`].
    pub what: String,
    /// Id of who did it.
    pub who: String,
    /// First day, `2026-03-01`, in Paris.
    pub from: String,
    /// Last day.
    pub to: String,
}

/// The sort of an act, in French.
pub fn french(what: &str) -> &'static str {
    SORTS.iter().find(|(code, _)| *code == what).map_or("Autre", |(_, french)| french)
}

fn midnight(text: &str, name: &str, days: i64) -> ApiResult<Option<i64>> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let odd = || ApiError::wrong(name, format!("« {} » n’est pas une date (2026-03-01).", text.trim()));
    let day: Date = text.trim().parse().map_err(|_| odd())?;
    let day = day.checked_add(jiff::Span::new().days(days)).map_err(|_| odd())?;
    Ok(Some(day.to_zoned_datetime(paris()).map_err(|_| odd())?.timestamp().as_millisecond()))
}

fn acts(asked: &Asked) -> ApiResult<Acts> {
    let known = SORTS.iter().map(|(code, _)| (*code).to_owned());
    let whats: Vec<String> = known.filter(|code| asked.what.is_empty() || *code == asked.what).collect();
    if whats.is_empty() {
        return Err(ApiError::wrong("quoi", "Choisissez une sorte d’acte de la liste."));
    }
    Ok(Acts {
        whats,
        author_id: Some(asked.who.clone()).filter(|id| !id.is_empty()),
        from_ms: midnight(&asked.from, "du", 0)?,
        until_ms: midnight(&asked.to, "au", 1)?,
    })
}

/// The acts asked for, the newest first, and how many there are in all.
pub async fn read(app: &App, asked: &Asked, limit: usize, offset: usize) -> ApiResult<(Vec<Event>, usize)> {
    let (found, total) = app.store.acts(&acts(asked)?, limit as i64, offset as i64).await?;
    Ok((found, usize::try_from(total).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_paris_and_the_last_one_is_within() {
        let asked = Asked { from: "2026-03-29".into(), to: "2026-03-29".into(), ..Asked::default() };
        let acts = acts(&asked).unwrap();
        // That day has 23 hours: summer time begins.
        assert_eq!(acts.until_ms.unwrap() - acts.from_ms.unwrap(), 23 * 3_600_000);
        assert_eq!(acts.whats.len(), SORTS.len());
        for (from, what) in [("hier", ""), ("", "account")] {
            assert!(super::acts(&Asked { from: from.into(), what: what.into(), ..Asked::default() }).is_err());
        }
    }
}
