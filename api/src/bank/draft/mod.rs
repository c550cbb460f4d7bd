//! What people are writing: drafts, kept while they type, until they become a revision or are given up.
//!
//! A draft is somebody's own working copy of an entry, or of one to come. Reading order: this file (its life),
//! [`blank`] (what it starts as), [`read`] (what a page or a program sends), [`advice`] (what there is to say of it),
//! [`suggest`] (tags that its words call for).

pub mod advice;
pub mod blank;
pub mod read;
pub mod suggest;
pub mod tagger;

use super::desk::{self, Outcome, StepForm};
use super::reach::Reach;
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult, Wrong};
use crate::library::{self, Made};
use crate::media::{self, Checked};
use blank::Wanted;
use docimo_bank::revision::{Status, content_hash};
use docimo_bank::rights::Level;
use docimo_engine::paper::Element;
use docimo_store::StoreError;
use docimo_store::bank::EntryLine;
use docimo_store::bank::working::WorkingCopy;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Longest draft, in bytes of JSON.
const LONGEST: usize = 2 * 1024 * 1024;
/// Most drafts that someone may have at once.
const MOST: usize = 500;
/// Where a revision written here says it comes from.
const ORIGIN: &str = "rédigée dans Docimo";

/// What is kept of a draft.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// The page that kept it last; empty while nobody has typed anything.
    #[serde(default)]
    page: String,
    element: Element,
}

/// A draft.
pub struct Draft {
    /// The entry, or the id that it will have.
    pub id: String,
    /// Where a new entry will be, or where the entry is.
    pub folder: String,
    /// The revision it started from; 0 for a new entry.
    pub base: i64,
    /// When it was last kept: its version, for pages open at the same time.
    pub seen: i64,
    /// The page that kept it last.
    pub page: String,
    /// The question or case.
    pub element: Element,
    /// The entry, if there is one.
    pub entry: Option<EntryLine>,
}

impl Draft {
    /// Has someone else made a revision since it was started?
    pub fn overtaken(&self) -> Option<i64> {
        self.entry.as_ref().map(|line| line.latest).filter(|latest| *latest != self.base)
    }
}

/// Starts a new question or case; the untouched one of that kind and folder, if there is one.
pub async fn start(app: &App, actor: &Actor, wanted: Wanted, folder: &str) -> ApiResult<String> {
    let reach = Reach::of(app, actor).await?;
    reach.need(folder, Level::Write)?;
    let mine = app.store.working_copies(&actor.id).await?;
    for copy in mine.iter().filter(|c| c.base == 0 && c.folder_id == folder) {
        let kept = kept(&copy.body)?;
        if kept.page.is_empty() && library::kind(&kept.element) == wanted.code() {
            return Ok(copy.entry_id.clone());
        }
    }
    let now_ms = ambient::now_ms();
    let id = ambient::fresh_id(now_ms);
    keep(app, actor, &id, folder, 0, &Kept { page: String::new(), element: blank::element(wanted) }, mine.len())
        .await?;
    Ok(id)
}

/// Opens an entry to change it: one's own draft of it, or a new one from its latest revision.
pub async fn of_entry(app: &App, actor: &Actor, entry_id: &str) -> ApiResult<String> {
    let (line, _) = super::reach::entry(app, actor, entry_id, Level::Write).await?;
    if app.store.working_copy(&actor.id, entry_id).await?.is_none() {
        let element = latest(app, entry_id).await?;
        let count = app.store.working_copies(&actor.id).await?.len();
        let kept = Kept { page: String::new(), element };
        keep(app, actor, entry_id, &line.folder_id, line.latest, &kept, count).await?;
    }
    Ok(entry_id.to_owned())
}

async fn latest(app: &App, entry_id: &str) -> ApiResult<Element> {
    let revision = app.store.latest_revision(entry_id).await?.ok_or(ApiError::NotFound)?;
    serde_json::from_str(&revision.body).map_err(|e| ApiError::Internal(e.into()))
}

fn kept(body: &str) -> ApiResult<Kept> {
    serde_json::from_str(body).map_err(|e| ApiError::Internal(e.into()))
}

