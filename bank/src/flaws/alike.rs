//! Propositions compared with each other: the same twice, the same thing in other words, another construction.

use super::cues::contrary;
use super::text::{Text, Word, root};
use super::words::alike::{NOT_INFINITIVE, SYNONYMS};
use super::words::shared::VERBS;
use super::{Code, Field, Review, Severity, excerpt};
use std::collections::BTreeSet;
use std::sync::LazyLock;

pub(super) fn check(r: &mut Review<'_>) {
    pairs(r);
    if r.options.len() >= 3 {
        form(r);
        lengths(r);
        ends(r);
        beginnings(r);
        repeated(r);
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Likeness {
    Same,
    Near,
    Synonymous,
}

const ARTICLES: [&str; 14] = ["le", "la", "les", "l", "un", "une", "des", "du", "de", "d", "au", "aux", "a", "en"];

/// [`SYNONYMS`] as [`Plain::words`] reads propositions.
static SAME_THING: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    SYNONYMS.iter().map(|(m, n)| (Plain::of(&Text::of(m)).words, Plain::of(&Text::of(n)).words)).collect()
});

/// What of a proposition is compared, made once.
struct Plain {
    /// Lower case, without blanks, emphasis and final punctuation.
    squeezed: String,
    /// Roots of the words, without articles, joined by one space.
    words: String,
    /// Signs in order.
    signs: String,
}

impl Plain {
    fn of(t: &Text<'_>) -> Self {
        let kept = t.source.trim_end().trim_end_matches(['.', ';', ',', ' ']);
        // "hépatite A" is no article: what is in capitals stays.
        let article = |w: &Word| {
            let listed = ARTICLES.contains(&w.fold.as_str());
            let capital = t.source[w.range.clone()].starts_with(char::is_uppercase);
            listed && (!capital || (w.range.start == 0 && w.fold.len() > 1))
        };
        let sign = |c: &char| matches!(c, '+' | '-' | '−' | '<' | '>' | '=' | '/' | '%' | '≤' | '≥' | '↑' | '↓');
        Self {
            squeezed: kept
                .chars()
                .filter(|c| !c.is_whitespace() && !matches!(c, '*' | '_'))
                .flat_map(char::to_lowercase)
                .collect(),
            words: t.words.iter().filter(|w| !article(w)).map(|w| root(&w.fold)).collect::<Vec<_>>().join(" "),
            signs: t.source.chars().filter(sign).collect(),
        }
    }
}

fn likeness(a: (&Text<'_>, &Plain), b: (&Text<'_>, &Plain)) -> Option<Likeness> {
    let ((a, p), (b, q)) = (a, b);
    if a.is_empty() || b.is_empty() {
        let (x, y) = (a.source.trim(), b.source.trim());
        return (!x.is_empty() && x == y).then_some(Likeness::Same);
    }
    if p.squeezed == q.squeezed {
        return Some(Likeness::Same);
    }
    let (x, y) = (p.words.as_str(), q.words.as_str());
    if SAME_THING.iter().any(|(m, n)| (x == m && y == n) || (x == n && y == m)) {
        return Some(Likeness::Synonymous);
    }
    // Signs and figures make all the difference, and no article does.
    if x == y && !x.is_empty() && p.signs == q.signs {
        return Some(Likeness::Near);
    }
    // One word with one letter more, less or another: a slip, or a trap.
    let (v, w): (Vec<&str>, Vec<&str>) = (x.split(' ').collect(), y.split(' ').collect());
    if v.len() != w.len() {
        return None;
    }
    let differing: Vec<(&str, &str)> = v.iter().zip(&w).filter(|(m, n)| m != n).map(|(m, n)| (*m, *n)).collect();
    let slip = |m: &str, n: &str| {
        let letters = |w: &str| w.chars().count() >= 7 && w.chars().all(char::is_alphabetic);
        let ends = m.chars().next() == n.chars().next() && m.chars().last() == n.chars().last();
        letters(m) && letters(n) && ends && one_edit(m, n)
    };
    (matches!(differing[..], [(m, n)] if slip(m, n)) && !contrary(a, b)).then_some(Likeness::Near)
}

/// One letter more, less, other, or two neighbours swapped.
fn one_edit(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let tail = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let tail = tail.min(a.len() - head).min(b.len() - head);
    let (x, y) = (&a[head..a.len() - tail], &b[head..b.len() - tail]);
    matches!((x, y), ([], [_]) | ([_], []) | ([_], [_])) || matches!((x, y), ([m, n], [o, p]) if m == p && n == o)
}

