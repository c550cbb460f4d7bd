//! The loss oracle: everything that was acknowledged is on the server, as it was, once; nothing else is; and marks are
//! those of what was acknowledged.

use crate::candidate::Record;
use crate::paper::Paper;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// What the oracle found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Findings {
    /// Candidates who were compared.
    pub candidates: usize,
    /// Steps that were acknowledged.
    pub acknowledged: usize,
    /// Of these, answers.
    pub answers: usize,
    /// Of these, acknowledged as counted answers.
    pub counted_answers: usize,
    /// Steps that were sent and never acknowledged: none should be left at the end.
    pub unacknowledged: usize,
    /// Steps on the server that were acknowledged to nobody, because the answer was lost on the way: allowed, if they
    /// were sent.
    pub kept_unasked: usize,
    /// Steps in the journals, the server's own left out.
    pub stored: usize,
    /// Acknowledged and not there.
    pub lost: usize,
    /// There, and not as acknowledged or sent: act, verdict or receipt; or a mark that is not that of the answers.
    pub altered: usize,
    /// There twice.
    pub duplicated: usize,
    /// Marks that were compared.
    pub marks: usize,
    /// Faults, the first of them in words: an answer lost, altered or doubled, a receipt that is not in the journal, a
    /// mark that is not that of the answers.
    pub faults: usize,
    /// The first faults.
    pub said: Vec<String>,
}

/// Faults told in words.
const SAID: usize = 20;

impl Findings {
    fn fault(&mut self, text: String) {
        self.faults += 1;
        if self.said.len() < SAID {
            self.said.push(text);
        }
    }

    /// Was nothing lost, altered or badly marked?
    pub fn is_clean(&self) -> bool {
        self.faults == 0 && self.unacknowledged == 0
    }

    /// Compares a candidate's record with the journal of their sheet (`[{stream, seq, position, verdict, act,
    /// receipt}]`, in order of place).
    pub fn compare(&mut self, record: &Record, journal: &Value) {
        self.candidates += 1;
        let rows = journal.as_array().map_or(&[][..], Vec::as_slice);
        let mut kept: HashMap<(u64, u64), &Value> = HashMap::new();
        let mut receipts: HashMap<i64, &str> = HashMap::new();
        for (i, row) in rows.iter().enumerate() {
            let at = (row["stream"].as_u64().unwrap_or(0), row["seq"].as_u64().unwrap_or(0));
            if row["position"].as_i64() != Some(i as i64 + 1) {
                self.fault(format!("{} : le journal a un trou à la place {}", record.number, i + 1));
            }
            self.stored += usize::from(at.0 != 0);
            if kept.insert(at, row).is_some() {
                self.duplicated += 1;
                self.fault(format!("{} : l’acte {at:?} est deux fois dans le journal", record.number));
            }
            if let (Some(position), Some(hash)) = (row["position"].as_i64(), row["receipt"].as_str()) {
                receipts.insert(position, hash);
            }
        }
        let mut sent_by_place = HashMap::new();
        for sent in &record.sent {
            sent_by_place.insert((sent.stream, sent.seq), sent);
            let found = kept.get(&(sent.stream, sent.seq));
            match (&sent.verdict, found) {
                (None, _) => self.unacknowledged += 1,
                (Some(_), None) => {
                    self.acknowledged += 1;
                    self.lost += 1;
                    self.fault(format!(
                        "{} : l’acte {}.{} a été accusé et n’existe pas",
                        record.number, sent.stream, sent.seq
                    ));
                }
                (Some(verdict), Some(row)) => {
                    self.acknowledged += 1;
                    if !sent.act["answer"].is_null() {
                        self.answers += 1;
                        self.counted_answers += usize::from(verdict == "counted");
                    }
                    if !same(&row["act"], &sent.act) {
                        self.altered += 1;
                        self.fault(format!(
                            "{} : l’acte {}.{} n’est pas celui qui a été accusé",
                            record.number, sent.stream, sent.seq
                        ));
                    }
                    if row["verdict"].as_str() != Some(verdict) {
                        self.altered += 1;
                        self.fault(format!(
                            "{} : l’acte {}.{} n’a plus le verdict annoncé",
                            record.number, sent.stream, sent.seq
                        ));
                    }
                }
            }
        }
        for (at, row) in &kept {
            match sent_by_place.get(at) {
                None if at.0 != 0 => {
                    self.fault(format!("{} : l’acte {at:?} est dans le journal et n’a pas été envoyé", record.number));
                }
                Some(sent) if sent.verdict.is_none() => {
                    self.kept_unasked += 1;
                    if !same(&row["act"], &sent.act) {
                        self.altered += 1;
                        self.fault(format!("{} : l’acte {at:?} n’est pas celui qui a été envoyé", record.number));
                    }
                }
                _ => {}
            }
        }
        for (position, hash) in &record.receipts {
            if receipts.get(position) != Some(&hash.as_str()) {
                self.altered += 1;
                self.fault(format!("{} : le reçu de l’acte n° {position} n’est pas dans le journal", record.number));
            }
        }
        if !record.handed_in {
            let why = record.stopped.as_deref().unwrap_or("sans raison connue");
            self.fault(format!("{} : la copie n’a pas été remise ({why})", record.number));
        }
    }

