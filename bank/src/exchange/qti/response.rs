//! Response processing, in the words of QTI 2.x. Where a template of the standard marks as the EDN does it
//! is used (`match_correct`, `map_response`, `map_response_point`); discordances (1; 0,5; 0,2; 0) and
//! *indispensable* or *inacceptable* propositions are written out.

use crate::exchange::render::escape;
use docimo_engine::question::{Body, Proposition, Question, Status};
use std::fmt::Write as _;

/// A template of the standard, by its short name.
fn template(name: &str) -> String {
    format!("<responseProcessing template=\"http://www.imsglobal.org/question/qti_v2p1/rptemplates/{name}\"/>\n")
}

/// The response processing of a question whose choices have these identifiers, and the outcomes that it
/// needs beside `SCORE`.
pub(super) fn processing(question: &Question, identifiers: &[String]) -> (String, String) {
    let zeroing =
        |list: &[Proposition]| list.iter().any(|p| matches!(p.status, Status::Indispensable | Status::Inacceptable));
    match &question.body {
        Body::Qru { .. } => (String::new(), template("match_correct")),
        // Someone reads it: nothing is computed.
        body @ Body::Qroc { .. } if body.lacks_key() => (String::new(), String::new()),
        Body::Qroc { .. } | Body::Tcs { .. } => (String::new(), template("map_response")),
        Body::Qzp { .. } => (String::new(), template("map_response_point")),
        Body::Qrp { propositions, .. } if !zeroing(propositions) => (String::new(), template("map_response")),
        Body::Qrpl { .. } => (String::new(), template("map_response")),
        Body::Qrp { propositions, .. } => {
            let score =
                "<setOutcomeValue identifier=\"SCORE\"><mapResponse identifier=\"RESPONSE\"/></setOutcomeValue>\n";
            (
                String::new(),
                format!("<responseProcessing>\n{score}{}</responseProcessing>\n", zero(propositions, identifiers)),
            )
        }
        Body::Qrm { propositions } | Body::Qcm { propositions } => {
            let outcome = "<outcomeDeclaration identifier=\"DISCORDANCES\" cardinality=\"single\" baseType=\"integer\"><defaultValue><value>0</value></defaultValue></outcomeDeclaration>\n";
            let mut text = String::from("<responseProcessing>\n");
            for (p, identifier) in propositions.iter().zip(identifiers) {
                let _ = writeln!(
                    text,
                    "<responseCondition><responseIf>{}<setOutcomeValue identifier=\"DISCORDANCES\"><sum><variable identifier=\"DISCORDANCES\"/><baseValue baseType=\"integer\">1</baseValue></sum></setOutcomeValue></responseIf></responseCondition>",
                    if p.status.is_true() { missing(identifier) } else { ticked(identifier) }
                );
            }
            text.push_str("<responseCondition>\n");
            for (d, score) in ["1", "0.5", "0.2"].into_iter().enumerate() {
                let branch = if d == 0 { "responseIf" } else { "responseElseIf" };
                let _ = writeln!(
                    text,
                    "<{branch}><match><variable identifier=\"DISCORDANCES\"/><baseValue baseType=\"integer\">{d}</baseValue></match>{}</{branch}>",
                    set(score)
                );
            }
            let _ = writeln!(text, "<responseElse>{}</responseElse>\n</responseCondition>", set("0"));
            text.push_str(&zero(propositions, identifiers));
            text.push_str("</responseProcessing>\n");
            (outcome.to_owned(), text)
        }
    }
}

/// Conditions that zero the question, after all others.
fn zero(propositions: &[Proposition], identifiers: &[String]) -> String {
    let mut text = String::new();
    for (p, identifier) in propositions.iter().zip(identifiers) {
        let condition = match p.status {
            Status::Indispensable => missing(identifier),
            Status::Inacceptable => ticked(identifier),
            Status::Vrai | Status::Faux => continue,
        };
        let _ =
            writeln!(text, "<responseCondition><responseIf>{condition}{}</responseIf></responseCondition>", set("0"));
    }
    text
}

fn set(score: &str) -> String {
    format!("<setOutcomeValue identifier=\"SCORE\"><baseValue baseType=\"float\">{score}</baseValue></setOutcomeValue>")
}

fn ticked(identifier: &str) -> String {
    format!(
        "<member><baseValue baseType=\"identifier\">{}</baseValue><variable identifier=\"RESPONSE\"/></member>",
        escape(identifier)
    )
}

/// Not ticked; an empty response is NULL in QTI, and `not` of NULL is not true.
fn missing(identifier: &str) -> String {
    format!("<or><isNull><variable identifier=\"RESPONSE\"/></isNull><not>{}</not></or>", ticked(identifier))
}