fn pairs(r: &mut Review<'_>) {
    let plain: Vec<Plain> = r.options.iter().map(|o| Plain::of(&o.text)).collect();
    for i in 0..r.options.len() {
        let mut others: Vec<(usize, Likeness)> = (0..r.options.len())
            .filter(|j| *j != i)
            .filter_map(|j| likeness((&r.options[i].text, &plain[i]), (&r.options[j].text, &plain[j])).map(|l| (j, l)))
            .collect();
        others.sort_by(|a, b| r.options[a.0].text.source.cmp(r.options[b.0].text.source));
        for (likeness, code, severity, verb) in [
            (Likeness::Same, Code::RepeatedOption, Severity::Strong, "répète"),
            (Likeness::Near, Code::NearIdenticalOptions, Severity::Warning, "est presque"),
            (Likeness::Synonymous, Code::SynonymousOptions, Severity::Warning, "dit la même chose que"),
        ] {
            if let Some((j, _)) = others.iter().find(|(_, l)| *l == likeness) {
                let said = [i, *j].map(|k| excerpt(r.options[k].text.source));
                r.at_option(i, code, severity, None, |_| format!("« {} » {verb} « {} ».", said[0], said[1]));
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Infinitive,
    /// Starts by a verb, completing the stem: "Est un anticoagulant".
    Verb,
    /// A subject and a verb.
    Sentence,
    Noun,
}

fn form_of(t: &Text<'_>) -> Option<Form> {
    let first = (0..t.words.len()).find(|i| !matches!(t.fold(*i), "ne" | "n" | "se" | "s" | "pas" | "y" | "en"))?;
    let word = t.fold(first);
    let infinitive = word.chars().count() >= 5
        && (word.ends_with("er")
            || (word.ends_with("ir") && !word.ends_with("vir"))
            || matches!(
                word,
                "prescrire"
                    | "suspendre"
                    | "faire"
                    | "mettre"
                    | "reduire"
                    | "introduire"
                    | "prendre"
                    | "attendre"
                    | "poursuivre"
            ))
        && !NOT_INFINITIVE.contains(&word);
    if infinitive {
        return Some(Form::Infinitive);
    }
    if VERBS.contains(&word) && !matches!(word, "a" | "fait" | "trouble" | "touche") {
        return Some(Form::Verb);
    }
    if matches!(word, "il" | "elle" | "ils" | "elles" | "on" | "ce" | "c" | "vous") {
        return Some(Form::Sentence);
    }
    let conjugated = (first + 1..t.words.len().min(first + 10)).any(|i| {
        let w = t.fold(i);
        let relative = i > 0 && matches!(t.fold(i - 1), "qui" | "que" | "dont" | "lorsqu" | "si" | "quand");
        VERBS.contains(&w)
            && !matches!(w, "a" | "s" | "se" | "fait" | "presente" | "constitue" | "represente" | "favorise")
            && !relative
    });
    Some(if conjugated { Form::Sentence } else { Form::Noun })
}

/// Nouns beside infinitives or beside verbs: one alone among four is seen at once.
fn form(r: &mut Review<'_>) {
    let forms: Vec<Form> = r.options.iter().filter_map(|o| form_of(&o.text)).collect();
    if forms.len() != r.options.len() {
        return;
    }
    for (form, what) in [(Form::Infinitive, "un infinitif"), (Form::Verb, "un verbe conjugué")] {
        let count = forms.iter().filter(|f| **f == form).count();
        let total = forms.len();
        // A sentence may start by anything; "Est un…" among "Il est…" is not clearly a flaw.
        let others_plain = forms
            .iter()
            .all(|f| *f == form || matches!(f, Form::Noun) || (form == Form::Infinitive && *f != Form::Sentence));
        if count == 0 || count == total || !others_plain {
            continue;
        }
        let odd_with = count * 2 <= total;
        let odd: Vec<usize> = (0..total).filter(|i| (forms[*i] == form) == odd_with).collect();
        // A verb that the list has not looks like a noun: only an article tells.
        let starts_by_article = |i: &usize| {
            r.options[*i].text.starts(&["le", "la", "les", "l", "un", "une", "des", "il", "elle", "ils", "elles"])
        };
        let mut nouns = (0..total).filter(|i| forms[*i] != form);
        if form == Form::Verb && !nouns.all(|i| starts_by_article(&i)) {
            continue;
        }
        let gives_key = r.single_key().is_some_and(|k| odd == [k]);
        let severity = if gives_key { Severity::Warning } else { Severity::Info };
        for i in odd {
            r.at_option(i, Code::HeterogeneousForm, severity, None, |_| {
                let does = if odd_with { "commence" } else { "ne commence pas" };
                format!("La proposition {does} par {what}, contrairement aux autres.")
            });
        }
    }
}

fn lengths(r: &mut Review<'_>) {
    if r.found.iter().any(|f| f.code == Code::LongestKey) {
        return;
    }
    let lengths: Vec<usize> = r.options.iter().map(|o| o.text.length()).collect();
    let mut sorted = lengths.clone();
    sorted.sort_unstable();
    let (longest, next) = (sorted[sorted.len() - 1], sorted[sorted.len() - 2]);
    if longest >= 3 * next.max(1) && longest - next >= 50 {
        for i in (0..lengths.len()).filter(|i| lengths[*i] == longest) {
            r.at_option(i, Code::HeterogeneousLength, Severity::Info, None, |_| {
                format!("La proposition compte {longest} caractères, les autres {next} au plus.")
            });
        }
    }
}

/// The fewer are the odd ones; in equal numbers, the whole list is.
fn odd_ones(marks: &[bool]) -> Option<(bool, Vec<usize>)> {
    let count = marks.iter().filter(|m| **m).count();
    if count == 0 || count == marks.len() {
        return None;
    }
    let odd = count * 2 <= marks.len();
    Some((odd, (0..marks.len()).filter(|i| marks[*i] == odd).collect()))
}

fn ends(r: &mut Review<'_>) {
    // "U.V.", "spp.", "etc.": the point is the abbreviation's.
    let abbreviated = |t: &Text<'_>| {
        let text = t.source.trim_end();
        let initials = text.strip_suffix('.').is_some_and(|head| {
            let mut back = head.chars().rev();
            back.next().is_some_and(char::is_uppercase) && matches!(back.next(), Some('.' | ' '))
        });
        initials || ["spp.", "sp.", "etc.", "ssp.", "env.", "..."].iter().any(|a| text.ends_with(a))
    };
    if r.options.iter().any(|o| abbreviated(&o.text) || o.text.is_empty()) {
        return;
    }
    let own: Vec<usize> = (0..r.options.len()).filter(|i| !r.options[*i].special).collect();
    let marks: Vec<bool> = own.iter().map(|i| r.options[*i].text.source.trim_end().ends_with('.')).collect();
    if let Some((with, odd)) = odd_ones(&marks) {
        let what = if with {
            "se termine par un point, contrairement aux autres"
        } else {
            "n’a pas le point final des autres"
        };
        for i in odd.into_iter().map(|k| own[k]) {
            r.at_option(i, Code::HeterogeneousPunctuation, Severity::Info, None, |_| format!("La proposition {what}."));
        }
    }
}

fn beginnings(r: &mut Review<'_>) {
    // Neither figures nor names that keep their letter: "pH", "l’HSV" beside "Le virus".
    let first = |t: &Text<'_>| -> Option<bool> {
        let word = t.source[t.words.first()?.range.clone()].chars().collect::<Vec<_>>();
        let letter = *word.first()?;
        let symbol = word.len() <= 3 || word.iter().skip(1).any(|c| c.is_uppercase() || c.is_numeric());
        (letter.is_alphabetic() && !symbol).then(|| letter.is_uppercase())
    };
    let own: Vec<usize> = (0..r.options.len()).filter(|i| !r.options[*i].special).collect();
    let marks: Vec<bool> = own.iter().filter_map(|i| first(&r.options[*i].text)).collect();
    if marks.len() != own.len() {
        return;
    }
    if let Some((capital, odd)) = odd_ones(&marks) {
        let what = if capital { "une majuscule" } else { "une minuscule" };
        for i in odd.into_iter().map(|k| own[k]) {
            r.at_option(i, Code::HeterogeneousCase, Severity::Info, None, |_| {
                format!("La proposition commence par {what}, contrairement aux autres.")
            });
        }
    }
}

/// The same words at the head of all belong to the stem.
fn repeated(r: &mut Review<'_>) {
    let common = (0..)
        .take_while(|w| {
            let word = r.options[0].text.fold(*w);
            !word.is_empty() && r.options.iter().all(|o| o.text.fold(*w) == word)
        })
        .count();
    let content = (0..common).filter(|w| r.options[0].text.fold(*w).len() >= 4).count();
    let shortest = r.options.iter().map(|o| o.text.words.len()).min().unwrap_or(0);
    let distinct: BTreeSet<String> = r.options.iter().map(|o| o.text.joined()).collect();
    if common >= 3 && content >= 1 && shortest > common && distinct.len() > 1 {
        let said = excerpt(r.options[0].text.said(0..common));
        r.note(
            Code::RepeatedWords,
            Severity::Info,
            Field::Propositions,
            vec![],
            format!("Toutes les propositions commencent par « {said} »."),
        );
    }
}
