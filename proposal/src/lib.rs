//! Proposals of a machine, and the one door to content: the decision of a named human.
//!
//! A [`Proposal`] is never content. [`Proposal::decide`] consumes it together with a
//! [`Decision`] and gives an [`Outcome`]: either a [`Reviewed`] value, which rooms that keep
//! content ask for in their signatures, or a [`Refused`] one, which is kept as a trace.
//!
//! ```
//! use docimo_proposal::*;
//! # fn provenance() -> Provenance {
//! #     Provenance {
//! #         function: Function::CommentDrafting,
//! #         provider: "local".into(), model: "exemple".into(), model_version: "1".into(),
//! #         parameters: Parameters::new(),
//! #         prompt: PromptTemplate::of("comment", "1", "Commente : {proposition}"),
//! #         sources: Vec::new(), created_at_ms: 0, tokens: Tokens::default(),
//! #     }
//! # }
//! let proposal = Proposal::new("Le bilan initial comprend un ECG.".to_owned(), provenance())?;
//! let decision = Decision {
//!     reviewer: ReviewerId::new("pr-martin")?,
//!     verdict: Verdict::Amend("Le bilan initial comprend un ECG de repos.".to_owned()),
//!     at_ms: 1_760_000_000_000,
//!     remark: None,
//! };
//! match proposal.decide(decision) {
//!     Outcome::Reviewed(reviewed) => {
//!         assert_eq!(reviewed.content(), "Le bilan initial comprend un ECG de repos.");
//!         assert_eq!(reviewed.proposed(), "Le bilan initial comprend un ECG.");
//!     }
//!     Outcome::Refused(_) => unreachable!(),
//! }
//! # Ok::<(), ProposalError>(())
//! ```
//!
//! Nothing else makes a [`Reviewed`]: its fields are private,
//!
//! ```compile_fail,E0451
//! use docimo_proposal::{Provenance, Reviewed, ReviewerId};
//! fn short_cut(provenance: Provenance, reviewer: ReviewerId) -> Reviewed<String> {
//!     Reviewed {
//!         content: "écrit par une machine".to_owned(),
//!         proposed: None,
//!         provenance,
//!         reviewer,
//!         at_ms: 0,
//!         remark: None,
//!     }
//! }
//! ```
//!
//! it cannot be read back from a file or a request,
//!
//! ```compile_fail,E0277
//! use docimo_proposal::Reviewed;
//! fn readable<T: for<'de> serde::Deserialize<'de>>() {}
//! readable::<Reviewed<String>>();
//! ```
//!
//! it has no default value,
//!
//! ```compile_fail,E0277
//! use docimo_proposal::Reviewed;
//! fn has_default<T: Default>() {}
//! has_default::<Reviewed<String>>();
//! ```
//!
//! and once decided it does not change.
//!
//! ```compile_fail,E0594
//! use docimo_proposal::Reviewed;
//! fn touch_up(reviewed: Reviewed<String>) {
//!     *reviewed.content() = "autre chose".to_owned();
//! }
//! ```
//!
//! Tests that need a reviewed value make one as everybody does: propose, then decide.

mod names;
mod provenance;

use serde::{Deserialize, Serialize};

pub use names::{ProposalError, Reason, ReviewerId};
pub use provenance::{
    Function, Parameter, Parameters, Passage, PromptTemplate, Provenance, Sha256Digest, Source, Tokens, Trust,
};

/// Something a machine wrote, waiting for a human. Never content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawProposal<T>")]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub struct Proposal<T> {
    content: T,
    provenance: Provenance,
}

#[derive(Deserialize)]
struct RawProposal<T> {
    content: T,
    provenance: Provenance,
}

impl<T> TryFrom<RawProposal<T>> for Proposal<T> {
    type Error = ProposalError;

    fn try_from(raw: RawProposal<T>) -> Result<Self, ProposalError> {
        Self::new(raw.content, raw.provenance)
    }
}

impl<T> Proposal<T> {
    /// Puts what the machine wrote together with where it comes from.
    ///
    /// # Errors
    /// When the provenance does not name the provider, the model, its version or the prompt.
    pub fn new(content: T, provenance: Provenance) -> Result<Self, ProposalError> {
        provenance.check()?;
        Ok(Self { content, provenance })
    }

    /// What the machine wrote, to be shown to the reviewer *as a proposal*.
    #[must_use]
    pub fn content(&self) -> &T {
        &self.content
    }

