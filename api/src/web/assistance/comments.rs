//! Comments to write, what most students would read first; drafts to decide on, with the keyboard; the comment of one
//! wrong answer, version by version.

use super::review::{PassageView, age, facts, passage, verdict_french};
use super::sources::SourceLine;
use super::{Standing, may_govern};
use crate::ambient;
use crate::app::App;
use crate::assistance::comments::ask as asking;
use crate::assistance::comments::counts::{self, Asked, UnderWay};
use crate::assistance::comments::decide::{self, Choice, Decided, needs_override, reasons, warnings};
use crate::assistance::comments::{self, COMMENTS, Subject, slot_place, subject};
use crate::assistance::decide::reason_french;
use crate::auth::Actor;
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult};
use crate::exam::correction::PropositionResult;
use crate::markdown;
use crate::media::ImageView;
use crate::web::committee::Fields;
use crate::web::filters::{count, date_time, day, thousands};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, Query, RawForm, State};
use axum::response::Response;
use docimo_ai::comments::{Draft, MAX_TEXT, Support};
use docimo_ai::proposal::Provenance;
use docimo_bank::rights::Level;
use docimo_engine::QuestionId;
use docimo_engine::docimology::patterns::Pattern;
use docimo_engine::question::{Body, Question};
use docimo_store::ai::ProposalRow;
use serde::Deserialize;

/// Lines shown of a list.
const SHOWN: usize = 100;

fn letter(i: usize) -> char {
    char::from(b'A' + (i % 26) as u8)
}

/// A wrong answer in words: "coche E à tort ; oublie B, C".
fn told(question: &Question, pattern: &Pattern, shown: &str) -> String {
    match pattern {
        Pattern::Text { folded } => format!("répond « {} »", if shown.is_empty() { folded.as_str() } else { shown }),
        Pattern::Propositions { missed, ticked } => {
            let letters = |ids: &[docimo_engine::PropositionId]| {
                let all = question.body.propositions().iter().enumerate();
                all.filter(|(_, p)| ids.contains(&p.id))
                    .map(|(i, _)| letter(i).to_string())
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            let parts = [("coche", ticked, " à tort"), ("oublie", missed, "")];
            let said = parts.iter().filter(|(_, ids, _)| !ids.is_empty());
            said.map(|(what, ids, how)| format!("{what} {}{how}", letters(ids))).collect::<Vec<_>>().join(" ; ")
        }
    }
}

/// The question with the wrong answer on it, as a correction shows it.
struct Wrong {
    stem_html: String,
    image: Option<ImageView>,
    verdicts: Vec<PropositionResult>,
    own: String,
    key: String,
    comment_html: String,
}

impl Wrong {
    fn of(question: &Question, pattern: &Pattern, shown: &str) -> Self {
        let (missed, ticked): (&[_], &[_]) = match pattern {
            Pattern::Propositions { missed, ticked } => (missed, ticked),
            Pattern::Text { .. } => (&[], &[]),
        };
        let verdicts = question.body.propositions().iter().enumerate().map(|(i, p)| PropositionResult {
            letter: letter(i),
            html: markdown::inline(&p.text),
            status: p.status.french().into(),
            is_true: p.status.is_true(),
            ticked: if p.status.is_true() { !missed.contains(&p.id) } else { ticked.contains(&p.id) },
            rejected: false,
            // What was left unanswered of a QCM is not in a pattern: ticked is all that is said.
            three_states: false,
            comment_html: markdown::inline(&p.comment),
        });
        let (own, key) = match (&question.body, pattern) {
            (Body::Qroc { exact, acceptable, .. }, Pattern::Text { folded }) => {
                let key = exact.iter().chain(acceptable).cloned().collect::<Vec<_>>().join(" ; ");
                (if shown.is_empty() { folded.clone() } else { shown.to_owned() }, key)
            }
            _ => Default::default(),
        };
        Self {
            stem_html: markdown::block(&question.stem),
            image: question.image.as_ref().filter(|i| !i.file.is_empty()).map(ImageView::of),
            verdicts: verdicts.collect(),
            own,
            key,
            comment_html: markdown::block(&question.comment),
        }
    }
}

/// How a comment reads for students.
fn student_html(text: &str) -> String {
    markdown::block(text)
}

struct Line {
    slot: String,
    title: String,
    name: String,
    error: String,
    students: String,
    exams: i64,
    state: &'static str,
    draft: Option<String>,
}

struct ShownLine {
    slot: String,
    name: String,
    text: String,
    by: String,
    at: String,
    drafted: bool,
}

struct DraftLine {
    id: String,
    title: String,
    students: String,
    unsupported: bool,
    suspect: bool,
    age: String,
}

struct Choices {
    entry: String,
    exam: String,
    folder: String,
    exams: Vec<(String, String)>,
    folders: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "assistance/comments/queue.html")]
