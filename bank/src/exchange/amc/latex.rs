//! AMC's LaTeX where it is regular: `question` and `questionmult` environments with their answers. LaTeX is
//! a language: what is computed or drawn is told, not guessed.

use crate::exchange::draft::{self, Answer, Draft, Markup};
use crate::exchange::render::escape;
use crate::exchange::text::Decoded;
use crate::exchange::{Faulty, Imported, Raw, identity};
use docimo_engine::paper::Element;

pub(in crate::exchange) fn read(decoded: &Decoded<'_>) -> Raw {
    let mut raw = Raw { warnings: decoded.warning.clone().into_iter().collect(), ..Raw::default() };
    let text = without_comments(&decoded.text);
    let mut at = 0;
    // Lines are counted as one goes.
    let (mut counted, mut line) = (0, 1);
    let mut group: Option<String> = None;
    while let Some(found) = text[at..].find('\\') {
        let here = at + found;
        let rest = &text[here..];
        if let Some(name) = rest.strip_prefix("\\element").and_then(|rest| argument(rest, 200)) {
            group = Some(name.0.trim().to_owned()).filter(|g| !g.is_empty());
            at = here + 8;
        } else if let Some((several, head)) = opening(rest) {
            line += text[counted..here].matches('\n').count();
            counted = here;
            let place = format!("question {}, ligne {line}", raw.entries.len() + 1);
            let end = if several.1 {
                "\\end{questionmultx}"
            } else if several.0 {
                "\\end{questionmult}"
            } else {
                "\\end{question}"
            };
            let body = &rest[head..];
            match body.find(end) {
                Some(stop) => {
                    raw.entries.push(question(&body[..stop], several.0, place, group.as_deref()));
                    at = here + head + stop + end.len();
                }
                None => {
                    raw.entries.push(Err(Faulty::error(place, format!("la question n’est pas fermée par {end}"))));
                    break;
                }
            }
        } else {
            at = here + 1;
        }
    }
    raw
}

/// Whether several answers may be right, and the length of `\begin{…}`.
fn opening(text: &str) -> Option<((bool, bool), usize)> {
    [
        ("\\begin{questionmultx}", (true, true)),
        ("\\begin{questionmult}", (true, false)),
        ("\\begin{question}", (false, false)),
    ]
    .into_iter()
    .find(|(mark, _)| text.starts_with(mark))
    .map(|(mark, several)| (several, mark.len()))
}

/// Comments removed, lines kept.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let mut escaped = false;
        let cut = line.char_indices().find(|(_, c)| {
            let found = *c == '%' && !escaped;
            escaped = *c == '\\' && !escaped;
            found
        });
        out.push_str(cut.map_or(line, |(i, _)| &line[..i]));
        out.push('\n');
    }
    out
}

/// Longest answer, and longest argument of a command in a text, in bytes: where braces are never closed the
/// end of the file is not looked for again and again.
const LONGEST_ANSWER: usize = 100_000;
const LONGEST_ARGUMENT: usize = 4_000;

/// The argument in braces that starts a text, of so many bytes at most, and its length.
fn argument(text: &str, longest: usize) -> Option<(&str, usize)> {
    let start = text.len() - text.trim_start().len();
    let inner = text[start..].strip_prefix('{')?;
    let (mut depth, mut escaped) = (1, false);
    for (i, c) in inner.char_indices().take_while(|(i, _)| *i <= longest) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return Some((&inner[..i], start + i + 2));
                }
            }
            _ => {}
        }
    }
    None
}

const LISTS: [&str; 10] = [
    "reponseshoriz",
    "reponsescustom",
    "reponses",
    "choiceshoriz",
    "choicescustom",
    "choices",
    "multicols",
    "choicesvert",
    "reponsesvert",
    "choicesopts",
];

