//! Deciding on proposals: with the keyboard alone, the claims beside the passages that bear them out.

use super::waiting;
use crate::ambient;
use crate::app::App;
use crate::assistance::ask::Asked;
use crate::assistance::decide::{self, Before, Choice, Decided, REASONS, reason_french};
use crate::assistance::governance::DAY_MS;
use crate::assistance::incidents::KINDS;
use crate::assistance::{proposal as open, read};
use crate::auth::Actor;
use crate::bank::draft::advice;
use crate::bank::near::{self, Known};
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult};
use crate::markdown;
use crate::web::bank::editor::preview;
use crate::web::committee::Fields;
use crate::web::filters::{count, date_time};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::response::Response;
use docimo_ai::generation::{Bare, Draft, SecondPass, Support, prompt};
use docimo_ai::proposal::{Parameter, Provenance};
use docimo_ai::warnings::{self, Warning};
use docimo_bank::duplicates::{Text, Verdict, similarity};
use docimo_bank::flaws::flaws;
use docimo_engine::paper::Element;
use docimo_engine::question::{Body, Question, Status};
use docimo_engine::{PropositionId, QuestionId};
use docimo_store::ai::review::Waiting;
use docimo_store::ai::{DecisionRow, ProposalRow};
use std::collections::{HashMap, HashSet};

struct Line {
    id: String,
    title: String,
    kind: &'static str,
    age: String,
    unsupported: bool,
    disagrees: bool,
    folder: String,
    warnings: usize,
    /// « 1 accord sur 2 », where two are asked for.
    agreed: String,
    mine: bool,
    given_to: String,
}

#[derive(Template)]
#[template(path = "assistance/queue.html")]
struct QueuePage {
    page: Layout,
    lines: Vec<Line>,
    total: String,
    oldest: String,
    week: i64,
    month: i64,
    first: Option<String>,
}

/// Lines shown of a queue.
const SHOWN: usize = 100;

pub(super) fn age(created_ms: i64, now_ms: i64) -> String {
    let minutes = (now_ms - created_ms).max(0) / 60_000;
    match (minutes / 1_440, minutes / 60) {
        (0, 0) => format!("{minutes} min"),
        (0, hours) => format!("{hours} h"),
        (days, _) => format!("{days} j"),
    }
}

fn disagrees(draft: &Draft) -> bool {
    draft.disagreements().next().is_some()
}

/// The one to look at after a proposal: the next in the queue, or its first; not one that waits for somebody else.
fn after(rows: &[Waiting], row: &ProposalRow) -> Option<String> {
    let place = |r: &Waiting| (r.created_ms, r.job_id.clone(), r.number);
    let here = (row.created_ms, row.job_id.clone(), row.number);
    let next = rows.iter().find(|r| place(r) > here).or_else(|| rows.iter().find(|r| r.id != row.id));
    next.map(|r| r.id.clone())
}

/// Of what waits, what still waits for this person: they have not agreed to it yet, and it is not given to another.
async fn before_me(app: &App, actor: &Actor, rows: Vec<Waiting>) -> ApiResult<Vec<Waiting>> {
    let done: HashSet<String> = app.store.ai_agreed_by(&actor.id).await?.into_iter().collect();
    let for_another = |r: &Waiting| r.assigned_to.as_deref().is_some_and(|to| to != &*actor.id);
    Ok(rows.into_iter().filter(|r| !done.contains(&r.id) && !for_another(r)).collect())
}

/// What should be looked at twice in a proposal, the question that it was asked to vary included.
async fn warned(app: &App, row: &ProposalRow, draft: &Draft, from: &Provenance) -> ApiResult<Vec<Warning>> {
    let mut varied = Vec::new();
    let asked = app.store.ai_job(&row.job_id).await?.and_then(|j| serde_json::from_str::<Asked>(&j.request).ok());
    if let Some(entry) = asked.and_then(|a| a.variant_of)
        && let Some(latest) = app.store.latest_revision(&entry).await?
        && let Ok(element) = serde_json::from_str::<Element>(&latest.body)
    {
        for question in element.questions() {
            varied.push(question.stem.clone());
            varied.push(question.comment.clone());
            varied.extend(question.body.propositions().iter().flat_map(|p| [p.text.clone(), p.comment.clone()]));
        }
    }
    Ok(warnings::warnings(draft, from, &varied))
}

