//! How long the statistics of a national exam take, on the seeded sets of the reference folder (rebuilt here), beside
//! the processor seconds of the fastest package of R or Python that reached the right answer (the folder's README), and
//! beside one pass over the matrix. One thread, so that seconds are processor seconds, unless said.
//!
//! `cargo bench -p docimo-benches --bench docimology [-- part …]`

#[path = "../../engine/tests/common/reference.rs"]
#[allow(dead_code, missing_docs, clippy::unwrap_used, reason = "shared with the engine's tests")]
mod reference;

use docimo_engine::Exact;
use docimo_engine::docimology::classical::analyse;
use docimo_engine::docimology::dif::{self, Side};
use docimo_engine::docimology::irregularities::{Answers, ScreenOptions, screen};
use docimo_engine::docimology::irt::ability::{self, Method};
use docimo_engine::docimology::irt::conditional::conditional;
use docimo_engine::docimology::irt::nominal::{NominalOptions, nominal};
use docimo_engine::docimology::irt::{Model, Options, calibrate, fit};
use docimo_engine::docimology::uncertainty::{self, Blocks, rank_uncertainty};
use docimo_engine::docimology::whatif::Desk;
use docimo_engine::ledger::{Decision, Effective, Neutralisation};
use docimo_engine::marking::ResponseMatrix;
use docimo_engine::paper::{Element, MarkRules, Paper, Section};
use docimo_engine::question::{Body, Proposition, Question, Rank, Status};
use reference::Seeded;
use std::error::Error;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

type Outcome = Result<(), Box<dyn Error>>;

/// Best seconds of a few runs, on the current pool.
fn best<T>(runs: usize, work: impl Fn() -> T) -> f64 {
    (0..runs)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(work());
            start.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min)
}

/// The same on one thread.
fn time<T: Send>(runs: usize, work: impl Fn() -> T + Send + Sync) -> f64 {
    match rayon::ThreadPoolBuilder::new().num_threads(1).build() {
        Ok(pool) => pool.install(|| best(runs, &work)),
        Err(_) => best(runs, work),
    }
}

/// One line: seconds, and how many times faster than a package, where one did it.
fn line(what: &str, seconds: f64, package: impl Into<Option<f64>>, more: &str) {
    let beside = match package.into() {
        Some(package) => format!("{:8.1} times faster than {package} s", package / seconds),
        None => "no package to compare with".to_owned(),
    };
    println!("{what:<32} {seconds:9.4} s {beside}  {more}");
}

fn main() -> Outcome {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let part = |name: &str| wanted.is_empty() || wanted.iter().any(|w| name.contains(w.as_str()));
    if part("classical") {
        classical();
    }
    if part("irt") {
        irt()?;
    }
    if part("conditional") {
        conditional_rasch()?;
    }
    if part("nominal") {
        nominal_choices()?;
    }
    if part("scores") {
        scores()?;
    }
    if part("fit") {
        fitting()?;
    }
    if part("dif") {
        differential()?;
    }
    if part("bootstrap") {
        bootstrap()?;
    }
    if part("pairs") {
        pairs()?;
    }
    if part("whatif") {
        what_if()?;
    }
    Ok(())
}

fn classical() {
    // A lean numpy pass, which gives fewer indices.
    for (k, seed, package) in [(120, 2, 0.012), (450, 3, 0.014)] {
        let matrix = Seeded::new("2pl", 10_000, k, seed).matrix();
        let seconds = time(20, || analyse(&matrix));
        let pass =
            time(20, || matrix.items().iter().map(|i| i.cells.iter().map(|c| u64::from(*c)).sum::<u64>()).sum::<u64>());
        let passes = format!("{:.1} passes over the matrix", seconds / pass);
        line(&format!("classical 10,000 × {k}"), seconds, package, &passes);
    }
}

