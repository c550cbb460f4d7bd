//! What is counted of proposals without reading them, who decides with whom, what went wrong afterwards.
//!
//! Figures are made by the database: a hundred thousand proposals come back as a few rows.

use crate::db::{read, write};
use crate::exams::{NewEvent, insert_event};
use crate::{Store, StoreError, StoreResult};
use docimo_proposal::Reviewed;
use serde::Deserialize;
use serde_json::Value;

/// What is counted of a proposal, read once from its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    pub provider: String,
    pub model: String,
    pub prompt_tokens: i64,
    pub completion_tokens: i64,
    pub disagreed: i64,
}

/// Said where a proposal's text cannot be read: it is counted all the same.
const UNREADABLE: &str = "?";

impl Counted {
    pub(crate) fn of(body: &str) -> Self {
        #[derive(Deserialize)]
        struct Head {
            provenance: docimo_proposal::Provenance,
            #[serde(default)]
            content: Value,
        }
        let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        match serde_json::from_str::<Head>(body) {
            Ok(Head { provenance: p, content }) => Self {
                provider: p.provider,
                model: p.model,
                prompt_tokens: whole(p.tokens.prompt),
                completion_tokens: whole(p.tokens.completion),
                disagreed: i64::from(disagrees(&content)),
            },
            Err(_) => Self {
                provider: UNREADABLE.into(),
                model: UNREADABLE.into(),
                prompt_tokens: 0,
                completion_tokens: 0,
                disagreed: 0,
            },
        }
    }
}

/// Did an answering pass disagree? Of one question, or of one of several.
fn disagrees(content: &Value) -> bool {
    let one = |second: &Value| second["agrees"] == Value::Bool(false);
    let several = content["seconds"].as_object();
    one(&content["second"]) || several.is_some_and(|all| all.values().any(one))
}

/// Keeps what is counted of a proposal that is there, and how many people its establishment asks.
macro_rules! insert_fact {
    ($tx:ident, $id:expr, $body:expr) => {{
        let counted = $crate::ai::review::Counted::of($body);
        sqlx::query("insert into ai_fact (proposal_id, function, folder_id, provider, model, prompt_tokens, completion_tokens, unsupported, disagreed, created_ms, people, gate) \
                     select p.id, p.function, p.folder_id, $2, $3, $4, $5, p.unsupported, $6, p.created_ms, n.people, p.id || '/' || n.people from ai_proposal p \
                     join (select f.id, case when u.reviews > 1 then 2 else 1 end as people from folder f join unit u on u.id = f.unit_id) n on n.id = p.folder_id \
                     where p.id = $1 on conflict (proposal_id) do nothing")
            .bind($id).bind(&counted.provider).bind(&counted.model).bind(counted.prompt_tokens)
            .bind(counted.completion_tokens).bind(counted.disagreed).execute(&mut *$tx).await?;
    }};
}
pub(crate) use insert_fact;

/// Says of an accepting decision how many people it took, and who the first was. Fails where one is missing: the
/// decision then never was.
macro_rules! seal {
    ($tx:ident, $decision:expr, $reviewer:expr) => {{
        let people: Option<i64> = sqlx::query_scalar("select people from ai_fact where proposal_id = $1")
            .bind($decision.proposal_id).fetch_optional(&mut *$tx).await?;
        let people = people.ok_or($crate::StoreError::MissingReference)?;
        let first: Option<(String, String)> =
            sqlx::query_as("select seal, reviewer_id from ai_opinion where proposal_id = $1 and reviewer_id <> $2 order by at_ms, id limit 1")
                .bind($decision.proposal_id).bind($reviewer).fetch_optional(&mut *$tx).await?;
        if people > 1 && first.is_none() {
            return Err($crate::StoreError::Conflict);
        }
        let (seconded, first_by) = first.unzip();
        sqlx::query("update ai_decision set people = $2, gate = proposal_id || '/' || cast($3 as text), seconded = $4, first_by = $5, sealed = id where id = $1")
            .bind($decision.id).bind(people).bind(people.to_string()).bind(seconded).bind(first_by)
            .execute(&mut *$tx).await?;
    }};
}
pub(crate) use seal;