    /// Compares the marks of the server with those of what was acknowledged.
    pub fn compare_marks(&mut self, paper: &Paper, records: &[Record], marks: &BTreeMap<String, u64>) {
        for record in records {
            let expected = paper.worth(&record.counted());
            match marks.get(&record.number) {
                Some(found) if *found == expected => self.marks += 1,
                found => {
                    self.altered += 1;
                    self.fault(format!(
                        "{} : {} points d’après ce qui a été accusé, {} sur le serveur",
                        record.number,
                        expected as f64 / 100.0,
                        found.map_or_else(|| "aucun".to_owned(), |f| (*f as f64 / 100.0).to_string())
                    ));
                }
            }
        }
    }
}

/// Are these the same act? The server writes the fields that were left out.
fn same(kept: &Value, sent: &Value) -> bool {
    match (kept, sent) {
        (Value::Object(kept), Value::Object(sent)) => {
            sent.iter().all(|(name, value)| kept.get(name).is_some_and(|k| same(k, value)))
                && kept.iter().filter(|(name, _)| !sent.contains_key(*name)).all(|(_, value)| is_empty(value))
        }
        _ => kept == sent,
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::candidate::Sent;
    use serde_json::json;

    fn record() -> Record {
        let act = |n: u64| json!({"answer": {"question": "q0", "response": {"text": n.to_string()}}});
        let sent = (1..=3).map(|seq| Sent { stream: 1, seq, act: act(seq), verdict: Some("counted".into()) });
        Record {
            number: "S-1".into(),
            attempt: "a".into(),
            sent: sent.collect(),
            receipts: vec![(3, "c".into())],
            handed_in: true,
            stopped: None,
        }
    }

    fn journal() -> Value {
        let row = |n: u64, receipt: &str| {
            json!({"stream": 1, "seq": n, "position": n, "verdict": "counted", "receipt": receipt,
                   "act": {"answer": {"question": "q0", "response": {"text": n.to_string(), "rejected": []}}}})
        };
        json!([row(1, "a"), row(2, "b"), row(3, "c")])
    }

    fn faults(record: &Record, journal: &Value) -> usize {
        let mut findings = Findings::default();
        findings.compare(record, journal);
        findings.faults + findings.unacknowledged
    }

    #[test]
    fn what_is_whole_is_clean() {
        let mut findings = Findings::default();
        findings.compare(&record(), &journal());
        assert!(findings.is_clean(), "{findings:?}");
        assert_eq!((findings.acknowledged, findings.counted_answers), (3, 3));
    }

    #[test]
    fn every_loss_is_seen() {
        type Change = fn(&mut Record, &mut Value);
        let changes: [Change; 8] = [
            |_, j| j[2] = json!({"stream": 0, "seq": 1, "position": 3}),
            |_, j| j[1]["act"]["answer"]["response"]["text"] = json!("autre"),
            |_, j| j[1]["verdict"] = json!("late"),
            |_, j| j[2]["receipt"] = json!("z"),
            |_, j| j[1] = j[0].clone(),
            |_, j| j[2] = json!({"stream": 1, "seq": 9, "position": 3, "act": {}}),
            |r, _| r.handed_in = false,
            |r, _| r.sent[2].verdict = None,
        ];
        for (i, change) in changes.into_iter().enumerate() {
            let (mut record, mut journal) = (record(), journal());
            change(&mut record, &mut journal);
            assert!(faults(&record, &journal) > 0, "change {i}");
        }
    }

    #[test]
    fn marks_are_those_of_the_last_counted_answers() {
        let mut rng = fastrand::Rng::with_seed(1);
        let paper = Paper::draw(&mut rng, 5);
        let crate::paper::Kind::Single { right } = paper.isolated[0].kind else {
            panic!("a single choice comes first")
        };
        let mut record = record();
        let letter = ["a", "b", "c", "d", "e"][right];
        record.sent[2].act = json!({"answer": {"question": "q0", "response": {"ticked": [letter]}}});
        let mut findings = Findings::default();
        let blank = paper.worth(&BTreeMap::new());
        findings.compare_marks(
            &paper,
            std::slice::from_ref(&record),
            &BTreeMap::from([("S-1".to_owned(), 100 + blank)]),
        );
        assert_eq!((findings.marks, findings.faults), (1, 0), "{:?}", findings.said);
        findings.compare_marks(&paper, &[record], &BTreeMap::from([("S-1".to_owned(), 0)]));
        assert_eq!(findings.faults, 1);
    }
}
