//! The assembly of a paper, off the web threads: how far it is, how to stop it, what it found.
//!
//! One for each exam and each person, since what one may choose from depends on one's rights. Nothing here matters for
//! correctness: the same bank, table and seed give the same paper, so what is lost can be made again.

use super::pool::{self, Entry, Pool};
use super::take::Held;
use super::{Specification, forms, of};
use crate::ambient;
use crate::app::App;
use crate::auth::Actor;
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult};
use crate::exam::draft;
use docimo_assembly::assemble::Infeasible;
use docimo_assembly::blueprint::Fault;
use docimo_assembly::effect::Report;
use docimo_assembly::{Assembly, Blueprint, Candidate, Desk, Limits, Outcome, assemble, relaxed};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};

/// A unit of a form, to be shown and taken.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The author's own id.
    pub external_id: String,
    /// What the bank says of it; none for what only the draft has.
    pub entry: Option<Entry>,
    /// What it counts for.
    pub unit: Candidate,
}

/// One form.
#[derive(Clone, Debug)]
pub struct Form {
    /// Its units, in the order of a paper: isolated questions, then cases.
    pub units: Vec<Chosen>,
    /// Value of the goal; none without one.
    pub value: Option<f64>,
}

/// Forms with how good they are and what each sentence got.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The solver's words: bound, gap, nodes.
    pub assembly: Assembly,
    /// What each sentence wanted and got.
    pub report: Report,
    /// The forms.
    pub forms: Vec<Form>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum Found {
    /// Papers.
    Assembled(Box<Proposal>),
    /// None, with the conflict, the nearest relaxation, and the table so relaxed.
    Infeasible(Box<Infeasible>, Box<Blueprint>),
    /// Nothing found and nothing proven within the limits.
    Undecided,
    /// The table cannot be counted on this bank.
    Faults(Vec<Fault>),
    /// A fault of ours.
    Failed,
}

/// One assembly.
pub struct Job {
    /// When it was asked for, ms UTC.
    pub asked_ms: i64,
    /// The table as it was, the units imposed for this once included.
    pub specification: Specification,
    /// Were the draft's elements imposed?
    pub keep: bool,
    /// Units there were to choose from.
    pub units: usize,
    stopped: AtomicBool,
    rounds: AtomicU64,
    working: AtomicBool,
    found: OnceLock<Found>,
    over: Notify,
}

impl Job {
    /// What came of it; none while it is under way.
    pub fn found(&self) -> Option<&Found> {
        self.found.get()
    }

    /// A form that was proposed, from 1.
    ///
    /// # Errors
    /// There is none, or none of that number.
    pub fn form(&self, number: usize) -> ApiResult<&Form> {
        let Some(Found::Assembled(proposal)) = self.found() else {
            return Err(ApiError::Conflict("Cette composition n’a pas de sujet à prendre.".into()));
        };
        number.checked_sub(1).and_then(|i| proposal.forms.get(i)).ok_or(ApiError::NotFound)
    }

    /// What a form holds, to be put in a draft: the name on papers, and the entry's id unless only the draft has it.
    ///
    /// # Errors
    /// As [`Job::form`].
    pub fn held(&self, number: usize) -> ApiResult<Held> {
        let units = &self.form(number)?.units;
        let named = units.iter().map(|c| (c.external_id.clone(), c.entry.as_ref().map(|e| e.id.clone())));
        Ok(Held { named: named.collect(), completes: self.keep })
    }

    /// Did somebody ask to stop it?
    pub fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// How far it is, in words. How much is left is not known: it ends when the best is proven, or within its limits.
    pub fn stage(&self) -> String {
        let seconds = (ambient::now_ms() - self.asked_ms).max(0) / 1000;
        if !self.working.load(Ordering::Relaxed) {
            return format!("En attente d’une autre composition, {seconds} s");
        }
        format!("Recherche depuis {seconds} s, {} étapes faites", self.rounds.load(Ordering::Relaxed))
    }
}

/// Assemblies of a running server.
pub struct Jobs {
    kept: Mutex<HashMap<(String, String), Arc<Job>>>,
    /// Each may take every core's time: one after the other.
    turn: Semaphore,
}

impl Default for Jobs {
    fn default() -> Self {
        Self { kept: Mutex::default(), turn: Semaphore::new(1) }
    }
}

/// Assemblies kept at most.
const MOST: usize = 32;

impl Jobs {
    fn lock(&self) -> MutexGuard<'_, HashMap<(String, String), Arc<Job>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, key: (String, String), job: Arc<Job>) -> ApiResult<()> {
        let mut kept = self.lock();
        if kept.get(&key).is_some_and(|old| old.found.get().is_none()) {
            return Err(ApiError::Conflict("Une composition est déjà en cours : attendez-la, ou arrêtez-la.".into()));
        }
        while kept.len() >= MOST {
            let done = kept.iter().filter(|(_, job)| job.found.get().is_some());
            let oldest = done.min_by_key(|(_, job)| job.asked_ms).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { return Err(ApiError::Overloaded) };
            kept.remove(&oldest);
        }
        kept.insert(key, job);
        Ok(())
    }
}

