//! The exam room, as its page needs it: what this candidate may see now, and nothing else.

use super::live::{self, view::phase_name};
use super::sealed;
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::markdown;
use crate::media::{ImageView, PdfView, VideoView};
use crate::metrics::Metrics;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use docimo_engine::QuestionId;
use docimo_engine::attempt::{Act, Phase, Sheet, Verdict, fold};
use docimo_engine::paper::{Article, Case, Section};
use docimo_engine::question::{Body, Image, Kind, Question};
use docimo_engine::response::Response;
use docimo_engine::shuffle;
use docimo_store::delivery::Attempt;
use docimo_store::journal::{Entering, NewStep, Save};
use docimo_store::receipts::{self, Receipt};
use docimo_store::supervision::{Opening, PageOpening};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use utoipa::ToSchema;

pub use super::live::view::{Clock, ClockView};

/// Everything the page shows.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Room {
    /// Sheet.
    pub attempt: String,
    /// Exam.
    pub exam_title: String,
    /// Section.
    pub section_title: String,
    /// Who sits here.
    pub candidate_name: String,
    /// Candidate number.
    pub candidate_number: String,
    /// Instructions, safe HTML.
    pub instructions_html: String,
    /// waiting, ready, running, handed_in or closed.
    pub state: String,
    /// The clock.
    pub clock: Clock,
    /// Questions answered.
    pub answered_count: usize,
    /// Questions in the section.
    pub question_count: usize,
    /// Manifest of the sealed paper: its address. Pieces are beside it, under their hashes.
    pub paper: String,
    /// Hash of the manifest.
    pub paper_hash: String,
    /// Seed of the orders of propositions, a signed whole number of 64 bits.
    pub seed: String,
    /// Key of this sheet's exported queue, base64.
    pub queue_key: String,
    /// Questions validated.
    pub locked: Vec<String>,
    /// Last counted answers.
    #[schema(value_type = Object)]
    pub answers: BTreeMap<QuestionId, Response>,
    /// Flagged "à revoir".
    #[schema(value_type = Vec<String>)]
    pub flags: BTreeSet<QuestionId>,
    /// Which section this is.
    pub section_progress: Progress,
    /// When it was handed in, ms UTC.
    pub handed_in_ms: Option<i64>,
    /// What the candidate looked at last: a question or a case.
    pub place: Option<String>,
    /// Last receipt of the journal.
    pub receipt: Option<ReceiptView>,
}

/// Which of how many.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Progress {
    /// From 1.
    pub index: usize,
    /// In all.
    pub count: usize,
}

/// An element of the section.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
#[expect(clippy::large_enum_variant, reason = "a section has a few dozen; they live for one answer")]
pub enum ElementView {
    /// An isolated question.
    Question {
        /// Id.
        id: String,
        /// Number in the section.
        number: usize,
    },
    /// A case.
    Case {
        /// Id.
        id: String,
        /// DP, mini-DP, KFP, LCA.
        kind: String,
        /// Title.
        title: String,
        /// Do validated questions lock, and show the next part?
        progressive: bool,
        /// Safe HTML.
        intro_html: String,
        /// Picture.
        image: Option<ImageView>,
        /// Article of an LCA.
        article: Option<ArticleView>,
        /// Questions.
        parts: Vec<PartView>,
    },
}

/// An article.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ArticleView {
    /// Title.
    pub title: String,
    /// Where published.
    pub citation: String,
    /// Safe HTML; empty where there is only a PDF.
    pub html: String,
    /// The article as it was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pdf: Option<PdfView>,
}

impl ArticleView {
    /// As shown.
    pub fn of(article: &Article) -> Self {
        Self {
            title: article.title.clone(),
            citation: article.citation.clone(),
            html: markdown::block(&article.body),
            pdf: article.pdf.as_ref().map(PdfView::of),
        }
    }
}

/// A question of a case.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PartView {
    /// Its id.
    pub question: String,
    /// Number in the section.
    pub number: usize,
    /// For a further part: number of the key that opens it, which is the number of its piece too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<usize>,
    /// What it brings, safe HTML; absent for a further part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_html: Option<String>,
}

