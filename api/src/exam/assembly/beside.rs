//! A paper beside its table of specification, and what could come in the place of one of its questions.

use super::pool::{self, Entry};
use super::{COHORT, Specification, forms};
use crate::app::App;
use crate::auth::Actor;
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult};
use docimo_assembly::blueprint::{Fault, Overlap};
use docimo_assembly::effect::{Moved, Report};
use docimo_assembly::{Candidate, Desk};
use docimo_engine::paper::Paper;
use std::collections::HashSet;

/// A paper beside its table.
pub struct Beside {
    /// Titles of the forms: one for the whole paper, or one a section where the table asks for several forms.
    pub forms: Vec<String>,
    /// What each sentence wanted and got.
    pub report: Report,
}

/// The paper beside its table, or what is wrong in the table.
pub async fn beside(
    app: &App,
    exam_id: &str,
    specification: &Specification,
    paper: &Paper,
) -> ApiResult<Result<Beside, Vec<Fault>>> {
    let mut units = pool::of_paper(app, exam_id, &specification.pace, paper).await?;
    // Units that the table names and the paper does not have count for nothing; they are in the bank all the same.
    let known: HashSet<String> = units.iter().map(|u| u.id.clone()).collect();
    let blueprint = &specification.blueprint;
    let shared = match &blueprint.overlap {
        Overlap::Shared { units } => Some(units),
        Overlap::None | Overlap::Anchor { .. } => None,
    };
    let named = blueprint.must.iter().chain(shared.into_iter().flatten()).filter(|id| !known.contains(*id));
    let named: HashSet<&String> = named.collect();
    units.extend(named.into_iter().map(|id| Candidate::new(id.clone(), 1, 0.0)));
    let (titles, ids): (Vec<String>, Vec<Vec<String>>) = forms(paper, blueprint).into_iter().unzip();
    Ok(Desk::new(&units, blueprint).map(|desk| Beside { forms: titles, report: desk.effect(&ids) }))
}

/// Something that could come in the place of another.
pub struct Offer {
    /// The author's own id.
    pub external_id: String,
    /// What the bank says of it.
    pub entry: Entry,
    /// Questions in it.
    pub questions: u32,
    /// Minutes that it takes.
    pub minutes: f64,
    /// Day of its last use, `AAAA-MM-JJ`.
    pub last_used: Option<String>,
    /// Have candidates of this exam had it?
    pub exposed: bool,
    /// What the sentences would be short of or over, priced; 0 when all hold.
    pub excess: f64,
    /// Value of the goal of the worst form; none without a goal.
    pub value: Option<f64>,
    /// Sentences that it would break, or break more, in French.
    pub broken: Vec<String>,
    /// Lines whose count changes.
    pub moved: Vec<Moved>,
}

/// What could come in the place of an element, best first.
pub struct Offers {
    /// Excess of the paper as it is.
    pub excess: f64,
    /// Value of the goal as it is, the worst form's.
    pub value: Option<f64>,
    /// Each with what it would do.
    pub offers: Vec<Offer>,
}

/// Replacements proposed.
const MOST: usize = 20;

/// What the bank, in reach of this person, could put in the place of an element of a section.
pub async fn replacements(
    app: &App,
    actor: &Actor,
    exam_id: &str,
    specification: &Specification,
    paper: &Paper,
    (section, element): (&str, &str),
) -> ApiResult<Result<Offers, Vec<Fault>>> {
    let (_, held) = paper.section(section).ok_or(ApiError::NotFound)?;
    if !held.elements.iter().any(|e| e.id() == element) {
        return Err(ApiError::NotFound);
    }
    let reach = Reach::of(app, actor).await?;
    let pool = pool::whole(app, &reach, exam_id, &specification.pace, Some(paper)).await?;
    let blueprint = specification.blueprint.clone();
    let (titles, ids): (Vec<String>, Vec<Vec<String>>) = forms(paper, &blueprint).into_iter().unzip();
    let form = ids.iter().position(|form| form.iter().any(|id| id == element)).unwrap_or(0);
    debug_assert_eq!(titles.len(), ids.len());
    let out = element.to_owned();
    let work = move || {
        let pool = pool;
        let desk = Desk::new(&pool.units, &blueprint)?;
        let now = desk.effect(&ids);
        let worst = |values: &[f64]| values.iter().copied().reduce(f64::min);
        let offer = |found: docimo_assembly::effect::Replacement| {
            let unit = pool.units.iter().find(|u| u.id == found.id)?;
            let labels = found.broken.iter().filter_map(|s| desk.statements().get(*s)).map(|s| s.label.clone());
            Some(Offer {
                entry: pool.entries.get(&found.id)?.clone(),
                questions: unit.questions,
                minutes: unit.minutes,
                last_used: unit.last_used.clone(),
                exposed: unit.exposed_to.contains(COHORT),
                excess: found.excess,
                value: found.value,
                broken: labels.collect(),
                moved: desk.swap(&ids, form, Some(&out), Some(&found.id)).moved,
                external_id: found.id,
            })
        };
        let offers = desk.replacements(&ids, form, &out, MOST).into_iter().filter_map(offer).collect();
        Ok(Offers { excess: now.excess, value: worst(&now.values), offers })
    };
    tokio::task::spawn_blocking(work).await.map_err(|e| ApiError::Internal(e.into()))
}
