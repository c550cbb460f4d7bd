//! What is done from the list and from a candidate's page.

use super::back;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::exam::life;
use crate::exam::supervision::clocks::{self, StopForm};
use crate::exam::supervision::machines::{self, Keep};
use crate::exam::supervision::messages::{self, MessageForm};
use crate::exam::supervision::time::{self, Given, TimeForm};
use crate::web::committee::Fields;
use crate::web::filters::time as hour;
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::response::Response;

/// Site and room of a form: two fields, or one that holds both.
fn place(fields: &Fields) -> (String, String) {
    let both = fields.get("place");
    let (site, room) = both.split_once('|').unwrap_or((both, ""));
    let or = |own: &str, other: &str| if own.is_empty() { other.to_owned() } else { own.to_owned() };
    (or(fields.get("site"), site), or(fields.get("room"), room))
}

/// Gives time to a candidate, a room or a site.
pub async fn give_time(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let (site, room) = place(&fields);
    let form = TimeForm {
        section: fields.get("section").to_owned(),
        attempt: fields.get("attempt").to_owned(),
        site,
        room,
        kind: fields.get("kind").to_owned(),
        minutes: fields.number("minutes", "minutes")?,
        reason: fields.get("reason").to_owned(),
    };
    let message = match time::give(&app, &actor, &id, &form).await? {
        Given::Given => {
            format!("{}\u{a0}min données. Les horloges des candidats concernés avancent d’elles-mêmes.", form.minutes)
        }
        Given::Pending => format!("{}\u{a0}min demandées\u{a0}: le comité doit les approuver.", form.minutes),
        Given::Noted => "Incident enregistré.".into(),
    };
    Ok(web::go(&back(&id, &form.section, &form.attempt), message))
}

/// Approves or refuses time that was asked for.
pub async fn decide_time(
    State(app): State<App>,
    actor: Actor,
    Path((id, grant)): Path<(String, String)>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let approve = fields.get("decision") == "approve";
    time::decide(&app, &actor, &id, &grant, approve).await?;
    let message = if approve { "Temps approuvé\u{a0}: les horloges avancent." } else { "Temps refusé." };
    Ok(web::go(&back(&id, fields.get("section"), ""), message))
}

/// Stops clocks, or lets them run again.
pub async fn turn_clocks(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let (site, room) = place(&fields);
    let form = StopForm {
        // An alarm is for whoever is there, whichever section they sit.
        section: if fields.get("cause") == "alarm" { String::new() } else { fields.get("section").to_owned() },
        site,
        room,
        attempt: fields.get("attempt").to_owned(),
        cause: fields.get("cause").to_owned(),
        reason: fields.get("reason").to_owned(),
    };
    let message = match fields.get("act") {
        "stop" => {
            clocks::stop(&app, &actor, &id, &form).await?;
            "Horloges arrêtées\u{a0}: les écrans sont masqués, les réponses sont enregistrées."
        }
        "resume" => {
            clocks::resume(&app, &actor, &id, &form).await?;
            "Horloges relancées\u{a0}: le temps arrêté est rendu."
        }
        _ => return Err(ApiError::wrong("action", "Choisissez d’arrêter ou de relancer.")),
    };
    Ok(web::go(&back(&id, fields.get("section"), &form.attempt), message))
}

/// Says something to candidates.
pub async fn message(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let (site, room) = place(&fields);
    let form = MessageForm {
        section: fields.get("section").to_owned(),
        site,
        room,
        attempt: fields.get("attempt").to_owned(),
        text: fields.get("text").to_owned(),
    };
    messages::say(&app, &actor, &id, &form).await?;
    Ok(web::go(&back(&id, &form.section, &form.attempt), "Message envoyé aux écrans."))
}

/// Gives a sheet back to its candidate.
pub async fn reopen(
    State(app): State<App>,
    actor: Actor,
    Path(attempt): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let exam = life::reopen(&app, &actor, &attempt, fields.get("reason")).await?;
    let path = match fields.get("section") {
        "" => format!("/examens/{exam}"),
        section => back(&exam, section, &attempt),
    };
    Ok(web::go(&path, "Copie rendue au candidat."))
}

/// Sets a sheet free.
pub async fn unlock(
    State(app): State<App>,
    actor: Actor,
    Path(attempt): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let sheet = machines::unlock(&app, &actor, &attempt, Fields::read(&body).get("reason")).await?;
    let path = back(&sheet.exam_id, &sheet.section_id, &attempt);
    Ok(web::go(&path, "Copie débloquée\u{a0}: la prochaine page ouverte répond."))
}

/// Decides between two sessions.
pub async fn settle(
    State(app): State<App>,
    actor: Actor,
    Path(attempt): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let keep = match Fields::read(&body).get("keep") {
        "new" => Keep::New,
        "old" => Keep::Old,
        _ => return Err(ApiError::wrong("session", "Choisissez la nouvelle ou l’ancienne.")),
    };
    let sheet = machines::settle(&app, &actor, &attempt, keep).await?;
    let path = back(&sheet.exam_id, &sheet.section_id, &attempt);
    Ok(web::go(&path, "C’est décidé\u{a0}: l’autre session est terminée."))
}

#[derive(Template)]
#[template(path = "supervision/move.html")]
struct MovePage {
    page: Layout,
    number: String,
    code: String,
    until: String,
    back: String,
}

/// Makes the code that moves a candidate to another machine, and shows it.
pub async fn move_code(
    State(app): State<App>,
    actor: Actor,
    Path(attempt): Path<String>,
    page: Layout,
) -> ApiResult<Response> {
    let made = machines::move_code(&app, &actor, &attempt).await?;
    let (exam, section) = &made.place;
    web::page(&MovePage {
        page: page.titled("Changement de machine"),
        back: back(exam, section, &attempt),
        number: made.number,
        code: made.code,
        until: hour(made.expires_ms),
    })
}