/// A question as a candidate sees it: no key, no comment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QuestionView {
    /// Id.
    pub id: String,
    /// Number in the section.
    pub number: usize,
    /// QRU, QRM…
    pub kind: String,
    /// In French.
    pub kind_label: String,
    /// That a machine wrote it, where the establishment says so during the exam.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mention: Option<&'static str>,
    /// What to do.
    pub instruction: String,
    /// Safe HTML.
    pub stem_html: String,
    /// Picture.
    pub image: Option<ImageView>,
    /// Video.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video: Option<VideoView>,
    /// Options, in the order of this candidate.
    pub propositions: Vec<PropositionView>,
    /// Ticks or points announced.
    pub expected: Option<u32>,
    /// Words allowed.
    pub max_words: Option<u32>,
    /// TCS: safe HTML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hypothesis_html: Option<String>,
    /// TCS: safe HTML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding_html: Option<String>,
    /// TCS: the scale.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scale: Vec<ScaleView>,
}

/// An option.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PropositionView {
    /// Id.
    pub id: String,
    /// Safe HTML.
    pub html: String,
}

/// A step of the TCS scale.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ScaleView {
    /// −2 to +2.
    pub value: i8,
    /// In French.
    pub label: &'static str,
}

/// The TCS scale, as the R2C words it.
pub const TCS_SCALE: [(i8, &str); 5] = [
    (-2, "très fortement moins probable, ou très inadapté"),
    (-1, "moins probable, ou moins adapté"),
    (0, "ni plus ni moins probable ou adapté"),
    (1, "plus probable, ou plus adapté"),
    (2, "très fortement plus probable, ou très adapté"),
];

/// What to do, by kind.
pub fn instruction(question: &Question) -> String {
    let count = |n: u32, one: &str, many: &str| if n < 2 { format!("{n} {one}") } else { format!("{n} {many}") };
    match &question.body {
        Body::Qru { .. } => "Une seule réponse est attendue.".into(),
        Body::Qrm { .. } => "Cochez la ou les propositions exactes.".into(),
        Body::Qrp { expected, .. } | Body::Qrpl { expected, .. } => {
            format!("{}, pas davantage.", count(*expected, "réponse est attendue", "réponses sont attendues"))
        }
        Body::Qroc { max_words, .. } => format!("Répondez en {}.", count(*max_words, "mot", "mots au plus")),
        Body::Qzp { expected, .. } => {
            format!("{} sur l’image.", count(*expected, "zone est à pointer", "zones sont à pointer"))
        }
        Body::Tcs { .. } => "Indiquez l’effet de la nouvelle information sur l’hypothèse.".into(),
        Body::Qcm { .. } => "Pour chaque proposition : vrai, faux, ou sans réponse.".into(),
    }
}

/// The sheet with its section, if it belongs to this person; as if absent otherwise.
pub async fn own_attempt(app: &App, actor: &Actor, attempt_id: &str) -> ApiResult<(Attempt, Arc<Section>, usize)> {
    let attempt =
        app.store.attempt(attempt_id).await?.filter(|a| *a.person_id == *actor.id).ok_or(ApiError::NotFound)?;
    let paper = app.frozen_paper(&attempt.exam_id).await?;
    let (index, section) = paper.section(&attempt.section_id).ok_or(ApiError::NotFound)?;
    Ok((attempt, section.clone(), index))
}

/// The sheet of this person for a section, made on their first visit.
pub async fn enter(app: &App, actor: &Actor, exam_id: &str, section: &str) -> ApiResult<String> {
    let paper = app.frozen_paper(exam_id).await?;
    paper.section(section).ok_or(ApiError::NotFound)?;
    app.store.candidate(exam_id, &actor.id).await?.ok_or(ApiError::NotFound)?;
    let exam = super::draft::exam(app, exam_id).await?;
    if matches!(exam.state.as_str(), "closed" | "marked" | "published") {
        let own = app.store.attempts_of(exam_id, &actor.id).await?.into_iter().find(|a| a.section_id == section);
        return own.map(|a| a.id).ok_or_else(|| ApiError::Conflict("L’examen est terminé.".into()));
    }
    if let Some(known) = app.store.known_attempt(exam_id, &actor.id, section).await? {
        return Ok(known);
    }
    let entering = Entering {
        fresh_id: ambient::fresh_id(ambient::now_ms()),
        seed: ambient::seed(),
        exam_id: exam_id.to_owned(),
        person_id: actor.id.to_string(),
        section_id: section.to_owned(),
    };
    Ok(app.journal.enter(entering).await?)
}

