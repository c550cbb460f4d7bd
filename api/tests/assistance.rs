//! Deciding on what a machine proposes: who may, once, with what must be written; and who may ask.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

use docimo::app::App;
use docimo::assistance::ask::{Asked, Place, ask};
use docimo::assistance::decide::{Choice, Decided, decide};
use docimo::assistance::governance::{Ruling, overview, record, rule};
use docimo::assistance::sources::{About, assess, bring};
use docimo::auth::{Actor, Role};
use docimo::error::ApiError;
use docimo::{ambient, assistance};
use docimo_ai::generation::{Difficulty, Draft, Form, Given, Justification, Level, SecondPass, support::support};
use docimo_ai::proposal::{Function, Parameters, PromptTemplate, Proposal, Provenance, Source, Tokens, Trust};
use docimo_engine::paper::Element;
use docimo_engine::question::{Body, Proposition, Question, Status};
use docimo_store::Store;
use docimo_store::ai::{Ended, ProposalRow};
use docimo_store::bank::COMMON_FOLDER;
use docimo_store::bank::folders::Folder;
use docimo_store::exams::NewEvent;
use docimo_store::people::Person;

const COURSE: &str = "Le foie est situé sous le diaphragme, à droite.";

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

fn on() -> Ruling {
    Ruling { enabled: true, reference: "séance du 3 mars, point 4".into(), person_daily: 5, daily: 100 }
}

fn asked(source: &str, count: u32) -> Asked {
    Asked {
        form: Form::Qru,
        count,
        rank: None,
        level: Level::Recall,
        difficulty: Difficulty::Easy,
        objective: String::new(),
        tags: Vec::new(),
        variant_of: None,
        remark: String::new(),
        passages: vec![Place { source: source.into(), number: 1 }],
    }
}

async fn source(app: &App, by: &Actor) -> String {
    let about =
        About { title: "Cours".into(), licence: "usage interne".into(), trust: Trust::Teaching, ..About::default() };
    bring(app, by, "cours.md", COURSE.as_bytes().to_vec(), &about).await.unwrap()
}

fn draft(name: &str, quote: &str) -> Draft {
    let given = [Given { id: "P1".into(), text: COURSE.into() }];
    let texts = ["À droite", "À gauche", "En haut", "En bas", "Ailleurs"];
    let letters = ["a", "b", "c", "d", "e"];
    let propositions = letters.iter().zip(texts).map(|(id, text)| Proposition {
        id: (*id).into(),
        text: text.into(),
        status: if *id == "a" { Status::Vrai } else { Status::Faux },
        comment: "Car.".into(),
    });
    let body = Body::Qru { propositions: propositions.collect() };
    let justifications = letters.iter().map(|id| Justification {
        question: name.into(),
        proposition: Some((*id).into()),
        text: "Car.".into(),
        passage: "P1".into(),
        quote: quote.into(),
        support: support("P1", quote, &given),
    });
    Draft {
        justifications: justifications.collect(),
        element: Element::Question(Question::new(name.into(), format!("Où est le foie, version {name} ?"), body)),
        level: Level::Recall,
        difficulty: Difficulty::Easy,
        seconds: [(name.into(), SecondPass::Missing { why: "essai".into() })].into(),
    }
}

/// Proposals as the queue's work leaves them, in a folder.
async fn proposed(app: &App, by: &Actor, source: &str, folder: &str, drafts: Vec<Draft>) -> Vec<String> {
    let count = u32::try_from(drafts.len()).unwrap();
    let job = ask(app, by, folder, &asked(source, count)).await.unwrap();
    app.store.take_ai_job("r", ambient::now_ms(), 10_000).await.unwrap().unwrap();
    let rows: Vec<ProposalRow> = drafts
        .into_iter()
        .enumerate()
        .map(|(i, draft)| {
            let unsupported = i64::from(!draft.unsupported_key().is_empty());
            let provenance = Provenance {
                function: Function::QuestionGeneration,
                provider: "127.0.0.1".into(),
                model: "essai".into(),
                model_version: "1".into(),
                parameters: Parameters::new(),
                prompt: PromptTemplate::of("question-generation", "1", "x"),
                sources: Vec::<Source>::new(),
                created_at_ms: 1,
                tokens: Tokens { prompt: 10, completion: 5 },
            };
            ProposalRow {
                id: ambient::fresh_id(ambient::now_ms()),
                job_id: job.clone(),
                number: i as i64 + 1,
                function: Function::QuestionGeneration.code().into(),
                folder_id: folder.into(),
                body: serde_json::to_string(&Proposal::new(draft, provenance).unwrap()).unwrap(),
                unsupported,
                created_ms: ambient::now_ms(),
            }
        })
        .collect();
    assert!(app.store.end_ai_job(&job, "r", Ended::Done(&rows), (10, 5), ambient::now_ms()).await.unwrap());
    rows.into_iter().map(|r| r.id).collect()
}

