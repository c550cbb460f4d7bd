//! How fast a bank of N questions is indexed and asked.
//!
//! Ours is the whole answer: reading the line, widening it, ten extracts, every facet. Bare tantivy is given the same
//! query ready made and only finds ten addresses and a number. FTS5 finds ten entries and a number, words only.

use crate::{Outcome, build, corpus, fts5};
use docimo_search::document::Document;
use docimo_search::synonyms::Synonyms;
use docimo_search::{Request, Writer};
use std::time::Instant;
use tantivy::collector::{Count, TopDocs};

/// Lines as people type them, words only, then with what FTS5 cannot do.
const WORDS: [&str; 14] = [
    "IDM",
    "infarctus du myocarde",
    "hypertension artérielle",
    "anémie",
    "traitement",
    "médicament",
    "hépatite",
    "insuffisance rénale",
    "staphylocoque",
    "vitamine B12",
    "diabète",
    "enzyme",
    "méningite bactérienne",
    "embolie pulmonaire",
];
const REST: [&str; 12] = [
    "traitement rang:A",
    "infarctus rang:A statut:validée",
    "anémie item:211..220",
    "spécialité:cardiologie rang:A statut:validée",
    "item:339",
    "rang:B difficulté:<0,4 discrimination:>=0,2",
    "\"insuffisance rénale\" inutilisée:2023",
    "hépatite OU méningite",
    "médicament -enfant image:oui",
    "établissement:\"Faculté 3\" tri:difficulté",
    "cardio* rang:A",
    "",
];

pub fn run(real: &[Document], count: usize) -> Outcome<()> {
    let dir = tempfile::tempdir()?;
    let start = Instant::now();
    let index = build(dir.path(), (0..count).map(|n| corpus::synthetic(real, n)), Synonyms::embedded())?;
    let seconds = start.elapsed().as_secs_f64();
    println!("{count} synthetic questions");
    println!(
        "indexed, two threads, merges included    {:9.0} documents/s, {:.0} MB on disk",
        count as f64 / seconds,
        size(dir.path()) / 1e6
    );
    memory("after indexing");
    let all: Vec<&str> = WORDS.iter().chain(&REST).copied().collect();
    let mut ours = Vec::new();
    let mut bare = Vec::new();
    let mut ratios = Vec::new();
    println!("{:<48} {:>9} {:>9} {:>9} {:>7}", "line", "found", "ours ms", "bare ms", "ratio");
    for line in &all {
        let request = Request { limit: 10, ..Request::new(line) };
        let total = index.search(&request)?.total;
        let (searcher, plan) = index.bare(line)?;
        // Taken in turn, so that both meet the same neighbours on the machine.
        let (mut mine, mut its) = (Vec::new(), Vec::new());
        for _ in 0..15 {
            mine.push(ms(|| index.search(&request).map(|a| a.total as usize).map_err(Into::into))?);
            its.push(ms(|| Ok(searcher.search(&*plan, &(TopDocs::with_limit(10).order_by_score(), Count))?.1))?);
        }
        let (a, b) = (quantile(&mut mine.clone(), 0.5), quantile(&mut its.clone(), 0.5));
        println!("{line:<48} {total:>9} {a:>9.2} {b:>9.2} {:>7.2}", a / b);
        ratios.push(a / b);
        ours.extend(mine);
        bare.extend(its);
    }
    let words = quantile(&mut ratios[..WORDS.len()].to_vec(), 0.5);
    let [p50, p99] = [0.5, 0.99].map(|q| quantile(&mut ours, q));
    let [bare50, bare99] = [0.5, 0.99].map(|q| quantile(&mut bare, q));
    println!("ours, all facets    p50 {p50:8.2} ms  p99 {p99:8.2} ms");
    println!("tantivy bare        p50 {bare50:8.2} ms  p99 {bare99:8.2} ms");
    println!(
        "ours / bare         p50 {:8.2}     p99 {:8.2}     median ratio, words only {words:.2}, all {:.2}",
        p50 / bare50,
        p99 / bare99,
        quantile(&mut ratios, 0.5)
    );
    memory("after searching");
    saves(&index, real, count)?;
    let start = Instant::now();
    let fts = fts5::Fts5::build((0..count).map(|n| corpus::synthetic(real, n)))?;
    println!(
        "FTS5 indexed                             {:9.0} documents/s",
        count as f64 / start.elapsed().as_secs_f64()
    );
    let (mut theirs, mut mine) = (Vec::new(), Vec::new());
    for line in WORDS {
        let request = Request { limit: 10, ..Request::new(line) };
        for _ in 0..5 {
            theirs.push(ms(|| Ok(fts.page(line)?.0.len()))?);
            mine.push(ms(|| index.search(&request).map(|a| a.total as usize).map_err(Into::into))?);
        }
    }
    let [f50, f99] = [0.5, 0.99].map(|q| quantile(&mut theirs, q));
    let [o50, o99] = [0.5, 0.99].map(|q| quantile(&mut mine, q));
    println!("words only: FTS5    p50 {f50:8.2} ms  p99 {f99:8.2} ms   (no facets, no extracts, no synonyms)");
    println!("words only: ours    p50 {o50:8.2} ms  p99 {o99:8.2} ms");
    println!("ours / FTS5         p50 {:8.2}     p99 {:8.2}", o50 / f50, o99 / f99);
    Ok(())
}

/// A save, from the writer's hand to a search that sees it.
fn saves(index: &std::sync::Arc<docimo_search::Index>, real: &[Document], count: usize) -> Outcome<()> {
    let mut writer = Writer::new(index, 50_000_000)?;
    let mut times = Vec::new();
    for n in 0..20 {
        let document = corpus::synthetic(real, count + n);
        times.push(ms(|| {
            writer.upsert(&document, 0)?;
            writer.commit()?;
            Ok(index.search(&Request::new(&document.external_id))?.total as usize)
        })?);
    }
    let [p50, p99] = [0.5, 0.99].map(|q| quantile(&mut times, q));
    println!(
        "one save, committed and found            p50 {p50:.0} ms  p99 {p99:.0} ms (half a second of waiting at most comes before)"
    );
    Ok(())
}

fn ms(work: impl FnOnce() -> Outcome<usize>) -> Outcome<f64> {
    let start = Instant::now();
    std::hint::black_box(work()?);
    Ok(start.elapsed().as_secs_f64() * 1e3)
}

fn quantile(values: &mut [f64], q: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * q).round() as usize]
}

fn size(dir: &std::path::Path) -> f64 {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .map(|e| if e.path().is_dir() { size(&e.path()) } else { e.metadata().map_or(0.0, |m| m.len() as f64) })
        .sum()
}

/// Memory of the process, from Linux's accounts.
fn memory(when: &str) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of =
        |name: &str| status.lines().find(|l| l.starts_with(name)).map_or("?", |l| l[name.len()..].trim()).to_owned();
    println!("memory {when}: {} resident ({} of it mapped files), peak {}", of("VmRSS:"), of("RssFile:"), of("VmHWM:"));
}
