//! Moodle's question types, but those on an image.

use super::is_yes;
use crate::exchange::draft::{self, Draft, Sub};
use crate::exchange::html;
use crate::exchange::xml::Node;
use docimo_engine::paper::Element;
use docimo_engine::question::{Body, Status};

impl Draft {
    pub(super) fn multichoice(&mut self, node: &Node) -> Body {
        let single = node.child("single").is_none_or(|n| is_yes(&n.text()));
        let answers = self.answers(node);
        self.choice(answers, single)
    }

    pub(super) fn truefalse(&mut self, node: &Node) -> Body {
        let (mut truth, mut falsehood) = (None, None);
        for answer in self.answers(node) {
            let slot = match answer.raw.trim().to_ascii_lowercase().as_str() {
                "true" | "vrai" => &mut truth,
                "false" | "faux" => &mut falsehood,
                other => {
                    self.errors.push(format!("réponse « {other} » à une question vrai ou faux"));
                    continue;
                }
            };
            if slot.replace(answer).is_some() {
                self.errors.push("la même réponse est donnée deux fois".to_owned());
            }
        }
        let mut propositions = Vec::new();
        for (i, (word, answer)) in [("Vrai", truth), ("Faux", falsehood)].into_iter().enumerate() {
            match answer {
                Some(answer) => {
                    let status = if answer.fraction > 0.0 { Status::Vrai } else { Status::Faux };
                    propositions.push(draft::proposition(i, word.to_owned(), status, answer.comment));
                }
                None => self.errors.push(format!("il manque la réponse « {word} »")),
            }
        }
        Body::Qru { propositions }
    }

    pub(super) fn numerical(&mut self, node: &Node) -> Body {
        let tolerances: Vec<String> = node
            .children("answer")
            .map(|a| a.child("tolerance").map_or_else(|| "0".to_owned(), |t| t.text().trim().to_owned()))
            .collect();
        let (mut exact, mut acceptable) = (Vec::new(), Vec::new());
        for (answer, tolerance) in self.answers(node).into_iter().zip(tolerances) {
            if answer.raw.trim() == "*" {
                if answer.fraction > 0.0 {
                    self.warnings.push("réponse « * » non reprise : le joker n’existe pas ici".to_owned());
                }
                continue;
            }
            if answer.fraction <= 0.0 {
                self.lose("réponses fausses prévues");
                continue;
            }
            let tolerance = if tolerance.is_empty() { "0" } else { tolerance.as_str() };
            let Some(values) = self.tolerance(&answer.raw, tolerance) else { continue };
            if !answer.comment.is_empty() {
                self.lose("commentaires des réponses numériques");
            }
            self.values(values, answer.fraction, &mut exact, &mut acceptable);
        }
        self.qroc(exact, acceptable)
    }

    /// Puts values that are worth so much where they belong, once each.
    pub(in crate::exchange) fn values(
        &mut self,
        values: Vec<String>,
        fraction: f64,
        exact: &mut Vec<String>,
        acceptable: &mut Vec<String>,
    ) {
        let full = fraction >= 99.99;
        if !full && (fraction - 50.0).abs() > 0.01 {
            self.lose("points partiels autres que la moitié");
        }
        if full {
            acceptable.retain(|known| !values.contains(known));
            exact.extend(values.into_iter().filter(|v| !exact.contains(v)).collect::<Vec<_>>());
        } else {
            let new: Vec<String> =
                values.into_iter().filter(|v| !exact.contains(v) && !acceptable.contains(v)).collect();
            acceptable.extend(new);
        }
    }

    pub(super) fn matching(&mut self, node: &Node, name: &str) -> Option<Element> {
        let (mut pairs, mut others) = (Vec::new(), Vec::new());
        for sub in node.children("subquestion") {
            let text = self.node_markdown(sub, "éléments à apparier", None);
            let answer = sub.child("answer").map(|a| html::plain_to_markdown(a.text().trim())).unwrap_or_default();
            if answer.is_empty() {
                self.errors.push(format!("ligne {} : élément à apparier sans réponse", sub.line));
            } else if text.is_empty() {
                others.push(answer);
            } else {
                pairs.push((text, answer));
            }
        }
        let subs = draft::matching(self, pairs, others);
        self.several(name, String::new(), subs)
    }

    /// Gaps `[[1]]` to fill with words of a list.
    pub(super) fn gaps(&mut self, node: &Node, name: &str) -> Option<Element> {
        let Some(text) = node.child("questiontext") else {
            self.errors.push("question sans <questiontext>".to_owned());
            return None;
        };
        let mut ignored = Vec::new();
        let text = self.node_markdown(text, "énoncé", Some(&mut ignored));
        let choices: Vec<(String, String)> = node
            .elements()
            .filter(|n| matches!(n.name.as_str(), "selectoption" | "dragbox"))
            .map(|n| {
                let group = n.child("group").map(Node::text).unwrap_or_default();
                (html::to_markdown(&n.text(), html::LineFeed::Space).markdown, group.trim().to_owned())
            })
            .collect();
        let mut intro = String::new();
        let mut subs = Vec::new();
        let mut rest = text.as_str();
        // The writer of Markdown escapes the first bracket of a line.
        while let Some(at) = rest.find("[[") {
            let (number, after) = match rest[at + 2..].split_once("]]") {
                Some((number, after)) => (number.parse::<usize>().ok(), after),
                None => break,
            };
            intro.push_str(rest[..at].trim_end_matches('\\'));
            let right = number.and_then(|n| n.checked_sub(1)).and_then(|n| choices.get(n));
            match right {
                Some((right, group)) => {
                    intro.push_str(&format!("({})", subs.len() + 1));
                    let mut options: Vec<&String> = Vec::new();
                    for (option, other) in &choices {
                        if other == group && !options.contains(&option) {
                            options.push(option);
                        }
                    }
                    let propositions = options
                        .into_iter()
                        .enumerate()
                        .map(|(i, option)| {
                            let status = if option == right { Status::Vrai } else { Status::Faux };
                            draft::proposition(i, option.clone(), status, String::new())
                        })
                        .collect();
                    let stem = format!("Que faut-il à la place de ({}) ?", subs.len() + 1);
                    subs.push(Sub { stem, body: Body::Qru { propositions } });
                }
                None => {
                    self.errors.push(format!("la place [[{}]] n’a pas de mot dans la liste", number.unwrap_or(0)));
                }
            }
            rest = after;
        }
        intro.push_str(rest);
        self.several(name, intro, subs)
    }
}
