//! Marking schemes of an exam, read as tables and varied by the committee.

use super::{At, Fields, Head, again, head, segment};
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult, Wrong};
use crate::exam::draft;
use crate::exam::schemes::{self, Counting};
use crate::markdown;
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::response::Response;
use docimo_engine::Exact;
use docimo_engine::mark::{Key, score_ticks};
use docimo_engine::paper::Element;
use docimo_engine::question::{Kind, Question};
use docimo_engine::scheme::{BlankPolicy, CohortStep, Formula, MarkingScheme, QrocRule, Rule, TcsRule};

/// What a scheme does to a question with several true propositions, from its own rule.
pub(super) fn explain(scheme: &MarkingScheme) -> String {
    let mut text = match scheme.rule(Kind::Qrm) {
        Some(rule) => format!("QRM\u{a0}: {}.", rule_in_words(rule)),
        None => String::new(),
    };
    if scheme.name.starts_with("edn-qrp") {
        text = format!("{text} QRP\u{a0}: {}.", rule_in_words(&scheme.qrp));
    }
    text.push_str(match scheme.cohort {
        CohortStep::None => "",
        CohortStep::Rarity => " Chaque question pèse selon la part de candidats qui ne l’ont pas réussie.",
        CohortStep::TopLinear => " La meilleure copie reçoit 20, les autres en proportion.",
        CohortStep::Stretch => " Les notes sont étirées de 0 à 20 entre la moins bonne et la meilleure copie.",
    });
    text
}

fn rule_in_words(rule: &Rule) -> String {
    let number = |value: &Exact| value.french(3);
    let steps = |table: &[Exact]| table.iter().map(number).collect::<Vec<_>>().join("\u{202f}; ");
    let mut text = match &rule.formula {
        Formula::AllOrNothing { right, wrong } => {
            format!("{} si tout est juste, {} sinon", number(right), number(wrong))
        }
        Formula::Discordance { table } => format!("{} puis 0, de zéro discordance à davantage", steps(table)),
        Formula::DiscordanceByTrueCount { tables } => format!(
            "selon le nombre de vraies, de zéro discordance à davantage\u{a0}: {}",
            tables.iter().map(|t| format!("({} puis 0)", steps(t))).collect::<Vec<_>>().join(", ")
        ),
        Formula::PerProposition { right, blank, wrong } => format!(
            "moyenne par proposition, {} bien jugée, {} sans réponse, {} mal jugée",
            number(right),
            number(blank),
            number(wrong)
        ),
        Formula::Majority { partial } => {
            format!("1 si tout est juste, {} si plus de la moitié des propositions sont bien jugées", number(partial))
        }
        Formula::Relative { good, bad } => {
            format!("{} × part des vraies cochées, moins {} × part des fausses cochées", number(good), number(bad))
        }
        Formula::Expected { zero_on_error: true, .. } => "part des bonnes réponses, zéro dès une mauvaise".into(),
        Formula::Expected { error, .. } if *error == Exact::ZERO => "part des bonnes réponses attendues".into(),
        Formula::Expected { error, .. } => {
            format!("part des bonnes réponses attendues, moins {} par mauvaise", number(error))
        }
    };
    if let BlankPolicy::Fixed(value) = &rule.blank_policy {
        text.push_str(&format!("\u{202f}; sans réponse, {}", number(value)));
    }
    if let Some(value) = &rule.all_ticked {
        text.push_str(&format!("\u{202f}; tout coché, {}", number(value)));
    }
    if let Some(value) = &rule.floor {
        text.push_str(&format!("\u{202f}; jamais moins de {}", number(value)));
    }
    if let Some(value) = &rule.cap {
        text.push_str(&format!("\u{202f}; jamais plus de {}", number(value)));
    }
    if rule.zeroing {
        text.push_str("\u{202f}; zéro si une indispensable manque ou si une inacceptable est cochée");
    }
    text
}

/// Kinds that a [`Rule`] marks, with what the committee calls them.
const RULED: [Kind; 6] = [Kind::Qrm, Kind::Qcm, Kind::Qru, Kind::Qrp, Kind::Qrpl, Kind::Qzp];

