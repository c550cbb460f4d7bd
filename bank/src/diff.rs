//! What differs between two revisions of an entry, field by field, in the order in which an author reads them.
//!
//! Propositions are followed by their ids: one that moved, or whose key changed, is told as that and not as a
//! text replaced.

use docimo_engine::paper::{Case, Element};
use docimo_engine::question::{Body, Image, Question};
use std::collections::BTreeMap;

/// A field whose text is not the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where, in French: "Question 2, proposition B".
    pub place: String,
    /// Before; empty where it did not exist.
    pub before: String,
    /// After; empty where it no longer exists.
    pub after: String,
}

/// Fields that differ. Ids that only the machine reads are left out; a paper or an answer names them, nobody
/// else does.
pub fn differences(before: &Element, after: &Element) -> Vec<Difference> {
    let (old, new) = (fields(before), fields(after));
    let old_texts: BTreeMap<&str, &Field> = old.iter().map(|f| (f.key.as_str(), f)).collect();
    let new_keys: BTreeMap<&str, &Field> = new.iter().map(|f| (f.key.as_str(), f)).collect();
    let mut found = Vec::new();
    for field in &new {
        let was = old_texts.get(field.key.as_str()).map_or("", |f| f.text.as_str());
        if was != field.text {
            found.push(Difference { place: field.place.clone(), before: was.to_owned(), after: field.text.clone() });
        }
    }
    for field in old.iter().filter(|f| !new_keys.contains_key(f.key.as_str()) && !f.text.is_empty()) {
        let place = format!("{} (retirée)", field.place);
        found.push(Difference { place, before: field.text.clone(), after: String::new() });
    }
    found
}

struct Field {
    /// The same in both revisions for what is the same thing.
    key: String,
    place: String,
    text: String,
}

fn fields(element: &Element) -> Vec<Field> {
    let mut out = Vec::new();
    match element {
        Element::Question(question) => of_question(question, "", "", &mut out),
        Element::Case(case) => of_case(case, &mut out),
    }
    out
}

fn push(out: &mut Vec<Field>, key: String, place: String, text: String) {
    out.push(Field { key, place, text });
}

fn of_case(case: &Case, out: &mut Vec<Field>) {
    push(out, "kind".into(), "Type de dossier".into(), case.kind.french().into());
    push(out, "title".into(), "Titre".into(), case.title.clone());
    push(out, "intro".into(), "Énoncé du dossier".into(), case.intro.clone());
    push(out, "image".into(), "Image du dossier".into(), image(case.image.as_ref()));
    if let Some(article) = &case.article {
        push(out, "article/title".into(), "Titre de l’article".into(), article.title.clone());
        push(out, "article/citation".into(), "Référence de l’article".into(), article.citation.clone());
        push(out, "article/body".into(), "Article".into(), article.body.clone());
        if let Some(pdf) = &article.pdf {
            push(out, "article/pdf".into(), "PDF de l’article".into(), described(&pdf.file, &pdf.description));
        }
    }
    push(out, "tags".into(), "Étiquettes du dossier".into(), case.tags.join(" "));
    let order: Vec<&str> = case.parts.iter().map(|p| p.question.id.as_str()).collect();
    push(out, "order".into(), "Ordre des questions".into(), order.join(", "));
    for (i, part) in case.parts.iter().enumerate() {
        let (key, place) = (format!("{}/", part.question.id), format!("Question {}, ", i + 1));
        push(out, format!("{key}text"), format!("{place}élément nouveau"), part.text.clone());
        of_question(&part.question, &key, &place, out);
    }
}

fn image(image: Option<&Image>) -> String {
    image.map_or_else(String::new, |i| described(&i.file, &i.alt))
}

fn described(file: &str, words: &str) -> String {
    format!("{file} : {words}")
}

/// A place with its first letter in capital, where nothing comes before it.
fn named(before: &str, name: &str) -> String {
    if before.is_empty() {
        let mut letters = name.chars();
        letters.next().map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
    } else {
        format!("{before}{name}")
    }
}