/// Proposals that wait, the oldest first.
pub async fn queue(State(app): State<App>, actor: Actor, page: Layout) -> ApiResult<Response> {
    let reach = Reach::of(&app, &actor).await?;
    let rows = waiting(&app, &reach).await?;
    let now_ms = ambient::now_ms();
    let names: HashMap<String, String> = app.store.staff().await?.into_iter().map(|p| (p.id, p.name)).collect();
    let mut lines = Vec::new();
    for waits in rows.iter().take(SHOWN) {
        let Some(row) = app.store.ai_proposal(&waits.id).await? else { continue };
        let proposal = read(&row)?;
        let draft = proposal.content();
        let given = waits.assigned_to.as_ref();
        lines.push(Line {
            title: markdown::plain(draft.opening(), 110),
            kind: draft.form(),
            age: age(row.created_ms, now_ms),
            unsupported: waits.unsupported == 1,
            disagrees: disagrees(draft),
            folder: reach.path(&row.folder_id),
            warnings: warned(&app, &row, draft, proposal.provenance()).await?.len(),
            agreed: if waits.people > 1 {
                format!("{} accord sur {}", waits.agreed, waits.people)
            } else {
                String::new()
            },
            mine: given.is_some_and(|to| **to == *actor.id),
            given_to: given.and_then(|to| names.get(to)).cloned().unwrap_or_default(),
            id: row.id,
        });
    }
    let loads = app.store.ai_loads(now_ms - 7 * DAY_MS, now_ms - 30 * DAY_MS).await?;
    let (week, month) = loads.into_iter().find(|l| l.person_id == *actor.id).map_or((0, 0), |l| (l.lately, l.longer));
    let total = count(rows.len(), "proposition attend", "propositions attendent");
    let oldest = rows.first().map_or_else(String::new, |r| age(r.created_ms, now_ms));
    let first = before_me(&app, &actor, rows).await?.first().map(|r| r.id.clone());
    let page = page.titled("Propositions à relire");
    web::page(&QueuePage { page, lines, total, oldest, week, month, first })
}

/// A part of a passage, quoted or around.
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) quoted: bool,
}

pub(super) struct Claim {
    id: String,
    /// "A", or "Réponse"; after the number of its question in a case.
    pub(super) letter: String,
    text: String,
    pub(super) html: String,
    pub(super) is_true: bool,
    pub(super) why: String,
    comment: String,
    pub(super) quote: String,
    support: &'static str,
    supported: bool,
    passage: Option<PassageView>,
}

pub(super) struct PassageView {
    pub(super) name: String,
    pub(super) from: String,
    pub(super) about: String,
    pub(super) pieces: Vec<Piece>,
}

struct FlawRow {
    class: &'static str,
    severity: &'static str,
    place: String,
    message: String,
    advice: &'static str,
}

struct AlikeRow {
    href: String,
    name: String,
    said: String,
}

struct SecondView {
    /// Which question of a case.
    of: String,
    answered: bool,
    agrees: bool,
    model: String,
    ticked: String,
    key: String,
    said: String,
}

/// An agreement given before, or what the second person changed of it.
struct OpinionView {
    by: String,
    at: String,
    changed: bool,
    remark: String,
    /// What came after differs: in French.
    disagreement: &'static str,
}

struct DecisionView {
    verdict: &'static str,
    reason: String,
    remark: String,
    by: String,
    at: String,
    entry: Option<String>,
}

