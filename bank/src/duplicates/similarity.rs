//! How much two elements are alike, and what differs, in words.

use super::text::{Asked, PROPOSITION, STEM, Text, features, jaccard, words};
use similar::{Algorithm, DiffTag, capture_diff_slices};
use std::collections::BTreeSet;
use std::ops::Range;

/// From this overall similarity on, two elements are said to be near-duplicates.
///
/// On FrenchMedMCQA, of 588,070 pairs drawn from 1,085 questions, 16 are judged near or closer, and three in ten
/// thousand are above 0.3; the pairs found in the whole file were read, and but for one or two ask the same thing. Every
/// edit that the bench makes stays above, save slips of the pen in short questions (nine in ten).
pub const NEAR: f64 = 0.60;

/// Stem and propositions count for this much; without propositions the stem counts for all.
const STEM_SHARE: f64 = 0.4;

/// What two elements are to each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    /// Different questions.
    Different,
    /// The same propositions under another stem.
    SamePropositions,
    /// The same stem with other propositions.
    SameStem,
    /// Much the same words.
    Near,
    /// The same words but for a word that turns the meaning round: a negation, "hypo" for "hyper".
    SenseChanged,
    /// The same words but for a number or a sign.
    ValueChanged,
    /// The same words, in any order of the propositions.
    Same,
}

impl Verdict {
    /// The French words shown to users.
    pub fn french(self) -> &'static str {
        match self {
            Self::Different => "questions différentes",
            Self::SamePropositions => "mêmes propositions, autre énoncé",
            Self::SameStem => "même énoncé, autres propositions",
            Self::Near => "questions très proches",
            Self::SenseChanged => "même énoncé, sens changé",
            Self::ValueChanged => "même énoncé, valeur changée",
            Self::Same => "même question",
        }
    }
}

/// Some words of the first in the place of some words of the second.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// "énoncé", "proposition", "question 2 › énoncé"…
    pub place: String,
    /// Folded words of the first; empty when the second has more.
    pub before: String,
    /// Folded words of the second.
    pub after: String,
}

/// How much two elements are alike. Symmetric, but for the sides of the differences.
#[derive(Clone, PartialEq, Debug)]
pub struct Similarity {
    /// Jaccard's index of words, pairs of words and groups of letters of the stems, 0 to 1.
    pub stem: f64,
    /// Mean of that index over propositions matched one to one, 0 to 1; an unmatched one counts for 0. `None` where
    /// neither has propositions.
    pub propositions: Option<f64>,
    /// Both, weighed; 1 only for the same words.
    pub overall: f64,
    /// In one word.
    pub verdict: Verdict,
    /// What differs, at most [`MOST`].
    pub differences: Vec<Difference>,
}

/// Differences told.
pub const MOST: usize = 12;

impl Similarity {
    /// A French sentence for whoever decides.
    pub fn french(&self) -> String {
        let percent = (self.overall * 100.0).floor();
        let mut text = match self.verdict {
            Verdict::Same => "Même question, à l’ordre des propositions près.".to_owned(),
            verdict => {
                let name = verdict.french();
                let mut chars = name.chars();
                let capital: String = chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect();
                format!("{capital} ({percent} % en commun).")
            }
        };
        if self.verdict != Verdict::Different {
            for d in self.differences.iter().take(3) {
                let place = &d.place;
                text.push_str(&match (d.before.as_str(), d.after.as_str()) {
                    ("", after) => format!(" {place} : « {after} » en plus."),
                    (before, "") => format!(" {place} : « {before} » en moins."),
                    (before, after) => format!(" {place} : « {before} » devient « {after} »."),
                });
            }
            if self.differences.len() > 3 {
                text.push_str(" D’autres différences suivent.");
            }
        }
        text
    }
}

fn set(words: &[String], side: u64) -> BTreeSet<u64> {
    let mut all = BTreeSet::new();
    features(words, side, &mut all);
    all
}

/// The similarity of two elements: a case part by part, each with the part of the other that it resembles most; a
/// question with a case, by the part that it resembles most.
pub fn similarity(a: &Text, b: &Text) -> Similarity {
    // Words may be aligned in several ways, and propositions matched: always from the same side, so that the verdict
    // does not depend on which is named first.
    if a <= b {
        compare(a, b, false)
    } else {
        let found = compare(b, a, true);
        let turned = |d: Difference| Difference { place: d.place, before: d.after, after: d.before };
        Similarity { differences: found.differences.into_iter().map(turned).collect(), ..found }
    }
}

/// `turned`: parts are named by their number in `b`.
fn compare(a: &Text, b: &Text, turned: bool) -> Similarity {
    match (a.parts.len(), b.parts.len()) {
        (1, 1) if a.intro.is_empty() && b.intro.is_empty() => question(&a.parts[0], &b.parts[0], ""),
        (1, n) if a.intro.is_empty() && n > 0 => best_part(&a.parts[0], b, false),
        (n, 1) if b.intro.is_empty() && n > 0 => best_part(&b.parts[0], a, true),
        _ => case(a, b, turned),
    }
}

