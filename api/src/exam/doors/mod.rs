//! The doors of an exam: which browser it asks for, from which addresses its sites are entered, who is refused and who
//! is let through all the same.
//!
//! Reading order: [`address`] (ranges, where a request comes from), [`settings`] (what a committee decides), this file
//! (the decision at the door). Whoever composes goes on: a page that is open saves whatever becomes of its browser; what
//! a door refuses is to load the paper anew.

pub mod address;
pub mod settings;

use super::seb::keys::{self, Presented, Verdict};
use super::{checked_reason, event};
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::exam::supervision::reach;
use address::Client;
use axum::http::HeaderMap;
use docimo_engine::attempt::Phase;
use docimo_store::delivery::Attempt;
use docimo_store::doors::{Door, NewRefusal, Refusal};
use serde::Deserialize;
use utoipa::ToSchema;

/// Kinds of doors, as they are kept.
const BROWSER: &str = "browser";
const ADDRESS: &str = "address";

const OTHER_BROWSER: &str = "Cette épreuve se passe dans Safe Exam Browser, ouvert par le lien de l’épreuve. Fermez ce \
    navigateur et ouvrez ce lien ; si vous y êtes déjà, appelez un surveillant, qui peut vous laisser entrer.";
const OTHER_BROWSER_AGAIN: &str = "Cette épreuve se passe dans Safe Exam Browser. Ce qui était enregistré l’est toujours, \
    et ce qui attend sur cet ordinateur y reste. Appelez un surveillant : dès qu’il vous laisse entrer, l’épreuve reprend ici.";

/// The hash of a session, as doors keep it: of a bearer or of a cookie.
fn session(actor: &Actor) -> &str {
    &actor.token_hash
}

async fn door(app: &App, actor: &Actor, exam_id: &str, attempt_id: &str) -> ApiResult<Door> {
    app.store.door(exam_id, &actor.id, attempt_id, session(actor)).await?.ok_or(ApiError::NotFound)
}

/// Is this an address of their site? Who is refused is told which site, and supervisors are.
async fn by_address(
    app: &App,
    actor: &Actor,
    client: &Client,
    exam_id: &str,
    door: &Door,
    composing: bool,
) -> ApiResult<()> {
    if door.ranges.is_empty() || door.address_waived > 0 || composing {
        return Ok(());
    }
    let ranges = address::ranges(&door.ranges).unwrap_or_default();
    if client.address.is_some_and(|own| ranges.iter().any(|range| range.contains(own))) {
        return Ok(());
    }
    let from = client.address.map_or_else(|| "adresse inconnue".to_owned(), |own| format!("adresse {own}"));
    refuse(app, actor, exam_id, ADDRESS, (&from, false), composing).await?;
    Err(ApiError::NotAdmitted(format!(
        "Cette épreuve se passe au centre « {} », depuis ses ordinateurs ou son réseau ; vous êtes ailleurs ({from}). \
         Allez dans votre centre ; si vous y êtes, appelez un surveillant, qui peut vous laisser entrer.",
        door.site_name
    )))
}

async fn refuse(
    app: &App,
    actor: &Actor,
    exam_id: &str,
    kind: &str,
    (detail, keeps_detail): (&str, bool),
    composing: bool,
) -> ApiResult<()> {
    let at_ms = ambient::now_ms();
    let refusal = NewRefusal { exam_id, person_id: &actor.id, kind, at_ms, detail, composing, keeps_detail };
    Ok(app.store.refuse(refusal).await?)
}

/// The door of an exam, before a candidate has a sheet of a section: the address. Those who compose already pass.
pub async fn enter(app: &App, actor: &Actor, client: &Client, exam_id: &str, section: &str) -> ApiResult<()> {
    // Who is no candidate is told so by the room itself.
    let Some(door) = app.store.door(exam_id, &actor.id, "", session(actor)).await? else { return Ok(()) };
    if door.ranges.is_empty() {
        return Ok(());
    }
    let own = app.store.attempts_of(exam_id, &actor.id).await?;
    let composing = own.iter().any(|a| a.section_id == section && a.came());
    by_address(app, actor, client, exam_id, &door, composing).await
}

/// The door of a room: address and browser. To be passed whenever the paper is loaded, never to save. `minutes` is how
/// long its section lasts: once it is over, a page that comes back brings answers and sees no question.
pub async fn admit(app: &App, actor: &Actor, client: &Client, attempt: &Attempt, minutes: u32) -> ApiResult<()> {
    let door = door(app, actor, &attempt.exam_id, &attempt.id).await?;
    let composing = attempt.came();
    by_address(app, actor, client, &attempt.exam_id, &door, composing).await?;
    let over = matches!(attempt.times(minutes).phase(ambient::now_ms()), Phase::HandedIn | Phase::Closed);
    if door.browser == 0 || door.admitted > 0 || door.browser_waived > 0 || over {
        return Ok(());
    }
    // What the page said of its browser, if it did, says more.
    refuse(app, actor, &attempt.exam_id, BROWSER, (Verdict::Absent.french(), true), composing).await?;
    Err(ApiError::NotAdmitted(if composing { OTHER_BROWSER_AGAIN } else { OTHER_BROWSER }.to_owned()))
}

