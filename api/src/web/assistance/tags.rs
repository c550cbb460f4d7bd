//! « Assistance › Étiquetage »: tags asked for many questions, decided on with the keyboard, accepted at once where the
//! committee permits it; how often the machine is right, what it learned.

use super::{may_govern, may_review};
use crate::app::App;
use crate::assistance::tags::ask::{self, Which};
use crate::assistance::tags::decide::{self, Choice, Opened, REASONS, reason_french};
use crate::assistance::tags::{self as rules, Ruling, TAGGING, figures, learn};
use crate::auth::Actor;
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult};
use crate::markdown;
use crate::web::bank::editor::preview;
use crate::web::committee::Fields;
use crate::web::filters::{count, date_time, thousands};
use crate::web::plot::{Axis, Plot, Series};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, Query, RawForm, State};
use axum::response::{Html, IntoResponse, Response};
use docimo_ai::tagging::head::Measured;
use docimo_ai::tagging::propose::{Candidate, Neighbour, TagDraft};
use docimo_bank::rights::Level;
use docimo_engine::paper::Element;
use docimo_store::ai::tags::{HeadRow, WaitingTags};
use r2c_referential::Tag;
use serde::Deserialize;
use std::collections::BTreeSet;

/// Imports offered in the form.
const ORIGINS: i64 = 30;
const HOME: &str = "/assistance/etiquettes";

fn percent(part: f64) -> String {
    format!("{:.0} %", part * 100.0)
}

/// A confidence, never rounded up to certainty.
fn sure(part: f64) -> String {
    percent((part * 100.0).floor().min(99.0) / 100.0)
}

fn of_thousandths(n: i64) -> String {
    percent(n as f64 / 1000.0)
}

fn usable(n: i64) -> usize {
    usize::try_from(n).unwrap_or(0)
}

struct JobRow {
    id: String,
    at: String,
    done: String,
    state: &'static str,
    class: &'static str,
    said: String,
}

struct HeadView {
    at: String,
    by: String,
    learned: String,
    before: String,
    after: String,
    verdict: &'static str,
    class: &'static str,
    hash: String,
}

struct RuleView {
    at: String,
    said: String,
    reference: String,
    by: String,
}

