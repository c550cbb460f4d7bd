//! Candidates and accommodations from a CSV file, every faulty line reported.

use super::draft::exam;
use super::event;
use crate::ambient;
use crate::app::App;
use crate::auth::{Actor, Role, accounts, password};
use crate::error::{ApiError, ApiResult, Wrong};
use crate::table::{Table, fold_header};
use crate::web::filters::count;
use docimo_engine::Exact;
use docimo_store::StoreError;
use docimo_store::exams::{Enrolment, Place};
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
    /// Site; `None`: as it was.
    pub site: Option<String>,
    /// Factor of the duration; `None`: as it was.
    pub factor: Option<Exact>,
    /// Minutes added; `None`: as it was.
    pub extra_minutes: Option<u32>,
    /// Reference of the decision; `None`: as it was.
    pub reference: Option<String>,
    /// Room, row and seat; `None`: as they were.
    pub place: Option<Place>,
    /// Line of the file.
    pub line: u64,
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

/// Names of the column of the room, folded.
pub const ROOM: &[&str] = &["salle", "room", "amphi"];
/// Of the row, from the front.
pub const ROW: &[&str] = &["rangee", "rang", "row"];
/// Of the seat in the row.
pub const SEAT: &[&str] = &["place", "siege", "seat"];

/// Largest accommodation understood: three times the duration.
const MAX_FACTOR: i128 = 3;