fn irt() -> Outcome {
    for (kind, k, seed, model, package) in [
        ("2pl", 120, 2, Model::Rasch, Some(1.7)),
        ("2pl", 450, 3, Model::Rasch, Some(9.2)),
        ("2pl", 120, 2, Model::TwoPl, Some(1.5)),
        ("2pl", 450, 3, Model::TwoPl, Some(96.0)),
        ("grm", 120, 12, Model::Grm, Some(49.0)),
        ("grm", 120, 12, Model::Gpcm, Some(5.8)),
        ("grm", 120, 12, Model::Pcm, Some(5.6)),
        ("grm", 450, 13, Model::Grm, None),
    ] {
        let matrix = Seeded::new(kind, 10_000, k, seed).matrix();
        let options = Options { tolerance: 1e-4, ..Options::new(model) };
        let found = calibrate(&matrix, &options)?;
        let seconds = time(5, || calibrate(&matrix, &options));
        let more = format!(
            "log-likelihood {:.3}, {} iterations, grid {:.0e}{}",
            found.log_likelihood,
            found.iterations,
            found.grid_error,
            if found.converged { "" } else { ", NOT CONVERGED" }
        );
        line(&format!("{} 10,000 × {k}", model.name()), seconds, package, &more);
    }
    Ok(())
}

fn conditional_rasch() -> Outcome {
    // psychotools; at 450 it returns in silence with difficulties off by 0.45, so that nothing right is there to beat.
    for (k, seed, package) in [(120, 2, Some(0.88)), (450, 3, None)] {
        let matrix = Seeded::new("2pl", 10_000, k, seed).matrix();
        let found = conditional(&matrix)?;
        let seconds = time(5, || conditional(&matrix));
        let more = format!("log-likelihood {:.3}, {} iterations", found.log_likelihood, found.iterations);
        line(&format!("Rasch CML 10,000 × {k}"), seconds, package, &more);
    }
    Ok(())
}

fn nominal_choices() -> Outcome {
    let set = Seeded::new("opt", 10_000, 120, 32);
    let key: Vec<Option<u8>> = set.key.iter().map(|k| Some(*k)).collect();
    let options = NominalOptions { tolerance: 1e-4, ..NominalOptions::default() };
    let found = nominal(&set.cells, &key, &options)?;
    let seconds = time(3, || nominal(&set.cells, &key, &options));
    let more = format!("log-likelihood {:.3}, {} iterations", found.log_likelihood, found.iterations);
    line("nominal 10,000 × 120", seconds, None, &more);
    Ok(())
}

fn scores() -> Outcome {
    for (k, seed, eap, wle) in [(120, 2, 0.053, 1.1), (450, 3, 0.18, 6.1)] {
        let matrix = Seeded::new("2pl", 10_000, k, seed).matrix();
        let found = calibrate(&matrix, &Options { tolerance: 1e-4, ..Options::new(Model::TwoPl) })?;
        line(&format!("EAP 10,000 × {k}"), time(5, || ability::eap(&found, &matrix)), eap, "");
        line(&format!("WLE 10,000 × {k}"), time(3, || ability::abilities(&found, &matrix, Method::Wle)), wle, "");
    }
    Ok(())
}

fn fitting() -> Outcome {
    let matrix = Seeded::new("2pl", 10_000, 120, 2).matrix();
    let found = calibrate(&matrix, &Options { tolerance: 1e-4, ..Options::new(Model::TwoPl) })?;
    line("S-X² 10,000 × 120", time(3, || fit::s_x2(&found, &matrix, 1.0)), 0.09, "");
    line("Q3 10,000 × 120", time(3, || fit::q3(&found, &matrix, &found.eap)), 0.37, "");
    line("M2 10,000 × 120", time(1, || fit::m2(&found, &matrix)), 17.0, "");
    Ok(())
}

fn differential() -> Outcome {
    for (k, seed, package) in [(120, 22, 0.75), (450, 23, 9.1)] {
        let set = Seeded::new("dif", 10_000, k, seed);
        let sides: Vec<Side> = set.focal.iter().map(|f| if *f { Side::Focal } else { Side::Reference }).collect();
        let matrix = set.matrix();
        let options = dif::Options { strata: 1_000, ..dif::Options::default() };
        let seconds = time(5, || dif::dif(&matrix, &sides, &options));
        line(&format!("DIF 10,000 × {k}"), seconds, package, "logistic regression and standardisation included");
    }
    Ok(())
}

