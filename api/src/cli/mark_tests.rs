//! Good files are marked as the rules say; bad ones are told with line and column.

use super::*;
use crate::cli::out;
use crate::cli::scheme::named as scheme;
use docimo_engine::Exact;

const KEY: &str = "\u{feff}question;kind;propositions;correct;indispensable;inacceptable;weight;rank;section;acceptable\n\
q1;QRM;5;ACD;;;1;A;UC1;\nq2;QRU;5;B;;;1,5;B;UC1;\nq3;QRP;5;ACE;A;B;;A;UC2;\nq4;TCS;;0|9|7|3|0;;;;B;UC2;\n\
q5;QROC;;embolie pulmonaire;;;;A;UC2;maladie thromboembolique veineuse\nq6;QZP;;Z1|Z2|Z3;;;;;UC2;\nq7;QRPL;10;ABCD;;;;B;UC2;\n";

fn run(key: &str, responses: &str, name: &str) -> Result<Marked, Vec<Wrong>> {
    mark(&Input {
        key_name: "key.csv",
        key: key.as_bytes(),
        responses_name: "responses.csv",
        responses: responses.as_bytes(),
        scheme: scheme(name).unwrap(),
        progress: &|_| {},
    })
}

#[test]
fn an_exam_of_every_kind_is_marked() {
    let marked = run(
        KEY,
        "candidate,q1,q2,q3,q4,q5,q6,q7\nc1,ACD,B,ACE,-1,Embolie  Pulmonaire.,Z1|Z3,ABCE\nc2,\"a, c\",A,CE,0,maladie thrombo-embolique veineuse,,\nc3,,,,,,,\n",
        "edn",
    )
    .unwrap();
    let json = serde_json::to_value(&marked).unwrap();
    assert_eq!(json["questions"][0], "q1");
    let first = &json["candidates"][0];
    assert_eq!(first["marks"], serde_json::json!([1, 1, 1, 1, 1, 0.666667, 0.75]));
    assert_eq!(first["out_of"], 7.5);
    // 1 + 1.5 + 1 + 1 + 1 + 2/3 + 3/4 = 83/12.
    assert_eq!(first["points"], 6.916667);
    assert_eq!(first["mark_on_20"], 18.444444);
    assert_eq!(first["rank_a_on_20"], 20);
    let second = &json["candidates"][1];
    assert_eq!(second["marks"], serde_json::json!([0.5, 0, 0, 0.777778, 0.5, 0, 0]));
    assert_eq!(json["candidates"][2]["rank"], 3);
}

#[test]
fn first_cycle_sheets_have_three_states() {
    let key = "question,kind,propositions,correct\nq,QCM,5,ACD\n";
    // A and C right, D unanswered, B right, E wrong: RULES §2.
    let marked = run(key, "candidat;q\nc;ACE/B\n", "v5").unwrap();
    assert_eq!(marked.candidates[0].marks[0], Number::from(Exact::new(16, 25)));
    let marked = run(key, "candidat;q\nc;ACD\n", "v4").unwrap();
    assert_eq!(marked.candidates[0].marks[0], Number::from(Exact::ONE), "without a slash there are two states");
    let marked = run(key, "candidat;q\nc;ACE/B\nd;\n", "v6").unwrap();
    assert_eq!(marked.candidates[0].marks[0], Number::from(Exact::new(2, 5)));
    assert_eq!(marked.candidates[1].marks[0], Number::from(Exact::ZERO));
}

fn places(result: Result<Marked, Vec<Wrong>>) -> Vec<String> {
    result.unwrap_err().into_iter().map(|w| w.place).collect()
}

