use super::*;
use clap::Parser;

#[derive(Parser)]
struct Evaluate {
    #[command(flatten)]
    args: EvaluateArgs,
}

/// Objectives and questions written for these tests.
const OBJECTIVES: &str = "code,item,ordinal,rank,rubric,title,title_status
OIC-339-01-A,339,1,A,Définition,Définir l’infarctus du myocarde,complete
OIC-339-02-A,339,2,A,Prise en charge,Connaître la reperfusion en urgence,complete
OIC-188-01-A,188,1,A,Prise en charge,Connaître le traitement de fond,complete
OIC-188-02-A,188,2,A,Identifier une urgence,Reconnaître les signes de gravité d’une crise,complete
";
const QUESTIONS: &str = r#"[
 {"stem": "Crise d’asthme, rhinite allergique : quels signes de gravité ?", "propositions": ["Cyanose", "Toux"], "correct": ["A"],
  "objective": "OIC-188-02-A"},
 {"stem": "Quelle reperfusion devant cet IDM ?", "item": [339]}
]"#;

struct Trial {
    folder: tempfile::TempDir,
}

impl Trial {
    fn new(questions: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("q"), questions).unwrap();
        std::fs::write(folder.path().join("o.csv"), OBJECTIVES).unwrap();
        Self { folder }
    }

    async fn run(&self, more: &[&str]) -> Result<serde_json::Value, Failure> {
        let at = |name: &str| self.folder.path().join(name).display().to_string();
        let (questions, details, data) = (at("q"), at("details.json"), at("data"));
        let mut line = vec!["evaluate", "--questions", &questions, "--details", &details];
        line.extend(more);
        let args = Evaluate::parse_from(line).args;
        let common = Common { quiet: true, json: true, data: Some(data.into()), ..Common::default() };
        run(&common, &AiCommand::Evaluate(args)).await?;
        Ok(serde_json::from_slice(&std::fs::read(details).unwrap()).unwrap())
    }

    async fn with_objectives(&self, more: &[&str]) -> Result<serde_json::Value, Failure> {
        let path = self.folder.path().join("o.csv").display().to_string();
        let mut line = vec!["--objectives", path.as_str()];
        line.extend(more);
        self.run(&line).await
    }
}

#[tokio::test]
async fn questions_of_known_tags_are_measured() {
    let trial = Trial::new(QUESTIONS);
    let found = trial.with_objectives(&[]).await.unwrap();
    assert_eq!(found.as_array().unwrap().len(), 2, "one method, two questions");
    assert_eq!(found[0]["items"][0]["code"], "R2C:188");
    assert_eq!(found[0]["objectives"][0]["code"], "OIC-188-02-A");
    assert!(found[0]["objectives"][0]["words"].as_array().unwrap().contains(&"gravité".into()), "{found}");
    assert_eq!(found[1]["items"][0]["code"], "R2C:339");
}

#[tokio::test]
async fn figures_have_the_promised_shape() {
    let trial = Trial::new(QUESTIONS);
    let path = |name: &str| trial.folder.path().join(name).display().to_string();
    let args = Evaluate::parse_from(["evaluate", "--questions", &path("q"), "--objectives", &path("o.csv")]).args;
    let known = read_questions(&args.questions).unwrap();
    let common = Common { quiet: true, ..Common::default() };
    let corpus = corpus(&common, &args, &known, &mut Vec::new()).await.unwrap();
    let (document, _) = evaluate(&common, &args, &[Method::Lexical], corpus, &known, vec![]).unwrap();
    let json = serde_json::to_value(&document).unwrap();
    let method = &json["methods"][0];
    assert_eq!((json["questions"].as_u64(), json["with_objective"].as_u64()), (Some(2), Some(1)));
    assert_eq!(method["method"], "lexical");
    for depth in ["1", "5", "10"] {
        assert_eq!(method["item_recall"][depth], 1.0, "{json}");
        assert_eq!(method["objective_recall"][depth], 1.0, "{json}");
    }
    assert!(method["calibration_error"].as_f64().is_some_and(|e| (0.0..=1.0).contains(&e)));
    assert!(method["questions_per_second"].as_f64().is_some_and(|s| s > 0.0));
    assert_eq!(json["tuning_questions"].as_u64().unwrap() + json["report_questions"].as_u64().unwrap(), 2);
    assert!(text(&document).contains("item parmi les 1 / 5 / 10 premiers : 100,0 / 100,0 / 100,0 %"));
}