struct QueuePage {
    page: Layout,
    standing: Standing,
    may_govern: bool,
    lines: Vec<Line>,
    full: bool,
    left: usize,
    chosen: Choices,
    sources: Vec<SourceLine>,
    most: usize,
    drafts: Vec<DraftLine>,
    waiting: String,
    shown: Vec<ShownLine>,
}

/// Which comments are looked for.
#[derive(Debug, Default, Deserialize)]
pub struct Filter {
    /// Exam.
    #[serde(default)]
    examen: String,
    /// Folder.
    #[serde(default)]
    dossier: String,
    /// Name of an entry.
    #[serde(default)]
    question: String,
}

/// The question as its paper words it: for a title and letters.
async fn worded(app: &App, exam_id: &str, question_id: &str) -> ApiResult<Option<Question>> {
    let paper = app.frozen_paper(exam_id).await?;
    Ok(paper.paper.question(&QuestionId::new(question_id)).map(|p| p.question.clone()))
}

async fn usable_sources(app: &App) -> ApiResult<Vec<SourceLine>> {
    Ok(app.store.ai_sources().await?.iter().map(SourceLine::of).filter(|s| s.usable).collect())
}

async fn shown_lines(app: &App, reach: &Reach) -> ApiResult<Vec<ShownLine>> {
    let rows = app.store.comments_shown(1_000).await?;
    let own = rows.into_iter().filter(|c| reach.may(&c.folder_id, Level::Review)).take(SHOWN);
    let line = |c: docimo_store::ai::comments::ShownComment| ShownLine {
        name: if c.external_id == c.question_id {
            c.external_id
        } else {
            format!("{} ({})", c.question_id, c.external_id)
        },
        text: markdown::plain(&c.body, 110),
        by: c.author,
        at: day(c.at_ms),
        drafted: c.drafted > 0,
        slot: c.slot,
    };
    Ok(own.map(line).collect())
}

/// Comments to write, those that most students would read first.
pub async fn queue(
    State(app): State<App>,
    actor: Actor,
    Query(filter): Query<Filter>,
    page: Layout,
) -> ApiResult<Response> {
    let left = counts::refresh(&app).await?;
    let reach = Reach::of(&app, &actor).await?;
    let asked = Asked { exam: filter.examen, folder: filter.dossier, entry: filter.question };
    let slots = counts::unwritten(&app, &reach, &asked, SHOWN + 1).await?;
    let full = slots.len() > SHOWN;
    let under_way = UnderWay::of(&app).await?;
    let mut lines = Vec::new();
    for slot in slots.into_iter().take(SHOWN) {
        let Some(pattern) = Pattern::from_key(&slot.pattern) else { continue };
        let Some(question) = worded(&app, &slot.exam_id, &slot.question_id).await? else { continue };
        let draft = under_way.drafted.get(&slot.slot).cloned();
        lines.push(Line {
            title: markdown::plain(&question.stem, 90),
            name: slot.external_id,
            error: told(&question, &pattern, &slot.shown),
            students: thousands(usize::try_from(slot.students).unwrap_or(0)),
            exams: slot.exams,
            state: match (draft.is_some(), under_way.asked.contains(&slot.slot)) {
                (true, _) => "brouillon à relire",
                (false, true) => "demandé",
                (false, false) => "",
            },
            draft,
            slot: slot.slot,
        });
    }
    let now_ms = ambient::now_ms();
    let drafts = decide::waiting(&app, &reach).await?;
    let waiting = count(drafts.len(), "brouillon attend", "brouillons attendent");
    let drafts = drafts.iter().take(SHOWN).map(|(row, draft)| DraftLine {
        id: row.id.clone(),
        title: markdown::plain(&draft.question.stem, 90),
        students: thousands(draft.students as usize),
        unsupported: draft.is_unsupported(),
        suspect: !warnings(draft).is_empty(),
        age: age(row.created_ms, now_ms),
    });
    web::page(&QueuePage {
        page: page.titled("Commentaires à écrire"),
        standing: Standing::of_function(&app, COMMENTS).await?,
        may_govern: may_govern(&actor),
        lines,
        full,
        left,
        drafts: drafts.collect(),
        waiting,
        shown: shown_lines(&app, &reach).await?,
        chosen: Choices {
            exams: counts::exams(&app, &reach).await?,
            folders: reach.folders_at(Level::Review),
            exam: asked.exam,
            folder: asked.folder,
            entry: asked.entry,
        },
        sources: usable_sources(&app).await?,
        most: asking::MOST,
    })
}

