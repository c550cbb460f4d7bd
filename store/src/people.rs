//! Accounts, roles, sign-in sessions and one-time links.

use crate::db::{read, write};
use crate::exams::{NewEvent, insert_event};
use crate::{Store, StoreResult};

/// Someone with an account.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct Person {
    /// UUIDv7.
    pub id: String,
    /// What they sign in with, lower case.
    pub login: String,
    /// Shown to people.
    pub name: String,
    /// Hash of what they sign in with; absent while they cannot.
    pub secret: Option<String>,
    /// When the account was made.
    pub created_ms: i64,
    /// When it was disabled, if it is.
    pub disabled_ms: Option<i64>,
}

/// A signed-in browser or program.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct LoginSession {
    /// Who.
    pub person_id: String,
    /// Token that forms must carry.
    pub csrf: String,
    /// When it ends.
    pub expires_ms: i64,
}

/// Tokens in one question of [`Store::signed_in`].
pub const ASKED_AT_ONCE: usize = 256;

/// Someone signed in, as every request needs to know.
#[derive(Clone, Debug, PartialEq)]
pub struct SignedIn {
    /// What names the session.
    pub token_hash: String,
    /// Token that forms must carry.
    pub csrf: String,
    /// Account.
    pub person_id: String,
    /// Shown to people.
    pub name: String,
    /// Login.
    pub login: String,
    /// Roles held, in order.
    pub roles: Vec<String>,
}

#[derive(sqlx::FromRow)]
struct SessionRow {
    token_hash: String,
    csrf: String,
    person_id: String,
    name: String,
    login: String,
    role: Option<String>,
}

impl Store {
    /// Adds an account with its roles.
    pub async fn add_person(&self, person: &Person, roles: &[&str]) -> StoreResult<()> {
        write!(self, tx => {
            sqlx::query("insert into person (id, login, name, secret, created_ms, disabled_ms) values ($1, $2, $3, $4, $5, $6)")
                .bind(&person.id).bind(&person.login).bind(&person.name).bind(&person.secret)
                .bind(person.created_ms).bind(person.disabled_ms).execute(&mut *tx).await?;
            for role in roles {
                sqlx::query("insert into person_role (person_id, role) values ($1, $2)")
                    .bind(&person.id).bind(*role).execute(&mut *tx).await?;
            }
        });
        Ok(())
    }

