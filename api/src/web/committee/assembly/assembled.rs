//! The assembly of a paper: asked for, watched, stopped; what it proposes, or why there is nothing and what would do.

use super::panel::{Group, groups};
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::exam::assembly::jobs::{self, Chosen, Found, Job, Proposal};
use crate::exam::assembly::take::{self, Place, Rest};
use crate::exam::assembly::{self};
use crate::exam::draft::{self, SectionForm};
use crate::web::committee::{At, Fields, Head, count, head};
use crate::web::filters::{capital, date_time, float};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use docimo_assembly::Goal;
use docimo_assembly::assemble::Infeasible;
use docimo_assembly::statement::Source;
use docimo_engine::paper::Paper;
use std::time::Duration;

/// How long a page waits for an assembly before it shows how far it is.
const PATIENCE: Duration = Duration::from_millis(1_500);

struct UnitLine {
    external_id: String,
    href: String,
    kind: String,
    title: String,
    questions: u32,
    minutes: String,
    p: String,
    used: String,
}

struct FormBlock {
    number: usize,
    heading: String,
    /// Proposed for a new section.
    title: String,
    summary: String,
    units: Vec<UnitLine>,
}

struct SectionOption {
    id: String,
    label: String,
}

/// What is shown of an assembly.
enum Shown {
    Nothing,
    Working(String),
    Assembled {
        forms: Vec<FormBlock>,
        groups: Vec<Group>,
        quality: String,
        met: bool,
    },
    Infeasible {
        conflict: Vec<String>,
        irreducible: bool,
        changes: Vec<String>,
        nearest: bool,
        /// Something that a table cannot relax by halves is given up.
        whole: bool,
    },
    Said(Vec<String>),
}

#[derive(Template)]
#[template(path = "committee/assembled.html")]
struct AssembledPage {
    page: Layout,
    head: Head,
    id: String,
    /// There is a table to assemble by.
    ready: bool,
    seed: u64,
    has_elements: bool,
    shown: Shown,
    asked: String,
    sections: Vec<SectionOption>,
}

fn unit_line(chosen: &Chosen) -> UnitLine {
    let unit = &chosen.unit;
    let (sum, n) = unit.difficulty();
    let entry = chosen.entry.as_ref();
    let kind =
        unit.case.map_or_else(|| entry.map_or_else(String::new, |e| e.kind.clone()), |case| case.code().to_owned());
    UnitLine {
        external_id: chosen.external_id.clone(),
        href: entry.map_or_else(String::new, |e| format!("/questions/{}", e.id)),
        kind,
        title: entry.map_or_else(String::new, |e| e.title.clone()),
        questions: unit.questions,
        minutes: float(Some(unit.minutes), 1),
        p: float((n > 0.0).then(|| sum / n), 2),
        used: unit.last_used.clone().unwrap_or_else(|| "—".into()),
    }
}

/// How good a proposal is, in words.
fn quality(proposal: &Proposal, goal: &Goal) -> String {
    let assembly = &proposal.assembly;
    let Some(value) = assembly.value else {
        return "La table est respectée ; elle ne demande rien de plus.".to_owned();
    };
    let what = match goal {
        Goal::MaximiseInformation { .. } => "Information, au point le moins bien servi",
        Goal::MatchInformation { .. } => "Écart relatif à l’information voulue",
        Goal::MatchDifficulty { .. } => "Écart à la réussite voulue, en questions",
        Goal::MaximiseDiscrimination => "Somme des discriminations",
        Goal::None => "Valeur",
    };
    let bound =
        assembly.bound.map_or_else(String::new, |b| format!(" ; aucun sujet ne fait mieux que {}", float(Some(b), 3)));
    let proven = match (assembly.proven, assembly.gap) {
        (true, _) => "C’est le meilleur possible, prouvé.".to_owned(),
        (false, Some(gap)) => format!("À {} % au plus du meilleur.", float(Some(gap * 100.0), 2)),
        (false, None) => "Rien ne prouve qu’il soit le meilleur.".to_owned(),
    };
    format!("{what} : {}{bound}. {proven}", float(Some(value), 3))
}

fn form_block(at: usize, form: &jobs::Form, table: &str, alone: bool) -> FormBlock {
    let questions: u32 = form.units.iter().map(|c| c.unit.questions).sum();
    let minutes: f64 = form.units.iter().map(|c| c.unit.minutes).sum();
    FormBlock {
        number: at + 1,
        heading: if alone { "Le sujet proposé".into() } else { format!("Sujet {}", at + 1) },
        title: match (table.trim(), alone) {
            ("", _) => format!("Sujet {}", at + 1),
            (table, true) => table.to_owned(),
            (table, false) => format!("{table}, sujet {}", at + 1),
        },
        summary: format!("{}, {} minutes", count(questions as usize, "question", "questions"), float(Some(minutes), 0)),
        units: form.units.iter().map(unit_line).collect(),
    }
}

