//! Panels: judges who set a threshold, experts who make the key of script concordance questions.
//!
//! [`method`] says what may be judged and how it is written; [`book`] reads what was said; [`import`] reads a
//! table; [`outcome`] derives thresholds and [`concordance`] keys, by the functions of
//! `docimo_engine::docimology`; [`threshold`] keeps what the committee concludes. Nothing derived is stored.

pub mod book;
pub mod concordance;
pub mod import;
pub mod judged;
pub mod method;
pub mod outcome;
pub mod threshold;

pub use book::Book;
pub use method::Method;

use super::{checked_reason, draft, event, marks};
use crate::ambient;
use crate::analysis::jobs;
use crate::analysis::study::{Latent, Study};
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult, Wrong};
use crate::markdown;
use crate::table::Table;
use crate::table::fold_header;
use crate::web::filters::count;
use book::Entered;
use docimo_engine::ledger::Effective;
use docimo_engine::marking::{Compiled, ResponseMatrix};
use docimo_engine::paper::Paper;
use docimo_store::StoreError;
use docimo_store::exams::Exam;
use docimo_store::panels::{NewJudgement, Panel};
use import::Import;
use judged::{Calibrated, Counted, Inputs};
use outcome::Outcome;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;
use utoipa::ToSchema;

/// What a panel is opened with, beside its method and title.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Bookmark: version of the register whose study orders the booklet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// Borderline regression: the grade that is borderline, 1 to 5; 2 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub borderline: Option<f64>,
}

/// A panel to open.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PanelForm {
    /// `angoff`, `yes-no-angoff`, `modified-angoff`, `ebel`, `hofstee`, `bookmark`, `borderline-group`,
    /// `borderline-regression` or `tcs`.
    pub method: String,
    /// Shown to the committee.
    #[serde(default)]
    pub title: String,
    /// Names of the judges, one each.
    #[serde(default)]
    pub judges: Vec<String>,
    /// Borderline regression: the grade that is borderline.
    #[serde(default)]
    pub borderline: Option<f64>,
}

/// Longest name of a judge or title of a panel, in characters.
const MAX_NAME: usize = 100;
/// Most judges of a panel.
const MAX_JUDGES: usize = 200;

/// A name that fits on one line.
fn sound(name: &str) -> bool {
    !name.is_empty() && name.chars().count() <= MAX_NAME && !name.chars().any(char::is_control)
}

/// Is the exam marked?
pub fn is_marked(exam: &Exam) -> bool {
    matches!(exam.state.as_str(), "marked" | "published")
}

/// Opens a panel; its id.
pub async fn open(app: &App, actor: &Actor, exam_id: &str, form: &PanelForm) -> ApiResult<String> {
    let exam = draft::exam(app, exam_id).await?;
    let method = Method::from_word(&form.method)
        .ok_or_else(|| ApiError::wrong("méthode", "Choisissez une méthode de la liste."))?;
    if exam.frozen_ms.is_none() && method != Method::Tcs {
        return Err(ApiError::Conflict("Figez d’abord le sujet : les juges se prononcent sur ses questions.".into()));
    }
    if method.after_marking() && !is_marked(&exam) {
        return Err(ApiError::Conflict("Cette méthode part des notes : notez d’abord l’examen.".into()));
    }
    let paper = draft::paper(app, exam_id).await?;
    if method == Method::Tcs && method::concordance_questions(&paper).next().is_none() {
        return Err(ApiError::Conflict("Le sujet n’a pas de question de concordance de script.".into()));
    }
    let title = if form.title.trim().is_empty() { method.french() } else { form.title.trim() };
    if !sound(title) {
        return Err(ApiError::wrong("titre", format!("{MAX_NAME} caractères au plus, sur une ligne.")));
    }
    let options = Options {
        version: match method {
            Method::Bookmark => Some(app.store.ledger(exam_id).await?.len() as u32),
            _ => None,
        },
        borderline: match (method, form.borderline) {
            (Method::BorderlineRegression, Some(grade)) if (1.0..=5.0).contains(&grade) => Some(grade),
            (Method::BorderlineRegression, Some(_)) => {
                return Err(ApiError::wrong("appréciation limite", "Écrivez un nombre de 1 à 5."));
            }
            _ => None,
        },
    };
    let names = names(&form.judges, &[])?;
    let now_ms = ambient::now_ms();
    let panel = Panel {
        id: ambient::fresh_id(now_ms),
        exam_id: exam_id.to_owned(),
        method: method.word().into(),
        title: title.to_owned(),
        options: serde_json::to_string(&options).map_err(|e| ApiError::Internal(e.into()))?,
        round: 1,
        informed: 0,
        last_position: 0,
        created_ms: now_ms,
        created_by: actor.id.to_string(),
        closed_ms: None,
    };
    let done = event(actor, exam_id, "panel", format!("Panel ouvert : {title} ({})", method.french()));
    app.store.add_panel(&panel, &done).await?;
    if !names.is_empty() {
        enter(app, actor, &panel, 0, &names, &[]).await?;
    }
    Ok(panel.id)
}

