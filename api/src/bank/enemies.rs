//! Entries that must not be together on a paper: said by someone, with a reason.

use super::reach::{self, Reach};
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::exam::checked_reason;
use docimo_bank::rights::Level;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An entry that another must not be with.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Enemy {
    /// Id.
    pub id: String,
    /// The author's own id.
    pub external_id: String,
    /// First words.
    pub title: String,
    /// Why.
    pub reason: String,
    /// Who says so.
    pub by: String,
}

/// What is to be declared.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnemyForm {
    /// The other entry: its id, or the author's own id.
    pub other: String,
    /// Why.
    pub reason: String,
}

/// What an entry must not be with; those out of reach are left out.
pub async fn of(app: &App, reach: &Reach, entry_id: &str) -> ApiResult<Vec<Enemy>> {
    let mut all = Vec::new();
    for pair in app.store.enemies_of(entry_id).await? {
        let other = if pair.entry_a == entry_id { pair.entry_b } else { pair.entry_a };
        let Some(line) = app.store.entry(&other).await?.filter(|l| reach.may(&l.folder_id, Level::Read)) else {
            continue;
        };
        let (id, external_id, title) = (line.id, line.external_id, line.title);
        all.push(Enemy { id, external_id, title, reason: pair.reason, by: pair.person_name });
    }
    Ok(all)
}

/// Someone who may write the entry says that it must not be with another that they may read.
pub async fn declare(app: &App, actor: &Actor, entry_id: &str, form: &EnemyForm) -> ApiResult<()> {
    let (line, reach) = reach::entry(app, actor, entry_id, Level::Write).await?;
    checked_reason(&form.reason, "il dit à qui compose pourquoi les deux ne vont pas ensemble")?;
    let name = form.other.trim();
    let found = match app.store.entry_by_external_id(name).await? {
        Some(found) => Some(found),
        None => app.store.entry(name).await?,
    };
    let absent = || ApiError::wrong("identifiant", format!("La question « {name} » n’est pas dans la banque."));
    let other = found.filter(|l| reach.may(&l.folder_id, Level::Read)).ok_or_else(absent)?;
    if other.id == line.id {
        return Err(ApiError::wrong("identifiant", "Une question n’est pas incompatible avec elle-même."));
    }
    app.store.set_enemies(&line.id, &other.id, form.reason.trim(), &actor.id, ambient::now_ms()).await?;
    Ok(())
}

/// Lets the two be together again.
pub async fn remove(app: &App, actor: &Actor, entry_id: &str, other_id: &str) -> ApiResult<()> {
    let (_, reach) = reach::entry(app, actor, entry_id, Level::Write).await?;
    if !of(app, &reach, entry_id).await?.iter().any(|enemy| enemy.id == other_id) {
        return Err(ApiError::NotFound);
    }
    app.store.remove_enemies(entry_id, other_id).await?;
    Ok(())
}
