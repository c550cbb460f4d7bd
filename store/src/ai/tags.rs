//! Tags that a machine proposed: what is proposed of which question, rules of the committee, what became of them, and
//! the heads that learned from people's tags. A tag of a machine's comes to be by [`crate::bank::operations`] alone, with a
//! decision; the database refuses any other (see the migration).

use super::{Job, NewDecision, ProposalRow};
use crate::db::{read, write};
use crate::exams::{NewEvent, insert_event};
use crate::{Store, StoreResult};
use docimo_proposal::Reviewed;

/// What the committee said of accepting several at once.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct TagRule {
    /// Id.
    pub id: String,
    /// In thousandths; `None`: one by one only.
    pub threshold: Option<i64>,
    /// 1: a language model may put the first candidates in its own order.
    pub rerank: i64,
    /// Of the decision.
    pub reference: String,
    /// Who recorded it.
    pub author_id: String,
    /// When.
    pub at_ms: i64,
}

/// Which question a proposal is about.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct TagProposal {
    /// Proposal.
    pub proposal_id: String,
    /// Entry.
    pub entry_id: String,
    /// The wording that was read.
    pub revision: i64,
    /// What is proposed first, parted by spaces.
    pub tags: String,
    /// Of the least sure of them, in thousandths.
    pub confidence: i64,
    /// The item that comes first, however unsure.
    pub first_tag: String,
    /// How sure, in thousandths.
    pub first_confidence: i64,
    /// `words`, or the id of a head.
    pub method: String,
}

/// A proposal that waits, as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct WaitingTags {
    /// Proposal.
    pub proposal_id: String,
    /// Entry.
    pub entry_id: String,
    /// The wording that was read.
    pub revision: i64,
    /// What is proposed first.
    pub tags: String,
    /// Of the least sure of them, in thousandths.
    pub confidence: i64,
    /// The entry's latest wording.
    pub latest: i64,
    /// The entry's folder, now.
    pub folder_id: String,
    /// The author's own id.
    pub external_id: String,
    /// First words.
    pub title: String,
    /// When it was proposed.
    pub created_ms: i64,
}

/// What a decision lets be: written with the revision that has the tags. Made from what a named person took from a machine,
/// and from nothing else.
#[derive(Clone, Debug, PartialEq)]
pub struct Tagging {
    pub(crate) told: Told,
    pub(crate) verdict: &'static str,
    pub(crate) reviewer_id: String,
    pub(crate) remark: String,
    pub(crate) at_ms: i64,
}

/// What is kept of it beside who decided and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// Id of the decision.
    pub decision_id: String,
    /// Proposal.
    pub proposal_id: String,
    /// Tags, parted by spaces.
    pub tags: String,
    /// Of the least sure of them, in thousandths; 0 for one that the reviewer chose.
    pub confidence: i64,
    /// Rule and threshold, where several are accepted at once.
    pub rule: Option<(String, i64)>,
    /// JSON of the tags as amended.
    pub amended: Option<String>,
    /// Part of what was proposed that stays.
    pub survived: Option<f64>,
}

impl Tagging {
    /// From what was reviewed.
    pub fn of<T>(reviewed: &Reviewed<T>, told: Told) -> Self {
        Self {
            told,
            verdict: if reviewed.is_amended() { "amend" } else { "accept" },
            reviewer_id: reviewed.reviewer().as_str().to_owned(),
            remark: reviewed.remark().unwrap_or_default().to_owned(),
            at_ms: reviewed.at_ms(),
        }
    }

    /// The decision to keep.
    pub(crate) fn decision(&self) -> NewDecision<'_> {
        NewDecision {
            id: &self.told.decision_id,
            proposal_id: &self.told.proposal_id,
            reason: "",
            remark: &self.remark,
            amended: self.told.amended.as_deref(),
            survived: self.told.survived,
        }
    }
}

/// Where the tags of a revision come from.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct TagBirth {
    /// The revision that has them first.
    pub number: i64,
    /// Tags, parted by spaces.
    pub tags: String,
    /// Proposal.
    pub proposal_id: String,
    /// accept or amend
    pub verdict: String,
    /// Were several accepted at once?
    pub batch: i64,
    /// Name of who decided.
    pub reviewer: String,
    /// When.
    pub at_ms: i64,
}