/// New names, each with the account that has that login, none of them known.
fn names(typed: &[String], known: &[String]) -> ApiResult<Vec<String>> {
    let mut seen: HashSet<String> = known.iter().map(|n| fold_header(n)).collect();
    let mut wrong = Vec::new();
    let mut names = Vec::new();
    for name in typed.iter().map(|n| n.trim()).filter(|n| !n.is_empty()) {
        if !sound(name) {
            wrong.push(Wrong { place: "juges".into(), message: format!("{MAX_NAME} caractères au plus par nom.") });
        } else if !seen.insert(fold_header(name)) {
            wrong.push(Wrong { place: "juges".into(), message: format!("« {name} » est déjà dans le panel.") });
        }
        names.push(name.to_owned());
    }
    if known.len() + names.len() > MAX_JUDGES {
        wrong.push(Wrong { place: "juges".into(), message: format!("{MAX_JUDGES} juges au plus.") });
    }
    if wrong.is_empty() { Ok(names) } else { Err(ApiError::Invalid { title: "Juges à corriger".into(), wrong }) }
}

/// A panel of an exam.
pub async fn panel(app: &App, exam_id: &str, panel_id: &str) -> ApiResult<Panel> {
    app.store.panel(exam_id, panel_id).await?.ok_or(ApiError::NotFound)
}

/// Adds judges and what they said, whole or not at all. A name that is the login of an account is that person.
async fn enter(
    app: &App,
    actor: &Actor,
    panel: &Panel,
    known: usize,
    fresh: &[String],
    list: &[NewJudgement],
) -> ApiResult<()> {
    if panel.closed_ms.is_some() {
        return Err(ApiError::Conflict("Le panel est clos : il n’accepte plus rien.".into()));
    }
    let mut people = Vec::with_capacity(fresh.len());
    for name in fresh {
        let person = app.store.person_by_login(&name.to_lowercase()).await?;
        people.push(match person {
            Some(p) => (p.name, Some(p.id)),
            None => (name.clone(), None),
        });
    }
    let told = match (fresh.len(), list.len()) {
        (0, n) => count(n, "avis enregistré", "avis enregistrés"),
        (n, 0) => count(n, "juge ajouté", "juges ajoutés"),
        (j, n) => format!("{}, {}", count(j, "juge ajouté", "juges ajoutés"), count(n, "avis", "avis")),
    };
    let done = event(actor, &panel.exam_id, "panel", format!("Panel « {} » : {told}", panel.title));
    app.store.add_judgements(&panel.id, known as i64, &people, list, &done).await.map_err(|error| match error {
        StoreError::Duplicate => ApiError::wrong("juges", "Deux juges auraient le même nom."),
        StoreError::Conflict => ApiError::Conflict(
            "Le panel a changé entre-temps (juges, tour ou clôture) : rien n’a été enregistré. Rechargez la page."
                .into(),
        ),
        other => other.into(),
    })
}

/// Adds judges by name.
pub async fn add_judges(app: &App, actor: &Actor, exam_id: &str, panel_id: &str, typed: &[String]) -> ApiResult<usize> {
    let panel = panel(app, exam_id, panel_id).await?;
    let known: Vec<String> = app.store.judges(panel_id).await?.into_iter().map(|j| j.name).collect();
    let fresh = names(typed, &known)?;
    if fresh.is_empty() {
        return Err(ApiError::wrong("juges", "Écrivez au moins un nom."));
    }
    enter(app, actor, &panel, known.len(), &fresh, &[]).await?;
    Ok(fresh.len())
}