async fn keep(
    app: &App,
    actor: &Actor,
    id: &str,
    folder: &str,
    base: i64,
    kept: &Kept,
    already: usize,
) -> ApiResult<()> {
    if already >= MOST {
        return Err(ApiError::Conflict(format!("Vous avez déjà {MOST} brouillons : publiez-en ou abandonnez-en.")));
    }
    let copy = WorkingCopy {
        person_id: actor.id.to_string(),
        entry_id: id.to_owned(),
        folder_id: folder.to_owned(),
        base,
        body: serde_json::to_string(kept).map_err(|e| ApiError::Internal(e.into()))?,
        updated_ms: ambient::now_ms(),
    };
    Ok(app.store.keep_working_copy(&copy).await?)
}

/// Everything that someone is writing, the newest first. What is in a folder now out of reach is not told.
pub async fn mine(app: &App, actor: &Actor) -> ApiResult<Vec<Draft>> {
    let reach = Reach::of(app, actor).await?;
    let mut found = Vec::new();
    for copy in app.store.working_copies(&actor.id).await? {
        if let Some(draft) = seen(app, &reach, copy).await? {
            found.push(draft);
        }
    }
    Ok(found)
}

/// One of them; as if absent where it is nobody's, somebody else's or out of reach.
pub async fn open(app: &App, actor: &Actor, id: &str) -> ApiResult<Draft> {
    let reach = Reach::of(app, actor).await?;
    let copy = app.store.working_copy(&actor.id, id).await?.ok_or(ApiError::NotFound)?;
    seen(app, &reach, copy).await?.ok_or(ApiError::NotFound)
}

async fn seen(app: &App, reach: &Reach, copy: WorkingCopy) -> ApiResult<Option<Draft>> {
    let entry = app.store.entry(&copy.entry_id).await?;
    let folder = match &entry {
        Some(line) => reach.may(&line.folder_id, Level::Write).then(|| line.folder_id.clone()),
        // A text that is in no folder yet goes to another when its own is closed to its author.
        None if reach.may(&copy.folder_id, Level::Write) => Some(copy.folder_id),
        None => reach.folders_at(Level::Write).into_iter().next().map(|(id, _)| id),
    };
    let Some(folder) = folder else { return Ok(None) };
    let Kept { page, element } = kept(&copy.body)?;
    Ok(Some(Draft { id: copy.entry_id, folder, base: copy.base, seen: copy.updated_ms, page, element, entry }))
}

/// What a page asks to keep.
pub struct Save {
    /// The question or case.
    pub element: Element,
    /// Names the page that writes.
    pub page: String,
    /// Version of the draft that it started from or kept last.
    pub seen: i64,
    /// Another folder, for a new entry.
    pub folder: Option<String>,
}

/// Keeps what someone typed; once this has answered, it is on disk. Refuses to write over what another page kept
/// meanwhile.
pub async fn save(app: &App, actor: &Actor, id: &str, asked: Save) -> ApiResult<Draft> {
    let Save { mut element, page, seen, folder } = asked;
    if page.is_empty() || page.len() > 64 || page.contains('\0') {
        return Err(ApiError::wrong("page", "Nommez la page qui écrit : de 1 à 64 caractères."));
    }
    let reach = Reach::of(app, actor).await?;
    for _ in 0..3 {
        let draft = open(app, actor, id).await?;
        if !draft.page.is_empty() && draft.page != page && draft.seen != seen {
            return Err(ApiError::Conflict(
                "Ce brouillon a été modifié depuis, dans une autre page. Votre texte n’a pas remplacé l’autre.".into(),
            ));
        }
        let to = match folder.as_deref().filter(|_| draft.entry.is_none()) {
            Some(folder) => {
                reach.need(folder, Level::Write)?;
                folder.to_owned()
            }
            None => draft.folder.clone(),
        };
        if let Some(line) = &draft.entry {
            // The name of an entry in papers and files does not change.
            named(&mut element, &line.external_id);
        }
        let body = serde_json::to_string(&Kept { page: page.clone(), element: element.clone() })
            .map_err(|e| ApiError::Internal(e.into()))?;
        if body.len() > LONGEST {
            return Err(ApiError::wrong("texte", format!("{} Mio au plus.", LONGEST / 1024 / 1024)));
        }
        if let Some(path) = library::nul(&body)? {
            return Err(ApiError::wrong(path, "caractère nul, qu’une base ne peut pas garder : retirez-le"));
        }
        let copy = WorkingCopy {
            person_id: actor.id.to_string(),
            entry_id: id.to_owned(),
            folder_id: to.clone(),
            base: draft.base,
            body,
            updated_ms: ambient::now_ms().max(draft.seen + 1),
        };
        if app.store.keep_working_copy_over(&copy, draft.seen).await? {
            return Ok(Draft { folder: to, seen: copy.updated_ms, page, element, ..draft });
        }
    }
    Err(ApiError::Overloaded)
}

