//! Receipts: a hash chained over a sheet's journal, so that a candidate can prove what was saved and a jury that
//! nothing was altered since.
//!
//! The link of a step covers the one before it and everything the step says: place in the journal, stream and number,
//! both clocks, verdict as first told, act as stored, author. Whoever rewrites a journal must rewrite every later link,
//! and no longer agrees with the code that the candidate left with.

use crate::Store;
use crate::db::read;
use crate::error::StoreResult;
use sha2::{Digest, Sha256};

/// A link of the chain.
pub type Receipt = [u8; 32];

/// What a link covers.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    /// Place in the sheet's journal, from 1.
    pub position: i64,
    /// Stream; 0 is the server's own.
    pub stream: i64,
    /// Number in the stream.
    pub seq: i64,
    /// The client's clock, ms UTC.
    pub client_ms: i64,
    /// The server's clock, ms UTC.
    pub server_ms: i64,
    /// As first told to the candidate.
    pub verdict: &'a str,
    /// JSON of the act, byte for byte as stored.
    pub act: &'a str,
    /// Who sent it (opaque id).
    pub actor: &'a str,
}

/// The chain of a sheet before its first step.
pub fn genesis(attempt_id: &str) -> Receipt {
    let mut hash = Sha256::new();
    hash.update(b"docimo journal 1\0");
    hash.update(attempt_id.as_bytes());
    hash.finalize().into()
}

/// The link after a step.
pub fn link(before: &Receipt, step: &Link<'_>) -> Receipt {
    let mut hash = Sha256::new();
    hash.update(before);
    for number in [step.position, step.stream, step.seq, step.client_ms, step.server_ms] {
        hash.update(number.to_be_bytes());
    }
    for text in [step.verdict, step.act, step.actor] {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize().into()
}

/// The link that a new step follows: the sheet's last one, or the start of its chain.
pub(crate) fn head(attempt_id: &str, kept: Option<&[u8]>) -> Receipt {
    kept.and_then(|bytes| bytes.try_into().ok()).unwrap_or_else(|| genesis(attempt_id))
}

/// Letters of codes: none that is taken for another (Crockford's base 32).
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters in a code: 80 bits.
const CODE_LETTERS: usize = 16;

/// What a person copies down: 16 letters in groups of four, the first 80 bits of a link.
pub fn code(receipt: &Receipt) -> String {
    let mut text = String::with_capacity(CODE_LETTERS + 3);
    for i in 0..CODE_LETTERS {
        if i > 0 && i % 4 == 0 {
            text.push('-');
        }
        let (byte, shift) = (i * 5 / 8, i * 5 % 8);
        let pair = u16::from_be_bytes([receipt[byte], receipt[byte + 1]]);
        text.push(char::from(LETTERS[usize::from(pair >> (11 - shift)) & 31]));
    }
    text
}

/// A code as typed: case, spaces and dashes do not matter, I and L are 1, O is 0. `None` if it is none.
pub fn read_code(typed: &str) -> Option<String> {
    let letters: Vec<char> = typed
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}' | '\u{2011}' | '\u{2013}'))
        .map(|c| match c.to_ascii_uppercase() {
            'I' | 'L' => '1',
            'O' => '0',
            other => other,
        })
        .collect();
    let known = |c: &char| u8::try_from(*c).is_ok_and(|b| LETTERS.contains(&b));
    if letters.len() != CODE_LETTERS || !letters.iter().all(known) {
        return None;
    }
    Some(letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join("-"))
}

/// What is wrong with a journal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Breach {
    /// No step has this place, or two have it.
    Place {
        /// Which place.
        position: i64,
    },
    /// A step is not what its receipt was made of.
    Altered {
        /// Which place.
        position: i64,
    },
    /// The last receipt of the sheet is not that of its last step: steps are gone or were added.
    Head,
}

/// A journal, checked against its receipts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// The sheet.
    pub attempt_id: String,
    /// Steps in it.
    pub steps: i64,
    /// Steps written before receipts were.
    pub without: i64,
    /// The last receipt.
    pub head: Option<Receipt>,
    /// Code of each place that has a receipt, in order.
    pub codes: Vec<(i64, String)>,
    /// What is wrong, at its first place.
    pub breach: Option<Breach>,
}

impl Verified {
    /// The place whose receipt has this code.
    pub fn place_of(&self, code: &str) -> Option<i64> {
        self.codes.iter().find(|(_, c)| c == code).map(|(position, _)| *position)
    }
}

