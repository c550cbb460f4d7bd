//! Machines: switches, sources, the queue, and the gate that the database itself keeps.

use super::{account, event, postgres_url, revision};
use docimo_proposal::{
    Decision, Function, Parameters, PromptTemplate, Proposal, Provenance, Reason, Reviewed, ReviewerId, Tokens, Verdict,
};
use docimo_store::ai::{Ended, Job, NewDecision, PassageRow, ProposalRow, Refused, SourceRow, Switch, Turned};
use docimo_store::bank::NewRevision;
use docimo_store::bank::folders::{Folder, Unit};
use docimo_store::exams::NewEvent;
use docimo_store::people::Person;
use docimo_store::{Store, StoreError};

const FUNCTION: &str = "question-generation";

fn act(n: u32) -> NewEvent {
    NewEvent { exam_id: None, ..event("ai", n, 10) }
}

fn switch(id: &str, enabled: i64, at_ms: i64) -> Switch {
    Switch {
        id: id.into(),
        function: FUNCTION.into(),
        enabled,
        reference: "séance du 3 mars, n° 4".into(),
        person_daily: 4,
        daily: 6,
        author_id: "p1".into(),
        at_ms,
    }
}

fn job(id: &str, person: &str, wanted: i64, created_ms: i64) -> Job {
    Job {
        id: id.into(),
        function: FUNCTION.into(),
        person_id: person.into(),
        folder_id: "commun".into(),
        request: "{}".into(),
        wanted,
        state: "waiting".into(),
        stage: String::new(),
        tries: 0,
        prompt_tokens: 0,
        completion_tokens: 0,
        created_ms,
        ended_ms: None,
    }
}

fn proposal(id: &str, job: &str, number: i64) -> ProposalRow {
    ProposalRow {
        id: id.into(),
        job_id: job.into(),
        number,
        function: FUNCTION.into(),
        folder_id: "commun".into(),
        body: "{}".into(),
        unsupported: 0,
        created_ms: 100 + number,
    }
}

fn decision<'a>(id: &'a str, proposal_id: &'a str) -> NewDecision<'a> {
    NewDecision { id, proposal_id, reason: "", remark: "", amended: None, survived: Some(1.0) }
}

fn provenance() -> Provenance {
    Provenance {
        function: Function::QuestionGeneration,
        provider: "local".into(),
        model: "m".into(),
        model_version: "1".into(),
        parameters: Parameters::new(),
        prompt: PromptTemplate::of("x", "1", "x"),
        sources: Vec::new(),
        created_at_ms: 1,
        tokens: Tokens::default(),
    }
}

/// What a named person takes: made as everybody makes one.
fn reviewed(verdict: Verdict<String>) -> Option<Reviewed<String>> {
    let proposal = Proposal::new("texte".to_owned(), provenance()).unwrap();
    let reviewer = ReviewerId::new("p1").unwrap();
    proposal.decide(Decision { reviewer, verdict, at_ms: 200, remark: None }).reviewed()
}

/// The same, by someone else.
fn taken_by(person: &str) -> Reviewed<String> {
    let proposal = Proposal::new("texte".to_owned(), provenance()).unwrap();
    let reviewer = ReviewerId::new(person).unwrap();
    let decision = Decision { reviewer, verdict: Verdict::Accept, at_ms: 410, remark: None };
    proposal.decide(decision).reviewed().unwrap()
}

fn draft(id: &str) -> NewRevision {
    NewRevision { status: "draft".into(), ..revision(id, "h") }
}

