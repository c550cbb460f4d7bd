//! Marking 10,000 sheets of 450 questions, beside the least it could cost: reading the same memory once.
//!
//! `cargo bench -p docimo-benches --bench marking`. Figures are medians; nothing is asserted on time.

use docimo_engine::ledger::Effective;
use docimo_engine::marking::{Compiled, Marks, ResponseMatrix};
use docimo_engine::paper::Paper;
use docimo_engine::question::Question;
use docimo_engine::ranking::{Ties, places};
use docimo_engine::response;
use docimo_engine::shuffle::Stream;
use docimo_engine::simulate;
use rayon::prelude::*;
use serde_json::{Value, json};
use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

const CANDIDATES: usize = 10_000;
const QUESTIONS: usize = 450;
const SEED: u64 = 2026;
/// Kinds of an EDN, in hundredths.
const MIX: [(&str, usize); 7] =
    [("QRM", 45), ("QRU", 25), ("QRP", 12), ("QRPL", 5), ("QROC", 5), ("TCS", 4), ("QZP", 4)];
/// Of RULES §1.7.
const PANELS: [[u32; 5]; 2] = [[0, 9, 7, 3, 0], [0, 1, 15, 4, 0]];

fn main() -> Result<(), Box<dyn Error>> {
    let paper = paper()?;
    let questions: Vec<&Question> = paper.questions().map(|p| p.question).collect();
    let abilities: Vec<f64> = (0..CANDIDATES).map(|c| Stream::new(SEED, &["theta", &c.to_string()]).normal()).collect();
    let code = |question: &Question, c: usize| {
        response::encode(question, &simulate::respond(question, abilities[c], SEED, &format!("c{c}")))
    };
    let columns = questions.par_iter().map(|q| (0..CANDIDATES).map(|c| code(q, c)).collect()).collect();
    let matrix = ResponseMatrix::new(CANDIDATES, columns)?;
    let effective = Effective::new(paper);

    let threads = rayon::current_num_threads();
    let single = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    println!("{CANDIDATES} sheets of {QUESTIONS} questions, scheme edn, {threads} threads; medians");

    let [compile] = times([&mut || _ = black_box(Compiled::new(&effective, &matrix))]);
    println!("compile the paper                {compile}");
    let compiled = Compiled::new(&effective, &matrix)?;
    // Interleaved, so that whatever else the machine does weighs on both alike.
    let both = || {
        times([&mut || _ = black_box(sum_of_codes(black_box(&matrix))), &mut || {
            _ = black_box(compiled.mark(black_box(&matrix)))
        }])
    };
    for (name, [pass, marking]) in [("all threads", both()), ("one thread", single.install(both))] {
        println!("{name}");
        println!("  pass over the same memory      {pass}");
        println!("  mark: totals and rank A        {marking}");
        println!("  marking / pass                 {}", marking.over(&pass));
        println!("  per response                   {:9.3} ns", marking.median * 1e9 / (CANDIDATES * QUESTIONS) as f64);
    }

    let marks = compiled.mark(&matrix);
    let totals: Vec<i64> = (0..CANDIDATES).map(|c| marks.total_units(c)).collect();
    let [ranking, exact] =
        times([&mut || _ = black_box(places(&totals, Ties::Competition)), &mut || _ = black_box(all_marks(&marks))]);
    println!("rank {CANDIDATES} candidates            {ranking}");
    println!("exact marks of every candidate   {exact}");
    let mean = totals.iter().sum::<i64>() as f64 / CANDIDATES as f64;
    let full = marks.out_of().to_f64();
    let unit = marks.of(0).points.to_f64() / totals[0].max(1) as f64;
    println!("(mean mark {:.2}/20)", mean * unit / full * 20.0);
    Ok(())
}

/// Candidates at 14 or above on rank A: makes every exact mark once.
fn all_marks(marks: &Marks) -> usize {
    (0..marks.candidates()).filter(|c| marks.of(*c).rank_a_on_20 >= Some(docimo_engine::Exact::int(14))).count()
}

/// Every code read once and added up, on the threads of the current pool, in the blocks that marking uses.
fn sum_of_codes(matrix: &ResponseMatrix) -> u64 {
    let column = |i: usize| matrix.column(i).iter().map(|code| u64::from(*code)).sum::<u64>();
    (0..matrix.questions()).into_par_iter().map(column).sum()
}

/// Seconds of one piece of work over many runs.
struct Times {
    median: f64,
    best: f64,
}

