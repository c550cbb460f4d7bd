//! `docimo verify`: what was saved, against what candidates hold and what journals say of themselves.

use super::{Common, Failure, out};
use crate::exam::receipts::{self, CodeCheck, ExamCheck};
use crate::web::filters::thousands;
use clap::Args;
use docimo_store::Store;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What to check.
#[derive(Args, Clone, Debug)]
pub struct VerifyArgs {
    /// L’examen : son identifiant, ou son titre exact
    #[arg(value_name = "EXAMEN")]
    exam: String,
    /// Numéro du candidat dont on vérifie le reçu
    #[arg(long, value_name = "NUMÉRO", requires = "code")]
    number: Option<String>,
    /// Reçu montré au candidat à la remise : seize lettres et chiffres
    #[arg(long, value_name = "REÇU", requires = "number")]
    code: Option<String>,
}

/// `docimo verify`. Nothing is written. Exit code 1 where a receipt or a journal does not conform.
pub async fn run(common: &Common, args: &VerifyArgs) -> Result<(), Failure> {
    let store = common.open_existing().await?;
    let done = verify(common, &store, args).await;
    store.close().await;
    done
}

async fn verify(common: &Common, store: &Store, args: &VerifyArgs) -> Result<(), Failure> {
    let exams = store.exams().await?;
    let exam = exams.iter().find(|e| e.id == args.exam).or_else(|| exams.iter().find(|e| e.title == args.exam));
    let exam = exam.ok_or_else(|| Failure::Input(format!("aucun examen « {} »", args.exam)))?;
    match (&args.number, &args.code) {
        (Some(number), Some(code)) => said_code(common, receipts::check_code(store, &exam.id, number, code).await?),
        _ => {
            let bar = ProgressBar::new(0);
            if common.quiet || common.json {
                bar.set_draw_target(ProgressDrawTarget::hidden());
            }
            bar.set_style(
                ProgressStyle::with_template("Copies {bar:30} {pos}/{len}").unwrap_or(ProgressStyle::default_bar()),
            );
            let check = receipts::check_exam(store, &exam.id, &|done, all| {
                bar.set_length(all as u64);
                bar.set_position(done as u64);
            })
            .await;
            bar.finish_and_clear();
            said_exam(common, &exam.title, check?)
        }
    }
}

fn said_code(common: &Common, check: CodeCheck) -> Result<(), Failure> {
    if common.json {
        out::print_json(&check)?;
    } else {
        out::print(format!("{}\n", check.what).as_bytes())?;
    }
    if check.conform { Ok(()) } else { Err(Failure::Attention) }
}

fn said_exam(common: &Common, title: &str, check: ExamCheck) -> Result<(), Failure> {
    if common.json {
        out::print_json(&check)?;
    } else {
        let acts = thousands(usize::try_from(check.steps).unwrap_or(0));
        let mut text = format!("{title} : {} copies, {acts} actes\n", thousands(check.sheets));
        if check.without_receipt > 0 {
            text.push_str(&format!("{} actes écrits avant que les reçus existent\n", check.without_receipt));
        }
        for breach in &check.breaches {
            text.push_str(&format!("Candidat {}, {} : {}\n", breach.number, breach.section, breach.what));
        }
        match check.breaches.len() {
            0 => text.push_str("Tous les journaux sont conformes à leurs reçus.\n"),
            n => text.push_str(&format!("{n} journaux ne le sont pas : gardez la base telle qu’elle est.\n")),
        }
        text.push_str(&format!("Empreinte : {}\n", check.digest_code));
        out::print(text.as_bytes())?;
    }
    if check.breaches.is_empty() { Ok(()) } else { Err(Failure::Attention) }
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