fn best_part(one: &Asked, case: &Text, swapped: bool) -> Similarity {
    let all = case.parts.iter().enumerate().map(|(i, part)| {
        let place = format!("question {} › ", i + 1);
        if swapped { question(part, one, &place) } else { question(one, part, &place) }
    });
    // The first of the best, so that ties do not depend on anything.
    all.reduce(|best, next| if next.overall > best.overall { next } else { best }).unwrap_or_else(nothing)
}

fn nothing() -> Similarity {
    Similarity { stem: 0.0, propositions: None, overall: 0.0, verdict: Verdict::Different, differences: vec![] }
}

/// Pairs one to one, the most alike first: `scores[i][j]`.
fn matching(scores: &[Vec<f64>]) -> Vec<(usize, usize, f64)> {
    let mut all: Vec<(usize, usize, f64)> =
        scores.iter().enumerate().flat_map(|(i, row)| row.iter().enumerate().map(move |(j, s)| (i, j, *s))).collect();
    all.sort_by(|a, b| b.2.total_cmp(&a.2).then((a.0, a.1).cmp(&(b.0, b.1))));
    let (mut left, mut right) = (BTreeSet::new(), BTreeSet::new());
    all.retain(|(i, j, s)| *s > 0.0 && !left.contains(i) && !right.contains(j) && left.insert(*i) && right.insert(*j));
    all.sort_by_key(|(i, ..)| *i);
    all
}

fn case(a: &Text, b: &Text, turned: bool) -> Similarity {
    if a.parts.is_empty() != b.parts.is_empty() {
        return nothing();
    }
    let pairs: Vec<Vec<Similarity>> =
        a.parts.iter().map(|x| b.parts.iter().map(|y| question(x, y, "")).collect()).collect();
    let scores: Vec<Vec<f64>> = pairs.iter().map(|row| row.iter().map(|s| s.overall).collect()).collect();
    let matched = matching(&scores);
    let most = a.parts.len().max(b.parts.len()).max(1) as f64;
    let parts = matched.iter().map(|(.., s)| s).sum::<f64>() / most;
    let no_intro = a.intro.is_empty() && b.intro.is_empty();
    let stem = if no_intro { 1.0 } else { jaccard(&set(&a.intro, STEM), &set(&b.intro, STEM)) };
    let weight = if no_intro { 0.0 } else { 0.3 };
    let overall = weight * stem + (1.0 - weight) * parts;
    let mut differences = differing(&a.intro, &b.intro, "texte d’ouverture");
    for (i, j, _) in &matched {
        let place = format!("question {} › ", if turned { j } else { i } + 1);
        differences.extend(question(&a.parts[*i], &b.parts[*j], &place).differences);
    }
    let unmatched = a.parts.len() != b.parts.len() || matched.len() != a.parts.len();
    let verdict =
        if a.intro == b.intro && !unmatched && matched.iter().all(|(i, j, _)| pairs[*i][*j].verdict == Verdict::Same) {
            Verdict::Same
        } else {
            judge(overall, stem, Some(parts), &differences, unmatched)
        };
    told_first(&mut differences);
    Similarity { stem, propositions: Some(parts), overall: below_one(overall, verdict), verdict, differences }
}

/// Sets of features may be the same when words are not in the same order: only the same words are 1.
fn below_one(overall: f64, verdict: Verdict) -> f64 {
    if verdict == Verdict::Same { 1.0 } else { overall.min(0.99) }
}

fn question(a: &Asked, b: &Asked, place: &str) -> Similarity {
    let stem = jaccard(&set(&a.stem, STEM), &set(&b.stem, STEM));
    let mut differences = differing(&a.stem, &b.stem, &format!("{place}énoncé"));
    let none = a.propositions.is_empty() && b.propositions.is_empty();
    let (mut propositions, mut unmatched) = (None, false);
    let mut same = a.stem == b.stem;
    if !none {
        let sets = |q: &Asked| q.propositions.iter().map(|p| set(p, PROPOSITION)).collect::<Vec<_>>();
        let (x, y) = (sets(a), sets(b));
        let score = |i: usize, j: usize| {
            if a.propositions[i] == b.propositions[j] { 1.0 } else { jaccard(&x[i], &y[j]).min(0.99) }
        };
        let scores: Vec<Vec<f64>> = (0..x.len()).map(|i| (0..y.len()).map(|j| score(i, j)).collect()).collect();
        let matched = matching(&scores);
        let most = x.len().max(y.len()) as f64;
        propositions = Some(matched.iter().map(|(.., s)| s).sum::<f64>() / most);
        same &= x.len() == y.len() && matched.len() == x.len() && matched.iter().all(|(.., s)| *s == 1.0);
        let label = format!("{place}proposition");
        let (mut left, mut right) = (BTreeSet::new(), BTreeSet::new());
        for (i, j, _) in &matched {
            differences.extend(differing(&a.propositions[*i], &b.propositions[*j], &label));
            left.insert(*i);
            right.insert(*j);
        }
        // What is left over is paired in order: "Mg" in the place of "Ca" has nothing in common with it.
        let mut rest = (0..x.len()).filter(|i| !left.contains(i)).collect::<Vec<_>>().into_iter();
        let mut other = (0..y.len()).filter(|j| !right.contains(j)).collect::<Vec<_>>().into_iter();
        loop {
            let (i, j) = (rest.next(), other.next());
            if i.is_none() && j.is_none() {
                break;
            }
            unmatched |= i.is_none() || j.is_none();
            let text = |q: &Asked, k: Option<usize>| k.map(|k| q.propositions[k].join(" ")).unwrap_or_default();
            differences.push(Difference { place: label.clone(), before: text(a, i), after: text(b, j) });
        }
    }
    let overall = propositions.map_or(stem, |p| STEM_SHARE * stem + (1.0 - STEM_SHARE) * p);
    let verdict = if same { Verdict::Same } else { judge(overall, stem, propositions, &differences, unmatched) };
    told_first(&mut differences);
    Similarity { stem, propositions, overall: below_one(overall, verdict), verdict, differences }
}

