//! Good files are marked as the rules say; bad ones are told with line and column.

use super::*;

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
    assert!(scheme("v99").is_err());
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
        (Exact::new(1, 2_000_000), "0.000001", "1e-6"),
        (Exact::int(-3), "-3", "-3"),
        (Exact::new(127, 10), "12.7", "12.7"),
    ] {
        let number = Number::from(value);
        assert_eq!((number.to_string().as_str(), value.decimal(6).as_str()), (csv, csv));
        let read: f64 = serde_json::to_string(&number).unwrap().parse().unwrap();
        assert_eq!(read, json.parse::<f64>().unwrap());
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
fn a_file_that_cannot_be_written_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let marked = run("question,kind,propositions,correct\nq1,QRU,5,A\n", "candidate,q1\nc,A\n", "edn").unwrap();
    let taken = folder.path().join("marks.csv");
    std::fs::create_dir(&taken).unwrap();
    std::fs::write(taken.join("x"), "x").unwrap();
    assert!(write_csv(&marked, b',', &taken).is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
