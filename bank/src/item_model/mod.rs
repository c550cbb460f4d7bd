//! Item models (Gierl and Haladyna, 2012): a stem with slots, tables of values and constraints, written by a teacher;
//! families of questions come out of it, without any language model.
//!
//! [`values`] reads what may fill the slots, [`expression`] what is computed and what must hold, and
//! [`Ready::generate`] draws questions. What is drawn is a function of the model and of the seed.

pub mod expression;
pub mod values;

use docimo_engine::paper::Element;
use docimo_engine::question::{Body, Kind, Proposition, Question, Rank, Status};
use docimo_engine::shuffle::{Stream, order};
use docimo_engine::{PropositionId, QuestionId};
use expression::Expression;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use values::{Drawn, Values};

/// Longest text of a model, in characters.
pub const MAX_TEXT: usize = 4_000;
/// Most questions drawn at once.
pub const MAX_QUESTIONS: u32 = 50;
/// Propositions that a model may hold; a question shows some of them.
pub const MAX_PROPOSITIONS: usize = 40;
/// Draws tried for each question wanted: past that, what holds is too rare or was all seen.
const TRIES: usize = 400;

/// A model, as its author writes it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemModel {
    /// For lists.
    pub title: String,
    /// QRU, QRM or QROC.
    pub kind: String,
    /// With slots in braces: `{age}`, `{medicament.nom}`.
    pub stem: String,
    /// What fills the slots, one a line: see [`values`].
    pub values: String,
    /// What must hold, one expression a line.
    pub constraints: String,
    /// One a line: `[condition] text // comment`, the condition being `vrai`, `faux` or an expression. For a QROC, the
    /// answers, one a line.
    pub propositions: String,
    /// Correction, with slots.
    pub comment: String,
    /// What it rests on.
    pub source: String,
    /// A, B or nothing.
    #[serde(default)]
    pub rank: String,
    /// Tags, parted by spaces.
    #[serde(default)]
    pub tags: String,
}

/// What is wrong with a model, in French.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{field} : {message}")]
pub struct ModelError {
    /// Field of the form.
    pub field: &'static str,
    /// What, and on which line.
    pub message: String,
}

impl ModelError {
    fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self { field, message: message.into() }
    }

    fn line(field: &'static str, number: usize, message: impl std::fmt::Display) -> Self {
        Self { field, message: format!("ligne {number} : {message}") }
    }
}

/// A question that was drawn.
#[derive(Clone, PartialEq, Debug)]
pub struct Instance {
    /// The question.
    pub element: Element,
    /// What filled the slots.
    pub values: BTreeMap<String, String>,
}

/// What was drawn.
#[derive(Clone, PartialEq, Debug)]
pub struct Family {
    /// Questions, all different.
    pub questions: Vec<Instance>,
    /// Ways to fill the slots, before constraints; saturates.
    pub ways: u64,
    /// Part of the draws for which the constraints held, 0 to 1.
    pub held: f64,
}

/// A text whose slots are known.
#[derive(Clone, Debug)]
struct Text(Vec<Piece>);

#[derive(Clone, Debug)]
enum Piece {
    Written(String),
    Slot(String),
}

impl Text {
    fn read(field: &'static str, text: &str, values: &Values) -> Result<Self, ModelError> {
        let (mut pieces, mut rest) = (Vec::new(), text);
        while let Some(at) = rest.find('{') {
            let Some(end) = rest[at..].find('}') else {
                return Err(ModelError::new(field, format!("« {} » : accolade jamais fermée", excerpt(&rest[at..]))));
            };
            let name = rest[at + 1..at + end].trim();
            if !values.knows(name) {
                let known = values.names().join(", ");
                return Err(ModelError::new(field, format!("« {{{name}}} » n’a pas de valeurs (connues : {known})")));
            }
            pieces.push(Piece::Written(rest[..at].to_owned()));
            pieces.push(Piece::Slot(name.to_owned()));
            rest = &rest[at + end + 1..];
        }
        pieces.push(Piece::Written(rest.to_owned()));
        Ok(Self(pieces))
    }

    fn fill(&self, drawn: &Drawn) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Written(text) => text.clone(),
            Piece::Slot(name) => drawn.shown(name),
        };
        self.0.iter().map(piece).collect::<String>().trim().to_owned()
    }
}

fn excerpt(text: &str) -> String {
    text.chars().take(40).collect()
}

#[derive(Clone, Debug)]
enum Truth {
    Always(bool),
    When(Expression),
}

