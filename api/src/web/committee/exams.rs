//! List of exams with what to do next, overview of one, journal.

use super::{At, Head, count, head, is_committee, is_registry, is_room_staff, pill, segment};
use crate::app::App;
use crate::auth::Actor;
use crate::error::ApiResult;
use crate::exam::draft;
use crate::exam::life;
use crate::exam::state_french;
use crate::markdown;
use crate::web::filters::{date_time, duration, iso, thousands, time};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use docimo_engine::check;
use docimo_engine::paper::{Paper, RankAFilter};
use docimo_store::exams::Exam;

/// The one thing to do next.
pub(crate) struct Next {
    pub(crate) label: &'static str,
    pub(crate) why: String,
    pub(crate) href: String,
    /// A form to send, rather than a link.
    pub(crate) post: bool,
}

/// What there is to do next in an exam, for this person; `None` when it is someone else's turn.
fn next_action(actor: &Actor, exam: &Exam, paper: &Paper, candidates: i64, versions: usize) -> Option<Next> {
    let base = format!("/examens/{}", exam.id);
    let link = |label, path: &str, why: &str| {
        Some(Next { label, why: why.into(), href: format!("{base}{path}"), post: false })
    };
    let (committee, registry) = (is_committee(actor), is_registry(actor));
    match exam.state.as_str() {
        "draft" if !committee => (registry && candidates == 0)
            .then(|| link("Importer les candidats", "/candidats", "Aucun candidat n’est inscrit."))
            .flatten(),
        "draft" if paper.questions().next().is_none() => {
            link("Composer le sujet", "/sujet", "Le sujet n’a pas encore de question.")
        }
        "draft" if check::refused(&check::paper(paper)) => {
            link("Corriger le sujet", "/sujet#defauts", "Des défauts empêchent de figer le sujet.")
        }
        "draft" => link(
            "Relire et figer le sujet",
            "/sujet#figer",
            "Le sujet est complet\u{a0}: figez-le pour pouvoir l’ouvrir.",
        ),
        "frozen" if candidates == 0 && registry => {
            link("Importer les candidats", "/candidats", "Le sujet est figé\u{202f}; aucun candidat n’est inscrit.")
        }
        "frozen" if committee => {
            link("Ouvrir l’épreuve", "/centres", "Le sujet est figé et les candidats sont inscrits.")
        }
        "open" if is_room_staff(actor) => paper.sections.first().and_then(|s| {
            link("Suivre l’épreuve", &format!("/suivi/{}", segment(s.id.as_str())), "L’épreuve est en cours.")
        }),
        "closed" if committee => Some(Next {
            label: "Noter l’examen",
            why: "L’examen est terminé\u{a0}: les copies attendent la première notation.".into(),
            href: format!("{base}/noter"),
            post: true,
        }),
        "marked" if committee => link(
            "Examiner les notes",
            "/notation",
            "L’examen est noté\u{a0}: étudiez les questions signalées, décidez, puis publiez.",
        ),
        "published" if committee && exam.published_version.unwrap_or(0) < versions as i64 => link(
            "Publier la nouvelle version",
            "/resultats#publier",
            "Des décisions ont été prises depuis la publication\u{a0}: les étudiants voient encore l’ancienne version.",
        ),
        "marked" | "published" if registry => {
            link("Voir les résultats", "/resultats", "Les résultats peuvent être exportés.")
        }
        _ => None,
    }
}

struct Line {
    href: String,
    title: String,
    facts: String,
    state: &'static str,
    pill: &'static str,
    next: Option<Next>,
}

#[derive(Template)]
#[template(path = "committee/list.html")]
struct ListPage {
    page: Layout,
    can_create: bool,
    exams: Vec<Line>,
}

/// Every exam with its next action.
pub async fn list(State(app): State<App>, actor: Actor, page: Layout) -> ApiResult<Response> {
    let mut exams = Vec::new();
    for exam in app.store.exams().await? {
        let paper = draft::paper(&app, &exam.id).await?;
        let candidates = app.store.count_candidates(&exam.id).await?;
        let versions = if exam.state == "published" { app.store.ledger(&exam.id).await?.len() } else { 0 };
        let mut facts = vec![
            count(paper.questions().count(), "question", "questions"),
            count(usize::try_from(candidates).unwrap_or(0), "candidat", "candidats"),
        ];
        if let Some(at) = exam.published_ms {
            facts.push(format!("publié le {}", date_time(at)));
        } else {
            facts.push(format!("créé le {}", date_time(exam.created_ms)));
        }
        exams.push(Line {
            href: format!("/examens/{}", exam.id),
            facts: facts.join(", "),
            state: state_french(&exam.state),
            pill: pill(&exam.state),
            next: next_action(&actor, &exam, &paper, candidates, versions).filter(|n| !n.post),
            title: exam.title,
        });
    }
    web::page(&ListPage { page: page.titled("Examens"), can_create: is_committee(&actor), exams })
}

struct Step {
    label: &'static str,
    when: String,
    class: &'static str,
    current: bool,
}

struct SectionLine {
    title: String,
    duration: String,
    questions: String,
    weight: String,
}

#[derive(Template)]
#[template(path = "committee/overview.html")]
struct OverviewPage {
    page: Layout,
    head: Head,
    committee: bool,
    draft: bool,
    next: Option<Next>,
    steps: Vec<Step>,
    questions: String,
    kinds: String,
    minutes: String,
    candidates: String,
    accommodated: String,
    sites: String,
    sections: Vec<SectionLine>,
    start: &'static str,
    grace: String,
    scheme: String,
    rank_a: String,
    pass: String,
    hash: Option<String>,
    instructions: String,
}

