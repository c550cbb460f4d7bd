use super::*;
use docimo_engine::docimology::equating::{LinkMethod, Method};
use docimo_engine::docimology::numeric::{Draws, logistic};
use serde_json::Value;

/// Two exams of 40 right-or-wrong questions, `c0` to `c19` in both; the 20 others are harder in the first by `harder`
/// logits, and its candidates stronger by `stronger`.
fn exams(folder: &Path, candidates: usize, harder: f64, stronger: f64) {
    for (exam, own, mean, shift) in [("x", "u", stronger, harder), ("y", "v", 0.0, 0.0)] {
        let names: Vec<String> = (0..40).map(|q| if q < 20 { format!("c{q}") } else { format!("{own}{q}") }).collect();
        let mut key = String::from("question,kind,propositions,correct\n");
        names.iter().for_each(|name| key += &format!("{name},QRU,5,B\n"));
        let mut responses = format!("candidate,{}\n", names.join(","));
        let stream = if exam == "x" { 1 } else { 2 };
        for c in 0..candidates {
            let theta = mean + Draws::new(stream, 0).normal(c as u64);
            let draws = Draws::new(10 + stream, c as u64);
            responses += &format!("p{c}");
            for q in 0..40_u64 {
                // Both halves have the same spread of difficulties.
                let b = -1.9 + 0.2 * (q % 20) as f64 + if q < 20 { 0.0 } else { shift };
                responses += if draws.uniform(q) < logistic(1.1 * (theta - b)) { ",B" } else { ",A" };
            }
            responses.push('\n');
        }
        std::fs::write(folder.join(format!("{exam}.key.csv")), key).unwrap();
        std::fs::write(folder.join(format!("{exam}.csv")), responses).unwrap();
    }
}

fn arguments(folder: &Path, more: &[&str]) -> Vec<std::ffi::OsString> {
    let at = |name: &str| folder.join(name).display().to_string();
    let mut arguments: Vec<String> = ["docimo", "--quiet", "equate"].map(str::to_owned).into();
    arguments.extend(["--key-x".into(), at("x.key.csv"), "--responses-x".into(), at("x.csv")]);
    arguments.extend(["--key-y".into(), at("y.key.csv"), "--responses-y".into(), at("y.csv")]);
    arguments.extend(more.iter().map(|a| a.replace("FOLDER", &folder.display().to_string())));
    arguments.into_iter().map(Into::into).collect()
}

fn run_with(folder: &Path, more: &[&str]) -> Result<(), Failure> {
    match crate::cli::read(arguments(folder, more)) {
        Ok(cli) => crate::cli::run(cli),
        Err(_) => Err(Failure::Input("usage".into())),
    }
}

/// What the command computes, without going through standard output.
fn compared(folder: &Path, wishes: &Wishes) -> Equating {
    let cli = crate::cli::read(arguments(folder, &[])).ok().unwrap();
    let Some(crate::cli::Command::Equate(args)) = cli.command else { panic!() };
    let scheme = || scheme::named("edn").unwrap();
    let x = read(&cli.common, &args, (&args.key_x, &args.responses_x), scheme()).unwrap();
    let y = read(&cli.common, &args, (&args.key_y, &args.responses_y), scheme()).unwrap();
    equate(&x.side(), &y.side(), wishes)
}

/// What a mark at the first exam is worth at the second by the law the data were drawn from: expected marks at the same
/// ability.
fn truth(mark: f64, harder: f64) -> f64 {
    let expected = |theta: f64, shift: f64| {
        (0..40)
            .map(|q| {
                let b = -1.9 + 0.2 * f64::from(q % 20) + if q < 20 { 0.0 } else { shift };
                0.5 * logistic(1.1 * (theta - b))
            })
            .sum::<f64>()
    };
    let (mut low, mut high) = (-8.0, 8.0);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if expected(middle, harder) < mark { low = middle } else { high = middle }
    }
    expected(low, 0.0)
}