impl Times {
    fn over(&self, other: &Self) -> String {
        format!("{:9.2}    (best {:.2})", self.median / other.median, self.best / other.best)
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:9.3} ms (best {:.3})", self.median * 1e3, self.best * 1e3)
    }
}

/// Times of pieces of work done in turns, as many turns as fit in two seconds, 15 at least, after two for warming.
fn times<const N: usize>(mut work: [&mut dyn FnMut(); N]) -> [Times; N] {
    let (mut seconds, start) = ([const { Vec::new() }; N], Instant::now());
    for turn in 0..10_000 {
        if turn >= 17 && start.elapsed() > Duration::from_secs(2) {
            break;
        }
        for (piece, seconds) in work.iter_mut().zip(&mut seconds) {
            let before = Instant::now();
            piece();
            if turn >= 2 {
                seconds.push(before.elapsed().as_secs_f64());
            }
        }
    }
    seconds.map(|mut seconds| {
        seconds.sort_by(f64::total_cmp);
        Times { median: seconds[seconds.len() / 2], best: seconds[0] }
    })
}

/// A paper mixed as an EDN: three sections, the kinds scattered, ranks A and B.
fn paper() -> Result<Paper, serde_json::Error> {
    let mut kinds: Vec<&str> = MIX.iter().flat_map(|(kind, share)| vec![*kind; share * QUESTIONS / 100]).collect();
    while kinds.len() < QUESTIONS {
        kinds.push("QRM");
    }
    let mut stream = Stream::new(SEED, &["paper"]);
    (1..kinds.len()).rev().for_each(|i| kinds.swap(i, stream.below(i + 1)));
    let all: Vec<Value> = kinds.iter().enumerate().map(|(i, kind)| json!({ "question": question(i, kind) })).collect();
    let section = |(i, elements): (usize, &[Value])| {
        json!({ "id": format!("uc{i}"), "title": format!("UC {i}"), "duration_minutes": 180,
            "weight": if i == 2 { "2" } else { "1" }, "elements": elements })
    };
    let sections: Vec<Value> = all.chunks(QUESTIONS.div_ceil(3)).enumerate().map(section).collect();
    serde_json::from_value(json!({ "title": "Sujet", "scheme": "edn", "sections": sections }))
}

fn question(i: usize, kind: &str) -> Value {
    let mut stream = Stream::new(SEED, &["key", &i.to_string()]);
    let mut statuses = |count: usize, right: usize| -> Vec<Value> {
        let mut order: Vec<usize> = (0..count).collect();
        (1..count).rev().for_each(|i| order.swap(i, stream.below(i + 1)));
        let status = |at: usize| match order[at] {
            0 if kind == "QRM" && i.is_multiple_of(4) => "indispensable",
            n if n < right => "vrai",
            n if n + 1 == count && kind == "QRM" && i.is_multiple_of(5) => "inacceptable",
            _ => "faux",
        };
        (0..count)
            .map(|at| json!({ "id": format!("p{at}"), "text": format!("P {at}"), "status": status(at) }))
            .collect()
    };
    let rank = if i % 5 < 3 { "A" } else { "B" };
    let zone = |at: usize| {
        json!({ "id": format!("z{at}"), "name": format!("Z{at}"),
            "shape": { "circle": { "x": 0.2 + 0.2 * at as f64, "y": 0.5, "r": 0.08 } } })
    };
    let mut question = json!({ "id": format!("q{i}"), "kind": kind, "stem": "?", "rank": rank });
    let fields = match kind {
        "QRU" => json!({ "propositions": statuses(5, 1) }),
        "QRM" => json!({ "propositions": statuses(5, 1 + i % 4) }),
        "QRP" => json!({ "propositions": statuses(5, 2 + i % 2), "expected": 2 + i % 2 }),
        "QRPL" => json!({ "propositions": statuses(12 + i % 10, 3), "expected": 3 }),
        "QROC" => json!({ "exact": ["embolie pulmonaire"], "acceptable": ["maladie thromboembolique veineuse"] }),
        "TCS" => json!({ "hypothesis": "h", "finding": "f", "panel": PANELS[i % 2] }),
        _ => json!({ "expected": 2, "zones": (0..2).map(zone).collect::<Vec<_>>(),
            "image": { "file": "i.png", "alt": "i", "width": 100, "height": 100 } }),
    };
    if let (Some(all), Value::Object(more)) = (question.as_object_mut(), fields) {
        all.extend(more);
    }
    question
}