const STATES: [(&str, &str); 6] = [
    ("draft", "Préparation"),
    ("frozen", "Sujet figé"),
    ("open", "En cours"),
    ("closed", "Terminé"),
    ("marked", "Noté"),
    ("published", "Publié"),
];

/// One exam: where it stands, its figures, what to do next.
pub async fn overview(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    page: Layout,
) -> ApiResult<Response> {
    let exam = draft::exam(&app, &id).await?;
    let head = head(&app, &actor, &exam, At::Overview).await?;
    let paper = draft::paper(&app, &id).await?;
    let candidates = app.store.candidates(&id).await?;
    let sittings = app.store.sittings(&id).await?;
    let ledger = app.store.ledger(&id).await?;
    let now = STATES.iter().position(|(state, _)| *state == exam.state).unwrap_or(0);
    let whens = [
        Some(exam.created_ms),
        exam.frozen_ms,
        sittings.iter().filter_map(|s| s.opened_ms).min(),
        sittings.iter().filter_map(|s| s.closed_ms).max(),
        ledger.first().map(|l| l.entry.at_ms),
        exam.published_ms,
    ];
    let steps = STATES
        .iter()
        .zip(whens)
        .enumerate()
        .map(|(i, ((_, label), when))| Step {
            label,
            when: when.filter(|_| i <= now).map(date_time).unwrap_or_default(),
            class: match i {
                _ if i < now || exam.state == "published" => "is-done",
                _ if i == now => "is-current",
                _ => "",
            },
            current: i == now,
        })
        .collect();
    let minutes: u32 = paper.sections.iter().map(|s| s.duration_minutes).sum();
    let accommodated = candidates.iter().filter(|c| c.factor != "1" || c.extra_minutes > 0).count();
    let kinds: Vec<String> = paper.kinds().into_iter().map(|(kind, n)| format!("{n} {kind}")).collect();
    let rules = &paper.rules;
    web::page(&OverviewPage {
        page: page.titled(head.document()),
        committee: is_committee(&actor),
        draft: exam.state == "draft",
        next: next_action(&actor, &exam, &paper, candidates.len() as i64, ledger.len()),
        steps,
        questions: thousands(paper.questions().count()),
        kinds: kinds.join(", "),
        minutes: duration(minutes),
        candidates: thousands(candidates.len()),
        accommodated: match accommodated {
            0 => "aucun aménagement".into(),
            n => format!("dont {} avec aménagement", thousands(n)),
        },
        sites: thousands(app.store.sites(&id).await?.len()),
        sections: paper
            .sections
            .iter()
            .map(|s| SectionLine {
                title: s.title.clone(),
                duration: duration(s.duration_minutes),
                questions: thousands(s.elements.iter().map(|e| e.questions().count()).sum()),
                weight: s.weight.french(3),
            })
            .collect(),
        start: if exam.start_mode == "common" {
            "commun\u{a0}: le temps court dès l’ouverture du centre"
        } else {
            "individuel\u{a0}: le temps court dès que le candidat commence"
        },
        grace: format!("{}\u{a0}s", exam.grace_ms / 1000),
        scheme: paper.scheme_named(&paper.scheme).map_or_else(|| paper.scheme.clone(), |s| s.title),
        rank_a: format!(
            "{} sur 20, {}",
            rules.rank_a_threshold.french(2),
            match rules.rank_a_filter {
                RankAFilter::Knowledge => "toutes les questions de rang A",
                RankAFilter::KnowledgeAndFormat => "questions de rang A posées dans un format de rang A",
            }
        ),
        pass: rules.pass_threshold.map_or_else(|| "aucun".into(), |t| format!("{} sur 20", t.french(2))),
        hash: exam.paper_hash.clone(),
        instructions: markdown::block(&exam.instructions),
        head,
    })
}

struct EventLine {
    iso: String,
    time: String,
    class: &'static str,
    detail: String,
    author: String,
}

struct Day {
    title: String,
    events: Vec<EventLine>,
}

#[derive(Template)]
#[template(path = "committee/events.html")]
struct EventsPage {
    page: Layout,
    head: Head,
    days: Vec<Day>,
    cut: bool,
}

const EVENTS_SHOWN: i64 = 500;

/// What people in charge did, the newest first.
pub async fn events_page(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    page: Layout,
) -> ApiResult<Response> {
    let exam = draft::exam(&app, &id).await?;
    let head = head(&app, &actor, &exam, At::Events)
        .await?
        .lead("Tout ce que les responsables ont fait, avec l’heure de Paris et l’auteur.");
    let head = if exam.frozen_ms.is_some() && is_room_staff(&actor) {
        head.link(format!("/examens/{id}/recus"), "Vérifier les reçus des copies")
    } else {
        head
    };
    let events = life::events(&app, &actor, &id, EVENTS_SHOWN).await?;
    let cut = events.len() as i64 == EVENTS_SHOWN;
    let mut days: Vec<Day> = Vec::new();
    for event in events {
        let title = date_time(event.at_ms).split(" à ").next().unwrap_or_default().to_owned();
        let line = EventLine {
            iso: iso(event.at_ms),
            time: time(event.at_ms),
            class: match event.what.as_str() {
                "open" | "publish" | "freeze" => "timeline__item--success",
                "time" | "decide" | "override" => "timeline__item--warning",
                "reopen" => "timeline__item--danger",
                _ => "",
            },
            detail: event.detail,
            author: event.author_name.unwrap_or_else(|| "compte supprimé".into()),
        };
        match days.last_mut() {
            Some(day) if day.title == title => day.events.push(line),
            _ => days.push(Day { title, events: vec![line] }),
        }
    }
    web::page(&EventsPage { page: page.titled(head.document()), head, days, cut })
}
