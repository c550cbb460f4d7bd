//! Marking an exam sat elsewhere, from two CSV files: pure functions over bytes.
//!
//! Responses are parsed straight to codes, a row at a time on every core; a cell never becomes a
//! `String`. Every fault is told with file, line and column, and then nothing is marked.

use crate::error::Wrong;
use crate::table::{Table, fold_header};
use csv::StringRecord;
use docimo_engine::ledger::Effective;
use docimo_engine::mark::score;
use docimo_engine::marking::{Compiled, ResponseMatrix};
use docimo_engine::paper::{Element, MarkRules, Paper, Section};
use docimo_engine::qroc::{self, Category};
use docimo_engine::question::{Body, Image, Kind, Proposition, Question, Rank, Shape, Status, Zone};
use docimo_engine::scheme::MarkingScheme;
use docimo_engine::{Exact, PropositionId, SectionId, check, ranking};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::Path;

/// What to mark.
pub struct Input<'a> {
    /// Name of the key's file, for messages.
    pub key_name: &'a str,
    /// Its content.
    pub key: &'a [u8],
    /// Name of the responses' file, for messages.
    pub responses_name: &'a str,
    /// Its content.
    pub responses: &'a [u8],
    /// How to mark.
    pub scheme: MarkingScheme,
    /// Told the bytes read so far.
    pub progress: &'a dyn Fn(u64),
}

/// A marked exam, as `mark --json` writes it.
#[derive(Debug, Serialize)]
pub struct Marked {
    /// Name of the scheme.
    pub scheme: String,
    /// Questions, in the order of the key.
    pub questions: Vec<String>,
    /// Candidates, in the order of the file.
    pub candidates: Vec<CandidateLine>,
    /// What someone should look at.
    pub warnings: Vec<String>,
}

/// One candidate.
#[derive(Debug, Serialize)]
pub struct CandidateLine {
    /// As in the file.
    pub candidate: String,
    /// Score of each question, before weights.
    pub marks: Vec<Number>,
    /// Points, weights included.
    pub points: Number,
    /// Points that could be had.
    pub out_of: Number,
    /// Mark on 20.
    pub mark_on_20: Option<Number>,
    /// Mark on 20 over rank A questions; none without any.
    pub rank_a_on_20: Option<Number>,
    /// Place, equals sharing the best.
    pub rank: u32,
}

/// A number rounded to six decimals, half away from zero: what files and JSON show. Whole where it is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    millionths: i64,
}

impl From<Exact> for Number {
    fn from(value: Exact) -> Self {
        let (top, bottom) = (value.numerator() * 2_000_000, value.denominator());
        let away = if top < 0 { -bottom } else { bottom };
        Self { millionths: ((top + away) / (2 * bottom)) as i64 }
    }
}

impl Serialize for Number {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.millionths % 1_000_000 == 0 {
            serializer.serialize_i64(self.millionths / 1_000_000)
        } else {
            // Below 2^53 millionths the quotient is the double nearest to the decimal.
            serializer.serialize_f64(self.millionths as f64 / 1e6)
        }
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (whole, rest) = (self.millionths.unsigned_abs() / 1_000_000, self.millionths.unsigned_abs() % 1_000_000);
        f.write_str(if self.millionths < 0 { "-" } else { "" })?;
        if rest == 0 {
            write!(f, "{whole}")
        } else {
            let decimals = format!("{rest:06}");
            write!(f, "{whole}.{}", decimals.trim_end_matches('0'))
        }
    }
}

/// Most faults told; the rest are counted.
const MAX_FAULTS: usize = 100;

/// A scheme by name, or from a JSON file.
pub fn scheme(name: &str) -> Result<MarkingScheme, String> {
    if let Some(scheme) = MarkingScheme::preset(name) {
        return Ok(scheme);
    }
    if !Path::new(name).is_file() {
        let known = MarkingScheme::PRESETS.join(", ");
        return Err(format!("le barème « {name} » n’existe pas (connus : {known} ; ou un fichier JSON)"));
    }
    let text = std::fs::read_to_string(name).map_err(|e| format!("{name} : {e}"))?;
    serde_json::from_str(&text).map_err(|e| format!("{name} : {e}"))
}

/// Separator of a file, by its first line.
pub fn separator(bytes: &[u8]) -> u8 {
    let head = bytes.split(|b| *b == b'\n').next().unwrap_or(bytes);
    let count = |s: u8| head.iter().filter(|b| **b == s).count();
    [b';', b'\t', b','].into_iter().max_by_key(|s| count(*s)).unwrap_or(b',')
}

