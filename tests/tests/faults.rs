//! An exam under faults, with the loss oracle: a crowd of simulated candidates composes while things break; at the end
//! every act that was acknowledged is in the database as it was, once, and marks are those of what was acknowledged.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

use anyhow::{Context, Result};
use docimo_simulate::plan::Plan;
use docimo_simulate::run::{Known, Ladder, ladder};
use docimo_simulate::staff::Staff;
use docimo_tests::cluster::Cluster;
use docimo_tests::proxy::{Proxy, Weather};
use docimo_tests::{Server, client, skip};
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::sleep;

const PASSWORD: &str = "un secret assez long";

/// The first account of an empty server, made as its printed link makes it, who then names a committee.
async fn committee(server: &Server) -> Result<String> {
    let out = server.command(&["--json", "user", "add", "jury", "--name", "Pr Jury", "--role", "committee"])?;
    let made: serde_json::Value = serde_json::from_slice(&out.stdout).context("user add")?;
    Ok(made["code"].as_str().unwrap_or(PASSWORD).to_owned())
}

fn plan(address: &str, candidates: usize, seconds: u64) -> Plan {
    Plan {
        address: format!("http://{address}"),
        candidates: vec![candidates],
        sites: 3,
        questions: 12,
        entering: Duration::from_secs(4),
        waiting: Duration::from_millis(500),
        composing: Duration::from_secs(seconds),
        think: Duration::from_secs(3),
        push: 0.5,
        cut: 0.3,
        cut_length: Duration::from_secs(4),
        site_cut: 0.3,
        reload: 0.2,
        doubled: 0.2,
        seed: 11,
    }
}

/// Runs an exam; `faults` happen once it is open.
async fn under(direct: &str, plan: &Plan, secret: &str, faults: impl AsyncFnOnce() -> Result<()>) -> Result<Ladder> {
    let _ = client();
    // The committee has a good line: what is tried is what happens to candidates.
    let staff = Staff::sign_in(&format!("http://{direct}"), "jury", secret).await?;
    let (tell, mut told) = mpsc::unbounded_channel();
    let tell = Mutex::new(tell);
    let say = move |text: String| {
        eprintln!("{text}");
        if text.contains("ouverture") {
            let _ = tell.lock().unwrap().send(());
        }
    };
    let known = Known::default();
    let sitting = ladder(plan, &staff, &known, &say);
    let breaking = async {
        told.recv().await.context("never opened")?;
        faults().await
    };
    let (ladder, broken) = tokio::join!(sitting, breaking);
    broken?;
    Ok(ladder?)
}

fn nothing_lost(ladder: &Ladder, acts: usize) {
    for rung in &ladder.rungs {
        eprintln!("{:#?}", rung.findings);
        assert_eq!(rung.findings.faults, 0, "{:?}", rung.findings.said);
        assert_eq!((rung.findings.unacknowledged, rung.breaches), (0, 0));
        assert_eq!(rung.findings.marks, rung.candidates, "every mark is that of what was acknowledged");
        assert!(rung.findings.acknowledged > acts, "too few acts to prove anything: {}", rung.findings.acknowledged);
    }
}

/// The server is killed three times at moments that nobody chose, behind a network that waits and cuts.
#[tokio::test(flavor = "multi_thread")]
async fn kill_9_of_the_server_behind_a_bad_network_loses_nothing() -> Result<()> {
    let Some(mut server) = Server::start(None)? else { return Ok(()) };
    let secret = committee(&server).await?;
    let weather = Weather { delay: Duration::from_millis(40), cuts: 15 };
    let proxy = Proxy::start(&[&server.address], weather, 5).await?;
    let direct = server.address.clone();
    let done = under(&direct, &plan(&proxy.address, 40, 24), &secret, async || {
        for pause in [2_300, 3_700, 2_900] {
            sleep(Duration::from_millis(pause)).await;
            server.kill9()?;
            sleep(Duration::from_millis(700)).await;
            server.restart()?;
        }
        Ok(())
    })
    .await?;
    nothing_lost(&done, 300);
    assert!(proxy.cuts() > 0, "the network was not bad at all");
    Ok(())
}

/// Several processes share a PostgreSQL; one of them dies for good, then PostgreSQL is killed, then stopped and started.
#[tokio::test(flavor = "multi_thread")]
async fn the_loss_of_a_process_and_of_postgresql_loses_nothing() -> Result<()> {
    let Some(cluster) = Cluster::start()? else { return Ok(()) };
    let Some(first) = Server::start(Some(cluster.url()))? else { return Ok(()) };
    let secret = committee(&first).await?;
    let Some(mut second) = Server::start(Some(cluster.url()))? else { return Ok(()) };
    let Some(third) = Server::start(Some(cluster.url()))? else { return Ok(()) };
    let servers = [first.address.as_str(), &second.address, &third.address].map(str::to_owned);
    let listed: Vec<&str> = servers.iter().map(String::as_str).collect();
    let proxy = Proxy::start(&listed, Weather::default(), 7).await?;
    let done = under(&servers[0], &plan(&proxy.address, 40, 30), &secret, async || {
        sleep(Duration::from_millis(3_000)).await;
        second.kill9()?;
        sleep(Duration::from_millis(3_000)).await;
        cluster.kill9()?;
        sleep(Duration::from_millis(1_200)).await;
        cluster.up()?;
        sleep(Duration::from_millis(4_000)).await;
        cluster.down()?;
        sleep(Duration::from_millis(1_000)).await;
        cluster.up()
    })
    .await?;
    nothing_lost(&done, 300);
    Ok(())
}

/// A small filesystem of the test's own.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(mib: u32) -> Result<Option<Self>> {
        let folder = tempfile::tempdir()?;
        let size = format!("size={mib}m");
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).output();
        if done.is_ok_and(|o| o.status.success()) {
            return Ok(Some(Self(folder)));
        }
        skip("a full disk: mounting a small filesystem needs root");
        Ok(None)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Takes all the room there is.
    fn fill(&self) -> Result<()> {
        use std::io::Write;
        let mut file = std::fs::File::create(self.path().join("ballast"))?;
        let block = [0_u8; 4096];
        while file.write_all(&block).is_ok() {}
        Ok(())
    }

    fn free(&self) -> Result<()> {
        Ok(std::fs::remove_file(self.path().join("ballast"))?)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

/// The disk is full for a while in the middle of the exam: nothing is acknowledged that is not kept, and everything
/// arrives once there is room.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fills_up_loses_nothing() -> Result<()> {
    let Some(disk) = SmallDisk::mount(96)? else { return Ok(()) };
    let database = format!("sqlite://{}", disk.path().join("docimo.sqlite").display());
    let Some(server) = Server::start(Some(database))? else { return Ok(()) };
    let secret = committee(&server).await?;
    let done = under(&server.address, &plan(&server.address, 40, 24), &secret, async || {
        sleep(Duration::from_millis(4_000)).await;
        disk.fill()?;
        sleep(Duration::from_millis(6_000)).await;
        disk.free()
    })
    .await?;
    nothing_lost(&done, 300);
    let save = done.rungs[0].action(docimo_simulate::measure::Action::Save).context("no save")?;
    assert!(!save.failures.is_empty(), "the full disk was never felt");
    Ok(())
}
