//! Reading a line.

use super::fields::{Facet, Field, Measure, Moment, NEVER, SortKey, nearest};
use super::values::{Days, Span, period};
use super::{Fault, Filter, Node, Parsed, Query, Remark, Sort};
use crate::analysis::fold;
use docimo_bank::revision::Status;
use docimo_engine::paper::CaseKind;
use docimo_engine::question::Kind;
use r2c_referential::{ItemNumber, ObjectiveCode, SituationNumber, specialties, specialty};

/// The deepest parentheses read; deeper ones are passed over.
const DEEPEST: usize = 40;
/// The longest line read, in bytes.
const LONGEST: usize = 4_000;

/// Reads a line.
///
/// # Errors
/// [`Fault`] for a value that its field cannot have: it says where, why, and what was perhaps meant.
pub fn parse(line: &str) -> Result<Parsed, Fault> {
    let mut remarks = Vec::new();
    let mut text = line;
    if line.len() > LONGEST {
        let cut = (0..=LONGEST).rev().find(|i| line.is_char_boundary(*i)).unwrap_or(0);
        text = &line[..cut];
        remarks.push(Remark {
            start: cut,
            end: line.len(),
            message: format!("recherche trop longue : seuls les {LONGEST} premiers octets sont lus"),
            proposal: None,
        });
    }
    let mut parser = Parser { line: text, pieces: split(text, &mut remarks), at: 0, depth: 0, remarks, sort: None };
    let mut nodes = Vec::new();
    while parser.at < parser.pieces.len() {
        nodes.push(parser.or()?);
        if let Some(piece) = parser.pieces.get(parser.at) {
            // Only a closing parenthesis stops a group before the end.
            let (start, end) = (piece.start, piece.end);
            parser.remark(start, end, "parenthèse fermée sans avoir été ouverte : ignorée", None);
            parser.at += 1;
        }
    }
    let Parser { mut remarks, sort, .. } = parser;
    remarks.sort_by_key(|r| (r.start, r.end));
    Ok(Parsed { query: Query { node: Node::all(nodes), sort }, remarks })
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Shape {
    Open,
    Close,
    Minus,
    And,
    Or,
    Not,
    /// `name:` before its value, or the name alone before a comparison: the end of the name follows.
    Named(usize),
    Word,
    /// Between quotes; the piece is what is inside.
    Phrase,
}

#[derive(Clone, Copy, Debug)]
struct Piece {
    shape: Shape,
    start: usize,
    end: usize,
}

fn opens(c: char) -> Option<char> {
    match c {
        '"' => Some('"'),
        '«' => Some('»'),
        '“' => Some('”'),
        _ => None,
    }
}

/// Parts a line into pieces; closes what was left open.
fn split(line: &str, remarks: &mut Vec<Remark>) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut at = 0;
    while let Some(c) = line[at..].chars().next() {
        let next = at + c.len_utf8();
        if let Some(close) = opens(c) {
            let inside = &line[next..];
            let end = inside.find(close).map_or(line.len(), |i| next + i);
            if end == line.len() {
                let message = "guillemet fermé à la fin de la ligne".to_owned();
                remarks.push(Remark { start: at, end, message, proposal: None });
            }
            pieces.push(Piece { shape: Shape::Phrase, start: next, end });
            at = if end == line.len() { end } else { end + close.len_utf8() };
        } else if c.is_whitespace() || c.is_control() || matches!(c, '»' | '”') {
            at = next;
        } else if c == '(' || c == ')' {
            let shape = if c == '(' { Shape::Open } else { Shape::Close };
            pieces.push(Piece { shape, start: at, end: next });
            at = next;
        } else if c == '|' {
            pieces.push(Piece { shape: Shape::Or, start: at, end: next });
            at = next;
        } else if c == '-' && line[next..].chars().next().is_some_and(|n| !n.is_whitespace() && n != ')') {
            pieces.push(Piece { shape: Shape::Minus, start: at, end: next });
            at = next;
        } else {
            let stop = |c: char| c.is_whitespace() || c.is_control() || "()|»”".contains(c) || opens(c).is_some();
            let end = line[at..].find(stop).map_or(line.len(), |i| at + i);
            word(line, at, end, &mut pieces);
            at = end;
        }
    }
    pieces
}