#[derive(Template)]
#[template(path = "assistance/tags/home.html")]
struct HomePage {
    page: Layout,
    on: bool,
    reference: String,
    may_review: bool,
    may_govern: bool,
    folders: Vec<(String, String)>,
    origins: Vec<(String, String)>,
    query: String,
    folder: String,
    waiting: String,
    has_waiting: bool,
    jobs: Vec<JobRow>,
    decided: Vec<(&'static str, String)>,
    reasons: Vec<(String, usize)>,
    judged: String,
    curve: Option<Plot>,
    bins: Vec<[String; 4]>,
    heads: Vec<HeadView>,
    threshold: String,
    threshold_value: String,
    has_model: bool,
    rerank: bool,
    person_daily: i64,
    daily: i64,
    rules: Vec<RuleView>,
}

/// What a form may begin with.
#[derive(Debug, Default, Deserialize)]
pub struct Begun {
    #[serde(default)]
    q: String,
    #[serde(default)]
    dossier: String,
}

fn measured(json: &str) -> String {
    match serde_json::from_str::<Measured>(json) {
        Ok(m) if m.questions > 0 => {
            let items = m.items.map(percent).join(", ");
            match m.objectives {
                Some(o) => format!("item {items} ; objectif {}", o.map(percent).join(", ")),
                None => format!("item {items}"),
            }
        }
        _ => "—".to_owned(),
    }
}

async fn name(app: &App, id: &str) -> ApiResult<String> {
    Ok(app.store.person(id).await?.map(|p| p.name).unwrap_or_default())
}

async fn heads(app: &App) -> ApiResult<Vec<HeadView>> {
    let in_force = app.store.tag_head_in_force().await?;
    let mut all = Vec::new();
    for HeadRow { id, created_ms, person_id, learned, tuned, held, before, after, promoted, hash, .. } in
        app.store.tag_heads(20).await?
    {
        let (verdict, class) = match (promoted, in_force.as_deref() == Some(id.as_str())) {
            (1, true) => ("en service", "pill pill--live"),
            (1, false) => ("remplacée", "pill pill--done"),
            _ => ("pas meilleure, gardée de côté", "pill pill--wait"),
        };
        all.push(HeadView {
            at: date_time(created_ms),
            by: name(app, &person_id).await?,
            learned: format!("{learned} apprises, {tuned} pour régler, {held} pour mesurer"),
            before: measured(&before),
            after: measured(&after),
            verdict,
            class,
            hash: hash.chars().take(12).collect(),
        });
    }
    Ok(all)
}

fn curve(figures: &figures::Figures) -> Option<Plot> {
    if figures.curve.is_empty() {
        return None;
    }
    let share = |label: &str| Axis::new(label, 0.0, 1.0, 1);
    let (x, y) = (share("confiance annoncée"), share("part retenue"));
    let told: Vec<(f64, f64)> = figures.curve.iter().map(|b| (b.said, b.right)).collect();
    let just: Vec<(f64, f64)> = figures.curve.iter().map(|b| (b.said, b.said)).collect();
    let sentence = format!(
        "Sur {} propositions jugées une par une, la part retenue selon la confiance annoncée, de {} à {}, à côté de la diagonale d’une confiance juste.",
        figures.judged,
        percent(figures.curve.first().map_or(0.0, |b| b.said)),
        percent(figures.curve.last().map_or(0.0, |b| b.said)),
    );
    let series = [Series::new("retenues", told), Series::new("confiance juste", just)];
    Some(Plot::new("fiabilite", "Confiance et décisions", sentence, (&x, &y), &series, &[]))
}

/// What there is to do, what was done, what it is worth.
pub async fn home(
    State(app): State<App>,
    actor: Actor,
    Query(begun): Query<Begun>,
    page: Layout,
) -> ApiResult<Response> {
    let reach = Reach::of(&app, &actor).await?;
    let (reviews, governs) = (may_review(&actor), may_govern(&actor));
    let waiting = if reviews { decide::waiting(&app, &reach).await?.len() } else { 0 };
    let switch = app.store.ai_switch(TAGGING.code()).await?;
    let jobs = app.store.tagging_jobs(20).await?.into_iter();
    let jobs = jobs.filter(|(job, _)| reviews || job.person_id == *actor.id).map(|(job, done)| JobRow {
        at: date_time(job.created_ms),
        done: format!("{} sur {}", thousands(usable(done)), thousands(usable(job.wanted))),
        state: super::state_french(&job.state),
        class: super::state_class(&job.state),
        said: job.stage,
        id: job.id,
    });
    let jobs = jobs.collect();
    let figures = if reviews { figures::figures(&app).await? } else { figures::Figures::default() };
    let mut ruled = Vec::new();
    let all_rules = app.store.tag_rules().await?;
    for rule in all_rules.iter().take(20) {
        ruled.push(RuleView {
            at: date_time(rule.at_ms),
            said: format!(
                "{} ; reclassement par un modèle {}",
                rule.threshold
                    .map_or_else(|| "interdite".into(), |t| format!("permise à partir de {}", of_thousandths(t))),
                if rule.rerank == 1 { "permis" } else { "interdit" }
            ),
            reference: rule.reference.clone(),
            by: name(&app, &rule.author_id).await?,
        });
    }
    let threshold = all_rules.first().and_then(|r| r.threshold);
    let number = |n: i64| thousands(usable(n));
    web::page(&HomePage {
        page: page.titled("Étiquetage"),
        on: switch.as_ref().is_some_and(|s| s.enabled == 1),
        reference: switch.as_ref().map(|s| s.reference.clone()).unwrap_or_default(),
        may_review: reviews,
        may_govern: governs,
        folders: reach.folders_at(Level::Write),
        origins: (app.store.origins(ORIGINS).await?.into_iter())
            .map(|(origin, n)| (origin.clone(), format!("{origin} ({n})")))
            .collect(),
        query: begun.q,
        folder: begun.dossier,
        has_waiting: waiting > 0,
        waiting: decide::waiting_french(waiting),
        jobs,
        decided: vec![
            ("Attendent", number(figures.waiting)),
            ("Acceptées telles quelles", number(figures.accepted)),
            ("Acceptées autrement", number(figures.amended)),
            ("Refusées", number(figures.refused)),
            ("Acceptées d’un coup", thousands(figures.at_once)),
        ],
        judged: count(figures.judged, "proposition jugée", "propositions jugées"),
        curve: curve(&figures),
        bins: (figures.curve.iter())
            .map(|b| {
                [
                    format!("{} à {}", percent(b.from), percent(b.to)),
                    thousands(b.count),
                    percent(b.said),
                    percent(b.right),
                ]
            })
            .collect(),
        reasons: figures.reasons,
        heads: if governs { heads(&app).await? } else { Vec::new() },
        threshold: threshold.map_or_else(String::new, of_thousandths),
        threshold_value: threshold.map_or_else(String::new, |t| (t / 10).to_string()),
        has_model: app.models().is_some(),
        rerank: all_rules.first().is_some_and(|r| r.rerank == 1),
        person_daily: switch.as_ref().map_or(5_000, |s| s.person_daily),
        daily: switch.as_ref().map_or(20_000, |s| s.daily),
        rules: ruled,
    })
}

/// Puts a request in the queue.
pub async fn ask_for(State(app): State<App>, actor: Actor, RawForm(body): RawForm) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let which = Which {
        origin: fields.get("import").to_owned(),
        query: fields.get("q").trim().to_owned(),
        folder: fields.get("dossier").to_owned(),
        tagged_too: fields.has("deja"),
    };
    let id = ask::ask(&app, &actor, &which).await?;
    Ok(web::go(&format!("{HOME}/demandes/{id}"), "Demande enregistrée."))
}

