//! The JSON interface, version 1, described by OpenAPI from these very functions.

pub mod assembly;
pub mod assistance;
pub mod bank;
pub mod desk;
pub mod doors;
pub mod drafts;
pub mod exams;
pub mod exports;
pub mod folders;
pub(crate) mod french;
pub mod marks;
pub mod panels;
pub mod people;
pub mod referentials;
pub mod room;
pub mod session;
pub mod shapes;
pub mod supervision;

use crate::error::{ApiError, ApiResult};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::de::DeserializeOwned;
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, ResponseBuilder};

/// A JSON body; a fault is told in French with its place.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> ApiResult<Self> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if essence != "application/json" && !essence.ends_with("+json") {
            let what = "Envoyez du JSON, avec l’en-tête content-type: application/json.";
            return Err(ApiError::WrongContent(what.into()));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            let too_large = rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE;
            if too_large {
                ApiError::TooLarge
            } else {
                ApiError::bad("Le corps n’a pas été reçu en entier : recommencez.")
            }
        })?;
        read(&bytes).map(Self)
    }
}

/// Reads JSON; a fault is told in French with its place.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> ApiResult<T> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() {
            let place = if path == "." { "corps".to_owned() } else { path };
            ApiError::wrong(place, french::data(&inner.to_string()))
        } else {
            ApiError::bad(french::syntax(&inner))
        }
    })?;
    reader.end().map_err(|error| ApiError::bad(french::syntax(&error)))?;
    Ok(value)
}

/// The description of the interface.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Docimo",
        description = "Examens en ligne des études de santé. Les erreurs suivent la RFC 9457 (application/problem+json). \
                       S’identifier : POST /api/v1/session, puis en-tête `Authorization: Bearer <token>`.",
        license(name = "EUPL-1.2")
    ),
    paths(
        session::open, session::show, session::close, session::change_password,
        room::my_exams, room::enter, room::my_correction, room::show, room::browser, room::start, room::open_stream, room::save, room::clock,
        room::paper, room::keys, room::presence, room::events, supervision::own_break,
        supervision::monitor, supervision::stop, supervision::resume, supervision::give_time, supervision::time_given,
        supervision::decide_time, supervision::move_code, supervision::unlock, supervision::settle, supervision::say,
        supervision::show_day, supervision::set_day, supervision::supervisors, supervision::set_supervisor,
        supervision::site_report, supervision::site_report_csv,
        bank::list, bank::grammar, bank::show, bank::revisions, bank::neighbours, bank::import,
        bank::enemies, bank::declare_enemy, bank::remove_enemy,
        bank::searches, bank::save_search, bank::forget_search, bank::synonyms, bank::set_synonyms,
        desk::step, desk::events, desk::remark, desk::resolve, desk::compare, desk::operations, desk::apply, desk::preview,
        desk::undo, folders::list, folders::add, folders::remove, folders::set_right, folders::units, folders::set_unit,
        folders::add_member, folders::remove_member, folders::journal,
        exports::template, exports::export, exports::preview,
        drafts::list, drafts::start, drafts::show, drafts::save, drafts::look, drafts::media, drafts::publish,
        drafts::decide, drafts::abandon, drafts::tags,
        referentials::list, referentials::coverage_of_items, referentials::item, referentials::show,
        referentials::changes, referentials::import, referentials::waiting, referentials::decide,
        exams::list, exams::create, exams::show, exams::settings, exams::set_settings, exams::paper, exams::set_paper,
        exams::faults, exams::add_section, exams::set_section, exams::remove_section, exams::place_section,
        exams::add_entries, exams::move_element, exams::schemes, exams::set_scheme, exams::remove_scheme,
        assembly::hazards, assembly::answer, assembly::blueprint, assembly::set_blueprint, assembly::effect,
        assembly::start, assembly::assembled, assembly::stop, assembly::take_form, assembly::replacements,
        assembly::replace,
        exams::built_in_schemes, exams::freeze, exams::sites, exams::add_site, exams::remove_site, exams::sittings,
        exams::candidates, exams::import_candidates, exams::remove_candidate, exams::new_code,
        exams::journal, exams::check_receipts, exams::check_receipt,
        exams::events, exams::open, exams::close, exams::reopen, exams::import_queue, exams::finish,
        marks::first_marking, marks::ledger, marks::decide, marks::preview, marks::compare, marks::statistics,
        marks::publish, marks::results, marks::results_csv, marks::results_xlsx, marks::answers, marks::analysis, marks::scenario, marks::equating,
        panels::list, panels::open, panels::show, panels::judgements, panels::say, panels::import, panels::add_judges,
        panels::next_round, panels::close, panels::take_key, panels::standing, panels::keep,
        doors::show, doors::set_browser, doors::set_addresses, doors::refusals, doors::waive,
        assistance::jobs, assistance::add_job, assistance::job, assistance::cancel, assistance::waiting,
        assistance::proposal, assistance::decide, assistance::switches, assistance::set_switch,
        assistance::set_disclosure, assistance::record, assistance::list_incidents, assistance::report, assistance::answer,
        people::list, people::add, people::change, people::new_code,
    ),
    components(schemas(
        crate::error::Problem,
        shapes::ActShape,
        shapes::ResponseShape,
        shapes::PointShape,
        shapes::DecisionShape,
        shapes::OutlineShape,
        crate::exam::sealed::Manifest,
        crate::exam::sealed::pieces::BasePiece,
        crate::exam::sealed::pieces::FurtherPiece
    )),
    modifiers(&Security),
    security(("token" = []), ("cookie" = []))
)]
pub struct Description;

struct Security;

impl utoipa::Modify for Security {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        components.add_security_scheme("token", SecurityScheme::Http(token));
        let cookie = ApiKeyValue::new(crate::auth::guard::COOKIE);
        components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        refusals(openapi);
    }
}

/// Every operation for someone signed in may answer 401 and 403.
fn refusals(openapi: &mut utoipa::openapi::OpenApi) {
    let problem = |what: &str| {
        let schema = utoipa::openapi::Ref::from_schema_name("Problem");
        let content = ContentBuilder::new().schema(Some(schema)).build();
        ResponseBuilder::new().description(what).content("application/problem+json", content).build()
    };
    for item in openapi.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten().filter(|o| o.security.is_none()) {
            for (status, what) in [("401", "not signed in"), ("403", "not this person's to do")] {
                operation.responses.responses.entry(status.to_owned()).or_insert_with(|| problem(what).into());
            }
        }
    }
}

/// The description, as served.
pub async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(Description::openapi())
}
