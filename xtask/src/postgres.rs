//! A private PostgreSQL for the tests: its own folder, its own port, stopped at the end.

use crate::tools;
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Starts the cluster, waits for the end of its own input, stops the cluster. The input ends when `Postgres`
/// is dropped, and just as well when this process is interrupted or killed: no cluster is left behind.
const KEEP: &str = r#"pg_ctl=$1 data=$2 log=$3 folder=$4
"$pg_ctl" -D "$data" -w -l "$log" -o "$5" start >/dev/null || exit 1
echo started
exec >/dev/null
cat
"$pg_ctl" -D "$data" -m immediate stop
rm -rf "$folder""#;

/// A running cluster.
pub struct Postgres {
    /// Holds the cluster as long as its standard input is open.
    keeper: Child,
    _folder: tempfile::TempDir,
    /// Address of its maintenance database.
    pub url: String,
}

/// PostgreSQL refuses to run as root: then it runs as the user `postgres`.
fn command(program: &Path) -> Command {
    if tools::is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

impl Postgres {
    /// Makes and starts a cluster, installing PostgreSQL if it is missing and we may.
    pub fn start() -> Result<Self> {
        let before = tools::postgres_folders();
        let initdb = tools::ensure("initdb", &before.iter().map(String::as_str).collect::<Vec<_>>(), &["postgresql"])
            .or_else(|error| {
            // A fresh installation brings a folder that was not there to look into.
            let now = tools::postgres_folders();
            tools::find("initdb", &now.iter().map(String::as_str).collect::<Vec<_>>()).ok_or(error)
        })?;
        let initdb = initdb.canonicalize()?;
        let pg_ctl = initdb.with_file_name("pg_ctl");
        let folder = tempfile::Builder::new().prefix("docimo-pg-").tempdir()?;
        if tools::is_root() {
            let owned = Command::new("chown").arg("postgres").arg(folder.path()).status()?;
            if !owned.success() {
                bail!("chown postgres {} failed", folder.path().display());
            }
        }
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let data = folder.path().join("data");
        let made = command(&initdb)
            .arg("-D")
            .arg(&data)
            .args(["-A", "trust", "-U", "docimo", "-E", "UTF8", "--no-locale"])
            .stdout(Stdio::null())
            .current_dir(folder.path())
            .status()
            .context("initdb")?;
        if !made.success() {
            bail!("initdb failed");
        }
        let options = format!("-p {port} -k {} -c listen_addresses=127.0.0.1", folder.path().display());
        let mut keeper = command(Path::new("sh"))
            .args(["-c", KEEP, "keep-postgres"])
            .args([&pg_ctl, &data, &folder.path().join("log"), folder.path()])
            .arg(&options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .current_dir("/")
            .process_group(0)
            .spawn()
            .context("pg_ctl")?;
        let mut started = String::new();
        if let Some(out) = keeper.stdout.take() {
            BufReader::new(out).read_line(&mut started)?;
        }
        if started.trim() != "started" {
            let log = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
            bail!("PostgreSQL did not start: {log}");
        }
        Ok(Self { keeper, _folder: folder, url: format!("postgres://docimo@127.0.0.1:{port}/postgres") })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}
