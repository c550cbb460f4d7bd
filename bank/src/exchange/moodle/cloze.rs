//! Moodle's embedded answers: `{1:MULTICHOICE:=juste#bien~%50%à demi~faux}` inside the text.

use crate::exchange::draft::{Answer, Draft, Sub};
use crate::exchange::html::{self, LineFeed};
use crate::exchange::xml::Node;
use docimo_engine::paper::Element;

pub(super) fn read(draft: &mut Draft, node: &Node, name: &str) -> Option<Element> {
    let Some(text) = node.child("questiontext") else {
        draft.errors.push("question sans <questiontext>".to_owned());
        return None;
    };
    let raw = text.text();
    let (mut shown, mut subs) = (String::new(), Vec::new());
    let mut rest = raw.as_str();
    while let Some(at) = rest.find('{') {
        shown.push_str(&rest[..at]);
        let inner = &rest[at + 1..];
        let Some(end) = closing(inner) else {
            shown.push('{');
            rest = inner;
            continue;
        };
        match sub(draft, &inner[..end], subs.len() + 1) {
            Some(sub) => {
                shown.push_str(&format!("({})", subs.len() + 1));
                subs.push(sub);
            }
            None => shown.push_str(&rest[at..at + end + 2]),
        }
        rest = &inner[end + 1..];
    }
    shown.push_str(rest);
    let found = html::to_markdown(&shown, LineFeed::Space);
    draft.stripped.extend(found.stripped);
    draft.several(name, found.markdown, subs)
}

/// Where the answer ends: a brace that is not escaped.
fn closing(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '}' => return Some(i),
            _ => {}
        }
    }
    None
}

fn sub(draft: &mut Draft, text: &str, number: usize) -> Option<Sub> {
    let mut fields = text.splitn(3, ':');
    let weight = fields.next()?.trim();
    let kind = fields.next()?.trim().to_ascii_uppercase();
    let list = fields.next()?;
    if !weight.is_empty() && weight.parse::<u32>().is_err() {
        return None;
    }
    if !matches!(weight, "" | "1") {
        draft.lose("poids des réponses intégrées");
    }
    let answers: Vec<Answer> = alternatives(list).into_iter().map(|text| answer(draft, &text)).collect();
    let stem = format!("Que faut-il à la place de ({number}) ?");
    let body = match kind.as_str() {
        "MULTICHOICE" | "MC" | "MULTICHOICE_H" | "MCH" | "MULTICHOICE_V" | "MCV" | "MULTICHOICE_S" | "MCS"
        | "MULTICHOICE_HS" | "MCHS" | "MULTICHOICE_VS" | "MCVS" => draft.choice(answers, true),
        "MULTIRESPONSE" | "MR" | "MULTIRESPONSE_H" | "MRH" | "MULTIRESPONSE_S" | "MRS" | "MULTIRESPONSE_HS"
        | "MRHS" => draft.choice(answers, false),
        "SHORTANSWER" | "SA" | "MW" | "SHORTANSWER_C" | "SAC" | "MWC" => {
            let kept = std::mem::take(&mut draft.comment);
            let body = draft.open(answers);
            draft.comment = [kept, std::mem::take(&mut draft.comment)]
                .into_iter()
                .filter(|t| !t.is_empty())
                .collect::<Vec<_>>()
                .join("\n");
            body
        }
        "NUMERICAL" | "NM" => {
            let (mut exact, mut acceptable) = (Vec::new(), Vec::new());
            for a in answers.into_iter().filter(|a| a.fraction > 0.0) {
                let (value, tolerance) = a.raw.split_once(':').unwrap_or((&a.raw, "0"));
                if let Some(values) = draft.tolerance(value, tolerance) {
                    draft.values(values, a.fraction, &mut exact, &mut acceptable);
                }
            }
            draft.qroc(exact, acceptable)
        }
        _ => return None,
    };
    Some(Sub { stem, body })
}

/// The answers, separated by "~".
fn alternatives(text: &str) -> Vec<String> {
    let mut list = vec![String::new()];
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, list.last_mut()) {
            ('\\', Some(last)) => {
                last.push('\\');
                last.extend(chars.next());
            }
            ('~', _) => list.push(String::new()),
            (c, Some(last)) => last.push(c),
            (_, None) => {}
        }
    }
    list.into_iter().filter(|a| !a.trim().is_empty()).collect()
}

fn answer(draft: &mut Draft, text: &str) -> Answer {
    let text = text.trim();
    let (fraction, text) = match text.strip_prefix('=') {
        Some(rest) => (100.0, rest),
        None => match text.strip_prefix('%').and_then(|rest| rest.split_once('%')) {
            Some((percent, rest)) => (percent.trim().replace(',', ".").parse().unwrap_or(0.0), rest),
            None => (0.0, text),
        },
    };
    let mut escaped = false;
    let cut = text
        .char_indices()
        .find(|(_, c)| {
            let found = *c == '#' && !escaped;
            escaped = *c == '\\' && !escaped;
            found
        })
        .map(|(i, _)| i);
    let (own, comment) = cut.map_or((text, ""), |i| (&text[..i], &text[i + 1..]));
    let plain = |text: &str| {
        let mut out = String::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => out.extend(chars.next()),
                c => out.push(c),
            }
        }
        out
    };
    let (own, comment) = (plain(own), plain(comment));
    let found = html::to_markdown(&own, LineFeed::Space);
    draft.stripped.extend(found.stripped);
    Answer {
        fraction: if f64::is_finite(fraction) { fraction } else { 0.0 },
        raw: crate::exchange::text::unescape(own.trim()),
        markdown: found.markdown,
        comment: html::to_markdown(&comment, LineFeed::Space).markdown,
    }
}