/// Only numbers or signs differ; or only words that turn the meaning round; else by the numbers.
fn judge(overall: f64, stem: f64, propositions: Option<f64>, differences: &[Difference], unmatched: bool) -> Verdict {
    let told = !differences.is_empty() && differences.len() <= 6 && !unmatched && overall >= 0.4;
    if told && differences.iter().all(is_value) {
        return Verdict::ValueChanged;
    }
    if told && differences.iter().all(|d| is_value(d) || is_sense(d)) {
        return Verdict::SenseChanged;
    }
    match propositions {
        Some(p) if p >= 0.85 && stem < 0.5 => Verdict::SamePropositions,
        Some(p) if stem >= 0.9 && p < 0.4 => Verdict::SameStem,
        _ if overall >= NEAR => Verdict::Near,
        _ => Verdict::Different,
    }
}

/// What changes a value or the sense comes first: it is what a reader must not miss.
fn told_first(differences: &mut Vec<Difference>) {
    differences.sort_by_key(|d| !(is_value(d) || is_sense(d)));
    differences.truncate(MOST);
}

const SIGNS: [&str; 11] = ["+", "-", "<", ">", "=", "≤", "≥", "↑", "↓", "±", "\u{338}"];

fn is_value(d: &Difference) -> bool {
    let number = |w: &str| w.starts_with(|c: char| c.is_ascii_digit()) || SIGNS.contains(&w);
    let side = |text: &str| words(text).iter().all(|w| number(w));
    // "B12" for "B6", "C3G" for "C2G".
    let bare = |text: &str| text.chars().filter(|c| !c.is_ascii_digit() && *c != ',').collect::<String>();
    let named = d.before.contains(|c: char| c.is_ascii_digit()) && d.after.contains(|c: char| c.is_ascii_digit());
    (side(&d.before) && side(&d.after)) || (named && bare(&d.before) == bare(&d.after))
}

/// A negation or an exception more or less, true for false, one beginning for its contrary.
fn is_sense(d: &Difference) -> bool {
    const TURNS: [&str; 24] = [
        "ne",
        "n",
        "pas",
        "non",
        "sauf",
        "jamais",
        "sans",
        "aucun",
        "aucune",
        "plus",
        "exacte",
        "exactes",
        "exact",
        "inexacte",
        "inexactes",
        "inexact",
        "vraie",
        "vraies",
        "vrai",
        "fausse",
        "fausses",
        "faux",
        "correcte",
        "incorrecte",
    ];
    const PAIRS: [(&str, &str); 14] = [
        ("hyper", "hypo"),
        ("tachy", "brady"),
        ("augment", "diminu"),
        ("eleve", "abaiss"),
        ("present", "absent"),
        ("presence", "absence"),
        ("positi", "negati"),
        ("droit", "gauche"),
        ("superieur", "inferieur"),
        ("poly", "oligo"),
        ("anterieur", "posterieur"),
        ("interne", "externe"),
        ("aigu", "chronique"),
        ("activ", "inhib"),
    ];
    let (a, b) = (words(&d.before), words(&d.after));
    let turned = |list: &[String]| list.iter().all(|w| TURNS.contains(&w.as_str()));
    if turned(&a) && turned(&b) {
        return true;
    }
    let ([x], [y]) = (&a[..], &b[..]) else { return false };
    PAIRS.iter().any(|(m, n)| (x.starts_with(m) && y.starts_with(n)) || (x.starts_with(n) && y.starts_with(m)))
}

/// Runs of words that differ.
fn differing(a: &[String], b: &[String], place: &str) -> Vec<Difference> {
    let mut found: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, a, b) {
        let (tag, x, y) = op.as_tag_tuple();
        match found.last_mut() {
            _ if tag == DiffTag::Equal => {}
            // Two runs that touch are one.
            Some((before, after)) if before.end == x.start && after.end == y.start => {
                (before.end, after.end) = (x.end, y.end);
            }
            _ => found.push((x, y)),
        }
    }
    let make = |(x, y): (Range<usize>, Range<usize>)| Difference {
        place: place.to_owned(),
        before: a[x].join(" "),
        after: b[y].join(" "),
    };
    found.into_iter().map(make).collect()
}