#[derive(Template)]
#[template(path = "assistance/proposal.html")]
struct ProposalPage {
    page: Layout,
    kicker: &'static str,
    id: String,
    title: String,
    kind: &'static str,
    about: String,
    folder: String,
    at: String,
    left: String,
    next: Option<String>,
    student: String,
    claims: Vec<Claim>,
    stem: String,
    comment: String,
    unsupported: String,
    seconds: Vec<SecondView>,
    /// What may be amended in this page: nothing in a case, which is finished in the editor.
    amendable: bool,
    answers: Option<(String, String)>,
    script: Option<(String, String)>,
    flaws: Vec<FlawRow>,
    alike: Vec<AlikeRow>,
    facts: Vec<(&'static str, String)>,
    reasons: Vec<(&'static str, &'static str)>,
    decided: Option<DecisionView>,
    warnings: Vec<(&'static str, String, String)>,
    people: i64,
    opinions: Vec<OpinionView>,
    has_agreed: bool,
    /// Login and name of who may be given it.
    reviewers: Vec<(String, String)>,
    given_to: String,
    kinds: Vec<(&'static str, &'static str)>,
}

/// Agreements, each with what came after it and differs.
fn opinions(before: &Before, decision: Option<&DecisionRow>) -> Vec<OpinionView> {
    let said = before.opinions.iter().map(|o| OpinionView {
        by: o.reviewer.clone(),
        at: date_time(o.at_ms),
        changed: o.verdict == "amend",
        remark: o.remark.clone(),
        disagreement: match decision {
            Some(d) if d.verdict == "refuse" => "Désaccord : une autre personne l’a refusée ensuite.",
            Some(d) if d.verdict == "again" => "Désaccord : une autre personne a demandé une autre tentative.",
            Some(d) if d.amended != o.amended => "Désaccord : une autre personne a encore changé le texte ensuite.",
            _ => "",
        },
    });
    said.collect()
}

/// The passage, with what is quoted from it apart where it is found as written.
fn pieces(body: &str, quote: &str) -> Vec<Piece> {
    let flat = body.split_whitespace().collect::<Vec<_>>().join(" ");
    let wanted =
        quote.trim().trim_matches(['«', '»', '"', '…', ' ', '\u{a0}']).split_whitespace().collect::<Vec<_>>().join(" ");
    let piece = |text: &str, quoted| Piece { text: text.to_owned(), quoted };
    match (!wanted.is_empty()).then(|| flat.split_once(wanted.as_str())).flatten() {
        Some((before, after)) => vec![piece(before, false), piece(&wanted, true), piece(after, false)],
        None => vec![piece(&flat, false)],
    }
}

pub(super) fn passage(from: &Provenance, id: &str, quote: &str) -> Option<PassageView> {
    from.sources.iter().find_map(|source| {
        let found = source.passages.iter().find(|p| p.id.eq_ignore_ascii_case(id))?;
        let about = [source.edition.as_str(), source.date.as_str(), source.licence.as_str(), source.trust.label()];
        Some(PassageView {
            name: found.id.clone(),
            from: found.place.as_ref().map_or_else(|| source.title.clone(), |p| format!("{}, {p}", source.title)),
            about: about.into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(", "),
            pieces: pieces(&found.text, quote),
        })
    })
}

/// "question 2, " in a case, nothing for a lone question.
fn of_question(draft: &Draft, id: &QuestionId) -> String {
    match &draft.element {
        Element::Question(_) => String::new(),
        Element::Case(case) => {
            let at = case.parts.iter().position(|p| p.question.id == *id).map_or(0, |i| i + 1);
            format!("question {at}, ")
        }
    }
}

/// What a question without propositions expects, in words.
fn expects(body: &Body) -> String {
    match body {
        Body::Qroc { exact, acceptable, .. } if acceptable.is_empty() => exact.join(" ; "),
        Body::Qroc { exact, acceptable, .. } => {
            format!("{} (pour moitié : {})", exact.join(" ; "), acceptable.join(" ; "))
        }
        Body::Tcs { hypothesis, finding, .. } => {
            format!("Si vous pensiez à {hypothesis} et que vous trouvez {finding} : au vote du panel")
        }
        _ => String::new(),
    }
}

pub(super) fn claims(draft: &Draft, from: &Provenance) -> Vec<Claim> {
    let mut all = Vec::new();
    for question in draft.element.questions() {
        let of = of_question(draft, &question.id);
        let claim = |letter: String, id: Option<&PropositionId>, text: &str, is_true: bool, comment: &str| {
            let said = draft.why(&question.id, id);
            let support = said.map_or(Support::Nothing, |j| j.support);
            Claim {
                id: id.map(ToString::to_string).unwrap_or_default(),
                letter: format!("{of}{letter}"),
                text: text.to_owned(),
                html: markdown::inline(text),
                is_true,
                why: said.map(|j| j.text.clone()).unwrap_or_default(),
                comment: comment.to_owned(),
                quote: said.map(|j| j.quote.clone()).unwrap_or_default(),
                support: support.french(),
                supported: support.is_enough(),
                passage: said.and_then(|j| passage(from, &j.passage, &j.quote)),
            }
        };
        let propositions = question.body.propositions();
        if propositions.is_empty() {
            all.push(claim("réponse".into(), None, &expects(&question.body), true, ""));
        }
        for (i, p) in propositions.iter().enumerate() {
            all.push(claim(prompt::letter(i).to_string(), Some(&p.id), &p.text, p.status.is_true(), &p.comment));
        }
    }
    all
}

fn letters<'a>(question: &Question, ids: impl Iterator<Item = &'a PropositionId>) -> String {
    let propositions = question.body.propositions();
    let mut all: Vec<String> = ids
        .filter_map(|id| propositions.iter().position(|p| p.id == *id))
        .map(|i| prompt::letter(i).to_string())
        .collect();
    all.sort();
    if all.is_empty() { "aucune".into() } else { all.join(", ") }
}

/// "A, C", or "question 2, réponse".
fn bare(draft: &Draft) -> String {
    let name = |b: &Bare<'_>| {
        let what = b.proposition.map_or_else(|| "réponse".to_owned(), |id| letters(b.question, std::iter::once(id)));
        format!("{}{what}", of_question(draft, &b.question.id))
    };
    draft.unsupported_key().iter().map(name).collect::<Vec<_>>().join(", ")
}