/// Formulas as a form offers them: word sent, French, what its values are.
const FORMULAS: [(&str, &str, &str); 8] = [
    ("all-or-nothing", "Tout ou rien", "score si tout est juste\u{202f}; sinon, par exemple 1\u{202f}; 0"),
    (
        "discordance",
        "Selon les discordances",
        "de zéro discordance à davantage, par exemple 1\u{202f}; 0,5\u{202f}; 0,2",
    ),
    (
        "discordance-by-true-count",
        "Selon les discordances et le nombre de vraies",
        "une table par nombre de vraies, séparées par |, par exemple 1 | 1\u{202f}; 0,5 | 1\u{202f}; 0,5\u{202f}; 0,2",
    ),
    (
        "per-proposition",
        "Proposition par proposition",
        "bien jugée\u{202f}; sans réponse\u{202f}; mal jugée, par exemple 1\u{202f}; 0\u{202f}; -1",
    ),
    ("majority", "Tout juste, ou plus de la moitié", "score au-delà de la moitié, par exemple 0,5"),
    (
        "relative",
        "Relatif aux vraies et aux fausses",
        "poids des vraies\u{202f}; poids des fausses, par exemple 1\u{202f}; 1",
    ),
    ("expected", "Part des réponses attendues", "retrait par mauvaise réponse, par exemple 0"),
    ("expected-strict", "Part des réponses attendues, zéro dès une mauvaise", "aucune valeur"),
];

fn formula_fields(formula: &Formula) -> (&'static str, String) {
    let list = |values: &[Exact]| values.iter().map(|v| v.french(6)).collect::<Vec<_>>().join(" ; ");
    match formula {
        Formula::AllOrNothing { right, wrong } => ("all-or-nothing", list(&[*right, *wrong])),
        Formula::Discordance { table } => ("discordance", list(table)),
        Formula::DiscordanceByTrueCount { tables } => {
            ("discordance-by-true-count", tables.iter().map(|t| list(t)).collect::<Vec<_>>().join(" | "))
        }
        Formula::PerProposition { right, blank, wrong } => ("per-proposition", list(&[*right, *blank, *wrong])),
        Formula::Majority { partial } => ("majority", list(&[*partial])),
        Formula::Relative { good, bad } => ("relative", list(&[*good, *bad])),
        Formula::Expected { zero_on_error: true, .. } => ("expected-strict", String::new()),
        Formula::Expected { error, .. } => ("expected", list(&[*error])),
    }
}

fn read_list(text: &str) -> Result<Vec<Exact>, String> {
    let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| part.replace('\u{2212}', "-").parse::<Exact>().map_err(|e| e.to_string())).collect()
}

fn read_formula(name: &str, values: &str) -> Result<Formula, String> {
    let exactly = |n: usize| -> Result<Vec<Exact>, String> {
        let list = read_list(values)?;
        let word = if n < 2 { "valeur attendue" } else { "valeurs attendues, séparées par des points-virgules" };
        if list.len() == n { Ok(list) } else { Err(format!("{n} {word}, {} données", list.len())) }
    };
    Ok(match name {
        "all-or-nothing" => {
            let list = exactly(2)?;
            Formula::AllOrNothing { right: list[0], wrong: list[1] }
        }
        "discordance" => Formula::Discordance { table: read_list(values)? },
        "discordance-by-true-count" => {
            Formula::DiscordanceByTrueCount { tables: values.split('|').map(read_list).collect::<Result<_, _>>()? }
        }
        "per-proposition" => {
            let list = exactly(3)?;
            Formula::PerProposition { right: list[0], blank: list[1], wrong: list[2] }
        }
        "majority" => Formula::Majority { partial: exactly(1)?[0] },
        "relative" => {
            let list = exactly(2)?;
            Formula::Relative { good: list[0], bad: list[1] }
        }
        "expected" => {
            let error = if values.trim().is_empty() { Exact::ZERO } else { exactly(1)?[0] };
            Formula::Expected { error, zero_on_error: false }
        }
        "expected-strict" => Formula::Expected { error: Exact::ZERO, zero_on_error: true },
        _ => return Err("formule inconnue".into()),
    })
}

fn optional(text: &str) -> Result<Option<Exact>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    text.trim().replace('\u{2212}', "-").parse().map(Some).map_err(|e: docimo_engine::exact::NotANumber| e.to_string())
}