    /// Where it comes from.
    #[must_use]
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// The one door: a named human decides, and the proposal is no more.
    pub fn decide(self, decision: Decision<T>) -> Outcome<T> {
        let Self { content: proposed, provenance } = self;
        let Decision { reviewer, verdict, at_ms, remark } = decision;
        let reviewed = |content, proposed| {
            Outcome::Reviewed(Reviewed {
                content,
                proposed,
                provenance: provenance.clone(),
                reviewer: reviewer.clone(),
                at_ms,
                remark: remark.clone(),
            })
        };
        match verdict {
            Verdict::Accept => reviewed(proposed, None),
            Verdict::Amend(amended) => reviewed(amended, Some(proposed)),
            Verdict::Refuse { reason } => {
                Outcome::Refused(Refused { proposed, provenance, reviewer, reason, at_ms, remark })
            }
        }
    }
}

/// What a human decided about a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision<T> {
    /// Who decides.
    pub reviewer: ReviewerId,
    /// What they decide.
    pub verdict: Verdict<T>,
    /// When: milliseconds since the Unix epoch, given by the caller.
    pub at_ms: i64,
    /// What they add, for the author or the history.
    #[serde(default = "no_remark", skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

fn no_remark() -> Option<String> {
    None
}

/// The verdict of a reviewer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict<T> {
    /// Taken as it was proposed.
    Accept,
    /// Taken after the reviewer's edits: the text as amended.
    Amend(T),
    /// Not taken.
    Refuse {
        /// Why.
        reason: Reason,
    },
}

/// What becomes of a proposal.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[must_use]
pub enum Outcome<T> {
    /// It may become content.
    Reviewed(Reviewed<T>),
    /// It is kept as a trace only.
    Refused(Refused<T>),
}

impl<T> Outcome<T> {
    /// The reviewed value, unless it was refused.
    #[must_use]
    pub fn reviewed(self) -> Option<Reviewed<T>> {
        match self {
            Self::Reviewed(reviewed) => Some(reviewed),
            Self::Refused(_) => None,
        }
    }
}

/// What a named human took from a machine, as it was or amended. Made by [`Proposal::decide`]
/// and by nothing else: it is written to JSON and never read from it, and no method changes it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reviewed<T> {
    content: T,
    /// What the machine wrote, when the reviewer changed it.
    proposed: Option<T>,
    provenance: Provenance,
    reviewer: ReviewerId,
    at_ms: i64,
    remark: Option<String>,
}

impl<T> Reviewed<T> {
    /// The content the human answers for.
    #[must_use]
    pub fn content(&self) -> &T {
        &self.content
    }

    /// What the machine had written.
    #[must_use]
    pub fn proposed(&self) -> &T {
        self.proposed.as_ref().unwrap_or(&self.content)
    }

    /// Whether the reviewer changed it.
    #[must_use]
    pub fn is_amended(&self) -> bool {
        self.proposed.is_some()
    }

    /// Where the proposal came from.
    #[must_use]
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Who decided.
    #[must_use]
    pub fn reviewer(&self) -> &ReviewerId {
        &self.reviewer
    }

    /// When, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn at_ms(&self) -> i64 {
        self.at_ms
    }

    /// What the reviewer added.
    #[must_use]
    pub fn remark(&self) -> Option<&str> {
        self.remark.as_deref()
    }

    /// Gives the content up, for the room that keeps it. What the machine wrote, where it came
    /// from and who decided are read before: they must be kept too.
    #[must_use]
    pub fn into_content(self) -> T {
        self.content
    }
}

/// A proposal that a human refused: a trace, with no way to its content but reading it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Refused<T> {
    proposed: T,
    provenance: Provenance,
    reviewer: ReviewerId,
    reason: Reason,
    at_ms: i64,
    remark: Option<String>,
}

impl<T> Refused<T> {
    /// What the machine had written.
    #[must_use]
    pub fn proposed(&self) -> &T {
        &self.proposed
    }

    /// Where the proposal came from.
    #[must_use]
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Who decided.
    #[must_use]
    pub fn reviewer(&self) -> &ReviewerId {
        &self.reviewer
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// When, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn at_ms(&self) -> i64 {
        self.at_ms
    }

