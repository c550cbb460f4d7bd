//! The stem: what it asks, how, and whether one can answer it.

use super::words::shared::{NEGATED, OPINION, VERBS};
use super::words::stem::{
    DRESSING, EXCEPTION, FALSE_NOUNS, FILLERS, FUNCTION_WORDS, GENERIC_NOUNS, IMPERATIVE, INTERROGATIVE,
    KNOWN_ACRONYMS, MEDIA, NOT_ADVISED, SHOWN,
};
use super::{Code, Field, Review, Severity, excerpt};
use docimo_engine::question::Kind;
use std::ops::Range;

/// Words after which an isolated question is too long.
const LONG: usize = 150;

/// Says whether the stem asks for what is wrong, so that a negative proposition makes a double negation.
pub(super) fn check(r: &mut Review<'_>) -> bool {
    if r.stem.is_empty() {
        return false;
    }
    let lead = r.stem.lead_in();
    // The vignette of a TCS asks nothing: its negations are findings.
    let negative = r.kind() != Kind::Tcs && negation(r, lead.clone());
    subject(r, lead.clone());
    asks(r, lead.clone());
    count(r, lead.clone());
    reading(r);
    acronyms(r);
    documents(r);
    negative
}

fn negation(r: &mut Review<'_>, lead: Range<usize>) -> bool {
    let asked = |at: usize| !r.stem.all(at + 1..lead.end, INTERROGATIVE).is_empty();
    let exception = r.stem.all(lead.clone(), EXCEPTION).into_iter().find(|f| {
        let noun = FALSE_NOUNS.contains(&r.stem.fold(f.end));
        // "(vraie ou fausse)", "vrai ou faux": the instruction of a QCM.
        let either =
            f.start >= 2 && matches!(r.stem.fold(f.start - 1), "ou") && r.stem.fold(f.start - 2).starts_with("vrai");
        !noun && !either
    });
    let verb = r.stem.all(lead.clone(), NEGATED).into_iter().find(|f| {
        // "chez un patient qui n’a pas de fièvre, quel…": the context, not the question.
        let relative =
            f.start > 0 && matches!(r.stem.fold(f.start - 1), "qui" | "il" | "elle" | "on" | "patient" | "dont");
        let before = r
            .stem
            .all(lead.start..f.start, INTERROGATIVE)
            .iter()
            .any(|q| !matches!(r.stem.fold(q.start), "qui" | "que" | "qu" | "ou"));
        !relative && (before || !asked(f.start))
            || (relative
                && before
                && matches!(r.stem.fold(f.start.wrapping_sub(2)), "celui" | "celle" | "ceux" | "celles"))
    });
    let clinical = r.stem.all(lead.clone(), NOT_ADVISED).into_iter().next();
    let wrong = exception.or(verb);
    let (found, asks_wrong) = match (wrong, clinical) {
        (Some(found), _) => (found, true),
        (None, Some(found)) => (found, false),
        (None, None) => return false,
    };
    // Two negations in the question itself: "celui qui n’est pas contre-indiqué".
    let twice = asks_wrong
        && r.stem
            .all(lead.clone(), &[NEGATED, NOT_ADVISED].concat())
            .iter()
            .any(|f| f.start >= found.end || f.end <= found.start);
    if twice {
        r.at_stem(Code::DoubleNegative, Severity::Warning, lead, |said| {
            format!("La question contient deux négations : « {} ».", excerpt(said))
        });
        return true;
    }
    if r.stem.stands_out(found.clone()) || r.stem.stands_out(found.end - 1..found.end) {
        if asks_wrong {
            r.at_stem(Code::NegativeStem, Severity::Info, found, |said| {
                format!("La question demande ce qui est faux (« {said} », mis en évidence).")
            });
        }
    } else {
        let severity = if asks_wrong { Severity::Warning } else { Severity::Info };
        r.at_stem(Code::NegativeStemUnmarked, severity, found, |said| {
            format!("La question est négative (« {said} ») et rien ne le met en évidence.")
        });
    }
    asks_wrong
}

