//! The parts of `cargo xtask test`, in order.

use crate::model;
use crate::postgres::Postgres;
use crate::tools;
use anyhow::{Context, Result, bail};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Every part.
pub const ALL: [&str; 7] = ["fmt", "clippy", "doc", "web", "build", "tests", "doctests"];

/// Tests counted so far.
#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
    skipped: u64,
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(tools::root());
    command
}

fn succeed(mut command: Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{command:?}"))?;
    if status.success() { Ok(()) } else { bail!("{command:?} failed") }
}

/// Runs the parts; true if everything held and, in CI, nothing was skipped.
pub fn run(chosen: &[&str], shots: bool) -> Result<bool> {
    let mut tally = Tally::default();
    let skip_log = tempfile::NamedTempFile::new()?;
    let mut broken = Vec::new();
    for part in ALL.iter().filter(|p| chosen.contains(p)) {
        println!("── {part}");
        let (start, failed_before) = (Instant::now(), tally.failed);
        let result = match *part {
            "fmt" => succeed(cargo(&["fmt", "--all", "--check"])),
            "clippy" => succeed(cargo(&["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"])),
            "doc" => {
                let mut doc = cargo(&["doc", "--workspace", "--no-deps", "--quiet"]);
                doc.env("RUSTDOCFLAGS", "-D warnings");
                succeed(doc)
            }
            "web" => web(),
            // With the features of the tests: the binary that they start is then built once, not twice.
            "build" => succeed(cargo(&["test", "--workspace", "--no-run", "--quiet"])),
            "tests" => tests(&mut tally, skip_log.path(), shots),
            _ => doctests(&mut tally),
        };
        println!(
            "   {part}: {} in {:.0} s",
            if result.is_ok() { "ok" } else { "FAILED" },
            start.elapsed().as_secs_f32()
        );
        if let Err(error) = result {
            println!("   {error:#}");
            broken.push(*part);
            // A part that counts its tests has said how many failed; any other fails as one.
            if tally.failed == failed_before {
                tally.failed += 1;
            }
            if *part == "build" {
                break;
            }
        }
    }
    let skips = std::fs::read_to_string(skip_log.path())?;
    let mut skipped: Vec<&str> = skips.lines().collect();
    skipped.sort_unstable();
    skipped.dedup();
    for line in &skipped {
        println!("SKIPPED: {line}");
    }
    tally.skipped += skipped.len() as u64;
    // The runner took a test that skipped its work for one that passed.
    let mut idle: Vec<&str> = skipped.iter().map(|line| line.split(": ").next().unwrap_or(line)).collect();
    idle.dedup();
    tally.passed = tally.passed.saturating_sub(idle.len() as u64);
    let in_ci = std::env::var("CI").is_ok_and(|v| v == "true");
    if in_ci && !skipped.is_empty() {
        broken.push("skips (in CI nothing may be skipped)");
        tally.failed += 1;
    }
    if !broken.is_empty() {
        println!("FAILED: {}", broken.join(", "));
    }
    println!("{} passed, {} failed, {} skipped", tally.passed, tally.failed, tally.skipped);
    Ok(broken.is_empty())
}

/// The scripts of the pages, type-checked; axe-core for the browser tests.
fn web() -> Result<()> {
    let npm = tools::ensure("npm", &[], &["nodejs", "npm"])?;
    let folder = tools::root().join("tests/web");
    let mut install = Command::new(npm);
    install.args(["ci", "--no-audit", "--no-fund", "--silent"]).current_dir(&folder);
    succeed(install)?;
    let mut check = Command::new(folder.join("node_modules/.bin/tsc"));
    check.args(["--project", "tsconfig.json"]).current_dir(&folder);
    succeed(check)
}

/// Unit, property and whole-system tests, on SQLite and PostgreSQL, with the real browser.
fn tests(tally: &mut Tally, skip_log: &std::path::Path, shots: bool) -> Result<()> {
    let chromium = tools::ensure("chromium", &[], &["chromium", "chromium-driver"])?;
    let chromedriver = tools::ensure("chromedriver", &["/usr/lib/chromium"], &["chromium-driver"])?;
    let strace = tools::ensure("strace", &[], &["strace"])?;
    let beside = format!("/usr/lib/{}-linux-gnu/faketime", std::env::consts::ARCH);
    let faketime = tools::ensure("libfaketime.so.1", &[&beside], &["libfaketime"])?;
    let postgres = Postgres::start()?;
    let root = tools::root();
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    let nextest = Command::new("cargo-nextest").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let with_nextest = nextest.is_ok_and(|s| s.success());
    let mut command = if with_nextest {
        let mut run =
            cargo(&["nextest", "run", "--workspace", "--no-fail-fast", "--color", "never", "--status-level", "fail"]);
        run.arg("--config-file").arg(root.join("xtask/nextest.toml"));
        run
    } else {
        cargo(&["test", "--workspace", "--no-fail-fast", "--lib", "--bins", "--tests"])
    };
    if shots {
        command.args(["--package", "docimo-tests"]).env("DOCIMO_SHOTS_DIR", root.join("docs/images"));
    }
    if let Some(file) = model::language(&target) {
        command.env("DOCIMO_TEST_GGUF", file);
    }
    if let Some(folder) = model::meaning(&target) {
        command.env("DOCIMO_TEST_E5", folder);
    }
    let output = command
        .env("DOCIMO_TEST_POSTGRES", &postgres.url)
        .env("DOCIMO_TEST_CHROMIUM", chromium)
        .env("DOCIMO_TEST_CHROMEDRIVER", chromedriver)
        .env("DOCIMO_TEST_STRACE", strace)
        .env("DOCIMO_TEST_FAKETIME", faketime)
        .env("DOCIMO_TEST_AXE", root.join("tests/web/node_modules/axe-core/axe.min.js"))
        .env("DOCIMO_TEST_BIN", target.join("debug/docimo"))
        .env("DOCIMO_SKIP_LOG", skip_log)
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .output()
        .context("tests")?;
    let text = format!("{}{}", String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
    count(&text, tally);
    if output.status.success() {
        let last = text.lines().rev().find(|l| l.contains("Summary") || l.starts_with("test result"));
        println!("   {}", last.unwrap_or("").trim());
        Ok(())
    } else {
        println!("{text}");
        bail!("tests failed")
    }
}

fn doctests(tally: &mut Tally) -> Result<()> {
    let output = cargo(&["test", "--workspace", "--doc", "--quiet"]).output()?;
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    count(&text, tally);
    if output.status.success() {
        Ok(())
    } else {
        println!("{text}");
        bail!("doctests failed")
    }
}

/// Adds the closing lines of libtest ("test result: ok. 3 passed; 0 failed; …") and nextest ("Summary …:
/// 10 passed, 1 failed, 0 skipped").
fn count(text: &str, tally: &mut Tally) {
    for line in text.lines().filter(|l| l.starts_with("test result:") || l.contains("Summary [")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        for pair in words.windows(2) {
            let Ok(n) = pair[0].parse::<u64>() else { continue };
            match pair[1].trim_end_matches([',', ';', ':']) {
                "passed" => tally.passed += n,
                // "2 failed", "1 timed out", "1 exec failed".
                "failed" | "timed" | "exec" => tally.failed += n,
                _ => {}
            }
        }
    }
}
