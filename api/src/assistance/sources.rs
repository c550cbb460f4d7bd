//! Documents that may be leaned on, brought and judged by people.

use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::bank::event;
use crate::error::{ApiError, ApiResult};
use docimo_ai::proposal::{Sha256Digest, Trust};
use docimo_ai::sources::{Format, passages, read, visible};
use docimo_store::ai::{PassageRow, SourceRow};
use sha2::{Digest, Sha256};

/// What someone says of a document that they bring.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// Title; the file's name where empty.
    pub title: String,
    /// Address, citation.
    pub origin: String,
    /// Edition.
    pub edition: String,
    /// Date.
    pub date: String,
    /// Licence: compulsory.
    pub licence: String,
    /// How far it may be trusted.
    pub trust: Trust,
    /// Last day of use, `2027-01-31`; empty without an end.
    pub expires: String,
}

/// The first instant after a day, ms UTC.
///
/// # Errors
/// When it is no day.
pub fn end_of(day: &str) -> ApiResult<Option<i64>> {
    if day.trim().is_empty() {
        return Ok(None);
    }
    let wrong = || ApiError::wrong("expiration", format!("« {day} » : écrivez une date, par exemple 2027-01-31."));
    let date: jiff::civil::Date = day.trim().parse().map_err(|_| wrong())?;
    let after = date.tomorrow().map_err(|_| wrong())?;
    let zone = crate::web::filters::paris();
    Ok(Some(after.to_zoned_datetime(zone).map_err(|_| wrong())?.timestamp().as_millisecond()))
}

fn short(field: &'static str, text: &str, required: bool) -> ApiResult<String> {
    let text = visible(text);
    if required && text.is_empty() {
        return Err(ApiError::wrong(
            field,
            format!("{field} : à remplir, pour que chaque proposition dise d’où elle vient."),
        ));
    }
    if text.chars().count() > 500 {
        return Err(ApiError::wrong(field, format!("{field} : 500 caractères au plus.")));
    }
    Ok(text)
}

/// Brings a document: the file's name says its format. Gives its id.
pub async fn bring(app: &App, actor: &Actor, file: &str, bytes: Vec<u8>, about: &About) -> ApiResult<String> {
    let format = Format::of_name(file).ok_or_else(|| {
        ApiError::wrong(
            "fichier",
            "Format inconnu : un document PDF, DOCX, HTML, Markdown (.md) ou texte (.txt) est attendu.",
        )
    })?;
    let title = short("titre", if about.title.trim().is_empty() { file } else { &about.title }, true)?;
    let licence = short("licence", &about.licence, true)?;
    let origin = short("origine", if about.origin.trim().is_empty() { file } else { &about.origin }, false)?;
    let (edition, date) = (short("édition", &about.edition, false)?, short("date", &about.date, false)?);
    let expires_ms = end_of(&about.expires)?;
    let hash = ambient::hex(&Sha256::digest(&bytes));
    // A long PDF keeps a processor busy.
    let blocks = tokio::task::spawn_blocking(move || read(&bytes, format)).await;
    let blocks =
        blocks.map_err(|e| ApiError::Internal(e.into()))?.map_err(|e| ApiError::wrong("fichier", e.to_string()))?;
    let cuts = passages(&blocks);
    let now_ms = ambient::now_ms();
    let id = ambient::fresh_id(now_ms);
    let rows: Vec<PassageRow> = cuts
        .into_iter()
        .map(|cut| PassageRow {
            source_id: id.clone(),
            number: i64::from(cut.number),
            page: cut.page.map(i64::from),
            section: cut.section,
            hash: Sha256Digest::of(&cut.text).to_string(),
            body: cut.text,
        })
        .collect();
    let source = SourceRow {
        id: id.clone(),
        origin,
        edition,
        published: date,
        licence,
        trust: about.trust.number(),
        format: format.code().into(),
        hash,
        chars: rows.iter().map(|r| i64::try_from(r.body.chars().count()).unwrap_or(0)).sum(),
        imported_by: actor.id.to_string(),
        imported_ms: now_ms,
        trust_by: actor.id.to_string(),
        expires_ms,
        withdrawn_ms: None,
        title: title.clone(),
    };
    let act = event(actor, "ai_source", format!("Source importée : « {title} », {}.", about.trust.label()));
    app.store.add_ai_source(&source, &rows, &act).await?;
    Ok(id)
}

/// Says how far a document may be trusted, until when, and whether it is in use.
pub async fn assess(app: &App, actor: &Actor, id: &str, trust: Trust, expires: &str, in_use: bool) -> ApiResult<()> {
    let source = app.store.ai_source(id).await?.ok_or(ApiError::NotFound)?;
    let withdrawn_ms = if in_use { None } else { source.withdrawn_ms.or_else(|| Some(ambient::now_ms())) };
    let said = if in_use { trust.label() } else { "retirée" };
    let act = event(actor, "ai_source", format!("Source « {} » : {said}.", source.title));
    Ok(app.store.assess_ai_source(id, trust.number(), end_of(expires)?, withdrawn_ms, &act).await?)
}
