//! What those who watch a room do: stop clocks and let them run again, give time, move a candidate to another
//! machine, decide between two, say something; and the report of a site.
//!
//! Every act is recorded with the exam. A supervisor whom the committee limits to sites sees and acts on these
//! only: elsewhere, everything is as if absent.

pub mod clocks;
pub mod day;
pub mod machines;
pub mod messages;
pub mod report;
pub mod time;

use crate::app::App;
use crate::auth::{Actor, Role};
use crate::error::{ApiError, ApiResult};
use crate::exam::live;
use docimo_store::delivery::Attempt;
use docimo_store::exams::Sitting;
use std::collections::HashSet;

/// Which sites someone of the staff sees and acts on.
#[derive(Clone, Debug)]
pub struct Reach {
    /// Absent: all.
    pub sites: Option<HashSet<String>>,
    /// May they approve what supervisors ask for?
    pub approves: bool,
}

impl Reach {
    /// Is this site theirs?
    pub fn holds(&self, site: &str) -> bool {
        self.sites.as_ref().is_none_or(|sites| sites.contains(site))
    }

    /// As if absent, if it is not.
    pub fn check(&self, site: &str) -> ApiResult<()> {
        if self.holds(site) { Ok(()) } else { Err(ApiError::NotFound) }
    }
}

/// The reach of someone in an exam.
pub async fn reach(app: &App, actor: &Actor, exam_id: &str) -> ApiResult<Reach> {
    if actor.is_any(&[Role::Committee, Role::Administrator]) {
        return Ok(Reach { sites: None, approves: true });
    }
    let own = |list: &[(String, String)]| -> HashSet<String> {
        list.iter().filter(|(person, _)| **person == *actor.id).map(|(_, site)| site.clone()).collect()
    };
    let sites = match live::exam(app, exam_id).await? {
        Some(exam) => own(&exam.read().limits),
        None => own(&app.store.supervisor_sites(exam_id).await?),
    };
    Ok(Reach { sites: (!sites.is_empty()).then_some(sites), approves: false })
}

/// A sheet that this person may act on.
pub(crate) async fn own_sheet(app: &App, actor: &Actor, attempt_id: &str) -> ApiResult<Attempt> {
    let attempt = app.store.attempt(attempt_id).await?.ok_or(ApiError::NotFound)?;
    reach(app, actor, &attempt.exam_id).await?.check(&attempt.site_id)?;
    Ok(attempt)
}

/// Sections under way at a site.
pub(crate) fn under_way<'a>(sittings: &'a [Sitting], site: &str) -> impl Iterator<Item = &'a str> {
    let site = site.to_owned();
    sittings
        .iter()
        .filter(move |s| s.site_id == site && s.opened_ms.is_some() && s.closed_ms.is_none())
        .map(|s| s.section_id.as_str())
}
