//! Asking for drafts of comments: one pattern, or those that most students gave.

use super::counts::{self, UnderWay};
use super::{COMMENTS, Subject, passages, subject};
use crate::ambient;
use crate::app::App;
use crate::assistance::ask::Place;
use crate::auth::Actor;
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult};
use docimo_store::ai::{Job, Refused};
use serde::{Deserialize, Serialize};

/// Most patterns of one request.
pub const MOST: usize = 50;

/// What is asked, as it is kept in the queue. It names no person.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// Digest of the pattern's place.
    pub slot: String,
    /// What a reviewer said of an attempt before.
    pub remark: String,
    /// What may be leaned on.
    pub passages: Vec<Place>,
}

/// What is said where nothing can be leaned on.
const BARE: &str = "Rien sur quoi s’appuyer : choisissez une source. La question ne dit pas de quelle source elle vient, ou celle-ci n’est plus en usage.";

/// Asks for a draft of one pattern's comment, and gives the request's id. `source` is a document; empty for those of the
/// question.
pub async fn ask(app: &App, actor: &Actor, slot: &str, source: &str) -> ApiResult<String> {
    let subject = subject(app, actor, slot).await?;
    if UnderWay::of(app).await?.holds(slot) {
        return Err(ApiError::Conflict(
            "Un brouillon est déjà demandé ou attend une relecture pour cette erreur.".into(),
        ));
    }
    let passages = passages::choose(app, &subject.line.id, &subject.question, source).await?;
    if passages.is_empty() {
        return Err(ApiError::wrong("source", BARE));
    }
    queue(app, actor, &subject, passages, String::new()).await
}

/// Asks again after an attempt, on the same passages.
pub(super) async fn again(app: &App, actor: &Actor, asked: Asked, remark: &str) -> ApiResult<String> {
    if remark.chars().count() > 1000 {
        return Err(ApiError::wrong("remarque", "Remarque : 1 000 caractères au plus."));
    }
    let subject = subject(app, actor, &asked.slot).await?;
    queue(app, actor, &subject, asked.passages, remark.to_owned()).await
}

async fn queue(app: &App, actor: &Actor, subject: &Subject, passages: Vec<Place>, remark: String) -> ApiResult<String> {
    let now_ms = ambient::now_ms();
    let asked = Asked { slot: subject.place.slot.clone(), remark, passages };
    let job = Job {
        id: ambient::fresh_id(now_ms),
        function: COMMENTS.code().into(),
        person_id: actor.id.to_string(),
        folder_id: subject.line.folder_id.clone(),
        request: serde_json::to_string(&asked).map_err(|e| ApiError::Internal(e.into()))?,
        wanted: 1,
        state: "waiting".into(),
        stage: String::new(),
        tries: 0,
        prompt_tokens: 0,
        completion_tokens: 0,
        created_ms: now_ms,
        ended_ms: None,
    };
    match app.store.add_ai_job(&job).await? {
        Ok(()) => Ok(job.id),
        Err(Refused::Off) => Err(ApiError::Conflict(
            "La rédaction de commentaires est arrêtée : le comité scientifique et éthique ne l’a pas autorisée, ou l’a suspendue. Vous pouvez écrire le commentaire vous-même.".into(),
        )),
        Err(Refused::Person { asked, limit }) => Err(ApiError::Conflict(format!(
            "Limite du jour : vous avez demandé {asked} brouillons en 24 heures, sur {limit} au plus."
        ))),
        Err(Refused::Everyone { asked, limit }) => Err(ApiError::Conflict(format!(
            "Limite du jour de l’établissement : {asked} brouillons demandés en 24 heures, sur {limit} au plus."
        ))),
    }
}

/// What asking for several did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Many {
    /// Asked for.
    pub asked: usize,
    /// Left out: nothing to lean on.
    pub bare: usize,
    /// Why it stopped before the end, in French.
    pub stopped: Option<String>,
}

/// Asks for the patterns that most students gave and that nobody wrote for, `count` of them.
pub async fn ask_most(app: &App, actor: &Actor, wanted: &counts::Asked, count: usize, source: &str) -> ApiResult<Many> {
    if !(1..=MOST).contains(&count) {
        return Err(ApiError::wrong("nombre", format!("Nombre : de 1 à {MOST} erreurs.")));
    }
    let reach = Reach::of(app, actor).await?;
    let under_way = UnderWay::of(app).await?;
    let slots = counts::unwritten(app, &reach, wanted, count + under_way.asked.len() + under_way.drafted.len()).await?;
    let mut done = Many::default();
    for slot in slots.iter().filter(|s| !under_way.holds(&s.slot)).take(count) {
        let subject = subject(app, actor, &slot.slot).await?;
        let passages = passages::choose(app, &subject.line.id, &subject.question, source).await?;
        if passages.is_empty() {
            done.bare += 1;
            continue;
        }
        match queue(app, actor, &subject, passages, String::new()).await {
            Ok(_) => done.asked += 1,
            Err(ApiError::Conflict(why)) if done.asked > 0 => {
                done.stopped = Some(why);
                break;
            }
            Err(error) => return Err(error),
        }
    }
    if done.asked == 0 && done.bare > 0 {
        return Err(ApiError::wrong("source", BARE));
    }
    Ok(done)
}
