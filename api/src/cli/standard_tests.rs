//! Each method from files, against the engine called by hand.

use super::*;
use docimo_engine::docimology::standards::{self, CohenOptions, HofsteeJudge, Ratings};
use std::fs;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn marks(&self) -> PathBuf {
        let lines: Vec<String> = (0..40).map(|i| format!("c{i};{}", mark(i))).collect();
        self.file("marks.csv", &format!("candidate;mark_on_20\n{}\n", lines.join("\n")))
    }
}

fn mark(i: u32) -> f64 {
    5.0 + f64::from(i) * 0.3
}

fn all() -> Vec<f64> {
    (0..40).map(mark).collect()
}

fn args(method: Way, judgements: Option<PathBuf>, marks: Option<PathBuf>) -> StandardArgs {
    StandardArgs { method, judgements, marks, questions: None, items: None, borderline: 2.0 }
}

fn near(found: Option<f64>, expected: f64) {
    assert!(found.is_some_and(|f| (f - expected).abs() < 1e-9), "{found:?} for {expected}");
}

#[test]
fn ratings_give_the_threshold_of_the_engine_on_20() {
    let folder = Folder::new();
    let judgements = folder.file("a.csv", "judge;q1;q2;q3\nA;50;60;70\nB;40;80;55,5\nC;45;65;60\n");
    let questions = folder.file("q.csv", "question;points;p\nq1;1;0,4\nq2;2;0,7\nq3;1;0,6\n");
    let asked =
        StandardArgs { questions: Some(questions), ..args(Way::Angoff, Some(judgements), Some(folder.marks())) };
    let found = derive(&asked).unwrap_or_else(|e| panic!("{e:?}"));
    let share = |row: [f64; 3]| row.iter().map(|v| Some(v / 100.0)).collect::<Vec<_>>();
    let ratings =
        Ratings::new(vec![share([50.0, 60.0, 70.0]), share([40.0, 80.0, 55.5]), share([45.0, 65.0, 60.0])]).unwrap();
    let cut = standards::angoff(&ratings, &[1.0, 2.0, 1.0]).unwrap();
    near(found.threshold, cut.on(20.0).0);
    near(found.se, cut.on(20.0).1);
    near(found.judges[1].without, cut.judges[1].without * 5.0);
    assert_eq!(found.agreement, cut.agreement);
    let rates = standards::impact(&all(), cut.on(20.0).0, cut.on(20.0).1).unwrap();
    assert_eq!(found.impact.as_deref(), Some(&rates.rates[..]));
    let against = found.against_p.as_ref().unwrap();
    assert_eq!((against.n, against.far.len()), (3, 3));
    assert!(text(&found).starts_with("Seuil : "));

    let yes = folder.file("y.csv", "judge;q1;q2\nA;oui;non\nB;oui;oui\n");
    near(derive(&args(Way::YesNoAngoff, Some(yes), None)).unwrap().threshold, 15.0);
    let ebel = "judge;q1;q2;essentielle/facile;importante/difficile\n\
                A;essentielle/facile;importante/difficile;80;40\nB;1/1;2/3;90;50\n";
    let ebel = folder.file("e.csv", ebel);
    near(derive(&args(Way::Ebel, Some(ebel), None)).unwrap().threshold, 13.0);
}

#[test]
fn marks_give_thresholds_too() {
    let folder = Folder::new();
    let cohen = derive(&args(Way::Cohen, None, Some(folder.marks()))).unwrap();
    near(cohen.threshold, standards::cohen(&all(), &CohenOptions::original(0.0), outcome::SEED).unwrap().cut);
    let bounds = "judge;seuil min;seuil max;échecs min;échecs max\nA;8;12;5;40\nB;9;11;0;30\n";
    let hofstee = derive(&args(Way::Hofstee, Some(folder.file("h.csv", bounds)), Some(folder.marks()))).unwrap();
    let judge = |least_cut, greatest_cut, least_failure, greatest_failure| HofsteeJudge {
        least_cut,
        greatest_cut,
        least_failure,
        greatest_failure,
    };
    let by_hand =
        standards::hofstee(&[judge(8.0, 12.0, 0.05, 0.40), judge(9.0, 11.0, 0.0, 0.30)], &all(), outcome::SEED);
    near(hofstee.threshold, by_hand.unwrap().cut);

    let group = folder.file("g.csv", "candidate\nc5\nc6\nC7\nc8\nc9\n");
    near(derive(&args(Way::Borderline, Some(group), Some(folder.marks()))).unwrap().threshold, mark(7));
    let lines: Vec<String> = (0..40).map(|i| format!("c{i};{}", 1 + i / 10)).collect();
    let graded = folder.file("r.csv", &format!("candidate;appréciation\n{}\n", lines.join("\n")));
    let found = derive(&args(Way::Borderline, Some(graded), Some(folder.marks()))).unwrap();
    let grades: Vec<f64> = (0..40).map(|i| f64::from(1 + i / 10)).collect();
    near(found.threshold, standards::borderline_regression(&grades, &all(), 2.0).unwrap().cut);

    let items = folder.file("i.csv", "question;a;b\nq1;1,2;-1\nq2;0,9;0\nq3;1;1\n");
    let pages = folder.file("b.csv", "judge;page\nA;2\nB;3\nC;3\n");
    let asked = StandardArgs { items: Some(items), ..args(Way::Bookmark, Some(pages), None) };
    let found = derive(&asked).unwrap();
    let parameters =
        [ItemParameters::two_pl(1.2, -1.0), ItemParameters::two_pl(0.9, 0.0), ItemParameters::two_pl(1.0, 1.0)];
    let scores = vec![vec![0.0, 1.0]; 3];
    let by_hand = standards::bookmark(&parameters, &scores, &[2, 3, 3], &Default::default()).unwrap();
    near(found.threshold, by_hand.cut * 20.0 / 3.0);
    assert_eq!(found.booklet.iter().map(|p| p.number).collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn what_is_missing_or_wrong_is_said_with_its_line() {
    let folder = Folder::new();
    let refused = |asked: StandardArgs, words: &str| match derive(&asked) {
        Err(Failure::Input(text)) => assert!(text.contains(words), "{text}"),
        other => panic!("{words}: {:?}", other.map(|o| o.why_not)),
    };
    refused(args(Way::Cohen, None, None), "--marks");
    refused(args(Way::Angoff, None, None), "--judgements");
    let page = folder.file("p.csv", "judge;page\nA;2\n");
    refused(args(Way::Bookmark, Some(page), None), "--items");
    let faulty = folder.file("f.csv", "judge;q1\nA;50\nB;150\n");
    refused(args(Way::Angoff, Some(faulty), None), "ligne 3, colonne q1");
    let wrong = folder.file("m.csv", "candidate;mark_on_20\na;21\n");
    refused(args(Way::Cohen, None, Some(wrong)), "ligne 2");
    let one = folder.file("o.csv", "judge;q1\nA;50\n");
    let found = derive(&args(Way::Angoff, Some(one), None)).unwrap();
    assert!(found.threshold.is_none() && found.why_not.unwrap().contains("au moins 2"));
}
