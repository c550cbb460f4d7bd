//! An exam under faults, with the loss oracle: a crowd of simulated candidates composes while things break; at the end
//! every act that was acknowledged is in the database as it was, once, and marks are those of what was acknowledged.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

use anyhow::{Context, Result};
use docimo_simulate::measure::Action;
use docimo_simulate::plan::Plan;
use docimo_simulate::run::{Known, Ladder, ladder};
use docimo_simulate::staff::Staff;
use docimo_tests::cluster::Cluster;
use docimo_tests::proxy::{Proxy, Weather};
use docimo_tests::{Server, Under, client, given, skip};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
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
        opening: Duration::from_secs(1),
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
    let weather = Weather { delay: Duration::from_millis(40), cuts: 15, echoes: 0 };
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
    let save = done.rungs[0].action(Action::Save).context("no save")?;
    assert!(!save.failures.is_empty(), "the full disk was never felt");
    assert!(save.failures.keys().all(|f| f == "503 unavailable"), "{:?}", save.failures);
    Ok(())
}

/// Saves that are heard again seconds later, after what was sent since; and one site of three loses its line for a while.
#[tokio::test(flavor = "multi_thread")]
async fn saves_heard_twice_late_and_a_site_shut_out_change_nothing() -> Result<()> {
    let Some(server) = Server::start(None)? else { return Ok(()) };
    let secret = committee(&server).await?;
    let weather = Weather { delay: Duration::from_millis(60), cuts: 5, echoes: 300 };
    let proxy = Proxy::start(&[&server.address], weather, 3).await?;
    // The first site's candidates speak from this address.
    let site = IpAddr::V4(Ipv4Addr::new(127, 0, 1, 1));
    let plan = Plan { site_cut: 0.0, ..plan(&proxy.address, 40, 24) };
    let done = under(&server.address, &plan, &secret, async || {
        sleep(Duration::from_millis(5_000)).await;
        proxy.shut_out(Some(site));
        sleep(Duration::from_millis(7_000)).await;
        proxy.shut_out(None);
        Ok(())
    })
    .await?;
    nothing_lost(&done, 300);
    eprintln!("{} saves heard again, {} lines refused", proxy.echoes(), proxy.refused());
    assert!(proxy.echoes() > 30, "too few saves were heard again: {}", proxy.echoes());
    assert!(proxy.refused() > 10, "the site was hardly shut out: {}", proxy.refused());
    Ok(())
}

/// strace as the server's companion: the process started is the server.
fn strace(arguments: &[&str]) -> Result<Option<Under>> {
    let Some(program) = given("DOCIMO_TEST_STRACE") else { return Ok(None) };
    let mut before = vec![program.display().to_string()];
    before.extend(["-D", "-f", "-q", "--seccomp-bpf"].into_iter().chain(arguments.iter().copied()).map(str::to_owned));
    Ok(Some(Under { before, env: Vec::new() }))
}

/// Every fsync takes a third of a second: saves wait for it together, none is refused and none is lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_disk_delays_saves_and_loses_none() -> Result<()> {
    let slow = ["-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:delay_enter=330000"];
    let Some(under_strace) = strace(&slow)? else { return Ok(()) };
    let Some(server) = Server::start_under(under_strace)? else { return Ok(()) };
    let secret = committee(&server).await?;
    let plan = Plan { entering: Duration::from_secs(12), ..plan(&server.address, 40, 24) };
    let done = under(&server.address, &plan, &secret, async || Ok(())).await?;
    nothing_lost(&done, 300);
    let save = done.rungs[0].action(Action::Save).context("no save")?;
    eprintln!("save p50 {} ms, p99 {} ms", save.p50_ms, save.p99_ms);
    assert!(save.p50_ms > 300.0, "the disk was not slow");
    assert!(save.failures.is_empty(), "{:?}", save.failures);
    Ok(())
}

