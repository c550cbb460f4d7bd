//! Settings of an exam, with each marking scheme explained from its own rule.

use super::rule_form::explain;
use super::{At, Fields, Head, again, head};
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult, Wrong};
use crate::exam::draft::{self, Settings};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::response::Response;
use docimo_engine::paper::Paper;
use docimo_engine::scheme::MarkingScheme;

struct SchemeChoice {
    name: String,
    title: String,
    explained: String,
    source: String,
    checked: bool,
}

/// Choices of a paper: its own schemes, those of the second cycle, those of the first.
fn scheme_choices(own: &[MarkingScheme], chosen: &str) -> [Vec<SchemeChoice>; 3] {
    let choice = |scheme: MarkingScheme| SchemeChoice {
        explained: explain(&scheme),
        checked: scheme.name == chosen,
        name: scheme.name,
        title: scheme.title,
        source: scheme.source,
    };
    let built_in = MarkingScheme::PRESETS.into_iter().filter_map(MarkingScheme::preset);
    let (second, first) = built_in.map(choice).partition(|choice| choice.name.starts_with('e'));
    [own.iter().cloned().map(choice).collect(), second, first]
}

#[derive(Default)]
struct Errors {
    title: Option<String>,
    start: Option<String>,
    grace: Option<String>,
    rank_a: Option<String>,
    pass: Option<String>,
    offline: Option<String>,
    others: Vec<Wrong>,
}

impl Errors {
    fn of(wrong: Vec<Wrong>) -> Self {
        let mut errors = Self::default();
        for w in wrong {
            match w.place.as_str() {
                "titre" => errors.title = Some(w.message),
                "départ" => errors.start = Some(w.message),
                "délai de grâce" => errors.grace = Some(w.message),
                "seuil de rang A" => errors.rank_a = Some(w.message),
                "avance hors ligne" => errors.offline = Some(w.message),
                "seuil global" => errors.pass = Some(w.message),
                _ => errors.others.push(w),
            }
        }
        errors
    }
}

#[derive(Template)]
#[template(path = "committee/settings.html")]
struct SettingsPage {
    page: Layout,
    head: Option<Head>,
    action: String,
    back: String,
    form: Settings,
    grace: String,
    faults: usize,
    errors: Errors,
    own_schemes: Vec<SchemeChoice>,
    second_cycle: Vec<SchemeChoice>,
    first_cycle: Vec<SchemeChoice>,
    first_cycle_open: bool,
}

impl SettingsPage {
    fn new(
        page: Layout,
        head: Option<Head>,
        own: &[MarkingScheme],
        form: Settings,
        grace: String,
        wrong: Vec<Wrong>,
    ) -> Self {
        let [own_schemes, second_cycle, first_cycle] = scheme_choices(own, &form.scheme);
        let (action, back) = match &head {
            Some(head) => (format!("/examens/{}/reglages", head.id), format!("/examens/{}", head.id)),
            None => ("/examens/nouveau".into(), "/examens".into()),
        };
        let title = match &head {
            Some(head) => format!("Réglages – {}", head.title),
            None => "Nouvel examen".into(),
        };
        Self {
            page: page.titled(title),
            head,
            action,
            back,
            first_cycle_open: first_cycle.iter().any(|c| c.checked),
            form,
            grace,
            faults: wrong.len(),
            errors: Errors::of(wrong),
            own_schemes,
            second_cycle,
            first_cycle,
        }
    }
}

/// Settings as a form sends them, with what was typed for the grace and whether it is a number.
fn settings_of(fields: &Fields) -> (Settings, String, Option<Wrong>) {
    let typed = fields.get("grace_seconds").trim().to_owned();
    let grace = typed.parse::<u32>();
    let wrong = grace.is_err().then(|| Wrong {
        place: "délai de grâce".into(),
        message: "Écrivez un nombre entier de secondes, de 0 à 600.".into(),
    });
    let text = |name: &str| fields.get(name).trim().to_owned();
    let settings = Settings {
        title: text("title"),
        start_mode: text("start_mode"),
        grace_seconds: grace.unwrap_or(0),
        instructions: fields.get("instructions").replace("\r\n", "\n"),
        scheme: text("scheme"),
        rank_a_filter: text("rank_a_filter"),
        rank_a_threshold: text("rank_a_threshold"),
        pass_threshold: text("pass_threshold"),
        offline_parts: match text("offline") {
            choice if choice == "some" => text("offline_parts"),
            choice => choice,
        },
    };
    (settings, typed, wrong)
}

