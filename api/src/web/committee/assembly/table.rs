//! The table of specification of an exam, edited beside what the bank and the paper have.

use super::form::{GOALS, MEASURES, TableForm};
use crate::app::App;
use crate::auth::Actor;
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult};
use crate::exam::assembly::pool::{self, Pool};
use crate::exam::assembly::sort::FACETS;
use crate::exam::assembly::{self, Specification};
use crate::exam::draft;
use crate::json;
use crate::web::committee::{At, Fields, Head, again, count, head};
use crate::web::filters::thousands;
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use docimo_assembly::blueprint::{Fault, Row};
use docimo_assembly::statement::{Unit, french};
use docimo_assembly::{Candidate, Facet, Measure};
use docimo_engine::paper::Paper;
use std::collections::{BTreeMap, HashMap};

struct Choice {
    code: &'static str,
    label: String,
    chosen: bool,
}

struct Line {
    n: usize,
    number: usize,
    facets: Vec<Choice>,
    value: String,
    measures: Vec<Choice>,
    min: String,
    max: String,
    bank: String,
    paper: String,
    error: Option<String>,
}

/// A value that the bank has, proposed while typing.
struct Known {
    value: String,
    label: String,
}

#[derive(Template)]
#[template(path = "committee/table.html")]
struct TablePage {
    page: Layout,
    head: Head,
    id: String,
    draft: bool,
    is_new: bool,
    form: TableForm,
    lines: Vec<Line>,
    goals: Vec<Choice>,
    overlaps: Vec<Choice>,
    known: Vec<Known>,
    /// What the bank has in all, in words.
    bank: String,
    errors: Vec<(&'static str, Fault)>,
    json: String,
}

impl TablePage {
    /// The faults told at a place of the form.
    fn error(&self, key: &str) -> Option<String> {
        let told: Vec<&str> =
            self.errors.iter().filter(|(k, _)| *k == key).map(|(_, fault)| fault.message.as_str()).collect();
        (!told.is_empty()).then(|| told.join(" ; "))
    }
}

/// Where in the form the place of a fault is.
fn key(place: &str) -> &'static str {
    match place {
        "titre" => "titre",
        "nombre de questions" => "questions",
        "durée" => "minutes",
        "rythme" => "rythme",
        "part de questions avec image" => "images",
        "difficulté" => "difficulte",
        "dispersion de la difficulté" => "dispersion",
        "exclusions" => "exclusions",
        "objectif" => "objectif",
        "nombre de sujets" => "sujets",
        "ancrage" => "ancrage",
        "choix imposés" => "imposes",
        "graine" => "graine",
        _ => "lignes",
    }
}

