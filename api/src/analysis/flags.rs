//! What calls for a look at a question, in words. A signal is not a verdict: the thresholds are those of RULES §5.

use super::study::{GroupDif, Latent};
use docimo_engine::docimology::classical::{ExamStatistics, ItemStatistics};
use docimo_engine::docimology::dif::Class;
use docimo_engine::docimology::propositions::{AnswerFlag, Answers};

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// For programs.
    pub code: &'static str,
    /// For people.
    pub french: String,
    /// 0 for what may be a wrong key, 1 for what makes the question of little use, 2 for what is good to know, 3 for
    /// what only its author needs.
    pub weight: u8,
}

impl Flag {
    /// A flag.
    pub fn new(code: &'static str, weight: u8, french: impl Into<String>) -> Self {
        Self { code, french: french.into(), weight }
    }
}

/// Candidates below which indices are too uncertain to point at questions.
pub const LEAST: usize = 30;

/// Flags of each column; `answers` are by question of the paper, `columns` says which is which.
pub fn of(
    exam: &ExamStatistics,
    latent: Option<&Latent>,
    answers: &[Option<Answers>],
    columns: &[usize],
    dif: &[GroupDif],
    candidates: usize,
) -> Vec<Vec<Flag>> {
    if candidates < LEAST {
        return vec![Vec::new(); exam.items.len()];
    }
    exam.items
        .iter()
        .enumerate()
        .map(|(column, item)| {
            let mut flags = classical(item);
            if let Some(answers) = &answers[columns[column]] {
                drawn(answers, &mut flags);
            }
            favours(column, dif, &mut flags);
            if let Some(latent) = latent {
                fit(column, latent, candidates, &mut flags);
            }
            flags.sort_by_key(|f| f.weight);
            flags
        })
        .collect()
}

fn drawn(answers: &Answers, flags: &mut Vec<Flag>) {
    let weight = |flag: &AnswerFlag| match flag {
        _ if flag.doubts_the_key() => 0,
        AnswerFlag::Zeroing(_) => 1,
        _ => 3,
    };
    flags.extend(answers.flags.iter().map(|f| Flag::new(f.code(), weight(f), f.french())));
}

/// With many groups and questions, chance alone makes a few: only what holds for all comparisons is told.
fn favours(column: usize, dif: &[GroupDif], flags: &mut Vec<Flag>) {
    for group in dif {
        if let Ok(found) = &group.found
            && let Some(item) = &found.items[column]
            && item.class == Class::C
            && item.adjusted_p < 0.01
        {
            let way = if item.standardised < 0.0 { "plus difficile" } else { "plus facile" };
            let french = format!("{way} pour {} à niveau égal", group.name);
            flags.push(Flag::new("dif", 1, french));
        }
    }
}

/// What the indices of a question say.
pub fn classical(item: &ItemStatistics) -> Vec<Flag> {
    let mut flags = Vec::new();
    match item.r_item_rest {
        Some(r) if r <= 0.0 => {
            flags.push(Flag::new("negative_discrimination", 0, "discrimination négative : la clé est-elle juste ?"));
        }
        Some(r) if r < 0.1 => flags.push(Flag::new("low_discrimination", 1, "discrimine peu")),
        _ => {}
    }
    match item.p {
        Some(p) if p < 0.20 => flags.push(Flag::new("very_hard", 1, "très difficile")),
        Some(p) if p > 0.90 => flags.push(Flag::new("very_easy", 2, "très facile")),
        _ => {}
    }
    flags
}

fn fit(column: usize, latent: &Latent, candidates: usize, flags: &mut Vec<Flag>) {
    let Some(at) = latent.place[column] else { return };
    // With thousands of candidates every model is rejected: only what is also large is told.
    if let Ok(found) = &latent.s_x2
        && let Some(s) = &found[at]
        && s.p < 0.001
        && s.rmsea > 0.05
    {
        flags.push(Flag::new("misfit", 2, "s’écarte du modèle"));
    }
    if let Some(m) = &latent.mean_squares[at]
        && candidates >= 100
        && m.infit > 1.3
    {
        flags.push(Flag::new("noisy", 1, "réponses plus imprévisibles que le modèle ne l’attend"));
    }
    if latent.tied.iter().any(|t| t.q3 > 0.3 && (t.pair.0 == column || t.pair.1 == column)) {
        flags.push(Flag::new("local_dependence", 2, "liée à une autre question"));
    }
}