pub async fn story(store: &Store) {
    // Off until someone decides; the newest decision holds.
    assert_eq!(store.ai_switch(FUNCTION).await.unwrap(), None);
    assert_eq!(store.add_ai_job(&job("j0", "p1", 1, 50)).await.unwrap(), Err(Refused::Off));
    store.set_ai_switch(&switch("s1", 1, 20), "arrêtée", &act(1)).await.unwrap();
    assert_eq!(store.ai_switch(FUNCTION).await.unwrap(), Some(switch("s1", 1, 20)));
    let blank = Switch { reference: "  ".into(), ..switch("s0", 1, 21) };
    assert!(store.set_ai_switch(&blank, "arrêtée", &act(2)).await.is_err(), "no decision without its reference");

    let source = SourceRow {
        id: "src".into(),
        title: "Cours".into(),
        origin: "cours.pdf".into(),
        edition: "2".into(),
        published: "2026-01".into(),
        licence: "CC BY".into(),
        trust: 1,
        format: "pdf".into(),
        hash: "h".into(),
        chars: 10,
        imported_by: "p1".into(),
        imported_ms: 30,
        trust_by: "p1".into(),
        expires_ms: None,
        withdrawn_ms: None,
    };
    let passage = PassageRow {
        source_id: "src".into(),
        number: 1,
        page: Some(4),
        section: "Titre".into(),
        body: "Un texte.".into(),
        hash: "p".into(),
    };
    store.add_ai_source(&source, std::slice::from_ref(&passage), &act(3)).await.unwrap();
    assert_eq!(store.ai_passages("src").await.unwrap(), [passage]);
    store.assess_ai_source("src", 3, Some(900), None, &act(4)).await.unwrap();
    let kept = store.ai_source("src").await.unwrap().unwrap();
    assert_eq!((kept.trust, kept.is_usable(899), kept.is_usable(900)), (3, true, false));
    assert_eq!(store.ai_sources().await.unwrap(), [kept]);
    assert!(store.assess_ai_source("absent", 3, None, None, &act(5)).await.is_err());

    // Limits of a day: a person's, everyone's.
    store
        .add_person(
            &Person {
                id: "p-ai".into(),
                login: "p-ai".into(),
                name: "Autre".into(),
                secret: None,
                created_ms: 1,
                disabled_ms: None,
            },
            &["author"],
        )
        .await
        .unwrap();
    assert_eq!(store.add_ai_job(&job("j1", "p1", 3, 50)).await.unwrap(), Ok(()));
    assert_eq!(store.add_ai_job(&job("j2", "p1", 2, 51)).await.unwrap(), Err(Refused::Person { asked: 3, limit: 4 }));
    assert_eq!(
        store.add_ai_job(&job("j3", "p-ai", 4, 52)).await.unwrap(),
        Err(Refused::Everyone { asked: 3, limit: 6 })
    );
    assert_eq!(store.add_ai_job(&job("j4", "p-ai", 2, 53)).await.unwrap(), Ok(()));
    // Another establishment has its own limit; a college of the first one has not.
    let unit = |id: &str, parent: Option<&str>, kind: &str| Unit {
        id: id.into(),
        parent_id: parent.map(str::to_owned),
        kind: kind.into(),
        name: format!("Unité {id}"),
        reviews: 1,
    };
    store.set_unit(&unit("autre-ia", None, "establishment"), &act(31)).await.unwrap();
    store.set_unit(&unit("college-ia", Some("etablissement"), "college"), &act(32)).await.unwrap();
    for (folder, unit_id) in [("f-autre", "autre-ia"), ("f-college", "college-ia")] {
        let folder = Folder { id: folder.into(), parent_id: None, unit_id: unit_id.into(), name: folder.into() };
        store.set_folder(&folder, &act(if unit_id == "autre-ia" { 33 } else { 34 })).await.unwrap();
    }
    let there = |id: &str, folder: &str| Job { folder_id: folder.into(), ..job(id, "p-ai", 2, 54) };
    let full = Err(Refused::Everyone { asked: 5, limit: 6 });
    assert_eq!(store.add_ai_job(&there("ja", "f-college")).await.unwrap(), full);
    assert_eq!(store.add_ai_job(&there("ja", "f-autre")).await.unwrap(), Ok(()));
    assert!(store.cancel_ai_job("ja", "essai", 55).await.unwrap());

    // A runner takes the oldest, once; what it leaves is taken up when its lease is over.
    let first = store.take_ai_job("r1", 60, 15).await.unwrap().unwrap();
    assert_eq!(first.id, "j1");
    assert_eq!(store.take_ai_job("r2", 61, 15).await.unwrap().unwrap().id, "j4");
    assert_eq!(store.take_ai_job("r3", 62, 15).await.unwrap(), None);
    assert!(store.keep_ai_job("j1", "r1", "rédige", (5, 6), 100).await.unwrap());
    assert!(!store.keep_ai_job("j1", "r2", "rédige", (5, 6), 100).await.unwrap(), "not its own");
    assert_eq!(store.take_ai_job("r3", 80, 15).await.unwrap().unwrap().id, "j4", "r2 is gone");
    assert!(!store.end_ai_job("j4", "r2", Ended::Done(&[proposal("p9", "j4", 1)]), (1, 1), 81).await.unwrap());
    assert_eq!(store.ai_proposals_of("j4").await.unwrap(), [], "what comes too late is not kept");
    assert!(store.end_ai_job("j4", "r3", Ended::Failed("en panne"), (1, 1), 82).await.unwrap());
    assert_eq!(store.ai_job("j4").await.unwrap().unwrap().stage, "en panne");
    assert!(
        store
            .end_ai_job(
                "j1",
                "r1",
                Ended::Done(&[proposal("a", "j1", 1), proposal("b", "j1", 2), proposal("c", "j1", 3)]),
                (7, 8),
                83
            )
            .await
            .unwrap()
    );
    let done = store.ai_job("j1").await.unwrap().unwrap();
    assert_eq!(
        (done.state.as_str(), done.prompt_tokens, done.completion_tokens, done.ended_ms),
        ("done", 7, 8, Some(83))
    );
    assert!(!store.cancel_ai_job("j1", "trop tard", 84).await.unwrap());
    assert_eq!(store.ai_jobs_of("p1", 10).await.unwrap(), [done]);
    // A request that kills its server three times is given up.
    assert_eq!(store.add_ai_job(&job("j5", "p-ai", 1, 85)).await.unwrap(), Ok(()));
    for turn in 0..3 {
        assert_eq!(store.take_ai_job("r", 200 + turn * 20, 10).await.unwrap().unwrap().id, "j5");
    }
    assert_eq!(store.take_ai_job("r", 300, 10).await.unwrap(), None);
    assert_eq!(store.ai_job("j5").await.unwrap().unwrap().state, "failed");
    // Switched off, what runs is no longer kept, and everything that waits stops.
    assert_eq!(store.add_ai_job(&job("j6", "p-ai", 1, 86)).await.unwrap(), Ok(()));
    store.take_ai_job("r", 310, 10).await.unwrap().unwrap();
    assert_eq!(store.set_ai_switch(&switch("s2", 0, 311), "arrêtée", &act(6)).await.unwrap(), 1);
    assert!(!store.keep_ai_job("j6", "r", "", (0, 0), 400).await.unwrap());
    assert!(!store.end_ai_job("j6", "r", Ended::Done(&[proposal("p8", "j6", 1)]), (1, 1), 312).await.unwrap());
    assert_eq!(store.ai_job("j6").await.unwrap().unwrap().stage, "arrêtée");
    assert_eq!(store.ai_proposals_of("j6").await.unwrap(), []);
    assert_eq!(store.ai_switches().await.unwrap().len(), 2);
    assert_eq!(store.ai_jobs().await.unwrap().len(), 5);

    // Decisions: one each, by a named person; what is accepted is in the bank and says for ever where it comes from.
    let ids = |rows: Vec<ProposalRow>| rows.into_iter().map(|p| p.id).collect::<Vec<_>>();
    assert_eq!(ids(store.ai_queue(FUNCTION, 10).await.unwrap()), ["a", "b", "c"]);
    let taken = reviewed(Verdict::Accept).unwrap();
    assert!(reviewed(Verdict::Refuse { reason: Reason::new("faux").unwrap() }).is_none());
    store.keep_reviewed(&taken, &decision("d-a", "a"), &draft("ia-a")).await.unwrap();
    let birth = store.ai_birth("id-ia-a").await.unwrap().unwrap();
    assert_eq!((birth.proposal_id.as_str(), birth.verdict.as_str(), birth.at_ms), ("a", "accept", 200));
    assert_eq!(store.ai_entry("d-a").await.unwrap().as_deref(), Some("id-ia-a"));
    let again = store.keep_reviewed(&taken, &decision("d-a2", "a"), &draft("ia-a2")).await;
    assert!(matches!(again, Err(StoreError::Duplicate)), "{again:?}");
    assert!(store.entry("id-ia-a2").await.unwrap().is_none(), "nothing of it is kept");
    let refusal = NewDecision { reason: "fact", survived: None, ..decision("d-b", "b") };
    store.turn_down(&refusal, Turned::Refused, "p1", 201).await.unwrap();
    let silent = decision("d-c", "c");
    assert!(store.turn_down(&silent, Turned::Refused, "p1", 202).await.is_err(), "a refusal says why");
    assert!(store.turn_down(&silent, Turned::Again, "nobody", 202).await.is_err(), "nobody decides anonymously");
    store.turn_down(&silent, Turned::Again, "p1", 203).await.unwrap();
    assert_eq!(store.ai_queue(FUNCTION, 10).await.unwrap(), []);
    assert_eq!(store.ai_decision("b").await.unwrap().unwrap().reason, "fact");
    assert_eq!(store.ai_decisions().await.unwrap().len(), 3);
    assert_eq!(ids(store.ai_proposals().await.unwrap()), ["a", "b", "c"]);
    assert_eq!(store.ai_proposal("b").await.unwrap().unwrap().number, 2);
    assert!(store.ai_birth("id-w").await.unwrap().is_none(), "people wrote it");
}

