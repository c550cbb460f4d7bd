//! The harness of whole-system tests: the real binary as its users start it, the real browser as
//! candidates hold it. Variables set by `cargo xtask test` say where they are; without them a test
//! records itself as skipped.

pub mod browser;
pub mod cluster;
pub mod proxy;
pub mod server;

pub use browser::Browser;
pub use server::{Api, Server, Under, client};

use std::io::Write;
use std::path::{Path, PathBuf};

/// Records that a test skipped its work, for the summary: `test: reason`.
pub fn skip(reason: &str) {
    if let Some(log) = std::env::var_os("DOCIMO_SKIP_LOG")
        && let Ok(mut file) = std::fs::OpenOptions::new().append(true).create(true).open(log)
    {
        let thread = std::thread::current();
        let test = std::env::var("NEXTEST_TEST_NAME").unwrap_or_else(|_| thread.name().unwrap_or("test").to_owned());
        let _ = writeln!(file, "{test}: {reason}");
    }
}

/// A program or file named by a variable, or the skip recorded.
pub fn given(variable: &str) -> Option<PathBuf> {
    let found = std::env::var_os(variable).map(PathBuf::from).filter(|p| p.exists());
    if found.is_none() {
        skip(&format!("{variable} absent: start the tests with cargo xtask test"));
    }
    found
}

/// The folder of reference data beside the project, or the skip recorded.
pub fn shared_dir() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folder = std::env::var_os("DOCIMO_SHARED").map_or(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    skip("reference data (shared folder) absent");
    None
}
