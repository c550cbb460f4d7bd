//! Every panel of an exam beside the others, and the threshold that the committee keeps.

use super::super::{At, Fields, Head, again, count, french, head};
use super::{on_20, passing};
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult, Wrong};
use crate::exam::panels::{self, Book, Ground, Method, PanelForm, is_marked, outcome, threshold};
use crate::web::filters::date_time;
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::response::Response;
use std::sync::Arc;

struct Line {
    href: String,
    title: String,
    method: &'static str,
    judges: String,
    closed: bool,
    threshold: String,
    se: String,
    pass: String,
    spread: String,
    remark: String,
}

struct Choice {
    word: &'static str,
    label: &'static str,
    asked: &'static str,
    chosen: bool,
}

struct Decision {
    threshold: String,
    when: String,
    author: String,
    reason: String,
    panel: String,
    place: String,
}

#[derive(Template)]
#[template(path = "panels/list.html")]
struct ListPage {
    page: Layout,
    head: Head,
    frozen: bool,
    marked: bool,
    lines: Vec<Line>,
    now: String,
    of_paper: String,
    waiting: String,
    decisions: Vec<Decision>,
    methods: Vec<Choice>,
    wrong: Vec<Wrong>,
    title: String,
    judges: String,
    typed: String,
    reason: String,
    suggestions: Vec<(String, String, bool)>,
}

/// A method's line: everything but Cohen leads to its panel.
fn line(out: &outcome::Outcome, method: &'static str) -> Line {
    let (pass, spread) = passing(out);
    let mut remark = out.remarks.clone();
    remark.extend(out.why_not.clone());
    Line {
        href: String::new(),
        title: String::new(),
        method,
        judges: String::new(),
        closed: false,
        threshold: on_20(out.threshold),
        se: on_20(out.se),
        pass,
        spread,
        remark: remark.join("\u{202f}; "),
    }
}

async fn page_of(
    app: &App,
    actor: &Actor,
    id: &str,
    page: Layout,
    fields: &Fields,
    wrong: Vec<Wrong>,
) -> ApiResult<ListPage> {
    let ground = Ground::load(app, id).await?;
    let exam = ground.exam.clone();
    let mut head = head(app, actor, &exam, At::Standards).await?;
    head.lead = "Un seuil est un jugement qui s’écrit : qui l’a porté, sur quoi, avec quelle erreur.".into();
    if panels::method::concordance_questions(&ground.paper).next().is_some() {
        head = head.link(format!("/examens/{id}/tcs"), "Panels de concordance (TCS)");
    }
    head = head.link("/aide#seuil", "Aide");
    let (mut lines, mut suggestions) = (Vec::new(), Vec::new());
    let from = fields.get("panel").to_owned();
    for panel in app.store.panels(id).await? {
        if panel.method == Method::Tcs.word() {
            continue;
        }
        let book = Arc::new(Book::of(app, panel).await?);
        let out = panels::outcome_of(app, &ground, book.clone()).await?;
        let known = match out {
            Some(out) => line(&out, book.method.french()),
            None => {
                let why = "le carnet ordonné est en cours de calcul : rechargez la page".to_owned();
                line(&outcome::Outcome { why_not: Some(why), ..Default::default() }, book.method.french())
            }
        };
        suggestions.push((book.panel.id.clone(), book.panel.title.clone(), book.panel.id == from));
        lines.push(Line {
            href: format!("/examens/{id}/panels/{}", book.panel.id),
            title: book.panel.title.clone(),
            judges: count(book.judges.len(), "juge", "juges"),
            closed: book.panel.closed_ms.is_some(),
            ..known
        });
    }
    if let Some(room) = &ground.room {
        let room = room.clone();
        let work = move || outcome::cohen(&room.subject.on_20());
        lines.push(line(&super::super::marking::off_thread(work).await?, "Cohen"));
    }
    let standing = threshold::standing(app, id).await?;
    let title_of = |panel: &Option<String>| {
        panel
            .as_ref()
            .and_then(|p| suggestions.iter().find(|(id, _, _)| id == p))
            .map_or_else(String::new, |(_, title, _)| title.clone())
    };
    let decisions = standing
        .decisions
        .iter()
        .map(|k| Decision {
            threshold: french(&k.threshold),
            when: date_time(k.at_ms),
            author: k.author.clone(),
            reason: k.reason.clone(),
            panel: title_of(&k.panel),
            place: match k.version {
                Some(v) => format!("version {v} du registre"),
                None if standing.waiting.is_some() => "entrera au registre à la première notation".into(),
                None => "remplacée avant la notation".into(),
            },
        })
        .collect();
    let show = |t: &Option<String>| t.as_deref().map_or_else(String::new, french);
    Ok(ListPage {
        page: page.titled(head.document()),
        head,
        frozen: exam.frozen_ms.is_some(),
        marked: is_marked(&exam),
        lines,
        now: show(&standing.now),
        of_paper: show(&standing.paper),
        waiting: show(&standing.waiting),
        decisions,
        methods: Method::ALL
            .into_iter()
            .filter(|m| *m != Method::Tcs && (is_marked(&exam) || !m.after_marking()))
            .map(|m| Choice {
                word: m.word(),
                label: m.french(),
                asked: m.asked(),
                chosen: fields.get("method") == m.word(),
            })
            .collect(),
        wrong,
        title: fields.get("title").to_owned(),
        judges: fields.get("judges").to_owned(),
        typed: fields.get("threshold").to_owned(),
        reason: fields.get("reason").to_owned(),
        suggestions,
    })
}