/// Asks for drafts of those that most students gave.
pub async fn ask_most(State(app): State<App>, actor: Actor, RawForm(body): RawForm) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let own = |name: &str| fields.get(name).to_owned();
    let wanted = Asked { exam: own("examen"), folder: own("dossier"), entry: own("question") };
    let number: u32 = fields.number("nombre", "nombre")?;
    let done = asking::ask_most(&app, &actor, &wanted, number as usize, fields.get("source")).await?;
    let mut said = match done.asked {
        0 => "Rien à demander : chaque erreur a un commentaire, ou un brouillon en route.".to_owned(),
        n => format!("{}.", count(n, "brouillon demandé", "brouillons demandés")),
    };
    if done.bare > 0 {
        said.push_str(&format!(
            " {} sans source sur laquelle s’appuyer.",
            count(done.bare, "erreur laissée", "erreurs laissées")
        ));
    }
    if let Some(why) = done.stopped {
        said.push_str(&format!(" Arrêté ensuite. {why}"));
    }
    let [exam, folder, entry] = [&wanted.exam, &wanted.folder, &wanted.entry].map(|text| web::urlencode(text));
    let query = format!("?examen={exam}&dossier={folder}&question={entry}");
    Ok(web::go(&format!("/assistance/commentaires{query}"), said))
}

struct UseRow {
    title: String,
    at: String,
    students: String,
}

struct VersionRow {
    number: i64,
    html: String,
    by: String,
    at: String,
    proposal: Option<String>,
    withdrawn: String,
}

#[derive(Template)]
#[template(path = "assistance/comments/slot.html")]
struct SlotPage {
    page: Layout,
    standing: Standing,
    slot: String,
    entry: String,
    name: String,
    error: String,
    students: String,
    wrong: Wrong,
    uses: Vec<UseRow>,
    versions: Vec<VersionRow>,
    /// The version to write over, 0 without one.
    over: i64,
    text: String,
    is_shown: bool,
    drafted: bool,
    asked: bool,
    draft: Option<String>,
    sources: Vec<SourceLine>,
    most: usize,
}

/// One wrong answer: what it is, who gave it, what is said of it.
pub async fn slot(State(app): State<App>, actor: Actor, Path(slot): Path<String>, page: Layout) -> ApiResult<Response> {
    let subject: Subject = subject(&app, &actor, &slot).await?;
    let versions = app.store.comment_versions(&slot).await?;
    let under_way = UnderWay::of(&app).await?;
    let uses = app.store.slot_uses(&slot).await?.into_iter().map(|u| UseRow {
        title: u.title,
        at: day(u.frozen_ms),
        students: thousands(usize::try_from(u.students).unwrap_or(0)),
    });
    let current = versions.first().filter(|v| v.withdrawn_ms.is_none());
    web::page(&SlotPage {
        page: page.titled("Commentaire d’une erreur"),
        standing: Standing::of_function(&app, COMMENTS).await?,
        entry: subject.line.id.clone(),
        name: subject.line.external_id.clone(),
        error: told(&subject.question, &subject.pattern, subject.shown()),
        students: count(usize::try_from(subject.students()).unwrap_or(0), "étudiant", "étudiants"),
        wrong: Wrong::of(&subject.question, &subject.pattern, subject.shown()),
        uses: uses.collect(),
        over: versions.first().map_or(0, |v| v.number),
        text: current.map(|v| v.body.clone()).unwrap_or_default(),
        is_shown: current.is_some(),
        drafted: versions.iter().any(|v| v.born == "ai"),
        versions: versions
            .iter()
            .map(|v| VersionRow {
                number: v.number,
                html: student_html(&v.body),
                by: v.author.clone(),
                at: date_time(v.at_ms),
                proposal: v.ai_proposal.clone(),
                withdrawn: match (v.withdrawn_ms, &v.withdrawer) {
                    (Some(at), Some(by)) => format!("retiré par {by}, {}", date_time(at)),
                    _ => String::new(),
                },
            })
            .collect(),
        asked: under_way.asked.contains(&slot),
        draft: under_way.drafted.get(&slot).cloned(),
        sources: usable_sources(&app).await?,
        most: MAX_TEXT,
        slot,
    })
}