fn figure(store_says: &[docimo_store::ai::review::Figure]) -> Vec<(i64, i64, i64, i64, i64, i64)> {
    store_says.iter().map(|f| (f.proposals, f.waiting, f.accepted, f.amended, f.refused, f.again)).collect()
}

/// What the committee counts, two people where they are asked for, incidents. After [`story`].
pub async fn review(store: &Store) {
    use docimo_store::ai::review::{Answer, Incident};

    // Counted by the database, with the median of the times: 200, 201 and 203 less 101, 102 and 103.
    let figures = store.ai_figures().await.unwrap();
    assert_eq!(figure(&figures), [(3, 0, 1, 0, 1, 1)]);
    assert_eq!((figures[0].model.as_str(), figures[0].decided_in_ms), ("?", Some(99.0)), "{figures:?}");
    assert_eq!(figure(&store.ai_figures_by_folder().await.unwrap()), [(3, 0, 1, 0, 1, 1)]);
    assert_eq!(store.ai_reasons().await.unwrap(), [(FUNCTION.to_owned(), "fact".to_owned(), 1)]);
    assert_eq!(store.count_ai_proposals().await.unwrap(), 0, "read when they came");
    let requests = store.ai_requests().await.unwrap();
    assert_eq!(requests.iter().map(|r| r.requests).sum::<i64>(), 5);
    assert_eq!(store.ai_piles().await.unwrap(), []);

    // An establishment that asks for two reviews asks for two people here too, of what waits as of what comes.
    store.set_ai_switch(&Switch { person_daily: 100, daily: 100, ..switch("s3", 1, 400) }, "", &act(20)).await.unwrap();
    let waits = |id: &str, n: i64| proposal(id, "j7", n);
    assert_eq!(store.add_ai_job(&job("j7", "p1", 3, 401)).await.unwrap(), Ok(()));
    store.take_ai_job("r", 402, 10).await.unwrap().unwrap();
    assert!(store.end_ai_job("j7", "r", Ended::Done(&[waits("w1", 1), waits("w2", 2)]), (0, 0), 403).await.unwrap());
    assert_eq!(store.ai_asked("w1").await.unwrap().unwrap().people, 1);
    let unit = store.units().await.unwrap().into_iter().find(|u| u.id == "etablissement").unwrap();
    store.set_unit(&Unit { reviews: 2, ..unit.clone() }, &act(21)).await.unwrap();
    assert_eq!(store.ai_asked("w1").await.unwrap().unwrap().people, 2);
    let taken = reviewed(Verdict::Accept).unwrap();
    let alone = store.keep_reviewed(&taken, &decision("d-w1", "w1"), &draft("ia-w1")).await;
    assert!(matches!(alone, Err(StoreError::Conflict)), "{alone:?}");
    assert!(store.entry("id-ia-w1").await.unwrap().is_none() && store.ai_decision("w1").await.unwrap().is_none());
    store.keep_opinion(&taken, &decision("o-w1", "w1")).await.unwrap();
    assert!(matches!(store.keep_opinion(&taken, &decision("o-w2", "w1")).await, Err(StoreError::Duplicate)));
    let still = store.keep_reviewed(&taken, &decision("d-w1", "w1"), &draft("ia-w1")).await;
    assert!(matches!(still, Err(StoreError::Conflict)), "the same person twice: {still:?}");
    assert_eq!(store.ai_agreed_by("p1").await.unwrap(), ["w1"]);
    let waiting = store.ai_waiting(FUNCTION, 10).await.unwrap();
    assert_eq!(
        waiting.iter().map(|w| (w.id.as_str(), w.agreed, w.people)).collect::<Vec<_>>(),
        [("w1", 1, 2), ("w2", 0, 2)]
    );
    let second = taken_by("p-ai");
    store.keep_reviewed(&second, &decision("d-w1", "w1"), &draft("ia-w1")).await.unwrap();
    assert_eq!(store.ai_entry("d-w1").await.unwrap().as_deref(), Some("id-ia-w1"));
    assert!(
        matches!(store.keep_opinion(&second, &decision("o-w3", "w1")).await, Err(StoreError::Duplicate)),
        "decided"
    );
    let recorded = store.ai_decisions_after("", 100).await.unwrap();
    let last = recorded.iter().find(|d| d.id == "d-w1").unwrap();
    assert_eq!((last.people, last.first_by.as_deref(), last.entry_id.as_deref()), (2, Some("p1"), Some("id-ia-w1")));
    assert_eq!(store.ai_opinions_after("", 10).await.unwrap().len(), 1);
    assert_eq!(store.ai_proposals_after("b", 10).await.unwrap()[0].id, "c");
    store.set_unit(&Unit { reviews: 1, ..unit }, &act(22)).await.unwrap();
    let loads = store.ai_loads(199, 0).await.unwrap();
    assert!(loads.iter().any(|l| l.person_id == "p1" && l.longer == 4), "decisions and the agreement: {loads:?}");

    // Given to someone, and taken back; not once decided.
    assert!(store.assign_ai_proposal("w2", Some("p1"), &act(23)).await.unwrap());
    assert_eq!(store.ai_asked("w2").await.unwrap().unwrap().assigned_to.as_deref(), Some("p1"));
    assert!(store.assign_ai_proposal("w2", None, &act(24)).await.unwrap());
    assert!(!store.assign_ai_proposal("w1", Some("p1"), &act(25)).await.unwrap());

    // Known by every way in which questions are listed.
    let born = store.born_of_ai(&["id-ia-w1".into(), "id-w".into()]).await.unwrap();
    assert_eq!(born, ["id-ia-w1"]);
    assert_eq!(store.named_born_of_ai(&["ia-w1".into(), "w".into()]).await.unwrap(), ["ia-w1"]);
    assert_eq!(store.entry("id-ia-w1").await.unwrap().unwrap().machine, 1);
    assert_eq!(store.followed("id-ia-w1").await.unwrap().unwrap().machine, 1);
    assert_eq!(store.outgoing(&["id-ia-w1".into()]).await.unwrap()[0].machine, 1);
    // A wording that people wrote later does not make it forget.
    store.add_revisions(&[NewRevision { hash: "h2".into(), ..draft("ia-w1") }], &[], 500).await.unwrap();
    let later = store.entry("id-ia-w1").await.unwrap().unwrap();
    assert_eq!((later.latest, later.machine), (2, 1));
    assert!(store.ai_item_sums().await.unwrap().is_empty() && store.ai_born_uses(10).await.unwrap().is_empty());
    assert!(store.ai_retired(10).await.unwrap().is_empty());
    // Beside what people wrote, in the exams that hold both.
    let sat = |entry: &str, p, r_rest| docimo_store::bank::uses::UseStatistic {
        exam_id: "x".into(),
        entry_id: entry.into(),
        question_id: entry.into(),
        version: 1,
        candidates: 40,
        p,
        r_rest,
        d27: None,
        flags: String::new(),
    };
    let rows = [sat("id-a", Some(0.25), Some(0.5)), sat("id-ia-w1", Some(0.5), Some(-0.1)), sat("id-ia-a", None, None)];
    store.record_statistics("x", &rows, &[]).await.unwrap();
    let sums = store.ai_item_sums().await.unwrap();
    let said: Vec<_> = sums.iter().map(|s| (s.machine, s.p_n, s.p_sum, s.p_squares, s.r_n, s.r_sum)).collect();
    assert_eq!(said, [(0, 1, 0.25, 0.0625, 1, 0.5), (1, 1, 0.5, 0.25, 1, -0.1)]);
    let uses = store.ai_born_uses(10).await.unwrap();
    assert_eq!(uses.iter().map(|u| u.entry_id.as_str()).collect::<Vec<_>>(), ["id-ia-a", "id-ia-w1"]);
    assert_eq!((uses[1].r_rest, uses[1].candidates), (Some(-0.1), 40));

    // What went wrong, and the answer.
    let incident = Incident {
        id: "i1".into(),
        proposal_id: Some("w1".into()),
        entry_id: Some("id-ia-w1".into()),
        kind: "fact".into(),
        body: "Dose fausse.".into(),
        person_id: "p1".into(),
        person: String::new(),
        at_ms: 600,
        closed: 0,
    };
    store.add_ai_incident(&incident, &act(26)).await.unwrap();
    assert!(
        store.add_ai_incident(&Incident { id: "i2".into(), body: " ".into(), ..incident }, &act(27)).await.is_err()
    );
    assert_eq!(store.ai_incidents(10).await.unwrap()[0].closed, 0);
    let answer = Answer {
        id: "a1".into(),
        incident_id: "i1".into(),
        body: "Retirée.".into(),
        closes: 1,
        person_id: "p1".into(),
        person: String::new(),
        at_ms: 601,
    };
    store.answer_ai_incident(&answer, &act(28)).await.unwrap();
    assert_eq!(store.ai_incident("i1").await.unwrap().unwrap().closed, 1);
    assert_eq!(store.ai_incident_answers().await.unwrap()[0].body, "Retirée.");
}

