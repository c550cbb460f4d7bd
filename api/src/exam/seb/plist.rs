//! Property lists in XML, which Safe Exam Browser keeps its settings in: read within bounds, without any entity but
//! XML's own, and written.

use quick_xml::escape::{escape, resolve_xml_entity};
use quick_xml::events::Event;
use quick_xml::reader::Reader;
use thiserror::Error;

/// Longest file, in bytes.
pub const LONGEST: usize = 1024 * 1024;
/// Deepest value, and most values, of a file.
const DEEPEST: usize = 32;
const MOST: usize = 50_000;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text.
    Text(String),
    /// A whole number or a real one, as it is written.
    Number(String),
    /// True or false.
    Bool(bool),
    /// A date, ISO 8601, as it is written.
    Date(String),
    /// Bytes in base 64, without blanks.
    Data(String),
    /// A list.
    Array(Vec<Self>),
    /// Names and values, in file order.
    Dict(Vec<(String, Self)>),
}

/// Why a file is not taken. Places are bytes from the start.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlistError {
    /// Too long.
    #[error("fichier de plus de {} Kio", LONGEST / 1024)]
    TooLong,
    /// Encrypted, compressed or binary: nothing can be read of it.
    #[error(
        "ce fichier est chiffré, compressé ou n’est pas du XML : enregistrez-le sans mot de passe, comme fichier XML en clair"
    )]
    NotXml,
    /// Not XML, or not a property list.
    #[error("octet {at} : {what}")]
    Bad {
        /// Where.
        at: u64,
        /// What, in French.
        what: String,
    },
}

/// A level that is open.
enum Open {
    Root,
    Array(Vec<Value>),
    Dict(Vec<(String, Value)>, Option<String>),
}

/// Reads a file whose value must be a dictionary.
pub fn read(bytes: &[u8]) -> Result<Vec<(String, Value)>, PlistError> {
    if bytes.len() > LONGEST {
        return Err(PlistError::TooLong);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| PlistError::NotXml)?.trim_start_matches('\u{feff}');
    if !text.trim_start().starts_with('<') {
        return Err(PlistError::NotXml);
    }
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut stack = vec![Open::Root];
    let (mut count, mut root): (usize, Option<Value>) = (0, None);
    // The element whose text is being read.
    let mut leaf: Option<(String, String)> = None;
    loop {
        let at = reader.buffer_position();
        let bad = |what: String| PlistError::Bad { at, what };
        let event = reader.read_event().map_err(|_| bad("XML mal formé".into()))?;
        match event {
            Event::Start(start) => {
                let name = String::from_utf8_lossy(start.name().as_ref().as_ref()).into_owned();
                if leaf.is_some() {
                    return Err(bad(format!("<{name}> inattendu dans un texte")));
                }
                count += 1;
                if count > MOST || stack.len() > DEEPEST {
                    return Err(bad("trop de valeurs, ou trop emboîtées".into()));
                }
                match name.as_str() {
                    "plist" if stack.len() == 1 => {}
                    "array" => stack.push(Open::Array(Vec::new())),
                    "dict" => stack.push(Open::Dict(Vec::new(), None)),
                    "key" | "string" | "integer" | "real" | "true" | "false" | "date" | "data" => {
                        leaf = Some((name, String::new()));
                    }
                    other => return Err(bad(format!("<{}> inattendu", other.chars().take(40).collect::<String>()))),
                }
            }
            Event::Text(text) => match &mut leaf {
                Some((_, own)) => own.push_str(&text),
                None if text.trim().is_empty() => {}
                None => return Err(bad("texte hors d’une valeur".into())),
            },
            Event::CData(text) => match &mut leaf {
                Some((_, own)) => own.push_str(&text),
                None => return Err(bad("texte hors d’une valeur".into())),
            },
            Event::GeneralRef(reference) => {
                let resolved = match reference.resolve_char_ref() {
                    Ok(Some(c)) => Some(c.to_string()),
                    Ok(None) => resolve_xml_entity(&reference).map(str::to_owned),
                    Err(_) => None,
                };
                let resolved =
                    resolved.ok_or_else(|| bad("entité inconnue : seules celles de XML sont lues".into()))?;
                match &mut leaf {
                    Some((_, own)) => own.push_str(&resolved),
                    None => return Err(bad("texte hors d’une valeur".into())),
                }
            }
            Event::End(end) => {
                let name = String::from_utf8_lossy(end.name().as_ref().as_ref()).into_owned();
                let value = match leaf.take() {
                    Some((own, text)) if own == "key" => {
                        let Some(Open::Dict(_, key @ None)) = stack.last_mut() else {
                            return Err(bad("<key> hors d’un dictionnaire, ou deux de suite".into()));
                        };
                        *key = Some(text);
                        continue;
                    }
                    Some((own, text)) => leaf_value(&own, text).map_err(bad)?,
                    None => match (name.as_str(), stack.pop()) {
                        ("array", Some(Open::Array(list))) => Value::Array(list),
                        ("dict", Some(Open::Dict(pairs, None))) => Value::Dict(pairs),
                        ("dict", Some(Open::Dict(..))) => return Err(bad("une clé sans valeur".into())),
                        ("plist", Some(Open::Root)) => {
                            stack.push(Open::Root);
                            continue;
                        }
                        _ => return Err(bad("balise fermante inattendue".into())),
                    },
                };
                match stack.last_mut() {
                    Some(Open::Array(list)) => list.push(value),
                    Some(Open::Dict(pairs, key)) => {
                        let key = key.take().ok_or_else(|| bad("une valeur sans clé".into()))?;
                        if pairs.iter().any(|(name, _)| *name == key) {
                            return Err(bad(format!(
                                "la clé « {} » est donnée deux fois",
                                key.chars().take(60).collect::<String>()
                            )));
                        }
                        pairs.push((key, value));
                    }
                    Some(Open::Root) if root.is_none() => root = Some(value),
                    _ => return Err(bad("deux valeurs à la racine".into())),
                }
            }
            Event::DocType(declaration) => {
                if declaration.contains("<!ENTITY") {
                    return Err(bad("le fichier déclare des entités : elles ne sont jamais lues".into()));
                }
            }
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Empty(_) => {}
            Event::Eof => break,
        }
    }
    match root {
        Some(Value::Dict(pairs)) if stack.len() == 1 => Ok(pairs),
        _ => Err(PlistError::Bad { at: bytes.len() as u64, what: "un dictionnaire de réglages est attendu".into() }),
    }
}