fn infeasible(answer: &Infeasible) -> Shown {
    let conflict = answer.conflict.as_ref();
    Shown::Infeasible {
        conflict: conflict.map_or_else(Vec::new, |c| c.labels.iter().map(|l| capital(l)).collect()),
        irreducible: conflict.is_some_and(|c| c.irreducible),
        changes: answer.changes.iter().map(|c| capital(&c.label)).collect(),
        whole: answer.changes.iter().any(|c| {
            answer.statements.get(c.statement).is_some_and(|s| {
                matches!(
                    s.source,
                    Source::NotUsedSince | Source::NotExposedTo { .. } | Source::MustNot | Source::Enemies
                )
            })
        }),
        nearest: (answer.cost.0 - answer.cost.1).abs() < 1e-4,
    }
}

fn shown(job: &Job) -> Shown {
    match job.found() {
        None => Shown::Working(job.stage()),
        Some(Found::Assembled(proposal)) => {
            let alone = proposal.forms.len() == 1;
            let forms: Vec<FormBlock> = proposal
                .forms
                .iter()
                .enumerate()
                .map(|(i, form)| form_block(i, form, &job.specification.blueprint.title, alone))
                .collect();
            let titles: Vec<String> = forms.iter().map(|f| f.heading.clone()).collect();
            Shown::Assembled {
                groups: groups(&titles, &proposal.report.lines),
                quality: quality(proposal, &job.specification.blueprint.goal),
                met: proposal.report.is_met(),
                forms,
            }
        }
        Some(Found::Infeasible(answer, _)) => infeasible(answer),
        Some(Found::Faults(faults)) => Shown::Said(faults.iter().map(ToString::to_string).collect()),
        Some(Found::Undecided) if job.stopped() => {
            Shown::Said(vec!["La composition a été arrêtée avant d’avoir trouvé un sujet.".into()])
        }
        Some(Found::Undecided) => Shown::Said(vec![
            "Aucun sujet trouvé, sans preuve qu’il n’y en ait pas : élargissez une ligne de la table, ou essayez une \
             autre graine."
                .into(),
        ]),
        Some(Found::Failed) => Shown::Said(vec!["La composition a échoué : recommencez.".into()]),
    }
}

fn asked(job: &Job) -> String {
    format!(
        "Demandée le {}, parmi {}, graine {}{}{}.",
        date_time(job.asked_ms),
        count(job.units, "question ou dossier", "questions ou dossiers"),
        job.specification.blueprint.seed,
        if job.keep { ", en gardant ce que le sujet avait" } else { "" },
        if job.stopped() { ", arrêtée avant sa fin" } else { "" }
    )
}

fn sections(paper: &Paper) -> Vec<SectionOption> {
    let label = |s: &docimo_engine::paper::Section| {
        let questions = s.elements.iter().map(|e| e.questions().count()).sum();
        format!("{} ({})", s.title, count(questions, "question", "questions"))
    };
    paper.sections.iter().map(|s| SectionOption { id: s.id.to_string(), label: label(s) }).collect()
}

/// The assembly of this person in this exam.
pub async fn assembled_page(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    page: Layout,
) -> ApiResult<Response> {
    let exam = draft::exam(&app, &id).await?;
    let paper = draft::paper(&app, &id).await?;
    let table = assembly::of(&app, &id).await?;
    let head = head(&app, &actor, &exam, At::Paper)
        .await?
        .under("Composer d’après la table")
        .link(format!("/examens/{id}/table"), "Table de spécification")
        .link(format!("/examens/{id}/sujet"), "Revenir au sujet");
    let job = jobs::find(&app, &actor, &id);
    if let Some(job) = &job {
        jobs::wait(job, PATIENCE).await;
    }
    web::page(&AssembledPage {
        page: page.titled(head.document()),
        head,
        ready: table.is_some() && exam.state == "draft",
        seed: table.map_or(0, |t| t.blueprint.seed),
        has_elements: paper.questions().next().is_some(),
        shown: job.as_deref().map_or(Shown::Nothing, shown),
        asked: job.as_deref().map_or_else(String::new, asked),
        sections: sections(&paper),
        id,
    })
}

/// How far it is, for the page that waits.
pub async fn assembled_state(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
) -> ApiResult<axum::Json<serde_json::Value>> {
    draft::exam(&app, &id).await?;
    let working = jobs::find(&app, &actor, &id).filter(|job| job.found().is_none());
    Ok(axum::Json(match working {
        Some(job) => serde_json::json!({"state": "working", "stage": job.stage()}),
        None => serde_json::json!({"state": "ready"}),
    }))
}

