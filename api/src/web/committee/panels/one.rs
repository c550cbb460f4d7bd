//! One panel: what it gives, its judges, the table that brings judgements, its rounds and its end.

use super::super::{At, Fields, Head, again, count, head};
use super::{on_20, passing, tcs};
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult, Wrong};
use crate::exam::panels::outcome::Outcome;
use crate::exam::panels::{self, Book, Ground, Method, is_marked};
use crate::web::filters::{date_time, float, percent, signed};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Multipart, Path, RawForm, State};
use axum::response::Response;
use std::sync::Arc;

/// What every page of a panel says of it.
pub(super) struct Frame {
    pub(super) base: String,
    pub(super) title: String,
    pub(super) asked: &'static str,
    pub(super) open: bool,
    pub(super) opened: String,
    pub(super) closed: String,
    pub(super) rows: String,
    pub(super) example: String,
    pub(super) wrong: Vec<Wrong>,
    pub(super) pasted: String,
    pub(super) history: Vec<Said>,
    pub(super) hidden: usize,
}

/// A row of the panel's journal.
pub(super) struct Said {
    pub(super) when: String,
    pub(super) author: String,
    pub(super) judge: String,
    pub(super) round: i64,
    pub(super) what: String,
    pub(super) value: String,
}

/// Rows of the journal on the page; programs read them all.
const LAST: usize = 100;

impl Frame {
    pub(super) fn of(book: &Book, ground: &Ground, wrong: Vec<Wrong>, pasted: String) -> Self {
        let panel = &book.panel;
        let labels: std::collections::HashMap<String, String> =
            ground.targets(book, None).into_iter().map(|t| (t.id, t.label)).collect();
        let name =
            |number: i64| book.judges.iter().find(|j| j.number == number).map_or_else(String::new, |j| j.name.clone());
        let what = |target: &str| match (labels.get(target), target.strip_prefix("candidate:")) {
            (Some(label), _) => label.clone(),
            (None, Some(id)) => {
                let people = ground.room.as_ref().and_then(|r| r.subject.people.iter().find(|p| p.id == id));
                people.map_or_else(|| "candidat".into(), |p| format!("candidat {}", p.number))
            }
            (None, None) => target.rsplit(':').next().unwrap_or(target).to_owned(),
        };
        let history = book.rows.iter().rev().take(LAST).map(|r| Said {
            when: date_time(r.at_ms),
            author: r.author_name.clone(),
            judge: name(r.judge),
            round: r.round,
            what: what(&r.target),
            value: if r.value.is_empty() { "avis retiré".into() } else { r.value.replace('.', ",") },
        });
        Self {
            base: format!("/examens/{}/panels/{}", panel.exam_id, panel.id),
            title: panel.title.clone(),
            asked: book.method.asked(),
            open: panel.closed_ms.is_none(),
            opened: date_time(panel.created_ms),
            closed: panel.closed_ms.map(date_time).unwrap_or_default(),
            rows: count(book.rows.len(), "avis enregistré", "avis enregistrés"),
            example: example(book, ground),
            wrong,
            pasted,
            hidden: book.rows.len().saturating_sub(LAST),
            history: history.collect(),
        }
    }
}

/// A table that could be imported: heads, and a first line.
fn example(book: &Book, ground: &Ground) -> String {
    match book.method {
        Method::BorderlineGroup => "numéro;juge\nD-1001;Examinateur 1\nD-1044;Examinateur 2".into(),
        Method::BorderlineRegression => {
            "numéro;appréciation;juge\nD-1001;2;Examinateur 1\nD-1002;4;Examinateur 1".into()
        }
        Method::Hofstee => "juge;seuil min;seuil max;échecs min;échecs max\nJuge 1;9;12;5;30".into(),
        Method::Bookmark => "juge;page\nJuge 1;23".into(),
        method => {
            let (who, value) = match method {
                Method::Tcs => ("panéliste", "+1"),
                Method::YesNoAngoff => ("juge", "oui"),
                Method::Ebel => ("juge", "essentielle/facile"),
                _ => ("juge", "60"),
            };
            let targets = ground.targets(book, None);
            let shown: Vec<_> = targets.iter().filter(|t| t.number > 0).take(4).collect();
            let mut heads: Vec<String> = shown.iter().map(|t| t.number.to_string()).collect();
            let mut line = vec![value.to_owned(); shown.len()];
            if method == Method::Ebel {
                heads.push("essentielle/facile".into());
                line.push("80".into());
            }
            format!("{who};{}\nUn nom;{}", heads.join(";"), line.join(";"))
        }
    }
}

