//! What there is to say of a draft as it is being typed: faults that forbid its use, item-writing flaws, questions
//! much like it, tags that its words call for. Each with the field where it is.

use super::suggest::{self, Suggestion};
use crate::app::App;
use crate::auth::Actor;
use crate::bank::near::{self, Known};
use crate::bank::reach::Reach;
use crate::error::ApiResult;
use docimo_bank::flaws::{self, Field, Flaw, Severity};
use docimo_bank::rights::Level;
use docimo_engine::check::{self, Fault};
use docimo_engine::paper::Element;
use docimo_engine::question::{Body, Question};
use docimo_engine::scheme::TcsRule;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Something wrong at one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldFault {
    /// Path of the field: `question.propositions.1.text`.
    pub field: String,
    /// The same, in French.
    pub place: String,
    /// What, and what to do.
    pub message: String,
    /// Does it forbid publishing?
    pub refused: bool,
}

impl FieldFault {
    /// A value that had to be replaced.
    pub fn of(field: &str, place: &str, message: String) -> Self {
        Self { field: field.to_owned(), place: capital(place), message, refused: false }
    }
}

/// An item-writing flaw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FlawView {
    /// Path of the field.
    pub field: String,
    /// The same, in French.
    pub place: String,
    /// How much it matters, in French.
    pub severity: &'static str,
    /// `danger`, `warning` or `accent`.
    pub class: &'static str,
    /// What was seen.
    pub message: String,
    /// How to mend it.
    pub advice: &'static str,
    /// Who says so.
    pub source: &'static str,
}

/// A question of the bank much like it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct NearView {
    /// The entry.
    pub entry: String,
    /// Its author's own id.
    pub external_id: String,
    /// First words.
    pub title: String,
    /// How alike they are and what differs, in French.
    pub words: String,
}

/// All that there is to say.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Advice {
    /// What forbids publishing, or deserves a look.
    pub faults: Vec<FieldFault>,
    /// How it could be better written.
    pub flaws: Vec<FlawView>,
    /// Tags that its words call for.
    pub suggestions: Vec<Suggestion>,
    /// Questions of the bank, within reach, that are much the same; none while the index is being made.
    pub near: Vec<NearView>,
    /// Validated questions, within reach, that share its words, with their tags: why a tag may go.
    pub neighbours: Vec<NearView>,
    /// Tags that it has, in words, by path of their field.
    pub tags: BTreeMap<String, Vec<String>>,
    /// TCS: credit of each answer from −2 to +2, by path of its panel.
    pub credits: BTreeMap<String, Vec<String>>,
}

/// Reads a draft. `told` is what was replaced while it was read.
pub async fn of(app: &App, actor: &Actor, element: &Element, told: Vec<FieldFault>) -> ApiResult<Advice> {
    let mut found = told;
    found.extend(faults(element));
    Ok(Advice {
        faults: found,
        flaws: flaws::flaws(element).iter().map(|flaw| flaw_view(flaw, element)).collect(),
        suggestions: suggest::tags(app, element).await?,
        near: near_views(app, actor, element).await?,
        neighbours: neighbours(app, actor, element).await?,
        tags: tags(element),
        credits: credits(element),
    })
}

async fn near_views(app: &App, actor: &Actor, element: &Element) -> ApiResult<Vec<NearView>> {
    let Some(finder) = app.finder() else { return Ok(Vec::new()) };
    let reach = Reach::of(app, actor).await?;
    let found = near::near(&app.store, Known::Finder(finder), Some(&reach), element, element.id()).await?;
    let one = |n: near::Near| NearView {
        words: n.similarity.french(),
        entry: n.line.id,
        external_id: n.line.external_id,
        title: n.line.title,
    };
    Ok(found.into_iter().map(one).collect())
}