/// Reads a file of candidates. Columns (any order, accents and case free): `numéro`, `nom`, `prénom`,
/// `centre`, `tiers-temps` (oui, a factor such as 1,33 or 4/3), `minutes`, `référence`, and where each sits: `salle`,
/// `rangée` (from the front), `place` (in the row). Only the number and a name are compulsory.
///
/// A column that is absent says nothing: whoever is enrolled already keeps what they have. An empty cell
/// of a column that is there is an answer: no accommodation.
pub fn read(bytes: &[u8]) -> Result<Vec<Row>, Vec<Wrong>> {
    let (table, mut wrong) = Table::read_all(bytes)?;
    let column = |names: &[&str]| table.headers.iter().position(|h| names.contains(&fold_header(h).as_str()));
    let number = column(&["numero", "candidat", "candidate", "numeroetudiant", "identifiant", "number"]);
    let last = column(&["nom", "name", "nomdefamille"]);
    let first = column(&["prenom", "firstname"]);
    let site = column(&["centre", "site"]);
    let factor = column(&["tierstemps", "facteur", "factor", "majoration"]);
    let minutes = column(&["minutes", "minutessupplementaires", "extraminutes"]);
    let reference = column(&["reference", "decision", "referencedecision"]);
    let (room, row, seat) = (column(ROOM), column(ROW), column(SEAT));
    let known = [number, last, first, site, factor, minutes, reference, room, row, seat];
    let mut heads = Vec::new();
    let mut head = |place: String, message: String| heads.push(Wrong { place, message });
    if number.is_none() {
        head("ligne 1".into(), "colonne « numéro » absente".into());
    }
    if last.is_none() {
        head("ligne 1".into(), "colonne « nom » absente".into());
    }
    for (i, header) in table.headers.iter().enumerate() {
        let place = format!("ligne 1, colonne {}", i + 1);
        if !known.contains(&Some(i)) {
            let twin = table.headers[..i].iter().any(|h| fold_header(h) == fold_header(header));
            let message = if twin { "est là deux fois" } else { "inconnue : retirez-la ou renommez-la" };
            head(place, format!("colonne « {header} » {message}"));
        }
    }
    if !heads.is_empty() {
        heads.append(&mut wrong);
        return Err(heads);
    }
    let mut rows = Vec::with_capacity(table.rows.len());
    let mut seen: HashMap<String, u64> = HashMap::new();
    for line in &table.rows {
        let cell = |c: Option<usize>| c.and_then(|i| line.cells.get(i)).map(|t| t.trim());
        let text = |c: Option<usize>| cell(c).unwrap_or("");
        let mut fault = |name: &str, message: String| {
            wrong.push(Wrong { place: format!("ligne {}, colonne {name}", line.line), message });
        };
        let id = text(number).to_owned();
        let id_is_sound = (1..=50).contains(&id.len()) && id.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c));
        if !id_is_sound {
            fault("numéro", format!("« {id} » n’est pas un numéro (lettres, chiffres, - _ . ; 50 au plus)"));
        } else if let Some(first) = seen.insert(id.to_lowercase(), line.line) {
            fault("numéro", format!("le candidat « {id} » est déjà à la ligne {first}"));
        }
        let name = format!("{} {}", text(first), text(last)).trim().to_owned();
        if text(last).is_empty() {
            fault("nom", "nom absent".into());
        } else if name.chars().count() > 200 || name.chars().any(char::is_control) {
            fault("nom", "200 caractères au plus, sans saut de ligne ni caractère invisible".into());
        }
        let site = cell(site).filter(|text| !text.is_empty()).map(|text| {
            if text.chars().count() > 100 || text.chars().any(char::is_control) {
                fault("centre", "100 caractères au plus, sans saut de ligne ni caractère invisible".into());
            }
            text.to_owned()
        });
        let factor = cell(factor).map(|text| {
            read_factor(text).unwrap_or_else(|| {
                fault("tiers-temps", format!("« {text} » : écrivez oui, non ou un facteur de 1 à {MAX_FACTOR}"));
                Exact::ONE
            })
        });
        let extra_minutes = cell(minutes).map(|text| match text {
            "" => 0,
            text => text.parse::<u32>().ok().filter(|m| *m <= 600).unwrap_or_else(|| {
                fault("minutes", format!("« {text} » : un nombre entier de 0 à 600"));
                0
            }),
        });
        let reference = cell(reference).map(|text| {
            if text.chars().count() > 200 || text.chars().any(char::is_control) {
                fault("référence", "200 caractères au plus, sans saut de ligne ni caractère invisible".into());
            }
            text.to_owned()
        });
        let mut whole = |c: Option<usize>, name: &str| {
            cell(c).filter(|text| !text.is_empty()).and_then(|text| {
                let number = text.parse::<i64>().ok().filter(|n| (0..=10_000).contains(n));
                if number.is_none() {
                    fault(name, format!("« {text} » : un nombre entier de 0 à 10 000"));
                }
                number
            })
        };
        let (seat_row, seat_column) = (whole(row, "rangée"), whole(seat, "place"));
        let place = [room, row, seat].iter().any(Option::is_some).then(|| {
            if text(room).chars().count() > 100 || text(room).chars().any(char::is_control) {
                fault("salle", "100 caractères au plus, sans saut de ligne ni caractère invisible".into());
            }
            (text(room).to_owned(), seat_row, seat_column)
        });
        rows.push(Row { number: id, name, site, factor, extra_minutes, reference, place, line: line.line });
    }
    if rows.is_empty() && wrong.is_empty() {
        wrong.push(Wrong { place: "fichier".into(), message: "aucun candidat".into() });
    }
    if wrong.is_empty() {
        return Ok(rows);
    }
    wrong.sort_by_key(|w| place_line(&w.place));
    Err(wrong)
}

