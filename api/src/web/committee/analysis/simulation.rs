//! Scenarios: tick decisions, see marks, thresholds and ranks move at once, keep several side by side, and write the
//! one that is chosen into the register.
//!
//! A scenario is in the address: it can be kept, sent to a colleague, and nothing of it is stored before a decision.

use super::super::marking::off_thread;
use super::super::{At, Fields, Head, head, segment};
use crate::analysis::jobs::{Room, room};
use crate::analysis::subject::Label;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::exam::{draft, marks};
use crate::markdown;
use crate::web::filters::{float, percent, signed, thousands};
use crate::web::plot::{Axis, Plot, Series};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, RawQuery, State};
use axum::response::{Redirect, Response};
use docimo_engine::docimology::whatif::{Outcome, Picture};
use docimo_engine::ledger::{Decision, Neutralisation};
use docimo_engine::question::{Body, Status};
use docimo_engine::{PropositionId, QuestionId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is done to one question, as the form says it.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Change {
    question: String,
    what: String,
}

/// The changes of a form or of a kept scenario: fields `d.QUESTION`.
fn changes(fields: &Fields) -> Vec<Change> {
    fields
        .under("d.")
        .filter(|(_, what)| !what.is_empty())
        .map(|(question, what)| Change { question: question.to_owned(), what: what.to_owned() })
        .collect()
}

/// A scenario as it travels in an address: the same whatever the order of the choices.
fn packed(changes: &[Change]) -> String {
    let mut changes: Vec<&Change> = changes.iter().collect();
    changes.sort_by(|a, b| a.question.cmp(&b.question));
    changes
        .iter()
        .map(|c| format!("d.{}={}", web::urlencode(&c.question), web::urlencode(&c.what)))
        .collect::<Vec<_>>()
        .join("&")
}

/// The decision of a change, and how it is told.
fn decision(room: &Room, change: &Change) -> ApiResult<(Decision, String)> {
    let id = QuestionId::new(change.question.clone());
    let paper = &room.desk.effective().paper;
    let placed = paper.question(&id).ok_or_else(|| ApiError::wrong("simulation", "question inconnue"))?;
    let number = placed.number;
    let unknown = || ApiError::wrong("simulation", format!("question {number}\u{a0}: choix inconnu"));
    let neutralise = |policy| Decision::Neutralise { question: id.clone(), policy };
    Ok(match change.what.split_once(':') {
        None => match change.what.as_str() {
            "removed" => (neutralise(Neutralisation::Removed), format!("{number} retirée")),
            "credit_all" => (neutralise(Neutralisation::CreditAll), format!("{number} à tous")),
            "reinstate" => (Decision::Reinstate { question: id }, format!("{number} rétablie")),
            _ => return Err(unknown()),
        },
        Some((way, proposition)) => {
            let propositions = placed.question.body.propositions();
            let at = propositions.iter().position(|p| p.id.as_str() == proposition).ok_or_else(unknown)?;
            let letter = letter(at);
            let own = PropositionId::new(proposition.to_owned());
            let mut statuses = BTreeMap::new();
            let words = match way {
                "true" => {
                    statuses.insert(own, Status::Vrai);
                    format!("{number}\u{a0}: {letter} vraie")
                }
                "false" => {
                    statuses.insert(own, Status::Faux);
                    format!("{number}\u{a0}: {letter} fausse")
                }
                "only" => {
                    for p in propositions {
                        let status = if p.id == own { Status::Vrai } else { Status::Faux };
                        if p.status != status {
                            statuses.insert(p.id.clone(), status);
                        }
                    }
                    format!("{number}\u{a0}: {letter} seule vraie")
                }
                _ => return Err(unknown()),
            };
            (Decision::ChangeKey { question: id, statuses }, words)
        }
    })
}

fn letter(at: usize) -> char {
    char::from(b'A' + (at % 26) as u8)
}

/// A question that may be changed.
struct Line {
    id: String,
    href: String,
    number: usize,
    stem: String,
    kind: &'static str,
    p: String,
    r: String,
    state: &'static str,
    options: Vec<(String, String, bool)>,
}

/// The choices of a question, the one taken marked.
fn options(room: &Room, label: &Label, taken: &str) -> Vec<(String, String, bool)> {
    let effective = room.desk.effective();
    let id = QuestionId::new(label.id.clone());
    let mut options = vec![(String::new(), "Comme au registre".to_owned())];
    if effective.neutralised.contains_key(&id) {
        options.push(("reinstate".into(), "Rétablir".into()));
    } else {
        options.push(("removed".into(), "Retirer du total".into()));
        options.push(("credit_all".into(), "Points à tous".into()));
        if let Some(placed) = effective.paper.question(&id) {
            let single = matches!(placed.question.body, Body::Qru { .. });
            for (at, p) in placed.question.body.propositions().iter().enumerate() {
                let letter = letter(at);
                if p.status.is_true() {
                    options.push((format!("false:{}", p.id), format!("Clé\u{a0}: {letter} devient fausse")));
                } else {
                    options.push((format!("true:{}", p.id), format!("Clé\u{a0}: {letter} devient vraie")));
                    if single {
                        options.push((format!("only:{}", p.id), format!("Clé\u{a0}: {letter} seule vraie")));
                    }
                }
            }
        }
    }
    options.into_iter().map(|(value, words)| (value.clone(), words, value == taken)).collect()
}

/// One measure, in each scenario.
struct Measure {
    label: &'static str,
    values: Vec<String>,
}

struct Mover {
    href: String,
    number: String,
    name: String,
    before: String,
    after: String,
    rank_before: u32,
    rank_after: u32,
    delta: String,
    crossing: &'static str,
}

/// A column of the comparison.
struct Column {
    title: String,
    words: String,
    /// Where the page goes without it, for a scenario that is kept.
    without: Option<String>,
    /// Where the page goes to work on it.
    open: Option<String>,
}

#[derive(Template)]
#[template(path = "analysis/effect.html")]
struct Effect {
    columns: Vec<Column>,
    measures: Vec<Measure>,
    plot: Option<Plot>,
    movers: Vec<Mover>,
    more: usize,
    keep: Option<String>,
    sentence: String,
    fault: String,
}

#[derive(Template)]
#[template(path = "analysis/simulation.html")]
struct SimulationPage {
    page: Layout,
    head: Head,
    lines: Vec<Line>,
    effect: Effect,
    kept: Vec<String>,
    reason: String,
    version: u32,
    /// What the form that decides carries without a script.
    chosen: Vec<(String, String)>,
}

/// Movers told one by one.
const MOVERS: usize = 25;

fn measures(pictures: &[&Picture], outcomes: &[Option<&Outcome>]) -> Vec<Measure> {
    let each = |of: &dyn Fn(&Picture) -> String| pictures.iter().map(|p| of(p)).collect::<Vec<_>>();
    let moved = |of: &dyn Fn(&Outcome) -> String| {
        outcomes.iter().map(|o| o.map_or_else(|| "—".to_owned(), of)).collect::<Vec<_>>()
    };
    let pair = |(up, down): (usize, usize)| format!("+{} / −{}", thousands(up), thousands(down));
    let mut measures = vec![
        Measure { label: "Questions comptées", values: each(&|p| p.questions.to_string()) },
        Measure { label: "Moyenne sur 20", values: each(&|p| float(p.on_20.as_ref().map(|s| s.mean), 2)) },
        Measure { label: "Médiane", values: each(&|p| float(p.on_20.as_ref().map(|s| s.quartiles[1]), 2)) },
        Measure { label: "Écart-type", values: each(&|p| float(p.on_20.as_ref().map(|s| s.sd), 2)) },
        Measure {
            label: "Seuil de rang A atteint",
            values: each(&|p| format!("{} sur {}", thousands(p.rank_a_pass), thousands(p.rank_a_of))),
        },
    ];
    if pictures.iter().any(|p| p.pass.is_some()) {
        measures.push(Measure {
            label: "Seuil global atteint",
            values: each(&|p| p.pass.map_or_else(|| "—".into(), thousands)),
        });
    }
    measures.extend([
        Measure { label: "Fidélité (alpha)", values: each(&|p| float(p.alpha, 3)) },
        Measure { label: "Erreur de mesure sur 20", values: each(&|p| float(p.sem_on_20, 2)) },
        Measure { label: "Notes qui changent", values: moved(&|o| thousands(o.changed)) },
        Measure { label: "Rangs qui changent", values: moved(&|o| thousands(o.moved)) },
        Measure { label: "Plus grand déplacement", values: moved(&|o| count_ranks(o.greatest_move)) },
        Measure { label: "Déplacement moyen", values: moved(&|o| float(Some(o.mean_move), 1)) },
        Measure { label: "Passent ou perdent le seuil de rang A", values: moved(&|o| pair(o.rank_a)) },
    ]);
    if pictures.iter().any(|p| p.pass.is_some()) {
        measures.push(Measure { label: "Passent ou perdent le seuil global", values: moved(&|o| pair(o.pass)) });
    }
    measures
}

fn count_ranks(n: u32) -> String {
    super::super::count(n as usize, "rang", "rangs")
}

fn distribution(now: &Picture, then: &Picture) -> Plot {
    let line =
        |p: &Picture| p.bars.iter().enumerate().map(|(i, n)| (i as f64 + 0.5, f64::from(*n))).collect::<Vec<_>>();
    let most = now.bars.iter().chain(&then.bars).copied().max().unwrap_or(0);
    let mean = |p: &Picture| float(p.on_20.as_ref().map(|s| s.mean), 2);
    Plot::new(
        "repartition",
        "Répartition des notes",
        format!(
            "Copies par point sur 20, aujourd’hui (moyenne {}) et dans ce scénario (moyenne {}).",
            mean(now),
            mean(then)
        ),
        (&Axis::new("Note sur 20", 0.0, 20.0, 0), &Axis::up_to("Copies", f64::from(most), 0)),
        &[Series::new("Aujourd’hui", line(now)), Series::new("Scénario", line(then))],
        &[],
    )
}

/// Everything asked for in an address.
struct Query {
    current: Vec<Change>,
    kept: Vec<String>,
}

impl Query {
    fn read(raw: &str) -> Self {
        let fields = Fields::read(raw.as_bytes());
        let mut kept: Vec<String> = Vec::new();
        for scenario in fields.all("s") {
            if !kept.contains(&scenario) && kept.len() < 4 {
                kept.push(scenario);
            }
        }
        Self { current: changes(&fields), kept }
    }

    fn address(exam: &str, current: &str, kept: &[String]) -> String {
        let mut query: Vec<String> = kept.iter().map(|s| format!("s={}", web::urlencode(s))).collect();
        if !current.is_empty() {
            query.push(current.to_owned());
        }
        format!("/examens/{exam}/analyse/simulation?{}", query.join("&"))
    }
}

fn effect(exam: &str, room: &Room, query: &Query) -> Effect {
    let told = |changes: &[Change]| -> ApiResult<(Vec<Decision>, String)> {
        let both: Vec<(Decision, String)> = changes.iter().map(|c| decision(room, c)).collect::<ApiResult<_>>()?;
        let (decisions, words): (Vec<_>, Vec<_>) = both.into_iter().unzip();
        Ok((decisions, words.join(", ")))
    };
    let now = room.desk.picture();
    let mut columns = vec![Column {
        title: "Aujourd’hui".into(),
        words: format!("version {} du registre", room.subject.version),
        without: None,
        open: None,
    }];
    let mut outcomes: Vec<Option<Outcome>> = vec![None];
    let mut fault = String::new();
    for (i, kept) in query.kept.iter().enumerate() {
        let own = changes(&Fields::read(kept.as_bytes()));
        let outcome = told(&own).and_then(|(decisions, words)| {
            let outcome =
                room.desk.scenario(&decisions, 0).map_err(|e| ApiError::wrong("simulation", e.to_string()))?;
            Ok((outcome, words))
        });
        let Ok((outcome, words)) = outcome else { continue };
        let rest: Vec<String> = query.kept.iter().filter(|s| *s != kept).cloned().collect();
        columns.push(Column {
            title: format!("Scénario {}", i + 1),
            words,
            without: Some(Query::address(exam, &packed(&query.current), &rest)),
            open: Some(Query::address(exam, kept, &rest)),
        });
        outcomes.push(Some(outcome));
    }
    let mut movers = Vec::new();
    let (mut more, mut keep, mut plot) = (0, None, None);
    let mut sentence =
        "Choisissez une ou plusieurs décisions : leur effet s’affiche ici. Rien n’est décidé.".to_owned();
    if !query.current.is_empty() {
        let outcome = told(&query.current).and_then(|(decisions, words)| {
            let outcome =
                room.desk.scenario(&decisions, MOVERS).map_err(|e| ApiError::wrong("simulation", e.to_string()))?;
            Ok((outcome, words))
        });
        match outcome {
            Err(error) => fault = plain(&error),
            Ok((outcome, words)) => {
                sentence = told_outcome(&outcome);
                plot = Some(distribution(&now, &outcome.after));
                more = outcome.moved.saturating_sub(outcome.movers.len());
                movers = outcome.movers.iter().map(|m| mover(exam, room, m)).collect();
                let own = packed(&query.current);
                if !query.kept.contains(&own) && query.kept.len() < 4 {
                    let mut kept = query.kept.clone();
                    kept.push(own);
                    keep = Some(Query::address(exam, "", &kept));
                }
                columns.push(Column { title: "À l’essai".into(), words, without: None, open: None });
                outcomes.push(Some(outcome));
            }
        }
    }
    let pictures: Vec<&Picture> = outcomes.iter().map(|o| o.as_ref().map_or(&now, |o| &o.after)).collect();
    let measures = measures(&pictures, &outcomes.iter().map(Option::as_ref).collect::<Vec<_>>());
    Effect { columns, measures, plot, movers, more, keep, sentence, fault }
}

fn plain(error: &ApiError) -> String {
    match error {
        ApiError::Invalid { wrong, .. } => wrong.iter().map(|w| w.message.clone()).collect::<Vec<_>>().join(" ; "),
        other => other.to_string(),
    }
}

fn told_outcome(outcome: &Outcome) -> String {
    let mean = |p: &Picture| p.on_20.as_ref().map_or(0.0, |s| s.mean);
    let step = mean(&outcome.after) - mean(&outcome.before);
    format!(
        "{} et {}. Moyenne {} sur 20 ({}). Seuil de rang A\u{a0}: {} l’atteignent désormais, {} ne l’atteignent plus.",
        super::super::count(outcome.changed, "note change", "notes changent"),
        super::super::count(outcome.moved, "rang change", "rangs changent"),
        float(Some(mean(&outcome.after)), 2),
        signed(step, 2),
        thousands(outcome.rank_a.0),
        thousands(outcome.rank_a.1)
    )
}

fn mover(exam: &str, room: &Room, m: &docimo_engine::docimology::whatif::Mover) -> Mover {
    let person = &room.subject.people[m.candidate];
    Mover {
        href: format!("/examens/{exam}/candidats/{}", segment(&person.id)),
        number: person.number.clone(),
        name: person.name.clone(),
        before: float(m.before, 2),
        after: float(m.after, 2),
        rank_before: m.rank_before,
        rank_after: m.rank_after,
        delta: signed(f64::from(m.rank_before) - f64::from(m.rank_after), 0),
        crossing: match (m.rank_a, m.pass) {
            (Some(true), _) => "rang A atteint",
            (Some(false), _) => "rang A perdu",
            (None, Some(true)) => "seuil atteint",
            (None, Some(false)) => "seuil perdu",
            (None, None) => "",
        },
    }
}

async fn marked_room(app: &App, exam_id: &str) -> ApiResult<Arc<Room>> {
    room(app, exam_id, None).await
}

/// Decisions to try, and what they would change. With `fragment`, only the effect.
pub async fn simulation(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    page: Layout,
) -> ApiResult<Response> {
    let exam = draft::exam(&app, &id).await?;
    let raw = raw.unwrap_or_default();
    if !matches!(exam.state.as_str(), "marked" | "published") {
        let head = head(&app, &actor, &exam, At::Analysis).await?;
        return super::super::marking::unmarked(page, head, &exam);
    }
    let room = marked_room(&app, &id).await?;
    let (own, shared, address) = (raw.clone(), room.clone(), id.clone());
    let effect = off_thread(move || effect(&address, &shared, &Query::read(&own))).await?;
    if Fields::read(raw.as_bytes()).has("fragment") {
        return web::page(&effect);
    }
    let head = head(&app, &actor, &exam, At::Analysis)
        .await?
        .under("Essayer des décisions")
        .lead("Marquez ce que vous envisagez : notes, seuils et rangs sont recalculés sur toutes les copies. Rien n’est décidé.")
        .link(format!("/examens/{id}/analyse"), "Retour à l’analyse");
    let query = Query::read(&raw);
    let shared = room.clone();
    let current = query.current.clone();
    let exam_id = id.clone();
    let lines = off_thread(move || lines(&exam_id, &shared, &current)).await?;
    web::page(&SimulationPage {
        page: page.titled(head.document()),
        head,
        lines,
        effect,
        kept: query.kept,
        reason: String::new(),
        version: room.subject.version,
        chosen: query.current.into_iter().map(|c| (format!("d.{}", c.question), c.what)).collect(),
    })
}

fn lines(exam: &str, room: &Room, current: &[Change]) -> Vec<Line> {
    let subject = &room.subject;
    let statistics = room.statistics();
    let mut lines: Vec<(f64, Line)> = subject
        .labels
        .iter()
        .enumerate()
        .map(|(index, label)| {
            let item = statistics
                .and_then(|(columns, found)| columns.iter().position(|c| *c == index).map(|at| &found.items[at]));
            let taken = current.iter().find(|c| c.question == label.id).map_or("", |c| c.what.as_str());
            let id = QuestionId::new(label.id.clone());
            let r = item.and_then(|i| i.r_item_rest);
            // What is tried first, then what discriminates least.
            let order = if taken.is_empty() { r.unwrap_or(1.0) } else { -2.0 };
            let line = Line {
                id: label.id.clone(),
                href: format!("/examens/{exam}/notation/{}", segment(&label.id)),
                number: label.number,
                stem: markdown::plain(&label.stem, 90),
                kind: label.kind.code(),
                p: item.and_then(|i| i.p).map_or_else(|| "—".into(), percent),
                r: float(r, 2),
                state: match room.desk.effective().neutralised.get(&id) {
                    Some(Neutralisation::Removed) => "retirée",
                    Some(Neutralisation::CreditAll) => "points à tous",
                    None => "",
                },
                options: options(room, label, taken),
            };
            (order, line)
        })
        .collect();
    lines.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.number.cmp(&b.1.number)));
    lines.into_iter().map(|(_, line)| line).collect()
}

