//! Candidates and accommodations from a CSV file, every faulty line reported.

use super::draft::exam;
use super::event;
use crate::ambient;
use crate::app::App;
use crate::auth::{Actor, password};
use crate::error::{ApiError, ApiResult, Wrong};
use crate::table::{Table, fold_header};
use docimo_engine::Exact;
use docimo_store::exams::Enrolment;
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use utoipa::ToSchema;

/// A candidate as read from a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Candidate number; also the login.
    pub number: String,
    /// Name shown to people.
    pub name: String,
    /// Site.
    pub site: String,
    /// Factor of the duration.
    pub factor: Exact,
    /// Minutes added.
    pub extra_minutes: u32,
    /// Reference of the decision.
    pub reference: String,
}

/// An access code made for a candidate, shown once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Credential {
    /// Candidate number, which is the login.
    pub number: String,
    /// Name.
    pub name: String,
    /// Site.
    pub site: String,
    /// Access code; empty when the person already had an account.
    pub code: String,
}

/// Largest accommodation understood: three times the duration.
const MAX_FACTOR: i128 = 3;

/// Reads a file of candidates. Columns (any order, accents and case free): `numéro`, `nom`, `prénom`,
/// `centre`, `tiers-temps` (oui, a factor such as 1,33 or 4/3), `minutes`, `référence`. Only the number
/// and a name are compulsory.
pub fn read(bytes: &[u8]) -> Result<Vec<Row>, Vec<Wrong>> {
    let table = Table::read(bytes)?;
    let mut wrong = Vec::new();
    let column = |names: &[&str]| table.headers.iter().position(|h| names.contains(&fold_header(h).as_str()));
    let number = column(&["numero", "candidat", "candidate", "numeroetudiant", "identifiant", "number"]);
    let last = column(&["nom", "name", "nomdefamille"]);
    let first = column(&["prenom", "firstname"]);
    let site = column(&["centre", "site"]);
    let factor = column(&["tierstemps", "facteur", "factor", "majoration"]);
    let minutes = column(&["minutes", "minutessupplementaires", "extraminutes"]);
    let reference = column(&["reference", "decision", "referencedecision"]);
    if number.is_none() {
        wrong.push(Wrong { place: "ligne 1".into(), message: "colonne « numéro » absente".into() });
    }
    if last.is_none() {
        wrong.push(Wrong { place: "ligne 1".into(), message: "colonne « nom » absente".into() });
    }
    let known = [number, last, first, site, factor, minutes, reference];
    for (i, header) in table.headers.iter().enumerate() {
        if !known.contains(&Some(i)) {
            wrong.push(Wrong {
                place: format!("ligne 1, colonne {}", i + 1),
                message: format!("colonne « {header} » inconnue : retirez-la ou renommez-la"),
            });
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let mut rows = Vec::with_capacity(table.rows.len());
    let mut seen: HashMap<String, u64> = HashMap::new();
    for line in &table.rows {
        let cell = |c: Option<usize>| c.and_then(|i| line.cells.get(i)).map_or("", |t| t.trim());
        let mut fault = |name: &str, message: String| {
            wrong.push(Wrong { place: format!("ligne {}, colonne {name}", line.line), message });
        };
        let id = cell(number).to_owned();
        if id.is_empty() || id.len() > 50 || !id.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c)) {
            fault("numéro", format!("« {id} » n’est pas un numéro (lettres, chiffres, - _ . ; 50 au plus)"));
            continue;
        }
        if let Some(first) = seen.insert(id.to_lowercase(), line.line) {
            fault("numéro", format!("le candidat « {id} » est déjà à la ligne {first}"));
        }
        let name = format!("{} {}", cell(first), cell(last)).trim().to_owned();
        if name.is_empty() || name.chars().count() > 200 {
            fault("nom", "nom absent ou trop long".into());
        }
        let site = match cell(site) {
            "" => "Centre principal".to_owned(),
            text if text.chars().count() > 100 => {
                fault("centre", "100 caractères au plus".into());
                continue;
            }
            text => text.to_owned(),
        };
        let factor = match fold_header(cell(factor)).as_str() {
            "" | "non" | "no" | "0" => Exact::ONE,
            "oui" | "yes" | "x" => Exact::new(4, 3),
            _ => match cell(factor).parse::<Exact>() {
                // A third is often written 1,33: read as what the decision grants.
                Ok(f) if f == Exact::new(133, 100) => Exact::new(4, 3),
                Ok(f) if f >= Exact::ONE && f <= Exact::int(MAX_FACTOR) => f,
                _ => {
                    fault(
                        "tiers-temps",
                        format!("« {} » : écrivez oui, non ou un facteur de 1 à {MAX_FACTOR}", cell(factor)),
                    );
                    Exact::ONE
                }
            },
        };
        let extra_minutes = match cell(minutes) {
            "" => 0,
            text => text.parse::<u32>().ok().filter(|m| *m <= 600).unwrap_or_else(|| {
                fault("minutes", format!("« {text} » : un nombre entier de 0 à 600"));
                0
            }),
        };
        let reference = cell(reference).to_owned();
        rows.push(Row { number: id, name, site, factor, extra_minutes, reference });
    }
    if rows.is_empty() && wrong.is_empty() {
        wrong.push(Wrong { place: "fichier".into(), message: "aucun candidat".into() });
    }
    if wrong.is_empty() { Ok(rows) } else { Err(wrong) }
}