#[derive(Template)]
#[template(path = "assistance/tags/progress.html")]
struct ProgressPart {
    id: String,
    said: String,
    state: &'static str,
    class: &'static str,
    why: String,
    at: String,
    done: i64,
    wanted: i64,
    going: bool,
    may_review: bool,
    csrf: String,
}

#[derive(Template)]
#[template(path = "assistance/tags/job.html")]
struct JobPage {
    page: Layout,
    id: String,
    part: String,
    going: bool,
}

/// What the page of a request may be asked for.
#[derive(Debug, Deserialize)]
pub struct Part {
    partiel: Option<u8>,
}

/// How far a request is.
pub async fn job(
    State(app): State<App>,
    actor: Actor,
    Path(job): Path<String>,
    Query(part): Query<Part>,
    page: Layout,
) -> ApiResult<Response> {
    let (job, asked) = ask::job(&app, &actor, &job).await?;
    let going = matches!(job.state.as_str(), "waiting" | "running");
    let shown = ProgressPart {
        said: asked.said,
        state: super::state_french(&job.state),
        class: super::state_class(&job.state),
        at: date_time(job.created_ms),
        done: app.store.tagging_done(&job.id).await?,
        wanted: job.wanted,
        why: if going { String::new() } else { job.stage.clone() },
        going,
        may_review: may_review(&actor),
        csrf: page.csrf.clone(),
        id: job.id.clone(),
    };
    let html = shown.render()?;
    if part.partiel.is_some() {
        return Ok(Html(html).into_response());
    }
    web::page(&JobPage { page: page.titled("Demande d’étiquettes"), id: job.id, part: html, going })
}

/// Stops it.
pub async fn cancel(State(app): State<App>, actor: Actor, Path(job): Path<String>) -> ApiResult<Response> {
    ask::cancel(&app, &actor, &job).await?;
    Ok(web::go(&format!("{HOME}/demandes/{job}"), "Demande arrêtée ; ce qui est proposé reste à relire."))
}

struct Offer {
    tag: String,
    label: String,
    title: String,
    words: String,
    /// Ticked when the page opens.
    ticked: bool,
    confidence: String,
    /// One key chooses it.
    key: String,
}

struct NearView {
    entry: String,
    name: String,
    title: String,
    tags: String,
    words: String,
}

struct DecisionView {
    verdict: String,
    by: String,
    at: String,
    remark: String,
}

#[derive(Template)]
#[template(path = "assistance/tags/proposal.html")]
struct ProposalPage {
    page: Layout,
    id: String,
    entry: String,
    external_id: String,
    folder: String,
    at: String,
    model: String,
    left: String,
    next: Option<String>,
    abstains: bool,
    changed: bool,
    has: Vec<String>,
    student: String,
    item_confidence: String,
    objective_confidence: String,
    items: Vec<Offer>,
    objectives: Vec<Offer>,
    others: Vec<Offer>,
    neighbours: Vec<NearView>,
    reasons: Vec<(&'static str, &'static str)>,
    decided: Option<DecisionView>,
}

