//! Each proposition alone: its words, its negations, what it should not be.

use super::text::{Text, fold};
use super::words::options::{
    ABSOLUTE, ALL_ABOVE, CONJUNCTIONS, DONT_KNOW, NONE_ABOVE, OTHER_OPTION, PLACEHOLDERS, VAGUE, WHOLE_ALL, WHOLE_NONE,
};
use super::words::shared::{NEGATED, OPINION, VERBS};
use super::{Code, Field, Review, Severity, excerpt};
use docimo_engine::question::{Body, Question};
use std::ops::Range;

/// Words after which a proposition is too long.
const LONG: usize = 40;

pub(super) fn check(r: &mut Review<'_>, negative_stem: bool) {
    for i in 0..r.options.len() {
        if special(r, i) {
            r.options[i].special = true;
        } else {
            wording(r, i, negative_stem);
        }
    }
    for (field, text) in texts(r.question) {
        typography(r, field, text);
    }
}

/// Propositions that say nothing of their own.
fn special(r: &mut Review<'_>, i: usize) -> bool {
    let text = &r.options[i].text;
    let whole = text.joined();
    let none = text.find(NONE_ABOVE).or_else(|| WHOLE_NONE.contains(&whole.as_str()).then_some(0..text.words.len()));
    let all = text.find(ALL_ABOVE).or_else(|| WHOLE_ALL.contains(&whole.as_str()).then_some(0..text.words.len()));
    let (code, severity, found) = if let Some(found) = none {
        (Code::NoneOfTheAbove, Severity::Strong, found)
    } else if let Some(found) = all {
        (Code::AllOfTheAbove, Severity::Strong, found)
    } else if let Some(found) = text.find(DONT_KNOW).filter(|f| f.len() + 2 >= text.words.len()) {
        (Code::DontKnowOption, Severity::Strong, found)
    } else if PLACEHOLDERS.contains(&whole.as_str())
        || (whole.is_empty()
            && !text.source.trim().is_empty()
            && text.length() <= 4
            && !text.source.contains(['+', '-', '−', '<', '>', '=', '±', '↑', '↓']))
    {
        (Code::Placeholder, Severity::Strong, 0..text.words.len())
    } else if let Some((severity, found)) = combined(text) {
        (Code::CombinedAnswers, severity, found)
    } else {
        return false;
    };
    r.at_option(i, code, severity, Some(found), |_| String::new());
    let said = excerpt(r.options[i].text.source);
    if let Some(flaw) = r.found.last_mut() {
        flaw.message = match code {
            Code::NoneOfTheAbove => format!("« {said} » exclut toutes les autres propositions."),
            Code::AllOfTheAbove => format!("« {said} » désigne toutes les autres propositions."),
            Code::DontKnowOption => format!("« {said} » n’est pas une réponse."),
            Code::Placeholder => format!("« {said} » est un texte provisoire."),
            _ => format!("« {said} » combine d’autres propositions."),
        };
    }
    true
}

/// "A et C", "1 + 3 sont vraies". Two bare letters may name blood groups or vitamins.
fn combined(text: &Text<'_>) -> Option<(Severity, Range<usize>)> {
    let n = text.words.len();
    let mut start = 0;
    while matches!(text.fold(start), "les" | "reponse" | "reponses" | "proposition" | "propositions" | "items")
        && start < n
    {
        start += 1;
    }
    let named = start > 0 && text.fold(start - 1) != "les";
    let (mut end, mut labels, mut digits, mut joined) = (start, 0, 0, false);
    while end < n {
        let word = text.fold(end);
        if word.len() == 1 && word.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            labels += 1;
            digits += usize::from(word.as_bytes()[0].is_ascii_digit());
        } else if word == "et" && labels > 0 {
            joined = true;
        } else {
            break;
        }
        end += 1;
    }
    let plus = text.source.contains('+');
    let tail_ok = (end..n).all(|i| {
        matches!(
            text.fold(i),
            "sont" | "uniquement" | "seulement" | "vraies" | "vrais" | "exactes" | "justes" | "correctes"
        )
    });
    if labels < 2 || !(joined || plus) || !tail_ok || (digits > 0 && !named && end == n) {
        return None;
    }
    Some((if named || end < n { Severity::Strong } else { Severity::Warning }, start..end))
}