/// The address of a scenario that a form sends: only what is chosen is in it.
pub async fn scenario_address(Path(id): Path<String>, RawForm(body): RawForm) -> Redirect {
    let fields = Fields::read(&body);
    Redirect::to(&Query::address(&id, &packed(&changes(&fields)), &fields.all("s")))
}

/// Writes a scenario into the register, a decision a line, under one reason.
pub async fn decide_scenario(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let room = marked_room(&app, &id).await?;
    let expected = fields.number("version", "version")?;
    if room.subject.version != expected {
        return Err(ApiError::Conflict(
            "Le registre a changé depuis que ce scénario a été calculé : rien n’a été décidé. Rechargez la simulation."
                .into(),
        ));
    }
    let decisions: Vec<Decision> =
        changes(&fields).iter().map(|c| decision(&room, c).map(|d| d.0)).collect::<ApiResult<_>>()?;
    if decisions.is_empty() {
        return Err(ApiError::wrong("décisions", "Choisissez au moins une décision."));
    }
    let version = marks::decide_all(&app, &actor, &id, &decisions, fields.get("reason"), expected).await?;
    let what = super::super::count(decisions.len(), "décision prise", "décisions prises");
    Ok(web::go(
        &format!("/examens/{id}/registre"),
        format!("{what}\u{a0}: version {version} du registre. Rien n’est publié tant que vous ne publiez pas."),
    ))
}