fn label(tag: &str) -> String {
    match tag {
        "rang:A" => return "Rang A".into(),
        "rang:B" => return "Rang B".into(),
        _ => {}
    }
    match tag.parse::<Tag>() {
        Ok(Tag::Item(number)) => format!("Item\u{a0}{number}"),
        Ok(Tag::Situation(number)) => format!("Situation\u{a0}{number}"),
        Ok(Tag::Specialty(_)) => "Spécialité".into(),
        _ => tag.to_owned(),
    }
}

/// The same where no title stands beside it.
fn named(tag: &str) -> String {
    match tag.parse::<Tag>() {
        Ok(known @ Tag::Specialty(_)) => known.title().unwrap_or(tag).to_owned(),
        _ => label(tag),
    }
}

fn offers(draft: &TagDraft, all: &[Candidate], has: &BTreeSet<String>, keyed: bool) -> Vec<Offer> {
    let known = |tag: &str| draft.proposed.iter().find(|s| s.tag == tag);
    (all.iter().enumerate())
        .filter(|(_, c)| !has.contains(&c.tag))
        .map(|(place, c)| Offer {
            label: label(&c.tag),
            title: c.title.clone(),
            words: c.words.join(", "),
            ticked: known(&c.tag).is_some(),
            confidence: known(&c.tag).filter(|s| s.confidence > 0.0).map_or_else(String::new, |s| sure(s.confidence)),
            key: if keyed { ((place + 1) % 10).to_string() } else { String::new() },
            tag: c.tag.clone(),
        })
        .collect()
}

/// The proposal to look at after one: the next in the queue, or its first.
fn after(rows: &[WaitingTags], id: &str, created_ms: i64) -> Option<String> {
    let at = rows.iter().position(|r| r.proposal_id == id);
    let next = match at {
        Some(at) => rows.get(at + 1),
        None => rows.iter().find(|r| (r.created_ms, r.proposal_id.as_str()) > (created_ms, id)),
    };
    next.or_else(|| rows.iter().find(|r| r.proposal_id != id)).map(|r| r.proposal_id.clone())
}

async fn near(app: &App, reach: &Reach, known: &[Neighbour]) -> ApiResult<Vec<NearView>> {
    let ids: Vec<String> = known.iter().map(|n| n.entry.clone()).collect();
    let lines = app.store.lines(&ids).await?;
    // Since then one may have gone where this reviewer does not look.
    let seen = known.iter().filter(|n| lines.iter().any(|l| l.id == n.entry && reach.may(&l.folder_id, Level::Read)));
    Ok(seen
        .map(|n| NearView {
            entry: n.entry.clone(),
            name: n.name.clone(),
            title: markdown::plain(&n.title, 110),
            tags: n.tags.iter().map(|t| named(t)).collect::<Vec<_>>().join(", "),
            words: n.words.join(", "),
        })
        .collect())
}

/// Goes to the first that waits.
pub async fn first(State(app): State<App>, actor: Actor) -> ApiResult<Response> {
    let reach = Reach::of(&app, &actor).await?;
    match decide::waiting(&app, &reach).await?.first() {
        Some(row) => Ok(axum::response::Redirect::to(&format!("{HOME}/{}", row.proposal_id)).into_response()),
        None => Ok(web::go(HOME, "Aucune proposition d’étiquettes n’attend.")),
    }
}