#[test]
fn every_fault_has_its_place() {
    let key = "question,kind,propositions,correct\nq1,QRU,5,B\nq2,QRM,5,AC\n";
    let bad = run(key, "candidate,q1,q2\nc1,Z,A\nc2,B,AA\nc2,B,A\nc3,F,1\n,A,A\nc4,B\n", "edn");
    let bad = bad.unwrap_err();
    let told: Vec<String> = bad.iter().map(|w| format!("{} : {}", w.place, w.message)).collect();
    for expected in [
        "responses.csv, ligne 2, colonne q1 : « Z » n’est pas une lettre de A à Y",
        "responses.csv, ligne 3, colonne q2 : lettre A donnée deux fois",
        "responses.csv, ligne 4, colonne 1 : le candidat « c2 » est déjà à la ligne 3",
        "responses.csv, ligne 5, colonne q1 : lettre F inconnue : la question va de A à E",
        "responses.csv, ligne 6, colonne 1 : candidat sans identifiant",
        "responses.csv, ligne 7 : 2 cellules, 3 attendues",
    ] {
        assert!(told.iter().any(|t| t == expected), "{expected}\n{told:#?}");
    }
    assert_eq!(
        places(run(key, "candidate,q1,q9\nc,A,A\n", "edn")),
        ["responses.csv, ligne 1, colonne q9", "responses.csv, ligne 1"]
    );
    assert_eq!(places(run(key, "nom,q1,q2\nc,A,A\n", "edn")), ["responses.csv, ligne 1, colonne 1"]);
    assert_eq!(places(run(key, "", "edn")).len(), 3);
    assert_eq!(places(run("question,kind\n", "candidate\n", "edn")), ["key.csv, ligne 1", "key.csv, ligne 1"]);
    let keys = "question,kind,propositions,correct,weight\nq1,QRU,5,BC,1\nq1,QRM,5,A,1\nq2,XXX,5,A,1\nq3,QRM,30,A,1\nq4,QRM,5,A,zéro\nq5,TCS,,1|2,1\n";
    assert_eq!(
        places(run(keys, "candidate\n", "edn")),
        [
            "key.csv, ligne 2, colonne correct",
            "key.csv, ligne 3, colonne question",
            "key.csv, ligne 4, colonne kind",
            "key.csv, ligne 5, colonne propositions",
            "key.csv, ligne 6, colonne weight",
            "key.csv, ligne 7, colonne correct"
        ]
    );
    let latin = mark(&Input {
        key_name: "k",
        key: key.as_bytes(),
        responses_name: "r",
        responses: b"candidate,q1,q2\nL\xe9a,A,A\n",
        scheme: scheme("edn").unwrap(),
        progress: &|_| {},
    });
    assert_eq!(places(latin), ["r, ligne 2"]);
}

#[test]
fn many_faults_are_counted() {
    let rows: String = (0..300).map(|i| format!("c{i},Z\n")).collect();
    let wrong =
        run("question,kind,propositions,correct\nq1,QRU,5,B\n", &format!("candidate,q1\n{rows}"), "edn").unwrap_err();
    assert_eq!(wrong.len(), 101);
    assert!(wrong[100].message.contains("200"));
}

#[test]
fn numbers_are_rounded_half_away_from_zero_and_whole_where_they_are() {
    for (value, csv, json) in [
        (Exact::new(2, 3), "0.666667", "0.666667"),
        (Exact::new(-1, 6), "-0.166667", "-0.166667"),
        (Exact::new(1, 2_000_000), "0.000001", "0.000001"),
        (Exact::new(1, 200_000), "0.000005", "0.000005"),
        (Exact::int(-3), "-3", "-3"),
        (Exact::new(127, 10), "12.7", "12.7"),
    ] {
        let number = Number::from(value);
        assert_eq!((number.to_string().as_str(), value.decimal(6).as_str()), (csv, csv));
        assert_eq!(out::json(&number).unwrap(), format!("{json}\n").into_bytes());
    }
}

#[test]
fn too_many_ticks_are_told_and_worth_zero() {
    let key = "question,kind,propositions,correct\nq1,QRU,5,B\nq2,QRP,5,AB\n";
    let marked = run(key, "candidate,q1,q2\nc1,BC,ABC\nc2,B,AB\n", "edn").unwrap();
    assert_eq!(marked.candidates[0].points, Number::from(Exact::ZERO));
    assert_eq!(marked.warnings.iter().filter(|w| w.contains("sur 1 copie(s)")).count(), 2, "{:?}", marked.warnings);
}

#[test]
fn a_scheme_that_cannot_be_is_refused() {
    let mut own = scheme("edn").unwrap();
    own.qrm.floor = Some(Exact::int(2000));
    let input = Input {
        key_name: "k",
        key: b"question,kind,propositions,correct\nq1,QRM,5,B\n",
        responses_name: "r",
        responses: b"candidate,q1\nc,B\n",
        scheme: own,
        progress: &|_| {},
    };
    assert!(mark(&input).unwrap_err()[0].message.contains("entre -1000 et 1000"));
}

#[test]
fn sections_may_be_interleaved_and_the_order_is_the_keys() {
    let key = "question,kind,propositions,correct,section\nq1,QRU,5,A,UC1\nq2,QRU,5,B,UC2\nq3,QRU,5,C,UC1\n";
    let marked = run(key, "candidate,q3,q2,q1\nc,A,B,C\n", "edn").unwrap();
    assert_eq!(marked.questions, ["q1", "q2", "q3"]);
    let json = serde_json::to_value(&marked.candidates[0].marks).unwrap();
    assert_eq!(json, serde_json::json!([0, 1, 0]));
}