/// A proposal that was decided, for figures.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct DecidedTags {
    /// The item that came first.
    pub first_tag: String,
    /// How sure, in thousandths.
    pub first_confidence: i64,
    /// Words alone, or a head.
    pub method: String,
    /// accept, amend, refuse
    pub verdict: String,
    /// Of a refusal.
    pub reason: String,
    /// What was taken; empty where nothing was.
    pub taken: String,
    /// Were several accepted at once, so that nobody judged this one?
    pub batch: i64,
}

/// A question whose tags people validated.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Validated {
    /// Entry.
    pub entry_id: String,
    /// The author's own id.
    pub external_id: String,
    /// First words.
    pub title: String,
    /// Folder.
    pub folder_id: String,
    /// Tags, parted by spaces.
    pub tags: String,
    /// JSON of the element.
    pub body: String,
}

/// A training.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct HeadRow {
    /// Id.
    pub id: String,
    /// When.
    pub created_ms: i64,
    /// Who asked for it, or whose decision set it off.
    pub person_id: String,
    /// Questions learned from.
    pub learned: i64,
    /// Questions that set its weight.
    pub tuned: i64,
    /// Questions held back.
    pub held: i64,
    /// JSON of the figures without it.
    pub before: String,
    /// JSON of the figures with it.
    pub after: String,
    /// 1: in force from then on.
    pub promoted: i64,
    /// JSON of the head.
    pub body: String,
    /// SHA-256 of the body.
    pub hash: String,
}

macro_rules! tag_proposal {
    ($rest:literal) => {
        concat!(
            "select p.proposal_id, p.entry_id, p.revision, p.tags, p.confidence, p.first_tag, p.first_confidence, p.method \
             from ai_tag_proposal p ",
            $rest
        )
    };
}

macro_rules! waiting {
    ($rest:literal) => {
        concat!(
            "select t.proposal_id, t.entry_id, t.revision, t.tags, t.confidence, e.latest, e.folder_id, e.external_id, \
             v.title, p.created_ms from ai_tag_proposal t join ai_proposal p on p.id = t.proposal_id \
             join entry e on e.id = t.entry_id join revision v on v.entry_id = e.id and v.number = e.latest \
             left join ai_decision d on d.proposal_id = t.proposal_id where d.id is null and e.status <> 'retired' ",
            $rest
        )
    };
}

/// The tables that say what a tag of a machine's is, written with the revision that has it.
macro_rules! insert_tagging {
    ($tx:ident, $t:expr, $entry_id:expr, $number:expr) => {{
        let told = &$t.told;
        let (rule, threshold) = match &told.rule {
            Some((rule, threshold)) => (Some(rule.as_str()), Some(*threshold)),
            None => (None, None),
        };
        sqlx::query("update revision set tagged = $3 where entry_id = $1 and number = $2")
            .bind($entry_id).bind($number).bind(&told.decision_id).execute(&mut *$tx).await?;
        sqlx::query("insert into ai_tagging (decision, proposal_id, entry_id, number, tags, confidence, rule, threshold) values ($1, $2, $3, $4, $5, $6, $7, $8)")
            .bind(&told.decision_id).bind(&told.proposal_id).bind($entry_id).bind($number).bind(&told.tags)
            .bind(told.confidence).bind(rule).bind(threshold).execute(&mut *$tx).await?;
    }};
}
pub(crate) use insert_tagging;

impl Store {
    /// Takes up the oldest request for tags that waits, or one whose runner is gone: for a process that may have no model.
    /// How often it was tried is not counted here: what was done of it stays, and the next slice counts anew.
    pub async fn take_tagging_job(&self, runner: &str, now_ms: i64, lease_ms: i64) -> StoreResult<Option<Job>> {
        const OPEN: &str = "select count(*) from ai_job where function = 'tagging' and (state = 'waiting' or (state = 'running' and lease_ms < $1))";
        let there: i64 = read!(self, pool => sqlx::query_scalar(OPEN).bind(now_ms).fetch_one(pool).await?);
        if there == 0 {
            return Ok(None);
        }
        let taken = write!(self, tx => {
            sqlx::query("update ai_job set state = 'failed', stage = 'abandonnée : le serveur s’est arrêté plusieurs fois pendant qu’il la traitait', ended_ms = $1 where function = 'tagging' and state = 'running' and lease_ms < $1 and tries >= $2")
                .bind(now_ms).bind(super::MOST_TRIES).execute(&mut *tx).await?;
            let found: Option<Job> = sqlx::query_as("select id, function, person_id, folder_id, request, wanted, state, stage, tries, prompt_tokens, completion_tokens, created_ms, ended_ms from ai_job where function = 'tagging' and (state = 'waiting' or (state = 'running' and lease_ms < $1)) order by created_ms, id limit 1")
                .bind(now_ms).fetch_optional(&mut *tx).await?;
            let mut taken = None;
            if let Some(job) = found {
                let done = sqlx::query("update ai_job set state = 'running', runner = $2, lease_ms = $3, tries = tries + 1 where id = $1 and (state = 'waiting' or (state = 'running' and lease_ms < $4))")
                    .bind(&job.id).bind(runner).bind(now_ms + lease_ms).bind(now_ms).execute(&mut *tx).await?.rows_affected();
                taken = (done == 1).then_some(job);
            }
            taken
        });
        Ok(taken)
    }