/// A bare word: an operator, a named value, or a word.
fn word(line: &str, start: usize, end: usize, pieces: &mut Vec<Piece>) {
    let text = &line[start..end];
    let shape = match text {
        "OR" | "OU" => Shape::Or,
        "AND" | "ET" => Shape::And,
        "NOT" | "SAUF" => Shape::Not,
        _ => {
            let name_end = text.find([':', '<', '>', '=', '≤', '≥']).unwrap_or(0);
            let (name, rest) = text.split_at(name_end);
            let field = (name_end > 0).then(|| Field::read(&fold(name))).flatten();
            let colon = rest.starts_with(':');
            let compares = matches!(field, Some(Field::Measure(_) | Field::Moment(_)));
            if field.is_some() && (colon || compares) { Shape::Named(start + name_end) } else { Shape::Word }
        }
    };
    pieces.push(Piece { shape, start, end });
}

struct Parser<'l> {
    line: &'l str,
    pieces: Vec<Piece>,
    at: usize,
    depth: usize,
    remarks: Vec<Remark>,
    sort: Option<Sort>,
}

impl Parser<'_> {
    fn remark(&mut self, start: usize, end: usize, message: &str, proposal: Option<String>) {
        self.remarks.push(Remark { start, end, message: message.to_owned(), proposal });
    }

    fn peek(&self) -> Option<Piece> {
        self.pieces.get(self.at).copied()
    }

    fn or(&mut self) -> Result<Node, Fault> {
        let mut branches = vec![self.and()?];
        while let Some(piece) = self.peek().filter(|p| p.shape == Shape::Or) {
            self.at += 1;
            let right = self.and()?;
            if right == Node::All || branches.last() == Some(&Node::All) {
                self.remark(piece.start, piece.end, "« OU » sans rien d’un côté : ignoré", None);
            }
            branches.push(right);
        }
        branches.retain(|n| *n != Node::All);
        Ok(Node::any(branches))
    }

    fn and(&mut self) -> Result<Node, Fault> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.peek() {
            match piece.shape {
                Shape::Or | Shape::Close => break,
                Shape::And => self.at += 1,
                _ => nodes.push(self.unary()?),
            }
        }
        Ok(Node::all(nodes))
    }

    fn unary(&mut self) -> Result<Node, Fault> {
        let mut negated = false;
        let from = self.at;
        while self.peek().is_some_and(|p| matches!(p.shape, Shape::Minus | Shape::Not)) {
            negated = !negated;
            self.at += 1;
        }
        let Some(piece) = self.peek().filter(|p| !matches!(p.shape, Shape::Or | Shape::And | Shape::Close)) else {
            let piece = self.pieces[from];
            self.remark(piece.start, piece.end, "rien à exclure après ce signe : ignoré", None);
            return Ok(Node::All);
        };
        let node = self.atom(piece)?;
        Ok(if negated && node != Node::All { node.negated() } else { node })
    }

    fn atom(&mut self, piece: Piece) -> Result<Node, Fault> {
        self.at += 1;
        match piece.shape {
            Shape::Open => self.group(piece),
            Shape::Phrase => {
                // A phrase may hold what quotes of another shape enclose: they are no part of it.
                let phrase = clean(&self.line[piece.start..piece.end]);
                Ok(if phrase.chars().any(char::is_alphanumeric) { Node::Phrase(phrase) } else { Node::All })
            }
            Shape::Named(name_end) => self.named(piece, name_end),
            _ => Ok(self.plain(piece)),
        }
    }

    fn group(&mut self, open: Piece) -> Result<Node, Fault> {
        if self.depth >= DEEPEST {
            self.remark(open.start, open.end, "trop de parenthèses : celle-ci est ignorée", None);
            return Ok(Node::All);
        }
        self.depth += 1;
        let node = self.or();
        self.depth -= 1;
        let node = node?;
        match self.peek() {
            Some(piece) if piece.shape == Shape::Close => self.at += 1,
            _ => self.remark(open.start, open.end, "parenthèse fermée à la fin de la ligne", None),
        }
        Ok(node)
    }

    /// A bare word, a prefix, or nothing if it holds neither letter nor digit.
    fn plain(&mut self, piece: Piece) -> Node {
        let (start, end) = (piece.start, piece.end);
        let text = &self.line[start..end];
        if !text.chars().any(char::is_alphanumeric) {
            return Node::All;
        }
        if let Some((name, value)) = text.split_once(':')
            && name.chars().count() > 1
            && name.chars().all(char::is_alphabetic)
            && !crate::analysis::analyse(text).iter().any(|t| t.class == crate::analysis::Class::Code)
        {
            let proposal = Field::nearest(&fold(name)).map(|f| format!("{}:{value}", f.french()));
            let message = format!("« {name} » n’est pas un champ : cherché comme du texte");
            self.remark(start, end, &message, proposal);
        }
        let bare = text.trim_end_matches('*');
        if bare.len() < text.len() {
            let begun = bare.trim_start_matches('*');
            if begun.chars().filter(|c| c.is_alphanumeric()).count() >= 2 && !begun.contains('*') {
                return if bare_word(begun) { Node::Prefix(begun.to_owned()) } else { Node::Phrase(clean(begun)) };
            }
            let message = "l’astérisque demande au moins deux lettres avant lui : ignoré";
            self.remark(start, end, message, None);
        }
        let word: String = text.chars().filter(|c| *c != '*').collect();
        let word = word.trim_start_matches('-');
        if bare_word(word) { Node::Word(word.to_owned()) } else { Node::Phrase(clean(word)) }
    }

    /// `name:value`, `name:"value"`, `name<number`.
    fn named(&mut self, piece: Piece, name_end: usize) -> Result<Node, Fault> {
        let name = &self.line[piece.start..name_end];
        let Some(field) = Field::read(&fold(name)) else { return Ok(self.plain(piece)) };
        let rest = &self.line[name_end..piece.end];
        let value = rest.strip_prefix(':').unwrap_or(rest);
        let (value, quoted, start, end) = if value.is_empty() {
            match self.peek().filter(|p| matches!(p.shape, Shape::Phrase | Shape::Word)) {
                // The value follows in quotes, or a space was typed after the colon.
                Some(next) => {
                    self.at += 1;
                    (&self.line[next.start..next.end], next.shape == Shape::Phrase, next.start, next.end)
                }
                None => {
                    let message = format!("« {name}: » sans valeur : ignoré");
                    self.remark(piece.start, piece.end, &message, None);
                    return Ok(Node::All);
                }
            }
        } else {
            (value, false, piece.end - value.len(), piece.end)
        };
        let value = clean(value);
        let place = Place { line: self.line, start, end };
        if !value.chars().any(|c| c.is_alphanumeric()) {
            let message = format!("« {name}: » sans valeur : ignoré");
            self.remark(piece.start, end, &message, None);
            return Ok(Node::All);
        }
        match field {
            Field::Sort => {
                self.sort = Some(sort(&value, &place)?);
                Ok(Node::All)
            }
            Field::Facet(facet) if quoted => filter(facet, &value, &place),
            Field::Facet(facet) => {
                let values: Vec<&str> = value.split(',').filter(|v| !v.trim().is_empty()).collect();
                let nodes: Result<Vec<Node>, Fault> =
                    values.into_iter().map(|v| filter(facet, v.trim(), &place)).collect();
                Ok(Node::any(nodes?))
            }
            Field::Measure(measure) => measured(measure, &value, &place),
            Field::Moment(moment) => dated(moment, &value, &place),
            Field::Unused => unused(&value, &place),
            Field::Code => Ok(Node::Filter(Filter::Code(value))),
            Field::Fingerprint => Ok(Node::Filter(Filter::Fingerprint(value))),
        }
    }
}