/// One rule as a form shows it.
struct RuleForm {
    code: String,
    french: &'static str,
    words: String,
    formula: String,
    values: String,
    floor: String,
    cap: String,
    blank: String,
    all_ticked: String,
    zeroing: bool,
}

impl RuleForm {
    fn of(kind: Kind, rule: &Rule) -> Self {
        let text = |value: Option<Exact>| value.map(|v| v.french(6)).unwrap_or_default();
        let (formula, values) = formula_fields(&rule.formula);
        Self {
            code: kind.code().to_lowercase(),
            french: kind.french(),
            words: rule_in_words(rule),
            formula: formula.into(),
            values,
            floor: text(rule.floor),
            cap: text(rule.cap),
            blank: match rule.blank_policy {
                BlankPolicy::ScoreAsAnswer => String::new(),
                BlankPolicy::Fixed(score) => score.french(6),
            },
            all_ticked: text(rule.all_ticked),
            zeroing: rule.zeroing,
        }
    }

    /// As typed, to be shown again.
    fn typed(fields: &Fields, kind: Kind) -> Self {
        let code = kind.code().to_lowercase();
        let get = |name: &str| fields.get(&format!("{code}.{name}")).to_owned();
        Self {
            french: kind.french(),
            words: String::new(),
            formula: get("formula"),
            values: get("values"),
            floor: get("floor"),
            cap: get("cap"),
            blank: get("blank"),
            all_ticked: get("all_ticked"),
            zeroing: fields.has(&format!("{code}.zeroing")),
            code,
        }
    }

    fn read(&self, wrong: &mut Vec<Wrong>) -> Rule {
        let mut fault = |field: &str, message: String| {
            wrong.push(Wrong { place: format!("{}, {field}", self.code.to_uppercase()), message });
        };
        let formula = read_formula(&self.formula, &self.values).unwrap_or_else(|message| {
            fault("valeurs", message);
            Formula::Discordance { table: vec![Exact::ONE] }
        });
        let mut number = |field: &str, text: &str| {
            optional(text).unwrap_or_else(|message| {
                fault(field, message);
                None
            })
        };
        Rule {
            formula,
            zeroing: self.zeroing,
            floor: number("plancher", &self.floor),
            cap: number("plafond", &self.cap),
            blank_policy: number("sans réponse", &self.blank).map_or(BlankPolicy::ScoreAsAnswer, BlankPolicy::Fixed),
            all_ticked: number("tout coché", &self.all_ticked),
        }
    }
}

/// Worked responses to a question whose key is A, C, D of five propositions.
const EXAMPLE: Key = Key {
    count: 5,
    right: 0b01101,
    indispensable: 0,
    inacceptable: 0,
    expected: None,
    single: false,
    three_states: false,
};
const RESPONSES: [(&str, u32); 7] = [
    ("A, C, D", 0b01101),
    ("A, C", 0b00101),
    ("A, C, D, E", 0b11101),
    ("A, C, E", 0b10101),
    ("A, E", 0b10001),
    ("rien", 0),
    ("tout", 0b11111),
];

struct SchemeLine {
    href: String,
    name: String,
    title: String,
    scores: Vec<String>,
    uses: String,
    own: bool,
}

#[derive(Template)]
#[template(path = "committee/schemes.html")]
struct SchemesPage {
    page: Layout,
    head: Head,
    draft: bool,
    responses: Vec<&'static str>,
    lines: Vec<SchemeLine>,
}

/// Every scheme that this exam may use, with what each gives to worked responses.
pub async fn schemes_page(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    page: Layout,
) -> ApiResult<Response> {
    let exam = draft::exam(&app, &id).await?;
    let paper = draft::paper(&app, &id).await?;
    let head = head(&app, &actor, &exam, At::Paper)
        .await?
        .under("Barèmes")
        .lead("Ceux que l’examen, une épreuve ou une question peut suivre. Pour en varier un, ouvrez-le.")
        .link(format!("/examens/{id}/sujet"), "Revenir au sujet");
    let line = |scheme: MarkingScheme| SchemeLine {
        href: format!("/examens/{id}/baremes/{}", segment(&scheme.name)),
        scores: RESPONSES.iter().map(|(_, code)| score_ticks(&EXAMPLE, &scheme.qrm, *code).score.french(3)).collect(),
        uses: schemes::uses(&paper, &scheme.name).join(", "),
        own: paper.schemes.contains_key(&scheme.name),
        name: scheme.name,
        title: scheme.title,
    };
    web::page(&SchemesPage {
        page: page.titled(head.document()),
        head,
        draft: exam.state == "draft",
        responses: RESPONSES.iter().map(|(words, _)| *words).collect(),
        lines: schemes::known(&paper).into_iter().map(line).collect(),
    })
}