/// Enrols the candidates of a file: all, or none with every fault. New accounts get an access code.
pub async fn import(app: &App, actor: &Actor, exam_id: &str, bytes: Vec<u8>) -> ApiResult<Vec<Credential>> {
    let current = exam(app, exam_id).await?;
    if matches!(current.state.as_str(), "closed" | "marked" | "published") {
        return Err(ApiError::Conflict("L’examen est terminé : la liste des candidats ne change plus.".into()));
    }
    let rows = tokio::task::spawn_blocking(move || read(&bytes)).await.map_err(|e| ApiError::Internal(e.into()))?;
    let rows = rows.map_err(|wrong| ApiError::Invalid {
        title: format!("Aucun candidat n’a été importé : {} défaut(s) dans le fichier", wrong.len()),
        wrong,
    })?;
    let taken: HashSet<String> = HashSet::new();
    enrol(app, actor, exam_id, &rows, &taken).await
}

/// Enrols rows. `without_code`: numbers whose account, if new, gets no code (the demonstration's crowd).
pub async fn enrol(
    app: &App,
    actor: &Actor,
    exam_id: &str,
    rows: &[Row],
    without_code: &HashSet<String>,
) -> ApiResult<Vec<Credential>> {
    let now_ms = ambient::now_ms();
    let codes: Vec<String> = rows
        .iter()
        .map(|r| if without_code.contains(&r.number) { String::new() } else { ambient::access_code() })
        .collect();
    let list: Vec<Enrolment> = rows
        .iter()
        .zip(&codes)
        .map(|(row, code)| Enrolment {
            fresh_person_id: ambient::fresh_id(now_ms),
            login: row.number.to_lowercase(),
            name: row.name.clone(),
            secret: if code.is_empty() { String::new() } else { password::hash_code(code) },
            number: row.number.clone(),
            site: row.site.clone(),
            fresh_site_id: ambient::fresh_id(now_ms),
            factor: row.factor.to_string(),
            extra_minutes: i64::from(row.extra_minutes),
            reference: row.reference.clone(),
        })
        .collect();
    let done = event(actor, exam_id, "candidates", format!("{} candidats inscrits", rows.len()));
    let made = app.store.enrol(exam_id, &list, &done).await?;
    Ok(rows
        .iter()
        .zip(codes)
        .zip(made)
        .map(|((row, code), made)| Credential {
            number: row.number.clone(),
            name: row.name.clone(),
            site: row.site.clone(),
            code: if made { code } else { String::new() },
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whatever_its_separator_and_accents() {
        let text = "\u{feff}Numéro;Nom;Prénom;Centre;Tiers-temps;Minutes;Référence\nD-1;Exemple;Camille;Lille;oui;;2026-17\nD-2;Autre;Alix;Lyon;1,5;10;\n";
        let rows = read(text.as_bytes()).unwrap();
        assert_eq!(rows[0].name, "Camille Exemple");
        assert_eq!(rows[0].factor, Exact::new(4, 3));
        assert_eq!((rows[1].factor, rows[1].extra_minutes), (Exact::new(3, 2), 10));
        assert_eq!(read(b"numero,nom\n1,A\n2,B\n").unwrap().len(), 2);
    }

    #[test]
    fn every_faulty_line_is_told() {
        let wrong = read("numero;nom;minutes\nD-1;A;x\nD-1;B;\n;C;\nD 4;D;\n".as_bytes()).unwrap_err();
        let places: Vec<&str> = wrong.iter().map(|w| w.place.as_str()).collect();
        assert_eq!(
            places,
            [
                "ligne 2, colonne minutes",
                "ligne 3, colonne numéro",
                "ligne 4, colonne numéro",
                "ligne 5, colonne numéro"
            ]
        );
        assert!(read(b"nom\nA\n").unwrap_err()[0].message.contains("numéro"));
        assert!(read(b"numero;nom;surnom\n1;A;B\n").unwrap_err()[0].message.contains("surnom"));
        assert!(read(b"").is_err());
    }
}
