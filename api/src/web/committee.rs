//! Pages of those who run an exam: composition, candidates, sites, marking, decisions, results.
//!
//! Every page of an exam has the same `Head`: where we are, the state, the tabs this person may open.

pub mod analysis;
pub mod assembly;
mod beside;
mod candidates;
mod counting;
mod decisions;
mod exams;
mod hazards;
mod marking;
pub mod panels;
mod paper;
mod pick;
mod question;
mod receipts;
mod results;
mod rule_form;
mod schemes;
mod settings;
mod sites;

pub use candidates::{candidate_page, candidates_page, import_candidates, new_code, remove_candidate};
pub use counting::{element_page, set_element};
pub use decisions::{accept_late, compare_page, decide, ledger_page, preview_decision};
pub use exams::{events_page, list, overview};
pub use hazards::{answer_hazards, hazard_page};
pub use marking::{first_marking, marking_page, question_page};
pub use paper::{add_section, freeze, move_element, paper_page, preview_paper, remove_section, set_section};
pub use pick::{add_entries, pick_page};
pub(crate) use question::{Shown, shown, signed};
pub use receipts::{check_receipt, receipts_page};
pub use results::{publish, results_csv, results_page, results_xlsx};
pub use schemes::{derive_scheme, remove_scheme, scheme_page, schemes_page, set_scheme};
pub use settings::{create, new_page, set_settings, settings_page};
pub use sites::{add_site, close, finish, open, remove_site, sites_page};

use crate::app::App;
use crate::auth::{Actor, Role};
use crate::error::{ApiError, ApiResult};
use crate::exam::state_french;
use crate::web;
pub(crate) use crate::web::filters::count;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use docimo_engine::Exact;
use docimo_store::exams::Exam;

/// Which tab a page belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum At {
    Overview,
    Paper,
    Candidates,
    Sites,
    Watch,
    Marking,
    Analysis,
    Standards,
    Ledger,
    Results,
    Events,
}

/// A tab of an exam.
pub(crate) struct Tab {
    pub(crate) href: String,
    pub(crate) label: &'static str,
    pub(crate) current: bool,
}

/// A link in the head of a page.
pub(crate) struct Link {
    pub(crate) href: String,
    pub(crate) label: &'static str,
}

/// What the top of every page of an exam shows.
pub(crate) struct Head {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) heading: String,
    pub(crate) lead: String,
    pub(crate) on_overview: bool,
    pub(crate) state: &'static str,
    pub(crate) pill: &'static str,
    pub(crate) links: Vec<Link>,
    pub(crate) tabs: Vec<Tab>,
}

impl Head {
    /// The head of a page that is neither the overview nor the first page of its tab.
    #[must_use]
    pub(crate) fn under(self, heading: impl Into<String>) -> Self {
        Self { heading: heading.into(), ..self }
    }

    #[must_use]
    pub(crate) fn lead(self, lead: impl Into<String>) -> Self {
        Self { lead: lead.into(), ..self }
    }

    #[must_use]
    pub(crate) fn link(mut self, href: impl Into<String>, label: &'static str) -> Self {
        self.links.push(Link { href: href.into(), label });
        self
    }

    /// Title of the document.
    pub(crate) fn document(&self) -> String {
        if self.on_overview { self.title.clone() } else { format!("{} – {}", self.heading, self.title) }
    }
}

/// Who the tabs of composition and marking are for. The doors are guarded by [`crate::routes`]; this
/// only spares people links that would be refused.
pub(crate) fn is_committee(actor: &Actor) -> bool {
    actor.is_any(&[Role::Committee, Role::Administrator])
}

pub(crate) fn is_room_staff(actor: &Actor) -> bool {
    actor.is_any(&[Role::Committee, Role::Supervisor, Role::Administrator])
}

pub(crate) fn is_registry(actor: &Actor) -> bool {
    actor.is_any(&[Role::Committee, Role::Registrar, Role::Administrator])
}

/// The class of a state's pill.
pub(crate) fn pill(state: &str) -> &'static str {
    match state {
        "frozen" => "pill--wait",
        "open" => "pill--live",
        "marked" | "published" => "pill--done",
        _ => "",
    }
}