/// Those in memory: whoever writes does not wait for them to be read.
async fn neighbours(app: &App, actor: &Actor, element: &Element) -> ApiResult<Vec<NearView>> {
    let Some(shelf) = app.tags.at_hand(app).filter(|shelf| !shelf.index.is_empty()) else { return Ok(Vec::new()) };
    let tagger = app.tagger.of(&app.store).await?;
    let skip = |place: usize| shelf.known.get(place).is_some_and(|n| n.name == element.id());
    let found = shelf.index.of(&tagger, &suggest::asked(element), 3, &skip);
    let reach = Reach::of(app, actor).await?;
    let mut all = Vec::new();
    for near in found {
        let Some(known) = shelf.known.get(near.place) else { continue };
        let held = app.store.entry(&known.entry).await?.filter(|line| reach.may(&line.folder_id, Level::Read));
        if held.is_some() {
            all.push(NearView {
                entry: known.entry.clone(),
                external_id: known.name.clone(),
                title: known.title.clone(),
                words: format!("{} ; mots communs : {}", known.tags.join(", "), near.words.join(", ")),
            });
        }
    }
    Ok(all)
}

/// Each question with the path of its form.
pub fn questions(element: &Element) -> Vec<(String, &Question)> {
    match element {
        Element::Question(question) => vec![("question".to_owned(), question)],
        Element::Case(case) => {
            let all = case.parts.iter().enumerate();
            all.map(|(i, part)| (format!("case.parts.{i}.question"), &part.question)).collect()
        }
    }
}

fn tags(element: &Element) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> =
        questions(element).into_iter().map(|(path, q)| (format!("{path}.tags"), suggest::labels(&q.tags))).collect();
    if let Element::Case(case) = element {
        all.insert("case.tags".into(), suggest::labels(&case.tags));
    }
    all
}

fn credits(element: &Element) -> BTreeMap<String, Vec<String>> {
    let of = |(path, question): (String, &Question)| match &question.body {
        Body::Tcs { panel, .. } => {
            Some((format!("{path}.panel"), TcsRule::default().credits(panel).map(|c| c.french(3)).to_vec()))
        }
        _ => None,
    };
    questions(element).into_iter().filter_map(of).collect()
}

/// What the engine finds, each with its field.
pub fn faults(element: &Element) -> Vec<FieldFault> {
    let found = match element {
        Element::Question(question) => check::question(question),
        Element::Case(case) => check::case(case),
    };
    found
        .into_iter()
        .map(|fault| {
            let (field, place) = spot(&fault, element);
            let refused = fault.severity == check::Severity::Error && !fault.awaits_key;
            FieldFault { field, place: capital(&place), message: sentence(&fault.message), refused }
        })
        .collect()
}

/// Words of a fault of a question that say which field it is about: word, field, its name. The first that occurs.
const OF_A_QUESTION: [(&str, &str, &str); 15] = [
    ("énoncé", "stem", "énoncé"),
    ("texte de remplacement", "image.alt", "texte de remplacement de l’image"),
    ("image", "image", "image"),
    ("poids", "weight", "poids"),
    ("identifiant", "id", "identifiant"),
    ("annoncée", "expected", "nombre attendu"),
    ("attendue", "expected", "nombre attendu"),
    ("zones à pointer", "expected", "nombre attendu"),
    ("zones", "zones", "zones"),
    ("mots permis", "max_words", "mots permis"),
    ("réponse exacte", "exact", "réponses exactes"),
    ("la réponse «", "exact", "réponses"),
    ("hypothèse", "hypothesis", "hypothèse"),
    ("nouvelle information", "finding", "nouvelle information"),
    ("panel", "panel", "panel"),
];

const OF_A_CASE: [(&str, &str, &str); 5] = [
    ("titre", "title", "titre"),
    ("article", "article.body", "article"),
    ("texte de remplacement", "image.alt", "texte de remplacement de l’image"),
    ("image", "image", "image"),
    ("question", "parts", "questions"),
];