fn generic(word: &str) -> bool {
    GENERIC_NOUNS.contains(&word) || FILLERS.contains(&word)
}

fn subject(r: &mut Review<'_>, lead: Range<usize>) {
    if r.options.is_empty() {
        return;
    }
    let all = 0..r.stem.words.len();
    // A case says the subject before the stem, and a TCS or an image elsewhere.
    let small = |i: usize| FUNCTION_WORDS.contains(&r.stem.fold(i));
    let no_media = r.question.image.is_none() && r.question.video.is_none();
    let nothing = all.clone().all(|i| generic(r.stem.fold(i)) || small(i)) && r.part.is_none() && no_media;
    let names_options = !r.stem.all(lead.clone(), GENERIC_NOUNS).is_empty();
    let truth = |i: usize| {
        let word = r.stem.fold(i);
        ["exact", "vrai", "just", "correct", "faux", "fauss", "inexact", "incorrect", "errone"]
            .iter()
            .any(|p| word.starts_with(p))
    };
    // "… laquelle est exacte ? Les formes de Plasmodium sont :" goes on in the propositions: it has its task.
    let completed = lead.clone().rev().find(|i| truth(*i)).is_some_and(|at| {
        let tail = at + 1..lead.end;
        tail.len() >= 6
            || tail.clone().any(|i| VERBS.contains(&r.stem.fold(i)) && !matches!(r.stem.fold(i), "s" | "a"))
                && tail.len() >= 3
    }) && !r.stem.source.trim_end().ends_with(['?', '.']);
    let asks_truth = names_options && lead.clone().any(truth) && !completed;
    let topic = [
        "concernant",
        "a propos d",
        "a propos de",
        "a propos du",
        "a propos des",
        "au sujet d",
        "au sujet de",
        "au sujet du",
        "au sujet des",
        "s agissant d",
        "s agissant de",
        "s agissant du",
        "s agissant des",
    ];
    // "Concernant la sarcoïdose :" and nothing more: the propositions may be about anything.
    let bare = r.stem.all(lead.clone(), &topic).first().is_some_and(|f| f.start == lead.start)
        && !r.stem.source.contains('?')
        && r.stem.all(lead.clone(), INTERROGATIVE).is_empty()
        && !lead.clone().any(|i| VERBS.contains(&r.stem.fold(i)) && !matches!(r.stem.fold(i), "s" | "a"));
    if bare && r.kind() != Kind::Qcm {
        r.at_stem(Code::UnfocusedStem, Severity::Warning, lead, |said| {
            format!("« {} » nomme un thème et ne demande rien.", excerpt(said))
        });
    } else if nothing {
        r.at_stem(Code::NoSubject, Severity::Warning, all, |said| {
            format!("« {} » ne dit pas de quoi il s’agit.", excerpt(said))
        });
    } else if asks_truth && r.kind() != Kind::Qcm {
        let severity = if r.kind() == Kind::Qru { Severity::Warning } else { Severity::Info };
        r.at_stem(Code::UnfocusedStem, severity, lead, |said| {
            format!("« {} » demande de juger des phrases, sans tâche précise.", excerpt(said))
        });
    }
}

