//! GIFT, Moodle's text format: `::title::[html]stem{=right ~wrong #comment}`.
//!
//! Reading order: `parse` (a file to what it says), this module (what it says to questions), `write`.
//! Texts are written in Markdown, which GIFT knows, so that they come back as they were. Rank and kind
//! travel as tags (`rang:A`, `docimo:QRP`), the identifier as `[id:…]`.

pub(super) mod parse;
mod write;

pub(super) use write::write;

use super::draft::{self, Answer, Draft, Markup};
use super::limits::Limits;
use super::text::Decoded;
use super::{Faulty, Imported, Raw, html, identity};
use docimo_engine::paper::Element;
use docimo_engine::question::{Body, Status};
use parse::{Choice, Item, Kind, Number, Parsed, Text};

pub(super) fn read(decoded: &Decoded<'_>, limits: &Limits) -> Raw {
    let mut raw = Raw { warnings: decoded.warning.clone().into_iter().collect(), ..Raw::default() };
    let mut category: Option<String> = None;
    let mut number = 0;
    for item in parse::items(&decoded.text).take(limits.entries + 1) {
        match item {
            Ok(Item::Category(path)) => {
                let mut steps: Vec<&str> = path.split('/').map(str::trim).collect();
                steps.retain(|s| !s.is_empty() && *s != "top" && !(s.starts_with('$') && s.ends_with('$')));
                category = Some(steps.join("/")).filter(|c| !c.is_empty());
            }
            Ok(Item::Question(parsed)) => {
                number += 1;
                raw.entries.push(question(parsed, number, category.as_deref()));
            }
            Err((line, reason)) => {
                number += 1;
                raw.entries.push(Err(Faulty::error(format!("question {number}, ligne {line}"), reason)));
            }
        }
    }
    raw
}

fn question(parsed: Parsed, number: usize, category: Option<&str>) -> Result<Imported, Faulty> {
    let place = format!("question {number}, ligne {}", parsed.line);
    let mut draft = Draft::default();
    let titled = parsed.title.as_deref().map_or_else(String::new, |t| format!(" (« {t} »)"));
    let stem = draft.gift(&parsed.stem, "énoncé");
    let alone = |body: Body| Some(Element::Question(draft::question(stem.clone(), body)));
    let element = match parsed.kind {
        Kind::Description => {
            let reason = format!("texte sans question{titled} : à reprendre à la main, dans un dossier");
            return Err(Faulty::warning(place, reason));
        }
        Kind::Essay => alone(draft.essay()),
        Kind::TrueFalse { right, wrong_feedback, right_feedback } => {
            let mut comment = |text: Option<Text>| text.map(|t| draft.gift(&t, "commentaires")).unwrap_or_default();
            let (wrong, good) = (comment(wrong_feedback), comment(right_feedback));
            let (yes, no) = if right { (good, wrong) } else { (wrong, good) };
            let status = |truth: bool| if truth == right { Status::Vrai } else { Status::Faux };
            let propositions = vec![
                draft::proposition(0, "Vrai".to_owned(), status(true), yes),
                draft::proposition(1, "Faux".to_owned(), status(false), no),
            ];
            alone(Body::Qru { propositions })
        }
        Kind::Choices { choices, single } => {
            let answers = draft.gift_answers(choices, single);
            alone(draft.choice(answers, single))
        }
        Kind::Short(choices) => {
            let answers = draft.gift_answers(choices, true);
            alone(draft.open(answers))
        }
        Kind::Numerical(numbers) => alone(draft.gift_numbers(numbers)),
        Kind::Matching(pairs) => {
            let (mut asked, mut others) = (Vec::new(), Vec::new());
            for (sub, answer) in pairs {
                let sub = draft.gift(&sub, "éléments à apparier");
                let answer = html::plain_to_markdown(&answer);
                if sub.is_empty() { others.push(answer) } else { asked.push((sub, answer)) }
            }
            let subs = draft::matching(&mut draft, asked, others);
            let title = parsed.title.as_deref().unwrap_or_default();
            draft.several(title, stem.clone(), subs)
        }
    };
    let mut element = element;
    if let Some(general) = &parsed.global_feedback {
        let text = draft.gift(general, "retour général");
        let own = std::mem::take(&mut draft.comment);
        draft.comment = [text, own].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join("\n\n");
    }
    let id = parsed.id.as_deref().and_then(|id| identity::given(id, category));
    let tags = match &mut element {
        Some(element) => super::moodle::hints(element, parsed.tags),
        None => Vec::new(),
    };
    match &mut element {
        Some(Element::Question(question)) => question.tags = tags,
        Some(Element::Case(case)) => case.tags = tags,
        None => {}
    }
    draft.finish(place, id, category, element)
}

impl Draft {
    fn gift(&mut self, text: &Text, place: &str) -> String {
        let markup = match text.format {
            parse::Format::Html => Markup::Html,
            parse::Format::Moodle => Markup::Auto,
            parse::Format::Plain => Markup::Plain,
            parse::Format::Markdown => Markup::Markdown,
        };
        self.markdown(&text.text, markup, place, None)
    }

    fn gift_answers(&mut self, choices: Vec<Choice>, single: bool) -> Vec<Answer> {
        choices
            .into_iter()
            .map(|choice| {
                let full = if choice.right { 100.0 } else { 0.0 };
                let markdown = self.gift(&choice.text, "propositions");
                let comment = choice.feedback.map(|f| self.gift(&f, "commentaires")).unwrap_or_default();
                let fraction = match choice.weight {
                    // "=%50%" is a half-right answer; "=" beside it is the key.
                    Some(weight) => weight,
                    None if single || choice.right => full,
                    None => 0.0,
                };
                Answer { fraction, raw: choice.text.text, markdown, comment }
            })
            .collect()
    }

    fn gift_numbers(&mut self, numbers: Vec<(Option<Number>, f64, Option<Text>)>) -> Body {
        let (mut exact, mut acceptable) = (Vec::new(), Vec::new());
        for (number, fraction, feedback) in numbers {
            if feedback.is_some() {
                self.lose("commentaires des réponses numériques");
            }
            let Some(number) = number else { continue };
            if fraction <= 0.0 {
                self.lose("réponses fausses prévues");
                continue;
            }
            let values = match number {
                Number::Around(value, tolerance) => self.tolerance(&value, &tolerance),
                Number::Between(low, high) => self.interval(&low, &high, None),
            };
            self.values(values.unwrap_or_default(), fraction, &mut exact, &mut acceptable);
        }
        self.qroc(exact, acceptable)
    }
}

#[cfg(test)]
#[path = "gift_tests.rs"]
mod tests;
