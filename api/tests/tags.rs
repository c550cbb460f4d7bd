//! Tags proposed of many questions: nothing before the committee says so, no tag without a named person, several at once
//! only above the threshold, all of it undone as any tagging; and what validated tags teach.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

use docimo::app::App;
use docimo::assistance::governance::{overview, record};
use docimo::assistance::tags::ask::{Which, ask};
use docimo::assistance::tags::decide::{Choice, accept_batch, batch, decide, open};
use docimo::assistance::tags::{Ruling, figures, learn, rule};
use docimo::assistance::worker;
use docimo::auth::{Actor, Role};
use docimo::bank::bulk;
use docimo::error::ApiError;
use docimo::{ambient, library};
use docimo_store::Store;
use docimo_store::people::Person;
use serde_json::{Value, json};
use std::time::Duration;

async fn actor(app: &App, login: &str, roles: &[Role]) -> Actor {
    let now_ms = ambient::now_ms();
    let person = Person {
        id: ambient::fresh_id(now_ms),
        login: login.into(),
        name: format!("Nom de {login}"),
        secret: None,
        created_ms: now_ms,
        disabled_ms: None,
    };
    app.store.add_person(&person, &roles.iter().map(|r| r.name()).collect::<Vec<_>>()).await.unwrap();
    Actor {
        id: person.id.into(),
        name: person.name.into(),
        login: login.into(),
        roles: roles.into(),
        csrf: "c".into(),
        token_hash: "t".into(),
    }
}

async fn app() -> (App, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sqlite://{}", dir.path().join("t.sqlite").display())).await.unwrap();
    (App::new(store, false, false), dir)
}

fn question(id: &str, stem: &str, tags: &[&str]) -> Value {
    json!({"id": id, "kind": "QRU", "stem": stem, "tags": tags, "propositions": [
        {"id": "a", "text": "Oui", "status": "vrai"}, {"id": "b", "text": "Non", "status": "faux"},
        {"id": "c", "text": "Parfois", "status": "faux"}, {"id": "d", "text": "Rarement", "status": "faux"},
        {"id": "e", "text": "Toujours", "status": "faux"}]})
}

async fn import(app: &App, who: &Actor, name: &str, questions: Vec<Value>) {
    let count = questions.len();
    let file = json!({"format": "docimo-questions/1", "entries": questions}).to_string();
    let report = library::import(app, who, name, file.into_bytes(), false).await.unwrap();
    assert_eq!((report.added, report.faulty.len()), (count, 0), "{report:?}");
}

fn ruling(threshold: Option<i64>) -> Ruling {
    Ruling {
        enabled: true,
        reference: "séance du 3 mars, point 5".into(),
        person_daily: 500,
        daily: 900,
        threshold,
        rerank: false,
    }
}

