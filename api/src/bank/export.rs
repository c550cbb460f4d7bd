//! Questions out of the bank, in every format: for pages, the JSON interface and the command line.
//!
//! Entries are read a few at a time while they are written: a million of them never are in memory together. What
//! a format cannot hold comes back, entry by entry. A preview is the same work, written nowhere.

use super::follows::Follows;
use super::reach::Reach;
use super::select::{Selection, select};
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::web::filters::{self, count};
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use docimo_bank::exchange::{self, Export, Note, Target, table};
use docimo_engine::paper::Element;
use docimo_store::Store;
use docimo_store::bank::outgoing::Outgoing;
use docimo_store::exams::NewEvent;
use serde::Serialize;
use std::cell::RefCell;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use tokio::runtime::Handle;
use tokio_util::io::ReaderStream;
use utoipa::ToSchema;

/// Most entries that a page or the JSON interface gives at once; the command line gives any number.
pub const MOST: usize = 20_000;
/// Title of a file that was given none.
pub const TITLE: &str = "Banque Docimo";
/// The word that exports are recorded under.
pub const EVENT: &str = "questions_exported";
/// Header of an answer: how many things the format could not hold.
pub const NOTES: &str = "docimo-notes";
/// Entries read at once.
const PAGE: usize = 200;

/// What to write.
#[derive(Clone, Debug)]
pub struct Order {
    /// In which format.
    pub target: Target,
    /// Title of the file, and name of its category.
    pub title: String,
}

/// Something that the format cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Loss {
    /// The author's own id of the entry or of its question, or the name of a picture.
    pub id: String,
    /// It is not in the file at all.
    pub left_out: bool,
    /// What, in French.
    pub message: String,
}

/// What an export did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Outcome {
    /// Entries chosen.
    pub entries: usize,
    /// Questions in them.
    pub questions: usize,
    /// Entries in the file.
    pub written: usize,
    /// What the format cannot hold, in the order of the file.
    pub notes: Vec<Loss>,
}

impl Outcome {
    /// How many things are not in the file at all.
    pub fn left_out(&self) -> usize {
        self.notes.iter().filter(|n| n.left_out).count()
    }
}

/// The format of a code; a refusal that lists them.
pub fn target(code: &str) -> ApiResult<Target> {
    Target::from_code(code).ok_or_else(|| {
        let known = Target::ALL.map(Target::code).join(", ");
        ApiError::wrong("format", format!("« {code} » n’est pas un format d’export ({known})"))
    })
}

/// Entries on their way out, read as they are asked for, from a thread that may wait.
struct Leaving<'a> {
    store: &'a Store,
    handle: &'a Handle,
    entry_ids: &'a [String],
    page: std::vec::IntoIter<Outgoing>,
    follows: &'a Follows,
    told: &'a dyn Fn(usize),
    done: Outcome,
}

impl Leaving<'_> {
    fn next(&mut self) -> ApiResult<Option<Element>> {
        let entry = loop {
            match self.page.next() {
                Some(entry) => break entry,
                None if self.entry_ids.is_empty() => return Ok(None),
                None => {
                    let (some, rest) = self.entry_ids.split_at(self.entry_ids.len().min(PAGE));
                    self.page = self.handle.block_on(self.store.outgoing(some))?.into_iter();
                    self.entry_ids = rest;
                    (self.told)(some.len());
                }
            }
        };
        let mut element: Element = serde_json::from_str(&entry.body).map_err(|e| ApiError::Internal(e.into()))?;
        self.follows.bring_up(&mut element, entry.machine == 1);
        self.done.entries += 1;
        self.done.questions += usize::try_from(entry.questions).unwrap_or(0);
        Ok(Some(element))
    }
}

/// Writes entries to `out`, which comes back. `told` is called with how many entries were read.
pub async fn write<W: Write + Send + 'static>(
    store: &Store,
    order: Order,
    entry_ids: Vec<String>,
    out: W,
    told: impl Fn(usize) + Send + 'static,
) -> ApiResult<(Outcome, W)> {
    let follows = Follows::of(store).await?;
    let (store, handle) = (store.clone(), Handle::current());
    let work = move || {
        let mut out = BufWriter::new(out);
        // The first thing that goes wrong with the database ends the file.
        let trouble: RefCell<Option<ApiError>> = RefCell::new(None);
        let media = |name: &str| match handle.block_on(store.media(name)) {
            Ok(found) => found.map(|m| m.bytes),
            Err(error) => {
                trouble.borrow_mut().get_or_insert(error.into());
                None
            }
        };
        let mut leaving = Leaving {
            store: &store,
            handle: &handle,
            entry_ids: &entry_ids,
            page: Vec::new().into_iter(),
            follows: &follows,
            told: &told,
            done: Outcome::default(),
        };
        let elements = std::iter::from_fn(|| match leaving.next() {
            Ok(element) if trouble.borrow().is_none() => element,
            Ok(_) => None,
            Err(error) => {
                trouble.borrow_mut().get_or_insert(error);
                None
            }
        });
        let export = Export { title: &order.title, media: &media };
        let written = exchange::write(order.target, elements, &export, &mut out);
        let mut done = leaving.done;
        if let Some(error) = trouble.take() {
            return Err(error);
        }
        let written = written.map_err(|e| ApiError::Internal(e.into()))?;
        done.written = written.elements;
        let loss = |Note { id, left_out, message }| Loss { id, left_out, message };
        done.notes = written.notes.into_iter().map(loss).collect();
        let out = out.into_inner().map_err(|e| ApiError::Internal(e.into_error().into()))?;
        Ok((done, out))
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| ApiError::Internal(e.into()))?
}

