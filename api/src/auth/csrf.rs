//! Forms are ours: every write made with a cookie carries the session's own token, in a header, a form
//! field or a part of a multipart body.

use axum::body::Bytes;
use axum::http::{HeaderMap, header};

/// Header that scripts send.
pub const HEADER: &str = "x-csrf-token";
/// Field that forms send.
pub const FIELD: &str = "csrf";

/// Is a write with this body allowed for the session whose token is `expected`?
pub fn passes(headers: &HeaderMap, body: &Bytes, expected: &str) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|v| v.to_str().ok());
    if matches!(site, Some("cross-site" | "same-site")) {
        return false;
    }
    if let Some(sent) = headers.get(HEADER) {
        return same(sent.as_bytes(), expected.as_bytes());
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    if kind.starts_with("application/x-www-form-urlencoded") {
        return field(body, b'&').is_some_and(|sent| same(sent, expected.as_bytes()));
    }
    if kind.starts_with("multipart/form-data") {
        return part(body).is_some_and(|sent| same(sent, expected.as_bytes()));
    }
    false
}

/// The token is hexadecimal: it needs no decoding.
fn field(body: &[u8], separator: u8) -> Option<&[u8]> {
    body.split(|b| *b == separator).find_map(|pair| pair.strip_prefix(b"csrf="))
}

/// Our forms put the token first, so that only the head of the body is looked at.
fn part(body: &[u8]) -> Option<&[u8]> {
    let head = &body[..body.len().min(2000)];
    let name = b"name=\"csrf\"\r\n\r\n";
    let at = head.windows(name.len()).position(|w| w == name)? + name.len();
    let rest = &head[at..];
    let end = rest.windows(2).position(|w| w == b"\r\n")?;
    Some(&rest[..end])
}

fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |diff, (x, y)| diff | (x ^ y)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .filter_map(|(k, v)| Some((k.parse().ok()?, v.parse().ok()?)))
            .collect::<Vec<(header::HeaderName, _)>>()
            .into_iter()
            .collect()
    }

    #[test]
    fn only_our_own_forms_pass() {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        assert!(passes(&headers(&form), &Bytes::from("a=1&csrf=abc"), "abc"));
        assert!(!passes(&headers(&form), &Bytes::from("a=1&csrf=abd"), "abc"));
        assert!(!passes(&headers(&form), &Bytes::from("a=1"), "abc"));
        assert!(passes(&headers(&[(HEADER, "abc")]), &Bytes::new(), "abc"));
        assert!(!passes(&headers(&[(HEADER, "abc"), ("sec-fetch-site", "cross-site")]), &Bytes::new(), "abc"));
        assert!(!passes(&headers(&[("content-type", "application/json")]), &Bytes::from("{}"), "abc"));
        let multipart = "--x\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nabc\r\n--x--";
        assert!(passes(
            &headers(&[("content-type", "multipart/form-data; boundary=x")]),
            &Bytes::from(multipart),
            "abc"
        ));
    }
}
