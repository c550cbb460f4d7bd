use super::*;
use docimo_engine::attempt::Act;
use docimo_engine::response::Response;
use docimo_store::journal::WholeSheet;
use docimo_store::receipts;
use std::path::Path;

fn common(folder: &Path) -> Common {
    Common { quiet: true, data: Some(folder.into()), ..Common::default() }
}

const PAPER: &str = r#"{"title":"T","scheme":"edn","sections":[{"id":"s1","title":"UC 1","duration_minutes":10,"elements":[
    {"question":{"id":"q1","kind":"QROC","stem":"?","exact":["x"]}}]}]}"#;

/// Every receipt that was given is recognised, another is not, and a journal changed behind the server's back is seen.
#[tokio::test(flavor = "multi_thread")]
async fn receipts_are_verified_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let common = common(folder.path());
    let store = common.open(true).await.unwrap();
    let url = format!("sqlite://{}", folder.path().join("docimo.sqlite").display());
    let raw = sqlx::SqlitePool::connect(&url).await.unwrap();
    let sql = [
        "insert into person (id, login, name, created_ms) values ('p', 'e1', 'Candidat', 1)".to_owned(),
        format!(
            "insert into exam (id, title, state, start_mode, grace_ms, instructions, paper, created_ms, created_by) \
             values ('x', 'Examen', 'open', 'common', 0, '', '{}', 1, 'p')",
            PAPER.replace('\'', "''")
        ),
        "insert into site (id, exam_id, name) values ('s', 'x', 'Lille')".to_owned(),
        "insert into candidate (exam_id, person_id, number, site_id, factor, extra_minutes, reference) \
         values ('x', 'p', '0042', 's', '1', 0, '')"
            .to_owned(),
    ];
    for statement in sql {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&raw).await.unwrap();
    }
    let answer = |text: &str| Act::Answer { question: "q1".into(), response: Response::Text { text: text.into() } };
    let sheet = WholeSheet {
        attempt_id: "a".into(),
        exam_id: "x".into(),
        person_id: "p".into(),
        section_id: "s1".into(),
        seed: 1,
        started_ms: 10,
        ended_ms: 500,
        answers: vec![answer("a"), answer("b")],
    };
    store.add_sheets(&[sheet]).await.unwrap();
    let (position, receipt) = store.receipt("a").await.unwrap().unwrap();
    let code = receipts::code(&receipt);
    let args = |number: Option<&str>, code: Option<&str>| VerifyArgs {
        exam: "Examen".into(),
        number: number.map(Into::into),
        code: code.map(Into::into),
    };
    let said = receipts_of(&store, "0042", &code).await;
    assert!(said.conform && said.position == Some(position) && said.steps == Some(3), "{}", said.what);
    verify(&common, &store, &args(Some("0042"), Some(&code.to_lowercase()))).await.unwrap();
    verify(&common, &store, &args(None, None)).await.unwrap();
    let other = verify(&common, &store, &args(Some("0042"), Some("0000-0000-0000-0000"))).await;
    assert!(matches!(other, Err(Failure::Attention)));
    for (number, code) in [("9999", code.as_str()), ("0042", "trop court")] {
        assert!(matches!(verify(&common, &store, &args(Some(number), Some(code))).await, Err(Failure::Input(_))));
    }
    let absent = VerifyArgs { exam: "Autre".into(), number: None, code: None };
    assert!(matches!(verify(&common, &store, &absent).await, Err(Failure::Input(_))));

    sqlx::query("update step set act = replace(act, '\"a\"', '\"z\"') where position = 1").execute(&raw).await.unwrap();
    assert!(matches!(verify(&common, &store, &args(None, None)).await, Err(Failure::Attention)));
    let said = receipts_of(&store, "0042", &code).await;
    assert!(!said.conform, "{}", said.what);
    raw.close().await;
    store.close().await;
}

async fn receipts_of(store: &Store, number: &str, code: &str) -> CodeCheck {
    crate::exam::receipts::check_code(store, "x", number, code).await.unwrap()
}
