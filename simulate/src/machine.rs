//! What the machine is, and what it spends while a rung runs (Linux; elsewhere nothing is known and the report says so).

use serde::Serialize;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// The machine that simulates; that of the server too, where it is the same.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Machine {
    /// Model of the processor.
    pub processor: String,
    /// Cores.
    pub cores: usize,
    /// Memory, GiB.
    pub memory_gib: f64,
    /// Kernel.
    pub system: String,
    /// Median time of one fsync of 4 KiB where the database is (or in the working folder), ms.
    pub fsync_ms: Option<f64>,
}

fn file(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

impl Machine {
    /// Looks at this machine; `disk` is a folder on the disk whose fsync is timed.
    pub fn look(disk: Option<&Path>) -> Self {
        let cpu = file("/proc/cpuinfo");
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|l| l.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let memory = field(&file("/proc/meminfo"), "MemTotal").and_then(|v| v.split(' ').next()?.parse::<f64>().ok());
        Self {
            processor: field(&cpu, "model name").unwrap_or_else(|| "inconnu".into()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gib: memory.map_or(0.0, |kib| kib / 1024.0 / 1024.0),
            system: file("/proc/version").split(" (").next().unwrap_or_default().to_owned(),
            fsync_ms: disk.and_then(|dir| fsync_ms(dir).ok()),
        }
    }
}

/// Median time of an fsync, ms.
pub fn fsync_ms(dir: &Path) -> std::io::Result<f64> {
    let path = dir.join(".docimo-fsync");
    let mut times = Vec::new();
    {
        let mut probe = std::fs::File::create(&path)?;
        for _ in 0..50 {
            probe.write_all(&[0; 4096])?;
            let start = Instant::now();
            probe.sync_data()?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    std::fs::remove_file(&path)?;
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

/// Counters read at one instant.
#[derive(Clone, Copy, Debug, Default)]
struct Counters {
    busy: u64,
    waiting: u64,
    all: u64,
    server: u64,
    own: u64,
    disk_ms: u64,
}

/// What was spent between two looks.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Spent {
    /// Seconds watched.
    pub seconds: f64,
    /// Share of all cores at work.
    pub cpu: f64,
    /// Share of all cores waiting for a disk.
    pub cpu_waiting: f64,
    /// Cores used by the server; 0 where its process is not known.
    pub server_cores: f64,
    /// Cores used by the simulation itself.
    pub simulation_cores: f64,
    /// Share of the time that the busiest disk was at work.
    pub disk: f64,
    /// Memory of the server at its most, MiB.
    pub server_mib: f64,
}

impl Spent {
    /// The resource that was at its limit.
    pub fn saturated(&self) -> &'static str {
        if self.seconds <= 0.0 {
            "inconnue"
        } else if self.cpu >= 0.9 {
            "processeur"
        } else if self.disk >= 0.9 || self.cpu_waiting >= 0.5 {
            "disque"
        } else {
            "aucune"
        }
    }
}

/// Watches the machine from its making.
pub struct Watch {
    server: Option<u32>,
    from: Counters,
    since: Instant,
    most_mib: f64,
}

/// The kernel counts the time of processes in hundredths of a second on every machine this runs on.
const TICKS: f64 = 100.0;

fn process_ticks(pid: &str) -> u64 {
    let text = file(&format!("/proc/{pid}/stat"));
    let Some((_, rest)) = text.rsplit_once(')') else { return 0 };
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let at = |i: usize| fields.get(i).and_then(|f| f.parse::<u64>().ok()).unwrap_or(0);
    at(11) + at(12)
}

fn counters(server: Option<u32>) -> Counters {
    let stat = file("/proc/stat");
    let cpu: Vec<u64> =
        stat.lines().next().unwrap_or_default().split_whitespace().skip(1).filter_map(|n| n.parse().ok()).collect();
    let at = |i: usize| cpu.get(i).copied().unwrap_or(0);
    let all: u64 = cpu.iter().take(8).sum();
    let disks = file("/proc/diskstats");
    let disk_ms = disks.lines().filter_map(|l| l.split_whitespace().nth(12)?.parse::<u64>().ok()).max();
    Counters {
        busy: all - at(3) - at(4),
        waiting: at(4),
        all,
        server: server.map_or(0, |pid| process_ticks(&pid.to_string())),
        own: process_ticks("self"),
        disk_ms: disk_ms.unwrap_or(0),
    }
}

/// Memory of a process now, MiB.
pub fn resident_mib(pid: u32) -> f64 {
    let pages = file(&format!("/proc/{pid}/statm")).split_whitespace().nth(1).and_then(|n| n.parse::<f64>().ok());
    pages.map_or(0.0, |n| n * 4096.0 / 1024.0 / 1024.0)
}

impl Watch {
    /// Begins.
    pub fn begin(server: Option<u32>) -> Self {
        Self { server, from: counters(server), since: Instant::now(), most_mib: 0.0 }
    }

    /// Looks at the memory of the server.
    pub fn look(&mut self) {
        if let Some(pid) = self.server {
            self.most_mib = self.most_mib.max(resident_mib(pid));
        }
    }

    /// What was spent since the beginning.
    pub fn end(mut self) -> Spent {
        self.look();
        let to = counters(self.server);
        let seconds = self.since.elapsed().max(Duration::from_millis(1)).as_secs_f64();
        let share = |part: u64, from: u64| {
            part.saturating_sub(from) as f64 / to.all.saturating_sub(self.from.all).max(1) as f64
        };
        Spent {
            seconds: if to.all > 0 { seconds } else { 0.0 },
            cpu: share(to.busy, self.from.busy),
            cpu_waiting: share(to.waiting, self.from.waiting),
            server_cores: to.server.saturating_sub(self.from.server) as f64 / TICKS / seconds,
            simulation_cores: to.own.saturating_sub(self.from.own) as f64 / TICKS / seconds,
            disk: (to.disk_ms.saturating_sub(self.from.disk_ms) as f64 / 1e3 / seconds).min(1.0),
            server_mib: self.most_mib,
        }
    }
}
