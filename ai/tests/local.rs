//! A real small model on this machine, where there is one: a GGUF file named by `DOCIMO_TEST_GGUF`, SmolLM2-135M-Instruct
//! in 4 bits.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

use docimo_ai::generation::prompt::Message;
use docimo_ai::local::{LocalError, LocalModel};
use docimo_ai::provider::{Client, ProviderError};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The model; `None`, said in the log of skipped tests, when there is none.
fn model() -> Option<Arc<LocalModel>> {
    let found = std::env::var_os("DOCIMO_TEST_GGUF").map(PathBuf::from).filter(|p| p.is_file());
    if found.is_none()
        && let Some(log) = std::env::var_os("DOCIMO_SKIP_LOG")
    {
        use std::io::Write;
        let mut log = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        writeln!(log, "docimo-ai: DOCIMO_TEST_GGUF absent (SmolLM2-135M-Instruct, a GGUF file)").unwrap();
    }
    found.map(|path| Arc::new(LocalModel::open(&path, 2).unwrap()))
}

fn user(content: &str) -> [Message; 1] {
    [Message { role: "user", content: content.into() }]
}

#[test]
fn a_small_model_answers_here() {
    let Some(model) = model() else { return };
    assert!(model.name().contains("135M"), "{}", model.name());
    assert_eq!(model.digest().len(), 64);
    let mut heard = Vec::new();
    let question = user("What is the capital of France? Answer in one short sentence.");
    let answer = model.answer(&question, 0.0, 1, &mut |text| {
        heard.push(text.to_owned());
        true
    });
    let answer = answer.unwrap();
    assert!(answer.text.contains("Paris") && answer.is_whole, "{answer:?}");
    assert_eq!(heard.last(), Some(&answer.text));
    assert_eq!(heard.len() as u64, answer.tokens.completion);
    // The same seed, the same words; a prompt read in several chunks is read like any other.
    let long = user(&format!("{} What is the capital of France? Answer in one word.", "The sky is blue. ".repeat(80)));
    let of = |seed| model.answer(&long, 0.7, seed, &mut |text| text.len() < 40);
    assert_eq!(of(3), of(3));
    let plain = model.answer(&long, 0.0, 1, &mut |_| true).unwrap();
    assert!(plain.tokens.prompt > 300 && plain.text.contains("Paris"), "{plain:?}");
    let stopped = model.answer(&question, 0.0, 1, &mut |_| false);
    assert_eq!(stopped, Err(LocalError::Stopped));
    let endless = user(&"mot ".repeat(9_000));
    assert!(matches!(model.answer(&endless, 0.0, 1, &mut |_| true), Err(LocalError::TooLong { .. })));
}

#[tokio::test]
async fn it_is_asked_as_any_other_model_and_stops_when_nobody_listens() {
    let Some(model) = model() else { return };
    let client = Client::local(model);
    assert_eq!(client.endpoint().host(), "cette machine");
    let said = [Message { role: "system", content: "You are helpful.".into() }, user("Say hello.")[0].clone()];
    let reply = client.ask("x", &said, &json!({"type": "string"})).await.unwrap();
    assert!(!reply.content.is_empty() && reply.tokens.completion > 0);
    assert!(reply.model.contains("135M"), "{}", reply.model);
    // Dropped in the middle, the next one is not made to wait for its end.
    let begun = AtomicBool::new(false);
    let hear = |_: &str| begun.store(true, Ordering::Relaxed);
    let story = user("Write a very long story about a ship, in many chapters.");
    let schema = json!({"type": "string"});
    {
        let asked = client.ask_heard("x", &story, &schema, &hear);
        tokio::pin!(asked);
        while !begun.load(Ordering::Relaxed) {
            tokio::select! {
                _ = &mut asked => break,
                () = tokio::time::sleep(std::time::Duration::from_millis(20)) => {}
            }
        }
    }
    let next = tokio::time::timeout(std::time::Duration::from_secs(60), client.ask("x", &said, &schema)).await;
    assert!(matches!(next, Ok(Ok(_))), "{next:?}");
    let long = user(&"mot ".repeat(9_000));
    let error = client.ask("x", &long, &schema).await.unwrap_err();
    assert!(matches!(error, ProviderError::Settings(_)) && error.to_string().contains("moins de passages"), "{error}");
}
