//! Settings of an exam, with each marking scheme explained from its own rule.

use super::{At, Fields, Head, again, head};
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult, Wrong};
use crate::exam::draft::{self, Settings};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::response::Response;
use docimo_engine::Exact;
use docimo_engine::question::Kind;
use docimo_engine::scheme::{BlankPolicy, CohortStep, Formula, MarkingScheme, Rule};

struct SchemeChoice {
    name: &'static str,
    title: String,
    explained: String,
    source: String,
    checked: bool,
}

fn scheme_choices(chosen: &str) -> (Vec<SchemeChoice>, Vec<SchemeChoice>) {
    MarkingScheme::PRESETS
        .into_iter()
        .filter_map(|name| {
            let scheme = MarkingScheme::preset(name)?;
            let explained = explain(&scheme);
            Some(SchemeChoice { name, title: scheme.title, explained, source: scheme.source, checked: name == chosen })
        })
        .partition(|choice| choice.name.starts_with('e'))
}

/// What a scheme does to a question with several true propositions, from its own rule.
fn explain(scheme: &MarkingScheme) -> String {
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
    if rule.floor.is_some() {
        text.push_str("\u{202f}; jamais moins que le plancher");
    }
    if rule.zeroing {
        text.push_str("\u{202f}; zéro si une indispensable manque ou si une inacceptable est cochée");
    }
    text
}

#[derive(Default)]
struct Errors {
    title: Option<String>,
    start: Option<String>,
    grace: Option<String>,
    rank_a: Option<String>,
    pass: Option<String>,
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
    second_cycle: Vec<SchemeChoice>,
    first_cycle: Vec<SchemeChoice>,
    first_cycle_open: bool,
}

impl SettingsPage {
    fn new(page: Layout, head: Option<Head>, form: Settings, grace: String, wrong: Vec<Wrong>) -> Self {
        let (second_cycle, first_cycle) = scheme_choices(&form.scheme);
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
    };
    (settings, typed, wrong)
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
    };
    web::page(&SettingsPage::new(page, None, form, "10".into(), Vec::new()))
}

/// Creates an exam.
pub async fn create(State(app): State<App>, actor: Actor, page: Layout, RawForm(body): RawForm) -> ApiResult<Response> {
    let (settings, typed, wrong) = settings_of(&Fields::read(&body));
    if let Some(wrong) = wrong {
        return again(&SettingsPage::new(page, None, settings, typed, vec![wrong]));
    }
    match draft::create(&app, &actor, &settings).await {
        Ok(id) => Ok(web::go(&format!("/examens/{id}/sujet"), "Examen créé. Composez maintenant son sujet.")),
        Err(ApiError::Invalid { wrong, .. }) => again(&SettingsPage::new(page, None, settings, typed, wrong)),
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
    let form = Settings::of(&exam, &draft::paper(&app, &id).await?);
    let head = head(&app, &actor, &exam, At::Paper).await?.under("Réglages");
    if exam.state != "draft" {
        return Err(ApiError::Conflict("Le sujet est figé\u{a0}: les réglages ne changent plus.".into()));
    }
    let grace = form.grace_seconds.to_string();
    web::page(&SettingsPage::new(page, Some(head), form, grace, Vec::new()))
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
    let head = head(&app, &actor, &exam, At::Paper).await?.under("Réglages");
    let (settings, typed, wrong) = settings_of(&Fields::read(&body));
    if let Some(wrong) = wrong {
        return again(&SettingsPage::new(page, Some(head), settings, typed, vec![wrong]));
    }
    match draft::set_settings(&app, &id, &settings).await {
        Ok(()) => Ok(web::go(&format!("/examens/{id}"), "Réglages enregistrés.")),
        Err(ApiError::Invalid { wrong, .. }) => again(&SettingsPage::new(page, Some(head), settings, typed, wrong)),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_explained_in_french() {
        let (second, first) = scheme_choices("v2");
        assert_eq!(second.len() + first.len(), MarkingScheme::PRESETS.len());
        assert!(second.iter().chain(&first).all(|c| !c.explained.is_empty() && !c.title.is_empty()));
        assert!(first.iter().any(|c| c.checked && c.name == "v2"));
        assert!(second[0].explained.contains("1\u{202f}; 0,5\u{202f}; 0,2 puis 0"), "{}", second[0].explained);
    }
}