#[derive(Template)]
#[template(path = "committee/scheme.html")]
struct SchemePage {
    page: Layout,
    head: Head,
    base: String,
    name: String,
    editable: bool,
    draft: bool,
    title: String,
    source: String,
    uses: String,
    rules: Vec<RuleForm>,
    formulas: &'static [(&'static str, &'static str, &'static str)],
    exact: String,
    acceptable: String,
    mode_only: bool,
    cohort: &'static str,
    cohort_words: &'static str,
    responses: Vec<(&'static str, String)>,
    json: String,
    wrong: Vec<Wrong>,
}

fn cohort_word(cohort: CohortStep) -> (&'static str, &'static str) {
    match cohort {
        CohortStep::None => ("none", "aucun traitement"),
        CohortStep::Rarity => ("rarity", "chaque question pèse selon la part de candidats qui ne l’ont pas réussie"),
        CohortStep::TopLinear => ("top-linear", "la meilleure copie reçoit 20, les autres en proportion"),
        CohortStep::Stretch => {
            ("stretch", "les notes sont étirées de 0 à 20 entre la moins bonne copie et la meilleure")
        }
    }
}

impl SchemePage {
    fn new(page: Layout, head: Head, scheme: &MarkingScheme, is_draft: bool, own: bool, uses: &[String]) -> Self {
        let head = head.under(scheme.title.clone());
        let (cohort, cohort_words) = cohort_word(scheme.cohort);
        Self {
            page: page.titled(head.document()),
            base: format!("/examens/{}/baremes", head.id),
            name: scheme.name.clone(),
            head,
            editable: is_draft && own,
            draft: is_draft,
            title: scheme.title.clone(),
            source: scheme.source.clone(),
            uses: uses.join(", "),
            rules: RULED.iter().filter_map(|kind| Some(RuleForm::of(*kind, scheme.rule(*kind)?))).collect(),
            formulas: &FORMULAS,
            exact: scheme.qroc.exact.french(6),
            acceptable: scheme.qroc.acceptable.french(6),
            mode_only: scheme.tcs == TcsRule::ModeOnly,
            cohort,
            cohort_words,
            responses: RESPONSES
                .iter()
                .map(|(words, code)| (*words, score_ticks(&EXAMPLE, &scheme.qrm, *code).score.french(3)))
                .collect(),
            json: serde_json::to_string_pretty(scheme).unwrap_or_default(),
            wrong: Vec::new(),
        }
    }
}

async fn found(
    app: &App,
    id: &str,
    name: &str,
) -> ApiResult<(docimo_store::exams::Exam, MarkingScheme, bool, Vec<String>)> {
    let exam = draft::exam(app, id).await?;
    let paper = draft::paper(app, id).await?;
    let scheme = paper.scheme_named(name).ok_or(ApiError::NotFound)?;
    Ok((exam, scheme, paper.schemes.contains_key(name), schemes::uses(&paper, name)))
}

/// One scheme, kind by kind; a form where it is this exam's own.
pub async fn scheme_page(
    State(app): State<App>,
    actor: Actor,
    Path((id, name)): Path<(String, String)>,
    page: Layout,
) -> ApiResult<Response> {
    let (exam, scheme, own, uses) = found(&app, &id, &name).await?;
    let head = head(&app, &actor, &exam, At::Paper).await?.link(format!("/examens/{id}/baremes"), "Tous les barèmes");
    web::page(&SchemePage::new(page, head, &scheme, exam.state == "draft", own, &uses))
}

/// Copies a scheme under a new name.
pub async fn derive_scheme(
    State(app): State<App>,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let name = schemes::derive(&app, &id, fields.get("base"), fields.get("name"), fields.get("title")).await?;
    Ok(web::go(&format!("/examens/{id}/baremes/{name}"), "Barème copié\u{a0}: faites-le vôtre."))
}

