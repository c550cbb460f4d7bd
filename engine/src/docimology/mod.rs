//! What a marked exam says of its questions, of its candidates and of itself.
//!
//! Marks are exact; what is said about them here is estimated, in doubles. Every function is pure: the
//! same input gives the same output to the last bit, on one thread or many. Chance (bootstrap,
//! simulation) comes from a seed given as an argument.
//!
//! Reading order:
//!
//! 1. [`matrix`]: scores by question, compact; [`completion`]: what was left blank; [`numeric`]: the few functions that statistics share.
//! 2. [`classical`], [`reliability`]: difficulty, discrimination, how far a total can be trusted; [`propositions`]: what each option drew; [`patterns`]: which wrong answers were given.
//! 3. [`irt`]: item response models, abilities, fit, information.
//! 4. [`dif`]: does a question favour a group?
//! 5. [`uncertainty`]: how far a rank can be trusted; [`classification`]: how far a threshold can.
//! 6. [`whatif`]: what a decision would change, as one drags it; [`standards`]: where to put a threshold;
//!    [`panel`]: the panels of script concordance; [`equating`]: from one year to the next.
//! 7. [`irregularities`]: answers that two candidates share beyond chance, copies unlike their mark.
//!
//! Too little data is an answer: [`NotEstimable`] says in French what is missing. No function returns a
//! NaN or an infinity.

pub mod classical;
pub mod classification;
pub mod completion;
pub mod dif;
pub mod equating;
pub mod irregularities;
pub mod irt;
pub mod matrix;
pub mod numeric;
pub mod panel;
pub mod patterns;
pub mod propositions;
pub mod reliability;
pub mod standards;
pub mod uncertainty;
pub mod whatif;

use serde::Serialize;

/// Why a number is not given, for whoever reads the report.
#[derive(Clone, PartialEq, Debug, Serialize, thiserror::Error)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum NotEstimable {
    /// Too few candidates.
    #[error("{what} : {n} candidat{}, il en faut au moins {needed}", plural(*.n))]
    TooFewCandidates {
        /// What was asked, in French, without an article.
        what: &'static str,
        /// How many there are.
        n: usize,
        /// How many it takes.
        needed: usize,
    },
    /// Too few questions.
    #[error("{what} : {n} question{}, il en faut au moins {needed}", plural(*.n))]
    TooFewQuestions {
        /// What was asked, in French, without an article.
        what: &'static str,
        /// How many there are.
        n: usize,
        /// How many it takes.
        needed: usize,
    },
    /// Everyone has the same score.
    #[error("{what} : tous les candidats ont le même résultat")]
    NoVariance {
        /// What was asked, in French, without an article.
        what: &'static str,
    },
    /// The computation did not settle.
    #[error("{what} : le calcul n’a pas abouti ({detail})")]
    NotConverged {
        /// What was asked, in French, without an article.
        what: &'static str,
        /// What happened, in French.
        detail: String,
    },
    /// The data do not suit the method.
    #[error("{what} : {detail}")]
    Unsuited {
        /// What was asked, in French, without an article.
        what: &'static str,
        /// Why, in French.
        detail: String,
    },
}

/// In French, one and a half is still singular.
fn plural(n: usize) -> &'static str {
    if n < 2 { "" } else { "s" }
}

/// A statistic, or why it is not given.
pub type Estimate<T> = Result<T, NotEstimable>;