fn asks(r: &mut Review<'_>, lead: Range<usize>) {
    let source = r.stem.source.trim_end().trim_end_matches(['*', '_', ')', '»', ' ']);
    let question = r.stem.source.contains('?');
    let told = r.stem.has(IMPERATIVE)
        || !r.stem.all(lead, &["vrai ou faux", "vraie ou fausse", "vraies ou fausses"]).is_empty();
    // "Le diagnostic est :" is completed by the propositions.
    let completed = !source.ends_with(['.', '!']);
    let needs = !matches!(r.kind(), Kind::Tcs);
    let names = r.stem.has(&["laquelle", "lesquelles", "lequel", "lesquels", "quel", "quelle", "quels", "quelles"]);
    if needs && !question && !told && !names && (!completed || r.options.is_empty()) {
        r.note(
            Code::StemNotQuestion,
            Severity::Warning,
            Field::Stem,
            vec![],
            "L’énoncé se termine sans question ni consigne.".to_owned(),
        );
    }
    let marks = r.stem.source.matches('?').count();
    let questions =
        r.stem.all(0..r.stem.words.len(), &["quel", "quelle", "quels", "quelles", "comment", "pourquoi", "combien"]);
    if marks >= 2 && questions.len() >= 2 {
        let last = questions.last().cloned().unwrap_or(0..0);
        // Two marks, and a question word in each of two sentences.
        let first = questions[0].clone();
        let between = &r.stem.source[r.stem.bytes(first.clone()).end..r.stem.bytes(last.clone()).start];
        if between.contains('?') {
            r.at_stem(Code::AsksTwice, Severity::Info, first.start..last.end, |_| {
                "L’énoncé pose plusieurs questions.".to_owned()
            });
        }
    }
    let blank = ["____", "…………", "......"].iter().find_map(|b| r.stem.source.find(b).map(|at| at..at + b.len()));
    if let Some(bytes) = blank {
        r.note(
            Code::BlankInStem,
            Severity::Info,
            Field::Stem,
            vec![bytes],
            "L’énoncé contient un trou à compléter.".to_owned(),
        );
    }
    if let Some(found) = r.stem.find(OPINION) {
        r.at_stem(Code::Opinion, Severity::Info, found, |said| format!("« {said} » demande une opinion."));
    }
}

fn number(word: &str) -> Option<usize> {
    Some(match word {
        "seule" | "unique" => 1,
        "deux" | "2" => 2,
        "trois" | "3" => 3,
        "quatre" | "4" => 4,
        "cinq" | "5" => 5,
        _ => return None,
    })
}

/// "Une seule réponse" in a QRM, "trois réponses" in a QRP of two.
fn count(r: &mut Review<'_>, lead: Range<usize>) {
    if r.options.is_empty() {
        return;
    }
    let expected = match r.kind() {
        Kind::Qru => Some(1),
        Kind::Qrp | Kind::Qrpl => r.question.body.expected().map(|n| n as usize),
        _ => None,
    };
    for i in lead.clone() {
        let Some(n) = number(r.stem.fold(i)) else { continue };
        let mut noun = i + 1;
        while matches!(r.stem.fold(noun), "bonne" | "bonnes" | "des" | "de" | "ces") {
            noun += 1;
        }
        let after = r.stem.fold(noun + 1);
        let before =
            r.stem.fold(i.wrapping_sub(if i > 0 && matches!(r.stem.fold(i - 1), "les" | "ces" | "une" | "la") {
                2
            } else {
                1
            }));
        let offered = matches!(after, "suivantes" | "proposees" | "ci") || before == "parmi" || before == "des";
        let named = GENERIC_NOUNS.contains(&r.stem.fold(noun)) && !offered
            || (n == 1 && r.stem.fold(i + 1) == "est" && r.stem.fold(i.wrapping_sub(1)) == "une");
        if !named {
            continue;
        }
        let wrong = match expected {
            Some(expected) => n != expected,
            None => matches!(r.kind(), Kind::Qrm | Kind::Qcm),
        };
        if wrong {
            let severity = if expected.is_none() && n == r.keys() { Severity::Warning } else { Severity::Strong };
            r.at_stem(Code::CountContradiction, severity, i..noun + 1, |said| match expected {
                Some(1) => format!("L’énoncé annonce « {said} » alors qu’une seule réponse est attendue."),
                Some(e) => format!("L’énoncé annonce « {said} » alors que {e} réponses sont attendues."),
                None => format!("L’énoncé annonce « {said} » alors que ce type de question ne donne pas de nombre."),
            });
            return;
        }
    }
}

fn reading(r: &mut Review<'_>) {
    let words = r.stem.words.len();
    if words > LONG && r.part.is_none() && r.question.kind() != Kind::Tcs {
        r.note(Code::StemTooLong, Severity::Info, Field::Stem, vec![], format!("L’énoncé compte {words} mots."));
    }
    if let Some(found) = r.stem.find(DRESSING) {
        r.at_stem(Code::WindowDressing, Severity::Info, found, |said| {
            format!("« {said} » n’apporte rien à la question.")
        });
    }
}

