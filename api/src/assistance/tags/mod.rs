//! Tags proposed of many questions at once, and what people decide of them.
//!
//! What is asked ([`ask`]) goes into the queue of the assistance and is worked on in slices, without any model; what a
//! named person takes ([`decide`]) is written as tags always are, in a new revision, by an operation that can be undone;
//! what people validated teaches ([`learn`]); how often the machine is right is counted ([`figures`]).

pub mod ask;
pub mod decide;
pub mod figures;
pub mod learn;
mod shelf;

pub use shelf::{Kept, Shelf};

use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::bank::event;
use crate::error::{ApiError, ApiResult};
use docimo_ai::proposal::Function;
use docimo_store::ai::Switch;
use docimo_store::ai::tags::TagRule;

/// The function of this room.
pub const TAGGING: Function = Function::Tagging;

/// Thresholds that the committee may set, in thousandths.
pub const THRESHOLDS: std::ops::RangeInclusive<i64> = 500..=1000;

/// A decision of the committee on tagging, as someone records it.
#[derive(Clone, Debug)]
pub struct Ruling {
    /// On, or off at once.
    pub enabled: bool,
    /// Minutes, date, number.
    pub reference: String,
    /// Questions a person may ask for in 24 hours.
    pub person_daily: u32,
    /// Questions everyone may ask for in 24 hours.
    pub daily: u32,
    /// From which confidence several may be accepted at once, in thousandths; `None`: one by one only.
    pub threshold: Option<i64>,
    /// May a language model put the first candidates in its own order, where one is configured?
    pub rerank: bool,
}

/// Records a decision; off, everything that runs or waits is stopped. Gives how many requests were.
pub async fn rule(app: &App, actor: &Actor, ruling: &Ruling) -> ApiResult<u64> {
    let reference = docimo_ai::sources::visible(&ruling.reference);
    if !(5..=500).contains(&reference.chars().count()) {
        return Err(ApiError::wrong(
            "référence",
            "Référence de la décision : par exemple « séance du 3 mars 2027, point 4 » (5 à 500 caractères).",
        ));
    }
    let most = crate::assistance::governance::MOST_DAILY;
    if ruling.person_daily > most || ruling.daily > most {
        return Err(ApiError::wrong("limites", format!("Limites : {most} questions par jour au plus.")));
    }
    if ruling.threshold.is_some_and(|t| !THRESHOLDS.contains(&t)) {
        return Err(ApiError::wrong("seuil", "Seuil d’acceptation groupée : de 50 à 100 %, ou rien pour l’interdire."));
    }
    let now_ms = ambient::now_ms();
    let known = app.store.tag_rules().await?.first().map_or((None, false), |r| (r.threshold, r.rerank == 1));
    if known != (ruling.threshold, ruling.rerank) {
        let said = match ruling.threshold {
            Some(t) => format!("permise à partir de {} %", t as f64 / 10.0),
            None => "interdite".to_owned(),
        };
        let order = if ruling.rerank { "permis" } else { "interdit" };
        let act = event(
            actor,
            "ai_tag_rule",
            format!(
                "IA, acceptation groupée d’étiquettes : {said} ; reclassement par un modèle : {order} ({reference})."
            ),
        );
        let rule = TagRule {
            id: ambient::fresh_id(now_ms),
            threshold: ruling.threshold,
            rerank: i64::from(ruling.rerank),
            reference: reference.clone(),
            author_id: actor.id.to_string(),
            at_ms: now_ms,
        };
        app.store.set_tag_rule(&rule, &act).await?;
    }
    let said = if ruling.enabled { "mise en service" } else { "arrêtée" };
    let act = event(actor, "ai_switch", format!("IA, {} : {said} ({reference}).", TAGGING.label()));
    let switch = Switch {
        id: ambient::fresh_id(now_ms),
        function: TAGGING.code().into(),
        enabled: i64::from(ruling.enabled),
        person_daily: ruling.person_daily.into(),
        daily: ruling.daily.into(),
        author_id: actor.id.to_string(),
        at_ms: now_ms,
        reference,
    };
    Ok(app.store.set_ai_switch(&switch, "fonction arrêtée par le comité", &act).await?)
}