fn seconds(draft: &Draft) -> Vec<SecondView> {
    let view = |question: &Question| {
        let second = draft.seconds.get(&question.id)?;
        let keys = question.body.propositions().iter().filter(|p| p.status.is_true()).map(|p| &p.id);
        let is_open = question.body.propositions().is_empty();
        let key = if is_open { expects(&question.body) } else { letters(question, keys) };
        let of = of_question(draft, &question.id);
        Some(match second {
            SecondPass::Answered { model, ticked, written, agrees, remark } => SecondView {
                of,
                answered: true,
                agrees: *agrees,
                model: model.clone(),
                ticked: if is_open { format!("« {written} »") } else { letters(question, ticked.iter()) },
                key,
                said: remark.clone(),
            },
            SecondPass::Missing { why } => SecondView {
                of,
                answered: false,
                agrees: false,
                model: String::new(),
                ticked: String::new(),
                key,
                said: why.clone(),
            },
        })
    };
    draft.element.questions().filter_map(view).collect()
}

pub(super) fn facts(from: &Provenance) -> Vec<(&'static str, String)> {
    let parameters: Vec<String> = (from.parameters.iter())
        .map(|(name, value)| match value {
            Parameter::Flag(yes) => format!("{name} : {}", if *yes { "oui" } else { "non" }),
            Parameter::Integer(n) => format!("{name} : {n}"),
            Parameter::Number(n) => format!("{name} : {n}").replace('.', ","),
            Parameter::Text(text) => format!("{name} : {text}"),
        })
        .collect();
    vec![
        ("Fonction", from.function.label().to_owned()),
        ("Fournisseur et modèle", format!("{}, {} ({})", from.provider, from.model, from.model_version)),
        ("Gabarit", format!("{} v{}, {}…", from.prompt.id, from.prompt.version, &from.prompt.sha256.to_string()[..16])),
        ("Réglages", parameters.join(" ; ")),
        ("Coût", format!("{} jetons lus, {} écrits", from.tokens.prompt, from.tokens.completion)),
    ]
}

