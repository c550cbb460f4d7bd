//! What each column of the table holds, in French, for the second sheet of the workbook to fill.

use super::columns::Column;
use rust_xlsxwriter::{Format, FormatAlign, Workbook, XlsxError};

/// Name of the sheet: a reader that meets it says nothing of it.
pub(super) const SHEET: &str = "Mode d’emploi";

const FIRST: &str = "Une question par ligne de la première feuille. Seul l’énoncé est obligatoire ; l’ordre des colonnes, \
                     les accents et les majuscules sont libres ; une colonne sans usage peut être supprimée. Les lignes \
                     données sont des exemples : effacez-les. « Vérifier », sur la page d’import, dit tout ce qui serait \
                     fait sans rien écrire.";

/// What a column holds.
fn told(column: Column) -> &'static str {
    match column {
        Column::Case => {
            "Identifiant d’un dossier. Les lignes qui se suivent avec le même dossier en sont les questions"
        }
        Column::CaseKind => "DP, mini-DP, KFP ou LCA ; lu sur la première ligne du dossier",
        Column::CaseTitle => "Titre du dossier ; lu sur sa première ligne",
        Column::CaseIntro => "Vignette, avant la première question ; lue sur la première ligne du dossier",
        Column::CaseTags => "Étiquettes du dossier entier, séparées par « | »",
        Column::Before => "Dans un dossier : ce qui est révélé avec cette question",
        Column::Id => {
            "Identifiant à vous, gardé tel quel : il permet de reconnaître la question à l’import suivant. Vide, il est fait du contenu"
        }
        Column::Kind => "QRU, QRM, QRP, QRPL, QROC, QZP, TCS ou QCM. Vide, il se déduit des réponses",
        Column::Stem => "Énoncé, en Markdown. Obligatoire",
        Column::Proposition(_) => "Texte de la proposition, en Markdown : de A à Y",
        Column::Answers => {
            "Lettres des propositions vraies (ACE, ou A, C, E). QROC : réponses exactes séparées par « | ». TCS : votes du panel de −2 à +2 (0/1/15/4/0)"
        }
        Column::Acceptable => "QROC : réponses à moitié justes, séparées par « | »",
        Column::Required => "Lettres des propositions vraies qu’il faut avoir cochées",
        Column::Forbidden => "Lettres des propositions fausses qu’il ne faut pas avoir cochées",
        Column::MaxWords => "QROC : nombre de mots permis, 5 sans précision",
        Column::Hypothesis => "TCS : « si vous pensiez à »",
        Column::Finding => "TCS : « et que vous trouvez »",
        Column::Zones => {
            "QZP : nom : cercle x y r, rectangle x y l h ou polygone x y x y x y, en fractions de l’image ; zones séparées par « | »"
        }
        Column::Expected => {
            "QRP, QRPL : nombre de réponses annoncé. QZP : nombre de zones à pointer, si ce n’est pas toutes"
        }
        Column::Image => "Nom d’une image déjà dans la banque",
        Column::Alt => "Description de l’image, pour qui ne la voit pas",
        Column::Rank => "A ou B",
        Column::Weight => "Poids de la question : 1 sans précision, 0,5, 2/3…",
        Column::Tags => "Étiquettes séparées par « | » : R2C:339, OIC-339-01-A, spec:cardiologie…",
        Column::Source => "D’où vient la question",
        Column::Scheme => "Barème propre à la question, par son nom",
        Column::Comment => "Correction, en Markdown, lue par les étudiants après la publication",
        Column::PropositionComment(_) => "Pourquoi la proposition est vraie ou fausse",
    }
}

/// Columns with what they hold; those of propositions are told once.
fn lines() -> impl Iterator<Item = (String, &'static str)> {
    Column::all(1).into_iter().map(|column| {
        let name = match column {
            Column::Proposition(_) => "Proposition A, B…".to_owned(),
            Column::PropositionComment(_) => "Commentaire A, B…".to_owned(),
            other => other.name(),
        };
        (name, told(column))
    })
}

/// Adds the sheet.
pub(super) fn add(book: &mut Workbook) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold().set_align(FormatAlign::Top);
    let wrap = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    let sheet = book.add_worksheet().set_name(SHEET)?;
    sheet.set_column_width(0, 28)?.set_column_width(1, 90)?;
    sheet.merge_range(0, 0, 0, 1, FIRST, &wrap)?.set_row_height(0, 64)?;
    for (row, (name, text)) in (2u32..).zip(lines()) {
        sheet.write_string_with_format(row, 0, name, &bold)?;
        sheet.write_string_with_format(row, 1, text, &wrap)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_told_once() {
        let lines: Vec<_> = lines().collect();
        assert_eq!(lines.len(), Column::all(1).len());
        assert!(lines.iter().all(|(name, text)| !name.is_empty() && text.len() > 3));
    }
}