#[test]
fn a_first_cycle_column_without_a_slash_has_two_states() {
    let key = "question,kind,propositions,correct\nq,QCM,5,ACD\n";
    // RULES §2, the line of blanks; v2 and v10 by the same table.
    for (name, blank) in [
        ("v1", Exact::ZERO),
        ("v2", Exact::ZERO),
        ("v3", Exact::ZERO),
        ("v4", Exact::new(2, 5)),
        ("v5", Exact::new(1, 5)),
        ("v6", Exact::ZERO),
        ("v9", Exact::ZERO),
        ("v10", Exact::ZERO),
    ] {
        let marked = run(key, "candidat;q\na;ACD\nb;\nc; - \n", name).unwrap();
        let own = |row: usize| marked.candidates[row].marks[0];
        assert_eq!((own(0), own(1), own(2)), (Exact::ONE.into(), blank.into(), blank.into()), "{name}");
    }
    // With one slash in the column an empty cell is five abstentions, and so is a slash alone.
    let marked = run(key, "candidat;q\na;ACD/BE\nb;\nc;/\n", "v4").unwrap();
    assert_eq!(
        marked.candidates.iter().map(|c| c.marks[0]).collect::<Vec<_>>(),
        [1, 0, 0].map(|n| Exact::int(n).into())
    );
    // Columns are judged one by one.
    let key = "question,kind,propositions,correct\nq,QCM,5,ACD\nr,QCM,5,ACD\n";
    let marked = run(key, "candidat;q;r\na;ACD/B;ACD\nb;;\n", "v4").unwrap();
    assert_eq!(marked.candidates[1].marks, [Exact::ZERO.into(), Exact::new(2, 5).into()]);
}

#[test]
fn lines_are_those_of_the_file() {
    let key = "\n\nsep=;\nquestion;kind;propositions;correct\n\n\nq1;QRU;5;Z\n";
    assert_eq!(places(run(key, "candidate\n", "edn")), ["key.csv, ligne 7, colonne correct"]);
    let key = "question,kind,propositions,correct\nq1,QRU,5,A\n";
    let responses = "sep=;\r\n\r\ncandidate;q1\r\n\r\n\r\nc1;A\r\n\r\nc2;Z\r\n;A\r\n";
    assert_eq!(
        places(run(key, responses, "edn")),
        ["responses.csv, ligne 9, colonne 1", "responses.csv, ligne 8, colonne q1"]
    );
    assert_eq!(
        places(run(key, "\ncandidate;q9\n", "edn")),
        ["responses.csv, ligne 2, colonne q9", "responses.csv, ligne 2"]
    );
    assert_eq!(separator(responses.as_bytes()), b';');
}

#[test]
fn no_candidate_vanishes_in_a_quote() {
    let key = "question,kind,propositions,correct\nq1,QROC,,embolie\n";
    let responses = "candidate,q1\nc1,\"embolie\nc2,embolie\nc3,\"embolie\"\n";
    assert_eq!(places(run(key, responses, "edn")), ["responses.csv, ligne 2, colonne q1"]);
    assert_eq!(places(run(key, "candidate,q1\nc1,x\nc2,\"x", "edn")), ["responses.csv, ligne 3, colonne q1"]);
    let key = "question,kind,propositions,correct\n\"q1,QROC,,embolie\nq2,QROC,,embolie\n";
    assert_eq!(places(run(key, "candidate,q1\n", "edn")), ["key.csv, ligne 2, colonne question"]);
}

#[test]
fn a_fault_of_the_key_is_told_at_its_column() {
    let long = "x".repeat(101);
    for (line, column) in [
        ("q,QRU,5,A,,,0,,", "weight"),
        ("q,QRU,5,A,,,2000,,", "weight"),
        ("q,QRU,5,A,,,1/3,,", "correct"),
        ("q,QRU,5,AB,,,1,,", "correct"),
        ("q,QRU,5,A,,,1,C,", "rank"),
        ("q,QRU,1,A,,,1,,", "propositions"),
        ("q,QRPL,5,AB,,,1,,", "propositions"),
        ("q,QCM,13,AB,,,1,,", "propositions"),
        ("q,QRPL,12,AB,A,,1,,", "indispensable"),
        ("q,QRPL,12,AB,,C,1,,", "inacceptable"),
        ("q,QRPL,12,AB,A,C,1,,", "indispensable"),
        ("q,QRPL,12,ABCDEF,,,1,,", "correct"),
        ("q,QRX,5,A,,,1,,", "kind"),
        ("q,QROC,,embolie,,,1,,!", "acceptable"),
        ("q,QROC,,,,,1,,", "correct"),
        ("q\u{7},QRU,5,A,,,1,,", "question"),
        (&format!("{long},QRU,5,A,,,1,,"), "question"),
    ] {
        let key =
            format!("question,kind,propositions,correct,indispensable,inacceptable,weight,rank,acceptable\n{line}\n");
        let result = key::read("key.csv", key.as_bytes(), &scheme("edn").unwrap()).map(|_| ());
        // A third is a fine weight.
        let expected = if line.contains("1/3") { vec![] } else { vec![format!("key.csv, ligne 2, colonne {column}")] };
        let places: Vec<String> = result.err().into_iter().flatten().map(|w| w.place).collect();
        assert_eq!(places, expected, "{line}");
    }
    // Several faults of a line are told together.
    let key = "question,kind,propositions,correct,weight,rank\nq,QRZ,5,A,x,C\n";
    assert_eq!(places(run(key, "candidate\n", "edn")).len(), 3);
}