fn letter(index: usize) -> char {
    char::from(b'A' + (index % 26) as u8)
}

/// Letters of a cell ("ACD", "A C D", "A|C|D") as a mask over `count` propositions.
fn letters(cell: &str, count: usize) -> Result<u32, String> {
    // The usual cell: letters only, each once.
    let plain = cell.bytes().try_fold(0_u32, |mask, byte| {
        let index = (byte | 0x20).wrapping_sub(b'a');
        (usize::from(index) < count && mask & (1 << index) == 0).then(|| mask | (1 << index))
    });
    if let Some(mask) = plain {
        return Ok(mask);
    }
    let mut mask = 0_u32;
    for c in cell.chars() {
        if c.is_whitespace() || matches!(c, '|' | ',' | ';' | '-' | '+' | '.') {
            continue;
        }
        let index = match c.to_ascii_uppercase() {
            upper @ 'A'..='Y' => (upper as u8 - b'A') as usize,
            _ => return Err(format!("« {c} » n’est pas une lettre de A à Y")),
        };
        if index >= count {
            return Err(format!("lettre {} inconnue : la question va de A à {}", letter(index), letter(count - 1)));
        }
        if mask & (1 << index) != 0 {
            return Err(format!("lettre {} donnée deux fois", letter(index)));
        }
        mask |= 1 << index;
    }
    Ok(mask)
}

