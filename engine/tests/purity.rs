//! What the engine does not know, and who may depend on whom.

#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not there")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The line without its comment; good enough for code that has no `//` in a text.
fn code_of(line: &str) -> &str {
    line.split("//").next().unwrap_or("")
}

/// Is `word` there, and not as a part of a longer one?
fn says(code: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word)
        .any(|(at, _)| !code[..at].ends_with(part_of_name) && !code[at + word.len()..].starts_with(part_of_name))
}

#[test]
fn the_engine_has_no_clock_no_files_no_network_no_chance() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    assert!(files.len() > 10);
    let forbidden = [
        "SystemTime",
        "Instant",
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "std::io",
        "fs::",
        "env::",
        "net::",
        "rand",
        "tokio",
        "async",
        "unsafe",
        "thread_rng",
        "println",
        "eprintln",
        "static mut",
    ];
    let mut faults = Vec::new();
    for file in files {
        for (i, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            for word in forbidden.into_iter().filter(|word| says(code_of(line), word)) {
                faults.push(format!("{}:{}: {word}", file.display(), i + 1));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Crates named in the tables `[dependencies]`, `[dev-dependencies]`, `[build-dependencies]` (and by target) of a
/// manifest: name, and whether it is for development only. Both writings: `name = …` and `[dependencies.name]`.
fn dependencies(manifest: &str) -> Vec<(String, bool)> {
    let (mut found, mut table) = (Vec::new(), String::new());
    for line in manifest.lines().map(|l| l.split('#').next().unwrap_or("").trim()) {
        if let Some(header) = line.strip_prefix('[') {
            table = header.trim_matches(['[', ']']).to_owned();
            if let Some((kind, name)) = table.rsplit_once('.')
                && kind.ends_with("dependencies")
            {
                found.push((name.to_owned(), kind.ends_with("dev-dependencies")));
            }
        } else if table.ends_with("dependencies")
            && let Some((name, value)) = line.split_once('=')
        {
            // A renamed crate counts under its own name.
            let renamed = value.split_once("package").and_then(|(_, rest)| rest.split('"').nth(1));
            let name = renamed.unwrap_or_else(|| name.split('.').next().unwrap_or(name)).trim().trim_matches('"');
            found.push((name.to_owned(), table.ends_with("dev-dependencies")));
        }
    }
    found
}

#[test]
fn manifests_are_read_in_every_writing() {
    let manifest = "[package]\nname = \"x\"\n[dependencies]\na.workspace = true\nb = \"1\" # why\n\
        c = { package = \"docimo-ai\", path = \"..\" }\n[dependencies.d]\nversion = \"1\"\n\
        [target.'cfg(unix)'.dev-dependencies]\ne = \"1\"\n[lints]\nworkspace = true\n";
    let found: Vec<String> =
        dependencies(manifest).into_iter().map(|(n, dev)| format!("{n}{}", if dev { "*" } else { "" })).collect();
    assert_eq!(found, ["a", "b", "docimo-ai", "d", "e*"]);
}

#[test]
fn the_arrows_between_crates_go_one_way() {
    const HOUSE: [&str; 11] = [
        "r2c-referential",
        "docimo-engine",
        "docimo-assembly",
        "docimo-bank",
        "docimo-proposal",
        "docimo-ai",
        "docimo-search",
        "docimo-store",
        "docimo",
        "docimo-tests",
        "docimo-benches",
    ];
    // Folder, package, whom it may know. Whoever does not exist yet is passed over.
    let allowed: BTreeMap<&str, (&str, &[&str])> = BTreeMap::from([
        ("r2c-referential", ("r2c-referential", &[][..])),
        ("engine", ("docimo-engine", &[][..])),
        ("assembly", ("docimo-assembly", &["docimo-engine"][..])),
        ("bank", ("docimo-bank", &["docimo-engine", "r2c-referential"][..])),
        // Tagging reads French as the search does: one analysis, one list of synonyms.
        ("proposal", ("docimo-proposal", &[][..])),
        ("ai", ("docimo-ai", &["docimo-engine", "docimo-proposal", "docimo-search", "r2c-referential"][..])),
        ("search", ("docimo-search", &["docimo-engine", "docimo-bank", "r2c-referential"][..])),
        ("store", ("docimo-store", &["docimo-engine", "docimo-bank", "docimo-proposal", "r2c-referential"][..])),
        (
            "api",
            (
                "docimo",
                &[
                    "docimo-engine",
                    "docimo-assembly",
                    "docimo-bank",
                    "docimo-proposal",
                    "docimo-ai",
                    "docimo-search",
                    "docimo-store",
                    "r2c-referential",
                ][..],
            ),
        ),
    ]);
    let mut faults = Vec::new();
    for entry in fs::read_dir(root()).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(manifest) = fs::read_to_string(folder.join("Cargo.toml")) else { continue };
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let inside: Vec<(String, bool)> =
            dependencies(&manifest).into_iter().filter(|(n, _)| HOUSE.contains(&n.as_str())).collect();
        match allowed.get(name.as_str()) {
            Some((package, may_know)) => {
                assert!(manifest.contains(&format!("name = \"{package}\"")), "{name} is not {package}");
                for (other, development) in inside {
                    // Tests of a crate may use the shared tests crate, never the shell.
                    let excused = development && other == "docimo-tests";
                    if !may_know.contains(&other.as_str()) && !excused {
                        faults.push(format!("{name} depends on {other}"));
                    }
                }
            }
            None => {
                let may_know_the_shell = matches!(name.as_str(), "tests" | "benches");
                if !may_know_the_shell && inside.iter().any(|(n, _)| n == "docimo") {
                    faults.push(format!("{name} depends on docimo: only tests and benches may"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_engine_depends_on_nothing_that_touches_the_world() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let found: Vec<String> = dependencies(&manifest).into_iter().filter(|(_, dev)| !dev).map(|(n, _)| n).collect();
    // Matrices, vector instructions, distributions: functions of their arguments.
    let known = [
        "nalgebra",
        "num-integer",
        "num-rational",
        "pulp",
        "rayon",
        "serde",
        "statrs",
        "thiserror",
        "unicode-normalization",
    ];
    let new: Vec<&String> = found.iter().filter(|n| !known.contains(&n.as_str())).collect();
    assert!(new.is_empty(), "a new dependency of the engine: is it pure? then add it here: {new:?}");
    let workspace = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(workspace.contains("unsafe_code = \"forbid\""));
    assert!(manifest.contains("[lints]\nworkspace = true"));
}