/// A hundred thousand proposals, decided: the committee's page must not read them.
#[tokio::test]
async fn figures_do_not_read_what_they_count() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", dir.path().join("t.sqlite").display());
    prepared(&url).await;
    let store = Store::open(&url).await.unwrap();
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    const MADE: &str = "with recursive n (i) as (select 1 union all select i + 1 from n where i < 100000) select";
    for (into, select) in [
        (
            "ai_proposal (id, job_id, number, function, folder_id, body, unsupported, created_ms)",
            "'x' || i, 'j', i, 'tagging', 'commun', hex(zeroblob(2000)), 0, i from n",
        ),
        (
            "ai_fact (proposal_id, function, folder_id, provider, model, prompt_tokens, completion_tokens, unsupported, \
             disagreed, created_ms, people, gate)",
            "'x' || i, 'tagging', 'commun', 'local', 'm' || (i % 3), 1, 1, 0, i % 2, i, 1, 'x' || i || '/1' from n",
        ),
        (
            "ai_decision (id, proposal_id, reviewer_id, verdict, reason, remark, at_ms, accepted)",
            "'y' || i, 'x' || i, 'p1', 'refuse', 'fact', '', i + i % 7, null from n where i % 10 > 0",
        ),
    ] {
        let sql = format!("insert into {into} {MADE} {select}");
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&pool).await.unwrap();
    }
    let timed = std::time::Instant::now();
    let read: i64 = sqlx::query_scalar("select sum(length(body) + instr(body, 'z')) from ai_proposal")
        .fetch_one(&pool)
        .await
        .unwrap();
    let reading = timed.elapsed().as_secs_f64();
    assert!(read > 100_000 * 4_000);
    let timed = std::time::Instant::now();
    let (figures, folders) = (store.ai_figures().await.unwrap(), store.ai_figures_by_folder().await.unwrap());
    let (piles, waiting) = (store.ai_piles().await.unwrap(), store.ai_waiting("tagging", 100).await.unwrap());
    let counting = timed.elapsed().as_secs_f64();
    let of = |all: &[docimo_store::ai::review::Figure]| {
        all.iter().filter(|f| f.function == "tagging").map(|f| f.proposals).sum::<i64>()
    };
    assert_eq!((of(&figures), of(&folders), waiting.len()), (100_000, 100_000, 100));
    assert_eq!(piles.iter().find(|p| p.function == "tagging").unwrap().waiting, 10_000);
    assert!(figures.iter().filter(|f| f.function == "tagging").all(|f| f.decided_in_ms == Some(3.0)), "{figures:?}");
    println!("figures of 100,000 proposals: {:.1} times a bare reading of their texts", counting / reading);
    assert!(counting < 30.0 * reading.max(0.2), "{counting:.2} s against {reading:.2} s");
}