/// The assembly that this person asked for in this exam, if there is one.
pub fn find(app: &App, actor: &Actor, exam_id: &str) -> Option<Arc<Job>> {
    app.assemblies.lock().get(&(exam_id.to_owned(), actor.id.to_string())).cloned()
}

/// Waits a little for an assembly.
pub async fn wait(job: &Job, patience: Duration) {
    let over = job.over.notified();
    if job.found.get().is_none() {
        _ = tokio::time::timeout(patience, over).await;
    }
}

/// Asks an assembly to stop; it ends with the best it has.
pub fn stop(app: &App, actor: &Actor, exam_id: &str) {
    if let Some(job) = find(app, actor, exam_id) {
        job.stopped.store(true, Ordering::Relaxed);
    }
}

/// Starts the assembly of an exam's table. With `keep`, what the draft holds is imposed, as it is there.
pub async fn start(app: &App, actor: &Actor, exam_id: &str, seed: Option<u64>, keep: bool) -> ApiResult<Arc<Job>> {
    if draft::exam(app, exam_id).await?.state != "draft" {
        return Err(ApiError::Conflict("Le sujet est figé : il ne se compose plus.".into()));
    }
    let none = || ApiError::Conflict("Cet examen n’a pas encore de table de spécification.".into());
    let mut specification = of(app, exam_id).await?.ok_or_else(none)?;
    let paper = draft::paper(app, exam_id).await?;
    if let Some(seed) = seed {
        specification.blueprint.seed = seed;
    }
    if keep {
        let ids = forms(&paper, &specification.blueprint).into_iter().flat_map(|(_, ids)| ids);
        specification.blueprint.must.extend(ids);
    }
    let reach = Reach::of(app, actor).await?;
    let pool = pool::whole(app, &reach, exam_id, &specification.pace, keep.then_some(&paper)).await?;
    let job = Arc::new(Job {
        asked_ms: ambient::now_ms(),
        specification,
        keep,
        units: pool.units.len(),
        stopped: AtomicBool::new(false),
        rounds: AtomicU64::new(0),
        working: AtomicBool::new(false),
        found: OnceLock::new(),
        over: Notify::new(),
    });
    app.assemblies.keep((exam_id.to_owned(), actor.id.to_string()), job.clone())?;
    let (app, working) = (app.clone(), job.clone());
    tokio::spawn(async move {
        let turn = app.assemblies.turn.acquire().await;
        let own = working.clone();
        let done = tokio::task::spawn_blocking(move || {
            own.working.store(true, Ordering::Relaxed);
            // A fault of ours must not leave people waiting for ever.
            catch_unwind(AssertUnwindSafe(|| work(&own, &pool))).unwrap_or(Found::Failed)
        });
        let found = done.await.unwrap_or(Found::Failed);
        if matches!(found, Found::Failed) {
            tracing::error!("an assembly has failed");
        }
        _ = working.found.set(found);
        working.over.notify_waiters();
        drop(turn);
    });
    Ok(job)
}

fn work(job: &Job, pool: &Pool) -> Found {
    let blueprint = &job.specification.blueprint;
    let stop = || {
        job.rounds.fetch_add(1, Ordering::Relaxed);
        job.stopped.load(Ordering::Relaxed)
    };
    match assemble(&pool.units, blueprint, &Limits::default(), &stop) {
        Err(faults) => Found::Faults(faults),
        Ok(Outcome::Undecided { .. }) => Found::Undecided,
        Ok(Outcome::Infeasible(answer)) => {
            let easier = relaxed(blueprint, &answer.statements, &answer.changes);
            Found::Infeasible(answer, Box::new(easier))
        }
        Ok(Outcome::Assembled(assembly)) => match Desk::new(&pool.units, blueprint) {
            Err(faults) => Found::Faults(faults),
            Ok(desk) => {
                let report = desk.effect(&assembly.forms);
                let forms = assembly.forms.iter().enumerate();
                let forms =
                    forms.map(|(i, ids)| Form { units: chosen(pool, ids), value: assembly.values.get(i).copied() });
                Found::Assembled(Box::new(Proposal { forms: forms.collect(), assembly, report }))
            }
        },
    }
}

/// Isolated questions first, then cases by kind, each by id.
fn chosen(pool: &Pool, ids: &[String]) -> Vec<Chosen> {
    let by_id: HashMap<&str, &Candidate> = pool.units.iter().map(|unit| (unit.id.as_str(), unit)).collect();
    let one = |id: &String| {
        let unit = (*by_id.get(id.as_str())?).clone();
        Some(Chosen { external_id: id.clone(), entry: pool.entries.get(id).cloned(), unit })
    };
    let mut all: Vec<Chosen> = ids.iter().filter_map(one).collect();
    all.sort_by(|a, b| {
        let key = |c: &Chosen| (c.unit.case.is_some(), c.unit.case.map(docimo_engine::paper::CaseKind::code));
        key(a).cmp(&key(b)).then_with(|| a.external_id.cmp(&b.external_id))
    });
    all
}