fn question(text: &str, several: bool, place: String, group: Option<&str>) -> Result<Imported, Faulty> {
    let mut draft = Draft::default();
    let Some((name, length)) = argument(text, 1000) else {
        return Err(Faulty::error(place, "question sans nom : \\begin{question}{nom} attendu"));
    };
    let text = &text[length..];
    for (mark, reason) in [
        ("\\AMCOpen", "question ouverte : elle n’est pas reprise"),
        ("\\AMCnumericChoices", "réponse numérique codée : elle n’est pas reprise"),
        ("\\FPeval", "valeurs calculées par LaTeX : la question n’est pas reprise"),
        ("\\foreach", "réponses engendrées par LaTeX : la question n’est pas reprise"),
    ] {
        if text.contains(mark) {
            return Err(Faulty::error(place, format!("« {name} » : {reason}")));
        }
    }
    let list = LISTS.iter().filter(|l| **l != "multicols").filter_map(|l| text.find(&format!("\\begin{{{l}}}"))).min();
    let Some(list) = list else {
        return Err(Faulty::error(place, format!("« {name} » : aucune liste de réponses")));
    };
    let stem = latex(&mut draft, &text[..list]);
    let mut answers = Vec::new();
    let mut rest = &text[list..];
    while let Some(at) = rest.find('\\') {
        rest = &rest[at + 1..];
        let command: String = rest.chars().take_while(char::is_ascii_alphabetic).collect();
        let after = &rest[command.len()..];
        let right = match command.as_str() {
            "bonne" | "correctchoice" => true,
            "mauvaise" | "wrongchoice" => false,
            "bareme" | "scoring" => {
                draft.lose("barème AMC");
                rest = after;
                continue;
            }
            _ => {
                rest = after;
                continue;
            }
        };
        // `\correctchoice[label]{text}`.
        let after = match after.trim_start().strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            Some((_, after)) => after,
            None => after,
        };
        let Some((inner, length)) = argument(after, LONGEST_ANSWER) else {
            draft.errors.push(format!("« {name} » : \\{command} sans accolade fermée"));
            break;
        };
        let html = latex(&mut draft, inner);
        let markdown = draft.markdown(&html, Markup::Html, "propositions", None);
        answers.push(Answer {
            fraction: if right { 100.0 } else { 0.0 },
            raw: inner.to_owned(),
            markdown,
            comment: String::new(),
        });
        rest = &after[length..];
    }
    if text[..list].contains("\\bareme") || text[..list].contains("\\scoring") {
        draft.lose("barème AMC");
    }
    if answers.is_empty() {
        draft.errors.push(format!("« {name} » : aucune réponse \\bonne ou \\mauvaise"));
    }
    let body = draft.choice(answers, !several);
    let stem = draft.markdown(&stem, Markup::Html, "énoncé", None);
    let id = identity::given(name, group);
    draft.finish(place, id, group, Some(Element::Question(draft::question(stem, body))))
}

/// LaTeX to the HTML that the converter knows: usual marks, accents and symbols. What is not known is
/// named, its argument kept.
fn latex(draft: &mut Draft, text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    write_latex(draft, text, &mut out, 0);
    out
}

