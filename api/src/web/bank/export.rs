//! Questions out of the bank: what goes, in which format, what that format loses; then the file.

use super::super::committee::Fields;
use super::{kind_french, tags};
use crate::app::App;
use crate::auth::{Actor, Role};
use crate::bank::export::{self, Loss, Order};
use crate::bank::reach::Reach;
use crate::bank::select::{Selection, select};
use crate::error::{ApiError, ApiResult};
use crate::web::filters::{count, date_time, thousands};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use docimo_bank::exchange::Target;
use docimo_bank::revision::Status;
use docimo_bank::rights::Level;
use std::collections::HashMap;

/// Most entries ticked one by one: they are all in the address.
const MOST_TICKED: usize = 500;
/// Lines of the preview that a page shows; all of them are counted.
const MOST_LINES: usize = 1_000;
/// Value of the field of statuses that stands for all of them.
const ALL_STATUSES: &str = "all";

struct FormatChoice {
    code: &'static str,
    label: String,
    hint: &'static str,
    checked: bool,
}

/// What one sentence says of how many questions.
struct Gathered {
    message: String,
    left_out: bool,
    times: String,
    some: String,
}

struct Preview {
    format: &'static str,
    code: &'static str,
    entries: String,
    questions: String,
    written: String,
    /// Entries that would not be in the file, or not whole.
    left_out: usize,
    gathered: Vec<Gathered>,
    lines: Vec<Loss>,
    /// Lines that are not shown.
    more: String,
    notes: usize,
}

struct Past {
    at: String,
    author: String,
    detail: String,
}

#[derive(Template)]
#[template(path = "bank/export.html")]
struct ExportPage {
    page: Layout,
    /// Conditions: label and value.
    what: Vec<(&'static str, String)>,
    /// Were entries ticked one by one?
    ticked: bool,
    found: String,
    nothing: bool,
    /// Back to the list.
    back: String,
    hidden: Vec<(String, String)>,
    statuses: Vec<(&'static str, String, bool)>,
    formats: Vec<FormatChoice>,
    preview: Option<Preview>,
    past: Vec<Past>,
    everyone: bool,
}

/// What a format is for, in a few words.
fn hint(target: Target) -> &'static str {
    match target {
        Target::Json => "tout, images comprises\u{a0}: une sauvegarde, une autre banque Docimo",
        Target::MoodleXml => "la banque de questions de Moodle, images comprises\u{a0}; Docimo y relit tout",
        Target::Gift => "texte simple de Moodle\u{a0}; sans image, sans TCS ni zone à pointer",
        Target::Aiken => "texte très simple\u{a0}; questions à réponse unique seulement",
        Target::AmcTxt => "Auto Multiple Choice, examens sur papier\u{a0}; QRU et QRM",
        Target::AmcLatex => "le même, en source LaTeX qui se compile telle quelle",
        Target::Qti21 => "plates-formes plus anciennes\u{a0}; Docimo y relit tout",
        Target::Qti22 => "la plupart des plates-formes, images comprises\u{a0}; Docimo y relit tout",
        Target::Qti30 => "plates-formes récentes\u{a0}; Docimo y relit tout",
        Target::Csv => "un tableau, une question par ligne\u{a0}; les images n’y sont que nommées",
        Target::Xlsx => "le même tableau en classeur",
    }
}

/// The conditions that a form or an address says, in the words of the list of questions.
fn selection(fields: &Fields) -> ApiResult<Selection> {
    let ticked = fields.all("entry");
    let statuses = match fields.get("etat") {
        "" => Vec::new(),
        ALL_STATUSES => Status::ALL.to_vec(),
        code => vec![code.parse().map_err(|_| ApiError::wrong("état", format!("« {code} » n’est pas un état.")))?],
    };
    Ok(Selection {
        names: Some(ticked).filter(|list| !list.is_empty()),
        query: [fields.get("q"), fields.get("mots")].join(" ").trim().to_owned(),
        kind: fields.get("type").to_owned(),
        tag: fields.get("etiquette").to_owned(),
        folder: fields.get("dossier").to_owned(),
        statuses,
    })
}

/// The same, to be sent again.
fn hidden(selection: &Selection) -> Vec<(String, String)> {
    if let Some(names) = &selection.names {
        return names.iter().map(|name| ("entry".to_owned(), name.clone())).collect();
    }
    let all = [
        ("q", &selection.query),
        ("type", &selection.kind),
        ("etiquette", &selection.tag),
        ("dossier", &selection.folder),
    ];
    all.into_iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| (k.to_owned(), v.clone())).collect()
}

