//! A table of judgements: a line a judge and a column a target or, for candidates, a line a candidate. Every
//! fault with its line; nothing is kept of a table that has one.

use super::book::{Book, Entered};
use super::method::{Method, Scale, Target};
use crate::error::Wrong;
use crate::table::{Table, fold_header};
use std::collections::HashMap;

/// What a table says, ready to be kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Import {
    /// Judges that the panel does not have yet, in the order of their numbers.
    pub fresh: Vec<String>,
    /// Values, by line then column.
    pub said: Vec<Entered>,
    /// Lines read.
    pub lines: usize,
    /// Candidates of the table that are not of the exam are a fault; this many were found.
    pub candidates: usize,
}

/// Most faults that are told.
const MOST: usize = 200;
/// The judge of a table of candidates that names none.
pub const JURY: &str = "Jury";

/// Is this the head of the column of judges?
pub(crate) fn is_judge(head: &str) -> bool {
    matches!(fold_header(head).as_str(), "juge" | "judge" | "panelist" | "paneliste" | "panellist" | "expert" | "nom")
}

/// Judges by folded name, known and new.
struct Bench {
    numbers: HashMap<String, i64>,
    fresh: Vec<String>,
}

impl Bench {
    fn of(book: &Book) -> Self {
        let numbers = book.judges.iter().map(|j| (fold_header(&j.name), j.number)).collect();
        Self { numbers, fresh: Vec::new() }
    }

    fn number(&mut self, name: &str) -> i64 {
        let next = self.numbers.len() as i64 + 1;
        *self.numbers.entry(fold_header(name)).or_insert_with(|| {
            self.fresh.push(name.to_owned());
            next
        })
    }
}

/// Reads a table for a panel. `candidates` are those of the exam: number, then what a judgement names.
pub fn read(
    book: &Book,
    targets: &[Target],
    candidates: &HashMap<String, String>,
    table: &Table,
) -> Result<Import, Vec<Wrong>> {
    let mut wrong = Vec::new();
    let import = if book.method.of_candidates() {
        by_candidate(book, candidates, table, &mut wrong)
    } else {
        by_judge(book, targets, table, &mut wrong)
    };
    if wrong.is_empty() && import.said.is_empty() {
        wrong.push(Wrong { place: "tableau".into(), message: "aucun avis".into() });
    }
    wrong.truncate(MOST);
    if wrong.is_empty() { Ok(import) } else { Err(wrong) }
}

fn at(line: u64, column: &str) -> String {
    format!("ligne {line}, colonne {column}")
}

fn by_judge(book: &Book, targets: &[Target], table: &Table, wrong: &mut Vec<Wrong>) -> Import {
    let head = |message: String| Wrong { place: format!("ligne {}", table.header_line), message };
    let mut columns: Vec<Option<&Target>> = vec![None; table.headers.len()];
    let mut own = None;
    let mut taken: HashMap<&str, &str> = HashMap::new();
    for (i, header) in table.headers.iter().enumerate() {
        if own.is_none() && is_judge(header) {
            own = Some(i);
            continue;
        }
        match targets.iter().find(|t| t.answers_to(header)) {
            None => wrong.push(head(format!("colonne « {header} » inconnue : retirez-la ou renommez-la"))),
            Some(target) => {
                if let Some(first) = taken.insert(&target.id, header) {
                    wrong.push(head(format!("« {first} » et « {header} » sont la même colonne")));
                }
                columns[i] = Some(target);
            }
        }
    }
    let Some(own) = own else {
        wrong.insert(0, head("colonne « juge » absente".into()));
        return Import::default();
    };
    if !wrong.is_empty() {
        return Import::default();
    }
    let mut bench = Bench::of(book);
    let mut seen: HashMap<i64, u64> = HashMap::new();
    let mut said = Vec::new();
    for row in &table.rows {
        let name = row.cells.get(own).map_or("", |c| c.trim());
        if name.is_empty() || name.chars().count() > super::MAX_NAME || name.chars().any(char::is_control) {
            let message = format!("un nom de 1 à {} caractères", super::MAX_NAME);
            wrong.push(Wrong { place: at(row.line, &table.headers[own]), message });
            continue;
        }
        let judge = bench.number(name);
        if let Some(first) = seen.insert(judge, row.line) {
            let message = format!("« {name} » est déjà à la ligne {first}");
            wrong.push(Wrong { place: at(row.line, &table.headers[own]), message });
            continue;
        }
        for ((cell, target), header) in row.cells.iter().zip(&columns).zip(&table.headers) {
            let Some(target) = target else { continue };
            match target.scale.read(cell) {
                Ok(value) if value.is_empty() => {}
                Ok(value) => said.push(Entered { judge, target: target.id.clone(), value }),
                Err(message) => wrong.push(Wrong { place: at(row.line, header), message }),
            }
        }
    }
    if book.judges.len() + bench.fresh.len() > super::MAX_JUDGES {
        wrong.push(Wrong { place: "tableau".into(), message: format!("{} juges au plus", super::MAX_JUDGES) });
    }
    Import { fresh: bench.fresh, said, lines: table.rows.len(), candidates: 0 }
}

