//! What is analysed: a marked exam, ours or one sat elsewhere, with names for its questions and candidates.

use crate::exam::marks::Marked;
use crate::markdown;
use docimo_engine::docimology::completion;
use docimo_engine::docimology::irregularities::Seat;
use docimo_engine::ledger::Effective;
use docimo_engine::marking::{Compiled, Marks, ResponseMatrix};
use docimo_engine::question::{Kind, Rank};
use docimo_engine::ranking;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A question, for people.
#[derive(Clone, Debug)]
pub struct Label {
    /// Id in the paper.
    pub id: String,
    /// Number on the paper, from 1.
    pub number: usize,
    /// Index of its section.
    pub section: usize,
    /// Title of its section.
    pub section_title: String,
    /// Id and title of its case.
    pub case: Option<(String, String)>,
    /// QRU, QRM…
    pub kind: Kind,
    /// A or B.
    pub rank: Option<Rank>,
    /// First words of the stem.
    pub stem: String,
    /// Tags into referentials: specialties, items.
    pub tags: Vec<String>,
}

/// A candidate, for people.
#[derive(Clone, Debug)]
pub struct Person {
    /// Opaque id, empty for exams sat elsewhere.
    pub id: String,
    /// Number, or the identifier of the file.
    pub number: String,
    /// Name; empty for exams sat elsewhere.
    pub name: String,
}

/// Candidates by group: centre, session, or what a file says.
#[derive(Clone, Debug, PartialEq)]
pub struct Grouping {
    /// "Centre", "Sexe"…
    pub name: String,
    /// Names of the groups, the largest first.
    pub groups: Vec<String>,
    /// Group of each candidate, where known.
    pub of: Vec<Option<u16>>,
}

impl Grouping {
    /// From the name of each candidate's group.
    pub fn new(name: impl Into<String>, of: &[Option<String>]) -> Self {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        of.iter().flatten().for_each(|g| *counts.entry(g).or_default() += 1);
        let mut groups: Vec<&str> = counts.keys().copied().collect();
        groups.sort_by_key(|g| (std::cmp::Reverse(counts[g]), *g));
        let place: BTreeMap<&str, u16> = groups.iter().zip(0..).map(|(g, i)| (*g, i)).collect();
        Self {
            name: name.into(),
            of: of.iter().map(|g| g.as_deref().and_then(|g| place.get(g).copied())).collect(),
            groups: groups.into_iter().map(str::to_owned).collect(),
        }
    }

    /// How many candidates a group has.
    pub fn size(&self, group: usize) -> usize {
        self.of.iter().flatten().filter(|g| usize::from(**g) == group).count()
    }
}

/// A marked exam to analyse. Nothing of it is large but the matrix of responses.
pub struct Subject {
    /// Of the paper.
    pub title: String,
    /// Version of the register; 1 for exams sat elsewhere.
    pub version: u32,
    /// Paper as the register leaves it.
    pub effective: Effective,
    /// Ready to mark.
    pub compiled: Compiled,
    /// Response codes.
    pub responses: Arc<ResponseMatrix>,
    /// Marks.
    pub marks: Marks,
    /// Places by standard competition ranking.
    pub ranks: Vec<u32>,
    /// By row of the matrix.
    pub people: Vec<Person>,
    /// By question of the paper.
    pub labels: Vec<Label>,
    /// Ways to group the candidates.
    pub groupings: Vec<Grouping>,
    /// Where each candidate sat, by row of the matrix; empty where no seat is known.
    pub seats: Vec<Option<Seat>>,
    /// Candidates enrolled, absent ones included.
    pub enrolled: usize,
    /// By question of the paper then by candidate: was something answered?
    pub answered: Vec<Vec<bool>>,
    /// Milliseconds by question of the paper then by candidate, 0 where not known; empty without a journal.
    pub times: Vec<Vec<u32>>,
}