fn named(element: &mut Element, id: &str) {
    match element {
        Element::Question(question) => question.id = id.into(),
        Element::Case(case) => case.id = id.into(),
    }
}

/// What became of a draft to publish.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Published {
    /// A revision was made, with this number.
    Revision(i64),
    /// Someone else made one meanwhile: nothing was done.
    Overtaken,
}

/// Makes a revision of a draft, which is then over; proposes it for review if asked. Faults are told with the
/// fields where they are.
pub async fn publish(app: &App, actor: &Actor, id: &str, submit: bool) -> ApiResult<Published> {
    let mut draft = open(app, actor, id).await?;
    if draft.overtaken().is_some() {
        return Ok(Published::Overtaken);
    }
    let mut wrong = measured(app, &mut draft.element).await?;
    wrong.extend(
        advice::faults(&draft.element)
            .into_iter()
            .filter(|f| f.refused)
            .map(|fault| Wrong { place: fault.place, message: fault.message }),
    );
    if !wrong.is_empty() {
        return Err(ApiError::Invalid { title: "La question ne peut pas encore être publiée".into(), wrong });
    }
    if let Some(line) = &draft.entry {
        if desk::status(line)? == Status::Retired {
            return Err(ApiError::Conflict(
                "Cette question est retirée : elle doit d’abord être remise en chantier. Votre brouillon est gardé."
                    .into(),
            ));
        }
        if app.store.latest_revision(id).await?.is_some_and(|r| r.hash == content_hash(&draft.element)) {
            return Err(ApiError::Conflict("Rien n’a changé depuis la dernière version.".into()));
        }
    }
    let made = Made { entry_id: id.to_owned(), status: Status::Draft.code(), origin: ORIGIN, author_id: &actor.id };
    let mut revision = library::revision_of(&draft.element, made)?.map_err(|why| ApiError::wrong("texte", why))?;
    revision.folder_id = draft.folder.clone();
    if let Some(line) = &draft.entry {
        revision.language = line.language.clone();
    }
    let number = match app.store.write_revision(&revision, draft.base, &[], ambient::now_ms()).await {
        Ok(Ok(number)) => number,
        Ok(Err(exam)) => {
            return Err(ApiError::Conflict(format!(
                "Verrouillée par le sujet figé de « {exam} » : elle pourra changer quand cet examen sera clos. Votre \
                 brouillon est gardé."
            )));
        }
        Err(StoreError::Conflict) => return Ok(Published::Overtaken),
        Err(StoreError::Duplicate) if draft.base == 0 => {
            let id = draft.element.id();
            return Err(ApiError::wrong("Identifiant", format!("« {id} » est déjà pris : donnez-en un autre.")));
        }
        Err(error) => return Err(error.into()),
    };
    if submit {
        let form = StepForm {
            step: "submit".into(),
            latest: number,
            status: Status::Draft.code().into(),
            reason: String::new(),
        };
        let outcome = desk::step(app, actor, id, &form).await?;
        debug_assert_eq!(outcome, Outcome::Moved(Status::InReview));
    }
    Ok(Published::Revision(number))
}

/// Said of a picture, a video or a PDF that is not in the bank.
const ABSENT: &str = "Ce fichier n’est pas dans la banque : envoyez-le de nouveau.";

/// Gives every picture the size that it has in the bank; what is wrong with those that are not there.
async fn measured(app: &App, element: &mut Element) -> ApiResult<Vec<Wrong>> {
    let mut wrong = Vec::new();
    for image in library::images_mut(element).into_iter().filter(|image| !image.file.is_empty()) {
        match app.store.media(&image.file).await? {
            Some(media) => {
                image.width = u32::try_from(media.width).unwrap_or(0);
                image.height = u32::try_from(media.height).unwrap_or(0);
            }
            None => wrong.push(Wrong { place: "Image".into(), message: ABSENT.into() }),
        }
    }
    let pdf = element.pdf().map(|pdf| ("PDF", &pdf.file, "application/pdf"));
    let videos = element.videos().map(|video| ("Vidéo", &video.file, "video/"));
    for (place, file, kind) in pdf.into_iter().chain(videos) {
        if !app.store.media_head(file).await?.is_some_and(|head| head.mime.starts_with(kind)) {
            wrong.push(Wrong { place: place.into(), message: ABSENT.into() });
        }
    }
    Ok(wrong)
}