/// Panels of an exam side by side.
pub async fn thresholds(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    page: Layout,
    axum::extract::RawQuery(query): axum::extract::RawQuery,
) -> ApiResult<Response> {
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    web::page(&page_of(&app, &actor, &id, page, &fields, Vec::new()).await?)
}

/// Opens a panel.
pub async fn open(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    page: Layout,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let borderline = fields.get("borderline").trim();
    let form = PanelForm {
        method: fields.get("method").to_owned(),
        title: fields.get("title").to_owned(),
        judges: fields.get("judges").lines().map(str::to_owned).collect(),
        borderline: if borderline.is_empty() { None } else { panels::method::number(borderline).or(Some(0.0)) },
    };
    match panels::open(&app, &actor, &id, &form).await {
        Ok(panel) => Ok(web::go(&format!("/examens/{id}/panels/{panel}"), "Panel ouvert.")),
        Err(ApiError::Invalid { wrong, .. }) if form.method != Method::Tcs.word() => {
            again(&page_of(&app, &actor, &id, page, &fields, wrong).await?)
        }
        Err(error) => Err(error),
    }
}

/// Keeps a threshold.
pub async fn keep(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    page: Layout,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let panel = fields.get("panel");
    let form = threshold::ThresholdForm {
        threshold: fields.get("threshold").to_owned(),
        panel: (!panel.is_empty()).then(|| panel.to_owned()),
        reason: fields.get("reason").to_owned(),
    };
    match threshold::keep(&app, &actor, &id, &form).await {
        Ok(Some(version)) => Ok(web::go(
            &format!("/examens/{id}/seuils"),
            format!(
                "Seuil retenu\u{a0}: version {version} du registre. Rien n’est publié tant que vous ne publiez pas."
            ),
        )),
        Ok(None) => Ok(web::go(
            &format!("/examens/{id}/seuils"),
            "Seuil retenu\u{a0}: il entrera au registre à la première notation.",
        )),
        Err(ApiError::Invalid { wrong, .. }) => again(&page_of(&app, &actor, &id, page, &fields, wrong).await?),
        Err(error) => Err(error),
    }
}

struct ExpertLine {
    href: String,
    title: String,
    panellists: String,
    closed: bool,
    when: String,
}

#[derive(Template)]
#[template(path = "panels/experts.html")]
struct ExpertsPage {
    page: Layout,
    head: Head,
    questions: usize,
    lines: Vec<ExpertLine>,
}

/// Panels of experts of an exam.
pub async fn experts(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    page: Layout,
) -> ApiResult<Response> {
    let ground = Ground::load(&app, &id).await?;
    let at = if ground.exam.frozen_ms.is_some() { At::Standards } else { At::Paper };
    let head = head(&app, &actor, &ground.exam, at).await?.under("Panels de concordance");
    let mut lines = Vec::new();
    for panel in app.store.panels(&id).await?.into_iter().filter(|p| p.method == Method::Tcs.word()) {
        lines.push(ExpertLine {
            href: format!("/examens/{id}/panels/{}", panel.id),
            panellists: count(app.store.judges(&panel.id).await?.len(), "panéliste", "panélistes"),
            closed: panel.closed_ms.is_some(),
            when: date_time(panel.created_ms),
            title: panel.title,
        });
    }
    let questions = panels::method::concordance_questions(&ground.paper).count();
    web::page(&ExpertsPage { page: page.titled(head.document()), head, questions, lines })
}
