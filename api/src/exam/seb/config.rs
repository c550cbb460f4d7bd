//! The Config Key of a configuration ("SEB-JSON", as safeexambrowser.org/developer/seb-config-key.html defines it), and
//! the configuration that we make for an exam.

use super::plist::Value;
use crate::ambient::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// The program that wrote the file: not one of its settings.
const ORIGINATOR: &str = "originatorVersion";

/// The Config Key: 64 hexadecimal digits, in lower case.
pub fn config_key(pairs: &[(String, Value)]) -> String {
    hex(&Sha256::digest(seb_json(pairs).as_bytes()))
}

/// JSON without blanks, keys in order whatever their case, empty dictionaries left out.
pub fn seb_json(pairs: &[(String, Value)]) -> String {
    let mut out = String::new();
    dict(&mut out, pairs.iter().filter(|(name, _)| !name.eq_ignore_ascii_case(ORIGINATOR)));
    out
}

fn is_empty(value: &Value) -> bool {
    matches!(value, Value::Dict(pairs) if pairs.iter().all(|(_, value)| is_empty(value)))
}

fn dict<'a>(out: &mut String, pairs: impl Iterator<Item = &'a (String, Value)>) {
    let mut kept: Vec<&(String, Value)> = pairs.filter(|(_, value)| !is_empty(value)).collect();
    // Where only the case differs, lower case comes first, as in the Unicode collation.
    kept.sort_by_cached_key(|(name, _)| {
        let swapped: String = name.chars().map(|c| if c.is_lowercase() { '0' } else { '1' }).collect();
        (name.to_lowercase(), swapped)
    });
    out.push('{');
    for (i, (name, value)) in kept.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        text(out, name);
        out.push(':');
        one(out, value);
    }
    out.push('}');
}

/// Nothing is escaped but the quotation mark: a backslash stays single.
fn text(out: &mut String, text: &str) {
    out.push('"');
    out.push_str(&text.replace('"', "\\\""));
    out.push('"');
}

fn one(out: &mut String, value: &Value) {
    match value {
        Value::Text(own) | Value::Date(own) | Value::Data(own) => text(out, own),
        Value::Number(own) => out.push_str(own),
        Value::Bool(own) => out.push_str(if *own { "true" } else { "false" }),
        Value::Array(list) => {
            out.push('[');
            for (i, value) in list.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                one(out, value);
            }
            out.push(']');
        }
        Value::Dict(pairs) => dict(out, pairs.iter()),
    }
}

/// What candidates may do in the browser that we configure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Allowed {
    /// Leave it before the end, with the password if there is one.
    pub quit: bool,
    /// Load the page again.
    pub reload: bool,
    /// Make the text larger.
    pub zoom: bool,
    /// Have their spelling checked.
    pub spell_check: bool,
    /// Run it inside a virtual machine.
    pub virtual_machine: bool,
    /// Open other sites than this one.
    pub other_sites: bool,
}

/// The configuration of an exam: `base` is our public address, without a slash at its end; `quit_hash` the hash of the
/// password that leaves the browser, empty without one.
pub fn generated(base: &str, allowed: Allowed, quit_hash: &str) -> Vec<(String, Value)> {
    let yes = |name: &str, value: bool| (name.to_owned(), Value::Bool(value));
    let words = |name: &str, value: String| (name.to_owned(), Value::Text(value));
    let mut pairs = vec![
        words("startURL", format!("{base}/mes-examens")),
        yes("sendBrowserExamKey", true),
        // The modern view, where pages can read the keys.
        ("browserWindowWebView".to_owned(), Value::Number("3".into())),
        yes("allowQuit", allowed.quit),
        yes("browserWindowAllowReload", allowed.reload),
        yes("enableZoomPage", allowed.zoom),
        yes("allowSpellCheck", allowed.spell_check),
        yes("allowVirtualMachine", allowed.virtual_machine),
        yes("URLFilterEnable", !allowed.other_sites),
    ];
    if !quit_hash.is_empty() {
        pairs.push(words("hashedQuitPassword", quit_hash.to_owned()));
    }
    if !allowed.other_sites {
        let host = base.split_once("://").map_or(base, |(_, host)| host);
        let rule = vec![
            ("action".to_owned(), Value::Number("1".into())),
            yes("active", true),
            words("expression", format!("{host}/*")),
            yes("regex", false),
        ];
        pairs.push(("URLFilterRules".to_owned(), Value::Array(vec![Value::Dict(rule)])));
    }
    pairs
}

/// The hash under which a configuration keeps a password.
pub fn password_hash(password: &str) -> String {
    hex(&Sha256::digest(password.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::super::plist;
    use super::*;

    fn json(inside: &str) -> String {
        seb_json(&plist::read(format!("<plist version=\"1.0\"><dict>{inside}</dict></plist>").as_bytes()).unwrap())
    }

    #[test]
    fn json_has_the_order_and_the_letters_of_its_definition() {
        for (inside, expected) in [
            ("", "{}"),
            // Whatever the case: not the order of ASCII; where that alone differs, lower case first.
            (
                "<key>b</key><true/><key>A</key><false/><key>C</key><integer>-2</integer>",
                r#"{"A":false,"b":true,"C":-2}"#,
            ),
            ("<key>allowWLAN</key><true/><key>allowWlan</key><false/>", r#"{"allowWlan":false,"allowWLAN":true}"#),
            ("<key>originatorVersion</key><string>SEB_Win_1</string><key>a</key><string/>", r#"{"a":""}"#),
            // Empty dictionaries go, empty lists stay.
            ("<key>d</key><dict/><key>l</key><array/><key>e</key><dict><key>f</key><dict/></dict>", r#"{"l":[]}"#),
            // No escaping: a backslash stays single, a slash too; accents are themselves.
            (r"<key>r</key><string>.*\.example\.fr/é</string>", r#"{"r":".*\.example\.fr/é"}"#),
            (
                "<key>x</key><data> AA\n EC </data><key>y</key><date>2026-01-02T03:04:05Z</date>",
                r#"{"x":"AAEC","y":"2026-01-02T03:04:05Z"}"#,
            ),
            (
                "<key>z</key><array><dict><key>B</key><real>1.5</real><key>a</key><true/></dict><dict/></array>",
                r#"{"z":[{"a":true,"B":1.5},{}]}"#,
            ),
        ] {
            assert_eq!(json(inside), expected, "{inside}");
        }
    }

    #[test]
    fn the_key_is_the_hash_of_that_json() {
        // The hash of "{}", never of "[]", which is another program's answer for no configuration.
        assert_eq!(config_key(&[]), "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
        assert_eq!(hex(&Sha256::digest(b"[]")), "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945");
    }

    #[test]
    fn our_configuration_comes_back_with_the_same_key() {
        let made =
            generated("https://exam.example.fr", Allowed { reload: true, ..Allowed::default() }, &password_hash("x"));
        let read = plist::read(plist::write(&made).as_bytes()).unwrap();
        assert_eq!(config_key(&read), config_key(&made));
        assert_eq!(plist::get(&read, "startURL"), Some(&Value::Text("https://exam.example.fr/mes-examens".into())));
        let other = generated("https://exam.example.fr", Allowed::default(), &password_hash("x"));
        assert_ne!(config_key(&other), config_key(&made));
        assert!(seb_json(&made).contains(r#""expression":"exam.example.fr/*""#));
    }
}
