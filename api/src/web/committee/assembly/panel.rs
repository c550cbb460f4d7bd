//! The paper beside its table of specification, on the paper's page and where questions are picked.

use crate::app::App;
use crate::error::ApiResult;
use crate::exam::assembly::{self, beside};
use crate::web::filters::{capital, count};
use docimo_assembly::effect::{Line, State};
use docimo_engine::paper::Paper;

/// A sentence of the table and what the paper makes of it.
pub(crate) struct Stated {
    pub(crate) label: String,
    pub(crate) got: String,
    pub(crate) state: &'static str,
    pub(crate) badge: &'static str,
    pub(crate) met: bool,
}

impl Stated {
    pub(super) fn of(line: &Line) -> Self {
        let (state, badge) = match line.state {
            State::Met => ("respecté", "badge badge--success"),
            State::Below => ("manque", "badge badge--danger"),
            State::Above => ("dépasse", "badge badge--warning"),
        };
        Self { label: capital(&line.label), got: line.got_text.clone(), state, badge, met: line.state == State::Met }
    }
}

/// The sentences of a form, those that are not met first.
pub(crate) struct Group {
    pub(crate) title: String,
    pub(crate) lines: Vec<Stated>,
}

/// Sentences by form, then those on all forms.
pub(super) fn groups(titles: &[String], lines: &[Line]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for form in (0..titles.len()).map(Some).chain([None]) {
        let mut own: Vec<Stated> = lines.iter().filter(|l| l.form == form).map(Stated::of).collect();
        own.sort_by_key(|line| line.met);
        if !own.is_empty() {
            let title = form.map_or_else(|| "Tous les sujets ensemble".to_owned(), |f| titles[f].clone());
            groups.push(Group { title, lines: own });
        }
    }
    groups
}

/// What a page says of the paper beside its table.
#[derive(Default)]
pub(crate) struct Panel {
    /// The table's page.
    pub(crate) href: String,
    pub(crate) exists: bool,
    pub(crate) groups: Vec<Group>,
    /// Sentences that are not met.
    pub(crate) off: usize,
    pub(crate) total: usize,
    /// What keeps the table from being counted.
    pub(crate) faults: Vec<String>,
    /// Questions without statistics, in words; empty when all have some.
    pub(crate) unknown: String,
}

impl Panel {
    /// The paper of an exam beside its table.
    pub(crate) async fn of(app: &App, exam: &str, paper: &Paper) -> ApiResult<Self> {
        let mut panel = Self { href: format!("/examens/{exam}/table"), ..Self::default() };
        let Some(table) = assembly::of(app, exam).await? else { return Ok(panel) };
        panel.exists = true;
        match beside::beside(app, exam, &table, paper).await? {
            Err(faults) => panel.faults = faults.iter().map(ToString::to_string).collect(),
            Ok(beside) => {
                let lines = &beside.report.lines;
                panel.total = lines.len();
                panel.off = lines.iter().filter(|l| l.state != State::Met).count();
                panel.groups = groups(&beside.forms, lines);
                let n = beside.report.without_p as usize;
                if n > 0 {
                    panel.unknown = format!(
                        "{} sans statistiques\u{a0}: la réussite moyenne est celle des autres.",
                        count(n, "question", "questions")
                    );
                }
            }
        }
        Ok(panel)
    }
}
