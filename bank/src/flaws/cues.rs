//! What gives the key away to who does not know: length, precision, echo, convergence, contraries, grammar.

use super::text::{Text, root};
use super::words::cues::{COMMON, CONTRARIES, CONTRARY_PREFIXES};
use super::{Code, Field, Review, Severity, excerpt};
use docimo_engine::question::Kind;
use std::collections::BTreeSet;

pub(super) fn check(r: &mut Review<'_>) {
    length(r);
    grammar(r);
    if let Some(key) = r.single_key() {
        precision(r, key);
        convergence(r, key);
    }
    clang(r);
    opposites(r);
}

/// A key must be this many times as long as the longest other, and this many characters longer, to show.
const RATIO: f64 = 1.4;
const MARGIN: f64 = 18.0;
/// And this many standard deviations of the logarithms of the others away from their mean; the deviation is never
/// taken below [`LEAST_SD`], or three equal lengths would make any difference remarkable.
const Z: f64 = 2.0;
const LEAST_SD: f64 = 0.15;

fn length(r: &mut Review<'_>) {
    if r.kind() == Kind::Qcm || r.options.len() < 3 {
        return;
    }
    let lengths =
        |key: bool| r.options.iter().filter(|o| o.key == key).map(|o| o.text.length() as f64).collect::<Vec<_>>();
    let (keys, others) = (lengths(true), lengths(false));
    if keys.is_empty() || others.len() < 2 {
        return;
    }
    // Several keys: the shortest of them must stand out, and there must be few.
    if keys.len() > 1 && keys.len() >= others.len() {
        return;
    }
    let shortest = keys.iter().copied().fold(f64::INFINITY, f64::min);
    let longest = others.iter().copied().fold(0.0, f64::max);
    let logs: Vec<f64> = others.iter().map(|l| l.max(1.0).ln()).collect();
    let mean = logs.iter().sum::<f64>() / logs.len() as f64;
    let sd = (logs.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / (logs.len() - 1) as f64).sqrt().max(LEAST_SD);
    let z = (shortest.max(1.0).ln() - mean) / sd;
    if shortest >= RATIO * longest && shortest - longest >= MARGIN && z >= Z {
        for i in (0..r.options.len()).filter(|i| r.options[*i].key).collect::<Vec<_>>() {
            let own = r.options[i].text.length();
            r.at_option(i, Code::LongestKey, Severity::Warning, None, |_| {
                format!("La bonne réponse compte {own} caractères, la plus longue des autres {longest}.")
            });
        }
    }
}

/// Marks of precision: a number, a bracket, a condition.
fn precisions(text: &Text<'_>) -> usize {
    let numbers = text.words.iter().filter(|w| w.fold.starts_with(|c: char| c.is_ascii_digit())).count();
    let brackets = text.source.matches('(').count();
    let conditions = text
        .all(
            0..text.words.len(),
            &[
                "si",
                "lorsque",
                "lorsqu",
                "en cas de",
                "en l absence",
                "a condition",
                "sauf",
                "notamment",
                "en particulier",
                "sous reserve",
                "au moins",
            ],
        )
        .len();
    numbers + brackets + conditions
}

fn precision(r: &mut Review<'_>, key: usize) {
    let own = precisions(&r.options[key].text);
    let others: usize = (0..r.options.len()).filter(|i| *i != key).map(|i| precisions(&r.options[i].text)).sum();
    if own >= 2 && others == 0 {
        r.at_option(key, Code::MostPreciseKey, Severity::Info, None, |_| {
            "Seule la bonne réponse donne des chiffres, une condition ou une parenthèse.".to_owned()
        });
    }
}

fn content<'t>(text: &'t Text<'_>) -> BTreeSet<&'t str> {
    text.words.iter().map(|w| w.fold.as_str()).filter(|w| is_content(w)).map(root).collect()
}

fn is_content(word: &str) -> bool {
    word.chars().count() >= 5
        && !word.starts_with(|c: char| c.is_ascii_digit())
        && !COMMON.contains(&word)
        && !COMMON.contains(&word.trim_end_matches('s'))
}