/// A step as stored, to be checked.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ChainedStep {
    /// The sheet.
    pub attempt_id: String,
    /// Place in the journal.
    pub position: i64,
    /// Stream.
    pub stream: i64,
    /// Number in it.
    pub seq: i64,
    /// The client's clock.
    pub client_ms: i64,
    /// The server's clock.
    pub server_ms: i64,
    /// As it stands.
    pub verdict: String,
    /// Word of the act.
    pub kind: String,
    /// JSON.
    pub act: String,
    /// Who.
    pub actor: String,
    /// Its link.
    pub receipt: Option<Vec<u8>>,
}

impl ChainedStep {
    fn link(&self, before: &Receipt, verdict: &str) -> Receipt {
        let Self { position, stream, seq, client_ms, server_ms, ref act, ref actor, .. } = *self;
        link(before, &Link { position, stream, seq, client_ms, server_ms, verdict, act, actor })
    }
}

/// Checks a journal: `steps` in order of place, `head` as the sheet has it.
pub fn verify(attempt_id: &str, steps: &[ChainedStep], head: Option<&[u8]>) -> Verified {
    let without = steps.iter().take_while(|s| s.receipt.is_none()).count();
    let mut found = Verified {
        attempt_id: attempt_id.to_owned(),
        steps: steps.len() as i64,
        without: without as i64,
        head: head.and_then(|h| h.try_into().ok()),
        codes: Vec::with_capacity(steps.len() - without),
        breach: None,
    };
    // An act that was late counts once time was given; the chain then holds a later step that says so.
    let last_rejudged = steps.iter().rev().find(|s| s.kind == "rejudge").map_or(0, |s| s.position);
    let mut before = genesis(attempt_id);
    for (expected, step) in (1..).zip(steps) {
        if step.position != expected {
            found.breach.get_or_insert(Breach::Place { position: expected });
            break;
        }
        let Some(kept) = step.receipt.as_deref() else {
            if expected > without as i64 {
                found.breach.get_or_insert(Breach::Altered { position: step.position });
                break;
            }
            continue;
        };
        let mut now = step.link(&before, &step.verdict);
        if now != kept && step.position < last_rejudged {
            now = step.link(&before, "late");
        }
        if now != kept {
            found.breach.get_or_insert(Breach::Altered { position: step.position });
            break;
        }
        found.codes.push((step.position, code(&now)));
        before = now;
    }
    let complete = if found.codes.is_empty() { head.is_none() } else { head == Some(&before[..]) };
    if !complete {
        found.breach.get_or_insert(Breach::Head);
    }
    found
}

const CHAINED: &str = "select s.attempt_id, s.position, s.stream, s.seq, s.client_ms, s.server_ms, s.verdict, s.kind, s.act, s.actor, s.receipt \
    from step s where s.exam_id = $1 and s.attempt_id = $2 order by s.position";

impl Store {
    /// Checks the journal of one sheet against its receipts; `None` if there is no such sheet.
    pub async fn verify_journal(&self, attempt_id: &str) -> StoreResult<Option<Verified>> {
        let mut seen = None;
        loop {
            let Some((head, steps)) = self.chained_steps(attempt_id).await? else { return Ok(None) };
            let found = verify(attempt_id, &steps, head.as_deref());
            // An act that arrives between the two reads looks like a breach: read again until nothing arrives.
            if found.breach.is_none() || seen == Some(found.steps) {
                return Ok(Some(found));
            }
            seen = Some(found.steps);
        }
    }

    /// The last receipt of a sheet, and its journal as kept, in order of place; `None` if there is no such sheet.
    pub async fn chained_steps(&self, attempt_id: &str) -> StoreResult<Option<(Option<Vec<u8>>, Vec<ChainedStep>)>> {
        let sheet: Option<(String, Option<Vec<u8>>)> = read!(self, pool =>
            sqlx::query_as("select exam_id, receipt from attempt where id = $1").bind(attempt_id).fetch_optional(pool).await?);
        let Some((exam_id, head)) = sheet else { return Ok(None) };
        let steps: Vec<ChainedStep> =
            read!(self, pool => sqlx::query_as(CHAINED).bind(&exam_id).bind(attempt_id).fetch_all(pool).await?);
        Ok(Some((head, steps)))
    }

    /// When the act at a place of a journal arrived, ms UTC.
    pub async fn step_instant(&self, exam_id: &str, attempt_id: &str, position: i64) -> StoreResult<Option<i64>> {
        let sql = "select server_ms from step where exam_id = $1 and attempt_id = $2 and position = $3";
        Ok(read!(self, pool => sqlx::query_scalar(sql)
            .bind(exam_id).bind(attempt_id).bind(position).fetch_optional(pool).await?))
    }

