//! Tags that the words of a question call for, and tags found by a few letters.
//!
//! Items and objectives are those of [`docimo_ai::tagging`], by words alone; a situation counts by the words of its
//! title that occur in the text, each by how rare it is among titles. A suggestion is never taken without someone's
//! click.

use crate::app::App;
use crate::error::{ApiError, ApiResult};
use crate::referential::{NATIONAL, tag_of};
use docimo_ai::tagging::{Answer, Asked, Method};
use docimo_engine::paper::Element;
use docimo_engine::question::Body;
use r2c_referential::{Tag, fold, item, search_items, search_situations, situations, specialties};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use utoipa::ToSchema;

/// A tag with its title and why it is proposed.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Suggestion {
    /// As it is written in a question.
    pub tag: String,
    /// "Item 339", "Situation 50", "OIC-339-02-A".
    pub label: String,
    /// Official title.
    pub title: String,
    /// Words of the title that the question holds; empty for a tag that was looked for.
    pub words: Vec<String>,
}

/// Words of titles that say nothing of their subject.
const LITTLE: [&str; 40] = [
    "acte",
    "adulte",
    "aigu",
    "aigue",
    "annonce",
    "approche",
    "avec",
    "base",
    "bilan",
    "chez",
    "chronique",
    "chroniqu",
    "conduite",
    "connaitre",
    "dan",
    "definition",
    "demarche",
    "diagnostic",
    "diagnostique",
    "dont",
    "element",
    "enfant",
    "entre",
    "etat",
    "face",
    "grand",
    "identifier",
    "leur",
    "maladie",
    "patient",
    "pour",
    "principale",
    "principaux",
    "prise",
    "question",
    "risque",
    "sujet",
    "suivi",
    "traitement",
    "trouble",
];

struct Entry {
    tag: String,
    label: String,
    title: &'static str,
    words: Vec<String>,
}

struct Titles {
    situations: Vec<Entry>,
    /// How much a word says, by how few titles have it.
    weight: BTreeMap<String, f64>,
}

static TITLES: LazyLock<Titles> = LazyLock::new(|| {
    let entry = |tag: Tag, label: String, title: &'static str| Entry {
        tag: tag.to_string(),
        label,
        title,
        words: words(title).into_iter().collect(),
    };
    let situations: Vec<Entry> = situations()
        .iter()
        .map(|s| entry(Tag::Situation(s.number), format!("Situation\u{a0}{}", s.number), s.title))
        .collect();
    let items = r2c_referential::items().iter().map(|i| words(i.title));
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for word in items.chain(situations.iter().map(|e| e.words.iter().cloned().collect())).flatten() {
        *counts.entry(word).or_default() += 1;
    }
    let all = (r2c_referential::items().len() + situations.len()) as f64;
    let weight = counts.into_iter().map(|(word, n)| (word, (all / n as f64).ln())).collect();
    Titles { situations, weight }
});

/// The words of a text that say something: folded, without the mark of the plural.
fn words(text: &str) -> BTreeSet<String> {
    fold(text)
        .split(|c: char| !c.is_alphanumeric())
        .map(|word| match word.strip_suffix(['s', 'x']) {
            Some(stem) if stem.chars().count() >= 3 => stem.to_owned(),
            _ => word.to_owned(),
        })
        .filter(|word| word.chars().count() >= 4 && !LITTLE.contains(&word.as_str()))
        .collect()
}

/// What is read in an element, its tags apart: what is asked, and the answers with the places of the right ones.
/// Comments are left out: they name what the others are not.
pub(crate) fn asked(element: &Element) -> Asked {
    let (mut stem, mut answers, mut correct) = (Vec::new(), Vec::new(), Vec::new());
    if let Element::Case(case) = element {
        stem.extend([case.title.as_str(), case.intro.as_str()]);
        stem.extend(case.parts.iter().map(|part| part.text.as_str()));
    }
    for question in element.questions() {
        stem.push(question.stem.as_str());
        for proposition in question.body.propositions() {
            if proposition.status.is_true() {
                correct.push(answers.len());
            }
            answers.push(proposition.text.clone());
        }
        let mut right = |text: &String| {
            correct.push(answers.len());
            answers.push(text.clone());
        };
        match &question.body {
            Body::Qroc { exact, acceptable, .. } => exact.iter().chain(acceptable).for_each(right),
            Body::Qzp { zones, .. } => zones.iter().for_each(|z| right(&z.name)),
            Body::Tcs { hypothesis, finding, .. } => stem.extend([hypothesis.as_str(), finding.as_str()]),
            Body::Qru { .. } | Body::Qrm { .. } | Body::Qrp { .. } | Body::Qrpl { .. } | Body::Qcm { .. } => {}
        }
    }
    Asked { stem: stem.join("\n"), propositions: answers, correct }
}