/// Keeps what judges said in the round under way; what says nothing new is left out. How many rows were added.
pub async fn save(app: &App, actor: &Actor, book: &Book, fresh: &[String], said: &[Entered]) -> ApiResult<usize> {
    let changed: Vec<NewJudgement> = said
        .iter()
        .filter(|e| book.value(book.panel.round, e.judge, &e.target).unwrap_or("") != e.value)
        .map(|e| NewJudgement {
            round: book.panel.round,
            judge: e.judge,
            target: e.target.clone(),
            value: e.value.clone(),
        })
        .collect();
    if !changed.is_empty() || !fresh.is_empty() {
        enter(app, actor, &book.panel, book.judges.len(), fresh, &changed).await?;
    }
    Ok(changed.len())
}

/// Opens the second round of a modified Angoff, after the discussion.
pub async fn next_round(app: &App, actor: &Actor, exam_id: &str, panel_id: &str) -> ApiResult<()> {
    let exam = draft::exam(app, exam_id).await?;
    let book = Book::load(app, exam_id, panel_id).await?;
    if book.method != Method::ModifiedAngoff || book.panel.round != 1 {
        return Err(ApiError::Conflict("Seul l’Angoff modifié a un second tour, une fois.".into()));
    }
    if book.rows.is_empty() {
        return Err(ApiError::Conflict("Le premier tour n’a encore aucun avis.".into()));
    }
    let informed = is_marked(&exam);
    let how = if informed { ", réussite observée montrée aux juges" } else { "" };
    let done = event(actor, exam_id, "panel", format!("Panel « {} » : second tour ouvert{how}", book.panel.title));
    app.store.next_round(panel_id, 1, informed, &done).await?;
    Ok(())
}

/// Closes a panel for good.
pub async fn close(app: &App, actor: &Actor, exam_id: &str, panel_id: &str) -> ApiResult<()> {
    let panel = panel(app, exam_id, panel_id).await?;
    let done = event(actor, exam_id, "panel", format!("Panel « {} » clos", panel.title));
    app.store.close_panel(panel_id, &done).await.map_err(|error| match error {
        StoreError::Conflict => ApiError::Conflict("Le panel est déjà clos.".into()),
        other => other.into(),
    })
}

/// What an exam brings to a panel: its paper and, once marked, marks and success rates.
pub struct Ground {
    /// The exam.
    pub exam: Exam,
    /// As the register leaves it where there is one.
    pub paper: Paper,
    /// Once marked.
    pub room: Option<Arc<jobs::Room>>,
}

impl Ground {
    /// Reads an exam.
    pub async fn load(app: &App, exam_id: &str) -> ApiResult<Self> {
        let exam = draft::exam(app, exam_id).await?;
        let room = if is_marked(&exam) { Some(jobs::room(app, exam_id, None).await?) } else { None };
        let paper = match &room {
            Some(room) => room.subject.effective.paper.clone(),
            None => draft::paper(app, exam_id).await?,
        };
        Ok(Self { exam, paper, room })
    }
}

/// How long a booklet waits for the study that orders it.
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(1_500);

impl Ground {
    /// What the panel needs of the exam. `None` while the study that orders a booklet is being computed.
    pub async fn inputs(&self, app: &App, book: &Book) -> ApiResult<Option<Inputs>> {
        let mut inputs = match &self.room {
            Some(room) => {
                let room = room.clone();
                off_thread(move || of_room(&room)).await?
            }
            None => of_paper(&self.paper)?,
        };
        if book.method == Method::Bookmark && self.room.is_some() {
            match jobs::study(app, &self.exam.id, book.options.version, PATIENCE).await? {
                jobs::Answer::Ready(room, study) => {
                    if let Ok(latent) = &study.latent {
                        inputs.calibrated = Some(calibrated(&room, &study, latent, &inputs.questions));
                    }
                }
                jobs::Answer::Working(..) => return Ok(None),
                jobs::Answer::Stopped => {}
            }
        }
        Ok(Some(inputs))
    }

