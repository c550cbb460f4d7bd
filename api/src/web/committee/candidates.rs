//! Candidates and their accommodations, brought by CSV.

use super::{At, Head, Pages, again, count, head, is_registry, matches, page_number, words};
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult, Wrong};
use crate::exam::candidates::{Credential, import};
use crate::exam::draft;
use crate::web::filters::thousands;
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Multipart, Path, Query, State};
use axum::response::Response;
use docimo_engine::Exact;
use serde::Deserialize;

struct Line {
    number: String,
    name: String,
    site: String,
    accommodation: String,
    reference: String,
}

#[derive(Template)]
#[template(path = "committee/candidates.html")]
struct CandidatesPage {
    page: Layout,
    head: Head,
    may_import: bool,
    over: bool,
    title: String,
    wrong: Vec<Wrong>,
    search: String,
    total: String,
    accommodated: String,
    count: String,
    any: bool,
    lines: Vec<Line>,
    pages: Pages,
}

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
pub struct Search {
    #[serde(default)]
    mots: String,
    #[serde(default)]
    page: String,
}

const PAGE: usize = 200;

/// An accommodation in words; empty when there is none.
fn accommodation(factor: &str, extra_minutes: i64) -> String {
    let factor = factor.parse::<Exact>().unwrap_or(Exact::ONE);
    let mut parts = Vec::new();
    if factor == Exact::new(4, 3) {
        parts.push("tiers temps".to_owned());
    } else if factor != Exact::ONE {
        parts.push(format!("durée × {}", factor.french(3)));
    }
    if extra_minutes > 0 {
        parts.push(format!("+{extra_minutes}\u{a0}min"));
    }
    parts.join(", ")
}

async fn show(
    app: &App,
    actor: &Actor,
    id: &str,
    page: Layout,
    search: &Search,
    faults: Option<(String, Vec<Wrong>)>,
) -> ApiResult<CandidatesPage> {
    let exam = draft::exam(app, id).await?;
    let head = head(app, actor, &exam, At::Candidates).await?;
    let all = app.store.candidates(id).await?;
    let accommodated = all.iter().filter(|c| !accommodation(&c.factor, c.extra_minutes).is_empty()).count();
    let wanted = words(&search.mots);
    let any = !all.is_empty();
    let total = thousands(all.len());
    let found: Vec<Line> = all
        .into_iter()
        .map(|c| Line {
            accommodation: accommodation(&c.factor, c.extra_minutes),
            number: c.number,
            name: c.name,
            site: c.site_name,
            reference: c.reference,
        })
        .filter(|l| {
            matches(&wanted, &format!("{} {} {} {} {}", l.number, l.name, l.site, l.accommodation, l.reference))
        })
        .collect();
    let at = page_number(&search.page);
    let pages = Pages::new(found.len(), PAGE, at, &format!("?mots={}&", web::urlencode(&search.mots)));
    let (title, wrong) = faults.unwrap_or_default();
    Ok(CandidatesPage {
        page: page.titled(head.document()),
        head,
        may_import: is_registry(actor),
        over: matches!(exam.state.as_str(), "closed" | "marked" | "published"),
        title,
        wrong,
        search: search.mots.clone(),
        total,
        accommodated: thousands(accommodated),
        count: count(found.len(), "candidat", "candidats"),
        any,
        lines: found.into_iter().skip((at - 1) * PAGE).take(PAGE).collect(),
        pages,
    })
}

/// Everyone enrolled, and the form to bring more.
pub async fn candidates_page(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    Query(search): Query<Search>,
    page: Layout,
) -> ApiResult<Response> {
    web::page(&show(&app, &actor, &id, page, &search, None).await?)
}

#[derive(Template)]
#[template(path = "committee/codes.html")]
struct CodesPage {
    page: Layout,
    head: Head,
    made: String,
    known: usize,
    codes: Vec<Credential>,
}

/// Enrols the candidates of a file; shows the access codes once, or every fault.
pub async fn import_candidates(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    page: Layout,
    multipart: Multipart,
) -> ApiResult<Response> {
    let outcome = match file(multipart).await? {
        Some(bytes) => import(&app, &actor, &id, bytes).await,
        None => Err(ApiError::Invalid {
            title: "Aucun fichier n’a été choisi".into(),
            wrong: vec![Wrong { place: "fichier".into(), message: "choisissez un fichier CSV".into() }],
        }),
    };
    match outcome {
        Ok(codes) => {
            let exam = draft::exam(&app, &id).await?;
            let head = head(&app, &actor, &exam, At::Candidates).await?.under("Codes d’accès");
            let known = codes.iter().filter(|c| c.code.is_empty()).count();
            web::page(&CodesPage {
                page: page.titled(head.document()),
                head,
                made: count(codes.len(), "candidat inscrit", "candidats inscrits"),
                known,
                codes,
            })
        }
        Err(ApiError::Invalid { title, wrong }) => {
            again(&show(&app, &actor, &id, page, &Search::default(), Some((title, wrong))).await?)
        }
        Err(error) => Err(error),
    }
}

/// The bytes of the field `fichier`; `None` when it is empty.
async fn file(mut multipart: Multipart) -> ApiResult<Option<Vec<u8>>> {
    let unread = |_| ApiError::bad("Le fichier n’a pas été reçu en entier. Recommencez.");
    while let Some(field) = multipart.next_field().await.map_err(unread)? {
        if field.name() == Some("fichier") {
            let bytes = field.bytes().await.map_err(unread)?;
            return Ok((!bytes.is_empty()).then(|| bytes.to_vec()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accommodations_are_said_in_words() {
        assert_eq!(accommodation("4/3", 0), "tiers temps");
        assert_eq!(accommodation("3/2", 10), "durée × 1,5, +10\u{a0}min");
        assert_eq!(accommodation("1", 0), "");
    }
}
