//! The supervisor's room: the live list, one candidate, what is done there, the report of a site, settings of
//! the day.

mod acts;
mod day;
mod person;
mod report;
mod watch;

pub use acts::{decide_time, give_time, message, move_code, reopen, settle, turn_clocks, unlock};
pub use day::{day_page, set_day, set_watcher};
pub use person::person_page;
pub use report::{report_csv, report_page};
pub use watch::{list, watch};

use super::committee::segment;

/// The list of a section, or one candidate of it.
pub(crate) fn back(exam: &str, section: &str, attempt: &str) -> String {
    let list = format!("/examens/{exam}/suivi/{}", segment(section));
    if attempt.is_empty() { list } else { format!("{list}/copies/{}", segment(attempt)) }
}