/// The door before the keys of a sealed paper: passed by a page that was let in once, whatever was decided since.
pub async fn go_on(app: &App, actor: &Actor, attempt: &Attempt, minutes: u32) -> ApiResult<()> {
    let door = door(app, actor, &attempt.exam_id, &attempt.id).await?;
    let over = matches!(attempt.times(minutes).phase(ambient::now_ms()), Phase::HandedIn | Phase::Closed);
    if door.browser == 0 || door.once > 0 || door.browser_waived > 0 || over {
        return Ok(());
    }
    Err(ApiError::NotAdmitted(OTHER_BROWSER.to_owned()))
}

/// What a page read of the browser it is in.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct BrowserForm {
    /// The page's own address.
    pub url: String,
    /// `SafeExamBrowser.security.configKey`.
    #[serde(default)]
    pub config_key: String,
    /// `SafeExamBrowser.security.browserExamKey`.
    #[serde(default)]
    pub browser_exam_key: String,
}

/// The address of the room of a sheet.
fn room_of(base: &str, attempt_id: &str) -> String {
    format!("{base}/epreuves/{attempt_id}")
}

/// Looks at what a page read of its browser; `None` where the exam asks for none.
pub async fn present(
    app: &App,
    actor: &Actor,
    client: &Client,
    attempt: &Attempt,
    form: &BrowserForm,
) -> ApiResult<Option<Verdict>> {
    let own = room_of(&client.base, &attempt.id);
    let page = form.url.split(['#', '?']).next().unwrap_or_default();
    if !page.eq_ignore_ascii_case(&own) {
        return Err(ApiError::wrong("adresse", "Cette page n’est pas celle de votre épreuve : rechargez-la."));
    }
    let said = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
    let presented =
        Presented { url: form.url.clone(), config_key: said(&form.config_key), exam_key: said(&form.browser_exam_key) };
    look(app, actor, client, attempt, &presented).await
}

/// Looks at what a request for the page of a room has in its headers; nothing is decided without any.
pub async fn headers(
    app: &App,
    actor: &Actor,
    client: &Client,
    attempt: &Attempt,
    headers: &HeaderMap,
    path_and_query: &str,
) -> ApiResult<()> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let (config_key, exam_key) = (text(keys::CONFIG_KEY_HEADER), text(keys::EXAM_KEY_HEADER));
    if config_key.is_none() && exam_key.is_none() {
        return Ok(());
    }
    let presented = Presented { url: format!("{}{path_and_query}", client.base), config_key, exam_key };
    look(app, actor, client, attempt, &presented).await.map(drop)
}

async fn look(
    app: &App,
    actor: &Actor,
    client: &Client,
    attempt: &Attempt,
    presented: &Presented,
) -> ApiResult<Option<Verdict>> {
    let Some(settings) = settings::of(app, &attempt.exam_id).await? else { return Ok(None) };
    let verdict = keys::judge(&settings.wanted(&client.base)?, presented);
    if verdict == Verdict::Right {
        let now_ms = ambient::now_ms();
        app.store.admit_browser(&attempt.exam_id, &actor.id, &attempt.id, session(actor), now_ms).await?;
    } else {
        refuse(app, actor, &attempt.exam_id, BROWSER, (verdict.french(), false), attempt.came()).await?;
    }
    Ok(Some(verdict))
}

/// Who was refused, the latest first.
pub async fn refusals(app: &App, actor: &Actor, exam_id: &str) -> ApiResult<Vec<Refusal>> {
    super::draft::exam(app, exam_id).await?;
    let reach = reach(app, actor, exam_id).await?;
    let mut refusals = app.store.refusals(exam_id).await?;
    refusals.retain(|r| reach.holds(&r.site_id));
    Ok(refusals)
}

/// A candidate let through.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct WaiverForm {
    /// Candidate number.
    pub number: String,
    /// `browser` or `address`.
    pub kind: String,
    /// Why; it stays in the exam's journal.
    pub reason: String,
}

/// Lets a candidate through a door, for good, by name and with a reason.
pub async fn waive(app: &App, actor: &Actor, exam_id: &str, form: &WaiverForm) -> ApiResult<()> {
    let what = match form.kind.as_str() {
        BROWSER => "sans le navigateur demandé",
        ADDRESS => "depuis une autre adresse",
        _ => return Err(ApiError::wrong("porte", "Choisissez le navigateur ou l’adresse.")),
    };
    checked_reason(&form.reason, "il reste au journal de l’examen")?;
    let exam = super::draft::exam(app, exam_id).await?;
    if matches!(exam.state.as_str(), "closed" | "marked" | "published") {
        return Err(ApiError::Conflict("L’examen est terminé : plus personne n’y entre.".into()));
    }
    let number = form.number.trim();
    let candidates = super::candidates::list(app, actor, exam_id).await?;
    let candidate = candidates.iter().find(|c| c.number == number);
    let candidate =
        candidate.ok_or_else(|| ApiError::wrong("candidat", format!("Aucun candidat n’a le numéro « {number} ».")))?;
    let detail = format!("{} ({}) entre {what} : {}", candidate.name, candidate.number, form.reason.trim());
    let done = event(actor, exam_id, "let_in", detail);
    app.store.waive(exam_id, &candidate.person_id, &form.kind, &actor.id, form.reason.trim(), &done).await.map_err(
        |error| match error {
            docimo_store::StoreError::Conflict => ApiError::Conflict("Ce candidat peut déjà entrer ainsi.".into()),
            other => other.into(),
        },
    )
}