/// A word of so few titles names their subject alone.
const RARE: f64 = 5.8;

/// How well a title goes with a text, and the words that say so: the part of its weight that occurs, times that
/// weight. `None` where less than half of it does, and no word that few titles have.
fn score(title: &[String], seen: &BTreeSet<String>, weight: impl Fn(&str) -> f64) -> Option<(f64, Vec<String>)> {
    let found: Vec<String> = title.iter().filter(|word| seen.contains(*word)).cloned().collect();
    let whole: f64 = title.iter().map(|word| weight(word)).sum();
    let part: f64 = found.iter().map(|word| weight(word)).sum();
    let enough = part * 2.0 >= whole || found.iter().any(|word| weight(word) >= RARE);
    (part > 0.0 && enough).then(|| (part * part / whole, found))
}

fn best(entries: &[Entry], seen: &BTreeSet<String>, most: usize) -> Vec<Suggestion> {
    let weight = |word: &str| TITLES.weight.get(word).copied().unwrap_or(0.0);
    let mut ranked: Vec<(f64, &Entry, Vec<String>)> = entries
        .iter()
        .filter_map(|entry| score(&entry.words, seen, weight).map(|(value, found)| (value, entry, found)))
        .filter(|(value, _, _)| *value >= 1.5)
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.tag.cmp(&b.1.tag)));
    let one = |(_, entry, words): (f64, &Entry, Vec<String>)| Suggestion {
        tag: entry.tag.clone(),
        label: entry.label.clone(),
        title: entry.title.to_owned(),
        words,
    };
    ranked.into_iter().take(most).map(one).collect()
}

/// Confidence under which nothing is suggested. Lower than what proposes a tag on its own: here someone reads a short
/// list beside the question, and the right one may be the second.
const LEAST: f64 = 0.25;
/// Items, and objectives, suggested at most.
const MOST: usize = 3;

/// What an answer suggests; titles of objectives are looked up by `title`.
fn suggested(answer: &Answer, title: impl Fn(&str) -> Option<String>) -> Vec<Suggestion> {
    let mut all = Vec::new();
    if answer.item(LEAST).is_some() {
        all.extend(answer.items.iter().filter(|i| !i.words.is_empty()).take(MOST).map(|found| Suggestion {
            tag: Tag::Item(found.code).to_string(),
            label: format!("Item\u{a0}{}", found.code),
            title: item(found.code).title.to_owned(),
            words: found.words.clone(),
        }));
    }
    if answer.objective(LEAST).is_some() {
        all.extend(answer.objectives.iter().filter(|o| !o.words.is_empty()).take(MOST).filter_map(|found| {
            let code = found.code.to_string();
            let title = title(&code)?;
            Some(Suggestion { tag: tag_of(NATIONAL, &code), label: code, title, words: found.words.clone() })
        }));
    }
    all
}

/// Tags that the words of an element call for and that it does not have: items and objectives where they stand out
/// enough, situations.
pub async fn tags(app: &App, element: &Element) -> ApiResult<Vec<Suggestion>> {
    let asked = asked(element);
    let whole = asked.propositions.iter().fold(asked.stem.clone(), |all, text| all + "\n" + text);
    let seen = words(&whole);
    if seen.is_empty() {
        return Ok(Vec::new());
    }
    let tagger = app.tagger.of(&app.store).await?;
    let head = app.tags.head(app).await?;
    let learned = head.as_ref().map(|(_, head)| head.as_ref());
    let answer =
        tagger.tag_with(&asked, Method::Lexical, None, 10, learned).map_err(|e| ApiError::Internal(e.into()))?;
    let objectives = tagger.corpus().objectives();
    let mut all =
        suggested(&answer, |code| objectives.iter().find(|o| o.code.to_string() == code).map(|o| o.title.clone()));
    all.extend(best(&TITLES.situations, &seen, 3));
    let has: BTreeSet<String> = own_tags(element);
    all.retain(|s| !has.contains(&s.tag));
    Ok(all)
}