/// A word of the stem in every key and in no other proposition.
fn clang(r: &mut Review<'_>) {
    if r.kind() == Kind::Qcm || r.options.len() < 3 {
        return;
    }
    let keys: Vec<usize> = (0..r.options.len()).filter(|i| r.options[*i].key).collect();
    if keys.iter().any(|k| r.options[*k].special) {
        return;
    }
    if keys.is_empty() || keys.len() > 2 || keys.len() == r.options.len() {
        return;
    }
    let stem: BTreeSet<&str> = content(&r.stem);
    let others: BTreeSet<&str> =
        r.options.iter().filter(|o| !o.key).flat_map(|o| o.text.words.iter().map(|w| root(&w.fold))).collect();
    // The beginning of a word is an echo too: "thyroïdien" beside "thyroïde".
    let echoes = |a: &str, b: &str| {
        let common = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count();
        a == b || (common >= 7 && common + 3 >= a.chars().count().max(b.chars().count()))
    };
    let lead = r.stem.lead_in();
    let question: Vec<String> = r.stem.words[lead]
        .iter()
        .map(|w| w.fold.as_str())
        .filter(|w| is_content(w))
        .map(|w| root(w).to_owned())
        .collect();
    let mut found = Vec::new();
    for &k in &keys {
        let word = r.options[k].text.words.iter().position(|w| {
            let own = root(&w.fold);
            is_content(&w.fold) && stem.iter().any(|s| echoes(s, own)) && !others.iter().any(|o| echoes(o, own))
        });
        match word {
            Some(at) => found.push((k, at)),
            None => return,
        }
    }
    // Two keys must echo the same word.
    if let [(a, x), (b, y)] = found[..]
        && root(r.options[a].text.fold(x)) != root(r.options[b].text.fold(y))
    {
        return;
    }
    for (k, at) in found {
        let own = root(r.options[k].text.fold(at));
        let in_question = question.iter().any(|s| echoes(s, own));
        // In a long vignette a word comes back by chance.
        if !in_question && r.stem.words.len() > 40 {
            continue;
        }
        let severity = if in_question { Severity::Warning } else { Severity::Info };
        r.at_option(k, Code::Clang, severity, Some(at..at + 1), |said| {
            format!("« {said} » est dans l’énoncé et, parmi les propositions, dans la seule bonne réponse.")
        });
    }
}

/// The key shares more words with the others than any of them does, by two at least, and with two of them.
fn convergence(r: &mut Review<'_>, key: usize) {
    if r.options.len() < 4 {
        return;
    }
    let sets: Vec<BTreeSet<&str>> = r.options.iter().map(|o| content(&o.text)).collect();
    // Words of all are no element of the combination.
    let everywhere: BTreeSet<&str> = sets[0].iter().copied().filter(|w| sets.iter().all(|s| s.contains(w))).collect();
    let shared = |a: usize, b: usize| sets[a].intersection(&sets[b]).filter(|w| !everywhere.contains(*w)).count();
    let total = |i: usize| (0..sets.len()).filter(|j| *j != i).map(|j| shared(i, j)).sum::<usize>();
    let own = total(key);
    let best = (0..sets.len()).filter(|i| *i != key).map(total).max().unwrap_or(0);
    let partners = (0..sets.len()).filter(|j| *j != key && shared(key, *j) > 0).count();
    if own >= best + 2 && partners >= 2 && own * 2 >= best * 3 {
        r.at_option(key, Code::Convergence, Severity::Info, None, |_| {
            format!(
                "La bonne réponse partage {own} mots avec les autres propositions, chacune des autres {best} au plus."
            )
        });
    }
}

/// Are these two texts each other's contrary: one word turned round, or a negation put or taken away?
pub(super) fn contrary(a: &Text<'_>, b: &Text<'_>) -> bool {
    let words = |t: &Text<'_>| t.words.iter().map(|w| w.fold.clone()).collect::<Vec<_>>();
    let (x, y) = (words(a), words(b));
    let only =
        |mine: &[String], theirs: &[String]| mine.iter().filter(|w| !theirs.contains(w)).cloned().collect::<Vec<_>>();
    let (p, q) = (only(&x, &y), only(&y, &x));
    let turns = |more: &[String], less: &[String]| {
        less.is_empty() && !more.is_empty() && more.iter().all(|w| matches!(w.as_str(), "non" | "pas" | "ne" | "n"))
    };
    if turns(&p, &q) || turns(&q, &p) {
        return x.len().min(y.len()) >= 1;
    }
    let ([v], [w]) = (&p[..], &q[..]) else { return false };
    let listed = CONTRARIES.iter().any(|(m, n)| (v == m && w == n) || (v == n && w == m));
    let swapped = |v: &str, w: &str| {
        CONTRARY_PREFIXES.iter().any(|(m, n)| {
            v.strip_prefix(m)
                .is_some_and(|rest| rest.len() >= 4 && w.strip_prefix(n).is_some_and(|other| other == rest))
        })
    };
    listed || swapped(v, w) || swapped(w, v)
}