/// A proposal that waits, without its text.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Waiting {
    /// Proposal.
    pub id: String,
    /// Request.
    pub job_id: String,
    /// Place in the request.
    pub number: i64,
    /// Folder.
    pub folder_id: String,
    /// 1: its key is not borne out.
    pub unsupported: i64,
    /// 1: the answering pass disagreed.
    pub disagreed: i64,
    /// When.
    pub created_ms: i64,
    /// People whose agreement it takes.
    pub people: i64,
    /// People who agreed.
    pub agreed: i64,
    /// Whom it was given to.
    pub assigned_to: Option<String>,
}

/// How many people a proposal takes, and whom it was given to.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Asked {
    /// People whose agreement it takes.
    pub people: i64,
    /// Whom it was given to.
    pub assigned_to: Option<String>,
    /// When.
    pub assigned_ms: Option<i64>,
}

/// The agreement of a first person.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Opinion {
    /// Id.
    pub id: String,
    /// Proposal.
    pub proposal_id: String,
    /// Who.
    pub reviewer_id: String,
    /// Their name.
    pub reviewer: String,
    /// accept, amend
    pub verdict: String,
    /// In their words.
    pub remark: String,
    /// JSON of the draft as amended.
    pub amended: Option<String>,
    /// When.
    pub at_ms: i64,
}

/// Figures of a function, a model and, where asked, a folder.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Figure {
    /// Function.
    pub function: String,
    /// Who runs the model.
    pub provider: String,
    /// Model.
    pub model: String,
    /// Folder; empty where all are counted together.
    pub folder_id: String,
    /// Proposals made.
    pub proposals: i64,
    /// Not decided yet.
    pub waiting: i64,
    /// Accepted as they were.
    pub accepted: i64,
    /// Accepted after edits.
    pub amended: i64,
    /// Refused.
    pub refused: i64,
    /// Asked for again.
    pub again: i64,
    /// Without a passage that bears the key out.
    pub unsupported: i64,
    /// The answering pass disagreed.
    pub disagreed: i64,
    /// Mean part of the text that stays, of those amended; 0 to 1.
    pub survived: Option<f64>,
    /// Tokens read.
    pub prompt_tokens: i64,
    /// Tokens written.
    pub completion_tokens: i64,
    /// Median time from proposal to decision, ms.
    pub decided_in_ms: Option<f64>,
}

/// Requests of a function in a state.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Requests {
    /// Function.
    pub function: String,
    /// waiting, running, done, failed, cancelled
    pub state: String,
    /// How many.
    pub requests: i64,
    /// Tokens, those of requests that gave nothing included.
    pub tokens: i64,
}

/// What someone decided lately.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Load {
    /// Who.
    pub person_id: String,
    /// Their name.
    pub name: String,
    /// Decisions and agreements since the nearer date.
    pub lately: i64,
    /// Since the farther date.
    pub longer: i64,
}

/// What waits in a folder.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Pile {
    /// Function.
    pub function: String,
    /// Folder.
    pub folder_id: String,
    /// Proposals.
    pub waiting: i64,
    /// When the oldest was made.
    pub oldest_ms: i64,
}

/// Sums of the statistics of questions, of machines (1) or of people (0), in the exams that hold both.
#[derive(Clone, Debug, Default, PartialEq, sqlx::FromRow)]
pub struct Sums {
    /// 1: born of a machine.
    pub machine: i64,
    /// Uses with a mean mark.
    pub p_n: i64,
    /// Sum.
    pub p_sum: f64,
    /// Sum of squares.
    pub p_squares: f64,
    /// Uses with a discrimination.
    pub r_n: i64,
    /// Sum.
    pub r_sum: f64,
    /// Sum of squares.
    pub r_squares: f64,
}

