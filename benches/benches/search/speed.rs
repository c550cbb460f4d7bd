//! How fast a bank of N questions is indexed and asked.
//!
//! Ours is the whole answer: reading the line, widening it, ten extracts, every facet, as if each were not held. Bare
//! tantivy is given the same query ready made and finds ten addresses and a number; then the same with its own term
//! aggregations on the seven columns from which our facets are counted (less work: the columns join the values of
//! several facets, and nothing takes them apart or lifts what the query holds). FTS5 finds ten entries and a number,
//! words only.

use crate::{Outcome, build, corpus, fts5};
use docimo_search::document::Document;
use docimo_search::synonyms::Synonyms;
use docimo_search::{Request, Writer};
use std::time::Instant;
use tantivy::aggregation::agg_req::Aggregations;
use tantivy::aggregation::{AggContextParams, AggregationCollector};
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
    let (mut pages, mut aggregated, mut ratios_counting) = (Vec::new(), Vec::new(), Vec::new());
    println!("{:<48} {:>9} {:>9} {:>10} {:>9} {:>7}", "line", "found", "ours ms", "no facets", "bare ms", "its aggs");
    for line in &all {
        let request = Request { limit: 10, ..Request::new(line) };
        let total = index.search(&request)?.total;
        let (searcher, plan) = index.bare(line)?;
        // Taken in turn, so that both meet the same neighbours on the machine.
        let (mut mine, mut its) = (Vec::new(), Vec::new());
        let (mut page, mut counting) = (Vec::new(), Vec::new());
        let without = Request { facets: &[], ..request.clone() };
        for _ in 0..15 {
            page.push(ms(|| index.search(&without).map(|a| a.total as usize).map_err(Into::into))?);
            mine.push(ms(|| index.search(&request).map(|a| a.total as usize).map_err(Into::into))?);
            let aggregating = AggregationCollector::from_aggs(aggregations()?, AggContextParams::default());
            counting.push(ms(|| {
                let top = TopDocs::with_limit(10).order_by_score();
                Ok(searcher.search(&*plan, &(top, Count, aggregating))?.1)
            })?);
            its.push(ms(|| Ok(searcher.search(&*plan, &(TopDocs::with_limit(10).order_by_score(), Count))?.1))?);
        }
        let (a, b) = (quantile(&mut mine.clone(), 0.5), quantile(&mut its.clone(), 0.5));
        let (c, d) = (quantile(&mut page.clone(), 0.5), quantile(&mut counting.clone(), 0.5));
        println!("{line:<48} {total:>9} {a:>9.2} {c:>10.2} {b:>9.2} {d:>9.2}");
        pages.extend(page);
        ratios_counting.push(a / d);
        aggregated.extend(counting);
        ratios.push(a / b);
        ours.extend(mine);
        bare.extend(its);
    }
    let [p50, p99] = [0.5, 0.99].map(|q| quantile(&mut ours, q));
    let [bare50, bare99] = [0.5, 0.99].map(|q| quantile(&mut bare, q));
    println!("ours, all facets    p50 {p50:8.2} ms  p99 {p99:8.2} ms");
    let [page50, page99] = [0.5, 0.99].map(|q| quantile(&mut pages, q));
    println!("ours, no facets     p50 {page50:8.2} ms  p99 {page99:8.2} ms");
    println!("tantivy bare        p50 {bare50:8.2} ms  p99 {bare99:8.2} ms");
    let [aggs50, aggs99] = [0.5, 0.99].map(|q| quantile(&mut aggregated, q));
    println!("tantivy, own aggs   p50 {aggs50:8.2} ms  p99 {aggs99:8.2} ms");
    let beside = |what: &str, p50: f64, p99: f64, ratios: &mut [f64]| {
        println!("{what:<28} p50 {p50:6.2}  p99 {p99:6.2}  median of lines {:6.2}", quantile(ratios, 0.5));
    };
    beside("ours / tantivy, own aggs", p50 / aggs50, p99 / aggs99, &mut ratios_counting);
    beside("ours / tantivy bare", p50 / bare50, p99 / bare99, &mut ratios);
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

/// Tantivy's own counts of the columns from which our facets come.
fn aggregations() -> Outcome<Aggregations> {
    let groups = ["form", "numbers", "people", "items", "objectives", "situations", "flaws"];
    let terms = groups.map(|g| {
        let field = format!("group_{g}");
        (field.clone(), serde_json::json!({ "terms": { "field": field, "size": 20 } }))
    });
    Ok(serde_json::from_value(serde_json::Value::Object(terms.into_iter().collect()))?)
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
        "one save, committed and found            p50 {p50:.0} ms  p99 {p99:.0} ms (before it come a look at the database and a wait, 0.6 s at most)"
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