/// What the room holds now: small, the paper is downloaded apart.
pub async fn room(app: &App, actor: &Actor, attempt_id: &str) -> ApiResult<Room> {
    let (attempt, section, index) = own_attempt(app, actor, attempt_id).await?;
    let exam = super::draft::exam(app, &attempt.exam_id).await?;
    let paper = app.frozen_paper(&attempt.exam_id).await?;
    let now_ms = ambient::now_ms();
    let times = attempt.times(section.duration_minutes);
    let phase = times.phase(now_ms);
    let started = matches!(phase, Phase::Running | Phase::HandedIn | Phase::Closed) && times.started_ms.is_some();
    let sheet = if started { fold(&app.store.steps(&attempt.exam_id, &attempt.id).await?) } else { Sheet::default() };
    let sealed = sealed::sealed(app, &attempt.exam_id, &section).await?;
    Ok(Room {
        attempt: attempt.id.clone(),
        exam_title: exam.title,
        section_title: section.title.clone(),
        candidate_name: actor.name.to_string(),
        candidate_number: attempt.number.clone(),
        instructions_html: markdown::block(&exam.instructions),
        state: phase_name(phase).into(),
        clock: Clock::of(&times, now_ms),
        answered_count: sheet.answered(),
        question_count: section.elements.iter().map(|e| e.questions().count()).sum(),
        paper: format!("/api/v1/attempts/{}/paper/{}", attempt.id, sealed.hash),
        paper_hash: sealed.hash.clone(),
        seed: attempt.seed.to_string(),
        queue_key: STANDARD.encode(sealed::queue_key(app, &attempt, &section).await?),
        locked: sheet.locked.iter().map(ToString::to_string).collect(),
        answers: sheet.answers,
        flags: sheet.flags,
        section_progress: Progress { index: index + 1, count: paper.sections.len() },
        handed_in_ms: attempt.handed_in_ms,
        place: sheet.place,
        receipt: app.store.receipt(&attempt.id).await?.map(ReceiptView::of),
    })
}

pub(crate) fn case_view(case: &Case, parts: Vec<PartView>) -> ElementView {
    ElementView::Case {
        id: case.id.to_string(),
        kind: case.kind.code().into(),
        title: case.title.clone(),
        progressive: case.kind.is_progressive(),
        intro_html: markdown::block(&case.intro),
        image: case.image.as_ref().map(image_view),
        article: case.article.as_ref().map(ArticleView::of),
        parts,
    }
}

fn image_view(image: &Image) -> ImageView {
    ImageView::of(image)
}

/// A question as a candidate sees it. With a seed, propositions come in the order drawn from it.
pub fn question_view(question: &Question, number: usize, seed: Option<i64>) -> QuestionView {
    let propositions = question.body.propositions();
    let order = match seed {
        Some(seed) => shuffle::order(seed as u64, question.id.as_str(), propositions.len()),
        None => (0..propositions.len()).collect(),
    };
    let (hypothesis_html, finding_html, scale) = match &question.body {
        Body::Tcs { hypothesis, finding, .. } => (
            Some(markdown::inline(hypothesis)),
            Some(markdown::inline(finding)),
            TCS_SCALE.iter().map(|(value, label)| ScaleView { value: *value, label }).collect(),
        ),
        _ => (None, None, Vec::new()),
    };
    QuestionView {
        id: question.id.to_string(),
        number,
        kind: question.kind().code().into(),
        kind_label: question.kind().french().into(),
        mention: None,
        instruction: instruction(question),
        stem_html: markdown::block(&question.stem),
        image: question.image.as_ref().map(image_view),
        video: question.video.as_ref().map(VideoView::of),
        propositions: order
            .into_iter()
            .map(|i| PropositionView {
                id: propositions[i].id.to_string(),
                html: markdown::inline(&propositions[i].text),
            })
            .collect(),
        expected: if question.kind() == Kind::Qru { Some(1) } else { question.body.expected() },
        max_words: match question.body {
            Body::Qroc { max_words, .. } => Some(max_words),
            _ => None,
        },
        hypothesis_html,
        finding_html,
        scale,
    }
}

