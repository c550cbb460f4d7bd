//! How long the advice on a question takes at each keystroke, beside the check of hard faults and the reading of the
//! same question from JSON, which each keystroke costs too.
//!
//! `cargo bench -p docimo-benches --bench flaws`

mod common;

use common::{best, demonstration, real};
use docimo_bank::flaws::flaws;
use docimo_engine::paper::Element;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    for (name, elements) in [("demonstration", demonstration()), ("FrenchMedMCQA", real())] {
        if elements.is_empty() {
            println!("{name}: absent");
            continue;
        }
        let json = elements.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
        let n = elements.len() as f64;
        let advice = best(9, || elements.iter().map(|e| flaws(e).len()).sum::<usize>()) / n;
        let faults = best(9, || elements.iter().map(|e| docimo_bank::faults(e).len()).sum::<usize>()) / n;
        let reading = best(9, || json.iter().filter_map(|j| serde_json::from_str::<Element>(j).ok()).count()) / n;
        let worst = elements.iter().map(|e| best(5, || flaws(e))).fold(0.0, f64::max);
        println!(
            "{name}: {n} elements; flaws {:.1} µs each, worst {:.0} µs (aim: 1,000); {:.1} × check, {:.1} × reading it",
            advice * 1e6,
            worst * 1e6,
            advice / faults,
            advice / reading
        );
    }
    Ok(())
}
