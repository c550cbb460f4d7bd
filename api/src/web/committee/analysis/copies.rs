//! Copies too alike and copies unlike their mark: signals for people to look at.

use super::super::marking::off_thread;
use super::super::{Head, segment};
use super::{Asked, Found, find};
use crate::analysis::study::BothWays;
use crate::analysis::subject::Subject;
use crate::app::App;
use crate::auth::Actor;
use crate::error::ApiResult;
use crate::web::filters::{count, float};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use docimo_engine::docimology::irregularities::{PairSignal, TimeAnalysis, words};
use docimo_engine::docimology::numeric::benjamini_hochberg;

struct Who {
    href: String,
    number: String,
    site: String,
}

struct Pair {
    one: Who,
    other: Who,
    same_site: bool,
    identical: u32,
    both_wrong: u32,
    expected: String,
    omega: String,
    gbt: String,
    discovery: String,
    sentence: String,
}

struct Odd {
    who: Who,
    on_20: String,
    lz: String,
    outfit: String,
    sentence: String,
}

#[derive(Template)]
#[template(path = "analysis/copies.html")]
struct CopiesPage {
    page: Layout,
    head: Head,
    none: String,
    compared: String,
    above: String,
    pairs: Vec<Pair>,
    /// Below the rate of false discoveries that is tolerated.
    strong: usize,
    /// Pairs of neighbours compared apart; empty without seats.
    beside_compared: String,
    /// Those that stand out.
    beside: Vec<Pair>,
    odd: Vec<Odd>,
    odd_known: bool,
    fast: Vec<Fast>,
    no_times: String,
}

/// A copy whose times are out of the ordinary.
struct Fast {
    who: Who,
    on_20: String,
    fast_right: String,
    rapid: String,
    sentence: String,
}

/// Copies too fast to be true, or too fast to have read; those that hold for all candidates, the surest first.
fn fast(exam: &str, subject: &Subject, times: &TimeAnalysis) -> Vec<Fast> {
    let mut found: Vec<(f64, Fast)> = times
        .candidates
        .iter()
        .enumerate()
        .filter_map(|(row, c)| {
            let c = c.as_ref()?;
            let known = c.false_discovery <= TOLERATED;
            let guesses = c.effort < 0.9;
            let sentence = match (known, guesses) {
                (true, _) => words::fast_right_sentence(c),
                (false, true) => words::rapid_sentence(c),
                (false, false) => return None,
            };
            let own = Fast {
                who: who(exam, subject, row),
                on_20: web::filters::mark_or_dash(subject.marks.on_20(row)),
                fast_right: format!("{} sur {}", c.fast_right, c.right),
                rapid: format!("{} sur {}", c.rapid, c.n),
                sentence,
            };
            Some((if known { c.fast_right_p } else { 1.0 + c.effort }, own))
        })
        .collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.who.number.cmp(&b.1.who.number)));
    found.into_iter().take(50).map(|(_, f)| f).collect()
}

/// False discoveries tolerated among the pairs shown.
const TOLERATED: f64 = 0.05;

fn who(exam: &str, subject: &Subject, row: usize) -> Who {
    let person = &subject.people[row];
    let site = subject.groupings.first().and_then(|g| g.of[row].map(|of| g.groups[usize::from(of)].clone()));
    Who {
        href: format!("/examens/{exam}/candidats/{}/copie", segment(&person.id)),
        number: person.number.clone(),
        site: site.unwrap_or_default(),
    }
}

/// Pairs with their indices; `compared` is the size of their family.
fn told(exam: &str, subject: &Subject, signals: &[PairSignal], indices: &[BothWays], compared: u64) -> Vec<Pair> {
    signals
        .iter()
        .zip(indices)
        .map(|(signal, (forth, back))| {
            let both = [forth, back].into_iter().flatten();
            let omega = both.clone().filter_map(|i| i.omega.as_ref().ok()).map(|o| o.omega).fold(None, most);
            let gbt = both
                .filter_map(|i| i.gbt.as_ref().ok())
                .map(|g| g.p)
                .fold(None, |l: Option<f64>, p| Some(l.map_or(p, |l| l.min(p))));
            let (one, other) = (who(exam, subject, signal.a), who(exam, subject, signal.b));
            Pair {
                same_site: !one.site.is_empty() && one.site == other.site,
                identical: signal.common.identical_wrong,
                both_wrong: signal.common.both_wrong,
                expected: float(Some(signal.expected), 1),
                omega: float(omega, 1),
                gbt: tiny(gbt),
                discovery: tiny(Some(signal.false_discovery)),
                sentence: words::pair_sentence(signal, compared),
                one,
                other,
            }
        })
        .collect()
}

