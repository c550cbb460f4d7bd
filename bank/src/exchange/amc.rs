//! The sources of Auto Multiple Choice: its plain text and its LaTeX, written, and read where it is regular.
//! Scores by answer have no equivalent here and are told.

mod latex;
mod tex;
mod txt;

use super::write::Written;
use docimo_engine::Exact;
use docimo_engine::question::{Question, Status};

pub(super) use latex::read as read_latex;
pub(super) use tex::write as write_latex;
pub(super) use txt::{read as read_txt, write};

/// Says what neither source keeps of a question. `marked`: was there formatting in its texts?
fn lost(question: &Question, marked: bool, source: &str, written: &mut Written) {
    let propositions = question.body.propositions();
    let commented = !question.comment.is_empty() || propositions.iter().any(|p| !p.comment.is_empty());
    let grave = propositions.iter().any(|p| matches!(p.status, Status::Indispensable | Status::Inacceptable));
    for (lost, what) in [
        (marked, "mise en forme"),
        (commented, "commentaires"),
        (question.image.is_some(), "image"),
        (question.video.is_some(), "vidéo"),
        (grave, "propositions indispensables et inacceptables"),
        (!question.tags.is_empty() || question.rank.is_some(), "étiquettes et rang"),
        (
            !question.source.is_empty() || question.scheme.is_some() || question.weight != Exact::ONE,
            "source, barème, poids",
        ),
    ] {
        if lost {
            written.lost(question.id.as_str(), format!("{source} ne garde pas : {what}"));
        }
    }
}
