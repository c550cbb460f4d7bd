//! Bringing questions into the bank: from a page, the JSON interface or the command line.

use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::bank::described::undescribed;
use crate::bank::follows::Follows;
use crate::bank::index::signature_bytes;
use crate::bank::keyed::unkeyed;
use crate::bank::near::{self, Known};
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult, Wrong};
use crate::markdown;
use crate::media::{self, Checked};
use docimo_bank::duplicates::{signatures, within};
use docimo_bank::exchange::{Faulty, Format, Imported, ReadError, Reading};
use docimo_bank::flaws::flaws;
use docimo_bank::revision::{Status, content_hash, fingerprint};
use docimo_bank::rights::Level;
use docimo_engine::check::Severity;
use docimo_engine::paper::Element;
use docimo_engine::question::{Image, Question};
use docimo_store::Store;
use docimo_store::bank::{Added, COMMON_FOLDER, Media, NewRevision};
use r2c_referential::{Followed, Tag, Version, follow};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use utoipa::ToSchema;

/// The same warning on more entries than this is gathered in one line.
const MANY: usize = 5;
/// Said of an entry that is not as validated as the others of its file.
const UNDESCRIBED: &str = "entre comme brouillon : une image attend sa description";
/// The same of an entry that lacks other words.
const UNDESCRIBED_OTHER: &str = "entre comme brouillon : une vidéo ou un article en PDF attend sa description";
/// The same of an open question without a key.
const UNKEYED: &str = "entre comme brouillon : une question attend sa réponse";
/// Said of a file without entries, whatever its format.
const NO_QUESTION: &str = "le fichier ne contient aucune question";

/// What an import did, or would do.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Report {
    /// Entries found in the file.
    pub read: usize,
    /// Questions in them.
    pub questions: usize,
    /// New entries.
    pub added: usize,
    /// New revisions of known entries.
    pub revised: usize,
    /// Entries already there, to the letter.
    pub unchanged: usize,
    /// Entries refused, with place and reason.
    pub faulty: Vec<Wrong>,
    /// What someone should look at.
    pub warnings: Vec<Wrong>,
    /// New wordings much the same as an entry of the bank, or as another of the file; at most 200.
    pub alike: Vec<Wrong>,
    /// How many there are in all.
    pub alike_in_all: usize,
}

/// Resemblances told of one file.
const ALIKE: usize = 200;

/// With what a file is compared.
#[derive(Clone, Copy)]
pub struct Compare<'a> {
    /// What finds alike entries.
    pub known: Known<'a>,
    /// Whose reach; `None`: the whole bank.
    pub reach: Option<&'a Reach>,
}

/// Imports a file as someone signed in: into the common folder, as validated by who may validate and as a draft by
/// others; an entry of a folder where they may not write is left as it is.
pub async fn import(app: &App, actor: &Actor, name: &str, bytes: Vec<u8>, dry_run: bool) -> ApiResult<Report> {
    let reach = Reach::of(app, actor).await?;
    reach.need(COMMON_FOLDER, Level::Write)?;
    let mut read = read(name, bytes, None).await?;
    let mut own = Vec::with_capacity(read.entries.len());
    for entry in read.entries {
        match app.store.entry_by_external_id(entry.element.id()).await? {
            Some(line) if !reach.may(&line.folder_id, Level::Write) => read.faulty.push(Faulty {
                place: entry.place,
                reason: format!("l’identifiant « {} » est déjà pris : donnez-en un autre", line.external_id),
                severity: Severity::Error,
            }),
            _ => own.push(entry),
        }
    }
    read.entries = own;
    let status = if reach.may(COMMON_FOLDER, Level::Review) { Status::Validated } else { Status::Draft };
    let goal = match dry_run {
        true => Goal::Trial(Some(&app.store)),
        false => Goal::Bank { store: &app.store, author_id: &actor.id, status },
    };
    // An index that does not know the whole bank yet would miss some.
    let finder = app.finder().filter(|finder| finder.knows_all());
    let loaded = if finder.is_none() { Some(near::load(&app.store).await?) } else { None };
    let known = finder.map(|f| Known::Finder(f)).or(loaded.as_ref().map(Known::Loaded));
    let compare = known.map(|known| Compare { known, reach: Some(&reach) });
    bring(goal, name, read, compare, &mut Brought::default(), &|| {}).await
}