/// Path of the field of a fault, and its name.
fn spot(fault: &Fault, element: &Element) -> (String, String) {
    let mut steps = fault.place.split(" › ");
    let all = questions(element);
    let named = |step: &str| {
        let id = step.strip_prefix("question ")?;
        all.iter().enumerate().find(|(_, (_, q))| q.id.as_str() == id)
    };
    let Some((i, (path, question))) = steps.find_map(named) else {
        let said = fault.message.to_lowercase();
        let known = OF_A_CASE.iter().find(|(word, _, _)| said.contains(word));
        let (_, field, french) = known.copied().unwrap_or(("", "parts", "questions"));
        return match element {
            Element::Case(_) => (format!("case.{field}"), french.to_owned()),
            Element::Question(_) => ("question".to_owned(), String::new()),
        };
    };
    let of = match element {
        Element::Case(_) => format!("question {}, ", i + 1),
        Element::Question(_) => String::new(),
    };
    if let Some(step) = steps.next() {
        let letter = step.strip_prefix("proposition ").and_then(|l| l.bytes().next());
        if let Some(letter) = letter {
            let at = usize::from(letter.saturating_sub(b'A'));
            return (format!("{path}.propositions.{at}.text"), format!("{of}{step}"));
        }
        if let Body::Qzp { zones, .. } = &question.body {
            let at = zones.iter().position(|z| step == format!("zone « {} »", z.name)).unwrap_or(0);
            return (format!("{path}.zones.{at}"), format!("{of}zone {}", at + 1));
        }
    }
    let known = OF_A_QUESTION.iter().find(|(word, _, _)| fault.message.contains(word));
    let (_, field, french) = known.copied().unwrap_or(("", "propositions", "propositions"));
    (format!("{path}.{field}"), format!("{of}{french}"))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
}

/// With a capital and a full stop.
fn sentence(text: &str) -> String {
    let text = capital(text);
    if text.ends_with(['.', '?', '!']) { text } else { format!("{text}.") }
}

fn flaw_view(flaw: &Flaw, element: &Element) -> FlawView {
    let all = questions(element);
    let own = match (flaw.place.part, element) {
        (Some(i), _) => all.get(i),
        (None, Element::Question(_)) => all.first(),
        (None, Element::Case(_)) => None,
    };
    let of = match flaw.place.part {
        Some(i) => format!("question {}, ", i + 1),
        None => String::new(),
    };
    let question = own.map(|(_, question)| *question);
    let name = place(&flaw.place.field, question);
    let mut letters = name.chars();
    let small: String = letters.next().map_or_else(String::new, |c| c.to_lowercase().chain(letters).collect());
    FlawView {
        field: path(&flaw.place.field, own.map_or("case", |(path, _)| path.as_str()), question),
        place: capital(&format!("{of}{small}")),
        severity: flaw.severity.french(),
        class: class(flaw.severity),
        message: flaw.message.clone(),
        advice: flaw.advice,
        source: flaw.source,
    }
}

/// The colour of a severity, beside its word.
pub fn class(severity: Severity) -> &'static str {
    match severity {
        Severity::Strong => "danger",
        Severity::Warning => "warning",
        Severity::Info => "accent",
    }
}

/// Path of a text, from the path of its question or case.
fn path(field: &Field, of: &str, question: Option<&Question>) -> String {
    let below = match field {
        Field::Title => "title".into(),
        Field::Intro => "intro".into(),
        Field::PartText => return format!("{}.text", of.strip_suffix(".question").unwrap_or(of)),
        Field::Stem => "stem".into(),
        Field::Image => "image".into(),
        Field::Propositions => "propositions".into(),
        Field::Proposition(id) => {
            let at = question.and_then(|q| q.body.propositions().iter().position(|p| p.id == *id)).unwrap_or(0);
            format!("propositions.{at}.text")
        }
        Field::Exact(_) | Field::Answers => "exact".into(),
        Field::Acceptable(_) => "acceptable".into(),
        Field::Hypothesis => "hypothesis".into(),
        Field::Finding => "finding".into(),
        Field::Panel => "panel".into(),
        Field::Comment => "comment".into(),
        Field::Metadata => "tags".into(),
    };
    format!("{of}.{below}")
}

