//! The JSON interface, version 1, described by OpenAPI from these very functions.

pub mod bank;
pub mod exams;
pub mod marks;
pub mod people;
pub mod room;
pub mod session;

use crate::error::{ApiError, ApiResult};
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};

/// A JSON body; a fault is told with its place.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> ApiResult<Self> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(JsonRejection::JsonDataError(e)) => Err(ApiError::wrong("corps", e.body_text())),
            Err(JsonRejection::JsonSyntaxError(e)) => Err(ApiError::bad(format!("JSON mal formé : {}", e.body_text()))),
            Err(JsonRejection::MissingJsonContentType(_)) => {
                Err(ApiError::bad("Envoyez du JSON, avec l’en-tête content-type: application/json."))
            }
            Err(other) => Err(ApiError::bad(other.body_text())),
        }
    }
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
        session::open, session::show, session::close,
        room::my_exams, room::enter, room::my_correction, room::show, room::start, room::open_stream, room::save, room::clock,
        bank::list, bank::show, bank::import,
        exams::list, exams::create, exams::show, exams::set_settings, exams::paper, exams::set_paper, exams::add_section,
        exams::add_entries, exams::freeze, exams::sites, exams::add_site, exams::candidates, exams::import_candidates,
        exams::open, exams::close, exams::monitor, exams::give_time, exams::reopen, exams::finish,
        marks::first_marking, marks::ledger, marks::decide, marks::preview, marks::compare, marks::statistics,
        marks::publish, marks::results,
        people::list, people::add, people::change,
    ),
    components(schemas(crate::error::Problem)),
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
    }
}

/// The description, as served.
pub async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(Description::openapi())
}