/// The server's clock jumps two hours ahead, then three hours back, in the middle of an exam of one hour: nobody's time
/// ends, and the metric says it.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_clock_that_jumps_ends_nobodys_time() -> Result<()> {
    let Some(library) = given("DOCIMO_TEST_FAKETIME") else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("clock");
    std::fs::write(&file, "+0")?;
    let variable = |name: &str, value: String| (name.to_owned(), value);
    let env = vec![
        variable("LD_PRELOAD", library.display().to_string()),
        variable("FAKETIME_TIMESTAMP_FILE", file.display().to_string()),
        variable("FAKETIME_NO_CACHE", "1".into()),
        variable("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
        variable("DONT_FAKE_MONOTONIC", "1".into()),
    ];
    let Some(server) = Server::start_under(Under { before: Vec::new(), env })? else { return Ok(()) };
    let secret = committee(&server).await?;
    let step = async || -> Result<i64> {
        let text = client().get(server.url("/metrics")).send().await?.text().await?;
        let line = text.lines().find_map(|l| l.strip_prefix("docimo_clock_step_ms ")).context("no metric")?;
        Ok(line.trim().parse()?)
    };
    let mut seen = Vec::new();
    let plan = Plan { reload: 0.0, ..plan(&server.address, 40, 24) };
    let done = under(&server.address, &plan, &secret, async || {
        sleep(Duration::from_millis(3_000)).await;
        std::fs::write(&file, "+7200")?;
        sleep(Duration::from_millis(7_000)).await;
        seen.push(step().await?);
        std::fs::write(&file, "-10800")?;
        sleep(Duration::from_millis(7_000)).await;
        seen.push(step().await?);
        Ok(())
    })
    .await?;
    nothing_lost(&done, 300);
    assert!(seen[0] > 7_000_000 && seen[1] < -10_000_000, "the jumps were not seen: {seen:?}");
    // Every answer counted: none was late, none came "before the hour".
    assert_eq!(done.rungs[0].findings.counted_answers, done.rungs[0].findings.answers, "some did not count");
    Ok(())
}

/// What a power cut leaves is what was synchronised. Seen from the system's side: each acknowledgement leaves after the
/// end of an fsync of the log which began after the last write into it.
#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_leaves_after_the_disk_has_it() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let trace = folder.path().join("trace");
    let calls = "trace=pwrite64,fsync,fdatasync,write,writev,sendto,sendmsg";
    let file = trace.display().to_string();
    let Some(under_strace) = strace(&["-y", "-s", "4096", "-o", &file, "-e", calls])? else { return Ok(()) };
    let Some(server) = Server::start_under(under_strace)? else { return Ok(()) };
    let secret = committee(&server).await?;
    // One candidate, so that nobody else's write comes between.
    let plan = Plan {
        sites: 1,
        cut: 0.0,
        site_cut: 0.0,
        doubled: 0.0,
        reload: 0.0,
        push: 0.0,
        think: Duration::from_millis(300),
        entering: Duration::from_secs(1),
        composing: Duration::from_secs(12),
        candidates: vec![1],
        ..plan(&server.address, 1, 12)
    };
    let done = under(&server.address, &plan, &secret, async || Ok(())).await?;
    nothing_lost(&done, 20);
    let text = std::fs::read_to_string(&trace)?;
    let acknowledged =
        order_of(&text).map_err(|line| anyhow::anyhow!("acknowledged before the disk had it: {line}"))?;
    let heard = |action| done.rungs[0].action(action).map_or(0, |a| a.count);
    let heard = heard(Action::Save) + heard(Action::HandIn);
    assert!(heard > 8 && acknowledged as u64 == heard, "{acknowledged} in the trace, {heard} heard");
    Ok(())
}

