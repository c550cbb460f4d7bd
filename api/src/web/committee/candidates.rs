//! Candidates and their accommodations, brought by CSV.

use super::{At, Head, Pages, again, count, head, is_registry, matches, page_number, words};
use crate::ambient;
use crate::app::App;
use crate::auth::{Actor, Role};
use crate::error::{ApiError, ApiResult, Wrong};
use crate::exam::candidates::{self, Credential, import};
use crate::exam::draft;
use crate::web::filters::{date_time, thousands};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Multipart, Path, Query, State};
use axum::response::Response;
use docimo_engine::Exact;
use docimo_engine::attempt::Phase;
use docimo_store::delivery::Attempt;
use docimo_store::exams::Candidate;
use serde::Deserialize;

struct Line {
    href: String,
    number: String,
    name: String,
    site: String,
    accommodation: String,
    reference: String,
}

#[derive(Template)]
#[template(path = "committee/candidates.html")]
struct CandidatesPage {
    page: Layout,
    head: Head,
    may_import: bool,
    over: bool,
    title: String,
    wrong: Vec<Wrong>,
    search: String,
    total: String,
    accommodated: String,
    count: String,
    any: bool,
    lines: Vec<Line>,
    pages: Pages,
}

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
pub struct Search {
    #[serde(default)]
    mots: String,
    #[serde(default)]
    page: String,
}

const PAGE: usize = 200;

/// An accommodation in words; empty when there is none.
fn accommodation(factor: &str, extra_minutes: i64) -> String {
    let factor = factor.parse::<Exact>().unwrap_or(Exact::ONE);
    let mut parts = Vec::new();
    if factor == Exact::new(4, 3) {
        parts.push("tiers temps".to_owned());
    } else if factor != Exact::ONE {
        parts.push(format!("durée × {}", factor.french(3)));
    }
    if extra_minutes > 0 {
        parts.push(format!("+{extra_minutes}\u{a0}min"));
    }
    parts.join(", ")
}

async fn show(
    app: &App,
    actor: &Actor,
    id: &str,
    page: Layout,
    search: &Search,
    faults: Option<(String, Vec<Wrong>)>,
) -> ApiResult<CandidatesPage> {
    let exam = draft::exam(app, id).await?;
    let head = head(app, actor, &exam, At::Candidates).await?;
    let all = app.store.candidates(id).await?;
    let accommodated = all.iter().filter(|c| !accommodation(&c.factor, c.extra_minutes).is_empty()).count();
    let wanted = words(&search.mots);
    let any = !all.is_empty();
    let total = thousands(all.len());
    let found: Vec<Line> = all
        .into_iter()
        .map(|c| Line {
            href: format!("/examens/{id}/candidats/{}", c.person_id),
            accommodation: accommodation(&c.factor, c.extra_minutes),
            number: c.number,
            name: c.name,
            site: c.site_name,
            reference: c.reference,
        })
        .filter(|l| {
            matches(&wanted, &format!("{} {} {} {} {}", l.number, l.name, l.site, l.accommodation, l.reference))
        })
        .collect();
    let at = page_number(&search.page);
    let pages = Pages::new(found.len(), PAGE, at, &format!("?mots={}&", web::urlencode(&search.mots)));
    let (title, wrong) = faults.unwrap_or_default();
    Ok(CandidatesPage {
        page: page.titled(head.document()),
        head,
        may_import: is_registry(actor),
        over: matches!(exam.state.as_str(), "closed" | "marked" | "published"),
        title,
        wrong,
        search: search.mots.clone(),
        total,
        accommodated: thousands(accommodated),
        count: count(found.len(), "candidat", "candidats"),
        any,
        lines: found.into_iter().skip((at - 1) * PAGE).take(PAGE).collect(),
        pages,
    })
}