fn conditions(selection: &Selection, reach: &Reach) -> Vec<(&'static str, String)> {
    if selection.names.is_some() {
        return vec![("Questions", "cochées dans la liste".to_owned())];
    }
    let mut what = Vec::new();
    let mut add = |label, value: String| {
        if !value.is_empty() {
            what.push((label, value));
        }
    };
    add("Recherche", selection.query.clone());
    if !selection.kind.is_empty() {
        add("Type", format!("{} ({})", kind_french(&selection.kind), selection.kind));
    }
    if !selection.tag.is_empty() {
        add("Étiquette", tags::read([selection.tag.as_str()]).into_iter().map(|t| t.label).collect());
    }
    if reach.may(&selection.folder, Level::Read) {
        add("Dossier", reach.path(&selection.folder));
    }
    if what.is_empty() {
        what.push(("Questions", "toute la banque à votre portée".to_owned()));
    }
    what
}

/// The page: what goes out and, once a format is chosen, what it loses.
pub async fn export_page(
    State(app): State<App>,
    actor: Actor,
    RawQuery(query): RawQuery,
    page: Layout,
) -> ApiResult<Response> {
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let selection = selection(&fields)?;
    let reach = Reach::of(&app, &actor).await?;
    let found = select(&app.store, app.finder().map(|f| &f.index), &selection, &reach).await?.len();
    let hidden = hidden(&selection);
    let target = match fields.get("format") {
        "" => None,
        code => Some(export::target(code)?),
    };
    let preview = match target {
        Some(target) if found > 0 => Some(preview(&app, &actor, target, &selection).await?),
        _ => None,
    };
    let chosen = target.unwrap_or(Target::Json);
    let state = fields.get("etat");
    let mut statuses = vec![("", "Toutes sauf les retirées".to_owned(), state.is_empty())];
    statuses.extend(Status::ALL.map(|s| (s.code(), sentence(s.french()), state == s.code())));
    statuses.push((ALL_STATUSES, "Toutes, retirées comprises".to_owned(), state == ALL_STATUSES));
    let everyone = actor.is_any(&[Role::Administrator]);
    let author = (!everyone).then_some(&*actor.id);
    let past = app.store.events_of(export::EVENT, author, 10).await?.into_iter().map(|e| Past {
        at: date_time(e.at_ms),
        author: e.author_name.unwrap_or_else(|| "ligne de commande".to_owned()),
        detail: e.detail,
    });
    web::page(&ExportPage {
        page: page.titled("Exporter des questions"),
        what: conditions(&selection, &reach),
        ticked: selection.names.is_some(),
        found: count(found, "entrée", "entrées"),
        nothing: found == 0,
        back: if selection.names.is_some() { "/questions".to_owned() } else { address("/questions", &hidden) },
        hidden,
        statuses,
        formats: Target::ALL
            .map(|t| FormatChoice { code: t.code(), label: sentence(t.french()), hint: hint(t), checked: t == chosen })
            .into(),
        preview,
        past: past.collect(),
        everyone,
    })
}

/// "en relecture" as a choice of a list.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
}

