//! Questions left blank: passed over, or never reached?
//!
//! In each section, in the order of the paper, blanks after the last answer were not reached; those before it were
//! omitted (Lord 1980, section 15.3). A candidate short of time and one who does not know are not the same.
//! Where the order on screen is drawn for each candidate the distinction means little.

use crate::marking::ResponseMatrix;
use rayon::prelude::*;
use serde::Serialize;

/// Blanks of one question.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Blanks {
    /// Blank, with an answer further on in the section.
    pub omitted: usize,
    /// Blank, as is everything after it in the section.
    pub not_reached: usize,
}

/// What a candidate did with a question.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Met {
    /// Answered.
    Answered,
    /// Left blank, and answered further on.
    Omitted,
    /// Left blank, as is everything after it.
    NotReached,
}

/// Who answered what, from codes: `[question][candidate]`. A code of zero is a blank, but for zones to point at, where
/// it is also a point outside every zone: whoever has the raw answers sets these columns right.
pub fn answered(responses: &ResponseMatrix) -> Vec<Vec<bool>> {
    (0..responses.questions()).map(|q| responses.column(q).iter().map(|code| *code != 0).collect()).collect()
}

/// What each candidate did with the questions of each section: `[question][candidate]`. `sections` gives the
/// section of each question, in the order of the paper.
pub fn met(answered: &[Vec<bool>], sections: &[usize]) -> Vec<Vec<Met>> {
    let mut out: Vec<Vec<Met>> = answered.iter().map(|column| vec![Met::Answered; column.len()]).collect();
    // From the last question to the first: has anything been answered after this one?
    let mut later = vec![false; answered.first().map_or(0, Vec::len)];
    for (q, column) in answered.iter().enumerate().rev() {
        if sections.get(q) != sections.get(q + 1) {
            later.fill(false);
        }
        for ((met, later), own) in out[q].iter_mut().zip(&mut later).zip(column) {
            *met = match (*own, *later) {
                (false, true) => Met::Omitted,
                (false, false) => Met::NotReached,
                _ => Met::Answered,
            };
            *later |= *own;
        }
    }
    out
}

/// How many candidates left each question blank, and how.
pub fn blanks(answered: &[Vec<bool>], sections: &[usize]) -> Vec<Blanks> {
    met(answered, sections)
        .par_iter()
        .map(|column| Blanks {
            omitted: column.iter().filter(|m| **m == Met::Omitted).count(),
            not_reached: column.iter().filter(|m| **m == Met::NotReached).count(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_after_the_last_answer_of_a_section_were_not_reached() {
        let columns = vec![vec![1, 0, 0], vec![0, 1, 0], vec![1, 0, 0], vec![0, 1, 0], vec![0, 0, 1]];
        let responses = ResponseMatrix::new(3, columns).unwrap();
        let answered = answered(&responses);
        let found = met(&answered, &[0, 0, 0, 1, 1]);
        use Met::{Answered as A, NotReached as N, Omitted as O};
        assert_eq!(found, [vec![A, O, N], vec![O, A, N], vec![A, N, N], vec![N, A, O], vec![N, N, A]]);
        let of = |q: usize| blanks(&answered, &[0, 0, 0, 1, 1])[q];
        assert_eq!(of(1), Blanks { omitted: 1, not_reached: 1 });
    }
}