fn most(so_far: Option<f64>, value: f64) -> Option<f64> {
    Some(so_far.map_or(value, |m| m.max(value)))
}

/// A probability: never "0".
fn tiny(p: Option<f64>) -> String {
    match p {
        Some(p) if p < 0.0001 => "< 0,0001".into(),
        other => float(other, 4),
    }
}

/// Copies to look at.
pub async fn copies(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    page: Layout,
) -> ApiResult<Response> {
    let (head, room, study) = match find(&app, &actor, &id, &page, &asked, ("/copies", "Copies à regarder")).await? {
        Found::Ready(found) => *found,
        Found::Later(response) => return Ok(response),
    };
    let built = off_thread(move || {
        let subject = &room.subject;
        let (none, compared, above, pairs) = match &study.likeness {
            Ok(l) => {
                let above = usize::try_from(l.screening.above_cut).unwrap_or(usize::MAX);
                let above = count(above, "dépasse", "dépassent");
                let compared = count(
                    usize::try_from(l.screening.compared).unwrap_or(usize::MAX),
                    "paire de copies comparée",
                    "paires de copies comparées",
                );
                let all = l.screening.compared;
                (String::new(), compared, above, told(&id, subject, &l.screening.pairs, &l.indices, all))
            }
            Err(why) => (why.to_string(), String::new(), String::new(), vec![]),
        };
        let strong = study
            .likeness
            .as_ref()
            .map_or(0, |l| l.screening.pairs.iter().filter(|p| p.false_discovery <= TOLERATED).count());
        let (beside_compared, beside) = match &study.likeness {
            Ok(l) if l.screening.neighbours_compared > 0 => {
                let all = l.screening.neighbours_compared;
                let n = usize::try_from(all).unwrap_or(usize::MAX);
                // By growing p: those that stand out come first.
                let sure = l.screening.neighbours.iter().take_while(|p| p.false_discovery <= TOLERATED).count();
                let shown = told(&id, subject, &l.screening.neighbours[..sure], &l.beside, all);
                (count(n, "paire de voisins comparée", "paires de voisins comparées"), shown)
            }
            Ok(_) | Err(_) => (String::new(), vec![]),
        };
        let p: Vec<f64> = study.persons.iter().map(|f| f.as_ref().and_then(|f| f.p).unwrap_or(1.0)).collect();
        let adjusted = benjamini_hochberg(&p);
        let mut odd: Vec<(f64, Odd)> = study
            .persons
            .iter()
            .enumerate()
            .filter_map(|(row, fit)| {
                let fit = fit.as_ref()?;
                let p = fit.p?;
                (adjusted[row] <= TOLERATED).then_some(())?;
                let odd = Odd {
                    who: who(&id, subject, row),
                    on_20: web::filters::mark_or_dash(subject.marks.on_20(row)),
                    lz: float(fit.lz_star.as_ref().ok().copied(), 1),
                    outfit: float(Some(fit.outfit), 2),
                    sentence: words::person_sentence(fit)?,
                };
                Some((p, odd))
            })
            .collect();
        odd.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.who.number.cmp(&b.1.who.number)));
        CopiesPage {
            page: page.titled(head.document()),
            head,
            none,
            compared,
            above,
            pairs,
            strong,
            beside_compared,
            beside,
            odd: odd.into_iter().take(50).map(|(_, o)| o).collect(),
            odd_known: !study.persons.is_empty(),
            fast: study.times.as_ref().map_or(vec![], |t| fast(&id, subject, t)),
            no_times: study.times.as_ref().err().map(ToString::to_string).unwrap_or_default(),
        }
    })
    .await?;
    web::page(&built)
}
