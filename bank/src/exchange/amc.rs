//! The sources of Auto Multiple Choice: its plain text and its LaTeX, written, and read where it is regular. Scores by answer have no equivalent here and are told.

mod latex;
mod tex;
mod txt;

pub(super) use latex::read as read_latex;
pub(super) use tex::write as write_latex;
pub(super) use txt::{read as read_txt, write};