/// The name of a text, in French.
pub fn place(field: &Field, question: Option<&Question>) -> String {
    match field {
        Field::Title => "Titre".into(),
        Field::Intro => "Énoncé du dossier".into(),
        Field::PartText | Field::Finding => "Élément nouveau".into(),
        Field::Stem => "Énoncé".into(),
        Field::Image => "Image".into(),
        Field::Propositions => "Propositions".into(),
        Field::Proposition(id) => {
            let at = question.and_then(|q| q.body.propositions().iter().position(|p| p.id == *id));
            at.map_or_else(|| "Proposition".into(), |i| format!("Proposition {}", char::from(b'A' + (i % 26) as u8)))
        }
        Field::Exact(i) => format!("Réponse exacte n° {}", i + 1),
        Field::Acceptable(i) => format!("Réponse acceptable n° {}", i + 1),
        Field::Answers => "Réponses".into(),
        Field::Hypothesis => "Hypothèse".into(),
        Field::Panel => "Panel".into(),
        Field::Comment => "Correction".into(),
        Field::Metadata => "Fiche".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::blank::{self, CASES, Wanted};
    use super::*;
    use docimo_engine::question::Kind;

    #[test]
    fn faults_name_the_field_where_they_are() {
        let told = |element: &Element| -> Vec<(String, String)> {
            faults(element).into_iter().map(|f| (f.field, f.place)).collect()
        };
        let has = |list: &[(String, String)], field: &str, place: &str| {
            assert!(list.contains(&(field.to_owned(), place.to_owned())), "{field} {place}: {list:?}");
        };
        let qrp = told(&blank::element(Wanted::Question(Kind::Qrp)));
        has(&qrp, "question.stem", "Énoncé");
        has(&qrp, "question.propositions.1.text", "Proposition B");
        has(&qrp, "question.expected", "Nombre attendu");
        let tcs = told(&blank::element(Wanted::Question(Kind::Tcs)));
        has(&tcs, "question.hypothesis", "Hypothèse");
        has(&tcs, "question.finding", "Nouvelle information");
        has(&tcs, "question.panel", "Panel");
        let qzp = told(&blank::element(Wanted::Question(Kind::Qzp)));
        has(&qzp, "question.image", "Image");
        has(&qzp, "question.expected", "Nombre attendu");
        has(&told(&blank::element(Wanted::Question(Kind::Qroc))), "question.exact", "Réponses exactes");
        has(&told(&blank::element(Wanted::Question(Kind::Qru))), "question.propositions", "Propositions");
        let lca = told(&blank::element(Wanted::Case(CASES[3])));
        has(&lca, "case.title", "Titre");
        has(&lca, "case.article.body", "Article");
        has(&lca, "case.parts.0.question.stem", "Question 1, énoncé");
        has(&lca, "case.parts", "Questions");
    }

    #[test]
    fn flaws_name_the_field_where_they_are() {
        let json = r#"{"case":{"id":"c","kind":"DP","title":"T","intro":"I","parts":[{"text":"","question":{"id":"q","kind":"QRU",
            "stem":"Lequel ?","propositions":[{"id":"a","text":"Toujours","status":"vrai"},{"id":"b","text":"Aucune de ces réponses","status":"faux"},
            {"id":"c","text":"Jamais","status":"faux"},{"id":"d","text":"Parfois","status":"faux"}]}}]}}"#;
        let element: Element = serde_json::from_str(json).unwrap();
        let found: Vec<_> = flaws::flaws(&element).iter().map(|f| flaw_view(f, &element)).collect();
        let at = |field: &str| found.iter().find(|f| f.field == field).map(|f| f.place.as_str());
        assert_eq!(at("case.parts.0.question.propositions.1.text"), Some("Question 1, proposition B"), "{found:?}");
    }
}