/// Line number of a place, to list faults in the order of the file.
fn place_line(place: &str) -> u64 {
    let digits: String = place.trim_start_matches("ligne ").chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

fn read_factor(text: &str) -> Option<Exact> {
    match fold_header(text).as_str() {
        "" | "non" | "no" | "0" => Some(Exact::ONE),
        "oui" | "yes" | "x" => Some(Exact::new(4, 3)),
        _ => match text.parse::<Exact>().ok()? {
            // A third is often written 1,33: read as what the decision grants.
            f if f == Exact::new(133, 100) => Some(Exact::new(4, 3)),
            f => (f >= Exact::ONE && f <= Exact::int(MAX_FACTOR)).then_some(f),
        },
    }
}

fn not_imported(faults: usize) -> String {
    format!("Aucun candidat n’a été importé : {} dans le fichier", count(faults, "défaut", "défauts"))
}

/// Rows whose site is spelt as the exam, or the file before them, spells it: "lille" and "Lille" are one
/// place, and a second one would stay closed on the day.
fn with_known_sites(mut rows: Vec<Row>, mut known: Vec<String>) -> Vec<Row> {
    for site in rows.iter_mut().filter_map(|row| row.site.as_mut()) {
        let same = |other: &&String| !fold_header(site).is_empty() && fold_header(other) == fold_header(site);
        match known.iter().find(|other| *other == site).or_else(|| known.iter().find(same)) {
            Some(name) => *site = name.clone(),
            None => known.push(site.clone()),
        }
    }
    rows
}

/// What the file would do to people who exist: a number that is someone else's, or a member of the staff;
/// a site that changes under someone who composes.
async fn clashes(app: &App, exam_id: &str, rows: &[Row]) -> ApiResult<Vec<Wrong>> {
    let mut wrong = Vec::new();
    let enrolled: HashMap<String, _> =
        app.store.candidates(exam_id).await?.into_iter().map(|c| (c.person_id.clone(), c)).collect();
    let begun: HashSet<String> = app
        .store
        .attempts(exam_id)
        .await?
        .into_iter()
        .filter(docimo_store::delivery::Attempt::is_begun)
        .map(|a| a.person_id)
        .collect();
    for row in rows {
        let Some(person) = app.store.person_by_login(&row.number.to_lowercase()).await? else { continue };
        let mut fault = |name: &str, message: String| {
            wrong.push(Wrong { place: format!("ligne {}, colonne {name}", row.line), message });
        };
        let staff = app.store.roles(&person.id).await?.iter().any(|r| r != Role::Student.name());
        if staff {
            fault("numéro", format!("« {} » est l’identifiant d’un compte du personnel", row.number));
            continue;
        }
        if fold_header(&person.name) != fold_header(&row.name) && !same_words(&person.name, &row.name) {
            let message = format!("le numéro « {} » est déjà celui de « {} »", row.number, person.name);
            fault("numéro", message);
        }
        if let (Some(site), Some(candidate)) = (&row.site, enrolled.get(&person.id))
            && *site != candidate.site_name
            && begun.contains(&person.id)
        {
            let message = format!("a commencé au centre « {} » : son centre ne change plus", candidate.site_name);
            fault("centre", message);
        }
    }
    Ok(wrong)
}

/// The same words in another order ("Exemple Camille").
fn same_words(one: &str, other: &str) -> bool {
    let words = |text: &str| {
        let mut words: Vec<String> = text.split_whitespace().map(fold_header).collect();
        words.sort_unstable();
        words
    };
    words(one) == words(other)
}

/// Enrols the candidates of a file: all, or none with every fault. New accounts get an access code.
pub async fn import(app: &App, actor: &Actor, exam_id: &str, bytes: Vec<u8>) -> ApiResult<Vec<Credential>> {
    let current = exam(app, exam_id).await?;
    if matches!(current.state.as_str(), "closed" | "marked" | "published") {
        return Err(ApiError::Conflict("L’examen est terminé : la liste des candidats ne change plus.".into()));
    }
    let rows = tokio::task::spawn_blocking(move || read(&bytes)).await.map_err(|e| ApiError::Internal(e.into()))?;
    let rows = rows.map_err(|wrong| ApiError::Invalid { title: not_imported(wrong.len()), wrong })?;
    let rows = with_known_sites(rows, app.store.sites(exam_id).await?.into_iter().map(|s| s.name).collect());
    let wrong = clashes(app, exam_id, &rows).await?;
    if !wrong.is_empty() {
        let title = not_imported(wrong.len());
        return Err(ApiError::Invalid { title, wrong });
    }
    enrol(app, actor, exam_id, &rows, &HashSet::new()).await
}

/// Gives a candidate a new access code, for whoever lost theirs. The old code and the sessions end; what
/// was answered is there when they come back.
pub async fn new_code(app: &App, actor: &Actor, exam_id: &str, person_id: &str) -> ApiResult<Credential> {
    let candidate = app.store.candidate(exam_id, person_id).await?.ok_or(ApiError::NotFound)?;
    if app.store.roles(person_id).await?.iter().any(|r| r != Role::Student.name()) {
        return Err(ApiError::Conflict(
            "Ce compte est aussi celui d’un membre du personnel : seul un administrateur en change le code.".into(),
        ));
    }
    let (_, code) = accounts::new_code(app, actor, person_id).await?;
    let done = event(actor, exam_id, "code", format!("Nouveau code d’accès : candidat {}", candidate.number));
    app.store.add_event(&done).await?;
    Ok(Credential { number: candidate.number, name: candidate.name, site: candidate.site_name, code })
}

/// Takes a candidate out of an exam, unless they have opened their paper.
pub async fn remove(app: &App, actor: &Actor, exam_id: &str, person_id: &str) -> ApiResult<()> {
    let current = exam(app, exam_id).await?;
    if matches!(current.state.as_str(), "closed" | "marked" | "published") {
        return Err(ApiError::Conflict("L’examen est terminé : la liste des candidats ne change plus.".into()));
    }
    let candidate = app.store.candidate(exam_id, person_id).await?.ok_or(ApiError::NotFound)?;
    let done = event(actor, exam_id, "candidates", format!("Candidat {} retiré", candidate.number));
    app.store.remove_candidate(exam_id, person_id, &done).await.map_err(|error| match error {
        StoreError::Conflict => ApiError::Conflict(format!("Le candidat {} a déjà ouvert sa copie.", candidate.number)),
        other => other.into(),
    })
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
            factor: row.factor.map(|f| f.to_string()),
            extra_minutes: row.extra_minutes.map(i64::from),
            reference: row.reference.clone(),
            place: row.place.clone(),
        })
        .collect();
    let done = event(actor, exam_id, "candidates", count(rows.len(), "candidat inscrit", "candidats inscrits"));
    let made = app.store.enrol(exam_id, &list, &done).await?;
    Ok(rows
        .iter()
        .zip(codes)
        .zip(made)
        .map(|((row, code), made)| Credential {
            number: row.number.clone(),
            name: row.name.clone(),
            site: row.site.clone().unwrap_or_default(),
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
        assert_eq!(rows[0].factor, Some(Exact::new(4, 3)));
        assert_eq!((rows[1].factor, rows[1].extra_minutes), (Some(Exact::new(3, 2)), Some(10)));
        let seated = read("numero;nom;salle;rangée;place\n1;A;Amphi A;3;12\n2;B;;;\n".as_bytes()).unwrap();
        assert_eq!(seated[0].place, Some(("Amphi A".into(), Some(3), Some(12))));
        assert_eq!(seated[1].place, Some((String::new(), None, None)), "an empty cell is an answer");
        let wrong = read("numero;nom;place\n1;A;B12\n".as_bytes()).unwrap_err();
        assert_eq!(wrong[0].place, "ligne 2, colonne place");
        let bare = read(b"numero,nom\n1,A\n").unwrap();
        assert_eq!(bare[0].place, None);
        assert_eq!((bare[0].site.as_ref(), bare[0].factor, bare[0].extra_minutes), (None, None, None), "says nothing");
        assert_eq!(read(b"numero,nom\n1,A\n2,B\n").unwrap().len(), 2);
    }

    #[test]
    fn every_faulty_line_is_told() {
        let wrong =
            read("numero;nom;minutes\nD-1;A;x\nD-1;B;\n;C;\nD 4;D;\nD-6;E\nD-7;F;700\n".as_bytes()).unwrap_err();
        let places: Vec<&str> = wrong.iter().map(|w| w.place.as_str()).collect();
        assert_eq!(
            places,
            [
                "ligne 2, colonne minutes",
                "ligne 3, colonne numéro",
                "ligne 4, colonne numéro",
                "ligne 5, colonne numéro",
                "ligne 6",
                "ligne 7, colonne minutes"
            ]
        );
        assert!(read(b"nom\nA\n").unwrap_err()[0].message.contains("numéro"));
        assert!(read(b"numero;nom;surnom\n1;A;B\n").unwrap_err()[0].message.contains("surnom"));
        assert!(read(b"").is_err());
    }
}