/// A use of a question born of a machine.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct BornUse {
    /// Entry.
    pub entry_id: String,
    /// The author's own id.
    pub external_id: String,
    /// First words.
    pub title: String,
    /// Workflow.
    pub status: String,
    /// Exam.
    pub exam_id: String,
    /// Its title.
    pub exam: String,
    /// Question.
    pub question_id: String,
    /// Candidates counted.
    pub candidates: i64,
    /// Mean mark.
    pub p: Option<f64>,
    /// Discrimination.
    pub r_rest: Option<f64>,
}

/// Something that went wrong.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Incident {
    /// Id.
    pub id: String,
    /// About which proposal.
    pub proposal_id: Option<String>,
    /// About which question of the bank.
    pub entry_id: Option<String>,
    /// Code.
    pub kind: String,
    /// In their words.
    pub body: String,
    /// Who says so.
    pub person_id: String,
    /// Their name.
    pub person: String,
    /// When.
    pub at_ms: i64,
    /// 1: an answer said that nothing more is to be done.
    pub closed: i64,
}

/// An answer to an incident.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Answer {
    /// Id.
    pub id: String,
    /// Incident.
    pub incident_id: String,
    /// In their words.
    pub body: String,
    /// 1: nothing more is to be done.
    pub closes: i64,
    /// Who.
    pub person_id: String,
    /// Their name.
    pub person: String,
    /// When.
    pub at_ms: i64,
}

/// A decision for the record, with what it became.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Recorded {
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
    /// People whose agreement it took.
    pub people: i64,
    /// Who agreed before.
    pub first_by: Option<String>,
    /// Entry of the bank that it let be.
    pub entry_id: Option<String>,
}

/// Figures by whatever comes first.
macro_rules! figures {
    ($folder:literal, $group:literal) => {
        concat!(
            "with all_of as (select f.function, f.provider, f.model, ", $folder, " as folder_id, f.unsupported, f.disagreed, \
             f.prompt_tokens, f.completion_tokens, d.verdict, d.survived, d.at_ms - f.created_ms as took \
             from ai_fact f left join ai_decision d on d.proposal_id = f.proposal_id), \
             placed as (select function, provider, model, folder_id, took, \
             row_number() over (partition by function, provider, model, folder_id order by took) as place, \
             count(*) over (partition by function, provider, model, folder_id) as n from all_of where took is not null), \
             middle as (select function, provider, model, folder_id, cast(took as double precision) as took from placed where place = n / 2 + 1) \
             select a.function, a.provider, a.model, a.folder_id, count(*) as proposals, \
             cast(sum(case when a.verdict is null then 1 else 0 end) as bigint) as waiting, \
             cast(sum(case when a.verdict = 'accept' then 1 else 0 end) as bigint) as accepted, \
             cast(sum(case when a.verdict = 'amend' then 1 else 0 end) as bigint) as amended, \
             cast(sum(case when a.verdict = 'refuse' then 1 else 0 end) as bigint) as refused, \
             cast(sum(case when a.verdict = 'again' then 1 else 0 end) as bigint) as again, \
             cast(sum(a.unsupported) as bigint) as unsupported, cast(sum(a.disagreed) as bigint) as disagreed, \
             avg(case when a.verdict = 'amend' then a.survived end) as survived, \
             cast(sum(a.prompt_tokens) as bigint) as prompt_tokens, cast(sum(a.completion_tokens) as bigint) as completion_tokens, \
             (select m.took from middle m where m.function = a.function and m.provider = a.provider and m.model = a.model \
             and m.folder_id = a.folder_id) as decided_in_ms \
             from all_of a group by ", $group, " order by ", $group
        )
    };
}

macro_rules! waiting {
    ($where:literal) => {
        concat!(
            "select f.proposal_id as id, p.job_id, p.number, f.folder_id, f.unsupported, f.disagreed, f.created_ms, f.people, \
             (select count(*) from ai_opinion o where o.proposal_id = f.proposal_id) as agreed, f.assigned_to \
             from ai_fact f join ai_proposal p on p.id = f.proposal_id \
             where not exists (select 1 from ai_decision d where d.proposal_id = f.proposal_id) and ",
            $where
        )
    };
}