/// Is the text read back as a word? What is left of `*item:3` once its star is off is not.
fn bare_word(text: &str) -> bool {
    matches!(split(text, &mut Vec::new())[..], [Piece { shape: Shape::Word, start: 0, end }] if end == text.len())
}

/// One space between words, no double quote, no control character.
pub(crate) fn clean(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() || c == '"' { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

struct Place<'l> {
    line: &'l str,
    start: usize,
    end: usize,
}

impl Place<'_> {
    fn fault(&self, message: impl Into<String>, proposal: Option<String>) -> Fault {
        let character = self.line[..self.start].chars().count() + 1;
        Fault { start: self.start, end: self.end, character, message: message.into(), proposal }
    }
}

fn sort(value: &str, place: &Place<'_>) -> Result<Sort, Fault> {
    let (reversed, name) = match value.strip_prefix('-') {
        Some(name) => (true, name),
        None => (false, value),
    };
    let name = fold(name);
    let known = |k: &SortKey| [fold(k.french()), k.english().to_owned()];
    match SortKey::ALL.into_iter().find(|k| known(k).contains(&name)) {
        Some(key) => Ok(Sort { key, reversed }),
        None => {
            let names: Vec<(String, SortKey)> = SortKey::ALL.into_iter().map(|k| (fold(k.french()), k)).collect();
            let near = nearest(&name, names.iter().map(|(n, k)| (n.as_str(), *k)));
            let all: Vec<&str> = SortKey::ALL.iter().map(|k| k.french()).collect();
            Err(place.fault(
                format!("tri « {value} » inconnu (tris possibles : {})", all.join(", ")),
                near.map(|k| k.french().to_owned()),
            ))
        }
    }
}

