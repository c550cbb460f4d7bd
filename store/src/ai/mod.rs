//! What machines were asked and proposed, what people decided: switches, sources, the queue, proposals, decisions.
//!
//! Content comes out of here by [`Store::keep_reviewed`] alone, which asks for a [`Reviewed`] value; the database
//! refuses any revision born of a machine without an accepting decision (see the migration).

pub mod comments;
pub mod models;
pub mod review;
pub mod tags;

use crate::bank::{NewRevision, insert_revision, next_change};
use crate::db::{read, write};
use crate::exams::{NewEvent, insert_event};
use crate::{Store, StoreError, StoreResult};
use docimo_proposal::Reviewed;

/// A decision of the committee on a function.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Switch {
    /// Id.
    pub id: String,
    /// Which function.
    pub function: String,
    /// 1: on.
    pub enabled: i64,
    /// Of the committee's decision.
    pub reference: String,
    /// Questions a person may ask for in a day.
    pub person_daily: i64,
    /// Questions everyone of an establishment may ask for in a day.
    pub daily: i64,
    /// Who recorded it.
    pub author_id: String,
    /// When.
    pub at_ms: i64,
}

/// A document that people brought.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SourceRow {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Address, citation or file name.
    pub origin: String,
    /// Edition.
    pub edition: String,
    /// Date.
    pub published: String,
    /// Licence.
    pub licence: String,
    /// See [`docimo_proposal::Trust`].
    pub trust: i64,
    /// Format.
    pub format: String,
    /// SHA-256 of what was brought.
    pub hash: String,
    /// Characters of text.
    pub chars: i64,
    /// Who brought it.
    pub imported_by: String,
    /// When.
    pub imported_ms: i64,
    /// Who last said how far it may be trusted.
    pub trust_by: String,
    /// Not used from then on.
    pub expires_ms: Option<i64>,
    /// Taken out of use.
    pub withdrawn_ms: Option<i64>,
}

impl SourceRow {
    /// May it be leaned on now?
    pub fn is_usable(&self, now_ms: i64) -> bool {
        self.withdrawn_ms.is_none() && self.expires_ms.is_none_or(|end| now_ms < end)
    }
}

/// A part of a document.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PassageRow {
    /// Document.
    pub source_id: String,
    /// From 1.
    pub number: i64,
    /// Page, where there are pages.
    pub page: Option<i64>,
    /// Title that it stands under.
    pub section: String,
    /// Text.
    pub body: String,
    /// SHA-256 of the text.
    pub hash: String,
}

/// A request in the queue.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Job {
    /// Id.
    pub id: String,
    /// Function.
    pub function: String,
    /// Who asked.
    pub person_id: String,
    /// Where accepted questions go.
    pub folder_id: String,
    /// JSON.
    pub request: String,
    /// Questions asked for.
    pub wanted: i64,
    /// waiting, running, done, failed, cancelled
    pub state: String,
    /// How far it is, or why it failed.
    pub stage: String,
    /// Times it was taken up.
    pub tries: i64,
    /// Tokens read by the model.
    pub prompt_tokens: i64,
    /// Tokens written by it.
    pub completion_tokens: i64,
    /// When it was asked.
    pub created_ms: i64,
    /// When it ended.
    pub ended_ms: Option<i64>,
}

macro_rules! job {
    ($rest:literal) => {
        concat!(
            "select id, function, person_id, folder_id, request, wanted, state, stage, tries, prompt_tokens, \
             completion_tokens, created_ms, ended_ms from ai_job ",
            $rest
        )
    };
}

/// A proposal, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ProposalRow {
    /// Id.
    pub id: String,
    /// Request.
    pub job_id: String,
    /// Place in the request.
    pub number: i64,
    /// Function.
    pub function: String,
    /// Folder.
    pub folder_id: String,
    /// JSON.
    pub body: String,
    /// 1: its key is not borne out.
    pub unsupported: i64,
    /// When.
    pub created_ms: i64,
}

/// A decision, with the name of who took it.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct DecisionRow {
    /// Id.
    pub id: String,
    /// Proposal.
    pub proposal_id: String,
    /// Who.
    pub reviewer_id: String,
    /// accept, amend, refuse, again
    pub verdict: String,
    /// Of a refusal.
    pub reason: String,
    /// In their words.
    pub remark: String,
    /// JSON of the draft as amended.
    pub amended: Option<String>,
    /// Part of the text that stays.
    pub survived: Option<f64>,
    /// When.
    pub at_ms: i64,
}

