//! The key of an exam: a line a question.

use super::{letter, letters, nfc};
use crate::cli::scheme::built_in;
use crate::error::Wrong;
use crate::table::{Row, Table, fold_header};
use docimo_engine::check::{self, Fault, Severity};
use docimo_engine::ledger::Effective;
use docimo_engine::marking::{CompileError, Compiled, ResponseMatrix};
use docimo_engine::paper::{Element, MarkRules, Paper, Section};
use docimo_engine::question::{Body, Image, Kind, Proposition, Question, Rank, Shape, Status, Zone};
use docimo_engine::scheme::MarkingScheme;
use docimo_engine::{Exact, PropositionId, SectionId};
use std::collections::{BTreeMap, HashMap};

/// Columns that a key may have; the first four are compulsory.
const COLUMNS: [&str; 11] = [
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
    "scheme",
];
const COMPULSORY: usize = 4;

/// A key, read.
pub(super) struct Key {
    /// Name of its file.
    file: String,
    /// What it describes. Questions are grouped by section.
    pub paper: Paper,
    /// Questions in the order of the file.
    pub order: Vec<String>,
    /// By question: its line, and whether it names its scheme.
    lines: HashMap<String, (u64, bool)>,
    /// What someone should look at.
    pub warnings: Vec<Fault>,
}

/// What is wrong, and in which column.
type ColumnFault = (&'static str, String);

/// The cells of a line that a question is made of, by column.
#[derive(Clone)]
struct Line<'t>(BTreeMap<&'static str, &'t str>);

impl<'t> Line<'t> {
    fn new(columns: &HashMap<&'static str, usize>, row: &'t Row) -> Self {
        let cell = |i: &usize| row.cells.get(*i).map_or("", |c| c.trim());
        Self(columns.iter().map(|(column, i)| (*column, cell(i))).collect())
    }

    fn cell(&self, column: &str) -> &'t str {
        self.0.get(column).copied().unwrap_or("")
    }

    /// Texts of a cell, separated by `|`.
    fn list(&self, column: &str) -> Vec<String> {
        self.cell(column).split('|').map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect()
    }

    /// The same line with another text in some columns.
    fn with(&self, columns: &[&'static str], text: &'t str) -> Self {
        let mut line = self.clone();
        line.0.extend(columns.iter().map(|column| (*column, text)));
        line
    }
}

/// Reads a key, to be marked with `scheme` where a line does not name another. Every fault is told.
pub(super) fn read(file: &str, bytes: &[u8], scheme: &MarkingScheme) -> Result<Key, Vec<Wrong>> {
    let at = |place: String, message: String| Wrong { place: format!("{file}, {place}"), message };
    let table =
        Table::read(bytes).map_err(|wrong| wrong.into_iter().map(|w| at(w.place, w.message)).collect::<Vec<_>>())?;
    let columns = columns(&table).map_err(|wrong| {
        let line = table.header_line;
        wrong.into_iter().map(|(place, message)| at(format!("ligne {line}{place}"), message)).collect::<Vec<_>>()
    })?;
    let mut wrong = Vec::new();
    let mut sections: Vec<Section> = Vec::new();
    let (mut order, mut lines, mut known) = (Vec::new(), HashMap::new(), HashMap::new());
    for row in &table.rows {
        let line = Line::new(&columns, row);
        let mut fault =
            |column: &str, message: String| wrong.push(at(format!("ligne {}, colonne {column}", row.line), message));
        let id = line.cell("question");
        if id.is_empty() {
            fault("question", "identifiant absent".into());
            continue;
        }
        if let Some(first) = known.insert(nfc(id).into_owned(), row.line) {
            fault("question", format!("la question « {id} » est déjà à la ligne {first}"));
            continue;
        }
        match sound(&line, scheme) {
            Err(faults) => faults.into_iter().for_each(|(column, message)| fault(column, message)),
            Ok(question) => {
                order.push(id.to_owned());
                lines.insert(id.to_owned(), (row.line, question.scheme.is_some()));
                section(&mut sections, line.cell("section")).elements.push(Element::Question(question));
            }
        }
    }
    if sections.is_empty() && wrong.is_empty() {
        wrong.push(at("fichier".into(), "aucune question".into()));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let schemes = BTreeMap::from([(scheme.name.clone(), scheme.clone())]);
    let paper =
        Paper { title: file.to_owned(), scheme: scheme.name.clone(), schemes, rules: MarkRules::default(), sections };
    let mut key = Key { file: file.to_owned(), paper, order, lines, warnings: Vec::new() };
    let faults = check::paper(&key.paper);
    if check::refused(&faults) {
        let errors = faults.into_iter().filter(|f| f.severity == Severity::Error);
        return Err(errors.map(|fault| key.refusal(fault)).collect());
    }
    key.warnings = faults;
    Ok(key)
}

/// Where each column is; or faults, each with the end of its place.
fn columns(table: &Table) -> Result<HashMap<&'static str, usize>, Vec<(String, String)>> {
    let (mut place, mut wrong) = (HashMap::new(), Vec::new());
    for (i, header) in table.headers.iter().enumerate() {
        let folded = fold_header(header);
        let message = match COLUMNS.iter().find(|c| **c == folded) {
            Some(column) if place.insert(*column, i).is_none() => continue,
            Some(_) => "colonne donnée deux fois".to_owned(),
            None => format!("colonne inconnue (connues : {})", COLUMNS.join(", ")),
        };
        wrong.push((format!(", colonne {header}"), message));
    }
    for column in COLUMNS[..COMPULSORY].iter().filter(|c| !place.contains_key(**c)) {
        wrong.push((String::new(), format!("colonne « {column} » absente")));
    }
    if wrong.is_empty() { Ok(place) } else { Err(wrong) }
}

/// The section of that title, made if it is new.
fn section<'s>(sections: &'s mut Vec<Section>, title: &str) -> &'s mut Section {
    let title = if title.is_empty() { "épreuve" } else { title };
    let at = sections.iter().position(|s| s.title == title).unwrap_or_else(|| {
        sections.push(Section {
            id: SectionId::new(title),
            title: title.to_owned(),
            duration_minutes: 1,
            weight: Exact::ONE,
            scheme: None,
            shuffle_propositions: false,
            elements: vec![],
        });
        sections.len() - 1
    });
    &mut sections[at]
}

