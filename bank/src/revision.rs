//! What identifies a revision of a question, what makes two questions the same, and the workflow.

use docimo_engine::paper::{Case, Element};
use docimo_engine::question::{Body, Question};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::{self, Write as _};
use std::str::FromStr;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// SHA-256 (64 lowercase hexadecimal digits) of the exact content: wording, key, comments, tags, ids.
///
/// It is computed on a canonical JSON: fields sorted by name, no space, `-0` written `0`. So it does
/// not depend on the order of fields in a file, on the database or on the version of a library; a
/// field added to the engine later, absent when it has its default value, leaves it unchanged. The
/// order of propositions is content.
pub fn content_hash(element: &Element) -> String {
    // An element is plain data: text keys, texts, numbers. Writing it cannot fail.
    let value = serde_json::to_value(element).expect("un élément s’écrit toujours en JSON");
    let mut text = String::from("docimo-element/1\n");
    canonical(&value, &mut text);
    hex_sha256(text.as_bytes())
}

/// SHA-256 in 64 lowercase hexadecimal digits.
pub(crate) fn hex_sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            // Sorted here: the map keeps the order of insertion if any crate of the build asks for it.
            let mut fields: Vec<_> = map.iter().collect();
            fields.sort_by_key(|(name, _)| name.as_str());
            out.push('{');
            for (i, (name, inner)) in fields.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                let _ = write!(out, "{}:", Value::String(name.clone()));
                canonical(inner, out);
            }
            out.push('}');
        }
        Value::Array(list) => {
            out.push('[');
            for (i, inner) in list.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                canonical(inner, out);
            }
            out.push(']');
        }
        Value::Number(number) if number.as_f64() == Some(0.0) => out.push('0'),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            let _ = write!(out, "{value}");
        }
    }
}

/// SHA-256 (64 hexadecimal digits) that two elements share when they ask the same thing: equal up to
/// accents, letter case, punctuation, Markdown marks, spaces and the order of propositions.
///
/// * The **key is left out**, and so is the kind among those where one ticks: the same question with
///   another key is exactly what a bank wants to be told. Neither do ids, tags, rank, comments, source
///   or weight count.
/// * Open questions are told apart by their stem and the file name of their image, TCS by vignette,
///   hypothesis and finding, cases by opening text and ordered parts.
/// * Kept because they change the meaning: `+ < > = % /`, arrows and mathematical symbols, the comma
///   of a decimal number (the point is read as a comma), a minus sign before a number or ending a
///   word ("Rh-").
/// * A renamed image, or a paper frozen (its images become hashes), changes the fingerprint.
pub fn fingerprint(element: &Element) -> String {
    let mut text = String::from("docimo-fingerprint/1\n");
    match element {
        Element::Question(question) => question_identity(question, &mut text),
        Element::Case(case) => case_identity(case, &mut text),
    }
    hex_sha256(text.as_bytes())
}

fn case_identity(case: &Case, out: &mut String) {
    line(out, "case", &fold(&case.intro));
    line(out, "image", case.image.as_ref().map_or("", |i| &i.file));
    if let Some(article) = &case.article {
        line(out, "article", &fold(&article.body));
        if let Some(pdf) = &article.pdf {
            line(out, "pdf", &pdf.file);
        }
    }
    for part in &case.parts {
        line(out, "part", &fold(&part.text));
        question_identity(&part.question, out);
    }
}

fn question_identity(question: &Question, out: &mut String) {
    line(out, "stem", &fold(&question.stem));
    line(out, "image", question.image.as_ref().map_or("", |i| &i.file));
    if let Some(video) = &question.video {
        line(out, "video", &video.file);
    }
    match &question.body {
        Body::Qru { propositions }
        | Body::Qrm { propositions }
        | Body::Qrp { propositions, .. }
        | Body::Qrpl { propositions, .. }
        | Body::Qcm { propositions } => {
            let mut texts: Vec<String> = propositions.iter().map(|p| fold(&p.text)).collect();
            texts.sort();
            for text in texts {
                line(out, "proposition", &text);
            }
        }
        Body::Qroc { .. } => line(out, "open", ""),
        Body::Qzp { .. } => line(out, "zones", ""),
        Body::Tcs { hypothesis, finding, .. } => {
            line(out, "hypothesis", &fold(hypothesis));
            line(out, "finding", &fold(finding));
        }
    }
}

fn line(out: &mut String, name: &str, text: &str) {
    let _ = writeln!(out, "{name} {text}");
}