fn back(id: &str, message: &str) -> Response {
    web::go(&format!("/examens/{id}/assemblage"), message)
}

/// Starts the assembly.
pub async fn start(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let typed = fields.get("seed").trim();
    let wrong = || ApiError::wrong("graine", format!("« {typed} » : écrivez un nombre entier."));
    let seed = if typed.is_empty() { None } else { Some(typed.parse().map_err(|_| wrong())?) };
    jobs::start(&app, &actor, &id, seed, fields.has("keep")).await?;
    Ok(back(&id, "Composition lancée."))
}

/// Stops it.
pub async fn stop(State(app): State<App>, actor: Actor, Path(id): Path<String>) -> ApiResult<Response> {
    draft::exam(&app, &id).await?;
    jobs::stop(&app, &actor, &id);
    Ok(back(&id, "Arrêt demandé : le meilleur sujet trouvé jusque-là sera montré."))
}

fn job(app: &App, actor: &Actor, id: &str) -> ApiResult<std::sync::Arc<Job>> {
    jobs::find(app, actor, id)
        .ok_or_else(|| ApiError::Conflict("Cette composition n’est plus là : relancez-la.".into()))
}

/// Makes the nearest relaxation the table.
pub async fn relax(State(app): State<App>, actor: Actor, Path(id): Path<String>) -> ApiResult<Response> {
    draft::exam(&app, &id).await?;
    let job = job(&app, &actor, &id)?;
    let Some(Found::Infeasible(_, easier)) = job.found() else {
        return Err(ApiError::Conflict("Il n’y a rien à assouplir.".into()));
    };
    let now = assembly::of(&app, &id).await?.ok_or(ApiError::NotFound)?;
    let mut table = job.specification.clone();
    table.blueprint = (**easier).clone();
    if job.keep {
        // What was imposed for once is not written in the table.
        table.blueprint.must.retain(|unit| now.blueprint.must.contains(unit));
    }
    assembly::keep(&app, &actor, &id, table).await?;
    jobs::start(&app, &actor, &id, None, job.keep).await?;
    Ok(back(&id, "Table assouplie et composition relancée."))
}

/// Puts a form in a section of the draft, old or new.
pub async fn take(
    State(app): State<App>,
    actor: Actor,
    Path((id, number)): Path<(String, usize)>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    draft::exam(&app, &id).await?;
    let fields = Fields::read(&body);
    let job = job(&app, &actor, &id)?;
    let form = job.form(number)?;
    let held = job.held(number)?;
    let minutes: f64 = form.units.iter().map(|c| c.unit.minutes).sum();
    let title = match fields.get("title").trim() {
        "" => format!("Sujet {number}"),
        title => title.to_owned(),
    };
    let new = SectionForm {
        title,
        duration_minutes: (minutes.ceil() as u32).clamp(1, 1440),
        weight: String::new(),
        scheme: String::new(),
        shuffle: true,
    };
    let place = match fields.get("section") {
        "" => Place::New(&new),
        known => Place::Known(known),
    };
    let rest = if fields.has("goes") { Rest::Goes } else { Rest::Stays };
    let came = take::put(&app, &actor, &id, place, &held, rest).await?;
    let message = format!("{} dans le sujet.", count(came, "élément mis", "éléments mis"));
    Ok(web::go(&format!("/examens/{id}/sujet"), message))
}

/// A form as a list, for a spreadsheet.
pub async fn form_list(
    State(app): State<App>,
    actor: Actor,
    Path((id, number)): Path<(String, usize)>,
) -> ApiResult<Response> {
    draft::exam(&app, &id).await?;
    let job = job(&app, &actor, &id)?;
    let mut text = String::from("\u{feff}");
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    let fault = |e: csv::Error| ApiError::Internal(e.into());
    writer
        .write_record(["identifiant", "type", "titre", "questions", "minutes", "reussite", "dernier_emploi"])
        .map_err(fault)?;
    for line in job.form(number)?.units.iter().map(unit_line) {
        let title = crate::exam::export::inert(line.title);
        let id = crate::exam::export::inert(line.external_id);
        let row = [&id, &line.kind, &title, &line.questions.to_string(), &line.minutes, &line.p, &line.used];
        writer.write_record(row).map_err(fault)?;
    }
    let bytes = writer.into_inner().map_err(|e| ApiError::Internal(anyhow::anyhow!("{e}")))?;
    text.push_str(&String::from_utf8_lossy(&bytes));
    let name = format!("attachment; filename=\"sujet-{number}.csv\"");
    let headers = [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((StatusCode::OK, headers, text).into_response())
}