fn opposites(r: &mut Review<'_>) {
    let Some(key) = r.single_key() else { return };
    let pairs = |i: usize| {
        (0..r.options.len()).filter(|j| *j != i && contrary(&r.options[i].text, &r.options[*j].text)).count()
    };
    let Some(other) = (0..r.options.len()).find(|j| *j != key && contrary(&r.options[key].text, &r.options[*j].text))
    else {
        return;
    };
    // A second pair of contraries hides the first.
    let second = (0..r.options.len()).any(|i| i != key && i != other && pairs(i) > 0);
    if !second {
        let said = [key, other].map(|i| excerpt(r.options[i].text.source));
        let message = format!("« {} » et « {} » sont contraires, et l’une est la bonne réponse.", said[0], said[1]);
        let severity = if r.kind() == Kind::Qru { Severity::Warning } else { Severity::Info };
        r.note(Code::OppositePair, severity, Field::Propositions, vec![], message);
    }
}

/// What the end of a stem asks of what follows.
#[derive(Clone, Copy)]
enum Wants {
    Gender { feminine: bool },
    Vowel(bool),
    Plural,
}

fn grammar(r: &mut Review<'_>) {
    let n = r.stem.words.len();
    if r.kind() == Kind::Qcm || n == 0 || r.options.len() < 3 {
        return;
    }
    // Only where the sentence goes on in the propositions.
    let rest = r.stem.source[r.stem.words[n - 1].range.end..].trim();
    if !matches!(rest, "" | ":" | "…" | "..." | "’" | "'" | "’ :" | "' :") {
        return;
    }
    let elided = rest.starts_with(['’', '\'']);
    let wants = match (r.stem.fold(n - 1), elided) {
        ("l" | "d" | "qu", true) => Wants::Vowel(true),
        ("un" | "au" | "du", false) => Wants::Gender { feminine: false },
        ("le" | "ce", false) => Wants::Gender { feminine: false },
        ("une" | "la" | "cette", false) => Wants::Gender { feminine: true },
        ("de", false) => Wants::Vowel(false),
        ("les" | "des" | "aux" | "ces", false) => Wants::Plural,
        _ => return,
    };
    let agrees = |text: &Text<'_>| -> Option<bool> {
        let first = text.fold(0);
        let vowel = first.starts_with(['a', 'e', 'i', 'o', 'u', 'h', 'y']);
        match wants {
            Wants::Vowel(wanted) => Some(vowel == wanted && !first.is_empty()),
            Wants::Plural => (!first.is_empty()).then(|| first.ends_with(['s', 'x'])),
            // "le" and "la" before a vowel do not agree with anything.
            Wants::Gender { .. } if matches!(r.stem.fold(n - 1), "le" | "la" | "ce") && vowel => Some(false),
            Wants::Gender { feminine } => gender(first).map(|f| f == feminine),
        }
    };
    let verdicts: Vec<Option<bool>> = r.options.iter().map(|o| agrees(&o.text)).collect();
    let all_known = verdicts.iter().all(Option::is_some);
    let keys_only = r.options.iter().zip(&verdicts).all(|(o, v)| *v == Some(o.key));
    if all_known && keys_only && r.keys() >= 1 && r.keys() < r.options.len() {
        r.at_stem(Code::GrammaticalCue, Severity::Strong, n - 1..n, |said| {
            format!("L’énoncé se termine par « {said} », qui ne s’accorde qu’avec la bonne réponse.")
        });
    }
}

/// Is the noun feminine, by its ending? `None` where the ending does not tell.
fn gender(noun: &str) -> Option<bool> {
    const FEMININE: [&str; 18] = [
        "tion", "sion", "ite", "ie", "ose", "ure", "ance", "ence", "ode", "ine", "euse", "ette", "ude", "ee", "opsie",
        "mycose", "ase", "emie",
    ];
    const MASCULINE: [&str; 15] = [
        "isme", "ment", "age", "eau", "ome", "ome", "eur", "oir", "gramme", "scope", "scanner", "us", "um", "al",
        "aire",
    ];
    const EXCEPTIONS: [(&str, bool); 12] = [
        ("tumeur", true),
        ("douleur", true),
        ("chaleur", true),
        ("pancreas", false),
        ("image", true),
        ("foie", false),
        ("granulome", false),
        ("peur", true),
        ("periode", true),
        ("iode", false),
        ("cage", true),
        ("anthrax", false),
    ];
    if let Some((_, f)) = EXCEPTIONS.iter().find(|(w, _)| *w == noun) {
        return Some(*f);
    }
    match (FEMININE.iter().any(|e| noun.ends_with(e)), MASCULINE.iter().any(|e| noun.ends_with(e))) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}
