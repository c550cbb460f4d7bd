//! A form sent back as it came changes nothing.

use super::*;
use crate::bank::draft::blank::Wanted;
use crate::bank::draft::read;
use crate::web::bank::editor::form;

/// Names and values of the fields of a page, as a browser without script sends them.
fn sent(html: &str) -> Vec<(String, String)> {
    // What is in a template is not sent.
    let mut live = String::new();
    let mut depth = 0_usize;
    let mut rest = html;
    while let Some(at) = rest.find("<template").into_iter().chain(rest.find("</template>")).min() {
        if depth == 0 {
            live.push_str(&rest[..at]);
        }
        depth = if rest[at..].starts_with("</") { depth.saturating_sub(1) } else { depth + 1 };
        rest = &rest[at + 2..];
    }
    live.push_str(rest);
    let unescape = |t: &str| {
        t.replace("&#60;", "<").replace("&#62;", ">").replace("&#34;", "\"").replace("&#39;", "'").replace("&#38;", "&")
    };
    let attribute = |tag: &str, name: &str| {
        let from = tag.find(&format!(" {name}=\""))? + name.len() + 3;
        Some(unescape(&tag[from..from + tag[from..].find('"')?]))
    };
    let mut fields = Vec::new();
    for (at, _) in live.match_indices('<') {
        let tag = &live[at..at + live[at..].find('>').unwrap_or(0)];
        let Some(name) = attribute(tag, "name") else { continue };
        let after = &live[at + tag.len() + 1..];
        if tag.starts_with("<input") && !tag.contains("type=\"file\"") {
            fields.push((name, attribute(tag, "value").unwrap_or_default()));
        } else if tag.starts_with("<textarea") {
            let text = &after[..after.find("</textarea>").unwrap_or(0)];
            fields.push((name, unescape(text.strip_prefix('\n').unwrap_or(text))));
        } else if tag.starts_with("<select") {
            let options = &after[..after.find("</select>").unwrap_or(0)];
            let chosen = options.split("<option").find(|o| o.contains(" selected"));
            let first = options.split("<option").nth(1);
            let value = chosen.or(first).and_then(|o| attribute(&format!(" {o}"), "value")).unwrap_or_default();
            fields.push((name, value));
        }
    }
    fields
}

fn back(element: &Element) -> Element {
    let html = fields(element, true).unwrap();
    let (read, told) = read::element(form::tree(&sent(&html))).unwrap_or_else(|e| panic!("{e:?}"));
    assert!(told.is_empty(), "{told:?}");
    read
}

#[test]
fn a_form_sent_back_as_it_came_changes_nothing() {
    let kinds = Kind::ALL.into_iter().map(Wanted::Question).chain(CASES.into_iter().map(Wanted::Case));
    for wanted in kinds {
        let made = blank::element(wanted);
        assert_eq!(back(&made), made, "{wanted:?}");
    }
    for file in ["cases", "images", "questions-1", "questions-2", "first-cycle"] {
        let path = format!("{}/demo/{file}.json", env!("CARGO_MANIFEST_DIR"));
        let bytes = std::fs::read(path).unwrap();
        let reading = docimo_bank::exchange::read(&bytes, "demo.json", None).unwrap();
        assert!(!reading.entries.is_empty());
        for entry in reading.entries {
            assert_eq!(back(&entry.element), entry.element);
        }
    }
}

#[test]
fn percents_are_short_and_exact() {
    for n in 0..1_000 {
        for fraction in [f64::from(n) / 997.0, f64::from(n) / 1_000.0, -f64::from(n) / 31.0] {
            assert_eq!(format!("{}e-2", percent(fraction)).parse::<f64>().unwrap(), fraction);
        }
    }
    assert_eq!(
        (percent(0.125), percent(0.5), percent(0.0), percent(1.0)),
        ("12.5".into(), "50".into(), "0".into(), "100".into())
    );
}

/// What only a file brings (a video, an article as PDF) stays where someone changes the words around it.
#[test]
fn media_that_the_form_does_not_choose_stay() {
    let json = r#"{"case":{"id":"lca","kind":"LCA","title":"T","intro":"","tags":[],
        "article":{"title":"Essai","citation":"NEJM","body":"","pdf":{"file":"h1","pages":8,"description":"Un essai."}},
        "parts":[{"text":"","question":{"id":"q1","kind":"QROC","stem":"?","exact":["x"],
        "video":{"file":"h2","description":"Une marche."}}}]}}"#;
    let element: Element = serde_json::from_str(json).unwrap();
    assert_eq!(back(&element), element);
}
