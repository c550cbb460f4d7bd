//! A crowd of candidates who sit an exam over HTTP as browsers do, and an oracle that says whether an answer was lost.
//!
//! Useful for: finding out, before the day, what a machine bears, and proving that nothing it acknowledged is missing.
//! Not for: knowing anything of the server from within. Everything here goes through its doors, as a candidate or as the
//! committee; marks are computed again by rules written here, not by the engine.
//!
//! Reading order: [`plan`] (what is to happen), [`paper`] (what is sat, and what it is worth), [`staff`] (the
//! committee), [`candidate`] (one of them), [`run`] (all of them, rung by rung), [`oracle`], [`measure`], [`report`].

pub mod candidate;
pub mod machine;
pub mod measure;
pub mod opened;
pub mod oracle;
pub mod paper;
pub mod plan;
pub mod report;
pub mod run;
pub mod staff;

/// Why a simulation stopped.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    /// The server could not be reached, or not understood.
    #[error("{doing} : {why}")]
    Server {
        /// What was being done.
        doing: String,
        /// Why not.
        why: String,
    },
    /// The plan cannot be followed.
    #[error("{0}")]
    Plan(String),
    /// The machine.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Result of a part of a simulation.
pub type Outcome<T> = Result<T, SimulationError>;