fn address(path: &str, fields: &[(String, String)]) -> String {
    let query: Vec<String> = fields.iter().map(|(k, v)| format!("{k}={}", web::urlencode(v))).collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

async fn preview(app: &App, actor: &Actor, target: Target, selection: &Selection) -> ApiResult<Preview> {
    let ids = export::chosen(app, actor, selection).await?;
    let done = export::preview(app, target, ids).await?;
    let notes = done.notes.len();
    Ok(Preview {
        format: target.french(),
        code: target.code(),
        entries: thousands(done.entries),
        questions: thousands(done.questions),
        written: thousands(done.written),
        left_out: done.left_out(),
        gathered: gathered(&done.notes),
        more: if notes > MOST_LINES { thousands(notes - MOST_LINES) } else { String::new() },
        lines: done.notes.into_iter().take(MOST_LINES).collect(),
        notes,
    })
}

/// Each thing said once, with how often and of what; what is left out first, then the most frequent.
fn gathered(notes: &[Loss]) -> Vec<Gathered> {
    let mut order: Vec<(&str, bool)> = Vec::new();
    let mut ids: HashMap<(&str, bool), Vec<&str>> = HashMap::new();
    for note in notes {
        let key = (note.message.as_str(), note.left_out);
        let list = ids.entry(key).or_default();
        if list.is_empty() {
            order.push(key);
        }
        list.push(&note.id);
    }
    let mut all: Vec<_> = order.into_iter().filter_map(|key| Some((key, ids.remove(&key)?))).collect();
    all.sort_by_key(|((_, left_out), list)| (!left_out, std::cmp::Reverse(list.len())));
    all.into_iter()
        .map(|((message, left_out), list)| Gathered {
            message: message.to_owned(),
            left_out,
            times: thousands(list.len()),
            some: match list.get(3..) {
                Some(rest) if !rest.is_empty() => format!("{}…", list[..3].join(", ")),
                _ => list.join(", "),
            },
        })
        .collect()
}

/// From the list of questions: those that are ticked.
pub async fn export_ticked(RawForm(body): RawForm) -> ApiResult<Response> {
    let ticked = Fields::read(&body).all("entry");
    if ticked.is_empty() {
        return Err(ApiError::wrong("questions", "Cochez au moins une question."));
    }
    if ticked.len() > MOST_TICKED {
        return Err(ApiError::wrong("questions", format!("{MOST_TICKED} questions cochées au plus à la fois.")));
    }
    let fields: Vec<(String, String)> = ticked.into_iter().map(|id| ("entry".to_owned(), id)).collect();
    Ok(Redirect::to(&address("/questions/exporter", &fields)).into_response())
}

/// The file.
pub async fn export_file(State(app): State<App>, actor: Actor, RawForm(body): RawForm) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let order = Order { target: export::target(fields.get("format"))?, title: export::TITLE.to_owned() };
    let ids = export::chosen(&app, &actor, &selection(&fields)?).await?;
    export::file(&app, &actor, order, ids).await
}

/// The example to fill in a spreadsheet.
pub async fn template(path: Path<String>) -> ApiResult<Response> {
    crate::json::exports::template(path).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_is_said_once_with_how_often() {
        let loss = |id: &str, left_out, message: &str| Loss { id: id.into(), left_out, message: message.into() };
        let notes = [
            loss("a", false, "x"),
            loss("b", false, "y"),
            loss("c", false, "y"),
            loss("d", true, "z"),
            loss("e", false, "y"),
            loss("f", false, "y"),
        ];
        let told: Vec<_> = gathered(&notes).into_iter().map(|g| (g.message, g.times, g.some)).collect();
        let row = |m: &str, n: &str, s: &str| (m.to_owned(), n.to_owned(), s.to_owned());
        assert_eq!(told, [row("z", "1", "d"), row("y", "4", "b, c, e…"), row("x", "1", "a")]);
    }

    #[test]
    fn an_address_says_the_conditions_again() {
        let fields = Fields::read("mots=c%C5%93ur+droit&type=QRU&etat=draft&page=3".as_bytes());
        let selection = selection(&fields).unwrap();
        assert_eq!((selection.query.as_str(), &selection.statuses[..]), ("cœur droit", &[Status::Draft][..]));
        assert_eq!(address("/questions", &hidden(&selection)), "/questions?q=c%C5%93ur%20droit&type=QRU");
        let ticked = Fields::read(b"entry=a&entry=b&mots=x");
        let again = hidden(&super::selection(&ticked).unwrap());
        assert_eq!(address("/x", &again), "/x?entry=a&entry=b");
    }
}
