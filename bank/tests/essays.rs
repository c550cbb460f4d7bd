//! Extended text of every format comes in as an open question without a key, and goes back out as it came.

mod exchange_common;

use docimo_bank::exchange::{Export, Format, Imported, Target, UNKEYED, read, write};
use docimo_engine::check;
use docimo_engine::paper::Element;
use docimo_engine::question::{Body, Question};
use exchange_common::{a_question, media};
use proptest::prelude::*;

const ESSAY: Body = Body::Qroc { exact: Vec::new(), acceptable: Vec::new(), max_words: 5 };

/// The one entry of a file, with its warnings but the one that every essay has.
fn one(text: &str, format: Format) -> (Question, Vec<String>) {
    let mut reading = read(text.as_bytes(), "x", Some(format)).unwrap();
    assert_eq!((reading.entries.len(), reading.faulty.len()), (1, 0), "{:?}", reading.faulty);
    let Imported { element, mut warnings, .. } = reading.entries.remove(0);
    assert!(warnings.iter().any(|w| w == UNKEYED), "{warnings:?}");
    warnings.retain(|w| w != UNKEYED);
    let Element::Question(question) = element else { panic!("a case") };
    assert_eq!(question.body, ESSAY);
    (question, warnings)
}

#[test]
fn an_essay_of_moodle_keeps_what_is_told_to_markers() {
    let text = "<quiz><question type=\"essay\"><name><text>E</text></name>
        <questiontext format=\"html\"><text>Discutez la prise en charge.</text></questiontext>
        <generalfeedback format=\"html\"><text>Voir le cours.</text></generalfeedback>
        <defaultgrade>2</defaultgrade><penalty>0</penalty><hidden>0</hidden>
        <responseformat>editor</responseformat><responserequired>1</responserequired>
        <responsefieldlines>15</responsefieldlines><attachments>0</attachments>
        <attachmentsrequired>0</attachmentsrequired>
        <graderinfo format=\"html\"><text>Un point pour l’aspirine.</text></graderinfo>
        <responsetemplate format=\"html\"><text>Mon plan :</text></responsetemplate></question></quiz>";
    let (question, warnings) = one(text, Format::MoodleXml);
    assert_eq!(question.comment, "Voir le cours.\n\nUn point pour l’aspirine.");
    assert_eq!(question.weight, docimo_engine::Exact::int(2));
    assert_eq!(warnings, ["non repris : texte proposé au candidat"]);
}

#[test]
fn an_empty_answer_of_gift_is_an_essay() {
    let (question, _) = one("Discutez la prise en charge. {####Voir le cours.}", Format::Gift);
    assert_eq!((question.stem.as_str(), question.comment.as_str()), ("Discutez la prise en charge.", "Voir le cours."));
}

fn item(declaration: &str, rest: &str) -> String {
    format!(
        "<assessmentItem xmlns=\"http://www.imsglobal.org/xsd/imsqti_v2p1\" identifier=\"e1\" title=\"E\" \
         adaptive=\"false\" timeDependent=\"false\"><responseDeclaration identifier=\"RESPONSE\" \
         cardinality=\"single\" baseType=\"string\">{declaration}</responseDeclaration><itemBody>\
         <extendedTextInteraction responseIdentifier=\"RESPONSE\"><prompt>Discutez.</prompt>\
         </extendedTextInteraction>{rest}</assessmentItem>"
    )
}

#[test]
fn the_extended_text_of_qti_keeps_rubrics_models_and_feedback() {
    let (question, _) = one(&item("", "</itemBody>"), Format::Qti);
    assert_eq!((question.stem.as_str(), question.comment.as_str()), ("Discutez.", ""));
    let model = "mot ".repeat(21);
    let (question, warnings) = one(
        &item(
            &format!("<correctResponse><value>{model}</value></correctResponse>"),
            "<rubricBlock view=\"scorer\"><p>Un point pour l’aspirine.</p></rubricBlock></itemBody>\
             <modalFeedback outcomeIdentifier=\"F\" identifier=\"x\" showHide=\"show\">Voir le cours.</modalFeedback>",
        ),
        Format::Qti,
    );
    assert_eq!(question.comment, format!("Voir le cours.\n\nUn point pour l’aspirine.\n\n{}", model.trim()));
    assert_eq!(warnings, Vec::<String>::new());
    // A short answer to compare with is a key: then it is no essay.
    let short = item("<correctResponse><value>aspirine</value></correctResponse>", "</itemBody>");
    let reading = read(short.as_bytes(), "x", Some(Format::Qti)).unwrap();
    let kept = reading.elements().next().unwrap().questions().next().unwrap();
    assert!(matches!(&kept.body, Body::Qroc { exact, .. } if exact == &["aspirine"]), "{kept:?}");
}