/// Changes a scheme of this exam.
pub async fn set_scheme(
    State(app): State<App>,
    actor: Actor,
    Path((id, name)): Path<(String, String)>,
    page: Layout,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let (exam, before, own, uses) = found(&app, &id, &name).await?;
    if !own {
        return Err(ApiError::Conflict("Un barème intégré ne change pas\u{a0}: copiez-le d’abord.".into()));
    }
    let fields = Fields::read(&body);
    let typed: Vec<RuleForm> = RULED.iter().map(|kind| RuleForm::typed(&fields, *kind)).collect();
    let mut wrong = Vec::new();
    let mut scheme = MarkingScheme { title: fields.get("title").trim().to_owned(), ..before };
    for (kind, form) in RULED.iter().zip(&typed) {
        let rule = form.read(&mut wrong);
        match kind {
            Kind::Qru => scheme.qru = rule,
            Kind::Qrm => scheme.qrm = rule,
            Kind::Qrp => scheme.qrp = rule,
            Kind::Qrpl => scheme.qrpl = rule,
            Kind::Qzp => scheme.qzp = rule,
            Kind::Qcm => scheme.qcm = rule,
            Kind::Qroc | Kind::Tcs => {}
        }
    }
    let mut qroc = |field: &str, name: &str, kept: Exact| {
        fields.get(name).trim().parse().unwrap_or_else(|e: docimo_engine::exact::NotANumber| {
            wrong.push(Wrong { place: format!("QROC, {field}"), message: e.to_string() });
            kept
        })
    };
    scheme.qroc = QrocRule {
        exact: qroc("réponse exacte", "qroc.exact", scheme.qroc.exact),
        acceptable: qroc("réponse acceptable", "qroc.acceptable", scheme.qroc.acceptable),
    };
    scheme.tcs = if fields.get("tcs") == "mode-only" { TcsRule::ModeOnly } else { TcsRule::ShareOfMode };
    scheme.cohort = match fields.get("cohort") {
        "rarity" => CohortStep::Rarity,
        "top-linear" => CohortStep::TopLinear,
        "stretch" => CohortStep::Stretch,
        _ => CohortStep::None,
    };
    let shown = scheme.clone();
    if wrong.is_empty() {
        match schemes::put(&app, &id, scheme).await {
            Ok(()) => return Ok(web::go(&format!("/examens/{id}/baremes/{}", segment(&name)), "Barème enregistré.")),
            Err(ApiError::Invalid { wrong: found, .. }) => wrong = found,
            Err(error) => return Err(error),
        }
    }
    let head = head(&app, &actor, &exam, At::Paper).await?.link(format!("/examens/{id}/baremes"), "Tous les barèmes");
    let fresh = SchemePage::new(page, head, &shown, exam.state == "draft", own, &uses);
    again(&SchemePage {
        rules: typed,
        exact: fields.get("qroc.exact").to_owned(),
        acceptable: fields.get("qroc.acceptable").to_owned(),
        wrong,
        ..fresh
    })
}

/// Removes a scheme of this exam.
pub async fn remove_scheme(State(app): State<App>, Path((id, name)): Path<(String, String)>) -> ApiResult<Response> {
    schemes::remove(&app, &id, &name).await?;
    Ok(web::go(&format!("/examens/{id}/baremes"), "Barème retiré."))
}

struct Choice {
    name: String,
    title: String,
    chosen: bool,
}

struct CountingLine {
    id: String,
    number: usize,
    kind: &'static str,
    stem: String,
    weight: String,
    rank: String,
    schemes: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "committee/element.html")]
struct ElementPage {
    page: Layout,
    head: Head,
    action: String,
    back: String,
    lines: Vec<CountingLine>,
    wrong: Vec<Wrong>,
}

/// Weight, rank and scheme of the questions of an element, as the form sends them.
fn countings(fields: &Fields) -> Vec<Counting> {
    fields
        .all("question")
        .iter()
        .enumerate()
        .map(|(i, id)| Counting {
            question: id.as_str().into(),
            weight: fields.get(&format!("weight.{i}")).trim().to_owned(),
            rank: fields.get(&format!("rank.{i}")).to_owned(),
            scheme: fields.get(&format!("scheme.{i}")).to_owned(),
        })
        .collect()
}