/// Acknowledgements in a trace of system calls, or the first that left too early.
fn order_of(trace: &str) -> Result<usize, String> {
    let (mut written, mut kept, mut acknowledged) = (0_u64, 0_u64, 0);
    // Writes that were there when a thread's fsync began.
    let mut begun: HashMap<&str, u64> = HashMap::new();
    let mut last = 0;
    for line in trace.lines() {
        let (thread, call) = line.split_once(' ').unwrap_or((line, ""));
        let call = call.trim_start();
        let is_sync = call.starts_with("fdatasync(") || call.starts_with("fsync(");
        if call.starts_with("pwrite64(") && call.contains("-wal>") {
            written += 1;
        } else if is_sync && call.contains("-wal>") {
            begun.insert(thread, written);
            if call.ends_with("= 0") {
                kept = kept.max(written);
            }
        } else if call.starts_with("<... fdatasync resumed") || call.starts_with("<... fsync resumed") {
            if let Some(before) = begun.remove(thread)
                && call.ends_with("= 0")
            {
                kept = kept.max(before);
            }
        } else if call.contains("\\\"acknowledged\\\":") && !call.contains("\\\"acknowledged\\\":0") {
            if kept < written || written == last {
                return Err(line.chars().take(200).collect());
            }
            last = written;
            acknowledged += 1;
        }
    }
    Ok(acknowledged)
}

#[test]
fn an_acknowledgement_that_leaves_too_early_is_seen_in_a_trace() {
    let write = "7 pwrite64(9</x/d.sqlite-wal>, \"\", 24, 0) = 24";
    let sync = "7 fdatasync(9</x/d.sqlite-wal>) = 0";
    let told = "8 writev(20<socket:[1]>, [{iov_base=\"HTTP/1.1 200 OK\", iov_len=1}, {iov_base=\"{\\\"acknowledged\\\":3}\"}], 2) = 9";
    let slow = "7 fdatasync(9</x/d.sqlite-wal> <unfinished ...>";
    let end = "7 <... fdatasync resumed>) = 0";
    let order = |lines: &[&str]| order_of(&lines.join("\n"));
    assert_eq!(order(&[write, sync, told]), Ok(1));
    assert_eq!(order(&[write, slow, end, told, write, sync, told]), Ok(2));
    for wrong in [
        &[write, told][..],
        &[write, sync, write, told],
        &[write, slow, told, end],
        &[write, slow, write, end, told],
        &[write, sync, told, told],
    ] {
        assert!(order(wrong).is_err(), "{wrong:?}");
    }
}

/// What scripts rely on: the keys of the document, the exit code, a report.
#[test]
fn the_simulation_says_what_it_found_in_one_document() -> Result<()> {
    let Some(binary) = given("DOCIMO_TEST_BIN") else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let report = folder.path().join("essai.html");
    let out = Command::new(binary)
        .args(["--json", "--data"])
        .arg(folder.path())
        .args(["simulate", "--candidates", "4,6", "--minutes", "0.1", "--start-within", "1", "--think", "1"])
        .args(["--entering", "1", "--faults", "double", "--doubled", "50", "--report"])
        .arg(&report)
        .output()?;
    let said: serde_json::Value = serde_json::from_slice(&out.stdout)
        .with_context(|| format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr)))?;
    assert!(out.status.success(), "{said:#}");
    assert_eq!(said["candidates"], 10);
    assert!(said["acknowledged"].as_u64() > Some(20), "{said:#}");
    assert_eq!(said["stored"], said["acknowledged"]);
    for none in ["lost", "altered", "duplicated", "errors"] {
        assert_eq!(said[none], 0, "{none}");
    }
    let save = said["actions"].as_array().and_then(|a| a.iter().find(|a| a["action"] == "save")).context("no save")?;
    let times = ["p50_ms", "p95_ms", "p99_ms", "max_ms"].map(|p| save[p].as_f64());
    assert!(times.iter().all(Option::is_some) && times.is_sorted(), "{save}");
    assert_eq!(said["plan"]["cut"], 0.0);
    assert!(std::fs::read_to_string(report)?.contains("<svg"));
    // What cannot be is refused before anything starts.
    let binary = given("DOCIMO_TEST_BIN").context("binary")?;
    let wrong = Command::new(binary).args(["simulate", "--minutes", "1", "--composing", "60"]).output()?;
    assert_eq!(wrong.status.code(), Some(2));
    Ok(())
}