/// "Amphi A, rangée 3, place 12".
fn place(candidate: &Candidate) -> String {
    let room = Some(candidate.room.clone()).filter(|room| !room.is_empty());
    let row = candidate.seat_row.map(|n| format!("rangée {n}"));
    let seat = candidate.seat_column.map(|n| format!("place {n}"));
    [room, row, seat].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Everyone enrolled, and the form to bring more.
pub async fn candidates_page(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    Query(search): Query<Search>,
    page: Layout,
) -> ApiResult<Response> {
    web::page(&show(&app, &actor, &id, page, &search, None).await?)
}

struct SheetLine {
    section: String,
    state: &'static str,
    pill: &'static str,
    deadline: String,
    streams: i64,
    last_seen: String,
    attempt: String,
}

#[derive(Template)]
#[template(path = "committee/candidate.html")]
struct CandidatePage {
    page: Layout,
    head: Head,
    base: String,
    number: String,
    name: String,
    site: String,
    accommodation: String,
    place: String,
    reference: String,
    sheets: Vec<SheetLine>,
    can_remove: bool,
    can_renew: bool,
    can_read: bool,
    may_bring: bool,
    code: String,
}

async fn one(app: &App, actor: &Actor, (id, person): &(String, String), page: Layout) -> ApiResult<CandidatePage> {
    let exam = draft::exam(app, id).await?;
    let candidate = app.store.candidate(id, person).await?.ok_or(ApiError::NotFound)?;
    let paper = draft::paper(app, id).await?;
    let now_ms = ambient::now_ms();
    let attempts = app.store.attempts_of(id, person).await?;
    let line = |section: &docimo_engine::paper::Section| {
        let attempt = attempts.iter().find(|a| a.section_id == section.id.as_str());
        let times = attempt.map(|a| a.times(section.duration_minutes));
        let (state, pill) = match times.map(|t| t.phase(now_ms)) {
            None => ("Jamais ouverte", ""),
            Some(Phase::Waiting) => ("En attente", "pill--wait"),
            Some(Phase::Ready) => ("Prêt", "pill--wait"),
            Some(Phase::Running) => ("Compose", "pill--live"),
            Some(Phase::HandedIn) => ("Remise", "pill--done"),
            Some(Phase::Closed) => ("Close", "pill--done"),
        };
        SheetLine {
            section: section.title.clone(),
            state,
            pill,
            deadline: times.and_then(|t| t.deadline_ms()).map_or_else(|| "—".into(), date_time),
            attempt: attempt.map(|a| a.id.clone()).unwrap_or_default(),
            streams: attempt.map_or(0, |a| a.streams),
            last_seen: attempt.and_then(|a| a.last_seen_ms).map_or_else(|| "—".into(), date_time),
        }
    };
    let over = matches!(exam.state.as_str(), "closed" | "marked" | "published");
    let head = head(app, actor, &exam, At::Candidates)
        .await?
        .under(candidate.name.clone())
        .lead(format!("Candidat {}", candidate.number))
        .link(format!("/examens/{id}/candidats"), "Tous les candidats");
    let came = attempts.iter().any(Attempt::came);
    Ok(CandidatePage {
        can_read: came && super::is_committee(actor) && matches!(exam.state.as_str(), "marked" | "published"),
        page: page.titled(head.document()),
        head,
        base: format!("/examens/{id}/candidats/{person}"),
        accommodation: accommodation(&candidate.factor, candidate.extra_minutes),
        can_remove: is_registry(actor) && !over && !attempts.iter().any(Attempt::is_begun),
        may_bring: actor.is_any(&[Role::Committee, Role::Supervisor, Role::Administrator]),
        can_renew: *candidate.person_id != *actor.id,
        place: place(&candidate),
        number: candidate.number,
        name: candidate.name,
        site: candidate.site_name,
        reference: candidate.reference,
        sheets: paper.sections.iter().map(line).collect(),
        code: String::new(),
    })
}

/// One candidate: their accommodation, their sheets, what can be done for them.
pub async fn candidate_page(
    State(app): State<App>,
    actor: Actor,
    Path(place): Path<(String, String)>,
    page: Layout,
) -> ApiResult<Response> {
    web::page(&one(&app, &actor, &place, page).await?)
}

/// Gives a new access code and shows it, once.
pub async fn new_code(
    State(app): State<App>,
    actor: Actor,
    Path(place): Path<(String, String)>,
    page: Layout,
) -> ApiResult<Response> {
    let credential = candidates::new_code(&app, &actor, &place.0, &place.1).await?;
    let shown = one(&app, &actor, &place, page).await?;
    web::page(&CandidatePage { code: credential.code, ..shown })
}

/// Takes a candidate out of the exam.
pub async fn remove_candidate(
    State(app): State<App>,
    actor: Actor,
    Path((id, person)): Path<(String, String)>,
) -> ApiResult<Response> {
    candidates::remove(&app, &actor, &id, &person).await?;
    Ok(web::go(&format!("/examens/{id}/candidats"), "Candidat retiré de l’examen."))
}

#[derive(Template)]
#[template(path = "committee/codes.html")]
struct CodesPage {
    page: Layout,
    head: Head,
    made: String,
    known: usize,
    codes: Vec<Credential>,
}

/// Enrols the candidates of a file; shows the access codes once, or every fault.
pub async fn import_candidates(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    page: Layout,
    multipart: Multipart,
) -> ApiResult<Response> {
    let outcome = match file(multipart).await? {
        Some(bytes) => import(&app, &actor, &id, bytes).await,
        None => Err(ApiError::Invalid {
            title: "Aucun fichier n’a été choisi".into(),
            wrong: vec![Wrong { place: "fichier".into(), message: "choisissez un fichier CSV".into() }],
        }),
    };
    match outcome {
        Ok(codes) => {
            let exam = draft::exam(&app, &id).await?;
            let head = head(&app, &actor, &exam, At::Candidates).await?.under("Codes d’accès");
            let known = codes.iter().filter(|c| c.code.is_empty()).count();
            web::page(&CodesPage {
                page: page.titled(head.document()),
                head,
                made: count(codes.len(), "candidat inscrit", "candidats inscrits"),
                known,
                codes,
            })
        }
        Err(ApiError::Invalid { title, wrong }) => {
            again(&show(&app, &actor, &id, page, &Search::default(), Some((title, wrong))).await?)
        }
        Err(error) => Err(error),
    }
}

/// The bytes of the field `fichier`; `None` when it is empty.
async fn file(mut multipart: Multipart) -> ApiResult<Option<Vec<u8>>> {
    let unread = |_| ApiError::bad("Le fichier n’a pas été reçu en entier. Recommencez.");
    while let Some(field) = multipart.next_field().await.map_err(unread)? {
        if field.name() == Some("fichier") {
            let bytes = field.bytes().await.map_err(unread)?;
            return Ok((!bytes.is_empty()).then(|| bytes.to_vec()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accommodations_are_said_in_words() {
        assert_eq!(accommodation("4/3", 0), "tiers temps");
        assert_eq!(accommodation("3/2", 10), "durée × 1,5, +10\u{a0}min");
        assert_eq!(accommodation("1", 0), "");
    }
}