#[test]
fn what_is_refused_of_the_whole_exam_is_told_at_its_question() {
    // Nothing true, and a scheme that has a score for empty sheets.
    let key = "question,kind,propositions,correct,section\nq1,QRU,5,A,UC1\n\nq2,QRM,5,,UC2\n";
    assert_eq!(places(run(key, "candidate,q1,q2\n", "edn-blank-zero")), ["key.csv, ligne 4, colonne correct"]);
    // Weights without a common denominator.
    let primes = [997, 991, 983, 977, 971, 967, 953, 947, 941, 937, 929, 919, 911, 907];
    let lines: String = primes.iter().map(|p| format!("q{p},QRU,5,A,1/{p}\n")).collect();
    let wrong = run(&format!("question,kind,propositions,correct,weight\n{lines}"), "candidate\n", "edn").unwrap_err();
    assert!(wrong[0].place.starts_with("key.csv, ligne ") && wrong[0].place.ends_with("colonne weight"), "{wrong:?}");
}

#[test]
fn a_question_may_have_its_own_scheme() {
    let key = "question,kind,propositions,correct,scheme\nq1,QRM,5,ACD,V1\nq2,QRM,5,ACD,\nq3,QRM,5,ACD,maison\n";
    let mut own = scheme("v4").unwrap();
    own.name = "Maison".into();
    let input = |key: &'static str| Input {
        key_name: "key.csv",
        key: key.as_bytes(),
        responses_name: "responses.csv",
        responses: b"candidate,q1,q2,q3\nc,AC,AC,AC\n",
        scheme: own.clone(),
        progress: &|_| {},
    };
    let marked = mark(&input(key)).unwrap();
    assert_eq!(marked.candidates[0].marks, [Exact::ZERO, Exact::new(4, 5), Exact::new(4, 5)].map(Number::from));
    assert_eq!(marked.candidates[0].points, Number::from(Exact::new(8, 5)));
    let unknown = "question,kind,propositions,correct,scheme\nq1,QRM,5,ACD,v99\n";
    assert_eq!(places(mark(&input(unknown))), ["key.csv, ligne 2, colonne scheme"]);
    // The blank of a first-cycle column follows the scheme of its own question.
    let key = "question,kind,propositions,correct,scheme\nq1,QCM,5,ACD,v4\nq2,QCM,5,ACD,v5\n";
    let marked = run(key, "candidate,q1,q2\nc,,\n", "edn").unwrap();
    assert_eq!(marked.candidates[0].marks, [Exact::new(2, 5), Exact::new(1, 5)].map(Number::from));
}

#[test]
fn identifiers_come_out_as_they_came_in() {
    let key = "question,kind,propositions,correct\n-1,QRU,5,A\n=q,QRU,5,A\n";
    let responses = "candidate,-1,=q\n-5,A,A\n+33,A,A\n0012,A,A\n-Léa,A,A\n=1+1,A,A\n@x,A,A\n+cmd|' /C calc'!A0,A,A\n";
    let table = String::from_utf8(csv(&run(key, responses, "edn").unwrap(), b',').unwrap()).unwrap();
    let first: Vec<&str> = table.lines().map(|l| l.split(',').next().unwrap()).collect();
    assert_eq!(first, ["candidate", "-5", "+33", "0012", "-Léa", "'=1+1", "'@x", "'+cmd|' /C calc'!A0"]);
    assert!(table.lines().next().unwrap().ends_with(",-1,'=q"), "{table}");
}

#[test]
fn candidates_are_compared_as_they_are_read() {
    let key = "question,kind,propositions,correct\nqé,QRU,5,A\n";
    // The same name with an accent typed in two ways; the question too.
    let responses = "candidate,qe\u{301}\nLéa,A\nLe\u{301}a,A\nx\u{0}y,A\n\"t\tz\",A\n";
    let wrong = run(key, responses, "edn").unwrap_err();
    let told: Vec<String> = wrong.iter().map(|w| w.place.clone()).collect();
    assert_eq!(told, [3, 4, 5].map(|line| format!("responses.csv, ligne {line}, colonne 1")));
    assert!(wrong[0].message.contains("déjà à la ligne 2") && wrong[1].message.contains("caractère de contrôle"));
}
