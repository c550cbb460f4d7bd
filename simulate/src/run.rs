//! All candidates, rung by rung.

use crate::candidate::{self, ENTERED, HANDED_IN, OPENED, Record, SAVED, Shared};
use crate::machine::{Machine, Spent, Watch, resident_mib};
use crate::measure::{Action, ActionSummary, Measures};
use crate::oracle::Findings;
use crate::paper::Paper;
use crate::plan::{Plan, exponential};
use crate::staff::Staff;
use crate::{Outcome, SimulationError};
use serde::Serialize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// What is known of the server beside its address.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Its process, where it runs on this machine.
    pub process: Option<u32>,
    /// A folder on the disk of its database.
    pub disk: Option<PathBuf>,
    /// What it is, for the report: engine and version.
    pub server: String,
    /// What time it is, for the report: ISO 8601.
    pub at: String,
}

/// What happened on a rung.
#[derive(Clone, Debug, Serialize)]
pub struct Rung {
    /// How many candidates.
    pub candidates: usize,
    /// Times and failures.
    pub actions: Vec<ActionSummary>,
    /// What the machine spent between the hour and the last hand-in.
    pub spent: Spent,
    /// Saves acknowledged per second, over that time.
    pub saves_per_s: f64,
    /// Memory of the server's process before anyone came and once everyone waited, MiB; 0 where it is not known.
    pub memory_mib: (f64, f64),
    /// What the oracle found.
    pub findings: Findings,
    /// Journals that are not what their receipts say.
    pub breaches: usize,
}

impl Rung {
    /// Memory of the server for one candidate in the waiting room, KiB; what other memory it uses in the meantime
    /// included.
    pub fn kib_per_candidate(&self) -> f64 {
        (self.memory_mib.1 - self.memory_mib.0).max(0.0) * 1024.0 / self.candidates as f64
    }

    /// Did everything go well? No answer lost, nothing failed.
    pub fn is_clean(&self) -> bool {
        self.findings.is_clean() && self.breaches == 0
    }

    /// Failures of every action.
    pub fn failures(&self) -> u64 {
        self.actions.iter().flat_map(|a| a.failures.values()).sum()
    }

    /// The figures of an action.
    pub fn action(&self, action: Action) -> Option<&ActionSummary> {
        self.actions.iter().find(|a| a.action == action)
    }
}

/// A whole simulation.
#[derive(Clone, Debug, Serialize)]
pub struct Ladder {
    /// What was to happen.
    pub plan: Plan,
    /// When it was, ISO 8601.
    pub at: String,
    /// Version of this program.
    pub version: &'static str,
    /// What the server is.
    pub server: String,
    /// The machine.
    pub machine: Machine,
    /// In order.
    pub rungs: Vec<Rung>,
}

impl Ladder {
    /// Was nothing lost on any rung?
    pub fn is_clean(&self) -> bool {
        self.rungs.iter().all(Rung::is_clean)
    }
}

/// Climbs the ladder; `say` is told what happens.
pub async fn ladder(plan: &Plan, staff: &Staff, known: &Known, say: &(dyn Fn(String) + Sync)) -> Outcome<Ladder> {
    plan.check()?;
    let mut rungs = Vec::new();
    for (i, count) in plan.candidates.iter().enumerate() {
        say(format!("Palier {} sur {} : {count} candidats", i + 1, plan.candidates.len()));
        rungs.push(rung(plan, staff, known, *count, say).await?);
    }
    Ok(Ladder {
        plan: plan.clone(),
        at: known.at.clone(),
        version: env!("CARGO_PKG_VERSION"),
        server: known.server.clone(),
        machine: Machine::look(known.disk.as_deref()),
        rungs,
    })
}