    /// What the reviewer added.
    #[must_use]
    pub fn remark(&self) -> Option<&str> {
        self.remark.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provenance() -> Provenance {
        Provenance {
            function: Function::QuestionGeneration,
            provider: "local".into(),
            model: "exemple".into(),
            model_version: "2026-01".into(),
            parameters: Parameters::from([
                ("graine".into(), Parameter::Integer(7)),
                ("température".into(), Parameter::Number(1.0)),
            ]),
            prompt: PromptTemplate::of("qrm", "3", "Écris une question."),
            sources: vec![Source {
                title: "Cours de cardiologie".into(),
                reference: None,
                edition: String::new(),
                date: "2025".into(),
                licence: "CC BY".into(),
                trust: Trust::Teaching,
                passages: vec![Passage {
                    id: "P1".into(),
                    text: "L’ECG est fait en moins de dix minutes.".into(),
                    place: Some("page 4".into()),
                }],
            }],
            created_at_ms: 1_760_000_000_000,
            tokens: Tokens { prompt: 812, completion: 240 },
        }
    }

    fn decision(verdict: Verdict<String>) -> Result<Decision<String>, ProposalError> {
        Ok(Decision {
            reviewer: ReviewerId::new("pr-martin")?,
            verdict,
            at_ms: 1_760_000_060_000,
            remark: Some("vu".into()),
        })
    }

    #[test]
    fn a_human_accepts_amends_or_refuses() -> Result<(), ProposalError> {
        let proposal = Proposal::new("brut".to_owned(), provenance())?;

        let accepted = proposal.clone().decide(decision(Verdict::Accept)?).reviewed();
        let accepted = accepted.as_ref();
        assert_eq!(accepted.map(Reviewed::is_amended), Some(false));
        assert_eq!(accepted.map(|r| r.content().as_str()), Some("brut"));
        assert_eq!(accepted.map(|r| r.proposed().as_str()), Some("brut"));
        assert_eq!(accepted.map(|r| r.reviewer().as_str()), Some("pr-martin"));

        let amended = proposal.clone().decide(decision(Verdict::Amend("poli".into()))?).reviewed();
        let amended = amended.as_ref();
        assert_eq!(amended.map(|r| r.content().as_str()), Some("poli"));
        assert_eq!(amended.map(|r| r.proposed().as_str()), Some("brut"));

        let reason = Reason::new("hors programme")?;
        match proposal.decide(decision(Verdict::Refuse { reason })?) {
            Outcome::Refused(refused) => {
                assert_eq!(refused.reason().as_str(), "hors programme");
                assert_eq!(refused.proposed(), "brut");
            }
            Outcome::Reviewed(_) => panic!("refused proposals are not reviewed content"),
        }
        Ok(())
    }

    #[test]
    fn nobody_decides_anonymously() {
        for blank in ["", "   ", "\u{a0}\n"] {
            assert_eq!(ReviewerId::new(blank), Err(ProposalError::Blank { field: "relecteur" }));
        }
        assert!(ReviewerId::new("a\nb").is_err());
        assert!(ReviewerId::new("a".repeat(201)).is_err());
        let json = r#"{"reviewer":" ","verdict":"accept","at_ms":0}"#;
        assert!(serde_json::from_str::<Decision<String>>(json).is_err());
        let json = r#"{"reviewer":"x","verdict":{"refuse":{"reason":""}},"at_ms":0}"#;
        assert!(serde_json::from_str::<Decision<String>>(json).is_err());
        let json = r#"{"reviewer":"x","verdict":{"amend":"mieux"},"at_ms":0}"#;
        assert!(serde_json::from_str::<Decision<String>>(json).is_ok());
    }

    #[test]
    fn provenance_is_complete_even_when_read_back() -> Result<(), Box<dyn std::error::Error>> {
        let proposal = Proposal::new("brut".to_owned(), provenance())?;
        let json = serde_json::to_string(&proposal)?;
        assert_eq!(serde_json::from_str::<Proposal<String>>(&json)?, proposal);
        let nameless = json.replace("\"model\":\"exemple\"", "\"model\":\" \"");
        assert_ne!(nameless, json);
        let error = serde_json::from_str::<Proposal<String>>(&nameless).map_err(|e| e.to_string());
        assert_eq!(error, Err("modèle : texte obligatoire absent".to_owned()));
        let mangled = json.replace("\"sha256\":\"", "\"sha256\":\"é");
        assert!(serde_json::from_str::<Proposal<String>>(&mangled).is_err());
        Ok(())
    }

    #[test]
    fn digest_is_the_standard_one() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            Sha256Digest::of("abc").to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