fn bootstrap() -> Outcome {
    let matrix = Seeded::new("grm", 10_000, 450, 13).matrix();
    let options = uncertainty::Options { threshold: Some(0.7), ..uncertainty::Options::default() };
    let run = || rank_uncertainty(&matrix, &Blocks::alone(450), &options, &|_, _| ControlFlow::Continue(()));
    let (one, all) = (time(1, run), best(1, run));
    println!("1,000 rankings of 10,000 × 450   {one:9.2} s on one thread, {all:.2} s on all (target 10 s)");
    run()?;
    Ok(())
}

fn pairs() -> Outcome {
    let set = Seeded::new("opt", 10_000, 120, 32);
    let columns = set.cells.iter().map(|c| c.iter().map(|o| 1_u32 << o).collect()).collect();
    let responses = ResponseMatrix::new(10_000, columns)?;
    let matrix = set.matrix();
    let questions: Vec<usize> = (0..120).collect();
    let run = || Answers::new(&responses, &matrix, &questions).and_then(|a| screen(&a, &[], &ScreenOptions::default()));
    let found = run()?;
    println!(
        "{} pairs of 10,000 × 120  {:9.2} s on one thread, {:.2} s on all (target 10 s)",
        found.compared,
        time(1, run),
        best(3, run)
    );
    Ok(())
}

/// A paper of QRMs, ten of them neutralised or re-keyed together.
fn what_if() -> Outcome {
    let question = |i: usize| -> Question {
        let proposition = |p: usize| Proposition {
            id: char::from(b'a' + p as u8).to_string().as_str().into(),
            text: String::new(),
            status: if (i + p) % 5 < 1 + i % 4 { Status::Vrai } else { Status::Faux },
            comment: String::new(),
        };
        Question {
            id: format!("q{i}").as_str().into(),
            stem: String::new(),
            image: None,
            video: None,
            body: Body::Qrm { propositions: (0..5).map(proposition).collect() },
            weight: Exact::ONE,
            rank: Some(if i.is_multiple_of(3) { Rank::B } else { Rank::A }),
            tags: vec![],
            comment: String::new(),
            source: String::new(),
            scheme: None,
        }
    };
    let section = Section {
        id: "s1".into(),
        title: "Épreuve".into(),
        duration_minutes: 180,
        weight: Exact::ONE,
        scheme: None,
        shuffle_propositions: false,
        elements: (0..450).map(|i| Element::Question(question(i))).collect(),
    };
    let paper = Paper {
        title: "Sujet".into(),
        scheme: "edn".into(),
        schemes: Default::default(),
        rules: MarkRules::default(),
        sections: vec![section],
    };
    // Candidates tick what is true, or not, by their ability.
    let set = Seeded::new("grm", 10_000, 450, 13);
    let right = |q: usize| (0..5).filter(|p| (q + p) % 5 < 1 + q % 4).fold(0_u32, |m, p| m | 1 << p);
    let flips = [0b10101_u32, 0b01010, 0b00100, 0];
    let columns = set
        .cells
        .iter()
        .enumerate()
        .map(|(q, cells)| cells.iter().map(|c| right(q) ^ flips[usize::from(*c)]).collect())
        .collect();
    let responses = Arc::new(ResponseMatrix::new(10_000, columns)?);
    let desk = Desk::new(Effective::new(paper), responses)?;
    let decisions: Vec<Decision> = (0..10)
        .map(|i| Decision::Neutralise {
            question: format!("q{}", i * 37).as_str().into(),
            policy: if i % 2 == 0 { Neutralisation::Removed } else { Neutralisation::CreditAll },
        })
        .collect();
    let found = desk.scenario(&decisions, 25)?;
    let run = || desk.scenario(&decisions, 25);
    println!(
        "what-if 10,000 × 450: ten decisions {:6.2} ms on one thread, {:.2} ms on all (target 20 ms); {} ranks change",
        time(20, || run().is_ok()) * 1e3,
        best(20, run) * 1e3,
        found.moved
    );
    Ok(())
}