    /// The account with that login.
    pub async fn person_by_login(&self, login: &str) -> StoreResult<Option<Person>> {
        let sql = "select id, login, name, secret, created_ms, disabled_ms from person where login = $1";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(login).fetch_optional(pool).await?))
    }

    /// The account with that id.
    pub async fn person(&self, id: &str) -> StoreResult<Option<Person>> {
        let sql = "select id, login, name, secret, created_ms, disabled_ms from person where id = $1";
        Ok(read!(self, pool => sqlx::query_as(sql).bind(id).fetch_optional(pool).await?))
    }

    /// Every account that has a role other than student, by name.
    pub async fn staff(&self) -> StoreResult<Vec<Person>> {
        let sql = "select p.id, p.login, p.name, p.secret, p.created_ms, p.disabled_ms from person p where exists \
                   (select 1 from person_role r where r.person_id = p.id and r.role <> 'student') order by p.name";
        Ok(read!(self, pool => sqlx::query_as(sql).fetch_all(pool).await?))
    }

    /// How many accounts there are.
    pub async fn count_people(&self) -> StoreResult<i64> {
        Ok(read!(self, pool => sqlx::query_scalar("select count(*) from person").fetch_one(pool).await?))
    }

    /// Roles of an account.
    pub async fn roles(&self, person_id: &str) -> StoreResult<Vec<String>> {
        let sql = "select role from person_role where person_id = $1 order by role";
        Ok(read!(self, pool => sqlx::query_scalar(sql).bind(person_id).fetch_all(pool).await?))
    }

    /// Changes an account, all or nothing: its roles, whether it is disabled (its sessions then end).
    pub async fn change_person(
        &self,
        person_id: &str,
        roles: Option<&[&str]>,
        disabled_ms: Option<Option<i64>>,
        event: &NewEvent,
    ) -> StoreResult<()> {
        write!(self, tx => {
            if let Some(roles) = roles {
                sqlx::query("delete from person_role where person_id = $1").bind(person_id).execute(&mut *tx).await?;
                for role in roles {
                    sqlx::query("insert into person_role (person_id, role) values ($1, $2)")
                        .bind(person_id).bind(*role).execute(&mut *tx).await?;
                }
            }
            if let Some(at_ms) = disabled_ms {
                sqlx::query("update person set disabled_ms = $2 where id = $1")
                    .bind(person_id).bind(at_ms).execute(&mut *tx).await?;
                sqlx::query("delete from login_session where person_id = $1").bind(person_id).execute(&mut *tx).await?;
            }
            insert_event!(tx, event);
        });
        Ok(())
    }

    /// Changes what an account signs in with and ends its sessions.
    pub async fn set_secret(&self, person_id: &str, secret: &str) -> StoreResult<()> {
        write!(self, tx => {
            sqlx::query("update person set secret = $2 where id = $1")
                .bind(person_id).bind(secret).execute(&mut *tx).await?;
            sqlx::query("delete from login_session where person_id = $1").bind(person_id).execute(&mut *tx).await?;
        });
        Ok(())
    }

    /// Who holds the sessions of these tokens, of those that have not ended and whose account is enabled: one question
    /// for many, since thousands ask at the same hour. At most [`ASKED_AT_ONCE`] tokens.
    pub async fn signed_in(&self, token_hashes: &[String], now_ms: i64) -> StoreResult<Vec<SignedIn>> {
        // Few sizes of list, so that few texts are prepared.
        let size = token_hashes.len().next_power_of_two().min(ASKED_AT_ONCE);
        let marks: Vec<String> = (2..=size + 1).map(|i| format!("${i}")).collect();
        let sql = format!(
            "select s.token_hash, s.csrf, p.id as person_id, p.name, p.login, r.role from login_session s \
             join person p on p.id = s.person_id left join person_role r on r.person_id = p.id \
             where s.expires_ms > $1 and p.disabled_ms is null and s.token_hash in ({}) order by s.token_hash, r.role",
            marks.join(", ")
        );
        let rows: Vec<SessionRow> = read!(self, pool => {
            let mut query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(now_ms);
            for i in 0..size {
                query = query.bind(token_hashes.get(i).map_or("", String::as_str));
            }
            query.fetch_all(pool).await?
        });
        let mut found: Vec<SignedIn> = Vec::new();
        for row in rows {
            match found.last_mut() {
                Some(last) if last.token_hash == row.token_hash => last.roles.extend(row.role),
                _ => found.push(SignedIn {
                    token_hash: row.token_hash,
                    csrf: row.csrf,
                    person_id: row.person_id,
                    name: row.name,
                    login: row.login,
                    roles: row.role.into_iter().collect(),
                }),
            }
        }
        Ok(found)
    }

    /// Ends a session.
    pub async fn close_login(&self, token_hash: &str) -> StoreResult<()> {
        write!(self, tx => {
            sqlx::query("delete from login_session where token_hash = $1").bind(token_hash).execute(&mut *tx).await?;
        });
        Ok(())
    }

    /// Records a one-time link; earlier unused ones of that purpose stop working.
    pub async fn add_link(&self, token_hash: &str, purpose: &str, now_ms: i64, expires_ms: i64) -> StoreResult<()> {
        write!(self, tx => {
            sqlx::query("delete from one_time_link where purpose = $1 and used_ms is null")
                .bind(purpose).execute(&mut *tx).await?;
            sqlx::query("insert into one_time_link (token_hash, purpose, created_ms, expires_ms) values ($1, $2, $3, $4)")
                .bind(token_hash).bind(purpose).bind(now_ms).bind(expires_ms).execute(&mut *tx).await?;
        });
        Ok(())
    }

    /// Is there an unused link of that purpose with that token?
    pub async fn link_is_open(&self, token_hash: &str, purpose: &str, now_ms: i64) -> StoreResult<bool> {
        let sql = "select count(*) from one_time_link where token_hash = $1 and purpose = $2 and used_ms is null and expires_ms > $3";
        let n: i64 = read!(self, pool => sqlx::query_scalar(sql).bind(token_hash).bind(purpose).bind(now_ms).fetch_one(pool).await?);
        Ok(n > 0)
    }

    /// Uses a link up; false if someone already did.
    pub async fn use_link(&self, token_hash: &str, purpose: &str, now_ms: i64) -> StoreResult<bool> {
        let sql = "update one_time_link set used_ms = $3 where token_hash = $1 and purpose = $2 and used_ms is null and expires_ms > $3";
        let done = write!(self, tx => {
            sqlx::query(sql).bind(token_hash).bind(purpose).bind(now_ms).execute(&mut *tx).await?.rows_affected()
        });
        Ok(done == 1)
    }
}