/// The form in which texts are compared by [`fingerprint`]: no space, accent, capital, punctuation.
pub(crate) fn fold(text: &str) -> String {
    let folded: Vec<char> = text.nfkd().flat_map(char::to_lowercase).collect();
    let mut out = String::with_capacity(text.len());
    for (i, &c) in folded.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| folded.get(i)).copied().unwrap_or(' ');
        let after = folded.get(i + 1).copied().unwrap_or(' ');
        match c {
            // The stroke of ≠, which decomposition takes apart.
            '\u{338}' => out.push('≠'),
            c if is_combining_mark(c) => {}
            'œ' => out.push_str("oe"),
            'æ' => out.push_str("ae"),
            '.' | ',' if before.is_ascii_digit() && after.is_ascii_digit() => out.push(','),
            '-' | '\u{2010}' | '\u{2011}' | '\u{2212}' => {
                let sign = !before.is_alphanumeric() && after.is_ascii_digit();
                let charge = before.is_alphanumeric() && !after.is_alphanumeric();
                if sign || charge {
                    out.push('-');
                }
            }
            '+' | '<' | '>' | '=' | '%' | '/' | '‰' => out.push(c),
            c if c.is_ascii_punctuation() || c.is_whitespace() || c.is_control() => {}
            '¡' | '§' | '«' | '»' | '¶' | '·' | '¿' | '¨' | '´' | '¸' | '\u{2000}'..='\u{206f}' | '\u{feff}' =>
                {}
            c => out.push(c),
        }
    }
    out
}

/// Where a revision stands in the workflow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Being written.
    #[default]
    Draft,
    /// Waiting for a reviewer.
    InReview,
    /// Fit for a paper.
    Validated,
    /// Kept for its history, no longer proposed.
    Retired,
}

/// What someone does to a revision in the workflow. Who may is decided elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transition {
    /// The author asks for a review: draft → in review.
    Submit,
    /// The reviewer wants changes: in review → draft.
    SendBack,
    /// The reviewer agrees: in review → validated.
    Validate,
    /// Something must change after all: validated → draft.
    Reopen,
    /// Out of use, from anywhere but retired.
    Retire,
    /// Back to work: retired → draft. It is never validated again without a review.
    Restore,
}

/// A transition that the status does not allow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("impossible de {} une question à l’état « {} »", .transition.french(), .from.french())]
pub struct InvalidTransition {
    /// Where the revision stands.
    pub from: Status,
    /// What was asked.
    pub transition: Transition,
}

/// A text that names no status.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("état inconnu : « {0} »")]
pub struct UnknownStatus(pub String);

impl Status {
    /// Every status, in the order of the workflow.
    pub const ALL: [Self; 4] = [Self::Draft, Self::InReview, Self::Validated, Self::Retired];

    /// The code kept in databases and files.
    pub fn code(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::InReview => "in_review",
            Self::Validated => "validated",
            Self::Retired => "retired",
        }
    }

    /// The French words shown to users.
    pub fn french(self) -> &'static str {
        match self {
            Self::Draft => "brouillon",
            Self::InReview => "en relecture",
            Self::Validated => "validée",
            Self::Retired => "retirée",
        }
    }

    /// The status after `transition`.
    pub fn next(self, transition: Transition) -> Result<Self, InvalidTransition> {
        match (self, transition) {
            (Self::Draft, Transition::Submit) => Ok(Self::InReview),
            (Self::InReview, Transition::SendBack) => Ok(Self::Draft),
            (Self::InReview, Transition::Validate) => Ok(Self::Validated),
            (Self::Validated, Transition::Reopen) => Ok(Self::Draft),
            (Self::Draft | Self::InReview | Self::Validated, Transition::Retire) => Ok(Self::Retired),
            (Self::Retired, Transition::Restore) => Ok(Self::Draft),
            (from, transition) => Err(InvalidTransition { from, transition }),
        }
    }

    /// What may be done next, for buttons.
    pub fn transitions(self) -> impl Iterator<Item = Transition> {
        Transition::ALL.into_iter().filter(move |t| self.next(*t).is_ok())
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.french())
    }
}

impl FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(code: &str) -> Result<Self, UnknownStatus> {
        Self::ALL.into_iter().find(|s| s.code() == code).ok_or_else(|| UnknownStatus(code.to_owned()))
    }
}

impl Transition {
    /// Every transition.
    pub const ALL: [Self; 6] =
        [Self::Submit, Self::SendBack, Self::Validate, Self::Reopen, Self::Retire, Self::Restore];

