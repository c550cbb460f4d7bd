//! Marking schemes by name or from a JSON file, and `docimo scheme`.

use super::french::french_io;
use super::{Common, Failure, out};
use crate::error::{ApiError, Wrong};
use crate::strict;
use clap::Subcommand;
use docimo_engine::check::{self, Severity};
use docimo_engine::scheme::MarkingScheme;
use serde::Serialize;
use serde_json::Value;
use std::path::Path;

/// What to show.
#[derive(Subcommand, Clone, Debug)]
pub enum SchemeCommand {
    /// Liste les barèmes intégrés
    List,
    /// Écrit un barème en JSON : un point de départ pour le vôtre
    Show {
        /// Nom d’un barème intégré, ou fichier JSON à vérifier
        #[arg(value_name = "BARÈME")]
        name: String,
    },
}

/// A line of the list.
#[derive(Serialize)]
struct Listed {
    name: String,
    title: String,
    source: String,
}

/// Shows schemes.
pub fn run(common: &Common, command: &SchemeCommand) -> Result<(), Failure> {
    match command {
        SchemeCommand::List => {
            let list: Vec<Listed> = MarkingScheme::PRESETS
                .into_iter()
                .filter_map(MarkingScheme::preset)
                .map(|s| Listed { name: s.name, title: s.title, source: s.source })
                .collect();
            if common.json {
                return out::print_json(&list);
            }
            let lines: String = list.iter().map(|s| format!("{:<15} {} — {}\n", s.name, s.title, s.source)).collect();
            out::print(lines.as_bytes())
        }
        SchemeCommand::Show { name } => {
            let scheme = named(name)?;
            if common.json {
                return out::print_json(&scheme);
            }
            let text = serde_json::to_string_pretty(&scheme).map_err(anyhow::Error::from)?;
            out::print(format!("{text}\n").as_bytes())
        }
    }
}

/// A built-in scheme, whatever the case of its name.
pub fn built_in(name: &str) -> Option<MarkingScheme> {
    MarkingScheme::preset(&name.trim().to_lowercase())
}

/// A scheme by name, or from a JSON file.
pub fn named(name: &str) -> Result<MarkingScheme, Failure> {
    if let Some(scheme) = built_in(name) {
        return Ok(scheme);
    }
    match std::fs::read(name) {
        Ok(bytes) => from_json(name, &bytes)
            .map_err(|wrong| Failure::faults("barème à corriger (modèle : docimo scheme show edn)", &wrong)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let known = MarkingScheme::PRESETS.join(", ");
            Err(Failure::Input(format!("le barème « {name} » n’existe pas (connus : {known} ; ou un fichier JSON)")))
        }
        Err(error) => Err(Failure::Input(format!("barème {name} : {}", french_io(&error)))),
    }
}

/// A scheme of one's own. Everything wrong in it is told.
pub fn from_json(file: &str, bytes: &[u8]) -> Result<MarkingScheme, Vec<Wrong>> {
    let file = Path::new(file).file_name().map_or_else(|| file.into(), |name| name.to_string_lossy());
    let one = |place: String, message: &str| vec![Wrong { place, message: message.to_owned() }];
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let given: Value = serde_json::from_slice(bytes).map_err(|e| {
        let message = if e.is_eof() { "le JSON s’arrête avant la fin" } else { "JSON mal écrit" };
        one(format!("{file}, ligne {}, colonne {}", e.line(), e.column()), message)
    })?;
    let scheme: MarkingScheme = strict::read(given, &file).map_err(|error| match error {
        ApiError::Invalid { wrong, .. } => wrong,
        other => one(file.to_string(), &other.to_string()),
    })?;
    if built_in(&scheme.name).is_some_and(|known| known != scheme) {
        let message = "ce nom est celui d’un barème intégré, qui est autre : donnez-en un au vôtre";
        return Err(one(format!("{file}, name"), message));
    }
    let faults = check::scheme(&scheme).into_iter().filter(|f| f.severity == Severity::Error);
    let wrong: Vec<Wrong> =
        faults.map(|f| Wrong { place: format!("{file}, {}", f.place), message: f.message }).collect();
    if wrong.is_empty() { Ok(scheme) } else { Err(wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn example() -> Value {
        let mut scheme = serde_json::to_value(built_in("V5").unwrap()).unwrap();
        scheme["name"] = json!("notre-v5");
        scheme
    }

    fn faults(value: &Value) -> Vec<String> {
        let wrong = from_json("dossier/notre.json", value.to_string().as_bytes()).unwrap_err();
        wrong.into_iter().map(|w| format!("{} : {}", w.place, w.message)).collect()
    }

    #[test]
    fn names_have_no_case_and_files_may_have_a_mark() {
        assert_eq!(named("EDN").unwrap().name, "edn");
        assert_eq!(named("Edn-Blank-Zero").unwrap().name, "edn-blank-zero");
        let Err(Failure::Input(text)) = named("v99") else { panic!() };
        assert!(text.contains("edn-qrp-strict"), "{text}");
        let text = format!("\u{feff}{}", example());
        assert_eq!(from_json("x.json", text.as_bytes()).unwrap().name, "notre-v5");
        let folder = tempfile::tempdir().unwrap();
        assert!(named(&folder.path().display().to_string()).is_err());
    }

    #[test]
    fn what_is_wrong_in_a_scheme_is_told_with_its_path() {
        let mut wrong = example();
        wrong["qrm"]["blnk"] = json!(0.5);
        wrong["cohrt"] = json!("rarity");
        assert_eq!(
            faults(&wrong),
            [
                "notre.json, cohrt : champ inconnu : vérifiez son nom",
                "notre.json, qrm.blnk : champ inconnu : vérifiez son nom"
            ]
        );
        let mut wrong = example();
        wrong["qrm"]["cpa"] = json!(1);
        assert_eq!(faults(&wrong), ["notre.json, qrm.cpa : champ inconnu : vérifiez son nom"]);
        let mut wrong = example();
        wrong["qrm"]["floor"] = json!(2000);
        assert!(faults(&wrong)[0].contains("entre -1000 et 1000"), "{:?}", faults(&wrong));
        let mut wrong = example();
        wrong["cohort"] = json!("rareté");
        assert!(
            faults(&wrong)[0].contains("« rareté » n’est pas une valeur permise (permises : none"),
            "{:?}",
            faults(&wrong)
        );
        let mut wrong = example();
        wrong.as_object_mut().unwrap().remove("qzp");
        assert_eq!(faults(&wrong), ["notre.json : le champ « qzp » manque"]);
        let mut wrong = example();
        wrong["name"] = json!("EDN");
        assert!(faults(&wrong)[0].contains("barème intégré"));
        let wrong = from_json("x.json", b"{\n \"name\": }").unwrap_err();
        assert_eq!(wrong[0].place, "x.json, ligne 2, colonne 10");
    }
}