/// Which text goes on, where someone else made a revision meanwhile.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Take {
    /// The other's: what was typed here is given up.
    Theirs,
    /// This one: it will replace the other's as a newer revision.
    Mine,
}

/// Decides between the two, for the revision that was looked at.
pub async fn decide(app: &App, actor: &Actor, id: &str, take: Take, latest_seen: i64) -> ApiResult<Draft> {
    let draft = open(app, actor, id).await?;
    let Some(line) = &draft.entry else { return Err(ApiError::Conflict("Cette question est nouvelle.".into())) };
    if line.latest != latest_seen {
        return Err(ApiError::Conflict(
            "Une autre version encore a été publiée. Relisez les différences, puis choisissez.".into(),
        ));
    }
    let element = match take {
        Take::Theirs => latest(app, id).await?,
        Take::Mine => draft.element.clone(),
    };
    // Pages open before know another text: they do not write over this one.
    let kept = Kept { page: "choix".into(), element };
    let copy = WorkingCopy {
        person_id: actor.id.to_string(),
        entry_id: id.to_owned(),
        folder_id: draft.folder.clone(),
        base: line.latest,
        body: serde_json::to_string(&kept).map_err(|e| ApiError::Internal(e.into()))?,
        updated_ms: ambient::now_ms().max(draft.seen + 1),
    };
    if !app.store.keep_working_copy_over(&copy, draft.seen).await? {
        return Err(ApiError::Conflict("Ce brouillon vient de changer dans une autre page. Rechargez-la.".into()));
    }
    open(app, actor, id).await
}

/// Gives a draft up. The entry stays as it is.
pub async fn abandon(app: &App, actor: &Actor, id: &str) -> ApiResult<()> {
    open(app, actor, id).await?;
    Ok(app.store.drop_working_copy(&actor.id, id).await?)
}

/// What a file must be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// A picture (PNG, JPEG, GIF, WebP, inert SVG).
    #[default]
    Image,
    /// A video (MP4, WebM).
    Video,
    /// An article as PDF.
    Pdf,
}

impl FileKind {
    /// As fields of forms name it.
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "image" => Some(Self::Image),
            "video" => Some(Self::Video),
            "pdf" => Some(Self::Pdf),
            _ => None,
        }
    }
}

/// Takes a picture, a video or a PDF into the bank, for a draft, by the checks of every other way in.
pub async fn file(
    app: &App,
    actor: &Actor,
    id: &str,
    kind: FileKind,
    name: &str,
    bytes: Vec<u8>,
) -> ApiResult<Checked> {
    open(app, actor, id).await?;
    let owned = name.to_owned();
    // Pixels are decoded and pages are read: not where pages are answered.
    let checked = tokio::task::spawn_blocking(move || match kind {
        FileKind::Image => media::check(&owned, bytes).map(Checked::Picture),
        FileKind::Video | FileKind::Pdf => media::read(&owned, bytes),
    });
    let checked = checked.await.map_err(|e| ApiError::Internal(e.into()))?;
    let (place, wanted) = match kind {
        FileKind::Image => ("image", "une image"),
        FileKind::Video => ("vidéo", "une vidéo"),
        FileKind::Pdf => ("PDF", "un PDF"),
    };
    let checked = checked.map_err(|why| ApiError::wrong(place, why))?;
    let right = matches!(
        (kind, &checked),
        (FileKind::Image, Checked::Picture(_))
            | (FileKind::Video, Checked::Video(_))
            | (FileKind::Pdf, Checked::Pdf(..))
    );
    if !right {
        return Err(ApiError::wrong(place, format!("« {name} » n’est pas {wanted}")));
    }
    app.store.add_revisions(&[], std::slice::from_ref(checked.media()), ambient::now_ms()).await?;
    Ok(checked)
}