#[derive(Clone, Debug)]
struct Candidate {
    truth: Truth,
    text: Text,
    comment: Text,
}

/// A model that was checked.
#[derive(Clone, Debug)]
pub struct Ready {
    kind: Kind,
    stem: Text,
    values: Values,
    constraints: Vec<Expression>,
    candidates: Vec<Candidate>,
    comment: Text,
    source: String,
    rank: Option<Rank>,
    tags: Vec<String>,
}

impl ItemModel {
    /// Checks everything that can be before anything is drawn.
    ///
    /// # Errors
    /// The first thing that is wrong, with its field and line.
    pub fn ready(&self) -> Result<Ready, ModelError> {
        for (field, text) in [
            ("titre", &self.title),
            ("énoncé", &self.stem),
            ("valeurs", &self.values),
            ("contraintes", &self.constraints),
            ("propositions", &self.propositions),
            ("commentaire", &self.comment),
        ] {
            if text.chars().count() > MAX_TEXT {
                return Err(ModelError::new(field, format!("{MAX_TEXT} caractères au plus")));
            }
        }
        let kind = match self.kind.as_str() {
            "QRU" => Kind::Qru,
            "QRM" => Kind::Qrm,
            "QROC" => Kind::Qroc,
            _ => return Err(ModelError::new("type", "QRU, QRM ou QROC")),
        };
        if self.stem.trim().is_empty() {
            return Err(ModelError::new("énoncé", "à remplir"));
        }
        let rank = match self.rank.trim() {
            "" => None,
            "A" => Some(Rank::A),
            "B" => Some(Rank::B),
            _ => return Err(ModelError::new("rang", "A, B ou rien")),
        };
        let values = Values::read(&self.values)?;
        let mut constraints = Vec::new();
        for (number, line) in lines(&self.constraints) {
            let read = Expression::read(line, &values).map_err(|why| ModelError::line("contraintes", number, why))?;
            constraints.push(read);
        }
        let candidates = self.candidates(kind, &values)?;
        Ok(Ready {
            kind,
            stem: Text::read("énoncé", &self.stem, &values)?,
            comment: Text::read("commentaire", &self.comment, &values)?,
            values,
            constraints,
            candidates,
            source: self.source.trim().to_owned(),
            rank,
            tags: self.tags.split_whitespace().map(str::to_owned).collect(),
        })
    }

    fn candidates(&self, kind: Kind, values: &Values) -> Result<Vec<Candidate>, ModelError> {
        const FIELD: &str = "propositions";
        let mut candidates = Vec::new();
        for (number, line) in lines(&self.propositions) {
            let placed = |e: ModelError| ModelError::line(FIELD, number, e.message);
            if kind == Kind::Qroc {
                let text = Text::read(FIELD, line, values).map_err(placed)?;
                let comment = Text(Vec::new());
                candidates.push(Candidate { truth: Truth::Always(true), text, comment });
                continue;
            }
            let Some((condition, rest)) = line.strip_prefix('[').and_then(|l| l.split_once(']')) else {
                return Err(ModelError::line(FIELD, number, "commencez par [vrai], [faux] ou [une condition]"));
            };
            let (text, comment) = rest.split_once("//").unwrap_or((rest, ""));
            if text.trim().is_empty() {
                return Err(ModelError::line(FIELD, number, "la proposition n’a pas de texte"));
            }
            let truth = match condition.trim().to_lowercase().as_str() {
                "vrai" | "vraie" => Truth::Always(true),
                "faux" | "fausse" => Truth::Always(false),
                _ => {
                    let read = Expression::read(condition, values);
                    Truth::When(read.map_err(|why| ModelError::line(FIELD, number, why))?)
                }
            };
            candidates.push(Candidate {
                truth,
                text: Text::read(FIELD, text, values).map_err(placed)?,
                comment: Text::read(FIELD, comment, values).map_err(placed)?,
            });
        }
        let least = if kind == Kind::Qroc { 1 } else { 4 };
        if candidates.len() < least {
            return Err(ModelError::new(FIELD, format!("au moins {least} ligne(s)")));
        }
        if candidates.len() > MAX_PROPOSITIONS {
            return Err(ModelError::new(FIELD, format!("{MAX_PROPOSITIONS} lignes au plus")));
        }
        Ok(candidates)
    }
}

/// Lines that say something, with their numbers from 1.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(i, line)| (i + 1, line.trim())).filter(|(_, line)| !line.is_empty())
}