const QUOTE: &str = "Le foie est situé sous le diaphragme";

#[tokio::test]
async fn nothing_is_asked_before_the_committee_says_so_nor_beyond_its_limits() {
    let (app, _dir) = app().await;
    let (tutor, jury) = (actor(&app, "tuteur", &[Role::Author]).await, actor(&app, "jury", &[Role::Committee]).await);
    let source = source(&app, &tutor).await;
    let off = ask(&app, &tutor, "commun", &asked(&source, 1)).await.unwrap_err();
    assert!(matches!(&off, ApiError::Conflict(said) if said.contains("arrêtée")), "{off}");
    let nameless = rule(&app, &jury, &Ruling { reference: " ".into(), ..on() }).await;
    assert!(nameless.is_err(), "a decision has a reference");
    rule(&app, &jury, &on()).await.unwrap();
    let id = ask(&app, &tutor, "commun", &asked(&source, 4)).await.unwrap();
    let more = ask(&app, &tutor, "commun", &asked(&source, 2)).await.unwrap_err();
    assert!(more.to_string().contains("4 questions en 24 heures, sur 5"), "{more}");
    let bare = Asked { passages: Vec::new(), ..asked(&source, 1) };
    assert!(ask(&app, &tutor, "commun", &bare).await.is_err(), "nothing to lean on");
    assert!(matches!(ask(&app, &tutor, "absent", &asked(&source, 1)).await, Err(ApiError::NotFound)));
    // A source out of use is leaned on no more.
    assess(&app, &jury, &source, Trust::Teaching, "2020-01-01", true).await.unwrap();
    assert!(ask(&app, &tutor, "commun", &asked(&source, 1)).await.unwrap_err().to_string().contains("périmée"));
    // Off at once, with what waits.
    assert_eq!(rule(&app, &jury, &Ruling { enabled: false, ..on() }).await.unwrap(), 1);
    let job = app.store.ai_job(&id).await.unwrap().unwrap();
    assert_eq!((job.state.as_str(), job.stage.as_str()), ("cancelled", "fonction arrêtée par le comité"));
    // What is kept of the request names nobody.
    assert!(!job.request.contains("tuteur") && !job.request.contains(&*tutor.id), "{}", job.request);
}