fn by_candidate(book: &Book, candidates: &HashMap<String, String>, table: &Table, wrong: &mut Vec<Wrong>) -> Import {
    let column = |names: &[&str]| table.headers.iter().position(|h| names.contains(&fold_header(h).as_str()));
    let number = column(&["numero", "candidat", "candidate", "number", "id"]);
    let grade = column(&["appreciation", "jugement", "note", "grade", "avis"]);
    let own = column(&["juge", "judge", "examinateur", "examiner"]);
    let head = |message: &str| Wrong { place: format!("ligne {}", table.header_line), message: message.into() };
    let Some(number) = number else {
        wrong.push(head("colonne « numéro » absente"));
        return Import::default();
    };
    let graded = book.method == Method::BorderlineRegression;
    if graded && grade.is_none() {
        wrong.push(head("colonne « appréciation » absente"));
        return Import::default();
    }
    for (i, header) in table.headers.iter().enumerate() {
        if ![Some(number), grade, own].contains(&Some(i)) {
            wrong.push(head(&format!("colonne « {header} » inconnue : retirez-la ou renommez-la")));
        }
    }
    if !wrong.is_empty() {
        return Import::default();
    }
    let scale = if graded { Scale::Grade } else { Scale::Borderline };
    let mut bench = Bench::of(book);
    let mut seen: HashMap<(i64, String), u64> = HashMap::new();
    let mut said = Vec::new();
    for row in &table.rows {
        let cell = |c: usize| row.cells.get(c).map_or("", |t| t.trim());
        let typed = cell(number);
        let Some(candidate) = candidates.get(&typed.to_lowercase()) else {
            let message = format!("« {typed} » n’est le numéro d’aucun candidat de l’examen");
            wrong.push(Wrong { place: at(row.line, &table.headers[number]), message });
            continue;
        };
        let name = own.map(cell).filter(|n| !n.is_empty()).unwrap_or(JURY);
        if name.chars().count() > super::MAX_NAME || name.chars().any(char::is_control) {
            let message = format!("un nom de {} caractères au plus", super::MAX_NAME);
            wrong.push(Wrong { place: format!("ligne {}", row.line), message });
            continue;
        }
        let judge = bench.number(name);
        if let Some(first) = seen.insert((judge, candidate.clone()), row.line) {
            let message = format!("« {typed} » est déjà à la ligne {first}");
            wrong.push(Wrong { place: at(row.line, &table.headers[number]), message });
            continue;
        }
        let target = format!("candidate:{candidate}");
        let value = match grade {
            None => Ok("limite".to_owned()),
            Some(g) if graded && cell(g).is_empty() => Err("appréciation absente".to_owned()),
            Some(g) => scale.read(cell(g)),
        };
        match value {
            Ok(value) => said.push(Entered { judge, target, value }),
            Err(message) => {
                let header = grade.map_or("", |g| table.headers[g].as_str());
                wrong.push(Wrong { place: at(row.line, header), message });
            }
        }
    }
    Import { fresh: bench.fresh, candidates: said.len(), said, lines: table.rows.len() }
}

#[cfg(test)]
mod tests {
    use super::super::Options;
    use super::*;

    fn target(number: usize, scale: Scale) -> Target {
        let id = format!("q{}x", number * 10);
        let label = format!("Question {number}");
        Target { id: format!("question:{id}"), number, head: id, label, html: String::new(), scale }
    }

    fn book(method: Method) -> Book {
        Book::of_file(method, Options::default(), vec!["Léa Un".into()], vec![])
    }

    fn places(found: Result<Import, Vec<Wrong>>) -> Vec<String> {
        found.unwrap_err().into_iter().map(|w| w.place).collect()
    }

    #[test]
    fn a_line_a_judge_is_read_by_number_or_identifier() {
        let targets = [target(1, Scale::Percent), target(2, Scale::Percent)];
        let table = Table::read("Juge;Q1;q20x\nlea un;50;62,5\nDeux;;40\n".as_bytes()).unwrap();
        let import = read(&book(Method::Angoff), &targets, &HashMap::new(), &table).unwrap();
        assert_eq!(import.fresh, ["Deux"], "the first is known, whatever the case and accents");
        let said: Vec<_> = import.said.iter().map(|e| (e.judge, e.target.as_str(), e.value.as_str())).collect();
        assert_eq!(said, [(1, "question:q10x", "50"), (1, "question:q20x", "62.5"), (2, "question:q20x", "40")]);
    }

    #[test]
    fn every_fault_has_its_line_and_nothing_is_read_with_one() {
        let targets = [target(1, Scale::Percent), target(2, Scale::YesNo)];
        let faults = |text: &str| {
            let table = Table::read(text.as_bytes()).unwrap();
            places(read(&book(Method::Angoff), &targets, &HashMap::new(), &table))
        };
        assert_eq!(
            faults("juge;1;2\nA;101;oui\nB;10;peut-être\nA;1;oui\n;1;oui\n"),
            ["ligne 2, colonne 1", "ligne 3, colonne 2", "ligne 4, colonne juge", "ligne 5, colonne juge"]
        );
        assert_eq!(faults("juge;1;9\nA;1;2\n"), ["ligne 1"]);
        assert_eq!(faults("juge;1;Q1\nA;1;2\n"), ["ligne 1"]);
        assert_eq!(faults("1;2\n1;oui\n"), ["ligne 1"]);
        assert_eq!(faults("juge;1;2\nA;;\n"), ["tableau"]);
    }

    #[test]
    fn candidates_are_named_by_number() {
        let known: HashMap<String, String> = [("d-1".to_owned(), "p1".to_owned())].into();
        let group = Table::read(b"numero\nD-1\n").unwrap();
        let import = read(&book(Method::BorderlineGroup), &[], &known, &group).unwrap();
        assert_eq!((import.fresh[0].as_str(), import.said[0].value.as_str()), (JURY, "limite"));
        assert_eq!(import.said[0].target, "candidate:p1");
        let table = Table::read("numéro;appréciation;juge\nD-1;2;A\nD-2;3;A\nD-1;7;B\nD-1;3;A\n".as_bytes()).unwrap();
        let found = places(read(&book(Method::BorderlineRegression), &[], &known, &table));
        assert_eq!(found, ["ligne 3, colonne numéro", "ligne 4, colonne appréciation", "ligne 5, colonne numéro"]);
    }
}