/// Imports a file. Good entries go in together or not at all; faulty ones are reported. With `dry_run`
/// nothing is written.
pub async fn import_file(
    store: &Store,
    author_id: &str,
    name: &str,
    bytes: Vec<u8>,
    format: Option<Format>,
    dry_run: bool,
) -> ApiResult<Report> {
    let read = read(name, bytes, format).await?;
    let goal =
        if dry_run { Goal::Trial(Some(store)) } else { Goal::Bank { store, author_id, status: Status::Validated } };
    bring(goal, name, read, None, &mut Brought::default(), &|| {}).await
}

/// Reads a file; the error is of one that cannot be read as a whole. Nothing is written.
pub async fn read(name: &str, bytes: Vec<u8>, format: Option<Format>) -> ApiResult<Reading> {
    let file = name.to_owned();
    tokio::task::spawn_blocking(move || docimo_bank::exchange::read(&bytes, &file, format))
        .await
        .map_err(|e| ApiError::Internal(e.into()))?
        .map_err(unreadable)
}

/// Where entries are brought.
#[derive(Clone, Copy)]
pub enum Goal<'a> {
    /// Into a bank.
    Bank {
        /// The bank.
        store: &'a Store,
        /// Who signs the revisions.
        author_id: &'a str,
        /// What they are worth: validated elsewhere, or still to be reviewed.
        status: Status,
    },
    /// Nowhere: the report is of what would be done to this bank, or to an empty one.
    Trial(Option<&'a Store>),
}

impl<'a> Goal<'a> {
    fn store(self) -> Option<&'a Store> {
        match self {
            Self::Bank { store, .. } => Some(store),
            Self::Trial(store) => store,
        }
    }
}

/// A picture, a PDF or a video that elements may name, without its bytes.
#[derive(Clone, Debug)]
struct Kept {
    hash: String,
    what: What,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Picture { width: u32, height: u32 },
    Pdf { pages: u32 },
    Video,
}

impl Kept {
    fn of(checked: &Checked) -> Self {
        let what = match checked {
            Checked::Picture(m) => What::Picture { width: m.width as u32, height: m.height as u32 },
            Checked::Pdf(_, pages) => What::Pdf { pages: *pages },
            Checked::Video(_) => What::Video,
        };
        Self { hash: checked.media().hash.clone(), what }
    }

    /// One that the bank holds, by its hash.
    async fn find(store: &Store, hash: &str) -> ApiResult<Option<Self>> {
        let Some(head) = store.media_head(hash).await? else { return Ok(None) };
        let what = match head.mime.as_str() {
            mime if mime.starts_with("video/") => What::Video,
            "application/pdf" => {
                let Some(media) = store.media(hash).await? else { return Ok(None) };
                let pages = tokio::task::spawn_blocking(move || media::pdf::check("", &media.bytes));
                What::Pdf { pages: pages.await.map_err(|e| ApiError::Internal(e.into()))?.unwrap_or(0) }
            }
            _ => {
                let Some(media) = store.media(hash).await? else { return Ok(None) };
                What::Picture { width: media.width as u32, height: media.height as u32 }
            }
        };
        Ok(Some(Self { hash: head.hash, what }))
    }
}

/// What files brought before, in one import, would have put in the bank.
#[derive(Default)]
pub struct Brought {
    /// Last hash of each entry, by external id.
    hashes: HashMap<String, String>,
    /// What each picture, PDF or video is, by hash.
    media: HashMap<String, Kept>,
}