impl Subject {
    /// From a paper and codes. `people` are the rows of `responses`.
    ///
    /// # Errors
    /// A paper that cannot be marked.
    pub fn new(
        effective: Effective,
        compiled: Compiled,
        responses: Arc<ResponseMatrix>,
        people: Vec<Person>,
        groupings: Vec<Grouping>,
    ) -> Self {
        let marks = compiled.mark(&responses);
        let totals: Vec<i64> = (0..marks.candidates()).map(|c| marks.total_units(c)).collect();
        let labels = labels(&effective);
        Self {
            title: effective.paper.title.clone(),
            version: 1,
            ranks: ranking::competition(&totals),
            enrolled: people.len(),
            answered: completion::answered(&responses),
            times: vec![],
            seats: vec![],
            effective,
            compiled,
            responses,
            marks,
            people,
            labels,
            groupings,
        }
    }

    /// From an exam of ours.
    pub fn of_exam(marked: Marked, title: String, version: u32, times: Vec<Vec<u32>>) -> Self {
        let people: Vec<Person> = (0..marked.present.len())
            .map(|row| {
                let c = marked.candidate(row);
                Person { id: c.person_id.clone(), number: c.number.clone(), name: c.name.clone() }
            })
            .collect();
        let sites: Vec<Option<String>> =
            (0..marked.present.len()).map(|row| Some(marked.candidate(row).site_name.clone())).collect();
        let mut answered = completion::answered(&marked.matrix);
        for (column, placed) in answered.iter_mut().zip(marked.effective.paper.questions()) {
            if placed.question.kind() == Kind::Qzp {
                let id = &placed.question.id;
                for (own, responses) in column.iter_mut().zip(&marked.responses) {
                    *own = responses.get(id).is_some_and(|r| !r.is_blank());
                }
            }
        }
        let places = (0..marked.present.len()).map(|row| {
            let c = marked.candidate(row);
            (format!("{}\u{1f}{}", c.site_id, c.room), c.seat_row, c.seat_column)
        });
        let seats = seats(&places.collect::<Vec<_>>());
        let grouping = Grouping::new("Centre", &sites);
        let groupings = if grouping.groups.len() > 1 { vec![grouping] } else { vec![] };
        Self {
            title,
            version,
            answered,
            times,
            seats,
            enrolled: marked.cohort.candidates.len(),
            labels: labels(&marked.effective),
            ranks: marked.ranks,
            marks: marked.marks,
            responses: Arc::new(marked.matrix),
            compiled: marked.compiled,
            effective: marked.effective,
            people,
            groupings,
        }
    }

    /// Marks on 20, those that exist.
    pub fn on_20(&self) -> Vec<f64> {
        (0..self.marks.candidates()).filter_map(|c| self.marks.on_20(c)).map(docimo_engine::Exact::to_f64).collect()
    }
}

/// Seats from the name of each candidate's room, their row and their seat in it; none for who has no row or no seat, and
/// none at all where nobody has.
pub fn seats(places: &[(String, Option<i64>, Option<i64>)]) -> Vec<Option<Seat>> {
    let mut rooms: BTreeMap<&str, u32> = BTreeMap::new();
    let found: Vec<Option<Seat>> = places
        .iter()
        .map(|(room, row, column)| {
            let next = u32::try_from(rooms.len()).ok()?;
            let room = *rooms.entry(room).or_insert(next);
            Some(Seat { room, row: i32::try_from((*row)?).ok()?, column: i32::try_from((*column)?).ok()? })
        })
        .collect();
    if found.iter().any(Option::is_some) { found } else { vec![] }
}

fn labels(effective: &Effective) -> Vec<Label> {
    let paper = &effective.paper;
    paper
        .questions()
        .map(|p| Label {
            id: p.question.id.to_string(),
            number: p.number,
            section: p.section,
            section_title: paper.sections[p.section].title.clone(),
            case: p.case.map(|(c, _)| (c.id.to_string(), c.title.clone())),
            kind: p.question.kind(),
            rank: p.question.rank,
            stem: markdown::plain(&p.question.stem, 110),
            tags: p.question.tags.clone(),
        })
        .collect()
}