/// Starts this candidate's time.
pub async fn start(app: &App, actor: &Actor, attempt_id: &str) -> ApiResult<Room> {
    let (attempt, section, _) = own_attempt(app, actor, attempt_id).await?;
    let now_ms = ambient::now_ms();
    let times = attempt.times(section.duration_minutes);
    match times.phase(now_ms) {
        Phase::Ready if times.lasting(now_ms).is_some() => {
            return Err(ApiError::Conflict("Les horloges sont arrêtées : attendez la reprise pour commencer.".into()));
        }
        Phase::Ready => {
            app.journal.start_attempt(attempt_id, now_ms).await?;
            live::read_again(app, attempt_id).await?;
        }
        Phase::Waiting => return Err(ApiError::Conflict("L’épreuve n’est pas encore ouverte.".into())),
        Phase::Running | Phase::HandedIn | Phase::Closed => {}
    }
    room(app, actor, attempt_id).await
}

/// Opens a stream of steps.
pub async fn open_stream(app: &App, actor: &Actor, attempt_id: &str, agent: &str) -> ApiResult<i64> {
    let (attempt, section, _) = own_attempt(app, actor, attempt_id).await?;
    let now_ms = ambient::now_ms();
    let phase = attempt.times(section.duration_minutes).phase(now_ms);
    // Pages open theirs in the waiting room: at the hour nothing but a key is asked. One that comes back after the end
    // may have answers to bring; whoever never came does not come then.
    let early = matches!(phase, Phase::Waiting | Phase::Ready | Phase::Running);
    if attempt.is_marked() || (!early && attempt.streams == 0) {
        return Err(ApiError::Conflict("L’épreuve n’est pas ouverte.".into()));
    }
    let page = PageOpening {
        attempt_id: attempt_id.to_owned(),
        session: actor.token_hash.to_string(),
        agent: agent.to_owned(),
        at_ms: now_ms,
    };
    let opening = app.journal.open_page(page).await?;
    live::read_again(app, attempt_id).await?;
    match opening {
        Opening::Stream(stream) => Ok(stream),
        Opening::Waits => Err(ApiError::SecondMachine),
    }
}

/// A step as the page sends it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct StepForm {
    /// Number in its stream, from 1.
    pub seq: u32,
    /// The client's clock, kept for the record.
    pub client_ms: i64,
    /// What was done: `answer`, `flag`, `lock`, `view` or `hand_in`.
    #[schema(value_type = crate::json::shapes::ActShape)]
    pub act: Act,
}

/// Steps of one stream.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct StepsForm {
    /// Which stream.
    pub stream: u32,
    /// In order, at most 500.
    pub steps: Vec<StepForm>,
}

/// The acknowledgement: sent after the commit is on disk.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Acknowledgement {
    /// Highest step of the stream on disk.
    pub acknowledged: u32,
    /// What each step was worth.
    pub verdicts: Vec<VerdictView>,
    /// State of the sheet.
    pub state: String,
    /// The clock.
    pub clock: Clock,
    /// A validation showed a next part: read the room again.
    pub revealed: bool,
    /// Pages opened so far: a page whose stream is smaller has been left for another.
    pub streams: i64,
    /// Receipt of the last of these steps: the same whenever it is sent again.
    pub receipt: Option<ReceiptView>,
}

/// Proof of what is in a journal up to one of its acts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReceiptView {
    /// Which act of the sheet's journal, from 1.
    pub position: i64,
    /// Hash chained over the journal up to it: 64 hexadecimal digits.
    pub hash: String,
    /// Its first 80 bits, as people write them down: 16 letters and digits in groups of four.
    pub code: String,
}

