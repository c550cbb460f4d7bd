//! Questions as a table, one a line, in CSV or in a workbook: what a teacher fills in a spreadsheet.
//!
//! The first line names the columns, in any order; accents, capitals and a final "s" do not matter, and
//! only `Énoncé` is required. Texts are Markdown. [`template`] writes an example.
//!
//! | column | holds |
//! |---|---|
//! | `Identifiant` | kept as it is; made from the content if empty |
//! | `Type` | QRU, QRM, QRP, QRPL, QROC, QZP, TCS or QCM; if empty, told by the answers |
//! | `Énoncé` | what is asked |
//! | `Proposition A` … `Proposition Y` | the options |
//! | `Réponses` | letters of the true ones (`ACE`, `A, C, E`); exact answers of a QROC separated by a vertical bar; votes of a TCS from −2 to +2 (`0/1/15/4/0`) |
//! | `Acceptables` | half-credit answers of a QROC |
//! | `Indispensables`, `Inacceptables` | letters |
//! | `Mots permis` | of a QROC, 5 by default |
//! | `Hypothèse`, `Nouvelle information` | of a TCS |
//! | `Zones` | of a QZP: `nom : cercle x y r`, `rectangle x y l h` or `polygone x y x y x y`, fractions of the image, separated by a vertical bar |
//! | `Nombre attendu` | zones to point at, if not all |
//! | `Image`, `Texte de remplacement` | a picture of the bank, by its name |
//! | `Rang`, `Poids`, `Étiquettes`, `Source`, `Barème` | tags are separated by a vertical bar |
//! | `Commentaire`, `Commentaire A` … | corrections |
//! | `Dossier`, `Type de dossier`, `Titre du dossier`, `Texte d’ouverture`, `Étiquettes du dossier` | lines that follow each other with the same `Dossier` make a case; the others are read on its first line |
//! | `Texte avant` | brings a question of a case |
//!
//! A bar in a text is written `\|`. Decimal commas and points are both understood.

mod columns;
mod example;
mod guide;
mod row;
mod sheet;
mod write;

pub(super) use sheet::{read_csv, read_xlsx};
pub use write::template;
pub(super) use write::{write_csv, write_xlsx};

use columns::Column;

/// Most columns that are looked at.
const MAX_COLUMNS: usize = 256;

/// The first line names enough of our columns.
pub(super) fn looks_like_ours(text: &str) -> bool {
    let Some(first) = text.lines().next() else { return false };
    [';', ',', '\t'].into_iter().any(|separator| {
        let names: Vec<Option<Column>> =
            first.split(separator).take(MAX_COLUMNS).map(|name| Column::parse(name.trim().trim_matches('"'))).collect();
        names.contains(&Some(Column::Stem)) && names.iter().flatten().count() >= 2
    })
}

/// Pieces separated by bars; `\|` is a bar.
fn pieces(text: &str) -> Vec<String> {
    let mut list = vec![String::new()];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some('|')) => {
                chars.next();
                list.iter_mut().last().into_iter().for_each(|last| last.push('|'));
            }
            ('|', _) => list.push(String::new()),
            _ => list.iter_mut().last().into_iter().for_each(|last| last.push(c)),
        }
    }
    list.into_iter().map(|piece| piece.trim().to_owned()).filter(|piece| !piece.is_empty()).collect()
}

fn joined<'a>(pieces: impl IntoIterator<Item = &'a str>) -> String {
    pieces.into_iter().map(|piece| piece.replace('|', "\\|")).collect::<Vec<_>>().join(" | ")
}
