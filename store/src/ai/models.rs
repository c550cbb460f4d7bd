//! Item models and what comes out of them.

use super::{Job, NewDecision, ProposalRow};
use crate::bank::{NewRevision, insert_revision, next_change};
use crate::db::{read, write};
use crate::{Store, StoreError, StoreResult};
use docimo_proposal::Reviewed;

/// An item model, with its newest version.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ItemModelRow {
    /// Id.
    pub id: String,
    /// Folder of what comes out of it.
    pub folder_id: String,
    /// Title.
    pub title: String,
    /// Number of the newest version, from 1.
    pub latest: i64,
    /// JSON of that version.
    pub body: String,
    /// Who wrote that version.
    pub author: String,
    /// When.
    pub changed_ms: i64,
    /// Taken out of use.
    pub retired_ms: Option<i64>,
    /// Questions of the bank that came out of it.
    pub entries: i64,
}

macro_rules! model {
    ($rest:literal) => {
        concat!(
            "select m.id, m.folder_id, m.title, m.latest, v.body, p.name as author, m.changed_ms, m.retired_ms, \
             (select count(*) from item_model_entry e where e.model_id = m.id) as entries \
             from item_model m join item_model_version v on v.model_id = m.id and v.number = m.latest \
             join person p on p.id = v.author_id ",
            $rest
        )
    };
}

impl Store {
    /// Keeps a new model.
    pub async fn add_item_model(
        &self,
        id: &str,
        folder_id: &str,
        title: &str,
        body: &str,
        author_id: &str,
        now_ms: i64,
    ) -> StoreResult<()> {
        write!(self, tx => {
            sqlx::query("insert into item_model (id, folder_id, title, latest, created_ms, changed_ms) values ($1, $2, $3, 1, $4, $4)")
                .bind(id).bind(folder_id).bind(title).bind(now_ms).execute(&mut *tx).await?;
            sqlx::query("insert into item_model_version (model_id, number, body, author_id, at_ms) values ($1, 1, $2, $3, $4)")
                .bind(id).bind(body).bind(author_id).bind(now_ms).execute(&mut *tx).await?;
        });
        Ok(())
    }

    /// Keeps a new version of a model whose newest one is `seen`; [`StoreError::Conflict`] if it no longer is.
    pub async fn change_item_model(
        &self,
        id: &str,
        seen: i64,
        title: &str,
        body: &str,
        author_id: &str,
        now_ms: i64,
    ) -> StoreResult<()> {
        write!(self, tx => {
            let done = sqlx::query("update item_model set title = $3, latest = latest + 1, changed_ms = $4 where id = $1 and latest = $2")
                .bind(id).bind(seen).bind(title).bind(now_ms).execute(&mut *tx).await?.rows_affected();
            if done != 1 {
                return Err(StoreError::Conflict);
            }
            sqlx::query("insert into item_model_version (model_id, number, body, author_id, at_ms) values ($1, $2, $3, $4, $5)")
                .bind(id).bind(seen + 1).bind(body).bind(author_id).bind(now_ms).execute(&mut *tx).await?;
        });
        Ok(())
    }

    /// Takes a model out of use, or back.
    pub async fn retire_item_model(&self, id: &str, retired_ms: Option<i64>) -> StoreResult<()> {
        write!(self, tx => {
            sqlx::query("update item_model set retired_ms = $2 where id = $1").bind(id).bind(retired_ms)
                .execute(&mut *tx).await?;
        });
        Ok(())
    }

    /// Every model, by title.
    pub async fn item_models(&self) -> StoreResult<Vec<ItemModelRow>> {
        Ok(read!(self, pool => sqlx::query_as(model!("order by m.title, m.id")).fetch_all(pool).await?))
    }

    /// One model.
    pub async fn item_model(&self, id: &str) -> StoreResult<Option<ItemModelRow>> {
        Ok(read!(self, pool => sqlx::query_as(model!("where m.id = $1")).bind(id).fetch_optional(pool).await?))
    }

    /// Keeps what was drawn from a model as proposals, with the request that they answer, ended already.
    pub async fn add_drawn(&self, job: &Job, proposals: &[ProposalRow]) -> StoreResult<()> {
        write!(self, tx => {
            sqlx::query("insert into ai_job (id, function, person_id, folder_id, request, wanted, state, created_ms, ended_ms) values ($1, $2, $3, $4, $5, $6, 'done', $7, $7)")
                .bind(&job.id).bind(&job.function).bind(&job.person_id).bind(&job.folder_id).bind(&job.request)
                .bind(job.wanted).bind(job.created_ms).execute(&mut *tx).await?;
            for p in proposals {
                sqlx::query("insert into ai_proposal (id, job_id, number, function, folder_id, body, unsupported, created_ms) values ($1, $2, $3, $4, $5, $6, $7, $8)")
                    .bind(&p.id).bind(&p.job_id).bind(p.number).bind(&p.function).bind(&p.folder_id).bind(&p.body)
                    .bind(p.unsupported).bind(p.created_ms).execute(&mut *tx).await?;
                super::review::insert_fact!(tx, &p.id, &p.body);
            }
        });
        Ok(())
    }

    /// Keeps what a named person took of what a model gave: the decision, the entry, and of which version it came.
    /// [`StoreError::Duplicate`] if the proposal was decided already.
    pub async fn keep_drawn<T: Sync>(
        &self,
        reviewed: &Reviewed<T>,
        decision: &NewDecision<'_>,
        revision: &NewRevision,
        model: (&str, i64),
    ) -> StoreResult<()> {
        let (r, now_ms) = (revision, reviewed.at_ms());
        let verdict = if reviewed.is_amended() { "amend" } else { "accept" };
        write!(self, tx => {
            super::insert_decision!(tx, decision, verdict, reviewed.reviewer().as_str(), now_ms, Some(decision.id));
            super::review::seal!(tx, decision, reviewed.reviewer().as_str());
            let change = next_change!(tx);
            sqlx::query("insert into entry (id, external_id, kind, status, latest, created_ms, folder_id, language, usable, changed, updated_ms) values ($1, $2, $3, $4, 1, $5, $6, $7, null, $8, $5)")
                .bind(&r.fresh_entry_id).bind(&r.external_id).bind(&r.kind).bind(&r.status).bind(now_ms)
                .bind(&r.folder_id).bind(&r.language).bind(change).execute(&mut *tx).await?;
            insert_revision!(tx, &r.fresh_entry_id, 1_i64, r, now_ms);
            sqlx::query("insert into item_model_entry (entry_id, decision_id, model_id, number) values ($1, $2, $3, $4)")
                .bind(&r.fresh_entry_id).bind(decision.id).bind(model.0).bind(model.1).execute(&mut *tx).await?;
        });
        Ok(())
    }

    /// The model and version that an entry came out of: id, title, number.
    pub async fn drawn_from(&self, entry_id: &str) -> StoreResult<Option<(String, String, i64)>> {
        let sql = "select m.id, m.title, e.number from item_model_entry e join item_model m on m.id = e.model_id \
                   where e.entry_id = $1";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(entry_id).fetch_optional(pool).await?))
    }
}