/// A value of a facet, brought to its canonical form.
fn filter(facet: Facet, value: &str, place: &Place<'_>) -> Result<Node, Fault> {
    let folded = fold(value);
    let is = |value: &str| Ok(Node::Filter(Filter::Is(facet, value.to_owned())));
    match facet {
        Facet::Kind => {
            let mut names: Vec<&str> = Kind::ALL.iter().map(|k| k.code()).collect();
            names.extend([CaseKind::Dp, CaseKind::MiniDp, CaseKind::Kfp, CaseKind::Lca].map(CaseKind::code));
            names.push("QI");
            chosen(facet, "genre", &folded, &names, value, place)
        }
        Facet::Rank => chosen(facet, "rang", &folded, &["A", "B"], value, place),
        Facet::Status => {
            let root = folded.trim_end_matches('s').trim_end_matches('e').trim_start_matches("en ");
            let found = Status::ALL.into_iter().find(|s| {
                let french = fold(s.french());
                s.code() == folded || french.trim_end_matches('e').trim_start_matches("en ") == root
            });
            match found {
                Some(status) => is(status.code()),
                None => {
                    let names = ["brouillon", "relecture", "validée", "retirée"];
                    let folded_names = names.map(fold);
                    let near = nearest(&folded, folded_names.iter().map(String::as_str).zip(names));
                    let message = format!("statut « {value} » inconnu (statuts : {})", names.join(", "));
                    Err(place.fault(message, near.map(str::to_owned)))
                }
            }
        }
        Facet::Image => match folded.as_str() {
            "oui" | "yes" | "avec" | "1" => is("oui"),
            "non" | "no" | "sans" | "0" => is("non"),
            _ => Err(place.fault(format!("« image » vaut oui ou non, pas « {value} »"), Some("oui".to_owned()))),
        },
        Facet::Origin => match folded.as_str() {
            "ia" | "ai" | "machine" => is("ia"),
            "personne" | "person" | "humain" | "humaine" => is("personne"),
            _ => Err(place.fault(format!("« origine » vaut ia ou personne, pas « {value} »"), Some("ia".to_owned()))),
        },
        Facet::Language => {
            let shape = (2..=3).contains(&folded.len()) && folded.bytes().all(|b| b.is_ascii_lowercase());
            if shape {
                is(&folded)
            } else {
                let known = [("francais", "fr"), ("anglais", "en"), ("french", "fr"), ("english", "en")];
                match known.iter().find(|(name, _)| *name == folded) {
                    Some((_, code)) => is(code),
                    None => Err(place.fault(
                        format!("langue « {value} » : un code de deux lettres est attendu"),
                        Some("fr".to_owned()),
                    )),
                }
            }
        }
        Facet::Item => numbers(facet, value.trim_start_matches("R2C:"), place, |t| {
            t.parse::<ItemNumber>().map(ItemNumber::get).map_err(|e| e.to_string())
        }),
        Facet::Situation => {
            let bare = folded.trim_start_matches("r2c:").trim_start_matches("sdd").trim_start_matches([':', '-']);
            numbers(facet, bare, place, |t| {
                t.parse::<SituationNumber>().map(SituationNumber::get).map_err(|e| e.to_string())
            })
        }
        Facet::Objective => match value.to_uppercase().parse::<ObjectiveCode>() {
            Ok(code) => is(&code.to_string()),
            Err(error) => Err(place.fault(error.to_string(), Some("OIC-031-11-B".to_owned()))),
        },
        Facet::Specialty => {
            let slug: String = folded.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
            let slug = slug.split('-').filter(|p| !p.is_empty()).collect::<Vec<_>>().join("-");
            match specialty(&slug) {
                Some(known) => is(known.slug.as_str()),
                None => {
                    let names = specialties()
                        .iter()
                        .flat_map(|s| std::iter::once(&s.slug).chain(&s.other_slugs))
                        .map(|slug| (slug.as_str(), slug.as_str()));
                    let near = nearest(&slug, names).map(str::to_owned);
                    Err(place.fault(format!("spécialité « {value} » inconnue"), near))
                }
            }
        }
        Facet::Author | Facet::Establishment | Facet::Folder | Facet::Flaw => is(value),
        Facet::Difficulty => measured(Measure::Difficulty, value, place),
        Facet::Discrimination => measured(Measure::Discrimination, value, place),
        Facet::Exposure => measured(Measure::Exposure, value, place),
        Facet::LastUse => dated(Moment::LastUsed, value, place),
    }
}