fn own(paper: &Paper) -> Vec<MarkingScheme> {
    paper.schemes.values().cloned().collect()
}

/// The form for a new exam.
pub async fn new_page(_: State<App>, page: Layout) -> ApiResult<Response> {
    let form = Settings {
        title: String::new(),
        start_mode: "common".into(),
        grace_seconds: 10,
        instructions: String::new(),
        scheme: "edn".into(),
        rank_a_filter: "knowledge".into(),
        rank_a_threshold: "14".into(),
        pass_threshold: String::new(),
        offline_parts: "1".into(),
    };
    web::page(&SettingsPage::new(page, None, &[], form, "10".into(), Vec::new()))
}

/// Creates an exam.
pub async fn create(State(app): State<App>, actor: Actor, page: Layout, RawForm(body): RawForm) -> ApiResult<Response> {
    let (settings, typed, wrong) = settings_of(&Fields::read(&body));
    if let Some(wrong) = wrong {
        return again(&SettingsPage::new(page, None, &[], settings, typed, vec![wrong]));
    }
    match draft::create(&app, &actor, &settings).await {
        Ok(id) => Ok(web::go(&format!("/examens/{id}/sujet"), "Examen créé. Composez maintenant son sujet.")),
        Err(ApiError::Invalid { wrong, .. }) => again(&SettingsPage::new(page, None, &[], settings, typed, wrong)),
        Err(error) => Err(error),
    }
}

/// Settings of an exam.
pub async fn settings_page(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    page: Layout,
) -> ApiResult<Response> {
    let exam = draft::exam(&app, &id).await?;
    let paper = draft::paper(&app, &id).await?;
    let form = Settings::of(&exam, &paper);
    let head = head(&app, &actor, &exam, At::Paper).await?.under("Réglages");
    if exam.state != "draft" {
        return Err(ApiError::Conflict("Le sujet est figé\u{a0}: les réglages ne changent plus.".into()));
    }
    let grace = form.grace_seconds.to_string();
    web::page(&SettingsPage::new(page, Some(head), &own(&paper), form, grace, Vec::new()))
}

/// Changes the settings of an exam.
pub async fn set_settings(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    page: Layout,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let exam = draft::exam(&app, &id).await?;
    let paper = draft::paper(&app, &id).await?;
    let head = head(&app, &actor, &exam, At::Paper).await?.under("Réglages");
    let (settings, typed, wrong) = settings_of(&Fields::read(&body));
    if let Some(wrong) = wrong {
        return again(&SettingsPage::new(page, Some(head), &own(&paper), settings, typed, vec![wrong]));
    }
    match draft::set_settings(&app, &id, &settings).await {
        Ok(()) => Ok(web::go(&format!("/examens/{id}"), "Réglages enregistrés.")),
        Err(ApiError::Invalid { wrong, .. }) => {
            again(&SettingsPage::new(page, Some(head), &own(&paper), settings, typed, wrong))
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_explained_in_french() {
        let own = MarkingScheme { name: "maison".into(), ..MarkingScheme::preset("v1").unwrap() };
        let [own, second, first] = scheme_choices(&[own], "v2");
        assert_eq!(own[0].name, "maison");
        assert_eq!(second.len() + first.len(), MarkingScheme::PRESETS.len());
        assert!(second.iter().chain(&first).all(|c| !c.explained.is_empty() && !c.title.is_empty()));
        assert!(first.iter().any(|c| c.checked && c.name == "v2"));
        assert!(second[0].explained.contains("1\u{202f}; 0,5\u{202f}; 0,2 puis 0"), "{}", second[0].explained);
    }
}
