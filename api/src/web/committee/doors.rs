//! Doors of an exam: the browser it asks for and the addresses of its sites; who was refused, and letting them through.

use super::{At, Fields, Head, again, head, is_committee};
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult, Wrong};
use crate::exam::doors::address::Client;
use crate::exam::doors::settings::{self, Settings, SettingsForm};
use crate::exam::doors::{self, WaiverForm};
use crate::exam::draft;
use crate::exam::seb::config::Allowed;
use crate::web::filters::date_time;
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::multipart::Multipart;
use axum::extract::{Path, Query, RawForm, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

struct Choice {
    code: &'static str,
    label: &'static str,
    hint: &'static str,
    chosen: bool,
}

const MODES: [(&str, &str, &str); 4] = [
    ("off", "Aucun", "L’épreuve se passe dans n’importe quel navigateur."),
    (
        "generated",
        "Safe Exam Browser, configuré par Docimo",
        "Le fichier de configuration est fait ici ; sa clé est vérifiée à l’entrée.",
    ),
    (
        "uploaded",
        "Safe Exam Browser, configuré par un fichier",
        "Un fichier .seb en clair, fait avec l’outil de configuration de Safe Exam Browser.",
    ),
    (
        "any",
        "Safe Exam Browser, quelle que soit sa configuration",
        "Seule sa présence est vérifiée, et sa version si des clés sont données plus bas.",
    ),
];

struct Permission {
    name: &'static str,
    label: &'static str,
    given: bool,
}

fn permissions(allowed: Allowed) -> [Permission; 6] {
    let one = |name, label, given| Permission { name, label, given };
    [
        one("quit", "Quitter le navigateur avant la fin (avec le mot de passe, s’il y en a un)", allowed.quit),
        one("reload", "Recharger la page", allowed.reload),
        one("zoom", "Agrandir le texte", allowed.zoom),
        one("spell_check", "Vérifier l’orthographe", allowed.spell_check),
        one("virtual_machine", "Être dans une machine virtuelle", allowed.virtual_machine),
        one("other_sites", "Ouvrir d’autres sites", allowed.other_sites),
    ]
}

struct SiteRow {
    id: String,
    name: String,
    ranges: String,
}

#[derive(Template)]
#[template(path = "committee/doors.html")]
struct DoorsPage {
    page: Layout,
    head: Head,
    modes: Vec<Choice>,
    permissions: [Permission; 6],
    has_password: bool,
    has_file: bool,
    keys: String,
    config_key: Option<String>,
    download: String,
    launch: String,
    base: String,
    /// Is our public address configured?
    known: bool,
    sites: Vec<SiteRow>,
    wrong: Vec<Wrong>,
    over: bool,
}

/// What was typed, where it is shown again with its faults.
#[derive(Default)]
struct Typed {
    form: Option<SettingsForm>,
    /// Site, its ranges.
    addresses: Option<(String, String)>,
    wrong: Vec<Wrong>,
}

async fn page_of(
    app: &App,
    actor: &Actor,
    client: &Client,
    id: &str,
    page: Layout,
    typed: Typed,
) -> ApiResult<DoorsPage> {
    let exam = draft::exam(app, id).await?;
    let head = head(app, actor, &exam, At::Sites)
        .await?
        .under("Navigateur et adresses")
        .lead("Dans quel navigateur, et d’où, les candidats entrent dans cet examen.");
    let kept = settings::of(app, id).await?;
    let config_key = match &kept {
        Some(own) => own.wanted(&client.base)?.config_key,
        None => None,
    };
    let mode = match (&typed.form, &kept) {
        (Some(form), _) => form.mode.clone(),
        (None, Some(own)) => own.mode.code().to_owned(),
        (None, None) => "off".to_owned(),
    };
    let own = kept.unwrap_or_default();
    let launch = own.launch(&client.base, id).unwrap_or_default();
    let Settings { allowed, quit_hash, exam_keys, file, .. } = own;
    let ranges = app.store.site_addresses(id).await?;
    let sites = app.store.sites(id).await?.into_iter().map(|site| {
        let typed = typed.addresses.as_ref().filter(|(own, _)| *own == site.id).map(|(_, ranges)| ranges.clone());
        let kept = || ranges.iter().find(|r| r.site_id == site.id).map(|r| r.ranges.clone());
        SiteRow { ranges: typed.or_else(kept).unwrap_or_default(), id: site.id, name: site.name }
    });
    Ok(DoorsPage {
        page: page.titled(head.document()),
        head,
        modes: MODES.iter().map(|(code, label, hint)| Choice { code, label, hint, chosen: *code == mode }).collect(),
        permissions: permissions(typed.form.as_ref().map_or(allowed, |form| form.allowed)),
        has_password: !quit_hash.is_empty(),
        has_file: !file.is_empty(),
        keys: typed.form.as_ref().map_or_else(|| exam_keys.join("\n"), |form| form.exam_keys.clone()),
        config_key,
        launch,
        download: Settings::path(id),
        known: app.network().public_url.is_some(),
        base: client.base.clone(),
        sites: sites.collect(),
        wrong: typed.wrong,
        over: matches!(exam.state.as_str(), "closed" | "marked" | "published"),
    })
}

/// The settings of the doors.
pub async fn doors_page(
    State(app): State<App>,
    actor: Actor,
    client: Client,
    Path(id): Path<String>,
    page: Layout,
) -> ApiResult<Response> {
    web::page(&page_of(&app, &actor, &client, &id, page, Typed::default()).await?)
}

/// Decides which browser is asked for.
pub async fn set_browser(
    State(app): State<App>,
    actor: Actor,
    client: Client,
    Path(id): Path<String>,
    page: Layout,
    mut form: Multipart,
) -> ApiResult<Response> {
    let unreadable = |_| ApiError::bad("Le formulaire reçu est incomplet. Recommencez.");
    let mut asked = SettingsForm::default();
    let mut wrong = Vec::new();
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "fichier" {
            let bytes = field.bytes().await.map_err(unreadable)?;
            match String::from_utf8(bytes.to_vec()) {
                Ok(text) => asked.file = text,
                Err(_) => wrong.push(Wrong {
                    place: "fichier .seb".into(),
                    message: format!("{}.", crate::exam::seb::plist::PlistError::NotXml),
                }),
            }
            continue;
        }
        let text = field.text().await.map_err(unreadable)?;
        match name.as_str() {
            "mode" => asked.mode = text,
            "mot_de_passe" => asked.quit_password = text,
            "sans_mot_de_passe" => asked.no_password = true,
            "cles" => asked.exam_keys = text,
            "quit" => asked.allowed.quit = true,
            "reload" => asked.allowed.reload = true,
            "zoom" => asked.allowed.zoom = true,
            "spell_check" => asked.allowed.spell_check = true,
            "virtual_machine" => asked.allowed.virtual_machine = true,
            "other_sites" => asked.allowed.other_sites = true,
            _ => {}
        }
    }
    let done = if wrong.is_empty() {
        settings::set(&app, &actor, &id, &asked).await
    } else {
        Err(ApiError::Invalid { title: String::new(), wrong })
    };
    match done {
        Ok(()) => Ok(web::go(&format!("/examens/{id}/navigateur"), "Réglage du navigateur enregistré.")),
        Err(ApiError::Invalid { wrong, .. }) => {
            let typed = Typed { form: Some(asked), wrong, ..Typed::default() };
            again(&page_of(&app, &actor, &client, &id, page, typed).await?)
        }
        Err(error) => Err(error),
    }
}