/// Brings the entries of a file: good ones together or not at all, faulty ones reported. `told` is called
/// for each entry looked at. New wordings are compared with the bank, and with each other, where `compare` is given.
pub async fn bring(
    goal: Goal<'_>,
    name: &str,
    read: Reading,
    compare: Option<Compare<'_>>,
    brought: &mut Brought,
    told: &(dyn Fn() + Sync),
) -> ApiResult<Report> {
    let mut report = Report { read: read.entries.len() + read.faulty.len(), ..Report::default() };
    // What is no question (a text, a second copy of the same) is told without being a fault.
    let (faulty, aside): (Vec<_>, Vec<_>) = read.faulty.into_iter().partition(|f| f.severity == Severity::Error);
    let wrong = |f: Faulty| Wrong { place: f.place, message: f.reason };
    report.faulty = faulty.into_iter().map(wrong).collect();
    report.warnings = read.warnings.into_iter().map(|w| Wrong { place: "fichier".into(), message: w }).collect();
    report.warnings.extend(aside.into_iter().map(wrong));
    if report.read == 0 && !report.warnings.iter().any(|w| w.message == NO_QUESTION) {
        report.warnings.push(Wrong { place: "fichier".into(), message: NO_QUESTION.into() });
    }
    let now_ms = ambient::now_ms();
    let follows = match goal.store() {
        Some(store) => Follows::of(store).await?,
        None => Follows::default(),
    };
    let mut warnings: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (mut revisions, mut kept): (Vec<NewRevision>, HashMap<String, Checked>) = Default::default();
    let mut places = Vec::new();
    for entry in read.entries {
        let place = entry.place.clone();
        for warning in &entry.warnings {
            warnings.entry(warning.clone()).or_default().push(place.clone());
        }
        match prepare(entry, goal, name, &brought.media, &follows, now_ms).await? {
            Ok((revision, own, held)) => {
                if let Some(why) = held {
                    warnings.entry(why.to_owned()).or_default().push(place.clone());
                }
                report.questions += revision.questions as usize;
                revisions.push(revision);
                places.push(place);
                kept.extend(own.into_iter().map(|m| (m.media().hash.clone(), m)));
            }
            Err(message) => report.faulty.push(Wrong { place, message }),
        }
        told();
    }
    for (message, places) in warnings {
        // What holds of a whole file is said once.
        if places.len() > MANY {
            let place = format!("{} entrées, dont {}", places.len(), places[0]);
            report.warnings.push(Wrong { place, message });
        } else {
            report.warnings.extend(places.into_iter().map(|place| Wrong { place, message: message.clone() }));
        }
    }
    brought.media.extend(kept.iter().map(|(hash, m)| (hash.clone(), Kept::of(m))));
    let kept: Vec<Media> = kept.into_values().map(Checked::into_media).collect();
    let done = match goal {
        Goal::Trial(store) => would_do(store, &revisions, &mut brought.hashes).await?,
        Goal::Bank { store, .. } => {
            let done = store.add_revisions(&revisions, &kept, now_ms).await?;
            for media in kept {
                media::sizes::prepare(store, media).await?;
            }
            done
        }
    };
    if let (Some(compare), Some(store)) = (compare, goal.store()) {
        let new = done.iter().zip(&revisions).zip(&places);
        let new = new.filter(|((added, _), _)| matches!(added, Added::Entry | Added::Revision));
        tell_alike(store, compare, new.map(|((_, r), p)| (r, p.as_str())).collect(), &mut report).await?;
    }
    for (added, place) in done.into_iter().zip(places) {
        match added {
            Added::Entry => report.added += 1,
            Added::Revision => report.revised += 1,
            Added::Unchanged => report.unchanged += 1,
            Added::Locked(exam) => report.faulty.push(Wrong {
                place,
                message: format!(
                    "verrouillée par le sujet de « {exam} » : elle pourra changer quand cet examen sera clos"
                ),
            }),
        }
    }
    Ok(report)
}