async fn element_form(
    app: &App,
    actor: &Actor,
    page: Layout,
    (id, section, element): (String, String, String),
    typed: &[Counting],
    wrong: Vec<Wrong>,
) -> ApiResult<ElementPage> {
    let exam = draft::exam(app, &id).await?;
    if exam.state != "draft" {
        return Err(ApiError::Conflict("Le sujet est figé\u{a0}: poids et barèmes ne changent plus.".into()));
    }
    let paper = draft::paper(app, &id).await?;
    let (_, in_section) = paper.section(&section).ok_or(ApiError::NotFound)?;
    let found = in_section.elements.iter().find(|e| e.id() == element).ok_or(ApiError::NotFound)?;
    let all = schemes::known(&paper);
    let line = |question: &Question| {
        let own = typed.iter().find(|c| c.question == question.id);
        let scheme = own.map_or_else(|| question.scheme.clone().unwrap_or_default(), |c| c.scheme.clone());
        CountingLine {
            id: question.id.to_string(),
            number: paper.question(&question.id).map_or(0, |p| p.number),
            kind: question.kind().code(),
            stem: markdown::plain(&question.stem, 120),
            weight: own.map_or_else(|| question.weight.french(6), |c| c.weight.clone()),
            rank: own.map_or_else(|| question.rank.map(|r| r.to_string()).unwrap_or_default(), |c| c.rank.clone()),
            schemes: all
                .iter()
                .map(|s| Choice { chosen: s.name == scheme, name: s.name.clone(), title: s.title.clone() })
                .collect(),
        }
    };
    let title = match found {
        Element::Question(_) => "Poids et barème d’une question".to_owned(),
        Element::Case(case) => format!("Poids et barèmes du dossier «\u{a0}{}\u{a0}»", case.title),
    };
    let head = head(app, actor, &exam, At::Paper).await?.under(title);
    let base = format!("/examens/{id}/sections/{}", segment(&section));
    Ok(ElementPage {
        page: page.titled(head.document()),
        head,
        action: format!("{base}/elements/{}", segment(&element)),
        back: format!("/examens/{id}/sujet#epreuve-{}", segment(&section)),
        lines: found.questions().map(line).collect(),
        wrong,
    })
}

/// How the questions of an element count.
pub async fn element_page(
    State(app): State<App>,
    actor: Actor,
    Path(place): Path<(String, String, String)>,
    page: Layout,
) -> ApiResult<Response> {
    web::page(&element_form(&app, &actor, page, place, &[], Vec::new()).await?)
}

/// Changes how the questions of an element count.
pub async fn set_element(
    State(app): State<App>,
    actor: Actor,
    Path(place): Path<(String, String, String)>,
    page: Layout,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let list = countings(&Fields::read(&body));
    match schemes::set_counting(&app, &place.0, &list).await {
        Ok(()) => {
            let to = format!("/examens/{}/sujet#epreuve-{}", place.0, segment(&place.1));
            Ok(web::go(&to, "Poids et barèmes enregistrés."))
        }
        Err(ApiError::Invalid { wrong, .. }) => again(&element_form(&app, &actor, page, place, &list, wrong).await?),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the form shows of every built-in scheme reads back as that scheme.
    #[test]
    fn every_rule_survives_its_form() {
        for name in MarkingScheme::PRESETS {
            let scheme = MarkingScheme::preset(name).unwrap();
            for kind in RULED {
                let rule = scheme.rule(kind).unwrap();
                let mut wrong = Vec::new();
                assert_eq!(RuleForm::of(kind, rule).read(&mut wrong), *rule, "{name} {kind}");
                assert!(wrong.is_empty() && !rule_in_words(rule).is_empty());
            }
        }
    }

    #[test]
    fn faults_of_a_form_say_where() {
        let rule = MarkingScheme::preset("v6").unwrap().qrm;
        let form = RuleForm { values: "1 ; 0".into(), floor: "bas".into(), ..RuleForm::of(Kind::Qrm, &rule) };
        let mut wrong = Vec::new();
        form.read(&mut wrong);
        let places: Vec<&str> = wrong.iter().map(|w| w.place.as_str()).collect();
        assert_eq!(places, ["QRM, valeurs", "QRM, plancher"]);
    }
}