struct JudgeRow {
    href: String,
    name: String,
    rated: String,
    threshold: String,
    without: String,
    first: String,
    with_others: String,
    with_p: String,
    out: bool,
}

struct QuestionRow {
    number: usize,
    stem: String,
    mean: String,
    sd: String,
    range: String,
    first: String,
    p: String,
    far: bool,
}

struct Rate {
    label: &'static str,
    cut: String,
    passing: usize,
    rate: String,
}

#[derive(Template)]
#[template(path = "panels/panel.html")]
struct PanelPage {
    page: Layout,
    head: Head,
    frame: Frame,
    working: bool,
    why_not: String,
    threshold: String,
    se: String,
    se_questions: String,
    pass: String,
    spread: String,
    remarks: Vec<String>,
    judges: Vec<JudgeRow>,
    rated: bool,
    two_rounds: bool,
    change: String,
    agreement: String,
    disputed: Vec<QuestionRow>,
    far: Vec<QuestionRow>,
    against: String,
    rates: Vec<Rate>,
    sheets: bool,
    next_round: bool,
    round: i64,
    keep: String,
}

/// Questions on which judges differ most that are told.
const DISPUTED: usize = 10;

fn question_row(q: &panels::outcome::QuestionLine, far: &[usize]) -> QuestionRow {
    QuestionRow {
        number: q.number,
        stem: q.stem.clone(),
        mean: percent(q.mean),
        sd: q.sd.map_or_else(|| "—".into(), |sd| format!("{:.0}", sd * 100.0)),
        range: format!("{:.0} à {}", q.min * 100.0, percent(q.max)),
        first: q.first_mean.map_or_else(|| "—".into(), percent),
        p: q.p.map_or_else(|| "—".into(), percent),
        far: far.contains(&q.number),
    }
}

/// From the first round to the second, in a sentence.
fn change(out: &Outcome) -> String {
    let Some(c) = &out.change else { return String::new() };
    let closer = c.closer.map_or_else(String::new, |ratio| {
        let verb = if ratio < 1.0 { "se sont rapprochés" } else { "ne se sont pas rapprochés" };
        format!(" Les juges {verb}\u{a0}: leur écart-type est multiplié par {}.", float(Some(ratio), 2))
    });
    let informed = if c.informed {
        "après avoir vu la réussite observée"
    } else {
        "après la discussion, sans voir la réussite observée"
    };
    format!(
        "Premier tour\u{a0}: {} (erreur-type {}). Second tour, {informed}\u{a0}: {}, soit {}. Un juge a déplacé son seuil de {} point en moyenne.{closer}",
        on_20(Some(c.first)),
        on_20(Some(c.first_se)),
        on_20(Some(c.second)),
        signed(c.second - c.first, 2),
        on_20(Some(c.moved)),
    )
}

fn agreement(out: &Outcome) -> String {
    out.agreement.as_ref().map_or_else(String::new, |a| {
        format!(
            "Accord entre juges sur {}\u{a0}: ICC (2,1) {} pour un juge, {} pour leur moyenne\u{202f}; sévérité mise à part, {} et {}.",
            count(a.targets, "question évaluée par tous", "questions évaluées par tous"),
            float(a.single, 2),
            float(a.average, 2),
            float(a.consistency_single, 2),
            float(a.consistency_average, 2)
        )
    })
}

fn against(out: &Outcome) -> String {
    out.against_p.as_ref().map_or_else(String::new, |a| {
        format!(
            "Sur {}, la moyenne des juges est corrélée à {} à la réussite observée, et s’en écarte de {} points de pourcentage en moyenne (les juges pensent à un candidat au seuil, la réussite est celle de tous).",
            count(a.n, "question", "questions"),
            float(a.r, 2),
            signed(a.shift * 100.0, 0)
        )
    })
}

