//! The real binary.

use crate::{given, skip};
use anyhow::{Context, Result, bail};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// What a server runs under: a program that starts it, and its environment.
#[derive(Clone, Debug, Default)]
pub struct Under {
    /// Program and arguments before the server's own; it must become the server, so that the process is the server's.
    pub before: Vec<String>,
    /// Variables.
    pub env: Vec<(String, String)>,
}

/// A running `docimo`.
pub struct Server {
    child: Child,
    binary: PathBuf,
    under: Under,
    database: Option<String>,
    command: &'static str,
    data: TempDir,
    /// `127.0.0.1:port`, the same after a restart.
    pub address: String,
    /// What it printed before it listened, and after.
    pub printed: Vec<String>,
}

impl Server {
    /// `docimo serve` on an empty SQLite database, or on `database`. `None` where the binary is absent.
    pub fn start(database: Option<String>) -> Result<Option<Self>> {
        Self::launch("serve", database, Under::default())
    }

    /// The same under something else.
    pub fn start_under(under: Under) -> Result<Option<Self>> {
        Self::launch("serve", None, under)
    }

    /// `docimo demo`.
    pub fn demo() -> Result<Option<Self>> {
        Self::launch("demo", None, Under::default())
    }

    /// The same under something else.
    pub fn demo_under(under: Under) -> Result<Option<Self>> {
        Self::launch("demo", None, under)
    }

    fn launch(command: &'static str, database: Option<String>, under: Under) -> Result<Option<Self>> {
        let Some(binary) = given("DOCIMO_TEST_BIN") else { return Ok(None) };
        let data = TempDir::new()?;
        let (child, address, printed) = run(&binary, &under, command, "127.0.0.1:0", &data, database.as_deref())?;
        Ok(Some(Self { child, binary, under, database, command, data, address, printed }))
    }

    /// Kills it as a power cut would: no warning, no time to save.
    pub fn kill9(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts it again on the same data and port.
    pub fn restart(&mut self) -> Result<()> {
        let (child, address, printed) =
            run(&self.binary, &self.under, self.command, &self.address, &self.data, self.database.as_deref())?;
        if address != self.address {
            bail!("came back at {address} instead of {}", self.address);
        }
        self.child = child;
        self.printed = printed;
        Ok(())
    }

    /// Address of a page.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The token of the link that makes the first administrator.
    pub fn first_token(&self) -> Result<String> {
        let line = self.printed.iter().find(|l| l.contains("/premier-acces/")).context("no first link printed")?;
        Ok(line.rsplit('/').next().unwrap_or_default().to_owned())
    }

    /// Folder of its data.
    pub fn data(&self) -> &std::path::Path {
        self.data.path()
    }

    /// Runs another command of the binary on the same data.
    pub fn command(&self, arguments: &[&str]) -> Result<std::process::Output> {
        let mut command = Command::new(&self.binary);
        command.arg("--data").arg(self.data.path());
        if let Some(url) = &self.database {
            command.args(["--database", url]);
        }
        Ok(command.args(arguments).output()?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking()
            && let Ok(log) = std::fs::read_to_string(self.data.path().join("log"))
        {
            let lines: Vec<&str> = log.lines().collect();
            eprintln!("── end of the server's log\n{}", lines[lines.len().saturating_sub(40)..].join("\n"));
        }
    }
}

type Started = (Child, String, Vec<String>);

fn run(
    binary: &PathBuf,
    under: &Under,
    command: &str,
    listen: &str,
    data: &TempDir,
    database: Option<&str>,
) -> Result<Started> {
    let log = std::fs::OpenOptions::new().append(true).create(true).open(data.path().join("log"))?;
    let mut start = match under.before.split_first() {
        None => Command::new(binary),
        Some((program, arguments)) => {
            let mut start = Command::new(program);
            start.args(arguments).arg(binary);
            start
        }
    };
    start.envs(under.env.iter().cloned());
    start.arg(command).args(["--listen", listen]).arg("--data").arg(data.path());
    if let Some(url) = database {
        start.args(["--database", url]);
    }
    let mut child = start.stdout(Stdio::piped()).stderr(log).spawn()?;
    let out = child.stdout.take().context("no output")?;
    let mut lines = BufReader::new(out).lines();
    let mut printed = Vec::new();
    let address = loop {
        let Some(line) = lines.next().transpose()? else {
            let _ = child.kill();
            let log = std::fs::read_to_string(data.path().join("log")).unwrap_or_default();
            bail!("the server stopped before listening: {log}");
        };
        let found =
            line.strip_prefix("Docimo écoute sur http://").and_then(|l| l.split_whitespace().next().map(str::to_owned));
        printed.push(line);
        if let Some(address) = found {
            break address;
        }
    };
    // What follows comes at once: the demonstration's accounts, or the first link of an empty database.
    if command == "serve" {
        // A server with accounts prints nothing more; an empty one prints one line.
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // Nobody may listen any more; reading goes on, or the server would fail on a closed pipe.
                let _ = tell.send(line);
            }
        });
        if let Ok(line) = told.recv_timeout(std::time::Duration::from_millis(1500)) {
            printed.push(line);
        }
    } else {
        std::thread::spawn(move || lines.for_each(drop));
    }
    Ok((child, address, printed))
}