impl ReceiptView {
    /// As told.
    pub fn of((position, receipt): (i64, Receipt)) -> Self {
        let hash = receipt.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { position, hash, code: receipts::code(&receipt) }
    }
}

/// What a step was worth.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VerdictView {
    /// Step.
    pub seq: u32,
    /// counted, late, locked, handed_in, invalid or superseded.
    #[schema(value_type = String)]
    pub verdict: Verdict,
}

/// Most steps in one request.
pub const MAX_STEPS: usize = 500;

/// Largest act that is stored: hundreds of times an answer.
const MAX_ACT_BYTES: usize = 16 * 1024;

fn answered(step: &NewStep) -> Option<(u32, QuestionId)> {
    match step.act() {
        Act::Answer { question, .. } => Some((step.seq, question.clone())),
        _ => None,
    }
}

/// Steps that a page may send.
pub(crate) fn checked_steps(steps: Vec<StepForm>) -> ApiResult<Vec<NewStep>> {
    let checked = |step: StepForm| {
        if matches!(step.act, Act::Reopen { .. } | Act::Rejudge { .. }) {
            return Err(ApiError::Forbidden);
        }
        if step.seq == 0 {
            let what = format!("acte du {}", step.client_ms);
            return Err(ApiError::wrong(what, "les actes sont numérotés à partir de 1"));
        }
        let step = NewStep::new(step.seq, step.client_ms, step.act)?;
        let size = step.text().len();
        if size > MAX_ACT_BYTES {
            let message = format!("{size} octets, {MAX_ACT_BYTES} au plus");
            return Err(ApiError::wrong(format!("acte n° {}", step.seq), message));
        }
        Ok(step)
    };
    steps.into_iter().map(checked).collect()
}

/// Saves steps; the answer comes after they are durable.
pub async fn save(app: &App, actor: &Actor, attempt_id: &str, form: StepsForm) -> ApiResult<Acknowledgement> {
    if form.steps.len() > MAX_STEPS {
        return Err(ApiError::bad(format!("{MAX_STEPS} actes au plus par envoi.")));
    }
    let steps = checked_steps(form.steps)?;
    // Whose it is never changes: the rest is read with the write.
    let sheet = app.sheet_facts(attempt_id).await?;
    if *sheet.person_id != *actor.id {
        return Err(ApiError::NotFound);
    }
    let paper = app.frozen_paper(&sheet.exam_id).await?;
    let (_, section) = paper.section(&sheet.section_id).ok_or(ApiError::NotFound)?;
    let now_ms = ambient::now_ms();
    let save = Save {
        attempt_id: attempt_id.to_owned(),
        section: section.clone(),
        actor: actor.id.to_string(),
        stream: form.stream,
        steps,
        now_ms,
    };
    let count = save.steps.len() as u64;
    let questions: BTreeMap<u32, QuestionId> = save.steps.iter().filter_map(answered).collect();
    let saved = app.journal.save(save).await.inspect_err(|e| {
        if matches!(e, docimo_store::SaveError::Overloaded) {
            Metrics::add(&app.metrics.saves_refused, 1);
        }
    })?;
    Metrics::add(&app.metrics.steps_acknowledged, count);
    let counted = saved.verdicts.iter().filter(|(_, verdict)| *verdict == Verdict::Counted);
    let answered: Vec<&str> = counted.filter_map(|(seq, _)| questions.get(seq)).map(QuestionId::as_str).collect();
    let now_ms = ambient::now_ms();
    let sheet = live::presence::SavedSheet { attempt_id, section_id: &sheet.section_id, saved: &saved };
    live::presence::saved(app, sheet, &answered, form.stream, now_ms);
    let times = &saved.times;
    Ok(Acknowledgement {
        acknowledged: saved.acknowledged,
        verdicts: saved.verdicts.into_iter().map(|(seq, verdict)| VerdictView { seq, verdict }).collect(),
        state: phase_name(times.phase(now_ms)).into(),
        clock: Clock::of(times, now_ms),
        revealed: saved.revealed,
        streams: saved.streams,
        receipt: saved.receipt.map(ReceiptView::of),
    })
}
