//! Rasch by conditional maximum likelihood against eRm, psychotools and girth, and against simulated truth.
#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not there")]

mod common;

use common::reference::{Seeded, Table, data, json, largest_gap, psychometrics};
use docimo_engine::docimology::irt::conditional::{Split, andersen, conditional};
#[test]
fn explore() {
    if psychometrics().is_none() { return; }
    for set in ["LSAT6","LSAT7"] {
        let j = json(&format!("classic/{set}.second_opinions.json"));
        let m = data(&format!("classic/{set}.data.csv"));
        let c = conditional(&m).unwrap();
        println!("{set} {:?}", c);
        println!("{:?}", j["eRm_cml"]["beta_difficulty_sum0"]);
        println!("{:?}", j["eRm_cml"]["se"]);
        println!("{:?}", j["psychotools_cml"]);
        println!("{:?}", andersen(&m, Split::Mean).map(|a| (a.value, a.df, a.p)));
    }
    for (n, k, seed) in [(1_000, 50, 1), (10_000, 120, 2), (10_000, 450, 3)] {
        let m = Seeded::new("2pl", n, k, seed).matrix();
        let t = std::time::Instant::now();
        let c = conditional(&m).unwrap();
        println!("{n} {k} {:?} {} {}", t.elapsed(), c.iterations, c.log_likelihood);
        for f in ["rerm_rasch", "rpt_rasch", "girth_rasch_cml", "rtam_jml", "girth_rasch", "rmirt_rasch", "pymirt_1pl", "rltm_rasch", "rtam_rasch", "theta_rasch"] {
            if !psychometrics().unwrap().join(format!("synthetic/2pl_{n}x{k}.{f}.csv")).exists() { continue; }
            let t = Table::read(&format!("synthetic/2pl_{n}x{k}.{f}.csv"));
            let mut b = t.column(match f { "rerm_rasch" => "beta", "rltm_rasch" => "Dffclt", _ => "b" });
            let m = b.iter().sum::<f64>() / k as f64;
            b.iter_mut().for_each(|b| *b -= m);
            let sl = b.iter().zip(&c.difficulties).map(|(a,b)| a*b).sum::<f64>() / c.difficulties.iter().map(|b| b*b).sum::<f64>();
            let res = b.iter().zip(&c.difficulties).map(|(a,b)| (a-sl*b).abs()).fold(0.0, f64::max);
            println!("  {f} gap {} slope {sl} residual {res} mean {m}", largest_gap(&b, &c.difficulties));
        }
    }
}
