//! `docimo simulate`: a crowd of candidates over HTTP, and whether anything they were told is saved is missing.

use super::french::french_io;
use super::{Common, Failure, out};
use crate::ambient;
use crate::auth::password;
use crate::web::filters::iso;
use clap::Args;
use docimo_simulate::measure::ActionSummary;
use docimo_simulate::oracle::Findings;
use docimo_simulate::plan::Plan;
use docimo_simulate::run::{Known, Ladder, Rung, ladder};
use docimo_simulate::staff::Staff;
use docimo_simulate::{SimulationError, report};
use docimo_store::people::Person;
use serde::Serialize;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How many, how long, against what.
#[derive(Args, Clone, Debug)]
pub struct SimulateArgs {
    /// Serveur à éprouver [défaut : un serveur de la même version, lancé ici sur une base neuve]
    #[arg(long, visible_alias = "target", value_name = "ADRESSE", requires = "committee")]
    server: Option<String>,
    /// Identifiant d’un membre du comité sur ce serveur ; son secret se lit dans DOCIMO_SIMULATE_SECRET
    #[arg(long, value_name = "IDENTIFIANT")]
    committee: Option<String>,
    /// Nombre de candidats ; plusieurs paliers séparés par des virgules
    #[arg(long, value_delimiter = ',', default_value = "500", value_name = "N")]
    candidates: Vec<usize>,
    /// Nombre de centres
    #[arg(long, default_value_t = 10, value_name = "N")]
    sites: usize,
    /// Nombre de questions isolées du sujet
    #[arg(long, default_value_t = 40, value_name = "N")]
    questions: usize,
    /// Durée des connexions et entrées en salle, en secondes
    #[arg(long, default_value_t = 60.0, value_name = "S")]
    entering: f64,
    /// Durée de composition, en secondes
    #[arg(long, default_value_t = 120.0, value_name = "S")]
    composing: f64,
    /// La même en minutes
    #[arg(long, value_name = "MIN", conflicts_with = "composing")]
    minutes: Option<f64>,
    /// Durée dans laquelle les candidats commencent, une fois la clé reçue, en secondes : chacun ouvre le sujet sur sa
    /// machine ; ici tous partagent celle-ci
    #[arg(long, default_value_t = 10.0, value_name = "S")]
    start_within: f64,
    /// Incidents à jouer : aucun, coupure, centre, recharge, double (séparés par des virgules) ; tous par défaut
    #[arg(long, value_delimiter = ',', value_name = "INCIDENTS")]
    faults: Option<Vec<Fault>>,
    /// Temps moyen entre deux réponses d’un candidat, en secondes
    #[arg(long, default_value_t = 60.0, value_name = "S")]
    think: f64,
    /// Part des candidats dont le réseau est coupé une fois, en %
    #[arg(long, default_value_t = 5.0, value_name = "%")]
    cut: f64,
    /// Durée moyenne d’une coupure, en secondes
    #[arg(long, default_value_t = 20.0, value_name = "S")]
    cut_length: f64,
    /// Part des centres coupés une fois tout entiers, en %
    #[arg(long, default_value_t = 10.0, value_name = "%")]
    site_cut: f64,
    /// Part des candidats qui rechargent la page, en %
    #[arg(long, default_value_t = 2.0, value_name = "%")]
    reload: f64,
    /// Part des envois faits deux fois, en %
    #[arg(long, default_value_t = 2.0, value_name = "%")]
    doubled: f64,
    /// Part des candidats qui écoutent les annonces du serveur, les autres l’interrogent, en %
    #[arg(long, default_value_t = 100.0, value_name = "%")]
    push: f64,
    /// Graine des tirages
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Rapport à écrire (page HTML) ; le même en JSON à côté
    #[arg(long, default_value = "simulation.html", value_name = "FICHIER")]
    report: PathBuf,
}

/// What may happen to candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Fault {
    /// Nothing.
    #[value(name = "aucun", alias = "none")]
    None,
    /// A candidate's network.
    #[value(name = "coupure", alias = "cut")]
    Cut,
    /// A whole site's.
    #[value(name = "centre", alias = "site-cut")]
    SiteCut,
    /// The page is loaded again.
    #[value(name = "recharge", alias = "reload")]
    Reload,
    /// A save is sent twice.
    #[value(name = "double", alias = "doubled")]
    Doubled,
}