#[test]
fn a_known_shift_is_found_again_within_three_errors() {
    let folder = tempfile::tempdir().unwrap();
    exams(folder.path(), 1_500, 0.8, 0.5);
    let found = compared(folder.path(), &Wishes::default());
    assert_eq!(found.common.len(), 20);
    assert!(found.common.iter().all(|c| c.used && c.reason.is_none()));
    assert_eq!(found.methods.len(), 4);
    for method in &found.methods {
        assert_eq!(method.why, None, "{:?}", method.method);
        let point = method.at_mean.unwrap();
        let (wanted, se) = (truth(point.mark, 0.8), point.se.unwrap());
        println!("{:?}: {} for {wanted}, error {se}", method.method, point.value);
        // Tucker understates a difference between cohorts, by what its regression is attenuated: the others are held.
        let held = method.method != Method::TuckerLinear;
        assert!(!held || (point.value - wanted).abs() < 3.0 * se, "{:?}", method.method);
        assert!(se > 0.005 && se < 0.3 && point.value - point.mark > 1.0);
    }
    let link = found.links.iter().find(|l| l.method == LinkMethod::StockingLord).unwrap();
    let (a, b) = (link.slope_se.unwrap(), link.shift_se.unwrap());
    println!("A {} ({a}), B {} ({b})", link.slope, link.shift);
    // The jackknife over questions, and the sampling of both cohorts' means (1/√750 together).
    assert!((link.slope - 1.0).abs() < 3.0 * (a + 0.04));
    assert!((link.shift - 0.5).abs() < 3.0 * b.hypot(0.037));
    assert!(found.summary.contains("plus difficile"), "{}", found.summary);
    assert!(found.anchor.as_ref().unwrap().effect.unwrap() > 0.3);
}

#[test]
fn the_document_holds_what_scripts_read_and_the_report_stands_alone() {
    let folder = tempfile::tempdir().unwrap();
    exams(folder.path(), 300, 0.5, 0.0);
    run_with(folder.path(), &["--replicates", "20", "--html", "FOLDER/out.html", "--without", "c3,c4"]).unwrap();
    let html = std::fs::read_to_string(folder.path().join("out.html")).unwrap();
    for wanted in ["Questions communes", "Tucker", "<svg", "<details class=\"details\" open>", "class=\"area\""] {
        assert!(html.contains(wanted), "{wanted}");
    }
    assert!(!html.contains("NaN") && !html.contains("http"));
    let without = Some(["c3", "c4"].map(str::to_owned).into());
    let found = compared(folder.path(), &Wishes { without, replicates: 20, ..Wishes::default() });
    let json: Value = serde_json::from_slice(&out::json(&found).unwrap()).unwrap();
    assert_eq!((json["design"].as_str(), json["anchor"]["questions"].as_u64()), (Some("anchor"), Some(18)));
    assert_eq!(json["common"][3]["reason"], "chosen");
    assert_eq!(json["methods"][0]["method"], "tucker-linear");
    let marks = json["methods"][0]["equivalents"].as_array().unwrap();
    assert!(marks.len() > 10 && marks.iter().all(|p| p["se"].is_number() && p["value"].is_number()));
    assert!(marks.windows(2).all(|w| w[1]["mark"].as_f64().unwrap() - w[0]["mark"].as_f64().unwrap() == 0.5));
    // Few copies are said to be few.
    assert!(found.summary.starts_with("Ordre de grandeur"), "{}", found.summary);
    assert!(!report::text(&found).is_empty());
}

#[test]
fn a_question_that_changed_difficulty_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    exams(folder.path(), 1_500, 0.0, 0.0);
    // In the first exam half of those who were right at c7 no longer are.
    let path = folder.path().join("x.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for line in lines.iter_mut().skip(1).step_by(2) {
        let mut cells: Vec<&str> = line.split(',').collect();
        cells[8] = "A";
        *line = cells.join(",");
    }
    std::fs::write(&path, lines.join("\n")).unwrap();
    let found = compared(folder.path(), &Wishes { replicates: 20, ..Wishes::default() });
    let sure: Vec<&str> =
        found.common.iter().filter(|c| c.drift.is_some_and(|d| d.sure)).map(|c| c.question.as_str()).collect();
    let moved: Vec<_> = found.common.iter().filter_map(|c| Some((c.question.as_str(), c.drift?))).collect();
    assert!(sure.contains(&"c7") && sure.len() <= 2, "{sure:?}: {moved:#?}");
    let drift = found.common[7].drift.unwrap();
    assert!(drift.logits > 0.5 && drift.french().contains("plus difficile"), "{drift:?}");
}

