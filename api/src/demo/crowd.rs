//! The simulated candidates: names, sites, accommodations, abilities and answers.

use crate::ambient;
use crate::exam::candidates::Row;
use docimo_engine::attempt::Act;
use docimo_engine::paper::{Element, Section};
use docimo_engine::question::Kind;
use docimo_engine::shuffle::Stream;
use docimo_engine::simulate;
use docimo_engine::{Exact, QuestionId};
use docimo_store::exams::Candidate;
use docimo_store::journal::WholeSheet;

const SEED: u64 = 2026;

const FIRST: [&str; 40] = [
    "Adèle",
    "Amine",
    "Anaïs",
    "Antoine",
    "Ayoub",
    "Baptiste",
    "Camille",
    "Charlotte",
    "Clément",
    "Diane",
    "Elias",
    "Élodie",
    "Emma",
    "Fatou",
    "Gabriel",
    "Hugo",
    "Inès",
    "Jade",
    "Jeanne",
    "Jules",
    "Karim",
    "Léa",
    "Louise",
    "Lucas",
    "Manon",
    "Marius",
    "Maya",
    "Mehdi",
    "Nathan",
    "Nour",
    "Océane",
    "Paul",
    "Quentin",
    "Romane",
    "Sarah",
    "Simon",
    "Théo",
    "Valentine",
    "Yanis",
    "Zoé",
];
const LAST: [&str; 45] = [
    "Ardouin",
    "Barbet",
    "Berthelot",
    "Blanchard",
    "Cazenave",
    "Chevrier",
    "Colin",
    "Daumas",
    "Delorme",
    "Diallo",
    "Dubreuil",
    "Fabre",
    "Faure",
    "Garnier",
    "Gauthier",
    "Granger",
    "Haddad",
    "Hervé",
    "Jacquet",
    "Kervella",
    "Lacombe",
    "Lambert",
    "Laporte",
    "Leclerc",
    "Le Goff",
    "Lemaire",
    "Marchal",
    "Mercier",
    "Morvan",
    "Nguyen",
    "Ollivier",
    "Pasquier",
    "Perrin",
    "Picard",
    "Poirier",
    "Renaud",
    "Rivière",
    "Rolland",
    "Roussel",
    "Saunier",
    "Tessier",
    "Traoré",
    "Vasseur",
    "Vidal",
    "Weber",
];
const SITES: [&str; 5] =
    ["Centre de Brest", "Centre de Lille", "Centre de Lyon", "Centre de Marseille", "Centre de Strasbourg"];

/// The candidates of a session.
pub struct Crowd {
    /// First letter of their numbers.
    letter: char,
    /// Mean of their abilities, in logits.
    mean: f64,
    /// Does the wording of a question mislead the best? So that the committee has a real decision to look at.
    misled: bool,
    /// Where chance starts from, for their names.
    names: &'static str,
    /// Year of their accommodations.
    year: u16,
}

/// Those of this year.
pub const THIS_YEAR: Crowd = Crowd { letter: 'D', mean: 0.5, misled: true, names: "people", year: 2026 };
/// Those of the year before, not quite as strong.
pub const LAST_YEAR: Crowd = Crowd { letter: 'C', mean: 0.35, misled: false, names: "people before", year: 2025 };

/// `count` candidates; about one in 25 has a third more time.
pub fn rows(crowd: &Crowd, count: usize) -> Vec<Row> {
    let mut stream = Stream::new(SEED, &[crowd.names]);
    (0..count)
        .map(|i| {
            let name = format!("{} {}", FIRST[stream.below(FIRST.len())], LAST[stream.below(LAST.len())]);
            let third = stream.below(25) == 0;
            Row {
                breaks: None,
                number: format!("{}-{:04}", crowd.letter, i + 1001),
                name,
                site: Some(SITES[stream.below(SITES.len())].into()),
                factor: third.then(|| Exact::new(4, 3)),
                extra_minutes: None,
                reference: third.then(|| format!("{}-{:03}", crowd.year, i % 400)),
                // In the order of their numbers, whatever their site: a seat is of a site and a room.
                place: Some(("Amphithéâtre".into(), Some(1 + i as i64 / 20), Some(1 + i as i64 % 20))),
                line: 0,
            }
        })
        .collect()
}

/// Ability of a candidate, in logits: normal, SD 0.65.
fn ability(crowd: &Crowd, number: &str) -> f64 {
    if number == "etudiant" { 0.7 } else { crowd.mean + 0.65 * Stream::new(SEED, &["ability", number]).normal() }
}

/// The question of the first section whose wording misleads the best: its third isolated QRU.
fn misleading(section: &Section) -> Option<&QuestionId> {
    let mut isolated = section.elements.iter().filter_map(|e| match e {
        Element::Question(question) if question.kind() == Kind::Qru => Some(&question.id),
        _ => None,
    });
    if section.id.as_str() == "s1" { isolated.nth(2) } else { None }
}

/// Their sheets for a section. About one in a hundred does not come; some do not reach the end.
pub fn sheets(
    crowd: &Crowd,
    exam_id: &str,
    section: &Section,
    candidates: &[Candidate],
    opened_ms: i64,
) -> Vec<WholeSheet> {
    let flawed = if crowd.misled { misleading(section) } else { None };
    candidates
        .iter()
        .filter(|c| c.number == "etudiant" || Stream::new(SEED, &["present", &c.number]).below(100) > 0)
        .map(|candidate| {
            let theta = ability(crowd, &candidate.number);
            let mut pace = Stream::new(SEED, &["pace", &candidate.number, section.id.as_str()]);
            let questions: Vec<_> = section.elements.iter().flat_map(Element::questions).collect();
            let reached = if pace.below(12) == 0 { questions.len() - questions.len() / 12 } else { questions.len() };
            let mut answers = Vec::with_capacity(reached);
            let mut position = 0;
            for element in &section.elements {
                let progressive = matches!(element, Element::Case(case) if case.kind.is_progressive());
                for question in element.questions() {
                    position += 1;
                    if position > reached {
                        break;
                    }
                    // One answer in forty is left out.
                    if pace.below(40) > 0 {
                        let theta = if Some(&question.id) == flawed { -1.2 * theta } else { theta };
                        let response = simulate::respond(question, theta, SEED, &candidate.number);
                        answers.push(Act::Answer { question: question.id.clone(), response });
                    }
                    if progressive {
                        answers.push(Act::Lock { question: question.id.clone() });
                    }
                }
            }
            let used = 0.7 + 0.3 * pace.unit();
            WholeSheet {
                attempt_id: ambient::fresh_id(opened_ms),
                exam_id: exam_id.to_owned(),
                person_id: candidate.person_id.clone(),
                section_id: section.id.to_string(),
                seed: ambient::seed(),
                started_ms: opened_ms,
                ended_ms: opened_ms + (f64::from(section.duration_minutes) * 60_000.0 * used) as i64,
                answers,
            }
        })
        .collect()
}
