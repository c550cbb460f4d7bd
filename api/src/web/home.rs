//! The first page: what there is to do now, by role.

use super::layout::Layout;
use super::student::{ExamLine, exams_of};
use crate::app::App;
use crate::auth::{Actor, Role};
use crate::bank::reach::Reach;
use crate::error::ApiResult;
use crate::exam::state_french;
use crate::web::bank::{kind_french, may_import};
use crate::web::{self, filters};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use docimo_store::exams::Exam;

/// Exams shown before "all exams".
const SHOWN: usize = 8;

struct Task {
    title: String,
    href: String,
    action: &'static str,
    pill: &'static str,
    state: &'static str,
    since: String,
}

struct Tasks {
    list: Vec<Task>,
    more: usize,
    may_create: bool,
}

struct KindCount {
    code: String,
    french: &'static str,
    count: String,
}

struct Bank {
    kinds: Vec<KindCount>,
    total: String,
    may_import: bool,
}

struct Accounts {
    active: usize,
    disabled: usize,
}

struct Own {
    now: Vec<ExamLine>,
    waiting: usize,
    published: Vec<(String, String)>,
    any: bool,
}

#[derive(Template)]
#[template(path = "home/home.html")]
struct HomePage {
    page: Layout,
    name: String,
    own: Option<Own>,
    tasks: Option<Tasks>,
    bank: Option<Bank>,
    accounts: Option<Accounts>,
}

/// What to do now.
pub async fn home(State(app): State<App>, actor: Actor, page: Layout) -> ApiResult<Response> {
    let exam_staff = [Role::Committee, Role::Supervisor, Role::Registrar, Role::Administrator];
    let bank_staff = [Role::Author, Role::Reviewer, Role::Committee, Role::Administrator];
    let own = if actor.is(Role::Student) { Some(own(exams_of(&app, &actor).await?)) } else { None };
    let tasks = if actor.is_any(&exam_staff) { Some(tasks(&app, &actor).await?) } else { None };
    let bank = if actor.is_any(&bank_staff) { Some(bank(&app, &actor).await?) } else { None };
    let accounts = if actor.is(Role::Administrator) {
        let staff = app.store.staff().await?;
        let disabled = staff.iter().filter(|p| p.disabled_ms.is_some()).count();
        Some(Accounts { active: staff.len() - disabled, disabled })
    } else {
        None
    };
    let name = actor.name.to_string();
    web::page(&HomePage { page: page.titled("Accueil"), name, own, tasks, bank, accounts })
}

/// Of each exam, the sections where one may compose now.
fn own(exams: Vec<ExamLine>) -> Own {
    let any = !exams.is_empty();
    let published =
        exams.iter().filter(|e| e.published.is_some()).map(|e| (e.id.clone(), e.title.clone())).take(5).collect();
    let is_waiting = |e: &&ExamLine| e.published.is_none() && e.sections.iter().any(|s| !s.now && s.pill == "wait");
    let waiting = exams.iter().filter(is_waiting).count();
    let now = exams
        .into_iter()
        .filter_map(|mut exam| {
            exam.sections.retain(|s| s.now);
            (!exam.sections.is_empty()).then_some(exam)
        })
        .collect();
    Own { now, waiting, published, any }
}

/// Where an exam stands in the order of what presses.
fn urgency(state: &str) -> u8 {
    match state {
        "open" => 0,
        "closed" => 1,
        "marked" => 2,
        "frozen" => 3,
        "draft" => 4,
        _ => 5,
    }
}

async fn tasks(app: &App, actor: &Actor) -> ApiResult<Tasks> {
    let mut exams = app.store.exams().await?;
    exams.sort_by_key(|e| urgency(&e.state));
    let more = exams.len().saturating_sub(SHOWN);
    exams.truncate(SHOWN);
    let mut list = Vec::with_capacity(exams.len());
    for exam in exams {
        let has_candidates = exam.state != "frozen" || app.store.count_candidates(&exam.id).await? > 0;
        list.push(task(exam, actor, has_candidates));
    }
    Ok(Tasks { list, more, may_create: actor.is_any(&[Role::Committee, Role::Administrator]) })
}

fn task(exam: Exam, actor: &Actor, has_candidates: bool) -> Task {
    let decides = actor.is_any(&[Role::Committee, Role::Administrator]);
    let registry = decides || actor.is(Role::Registrar);
    let (path, action) = match exam.state.as_str() {
        "draft" if decides => ("/sujet", "Composer le sujet"),
        "draft" | "frozen" if registry && !decides => ("/candidats", "Importer les candidats"),
        "frozen" if decides && !has_candidates => ("/candidats", "Importer les candidats"),
        "frozen" if decides => ("/centres", "Ouvrir une épreuve"),
        "open" => ("", "Suivre l’examen"),
        "closed" if decides => ("/notation", "Noter les copies"),
        "marked" if decides => ("/notation", "Examiner, puis publier"),
        "published" | "marked" if registry => ("/resultats", "Voir les résultats"),
        _ => ("", "Voir l’examen"),
    };
    let pill = match exam.state.as_str() {
        "open" => "live",
        "draft" | "frozen" => "wait",
        _ => "done",
    };
    let since = match (exam.published_ms, exam.frozen_ms) {
        (Some(at), _) => format!("publié le {}", filters::date_time(at)),
        (None, Some(at)) => format!("sujet figé le {}", filters::date_time(at)),
        (None, None) => format!("créé le {}", filters::date_time(exam.created_ms)),
    };
    Task {
        href: format!("/examens/{}{path}", exam.id),
        title: exam.title,
        action,
        pill,
        state: state_french(&exam.state),
        since,
    }
}

async fn bank(app: &App, actor: &Actor) -> ApiResult<Bank> {
    let kinds = app.store.entry_kinds(Reach::of(app, actor).await?.readable().as_deref()).await?;
    let total: i64 = kinds.iter().map(|(_, n)| n).sum();
    let count = |n: i64| filters::thousands(usize::try_from(n).unwrap_or(0));
    Ok(Bank {
        total: if total < 2 { format!("{total} entrée") } else { format!("{} entrées", count(total)) },
        kinds: kinds
            .into_iter()
            .map(|(code, n)| KindCount { french: kind_french(&code), count: count(n), code })
            .collect(),
        may_import: may_import(actor),
    })
}