fn chosen(
    facet: Facet,
    what: &str,
    folded: &str,
    names: &[&str],
    value: &str,
    place: &Place<'_>,
) -> Result<Node, Fault> {
    if let Some(name) = names.iter().find(|n| fold(n) == folded) {
        return Ok(Node::Filter(Filter::Is(facet, (*name).to_owned())));
    }
    let folded_names: Vec<String> = names.iter().map(|n| fold(n)).collect();
    let near =
        folded_names.iter().zip(names).filter(|(n, _)| super::fields::distance(folded, n) <= 1).map(|(_, n)| *n).next();
    let message = format!("{what} « {value} » inconnu (valeurs : {})", names.join(", "));
    Err(place.fault(message, near.map(str::to_owned)))
}

fn numbers(
    facet: Facet,
    value: &str,
    place: &Place<'_>,
    read: impl Fn(&str) -> Result<u16, String>,
) -> Result<Node, Fault> {
    let one = |text: &str| read(text).map_err(|message| place.fault(message, None));
    match value.split_once("..") {
        None => Ok(Node::Filter(Filter::Is(facet, one(value)?.to_string()))),
        Some((low, high)) => {
            let low = if low.is_empty() { 1 } else { one(low)? };
            let high = match (high.is_empty(), facet) {
                (false, _) => one(high)?,
                (true, Facet::Item) => ItemNumber::LAST.get(),
                (true, _) => SituationNumber::LAST.get(),
            };
            if low > high {
                let message = format!("intervalle à l’envers : {low} est après {high}");
                return Err(place.fault(message, Some(format!("{high}..{low}"))));
            }
            Ok(Node::Filter(Filter::Between(facet, low, high)))
        }
    }
}

fn measured(measure: Measure, value: &str, place: &Place<'_>) -> Result<Node, Fault> {
    let folded = fold(value).replace('≤', "<=").replace('≥', ">=");
    if matches!(folded.as_str(), "non" | "no" | "aucune") {
        return Ok(Node::Filter(Filter::Measure(measure, Span::EVERYTHING)).negated());
    }
    let compact: String = folded.chars().filter(|c| !c.is_whitespace()).collect();
    match Span::read(&compact) {
        Some(span) if span.is_empty() => {
            let proposal =
                compact.split_once("..").map(|(low, high)| format!("{}..{low}", high.trim_start_matches('<')));
            Err(place.fault(format!("« {value} » : l’intervalle est vide"), proposal))
        }
        Some(span) => Ok(Node::Filter(Filter::Measure(measure, span))),
        None => Err(place.fault(
            format!("« {value} » n’est ni un nombre, ni une comparaison, ni un intervalle"),
            Some("0,2..0,8".to_owned()),
        )),
    }
}

fn dated(moment: Moment, value: &str, place: &Place<'_>) -> Result<Node, Fault> {
    let folded = fold(value);
    if moment == Moment::LastUsed {
        match folded.as_str() {
            "oui" | "yes" => return Ok(Node::Filter(Filter::EverUsed(true))),
            "non" | "no" | NEVER => return Ok(Node::Filter(Filter::EverUsed(false))),
            _ => {}
        }
    }
    match Days::read(&folded) {
        Some(Days { from: Some(from), to: Some(to) }) if from > to => {
            Err(place.fault(format!("période à l’envers : le {from} est après le {to}"), Some(format!("{to}..{from}"))))
        }
        Some(days) if days.from.is_some() || days.to.is_some() => Ok(Node::Filter(Filter::Moment(moment, days))),
        _ => Err(place.fault(
            format!("« {value} » n’est pas une date (2024, 2024-03, 2024-03-05 ou 05/03/2024, ou un intervalle)"),
            Some("2024-01-01..".to_owned()),
        )),
    }
}

fn unused(value: &str, place: &Place<'_>) -> Result<Node, Fault> {
    let folded = fold(value);
    if matches!(folded.as_str(), "oui" | "yes" | NEVER) {
        return Ok(Node::Filter(Filter::EverUsed(false)));
    }
    match period(folded.trim_end_matches("..").trim_start_matches(['>', '='])) {
        Some((first, _)) => Ok(Node::Filter(Filter::UnusedSince(first))),
        None => Err(place.fault(
            format!(
                "« {value} » n’est pas une date : « inutilisée:2023 » veut dire inutilisée depuis le 1er janvier 2023"
            ),
            Some("2023".to_owned()),
        )),
    }
}
