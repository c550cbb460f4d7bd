//! Marking schemes of an exam, read as tables and varied by the committee.

use super::rule_form::{FORMULAS, RULED, RuleForm};
use super::{At, Fields, Head, again, head, segment};
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult, Wrong};
use crate::exam::draft;
use crate::exam::schemes;
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::response::Response;
use docimo_engine::Exact;
use docimo_engine::mark::{Key, score_ticks};
use docimo_engine::question::Kind;
use docimo_engine::scheme::{CohortStep, MarkingScheme, QrocRule, TcsRule};

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