/// Writes a version of the comment.
pub async fn write(
    State(app): State<App>,
    actor: Actor,
    Path(slot): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let over: i64 = fields.get("version").parse().map_err(|_| ApiError::bad("Version inconnue."))?;
    comments::write(&app, &actor, &slot, fields.get("commentaire"), over).await?;
    let said = "Commentaire enregistré : les étudiants qui ont fait cette erreur le lisent sous leur réponse.";
    Ok(web::go(&format!("/assistance/commentaires/erreurs/{slot}"), said))
}

/// Shows it to nobody any more.
pub async fn withdraw(State(app): State<App>, actor: Actor, Path(slot): Path<String>) -> ApiResult<Response> {
    comments::withdraw(&app, &actor, &slot).await?;
    Ok(web::go("/assistance/commentaires", "Commentaire retiré : plus personne ne le lit."))
}

/// Asks for a draft.
pub async fn ask(
    State(app): State<App>,
    actor: Actor,
    Path(slot): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    asking::ask(&app, &actor, &slot, Fields::read(&body).get("source")).await?;
    Ok(web::go(&format!("/assistance/commentaires/erreurs/{slot}"), "Brouillon demandé."))
}

struct ClaimView {
    text: String,
    quote: String,
    support: &'static str,
    supported: bool,
    passage: Option<PassageView>,
}

fn claims(draft: &Draft, from: &Provenance) -> Vec<ClaimView> {
    let one = |c: &docimo_ai::comments::Claim| ClaimView {
        text: c.text.clone(),
        quote: c.quote.clone(),
        support: c.support.french(),
        supported: c.support == Support::Supported,
        passage: passage(from, &c.passage, &c.quote),
    };
    draft.claims.iter().map(one).collect()
}

struct DecisionView {
    verdict: &'static str,
    reason: String,
    remark: String,
    by: String,
    at: String,
    survived: String,
    /// As it was amended.
    amended: Option<String>,
}

