//! Chores of the project: `cargo xtask test`, `cargo xtask shots`.

mod model;
mod parts;
mod postgres;
mod tools;

use anyhow::{Result, bail};
use std::process::ExitCode;

const HELP: &str =
    "cargo xtask test [--only PART,PART…]   everything, or some of: fmt clippy doc web build tests doctests
cargo xtask shots                      browser tests, writing the README's pictures to docs/images";

fn run() -> Result<bool> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["test"] => parts::run(&parts::ALL, false),
        ["test", "--only", list] => {
            let chosen: Vec<&str> = list.split(',').collect();
            if let Some(unknown) = chosen.iter().find(|p| !parts::ALL.contains(p)) {
                bail!("unknown part {unknown}; parts are {}", parts::ALL.join(" "));
            }
            parts::run(&chosen, false)
        }
        ["shots"] => parts::run(&["web", "build", "tests"], true),
        _ => bail!("{HELP}"),
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