/// One proposal beside its question, with why.
pub async fn proposal(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    page: Layout,
) -> ApiResult<Response> {
    let Opened { about, proposal, created_ms, line, reach } = decide::open(&app, &actor, &id).await?;
    let draft = proposal.content();
    let latest = app.store.latest_revision(&line.id).await?.ok_or(ApiError::NotFound)?;
    let element: Element = serde_json::from_str(&latest.body).map_err(|e| ApiError::Internal(e.into()))?;
    let has = crate::bank::draft::suggest::own_tags(&element);
    let rows = decide::waiting(&app, &reach).await?;
    let mut others = offers(draft, &draft.specialties, &has, false);
    others.extend(offers(draft, &draft.situations, &has, false));
    let has_rank = element.questions().all(|q| q.rank.is_some()) || matches!(element, Element::Case(_));
    if let Some(rank) = draft.rank.as_ref().filter(|_| !has_rank) {
        others.insert(
            0,
            Offer {
                label: label(&rank.tag),
                title: rank.why.clone(),
                words: String::new(),
                ticked: draft.proposed.iter().any(|s| s.tag == rank.tag),
                confidence: sure(rank.confidence),
                key: String::new(),
                tag: rank.tag.clone(),
            },
        );
    }
    let decided = match app.store.ai_decision(&id).await? {
        None => None,
        Some(d) => Some(DecisionView {
            verdict: match d.verdict.as_str() {
                "accept" => "Acceptée telle quelle".to_owned(),
                "amend" => "Acceptée autrement".to_owned(),
                _ => format!("Refusée : {}", reason_french(&d.reason)),
            },
            by: name(&app, &d.reviewer_id).await?,
            at: date_time(d.at_ms),
            remark: d.remark,
        }),
    };
    web::page(&ProposalPage {
        page: page.titled("Étiquettes à relire"),
        entry: line.id.clone(),
        folder: reach.path(&line.folder_id),
        at: date_time(created_ms),
        model: proposal.provenance().model.clone(),
        left: decide::waiting_french(rows.len()),
        next: after(&rows, &id, created_ms),
        abstains: draft.proposed.is_empty(),
        changed: line.latest != about.revision,
        has: crate::bank::draft::suggest::labels(&has.iter().cloned().collect::<Vec<_>>()),
        student: preview::student(&element)?,
        item_confidence: sure(draft.item_confidence),
        objective_confidence: sure(draft.objective_confidence),
        items: offers(draft, &draft.items, &has, true),
        objectives: offers(draft, &draft.objectives, &has, false),
        others,
        neighbours: near(&app, &reach, &draft.neighbours).await?,
        reasons: REASONS.to_vec(),
        decided,
        external_id: line.external_id,
        id,
    })
}

/// Decides, then goes to the next that waits.
pub async fn rule_on(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let choice = match fields.get("decision") {
        "accepter" => Choice::Take(fields.all("etiquette")),
        "refuser" => Choice::Refuse(fields.get("motif").to_owned()),
        _ => return Err(ApiError::bad("Décision inconnue.")),
    };
    let said = match &choice {
        Choice::Take(_) => "Acceptée : une nouvelle version porte ces étiquettes. « Mes opérations » peut la défaire.",
        Choice::Refuse(_) => "Refusée : la question reste comme elle est.",
    };
    let reach = Reach::of(&app, &actor).await?;
    let before = decide::waiting(&app, &reach).await?;
    let next = after(&before, &id, 0);
    decide::decide(&app, &actor, &id, choice, fields.get("remarque")).await?;
    Ok(web::go(&next.map_or_else(|| HOME.to_owned(), |next| format!("{HOME}/{next}")), said))
}

struct BatchRow {
    proposal: String,
    external_id: String,
    title: String,
    tags: String,
    confidence: String,
}

#[derive(Template)]
#[template(path = "assistance/tags/batch.html")]
struct BatchPage {
    page: Layout,
    permitted: bool,
    threshold: String,
    counted: String,
    lines: Vec<BatchRow>,
    more: usize,
    below: String,
    changed: usize,
}

/// What accepting several at once would do; nothing is written.
pub async fn batch(State(app): State<App>, actor: Actor, page: Layout) -> ApiResult<Response> {
    let plan = decide::batch(&app, &actor).await?;
    web::page(&BatchPage {
        page: page.titled("Accepter d’un coup"),
        permitted: plan.rule.is_some(),
        threshold: plan.rule.as_ref().map_or_else(String::new, |(_, t)| of_thousandths(*t)),
        counted: count(plan.lines.len(), "question serait étiquetée", "questions seraient étiquetées"),
        more: plan.more,
        below: count(plan.below, "proposition reste", "propositions restent"),
        changed: plan.changed,
        lines: (plan.lines.into_iter())
            .map(|l| BatchRow {
                proposal: l.proposal_id,
                external_id: l.external_id,
                title: l.title,
                tags: l.tags.iter().map(|t| named(t)).collect::<Vec<_>>().join(", "),
                confidence: of_thousandths(l.confidence),
            })
            .collect(),
    })
}