impl Ready {
    /// Draws at most `count` questions, named `{prefix}-1`, `{prefix}-2`… Fewer come out where the values allow no more.
    ///
    /// # Errors
    /// When an expression gives no yes or no, or no question at all can be drawn.
    pub fn generate(&self, count: u32, seed: u64, prefix: &str) -> Result<Family, ModelError> {
        let wanted = count.clamp(1, MAX_QUESTIONS) as usize;
        let mut stream = Stream::new(seed, &["item-model"]);
        let (mut questions, mut seen): (Vec<Instance>, HashSet<String>) = Default::default();
        let (mut drawn, mut held, mut last) = (0_u32, 0_u32, None);
        while questions.len() < wanted && (drawn as usize) < wanted * TRIES {
            drawn += 1;
            let values = self.values.draw(&mut stream)?;
            if !self.holds(&values)? {
                continue;
            }
            held += 1;
            let name = format!("{prefix}-{}", questions.len() + 1);
            match self.question(&name, &values, &mut stream)? {
                Ok(question) => {
                    let mut shown = vec![question.stem.clone()];
                    shown.extend(question.body.propositions().iter().map(|p| p.text.clone()));
                    // The same stem with other propositions is another question; the same in another order is not.
                    shown[1..].sort();
                    if seen.insert(shown.join("\n")) {
                        questions.push(Instance { element: Element::Question(question), values: values.all() });
                    }
                }
                Err(why) => last = Some(why),
            }
        }
        if questions.is_empty() {
            return Err(match (held, last) {
                (0, _) => ModelError::new("contraintes", "aucun tirage ne les respecte toutes : desserrez-les"),
                (_, Some(why)) => ModelError::new("propositions", why),
                (_, None) => ModelError::new("valeurs", "rien à tirer"),
            });
        }
        Ok(Family { questions, ways: self.values.ways(), held: f64::from(held) / f64::from(drawn.max(1)) })
    }

