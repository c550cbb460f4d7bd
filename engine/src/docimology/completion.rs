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

/// What each candidate did with the questions of each section: `[question][candidate]`. `sections` gives the
/// section of each question, in the order of the paper.
pub fn met(responses: &ResponseMatrix, sections: &[usize]) -> Vec<Vec<Met>> {
    let n = responses.candidates();
    let mut out = vec![vec![Met::Answered; n]; responses.questions()];
    // From the last question to the first: has anything been answered after this one?
    let mut answered = vec![false; n];
    for q in (0..responses.questions()).rev() {
        if sections.get(q) != sections.get(q + 1) {
            answered.fill(false);
        }
        for ((met, seen), code) in out[q].iter_mut().zip(&mut answered).zip(responses.column(q)) {
            *met = match (*code, *seen) {
                (0, true) => Met::Omitted,
                (0, false) => Met::NotReached,
                _ => Met::Answered,
            };
            *seen |= *code != 0;
        }
    }
    out
}

/// How many candidates left each question blank, and how.
pub fn blanks(responses: &ResponseMatrix, sections: &[usize]) -> Vec<Blanks> {
    met(responses, sections)
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
        let found = met(&responses, &[0, 0, 0, 1, 1]);
        use Met::{Answered as A, NotReached as N, Omitted as O};
        assert_eq!(found, [vec![A, O, N], vec![O, A, N], vec![A, N, N], vec![N, A, O], vec![N, N, A]]);
        let of = |q: usize| blanks(&responses, &[0, 0, 0, 1, 1])[q];
        assert_eq!(of(1), Blanks { omitted: 1, not_reached: 1 });
    }
}