fn wording(r: &mut Review<'_>, i: usize, negative_stem: bool) {
    let (key, text) = (r.options[i].key, &r.options[i].text);
    let n = text.words.len();
    let negated_before = |f: &Range<usize>| f.start > 0 && matches!(text.fold(f.start - 1), "pas" | "non" | "guere");
    let absolute = text.all(0..n, ABSOLUTE).into_iter().find(|f| {
        // "à 100 %" but not "à 100 mg"; "n’est jamais" is said once, here.
        let percent = text.fold(f.start) != "a"
            || text.source[text.bytes(f.clone()).end..]
                .trim_start_matches([' ', '\u{a0}', '\u{202f}'])
                .starts_with('%');
        !negated_before(f) && percent
    });
    let vague = text
        .all(0..n, VAGUE)
        .into_iter()
        .find(|f| !(f.start > 0 && matches!(text.fold(f.start - 1), "plus" | "moins")));
    let negation = text.all(0..n, NEGATED).into_iter().find(|f| {
        // "ne… que" restricts; "n’est pas seulement" affirms more.
        !matches!(text.fold(f.end), "seulement" | "uniquement" | "que" | "toujours")
    });
    let jamais = negation.as_ref().is_some_and(|f| text.fold(f.end - 1) == "jamais");
    let second = negation.as_ref().is_some_and(|f| {
        text.all(
            0..n,
            &[
                "sans",
                "absence",
                "contre indique",
                "contre indiquee",
                "contre indiques",
                "inutile",
                "impossible",
                "exclu",
                "exclut",
                "incompatible",
            ],
        )
        .iter()
        .any(|s| s.start >= f.end && s.start - f.end <= 5)
    });
    let absence = text.all(0..n, &["absence d", "absence de", "absence du", "absence des"]).into_iter().next();
    let marked = negation.as_ref().is_some_and(|f| text.stands_out(f.clone()) || text.stands_out(f.end - 1..f.end));
    let other = text.find(OTHER_OPTION).or_else(|| lettered(text));
    let opinion = text.find(OPINION);
    let barrel = barrel(text);

    if let Some(found) = absolute {
        let (severity, status) = if key { (Severity::Info, "vraie") } else { (Severity::Warning, "fausse") };
        r.at_option(i, Code::AbsoluteTerm, severity, Some(found), |said| {
            format!("Terme absolu « {said} » dans une proposition {status}.")
        });
    }
    if let Some(found) = vague {
        r.at_option(i, Code::VagueFrequency, Severity::Info, Some(found), |said| {
            format!("Fréquence vague : « {said} ».")
        });
    }
    if let Some(found) = negation {
        if second || negative_stem {
            let message = if second { "Double négation" } else { "Négation dans une question déjà négative" };
            r.at_option(i, Code::DoubleNegative, Severity::Warning, Some(found), |said| {
                format!("{message} : « {said} ».")
            });
        } else if !key && !marked && !jamais {
            r.at_option(i, Code::TrickNegative, Severity::Info, Some(found), |said| {
                format!("Proposition fausse par une négation que rien ne signale : « {said} ».")
            });
        } else {
            r.at_option(i, Code::NegativeOption, Severity::Info, Some(found), |said| {
                format!("Proposition négative : « {said} ».")
            });
        }
    } else if let Some(found) = absence {
        r.at_option(i, Code::NegativeOption, Severity::Info, Some(found), |said| {
            format!("Proposition négative : « {said} ».")
        });
    }
    if let Some(found) = other {
        r.at_option(i, Code::ReferToAnother, Severity::Strong, Some(found), |said| {
            format!("La proposition renvoie à une autre (« {said} »).")
        });
    }
    if let Some(found) = opinion {
        r.at_option(i, Code::Opinion, Severity::Info, Some(found), |said| format!("« {said} » demande une opinion."));
    }
    if let Some(found) = barrel {
        r.at_option(i, Code::DoubleBarrelled, Severity::Info, Some(found), |said| {
            format!("Deux affirmations semblent reliées par « {said} ».")
        });
    }
    if n > LONG {
        r.at_option(i, Code::OptionTooLong, Severity::Info, None, |_| format!("La proposition compte {n} mots."));
    }
}

/// "proposition B", "réponse c", "question 2". Leaves out "la réponse a été favorable" and "réponse D’hypersensibilité".
fn lettered(text: &Text<'_>) -> Option<Range<usize>> {
    (1..text.words.len()).find_map(|i| {
        let noun = text.fold(i - 1);
        let label = match (noun, text.fold(i)) {
            // "a" is a verb, unless what follows goes on about a proposition.
            ("reponse" | "proposition" | "item" | "question", "a") => {
                text.source[text.words[i].range.clone()] == *"A"
                    || matches!(text.fold(i + 1), "" | "est" | "et" | "ou" | "sont" | "ainsi" | "avec" | "car" | "n")
            }
            ("reponse" | "proposition" | "item" | "question", "b" | "c" | "d" | "e" | "f") => true,
            ("question", word) => word.len() <= 2 && word.bytes().all(|b| b.is_ascii_digit()),
            _ => false,
        };
        let elided = text.source[text.words[i].range.end..].starts_with(['’', '\'']);
        (label && !elided).then_some(i - 1..i + 1)
    })
}

