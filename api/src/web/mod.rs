//! Pages, rendered on the server, in French. Plain forms that work without script; the exam room alone
//! needs it.

pub mod account;
pub mod admin;
pub mod assistance;
pub mod bank;
pub mod chart;
pub mod committee;
pub mod filters;
pub mod flash;
pub mod help;
pub mod home;
pub mod layout;
pub mod plot;
pub mod queue_import;
pub mod referential;
pub mod student;
pub mod supervision;

use crate::error::ApiResult;
use askama::Template;
use axum::response::{Html, IntoResponse, Redirect, Response};

/// Renders a page.
pub fn page(template: &impl Template) -> ApiResult<Response> {
    Ok(Html(template.render()?).into_response())
}

/// Goes to another page of ours after a form, with a message shown once there.
pub fn go(path: &str, message: impl Into<String>) -> Response {
    flash::with(Redirect::to(path).into_response(), &message.into())
}

/// Percent-encodes a text for a query or a cookie.
pub fn urlencode(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// Undoes [`urlencode`].
pub fn urldecode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex =
            (bytes[i] == b'%').then(|| text.get(i + 1..i + 3)).flatten().and_then(|h| u8::from_str_radix(h, 16).ok());
        match hex {
            Some(byte) => {
                out.push(byte);
                i += 3;
            }
            None => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
