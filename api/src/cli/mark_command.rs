//! `docimo mark`: the command around [`super::mark`].

use super::mark::{self, Input};
use super::{Common, Failure};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::path::{Path, PathBuf};

/// What to mark.
#[derive(Args, Clone, Debug)]
pub struct MarkArgs {
    /// Clé : question,kind,propositions,correct,indispensable,inacceptable,weight,rank,section
    #[arg(long, value_name = "KEY.CSV")]
    key: PathBuf,
    /// Réponses : candidate, puis une colonne par question
    #[arg(long, value_name = "RESPONSES.CSV")]
    responses: PathBuf,
    /// Barème : edn, edn-blank-zero, edn-qrp-strict, ecni, v1 à v11, ou un fichier JSON
    #[arg(long, value_name = "NAME")]
    scheme: String,
    /// Écrit les notes dans ce fichier CSV
    #[arg(long, value_name = "MARKS.CSV")]
    out: Option<PathBuf>,
}

fn read(path: &Path) -> Result<(String, Vec<u8>), Failure> {
    let bytes = std::fs::read(path).map_err(|e| Failure::Input(format!("{} : {e}", path.display())))?;
    let name = path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
    Ok((name, bytes))
}

/// Marks, prints, writes.
pub fn run(common: &Common, args: &MarkArgs) -> Result<(), Failure> {
    let (key_name, key) = read(&args.key)?;
    let (responses_name, responses) = read(&args.responses)?;
    let scheme = mark::scheme(&args.scheme).map_err(Failure::Input)?;
    let bar = ProgressBar::new(responses.len() as u64);
    if common.quiet || common.json {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let style =
        ProgressStyle::with_template("{msg} [{bar:40}] {percent} %").unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.progress_chars("=> "));
    bar.set_message("Lecture");
    let input = Input {
        key_name: &key_name,
        key: &key,
        responses_name: &responses_name,
        responses: &responses,
        scheme,
        progress: &|bytes| bar.set_position(bytes),
    };
    let marked = mark::mark(&input).map_err(|faults| Failure::faults("rien n’a été noté", &faults))?;
    bar.finish_and_clear();
    for warning in &marked.warnings {
        common.say(&format!("avertissement : {warning}"));
    }
    if let Some(path) = &args.out {
        mark::write_csv(&marked, mark::separator(&responses), path)
            .map_err(|e| Failure::Environment(format!("{} : {e}", path.display())))?;
    }
    if common.json {
        println!("{}", serde_json::to_string(&marked).map_err(anyhow::Error::from)?);
    } else if args.out.is_none() {
        let csv = mark::csv(&marked, mark::separator(&responses))?;
        print!("{}", String::from_utf8_lossy(&csv));
    } else {
        common.say(&format!("{} candidats notés", marked.candidates.len()));
    }
    Ok(())
}
