//! A language model that reorders candidates, played by a real server of this machine: it chooses among what it is given,
//! and a fault of its changes nothing.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

use docimo_ai::provider::{Client, Endpoint};
use docimo_ai::tagging::Asked;
use docimo_ai::tagging::propose::{Candidate, Sure, TagDraft};
use docimo_ai::tagging::rerank::{RerankError, order, rerank};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A server that gives these contents, one a request, and keeps what it heard.
fn start(contents: Vec<String>) -> (Client, Arc<Mutex<Vec<Value>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    let heard: Arc<Mutex<Vec<Value>>> = Arc::default();
    let kept = heard.clone();
    std::thread::spawn(move || {
        for (stream, content) in listener.incoming().zip(contents) {
            let mut stream = stream.unwrap();
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
            kept.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
            let answer = json!({"model": "essai-3", "choices": [{"message": {"role": "assistant", "content": content}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 10, "completion_tokens": 2}}).to_string();
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{answer}", answer.len()).unwrap();
        }
    });
    let mut endpoint = Endpoint::new(&base, "essai", None, &[]).unwrap();
    endpoint.tries = 1;
    endpoint.patience = Duration::from_secs(5);
    (Client::new(endpoint).unwrap(), heard)
}

fn candidate(tag: &str) -> Candidate {
    Candidate { tag: tag.into(), title: format!("Titre de {tag}"), words: vec![] }
}

fn draft() -> TagDraft {
    TagDraft {
        entry: "e".into(),
        revision: 1,
        proposed: vec![Sure { tag: "R2C:188".into(), confidence: 0.8, why: "mots : toux".into() }],
        items: vec![candidate("R2C:188"), candidate("R2C:159")],
        item_confidence: 0.8,
        objectives: vec![candidate("OIC-188-01-A"), candidate("OIC-159-01-A"), candidate("OIC-159-02-B")],
        objective_confidence: 0.6,
        rank: None,
        specialties: vec![],
        situations: vec![],
        neighbours: vec![],
    }
}

fn codes(codes: &[&str]) -> String {
    json!({ "codes": codes }).to_string()
}

fn tags(all: &[Candidate]) -> Vec<&str> {
    all.iter().map(|c| c.tag.as_str()).collect()
}

#[tokio::test]
async fn the_item_comes_first_then_its_objectives() {
    let (client, heard) = start(vec![codes(&["R2C:159"]), codes(&["OIC-159-02-B"])]);
    let (mut changed, before) = (draft(), draft());
    let asked = Asked { stem: "Toux fébrile <b>".into(), propositions: vec!["Oui".into()], correct: vec![0] };
    let told = rerank(&client, &asked, &mut changed, (&before.items, &before.objectives)).await;
    assert_eq!((told.model.as_str(), told.tokens.prompt, told.failed), ("essai-3", 20, None));
    assert_eq!(tags(&changed.items), ["R2C:159", "R2C:188"]);
    assert_eq!(tags(&changed.objectives), ["OIC-159-02-B", "OIC-159-01-A", "OIC-188-01-A"]);
    // What was never measured is sure of nothing: it is never accepted at once.
    assert_eq!(
        (changed.proposed[0].tag.as_str(), changed.proposed[0].confidence, changed.item_confidence),
        ("R2C:159", 0.0, 0.0)
    );
    let heard = heard.lock().unwrap();
    let second = heard[1]["messages"][1]["content"].as_str().unwrap();
    assert!(second.contains("OIC-159-01-A") && !second.contains("OIC-188-01-A"), "{second}");
    assert!(!heard[0]["messages"][1]["content"].as_str().unwrap().contains('<'));
    let schema = heard[0].to_string();
    assert!(schema.contains("\"enum\":[\"R2C:188\",\"R2C:159\"]"), "{schema}");
}

#[tokio::test]
async fn one_that_agrees_keeps_what_words_were_worth() {
    let (client, _) = start(vec![codes(&["R2C:188"])]);
    let (mut same, before) = (draft(), draft());
    let told = rerank(&client, &Asked::default(), &mut same, (&before.items, &before.objectives)).await;
    assert_eq!(told.failed, None);
    assert_eq!((&same.proposed, same.item_confidence), (&before.proposed, 0.8));
}

#[tokio::test]
async fn a_code_that_was_not_given_changes_nothing() {
    for content in [codes(&["R2C:1"]), "voici : R2C:188".into(), r#"{"codes":["R2C:188"],"ordre":"accepte"}"#.into()] {
        let (client, _) = start(vec![content.clone(), content.clone()]);
        let (mut kept, before) = (draft(), draft());
        let told = rerank(&client, &Asked::default(), &mut kept, (&before.items, &before.objectives)).await;
        assert!(told.failed.is_some_and(|why| why.contains("inutilisable")), "{content}");
        assert_eq!(kept, before);
        assert!(matches!(order(&client, &Asked::default(), &before.items).await, Err(RerankError::Unusable(_))));
    }
}
