//! How long the statistics of a national exam take, on the seeded sets of the reference folder (rebuilt here),
//! beside the processor seconds that the packages of R and Python took, and beside one pass over the matrix.
//!
//! `cargo bench -p docimo-benches --bench docimology [-- part …]`

#[path = "../../engine/tests/common/reference.rs"]
#[allow(dead_code, reason = "shared with the engine's tests")]
mod reference;

use docimo_engine::docimology::classical::analyse;
use docimo_engine::docimology::irt::{Model, Options, calibrate};
use reference::Seeded;
use std::time::Instant;

/// Runs `work` a few times on one thread; seconds of the best.
fn time<T>(runs: usize, work: impl Fn() -> T + Send + Sync) -> f64
where
    T: Send,
{
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.install(|| {
        (0..runs)
            .map(|_| {
                let start = Instant::now();
                std::hint::black_box(work());
                start.elapsed().as_secs_f64()
            })
            .fold(f64::INFINITY, f64::min)
    })
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let part = |name: &str| wanted.is_empty() || wanted.iter().any(|w| name.contains(w.as_str()));
    if part("classical") {
        for (k, seed) in [(120, 2), (450, 3)] {
            let matrix = Seeded::new("2pl", 10_000, k, seed).matrix();
            let seconds = time(20, || analyse(&matrix));
            let pass = time(20, || {
                matrix.items().iter().map(|i| i.cells.iter().map(|c| u64::from(*c)).sum::<u64>()).sum::<u64>()
            });
            let wide: Vec<Vec<u32>> =
                matrix.items().iter().map(|i| i.cells.iter().map(|c| u32::from(*c)).collect()).collect();
            let wide = time(20, || wide.iter().map(|c| c.iter().map(|c| u64::from(*c)).sum::<u64>()).sum::<u64>());
            println!(
                "classical 10,000 × {k}: {:.3} ms, {:.1} passes over the scores, {:.1} over the responses",
                seconds * 1e3,
                seconds / pass,
                seconds / wide
            );
        }
    }
    if part("irt") {
        for (kind, k, seed, model, best) in [
            ("2pl", 120, 2, Model::Rasch, 1.7),
            ("2pl", 120, 2, Model::TwoPl, 1.5),
            ("grm", 120, 12, Model::Grm, 49.0),
            ("grm", 120, 12, Model::Gpcm, 5.8),
            ("grm", 120, 12, Model::Pcm, 5.6),
            ("2pl", 450, 3, Model::TwoPl, 96.0),
            ("2pl", 450, 3, Model::Rasch, 9.2),
        ] {
            let matrix = Seeded::new(kind, 10_000, k, seed).matrix();
            let options = Options { tolerance: 1e-4, ..Options::new(model) };
            let found = calibrate(&matrix, &options).unwrap();
            let seconds = time(3, || calibrate(&matrix, &options));
            println!(
                "{:5} 10,000 × {k}: {seconds:.3} s, {:.1} times faster than {best} s; log-likelihood {:.3}, {} iterations, grid {:.1e}, {}",
                model.name(),
                best / seconds,
                found.log_likelihood,
                found.iterations,
                found.grid_error,
                found.converged
            );
        }
    }
}