fn of_question(question: &Question, key: &str, place: &str, out: &mut Vec<Field>) {
    let mut add = |name: &str, french: &str, text: String| {
        push(out, format!("{key}{name}"), named(place, french), text);
    };
    add("kind", "type", question.kind().french().to_owned());
    add("stem", "énoncé", question.stem.clone());
    add("image", "image", image(question.image.as_ref()));
    if let Some(video) = &question.video {
        add("video", "vidéo", described(&video.file, &video.description));
    }
    if let Some(expected) = question.body.expected() {
        add("expected", "nombre attendu", expected.to_string());
    }
    let propositions = question.body.propositions();
    if !propositions.is_empty() {
        let order: Vec<&str> = propositions.iter().map(|p| p.id.as_str()).collect();
        add("p/order", "ordre des propositions", order.join(", "));
    }
    for (i, p) in propositions.iter().enumerate() {
        let letter = char::from(b'A' + (i % 26) as u8);
        let (id, name) = (&p.id, format!("proposition {letter}"));
        add(&format!("p/{id}/text"), &name, p.text.clone());
        add(&format!("p/{id}/status"), &format!("{name}, réponse"), p.status.french().to_owned());
        add(&format!("p/{id}/comment"), &format!("{name}, commentaire"), p.comment.clone());
    }
    match &question.body {
        Body::Qroc { exact, acceptable, .. } => {
            add("exact", "réponses exactes", exact.join(" ; "));
            add("acceptable", "réponses acceptables", acceptable.join(" ; "));
        }
        Body::Qzp { zones, .. } => {
            for zone in zones {
                let name = format!("zone « {} »", zone.name);
                add(&format!("z/{}/shape", zone.name), &name, format!("{:?}", zone.shape));
                add(&format!("z/{}/comment", zone.name), &format!("{name}, commentaire"), zone.comment.clone());
            }
        }
        Body::Tcs { hypothesis, finding, panel, experts } => {
            add("hypothesis", "hypothèse", hypothesis.clone());
            add("finding", "élément nouveau du TCS", finding.clone());
            let votes: Vec<String> = panel.iter().map(ToString::to_string).collect();
            add("panel", "votes du panel (de −2 à +2)", votes.join(" "));
            let named: Vec<String> = experts.iter().map(|e| format!("{} : {:+}", e.name, e.answer)).collect();
            add("experts", "experts du panel", named.join(" ; "));
        }
        Body::Qru { .. } | Body::Qrm { .. } | Body::Qrp { .. } | Body::Qrpl { .. } | Body::Qcm { .. } => {}
    }
    add("weight", "pondération", question.weight.french(3));
    add("rank", "rang", question.rank.map_or_else(String::new, |r| r.to_string()));
    add("tags", "étiquettes", question.tags.join(" "));
    add("comment", "correction", question.comment.clone());
    add("source", "source", question.source.clone());
    add("scheme", "barème", question.scheme.clone().unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Element {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_changed_is_named_where_it_is_read() {
        let before = read(
            r#"{"question":{"id":"q","kind":"QRM","stem":"Où ?","propositions":[
            {"id":"a","text":"Ici","status":"vrai"},{"id":"b","text":"Là","status":"faux"}]}}"#,
        );
        let after = read(
            r#"{"question":{"id":"q","kind":"QRM","stem":"Où donc ?","rank":"A","propositions":[
            {"id":"b","text":"Là","status":"vrai"},{"id":"a","text":"Ici","status":"vrai"},{"id":"c","text":"Loin","status":"faux"}]}}"#,
        );
        let found = differences(&before, &after);
        let places: Vec<&str> = found.iter().map(|d| d.place.as_str()).collect();
        assert_eq!(
            places,
            [
                "Énoncé",
                "Ordre des propositions",
                "Proposition A, réponse",
                "Proposition C",
                "Proposition C, réponse",
                "Rang"
            ]
        );
        assert_eq!((found[2].before.as_str(), found[2].after.as_str()), ("faux", "vrai"));
        assert!(differences(&after, &after).is_empty());
        let back = differences(&after, &before);
        assert!(back.iter().any(|d| d.place == "Proposition C (retirée)" && d.before == "Loin"), "{back:?}");
    }

    #[test]
    fn parts_of_a_case_are_followed() {
        let one = |id: &str| format!(r#"{{"question":{{"id":"{id}","kind":"QROC","stem":"? {id}","exact":["x"]}}}}"#);
        let case = |parts: &[&str]| {
            let list = parts.iter().map(|p| one(p)).collect::<Vec<_>>().join(",");
            read(&format!(r#"{{"case":{{"id":"dp","kind":"DP","title":"D","intro":"I","parts":[{list}]}}}}"#))
        };
        let found = differences(&case(&["q1", "q2"]), &case(&["q2", "q1"]));
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].place, "Ordre des questions");
    }
}