/// Acronyms neither known by all nor spelled between brackets beside them.
fn acronyms(r: &mut Review<'_>) {
    let source = r.stem.source;
    // A stem in capitals has no acronym.
    if source.chars().filter(|c| c.is_lowercase()).count() * 2 < source.chars().filter(|c| c.is_uppercase()).count() {
        return;
    }
    let mut seen: Vec<&str> = Vec::new();
    let mut ranges = Vec::new();
    for word in &r.stem.words {
        let text = &source[word.range.clone()];
        let letters = text.chars().filter(|c| c.is_alphabetic()).count();
        let acronym = (3..=6).contains(&letters) && text.chars().all(|c| c.is_uppercase() || c.is_ascii_digit());
        if !acronym || seen.contains(&text) {
            continue;
        }
        seen.push(text);
        let before = source[..word.range.start].trim_end().ends_with('(');
        let after = source[word.range.end..].trim_start().starts_with('(');
        let eponym = source[word.range.end..].starts_with('-') || source[..word.range.start].ends_with('-');
        let trade = source[word.range.end..].starts_with('®');
        let plain: String = text.chars().filter(char::is_ascii).collect();
        if before || after || trade || eponym || KNOWN_ACRONYMS.contains(&plain.as_str()) {
            continue;
        }
        ranges.push((text, word.range.clone()));
    }
    if !ranges.is_empty() {
        let list = ranges.iter().map(|(t, _)| *t).collect::<Vec<_>>().join(", ");
        let places = ranges.into_iter().map(|(_, range)| range).collect();
        r.note(
            Code::AcronymNotSpelled,
            Severity::Info,
            Field::Stem,
            places,
            format!("Sigle employé sans être développé : {list}."),
        );
    }
}

fn documents(r: &mut Review<'_>) {
    let all = 0..r.stem.words.len();
    let media = r.stem.all(all.clone(), MEDIA);
    if r.question.image.is_some() {
        let spoken = !media.is_empty()
            || r.stem.has(SHOWN)
            || r.stem.has(&[
                "sur l", "montre", "visible", "visibles", "pointez", "cliquez", "fleche", "observez", "legende",
            ]);
        if !spoken && r.kind() != Kind::Qzp {
            r.note(
                Code::ImageUnmentioned,
                Severity::Info,
                Field::Stem,
                vec![],
                "Une image accompagne la question et l’énoncé n’en parle pas.".to_owned(),
            );
        }
        return;
    }
    // In a case the picture may be the case's; a video may be the document.
    if r.part.is_some() || r.question.video.is_some() {
        return;
    }
    let shown = media.iter().find_map(|m| {
        let near = r.stem.all(m.end..(m.end + 5).min(all.end), SHOWN).into_iter().next()?;
        let between = &r.stem.source[r.stem.bytes(m.clone()).end..r.stem.bytes(near.clone()).start];
        (!between.contains(['.', '?'])).then_some(m.start..near.end)
    });
    // "cette image", unless an examination told in words came before.
    let pointed = media.first().filter(|m| {
        let (before, sooner) = (r.stem.fold(m.start.wrapping_sub(1)), r.stem.fold(m.start.wrapping_sub(2)));
        let picture = ["image", "figure", "photo", "photographie", "schema", "illustration", "cliche"]
            .contains(&r.stem.fold(m.start));
        let shows = matches!(before, "cette" | "ce")
            || (matches!(before, "l" | "la" | "le") && matches!(sooner, "sur" | "voici"));
        m.start > 0 && picture && shows
    });
    let (found, severity) = match (shown, pointed) {
        (Some(found), _) => (found, Severity::Strong),
        (None, Some(found)) => (found.start - 1..found.end, Severity::Warning),
        (None, None) => return,
    };
    r.at_stem(Code::MissingImage, severity, found, |said| {
        format!("L’énoncé désigne un document (« {said} ») et aucune image n’est jointe.")
    });
}
