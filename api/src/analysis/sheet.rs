//! The study as a workbook: questions, candidates, parts, groups, warnings.

use super::document::Document;
use super::study::Study;
use super::subject::Subject;
use rust_xlsxwriter::{Format, Workbook, Worksheet};

/// A cell.
enum Cell {
    Text(String),
    Number(Option<f64>),
}

impl From<Option<f64>> for Cell {
    fn from(value: Option<f64>) -> Self {
        Self::Number(value)
    }
}

impl From<f64> for Cell {
    fn from(value: f64) -> Self {
        Self::Number(Some(value))
    }
}

impl From<usize> for Cell {
    fn from(value: usize) -> Self {
        Self::Number(Some(value as f64))
    }
}

impl From<&str> for Cell {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

fn table(book: &mut Workbook, name: &str, headers: &[&str], rows: Vec<Vec<Cell>>) -> anyhow::Result<()> {
    let bold = Format::new().set_bold();
    let sheet: &mut Worksheet = book.add_worksheet();
    sheet.set_name(name)?;
    for (column, header) in (0_u16..).zip(headers) {
        sheet.write_with_format(0, column, *header, &bold)?;
    }
    for (line, row) in (1_u32..).zip(rows) {
        for (column, cell) in (0_u16..).zip(row) {
            match cell {
                Cell::Text(text) => _ = sheet.write_string(line, column, text)?,
                Cell::Number(Some(value)) => _ = sheet.write_number(line, column, value)?,
                Cell::Number(None) => {}
            }
        }
    }
    sheet.set_freeze_panes(1, 1)?;
    sheet.autofit();
    Ok(())
}

/// The workbook.
///
/// # Errors
/// A workbook that cannot be written.
pub fn xlsx(subject: &Subject, study: &Study) -> anyhow::Result<Vec<u8>> {
    let document = Document::new(subject, study, None);
    let mut book = Workbook::new();
    let exam = &document.exam;
    let mut lines: Vec<Vec<Cell>> = vec![
        vec!["Examen".into(), document.title.as_str().into()],
        vec!["Version du registre".into(), (document.version as usize).into()],
        vec!["Candidats présents".into(), document.candidates.into()],
        vec!["Questions comptées".into(), document.questions.len().into()],
        vec!["Moyenne (points)".into(), exam.mean.into()],
        vec!["Écart-type (points)".into(), exam.sd.into()],
        vec!["Alpha de Cronbach".into(), exam.alpha.into()],
        vec!["Alpha, borne basse à 95 %".into(), exam.alpha_ci.map(|c| c[0]).into()],
        vec!["Alpha, borne haute à 95 %".into(), exam.alpha_ci.map(|c| c[1]).into()],
        vec!["Oméga".into(), exam.omega.into()],
        vec!["KR-20".into(), exam.kr20.into()],
        vec!["Erreur de mesure (points)".into(), exam.sem.into()],
        vec!["Largeur médiane des intervalles de rang".into(), exam.median_rank_interval.into()],
    ];
    if let Some(m) = &document.irt {
        lines.push(vec!["Modèle de réponse".into(), m.model.into()]);
        lines.push(vec!["Log-vraisemblance".into(), m.log_likelihood.into()]);
        lines.push(vec!["AIC".into(), m.aic.into()]);
        lines.push(vec!["BIC".into(), m.bic.into()]);
    }
    table(&mut book, "Examen", &["Mesure", "Valeur"], lines)?;
    let questions = document.questions.iter().map(|q| {
        let (irt, fit) = (q.irt.as_ref(), q.fit.as_ref());
        vec![
            q.question.as_str().into(),
            q.kind.into(),
            q.n.into(),
            q.p.into(),
            q.d27.into(),
            q.r_item_total.into(),
            q.r_item_rest.into(),
            q.biserial.into(),
            q.alpha_if_deleted.into(),
            irt.map(|i| i.a).into(),
            irt.and_then(|i| i.a_se).into(),
            irt.map(|i| i.b).into(),
            irt.and_then(|i| i.b_se).into(),
            irt.map(|i| i.c).into(),
            fit.and_then(|f| f.infit).into(),
            fit.and_then(|f| f.outfit).into(),
            fit.and_then(|f| f.s_x2).into(),
            fit.and_then(|f| f.p).into(),
            q.flags.join(", ").as_str().into(),
        ]
    });
    let headers = [
        "question",
        "type",
        "n",
        "p",
        "D27",
        "r total",
        "r reste",
        "bisériale",
        "alpha sans elle",
        "a",
        "ES a",
        "b",
        "ES b",
        "c",
        "infit",
        "outfit",
        "S-X²",
        "p de S-X²",
        "à regarder",
    ];
    table(&mut book, "Questions", &headers, questions.collect())?;
    let propositions = document.questions.iter().flat_map(|q| {
        q.propositions
            .iter()
            .map(|p| vec![q.question.as_str().into(), p.letter.as_str().into(), p.frequency.into(), p.r.into()])
    });
    table(&mut book, "Propositions", &["question", "proposition", "fréquence", "r"], propositions.collect())?;
    let persons = document.persons.iter().map(|p| {
        vec![
            p.candidate.as_str().into(),
            p.score.into(),
            p.mark_on_20.into(),
            (p.rank as usize).into(),
            p.rank_interval.map(|i| f64::from(i[0])).into(),
            p.rank_interval.map(|i| f64::from(i[1])).into(),
            p.theta.into(),
            p.theta_se.into(),
        ]
    });
    let headers =
        ["candidat", "points", "note sur 20", "rang", "rang au mieux", "rang au pire", "aptitude", "ES aptitude"];
    table(&mut book, "Candidats", &headers, persons.collect())?;
    let parts = document
        .parts
        .iter()
        .map(|p| vec![p.family.into(), p.name.as_str().into(), p.questions.into(), p.p.into(), p.alpha.into()]);
    table(&mut book, "Parties", &["famille", "partie", "questions", "réussite", "alpha"], parts.collect())?;
    let groups = document.groups.iter().map(|g| {
        vec![
            g.grouping.as_str().into(),
            g.name.as_str().into(),
            g.candidates.into(),
            g.mean.into(),
            g.rank_a_pass.into(),
        ]
    });
    table(
        &mut book,
        "Groupes",
        &["façon de grouper", "groupe", "candidats", "moyenne sur 20", "seuil de rang A atteint"],
        groups.collect(),
    )?;
    let dif = document.questions.iter().flat_map(|q| {
        q.dif.iter().map(|d| {
            vec![q.question.as_str().into(), d.group.as_str().into(), d.mh_d.into(), d.class.unwrap_or("").into()]
        })
    });
    table(&mut book, "DIF", &["question", "groupe", "delta MH", "classe ETS"], dif.collect())?;
    let warnings = document.warnings.iter().map(|w| vec![w.as_str().into()]);
    table(&mut book, "Avertissements", &["avertissement"], warnings.collect())?;
    Ok(book.save_to_buffer()?)
}