    /// The last receipt of a sheet.
    pub async fn receipt(&self, attempt_id: &str) -> StoreResult<Option<(i64, Receipt)>> {
        let row: Option<(i64, Option<Vec<u8>>)> = read!(self, pool =>
            sqlx::query_as("select last_position, receipt from attempt where id = $1").bind(attempt_id).fetch_optional(pool).await?);
        Ok(row.and_then(|(position, receipt)| Some((position, receipt?.try_into().ok()?))))
    }

    /// One hash over the last receipts of every sheet of an exam, in the order of their ids: what a jury writes down
    /// when the exam is over. With the number of sheets in it.
    pub async fn exam_digest(&self, exam_id: &str) -> StoreResult<(usize, Receipt)> {
        let rows: Vec<(String, Option<Vec<u8>>)> = read!(self, pool =>
            sqlx::query_as("select id, receipt from attempt where exam_id = $1 order by id").bind(exam_id).fetch_all(pool).await?);
        let mut hash = Sha256::new();
        hash.update(b"docimo exam 1\0");
        for (id, receipt) in &rows {
            hash.update((id.len() as u64).to_be_bytes());
            hash.update(id.as_bytes());
            hash.update(head(id, receipt.as_deref()));
        }
        Ok((rows.len(), hash.finalize().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal() -> (Vec<ChainedStep>, Receipt) {
        let mut before = genesis("a");
        let mut steps = Vec::new();
        for position in 1..=4 {
            let mut step = ChainedStep {
                attempt_id: "a".into(),
                position,
                stream: 1,
                seq: position,
                client_ms: 7,
                server_ms: 1000 + position,
                verdict: if position == 3 { "late".into() } else { "counted".into() },
                kind: if position == 4 { "rejudge".into() } else { "answer".into() },
                act: format!("{{\"n\":{position}}}"),
                actor: "p".into(),
                receipt: None,
            };
            before = step.link(&before, &step.verdict);
            step.receipt = Some(before.to_vec());
            steps.push(step);
        }
        (steps, before)
    }

    #[test]
    fn an_untouched_journal_is_whole_and_every_place_has_its_code() {
        let (steps, head) = journal();
        let found = verify("a", &steps, Some(&head));
        assert_eq!((found.breach.clone(), found.steps, found.without), (None, 4, 0));
        assert_eq!(found.place_of(&code(&head)), Some(4));
    }

    #[test]
    fn every_change_is_seen() {
        let (steps, head) = journal();
        let changes: [fn(&mut Vec<ChainedStep>); 8] = [
            |s| s[1].act = "{\"n\":9}".into(),
            |s| s[1].server_ms += 1,
            |s| s[1].client_ms += 1,
            |s| s[0].verdict = "late".into(),
            |s| s[0].actor = "q".into(),
            |s| drop(s.remove(1)),
            |s| drop(s.pop()),
            |s| s[2].receipt = None,
        ];
        for (i, change) in changes.iter().enumerate() {
            let mut altered = steps.clone();
            change(&mut altered);
            assert!(verify("a", &altered, Some(&head)).breach.is_some(), "change {i}");
        }
        assert!(verify("b", &steps, Some(&head)).breach.is_some(), "another sheet's");
        assert!(verify("a", &[], Some(&head)).breach.is_some(), "emptied");
        assert!(verify("a", &steps, None).breach.is_some(), "head removed");
    }

    #[test]
    fn a_late_act_may_count_after_a_decision_and_only_then() {
        let (mut steps, head) = journal();
        steps[2].verdict = "counted".into();
        assert_eq!(verify("a", &steps, Some(&head)).breach, None);
        let (mut steps, head) = journal();
        steps[3].verdict = "late".into();
        assert!(verify("a", &steps, Some(&head)).breach.is_some());
    }

    #[test]
    fn what_was_written_before_receipts_is_told() {
        let (mut steps, _) = journal();
        steps.truncate(1);
        steps[0].receipt = None;
        let found = verify("a", &steps, None);
        assert_eq!((found.breach, found.without), (None, 1));
    }

    #[test]
    fn codes_are_read_as_people_write_them() {
        let (_, head) = journal();
        let shown = code(&head);
        assert_eq!(shown.len(), 19);
        assert_eq!(read_code(&shown).as_deref(), Some(&*shown));
        let typed = shown.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
        assert_eq!(read_code(&typed).as_deref(), Some(&*shown));
        assert_eq!(read_code("ABCD-EFGH"), None);
        assert_eq!(read_code(&shown.replace(|c: char| c != '-', "U")), None);
        let ones: Receipt = [0xff; 32];
        assert_eq!(code(&ones), "ZZZZ-ZZZZ-ZZZZ-ZZZZ");
    }
}