async fn alike(app: &App, reach: &Reach, job: &str, id: &str, element: &Element) -> ApiResult<Vec<AlikeRow>> {
    let mut rows = Vec::new();
    if let Some(finder) = app.finder() {
        for near in near::near(&app.store, Known::Finder(finder), Some(reach), element, element.id()).await? {
            let said = near.similarity.french();
            let (href, name) = (format!("/questions/{}", near.line.id), near.line.external_id);
            rows.push(AlikeRow { href, name, said });
        }
    }
    let text = Text::of(element);
    for other in app.store.ai_proposals_of(job).await?.iter().filter(|p| p.id != id) {
        let close = similarity(&text, &Text::of(&read(other)?.content().element));
        if close.verdict >= Verdict::Near {
            let (href, name) =
                (format!("/assistance/propositions/{}", other.id), format!("proposition {} du même lot", other.number));
            rows.push(AlikeRow { href, name, said: close.french() });
        }
    }
    Ok(rows)
}

pub(super) fn verdict_french(verdict: &str) -> &'static str {
    match verdict {
        "accept" => "Acceptée telle quelle",
        "amend" => "Acceptée après modification",
        "refuse" => "Refusée",
        _ => "Autre tentative demandée",
    }
}

/// One proposal, with all that helps to decide.
pub async fn proposal(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    page: Layout,
) -> ApiResult<Response> {
    let (row, proposal, reach) = open(&app, &actor, &id).await?;
    let (before, decision) = (Before::of(&app, &row.id).await?, app.store.ai_decision(&row.id).await?);
    // The second person decides on what the first agreed to.
    let (draft, from) = (before.amended.as_ref().unwrap_or(proposal.content()), proposal.provenance());
    let element = &draft.element;
    let lone = match element {
        Element::Question(question) => Some(question),
        Element::Case(_) => None,
    };
    let lines = |all: &[String]| all.join("\n");
    let rows = waiting(&app, &reach).await?;
    let next = after(&before_me(&app, &actor, rows.clone()).await?, &row);
    let opinions = opinions(&before, decision.as_ref());
    let reviewers = decide::reviewers(&app, &row.folder_id).await?;
    let given_to = reviewers.iter().find(|p| before.assigned_to.as_deref() == Some(p.id.as_str()));
    let given_to = given_to.map_or_else(String::new, |p| p.login.clone());
    let noticed = warned(&app, &row, draft, from).await?;
    let decided = match decision {
        None => None,
        Some(d) => Some(DecisionView {
            verdict: verdict_french(&d.verdict),
            reason: reason_french(&d.reason).to_owned(),
            by: app.store.person(&d.reviewer_id).await?.map(|p| p.name).unwrap_or_default(),
            at: date_time(d.at_ms),
            entry: app.store.ai_entry(&d.id).await?,
            remark: d.remark,
        }),
    };
    let found = flaws(element);
    let rank = draft.first().and_then(|q| q.rank).map(|r| format!(", rang {r}")).unwrap_or_default();
    web::page(&ProposalPage {
        page: page.titled("Proposition à relire"),
        kicker: super::kicker(&row),
        title: markdown::plain(draft.opening(), 160),
        kind: match element {
            Element::Question(question) => question.kind().french(),
            Element::Case(case) => case.kind.french(),
        },
        about: format!("{}, difficulté {}{rank}", draft.level.french(), draft.difficulty.french()),
        folder: reach.path(&row.folder_id),
        at: date_time(row.created_ms),
        left: count(rows.len(), "proposition attend", "propositions attendent"),
        next,
        student: preview::student(element)?,
        claims: claims(draft, from),
        stem: lone.map(|q| q.stem.clone()).unwrap_or_default(),
        comment: lone.map(|q| q.comment.clone()).unwrap_or_default(),
        amendable: lone.is_some(),
        answers: lone.and_then(|q| match &q.body {
            Body::Qroc { exact, acceptable, .. } => Some((lines(exact), lines(acceptable))),
            _ => None,
        }),
        script: lone.and_then(|q| match &q.body {
            Body::Tcs { hypothesis, finding, .. } => Some((hypothesis.clone(), finding.clone())),
            _ => None,
        }),
        unsupported: bare(draft),
        seconds: seconds(draft),
        flaws: found
            .iter()
            .map(|f| FlawRow {
                class: advice::class(f.severity),
                severity: f.severity.french(),
                place: advice::place(&f.place.field, draft.first()),
                message: f.message.clone(),
                advice: f.advice,
            })
            .collect(),
        alike: alike(&app, &reach, &row.job_id, &row.id, element).await?,
        facts: facts(from),
        reasons: REASONS.to_vec(),
        decided,
        warnings: noticed.into_iter().map(|w| (w.kind.french(), w.place, w.extract)).collect(),
        people: before.people,
        opinions,
        has_agreed: before.has(&actor.id),
        reviewers: reviewers.into_iter().map(|p| (p.login, p.name)).collect(),
        given_to,
        kinds: KINDS.to_vec(),
        id: row.id,
    })
}

