//! How many questions are tagged a second, beside the analysis of the same words alone; and how many vectors a model
//! gives, beside the bare products of matrices that its network is made of.
//!
//! `cargo bench -p docimo-benches --bench tagging`; a folder with multilingual-e5-small in `DOCIMO_TEST_E5`.

mod common;

use candle_core::{Device, Tensor};
use common::{best, demonstration, real};
use docimo_ai::tagging::encoder::cache::Cache;
use docimo_ai::tagging::encoder::{Encoder, Purpose};
use docimo_ai::tagging::terms::terms;
use docimo_ai::tagging::{Asked, Corpus, Method, Objective, Tagger};
use docimo_search::synonyms::Synonyms;
use std::error::Error;
use std::path::{Path, PathBuf};

/// The objectives of the shared folder; none where it is absent.
fn objectives() -> Vec<Objective> {
    let root = std::env::var_os("DOCIMO_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let Ok(mut reader) = csv::Reader::from_path(root.join("r2c/objectives.csv")) else { return Vec::new() };
    let Ok(headers) = reader.headers().cloned() else { return Vec::new() };
    let place = |name: &str| headers.iter().position(|h| h == name).unwrap_or(0);
    let (code, rubric, title) = (place("code"), place("rubric"), place("title"));
    let rows = reader.into_records().filter_map(Result::ok);
    rows.filter_map(|row| {
        let rubric = row.get(rubric).and_then(|r| r.parse().ok());
        Some(Objective { code: row.get(code)?.parse().ok()?, rubric, title: row.get(title)?.to_owned() })
    })
    .collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    let objectives = objectives();
    if objectives.is_empty() {
        println!("objectives: absent");
        return Ok(());
    }
    let reading = best(3, || Tagger::new(Corpus::new(objectives.clone()), Synonyms::embedded()));
    let tagger = Tagger::new(Corpus::new(objectives.clone()), Synonyms::embedded());
    println!("{} objectives read in {:.0} ms", objectives.len(), reading * 1e3);
    let elements = demonstration().into_iter().chain(real().into_iter().take(400)).collect::<Vec<_>>();
    let asked: Vec<Asked> = elements
        .iter()
        .flat_map(|e| e.questions())
        .map(|q| Asked {
            stem: q.stem.clone(),
            propositions: q.body.propositions().iter().map(|p| p.text.clone()).collect(),
            correct: Vec::new(),
        })
        .collect();
    let n = asked.len() as f64;
    let words = best(5, || asked.iter().map(|a| terms(&a.texts()[1]).len()).sum::<usize>()) / n;
    let lexical = best(5, || asked.iter().filter_map(|a| tagger.tag(a, Method::Lexical, None, 10).ok()).count()) / n;
    println!("{n} questions, by words: {:.0} a second, {:.1} × their analysis alone", 1.0 / lexical, lexical / words);

    let Some(folder) = std::env::var_os("DOCIMO_TEST_E5") else {
        println!("model: absent");
        return Ok(());
    };
    let encoder = Encoder::open(Path::new(&folder), std::thread::available_parallelism()?.get())?;
    let texts: Vec<String> = asked.iter().take(32).map(|a| a.stem.clone()).collect();
    let vectors = best(3, || encoder.vectors(&texts, Purpose::Query, &mut Cache::default(), &|_| {}).is_ok());
    // Twelve layers, each a product with 4 H² + 2 H F weights for each piece; about four letters a piece.
    let (h, f) = (encoder.dimension(), 4 * encoder.dimension());
    let pieces = texts.iter().map(|t| t.chars().count() / 4 + 4).sum::<usize>();
    let wide = Tensor::rand(0f32, 1f32, (h, 4 * h + 2 * f), &Device::Cpu)?;
    let input = Tensor::rand(0f32, 1f32, (pieces, h), &Device::Cpu)?;
    let products = best(3, || (0..12).filter(|_| input.matmul(&wide).is_ok()).count());
    println!(
        "{} stems, by meaning: {:.1} a second, {:.1} × the bare products",
        texts.len(),
        texts.len() as f64 / vectors,
        vectors / products
    );
    Ok(())
}