    /// What the panel judges.
    pub fn targets(&self, book: &Book, inputs: Option<&Inputs>) -> Vec<method::Target> {
        let calibrated = inputs.and_then(|i| i.calibrated.as_ref());
        let pages = calibrated.map_or(0, |c| c.items.iter().map(|i| i.categories() - 1).sum());
        method::targets(book.method, &self.paper, pages)
    }
}

/// Questions that count before anyone came: what candidates answer is not known yet.
fn of_paper(paper: &Paper) -> ApiResult<Inputs> {
    let effective = Effective::new(paper.clone());
    let matrix = ResponseMatrix::encode(paper, &[]);
    let compiled = Compiled::new(&effective, &matrix).map_err(|e| ApiError::wrong("barème", e.to_string()))?;
    let questions = paper
        .questions()
        .enumerate()
        .map(|(i, p)| Counted {
            target: format!("question:{}", p.question.id),
            number: p.number,
            stem: markdown::plain(&p.question.stem, 110),
            points: compiled.question_max(i).to_f64(),
            p: None,
        })
        .filter(|q| q.points > 0.0)
        .collect();
    Ok(Inputs { questions, ..Inputs::default() })
}

/// Questions that count at the last version of the register, with success rates, and marks.
fn of_room(room: &jobs::Room) -> Inputs {
    let subject = &room.subject;
    let mut p = vec![None; subject.labels.len()];
    if let Some((counted, statistics)) = room.statistics() {
        for (q, item) in counted.iter().zip(&statistics.items) {
            p[*q] = item.p;
        }
    }
    let questions = subject
        .labels
        .iter()
        .enumerate()
        .map(|(i, label)| Counted {
            target: format!("question:{}", label.id),
            number: label.number,
            stem: label.stem.clone(),
            points: subject.compiled.question_max(i).to_f64(),
            p: p[i],
        })
        .filter(|q| q.points > 0.0)
        .collect();
    let marks = (0..subject.people.len())
        .filter_map(|row| Some((subject.people[row].id.clone(), subject.marks.on_20(row)?.to_f64())));
    Inputs { questions, marks: subject.on_20(), mark_of: marks.collect(), calibrated: None }
}

/// The calibrated questions of a study, by their place among those that count.
fn calibrated(room: &jobs::Room, study: &Study, latent: &Latent, questions: &[Counted]) -> Calibrated {
    let calibration = &latent.calibration;
    let of = |column: usize| {
        let target = format!("question:{}", room.subject.labels[study.columns[column]].id);
        questions.iter().position(|q| q.target == target).unwrap_or(usize::MAX)
    };
    let items = study.matrix.items();
    let constant = |q: &usize| items[*q].levels.first().copied().unwrap_or(0.0);
    let mut found = Calibrated {
        constant: calibration.constant.iter().map(constant).sum(),
        constant_max: calibration.constant.iter().map(|q| items[*q].max).sum(),
        ..Calibrated::default()
    };
    for ((column, item), scores) in calibration.kept.iter().zip(&calibration.items).zip(&calibration.scores) {
        if item.a > 0.0 {
            found.counted.push(of(*column));
            found.items.push(item.clone());
            found.scores.push(scores.clone());
        } else {
            found.flat.push((item.clone(), scores.clone()));
        }
    }
    found
}

/// Candidates of an exam as a table names them: number in lower case, then what a judgement names.
pub async fn numbers(app: &App, exam_id: &str) -> ApiResult<HashMap<String, String>> {
    Ok(app.store.candidates(exam_id).await?.into_iter().map(|c| (c.number.to_lowercase(), c.person_id)).collect())
}