macro_rules! incident {
    ($where:literal) => {
        concat!(
            "select i.id, i.proposal_id, i.entry_id, i.kind, i.body, i.person_id, p.name as person, i.at_ms, \
             cast(case when exists (select 1 from ai_incident_answer a where a.incident_id = i.id and a.closes = 1) then 1 else 0 end as bigint) as closed \
             from ai_incident i join person p on p.id = i.person_id ",
            $where
        )
    };
}

impl Store {
    /// Reads what is counted of proposals where it was not read yet; gives how many.
    pub async fn count_ai_proposals(&self) -> StoreResult<usize> {
        let missing = "select p.id, p.body from ai_proposal p where p.id in (select q.id from ai_proposal q \
                       left join ai_fact f on f.proposal_id = q.id where f.proposal_id is null limit 200)";
        let unread = "select f.proposal_id, p.body from ai_fact f join ai_proposal p on p.id = f.proposal_id \
                      where f.model = '' order by f.proposal_id limit 200";
        let mut done = 0;
        for (sql, fresh) in [(missing, true), (unread, false)] {
            loop {
                let rows: Vec<(String, String)> = read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?);
                if rows.is_empty() {
                    break;
                }
                done += rows.len();
                write!(self, tx => {
                    for (id, body) in &rows {
                        if fresh {
                            insert_fact!(tx, id, body);
                            continue;
                        }
                        let c = Counted::of(body);
                        sqlx::query("update ai_fact set provider = $2, model = $3, prompt_tokens = $4, completion_tokens = $5, disagreed = $6 where proposal_id = $1")
                            .bind(id).bind(&c.provider).bind(&c.model).bind(c.prompt_tokens).bind(c.completion_tokens)
                            .bind(c.disagreed).execute(&mut *tx).await?;
                    }
                });
            }
        }
        Ok(done)
    }

    /// Proposals of a function that wait, the oldest first, without their text.
    pub async fn ai_waiting(&self, function: &str, limit: i64) -> StoreResult<Vec<Waiting>> {
        let sql = waiting!("f.function = $1 order by f.created_ms, p.job_id, p.number limit $2");
        Ok(read!(self, pool => sqlx::query_as(sql).bind(function).bind(limit).fetch_all(pool).await?))
    }

    /// What waits, by function and folder.
    pub async fn ai_piles(&self) -> StoreResult<Vec<Pile>> {
        let sql = "select f.function, f.folder_id, count(*) as waiting, min(f.created_ms) as oldest_ms from ai_fact f \
                   where not exists (select 1 from ai_decision d where d.proposal_id = f.proposal_id) \
                   group by f.function, f.folder_id order by f.function, f.folder_id";
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// How many people a proposal takes, and whom it was given to.
    pub async fn ai_asked(&self, proposal_id: &str) -> StoreResult<Option<Asked>> {
        let sql = "select people, assigned_to, assigned_ms from ai_fact where proposal_id = $1";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(proposal_id).fetch_optional(pool).await?))
    }

    /// Gives a proposal to someone, or takes it back from whoever has it; `false` once it is decided.
    pub async fn assign_ai_proposal(&self, proposal_id: &str, to: Option<&str>, event: &NewEvent) -> StoreResult<bool> {
        let sql = "update ai_fact set assigned_to = $2, assigned_ms = $3 where proposal_id = $1 \
                   and not exists (select 1 from ai_decision d where d.proposal_id = ai_fact.proposal_id)";
        let done = write!(self, tx => {
            let done = sqlx::query(sql).bind(proposal_id).bind(to).bind(to.map(|_| event.at_ms)).execute(&mut *tx).await?
                .rows_affected();
            if done == 1 {
                insert_event!(tx, event);
            }
            done
        });
        Ok(done == 1)
    }

    /// Keeps the agreement of a first person: nothing comes of it by itself. [`StoreError::Duplicate`] if they gave it
    /// already or the proposal was decided.
    pub async fn keep_opinion<T: Sync>(
        &self,
        reviewed: &Reviewed<T>,
        opinion: &super::NewDecision<'_>,
    ) -> StoreResult<()> {
        let verdict = if reviewed.is_amended() { "amend" } else { "accept" };
        let reviewer = reviewed.reviewer().as_str();
        write!(self, tx => {
            let decided: i64 = sqlx::query_scalar("select count(*) from ai_decision where proposal_id = $1")
                .bind(opinion.proposal_id).fetch_one(&mut *tx).await?;
            if decided > 0 {
                return Err(StoreError::Duplicate);
            }
            sqlx::query("insert into ai_opinion (id, proposal_id, reviewer_id, verdict, remark, amended, at_ms, seal) values ($1, $2, $3, $4, $5, $6, $7, $8)")
                .bind(opinion.id).bind(opinion.proposal_id).bind(reviewer).bind(verdict).bind(opinion.remark)
                .bind(opinion.amended).bind(reviewed.at_ms()).bind(format!("{}/{reviewer}", opinion.proposal_id))
                .execute(&mut *tx).await?;
        });
        Ok(())
    }

    /// Agreements on a proposal, the first one first.
    pub async fn ai_opinions(&self, proposal_id: &str) -> StoreResult<Vec<Opinion>> {
        let sql = "select o.id, o.proposal_id, o.reviewer_id, p.name as reviewer, o.verdict, o.remark, o.amended, o.at_ms \
                   from ai_opinion o join person p on p.id = o.reviewer_id where o.proposal_id = $1 order by o.at_ms, o.id";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(proposal_id).fetch_all(pool).await?))
    }

    /// Proposals that someone agreed to already and that still wait for another.
    pub async fn ai_agreed_by(&self, person_id: &str) -> StoreResult<Vec<String>> {
        let sql = "select o.proposal_id from ai_opinion o where o.reviewer_id = $1 \
                   and not exists (select 1 from ai_decision d where d.proposal_id = o.proposal_id) order by o.proposal_id";
        Ok(read!(self, pool => sqlx::query_scalar(sql).bind(person_id).fetch_all(pool).await?))
    }

    /// Figures by function and model, for all folders together.
    pub async fn ai_figures(&self) -> StoreResult<Vec<Figure>> {
        let sql = figures!("''", "a.function, a.provider, a.model, a.folder_id");
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// Figures by function, model and folder.
    pub async fn ai_figures_by_folder(&self) -> StoreResult<Vec<Figure>> {
        let sql = figures!("f.folder_id", "a.function, a.provider, a.model, a.folder_id");
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// Refusals: function, reason, how many; the most frequent first.
    pub async fn ai_reasons(&self) -> StoreResult<Vec<(String, String, i64)>> {
        let sql = "select f.function, d.reason, count(*) as n from ai_decision d join ai_fact f on f.proposal_id = d.proposal_id \
                   where d.verdict = 'refuse' group by f.function, d.reason order by n desc, f.function, d.reason";
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// Requests by function and state.
    pub async fn ai_requests(&self) -> StoreResult<Vec<Requests>> {
        let sql = "select function, state, count(*) as requests, cast(sum(prompt_tokens + completion_tokens) as bigint) as tokens \
                   from ai_job group by function, state order by function, state";
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// Who decided since two dates, the nearer one first; the busiest first.
    pub async fn ai_loads(&self, lately_ms: i64, longer_ms: i64) -> StoreResult<Vec<Load>> {
        let sql = "select a.reviewer_id as person_id, p.name, \
                   cast(sum(case when a.at_ms >= $1 then 1 else 0 end) as bigint) as lately, count(*) as longer \
                   from (select reviewer_id, at_ms from ai_decision where at_ms >= $2 \
                   union all select reviewer_id, at_ms from ai_opinion where at_ms >= $2) a join person p on p.id = a.reviewer_id \
                   group by a.reviewer_id, p.name order by longer desc, p.name";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(lately_ms).bind(longer_ms).fetch_all(pool).await?))
    }

    /// Statistics of questions born of machines and of people, in the exams that hold at least one of the former.
    pub async fn ai_item_sums(&self) -> StoreResult<Vec<Sums>> {
        let sql = "with born as (select distinct entry_id from revision where born = 'ai'), \
                   used as (select s.exam_id, s.p, s.r_rest, case when b.entry_id is null then 0 else 1 end as machine \
                   from use_statistic s left join born b on b.entry_id = s.entry_id) \
                   select cast(u.machine as bigint) as machine, count(u.p) as p_n, coalesce(sum(u.p), 0.0) as p_sum, \
                   coalesce(sum(u.p * u.p), 0.0) as p_squares, count(u.r_rest) as r_n, coalesce(sum(u.r_rest), 0.0) as r_sum, \
                   coalesce(sum(u.r_rest * u.r_rest), 0.0) as r_squares from used u \
                   where u.exam_id in (select exam_id from used where machine = 1) group by u.machine order by u.machine";
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// Uses of questions born of machines, the newest exam first.
    pub async fn ai_born_uses(&self, limit: i64) -> StoreResult<Vec<BornUse>> {
        let sql = "select e.id as entry_id, e.external_id, v.title, e.status, s.exam_id, x.title as exam, s.question_id, \
                   s.candidates, s.p, s.r_rest from use_statistic s join entry e on e.id = s.entry_id \
                   join revision v on v.entry_id = e.id and v.number = e.latest join exam x on x.id = s.exam_id \
                   where e.id in (select entry_id from revision where born = 'ai') \
                   order by x.frozen_ms desc, s.exam_id, s.question_id limit $1";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(limit).fetch_all(pool).await?))
    }

    /// Questions born of machines that were retired since: entry, the author's own id, first words.
    pub async fn ai_retired(&self, limit: i64) -> StoreResult<Vec<(String, String, String)>> {
        let sql = "select e.id, e.external_id, v.title from entry e join revision v on v.entry_id = e.id and v.number = e.latest \
                   where e.status = 'retired' and e.id in (select entry_id from revision where born = 'ai') \
                   order by e.updated_ms desc limit $1";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(limit).fetch_all(pool).await?))
    }

    /// Of these entries, those born of a machine, or of which a later wording was.
    pub async fn born_of_ai(&self, entry_ids: &[String]) -> StoreResult<Vec<String>> {
        macro_rules! run {
            ($db:ty, $pool:expr, $ids:expr) => {{
                let mut query = sqlx::QueryBuilder::<$db>::new(
                    "select distinct entry_id from revision where born = 'ai' and entry_id in (",
                );
                let mut listed = query.separated(", ");
                for id in $ids {
                    listed.push_bind(id.as_str());
                }
                query.push(")");
                query.build_query_scalar().fetch_all($pool).await?
            }};
        }
        let mut all: Vec<String> = Vec::new();
        for ids in entry_ids.chunks(400) {
            let found: Vec<String> = match &self.db {
                crate::db::Db::Sqlite { read, .. } => run!(sqlx::Sqlite, read, ids),
                crate::db::Db::Postgres(pool) => run!(sqlx::Postgres, pool, ids),
            };
            all.extend(found);
        }
        Ok(all)
    }

    /// The author's own ids of these that name an entry born of a machine.
    pub async fn named_born_of_ai(&self, external_ids: &[String]) -> StoreResult<Vec<String>> {
        let ids = self.named(external_ids).await?;
        let entries: Vec<String> = ids.iter().map(|n| n.id.clone()).collect();
        let born = self.born_of_ai(&entries).await?;
        Ok(ids.into_iter().filter(|n| born.contains(&n.id)).map(|n| n.external_id).collect())
    }

    /// The author's own ids of the entries born of a machine that an exam's frozen paper holds, in the wording that it
    /// has there or one before.
    pub async fn ai_born_in(&self, exam_id: &str) -> StoreResult<Vec<String>> {
        let sql = "select e.external_id from paper_use u join entry e on e.id = u.entry_id where u.exam_id = $1 \
                   and exists (select 1 from revision v where v.entry_id = e.id and v.born = 'ai' \
                   and (u.revision is null or v.number <= u.revision)) order by e.external_id";
        Ok(read!(self, pool => sqlx::query_scalar(sql).bind(exam_id).fetch_all(pool).await?))
    }

    /// Keeps what someone says went wrong.
    pub async fn add_ai_incident(&self, incident: &Incident, event: &NewEvent) -> StoreResult<()> {
        let i = incident;
        write!(self, tx => {
            sqlx::query("insert into ai_incident (id, proposal_id, entry_id, kind, body, person_id, at_ms) values ($1, $2, $3, $4, $5, $6, $7)")
                .bind(&i.id).bind(&i.proposal_id).bind(&i.entry_id).bind(&i.kind).bind(&i.body).bind(&i.person_id)
                .bind(i.at_ms).execute(&mut *tx).await?;
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Keeps an answer to an incident.
    pub async fn answer_ai_incident(&self, answer: &Answer, event: &NewEvent) -> StoreResult<()> {
        let a = answer;
        write!(self, tx => {
            sqlx::query("insert into ai_incident_answer (id, incident_id, body, closes, person_id, at_ms) values ($1, $2, $3, $4, $5, $6)")
                .bind(&a.id).bind(&a.incident_id).bind(&a.body).bind(a.closes).bind(&a.person_id).bind(a.at_ms)
                .execute(&mut *tx).await?;
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// One incident.
    pub async fn ai_incident(&self, id: &str) -> StoreResult<Option<Incident>> {
        Ok(read!(self, pool => sqlx::query_as(incident!("where i.id = $1")).bind(id).fetch_optional(pool).await?))
    }

    /// Incidents, those still open first, then the newest.
    pub async fn ai_incidents(&self, limit: i64) -> StoreResult<Vec<Incident>> {
        let sql = incident!("order by closed, i.at_ms desc, i.id desc limit $1");
        Ok(read!(self, pool => sqlx::query_as(sql).bind(limit).fetch_all(pool).await?))
    }

    /// Answers to incidents, the oldest first.
    pub async fn ai_incident_answers(&self) -> StoreResult<Vec<Answer>> {
        let sql = "select a.id, a.incident_id, a.body, a.closes, a.person_id, p.name as person, a.at_ms \
                   from ai_incident_answer a join person p on p.id = a.person_id order by a.at_ms, a.id";
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// Requests after one, by id: the record, a few at a time.
    pub async fn ai_jobs_after(&self, after: &str, limit: i64) -> StoreResult<Vec<super::Job>> {
        let sql = "select id, function, person_id, folder_id, request, wanted, state, stage, tries, prompt_tokens, \
                   completion_tokens, created_ms, ended_ms from ai_job where id > $1 order by id limit $2";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(after).bind(limit).fetch_all(pool).await?))
    }

    /// Proposals after one, by id.
    pub async fn ai_proposals_after(&self, after: &str, limit: i64) -> StoreResult<Vec<super::ProposalRow>> {
        let sql = "select id, job_id, number, function, folder_id, body, unsupported, created_ms from ai_proposal \
                   where id > $1 order by id limit $2";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(after).bind(limit).fetch_all(pool).await?))
    }

    /// Decisions after one, by id, with what they let be.
    pub async fn ai_decisions_after(&self, after: &str, limit: i64) -> StoreResult<Vec<Recorded>> {
        let sql = "select d.id, d.proposal_id, d.reviewer_id, d.verdict, d.reason, d.remark, d.amended, d.survived, d.at_ms, \
                   d.people, d.first_by, v.entry_id from ai_decision d left join revision v on v.ai_decision = d.id \
                   where d.id > $1 order by d.id limit $2";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(after).bind(limit).fetch_all(pool).await?))
    }

    /// Agreements after one, by id.
    pub async fn ai_opinions_after(&self, after: &str, limit: i64) -> StoreResult<Vec<Opinion>> {
        let sql = "select o.id, o.proposal_id, o.reviewer_id, p.name as reviewer, o.verdict, o.remark, o.amended, o.at_ms \
                   from ai_opinion o join person p on p.id = o.reviewer_id where o.id > $1 order by o.id limit $2";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(after).bind(limit).fetch_all(pool).await?))
    }
}