fn leaf_value(name: &str, text: String) -> Result<Value, String> {
    let number = |text: &str| {
        let text = text.trim();
        if text.parse::<f64>().is_ok_and(f64::is_finite) {
            Ok(Value::Number(text.to_owned()))
        } else {
            Err(format!("« {} » n’est pas un nombre", text.chars().take(40).collect::<String>()))
        }
    };
    Ok(match name {
        "string" => Value::Text(text),
        "integer" | "real" => number(&text)?,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "date" => Value::Date(text.trim().to_owned()),
        _ => Value::Data(text.split_whitespace().collect()),
    })
}

/// The value of a name at the root.
pub fn get<'a>(pairs: &'a [(String, Value)], name: &str) -> Option<&'a Value> {
    pairs.iter().find(|(own, _)| own == name).map(|(_, value)| value)
}

/// Writes a file.
pub fn write(pairs: &[(String, Value)]) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n",
    );
    dict(&mut out, pairs);
    out.push_str("</plist>\n");
    out
}

fn dict(out: &mut String, pairs: &[(String, Value)]) {
    out.push_str("<dict>\n");
    for (name, value) in pairs {
        out.push_str(&format!("<key>{}</key>", escape(name.as_str())));
        one(out, value);
    }
    out.push_str("</dict>\n");
}

fn one(out: &mut String, value: &Value) {
    match value {
        Value::Text(text) => out.push_str(&format!("<string>{}</string>\n", escape(text.as_str()))),
        Value::Number(text) if text.contains(['.', 'e', 'E']) => out.push_str(&format!("<real>{text}</real>\n")),
        Value::Number(text) => out.push_str(&format!("<integer>{text}</integer>\n")),
        Value::Bool(true) => out.push_str("<true/>\n"),
        Value::Bool(false) => out.push_str("<false/>\n"),
        Value::Date(text) => out.push_str(&format!("<date>{}</date>\n", escape(text.as_str()))),
        Value::Data(text) => out.push_str(&format!("<data>{}</data>\n", escape(text.as_str()))),
        Value::Array(list) => {
            out.push_str("<array>\n");
            list.iter().for_each(|value| one(out, value));
            out.push_str("</array>\n");
        }
        Value::Dict(pairs) => dict(out, pairs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let pairs = vec![
            ("startURL".to_owned(), Value::Text("https://exam.example.fr/a?b=1&c=<d>".into())),
            ("n".to_owned(), Value::Number("3".into())),
            ("x".to_owned(), Value::Number("1.5".into())),
            ("yes".to_owned(), Value::Bool(true)),
            ("when".to_owned(), Value::Date("2026-01-02T03:04:05Z".into())),
            ("bytes".to_owned(), Value::Data("AAEC".into())),
            (
                "list".to_owned(),
                Value::Array(vec![Value::Dict(vec![("a".into(), Value::Bool(false))]), Value::Array(vec![])]),
            ),
            ("none".to_owned(), Value::Dict(vec![])),
        ];
        assert_eq!(read(write(&pairs).as_bytes()).unwrap(), pairs);
    }

    #[test]
    fn nothing_outside_the_file_is_read_and_bounds_hold() {
        let of = |inside: &str| read(format!("<plist version=\"1.0\">{inside}</plist>").as_bytes());
        assert_eq!(
            of("<dict><key>a</key><string>x &amp; &#233;</string></dict>").unwrap()[0].1,
            Value::Text("x & é".into())
        );
        let entity = "<!DOCTYPE p [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><plist><dict><key>a</key><string>&e;</string></dict></plist>";
        assert!(read(entity.as_bytes()).unwrap_err().to_string().contains("entités"));
        assert!(of("<dict><key>a</key><string>&e;</string></dict>").unwrap_err().to_string().contains("entité"));
        for bad in [
            "<array/>",
            "<dict><key>a</key></dict>",
            "<dict><string>a</string></dict>",
            "<dict><key>a</key><integer>x</integer></dict>",
            "<dict><key>a</key><true/><key>a</key><true/></dict>",
            "<dict><unknown/></dict>",
            "<dict/><dict/>",
            "<dict>texte</dict>",
        ] {
            assert!(of(bad).is_err(), "{bad}");
        }
        assert!(of(&format!("<dict><key>a</key>{}{}</dict>", "<array>".repeat(60), "</array>".repeat(60))).is_err());
        assert_eq!(read(b"pswd\x01\x02\xff"), Err(PlistError::NotXml));
        assert_eq!(read(&vec![b'<'; LONGEST + 1]), Err(PlistError::TooLong));
    }
}