    /// How many questions of a request were looked at.
    pub async fn tagging_done(&self, job_id: &str) -> StoreResult<i64> {
        let sql = "select done from ai_tag_progress where job_id = $1";
        let done: Option<i64> = read!(self, pool => sqlx::query_scalar(sql).bind(job_id).fetch_optional(pool).await?);
        Ok(done.unwrap_or(0))
    }

    /// Keeps what was proposed of a slice of a request, and that `done` questions were looked at. `false`, and nothing is
    /// kept, where the request is no longer this runner's.
    pub async fn keep_tag_slice(
        &self,
        job_id: &str,
        runner: &str,
        done: i64,
        proposals: &[(ProposalRow, TagProposal)],
        stage: &str,
        until_ms: i64,
    ) -> StoreResult<bool> {
        write!(self, tx => {
            // What is kept is done: a server that is stopped often still comes to the end.
            let own = sqlx::query("update ai_job set stage = $3, lease_ms = $4, tries = 1 where id = $1 and runner = $2 and state = 'running'")
                .bind(job_id).bind(runner).bind(stage).bind(until_ms).execute(&mut *tx).await?.rows_affected();
            if own != 1 {
                return Ok(false);
            }
            sqlx::query("insert into ai_tag_progress (job_id, done) values ($1, $2) on conflict (job_id) do update set done = excluded.done")
                .bind(job_id).bind(done).execute(&mut *tx).await?;
            for (p, t) in proposals {
                sqlx::query("insert into ai_proposal (id, job_id, number, function, folder_id, body, unsupported, created_ms) values ($1, $2, $3, $4, $5, $6, $7, $8)")
                    .bind(&p.id).bind(&p.job_id).bind(p.number).bind(&p.function).bind(&p.folder_id).bind(&p.body)
                    .bind(p.unsupported).bind(p.created_ms).execute(&mut *tx).await?;
                sqlx::query("insert into ai_tag_proposal (proposal_id, entry_id, revision, tags, confidence, first_tag, first_confidence, method) values ($1, $2, $3, $4, $5, $6, $7, $8)")
                    .bind(&t.proposal_id).bind(&t.entry_id).bind(t.revision).bind(&t.tags).bind(t.confidence)
                    .bind(&t.first_tag).bind(t.first_confidence).bind(&t.method).execute(&mut *tx).await?;
            }
        });
        Ok(true)
    }

    /// Which question a proposal is about; `None` where it is no proposal of tags.
    pub async fn tag_proposal(&self, proposal_id: &str) -> StoreResult<Option<TagProposal>> {
        let sql = tag_proposal!("where p.proposal_id = $1");
        Ok(read!(self, pool => sqlx::query_as(sql).bind(proposal_id).fetch_optional(pool).await?))
    }

    /// Proposals of tags that wait for a decision, the oldest first.
    pub async fn waiting_tags(&self, limit: i64) -> StoreResult<Vec<WaitingTags>> {
        let sql = waiting!("order by p.created_ms, p.job_id, p.number limit $1");
        Ok(read!(self, pool => sqlx::query_as(sql).bind(limit).fetch_all(pool).await?))
    }

    /// Entries of these that a proposal of tags already waits for.
    pub async fn entries_with_waiting_tags(&self) -> StoreResult<Vec<String>> {
        let sql = "select t.entry_id from ai_tag_proposal t left join ai_decision d on d.proposal_id = t.proposal_id where d.id is null";
        Ok(read!(self, pool => sqlx::query_scalar(sql).fetch_all(pool).await?))
    }

