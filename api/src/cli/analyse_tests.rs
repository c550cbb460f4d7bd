use super::*;

/// Twelve questions of three kinds, 200 candidates whose ability rises with their row.
fn files() -> (String, String, String) {
    let mut key = String::from("question,kind,propositions,correct,rank,section\n");
    for q in 0..12 {
        let (kind, correct) = if q % 3 == 0 { ("QRU", "B") } else { ("QRM", "ACD") };
        key += &format!(
            "q{q},{kind},5,{correct},{},{}\n",
            if q % 2 == 0 { "A" } else { "B" },
            if q < 6 { "s1" } else { "s2" }
        );
    }
    let mut responses = String::from("candidate");
    (0..12).for_each(|q| responses += &format!(",q{q}"));
    let mut groups = String::from("candidat;centre\n");
    for c in 0..200_usize {
        responses += &format!("\nc{c}");
        for q in 0..12_usize {
            // A deterministic crowd: the better know more, with some noise.
            let knows = (c * 7 + q * 31 + c * q * 13) % 200 < c / 2 + 60;
            responses += match (q % 3 == 0, knows) {
                (true, true) => ",B",
                (true, false) => [",A", ",C", ",D", ",E"][(c + q) % 4],
                (false, true) => ",ACD",
                (false, false) if c % 2 == 0 => ",AC",
                (false, false) => ",BE",
            };
        }
        groups += &format!("c{c};{}\n", if c % 2 == 0 { "Lyon" } else { "Lille" });
    }
    (key, responses, groups)
}

fn analysed(folder: &Path, more: &[&str]) -> Result<(), Failure> {
    let (key, responses, groups) = files();
    std::fs::write(folder.join("key.csv"), key).unwrap();
    std::fs::write(folder.join("responses.csv"), responses).unwrap();
    std::fs::write(folder.join("groups.csv"), groups).unwrap();
    let at = |name: &str| folder.join(name).display().to_string();
    let mut arguments = vec!["docimo".to_owned(), "--quiet".into(), "analyse".into()];
    arguments.extend(["--key".into(), at("key.csv"), "--responses".into(), at("responses.csv")]);
    arguments.extend(["--html".into(), at("out.html"), "--xlsx".into(), at("out.xlsx")]);
    arguments.extend(more.iter().map(|a| a.replace("FOLDER", &folder.display().to_string())));
    let cli = crate::cli::read(arguments.into_iter().map(Into::into).collect());
    let Ok(cli) = cli else { return Err(Failure::Input("usage".into())) };
    crate::cli::run(cli)
}

#[test]
fn a_report_and_a_workbook_are_written() {
    let folder = tempfile::tempdir().unwrap();
    analysed(folder.path(), &["--groups", "FOLDER/groups.csv", "--replicates", "100"]).unwrap();
    let html = std::fs::read_to_string(folder.path().join("out.html")).unwrap();
    for wanted in ["Alpha de Cronbach", "Lyon", "réponses graduées", "Incertitude des rangs", "<svg", "<style>"] {
        assert!(html.contains(wanted), "{wanted}");
    }
    assert!(!html.contains("NaN") && !html.contains("http"), "a report needs nothing else");
    assert!(std::fs::read(folder.path().join("out.xlsx")).unwrap().starts_with(b"PK"));
}

#[test]
fn faults_are_told_with_their_place_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |more: &[&str]| match analysed(folder.path(), more) {
        Err(Failure::Input(text)) => text,
        other => panic!("{other:?}"),
    };
    assert!(refused(&["--model", "4pl"]).contains("usage"));
    let (name, bytes) = ("groupes.csv", b"candidate,centre\nc1,Lyon\nc1,Lille\ninconnu,Lyon\n");
    let wrong = groupings(name, bytes, &["c1".into(), "c2".into()]).unwrap_err();
    let told: Vec<String> = wrong.iter().map(|w| format!("{} : {}", w.place, w.message)).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("groupes.csv, ligne 3, colonne candidate"), "{told:?}");
    assert!(groupings(name, b"centre\nLyon\n", &[]).is_err());
    assert!(groupings(name, b"candidate\nc1\n", &["c1".into()]).is_err());
    assert!(!folder.path().join("out.html").exists());
}

#[test]
fn few_candidates_are_said_to_be_few() {
    let (key, responses, _) = files();
    let few: String = responses.lines().take(21).collect::<Vec<_>>().join("\n");
    let input = Input {
        key_name: "key.csv",
        key: key.as_bytes(),
        responses_name: "responses.csv",
        responses: few.as_bytes(),
        scheme: scheme::named("edn").unwrap(),
        progress: &|_| {},
    };
    let exam = mark::exam(&input).unwrap();
    let effective = Effective::new(exam.paper);
    let compiled = Compiled::new(&effective, &exam.matrix).unwrap();
    let people = exam.candidates.iter().map(|c| Person { id: String::new(), number: c.clone(), name: String::new() });
    let subject = Subject::new(effective, compiled, Arc::new(exam.matrix), people.collect(), vec![]);
    let study = Study::new(&subject, &Wishes::default(), &Progress::default()).unwrap();
    let document = Document::new(&subject, &study, Some(&exam.order));
    assert!(document.irt.is_none() && document.questions.iter().all(|q| q.flags.is_empty()));
    assert!(
        document.warnings.iter().any(|w| w.contains("20 candidats, il en faut au moins 50")),
        "{:?}",
        document.warnings
    );
    let json = String::from_utf8(out::json(&document).unwrap()).unwrap();
    assert!(!json.contains("NaN") && !json.contains("inf"));
    assert_eq!(document.questions[0].question, "q0");
}