async fn page_of(
    app: &App,
    actor: &Actor,
    (id, panel_id): (&str, &str),
    page: Layout,
    wrong: Vec<Wrong>,
    pasted: String,
) -> ApiResult<PanelPage> {
    let book = Arc::new(Book::load(app, id, panel_id).await?);
    let ground = Ground::load(app, id).await?;
    let marked = is_marked(&ground.exam);
    let found = panels::outcome_of(app, &ground, book.clone()).await?;
    let working = found.is_none();
    let out = found.unwrap_or_default();
    let mut head = head(app, actor, &ground.exam, At::Standards).await?.under(&book.panel.title);
    head.lead = format!("{}. {}", book.method.french(), book.method.asked());
    let head = head.link(format!("/examens/{id}/seuils"), "Tous les panels");
    let frame = Frame::of(&book, &ground, wrong, pasted);
    let sheets = !book.method.of_candidates();
    let judges = book
        .judges
        .iter()
        .map(|j| {
            let line = out.judges.iter().find(|l| l.number == j.number).cloned().unwrap_or_default();
            JudgeRow {
                href: if sheets { format!("{}/juges/{}", frame.base, j.number) } else { String::new() },
                name: j.name.clone(),
                rated: book.said_by(j.number).to_string(),
                threshold: on_20(line.threshold),
                without: on_20(line.without),
                first: on_20(line.first_round),
                with_others: float(line.with_others, 2),
                with_p: float(line.with_p, 2),
                out: line.out_of_line,
            }
        })
        .collect();
    let far: Vec<usize> = out.against_p.as_ref().map_or_else(Vec::new, |a| a.far.clone());
    let mut by_sd: Vec<&panels::outcome::QuestionLine> =
        out.questions.iter().filter(|q| q.sd.is_some_and(|sd| sd > 0.0)).collect();
    by_sd.sort_by(|a, b| b.sd.unwrap_or(0.0).total_cmp(&a.sd.unwrap_or(0.0)).then(a.number.cmp(&b.number)));
    let disputed = by_sd.into_iter().take(DISPUTED).map(|q| question_row(q, &far)).collect();
    let furthest = far
        .iter()
        .filter_map(|n| out.questions.iter().find(|q| q.number == *n))
        .map(|q| question_row(q, &[]))
        .collect();
    let labels = ["moins deux erreurs-types", "moins une", "au seuil", "plus une", "plus deux erreurs-types"];
    let rates = out
        .impact
        .iter()
        .flatten()
        .zip(labels)
        .filter(|(r, _)| out.se.is_some() || r.shift == 0)
        .map(|(r, label)| Rate { label, cut: on_20(Some(r.cut)), passing: r.passing, rate: percent(r.rate) })
        .collect();
    let (pass, spread) = passing(&out);
    Ok(PanelPage {
        page: page.titled(head.document()),
        head,
        working,
        why_not: out.why_not.clone().unwrap_or_default(),
        threshold: if out.threshold.is_some() { on_20(out.threshold) } else { String::new() },
        se: on_20(out.se),
        se_questions: out.se_questions.map_or_else(String::new, |se| on_20(Some(se))),
        pass: if marked { pass } else { String::new() },
        spread,
        remarks: out.remarks.clone(),
        judges,
        rated: book.method.of_questions(),
        two_rounds: out.change.is_some(),
        change: change(&out),
        agreement: agreement(&out),
        disputed,
        far: furthest,
        against: against(&out),
        rates,
        sheets,
        next_round: book.method == Method::ModifiedAngoff && book.panel.round == 1 && frame.open,
        round: book.panel.round,
        keep: format!("/examens/{id}/seuils?panel={panel_id}&threshold={}#retenir", rounded(out.threshold)),
        frame,
    })
}

/// A threshold as one would keep it: to two decimals.
fn rounded(threshold: Option<f64>) -> String {
    threshold.map_or_else(String::new, |t| format!("{t:.2}").replace('.', ","))
}

/// A panel.
pub async fn show(
    State(app): State<App>,
    actor: Actor,
    Path((id, panel)): Path<(String, String)>,
    page: Layout,
) -> ApiResult<Response> {
    if is_tcs(&app, &id, &panel).await? {
        return web::page(&tcs::page_of(&app, &actor, (&id, &panel), page, Vec::new(), String::new()).await?);
    }
    web::page(&page_of(&app, &actor, (&id, &panel), page, Vec::new(), String::new()).await?)
}

async fn is_tcs(app: &App, id: &str, panel: &str) -> ApiResult<bool> {
    Ok(panels::panel(app, id, panel).await?.method == Method::Tcs.word())
}

async fn refused(
    app: &App,
    actor: &Actor,
    place: (&str, &str),
    page: Layout,
    wrong: Vec<Wrong>,
    pasted: String,
) -> ApiResult<Response> {
    if is_tcs(app, place.0, place.1).await? {
        return again(&tcs::page_of(app, actor, place, page, wrong, pasted).await?);
    }
    again(&page_of(app, actor, place, page, wrong, pasted).await?)
}

/// Adds judges.
pub async fn add_judges(
    State(app): State<App>,
    actor: Actor,
    Path((id, panel)): Path<(String, String)>,
    page: Layout,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let names: Vec<String> = Fields::read(&body).get("judges").lines().map(str::to_owned).collect();
    match panels::add_judges(&app, &actor, &id, &panel, &names).await {
        Ok(n) => Ok(web::go(&format!("/examens/{id}/panels/{panel}"), count(n, "juge ajouté.", "juges ajoutés."))),
        Err(ApiError::Invalid { wrong, .. }) => refused(&app, &actor, (&id, &panel), page, wrong, String::new()).await,
        Err(error) => Err(error),
    }
}