#[tokio::test]
async fn a_named_reviewer_decides_once_and_writes_what_must_be() {
    let (app, _dir) = app().await;
    let (reviewer, jury) = (
        actor(&app, "relecteur", &[Role::Author, Role::Reviewer]).await,
        actor(&app, "jury", &[Role::Committee]).await,
    );
    rule(&app, &jury, &on()).await.unwrap();
    let source = source(&app, &reviewer).await;
    let drafts = vec![draft("ia-1", QUOTE), draft("ia-2", "Le foie est situé ailleurs que là"), draft("ia-3", QUOTE)];
    let ids = proposed(&app, &reviewer, &source, "commun", drafts).await;

    // An author without the role does not decide; the gate answers as a door that is not theirs.
    let tutor = actor(&app, "tuteur", &[Role::Author]).await;
    assert!(matches!(decide(&app, &tutor, &ids[0], Choice::Accept, "", "").await, Err(ApiError::Forbidden)));

    let Decided::Entry(entry) = decide(&app, &reviewer, &ids[0], Choice::Accept, "bien", "").await.unwrap() else {
        panic!()
    };
    let line = app.store.entry(&entry).await.unwrap().unwrap();
    assert_eq!((line.status.as_str(), line.external_id.as_str(), line.usable), ("draft", "ia-1", None));
    let birth = app.store.ai_birth(&entry).await.unwrap().unwrap();
    assert_eq!((birth.reviewer.as_str(), birth.verdict.as_str()), ("Nom de relecteur", "accept"));
    let twice = decide(&app, &jury, &ids[0], Choice::Refuse("fact".into()), "", "").await.unwrap_err();
    assert!(twice.to_string().contains("déjà décidé"), "{twice}");

    // A key that nothing bears out: only with a written override, which is kept.
    let bare = decide(&app, &reviewer, &ids[1], Choice::Accept, "", "ok").await.unwrap_err();
    assert!(bare.to_string().contains("pourquoi vous en répondez"), "{bare}");
    let mut broken = draft("ia-2", QUOTE);
    let Element::Question(question) = &mut broken.element else { panic!() };
    for p in question.body.propositions_mut().unwrap() {
        p.status = Status::Vrai;
    }
    assert!(matches!(
        decide(&app, &reviewer, &ids[1], Choice::Amend(Box::new(broken)), "", "").await,
        Err(ApiError::Invalid { .. })
    ));
    assert!(
        decide(&app, &reviewer, &ids[1], Choice::Refuse("humeur".into()), "", "").await.is_err(),
        "not of the list"
    );
    assert!(app.store.entry_by_external_id("ia-2").await.unwrap().is_none());
    let said = "Anatomie vérifiée dans l’atlas.";
    assert!(matches!(decide(&app, &reviewer, &ids[1], Choice::Accept, "", said).await, Ok(Decided::Entry(_))));
    assert!(app.store.ai_decision(&ids[1]).await.unwrap().unwrap().remark.contains(said));

    // Another attempt: the remark goes with it, and the first is decided.
    assert!(decide(&app, &reviewer, &ids[2], Choice::Again, " ", "").await.is_err(), "what must change?");
    let Decided::Asked(job) = decide(&app, &reviewer, &ids[2], Choice::Again, "Plus court.", "").await.unwrap() else {
        panic!()
    };
    let again: Asked = serde_json::from_str(&app.store.ai_job(&job).await.unwrap().unwrap().request).unwrap();
    assert_eq!((again.count, again.remark.as_str()), (1, "Plus court."));
    let view = overview(&app).await.unwrap();
    let figures = &view.models["essai (127.0.0.1)"];
    assert_eq!(
        (figures.proposals, figures.accepted, figures.again, figures.unsupported, figures.waiting),
        (3, 2, 1, 1, 0)
    );
    let record = record(&app, &jury).await.unwrap();
    assert_eq!(record["decisions"][0]["entry"], entry);
    assert_eq!(record["decisions"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_proposal_of_a_folder_out_of_reach_does_not_exist() {
    let (app, _dir) = app().await;
    let (admin, jury) =
        (actor(&app, "admin", &[Role::Administrator]).await, actor(&app, "jury", &[Role::Committee]).await);
    rule(&app, &jury, &on()).await.unwrap();
    let folder = Folder { id: "f".into(), parent_id: None, unit_id: "etablissement".into(), name: "À part".into() };
    let event = NewEvent {
        id: "e".into(),
        exam_id: None,
        at_ms: 1,
        author_id: Some(admin.id.to_string()),
        what: "test",
        detail: "x".into(),
    };
    app.store.set_folder(&folder, &event).await.unwrap();
    let source = source(&app, &admin).await;
    let ids = proposed(&app, &admin, &source, "f", vec![draft("ia-1", QUOTE)]).await;
    let stranger = actor(&app, "autre", &[Role::Reviewer]).await;
    for choice in [Choice::Accept, Choice::Refuse("fact".into())] {
        assert!(matches!(decide(&app, &stranger, &ids[0], choice, "", "").await, Err(ApiError::NotFound)));
    }
    assert!(matches!(decide(&app, &admin, &ids[0], Choice::Accept, "", "").await, Ok(Decided::Entry(_))));
    let entry = app.store.entry_by_external_id("ia-1").await.unwrap().unwrap();
    assert_eq!(entry.folder_id, "f");
}

#[tokio::test]
async fn a_request_without_a_source_leans_on_the_passages_that_speak_of_its_subject() {
    use docimo::assistance::ask::{passages_on, subject};
    let (app, _dir) = app().await;
    let author = actor(&app, "auteur", &[Role::Author]).await;
    let course = |title: &str| About { title: title.into(), licence: "interne".into(), ..About::default() };
    let text = "# Asthme\n\nDes sibilants sont entendus.\n\n# Purpura\n\nDes lésions rouges.";
    let lungs = bring(&app, &author, "a.md", text.as_bytes().to_vec(), &course("Pneumologie")).await.unwrap();
    let found = passages_on(&app, "sibilant").await.unwrap();
    assert_eq!(found, [Place { source: lungs.clone(), number: 1 }]);
    // A document brought later is found at once; one that is withdrawn no longer is.
    let liver = source(&app, &author).await;
    assert_eq!(passages_on(&app, "le foie").await.unwrap(), [Place { source: liver, number: 1 }]);
    assess(&app, &author, &lungs, Trust::Unassessed, "", false).await.unwrap();
    let none = passages_on(&app, "sibilant").await.unwrap_err();
    assert!(none.to_string().contains("Aucun passage"), "{none}");

    assert_eq!(
        subject(&app, " item 339 ").await.unwrap(),
        ("Syndromes coronariens aigus".into(), vec!["R2C:339".to_owned()])
    );
    assert_eq!(subject(&app, "des mots").await.unwrap(), ("des mots".into(), vec![]));
    assert!(subject(&app, "OIC-339-99-A").await.unwrap_err().to_string().contains("aucune version importée"));
}

#[tokio::test]
async fn a_case_and_an_open_question_go_through_the_same_gate() {
    use docimo_engine::paper::{Case, CaseKind, Part};
    let (app, _dir) = app().await;
    let jury = actor(&app, "jury", &[Role::Committee]).await;
    let author = actor(&app, "auteur", &[Role::Author]).await;
    let reviewer = actor(&app, "relecteur", &[Role::Reviewer]).await;
    rule(&app, &jury, &on()).await.unwrap();
    let source = source(&app, &author).await;
    let given = [Given { id: "P1".into(), text: COURSE.into() }];
    let why = |question: &str, proposition: Option<&str>, quote: &str| Justification {
        question: question.into(),
        proposition: proposition.map(Into::into),
        text: "Car.".into(),
        passage: "P1".into(),
        quote: quote.into(),
        support: support("P1", quote, &given),
    };
    let body = Body::Qroc { exact: vec!["le foie".into()], acceptable: Vec::new(), max_words: 5 };
    let open = |name: &str| Question::new(name.into(), "Quel organe ?".into(), body.clone());
    let case = Element::Case(Case {
        id: "ia-9".into(),
        kind: CaseKind::MiniDp,
        title: "Douleur".into(),
        intro: "Un homme de 40 ans.".into(),
        image: None,
        article: None,
        tags: Vec::new(),
        parts: ["x", "y", "z"].map(|n| Part { text: String::new(), question: open(n) }).into(),
    });
    let script =
        Body::Tcs { hypothesis: "une colique".into(), finding: "une fièvre".into(), panel: [0; 5], experts: vec![] };
    let of = |element: Element, justifications: Vec<Justification>| Draft {
        element,
        level: Level::Recall,
        difficulty: Difficulty::Easy,
        justifications,
        seconds: Default::default(),
    };
    let drafts = vec![
        of(case.clone(), ["x", "y", "z"].map(|q| why(q, None, QUOTE)).into()),
        of(Element::Question(open("ia-7")), vec![why("ia-7", None, "ailleurs, tout autre chose")]),
        of(
            Element::Question(Question::new("ia-8".into(), "Une douleur.".into(), script)),
            vec![why("ia-8", None, QUOTE)],
        ),
    ];
    let ids = proposed(&app, &author, &source, COMMON_FOLDER, drafts).await;
    let Decided::Entry(entry) = decide(&app, &reviewer, &ids[0], Choice::Accept, "", "").await.unwrap() else {
        panic!()
    };
    let kept: Element = serde_json::from_str(&app.store.latest_revision(&entry).await.unwrap().unwrap().body).unwrap();
    assert_eq!(kept, case);
    assert!(app.store.ai_birth(&entry).await.unwrap().is_some());
    let bare = decide(&app, &reviewer, &ids[1], Choice::Accept, "", "").await.unwrap_err();
    assert!(bare.to_string().contains("pourquoi vous en répondez"), "{bare}");
    // A script is kept without its panel, and waits for it.
    let Decided::Entry(entry) = decide(&app, &reviewer, &ids[2], Choice::Accept, "", "").await.unwrap() else {
        panic!()
    };
    assert!(app.store.entry(&entry).await.unwrap().unwrap().lacks_key());
}

#[tokio::test]
async fn what_is_drawn_from_a_model_waits_for_a_person_and_is_not_born_of_an_ai() {
    use docimo::assistance::item_models::{open, propose, save};
    use docimo_bank::item_model::ItemModel;
    use docimo_bank::rights::Level;
    let (app, _dir) = app().await;
    let author = actor(&app, "auteur", &[Role::Author]).await;
    let reviewer = actor(&app, "relecteur", &[Role::Reviewer]).await;
    let student = actor(&app, "etudiant", &[Role::Student]).await;
    let model = ItemModel {
        title: "Double".into(),
        kind: "QRU".into(),
        stem: "Combien font deux fois {n} ?".into(),
        values: "n : 3 à 9\nd : = n * 2\nt : = n * 3\np : = n + 2\nm : = n - 2".into(),
        propositions: "[vrai] {d}\n[faux] {t}\n[faux] {p}\n[faux] {m}".into(),
        ..ItemModel::default()
    };
    let bad = ItemModel { stem: "{x} ?".into(), ..model.clone() };
    assert!(save(&app, &author, None, COMMON_FOLDER, &bad).await.unwrap_err().to_string().contains("{x}"));
    assert!(save(&app, &student, None, COMMON_FOLDER, &model).await.is_err());
    let id = save(&app, &author, None, COMMON_FOLDER, &model).await.unwrap();
    // Two people at once: the second is told, and nothing of the first is lost.
    let longer = ItemModel { title: "Le double".into(), ..model.clone() };
    save(&app, &author, Some((&id, 1)), COMMON_FOLDER, &longer).await.unwrap();
    let late = save(&app, &reviewer, Some((&id, 1)), COMMON_FOLDER, &model).await.unwrap_err();
    assert!(late.to_string().contains("rouvrez-le"), "{late}");
    assert_eq!(open(&app, &author, &id, Level::Read).await.unwrap().0.latest, 2);

    // No function of an AI is on: none is needed.
    let job = propose(&app, &author, &id, 4).await.unwrap();
    let rows = app.store.ai_proposals_of(&job).await.unwrap();
    assert_eq!(rows.len(), 4);
    assert!(app.store.ai_queue(Function::QuestionGeneration.code(), 9).await.unwrap().is_empty());
    assert_eq!(app.store.ai_queue(Function::ItemModel.code(), 9).await.unwrap().len(), 4);
    let Decided::Entry(entry) = decide(&app, &reviewer, &rows[0].id, Choice::Accept, "", "").await.unwrap() else {
        panic!()
    };
    assert!(app.store.ai_birth(&entry).await.unwrap().is_none(), "a person wrote it");
    assert_eq!(app.store.drawn_from(&entry).await.unwrap(), Some((id.clone(), "Le double".into(), 2)));
    let decision = app.store.ai_decision(&rows[0].id).await.unwrap().unwrap();
    assert_eq!(app.store.ai_entry(&decision.id).await.unwrap(), Some(entry.clone()));
    let origin = app.store.latest_revision(&entry).await.unwrap().unwrap().origin;
    assert!(origin.contains("Tirée du modèle « Le double », version 2"), "{origin}");
    assert!(
        decide(&app, &reviewer, &rows[1].id, Choice::Again, "plus dur", "")
            .await
            .unwrap_err()
            .to_string()
            .contains("changez le modèle")
    );
    assert!(matches!(
        decide(&app, &reviewer, &rows[1].id, Choice::Refuse("trivial".into()), "", "").await,
        Ok(Decided::Refused)
    ));
}