/// The entries that someone chose, in their reach: some, and not too many.
pub async fn chosen(app: &App, actor: &Actor, selection: &Selection) -> ApiResult<Vec<String>> {
    let reach = Reach::of(app, actor).await?;
    let ids = select(&app.store, app.finder().map(|f| &f.index), selection, &reach).await?;
    if ids.is_empty() {
        return Err(ApiError::wrong("questions", "Aucune question ne correspond."));
    }
    if ids.len() > MOST {
        let found = count(ids.len(), "entrée", "entrées");
        return Err(ApiError::wrong(
            "questions",
            format!(
                "{found} : {} au plus à la fois. Restreignez la recherche, ou demandez à votre administrateur \
                 « docimo export », qui n’a pas de limite.",
                filters::thousands(MOST)
            ),
        ));
    }
    Ok(ids)
}

/// What an export would hold and lose; nothing is kept.
pub async fn preview(app: &App, target: Target, entry_ids: Vec<String>) -> ApiResult<Outcome> {
    let order = Order { target, title: TITLE.to_owned() };
    Ok(write(&app.store, order, entry_ids, io::sink(), |_| ()).await?.0)
}

/// Records an export; nobody is named where the command line asked for it.
pub async fn record(store: &Store, actor: Option<&Actor>, target: Target, done: &Outcome) -> ApiResult<()> {
    let at_ms = ambient::now_ms();
    let mut detail = format!(
        "{}, {}, en {}",
        count(done.written, "entrée", "entrées"),
        count(done.questions, "question choisie", "questions choisies"),
        target.french()
    );
    if actor.is_none() {
        detail.push_str(" (ligne de commande)");
    }
    let event = NewEvent {
        id: ambient::fresh_id(at_ms),
        exam_id: None,
        at_ms,
        author_id: actor.map(|a| a.id.to_string()),
        what: EVENT,
        detail,
    };
    Ok(store.add_event(&event).await?)
}

/// A file to save, recorded. It is made whole before a byte is sent.
pub async fn file(app: &App, actor: &Actor, order: Order, entry_ids: Vec<String>) -> ApiResult<Response> {
    let target = order.target;
    let out = tempfile::tempfile().map_err(|e| ApiError::Internal(e.into()))?;
    let (done, mut out) = write(&app.store, order, entry_ids, out, |_| ()).await?;
    let size = out.seek(SeekFrom::End(0)).and_then(|size| out.rewind().map(|()| size));
    let size = size.map_err(|e| ApiError::Internal(e.into()))?;
    record(&app.store, Some(actor), target, &done).await?;
    let body = Body::from_stream(ReaderStream::new(tokio::fs::File::from_std(out)));
    let mut response = to_save(body, target.mime(), &name(target, ambient::now_ms()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, size.into());
    headers.insert(NOTES, done.notes.len().into());
    Ok(response)
}

/// "questions-2026-11-30.xml".
pub fn name(target: Target, now_ms: i64) -> String {
    let format = match target {
        Target::Json => "",
        Target::MoodleXml => "-moodle",
        Target::Gift | Target::Csv | Target::Xlsx => "",
        Target::Aiken => "-aiken",
        Target::AmcTxt | Target::AmcLatex => "-amc",
        Target::Qti21 => "-qti-2.1",
        Target::Qti22 => "-qti-2.2",
        Target::Qti30 => "-qti-3.0",
    };
    format!("questions{format}-{}.{}", filters::date(now_ms), target.extension())
}

/// The example to fill in a spreadsheet; `None` for a format that is no table.
pub fn template(target: Target) -> ApiResult<Option<Vec<u8>>> {
    if !matches!(target, Target::Csv | Target::Xlsx) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    table::template(target, &mut bytes).map_err(|e| ApiError::Internal(e.into()))?;
    Ok(Some(bytes))
}

/// An answer that a browser saves under a plain name.
pub fn to_save(body: impl IntoResponse, kind: &'static str, name: &str) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_by_format_and_day() {
        let ms = 1_795_507_512_000;
        assert_eq!(name(Target::Json, ms), "questions-2026-11-24.json");
        assert_eq!(name(Target::Qti30, ms), "questions-qti-3.0-2026-11-24.zip");
        let mut names = Target::ALL.map(|t| name(t, ms)).to_vec();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), Target::ALL.len());
    }

    #[test]
    fn an_unknown_format_is_refused_with_the_known_ones() {
        assert_eq!(target("qti").unwrap(), Target::Qti22);
        let Err(ApiError::Invalid { wrong, .. }) = target("docx") else { panic!() };
        assert!(wrong[0].message.contains("moodle-xml"), "{wrong:?}");
    }

    #[test]
    fn only_tables_have_a_template() {
        for format in Target::ALL {
            let template = template(format).unwrap();
            assert_eq!(template.is_some(), matches!(format, Target::Csv | Target::Xlsx));
        }
    }
}