/// Whoever writes to the database itself, past every function above.
macro_rules! short_cuts {
    ($pool:ident) => {{
        let written = |entry: &str, born: &str, decision: &str, sealed: &str| {
            format!("insert into revision (entry_id, number, hash, fingerprint, title, questions, tags, body, origin, author_id, created_ms, born, ai_decision, ai_sealed) \
                     values ('{entry}', 2, 'h', 'f', 't', 1, '', '{{}}', 'o', 'p1', 1, '{born}', {decision}, {sealed})")
        };
        let revision = |entry: &str, born: &str, decision: &str| written(entry, born, decision, decision);
        let seal = |id: &str, proposal: &str, reviewer: &str, verdict: &str, accepted: &str, rest: &str| {
            format!("insert into ai_decision (id, proposal_id, reviewer_id, verdict, reason, remark, at_ms, accepted, people, gate, seconded, first_by, sealed) \
                     values ('{id}', '{proposal}', {reviewer}, '{verdict}', 'x', '', 1, {accepted}, {rest})")
        };
        let decide = |id: &str, proposal: &str, reviewer: &str, verdict: &str, accepted: &str| {
            let sealed = if accepted == "null" { "null" } else { accepted };
            seal(id, proposal, reviewer, verdict, accepted, &format!("1, '{proposal}/1', null, null, {sealed}"))
        };
        // The fourth proposal takes two people, one of whom agreed; somebody agreed to the third as well.
        for sql in [
            "update ai_fact set people = 2, gate = 'pr4/2' where proposal_id = 'pr4'",
            "insert into ai_opinion (id, proposal_id, reviewer_id, verdict, remark, at_ms, seal) values ('o1', 'pr4', 'p2', 'accept', '', 1, 'pr4/p2')",
            "insert into ai_opinion (id, proposal_id, reviewer_id, verdict, remark, at_ms, seal) values ('o2', 'pr4', 'p1', 'accept', '', 1, 'pr4/p1')",
            "insert into ai_opinion (id, proposal_id, reviewer_id, verdict, remark, at_ms, seal) values ('o3', 'pr3', 'p2', 'accept', '', 1, 'pr3/p2')",
            // Accepted, but by fewer people than are asked for: nothing may point at it.
            "insert into ai_decision (id, proposal_id, reviewer_id, verdict, reason, remark, at_ms, accepted) values ('d5', 'pr5', 'p1', 'accept', '', '', 1, 'd5')",
        ] {
            sqlx::query(sql).execute(&$pool).await.unwrap();
        }
        let two = |rest: &str| seal("d6", "pr4", "'p1'", "accept", "'d6'", rest);
        let refused = [
            ("without a decision", revision("id-e", "ai", "null")),
            ("by a decision that does not exist", revision("id-e", "ai", "'absent'")),
            ("by a refusal", revision("id-e", "ai", "'d2'")),
            ("by a decision that served", revision("id-e", "ai", "'d1'")),
            ("as if people had written it", revision("id-e", "person", "'d1'")),
            ("as something else", revision("id-e", "machine", "null")),
            ("a refusal that lets be", decide("d3", "pr3", "'p1'", "refuse", "'d3'")),
            ("a decision under another's name", decide("d3", "pr3", "'p1'", "accept", "'d4'")),
            ("a decision by nobody", decide("d3", "pr3", "null", "accept", "'d3'")),
            ("a decision by who does not exist", decide("d3", "pr3", "'absent'", "accept", "'d3'")),
            ("a second decision", decide("d3", "pr1", "'p1'", "accept", "'d3'")),
            ("forgetting that it was a machine", "update revision set born = 'person' where ai_decision = 'd1'".to_owned()),
            ("forgetting who decided", "update revision set ai_decision = null where ai_decision = 'd1'".to_owned()),
            ("erasing the decision", "delete from ai_decision where id = 'd1'".to_owned()),
            ("by a decision that nobody sealed", revision("id-e", "ai", "'d5'")),
            ("by a decision, sealed by another", written("id-e", "ai", "'d5'", "'d1'")),
            ("by a decision without its seal", written("id-e", "ai", "'d5'", "null")),
            ("one person where two are asked for", two("1, 'pr4/1', null, null, 'd6'")),
            ("one person, saying two", two("2, 'pr4/2', null, null, 'd6'")),
            ("the same person twice", two("2, 'pr4/2', 'pr4/p1', 'p1', 'd6'")),
            ("a second person who does not exist", two("2, 'pr4/2', 'pr4/p9', 'p9', 'd6'")),
            ("a second person who spoke of something else", two("2, 'pr4/2', 'pr3/p2', 'p2', 'd6'")),
            ("a second person under another's name", two("2, 'pr4/2', 'pr4/p2', 'p3', 'd6'")),
            ("another proposal's number of people", two("1, 'pr3/1', null, null, 'd6'")),
            ("nobody's number of people", two("1, null, null, null, 'd6'")),
            ("two opinions of one person", "insert into ai_opinion (id, proposal_id, reviewer_id, verdict, remark, at_ms, seal) values ('o4', 'pr4', 'p2', 'accept', '', 1, 'pr4/p2')".to_owned()),
            ("an opinion under another's name", "insert into ai_opinion (id, proposal_id, reviewer_id, verdict, remark, at_ms, seal) values ('o4', 'pr4', 'p2', 'accept', '', 1, 'pr4/p3')".to_owned()),
            ("fewer people once decided", "update ai_fact set people = 2, gate = 'pr1/2' where proposal_id = 'pr1'".to_owned()),
            ("an incident about nothing", "insert into ai_incident (id, kind, body, person_id, at_ms) values ('i', 'other', 'x', 'p1', 1)".to_owned()),
            ("unsealing what is there", "update ai_decision set sealed = null where id = 'd1'".to_owned()),
            ("turning a decision round", "update ai_decision set verdict = 'refuse' where id = 'd1'".to_owned()),
        ];
        for (what, sql) in refused {
            let done = sqlx::query(sqlx::AssertSqlSafe(sql.clone())).execute(&$pool).await;
            assert!(done.is_err(), "{what}: {sql}");
        }
        // What is refused above is refused for what it says: the same with a decision that accepts passes.
        for sql in [
            decide("d3", "pr3", "'p1'", "accept", "'d3'"),
            revision("id-e", "ai", "'d3'"),
            two("2, 'pr4/2', 'pr4/p2', 'p2', 'd6'"),
        ] {
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&$pool).await.unwrap();
        }
    }};
}

