//! A message shown once on the next page.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

const COOKIE: &str = "docimo_message";

/// Adds a message for the next page.
pub fn with(mut response: Response, message: &str) -> Response {
    let value = format!("{COOKIE}={}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax", super::urlencode(message));
    if let Ok(value) = HeaderValue::from_str(&value) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// The message waiting, if any.
pub fn read(headers: &HeaderMap) -> Option<String> {
    crate::auth::guard::cookie(headers, COOKIE).map(super::urldecode).filter(|m| !m.is_empty())
}

/// Forgets the message.
pub fn clear(response: &mut Response) {
    let value = HeaderValue::from_static("docimo_message=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    response.headers_mut().append(header::SET_COOKIE, value);
}