/// Decides from which addresses a site is entered.
pub async fn set_addresses(
    State(app): State<App>,
    actor: Actor,
    client: Client,
    Path(id): Path<String>,
    page: Layout,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let (site, ranges) = (fields.get("centre").to_owned(), fields.get("plages").to_owned());
    match settings::set_addresses(&app, &actor, &id, &site, &ranges).await {
        Ok(()) => Ok(web::go(&format!("/examens/{id}/navigateur"), "Adresses du centre enregistrées.")),
        Err(ApiError::Invalid { wrong, .. }) => {
            let typed = Typed { addresses: Some((site, ranges)), wrong, ..Typed::default() };
            again(&page_of(&app, &actor, &client, &id, page, typed).await?)
        }
        Err(error) => Err(error),
    }
}

/// The configuration of an exam, for Safe Exam Browser to open.
pub async fn configuration(
    State(app): State<App>,
    client: Client,
    Path((id, _)): Path<(String, String)>,
) -> ApiResult<Response> {
    let found = settings::of(&app, &id).await?.ok_or(ApiError::NotFound)?;
    let file = found.configuration(&client.base)?.ok_or(ApiError::NotFound)?.file;
    let kind = (header::CONTENT_TYPE, "application/seb");
    let name = (header::CONTENT_DISPOSITION, "attachment; filename=\"docimo.seb\"");
    Ok(([kind, name], file).into_response())
}

struct RefusalRow {
    number: String,
    name: String,
    site: String,
    kind: &'static str,
    /// To the form that lets them in.
    href: String,
    detail: String,
    times: i64,
    composing: bool,
    at: String,
    let_in: String,
}

#[derive(Template)]
#[template(path = "committee/refusals.html")]
struct RefusalsPage {
    page: Layout,
    head: Head,
    rows: Vec<RefusalRow>,
    number: String,
    browser: bool,
    committee: bool,
}

/// Whom the form is about.
#[derive(Default, Deserialize)]
pub struct RefusalQuery {
    #[serde(default)]
    candidat: String,
    #[serde(default)]
    porte: String,
}

/// Who was refused, and the form that lets them through.
pub async fn refusals_page(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    Query(query): Query<RefusalQuery>,
    page: Layout,
) -> ApiResult<Response> {
    let exam = draft::exam(&app, &id).await?;
    let head = head(&app, &actor, &exam, At::Watch)
        .await?
        .under("Entrées refusées")
        .lead("Qui n’a pas pu entrer, et qui est entré par décision. Ce qu’ils ont enregistré est gardé.");
    let row = |r: docimo_store::doors::Refusal| RefusalRow {
        kind: if r.kind == "browser" { "Navigateur" } else { "Adresse" },
        href: format!("/examens/{id}/acces?candidat={}&porte={}#laisser", web::urlencode(&r.number), r.kind),
        number: r.number,
        name: r.name,
        site: r.site_name,
        detail: r.detail,
        times: r.times,
        composing: r.composing > 0,
        at: date_time(r.at_ms),
        let_in: match (r.waived_by, r.waived_ms, r.reason) {
            (Some(by), Some(at), Some(reason)) => format!("{by}, le {} : {reason}", date_time(at)),
            _ => String::new(),
        },
    };
    web::page(&RefusalsPage {
        page: page.titled(head.document()),
        committee: is_committee(&actor),
        rows: doors::refusals(&app, &actor, &id).await?.into_iter().map(row).collect(),
        number: query.candidat,
        browser: query.porte != "address",
        head,
    })
}

/// Lets a candidate through.
pub async fn waive(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let text = |name: &str| fields.get(name).to_owned();
    let form = WaiverForm { number: text("candidat"), kind: text("porte"), reason: text("reason") };
    doors::waive(&app, &actor, &id, &form).await?;
    let message = "Ce candidat peut entrer : sa page s’ouvre d’elle-même, ou en la rechargeant.";
    Ok(web::go(&format!("/examens/{id}/acces"), message))
}