async fn prepared(url: &str) {
    let store = Store::open(url).await.unwrap();
    store
        .add_person(
            &Person {
                id: "p1".into(),
                login: "p1".into(),
                name: "Nom".into(),
                secret: None,
                created_ms: 1,
                disabled_ms: None,
            },
            &["reviewer"],
        )
        .await
        .unwrap();
    store.set_ai_switch(&switch("s", 1, 1), "arrêtée", &account(1)).await.unwrap();
    let second = Person {
        id: "p2".into(),
        login: "p2".into(),
        name: "Autre".into(),
        secret: None,
        created_ms: 1,
        disabled_ms: None,
    };
    store.add_person(&second, &["reviewer"]).await.unwrap();
    store.add_ai_job(&job("j", "p1", 3, 2)).await.unwrap().unwrap();
    store.take_ai_job("r", 3, 10).await.unwrap();
    let proposals = ["pr1", "pr2", "pr3", "pr4", "pr5"].map(|id| proposal(id, "j", 1));
    assert!(store.end_ai_job("j", "r", Ended::Done(&proposals), (0, 0), 4).await.unwrap());
    store.keep_reviewed(&reviewed(Verdict::Accept).unwrap(), &decision("d1", "pr1"), &draft("e")).await.unwrap();
    store.turn_down(&NewDecision { reason: "x", ..decision("d2", "pr2") }, Turned::Refused, "p1", 5).await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn sqlite_takes_nothing_of_a_machine_without_a_decision() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", dir.path().join("t.sqlite").display());
    prepared(&url).await;
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    short_cuts!(pool);
}

#[tokio::test]
async fn postgresql_takes_nothing_of_a_machine_without_a_decision() {
    let Some(url) = postgres_url().await else { return };
    prepared(&url).await;
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    short_cuts!(pool);
}