impl SimulateArgs {
    /// The share of a fault: none where others only were asked for.
    fn share(&self, fault: Fault, percent: f64) -> f64 {
        let played = self.faults.as_ref().is_none_or(|asked| asked.contains(&fault));
        if played { percent / 100.0 } else { 0.0 }
    }

    fn plan(&self, address: String) -> Result<Plan, Failure> {
        let seconds = |value: f64| {
            Duration::try_from_secs_f64(value).map_err(|_| Failure::Input(format!("{value} s : durée impossible")))
        };
        Ok(Plan {
            address: address.trim_end_matches('/').to_owned(),
            candidates: self.candidates.clone(),
            sites: self.sites,
            questions: self.questions,
            entering: seconds(self.entering)?,
            waiting: Duration::from_secs(5),
            opening: seconds(self.start_within)?,
            composing: seconds(self.minutes.map_or(self.composing, |m| m * 60.0))?,
            think: seconds(self.think)?,
            push: self.push / 100.0,
            cut: self.share(Fault::Cut, self.cut),
            cut_length: seconds(self.cut_length)?,
            site_cut: self.share(Fault::SiteCut, self.site_cut),
            reload: self.share(Fault::Reload, self.reload),
            doubled: self.share(Fault::Doubled, self.doubled),
            seed: self.seed,
        })
    }
}

impl From<SimulationError> for Failure {
    fn from(error: SimulationError) -> Self {
        match error {
            SimulationError::Plan(text) => Self::Input(text),
            SimulationError::Io(error) => Self::Environment(french_io(&error)),
            other @ SimulationError::Server { .. } => Self::Environment(other.to_string()),
        }
    }
}

/// `docimo simulate`. Exit code 1 where an answer was lost, altered or badly marked, or where something failed.
pub async fn run(common: &Common, args: &SimulateArgs) -> Result<(), Failure> {
    // A client without a provider of its cryptography would panic; another part of us may have installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Checked before anything is started.
    args.plan(String::new())?.check()?;
    let ladder = match (&args.server, &args.committee) {
        (Some(address), Some(login)) => {
            let secret = std::env::var("DOCIMO_SIMULATE_SECRET").map_err(|_| {
                Failure::Input("le secret du comité manque : donnez-le dans DOCIMO_SIMULATE_SECRET".into())
            })?;
            let known = Known { server: format!("serveur {address}"), at: iso(ambient::now_ms()), ..Known::default() };
            climb(common, &args.plan(address.clone())?, login, &secret, &known).await?
        }
        _ => own(common, args).await?,
    };
    write(common, &args.report, &ladder)?;
    if ladder.is_clean() { Ok(()) } else { Err(Failure::Attention) }
}

async fn climb(common: &Common, plan: &Plan, login: &str, secret: &str, known: &Known) -> Result<Ladder, Failure> {
    let staff = Staff::sign_in(&plan.address, login, secret).await?;
    let (quiet, say) = (common.quiet || common.json, |text: String| common.say(&text));
    let nothing = |_: String| ();
    let told: &(dyn Fn(String) + Sync) = if quiet { &nothing } else { &say };
    Ok(ladder(plan, &staff, known, told).await?)
}

/// A server of its own, on a database that is dropped after.
async fn own(common: &Common, args: &SimulateArgs) -> Result<Ladder, Failure> {
    let folder = match &common.data {
        Some(folder) => {
            std::fs::create_dir_all(folder).map_err(|e| Failure::Environment(french_io(&e)))?;
            tempfile::tempdir_in(folder)
        }
        None => tempfile::tempdir_in("."),
    };
    let folder = folder.map_err(|e| Failure::Environment(french_io(&e)))?;
    let url = common
        .database
        .clone()
        .unwrap_or_else(|| format!("sqlite://{}", folder.path().join("docimo.sqlite").display()));
    let secret = account(&Common { database: Some(url.clone()), ..common.clone() }).await?;
    let server = serve(folder.path(), &url)?;
    let known = Known {
        process: Some(server.child.0.id()),
        disk: Some(folder.path().to_owned()),
        server: format!("{} {}", server.engine, env!("CARGO_PKG_VERSION")),
        at: iso(ambient::now_ms()),
    };
    climb(common, &args.plan(server.address.clone())?, LOGIN, &secret, &known).await
}

