//! A line of the table to a question.

use super::columns::Column;
use super::pieces;
use crate::exchange::draft;
use crate::exchange::identity;
use docimo_engine::paper::CaseKind;
use docimo_engine::question::{Body, Image, Kind, Proposition, Question, Rank, Shape, Status, Zone};
use docimo_engine::{Exact, QuestionId, ZoneId};
use std::collections::BTreeMap;

/// The cells of a line.
pub(super) type Cells = BTreeMap<Column, String>;

/// What is read from a line.
pub(super) struct Line {
    /// Number in the file, from 1.
    pub(super) number: usize,
    pub(super) question: Question,
    /// Identifier given by the file.
    pub(super) id: Option<String>,
    pub(super) before: String,
    pub(super) cells: Cells,
    pub(super) warnings: Vec<String>,
}

/// A cell, without spaces at its ends; empty if absent.
pub(super) fn cell(cells: &Cells, column: Column) -> &str {
    cells.get(&column).map_or("", |text| text.trim())
}

pub(super) fn read(number: usize, cells: Cells) -> Result<Line, Vec<String>> {
    let mut errors = Vec::new();
    let mut warnings = Vec::new();
    let get = |column| cell(&cells, column);
    let mut propositions = propositions(&cells, &mut errors);
    let answers = get(Column::Answers);
    let kind = match get(Column::Kind) {
        "" => guess(&propositions, answers, &cells),
        code => Kind::from_code(code).or_else(|| alias(code)),
    };
    let body = match kind {
        None if get(Column::Kind).is_empty() => {
            errors.push("Type : à préciser (QRU, QRM, QRP, QRPL, QROC, QZP, TCS, QCM)".to_owned());
            None
        }
        None => {
            errors.push(format!("Type : « {} » inconnu (QRU, QRM, QRP, QRPL, QROC, QZP, TCS, QCM)", get(Column::Kind)));
            None
        }
        Some(kind) => {
            let ticked = !matches!(kind, Kind::Qroc | Kind::Qzp | Kind::Tcs);
            if ticked {
                mark(&mut propositions, answers, "Réponses", Status::Vrai, &mut errors);
                mark(&mut propositions, get(Column::Required), "Indispensables", Status::Indispensable, &mut errors);
                mark(&mut propositions, get(Column::Forbidden), "Inacceptables", Status::Inacceptable, &mut errors);
            } else if !propositions.is_empty() {
                warnings.push(format!("propositions sans effet pour une {kind}"));
            }
            let right = u32::try_from(propositions.iter().filter(|p| p.status.is_true()).count()).unwrap_or(0);
            let expected = whole(get(Column::Expected), "Nombre attendu", &mut errors);
            match kind {
                Kind::Qru => Some(Body::Qru { propositions }),
                Kind::Qrm => Some(Body::Qrm { propositions }),
                Kind::Qcm => Some(Body::Qcm { propositions }),
                Kind::Qrp => Some(Body::Qrp { expected: expected.unwrap_or(right), propositions }),
                Kind::Qrpl => Some(Body::Qrpl { expected: expected.unwrap_or(right), propositions }),
                Kind::Qroc => {
                    let max_words = whole(get(Column::MaxWords), "Mots permis", &mut errors).unwrap_or(5);
                    let acceptable = pieces(get(Column::Acceptable));
                    Some(Body::Qroc { exact: pieces(answers), acceptable, max_words })
                }
                Kind::Tcs => votes(answers, &mut errors).map(|panel| Body::Tcs {
                    hypothesis: get(Column::Hypothesis).to_owned(),
                    finding: get(Column::Finding).to_owned(),
                    panel,
                    experts: Vec::new(),
                }),
                Kind::Qzp => {
                    let zones = zones(get(Column::Zones), &mut errors);
                    let all = u32::try_from(zones.len()).unwrap_or(u32::MAX);
                    Some(Body::Qzp { expected: expected.unwrap_or(all), zones })
                }
            }
        }
    };
    let image = match (get(Column::Image), get(Column::Alt)) {
        ("", "") => None,
        ("", _) => {
            warnings.push("Texte de remplacement sans image".to_owned());
            None
        }
        (file, alt) => Some(Image { file: file.to_owned(), alt: alt.to_owned(), width: 0, height: 0 }),
    };
    let rank = match get(Column::Rank).to_uppercase().as_str() {
        "" => None,
        "A" => Some(Rank::A),
        "B" => Some(Rank::B),
        other => {
            errors.push(format!("Rang : « {other} » inconnu (A ou B)"));
            None
        }
    };
    let weight = match get(Column::Weight) {
        "" => Exact::ONE,
        text => text.replace(',', ".").replace(' ', "").parse().unwrap_or_else(|_| {
            errors.push(format!("Poids : « {text} » n’est pas un nombre (1 ; 0,5 ; 2/3)"));
            Exact::ONE
        }),
    };
    let Some(body) = body.filter(|_| errors.is_empty()) else { return Err(errors) };
    let text = |column| get(column).to_owned();
    let given = Some(text(Column::Id)).filter(|id| !id.is_empty());
    let question = Question {
        id: QuestionId::new(given.clone().unwrap_or_default()),
        stem: text(Column::Stem),
        image,
        video: None,
        body,
        weight,
        rank,
        tags: pieces(get(Column::Tags)),
        comment: text(Column::Comment),
        source: text(Column::Source),
        scheme: Some(text(Column::Scheme)).filter(|s| !s.is_empty()),
    };
    Ok(Line { number, question, id: given, before: text(Column::Before), cells, warnings })
}

