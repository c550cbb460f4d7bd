//! Doors of an exam: the browser it asks for, addresses of its sites, who was refused, who is let through.

use super::Body;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiResult, Problem};
use crate::exam::doors::address::Client;
use crate::exam::doors::settings::{self, Settings, SettingsForm};
use crate::exam::doors::{self, WaiverForm};
use crate::exam::draft;
use crate::exam::seb::config::Allowed;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use docimo_store::doors::Refusal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Addresses of a site.
#[derive(Serialize, ToSchema)]
pub struct SiteView {
    /// Site.
    site: String,
    /// Ranges, one a line; empty for any address.
    ranges: String,
}

/// The doors of an exam.
#[derive(Serialize, ToSchema)]
pub struct DoorsView {
    /// `off`, `generated`, `uploaded` or `any`.
    mode: &'static str,
    /// What candidates may do, where we make the configuration.
    allowed: Allowed,
    /// Is there a password that leaves the browser?
    has_password: bool,
    /// Browser Exam Keys, one of which is asked for.
    exam_keys: Vec<String>,
    /// The Config Key that is asked for; absent where any configuration will do.
    #[serde(skip_serializing_if = "Option::is_none")]
    config_key: Option<String>,
    /// Where the configuration is; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration: Option<String>,
    /// Sites that have addresses.
    sites: Vec<SiteView>,
}

/// The doors of an exam.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/doors", tag = "exams", params(("exam" = String, Path)),
    responses((status = 200, body = DoorsView), (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn show(State(app): State<App>, client: Client, Path(exam): Path<String>) -> ApiResult<Json<DoorsView>> {
    draft::exam(&app, &exam).await?;
    let found = settings::of(&app, &exam).await?;
    let config_key = match &found {
        Some(own) => own.wanted(&client.base)?.config_key,
        None => None,
    };
    let mode = found.as_ref().map_or("off", |own| own.mode.code());
    let Settings { allowed, quit_hash, exam_keys, .. } = found.unwrap_or_default();
    let sites = app.store.site_addresses(&exam).await?;
    Ok(Json(DoorsView {
        mode,
        allowed,
        has_password: !quit_hash.is_empty(),
        exam_keys,
        configuration: config_key.is_some().then(|| format!("{}{}", client.base, Settings::path(&exam))),
        config_key,
        sites: sites.into_iter().map(|s| SiteView { site: s.site_id, ranges: s.ranges }).collect(),
    }))
}

/// Decides which browser an exam asks for.
#[utoipa::path(put, path = "/api/v1/exams/{exam}/doors/browser", tag = "exams", params(("exam" = String, Path)),
    request_body = SettingsForm,
    responses((status = 204), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn set_browser(
    State(app): State<App>,
    actor: Actor,
    Path(exam): Path<String>,
    Body(form): Body<SettingsForm>,
) -> ApiResult<StatusCode> {
    settings::set(&app, &actor, &exam, &form).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ranges of addresses.
#[derive(Deserialize, ToSchema)]
pub struct AddressesForm {
    /// `10.1.0.0/16`, `2001:db8::/32` or an address, one a line; empty: any address.
    ranges: String,
}

/// Decides from which addresses a site is entered.
#[utoipa::path(put, path = "/api/v1/exams/{exam}/sites/{site}/addresses", tag = "exams",
    params(("exam" = String, Path), ("site" = String, Path)), request_body = AddressesForm,
    responses((status = 204), (status = 422, body = Problem, content_type = "application/problem+json")))]
pub async fn set_addresses(
    State(app): State<App>,
    actor: Actor,
    Path((exam, site)): Path<(String, String)>,
    Body(form): Body<AddressesForm>,
) -> ApiResult<StatusCode> {
    settings::set_addresses(&app, &actor, &exam, &site, &form.ranges).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Someone refused.
#[derive(Serialize, ToSchema)]
pub struct RefusalView {
    /// Candidate number.
    number: String,
    /// Name.
    name: String,
    /// Site.
    site: String,
    /// `browser` or `address`.
    kind: String,
    /// When, the last time, ms since 1970 UTC.
    at_ms: i64,
    /// What was seen, in French.
    detail: String,
    /// How often.
    times: i64,
    /// Were they composing already?
    composing: bool,
    /// Who let them through; absent where nobody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    let_in_by: Option<String>,
}

impl From<Refusal> for RefusalView {
    fn from(r: Refusal) -> Self {
        Self {
            number: r.number,
            name: r.name,
            site: r.site_name,
            kind: r.kind,
            at_ms: r.at_ms,
            detail: r.detail,
            times: r.times,
            composing: r.composing > 0,
            let_in_by: r.waived_by,
        }
    }
}

/// Who was refused at the doors of an exam, the latest first.
#[utoipa::path(get, path = "/api/v1/exams/{exam}/refusals", tag = "exams", params(("exam" = String, Path)),
    responses((status = 200, body = Vec<RefusalView>)))]
pub async fn refusals(
    State(app): State<App>,
    actor: Actor,
    Path(exam): Path<String>,
) -> ApiResult<Json<Vec<RefusalView>>> {
    Ok(Json(doors::refusals(&app, &actor, &exam).await?.into_iter().map(RefusalView::from).collect()))
}

/// Lets a candidate through a door.
#[utoipa::path(post, path = "/api/v1/exams/{exam}/waivers", tag = "exams", params(("exam" = String, Path)),
    request_body = WaiverForm,
    responses((status = 204), (status = 409, body = Problem, content_type = "application/problem+json")))]
pub async fn waive(
    State(app): State<App>,
    actor: Actor,
    Path(exam): Path<String>,
    Body(form): Body<WaiverForm>,
) -> ApiResult<StatusCode> {
    doors::waive(&app, &actor, &exam, &form).await?;
    Ok(StatusCode::NO_CONTENT)
}