    /// The tags that machines proposed and people let be, of an entry, the newest first.
    pub async fn tag_births(&self, entry_id: &str) -> StoreResult<Vec<TagBirth>> {
        let sql = "select t.number, t.tags, t.proposal_id, d.verdict, case when t.rule is null then cast(0 as bigint) else cast(1 as bigint) end as batch, \
                   r.name as reviewer, d.at_ms from ai_tagging t join ai_decision d on d.id = t.decision \
                   join person r on r.id = d.reviewer_id where t.entry_id = $1 order by t.number desc";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(entry_id).fetch_all(pool).await?))
    }

    /// Every proposal of tags that was decided.
    pub async fn decided_tags(&self) -> StoreResult<Vec<DecidedTags>> {
        let sql = "select p.first_tag, p.first_confidence, p.method, d.verdict, d.reason, coalesce(t.tags, '') as taken, \
                   case when t.rule is null then cast(0 as bigint) else cast(1 as bigint) end as batch \
                   from ai_tag_proposal p join ai_decision d on d.proposal_id = p.proposal_id \
                   left join ai_tagging t on t.decision = d.id order by d.at_ms, d.id";
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// Records what the committee says of accepting several at once; from then on it holds.
    pub async fn set_tag_rule(&self, rule: &TagRule, event: &NewEvent) -> StoreResult<()> {
        write!(self, tx => {
            sqlx::query("insert into ai_tag_rule (id, threshold, rerank, reference, author_id, at_ms) values ($1, $2, $3, $4, $5, $6)")
                .bind(&rule.id).bind(rule.threshold).bind(rule.rerank).bind(&rule.reference).bind(&rule.author_id).bind(rule.at_ms)
                .execute(&mut *tx).await?;
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Every rule, the newest first.
    pub async fn tag_rules(&self) -> StoreResult<Vec<TagRule>> {
        let sql =
            "select id, threshold, rerank, reference, author_id, at_ms from ai_tag_rule order by at_ms desc, id desc";
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// Files and other origins of several entries' latest wordings, the newest first, with how many.
    pub async fn origins(&self, limit: i64) -> StoreResult<Vec<(String, i64)>> {
        let sql = "select v.origin, count(*) from entry e join revision v on v.entry_id = e.id and v.number = e.latest \
                   where e.status <> 'retired' group by v.origin having count(*) > 1 order by max(v.created_ms) desc, v.origin limit $1";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(limit).fetch_all(pool).await?))
    }

    /// Entries whose latest wording has this origin.
    pub async fn entries_from(&self, origin: &str) -> StoreResult<Vec<String>> {
        let sql = "select e.id from entry e join revision v on v.entry_id = e.id and v.number = e.latest \
                   where e.status <> 'retired' and v.origin = $1 order by e.external_id";
        Ok(read!(self, pool => sqlx::query_scalar(sql).bind(origin).fetch_all(pool).await?))
    }

    /// Entries that carry an item or an objective.
    pub async fn entries_with_item(&self) -> StoreResult<Vec<String>> {
        let sql = "select distinct entry_id from entry_tag where (tag like 'R2C:%' and tag not like 'R2C:SDD:%') or tag like 'OIC-%'";
        Ok(read!(self, pool => sqlx::query_scalar(sql).fetch_all(pool).await?))
    }

    /// Questions whose item people validated: those of the bank that may go on a paper, and those whose tags someone took
    /// from a machine. The newest first.
    pub async fn validated_tags(&self, limit: i64) -> StoreResult<Vec<Validated>> {
        let sql = "select e.id as entry_id, e.external_id, v.title, e.folder_id, v.tags, v.body from entry e \
                   join revision v on v.entry_id = e.id and v.number = e.latest \
                   where (e.status = 'validated' or (e.status <> 'retired' and exists (select 1 from ai_tagging a where a.entry_id = e.id))) \
                   and exists (select 1 from entry_tag t where t.entry_id = e.id and t.direct = 1 and \
                     ((t.tag like 'R2C:%' and t.tag not like 'R2C:SDD:%') or t.tag like 'OIC-%')) \
                   order by e.updated_ms desc, e.id limit $1";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(limit).fetch_all(pool).await?))
    }

    /// How many questions got tags from a machine since then.
    pub async fn taggings_since(&self, at_ms: i64) -> StoreResult<i64> {
        let sql = "select count(*) from ai_tagging t join ai_decision d on d.id = t.decision where d.at_ms > $1";
        Ok(read!(self, pool => sqlx::query_scalar(sql).bind(at_ms).fetch_one(pool).await?))
    }

    /// The number of the bank's last change.
    pub async fn bank_change(&self) -> StoreResult<i64> {
        let sql = "select value from change_counter where name = 'bank'";
        Ok(read!(self, pool => sqlx::query_scalar(sql).fetch_one(pool).await?))
    }

    /// Keeps a training, promoted or not.
    pub async fn add_tag_head(&self, head: &HeadRow) -> StoreResult<()> {
        let h = head;
        write!(self, tx => {
            sqlx::query("insert into ai_tag_head (id, created_ms, person_id, learned, tuned, held, before, after, promoted, body, hash) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")
                .bind(&h.id).bind(h.created_ms).bind(&h.person_id).bind(h.learned).bind(h.tuned).bind(h.held)
                .bind(&h.before).bind(&h.after).bind(h.promoted).bind(&h.body).bind(&h.hash)
                .execute(&mut *tx).await?;
        });
        Ok(())
    }

    /// Every training without its body, the newest first.
    pub async fn tag_heads(&self, limit: i64) -> StoreResult<Vec<HeadRow>> {
        let sql = "select id, created_ms, person_id, learned, tuned, held, before, after, promoted, '' as body, hash \
                   from ai_tag_head order by created_ms desc, id desc limit $1";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(limit).fetch_all(pool).await?))
    }

    /// The id of the head in force.
    pub async fn tag_head_in_force(&self) -> StoreResult<Option<String>> {
        let sql = "select id from ai_tag_head where promoted = 1 order by created_ms desc, id desc limit 1";
        Ok(read!(self, pool => sqlx::query_scalar(sql).fetch_optional(pool).await?))
    }

    /// One training, whole.
    pub async fn tag_head(&self, id: &str) -> StoreResult<Option<HeadRow>> {
        let sql = "select id, created_ms, person_id, learned, tuned, held, before, after, promoted, body, hash from ai_tag_head where id = $1";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(id).fetch_optional(pool).await?))
    }

    /// Does someone's request to learn wait or run already?
    pub async fn is_learning(&self) -> StoreResult<bool> {
        let sql =
            "select count(*) from ai_job where function = 'tagging' and wanted = 0 and state in ('waiting', 'running')";
        let there: i64 = read!(self, pool => sqlx::query_scalar(sql).fetch_one(pool).await?);
        Ok(there > 0)
    }

    /// Requests for tags, the newest first; those to learn are left out.
    pub async fn tagging_jobs(&self, limit: i64) -> StoreResult<Vec<(Job, i64)>> {
        #[derive(sqlx::FromRow)]
        struct Row {
            #[sqlx(flatten)]
            job: Job,
            done: i64,
        }
        let sql = "select j.id, j.function, j.person_id, j.folder_id, '{}' as request, j.wanted, j.state, j.stage, j.tries, \
                   j.prompt_tokens, j.completion_tokens, j.created_ms, j.ended_ms, coalesce(g.done, 0) as done \
                   from ai_job j left join ai_tag_progress g on g.job_id = j.id where j.function = 'tagging' and j.wanted > 0 \
                   order by j.created_ms desc, j.id desc limit $1";
        let rows: Vec<Row> = read!(self, pool => sqlx::query_as(sql).bind(limit).fetch_all(pool).await?);
        Ok(rows.into_iter().map(|r| (r.job, r.done)).collect())
    }

    /// The entry that an accepted proposal of tags was about.
    pub async fn tagged_entry(&self, decision_id: &str) -> StoreResult<Option<String>> {
        let sql = "select entry_id from ai_tagging where decision = $1";
        Ok(read!(self, pool => sqlx::query_scalar(sql).bind(decision_id).fetch_optional(pool).await?))
    }

    /// Counts of proposals of tags by what became of them: waiting, accepted, amended, refused.
    pub async fn tag_counts_by_verdict(&self) -> StoreResult<Vec<(String, i64)>> {
        let sql = "select coalesce(d.verdict, '') as verdict, count(*) from ai_tag_proposal p \
                   left join ai_decision d on d.proposal_id = p.proposal_id group by coalesce(d.verdict, '') order by 1";
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }
}