/// Names that other tables use.
fn alias(code: &str) -> Option<Kind> {
    match code.trim().to_uppercase().as_str() {
        "QCS" | "SBA" => Some(Kind::Qru),
        "QRPC" | "QNRP" => Some(Kind::Qrp),
        "ZAP" | "QZONE" => Some(Kind::Qzp),
        "QTCS" => Some(Kind::Tcs),
        _ => None,
    }
}

/// One letter is a QRU, several a QRM; without propositions it is open.
fn guess(propositions: &[Proposition], answers: &str, cells: &Cells) -> Option<Kind> {
    if !cell(cells, Column::Zones).is_empty() {
        return Some(Kind::Qzp);
    }
    if !cell(cells, Column::Hypothesis).is_empty() {
        return Some(Kind::Tcs);
    }
    match (propositions.is_empty(), letters(answers)) {
        (true, _) if !answers.is_empty() => Some(Kind::Qroc),
        (false, Some(list)) if list.len() == 1 => Some(Kind::Qru),
        // Letters that cannot be read are told with their column.
        (false, _) if !answers.is_empty() => Some(Kind::Qrm),
        _ => None,
    }
}

fn propositions(cells: &Cells, errors: &mut Vec<String>) -> Vec<Proposition> {
    let mut list = Vec::new();
    let mut gap = None;
    for index in 0..25 {
        let text = cell(cells, Column::Proposition(index));
        let comment = cell(cells, Column::PropositionComment(index));
        if text.is_empty() {
            gap = gap.or(Some(index));
            if !comment.is_empty() {
                errors.push(format!("{} sans proposition", Column::PropositionComment(index).name()));
            }
            continue;
        }
        if let Some(gap) = gap {
            errors.push(format!(
                "{} est vide alors que {} ne l’est pas",
                Column::Proposition(gap).name(),
                Column::Proposition(index).name()
            ));
            break;
        }
        list.push(draft::proposition(index, text.to_owned(), Status::Faux, comment.to_owned()));
    }
    list
}

/// "ACE", "A, C, E", "a;c", "1 3 5".
fn letters(text: &str) -> Option<Vec<usize>> {
    let mut list = Vec::new();
    if text.chars().any(|c| c.is_ascii_digit()) {
        for number in text.split(|c: char| !c.is_ascii_digit()).filter(|n| !n.is_empty()) {
            list.push(number.parse::<usize>().ok()?.checked_sub(1)?);
        }
        return text.chars().all(|c| c.is_ascii_digit() || " ,;/+|".contains(c)).then_some(list);
    }
    for c in text.chars() {
        match c.to_ascii_uppercase() {
            letter @ 'A'..='Y' => list.push(letter as usize - 'A' as usize),
            ' ' | ',' | ';' | '/' | '+' | '|' | '.' | '-' => {}
            _ => return None,
        }
    }
    Some(list)
}