fn write_latex(draft: &mut Draft, text: &str, out: &mut String, depth: usize) {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\\' => rest = command(draft, rest, out, depth),
            '~' => out.push('\u{a0}'),
            '{' | '}' => {}
            '$' => {
                // A formula is kept as it is written, between dollars.
                let end = rest.find('$').unwrap_or(rest.len());
                draft.stripped.insert("formules LaTeX, gardées telles quelles".to_owned());
                out.push_str(&escape(&format!("${}$", &rest[..end])));
                rest = rest.get(end + 1..).unwrap_or_default();
            }
            '\n' if rest.trim_start_matches([' ', '\t', '\r']).starts_with('\n') => out.push_str("<p>"),
            '`' if rest.starts_with('`') => {
                out.push('“');
                rest = &rest[1..];
            }
            '\'' if rest.starts_with('\'') => {
                out.push('”');
                rest = &rest[1..];
            }
            '-' if rest.starts_with('-') => {
                out.push('–');
                rest = rest.trim_start_matches('-');
            }
            c => out.push_str(&escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
}

fn command<'a>(draft: &mut Draft, rest: &'a str, out: &mut String, depth: usize) -> &'a str {
    let name: &str = {
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        if letters > 0 { &rest[..letters] } else { rest.chars().next().map_or("", |c| &rest[..c.len_utf8()]) }
    };
    let mut after = &rest[name.len()..];
    if name.chars().next().is_some_and(|c| c.is_ascii_alphabetic()) {
        after = after.strip_prefix('*').unwrap_or(after);
    }
    let mut inside =
        |draft: &mut Draft, open: &str, close: &str, out: &mut String| match argument(after, LONGEST_ARGUMENT) {
            Some((inner, length)) if depth < 32 => {
                out.push_str(open);
                write_latex(draft, inner, out, depth + 1);
                out.push_str(close);
                after = &after[length..];
            }
            _ => {}
        };
    match name {
        "%" | "&" | "_" | "$" | "#" | "{" | "}" => out.push_str(&escape(name)),
        "\\" | "newline" | "par" => out.push_str("<br>"),
        " " | "," | ";" | ":" | "!" | "quad" | "qquad" | "xspace" => out.push(' '),
        "emph" | "textit" | "textsl" => inside(draft, "<em>", "</em>", out),
        "textbf" | "bf" => inside(draft, "<strong>", "</strong>", out),
        "textsuperscript" | "up" => inside(draft, "<sup>", "</sup>", out),
        "textsubscript" => inside(draft, "<sub>", "</sub>", out),
        "text" | "mbox" | "textrm" | "textsf" | "texttt" | "underline" => inside(draft, "", "", out),
        "textbackslash" => out.push('\\'),
        "textasciitilde" => out.push('~'),
        "textasciicircum" => out.push('^'),
        "og" => out.push('«'),
        "fg" => out.push('»'),
        "oe" => out.push('œ'),
        "OE" => out.push('Œ'),
        "ae" => out.push('æ'),
        "degre" | "degres" | "textdegree" => out.push('°'),
        "dots" | "ldots" => out.push('…'),
        "euro" | "texteuro" => out.push('€'),
        "ier" => out.push_str("<sup>er</sup>"),
        "ieme" => out.push_str("<sup>e</sup>"),
        "no" | "nos" => out.push_str("n°"),
        "'" | "`" | "^" | "\"" | "~" | "c" => {
            let mark = match name {
                "'" => '\u{301}',
                "`" => '\u{300}',
                "^" => '\u{302}',
                "\"" => '\u{308}',
                "~" => '\u{303}',
                _ => '\u{327}',
            };
            let (letter, length) = match argument(after, LONGEST_ARGUMENT) {
                Some((inner, length)) => (inner.to_owned(), length),
                None => {
                    let skipped = after.len() - after.trim_start().len();
                    let letter = after.trim_start().chars().next().map(String::from).unwrap_or_default();
                    let length = skipped + letter.len();
                    (letter, length)
                }
            };
            let letter = match letter.as_str() {
                "\\i" => "i",
                other => other,
            };
            let composed: String = letter.chars().chain([mark]).collect();
            out.extend(unicode_normalization::UnicodeNormalization::nfc(composed.chars()));
            after = &after[length..];
        }
        "bareme" | "scoring" | "label" | "vspace" | "hspace" | "AMCnoCompleteMulti" => {
            after = argument(after, LONGEST_ARGUMENT).map_or(after, |(_, length)| &after[length..]);
        }
        "includegraphics" => {
            draft.lost_images.insert("énoncé ou propositions (LaTeX)".to_owned());
            let bracket = after.strip_prefix('[').and_then(|inner| inner.split_once(']')).map(|(_, rest)| rest);
            after = bracket.unwrap_or(after);
            after = argument(after, LONGEST_ARGUMENT).map_or(after, |(_, length)| &after[length..]);
        }
        "AMCdontAnnotate" | "AMCdontScan" | "noindent" | "centering" | "item" => {}
        other => {
            draft.stripped.insert(format!("\\{}", other.chars().take(30).collect::<String>()));
        }
    }
    after
}