async fn ended(app: &App, id: &str) -> String {
    for _ in 0..600 {
        let job = app.store.ai_job(id).await.unwrap().unwrap();
        if !matches!(job.state.as_str(), "waiting" | "running") {
            return format!("{} {}", job.state, job.stage).trim().to_owned();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the request does not end");
}

const SUBJECTS: [&str; 4] = [
    "Crise d’asthme, rhinite allergique et hypersensibilité respiratoire : quels signes de gravité ?",
    "Ostéoporose fracturaire : quelle fragilité osseuse rechercher ?",
    "Laquelle de ces propositions est exacte ?",
    "Méningite et méningo-encéphalite de l’adulte : quelle antibiothérapie ?",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_tag_of_a_machine_without_a_named_person() {
    let (app, _dir) = app().await;
    let tutor = actor(&app, "tuteur", &[Role::Author]).await;
    let (reader, jury) =
        (actor(&app, "relecteur", &[Role::Reviewer]).await, actor(&app, "jury", &[Role::Committee]).await);
    let questions =
        (0..45).map(|i| question(&format!("q{i:02}"), &format!("{} ({i})", SUBJECTS[i % 4]), &[])).collect();
    import(&app, &tutor, "lot.json", questions).await;
    let which = Which { origin: "lot.json".into(), ..Which::default() };

    // Off until the committee says so; a decision has a reference, and a threshold is above chance.
    let off = ask(&app, &tutor, &which).await.unwrap_err();
    assert!(matches!(&off, ApiError::Conflict(said) if said.contains("arrêté")), "{off}");
    assert!(rule(&app, &jury, &Ruling { reference: " ".into(), ..ruling(None) }).await.is_err());
    assert!(rule(&app, &jury, &ruling(Some(300))).await.is_err());
    rule(&app, &jury, &ruling(None)).await.unwrap();

    // A whole import, without any model, in slices.
    worker::start_tags(&app);
    let job = ask(&app, &tutor, &which).await.unwrap();
    assert_eq!(ended(&app, &job).await, "done");
    assert_eq!(app.store.tagging_done(&job).await.unwrap(), 45);
    let waiting = app.store.waiting_tags(100).await.unwrap();
    assert_eq!(waiting.len(), 45);
    assert_eq!(app.store.tag_counts("").await.unwrap(), [], "a proposal is no tag");
    let of = |subject: usize| {
        waiting.iter().filter(move |w| w.title.starts_with(&SUBJECTS[subject][..20])).collect::<Vec<_>>()
    };
    let idle = of(2);
    assert!(idle.iter().all(|w| w.tags.is_empty()), "nothing is said of a question of nothing: {idle:?}");
    let asthma = of(0);
    assert!(asthma[0].tags.contains("R2C:188"), "{asthma:?}");
    let none = ask(&app, &tutor, &which).await.unwrap_err();
    assert!(matches!(&none, ApiError::Conflict(said) if said.contains("attendent déjà")), "{none}");

    // One by one: who may, among what was offered, once.
    let first = &asthma[0].proposal_id;
    assert!(matches!(open(&app, &tutor, first).await, Err(ApiError::Forbidden)), "an author does not decide");
    let take = |tags: &[&str]| Choice::Take(tags.iter().map(|t| (*t).to_owned()).collect());
    assert!(decide(&app, &reader, first, take(&["R2C:1"]), "").await.is_err(), "not offered");
    assert!(decide(&app, &reader, first, take(&[]), "").await.is_err());
    assert!(decide(&app, &reader, first, Choice::Refuse(String::new()), "").await.is_err(), "a refusal says why");
    assert_eq!(app.store.entry(&asthma[0].entry_id).await.unwrap().unwrap().latest, 1, "nothing was written");
    let opened = open(&app, &reader, first).await.unwrap();
    let words = &opened.proposal.content().items[0].words;
    assert!(words.iter().any(|w| w.contains("asthme")), "{words:?}");
    decide(&app, &reader, first, take(&["R2C:188"]), "vu").await.unwrap();
    let again = decide(&app, &reader, first, take(&["R2C:188"]), "").await.unwrap_err();
    assert!(matches!(&again, ApiError::Conflict(said) if said.contains("déjà décidé")), "{again}");
    let births = app.store.tag_births(&asthma[0].entry_id).await.unwrap();
    assert_eq!(
        (births[0].tags.as_str(), births[0].number, births[0].reviewer.as_str()),
        ("R2C:188", 2, "Nom de relecteur")
    );
    let line = app.store.entry(&asthma[0].entry_id).await.unwrap().unwrap();
    assert_eq!((line.tags.as_str(), line.status.as_str()), ("R2C:188", "draft"));
    // Another of the first ten, and none.
    let second = open(&app, &reader, &asthma[1].proposal_id).await.unwrap();
    let other = second.proposal.content().items[1].tag.clone();
    decide(&app, &reader, &asthma[1].proposal_id, take(&[&other]), "").await.unwrap();
    decide(&app, &reader, &asthma[2].proposal_id, Choice::Refuse("wrong".into()), "").await.unwrap();
    let told = figures::figures(&app).await.unwrap();
    assert_eq!((told.judged, told.refused, told.at_once), (3, 1, 0));
    assert_eq!(told.curve.iter().map(|b| b.count).sum::<usize>(), 3);
    assert!((told.curve.iter().map(|b| b.right * b.count as f64).sum::<f64>() - 1.0).abs() < 1e-9, "{:?}", told.curve);

    // Several at once: not before the committee permits it, not under its threshold, not another number than was seen.
    assert_eq!(batch(&app, &reader).await.unwrap().rule, None);
    assert!(
        matches!(accept_batch(&app, &reader, 0).await, Err(ApiError::Conflict(said)) if said.contains("ne permet pas"))
    );
    rule(&app, &jury, &ruling(Some(1000))).await.unwrap();
    assert_eq!(batch(&app, &reader).await.unwrap().lines, [], "nothing is that sure");
    rule(&app, &jury, &ruling(Some(500))).await.unwrap();
    let plan = batch(&app, &reader).await.unwrap();
    let seen = plan.lines.len();
    assert!(seen >= 15 && seen <= 42 - of(2).len(), "{seen}");
    assert!(plan.lines.iter().all(|l| l.confidence >= 500));
    assert!(
        matches!(accept_batch(&app, &reader, seen - 1).await, Err(ApiError::Conflict(said)) if said.contains("a changé"))
    );
    assert_eq!(accept_batch(&app, &reader, seen).await.unwrap(), (seen, vec![]));
    let sample = &plan.lines[0];
    let born = app.store.tag_births(&sample.entry_id).await.unwrap();
    assert_eq!((born[0].batch, born[0].tags.clone()), (1, sample.tags.join(" ")));
    let told = figures::figures(&app).await.unwrap();
    assert_eq!((told.judged, told.at_once), (3, seen), "nobody judged what was accepted at once");

    // Undone as any tagging; where it came from is not forgotten.
    let operation = app.store.operations(&reader.id, 1).await.unwrap().remove(0);
    assert_eq!((operation.kind.as_str(), operation.entries), ("tag", seen as i64));
    assert_eq!(bulk::undo(&app, &reader, &operation.id).await.unwrap(), seen);
    assert_eq!(app.store.entry(&sample.entry_id).await.unwrap().unwrap().tags, "");
    assert_eq!(app.store.tag_births(&sample.entry_id).await.unwrap(), born);

    // The record has it all; figures of other functions are not troubled.
    let figures = overview(&app).await.unwrap().models;
    assert!(figures.iter().all(|f| f.function == "tagging"));
    assert_eq!(figures.iter().map(|f| f.proposals).sum::<i64>(), 45);
    let body = axum::body::Body::from_stream(record(&app, &jury));
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let kept: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(kept["proposals"].as_array().unwrap().len(), 45);
    assert_eq!(kept["decisions"].as_array().unwrap().len(), 3 + seen);
    assert_eq!(kept["decisions"][0]["entry"], asthma[0].entry_id);
    assert_eq!(kept["proposals"][0]["proposal"]["provenance"]["function"], "tagging");

    // Off, nothing is accepted any more.
    rule(&app, &jury, &Ruling { enabled: false, ..ruling(Some(500)) }).await.unwrap();
    let left = app.store.waiting_tags(1).await.unwrap().remove(0);
    let opened = open(&app, &reader, &left.proposal_id).await.unwrap();
    let any = opened.proposal.content().items.first().map(|i| i.tag.clone()).unwrap_or_default();
    assert!(matches!(decide(&app, &reader, &left.proposal_id, take(&[&any]), "").await, Err(ApiError::Conflict(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn validated_tags_teach_and_only_what_is_better_serves() {
    let (app, _dir) = app().await;
    let jury = actor(&app, "jury", &[Role::Committee]).await;
    rule(&app, &jury, &ruling(None)).await.unwrap();
    worker::start_tags(&app);
    // Words that no official title has.
    let signs = [("R2C:188", ["flibuste", "gromelle", "tirouette"]), ("R2C:339", ["zébulon", "cacatoès", "parapet"])];
    let stem = |i: usize, n: usize| {
        let words = signs[n].1;
        format!("Observation {i} : {} avec {}, dossier {} ?", words[i % 3], words[(i + 1) % 3], i * 7)
    };
    let of = |range: std::ops::Range<usize>| -> Vec<Value> {
        let one = |i: usize| [0, 1].map(|n| question(&format!("v{i}-{n}"), &stem(i, n), &[signs[n].0]));
        range.flat_map(one).collect()
    };
    import(&app, &jury, "peu.json", of(0..8)).await;
    let job = learn::ask(&app, &jury).await.unwrap();
    let said = ended(&app, &job).await;
    assert!(said.starts_with("failed") && said.contains("au moins 40"), "{said}");
    assert_eq!(app.store.tag_heads(5).await.unwrap(), []);

    import(&app, &jury, "assez.json", of(8..50)).await;
    let job = learn::ask(&app, &jury).await.unwrap();
    assert_eq!(ended(&app, &job).await, "done");
    let heads = app.store.tag_heads(5).await.unwrap();
    assert_eq!((heads.len(), heads[0].promoted, heads[0].learned + heads[0].tuned + heads[0].held), (1, 1, 100));
    let items = |json: &str| serde_json::from_str::<Value>(json).unwrap()["items"][0].as_f64().unwrap();
    assert!(items(&heads[0].after) > items(&heads[0].before), "{heads:?}");
    // The same again is not better than itself.
    let job = learn::ask(&app, &jury).await.unwrap();
    assert_eq!(ended(&app, &job).await, "done");
    let heads = app.store.tag_heads(5).await.unwrap();
    assert_eq!((heads.len(), heads[0].promoted), (2, 0));
    assert_eq!(app.store.tag_head_in_force().await.unwrap().as_deref(), Some(heads[1].id.as_str()));

    // What it learned serves, and says so, beside the validated questions that are near.
    import(&app, &jury, "neuf.json", vec![question("neuf", "Devant une flibuste avec gromelle, que faire ?", &[])])
        .await;
    let job = ask(&app, &jury, &Which { origin: "neuf.json".into(), ..Which::default() }).await.unwrap();
    assert_eq!(ended(&app, &job).await, "done");
    let waiting = app.store.waiting_tags(5).await.unwrap();
    let opened = open(&app, &jury, &waiting[0].proposal_id).await.unwrap();
    let draft = opened.proposal.content();
    assert_eq!(draft.items[0].tag, "R2C:188", "{draft:?}");
    assert!(draft.items[0].words.contains(&"flibuste".to_owned()), "{draft:?}");
    assert!(draft.neighbours[0].tags.contains(&"R2C:188".to_owned()), "{draft:?}");
    assert!(opened.proposal.provenance().model.contains(&heads[1].id));
    assert_eq!(opened.about.method, heads[1].id);
}

/// A model that always prefers the second code it is given; how often it was asked.
fn contrary() -> (String, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
    use std::io::{BufRead, BufReader, Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = asked.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut length = 0;
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line == "\r\n" || line.is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let body: Value = serde_json::from_slice(&body).unwrap();
            count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let given: Value = serde_json::from_str(body["messages"][1]["content"].as_str().unwrap()).unwrap();
            let content = json!({"codes": [given["codes"][1]["code"]]}).to_string();
            let answer = json!({"model": "essai-3", "choices": [{"message": {"role": "assistant", "content": content}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 10, "completion_tokens": 2}})
            .to_string();
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{answer}", answer.len()).unwrap();
        }
    });
    (base, asked)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_language_model_reorders_only_where_the_committee_says_so() {
    let (app, _dir) = app().await;
    let jury = actor(&app, "jury", &[Role::Committee]).await;
    let (base, asked) = contrary();
    let settings = docimo::assistance::Settings { base, model: "essai".into(), ..Default::default() };
    app.assist(docimo::assistance::Models::new(&settings).unwrap());
    worker::start_tags(&app);
    let run = async |name: &str| {
        let file = format!("{name}.json");
        import(&app, &jury, &file, vec![question(name, SUBJECTS[0], &[])]).await;
        let job = ask(&app, &jury, &Which { origin: file, ..Which::default() }).await.unwrap();
        assert_eq!(ended(&app, &job).await, "done");
        let waiting = app.store.waiting_tags(9).await.unwrap();
        let row = waiting.iter().find(|w| w.external_id == name).unwrap();
        (open(&app, &jury, &row.proposal_id).await.unwrap().proposal, app.store.ai_job(&job).await.unwrap().unwrap())
    };
    rule(&app, &jury, &ruling(Some(500))).await.unwrap();
    let (plain, _) = run("a").await;
    assert_eq!(
        (asked.load(std::sync::atomic::Ordering::SeqCst), plain.content().items[0].tag.as_str()),
        (0, "R2C:188")
    );
    rule(&app, &jury, &Ruling { rerank: true, ..ruling(Some(500)) }).await.unwrap();
    let (other, job) = run("b").await;
    assert!(asked.load(std::sync::atomic::Ordering::SeqCst) >= 1);
    assert_eq!(other.content().items[0].tag, plain.content().items[1].tag);
    assert!(other.content().items.len() <= 10 && other.content().item_confidence == 0.0);
    let from = other.provenance();
    assert!(
        from.model.contains("essai-3") && from.prompt.id == "tagging-rerank" && from.tokens.prompt >= 10,
        "{from:?}"
    );
    assert!(job.prompt_tokens >= 10, "{job:?}");
    // Against words it is sure of nothing: never accepted at once.
    let plan = batch(&app, &jury).await.unwrap();
    assert_eq!(plan.lines.iter().map(|l| l.external_id.as_str()).collect::<Vec<_>>(), ["a"]);
}
