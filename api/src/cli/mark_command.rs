//! `docimo mark`: the command around [`super::mark`].

use super::mark::{self, Input};
use super::out::{self, Destination};
use super::{Common, Failure, scheme};
use crate::web::filters::count;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::path::{Path, PathBuf};

/// What to mark.
#[derive(Args, Clone, Debug)]
pub struct MarkArgs {
    /// Clé : une ligne par question (colonnes ci-dessous)
    #[arg(long, value_name = "CLÉ.CSV")]
    key: PathBuf,
    /// Réponses : une ligne par candidat (colonnes ci-dessous)
    #[arg(long, value_name = "RÉPONSES.CSV")]
    responses: PathBuf,
    /// Barème : un nom (docimo scheme list) ou un fichier JSON
    #[arg(long, value_name = "BARÈME")]
    scheme: String,
    /// Écrit les notes dans ce fichier CSV (- : sortie standard)
    #[arg(long, value_name = "NOTES.CSV")]
    out: Option<PathBuf>,
}

/// What the files hold: the end of `docimo mark --help`.
pub const FORMATS: &str = "\
Les deux fichiers sont des CSV en UTF-8, séparés par « , », « ; » ou des tabulations (ligne « sep=; » admise).
Une cellule tient sur une ligne. Tout défaut est signalé par ligne et colonne, et rien n’est alors noté.

Colonnes de la clé (les quatre premières sont obligatoires) :
  question       identifiant
  kind           QRU QRM QRP QRPL QROC QZP TCS QCM
  propositions   nombre de propositions, de 2 à 25 (vide pour QROC, QZP et TCS)
  correct        lettres vraies, ACD ; QROC : réponses exactes, « embolie|embolie pulmonaire » ;
                 QZP : noms des zones, Z1|Z2 ; TCS : votes du panel de -2 à +2, 0|1|15|4|0
  indispensable  lettres à cocher sous peine de zéro
  inacceptable   lettres à ne pas cocher sous peine de zéro
  weight         poids, 1 par défaut (1,5 et 2/3 sont compris)
  rank           A, B ou rien
  section        épreuve ou unité de composition
  acceptable     QROC : réponses qui valent la moitié, séparées par |
  scheme         barème de cette question : un nom intégré, ou celui du fichier de --scheme

Colonnes des réponses : candidate, puis une par question. Une cellule vide est une absence de réponse.
  QRU QRM QRP QRPL   lettres cochées : ACD
  QCM                lettres jugées vraies, barre, lettres jugées fausses : ACE/B ; le reste est sans réponse.
                     Si aucune cellule d’une colonne n’a de barre, ce qui n’est pas coché est jugé faux.
  QROC               le texte
  QZP                zones touchées : Z1|Z3
  TCS                de -2 à 2

Barème en JSON : partez d’un barème intégré et changez son nom,
  docimo scheme show edn > notre-bareme.json
  docimo mark --key cle.csv --responses reponses.csv --scheme notre-bareme.json --out notes.csv";

/// A file with its name.
pub(super) fn read(path: &Path) -> Result<(String, Vec<u8>), Failure> {
    let bytes = std::fs::read(path).map_err(|e| Failure::unreadable(path, &e))?;
    let name = path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
    Ok((name, bytes))
}

/// Marks, prints, writes.
pub fn run(common: &Common, args: &MarkArgs) -> Result<(), Failure> {
    let (key_name, key) = read(&args.key)?;
    let (responses_name, responses) = read(&args.responses)?;
    let scheme = scheme::named(&args.scheme)?;
    let destination = match &args.out {
        Some(path) => Some(Destination::new(path, &[&args.key, &args.responses, Path::new(&args.scheme)])?),
        None if common.json => None,
        None => Some(Destination::Standard),
    };
    let to_file = !matches!(destination, None | Some(Destination::Standard));
    if common.json && destination.is_some() && !to_file {
        return Err(Failure::Input(
            "--json et --out - écrivent tous deux sur la sortie standard : gardez-en un".into(),
        ));
    }
    let bar = progress(common, responses.len() as u64);
    let input = Input {
        key_name: &key_name,
        key: &key,
        responses_name: &responses_name,
        responses: &responses,
        scheme,
        progress: &|bytes| bar.set_position(bytes),
    };
    let marked = mark::mark(&input);
    bar.finish_and_clear();
    let marked = marked.map_err(|faults| Failure::faults("rien n’a été noté", &faults))?;
    for warning in &marked.warnings {
        common.say(&format!("avertissement : {warning}"));
    }
    if let Some(destination) = &destination {
        destination.write(&mark::csv(&marked, mark::separator(&responses))?)?;
    }
    if common.json {
        out::print_json(&marked)?;
    } else if to_file {
        common.say(&count(marked.candidates.len(), "candidat noté", "candidats notés"));
    }
    Ok(())
}

/// A bar for the reading of a file.
pub(super) fn progress(common: &Common, bytes: u64) -> ProgressBar {
    let bar = ProgressBar::new(bytes);
    if common.quiet || common.json {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let style =
        ProgressStyle::with_template("{msg} [{bar:40}] {percent} %").unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.progress_chars("=> "));
    bar.set_message("Lecture");
    bar
}

#[cfg(test)]
#[path = "mark_command_tests.rs"]
mod tests;
