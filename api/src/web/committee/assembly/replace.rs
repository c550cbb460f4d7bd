//! What could come in the place of a question, and what each would do to the table.

use super::panel::Stated;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::exam::assembly::beside::{self, Offer, Offers};
use crate::exam::assembly::{self, take};
use crate::exam::draft;
use crate::web::committee::{At, Fields, Head, head, segment};
use crate::web::filters::{capital, float};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::response::Response;

struct Effect {
    label: String,
    before: String,
    after: Stated,
}

struct OfferLine {
    entry: String,
    external_id: String,
    kind: String,
    title: String,
    questions: u32,
    minutes: String,
    used: String,
    exposed: bool,
    value: String,
    verdict: &'static str,
    badge: &'static str,
    broken: Vec<String>,
    moved: Vec<Effect>,
}

#[derive(Template)]
#[template(path = "committee/replace.html")]
struct ReplacePage {
    page: Layout,
    head: Head,
    element: String,
    action: String,
    table: String,
    faults: Vec<String>,
    value: String,
    offers: Vec<OfferLine>,
    has_table: bool,
}

fn offer_line(offer: Offer, before: f64) -> OfferLine {
    let (verdict, badge) = match offer.excess {
        e if e <= 1e-9 => ("table respectée", "badge badge--success"),
        e if e <= before + 1e-9 => ("pas plus d’écarts", "badge"),
        _ => ("plus d’écarts", "badge badge--warning"),
    };
    OfferLine {
        entry: offer.entry.id,
        kind: offer.entry.kind,
        title: offer.entry.title,
        external_id: offer.external_id,
        questions: offer.questions,
        minutes: float(Some(offer.minutes), 1),
        used: offer.last_used.unwrap_or_else(|| "—".into()),
        exposed: offer.exposed,
        value: float(offer.value, 3),
        verdict,
        badge,
        broken: offer.broken.iter().map(|l| capital(l)).collect(),
        moved: offer
            .moved
            .iter()
            .map(|m| Effect {
                label: capital(&m.after.label),
                before: m.before.got_text.clone(),
                after: Stated::of(&m.after),
            })
            .collect(),
    }
}

/// What could replace an element.
pub async fn replace_page(
    State(app): State<App>,
    actor: Actor,
    Path((id, section, element)): Path<(String, String, String)>,
    page: Layout,
) -> ApiResult<Response> {
    let exam = draft::exam(&app, &id).await?;
    if exam.state != "draft" {
        return Err(ApiError::Conflict("Le sujet est figé\u{a0}: il ne peut plus changer.".into()));
    }
    let paper = draft::paper(&app, &id).await?;
    paper.section(&section).ok_or(ApiError::NotFound)?;
    let head = head(&app, &actor, &exam, At::Paper)
        .await?
        .under(format!("Remplacer {element}"))
        .lead("Ce que la banque peut mettre à sa place, de ce qui écarte le moins le sujet de sa table à ce qui l’en écarte le plus.")
        .link(format!("/examens/{id}/sujet"), "Revenir au sujet");
    let table = assembly::of(&app, &id).await?;
    let found = match &table {
        None => Ok(Offers { excess: 0.0, value: None, offers: Vec::new() }),
        Some(table) => beside::replacements(&app, &actor, &id, table, &paper, (&section, &element)).await?,
    };
    let (faults, found) = match found {
        Ok(found) => (Vec::new(), found),
        Err(faults) => {
            let told = faults.iter().map(ToString::to_string).collect();
            (told, Offers { excess: 0.0, value: None, offers: Vec::new() })
        }
    };
    let before = found.excess;
    web::page(&ReplacePage {
        page: page.titled(head.document()),
        head,
        action: format!("/examens/{id}/sections/{}/elements/{}/remplacer", segment(&section), segment(&element)),
        table: format!("/examens/{id}/table"),
        faults,
        value: found.value.map_or_else(String::new, |v| float(Some(v), 3)),
        offers: found.offers.into_iter().map(|offer| offer_line(offer, before)).collect(),
        has_table: table.is_some(),
        element,
    })
}

/// Puts another entry in its place.
pub async fn replace(
    State(app): State<App>,
    actor: Actor,
    Path((id, section, element)): Path<(String, String, String)>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    take::replace(&app, &actor, &id, (&section, &element), fields.get("entry")).await?;
    let message = format!("« {element} » remplacé.");
    Ok(web::go(&format!("/examens/{id}/sujet#epreuve-{}", segment(&section)), message))
}
