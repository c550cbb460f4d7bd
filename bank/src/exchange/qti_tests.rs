use crate::exchange::archive::Archive;
use crate::exchange::{Export, Limits, Reading, Target, read, write};
use docimo_engine::paper::{Case, CaseKind, Element, Part};
use docimo_engine::question::Body;
use std::io::{Cursor, Write};

const QUESTIONS: [&str; 6] = [
    r#"{"id":"q-qru","kind":"QRU","stem":"Où ?","comment":"Bien sûr.","propositions":[{"id":"a","text":"ici","status":"vrai","comment":"oui"},{"id":"b","text":"là","status":"faux"},{"id":"c","text":"autre","status":"faux"},{"id":"d","text":"rien","status":"faux"}]}"#,
    r#"{"id":"q-qrm","kind":"QRM","stem":"Quoi ?","propositions":[{"id":"a","text":"un","status":"indispensable"},{"id":"b","text":"deux","status":"faux"},{"id":"c","text":"trois","status":"vrai"},{"id":"d","text":"quatre","status":"inacceptable"}]}"#,
    r#"{"id":"q-qrp","kind":"QRP","expected":2,"stem":"Deux ?","propositions":[{"id":"a","text":"un","status":"vrai"},{"id":"b","text":"deux","status":"faux"},{"id":"c","text":"trois","status":"vrai"},{"id":"d","text":"quatre","status":"faux"}]}"#,
    r#"{"id":"q-qroc","kind":"QROC","stem":"Nom ?","exact":["potassium","K+"],"acceptable":["kalium"],"max_words":5}"#,
    r#"{"id":"q-tcs","kind":"TCS","stem":"Douleur.","hypothesis":"une embolie","finding":"une fièvre","panel":[0,1,15,4,0]}"#,
    r#"{"id":"q-qzp","kind":"QZP","stem":"Montrez.","expected":1,"image":{"file":"image","alt":"vue","width":40,"height":20},"zones":[{"id":"z1","name":"le foie","shape":{"rect":{"x":0.25,"y":0.5,"w":0.25,"h":0.25}}}]}"#,
];

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x28\0\0\0\x14\x08\x02\0\0\0\0\0\0\0\0\0\0\0IEND\xaeB`\x82";

fn questions() -> Vec<Element> {
    QUESTIONS.iter().map(|json| Element::Question(serde_json::from_str(json).unwrap())).collect()
}

fn package(target: Target, elements: &[Element]) -> Vec<u8> {
    let mut out = Vec::new();
    let export = Export { title: "Essai", media: &|name| (name == "image").then(|| PNG.to_vec()) };
    write(target, elements, &export, &mut out).unwrap();
    out
}

/// The same package with each text changed.
fn changed(bytes: &[u8], change: impl Fn(&str) -> String) -> Reading {
    let archive = Archive::open(bytes, &Limits::default()).unwrap();
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in &archive.files {
        zip.start_file(path, zip::write::SimpleFileOptions::default()).unwrap();
        match std::str::from_utf8(content) {
            Ok(text) => zip.write_all(change(text).as_bytes()).unwrap(),
            Err(_) => zip.write_all(content).unwrap(),
        }
    }
    read(&zip.finish().unwrap().into_inner(), "x.zip", None).unwrap()
}

/// Without our attributes: what another program reads.
fn bare(text: &str) -> String {
    let mut out = text.to_owned();
    while let Some(start) = out.find(" docimo:") {
        let open = start + out[start..].find("=\"").unwrap() + 2;
        let end = open + out[open..].find('"').unwrap() + 1;
        out.replace_range(start..end, "");
    }
    out
}

#[test]
fn what_others_read_has_the_same_keys() {
    for target in [Target::Qti21, Target::Qti22, Target::Qti30] {
        let reading = changed(&package(target, &questions()), bare);
        assert_eq!(reading.faulty, [], "{target:?}");
        let got: Vec<(String, &Body)> =
            reading.elements().flat_map(|e| e.questions()).map(|q| (q.id.as_str().to_owned(), &q.body)).collect();
        let wanted = questions();
        for ((id, body), element) in got.iter().zip(&wanted) {
            let wanted = element.questions().next().unwrap();
            assert_eq!(id, wanted.id.as_str());
            match (body, &wanted.body) {
                // Five options, the mode being the key.
                (Body::Qru { propositions }, Body::Tcs { .. }) => {
                    let right: Vec<bool> = propositions.iter().map(|p| p.status.is_true()).collect();
                    assert_eq!(right, [false, false, true, false, false]);
                }
                (Body::Qzp { expected, zones }, Body::Qzp { expected: e, zones: z }) => {
                    assert_eq!((expected, &zones[0].shape), (e, &z[0].shape));
                }
                (Body::Qroc { exact, acceptable, .. }, Body::Qroc { exact: e, acceptable: a, .. }) => {
                    assert_eq!((exact, acceptable), (e, a));
                }
                (body, wanted) => {
                    let key = |b: &Body| -> Vec<_> {
                        b.propositions()
                            .iter()
                            .map(|p| (p.text.clone(), p.status.is_true(), p.comment.clone()))
                            .collect()
                    };
                    assert_eq!((body.kind(), key(body)), (wanted.kind(), key(wanted)), "{target:?}");
                }
            }
        }
        assert_eq!(got.len(), 6);
    }
}

#[test]
fn an_edited_item_is_read_as_it_shows() {
    let reading = changed(&package(Target::Qti22, &questions()), |text| text.replace(">ici<", ">ailleurs<"));
    let first = reading.entries.iter().find(|e| e.element.id() == "q-qru").unwrap();
    let text = &first.element.questions().next().unwrap().body.propositions()[0].text;
    assert_eq!(text, "ailleurs");
    assert!(first.warnings.iter().any(|w| w.contains("modifiée hors de Docimo")));
    // The others are still to the letter.
    let others = reading.entries.iter().filter(|e| e.element.id() != "q-qru");
    assert!(others.clone().count() == 5 && others.clone().all(|e| e.warnings.iter().all(|w| !w.contains("modifiée"))));
}

#[test]
fn a_linear_section_with_a_text_is_a_case() {
    let parts = questions()
        .into_iter()
        .take(3)
        .filter_map(|e| match e {
            Element::Question(question) => Some(Part { text: String::new(), question }),
            Element::Case(_) => None,
        })
        .collect();
    let case = Element::Case(Case {
        id: docimo_engine::CaseId::new("dp-un"),
        kind: CaseKind::Dp,
        title: "Palpitations".into(),
        intro: "Une femme de 72 ans.".into(),
        image: None,
        article: None,
        tags: vec![],
        parts,
    });
    for target in [Target::Qti21, Target::Qti30] {
        let reading = changed(&package(target, std::slice::from_ref(&case)), bare);
        let [entry] = reading.entries.as_slice() else { panic!("{:?}", reading.faulty) };
        let Element::Case(got) = &entry.element else { panic!("a question") };
        assert_eq!(
            (got.id.as_str(), got.title.as_str(), got.intro.as_str()),
            ("dp-un", "Palpitations", "Une femme de 72 ans.")
        );
        assert_eq!((got.kind, got.parts.len()), (CaseKind::MiniDp, 3));
    }
}

/// Discordances are written out: QTI's own templates cannot say 1; 0,5; 0,2; 0.
#[test]
fn discordances_are_processed() {
    let bytes = package(Target::Qti22, &questions()[1..2]);
    let archive = Archive::open(&bytes, &Limits::default()).unwrap();
    let text = String::from_utf8(archive.files["items/q00001.xml"].clone()).unwrap();
    for (d, score) in [("0", "1"), ("1", "0.5"), ("2", "0.2")] {
        let condition = format!(
            "<match><variable identifier=\"DISCORDANCES\"/><baseValue baseType=\"integer\">{d}</baseValue></match><setOutcomeValue identifier=\"SCORE\"><baseValue baseType=\"float\">{score}</baseValue>"
        );
        assert!(text.contains(&condition), "{text}");
    }
    // Four propositions counted, then one indispensable and one inacceptable that zero.
    assert_eq!(text.matches("<setOutcomeValue identifier=\"DISCORDANCES\">").count(), 4);
    let zero = "<setOutcomeValue identifier=\"SCORE\"><baseValue baseType=\"float\">0</baseValue></setOutcomeValue></responseIf>";
    assert_eq!(text.matches(zero).count(), 2);
}