/// The head of a page, with the tabs that lead somewhere for this person in this state.
pub(crate) async fn head(app: &App, actor: &Actor, exam: &Exam, at: At) -> ApiResult<Head> {
    let base = format!("/examens/{}", exam.id);
    let (committee, marked) = (is_committee(actor), matches!(exam.state.as_str(), "marked" | "published"));
    let mut tabs = Vec::new();
    let mut tab = |shown: bool, this: At, path: &str, label: &'static str| {
        if shown {
            tabs.push(Tab { href: format!("{base}{path}"), label, current: this == at });
        }
    };
    tab(true, At::Overview, "", "Vue d’ensemble");
    tab(committee, At::Paper, "/sujet", "Sujet");
    tab(true, At::Candidates, "/candidats", "Candidats");
    tab(true, At::Sites, "/centres", "Centres et ouverture");
    if exam.frozen_ms.is_some() && is_room_staff(actor) {
        let paper = app.frozen_paper(&exam.id).await?;
        if let Some(first) = paper.sections.first() {
            tab(true, At::Watch, &format!("/suivi/{}", segment(first.id.as_str())), "Suivi");
        }
    }
    tab(committee && (marked || exam.state == "closed"), At::Marking, "/notation", "Notation");
    tab(committee && marked, At::Analysis, "/analyse", "Analyse");
    tab(committee && exam.frozen_ms.is_some(), At::Standards, "/seuils", "Seuil");
    tab(committee && marked, At::Ledger, "/registre", "Registre");
    tab(is_registry(actor) && marked, At::Results, "/resultats", "Résultats");
    tab(true, At::Events, "/journal", "Journal");
    let heading = match at {
        At::Overview => exam.title.clone(),
        At::Paper => "Sujet".into(),
        At::Candidates => "Candidats".into(),
        At::Sites => "Centres et ouverture".into(),
        At::Watch => "Suivi".into(),
        At::Marking => "Notation".into(),
        At::Analysis => "Analyse".into(),
        At::Standards => "Fixer un seuil".into(),
        At::Ledger => "Registre de notation".into(),
        At::Results => "Résultats".into(),
        At::Events => "Journal".into(),
    };
    Ok(Head {
        id: exam.id.clone(),
        title: exam.title.clone(),
        heading,
        lead: String::new(),
        on_overview: at == At::Overview,
        state: state_french(&exam.state),
        pill: pill(&exam.state),
        links: Vec::new(),
        tabs,
    })
}

/// A segment of a path: unlike a query, it cannot hold a slash.
pub(crate) fn segment(text: &str) -> String {
    web::urlencode(text).replace('/', "%2F")
}

/// A page that shows a form again with its faults.
pub(crate) fn again(template: &impl Template) -> ApiResult<Response> {
    let mut response = web::page(template)?;
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}

/// An exact number kept as text, the French way.
pub(crate) fn french(text: &str) -> String {
    text.parse::<Exact>().map_or_else(|_| text.to_owned(), |value| value.french(2))
}