/// A program signed in to the JSON interface.
#[derive(Clone)]
pub struct Api {
    base: String,
    token: String,
    client: Client,
}

/// A client of our own servers. The workspace builds reqwest with TLS and without a provider of it: one is named,
/// although nothing here is encrypted.
pub fn client() -> Client {
    // Already named by another test of the same program: the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new()
}

impl Api {
    /// Signs in.
    pub async fn sign_in(server: &Server, login: &str, password: &str) -> Result<Self> {
        let mut api = Self { base: server.url("/api/v1"), token: String::new(), client: client() };
        let session = api.post("/session", &json!({"login": login, "password": password})).await?;
        api.token = session["token"].as_str().context("no token")?.to_owned();
        Ok(api)
    }

    /// Sends a request; status and body.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<(&'static str, Vec<u8>)>,
    ) -> Result<(StatusCode, Value)> {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        if let Some((kind, bytes)) = body {
            request = request.header("content-type", kind).body(bytes);
        }
        let response = request.send().await?;
        let status = response.status();
        let bytes = response.bytes().await?;
        let value = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes)? };
        Ok((status, value))
    }

    /// Reads; an error status is an error.
    pub async fn get(&self, path: &str) -> Result<Value> {
        self.done(Method::GET, path, None).await
    }

    /// Sends JSON; an error status is an error.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.done(Method::POST, path, Some(("application/json", serde_json::to_vec(body)?))).await
    }

    /// Puts JSON; an error status is an error.
    pub async fn put(&self, path: &str, body: &Value) -> Result<()> {
        let bytes = serde_json::to_vec(body)?;
        let (status, value) = self.send(Method::PUT, path, Some(("application/json", bytes))).await?;
        if status.is_success() { Ok(()) } else { bail!("{path}: {status} {value}") }
    }

    /// Sends bytes; an error status is an error.
    pub async fn post_bytes(&self, path: &str, kind: &'static str, bytes: Vec<u8>) -> Result<Value> {
        self.done(Method::POST, path, Some((kind, bytes))).await
    }

    async fn done(&self, method: Method, path: &str, body: Option<(&'static str, Vec<u8>)>) -> Result<Value> {
        let (status, value) = self.send(method.clone(), path, body).await?;
        if status.is_success() { Ok(value) } else { bail!("{method} {path}: {status} {value}") }
    }
}

/// A new database on the PostgreSQL that the test command started; `None` without one.
pub fn fresh_postgres() -> Result<Option<String>> {
    let Ok(server) = std::env::var("DOCIMO_TEST_POSTGRES") else {
        skip("DOCIMO_TEST_POSTGRES absent: start the tests with cargo xtask test");
        return Ok(None);
    };
    let (base, _) = server.rsplit_once('/').context("DOCIMO_TEST_POSTGRES")?;
    let nanos = std::time::SystemTime::UNIX_EPOCH.elapsed()?.subsec_nanos();
    let name = format!("whole_{}_{nanos}", std::process::id());
    let made = Command::new("psql").arg(&server).args(["-qc", &format!("create database {name}")]).status()?;
    if made.success() { Ok(Some(format!("{base}/{name}"))) } else { bail!("create database {name}") }
}