fn mark(propositions: &mut [Proposition], text: &str, column: &str, status: Status, errors: &mut Vec<String>) {
    let Some(list) = letters(text) else {
        errors.push(format!("{column} : « {text} » n’est pas une liste de lettres (ACE)"));
        return;
    };
    for index in list {
        match propositions.get_mut(index) {
            Some(proposition) => {
                if status == Status::Inacceptable && proposition.status.is_true() {
                    errors.push(format!("{column} : une proposition y est, et dans Réponses aussi"));
                }
                proposition.status = status;
            }
            None => {
                let letter = char::from(b'A' + u8::try_from(index.min(25)).unwrap_or(25));
                errors.push(format!("{column} : il n’y a pas de proposition {letter}"));
            }
        }
    }
}

fn whole(text: &str, column: &str, errors: &mut Vec<String>) -> Option<u32> {
    if text.is_empty() {
        return None;
    }
    // A spreadsheet may give 3.0 or 3,0.
    let bare = text.replace(',', ".");
    let bare = bare.strip_suffix(".0").unwrap_or(&bare);
    let parsed = bare.parse().ok();
    if parsed.is_none() {
        errors.push(format!("{column} : « {text} » n’est pas un nombre entier"));
    }
    parsed
}

fn votes(text: &str, errors: &mut Vec<String>) -> Option<[u32; 5]> {
    let list: Option<Vec<u32>> =
        text.split(|c: char| !c.is_ascii_digit()).filter(|n| !n.is_empty()).map(|n| n.parse().ok()).collect();
    let panel = list.and_then(|list| <[u32; 5]>::try_from(list).ok());
    if panel.is_none() {
        errors.push(format!("Réponses : « {text} » : cinq nombres de votes attendus, de −2 à +2 (0/1/15/4/0)"));
    }
    panel
}

fn zones(text: &str, errors: &mut Vec<String>) -> Vec<Zone> {
    let mut zones = Vec::new();
    for (i, piece) in pieces(text).into_iter().enumerate() {
        match piece.rsplit_once(':').and_then(|(name, shape)| Some((name.trim().to_owned(), parse_shape(shape)?))) {
            Some((name, shape)) => {
                zones.push(Zone { id: ZoneId::new(format!("z{}", i + 1)), name, shape, comment: String::new() });
            }
            None => {
                errors.push(format!("Zones : « {piece} » : « nom : cercle x y r » attendu (ou rectangle, polygone)"))
            }
        }
    }
    zones
}

fn parse_shape(text: &str) -> Option<Shape> {
    let mut words = text.split_whitespace();
    let kind = words.next()?.to_lowercase();
    let numbers: Option<Vec<f64>> =
        words.map(|w| w.replace(',', ".").parse::<f64>().ok().filter(|v| v.is_finite())).collect();
    match (kind.as_str(), numbers?.as_slice()) {
        ("cercle", [x, y, r]) => Some(Shape::Circle { x: *x, y: *y, r: *r }),
        ("rectangle", [x, y, w, h]) => Some(Shape::Rect { x: *x, y: *y, w: *w, h: *h }),
        ("polygone", list) if list.len() >= 6 && list.len().is_multiple_of(2) => {
            Some(Shape::Polygon(list.as_chunks::<2>().0.to_vec()))
        }
        _ => None,
    }
}

pub(super) fn case_kind(text: &str) -> Option<CaseKind> {
    [CaseKind::Dp, CaseKind::MiniDp, CaseKind::Kfp, CaseKind::Lca]
        .into_iter()
        .find(|kind| identity::slug(kind.code()) == identity::slug(text))
}
