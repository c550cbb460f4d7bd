//! Bringing questions into the bank: from a page, the JSON interface or the command line.

use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult, Wrong};
use crate::{markdown, media};
use docimo_bank::import::{Format, Imported, ReadError};
use docimo_bank::revision::{content_hash, fingerprint};
use docimo_engine::paper::Element;
use docimo_engine::question::Image;
use docimo_store::Store;
use docimo_store::bank::{Added, Media, NewRevision};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use utoipa::ToSchema;

/// The same warning on more entries than this is gathered in one line.
const MANY: usize = 5;

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
}

/// Imports a file as someone signed in.
pub async fn import(app: &App, actor: &Actor, name: &str, bytes: Vec<u8>, dry_run: bool) -> ApiResult<Report> {
    import_file(&app.store, &actor.id, name, bytes, None, dry_run).await
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
    let file = name.to_owned();
    let read = tokio::task::spawn_blocking(move || docimo_bank::import::read(&bytes, &file, format))
        .await
        .map_err(|e| ApiError::Internal(e.into()))?
        .map_err(unreadable)?;
    let mut report = Report { read: read.entries.len() + read.faulty.len(), ..Report::default() };
    report.faulty = read.faulty.into_iter().map(|f| Wrong { place: f.place, message: f.reason }).collect();
    let now_ms = ambient::now_ms();
    let mut warnings: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (mut revisions, mut pictures): (Vec<NewRevision>, HashMap<String, Media>) = Default::default();
    for entry in read.entries {
        let place = entry.place.clone();
        for warning in &entry.warnings {
            warnings.entry(warning.clone()).or_default().push(place.clone());
        }
        match prepare(entry, store, author_id, name, now_ms).await? {
            Ok((revision, own)) => {
                report.questions += revision.questions as usize;
                revisions.push(revision);
                pictures.extend(own.into_iter().map(|m| (m.hash.clone(), m)));
            }
            Err(message) => report.faulty.push(Wrong { place, message }),
        }
    }
    report.warnings = read.warnings.into_iter().map(|w| Wrong { place: "fichier".into(), message: w }).collect();
    for (message, places) in warnings {
        // What holds of a whole file is said once.
        if places.len() > MANY {
            let place = format!("{} entrées, dont {}", places.len(), places[0]);
            report.warnings.push(Wrong { place, message });
        } else {
            report.warnings.extend(places.into_iter().map(|place| Wrong { place, message: message.clone() }));
        }
    }
    let pictures: Vec<Media> = pictures.into_values().collect();
    let done = if dry_run {
        would_do(store, &revisions).await?
    } else {
        store.add_revisions(&revisions, &pictures, now_ms).await?
    };
    for added in done {
        match added {
            Added::Entry => report.added += 1,
            Added::Revision => report.revised += 1,
            Added::Unchanged => report.unchanged += 1,
        }
    }
    Ok(report)
}

fn unreadable(error: ReadError) -> ApiError {
    let message = error.to_string();
    ApiError::Invalid {
        title: "Le fichier ne peut pas être lu".into(),
        wrong: vec![Wrong { place: "fichier".into(), message }],
    }
}

async fn would_do(store: &Store, revisions: &[NewRevision]) -> ApiResult<Vec<Added>> {
    let mut done = Vec::with_capacity(revisions.len());
    for revision in revisions {
        done.push(match store.entry_by_external_id(&revision.external_id).await? {
            None => Added::Entry,
            Some(entry) => match store.latest_revision(&entry.id).await? {
                Some(latest) if latest.hash == revision.hash => Added::Unchanged,
                _ => Added::Revision,
            },
        });
    }
    Ok(done)
}

type Prepared = Result<(NewRevision, Vec<Media>), String>;

/// Checks an entry's pictures and names them by content.
async fn prepare(entry: Imported, store: &Store, author_id: &str, origin: &str, now_ms: i64) -> ApiResult<Prepared> {
    let mut own: HashMap<String, Media> = HashMap::new();
    for file in entry.media {
        match media::check(&file.name, file.bytes) {
            Ok(media) => drop(own.insert(file.name, media)),
            Err(message) => return Ok(Err(message)),
        }
    }
    let mut element = entry.element;
    for image in images_mut(&mut element) {
        let known = match own.get(&image.file) {
            Some(media) => Some((media.hash.clone(), media.width, media.height)),
            // A file without pictures may name one that the bank already holds, by its hash.
            None => store.media(&image.file).await?.map(|m| (m.hash, m.width, m.height)),
        };
        let Some((hash, width, height)) = known else {
            return Ok(Err(format!("l’image « {} » n’est ni dans le fichier ni dans la banque", image.file)));
        };
        *image = Image { file: hash, alt: image.alt.clone(), width: width as u32, height: height as u32 };
    }
    // Zones are checked against the real size of their image.
    let faults = match &element {
        Element::Question(question) => docimo_engine::check::question(question),
        Element::Case(case) => docimo_engine::check::case(case),
    };
    if docimo_engine::check::refused(&faults) {
        return Ok(Err(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ; ")));
    }
    let body = serde_json::to_string(&element).map_err(|e| ApiError::Internal(e.into()))?;
    let revision = NewRevision {
        fresh_entry_id: ambient::fresh_id(now_ms),
        external_id: element.id().to_owned(),
        kind: kind(&element).to_owned(),
        status: "validated".into(),
        hash: content_hash(&element),
        fingerprint: fingerprint(&element),
        title: title(&element),
        questions: element.questions().count() as i64,
        tags: tags(&element),
        body,
        origin: origin.to_owned(),
        author_id: author_id.to_owned(),
    };
    Ok(Ok((revision, own.into_values().collect())))
}

fn images_mut(element: &mut Element) -> Vec<&mut Image> {
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

fn tags(element: &Element) -> String {
    let case_tags = match element {
        Element::Case(case) => case.tags.as_slice(),
        Element::Question(_) => &[],
    };
    let mut all: Vec<&str> =
        case_tags.iter().chain(element.questions().flat_map(|q| &q.tags)).map(String::as_str).collect();
    all.sort_unstable();
    all.dedup();
    all.join(" ")
}