fn options(all: &[(&'static str, &str)], chosen: &str) -> Vec<Choice> {
    all.iter().map(|(code, label)| Choice { code, label: (*label).to_owned(), chosen: *code == chosen }).collect()
}

/// What some units have of a line, in words.
fn has(units: &[Candidate], row: &Row) -> String {
    let amount = assembly::amount(units, row.facet, &row.value, row.measure);
    let unit = match row.measure {
        Measure::Questions => Unit::Questions,
        Measure::Minutes => Unit::Minutes,
        Measure::Units => Unit::Units,
        Measure::Share => Unit::Share,
    };
    french(amount, unit)
}

fn lines(
    form: &TableForm,
    table: Option<&Specification>,
    bank: &[Candidate],
    paper: &[Candidate],
    faults: &[Fault],
) -> Vec<Line> {
    let facets: Vec<(&'static str, &str)> = FACETS.iter().map(|(facet, code)| (*code, facet.french())).collect();
    let measures: Vec<(&'static str, &str)> = MEASURES.iter().map(|(_, code, label)| (*code, *label)).collect();
    let one = |(n, line): (usize, &super::form::LineForm)| {
        let row = table.and_then(|t| t.blueprint.rows.get(n)).filter(|row| !row.value.trim().is_empty());
        let place = format!("ligne {}", n + 1);
        let own = |f: &&Fault| f.place == place || f.place.starts_with(&format!("{place} ("));
        let told: Vec<&str> = faults.iter().filter(own).map(|f| f.message.as_str()).collect();
        Line {
            n,
            number: n + 1,
            facets: options(&facets, &line.facet),
            value: line.value.clone(),
            measures: options(&measures, &line.measure),
            min: line.min.clone(),
            max: line.max.clone(),
            bank: row.map_or_else(String::new, |row| has(bank, row)),
            paper: row.map_or_else(String::new, |row| has(paper, row)),
            error: (!told.is_empty()).then(|| told.join(" ; ")),
        }
    };
    form.lines.iter().enumerate().map(one).collect()
}

/// Values of the bank, the most frequent first.
fn known(pool: &Pool) -> Vec<Known> {
    let mut counts: BTreeMap<(Facet, &str), u32> = BTreeMap::new();
    for unit in &pool.units {
        let maps = [
            (Facet::Specialty, &unit.specialties),
            (Facet::Item, &unit.items),
            (Facet::Situation, &unit.situations),
            (Facet::Level, &unit.levels),
        ];
        for (facet, map) in maps {
            map.iter().for_each(|(value, n)| *counts.entry((facet, value)).or_default() += n);
        }
        unit.kinds.iter().for_each(|(kind, n)| *counts.entry((Facet::Kind, kind.code())).or_default() += n);
        let case = unit.case.map_or("QI", docimo_engine::paper::CaseKind::code);
        *counts.entry((Facet::Case, case)).or_default() += unit.questions;
    }
    let mut sorted: Vec<((Facet, &str), u32)> = counts.into_iter().collect();
    sorted.sort_by(|a, b| a.0.0.cmp(&b.0.0).then(b.1.cmp(&a.1)).then(a.0.1.cmp(b.0.1)));
    let label = |facet: Facet, n: u32| {
        format!("{}, {}", facet.french(), count(usize::try_from(n).unwrap_or(0), "question", "questions"))
    };
    sorted.into_iter().map(|((facet, value), n)| Known { value: value.to_owned(), label: label(facet, n) }).collect()
}

fn bank_in_words(pool: &Pool) -> String {
    let questions: u32 = pool.units.iter().map(|u| u.questions).sum();
    let timed = pool.units.iter().filter(|u| u.statistics.iter().any(|s| s.item.is_some())).count();
    format!(
        "{} dans la banque ({}), dont {} avec des statistiques d’examens passés.",
        count(questions as usize, "question validée", "questions validées"),
        count(pool.units.len(), "dossier ou question isolée", "dossiers ou questions isolées"),
        thousands(timed)
    )
}

struct Shown {
    exam: String,
    form: TableForm,
    table: Option<Specification>,
    faults: Vec<Fault>,
    is_new: bool,
}

async fn shown(app: &App, actor: &Actor, page: Layout, shown: Shown) -> ApiResult<TablePage> {
    let exam = draft::exam(app, &shown.exam).await?;
    let paper: Paper = draft::paper(app, &shown.exam).await?;
    let pace = shown.table.as_ref().map(|t| t.pace).unwrap_or_default();
    let reach = Reach::of(app, actor).await?;
    let pool = pool::whole(app, &reach, &shown.exam, &pace, None).await?;
    let own = pool::of_paper(app, &shown.exam, &pace, &paper).await?;
    let mut head = head(app, actor, &exam, At::Paper)
        .await?
        .under("Table de spécification")
        .lead("Ce que le sujet doit contenir. La composition s’y tient, et le sujet s’y compare à chaque changement.")
        .link(format!("/examens/{}/sujet", exam.id), "Revenir au sujet");
    let draft = exam.state == "draft";
    if draft && !shown.is_new {
        head = head.link(format!("/examens/{}/assemblage", exam.id), "Composer");
    }
    let overlaps =
        [("none", "Rien"), ("anchor", "Un ancrage choisi par la composition"), ("shared", "Ces questions ou dossiers")];
    let json = match &shown.table {
        Some(table) => serde_json::to_string_pretty(table).map_err(|e| ApiError::Internal(e.into()))?,
        None => String::new(),
    };
    Ok(TablePage {
        page: page.titled(head.document()),
        head,
        id: exam.id,
        draft,
        is_new: shown.is_new,
        lines: lines(&shown.form, shown.table.as_ref(), &pool.units, &own, &shown.faults),
        goals: options(&GOALS, &shown.form.goal),
        overlaps: options(&overlaps, &shown.form.overlap),
        known: known(&pool),
        bank: bank_in_words(&pool),
        errors: shown.faults.into_iter().map(|f| (key(&f.place), f)).collect(),
        form: shown.form,
        json,
    })
}

/// The table an exam starts from: the EDN's unit, with a line for each of the bank's specialties that are most asked.
async fn example(app: &App, actor: &Actor, exam: &str) -> ApiResult<Specification> {
    let reach = Reach::of(app, actor).await?;
    let pool = pool::whole(app, &reach, exam, &Default::default(), None).await?;
    let names = assembly::specialties(&pool.units, 12);
    let mut table = Specification::example(&names.iter().map(String::as_str).collect::<Vec<_>>());
    // A bank that one person brought would have nothing to choose from.
    let mut authors: HashMap<&str, usize> = HashMap::new();
    pool.units.iter().flat_map(|u| &u.authors).for_each(|author| *authors.entry(author).or_default() += 1);
    if authors.values().any(|n| n * 2 > pool.units.len()) {
        table.blueprint.exclusions.same_author = None;
    }
    Ok(table)
}

/// The table of an exam; the example, not yet kept, where it has none.
pub async fn table_page(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    page: Layout,
) -> ApiResult<Response> {
    let kept = assembly::of(&app, &id).await?;
    let is_new = kept.is_none();
    let table = match kept {
        Some(table) => table,
        None => example(&app, &actor, &id).await?,
    };
    let what = Shown { exam: id, form: TableForm::of(&table), table: Some(table), faults: Vec::new(), is_new };
    web::page(&shown(&app, &actor, page, what).await?)
}

/// Keeps what was typed, or shows it again with what is wrong.
pub async fn set_table(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    page: Layout,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let kept = assembly::of(&app, &id).await?;
    let is_new = kept.is_none();
    let before = kept.unwrap_or_else(|| Specification::example(&[]));
    let mut form = TableForm::read(&fields);
    let (table, faults) = form.table(&before);
    if !faults.is_empty() {
        let what = Shown { exam: id, form, table: Some(table), faults, is_new };
        return again(&shown(&app, &actor, page, what).await?);
    }
    assembly::keep(&app, &actor, &id, table).await?;
    if fields.has("composer") {
        return Ok(web::go(&format!("/examens/{id}/assemblage"), "Table enregistrée."));
    }
    Ok(web::go(&format!("/examens/{id}/table"), "Table enregistrée."))
}

/// Starts again from the example.
pub async fn set_example(State(app): State<App>, actor: Actor, Path(id): Path<String>) -> ApiResult<Response> {
    let table = example(&app, &actor, &id).await?;
    assembly::keep(&app, &actor, &id, table).await?;
    Ok(web::go(&format!("/examens/{id}/table"), "Exemple repris\u{a0}: une unité de composition de l’EDN."))
}

/// Keeps a table brought as JSON.
pub async fn set_table_json(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let table: Specification = json::read(fields.get("json").as_bytes())?;
    assembly::keep(&app, &actor, &id, table).await?;
    Ok(web::go(&format!("/examens/{id}/table"), "Table importée."))
}

/// The table, to be taken to another exam.
pub async fn table_json(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Response> {
    let table = assembly::of(&app, &id).await?.ok_or(ApiError::NotFound)?;
    let text = serde_json::to_string_pretty(&table).map_err(|e| ApiError::Internal(e.into()))?;
    let headers = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"table-de-specification.json\""),
    ];
    Ok((StatusCode::OK, headers, text).into_response())
}
