//! Choosing questions of the bank for a section of a paper.

use super::paper::to_paper;
use super::{At, Fields, Head, Pages, assembly, count, head, segment};
use crate::app::App;
use crate::auth::Actor;
use crate::bank::reach::{self, Reach};
use crate::error::{ApiError, ApiResult};
use crate::exam::draft;
use crate::web::bank::Fragment;
use crate::web::bank::found::{PAGE, Results, Search};
use crate::web::filters::thousands;
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, Query, RawForm, State};
use axum::response::Response;
use docimo_engine::paper::Element;
use docimo_search::query::GRAMMAR_FR;
use docimo_store::bank::EntryFilter;
use std::collections::HashSet;

struct EntryChoice {
    id: String,
    external_id: String,
    kind: String,
    title: String,
    questions: i64,
    tags: String,
    taken: bool,
}

struct KindChoice {
    code: String,
    label: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "committee/pick.html")]
struct PickPage {
    page: Layout,
    head: Head,
    action: String,
    back: String,
    section: String,
    bank_is_empty: bool,
    panel: assembly::Panel,
    found: Results,
    search_tri: String,
    grammar: &'static str,
    /// Where there is no index to search.
    plain: Option<Plain>,
}

/// Entries of the bank, to be added to a section.
pub async fn pick_page(
    State(app): State<App>,
    actor: Actor,
    Path((id, section)): Path<(String, String)>,
    Query(mut search): Query<Search>,
    page: Layout,
) -> ApiResult<Response> {
    let exam = draft::exam(&app, &id).await?;
    if exam.state != "draft" {
        return Err(ApiError::Conflict("Le sujet est figé\u{a0}: il ne peut plus changer.".into()));
    }
    let paper = draft::paper(&app, &id).await?;
    let (_, chosen) = paper.section(&section).ok_or(ApiError::NotFound)?;
    let taken: HashSet<&str> = paper.sections.iter().flat_map(|s| &s.elements).map(Element::id).collect();
    let reach = Reach::of(&app, &actor).await?;
    let typed = !search.partiel.is_empty();
    if app.finder().is_some() && search.q.is_empty() && !typed {
        search.q = NOT_RETIRED.to_owned();
    }
    let found = match Results::of(&app, &reach, &search, &taken).await? {
        Some(found) if typed => return web::page(&Fragment { found }),
        found => found,
    };
    let plain = match found {
        Some(_) => None,
        None => Some(Plain::of(&app, &reach, &search, &taken).await?),
    };
    let head = head(&app, &actor, &exam, At::Paper)
        .await?
        .under("Choisir des questions")
        .lead(format!("Pour l’épreuve «\u{a0}{}\u{a0}».", chosen.title));
    web::page(&PickPage {
        page: page.titled(head.document()),
        action: format!("/examens/{id}/sections/{}/questions", segment(&section)),
        back: format!("/examens/{id}/sujet#epreuve-{}", segment(&section)),
        section: chosen.title.clone(),
        bank_is_empty: app.store.entry_kinds(reach.readable().as_deref()).await?.is_empty(),
        panel: assembly::Panel::of(&app, &id, &paper).await?,
        found: found.unwrap_or_default(),
        search_tri: search.tri,
        grammar: GRAMMAR_FR,
        plain,
        head,
    })
}

/// What is shown at first of the bank, where a paper is made.
const NOT_RETIRED: &str = "-statut:retirée";

/// The bank without its search index: words of titles and tags.
struct Plain {
    search: String,
    kinds: Vec<KindChoice>,
    count: String,
    entries: Vec<EntryChoice>,
    pages: Pages,
}

impl Plain {
    async fn of(app: &App, reach: &Reach, search: &Search, taken: &HashSet<&str>) -> ApiResult<Self> {
        let at = search.page();
        let filter = EntryFilter {
            words: search.mots.split_whitespace().map(str::to_owned).collect(),
            kind: (!search.kind.is_empty()).then(|| search.kind.clone()),
            folders: reach.readable(),
            tag: None,
            living: true,
            limit: PAGE as i64,
            offset: ((at - 1) * PAGE) as i64,
        };
        let (entries, total) = app.store.entries(&filter).await?;
        let kinds = app.store.entry_kinds(reach.readable().as_deref()).await?;
        let base = format!("?mots={}&forme={}&", web::urlencode(&search.mots), web::urlencode(&search.kind));
        let total = usize::try_from(total).unwrap_or(0);
        Ok(Self {
            search: search.mots.clone(),
            kinds: kinds
                .into_iter()
                .map(|(code, n)| KindChoice {
                    chosen: code == search.kind,
                    label: format!("{code} ({})", thousands(usize::try_from(n).unwrap_or(0))),
                    code,
                })
                .collect(),
            count: count(total, "entrée", "entrées"),
            entries: entries
                .into_iter()
                .map(|e| EntryChoice {
                    taken: taken.contains(e.external_id.as_str()),
                    id: e.id,
                    external_id: e.external_id,
                    kind: e.kind,
                    title: e.title,
                    questions: e.questions,
                    tags: e.tags,
                })
                .collect(),
            pages: Pages::new(total, PAGE, at, &base),
        })
    }
}

/// Adds the ticked entries to a section.
pub async fn add_entries(
    State(app): State<App>,
    actor: Actor,
    Path((id, section)): Path<(String, String)>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let ids = Fields::read(&body).all("entry");
    if ids.is_empty() {
        return Err(ApiError::wrong("questions", "Cochez au moins une entrée de la banque."));
    }
    reach::all_readable(&app, &actor, &ids).await?;
    let added = draft::add_entries(&app, &id, &section, &ids).await?;
    Ok(to_paper(&id, Some(&section), &format!("{}.", count(added, "élément ajouté", "éléments ajoutés"))))
}