/// Reads a table sent for a panel: all of it, or every fault.
pub async fn read_table(app: &App, exam_id: &str, panel_id: &str, bytes: &[u8]) -> ApiResult<(Book, Import, Table)> {
    let book = Book::load(app, exam_id, panel_id).await?;
    if book.panel.closed_ms.is_some() {
        return Err(ApiError::Conflict("Le panel est clos : il n’accepte plus rien.".into()));
    }
    let ground = Ground::load(app, exam_id).await?;
    let inputs = if book.method == Method::Bookmark { ground.inputs(app, &book).await? } else { None };
    if book.method == Method::Bookmark && inputs.is_none() {
        return Err(ApiError::Conflict(
            "Le carnet ordonné est en cours de calcul : recommencez dans un instant.".into(),
        ));
    }
    let known = if book.method.of_candidates() { numbers(app, exam_id).await? } else { HashMap::new() };
    let refused = |wrong| ApiError::Invalid { title: "Rien n’a été enregistré".into(), wrong };
    let table = Table::read_any(bytes).map_err(refused)?;
    let targets = ground.targets(&book, inputs.as_ref());
    let import = import::read(&book, &targets, &known, &table).map_err(refused)?;
    Ok((book, import, table))
}

/// What a panel gives, off the web threads. `None` while the study that orders a booklet is being computed.
pub async fn outcome_of(app: &App, ground: &Ground, book: Arc<Book>) -> ApiResult<Option<Outcome>> {
    let Some(inputs) = ground.inputs(app, &book).await? else { return Ok(None) };
    off_thread(move || outcome::outcome(&book, &inputs)).await.map(Some)
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> ApiResult<T> {
    tokio::task::spawn_blocking(work).await.map_err(|e| ApiError::Internal(e.into()))
}

/// Takes the votes of a panel into a draft paper, question by question. How many keys were set.
async fn adopt_votes(app: &App, actor: &Actor, exam_id: &str, panel_id: &str) -> ApiResult<usize> {
    let book = Book::load(app, exam_id, panel_id).await?;
    let mut set = 0;
    draft::edit(app, exam_id, |paper| {
        let votes = concordance::votes(&book, paper);
        for question in paper.sections.iter_mut().flat_map(|s| &mut s.elements).flat_map(draft::questions_mut) {
            if let docimo_engine::question::Body::Tcs { panel, experts, .. } = &mut question.body
                && let Some(own) = votes.iter().find(|v| v.0 == question.id)
                && own.1.total() > 0
            {
                *panel = own.1.0;
                // The panel's own rows say who answered what.
                experts.clear();
                set += 1;
            }
        }
        if set == 0 {
            Err(ApiError::Conflict("Le panel n’a répondu à aucune question du sujet.".into()))
        } else {
            Ok(())
        }
    })
    .await?;
    let what = format!("Votes du panel « {} » repris dans le sujet : {}", book.panel.title, count(set, "clé", "clés"));
    app.store.add_event(&event(actor, exam_id, "panel", what)).await?;
    Ok(set)
}

/// Where votes went.
pub enum Taken {
    /// Into the draft: how many keys.
    Draft(usize),
    /// Into the register: its version.
    Register(u32),
}

/// Takes the votes of a script concordance panel: into a draft paper, or into the register of a marked exam.
/// `expected` is the version of the register that was looked at.
pub async fn take_votes(
    app: &App,
    actor: &Actor,
    exam_id: &str,
    panel_id: &str,
    reason: &str,
    expected: Option<u32>,
) -> ApiResult<Taken> {
    let ground = Ground::load(app, exam_id).await?;
    let book = Book::load(app, exam_id, panel_id).await?;
    if book.method != Method::Tcs {
        return Err(ApiError::Conflict("Ce panel fixe un seuil\u{a0}: il ne fait pas de clé.".into()));
    }
    if ground.exam.state == "draft" {
        return Ok(Taken::Draft(adopt_votes(app, actor, exam_id, panel_id).await?));
    }
    if !is_marked(&ground.exam) {
        let why = "Le sujet est figé\u{a0}: sa clé ne change plus qu’au registre, une fois l’examen noté.";
        return Err(ApiError::Conflict(why.into()));
    }
    let decisions = concordance::decisions(&book, &ground.paper);
    if decisions.is_empty() {
        return Err(ApiError::Conflict("La clé est déjà celle de ce panel.".into()));
    }
    let expected = expected.ok_or_else(|| ApiError::bad("La version du registre regardée manque."))?;
    Ok(Taken::Register(marks::decide_all(app, actor, exam_id, &decisions, reason, expected).await?))
}

/// Why a decision is taken is said.
pub(crate) fn reason(text: &str) -> ApiResult<()> {
    checked_reason(text, "il est publié avec la décision")
}
