//! The search of the bank: is what is wanted found first, and how fast, beside others?
//!
//! `cargo bench -p docimo-benches --bench search [-- [relevance] [speed] [N]]`: N synthetic questions, 1,000,000 unless
//! said. Needs the real questions of the reference folder, read in place. Nothing is asserted on time.

mod corpus;
mod fts5;
mod judged;
mod plain;
mod speed;

use docimo_search::document::Document;
use docimo_search::synonyms::Synonyms;
use docimo_search::{Index, Rebuild, Request};
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let count = wanted.iter().find_map(|w| w.parse().ok()).unwrap_or(1_000_000);
    let all = !wanted.iter().any(|w| w.parse::<usize>().is_err());
    let real = corpus::real()?;
    if all || wanted.iter().any(|w| w == "relevance") {
        relevance(&real)?;
    }
    if all || wanted.iter().any(|w| w == "speed") {
        speed::run(&real, count)?;
    }
    Ok(())
}

/// An index of documents in a folder.
fn build(dir: &Path, documents: impl Iterator<Item = Document>, synonyms: Synonyms) -> Outcome<Arc<Index>> {
    let index = Arc::new(Index::open(dir, synonyms)?);
    let mut rebuild = Rebuild::begin(&index, 0, 2, 200_000_000)?;
    for document in documents {
        rebuild.add(&document)?;
    }
    rebuild.applied(1);
    rebuild.finish()?;
    Ok(index)
}

fn relevance(real: &[Document]) -> Outcome<()> {
    let (with, without) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let ours = build(with.path(), real.iter().cloned(), Synonyms::embedded())?;
    let bare = build(without.path(), real.iter().cloned(), Synonyms::default())?;
    let plain = plain::Plain::build(real)?;
    let fts = fts5::Fts5::build(real.iter())?;
    let asked = |index: &Index, line: &str| -> Outcome<Vec<String>> {
        let answer = index.search(&Request { facets: &[], limit: 10, ..Request::new(line) })?;
        Ok(answer.hits.into_iter().map(|h| h.entry).collect())
    };
    let mut sums = [0.0; 4];
    println!("nDCG@10 over {} real questions         ours  no synonyms  plain BM25  FTS5", real.len());
    let mut judged = 0;
    for case in judged::CASES {
        let grades = judged::grades(case, real);
        if grades.is_empty() {
            println!("{:<38} nothing to find", case.query);
            continue;
        }
        judged += 1;
        let found =
            [asked(&ours, case.query)?, asked(&bare, case.query)?, plain.top(case.query)?, fts.top(case.query)?];
        let scores = found.map(|f| judged::ndcg(&f, &grades));
        for (sum, score) in sums.iter_mut().zip(scores) {
            *sum += score;
        }
        println!(
            "{:<38} {:5.3}  {:5.3}        {:5.3}       {:5.3}   ({} relevant)",
            case.query,
            scores[0],
            scores[1],
            scores[2],
            scores[3],
            grades.len()
        );
    }
    let mean = sums.map(|s| s / f64::from(judged));
    println!("{:<38} {:5.3}  {:5.3}        {:5.3}       {:5.3}", "mean", mean[0], mean[1], mean[2], mean[3]);
    Ok(())
}