/// Does it.
pub async fn accept_batch(State(app): State<App>, actor: Actor, RawForm(body): RawForm) -> ApiResult<Response> {
    let seen = Fields::read(&body).number("nombre", "nombre")?;
    let seen = usize::try_from(seen).unwrap_or(0);
    let (done, left) = decide::accept_batch(&app, &actor, seen).await?;
    let mut said =
        format!("{}. L’opération peut être défaite ici.", count(done, "question étiquetée", "questions étiquetées"));
    if let Some(first) = left.first() {
        said.push_str(&format!(" {} laissée(s) : {first}.", left.len()));
    }
    Ok(web::go("/questions/lots", said))
}

/// Records a decision of the committee.
pub async fn rule(State(app): State<App>, actor: Actor, RawForm(body): RawForm) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let enabled = match fields.get("etat") {
        "marche" => true,
        "arret" => false,
        _ => return Err(ApiError::bad("État inconnu.")),
    };
    let threshold = match fields.get("seuil").trim() {
        "" => None,
        _ => Some(i64::from(fields.number("seuil", "seuil d’acceptation groupée")?) * 10),
    };
    let ruling = Ruling {
        enabled,
        reference: fields.get("reference").to_owned(),
        person_daily: fields.number("personne", "limite par personne")?,
        daily: fields.number("tous", "limite de tous")?,
        threshold,
        rerank: fields.has("reclasser"),
    };
    let stopped = rules::rule(&app, &actor, &ruling).await?;
    let said = match (enabled, stopped) {
        (true, _) => "Étiquetage en service.".to_owned(),
        (false, 0) => "Étiquetage arrêté.".to_owned(),
        (false, n) => format!("Étiquetage arrêté, avec {n} demande(s) en cours."),
    };
    Ok(web::go(HOME, said))
}

/// Asks for a training.
pub async fn teach(State(app): State<App>, actor: Actor) -> ApiResult<Response> {
    let id = learn::ask(&app, &actor).await?;
    Ok(web::go(&format!("{HOME}/demandes/{id}"), "Apprentissage demandé."))
}

/// Where the tags of an entry come from, for its page.
pub struct Origin {
    /// "Item 339, Cardiologie".
    pub tags: String,
    /// The version that has them first.
    pub number: i64,
    /// Proposal.
    pub proposal: String,
    /// "proposées par une IA, acceptées par…"
    pub said: String,
    /// May whoever looks open the proposal?
    pub may_open: bool,
}

/// The tags of an entry that a machine proposed, the newest first.
pub async fn origins(app: &App, actor: &Actor, entry: &str) -> ApiResult<Vec<Origin>> {
    let may_open = may_review(actor);
    let births = app.store.tag_births(entry).await?;
    Ok(births
        .into_iter()
        .map(|b| Origin {
            tags: b.tags.split_whitespace().map(named).collect::<Vec<_>>().join(", "),
            number: b.number,
            said: format!(
                "{} par {} le {}",
                match (b.batch, b.verdict.as_str()) {
                    (1, _) => "acceptées d’un coup, au-dessus du seuil du comité,",
                    (_, "amend") => "choisies parmi d’autres",
                    _ => "acceptées",
                },
                b.reviewer,
                date_time(b.at_ms)
            ),
            proposal: b.proposal_id,
            may_open,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str) -> WaitingTags {
        WaitingTags {
            proposal_id: id.into(),
            entry_id: id.into(),
            revision: 1,
            tags: String::new(),
            confidence: 0,
            latest: 1,
            folder_id: "commun".into(),
            external_id: id.into(),
            title: String::new(),
            created_ms: 5,
        }
    }

    #[test]
    fn after_one_comes_the_next_then_the_first() {
        let rows = [row("a"), row("b"), row("c")];
        assert_eq!(after(&rows, "a", 5).as_deref(), Some("b"));
        assert_eq!(after(&rows, "c", 5).as_deref(), Some("a"));
        assert_eq!(after(&rows, "x", 9).as_deref(), Some("a"), "decided already");
        assert_eq!(after(&rows[..1], "a", 5), None);
    }
}