/// The question of a line, or everything wrong with it.
fn sound(line: &Line<'_>, scheme: &MarkingScheme) -> Result<Question, Vec<ColumnFault>> {
    let question = parse(line, scheme)?;
    let faults: Vec<ColumnFault> =
        errors(&question).into_iter().map(|message| (column_of(line, scheme, &message), message)).collect();
    if faults.is_empty() { Ok(question) } else { Err(faults) }
}

fn errors(question: &Question) -> Vec<String> {
    let faults = check::question(question).into_iter().filter(|f| f.severity == Severity::Error);
    faults.map(|f| f.message).collect()
}

/// The column of a fault that the engine found: the first whose cell makes the fault go away when it is a
/// usual one; `correct` if none does.
fn column_of(line: &Line<'_>, scheme: &MarkingScheme, message: &str) -> &'static str {
    let propositions = if line.cell("kind").eq_ignore_ascii_case("QCM") { "5" } else { "25" };
    let usual: [(&[&'static str], &str); 7] = [
        (&["question"], "q"),
        (&["weight"], "1"),
        (&["indispensable"], ""),
        (&["inacceptable"], ""),
        (&["indispensable", "inacceptable"], ""),
        (&["acceptable"], ""),
        (&["propositions"], propositions),
    ];
    let gone = |(columns, text): &(&[&'static str], &'static str)| {
        parse(&line.with(columns, text), scheme)
            .map_or(true, |question| !errors(&question).iter().any(|e| e == message))
    };
    usual.iter().find(|change| gone(change)).map_or("correct", |(columns, _)| columns[0])
}

/// The question of a line, cell by cell.
fn parse(line: &Line<'_>, scheme: &MarkingScheme) -> Result<Question, Vec<ColumnFault>> {
    let mut wrong: Vec<ColumnFault> = Vec::new();
    let id = line.cell("question");
    if id.chars().any(char::is_control) {
        wrong.push(("question", "l’identifiant contient un caractère de contrôle".into()));
    }
    let weight = match line.cell("weight") {
        "" => Ok(Exact::ONE),
        text => text.parse().map_err(|e: docimo_engine::exact::NotANumber| ("weight", e.to_string())),
    };
    let rank = match line.cell("rank") {
        "" => Ok(None),
        "A" | "a" => Ok(Some(Rank::A)),
        "B" | "b" => Ok(Some(Rank::B)),
        other => Err(("rank", format!("rang « {other} » : A, B ou rien"))),
    };
    let own = own_scheme(line.cell("scheme"), scheme);
    let kind = Kind::from_code(line.cell("kind"))
        .ok_or_else(|| ("kind", format!("type « {} » inconnu (QRU QRM QRP QRPL QROC QZP TCS QCM)", line.cell("kind"))));
    let body = kind.and_then(|kind| body(kind, line));
    let mut keep = |fault: ColumnFault| wrong.push(fault);
    let (body, weight, rank, own) = match (body, weight, rank, own) {
        (Ok(body), Ok(weight), Ok(rank), Ok(own)) => (body, weight, rank, own),
        (body, weight, rank, own) => {
            body.err().into_iter().for_each(&mut keep);
            weight.err().into_iter().chain(rank.err()).chain(own.err()).for_each(keep);
            return Err(wrong);
        }
    };
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let image =
        matches!(body, Body::Qzp { .. }).then(|| Image { file: "-".into(), alt: "-".into(), width: 1, height: 1 });
    Ok(Question {
        id: id.into(),
        stem: id.to_owned(),
        image,
        video: None,
        body,
        weight,
        rank,
        tags: vec![],
        comment: String::new(),
        source: String::new(),
        scheme: own,
    })
}

/// The scheme that a line names: a built-in one, or that of the exam.
fn own_scheme(cell: &str, scheme: &MarkingScheme) -> Result<Option<String>, ColumnFault> {
    if cell.is_empty() {
        return Ok(None);
    }
    if cell.to_lowercase() == scheme.name.to_lowercase() {
        return Ok(Some(scheme.name.clone()));
    }
    built_in(cell).map(|own| Some(own.name)).ok_or_else(|| {
        let known = MarkingScheme::PRESETS.join(", ");
        ("scheme", format!("barème « {cell} » inconnu (connus : {known}, ou celui de --scheme : {})", scheme.name))
    })
}

fn body(kind: Kind, line: &Line<'_>) -> Result<Body, ColumnFault> {
    match kind {
        Kind::Qroc => {
            Ok(Body::Qroc { exact: line.list("correct"), acceptable: line.list("acceptable"), max_words: 20 })
        }
        Kind::Tcs => {
            let votes: Option<Vec<u32>> = line.cell("correct").split('|').map(|v| v.trim().parse().ok()).collect();
            match votes.as_deref() {
                Some([a, b, c, d, e]) => {
                    let panel = [*a, *b, *c, *d, *e];
                    Ok(Body::Tcs { hypothesis: "-".into(), finding: "-".into(), panel, experts: Vec::new() })
                }
                _ => Err(("correct", "cinq nombres de votes séparés par | sont attendus, de −2 à +2".into())),
            }
        }
        Kind::Qzp => {
            let names: Vec<String> = line.list("correct").iter().map(|name| nfc(name).into_owned()).collect();
            let zone = |name: &String| Zone {
                id: name.as_str().into(),
                name: name.clone(),
                shape: Shape::Rect { x: 0.0, y: 0.0, w: 1.0, h: 1.0 },
                comment: String::new(),
            };
            Ok(Body::Qzp { expected: names.len() as u32, zones: names.iter().map(zone).collect() })
        }
        Kind::Qru | Kind::Qrm | Kind::Qrp | Kind::Qrpl | Kind::Qcm => ticks(kind, line),
    }
}

fn ticks(kind: Kind, line: &Line<'_>) -> Result<Body, ColumnFault> {
    let count: usize = line
        .cell("propositions")
        .parse()
        .ok()
        .filter(|n| (2..=25).contains(n))
        .ok_or(("propositions", format!("« {} » : un nombre de 2 à 25 est attendu", line.cell("propositions"))))?;
    let mask = |column: &'static str| letters(line.cell(column), count).map_err(|e| (column, e));
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

impl Key {
    /// Why the paper cannot be compiled, at the line of the question that makes it so.
    pub fn uncompiled(&self, error: &CompileError) -> Wrong {
        let line = match error {
            CompileError::TooFine(id) | CompileError::NoKey(id) => self.lines.get(id.as_str()),
            CompileError::UnknownScheme(_) | CompileError::WrongSize { .. } => None,
        };
        let place = line.map_or_else(|| self.file.clone(), |(line, _)| self.at(*line, "weight"));
        Wrong { place, message: error.to_string() }
    }

    /// A fault of the paper as a whole, at the line of its question.
    fn refusal(&self, fault: Fault) -> Wrong {
        let of = |section: &Section, id: &str| format!("épreuve « {} » › question {id}", section.title);
        let concerned = self.paper.questions().find(|placed| {
            let whole = of(&self.paper.sections[placed.section], placed.question.id.as_str());
            fault.place.strip_prefix(&whole).is_some_and(|rest| rest.is_empty() || rest.starts_with(" › "))
        });
        if let Some((line, names_scheme)) = concerned.and_then(|placed| self.lines.get(placed.question.id.as_str())) {
            let column = if *names_scheme { "scheme" } else { "correct" };
            return Wrong { place: self.at(*line, column), message: fault.message };
        }
        // Of the paper as a whole the engine gives a sentence only: what it is about is found again.
        let nobody = ResponseMatrix::new(0, vec![Vec::new(); self.paper.questions().count()]);
        match nobody.map(|matrix| Compiled::new(&Effective::new(self.paper.clone()), &matrix)) {
            Ok(Err(error)) => self.uncompiled(&error),
            _ => Wrong { place: format!("{}, {}", self.file, fault.place), message: fault.message },
        }
    }

    fn at(&self, line: u64, column: &str) -> String {
        format!("{}, ligne {line}, colonne {column}", self.file)
    }
}
