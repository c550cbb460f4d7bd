//! Reference numbers computed by other people's programs, read in place, and the seeded data sets rebuilt.

use docimo_engine::docimology::matrix::{Item, MISSING, ScoreMatrix};
use docimo_engine::docimology::numeric::Draws;
use std::path::PathBuf;

/// The folder of reference numbers; `None` where it is absent, which the test must then say and return.
pub fn psychometrics() -> Option<PathBuf> {
    let shared = std::env::var_os("DOCIMO_SHARED")
        .map_or_else(|| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let folder = shared.join("psychometrics");
    if folder.is_dir() {
        return Some(folder);
    }
    if let Some(log) = std::env::var_os("DOCIMO_SKIP_LOG") {
        use std::io::Write;
        let mut log = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        writeln!(log, "engine: {} absent, reference numbers not checked", folder.display()).unwrap();
    }
    None
}

/// A CSV file: names of the columns, and the cells as text.
pub struct Table {
    pub names: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Reads `relative` under the reference folder.
    pub fn read(relative: &str) -> Self {
        let path = psychometrics().unwrap().join(relative);
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(&path).unwrap();
        let names = reader.headers().unwrap().iter().map(|n| n.trim().trim_matches('"').to_owned()).collect();
        let rows = reader
            .records()
            .map(|r| r.unwrap().iter().map(|c| c.trim().trim_matches('"').to_owned()).collect())
            .collect();
        Self { names, rows }
    }

    /// Numbers of a column; `NA` and text are NaN.
    pub fn column(&self, name: &str) -> Vec<f64> {
        let at = self.names.iter().position(|n| n == name).unwrap_or_else(|| panic!("no column {name}"));
        self.rows.iter().map(|r| number(&r[at])).collect()
    }

    /// All cells as numbers.
    pub fn numbers(&self) -> Vec<Vec<f64>> {
        self.rows.iter().map(|r| r.iter().map(|c| number(c)).collect()).collect()
    }
}

fn number(text: &str) -> f64 {
    match text {
        "-Inf" => f64::NEG_INFINITY,
        "Inf" => f64::INFINITY,
        other => other.parse().unwrap_or(f64::NAN),
    }
}

/// A JSON file under the reference folder.
pub fn json(relative: &str) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(psychometrics().unwrap().join(relative)).unwrap()).unwrap()
}

/// Categories 0, 1, 2… of a `*.data.csv` as a matrix, one column a question; the score is the category.
pub fn data(relative: &str) -> ScoreMatrix {
    let rows = Table::read(relative).numbers();
    let columns: Vec<Vec<Option<f64>>> =
        (0..rows[0].len()).map(|j| rows.iter().map(|r| r[j].is_finite().then_some(r[j])).collect()).collect();
    let max: Vec<f64> = columns.iter().map(|c| c.iter().flatten().copied().fold(0.0, f64::max)).collect();
    ScoreMatrix::new(rows.len(), &columns, &max).unwrap()
}

/// A seeded data set: see `gen.py` of the reference folder, of which this is the same generator.
pub struct Seeded {
    /// `cells[question][candidate]`: category, or option chosen.
    pub cells: Vec<Vec<u8>>,
    pub theta: Vec<f64>,
    /// Slopes.
    pub a: Vec<f64>,
    /// Thresholds of each question.
    pub b: Vec<Vec<f64>>,
    /// Focal group, for the DIF family.
    pub focal: Vec<bool>,
    /// Key, for the choice family.
    pub key: Vec<u8>,
}

impl Seeded {
    /// Kinds `2pl`, `grm`, `dif`, `opt`.
    pub fn new(kind: &str, n: usize, k: usize, seed: u64) -> Self {
        let stream = |s: u64| Draws::new(seed, s);
        let logistic = |x: f64| 1.0 / (1.0 + (-x).exp());
        let mut theta: Vec<f64> = (0..n as u64).map(|i| stream(1).normal(i)).collect();
        let a: Vec<f64> = (0..k as u64).map(|j| (0.3 * stream(2).normal(j)).exp()).collect();
        let centre: Vec<f64> = (0..k as u64).map(|j| stream(3).normal(j)).collect();
        let u = |i: usize, j: usize| stream(4).uniform((i * k + j) as u64);
        let mut focal = Vec::new();
        if kind == "dif" {
            focal = (0..n as u64).map(|i| stream(5).uniform(i) < 0.5).collect();
            for (t, f) in theta.iter_mut().zip(&focal) {
                *t -= if *f { 0.5 } else { 0.0 };
            }
        }
        let b: Vec<Vec<f64>> = (0..k)
            .map(|j| match kind {
                "grm" => {
                    let s = |p: usize| 0.3 + 0.9 * stream(8).uniform((2 * j + p) as u64);
                    vec![centre[j] - s(0), centre[j], centre[j] + s(1)]
                }
                _ => vec![centre[j]],
            })
            .collect();
        let mut cells: Vec<Vec<u8>> = (0..k)
            .map(|j| {
                (0..n)
                    .map(|i| {
                        let harder = if kind == "dif" && focal[i] && j % 10 == 3 { 0.5 } else { 0.0 };
                        b[j].iter().filter(|b| u(i, j) < logistic(a[j] * (theta[i] - **b - harder))).count() as u8
                    })
                    .collect()
            })
            .collect();
        let mut key = Vec::new();
        if kind == "opt" {
            key = (0..k).map(|j| (j % 5) as u8).collect();
            for j in 0..k {
                let mut w: Vec<f64> = (0..5).map(|c| stream(6).normal((5 * j + c) as u64).exp()).collect();
                w[usize::from(key[j])] = 0.0;
                let sum: f64 = w.iter().sum();
                let mut running = 0.0;
                let cum: Vec<f64> = w
                    .iter()
                    .map(|x| {
                        running += x;
                        running / sum
                    })
                    .collect();
                for (i, cell) in cells[j].iter_mut().enumerate() {
                    let d = stream(7).uniform((i * k + j) as u64);
                    let wrong = (0..4).filter(|c| d >= cum[*c]).count() as u8;
                    *cell = if *cell == 1 { key[j] } else { wrong };
                }
            }
        }
        Self { cells, theta, a, b, focal, key }
    }

    /// As scores: the category itself, or 0 and 1 by the key.
    pub fn matrix(&self) -> ScoreMatrix {
        let items = self
            .cells
            .iter()
            .enumerate()
            .map(|(j, cells)| {
                let top = self.b[j].len();
                let score = |c: &u8| self.key.get(j).map_or(*c, |key| u8::from(c == key));
                Item {
                    levels: (0..=top).map(|l| l as f64).collect(),
                    max: top as f64,
                    cells: cells.iter().map(score).collect(),
                }
            })
            .collect();
        ScoreMatrix::from_items(self.theta.len(), items).unwrap()
    }
}

/// The cells are never missing in the seeded sets.
pub fn complete(matrix: &ScoreMatrix) -> bool {
    matrix.items().iter().all(|i| !i.cells.contains(&MISSING))
}

/// Largest difference between two lists.
pub fn largest_gap(found: &[f64], wanted: &[f64]) -> f64 {
    assert_eq!(found.len(), wanted.len());
    found.iter().zip(wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}