#[test]
fn an_essay_of_qti_1_comes_in() {
    let text = "<questestinterop><item ident=\"e1\" title=\"E\"><itemmetadata><qtimetadata><qtimetadatafield>\
        <fieldlabel>question_type</fieldlabel><fieldentry>essay_question</fieldentry></qtimetadatafield></qtimetadata>\
        </itemmetadata><presentation><material><mattext texttype=\"text/html\">Discutez.</mattext></material>\
        <response_str ident=\"r\" rcardinality=\"Single\"><render_fib/></response_str></presentation>\
        <itemfeedback ident=\"general_fb\"><flow_mat><material><mattext>Voir le cours.</mattext></material></flow_mat>\
        </itemfeedback><itemrubric view=\"Scorer\"><material><mattext>Un point.</mattext></material></itemrubric>\
        </item></questestinterop>";
    let (question, _) = one(text, Format::Qti);
    assert!(question.stem.starts_with("Discutez."));
    assert_eq!(question.comment, "Voir le cours.\n\nUn point.");
}

#[test]
fn the_engine_keeps_it_out_of_papers_and_the_bank_keeps_it() {
    let (question, _) = one("Discutez. {}", Format::Gift);
    let faults = check::question(&question);
    assert!(check::refused(&faults) && !check::unkeepable(&faults), "{faults:?}");
    let mut empty = question.clone();
    empty.stem.clear();
    assert!(check::unkeepable(&check::question(&empty)));
    let mut half = question;
    half.body = Body::Qroc { exact: vec![], acceptable: vec!["oui".into()], max_words: 5 };
    assert!(check::unkeepable(&check::question(&half)), "acceptable answers alone are a mistake, not an essay");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// What others show of it alone gives it back: our JSON apart, which other programs drop.
    #[test]
    fn it_goes_out_as_it_came(question in a_question(false)) {
        let question = Question {
            body: ESSAY, image: None, video: None, source: String::new(), scheme: None,
            comment: "Voir le cours.".into(), ..question
        };
        let element = Element::Question(question.clone());
        for (target, format) in [(Target::MoodleXml, Format::MoodleXml), (Target::Gift, Format::Gift)] {
            let mut bytes = Vec::new();
            let export = Export { title: "Essai", media: &media };
            write(target, [&element], &export, &mut bytes).unwrap();
            let mut text = String::from_utf8(bytes).unwrap();
            if let (Some(start), Some(end)) = (text.find("<docimo"), text.find("</docimo>")) {
                prop_assert!(text.contains("type=\"essay\""));
                text.replace_range(start..end + "</docimo>".len(), "");
            }
            let (got, _) = one(&text, format);
            let weight = if format == Format::Gift { got.weight } else { question.weight };
            prop_assert_eq!(&got, &Question { weight, ..question.clone() });
        }
    }

    /// Formats without such a question say that they leave it out; the others hold it whole.
    #[test]
    fn every_format_holds_it_or_says_so(question in a_question(false)) {
        let question = Question { body: ESSAY, image: None, video: None, ..question };
        let element = Element::Question(question);
        for target in Target::ALL {
            let mut bytes = Vec::new();
            let export = Export { title: "Essai", media: &media };
            let report = write(target, [&element], &export, &mut bytes).unwrap();
            match target {
                Target::Aiken | Target::AmcTxt | Target::AmcLatex => {
                    prop_assert!(report.notes.iter().any(|note| note.left_out), "{:?}", target);
                }
                Target::Gift => {}
                _ => {
                    let reading = read(&bytes, &format!("x.{}", target.extension()), None).unwrap();
                    let got: Vec<&Element> = reading.elements().collect();
                    prop_assert_eq!(got, vec![&element], "{:?} {:?}", target, reading.faulty);
                }
            }
        }
    }
}
