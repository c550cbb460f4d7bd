//! The folder of reference data beside the project.

use std::fs;
use std::path::{Path, PathBuf};

/// A path of the shared folder; `None`, said in the log of skipped tests, when it is not there.
pub fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("DOCIMO_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let path = root.join(path);
    if path.exists() {
        return Some(path);
    }
    if let Some(log) = std::env::var_os("DOCIMO_SKIP_LOG") {
        use std::io::Write;
        let mut log = fs::OpenOptions::new().create(true).append(true).open(log).expect("the log opens");
        writeln!(log, "docimo-bank: {} is absent", path.display()).expect("the log is written");
    }
    None
}