/// Tells which new wordings are much the same as what is there.
async fn tell_alike(
    store: &Store,
    compare: Compare<'_>,
    new: Vec<(&NewRevision, &str)>,
    report: &mut Report,
) -> ApiResult<()> {
    let mut elements: Vec<Element> = Vec::with_capacity(new.len());
    for (revision, _) in &new {
        elements.push(serde_json::from_str(&revision.body).map_err(|e| ApiError::Internal(e.into()))?);
    }
    let mut told = Vec::new();
    for (element, (_, place)) in elements.iter().zip(&new) {
        for near in near::near(store, compare.known, compare.reach, element, element.id()).await? {
            // A file holds an entry of the bank under its own id: that one is told below, as another of the file.
            if !elements.iter().any(|e| e.id() == near.line.external_id) {
                let message =
                    format!("ressemble à « {} » de la banque. {}", near.line.external_id, near.similarity.french());
                told.push(Wrong { place: (*place).to_owned(), message });
            }
        }
    }
    let borrowed: Vec<&Element> = elements.iter().collect();
    for (a, b, similarity) in within(&borrowed).into_iter().flat_map(|g| g.pairs) {
        let message = format!("ressemble à « {} » du même fichier. {}", borrowed[a].id(), similarity.french());
        told.push(Wrong { place: new[b].1.to_owned(), message });
    }
    report.alike_in_all += told.len();
    told.truncate(ALIKE.saturating_sub(report.alike.len()));
    report.alike.extend(told);
    Ok(())
}

fn unreadable(error: ReadError) -> ApiError {
    let message = error.to_string();
    ApiError::Invalid {
        title: "Le fichier ne peut pas être lu".into(),
        wrong: vec![Wrong { place: "fichier".into(), message }],
    }
}

async fn would_do(
    store: Option<&Store>,
    revisions: &[NewRevision],
    hashes: &mut HashMap<String, String>,
) -> ApiResult<Vec<Added>> {
    let mut done = Vec::with_capacity(revisions.len());
    for revision in revisions {
        let before = match (hashes.get(&revision.external_id), store) {
            (Some(hash), _) => Some(hash.clone()),
            (None, Some(store)) => stored_hash(store, &revision.external_id).await?,
            (None, None) => None,
        };
        done.push(match before {
            None => Added::Entry,
            Some(hash) if hash == revision.hash => Added::Unchanged,
            Some(_) => Added::Revision,
        });
        hashes.insert(revision.external_id.clone(), revision.hash.clone());
    }
    Ok(done)
}

/// Hash of the latest revision of an entry.
async fn stored_hash(store: &Store, external_id: &str) -> ApiResult<Option<String>> {
    let Some(entry) = store.entry_by_external_id(external_id).await? else { return Ok(None) };
    Ok(store.latest_revision(&entry.id).await?.map(|latest| latest.hash))
}

