//! What a student sees: own exams, the room, own correction.

mod drawing;
pub mod results;

pub use results::{results, sheet_page};

use super::layout::Layout;
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::error::ApiResult;
use crate::exam::doors::address::Client;
use crate::exam::{doors, room};
use crate::web::{self, filters};
use askama::Template;
use axum::extract::{OriginalUri, Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use docimo_engine::attempt::{Phase, Times};
use docimo_store::delivery::Attempt;
use docimo_store::exams::{Candidate, Exam, Sitting};

/// A section as its candidate sees it in a list.
pub struct SectionLine {
    /// Exam.
    pub exam_id: String,
    /// Title of the exam.
    pub exam_title: String,
    /// Section.
    pub id: String,
    /// Title.
    pub title: String,
    /// Own duration, extra time included, with the reason of it.
    pub duration: String,
    /// Shape of the state, in the design system.
    pub pill: &'static str,
    /// State, in words.
    pub state: &'static str,
    /// What else there is to say of it.
    pub note: String,
    /// What the button says; none where there is nothing to enter.
    pub enter: Option<&'static str>,
    /// Is it what to do now?
    pub now: bool,
}

/// An exam as its candidate sees it in a list.
pub struct ExamLine {
    /// Exam.
    pub id: String,
    /// Title.
    pub title: String,
    /// Candidate number.
    pub number: String,
    /// Where.
    pub site: String,
    /// Sections, once the paper is frozen.
    pub sections: Vec<SectionLine>,
    /// When results were published, if they were.
    pub published: Option<String>,
    /// Where else the exam stands.
    pub note: Option<&'static str>,
}

/// Every exam of a person, the newest first.
pub async fn exams_of(app: &App, actor: &Actor) -> ApiResult<Vec<ExamLine>> {
    let now_ms = ambient::now_ms();
    let mut lines = Vec::new();
    for exam in app.store.exams_of(&actor.id).await? {
        let Some(candidate) = app.store.candidate(&exam.id, &actor.id).await? else { continue };
        let mut sections = Vec::new();
        let mut came = false;
        if exam.frozen_ms.is_some() {
            let paper = app.frozen_paper(&exam.id).await?;
            let sittings = app.store.sittings(&exam.id).await?;
            let attempts = app.store.attempts_of(&exam.id, &actor.id).await?;
            came = attempts.iter().any(Attempt::came);
            for section in &paper.sections {
                let id = section.id.as_str();
                let own = attempts.iter().find(|a| a.section_id == id);
                let sitting = sittings.iter().find(|s| s.section_id == id && s.site_id == candidate.site_id);
                let sheet = own.cloned().unwrap_or_else(|| unopened(&exam, &candidate, id, sitting));
                let times = sheet.times(section.duration_minutes);
                sections.push(section_line(&exam, id, &section.title, &times, own.is_some(), now_ms));
            }
        }
        let note = match exam.state.as_str() {
            "published" if !came => {
                Some("Les résultats sont publiés. Vous n’avez ouvert aucune épreuve : vous êtes absent, sans note.")
            }
            "draft" => Some("Le sujet est en préparation. Vos épreuves apparaîtront ici."),
            "closed" | "marked" => {
                Some("Les copies sont en cours de notation. Les résultats paraîtront ici, pour tous en même temps.")
            }
            _ => None,
        };
        lines.push(ExamLine {
            published: exam.published_ms.filter(|_| came).map(filters::date_time),
            id: exam.id,
            title: exam.title,
            number: candidate.number,
            site: candidate.site_name,
            sections,
            note,
        });
    }
    Ok(lines)
}

/// The sheet that a candidate would have if they came now.
fn unopened(exam: &Exam, candidate: &Candidate, section_id: &str, sitting: Option<&Sitting>) -> Attempt {
    Attempt {
        id: String::new(),
        exam_id: exam.id.clone(),
        site_id: candidate.site_id.clone(),
        person_id: candidate.person_id.clone(),
        section_id: section_id.to_owned(),
        seed: 0,
        started_ms: None,
        handed_in_ms: None,
        extension_ms: 0,
        compensation_ms: 0,
        streams: 0,
        last_seen_ms: None,
        start_mode: exam.start_mode.clone(),
        grace_ms: exam.grace_ms,
        exam_state: exam.state.clone(),
        opened_ms: sitting.and_then(|s| s.opened_ms),
        closed_ms: sitting.and_then(|s| s.closed_ms),
        site_compensation_ms: sitting.map_or(0, |s| s.compensation_ms),
        number: candidate.number.clone(),
        factor: candidate.factor.clone(),
        extra_minutes: candidate.extra_minutes,
    }
}

fn minutes(ms: i64) -> String {
    filters::duration(u32::try_from(ms / 60_000).unwrap_or(0))
}

fn section_line(exam: &Exam, id: &str, title: &str, times: &Times, came: bool, now_ms: i64) -> SectionLine {
    let over = matches!(exam.state.as_str(), "closed" | "marked" | "published");
    let phase = match times.phase(now_ms) {
        Phase::HandedIn => Phase::HandedIn,
        _ if over => Phase::Closed,
        phase => phase,
    };
    let left_ms = times.deadline_ms().map_or(0, |deadline| deadline - now_ms);
    let (pill, state, note, enter) = match phase {
        Phase::Waiting => {
            ("wait", "À venir", "Vous pouvez déjà entrer en salle d’attente.".into(), Some("Entrer en salle"))
        }
        Phase::Ready => {
            ("live", "Ouverte", "Votre temps courra quand vous commencerez.".into(), Some("Entrer en salle"))
        }
        Phase::Running if left_ms < 60_000 => {
            ("live", "En cours", "Il reste moins d’une minute.".into(), Some("Entrer en salle"))
        }
        Phase::Running => {
            let enter = if came { "Revenir en salle" } else { "Entrer en salle" };
            ("live", "En cours", format!("Il reste {}.", minutes(left_ms)), Some(enter))
        }
        Phase::HandedIn => {
            let at = times.handed_in_ms.map(filters::date_time).unwrap_or_default();
            ("done", "Copie remise", format!("Reçue le {at}."), None)
        }
        // A sheet whose last answers wait on this machine must be able to send them.
        Phase::Closed => {
            let note = if came { "Votre temps est écoulé." } else { "Vous n’êtes pas entré en salle." };
            ("done", "Terminée", note.into(), (came && !over).then_some("Revenir en salle"))
        }
    };
    let allowance = times.allowance;
    let extra_ms = allowance.total_ms() - allowance.duration_ms;
    let duration = if extra_ms > 0 {
        format!("{}, dont {} de temps supplémentaire", minutes(allowance.total_ms()), minutes(extra_ms))
    } else {
        minutes(allowance.total_ms())
    };
    SectionLine {
        exam_id: exam.id.clone(),
        exam_title: exam.title.clone(),
        id: id.to_owned(),
        title: title.to_owned(),
        duration,
        pill,
        state,
        note,
        enter,
        now: matches!(phase, Phase::Ready | Phase::Running),
    }
}

#[derive(Template)]
#[template(path = "student/exams.html")]
struct ExamsPage {
    page: Layout,
    exams: Vec<ExamLine>,
}

/// Own exams and their sections.
pub async fn exams(State(app): State<App>, actor: Actor, page: Layout) -> ApiResult<Response> {
    let exams = exams_of(&app, &actor).await?;
    web::page(&ExamsPage { page: page.titled("Mes épreuves"), exams })
}

/// Enters the room of a section.
pub async fn enter(
    State(app): State<App>,
    actor: Actor,
    client: Client,
    Path((exam, section)): Path<(String, String)>,
) -> ApiResult<Response> {
    doors::enter(&app, &actor, &client, &exam, &section).await?;
    let attempt = room::enter(&app, &actor, &exam, &section).await?;
    Ok(Redirect::to(&format!("/epreuves/{attempt}")).into_response())
}

#[derive(Template)]
#[template(path = "student/room.html")]
struct RoomPage {
    page: Layout,
    attempt: String,
    section: String,
    /// Where the page has to say which browser it is in: the link that opens the right one, empty where any
    /// configuration will do.
    browser: Option<String>,
}

/// The shell of the exam room; its script does the rest.
pub async fn room(
    State(app): State<App>,
    actor: Actor,
    client: Client,
    Path(attempt): Path<String>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    page: Layout,
) -> ApiResult<Response> {
    let (attempt, section, _) = room::own_attempt(&app, &actor, &attempt).await?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    doors::headers(&app, &actor, &client, &attempt, &headers, path).await?;
    let browser = doors::settings::of(&app, &attempt.exam_id).await?;
    let browser = browser.map(|own| own.launch(&client.base, &attempt.exam_id).unwrap_or_default());
    let page = page.titled(section.title.clone());
    web::page(&RoomPage { page, attempt: attempt.id, section: section.title.clone(), browser })
}

#[cfg(test)]
mod tests {
    use super::*;
    use docimo_engine::deadline::TimeAllowance;

    fn exam(state: &str) -> Exam {
        Exam {
            id: "e".into(),
            title: "Examen".into(),
            state: state.into(),
            start_mode: "common".into(),
            grace_ms: 0,
            instructions: String::new(),
            paper_hash: None,
            frozen_ms: Some(0),
            published_ms: None,
            published_version: None,
            created_ms: 0,
            created_by: String::new(),
            offline_parts: 1,
        }
    }

    #[test]
    fn a_section_says_what_its_candidate_may_do() {
        let allowance =
            TimeAllowance { duration_ms: 90 * 60_000, accommodation_ms: 30 * 60_000, ..TimeAllowance::default() };
        let times = |opened, started, closed, handed| Times {
            opened_ms: opened,
            started_ms: started,
            closed_ms: closed,
            handed_in_ms: handed,
            allowance,
        };
        let line = |state, times: Times, came| section_line(&exam(state), "s1", "QI", &times, came, 60 * 60_000);
        let waiting = line("frozen", times(None, None, None, None), false);
        assert_eq!((waiting.state, waiting.enter.is_some(), waiting.now), ("À venir", true, false));
        let running = line("open", times(Some(0), Some(0), None, None), true);
        assert_eq!((running.note.as_str(), running.enter), ("Il reste 1 h.", Some("Revenir en salle")));
        assert_eq!(running.duration, "2 h, dont 30 min de temps supplémentaire");
        let closed = line("open", times(Some(0), Some(0), Some(1), None), true);
        assert_eq!((closed.state, closed.enter), ("Terminée", Some("Revenir en salle")));
        let marked = line("marked", times(Some(0), Some(0), Some(1), None), true);
        assert_eq!((marked.state, marked.enter), ("Terminée", None));
        let handed = line("open", times(Some(0), Some(0), None, Some(5)), true);
        assert_eq!((handed.state, handed.now), ("Copie remise", false));
    }
}