/// The draft as the form has it; a case is not amended here.
fn amended(draft: &Draft, fields: &Fields) -> Draft {
    let mut changed = draft.clone();
    let Element::Question(question) = &mut changed.element else { return changed };
    let lines = |text: &str| text.replace("\r\n", "\n").replace('\0', "").trim().to_owned();
    let list = |text: &str| -> Vec<String> {
        lines(text).lines().map(|l| l.trim().to_owned()).filter(|l| !l.is_empty()).collect()
    };
    question.stem = lines(fields.get("enonce"));
    question.comment = lines(fields.get("commentaire"));
    let ticked = fields.all("vraie");
    if let Some(propositions) = question.body.propositions_mut() {
        for p in propositions {
            p.text = lines(fields.get(&format!("texte.{}", p.id)));
            p.comment = lines(fields.get(&format!("pourquoi.{}", p.id)));
            let is_true = ticked.iter().any(|id| id == p.id.as_str());
            if is_true != p.status.is_true() {
                p.status = if is_true { Status::Vrai } else { Status::Faux };
            }
        }
    }
    match &mut question.body {
        Body::Qrp { expected, propositions } => {
            *expected = u32::try_from(propositions.iter().filter(|p| p.status.is_true()).count()).unwrap_or(0);
        }
        Body::Qroc { exact, acceptable, .. } => {
            (*exact, *acceptable) = (list(fields.get("exactes")), list(fields.get("acceptables")));
        }
        Body::Tcs { hypothesis, finding, .. } => {
            (*hypothesis, *finding) = (lines(fields.get("hypothese")), lines(fields.get("information")));
        }
        _ => {}
    }
    changed
}

/// Decides, then goes to the next proposal that waits.
pub async fn decide(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let (row, proposal, reach) = open(&app, &actor, &id).await?;
    let shown = Before::of(&app, &row.id).await?.amended.unwrap_or_else(|| proposal.content().clone());
    let choice = match fields.get("decision") {
        "accepter" => Choice::Accept,
        "modifier" => Choice::Amend(Box::new(amended(&shown, &fields))),
        "refuser" => Choice::Refuse(fields.get("motif").to_owned()),
        "redemander" => Choice::Again,
        _ => return Err(ApiError::bad("Décision inconnue.")),
    };
    let done = decide::decide(&app, &actor, &row.id, choice, fields.get("remarque"), fields.get("derogation")).await?;
    let said = match done {
        Decided::Agreed => "Accord gardé : une autre personne doit décider aussi.",
        Decided::Entry(_) => "Acceptée : la question est dans la banque, comme brouillon.",
        Decided::Refused => "Refusée : la proposition ne reste que dans le registre.",
        Decided::Asked(_) => "Autre tentative demandée.",
    };
    let next = after(&before_me(&app, &actor, waiting(&app, &reach).await?).await?, &row);
    let to = next.map_or_else(|| "/assistance/propositions".to_owned(), |id| format!("/assistance/propositions/{id}"));
    Ok(web::go(&to, said))
}

/// Gives a proposal to a reviewer, or takes it back.
pub async fn assign(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    decide::assign(&app, &actor, &id, Fields::read(&body).get("relecteur")).await?;
    Ok(web::go(&format!("/assistance/propositions/{id}"), "Attribution enregistrée."))
}