#[test]
fn without_common_questions_the_groups_are_supposed_equivalent_and_it_is_said() {
    let folder = tempfile::tempdir().unwrap();
    exams(folder.path(), 200, 0.5, 0.0);
    let path = folder.path().join("y.key.csv");
    let rename = |path: &Path| {
        let digits = 0..10;
        let text = std::fs::read_to_string(path).unwrap();
        let text = digits.fold(text, |text, d| text.replace(&format!("c{d}"), &format!("d{d}")));
        std::fs::write(path, text).unwrap();
    };
    rename(&path);
    rename(&folder.path().join("y.csv"));
    let found = compared(folder.path(), &Wishes { replicates: 20, ..Wishes::default() });
    assert_eq!((found.common.len(), found.design), (0, crate::analysis::equating::Design::EquivalentGroups));
    assert_eq!(
        found.methods.iter().map(|m| m.method).collect::<Vec<_>>(),
        [Method::Mean, Method::Linear, Method::Equipercentile]
    );
    assert!(found.warnings[0].contains("Aucune question commune"), "{:?}", found.warnings);
    assert!(found.summary.contains("Si les deux promotions sont de même niveau"), "{}", found.summary);
    // Named apart in a file, they link again.
    let names: String = (0..20).map(|q| format!("c{q};d{q}\n")).collect();
    let pairs = parse("f", &names, |_| true, |_| true).unwrap();
    let found = compared(folder.path(), &Wishes { names: Names::Given(pairs), replicates: 20, ..Wishes::default() });
    assert_eq!(found.common.iter().filter(|c| c.used).count(), 20);
}

#[test]
fn a_key_that_differs_is_left_out_and_said() {
    let folder = tempfile::tempdir().unwrap();
    exams(folder.path(), 100, 0.0, 0.0);
    let path = folder.path().join("y.key.csv");
    let key = std::fs::read_to_string(&path).unwrap().replace("c2,QRU,5,B", "c2,QRU,5,A");
    std::fs::write(&path, key).unwrap();
    let found = compared(folder.path(), &Wishes { replicates: 20, ..Wishes::default() });
    let reason = found.common[2].reason.unwrap();
    assert!(!found.common[2].used && reason.french().contains("clé différente") && !reason.may_be_used());
}

#[test]
fn too_little_is_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    for candidates in [1, 2, 9, 12] {
        exams(folder.path(), candidates, 0.0, 0.0);
        let found = compared(folder.path(), &Wishes { replicates: 20, ..Wishes::default() });
        let json = String::from_utf8(out::json(&found).unwrap()).unwrap();
        let html = report::html(&found).unwrap();
        for text in [json, html, report::text(&found)] {
            assert!(!text.contains("NaN") && !text.contains("inf\u{a0}") && !text.contains(":inf"), "{candidates}");
        }
        assert!(!found.warnings.is_empty() && !found.summary.is_empty());
        if candidates < 10 {
            assert_eq!(found.retained, None);
        }
    }
    exams(folder.path(), 2, 0.0, 0.0);
    assert!(matches!(run_with(folder.path(), &["--html", "FOLDER/out.html"]), Err(Failure::Attention)));
}

#[test]
fn faults_of_the_anchors_file_are_told_with_their_line() {
    let folder = tempfile::tempdir().unwrap();
    exams(folder.path(), 20, 0.0, 0.0);
    std::fs::write(folder.path().join("anchors.txt"), "c1\nc2;c2\n\nabsente\nc2\nc3;zz\na;b;c\n").unwrap();
    let Err(Failure::Input(text)) = run_with(folder.path(), &["--anchors", "FOLDER/anchors.txt"]) else { panic!() };
    for wanted in ["ligne 4 : question « absente »", "ligne 5", "ligne 6 : question « zz »", "ligne 7"] {
        assert!(text.contains(wanted), "{text}");
    }
    assert_eq!(text.lines().count(), 5, "{text}");
    let Err(Failure::Input(text)) = run_with(folder.path(), &["--without", "u0"]) else { panic!() };
    assert!(text.contains("« u0 »"), "{text}");
    assert!(matches!(run_with(folder.path(), &["--anchors", "FOLDER/none.txt"]), Err(Failure::Input(_))));
}