pub(crate) fn own_tags(element: &Element) -> BTreeSet<String> {
    let case: &[String] = match element {
        Element::Case(case) => &case.tags,
        Element::Question(_) => &[],
    };
    let written = case.iter().chain(element.questions().flat_map(|q| &q.tags));
    written.map(|tag| tag.parse::<Tag>().map_or_else(|_| tag.clone(), |tag| tag.to_string())).collect()
}

/// Tags in words, for whoever typed their codes.
pub fn labels(tags: &[String]) -> Vec<String> {
    tags.iter()
        .map(|text| match text.parse::<Tag>() {
            Ok(tag) => match tag.title() {
                Some(title) => format!("{tag}\u{a0}: {title}"),
                None => tag.to_string(),
            },
            Err(_) => format!("{text}\u{a0}: étiquette libre"),
        })
        .collect()
}

/// Tags by their number, code or the words of their title, for completion.
pub async fn look_up(app: &App, query: &str, most: usize) -> ApiResult<Vec<Suggestion>> {
    let found =
        |tag: String, label: String, title: &str| Suggestion { tag, label, title: title.to_owned(), words: Vec::new() };
    let query = query.trim();
    if query.is_empty() {
        return Ok(Vec::new());
    }
    let code = query.to_uppercase();
    let mut all = Vec::new();
    if code.starts_with("OIC-") {
        let nodes = app.store.current_nodes(NATIONAL, &code).await?;
        all.extend(nodes.into_iter().take(most).map(|n| found(tag_of(NATIONAL, &n.code), n.code.clone(), &n.title)));
    }
    let number = code.strip_prefix("R2C:").unwrap_or(query);
    all.extend(
        search_items(number)
            .into_iter()
            .map(|i| found(Tag::Item(i.number).to_string(), format!("Item\u{a0}{}", i.number), i.title)),
    );
    all.extend(
        search_situations(number.strip_prefix("SDD:").unwrap_or(number))
            .into_iter()
            .map(|s| found(Tag::Situation(s.number).to_string(), format!("Situation\u{a0}{}", s.number), s.title)),
    );
    let folded = fold(query);
    all.extend(
        specialties()
            .iter()
            .filter(|s| fold(s.name).contains(&folded))
            .map(|s| found(format!("spec:{}", s.slug), "Spécialité".into(), s.name)),
    );
    all.extend(nodes(app, &folded, most.saturating_sub(all.len())).await?);
    all.truncate(most);
    Ok(all)
}

/// Objectives, and elements of other imported referentials, whose title has every word.
async fn nodes(app: &App, folded: &str, most: usize) -> ApiResult<Vec<Suggestion>> {
    let wanted: Vec<&str> = folded.split_whitespace().collect();
    // A few letters are in nearly every title.
    if most == 0 || folded.chars().filter(|c| c.is_alphabetic()).count() < 4 {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for line in app.store.referentials().await? {
        for node in app.store.nodes(&line.slug, line.current).await? {
            let title = fold(&node.title);
            if node.status == "current" && wanted.iter().all(|word| title.contains(word)) {
                found.push(Suggestion { tag: node.tag, label: node.code, title: node.title, words: Vec::new() });
                if found.len() == most {
                    return Ok(found);
                }
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use docimo_ai::tagging::{Corpus, Tagger};
    use docimo_search::synonyms::Synonyms;

    fn seen(text: &str) -> Vec<String> {
        let asked = Asked { stem: text.into(), ..Asked::default() };
        let tagger = Tagger::new(Corpus::default(), Synonyms::embedded());
        let answer = tagger.tag(&asked, Method::Lexical, None, 10).unwrap();
        let mut all = suggested(&answer, |_| None);
        all.extend(best(&TITLES.situations, &words(text), 3));
        all.into_iter().map(|s| s.tag).collect()
    }

    #[test]
    fn words_of_a_question_call_for_its_item() {
        let found = seen("Un homme présente une douleur : vous évoquez un syndrome coronarien, ST+.");
        assert!(found.contains(&"R2C:339".to_owned()), "{found:?}");
        let found = seen("Méningites et méningo-encéphalites de l’adulte : quelle antibiothérapie ?");
        assert!(found.iter().any(|tag| tag == "R2C:151"), "{found:?}");
        assert!(seen("Lequel de ces patients est un adulte ?").is_empty());
        assert!(seen("").is_empty());
    }
}
