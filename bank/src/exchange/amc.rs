//! The sources of Auto Multiple Choice: its plain text (read and written) and its LaTeX where it is
//! regular (read). Scores by answer have no equivalent here and are told.

mod latex;
mod txt;

pub(super) use latex::read as read_latex;
pub(super) use txt::{read as read_txt, write};
