//! A message shown once on the next page.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, header};
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

/// Will the answer to this show the message, if it is a page?
pub fn is_due(request: &Request) -> bool {
    let apart = ["/static/", "/media/", "/api/"];
    let path = request.uri().path();
    request.method() == Method::GET && !apart.iter().any(|p| path.starts_with(p)) && read(request.headers()).is_some()
}

/// A page that showed its message forgets it.
pub fn shown(response: &mut Response) {
    if response.headers().get(header::CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"text/html")) {
        let value = HeaderValue::from_static("docimo_message=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}