/// The fields of a form, repeated keys kept.
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded`.
    pub(crate) fn read(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let plain = |part: &str| web::urldecode(&part.replace('+', " "));
        Self(
            text.split('&')
                .filter(|pair| !pair.is_empty())
                .map(|pair| {
                    pair.split_once('=').map_or_else(|| (plain(pair), String::new()), |(k, v)| (plain(k), plain(v)))
                })
                .collect(),
        )
    }

    /// The first value of a field; empty when absent.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(k, _)| k == name).map_or("", |(_, v)| v.as_str())
    }

    /// Was the field sent (a ticked box)?
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(k, _)| k == name)
    }

    /// Every value of a field, empty ones left out.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(k, v)| k == name && !v.is_empty()).map(|(_, v)| v.clone()).collect()
    }

    /// Fields whose name starts with `prefix`, by the rest of the name.
    pub(crate) fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter_map(move |(k, v)| Some((k.strip_prefix(prefix)?, v.as_str())))
    }

    /// A whole number; what is wrong otherwise.
    pub(crate) fn number(&self, name: &str, place: &str) -> ApiResult<u32> {
        let text = self.get(name).trim();
        text.parse()
            .map_err(|_| ApiError::wrong(place, format!("«\u{a0}{text}\u{a0}»\u{a0}: écrivez un nombre entier.")))
    }

    /// Everything but the token, to be sent again by another form.
    pub(crate) fn repeated(&self, without: &[&str]) -> Vec<(String, String)> {
        self.0.iter().filter(|(k, _)| k != "csrf" && !without.contains(&k.as_str())).cloned().collect()
    }
}

/// A slice of a long list, with links to the others.
pub(crate) struct Pages {
    pub(crate) links: Vec<PageLink>,
    pub(crate) previous: Option<String>,
    pub(crate) next: Option<String>,
}

/// A page number; `href` is empty for a gap.
pub(crate) struct PageLink {
    pub(crate) href: String,
    pub(crate) label: String,
    pub(crate) current: bool,
}

impl Pages {
    /// Pages of `size` over `total` lines; `base` is the address up to `page=`.
    pub(crate) fn new(total: usize, size: usize, page: usize, base: &str) -> Self {
        let last = total.div_ceil(size).max(1);
        let href = |n: usize| format!("{base}page={n}");
        let mut links = Vec::new();
        if last > 1 {
            let mut before = 0;
            for n in (1..=last).filter(|n| *n == 1 || *n == last || n.abs_diff(page) <= 2) {
                if n > before + 1 {
                    links.push(PageLink { href: String::new(), label: "…".into(), current: false });
                }
                links.push(PageLink { href: href(n), label: n.to_string(), current: n == page });
                before = n;
            }
        }
        Self {
            links,
            previous: (page > 1 && page <= last).then(|| href(page - 1)),
            next: (page < last).then(|| href(page + 1)),
        }
    }
}

/// The page asked for, from 1.
pub(crate) fn page_number(text: &str) -> usize {
    text.parse().unwrap_or(1).clamp(1, 100_000)
}

/// Do all the words occur in the text, whatever the case and accents?
pub(crate) fn matches(words: &[String], text: &str) -> bool {
    let text = fold(text);
    words.iter().all(|w| text.contains(w.as_str()))
}

/// The words of a search, folded as [`matches`] compares them.
pub(crate) fn words(search: &str) -> Vec<String> {
    search.split_whitespace().map(fold).collect()
}

fn fold(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    use unicode_normalization::char::is_combining_mark;
    text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_keep_repeated_fields_accents_and_pluses() {
        let fields = Fields::read("csrf=x&entry=a&entry=b&entry=&titre=%C3%89preuve+1%2B1&status.a=vrai".as_bytes());
        assert_eq!(fields.all("entry"), ["a", "b"]);
        assert_eq!(fields.get("titre"), "Épreuve 1+1");
        assert_eq!(fields.under("status.").collect::<Vec<_>>(), [("a", "vrai")]);
        assert!(fields.number("titre", "titre").is_err());
        assert!(!fields.repeated(&["entry"]).iter().any(|(k, _)| k == "csrf" || k == "entry"));
    }

    #[test]
    fn long_lists_show_their_ends_and_neighbours() {
        let labels = |p: &Pages| p.links.iter().map(|l| l.label.clone()).collect::<Vec<_>>().join(" ");
        assert_eq!(labels(&Pages::new(1000, 100, 5, "?")), "1 … 3 4 5 6 7 … 10");
        assert_eq!(labels(&Pages::new(50, 100, 1, "?")), "");
        assert_eq!(Pages::new(300, 100, 1, "?").next.as_deref(), Some("?page=2"));
        assert!(Pages::new(300, 100, 3, "?").next.is_none());
    }

    #[test]
    fn searching_ignores_case_and_accents() {
        assert!(matches(&words("eleonore LILLE"), "D-1 Éléonore Exemple Lille"));
        assert!(!matches(&words("lyon"), "Lille"));
        assert_eq!(segment("a/b c"), "a%2Fb%20c");
    }
}