/// A decision to keep.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDecision<'a> {
    /// Id.
    pub id: &'a str,
    /// Proposal.
    pub proposal_id: &'a str,
    /// Of a refusal: why.
    pub reason: &'a str,
    /// In their words.
    pub remark: &'a str,
    /// JSON of the draft as amended.
    pub amended: Option<&'a str>,
    /// Part of the text that stays.
    pub survived: Option<f64>,
}

/// How a revision was born.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Birth {
    /// Number of the revision.
    pub number: i64,
    /// Proposal.
    pub proposal_id: String,
    /// JSON of the proposal, with its provenance.
    pub body: String,
    /// accept or amend
    pub verdict: String,
    /// Name of who decided.
    pub reviewer: String,
    /// When.
    pub at_ms: i64,
}

/// Times that a request is taken up before it is given up: one that kills the server is not tried for ever.
const MOST_TRIES: i64 = 3;

macro_rules! insert_decision {
    ($tx:ident, $d:expr, $verdict:expr, $reviewer:expr, $at_ms:expr, $accepted:expr) => {
        sqlx::query("insert into ai_decision (id, proposal_id, reviewer_id, verdict, reason, remark, amended, survived, at_ms, accepted) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
            .bind($d.id).bind($d.proposal_id).bind($reviewer).bind($verdict).bind($d.reason).bind($d.remark)
            .bind($d.amended).bind($d.survived).bind($at_ms).bind($accepted).execute(&mut *$tx).await?
    };
}
pub(crate) use insert_decision;

impl Store {
    /// Records a decision of the committee on a function; from then on it holds. Off, every request that waits or runs is
    /// stopped with it, for the reason given: what a model still writes is kept no more. Gives how many were.
    pub async fn set_ai_switch(&self, switch: &Switch, why: &str, event: &NewEvent) -> StoreResult<u64> {
        let stopped = write!(self, tx => {
            sqlx::query("insert into ai_switch (id, function, enabled, reference, person_daily, daily, author_id, at_ms) values ($1, $2, $3, $4, $5, $6, $7, $8)")
                .bind(&switch.id).bind(&switch.function).bind(switch.enabled).bind(&switch.reference)
                .bind(switch.person_daily).bind(switch.daily).bind(&switch.author_id).bind(switch.at_ms)
                .execute(&mut *tx).await?;
            insert_event!(tx, event);
            match switch.enabled {
                0 => sqlx::query("update ai_job set state = 'cancelled', stage = $2, ended_ms = $3 where function = $1 and state in ('waiting', 'running')")
                    .bind(&switch.function).bind(why).bind(switch.at_ms).execute(&mut *tx).await?.rows_affected(),
                _ => 0,
            }
        });
        Ok(stopped)
    }

    /// Every decision on functions, the newest first.
    pub async fn ai_switches(&self) -> StoreResult<Vec<Switch>> {
        let sql = "select id, function, enabled, reference, person_daily, daily, author_id, at_ms from ai_switch \
                   order by at_ms desc, id desc";
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// The decision that holds for a function; `None`: nobody ever decided, it is off.
    pub async fn ai_switch(&self, function: &str) -> StoreResult<Option<Switch>> {
        let sql = "select id, function, enabled, reference, person_daily, daily, author_id, at_ms from ai_switch \
                   where function = $1 order by at_ms desc, id desc limit 1";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(function).fetch_optional(pool).await?))
    }

    /// Keeps a document and its passages.
    pub async fn add_ai_source(
        &self,
        source: &SourceRow,
        passages: &[PassageRow],
        event: &NewEvent,
    ) -> StoreResult<()> {
        let s = source;
        write!(self, tx => {
            sqlx::query("insert into ai_source (id, title, origin, edition, published, licence, trust, format, hash, chars, imported_by, imported_ms, trust_by, expires_ms, withdrawn_ms) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)")
                .bind(&s.id).bind(&s.title).bind(&s.origin).bind(&s.edition).bind(&s.published).bind(&s.licence)
                .bind(s.trust).bind(&s.format).bind(&s.hash).bind(s.chars).bind(&s.imported_by).bind(s.imported_ms)
                .bind(&s.trust_by).bind(s.expires_ms).bind(s.withdrawn_ms).execute(&mut *tx).await?;
            for p in passages {
                sqlx::query("insert into ai_passage (source_id, number, page, section, body, hash) values ($1, $2, $3, $4, $5, $6)")
                    .bind(&p.source_id).bind(p.number).bind(p.page).bind(&p.section).bind(&p.body).bind(&p.hash)
                    .execute(&mut *tx).await?;
            }
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Says how far a document may be trusted, until when, and whether it is still in use.
    pub async fn assess_ai_source(
        &self,
        id: &str,
        trust: i64,
        expires_ms: Option<i64>,
        withdrawn_ms: Option<i64>,
        event: &NewEvent,
    ) -> StoreResult<()> {
        let by = event.author_id.as_deref().ok_or(StoreError::MissingReference)?;
        write!(self, tx => {
            let done = sqlx::query("update ai_source set trust = $2, trust_by = $3, expires_ms = $4, withdrawn_ms = $5 where id = $1")
                .bind(id).bind(trust).bind(by).bind(expires_ms).bind(withdrawn_ms).execute(&mut *tx).await?.rows_affected();
            if done != 1 {
                return Err(StoreError::MissingReference);
            }
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Every document, the newest first.
    pub async fn ai_sources(&self) -> StoreResult<Vec<SourceRow>> {
        let sql = "select id, title, origin, edition, published, licence, trust, format, hash, chars, imported_by, imported_ms, \
                   trust_by, expires_ms, withdrawn_ms from ai_source order by imported_ms desc, id desc";
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// One document.
    pub async fn ai_source(&self, id: &str) -> StoreResult<Option<SourceRow>> {
        let sql = "select id, title, origin, edition, published, licence, trust, format, hash, chars, imported_by, imported_ms, \
                   trust_by, expires_ms, withdrawn_ms from ai_source where id = $1";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(id).fetch_optional(pool).await?))
    }

    /// The passages of a document, in order.
    pub async fn ai_passages(&self, source_id: &str) -> StoreResult<Vec<PassageRow>> {
        let sql =
            "select source_id, number, page, section, body, hash from ai_passage where source_id = $1 order by number";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(source_id).fetch_all(pool).await?))
    }

    /// Puts a request in the queue, if the function is on and the day's limits (of the person, of the establishment of the
    /// folder) leave room: `Err` says which limit
    /// does not, with what was asked for already. The day is the last 24 hours; what failed or was cancelled does not count.
    pub async fn add_ai_job(&self, job: &Job) -> StoreResult<Result<(), Refused>> {
        const DAY_MS: i64 = 86_400_000;
        write!(self, tx => {
            let switch: Option<Switch> = sqlx::query_as("select id, function, enabled, reference, person_daily, daily, author_id, at_ms from ai_switch where function = $1 order by at_ms desc, id desc limit 1")
                .bind(&job.function).fetch_optional(&mut *tx).await?;
            let Some(switch) = switch.filter(|s| s.enabled == 1) else { return Ok(Err(Refused::Off)) };
            let counted: Vec<(String, i64, i64)> = sqlx::query_as("select j.person_id, j.wanted, cast(case when coalesce(u.parent_id, u.id) = (select coalesce(w.parent_id, w.id) from folder o join unit w on w.id = o.unit_id where o.id = $3) then 1 else 0 end as bigint) from ai_job j join folder f on f.id = j.folder_id join unit u on u.id = f.unit_id where j.function = $1 and j.created_ms > $2 and j.state not in ('failed', 'cancelled')")
                .bind(&job.function).bind(job.created_ms - DAY_MS).bind(&job.folder_id).fetch_all(&mut *tx).await?;
            let all: i64 = counted.iter().filter(|(_, _, here)| *here == 1).map(|(_, n, _)| n).sum();
            let own: i64 = counted.iter().filter(|(p, _, _)| *p == job.person_id).map(|(_, n, _)| n).sum();
            if own + job.wanted > switch.person_daily {
                return Ok(Err(Refused::Person { asked: own, limit: switch.person_daily }));
            }
            if all + job.wanted > switch.daily {
                return Ok(Err(Refused::Everyone { asked: all, limit: switch.daily }));
            }
            sqlx::query("insert into ai_job (id, function, person_id, folder_id, request, wanted, state, created_ms) values ($1, $2, $3, $4, $5, $6, 'waiting', $7)")
                .bind(&job.id).bind(&job.function).bind(&job.person_id).bind(&job.folder_id).bind(&job.request)
                .bind(job.wanted).bind(job.created_ms).execute(&mut *tx).await?;
        });
        Ok(Ok(()))
    }

    /// Takes up the oldest request that waits, or one whose runner is gone, for `lease_ms` from now.
    pub async fn take_ai_job(&self, runner: &str, now_ms: i64, lease_ms: i64) -> StoreResult<Option<Job>> {
        // Looked at first: an empty queue costs whoever writes nothing.
        let sql = "select count(*) from ai_job where state = 'waiting' or (state = 'running' and lease_ms < $1)";
        let there: i64 = read!(self, pool => sqlx::query_scalar(sql).bind(now_ms).fetch_one(pool).await?);
        if there == 0 {
            return Ok(None);
        }
        let taken = write!(self, tx => {
            sqlx::query("update ai_job set state = 'failed', stage = 'abandonnée : le serveur s’est arrêté plusieurs fois pendant qu’il la traitait', ended_ms = $1 where state = 'running' and lease_ms < $1 and tries >= $2")
                .bind(now_ms).bind(MOST_TRIES).execute(&mut *tx).await?;
            let found: Option<Job> = sqlx::query_as(job!("where state = 'waiting' or (state = 'running' and lease_ms < $1) order by created_ms, id limit 1"))
                .bind(now_ms).fetch_optional(&mut *tx).await?;
            let mut taken = None;
            if let Some(job) = found {
                // Another process may have been quicker: then nothing is changed.
                let done = sqlx::query("update ai_job set state = 'running', stage = '', runner = $2, lease_ms = $3, tries = tries + 1 where id = $1 and (state = 'waiting' or (state = 'running' and lease_ms < $4))")
                    .bind(&job.id).bind(runner).bind(now_ms + lease_ms).bind(now_ms).execute(&mut *tx).await?.rows_affected();
                taken = (done == 1).then_some(job);
            }
            taken
        });
        Ok(taken)
    }

    /// Says how far a request is and keeps it longer; `false` where it is no longer this runner's: cancelled, stopped with
    /// its function, or taken up by another.
    pub async fn keep_ai_job(
        &self,
        id: &str,
        runner: &str,
        stage: &str,
        tokens: (i64, i64),
        until_ms: i64,
    ) -> StoreResult<bool> {
        let kept = write!(self, tx => {
            sqlx::query("update ai_job set stage = $3, lease_ms = $4, prompt_tokens = $5, completion_tokens = $6 where id = $1 and runner = $2 and state = 'running'")
                .bind(id).bind(runner).bind(stage).bind(until_ms).bind(tokens.0).bind(tokens.1).execute(&mut *tx).await?.rows_affected()
        });
        Ok(kept == 1)
    }

    /// Ends a request with what it gave, or with why it gave nothing. `false`, and nothing is kept, where it is no longer
    /// this runner's.
    pub async fn end_ai_job(
        &self,
        id: &str,
        runner: &str,
        ended: Ended<'_>,
        tokens: (i64, i64),
        now_ms: i64,
    ) -> StoreResult<bool> {
        let (state, stage, proposals) = match ended {
            Ended::Done(proposals) => ("done", "", proposals),
            Ended::Failed(why) => ("failed", why, &[][..]),
        };
        write!(self, tx => {
            let done = sqlx::query("update ai_job set state = $3, stage = $4, prompt_tokens = $5, completion_tokens = $6, ended_ms = $7 where id = $1 and runner = $2 and state = 'running'")
                .bind(id).bind(runner).bind(state).bind(stage).bind(tokens.0).bind(tokens.1).bind(now_ms)
                .execute(&mut *tx).await?.rows_affected();
            if done != 1 {
                return Ok(false);
            }
            for p in proposals {
                sqlx::query("insert into ai_proposal (id, job_id, number, function, folder_id, body, unsupported, created_ms) values ($1, $2, $3, $4, $5, $6, $7, $8)")
                    .bind(&p.id).bind(&p.job_id).bind(p.number).bind(&p.function).bind(&p.folder_id).bind(&p.body)
                    .bind(p.unsupported).bind(p.created_ms).execute(&mut *tx).await?;
                review::insert_fact!(tx, &p.id, &p.body);
            }
        });
        Ok(true)
    }

    /// Stops a request that has not ended; `false` if it has.
    pub async fn cancel_ai_job(&self, id: &str, why: &str, now_ms: i64) -> StoreResult<bool> {
        let done = write!(self, tx => {
            sqlx::query("update ai_job set state = 'cancelled', stage = $2, ended_ms = $3 where id = $1 and state in ('waiting', 'running')")
                .bind(id).bind(why).bind(now_ms).execute(&mut *tx).await?.rows_affected()
        });
        Ok(done == 1)
    }

    /// One request.
    pub async fn ai_job(&self, id: &str) -> StoreResult<Option<Job>> {
        Ok(read!(self, pool => sqlx::query_as(job!("where id = $1")).bind(id).fetch_optional(pool).await?))
    }

    /// Someone's requests, the newest first.
    pub async fn ai_jobs_of(&self, person_id: &str, limit: i64) -> StoreResult<Vec<Job>> {
        Ok(
            read!(self, pool => sqlx::query_as(job!("where person_id = $1 order by created_ms desc limit $2")).bind(person_id).bind(limit).fetch_all(pool).await?),
        )
    }

    /// Every request, the oldest first: for the record.
    pub async fn ai_jobs(&self) -> StoreResult<Vec<Job>> {
        Ok(read!(self, pool => sqlx::query_as(job!("order by created_ms, id")).fetch_all(pool).await?))
    }

    /// One proposal.
    pub async fn ai_proposal(&self, id: &str) -> StoreResult<Option<ProposalRow>> {
        let sql = "select id, job_id, number, function, folder_id, body, unsupported, created_ms from ai_proposal where id = $1";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(id).fetch_optional(pool).await?))
    }

    /// The proposals of a request.
    pub async fn ai_proposals_of(&self, job_id: &str) -> StoreResult<Vec<ProposalRow>> {
        let sql = "select id, job_id, number, function, folder_id, body, unsupported, created_ms from ai_proposal \
                   where job_id = $1 order by number";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(job_id).fetch_all(pool).await?))
    }

    /// The proposals that answered one request, word for word, the newest first.
    pub async fn ai_proposals_for(&self, function: &str, request: &str) -> StoreResult<Vec<ProposalRow>> {
        let sql = "select p.id, p.job_id, p.number, p.function, p.folder_id, p.body, p.unsupported, p.created_ms \
                   from ai_job j join ai_proposal p on p.job_id = j.id where j.function = $1 and j.request = $2 \
                   order by p.created_ms desc, p.id desc";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(function).bind(request).fetch_all(pool).await?))
    }

    /// Keeps what a named person retained of a report: the decision alone, nothing else comes of it.
    /// [`StoreError::Duplicate`] if it was decided already.
    pub async fn keep_report<T: Sync>(&self, reviewed: &Reviewed<T>, decision: &NewDecision<'_>) -> StoreResult<()> {
        let (reviewer, now_ms) = (reviewed.reviewer().as_str(), reviewed.at_ms());
        write!(self, tx => { insert_decision!(tx, decision, "accept", reviewer, now_ms, Some(decision.id)); });
        Ok(())
    }

    /// Proposals of a function that wait for a decision, the oldest first.
    pub async fn ai_queue(&self, function: &str, limit: i64) -> StoreResult<Vec<ProposalRow>> {
        let sql = "select p.id, p.job_id, p.number, p.function, p.folder_id, p.body, p.unsupported, p.created_ms \
                   from ai_proposal p left join ai_decision d on d.proposal_id = p.id where d.id is null and p.function = $1 \
                   order by p.created_ms, p.job_id, p.number limit $2";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(function).bind(limit).fetch_all(pool).await?))
    }

    /// Every proposal, the oldest first: for the record.
    pub async fn ai_proposals(&self) -> StoreResult<Vec<ProposalRow>> {
        let sql = "select id, job_id, number, function, folder_id, body, unsupported, created_ms from ai_proposal \
                   order by created_ms, job_id, number";
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// The decision on a proposal.
    pub async fn ai_decision(&self, proposal_id: &str) -> StoreResult<Option<DecisionRow>> {
        let sql = "select id, proposal_id, reviewer_id, verdict, reason, remark, amended, survived, at_ms from ai_decision \
                   where proposal_id = $1";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(proposal_id).fetch_optional(pool).await?))
    }

    /// Every decision, the oldest first: for the record.
    pub async fn ai_decisions(&self) -> StoreResult<Vec<DecisionRow>> {
        let sql = "select id, proposal_id, reviewer_id, verdict, reason, remark, amended, survived, at_ms from ai_decision \
                   order by at_ms, id";
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// Keeps a decision that lets nothing be: a refusal, or another attempt asked for. [`StoreError::Duplicate`] if the
    /// proposal was decided already.
    pub async fn turn_down(
        &self,
        decision: &NewDecision<'_>,
        verdict: Turned,
        reviewer_id: &str,
        at_ms: i64,
    ) -> StoreResult<()> {
        let verdict = match verdict {
            Turned::Refused => "refuse",
            Turned::Again => "again",
        };
        write!(self, tx => { insert_decision!(tx, decision, verdict, reviewer_id, at_ms, None::<&str>); });
        Ok(())
    }

    /// Keeps what a named person took from a machine: the decision, and the first revision of a new entry, which says for
    /// ever where it comes from. [`StoreError::Duplicate`] if the proposal was decided already, [`StoreError::Conflict`] if
    /// it takes two people and nobody else agreed.
    pub async fn keep_reviewed<T: Sync>(
        &self,
        reviewed: &Reviewed<T>,
        decision: &NewDecision<'_>,
        revision: &NewRevision,
    ) -> StoreResult<()> {
        let (r, now_ms) = (revision, reviewed.at_ms());
        let verdict = if reviewed.is_amended() { "amend" } else { "accept" };
        write!(self, tx => {
            insert_decision!(tx, decision, verdict, reviewed.reviewer().as_str(), now_ms, Some(decision.id));
            review::seal!(tx, decision, reviewed.reviewer().as_str());
            let change = next_change!(tx);
            sqlx::query("insert into entry (id, external_id, kind, status, latest, created_ms, folder_id, language, usable, changed, updated_ms) values ($1, $2, $3, $4, 1, $5, $6, $7, null, $8, $5)")
                .bind(&r.fresh_entry_id).bind(&r.external_id).bind(&r.kind).bind(&r.status).bind(now_ms)
                .bind(&r.folder_id).bind(&r.language).bind(change).execute(&mut *tx).await?;
            insert_revision!(tx, &r.fresh_entry_id, 1_i64, r, now_ms);
            sqlx::query("update revision set born = 'ai', ai_decision = $2, ai_sealed = $2 where entry_id = $1 and number = 1")
                .bind(&r.fresh_entry_id).bind(decision.id).execute(&mut *tx).await?;
        });
        Ok(())
    }

    /// How an entry was born of a machine; `None` where people wrote it.
    pub async fn ai_birth(&self, entry_id: &str) -> StoreResult<Option<Birth>> {
        let sql = "select v.number, d.proposal_id, p.body, d.verdict, r.name as reviewer, d.at_ms from revision v \
                   join ai_decision d on d.id = v.ai_decision join ai_proposal p on p.id = d.proposal_id \
                   join person r on r.id = d.reviewer_id where v.entry_id = $1 and v.born = 'ai' order by v.number limit 1";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(entry_id).fetch_optional(pool).await?))
    }

    /// The entry that an accepted proposal became.
    pub async fn ai_entry(&self, decision_id: &str) -> StoreResult<Option<String>> {
        let sql = "select entry_id from revision where ai_decision = $1 \
                   union select entry_id from item_model_entry where decision_id = $1";
        Ok(read!(self, pool => sqlx::query_scalar(sql).bind(decision_id).fetch_optional(pool).await?))
    }
}

/// Why a request is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The function is off.
    Off,
    /// The person asked for enough today.
    Person {
        /// Questions asked for.
        asked: i64,
        /// Questions allowed.
        limit: i64,
    },
    /// Everyone of the establishment together did.
    Everyone {
        /// Questions asked for.
        asked: i64,
        /// Questions allowed.
        limit: i64,
    },
}

/// How a request ends.
#[derive(Clone, Copy, Debug)]
pub enum Ended<'a> {
    /// With proposals.
    Done(&'a [ProposalRow]),
    /// Without, in French.
    Failed(&'a str),
}

/// A decision that lets nothing be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turned {
    /// Not taken.
    Refused,
    /// Another attempt is asked for.
    Again,
}