/// A study of the first `rows` sheets, with some questions taken out.
fn studied(rows: usize, without: impl Fn(usize) -> bool) -> (Subject, Study) {
    use docimo_engine::ledger::{Decision, Neutralisation};
    let (key, responses, _) = files();
    let few: String = responses.lines().take(rows + 1).collect::<Vec<_>>().join("\n");
    let input = Input {
        key_name: "key.csv",
        key: key.as_bytes(),
        responses_name: "responses.csv",
        responses: few.as_bytes(),
        scheme: scheme::named("edn").unwrap(),
        progress: &|_| {},
    };
    let exam = mark::exam(&input).unwrap();
    let mut effective = Effective::new(exam.paper);
    for (i, id) in exam.order.iter().enumerate().filter(|(i, _)| without(*i)) {
        let policy = if i % 2 == 0 { Neutralisation::Removed } else { Neutralisation::CreditAll };
        effective.apply(&Decision::Neutralise { question: id.as_str().into(), policy }).unwrap();
    }
    let compiled = Compiled::new(&effective, &exam.matrix).unwrap();
    let people = exam.candidates.iter().map(|c| Person { id: String::new(), number: c.clone(), name: String::new() });
    let subject = Subject::new(effective, compiled, Arc::new(exam.matrix), people.collect(), vec![]);
    let study = Study::new(&subject, &Wishes { replicates: 50, ..Wishes::default() }, &Progress::default()).unwrap();
    (subject, study)
}

#[test]
fn small_and_odd_exams_have_a_study_too() {
    type Without = fn(usize) -> bool;
    let cases: [(usize, Without); 8] = [
        (1, |_| false),
        (2, |_| false),
        (60, |_| true),
        (60, |i| i % 2 == 0),
        (200, |i| i > 0),
        (200, |i| i > 2),
        (200, |i| i % 2 == 1),
        (31, |i| i % 3 == 0),
    ];
    for (rows, without) in cases {
        let (subject, study) = studied(rows, without);
        let document = Document::new(&subject, &study, None);
        let json = String::from_utf8(out::json(&document).unwrap()).unwrap();
        let html = report::html(&subject, &study).unwrap();
        for text in [&json, &html] {
            assert!(!text.contains("NaN") && !text.contains("inf\u{a0}") && !text.contains(":inf"), "{rows}");
        }
        assert!(!report::text(&document).is_empty() && !sheet::xlsx(&subject, &study).unwrap().is_empty());
        assert_eq!(document.persons.len(), rows);
    }
}

#[test]
fn the_same_version_gives_the_same_numbers() {
    let told = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let (subject, study) = studied(200, |i| i == 3);
            String::from_utf8(out::json(&Document::new(&subject, &study, None)).unwrap()).unwrap()
        })
    };
    assert!(told(1) == told(3));
}

#[test]
fn neighbours_are_compared_apart() {
    let (key, responses, _) = files();
    // c42 copies all of c43, beside whom they sit; both know little.
    let mut lines: Vec<String> = responses.lines().map(str::to_owned).collect();
    let copied = lines[44].split_once(',').unwrap().1.to_owned();
    lines[43] = format!("c42,{copied}");
    let responses = lines.join("\n");
    let input = Input {
        key_name: "key.csv",
        key: key.as_bytes(),
        responses_name: "responses.csv",
        responses: responses.as_bytes(),
        scheme: scheme::named("edn").unwrap(),
        progress: &|_| {},
    };
    let exam = mark::exam(&input).unwrap();
    let mut places = String::from("candidat;salle;rangée;place\n");
    (0..200).for_each(|c| places += &format!("c{c};A;{};{}\n", c / 20, c % 20));
    let seats = seated("places.csv", places.as_bytes(), &exam.candidates).unwrap();
    let effective = Effective::new(exam.paper);
    let compiled = Compiled::new(&effective, &exam.matrix).unwrap();
    let people = exam.candidates.iter().map(|c| Person { id: String::new(), number: c.clone(), name: String::new() });
    let whole = Subject::new(effective, compiled, Arc::new(exam.matrix), people.collect(), vec![]);
    let subject = Subject { seats, ..whole };
    let wishes = Wishes { replicates: 50, pairs: true, ..Wishes::default() };
    let study = Study::new(&subject, &wishes, &Progress::default()).unwrap();
    let likeness = Document::new(&subject, &study, None).likeness.unwrap();
    // Ten rows of twenty: 190 beside, 180 before, 2 × 171 aslant.
    assert_eq!((likeness.compared, likeness.neighbours_compared), (19_900, 712));
    let found = &study.likeness.as_ref().unwrap().screening.neighbours;
    assert!(found.iter().all(|p| p.neighbours));
    let copier = found.iter().find(|p| (p.a, p.b) == (42, 43)).unwrap();
    assert_eq!(copier.common.identical_wrong, copier.common.both_wrong);
    let told = |text: &str| seated("places.csv", text.as_bytes(), &["c1".into()]).unwrap_err()[0].clone();
    assert!(told("candidat;salle\nc1;A\n").message.contains("rangée"));
    assert_eq!(told("candidat;rangée;place\nc1;x;2\n").place, "places.csv, ligne 2, colonne rangée");
    assert!(told("candidat;rangée;place\nc9;1;2\n").message.contains("inconnu"));
    assert!(seated("p", b"candidat;rang;place\nc1;;\n", &["c1".into()]).unwrap().is_empty(), "no seat at all");
}