struct Cell {
    text: String,
}

#[derive(Template)]
#[template(path = "panels/preview.html")]
struct PreviewPage {
    page: Layout,
    head: Head,
    base: String,
    judgements: String,
    changed: usize,
    fresh: Vec<String>,
    headers: Vec<String>,
    rows: Vec<Vec<Cell>>,
    hidden: usize,
    text: String,
    position: i64,
}

/// Lines of a preview.
const PREVIEW: usize = 50;

/// What a form of import sends: a file, a pasted text, and the word that it was looked at.
struct Sent {
    bytes: Vec<u8>,
    pasted: String,
    confirmed: Option<i64>,
}

async fn sent(mut multipart: Multipart) -> ApiResult<Sent> {
    let unread = |_| ApiError::bad("Le tableau n’a pas été reçu en entier. Recommencez.");
    let mut sent = Sent { bytes: Vec::new(), pasted: String::new(), confirmed: None };
    while let Some(field) = multipart.next_field().await.map_err(unread)? {
        match field.name() {
            Some("fichier") => sent.bytes = field.bytes().await.map_err(unread)?.to_vec(),
            Some("texte") => sent.pasted = field.text().await.map_err(unread)?,
            Some("confirme") => sent.confirmed = field.text().await.map_err(unread)?.parse().ok(),
            _ => {}
        }
    }
    if sent.bytes.is_empty() {
        sent.bytes = sent.pasted.clone().into_bytes();
    }
    Ok(sent)
}

/// Reads a table of judgements: a preview first, then, once confirmed, all of it.
pub async fn import(
    State(app): State<App>,
    actor: Actor,
    Path((id, panel)): Path<(String, String)>,
    page: Layout,
    multipart: Multipart,
) -> ApiResult<Response> {
    let sent = sent(multipart).await?;
    let read = if sent.bytes.is_empty() {
        Err(ApiError::wrong("tableau", "Choisissez un fichier, ou collez un tableau."))
    } else {
        panels::read_table(&app, &id, &panel, &sent.bytes).await
    };
    let (book, import, table) = match read {
        Ok(read) => read,
        Err(ApiError::Invalid { wrong, .. }) => {
            return refused(&app, &actor, (&id, &panel), page, wrong, sent.pasted).await;
        }
        Err(error) => return Err(error),
    };
    let base = format!("/examens/{id}/panels/{panel}");
    if let Some(position) = sent.confirmed {
        if position != book.panel.last_position {
            let why = "Des avis ont été ajoutés depuis l’aperçu\u{a0}: rien n’a été enregistré. Recommencez l’import.";
            return Err(ApiError::Conflict(why.into()));
        }
        let n = panels::save(&app, &actor, &book, &import.fresh, &import.said).await?;
        return Ok(web::go(&base, format!("{}.", count(n, "avis enregistré", "avis enregistrés"))));
    }
    let ground = Ground::load(&app, &id).await?;
    let changed = import
        .said
        .iter()
        .filter(|e| book.value(book.panel.round, e.judge, &e.target).is_some_and(|v| v != e.value))
        .count();
    let head = head(&app, &actor, &ground.exam, At::Standards)
        .await?
        .under("Aperçu de l’import")
        .lead("Rien n’est encore enregistré.");
    web::page(&PreviewPage {
        page: page.titled(head.document()),
        head,
        base,
        judgements: count(import.said.len(), "avis", "avis"),
        changed,
        fresh: import.fresh,
        text: table.to_text(),
        hidden: table.rows.len().saturating_sub(PREVIEW),
        rows: table
            .rows
            .iter()
            .take(PREVIEW)
            .map(|r| r.cells.iter().map(|c| Cell { text: c.trim().to_owned() }).collect())
            .collect(),
        headers: table.headers,
        position: book.panel.last_position,
    })
}

/// Opens the second round.
pub async fn next_round(
    State(app): State<App>,
    actor: Actor,
    Path((id, panel)): Path<(String, String)>,
) -> ApiResult<Response> {
    panels::next_round(&app, &actor, &id, &panel).await?;
    Ok(web::go(&format!("/examens/{id}/panels/{panel}"), "Second tour ouvert\u{a0}: les avis du premier sont gardés."))
}

/// Closes a panel.
pub async fn close(
    State(app): State<App>,
    actor: Actor,
    Path((id, panel)): Path<(String, String)>,
) -> ApiResult<Response> {
    panels::close(&app, &actor, &id, &panel).await?;
    Ok(web::go(&format!("/examens/{id}/panels/{panel}"), "Panel clos."))
}