async fn rung(plan: &Plan, staff: &Staff, known: &Known, count: usize, say: &(dyn Fn(String) + Sync)) -> Outcome<Rung> {
    let mut rng = fastrand::Rng::with_seed(plan.seed ^ count as u64);
    let paper = Paper::draw(&mut rng, plan.questions);
    let exam = staff.prepare(plan, &paper, count, &mut rng).await?;
    let list = staff.enrol(&exam, plan, count).await?;
    staff.freeze(&exam).await?;
    say(format!("  examen {exam} : sujet figé, {count} inscrits"));
    let before = known.process.map_or(0.0, resident_mib);
    let (open, hour) = watch::channel(None);
    let site_cuts = (0..plan.sites)
        .map(|_| {
            let from = plan.composing.mul_f64(rng.f64());
            (rng.f64() < plan.site_cut).then(|| (from, exponential(&mut rng, plan.cut_length)))
        })
        .collect();
    let shared = Arc::new(Shared {
        plan: plan.clone(),
        exam: exam.clone(),
        paper,
        measures: Measures::default(),
        hour,
        site_cuts,
        stage: std::array::from_fn(|_| AtomicUsize::new(0)),
    });
    let mut crowd = JoinSet::new();
    for (i, convocation) in list.into_iter().enumerate() {
        crowd.spawn(candidate::play(shared.clone(), convocation, i));
    }
    let reached = |stage: usize| shared.stage[stage].load(Ordering::Relaxed);
    let begun = Instant::now();
    let longest = plan.entering * 3 + plan.waiting + Duration::from_secs(120);
    while reached(ENTERED) < count && begun.elapsed() < longest && crowd.len() == count {
        say(format!("  en salle d’attente : {} sur {count}", reached(ENTERED)));
        sleep(Duration::from_secs(2)).await;
    }
    sleep(plan.waiting).await;
    let waiting = known.process.map_or(0.0, resident_mib);
    say(format!("  en salle d’attente : {} sur {count} ; ouverture", reached(ENTERED)));
    let mut watching = Watch::begin(known.process);
    let at = Instant::now();
    open.send_replace(Some(at));
    staff.open(&exam).await?;
    let mut records: Vec<Record> = Vec::with_capacity(count);
    let mut told = Instant::now();
    loop {
        tokio::select! {
            record = crowd.join_next() => match record {
                None => break,
                Some(Ok(record)) => records.push(record),
                Some(Err(error)) => return Err(SimulationError::Plan(format!("un candidat simulé s’est arrêté : {error}"))),
            },
            () = sleep(Duration::from_secs(1)) => {}
        }
        if told.elapsed() > Duration::from_secs(5) {
            told = Instant::now();
            watching.look();
            say(format!(
                "  sujets ouverts : {}, enregistrements : {}, copies remises : {}",
                reached(OPENED),
                reached(SAVED),
                reached(HANDED_IN)
            ));
        }
    }
    let spent = watching.end();
    let saves_per_s = reached(SAVED) as f64 / at.elapsed().as_secs_f64();
    say("  comparaison de chaque copie avec ce qui a été accusé".into());
    let findings = compare(staff, &shared.paper, &exam, &records).await?;
    let receipts = staff.receipts(&exam).await?;
    let breaches = receipts["breaches"].as_array().map_or(usize::MAX, Vec::len);
    let rung = Rung {
        candidates: count,
        actions: shared.measures.summary(),
        spent,
        saves_per_s,
        memory_mib: (before, waiting),
        findings,
        breaches,
    };
    say(format!(
        "  {} actes accusés, {} fautes, {} échecs",
        rung.findings.acknowledged,
        rung.findings.faults,
        rung.failures()
    ));
    Ok(rung)
}

async fn compare(staff: &Staff, paper: &Paper, exam: &str, records: &[Record]) -> Outcome<Findings> {
    let mut findings = Findings::default();
    for chunk in records.chunks(16) {
        let mut asked = JoinSet::new();
        for record in chunk {
            let (staff, record) = (staff.clone(), record.clone());
            asked.spawn(async move {
                let journal = match record.attempt.as_str() {
                    "" => Ok(serde_json::Value::Null),
                    attempt => staff.journal(attempt).await,
                };
                (record, journal)
            });
        }
        while let Some(done) = asked.join_next().await {
            let (record, journal) = done.map_err(|e| SimulationError::Plan(e.to_string()))?;
            findings.compare(&record, &journal?);
        }
    }
    let marks = staff.mark(exam).await?;
    findings.compare_marks(paper, records, &marks);
    Ok(findings)
}
