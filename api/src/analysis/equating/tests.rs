use super::pairing::shared;
use super::*;
use crate::analysis::jobs::Progress;
use crate::analysis::study::{Choice, Study, Wishes as StudyWishes};
use crate::analysis::subject::Person;
use docimo_engine::Exact;
use docimo_engine::docimology::numeric::Draws;
use docimo_engine::ledger::{Decision, Effective, Neutralisation};
use docimo_engine::marking::{Compiled, ResponseMatrix};
use docimo_engine::paper::Paper;
use docimo_engine::question::Status;
use serde_json::json;
use std::sync::Arc;

struct Exam {
    subject: crate::analysis::subject::Subject,
    study: Study,
    paper: Paper,
}

impl Exam {
    /// Isolated QRU named so, right at A; 60 candidates who answer at random, then decisions.
    fn new(names: &[&str], change: impl Fn(&mut Paper), decisions: &[Decision]) -> Self {
        let question = |id: &&str| {
            let propositions: Vec<_> = ["a", "b", "c", "d"]
                .iter()
                .map(|p| json!({"id": p, "text": format!("Texte {p}"), "status": if *p == "a" { "vrai" } else { "faux" }}))
                .collect();
            json!({"question": {"id": id, "kind": "QRU", "stem": format!("Énoncé de {id}"), "propositions": propositions}})
        };
        let elements: Vec<_> = names.iter().map(question).collect();
        let mut paper: Paper = serde_json::from_value(json!({"title": "E", "scheme": "edn", "sections": [
            {"id": "s1", "title": "S", "duration_minutes": 60, "elements": elements}]}))
        .unwrap();
        change(&mut paper);
        let mut effective = Effective::new(paper.clone());
        decisions.iter().for_each(|d| effective.apply(d).unwrap());
        let column = |q: usize| (0..60).map(|c| 1 << Draws::new(q as u64, 5).below(c, 2)).collect();
        let matrix = ResponseMatrix::new(60, (0..names.len()).map(column).collect()).unwrap();
        let compiled = Compiled::new(&effective, &matrix).unwrap();
        let person = |c: usize| Person { id: String::new(), number: c.to_string(), name: String::new() };
        let people = (0..60).map(person).collect();
        let subject = crate::analysis::subject::Subject::new(effective, compiled, Arc::new(matrix), people, vec![]);
        let wishes = StudyWishes { model: Choice::None, replicates: 0, seed: 1, pairs: false };
        let study = Study::new(&subject, &wishes, &Progress::default()).unwrap();
        Self { subject, study, paper }
    }

    fn side(&self) -> Side<'_> {
        Side { subject: &self.subject, study: &self.study, paper: &self.paper }
    }
}

fn edit(id: &str, paper: &mut Paper, change: impl Fn(&mut docimo_engine::question::Question)) {
    for element in &mut paper.sections[0].elements {
        if let docimo_engine::paper::Element::Question(question) = element
            && question.id.as_str() == id
        {
            change(question);
        }
    }
}

fn reasons(x: &Exam, y: &Exam, chosen: Option<&[&str]>) -> Vec<(String, Option<Reason>)> {
    let chosen = chosen.map(|c| c.iter().map(|q| (*q).to_owned()).collect());
    pairs(&x.side(), &y.side(), &Names::Same, chosen.as_ref()).into_iter().map(|p| (p.id, p.out)).collect()
}

#[test]
fn what_may_link_is_told_from_what_may_not() {
    let neutralised = Decision::Neutralise { question: "q2".into(), policy: Neutralisation::CreditAll };
    let x = Exam::new(&["q0", "q1", "q2", "q3", "q4", "q5", "only-x"], |_| {}, &[neutralised]);
    let y = Exam::new(
        &["only-y", "q5", "q4", "q3", "q2", "q1", "q0"],
        |paper| {
            edit("q1", paper, |q| q.stem.push_str(" (précisé)"));
            edit("q3", paper, |q| {
                let propositions = q.body.propositions_mut().unwrap();
                propositions[0].status = Status::Faux;
                propositions[1].status = Status::Vrai;
            });
            // What candidates do not see, or what the paper alone decides, is not another question.
            edit("q4", paper, |q| {
                q.comment = "Voir le référentiel.".into();
                q.tags = vec!["item 7".into()];
                q.weight = Exact::int(2);
            });
            edit("q5", paper, |q| q.scheme = Some("v6".into()));
        },
        &[],
    );
    assert_eq!(shared(&x.paper, &y.paper), 6);
    let found = reasons(&x, &y, None);
    let wanted = [None, Some(Reason::Edited), Some(Reason::Neutralised), Some(Reason::Key), None];
    assert_eq!(found.iter().map(|f| f.1).take(5).collect::<Vec<_>>(), wanted);
    assert_eq!(found.iter().map(|f| f.0.as_str()).collect::<Vec<_>>(), ["q0", "q1", "q2", "q3", "q4", "q5"]);
    // Someone's choice replaces the usual one, but for what cannot link.
    let found = reasons(&x, &y, Some(&["q0"]));
    let wanted = [Some(Reason::Chosen), None, Some(Reason::Neutralised), Some(Reason::Key), None];
    assert_eq!(found.iter().map(|f| f.1).take(5).collect::<Vec<_>>(), wanted);
    assert_eq!(reasons(&x, &y, Some(&["q1"]))[1].1, Some(Reason::Edited));
}

#[test]
fn a_key_corrected_in_one_exam_only_is_said_or_left_out() {
    let statuses = [("a".into(), Status::Faux), ("b".into(), Status::Vrai)].into();
    let corrected = Decision::ChangeKey { question: "q0".into(), statuses };
    let x = Exam::new(&["q0", "q1"], |_| {}, std::slice::from_ref(&corrected));
    let same = Exam::new(&["q0", "q1"], |_| {}, &[]);
    assert_eq!(reasons(&x, &same, None)[0].1, Some(Reason::Key));
    // The bank was corrected since: the same answer is right in both.
    let since = Exam::new(
        &["q0", "q1"],
        |paper| {
            edit("q0", paper, |q| {
                let propositions = q.body.propositions_mut().unwrap();
                propositions[0].status = Status::Faux;
                propositions[1].status = Status::Vrai;
            });
        },
        &[],
    );
    assert_eq!(reasons(&x, &since, None)[0].1, Some(Reason::KeyCorrected));
    assert_eq!(reasons(&x, &since, Some(&[]))[0].1, None);
    assert_eq!(reasons(&x, &since, None)[1].1, None);
}

#[test]
fn a_conversion_is_read_both_ways() {
    let scale: Vec<f64> = (0..=40).map(f64::from).collect();
    let equated: Vec<f64> = scale.iter().map(|s| 0.9 * s + 3.0).collect();
    let conversion =
        Conversion { method: Method::Linear, se: Some(vec![0.2; scale.len()]), scale, equated, line: None };
    // Half a point of 20 for a point of the exam, and half a point for everyone.
    let curve = Curve { conversion, from: (0.5, 0.5), to: (0.0, 0.5) };
    let point = curve.at(10.5).unwrap();
    assert!((point.value - 10.5).abs() < 1e-12 && (point.se.unwrap() - 0.1).abs() < 1e-12);
    let back = curve.back(10.5, 0.5, 20.5).unwrap();
    assert!((back.mark - 10.5).abs() < 1e-9 && (back.se.unwrap() - 0.1 / 0.9).abs() < 1e-9, "{back:?}");
    assert_eq!((curve.at(0.4), curve.back(1.0, 0.5, 20.5)), (None, None));
}