const LOGIN: &str = "comite-simulation";

async fn account(common: &Common) -> Result<String, Failure> {
    let store = common.open(false).await?;
    let (now_ms, code) = (ambient::now_ms(), ambient::access_code());
    let person = Person {
        id: ambient::fresh_id(now_ms),
        login: LOGIN.into(),
        name: "Comité de simulation".into(),
        secret: Some(password::hash_code(&code)),
        created_ms: now_ms,
        disabled_ms: None,
    };
    store.add_person(&person, &["committee"]).await?;
    store.close().await;
    Ok(code)
}

/// A process that ends with us.
struct Owned(Child);

impl Drop for Owned {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Server {
    child: Owned,
    address: String,
    engine: String,
}

fn serve(folder: &Path, url: &str) -> Result<Server, Failure> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["serve", "--json", "--quiet", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder)
        .env("DOCIMO_DATABASE", url)
        .stdout(Stdio::piped())
        .spawn()?;
    let out = child.stdout.take().ok_or_else(|| Failure::Environment("le serveur ne dit rien".into()))?;
    let child = Owned(child);
    let mut text = String::new();
    for line in BufReader::new(out).lines() {
        text.push_str(&line?);
        if let Ok(said) = serde_json::from_str::<serde_json::Value>(&text) {
            let of = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
            return Ok(Server { child, address: of("address"), engine: of("engine") });
        }
    }
    Err(Failure::Environment("le serveur s’est arrêté avant d’écouter".into()))
}

/// What `--json` says: sums over the rungs, times of the highest one, then everything.
#[derive(Serialize)]
struct Told<'a> {
    candidates: usize,
    acknowledged: usize,
    stored: usize,
    lost: usize,
    altered: usize,
    duplicated: usize,
    errors: u64,
    actions: &'a [ActionSummary],
    #[serde(flatten)]
    ladder: &'a Ladder,
}

impl<'a> Told<'a> {
    fn of(ladder: &'a Ladder) -> Self {
        let sum = |of: fn(&Findings) -> usize| ladder.rungs.iter().map(|r| of(&r.findings)).sum();
        let highest = ladder.rungs.iter().max_by_key(|r| r.candidates);
        Self {
            candidates: sum(|f| f.candidates),
            acknowledged: sum(|f| f.acknowledged),
            stored: sum(|f| f.stored),
            lost: sum(|f| f.lost),
            altered: sum(|f| f.altered),
            duplicated: sum(|f| f.duplicated),
            errors: ladder.rungs.iter().map(Rung::failures).sum(),
            actions: highest.map_or(&[], |r| &r.actions),
            ladder,
        }
    }
}

fn write(common: &Common, path: &Path, ladder: &Ladder) -> Result<(), Failure> {
    let refused =
        |path: &Path, e: &std::io::Error| Failure::Environment(format!("{} : {}", path.display(), french_io(e)));
    std::fs::write(path, report::html(ladder)?).map_err(|e| refused(path, &e))?;
    let json = path.with_extension("json");
    let text = serde_json::to_string_pretty(ladder).map_err(|e| Failure::Environment(e.to_string()))?;
    std::fs::write(&json, text).map_err(|e| refused(&json, &e))?;
    if common.json {
        return out::print_json(&Told::of(ladder));
    }
    for rung in &ladder.rungs {
        let save = rung.action(docimo_simulate::measure::Action::Save);
        let times = save.map_or_else(String::new, |s| {
            format!(", enregistrement {:.0} ms (médiane), {:.0} ms (99 %)", s.p50_ms, s.p99_ms)
        });
        let lost = rung.findings.faults + rung.findings.unacknowledged + rung.breaches;
        let text = format!(
            "{} candidats : {} actes accusés, {lost} perdus ou altérés, {} échecs{times}\n",
            rung.candidates,
            rung.findings.acknowledged,
            rung.failures()
        );
        out::print(text.as_bytes())?;
    }
    out::print(format!("Rapport : {} et {}\n", path.display(), json.display()).as_bytes())
}