#[tokio::test]
async fn without_objectives_items_are_measured_and_it_is_said() {
    let trial = Trial::new(QUESTIONS);
    assert!(matches!(trial.run(&[]).await, Err(Failure::Attention)));
    let details = std::fs::read(trial.folder.path().join("details.json")).unwrap();
    let found: serde_json::Value = serde_json::from_slice(&details).unwrap();
    assert_eq!(found[0]["items"][0]["code"], "R2C:188");
    assert_eq!(found[0]["objectives"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn a_table_says_the_same() {
    let trial = Trial::new(
        "énoncé;propositions;correct;objectif\nCrise d’asthme : quels signes de gravité ?;Cyanose|Toux;A;OIC-188-02-A\n",
    );
    let found = trial.with_objectives(&[]).await.unwrap();
    assert_eq!(found[0]["objectives"][0]["code"], "OIC-188-02-A");
}

async fn refusal(questions: &str, more: &[&str]) -> String {
    match Trial::new(questions).with_objectives(more).await {
        Err(Failure::Input(text) | Failure::Environment(text)) => text,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_with_its_place() {
    for (questions, said) in [
        ("[]", "aucune question"),
        ("[", "Ce JSON ne se lit pas"),
        ("{\"a\": 1}", "une liste de questions est attendue"),
        ("[3]", "question 1 : un objet est attendu"),
        (r#"[{"stem": " ", "item": 3}]"#, "question 1, stem : énoncé vide"),
        (r#"[{"stem": "x"}]"#, "question 1, objective : ni objectif ni item"),
        (r#"[{"stem": "x", "item": 3}, {"stem": "y", "item": 368}]"#, "question 2, item"),
        (r#"[{"stem": "x", "objective": "OIC-031-11-C"}]"#, "rang « C » inconnu"),
        (r#"[{"stem": "x", "objective": "OIC-031-11-B", "item": 32}]"#, "question 1, item : l’item 31"),
        (r#"[{"stem": "x", "item": 3, "propositions": ["a"], "correct": ["B"]}]"#, "« B » ne désigne aucune des 1"),
        (r#"[{"stem": "x", "item": 3, "propositions": "a"}]"#, "question 1, propositions : une liste"),
        ("stem;objective\nx;\n", "ligne 2, objective : ni objectif ni item"),
        ("stem;objective\n;OIC-031-11-B\n", "ligne 2, stem : énoncé vide"),
        ("objective\nOIC-031-11-B\n", "colonne « stem » (énoncé) absente"),
        ("stem\nx\n", "colonne « objective » ou « item » absente"),
        ("", "le fichier est vide"),
    ] {
        let told = refusal(questions, &[]).await;
        assert!(told.contains(said), "{questions}: {told}");
    }
    assert!(refusal(QUESTIONS, &["--method", "dense"]).await.contains("donnez son dossier par --model"));
    assert!(refusal(QUESTIONS, &["--threshold", "2"]).await.contains("de 0 à 1"));
    assert!(refusal(QUESTIONS, &["--model", "/nulle/part"]).await.contains("modèle : /nulle/part/tokenizer.json"));
}

#[test]
fn right_propositions_are_named_in_several_ways() {
    let places = |correct: &str| {
        let text =
            format!(r#"[{{"stem": "x", "item": 3, "propositions": ["un", "deux", "trois"], "correct": {correct}}}]"#);
        questions::read(text.as_bytes()).map(|known| known[0].asked.correct.clone()).unwrap()
    };
    assert_eq!(places(r#"["B", "c"]"#), [1, 2]);
    assert_eq!(places(r#"["deux"]"#), [1]);
    assert_eq!(places("[0, 2]"), [0, 2]);
    assert_eq!(places("[1, 3]"), [0, 2]);
    assert_eq!(places("[]"), [0; 0]);
}

/// With a real model, where there is one: vectors of the referential are kept, and used again.
#[tokio::test]
async fn a_model_gives_the_other_methods() {
    let Some(model) = std::env::var_os("DOCIMO_TEST_E5") else {
        if let Some(log) = std::env::var_os("DOCIMO_SKIP_LOG") {
            use std::io::Write;
            let mut log = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
            writeln!(log, "docimo: DOCIMO_TEST_E5 absent (a folder with multilingual-e5-small)").unwrap();
        }
        return;
    };
    let model = model.to_string_lossy().into_owned();
    let trial = Trial::new(QUESTIONS);
    let found = trial.with_objectives(&["--model", &model]).await.unwrap();
    let methods: Vec<_> = found.as_array().unwrap().iter().filter_map(|d| d["method"].as_str()).collect();
    assert_eq!(methods, ["lexical", "lexical", "dense", "dense", "fusion", "fusion"]);
    assert_eq!(found[4]["items"][0]["code"], "R2C:188");
    let kept: Vec<_> = std::fs::read_dir(trial.folder.path().join("data/vecteurs")).unwrap().flatten().collect();
    let written = || kept[0].metadata().unwrap().modified().unwrap();
    let before = written();
    trial.with_objectives(&["--model", &model, "--method", "fusion"]).await.unwrap();
    assert_eq!((kept.len(), written()), (1, before), "nothing was computed again");
}

#[tokio::test]
async fn a_head_is_taught_by_one_part_and_measured_on_the_other() {
    let signs = [(188, ["flibuste", "gromelle", "tirouette"]), (339, ["zébulon", "cacatoès", "parapet"])];
    let all: Vec<serde_json::Value> = (0..40)
        .flat_map(|i| {
            signs.map(|(item, words)| {
                serde_json::json!({"stem": format!("Dossier {i} : {} et {} ?", words[i % 3], words[(i + 1) % 3]), "item": [item]})
            })
        })
        .collect();
    let trial = Trial::new(&serde_json::to_string(&all).unwrap());
    let found = trial.with_objectives(&["--part", "report"]).await.unwrap();
    let firsts = |method: &str| -> Vec<bool> {
        let own = found.as_array().unwrap().iter().filter(|d| d["method"] == method);
        own.map(|d| d["items"][0]["code"] == d["gold_items"][0]).collect()
    };
    let (words, head) = (firsts("lexical"), firsts("head"));
    assert_eq!(words.len(), head.len());
    let right = |all: &[bool]| all.iter().filter(|r| **r).count();
    assert!(right(&head) > right(&words) && right(&head) * 10 >= head.len() * 9, "{words:?} {head:?}");
    // Nothing to learn from: said, not hidden.
    let trial = Trial::new(QUESTIONS);
    assert!(
        matches!(trial.with_objectives(&["--rerank"]).await, Err(Failure::Input(said)) if said.contains("--ai-url"))
    );
}