#[derive(Template)]
#[template(path = "assistance/comments/proposal.html")]
struct ProposalPage {
    page: Layout,
    id: String,
    slot: String,
    title: String,
    error: String,
    students: String,
    at: String,
    left: String,
    next: Option<String>,
    wrong: Wrong,
    text: String,
    html: String,
    claims: Vec<ClaimView>,
    warnings: Vec<&'static str>,
    needs_override: bool,
    replaces: bool,
    facts: Vec<(&'static str, String)>,
    reasons: Vec<(&'static str, &'static str)>,
    decided: Option<DecisionView>,
    most: usize,
    /// Names of those who agreed, where two are asked for.
    agreed: String,
}

/// The one to look at after a draft.
fn after(rows: &[(ProposalRow, Draft)], id: &str) -> Option<String> {
    let here = rows.iter().position(|(r, _)| r.id == id);
    let next = here.and_then(|i| rows.get(i + 1)).or_else(|| rows.iter().find(|(r, _)| r.id != id));
    next.map(|(r, _)| r.id.clone())
}

async fn decision(app: &App, proposal_id: &str) -> ApiResult<Option<DecisionView>> {
    let Some(d) = app.store.ai_decision(proposal_id).await? else { return Ok(None) };
    let amended = d.amended.as_deref().map(serde_json::from_str::<Draft>).transpose();
    let amended = amended.map_err(|e| ApiError::Internal(e.into()))?;
    Ok(Some(DecisionView {
        verdict: verdict_french(&d.verdict),
        reason: reason_french(&d.reason).to_owned(),
        by: app.store.person(&d.reviewer_id).await?.map(|p| p.name).unwrap_or_default(),
        at: date_time(d.at_ms),
        survived: d.survived.map_or_else(String::new, |part| format!("{:.0}\u{a0}%", part * 100.0)),
        amended: amended.map(|draft| student_html(&draft.text)),
        remark: d.remark,
    }))
}

/// One draft, with all that helps to decide.
pub async fn proposal(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    page: Layout,
) -> ApiResult<Response> {
    let (row, proposal) = comments::proposal(&app, &actor, &id).await?;
    let reach = Reach::of(&app, &actor).await?;
    let opinions = app.store.ai_opinions(&row.id).await?;
    let agreed = decide::agreed(&opinions)?;
    // The second person decides on what the first agreed to.
    let (draft, from) = (agreed.as_ref().unwrap_or(proposal.content()), proposal.provenance());
    let rows = decide::waiting(&app, &reach).await?;
    let slot = slot_place(&draft.place).slot;
    let shown = app.store.comment_versions(&slot).await?;
    web::page(&ProposalPage {
        page: page.titled("Brouillon de commentaire"),
        title: markdown::plain(&draft.question.stem, 160),
        error: told(&draft.question, &draft.pattern, &draft.shown),
        students: count(draft.students as usize, "étudiant", "étudiants"),
        at: date_time(row.created_ms),
        left: count(rows.len(), "brouillon attend", "brouillons attendent"),
        next: after(&rows, &row.id),
        wrong: Wrong::of(&draft.question, &draft.pattern, &draft.shown),
        text: draft.text.clone(),
        html: student_html(&draft.text),
        claims: claims(draft, from),
        warnings: warnings(draft),
        needs_override: needs_override(draft),
        replaces: shown.first().is_some_and(|v| v.withdrawn_ms.is_none()),
        facts: facts(from),
        reasons: reasons(),
        decided: decision(&app, &row.id).await?,
        agreed: opinions.into_iter().map(|o| o.reviewer).collect::<Vec<_>>().join(", "),
        most: MAX_TEXT,
        slot,
        id: row.id,
    })
}

/// Decides, then goes to the next draft that waits.
pub async fn decide(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let rows = decide::waiting(&app, &Reach::of(&app, &actor).await?).await?;
    let next = after(&rows, &id);
    let choice = match fields.get("decision") {
        "accepter" => Choice::Accept,
        "modifier" => Choice::Amend(fields.get("commentaire").to_owned()),
        "refuser" => Choice::Refuse(fields.get("motif").to_owned()),
        "redemander" => Choice::Again,
        _ => return Err(ApiError::bad("Décision inconnue.")),
    };
    let done = decide::decide(&app, &actor, &id, choice, fields.get("remarque"), fields.get("derogation")).await?;
    let said = match done {
        Decided::Agreed => "Votre accord est gardé : il faut celui d’une autre personne.",
        Decided::Shown(..) => "Accepté : les étudiants qui ont fait cette erreur le lisent sous leur réponse.",
        Decided::Refused => "Refusé : le brouillon ne reste que dans le registre.",
        Decided::Asked(_) => "Autre tentative demandée.",
    };
    let to = next.map_or_else(
        || "/assistance/commentaires".to_owned(),
        |id| format!("/assistance/commentaires/brouillons/{id}"),
    );
    Ok(web::go(&to, said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_answer_is_told_by_its_letters() {
        let question: Question =
            serde_json::from_value(serde_json::json!({"id": "q", "kind": "QRM", "stem": "?", "propositions": [
            {"id": "x", "text": "Un", "status": "faux"}, {"id": "a", "text": "Deux", "status": "vrai"},
            {"id": "b", "text": "Trois", "status": "vrai"}]}))
            .unwrap();
        let of = |key: &str| told(&question, &Pattern::from_key(key).unwrap(), "la grippe");
        assert_eq!(of("missed:a,b;ticked:x"), "coche A à tort ; oublie B, C");
        assert_eq!(of("missed:b;ticked:"), "oublie C");
        assert_eq!(of("text:grippe"), "répond « la grippe »");
    }
}
