//! A PostgreSQL of a test's own, that it may kill.

use crate::skip;
use anyhow::{Context, Result, bail};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A cluster, alone in its folder.
pub struct Cluster {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
}

/// Where PostgreSQL's programs are: on the path, or where Debian puts them.
fn programs() -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> =
        std::env::var_os("PATH").map(|p| std::env::split_paths(&p).collect()).unwrap_or_default();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|v| v.path().join("bin")));
    }
    folders.into_iter().find(|f| f.join("initdb").exists() && f.join("pg_ctl").exists())
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout.trim_ascii() == b"0")
}

/// PostgreSQL refuses to run as root: it then runs as the user its package made.
fn command(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}

impl Cluster {
    /// Makes and starts one; `None` with the skip recorded where PostgreSQL is absent.
    pub fn start() -> Result<Option<Self>> {
        let Some(programs) = programs() else {
            skip("PostgreSQL's initdb and pg_ctl are absent: start the tests with cargo xtask test");
            return Ok(None);
        };
        let folder = tempfile::Builder::new().prefix("docimo-fault-").tempdir()?;
        if is_root() && !Command::new("chown").arg("postgres").arg(folder.path()).status()?.success() {
            bail!("chown postgres failed");
        }
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let cluster = Self { programs, folder, port };
        let made = command(&cluster.programs.join("initdb"))
            .arg("-D")
            .arg(cluster.data())
            .args(["-A", "trust", "-U", "docimo", "-E", "UTF8", "--no-locale"])
            .stdout(Stdio::null())
            .current_dir(cluster.folder.path())
            .status()?;
        if !made.success() {
            bail!("initdb failed");
        }
        cluster.up()?;
        Ok(Some(cluster))
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Address of its only database.
    pub fn url(&self) -> String {
        format!("postgres://docimo@127.0.0.1:{}/postgres", self.port)
    }

    fn control(&self, arguments: &[&str]) -> Result<()> {
        let options = format!(
            "-p {} -k {} -c listen_addresses=127.0.0.1 -c max_connections=120",
            self.port,
            self.folder.path().display()
        );
        let done = command(&self.programs.join("pg_ctl"))
            .arg("-D")
            .arg(self.data())
            .arg("-w")
            .arg("-l")
            .arg(self.folder.path().join("log"))
            .arg("-o")
            .arg(options)
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .current_dir(self.folder.path())
            .status()?;
        if !done.success() {
            let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            bail!("pg_ctl {arguments:?}: {log}");
        }
        Ok(())
    }

    /// Starts it, after a stop or a death.
    pub fn up(&self) -> Result<()> {
        self.control(&["start"])
    }

    /// Stops it as an administrator does, ending every connection.
    pub fn down(&self) -> Result<()> {
        self.control(&["-m", "fast", "stop"])
    }

    /// Kills all its processes at once, as a power cut would: no checkpoint, no farewell.
    pub fn kill9(&self) -> Result<()> {
        let pid = std::fs::read_to_string(self.data().join("postmaster.pid"))?;
        let pid = pid.lines().next().context("no pid")?.trim().to_owned();
        let children = Command::new("pgrep").args(["-P", &pid]).output()?;
        let children = String::from_utf8_lossy(&children.stdout).into_owned();
        let all: Vec<&str> = std::iter::once(pid.as_str()).chain(children.split_whitespace()).collect();
        Command::new("kill").arg("-9").args(&all).status()?;
        // The next start refuses while one of them still has the memory.
        for _ in 0..100 {
            if all.iter().all(|p| !Path::new(&format!("/proc/{p}")).exists()) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.control(&["-m", "immediate", "stop"]);
    }
}