/// A revision, what comes with it, and why it is not as validated as it was to be; or why it does not come in.
type Prepared = Result<(NewRevision, Vec<Checked>, Option<&'static str>), String>;

/// Checks an entry's pictures, PDF and videos and names them by content.
async fn prepare(
    entry: Imported,
    goal: Goal<'_>,
    origin: &str,
    brought: &HashMap<String, Kept>,
    follows: &Follows,
    now_ms: i64,
) -> ApiResult<Prepared> {
    let mut own: HashMap<String, Checked> = HashMap::new();
    for file in entry.media {
        // Pixels are decoded and pages are read: not where pages are answered.
        let (name, checked) = tokio::task::spawn_blocking(move || {
            let checked = media::read(&file.name, file.bytes);
            (file.name, checked)
        })
        .await
        .map_err(|e| ApiError::Internal(e.into()))?;
        match checked {
            Ok(checked) => drop(own.insert(name, checked)),
            Err(message) => return Ok(Err(message)),
        }
    }
    let mut element = entry.element;
    let mut known: HashMap<String, Kept> = HashMap::new();
    for file in files(&element) {
        let found = match (own.get(file), brought.get(file), goal.store()) {
            (Some(checked), _, _) => Some(Kept::of(checked)),
            // A file without media may name what the bank already holds, by its hash.
            (None, Some(known), _) => Some(known.clone()),
            (None, None, Some(store)) => Kept::find(store, file).await?,
            (None, None, None) => None,
        };
        known.extend(found.map(|found| (file.to_owned(), found)));
    }
    if let Err(message) = name_media(&mut element, &known) {
        return Ok(Err(message));
    }
    // Zones are checked against the real size of their image.
    let faults = match &element {
        Element::Question(question) => docimo_engine::check::question(question),
        Element::Case(case) => docimo_engine::check::case(case),
    };
    if docimo_engine::check::unkeepable(&faults) {
        return Ok(Err(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ; ")));
    }
    if let Some(store) = goal.store() {
        element = follows.settle(store, element).await?;
    }
    let (author_id, status) = match goal {
        Goal::Bank { author_id, status, .. } => (author_id, status),
        Goal::Trial(_) => ("", Status::Draft),
    };
    let held = held(&element).filter(|_| matches!(goal, Goal::Bank { status: Status::Validated, .. }));
    let status = if held.is_some() { Status::Draft } else { status };
    let made = Made { entry_id: ambient::fresh_id(now_ms), status: status.code(), origin, author_id };
    Ok(revision_of(&element, made)?.map(|revision| (revision, own.into_values().collect(), held)))
}

/// Why an element comes in as a draft although others of its file are validated: nobody could mark it, or answer it
/// without seeing.
fn held(element: &Element) -> Option<&'static str> {
    if !unkeyed(element).is_empty() {
        return Some(UNKEYED);
    }
    let bare = undescribed(element);
    let pictures = bare.iter().any(|(_, what)| what.starts_with("l’image"));
    (!bare.is_empty()).then_some(if pictures { UNDESCRIBED } else { UNDESCRIBED_OTHER })
}

/// The files that an element names.
fn files(element: &Element) -> Vec<&str> {
    let head = match element {
        Element::Case(case) => case.image.as_ref(),
        Element::Question(_) => None,
    };
    let images = head.into_iter().chain(element.questions().filter_map(|q| q.image.as_ref()));
    let pdf = element.pdf().map(|pdf| pdf.file.as_str());
    images.map(|i| i.file.as_str()).chain(pdf).chain(element.videos().map(|v| v.file.as_str())).collect()
}

/// Gives what an element names the hash, the size and the pages of what was found; else what is not, in French.
fn name_media(element: &mut Element, known: &HashMap<String, Kept>) -> Result<(), String> {
    let absent = |what: &str, file: &str| format!("{what} « {file} » n’est ni dans le fichier ni dans la banque");
    for image in images_mut(element) {
        let file = &image.file;
        let Some(found) = known.get(file) else { return Err(absent("l’image", file)) };
        let What::Picture { width, height } = found.what else {
            return Err(format!("« {file} » n’est pas une image"));
        };
        *image = Image { file: found.hash.clone(), alt: image.alt.clone(), width, height };
    }
    if let Element::Case(case) = element
        && let Some(pdf) = case.article.as_mut().and_then(|article| article.pdf.as_mut())
    {
        let Some(found) = known.get(&pdf.file) else { return Err(absent("le PDF", &pdf.file)) };
        let What::Pdf { pages } = found.what else { return Err(format!("« {} » n’est pas un PDF", pdf.file)) };
        (pdf.file, pdf.pages) = (found.hash.clone(), pages);
    }
    for video in questions_mut(element).into_iter().filter_map(|q| q.video.as_mut()) {
        let Some(found) = known.get(&video.file) else { return Err(absent("la vidéo", &video.file)) };
        let What::Video = found.what else { return Err(format!("« {} » n’est pas une vidéo", video.file)) };
        video.file = found.hash.clone();
    }
    Ok(())
}

fn questions_mut(element: &mut Element) -> Vec<&mut Question> {
    match element {
        Element::Question(question) => vec![question],
        Element::Case(case) => case.parts.iter_mut().map(|part| &mut part.question).collect(),
    }
}

/// What a revision is made of beside its element.
pub struct Made<'a> {
    /// The entry, or the id that a new one will have.
    pub entry_id: String,
    /// Status of the entry with this revision.
    pub status: &'a str,
    /// Where it comes from.
    pub origin: &'a str,
    /// Who signs it.
    pub author_id: &'a str,
}

/// A revision ready to be kept; the reason, in French, where no database can keep it.
pub fn revision_of(element: &Element, made: Made<'_>) -> ApiResult<Result<NewRevision, String>> {
    let body = serde_json::to_string(element).map_err(|e| ApiError::Internal(e.into()))?;
    if let Some(path) = nul(&body)? {
        return Ok(Err(format!("{path} : caractère nul (U+0000), qu’une base ne peut pas garder ; retirez-le")));
    }
    Ok(Ok(NewRevision {
        fresh_entry_id: made.entry_id,
        external_id: element.id().to_owned(),
        kind: kind(element).to_owned(),
        status: made.status.to_owned(),
        hash: content_hash(element),
        fingerprint: fingerprint(element),
        title: title(element),
        questions: element.questions().count() as i64,
        tags: tags(element),
        body,
        origin: made.origin.replace('\0', ""),
        author_id: made.author_id.to_owned(),
        folder_id: COMMON_FOLDER.to_owned(),
        language: "fr".to_owned(),
        signature: Some(signature_bytes(&signatures(element))),
        flaws: flaw_codes(element),
    }))
}

/// Codes of an element's writing flaws, each once, parted by spaces.
pub fn flaw_codes(element: &Element) -> String {
    let codes: BTreeSet<&str> = flaws(element).iter().map(|f| f.code.name()).collect();
    codes.into_iter().collect::<Vec<_>>().join(" ")
}

/// Path of the first text of a JSON document that holds a NUL character, which PostgreSQL refuses.
pub(crate) fn nul(json: &str) -> ApiResult<Option<String>> {
    if !json.contains("\\u0000") {
        return Ok(None);
    }
    let value: Value = serde_json::from_str(json).map_err(|e| ApiError::Internal(e.into()))?;
    Ok(nul_path(&value).map(|path| if path.is_empty() { "texte".to_owned() } else { path.join(".") }))
}

fn nul_path(value: &Value) -> Option<Vec<String>> {
    let below = |name: String, value: &Value| {
        let mut path = nul_path(value)?;
        path.insert(0, name);
        Some(path)
    };
    match value {
        Value::String(text) => text.contains('\0').then(Vec::new),
        Value::Array(list) => list.iter().enumerate().find_map(|(i, value)| below(format!("{}", i + 1), value)),
        Value::Object(fields) => fields.iter().find_map(|(name, value)| below(name.clone(), value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Every picture of an element.
pub(crate) fn images_mut(element: &mut Element) -> Vec<&mut Image> {
    match element {
        Element::Question(question) => question.image.iter_mut().collect(),
        Element::Case(case) => {
            case.image.iter_mut().chain(case.parts.iter_mut().filter_map(|part| part.question.image.as_mut())).collect()
        }
    }
}

/// QRU, DP…
pub fn kind(element: &Element) -> &'static str {
    match element {
        Element::Question(question) => question.kind().code(),
        Element::Case(case) => case.kind.code(),
    }
}

/// First words, for lists.
pub fn title(element: &Element) -> String {
    match element {
        Element::Question(question) => markdown::plain(&question.stem, 160),
        Element::Case(case) => case.title.clone(),
    }
}

/// A tag in its usual spelling, and the item of today that an item of the ECN became. One that cannot be
/// read stays as it is, without blanks: tags are parted by them.
fn meant(tag: &str) -> Vec<String> {
    let Ok(read) = tag.parse::<Tag>() else { return vec![tag.split_whitespace().collect::<Vec<_>>().join("-")] };
    let mut all = vec![read.to_string()];
    if let Followed::Moved { to } = follow(&read, Version::Ecn2013, Version::CURRENT) {
        all.push(to.to_string());
    }
    all
}

/// Tags of an element, each once, parted by spaces.
fn tags(element: &Element) -> String {
    let case_tags = match element {
        Element::Case(case) => case.tags.as_slice(),
        Element::Question(_) => &[],
    };
    let written = case_tags.iter().chain(element.questions().flat_map(|q| &q.tags));
    let mut all: Vec<String> = written.flat_map(|tag| meant(tag)).collect();
    all.sort_unstable();
    all.dedup();
    all.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_kept_in_their_usual_spelling() {
        assert_eq!(meant("r2c:031"), ["R2C:31"]);
        assert_eq!(meant("ECN:18"), ["ECN:18", "R2C:20"]);
        assert_eq!(meant("ECN:127"), ["ECN:127"]);
        assert_eq!(meant("mon thème"), ["mon-thème"]);
        assert_eq!(meant("Pharma:UE1"), ["pharma:UE1"]);
    }

    fn file(entries: &str) -> Vec<u8> {
        format!("{{\"format\":\"docimo-questions/1\",\"entries\":[{entries}]}}").into_bytes()
    }

    fn entry(id: &str, text: &str) -> String {
        let proposition = |name: &str, status: &str| {
            format!("{{\"id\":\"{name}\",\"text\":\"{text}{name}\",\"status\":\"{status}\"}}")
        };
        let list = [proposition("un", "vrai"), proposition("deux", "faux"), proposition("trois", "faux")].join(",");
        format!("{{\"id\":\"{id}\",\"kind\":\"QRU\",\"stem\":\"Quoi ?\",\"propositions\":[{list}]}}")
    }

    async fn try_all(files: &[Vec<u8>]) -> Vec<Report> {
        let (mut brought, mut reports) = (Brought::default(), Vec::new());
        for bytes in files {
            let read = read("x.json", bytes.clone(), None).await.unwrap();
            reports.push(bring(Goal::Trial(None), "x.json", read, None, &mut brought, &|| {}).await.unwrap());
        }
        reports
    }

    #[tokio::test]
    async fn a_trial_remembers_the_files_before() {
        let reports = try_all(&[file(&entry("q", "a")), file(&entry("q", "a")), file(&entry("q", "b"))]).await;
        let counts: Vec<_> = reports.iter().map(|r| (r.added, r.unchanged, r.revised)).collect();
        assert_eq!(counts, [(1, 0, 0), (0, 1, 0), (0, 0, 1)], "{reports:?}");
    }

    #[tokio::test]
    async fn an_empty_file_is_told() {
        for bytes in [file(""), b"<quiz></quiz>".to_vec()] {
            let reports = try_all(&[bytes]).await;
            let told: Vec<&str> = reports[0].warnings.iter().map(|w| w.message.as_str()).collect();
            assert_eq!(told, [NO_QUESTION]);
        }
    }

    #[tokio::test]
    async fn a_nul_character_is_a_fault_of_its_entry() {
        let good = entry("a", "");
        let reports = try_all(&[file(&format!("{good},{}", entry("b", "x\\u0000y")))]).await;
        assert_eq!((reports[0].added, reports[0].faulty.len()), (1, 1), "{reports:?}");
        let fault = &reports[0].faulty[0];
        assert!(fault.place.contains("entrée 2") && fault.message.contains("propositions.1.text"), "{fault:?}");
    }
}