/// The paper that a key describes, and its questions in the order of the key (a paper groups them by
/// section).
fn read_key(name: &str, bytes: &[u8], scheme: &MarkingScheme) -> Result<(Paper, Vec<String>), Vec<Wrong>> {
    let at = |place: String, message: String| Wrong { place: format!("{name}, {place}"), message };
    let table =
        Table::read(bytes).map_err(|wrong| wrong.into_iter().map(|w| at(w.place, w.message)).collect::<Vec<_>>())?;
    let columns = [
        "question",
        "kind",
        "propositions",
        "correct",
        "indispensable",
        "inacceptable",
        "weight",
        "rank",
        "section",
        "acceptable",
    ];
    let mut place: HashMap<&str, usize> = HashMap::new();
    let mut wrong = Vec::new();
    for (i, header) in table.headers.iter().enumerate() {
        let folded = fold_header(header);
        match columns.iter().find(|c| **c == folded) {
            Some(column) => {
                if place.insert(column, i).is_some() {
                    wrong.push(at(format!("ligne 1, colonne {header}"), "colonne donnée deux fois".into()));
                }
            }
            None => wrong.push(at(
                format!("ligne 1, colonne {header}"),
                format!("colonne inconnue (connues : {})", columns.join(", ")),
            )),
        }
    }
    for column in &columns[..4] {
        if !place.contains_key(column) {
            wrong.push(at("ligne 1".into(), format!("colonne « {column} » absente")));
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let mut sections: Vec<Section> = Vec::new();
    let mut ids: Vec<String> = Vec::new();
    let mut lines: HashMap<String, u64> = HashMap::new();
    for row in &table.rows {
        let cell = |column: &str| place.get(column).and_then(|i| row.cells.get(*i)).map_or("", |c| c.trim());
        let mut fault =
            |column: &str, message: String| wrong.push(at(format!("ligne {}, colonne {column}", row.line), message));
        let id = cell("question");
        if id.is_empty() {
            fault("question", "identifiant absent".into());
            continue;
        }
        if let Some(first) = lines.insert(id.to_owned(), row.line) {
            fault("question", format!("la question « {id} » est déjà à la ligne {first}"));
            continue;
        }
        let Some(kind) = Kind::from_code(cell("kind")) else {
            fault("kind", format!("type « {} » inconnu (QRU QRM QRP QRPL QROC QZP TCS QCM)", cell("kind")));
            continue;
        };
        let weight = match cell("weight") {
            "" => Exact::ONE,
            text => text.parse().unwrap_or_else(|e: docimo_engine::exact::NotANumber| {
                fault("weight", e.to_string());
                Exact::ONE
            }),
        };
        let rank = match cell("rank") {
            "" => None,
            "A" | "a" => Some(Rank::A),
            "B" | "b" => Some(Rank::B),
            other => {
                fault("rank", format!("rang « {other} » : A, B ou rien"));
                None
            }
        };
        match body(kind, &cell) {
            Err((column, message)) => fault(column, message),
            Ok(body) => {
                let image = matches!(body, Body::Qzp { .. }).then(|| Image {
                    file: "-".into(),
                    alt: "-".into(),
                    width: 1,
                    height: 1,
                });
                let question = Question {
                    id: id.into(),
                    stem: id.to_owned(),
                    image,
                    body,
                    weight,
                    rank,
                    tags: vec![],
                    comment: String::new(),
                    source: String::new(),
                    scheme: None,
                };
                for f in check::question(&question).into_iter().filter(|f| f.severity == check::Severity::Error) {
                    fault("correct", f.message);
                }
                let title = if cell("section").is_empty() { "épreuve" } else { cell("section") };
                let section = match sections.iter_mut().position(|s| s.title == title) {
                    Some(i) => &mut sections[i],
                    None => {
                        sections.push(Section {
                            id: SectionId::new(title),
                            title: title.to_owned(),
                            duration_minutes: 1,
                            weight: Exact::ONE,
                            scheme: None,
                            shuffle_propositions: false,
                            elements: vec![],
                        });
                        let last = sections.len() - 1;
                        &mut sections[last]
                    }
                };
                ids.push(question.id.to_string());
                section.elements.push(Element::Question(question));
            }
        }
    }
    if sections.is_empty() && wrong.is_empty() {
        wrong.push(at("fichier".into(), "aucune question".into()));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let mut schemes = BTreeMap::new();
    schemes.insert(scheme.name.clone(), scheme.clone());
    let paper =
        Paper { title: name.to_owned(), scheme: scheme.name.clone(), schemes, rules: MarkRules::default(), sections };
    Ok((paper, ids))
}

type ColumnFault = (&'static str, String);

fn body<'c>(kind: Kind, cell: &impl Fn(&str) -> &'c str) -> Result<Body, ColumnFault> {
    let list = |column: &str| -> Vec<String> {
        cell(column).split('|').map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect()
    };
    match kind {
        Kind::Qroc => Ok(Body::Qroc { exact: list("correct"), acceptable: list("acceptable"), max_words: 20 }),
        Kind::Tcs => {
            let votes: Option<Vec<u32>> = cell("correct").split('|').map(|v| v.trim().parse().ok()).collect();
            match votes.as_deref() {
                Some([a, b, c, d, e]) => {
                    Ok(Body::Tcs { hypothesis: "-".into(), finding: "-".into(), panel: [*a, *b, *c, *d, *e] })
                }
                _ => Err(("correct", "cinq nombres de votes séparés par | sont attendus, de −2 à +2".into())),
            }
        }
        Kind::Qzp => {
            let names = list("correct");
            let zone = |name: &String| Zone {
                id: name.as_str().into(),
                name: name.clone(),
                shape: Shape::Rect { x: 0.0, y: 0.0, w: 1.0, h: 1.0 },
                comment: String::new(),
            };
            Ok(Body::Qzp { expected: names.len() as u32, zones: names.iter().map(zone).collect() })
        }
        Kind::Qru | Kind::Qrm | Kind::Qrp | Kind::Qrpl | Kind::Qcm => {
            let count: usize = cell("propositions")
                .parse()
                .ok()
                .filter(|n| (2..=25).contains(n))
                .ok_or(("propositions", format!("« {} » : un nombre de 2 à 25 est attendu", cell("propositions"))))?;
            let mask = |column: &'static str| letters(cell(column), count).map_err(|e| (column, e));
            let (right, must, never) = (mask("correct")?, mask("indispensable")?, mask("inacceptable")?);
            if must & !right != 0 {
                return Err(("indispensable", "une proposition indispensable doit être dans « correct »".into()));
            }
            if never & right != 0 {
                return Err(("inacceptable", "une proposition inacceptable ne peut être dans « correct »".into()));
            }
            let proposition = |i: usize| {
                let has = |mask: u32| mask & (1 << i) != 0;
                let status = match (has(must), has(never), has(right)) {
                    (true, _, _) => Status::Indispensable,
                    (_, true, _) => Status::Inacceptable,
                    (_, _, true) => Status::Vrai,
                    _ => Status::Faux,
                };
                let name = letter(i).to_string();
                Proposition { id: PropositionId::new(&name), text: name, status, comment: String::new() }
            };
            let propositions: Vec<Proposition> = (0..count).map(proposition).collect();
            let expected = right.count_ones();
            Ok(match kind {
                Kind::Qru => Body::Qru { propositions },
                Kind::Qrp => Body::Qrp { expected, propositions },
                Kind::Qrpl => Body::Qrpl { expected, propositions },
                Kind::Qcm => Body::Qcm { propositions },
                _ => Body::Qrm { propositions },
            })
        }
    }
}

/// How to read the cells of one question.
struct Reader {
    body: Body,
}

/// Codes of the texts met so far, by question: candidates type the same things, and normalising is slow.
type Memo = Vec<HashMap<String, u32>>;

impl Reader {
    fn code(&self, cell: &str, memo: &mut HashMap<String, u32>) -> Result<u32, String> {
        let cell = cell.trim();
        if cell.is_empty() {
            return Ok(0);
        }
        match &self.body {
            Body::Qroc { exact, acceptable, .. } => {
                if let Some(code) = memo.get(cell) {
                    return Ok(*code);
                }
                let code = match qroc::categorise(cell, exact, acceptable) {
                    Category::Blank => 0,
                    Category::Exact => 1,
                    Category::Acceptable => 2,
                    Category::Other => 3,
                };
                memo.insert(cell.to_owned(), code);
                Ok(code)
            }
            Body::Tcs { .. } if matches!(cell, "-2" | "-1" | "0" | "1" | "2") => {
                Ok(cell.parse::<i8>().map_or(0, |value| (value + 3) as u32))
            }
            Body::Tcs { .. } => match cell.replace('\u{2212}', "-").parse::<i8>() {
                Ok(value @ -2..=2) => Ok((value + 3) as u32),
                _ => Err(format!("« {cell} » : de -2 à 2")),
            },
            Body::Qzp { zones, .. } => {
                let mut mask = 0;
                for name in cell.split('|').map(str::trim).filter(|n| !n.is_empty()) {
                    match zones.iter().position(|z| z.name == name) {
                        Some(i) => mask |= 1 << i,
                        None => return Err(format!("zone « {name} » inconnue")),
                    }
                }
                Ok(mask)
            }
            Body::Qcm { propositions } => {
                let count = propositions.len();
                let (yes, no) = match cell.split_once('/') {
                    Some((yes, no)) => (letters(yes, count)?, letters(no, count)?),
                    // A sheet without the slash has two states: what is not ticked is judged false.
                    None => {
                        let yes = letters(cell, count)?;
                        (yes, !yes & ((1 << count) - 1))
                    }
                };
                if yes & no != 0 {
                    return Err("une lettre est jugée vraie et fausse".into());
                }
                Ok(yes | (no << count))
            }
            body => letters(cell, body.propositions().len()),
        }
    }
}

/// Marks; or every fault, at most a hundred of them and a count of the rest.
pub fn mark(input: &Input<'_>) -> Result<Marked, Vec<Wrong>> {
    let (paper, questions) = read_key(input.key_name, input.key, &input.scheme).map_err(capped)?;
    let faults = check::paper(&paper);
    if check::refused(&faults) {
        let errors = faults.into_iter().filter(|f| f.severity == check::Severity::Error);
        return Err(capped(errors.map(Wrong::from).collect()));
    }
    let (candidates, matrix) = read_responses(input, &paper).map_err(capped)?;
    let effective = Effective::new(paper);
    let compiled = Compiled::new(&effective, &matrix)
        .map_err(|e| vec![Wrong { place: input.key_name.to_owned(), message: e.to_string() }])?;
    let marks = compiled.mark(&matrix);
    let totals: Vec<i64> = (0..marks.candidates()).map(|c| marks.total_units(c)).collect();
    let ranks = ranking::competition(&totals);
    // A score is found once for each code that occurs.
    let scheme = &input.scheme;
    let placed: Vec<_> = effective.paper.questions().collect();
    let at: HashMap<&str, usize> = placed.iter().map(|p| (p.question.id.as_str(), p.number - 1)).collect();
    let columns: Vec<Vec<Number>> = questions
        .par_iter()
        .filter_map(|id| at.get(id.as_str()).copied())
        .map(|q| {
            let score = |code: u32| Number::from(score(placed[q].question, scheme, code).score);
            let small: Vec<Number> = (0..64).map(score).collect();
            let mut others: HashMap<u32, Number> = HashMap::new();
            let number = |code: &u32| match small.get(*code as usize) {
                Some(number) => *number,
                None => *others.entry(*code).or_insert_with(|| score(*code)),
            };
            matrix.column(q).iter().map(number).collect()
        })
        .collect();
    let out_of = Number::from(marks.out_of());
    let lines = candidates
        .into_par_iter()
        .enumerate()
        .map(|(row, candidate)| {
            let own = marks.of(row);
            CandidateLine {
                candidate,
                marks: columns.iter().map(|c| c[row]).collect(),
                points: own.points.into(),
                out_of,
                mark_on_20: own.on_20.map(Number::from),
                rank_a_on_20: own.rank_a_on_20.map(Number::from),
                rank: ranks[row],
            }
        })
        .collect();
    let mut warnings: Vec<String> = faults.iter().map(|f| format!("{} : {}", f.place, f.message)).collect();
    for (q, p) in placed.iter().enumerate() {
        let allowed = if p.question.kind() == Kind::Qru { Some(1) } else { p.question.body.expected() };
        let over = |code: &&u32| allowed.is_some_and(|n| code.count_ones() > n);
        let count = matrix.column(q).iter().filter(over).count();
        if count > 0 {
            let id = &p.question.id;
            warnings.push(format!("question {id} : plus de réponses que demandé sur {count} copie(s), comptées zéro"));
        }
    }
    Ok(Marked { scheme: input.scheme.name.clone(), questions, candidates: lines, warnings })
}

fn capped(mut wrong: Vec<Wrong>) -> Vec<Wrong> {
    if wrong.len() > MAX_FAULTS {
        let rest = wrong.len() - MAX_FAULTS;
        wrong.truncate(MAX_FAULTS);
        wrong.push(Wrong { place: "…".into(), message: format!("et {rest} autres défauts") });
    }
    wrong
}

fn read_responses(input: &Input<'_>, paper: &Paper) -> Result<(Vec<String>, ResponseMatrix), Vec<Wrong>> {
    let name = input.responses_name;
    let at = |place: String, message: String| Wrong { place: format!("{name}, {place}"), message };
    let bytes = input.responses.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input.responses);
    if let Err(error) = std::str::from_utf8(bytes) {
        let line = bytes[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
        return Err(vec![at(
            format!("ligne {line}"),
            "le fichier n’est pas en UTF-8 : enregistrez-le en « CSV UTF-8 »".into(),
        )]);
    }
    let mut reader = csv::ReaderBuilder::new().delimiter(separator(bytes)).flexible(true).from_reader(bytes);
    let headers = reader.headers().map_err(|e| vec![at("ligne 1".into(), e.to_string())])?.clone();
    let questions: Vec<&Question> = paper.questions().map(|p| p.question).collect();
    let readers: Vec<Reader> = questions.iter().map(|q| Reader { body: q.body.clone() }).collect();
    let mut wrong = Vec::new();
    let is_candidate = |h: &str| matches!(fold_header(h).as_str(), "candidate" | "candidat" | "numero" | "id");
    if !headers.get(0).is_some_and(is_candidate) {
        wrong.push(at("ligne 1, colonne 1".into(), "la première colonne doit être « candidate »".into()));
    }
    // Column of the file → question.
    let mut targets: Vec<usize> = Vec::with_capacity(headers.len());
    let mut seen: Vec<Option<usize>> = vec![None; questions.len()];
    let by_id: HashMap<&str, usize> = questions.iter().enumerate().map(|(i, q)| (q.id.as_str(), i)).collect();
    for (c, header) in headers.iter().enumerate().skip(1) {
        match by_id.get(header.trim()) {
            Some(q) if seen[*q].is_none() => {
                seen[*q] = Some(c);
                targets.push(*q);
            }
            Some(_) => wrong.push(at(format!("ligne 1, colonne {header}"), "colonne donnée deux fois".into())),
            None => {
                wrong.push(at(format!("ligne 1, colonne {header}"), format!("question inconnue de {}", input.key_name)))
            }
        }
    }
    for (q, column) in seen.iter().enumerate() {
        if column.is_none() {
            wrong.push(at("ligne 1".into(), format!("colonne « {} » absente", questions[q].id)));
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let mut candidates: Vec<String> = Vec::new();
    let mut known: HashMap<String, u64> = HashMap::new();
    let mut columns: Vec<Vec<u32>> = vec![Vec::new(); questions.len()];
    let mut batch: Vec<(u64, StringRecord)> = Vec::with_capacity(BATCH);
    let mut flush = |batch: &mut Vec<(u64, StringRecord)>, wrong: &mut Vec<Wrong>| {
        // Each worker takes long runs of rows and keeps its memo along them.
        let run = batch.len().div_ceil(rayon::current_num_threads()).max(64);
        let runs: Vec<Vec<RowCodes>> = batch
            .par_chunks(run)
            .map(|records| {
                let mut memo: Memo = vec![HashMap::new(); readers.len()];
                records.iter().map(|(_, record)| row(record, &targets, &readers, &mut memo)).collect()
            })
            .collect();
        let rows = runs.into_iter().flatten();
        for ((line, _), row) in batch.iter().zip(rows) {
            match row {
                Ok(codes) => codes.into_iter().zip(&targets).for_each(|(code, q)| columns[*q].push(code)),
                Err(bad) => wrong.extend(
                    bad.into_iter()
                        .map(|(q, message)| at(format!("ligne {line}, colonne {}", questions[q].id), message)),
                ),
            }
        }
        batch.clear();
    };
    let mut record = StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Err(e) => {
                let line = e.position().map_or(0, csv::Position::line);
                wrong.push(at(format!("ligne {line}"), e.to_string()));
                break;
            }
            Ok(true) => {}
        }
        let line = record.position().map_or(0, csv::Position::line);
        if record.iter().all(|c| c.trim().is_empty()) {
            continue;
        }
        if record.len() != headers.len() {
            wrong.push(at(format!("ligne {line}"), format!("{} cellules, {} attendues", record.len(), headers.len())));
            continue;
        }
        let candidate = record.get(0).unwrap_or("").trim();
        if candidate.is_empty() {
            wrong.push(at(format!("ligne {line}, colonne 1"), "candidat sans identifiant".into()));
            continue;
        }
        if let Some(first) = known.insert(candidate.to_owned(), line) {
            wrong.push(at(
                format!("ligne {line}, colonne 1"),
                format!("le candidat « {candidate} » est déjà à la ligne {first}"),
            ));
            continue;
        }
        candidates.push(candidate.to_owned());
        batch.push((line, record.clone()));
        if batch.len() == BATCH {
            flush(&mut batch, &mut wrong);
            (input.progress)(reader.position().byte());
        }
    }
    flush(&mut batch, &mut wrong);
    (input.progress)(input.responses.len() as u64);
    if candidates.is_empty() && wrong.is_empty() {
        wrong.push(at("fichier".into(), "aucun candidat".into()));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let matrix =
        ResponseMatrix::new(candidates.len(), columns).map_err(|e| vec![at("fichier".into(), e.to_string())])?;
    Ok((candidates, matrix))
}

/// Rows parsed together.
const BATCH: usize = 4096;

/// Codes of one row, in the order of the file's columns; or each bad cell, by question.
type RowCodes = Result<Vec<u32>, Vec<(usize, String)>>;

fn row(record: &StringRecord, targets: &[usize], readers: &[Reader], memo: &mut Memo) -> RowCodes {
    let mut codes = Vec::with_capacity(targets.len());
    let mut bad = Vec::new();
    for (cell, q) in record.iter().skip(1).zip(targets) {
        match readers[*q].code(cell, &mut memo[*q]) {
            Ok(code) => codes.push(code),
            Err(message) => bad.push((*q, message)),
        }
    }
    if bad.is_empty() { Ok(codes) } else { Err(bad) }
}

/// Marks as CSV.
pub fn csv(marked: &Marked, separator: u8) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
    let fixed = ["candidate", "rank", "points", "out_of", "mark_on_20", "rank_a_on_20"];
    writer.write_record(fixed.iter().copied().chain(marked.questions.iter().map(String::as_str)))?;
    for line in &marked.candidates {
        let text = |n: Option<Number>| n.map(|n| n.to_string()).unwrap_or_default();
        let mut cells = vec![
            crate::exam::export::inert(line.candidate.clone()),
            line.rank.to_string(),
            text(Some(line.points)),
            text(Some(line.out_of)),
            text(line.mark_on_20),
            text(line.rank_a_on_20),
        ];
        cells.extend(line.marks.iter().map(Number::to_string));
        writer.write_record(cells)?;
    }
    Ok(writer.into_inner()?)
}

/// Writes marks as CSV: whole or not at all.
pub fn write_csv(marked: &Marked, separator: u8, path: &Path) -> anyhow::Result<()> {
    let bytes = csv(marked, separator)?;
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partiel");
    let written = (|| {
        let mut file = std::fs::File::create(&partial)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        std::fs::rename(&partial, path)
    })();
    if written.is_err() {
        // Nothing half-written stays behind.
        let _ = std::fs::remove_file(&partial);
    }
    Ok(written?)
}

#[cfg(test)]
#[path = "mark_tests.rs"]
mod tests;
