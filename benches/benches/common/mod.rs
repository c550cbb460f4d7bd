//! Questions to work on, and how long it took.

use docimo_bank::exchange::read;
use docimo_engine::paper::Element;
use std::path::{Path, PathBuf};
use std::time::Instant;

fn entries(path: PathBuf) -> Vec<Element> {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let import = std::fs::read(path).ok().and_then(|bytes| read(&bytes, &name, None).ok());
    import.into_iter().flat_map(|i| i.entries).map(|e| e.element).collect()
}

/// The demonstration bank.
pub fn demonstration() -> Vec<Element> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/demo");
    ["questions-1", "questions-2", "cases", "first-cycle", "images"]
        .iter()
        .flat_map(|n| entries(folder.join(format!("{n}.json"))))
        .collect()
}

/// The real questions of the shared folder; none where it is absent.
pub fn real() -> Vec<Element> {
    let root = std::env::var_os("DOCIMO_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    entries(root.join("questions/frenchmedmcqa_train.moodle.xml"))
}

/// Best seconds of a few runs.
pub fn best<T>(runs: usize, mut work: impl FnMut() -> T) -> f64 {
    let mut least = f64::INFINITY;
    for _ in 0..runs {
        let start = Instant::now();
        std::hint::black_box(work());
        least = least.min(start.elapsed().as_secs_f64());
    }
    least
}