    /// The French verb, for buttons and messages.
    pub fn french(self) -> &'static str {
        match self {
            Self::Submit => "proposer à la relecture",
            Self::SendBack => "renvoyer à l’auteur",
            Self::Validate => "valider",
            Self::Reopen => "rouvrir",
            Self::Retire => "retirer",
            Self::Restore => "remettre en chantier",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use docimo_engine::question::{self, Proposition};

    fn element(stem: &str, options: &[(&str, bool)]) -> Element {
        let propositions = options
            .iter()
            .enumerate()
            .map(|(i, (text, right))| Proposition {
                id: ["a", "b", "c", "d", "e"][i].into(),
                text: (*text).to_owned(),
                status: if *right { question::Status::Vrai } else { question::Status::Faux },
                comment: String::new(),
            })
            .collect();
        Element::Question(Question {
            id: "q1".into(),
            stem: stem.to_owned(),
            image: None,
            video: None,
            body: Body::Qrm { propositions },
            weight: docimo_engine::Exact::ONE,
            rank: None,
            tags: vec![],
            comment: String::new(),
            source: String::new(),
            scheme: None,
        })
    }

    #[test]
    fn the_hash_of_a_known_element_never_changes() {
        let e = element("Où est le cœur ?", &[("Thorax", true), ("Abdomen", false)]);
        // sha256 of the line below, computed with Python: what is stored must be found again.
        // docimo-element/1\n{"question":{"id":"q1","kind":"QRM","propositions":[{"id":"a",…
        assert_eq!(content_hash(&e), "a8edb341d1f5645907fd32640ae8e580da262a868382601641c2bfeb18b6bccc");
    }

    #[test]
    fn the_hash_sees_everything_and_only_content() {
        let e = element("Où ?", &[("Thorax", true), ("Abdomen", false)]);
        let json = serde_json::to_string(&e).unwrap();
        let again: Element = serde_json::from_str(&json).unwrap();
        assert_eq!(content_hash(&e), content_hash(&again));
        assert_ne!(content_hash(&e), content_hash(&element("Où ?", &[("Thorax", true), ("Abdomen", true)])));
        assert_ne!(content_hash(&e), content_hash(&element("Où ?", &[("Abdomen", false), ("Thorax", true)])));
    }

    #[test]
    fn duplicates_share_a_fingerprint() {
        let a = element("Parmi ces œdèmes, lequel ?", &[("7,35 g/L", true), ("L’été", false)]);
        let b = element("parmi ces  OEDEMES lequel?", &[("**L'ete**.", false), ("7.35 g / L", false)]);
        assert_eq!(fingerprint(&a), fingerprint(&b));
    }

    #[test]
    fn what_changes_the_meaning_changes_the_fingerprint() {
        for (x, y) in [
            ("A Rh-", "A Rh+"),
            ("A Rh-", "A Rh"),
            ("pH < pI", "pH > pI"),
            ("↑ du K", "↓ du K"),
            ("-2", "2"),
            ("1,5", "15"),
            ("a ≠ b", "a = b"),
            ("0,05 / 0,85", "0,05 - 0,85"),
            ("hypo", "hyper"),
        ] {
            assert_ne!(fold(x), fold(y), "{x} {y}");
        }
        assert_eq!(fold("thrombo-embolique"), fold("thromboembolique"));
        assert_eq!(fold("10⁶ µL"), fold("10^6^ μl"));
        assert_eq!(fold("60 g/L"), fold("60g/l"));
    }

    #[test]
    fn the_workflow() {
        use Transition::*;
        let path = [
            (Submit, Status::InReview),
            (Validate, Status::Validated),
            (Retire, Status::Retired),
            (Restore, Status::Draft),
        ];
        let mut status = Status::Draft;
        for (transition, wanted) in path {
            status = status.next(transition).unwrap();
            assert_eq!(status, wanted);
        }
        // Nothing becomes valid without a review.
        for from in Status::ALL {
            assert_eq!(from.next(Validate).is_ok(), from == Status::InReview);
            for t in from.transitions() {
                assert_ne!(from.next(t).unwrap(), from);
            }
        }
        let refused = Status::Retired.next(Validate).unwrap_err();
        assert_eq!(refused.to_string(), "impossible de valider une question à l’état « retirée »");
        for s in Status::ALL {
            assert_eq!(s.code().parse::<Status>().unwrap(), s);
            assert_eq!(serde_json::to_string(&s).unwrap(), format!("\"{}\"", s.code()));
        }
    }
}
