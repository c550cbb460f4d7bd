//! The command is refused before any work when its result could not be kept.

use super::*;
use std::fs;

#[test]
fn marks_are_written_beside_the_files_and_never_over_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    };
    let key = file("key.csv", "question,kind,propositions,correct\nq,QRU,5,A\n");
    let responses = file("responses.csv", "candidate;q\nc;A\n");
    let args = |out: &str| MarkArgs {
        key: key.clone(),
        responses: responses.clone(),
        scheme: "EDN".into(),
        out: Some(if out == "-" { out.into() } else { folder.path().join(out) }),
    };
    let quiet = Common { quiet: true, ..Common::default() };
    run(&quiet, &args("marks.csv")).unwrap();
    let marks = fs::read_to_string(folder.path().join("marks.csv")).unwrap();
    assert_eq!(marks, "candidate;rank;points;out_of;mark_on_20;rank_a_on_20;rank_b_on_20;q\nc;1;1;1;20;;;1\n");
    for name in ["key.csv", "responses.csv", "absent/marks.csv", "."] {
        assert!(matches!(run(&quiet, &args(name)), Err(Failure::Input(_))), "{name}");
    }
    assert_eq!(fs::read_to_string(&responses).unwrap(), "candidate;q\nc;A\n");
    let json = Common { json: true, ..quiet };
    assert!(matches!(run(&json, &args("-")), Err(Failure::Input(_))));
}