    fn holds(&self, drawn: &Drawn) -> Result<bool, ModelError> {
        for constraint in &self.constraints {
            let yes = constraint.truth(drawn);
            if !yes.map_err(|why| ModelError::new("contraintes", format!("« {} » : {why}", constraint.written())))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A question, or why these values give none.
    fn question(
        &self,
        name: &str,
        drawn: &Drawn,
        stream: &mut Stream,
    ) -> Result<Result<Question, &'static str>, ModelError> {
        let body = if self.kind == Kind::Qroc {
            let mut exact: Vec<String> = self.candidates.iter().map(|c| c.text.fill(drawn)).collect();
            exact.retain(|t| !t.is_empty());
            exact.dedup();
            Body::Qroc { exact, acceptable: Vec::new(), max_words: 5 }
        } else {
            match self.propositions(drawn, stream)? {
                Ok(propositions) if self.kind == Kind::Qru => Body::Qru { propositions },
                Ok(propositions) => Body::Qrm { propositions },
                Err(why) => return Ok(Err(why)),
            }
        };
        let mut question = Question::new(QuestionId::new(name), self.stem.fill(drawn), body);
        question.comment = self.comment.fill(drawn);
        question.source.clone_from(&self.source);
        question.rank = self.rank;
        question.tags.clone_from(&self.tags);
        Ok(Ok(question))
    }

    /// Five propositions of those that the model holds, or all where it holds fewer.
    fn propositions(
        &self,
        drawn: &Drawn,
        stream: &mut Stream,
    ) -> Result<Result<Vec<Proposition>, &'static str>, ModelError> {
        const SHOWN: usize = 5;
        let mut all: Vec<(bool, String, String)> = Vec::with_capacity(self.candidates.len());
        for candidate in &self.candidates {
            let is_true = match &candidate.truth {
                Truth::Always(is_true) => *is_true,
                Truth::When(condition) => condition.truth(drawn).map_err(|why| {
                    ModelError::new("propositions", format!("condition « {} » : {why}", condition.written()))
                })?,
            };
            let text = candidate.text.fill(drawn);
            // Two ways to write one thing, by these values: the first stands.
            if !all.iter().any(|(_, known, _)| *known == text) {
                all.push((is_true, text, candidate.comment.fill(drawn)));
            }
        }
        let seed = stream.next_u64();
        let (mut right, mut wrong) = (Vec::new(), Vec::new());
        for place in order(seed, "draw", all.len()) {
            if all[place].0 { right.push(place) } else { wrong.push(place) }
        }
        let kept: Vec<usize> = if self.kind == Kind::Qru {
            if right.is_empty() {
                return Ok(Err("aucune proposition n’est vraie pour les valeurs tirées, une QRU en veut une"));
            }
            if wrong.len() < 3 {
                return Ok(Err("moins de trois propositions fausses pour les valeurs tirées"));
            }
            right.into_iter().take(1).chain(wrong.into_iter().take(SHOWN - 1)).collect()
        } else {
            if right.is_empty() {
                return Ok(Err("aucune proposition n’est vraie pour les valeurs tirées"));
            }
            // At least one of each where there are both, the rest as they come.
            let mut kept: Vec<usize> = right.pop().into_iter().chain(wrong.pop()).collect();
            let mut rest: Vec<usize> = right.into_iter().chain(wrong).collect();
            let turn = order(seed, "rest", rest.len());
            rest = turn.into_iter().map(|i| rest[i]).collect();
            kept.extend(rest.into_iter().take(SHOWN.saturating_sub(kept.len())));
            kept
        };
        let mut kept = kept;
        // The order in which the author wrote them: numbers go up, classes stay together.
        kept.sort_unstable();
        let proposition = |(i, place): (usize, usize)| {
            let (is_true, text, comment) = all[place].clone();
            let letter = char::from(b'a' + u8::try_from(i % 26).unwrap_or(0));
            let status = if is_true { Status::Vrai } else { Status::Faux };
            Proposition { id: PropositionId::new(letter.to_string()), text, status, comment }
        };
        Ok(Ok(kept.into_iter().enumerate().map(proposition).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use docimo_engine::check::refused;
    use proptest::prelude::*;

    fn dose() -> ItemModel {
        ItemModel {
            title: "Dose par poids".into(),
            kind: "QRU".into(),
            stem: "Un enfant de {poids} kg reçoit du {medicament.nom}. Quelle dose par prise ?".into(),
            values: "poids : 10 à 30 par 2\nmedicament : nom ; mg_kg\n- paracétamol ; 15\n- ibuprofène ; 7,5\n\
                     dose : = poids * medicament.mg_kg\nmoitie : = dose / 2\ndouble : = dose * 2\ntriple : = dose * 3\n\
                     dixieme : = dose / 10, 1 décimale"
                .into(),
            constraints: "dose ≤ 300".into(),
            propositions: "[faux] {dixieme} mg\n[faux] {moitie} mg // La moitié.\n[vrai] {dose} mg // {poids} × {medicament.mg_kg}\n\
                           [faux] {double} mg\n[faux] {triple} mg\n[faux] aucune"
                .into(),
            comment: "{medicament.mg_kg} mg/kg par prise.".into(),
            source: "Collège de pédiatrie".into(),
            rank: "A".into(),
            tags: "R2C:330".into(),
        }
    }

    #[test]
    fn a_model_gives_different_questions_that_the_engine_takes() {
        let family = dose().ready().unwrap().generate(10, 7, "m").unwrap();
        assert_eq!(family.questions.len(), 10);
        assert_eq!(family.ways, 22);
        let mut stems = HashSet::new();
        for instance in &family.questions {
            assert!(!refused(&crate::faults(&instance.element)), "{instance:?}");
            let question = instance.element.questions().next().unwrap();
            stems.insert(question.stem.clone());
            assert!(!question.stem.contains('{'));
            let propositions = question.body.propositions();
            assert_eq!((propositions.len(), propositions.iter().filter(|p| p.status.is_true()).count()), (5, 1));
            let dose: f64 = instance.values["dose"].replace(',', ".").parse().unwrap();
            assert!(dose <= 300.0);
            let right = propositions.iter().find(|p| p.status.is_true()).unwrap();
            assert_eq!(right.text, format!("{} mg", instance.values["dose"]));
            assert_eq!(
                right.comment,
                format!("{} × {}", instance.values["poids"], instance.values["medicament.mg_kg"])
            );
        }
        assert!(stems.len() > 5);
        assert!(family.questions.iter().any(|q| q.values["medicament.mg_kg"] == "7,5"), "a comma, as in French");
        assert_eq!(dose().ready().unwrap().generate(10, 7, "m").unwrap(), family, "the same seed, the same family");
    }

    #[test]
    fn conditions_decide_what_is_true() {
        let model = ItemModel {
            title: "IMC".into(),
            kind: "QRM".into(),
            stem: "Un patient de {poids} kg mesure {taille} m.".into(),
            values: "poids : 50 à 120 par 10\ntaille : 1,6 à 1,9 par 0,1\nimc : = poids / taille^2, 1 décimale".into(),
            propositions: "[imc >= 25] Il est en surpoids\n[imc >= 30] Il est obèse\n[imc < 18,5] Il est maigre\n\
                           [vrai] Son IMC est de {imc}\n[imc ≥ 25 et imc < 30] Il n’est pas obèse mais en surpoids"
                .into(),
            comment: "L’IMC est de {imc}.".into(),
            ..ItemModel::default()
        };
        let family = model.ready().unwrap().generate(20, 1, "m").unwrap();
        for instance in &family.questions {
            let imc: f64 = instance.values["imc"].replace(',', ".").parse().unwrap();
            for p in instance.element.questions().next().unwrap().body.propositions() {
                let expected = match p.text.as_str() {
                    "Il est en surpoids" => imc >= 25.0,
                    "Il est obèse" => imc >= 30.0,
                    "Il est maigre" => imc < 18.5,
                    "Il n’est pas obèse mais en surpoids" => (25.0..30.0).contains(&imc),
                    _ => true,
                };
                // The value compared is not rounded: a neighbour of the bound may show on its other side.
                assert!(p.status.is_true() == expected || [18.5, 25.0, 30.0].contains(&imc), "{p:?} {imc}");
            }
        }
    }

    #[test]
    fn an_open_question_has_the_answers_of_its_values() {
        let model = ItemModel {
            title: "Antidotes".into(),
            kind: "QROC".into(),
            stem: "Quel est l’antidote du {poison.nom} ?".into(),
            values: "poison : nom ; antidote\n- paracétamol ; N-acétylcystéine\n- morphinique ; naloxone".into(),
            propositions: "{poison.antidote}\nla {poison.antidote}".into(),
            ..ItemModel::default()
        };
        let family = model.ready().unwrap().generate(5, 3, "m").unwrap();
        assert_eq!(family.questions.len(), 2, "no more than the table has");
        for instance in family.questions {
            let Element::Question(Question { body: Body::Qroc { exact, .. }, .. }) = instance.element else { panic!() };
            assert_eq!(exact[0], instance.values["poison.antidote"]);
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let with = |change: fn(&mut ItemModel)| {
            let mut model = dose();
            change(&mut model);
            match model.ready() {
                Err(error) => error.to_string(),
                Ok(ready) => ready.generate(3, 1, "m").unwrap_err().to_string(),
            }
        };
        assert!(with(|m| m.kind = "TCS".into()).contains("type : QRU"));
        assert!(with(|m| m.stem = "Un {age}".into()).contains("énoncé : « {age} » n’a pas de valeurs"));
        assert!(with(|m| m.stem = "Un {poids".into()).contains("jamais fermée"));
        assert!(with(|m| m.constraints = "\npoids >".into()).contains("contraintes : ligne 2"));
        assert!(with(|m| m.constraints = "taille > 2".into()).contains("taille"));
        assert!(with(|m| m.constraints = "poids > 100".into()).contains("desserrez"));
        assert!(with(|m| m.constraints = "poids + 1".into()).contains("ni vrai ni faux"));
        assert!(with(|m| m.propositions = "[vrai] a\nb".into()).contains("ligne 2 : commencez par"));
        assert!(with(|m| m.propositions = "[vrai] a".into()).contains("au moins 4"));
        let no_key = |m: &mut ItemModel| m.propositions = "[faux] a\n[faux] b\n[faux] c\n[faux] d".into();
        assert!(with(no_key).contains("aucune proposition n’est vraie"));
        assert!(with(|m| m.values = "poids : 10 à".into()).contains("valeurs : ligne 1"));
        assert!(with(|m| m.comment = "x".repeat(MAX_TEXT + 1)).contains("commentaire"));
    }

    proptest! {
        #[test]
        fn any_text_is_an_answer_or_an_error(stem in ".{0,60}", values in "[a-z:=à0-9 ,;*/{}\n-]{0,80}", constraints in ".{0,40}", propositions in "[a-z\\[\\]{}/ \n]{0,80}", seed: u64) {
            let model = ItemModel { stem, values, constraints, propositions, ..dose() };
            if let Ok(ready) = model.ready() {
                let _ = ready.generate(2, seed, "m");
            }
        }
    }
}