/// A verb, a conjunction followed by a subject or a verb, a verb.
fn barrel(text: &Text<'_>) -> Option<Range<usize>> {
    let verb = |i: usize| {
        let word = text.fold(i);
        VERBS.contains(&word)
            && !matches!(word, "s" | "se")
            && (word != "a" || text.source[text.words[i].range.clone()] == *"a")
    };
    let first = (0..text.words.len()).find(|i| verb(*i))?;
    for c in text.all(first + 1..text.words.len(), CONJUNCTIONS) {
        let strong = text.fold(c.start) != "et" && text.fold(c.start) != "ainsi";
        let named =
            matches!(text.fold(c.end), "l" | "le" | "la" | "les" | "un" | "une" | "ce" | "cette" | "son" | "sa");
        let reach = if strong { 6 } else { 2 + usize::from(named) };
        let new_clause = (c.end..(c.end + reach).min(text.words.len())).any(verb);
        let relative = (first..c.start).any(|i| matches!(text.fold(i), "qui" | "que" | "dont"));
        if new_clause && !relative {
            return Some(c);
        }
    }
    None
}

/// Every text of a question that candidates read before or after.
fn texts(q: &Question) -> Vec<(Field, &str)> {
    let mut all = vec![(Field::Stem, q.stem.as_str()), (Field::Comment, q.comment.as_str())];
    all.extend(q.body.propositions().iter().map(|p| (Field::Proposition(p.id.clone()), p.text.as_str())));
    if let Body::Tcs { hypothesis, finding, .. } = &q.body {
        all.extend([(Field::Hypothesis, hypothesis.as_str()), (Field::Finding, finding.as_str())]);
    }
    all
}

/// Double spaces, a space before a comma, a word twice; and what is left of HTML.
fn typography(r: &mut Review<'_>, field: Field, text: &str) {
    let mut ranges = Vec::new();
    let mut what = Vec::new();
    let mut say = |w: &'static str| {
        if !what.contains(&w) {
            what.push(w);
        }
    };
    let bytes = text.as_bytes();
    for i in 0..bytes.len() {
        // A double space at the end of a line is Markdown.
        if bytes[i] == b' ' && bytes.get(i + 1) == Some(&b' ') {
            let before = i > 0 && !matches!(bytes[i - 1], b' ' | b'\n' | b'|');
            let after = bytes[i..].iter().find(|b| **b != b' ').is_some_and(|b| !matches!(b, b'\n' | b'\r' | b'|'));
            if before && after {
                let end = i + bytes[i..].iter().take_while(|b| **b == b' ').count();
                ranges.push(i..end);
                say("espace double");
            }
        }
        if bytes[i] == b' ' && matches!(bytes.get(i + 1), Some(b',')) && i > 0 && bytes[i - 1] != b' ' {
            ranges.push(i..i + 2);
            say("espace devant une virgule");
        }
    }
    let cut = Text::of(text);
    for pair in cut.words.windows(2) {
        let gap = &text[pair[0].range.end..pair[1].range.start];
        // "de De Quervain" is a name.
        let doubled = text[pair[0].range.clone()] == text[pair[1].range.clone()]
            && gap == " "
            && pair[0].fold.chars().all(char::is_alphabetic)
            && pair[0].fold.len() > 1
            && pair[0].fold.len() <= 5;
        if doubled && !matches!(pair[0].fold.as_str(), "vous" | "nous" | "beri" | "ii") {
            ranges.push(pair[0].range.start..pair[1].range.end);
            say("mot répété");
        }
    }
    if !ranges.is_empty() {
        ranges.sort_by_key(|r| r.start);
        r.note(Code::Typography, Severity::Info, field.clone(), ranges, format!("{}.", capital(&what.join(", "))));
    }
    let residue = residues(text);
    if !residue.is_empty() {
        let first = &text[residue[0].clone()];
        r.note(
            Code::MarkupResidue,
            Severity::Warning,
            field,
            residue.clone(),
            format!("Reste de balise ou d’entité : « {first} »."),
        );
    }
}

fn residues(text: &str) -> Vec<Range<usize>> {
    const TAGS: [&str; 12] = ["br", "p", "b", "i", "sub", "sup", "span", "div", "strong", "em", "li", "ul"];
    let mut found = Vec::new();
    for (at, c) in text.char_indices().filter(|(_, c)| matches!(c, '<' | '&')) {
        let rest = &text[at + 1..];
        if c == '<' {
            let name = rest.strip_prefix('/').unwrap_or(rest);
            let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
            let close = rest.find('>');
            if let Some(close) = close
                && TAGS.contains(&fold(&name[..end]).as_str())
                && close < 80
            {
                found.push(at..at + 1 + close + 1);
            }
        } else if let Some(end) = rest.find(';')
            && (2..=8).contains(&end)
            && rest[..end].bytes().all(|b| b.is_ascii_alphanumeric() || b == b'#')
        {
            found.push(at..at + 1 + end + 1);
        }
    }
    found
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}
