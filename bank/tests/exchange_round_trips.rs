//! Ours → a format → ours: equal on everything that the format can hold.

mod exchange_common;

use docimo_bank::exchange::{Export, Format, Limits, Reading, Target, Written, read, stream, write};
use docimo_bank::revision::content_hash;
use docimo_engine::Exact;
use docimo_engine::paper::Element;
use docimo_engine::question::{Body, Question, Status};
use exchange_common::{PNG, a_question, elements, media};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn written(target: Target, list: &[Element]) -> (Vec<u8>, Written) {
    let mut out = Vec::new();
    let export = Export { title: "Essai", media: &media };
    let report = write(target, list, &export, &mut out).expect("memory is always written");
    (out, report)
}

fn again(target: Target, list: &[Element]) -> (Reading, Written) {
    let (bytes, report) = written(target, list);
    let reading = read(&bytes, &format!("x.{}", target.extension()), (target == Target::Gift).then_some(Format::Gift))
        .unwrap_or_else(|error| panic!("{target:?} {error} {}", String::from_utf8_lossy(&bytes)));
    (reading, report)
}

/// What is read is what was written, except where the engine refuses it.
fn same(target: Target, list: &[Element]) {
    let (reading, _) = again(target, list);
    let sound: Vec<&Element> =
        list.iter().filter(|e| !docimo_engine::check::unkeepable(&docimo_bank::faults(e))).collect();
    let got: Vec<&Element> = reading.elements().collect();
    assert_eq!(got, sound, "{target:?} {:?}", reading.faulty);
    for (a, b) in got.iter().zip(&sound) {
        assert_eq!(content_hash(a), content_hash(b));
    }
    if matches!(target, Target::Csv | Target::Xlsx) {
        return;
    }
    let pictures = got.iter().any(|e| {
        let case = matches!(e, Element::Case(case) if case.image.is_some());
        case || e.questions().any(|q| q.image.is_some())
    });
    let (images, documents): (Vec<_>, Vec<_>) = reading.media().partition(|m| m.mime.starts_with("image/"));
    assert_eq!(!images.is_empty(), pictures, "{target:?}");
    assert!(images.iter().all(|m| m.bytes == PNG && m.name.starts_with("image-")));
    // Every PDF and video came, whole, under its name, and nothing else.
    let named = |e: &&Element| {
        let videos: Vec<String> = e.videos().map(|v| v.file.clone()).collect();
        videos.into_iter().chain(e.pdf().map(|pdf| pdf.file.clone())).collect::<Vec<_>>()
    };
    let wanted: BTreeSet<String> = got.iter().flat_map(named).collect();
    let came: BTreeSet<String> = documents.iter().map(|m| m.name.clone()).collect();
    assert_eq!(came, wanted, "{target:?}");
    assert!(documents.iter().all(|m| media(&m.name).as_ref() == Some(&m.bytes)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_moodle_and_qti_lose_nothing(list in elements(true)) {
        for target in [Target::Json, Target::MoodleXml, Target::Qti21, Target::Qti22, Target::Qti30] {
            same(target, &list);
        }
    }

    #[test]
    fn the_same_elements_make_the_same_bytes(list in elements(true)) {
        for target in Target::ALL.into_iter().filter(|t| *t != Target::Xlsx) {
            prop_assert_eq!(written(target, &list).0, written(target, &list).0, "{:?}", target);
        }
    }

    #[test]
    fn tables_hold_all_but_articles_and_pictures(list in elements(true)) {
        let list: Vec<Element> = list.into_iter().map(without_picture).collect();
        for target in [Target::Csv, Target::Xlsx] {
            same(target, &list);
        }
    }

    #[test]
    fn gift_holds_texts_keys_and_comments(question in a_question(true)) {
        let question = Question { image: None, video: None, weight: Exact::ONE, source: String::new(), scheme: None, ..question };
        let (reading, report) = again(Target::Gift, &[Element::Question(question.clone())]);
        match &question.body {
            Body::Tcs { .. } | Body::Qzp { .. } => prop_assert!(report.notes.iter().any(|n| n.left_out)),
            _ => {
                let Some(got) = reading.elements().next() else {
                    panic!("{:?} {question:?}", reading.faulty);
                };
                prop_assert_eq!(got, &Element::Question(as_gift(question)));
            }
        }
    }

    #[test]
    fn aiken_holds_qru(question in a_question(false)) {
        let (reading, report) = again_as(Target::Aiken, Format::Aiken, &question);
        match &question.body {
            Body::Qru { propositions } => {
                let got = reading.entries.first().unwrap_or_else(|| panic!("{:?}", reading.faulty));
                let Element::Question(got) = &got.element else { panic!() };
                prop_assert_eq!(&got.stem, &question.stem);
                let bare: Vec<_> = propositions.iter().map(|p| (p.id.clone(), p.text.clone(), p.status)).collect();
                let read: Vec<_> = got.body.propositions().iter().map(|p| (p.id.clone(), p.text.clone(), p.status)).collect();
                prop_assert_eq!(read, bare);
            }
            _ => prop_assert!(report.notes.iter().any(|n| n.left_out) && reading.entries.is_empty()),
        }
    }

    #[test]
    fn amc_holds_ticks(question in a_question(false)) {
        for (target, format) in [(Target::AmcTxt, Format::AmcTxt), (Target::AmcLatex, Format::AmcLatex)] {
            let (reading, report) = again_as(target, format, &question);
            match &question.body {
                Body::Qroc { .. } | Body::Tcs { .. } | Body::Qzp { .. } => {
                    prop_assert!(report.notes.iter().any(|n| n.left_out));
                }
                body => {
                    let got = reading.entries.first().unwrap_or_else(|| panic!("{:?}", reading.faulty));
                    prop_assert_eq!(got.element.id(), question.id.as_str());
                    let Element::Question(got) = &got.element else { panic!() };
                    prop_assert_eq!(&got.stem, &question.stem);
                    let ticks = |body: &Body| -> Vec<(String, bool)> {
                        body.propositions().iter().map(|p| (p.text.clone(), p.status.is_true())).collect()
                    };
                    prop_assert_eq!(ticks(&got.body), ticks(body));
                }
            }
        }
    }

    /// Moodle drops what it does not know: what it shows alone must give the question back.
    #[test]
    fn moodle_without_our_json_holds_keys(question in a_question(false)) {
        let (bytes, _) = written(Target::MoodleXml, &[Element::Question(question.clone())]);
        let mut text = String::from_utf8(bytes).unwrap();
        let (start, end) = (text.find("<docimo").unwrap(), text.find("</docimo>").unwrap());
        text.replace_range(start..end + "</docimo>".len(), "");
        let reading = read(text.as_bytes(), "x.xml", None).unwrap();
        if docimo_engine::check::unkeepable(&docimo_bank::faults(&Element::Question(question.clone()))) {
            return Ok(());
        }
        // Several modes are several keys: that is no QRU.
        if matches!(question.body, Body::Tcs { .. }) && reading.entries.is_empty() {
            prop_assert!(reading.faulty[0].reason.contains("une seule réponse vraie"));
            return Ok(());
        }
        let entry = reading.entries.first().unwrap_or_else(|| panic!("{:?} {question:?}", reading.faulty));
        let Element::Question(got) = &entry.element else { panic!("a case") };
        prop_assert_eq!(&got.weight, &question.weight);
        prop_assert_eq!(&got.id, &question.id);
        prop_assert_eq!(&got.rank, &question.rank);
        match (&got.body, &question.body) {
            (Body::Qzp { expected, zones }, Body::Qzp { expected: wanted, zones: all }) => {
                prop_assert_eq!(expected, wanted);
                prop_assert_eq!(zones.iter().map(|z| &z.name).collect::<Vec<_>>(), all.iter().map(|z| &z.name).collect::<Vec<_>>());
                prop_assert_eq!(zones.iter().map(|z| &z.shape).collect::<Vec<_>>(), all.iter().map(|z| &z.shape).collect::<Vec<_>>());
            }
            (Body::Qroc { exact, acceptable, .. }, Body::Qroc { exact: e, acceptable: a, .. }) => {
                prop_assert_eq!((exact, acceptable), (e, a));
            }
            // Five credits, one of them whole.
            (Body::Qru { propositions }, Body::Tcs { .. }) => prop_assert_eq!(propositions.len(), 5),
            (body, wanted) => {
                prop_assert_eq!(body.kind(), wanted.kind());
                prop_assert_eq!(body.expected(), wanted.expected());
                let texts = |b: &Body| b.propositions().iter().map(|p| (p.text.clone(), p.status.is_true())).collect::<Vec<_>>();
                prop_assert_eq!(texts(body), texts(wanted));
            }
        }
    }

    /// A question edited by another program is read as it shows it.
    #[test]
    fn edited_files_are_read_as_they_show(question in a_question(false)) {
        let Body::Qru { propositions } = &question.body else { return Ok(()) };
        let mut list = propositions.clone();
        list[0].text = "Avant modification".into();
        let element = Element::Question(Question { body: Body::Qru { propositions: list }, image: None, ..question.clone() });
        let (bytes, _) = written(Target::MoodleXml, std::slice::from_ref(&element));
        let text = String::from_utf8(bytes).unwrap().replacen("Avant modification", "Après modification", 1);
        let reading = read(text.as_bytes(), "x.xml", None).unwrap();
        prop_assert_eq!(reading.entries.len(), 1, "{:?}", reading.faulty);
        let got = reading.entries[0].element.questions().next().unwrap();
        prop_assert_eq!(got.body.propositions()[0].text.as_str(), "Après modification");
        prop_assert!(reading.entries[0].warnings.iter().any(|w| w.contains("modifiée hors de Docimo")));
    }

    #[test]
    fn streaming_gives_what_reading_gives(list in elements(true)) {
        for target in [Target::MoodleXml, Target::Json, Target::Csv] {
            let (bytes, _) = written(target, &list);
            let name = format!("x.{}", target.extension());
            let whole = read(&bytes, &name, None).unwrap();
            let (mut entries, mut faulty) = (Vec::new(), Vec::new());
            let summary = stream(std::io::Cursor::new(&bytes), &name, None, &Limits::default(), |entry| match entry {
                Ok(entry) => entries.push(entry),
                Err(fault) => faulty.push(fault),
            })
            .unwrap();
            prop_assert_eq!(entries, whole.entries);
            prop_assert_eq!(faulty, whole.faulty);
            prop_assert_eq!((summary.format, summary.title, summary.warnings), (whole.format, whole.title, whole.warnings));
        }
    }
}

fn again_as(target: Target, format: Format, question: &Question) -> (Reading, Written) {
    let (bytes, report) = written(target, &[Element::Question(question.clone())]);
    (read(&bytes, "x.txt", Some(format)).expect("it is read"), report)
}

fn without_picture(mut element: Element) -> Element {
    let questions: Vec<&mut Question> = match &mut element {
        Element::Question(question) => vec![question],
        Element::Case(case) => case.parts.iter_mut().map(|part| &mut part.question).collect(),
    };
    for question in questions {
        if let Body::Tcs { experts, .. } = &mut question.body {
            experts.clear();
        }
    }
    match &mut element {
        Element::Question(question) => {
            question.video = None;
            if !matches!(question.body, Body::Qzp { .. }) {
                question.image = None;
            } else if let Some(image) = &mut question.image {
                (image.width, image.height) = (0, 0);
            }
        }
        Element::Case(case) => {
            case.image = None;
            case.article = None;
            case.parts.retain(|p| !matches!(p.question.body, Body::Qzp { .. }));
            case.parts.iter_mut().for_each(|p| (p.question.image, p.question.video) = (None, None));
            if case.kind == docimo_engine::paper::CaseKind::Lca {
                case.kind = docimo_engine::paper::CaseKind::Dp;
            }
        }
    }
    element
}

/// GIFT's own view: no *indispensable*, and an *inacceptable* only beside milder errors.
fn as_gift(mut question: Question) -> Question {
    let milder = question.body.propositions().iter().any(|p| p.status == Status::Faux);
    let qcm = matches!(question.body, Body::Qcm { .. });
    if let Body::Qroc { exact, acceptable, max_words } = &mut question.body {
        let longest = exact.iter().chain(acceptable.iter()).map(|t| docimo_engine::qroc::word_count(t)).max();
        *max_words = longest.unwrap_or(0).max(5) as u32;
    }
    if let Some(list) = question.body.propositions_mut() {
        for p in list {
            p.status = match p.status {
                Status::Indispensable => Status::Vrai,
                Status::Inacceptable if !milder => Status::Faux,
                other => other,
            };
            if qcm {
                p.comment.clear();
            }
        }
    }
    question
}
