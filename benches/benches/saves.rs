//! Acknowledged durable saves per second over HTTP, beside a bare handler that only answers, with the same client on
//! the same machine.
//!
//! `cargo bench -p docimo-benches --bench saves [-- [SECONDS] [CONNECTIONS]]`; with `DOCIMO_BENCH_POSTGRES` (an address
//! whose user may create databases) PostgreSQL too. Each save is one answer of one candidate; the answer comes after the
//! commit (`synchronous = FULL`, `synchronous_commit = on`). Rounds of the three alternate, so that a noisy machine is
//! noisy for all. Nothing is asserted.

use axum::routing::post;
use axum::{Json, Router};
use docimo::ambient;
use docimo::app::App;
use docimo::server;
use docimo_store::Store;
use docimo_store::journal::Entering;
use docimo_store::people::LoginSession;
use serde_json::{Value, json};
use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const PAPER: &str = r#"{"title":"T","scheme":"edn","sections":[{"id":"s1","title":"UC 1","duration_minutes":600,"elements":[
  {"question":{"id":"q1","kind":"QRM","stem":"?","propositions":[
    {"id":"a","text":"a","status":"vrai"},{"id":"b","text":"b","status":"vrai"},{"id":"c","text":"c","status":"faux"},
    {"id":"d","text":"d","status":"faux"},{"id":"e","text":"e","status":"faux"}]}},
  {"case":{"id":"dp","kind":"DP","title":"D","intro":"I","parts":[
    {"question":{"id":"q2","kind":"QROC","stem":"?","exact":["x"]}},
    {"question":{"id":"q3","kind":"QROC","stem":"?","exact":["y"]}}]}}]}]}"#;

/// A candidate who is composing.
#[derive(Clone)]
struct Sheet {
    attempt: String,
    token: String,
    stream: i64,
}

async fn exam(url: &str, count: usize) -> Outcome<()> {
    let now = ambient::now_ms();
    let mut sql = vec![
        "insert into person (id, login, name, created_ms) values ('jury', 'jury', 'Jury', 1)".to_owned(),
        format!(
            "insert into exam (id, title, state, start_mode, grace_ms, instructions, paper, frozen_ms, created_ms, created_by) \
             values ('x', 'Examen', 'open', 'common', 0, '', '{PAPER}', 1, 1, 'jury')"
        ),
        "insert into site (id, exam_id, name) values ('s', 'x', 'Lille')".to_owned(),
        format!("insert into sitting (exam_id, site_id, section_id, opened_ms) values ('x', 's', 's1', {now})"),
    ];
    for chunk in (0..count).collect::<Vec<_>>().chunks(500) {
        let rows = |f: &dyn Fn(usize) -> String| chunk.iter().map(|i| f(*i)).collect::<Vec<_>>().join(", ");
        sql.push(format!(
            "insert into person (id, login, name, created_ms) values {}",
            rows(&|i| format!("('c{i}', 'c{i}', 'C', 1)"))
        ));
        sql.push(format!(
            "insert into person_role (person_id, role) values {}",
            rows(&|i| format!("('c{i}', 'student')"))
        ));
        sql.push(format!(
            "insert into candidate (exam_id, person_id, number, site_id, factor, extra_minutes, reference) values {}",
            rows(&|i| format!("('x', 'c{i}', '{i}', 's', '1', 0, '')"))
        ));
    }
    if url.starts_with("sqlite") {
        let pool = sqlx::SqlitePool::connect(url).await?;
        for statement in sql {
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&pool).await?;
        }
        pool.close().await;
    } else {
        let pool = sqlx::PgPool::connect(url).await?;
        for statement in sql {
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&pool).await?;
        }
        pool.close().await;
    }
    Ok(())
}

async fn seat(app: &App, count: usize) -> Outcome<Vec<Sheet>> {
    let mut tasks = tokio::task::JoinSet::new();
    for i in 0..count {
        let journal = app.journal.clone();
        tasks.spawn(async move {
            let now_ms = ambient::now_ms();
            let (person, token) = (format!("c{i}"), ambient::token());
            let entering = Entering {
                fresh_id: ambient::fresh_id(now_ms),
                seed: 1,
                exam_id: "x".into(),
                person_id: person.clone(),
                section_id: "s1".into(),
            };
            let attempt = journal.enter(entering).await?;
            let stream = journal.open_stream(&attempt, now_ms).await?;
            let session = LoginSession { person_id: person, csrf: "c".into(), expires_ms: now_ms + 3_600_000 };
            journal.sign_in(&ambient::token_hash(&token), session, now_ms).await?;
            Ok::<_, docimo_store::SaveError>(Sheet { attempt, token, stream })
        });
    }
    let mut sheets = Vec::with_capacity(count);
    while let Some(sheet) = tasks.join_next().await {
        sheets.push(sheet??);
    }
    Ok(sheets)
}

async fn serve(router: Router) -> Outcome<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

/// A server under test: where, and who saves there.
struct Target {
    name: &'static str,
    address: String,
    sheets: Vec<Sheet>,
    /// Next number of each sheet's steps.
    next: Vec<Arc<AtomicU64>>,
    rates: Vec<f64>,
    waits: Vec<f64>,
}

impl Target {
    fn new(name: &'static str, address: String, sheets: Vec<Sheet>) -> Self {
        let next = sheets.iter().map(|_| Arc::new(AtomicU64::new(1))).collect();
        Self { name, address, sheets, next, rates: Vec::new(), waits: Vec::new() }
    }

    /// One round: `connections` clients, each sending the next save when the last one is acknowledged.
    async fn round(&mut self, client: &reqwest::Client, seconds: f64, connections: usize) -> Outcome<()> {
        let stop = Instant::now() + Duration::from_secs_f64(seconds);
        let waits = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = tokio::task::JoinSet::new();
        let started = Instant::now();
        for worker in 0..connections {
            // Each connection speaks for several candidates in turn.
            let mine: Vec<(Sheet, Arc<AtomicU64>)> = (worker..self.sheets.len())
                .step_by(connections)
                .map(|i| (self.sheets[i].clone(), self.next[i].clone()))
                .collect();
            let (client, address, waits) = (client.clone(), self.address.clone(), waits.clone());
            tasks.spawn(async move {
                let mut own = Vec::new();
                let mut turn = 0;
                while Instant::now() < stop {
                    let (sheet, next) = &mine[turn % mine.len()];
                    turn += 1;
                    let seq = next.fetch_add(1, Ordering::Relaxed);
                    let ticked = if seq % 2 == 0 { json!(["a", "b"]) } else { json!(["a", "c"]) };
                    let body = json!({"stream": sheet.stream, "steps": [{"seq": seq, "client_ms": 0,
                        "act": {"answer": {"question": "q1", "response": {"ticked": ticked}}}}]});
                    let asked = Instant::now();
                    let reply: Value = client
                        .post(format!("{address}/api/v1/attempts/{}/steps", sheet.attempt))
                        .bearer_auth(&sheet.token)
                        .json(&body)
                        .send()
                        .await?
                        .error_for_status()?
                        .json()
                        .await?;
                    own.push(asked.elapsed().as_secs_f64());
                    if reply["acknowledged"] != json!(seq) {
                        return Err(format!("{seq} sent, {reply} answered").into());
                    }
                }
                waits.lock().map_err(|_| "a client stopped")?.extend(own);
                Ok::<(), Box<dyn Error + Send + Sync>>(())
            });
        }
        while let Some(done) = tasks.join_next().await {
            done??;
        }
        let waits = waits.lock().map_err(|_| "a client stopped")?;
        self.rates.push(waits.len() as f64 / started.elapsed().as_secs_f64());
        self.waits.extend(waits.iter());
        Ok(())
    }

    fn quantile(&mut self, q: f64) -> f64 {
        self.waits.sort_by(f64::total_cmp);
        self.waits.get(((self.waits.len() - 1) as f64 * q) as usize).map_or(f64::NAN, |s| s * 1e3)
    }
}

async fn bare() -> Outcome<String> {
    async fn answer(Json(body): Json<Value>) -> Json<Value> {
        Json(json!({"acknowledged": body["steps"][0]["seq"]}))
    }
    serve(Router::new().route("/api/v1/attempts/{attempt}/steps", post(answer))).await
}

async fn ours(name: &'static str, url: &str, count: usize) -> Outcome<Target> {
    let store = Store::open(url).await?;
    exam(url, count).await?;
    let app = App::new(store, false, false);
    let sheets = seat(&app, count).await?;
    Ok(Target::new(name, serve(server::service(&app)).await?, sheets))
}

async fn postgres() -> Outcome<Option<String>> {
    let Ok(server) = std::env::var("DOCIMO_BENCH_POSTGRES") else { return Ok(None) };
    let name = format!("bench_{}", std::process::id());
    let admin = sqlx::PgPool::connect(&server).await?;
    sqlx::query(sqlx::AssertSqlSafe(format!("create database {name}"))).execute(&admin).await?;
    admin.close().await;
    let base = server.rsplit_once('/').map_or(server.as_str(), |(base, _)| base);
    Ok(Some(format!("{base}/{name}")))
}

/// Time of one fsync on the disk of the database, median of 50.
fn fsync_ms(dir: &std::path::Path) -> Outcome<f64> {
    use std::io::Write;
    let mut file = std::fs::File::create(dir.join("fsync"))?;
    let mut times = Vec::new();
    for _ in 0..50 {
        file.write_all(&[0; 4096])?;
        let start = Instant::now();
        file.sync_data()?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[25])
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let numbers: Vec<f64> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let seconds = numbers.first().copied().unwrap_or(3.0);
    let connections = numbers.get(1).map_or(256, |n| *n as usize);
    let candidates = 4 * connections;
    // In the build folder: on the machine's disk, where a temporary folder may be in memory.
    let dir = tempfile::tempdir_in(std::env::current_exe()?.parent().ok_or("no folder")?)?;
    let sheet = Sheet { attempt: "a".into(), token: ambient::token(), stream: 1 };
    let mut targets = vec![Target::new("bare handler", bare().await?, vec![sheet; candidates])];
    targets.push(ours("SQLite", &format!("sqlite://{}", dir.path().join("b.sqlite").display()), candidates).await?);
    if let Some(url) = postgres().await? {
        targets.push(ours("PostgreSQL", &url, candidates).await?);
    }
    // The workspace builds reqwest with TLS and without a provider of it: one is named, although nothing here is encrypted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().pool_max_idle_per_host(connections).build()?;
    println!(
        "{connections} connections, {candidates} candidates, rounds of {seconds} s; fsync {:.2} ms",
        fsync_ms(dir.path())?
    );
    for target in &mut targets {
        target.round(&client, seconds / 2.0, connections).await?;
        target.rates.clear();
        target.waits.clear();
    }
    for _ in 0..3 {
        for target in &mut targets {
            target.round(&client, seconds, connections).await?;
        }
    }
    let median = |rates: &[f64]| {
        let mut sorted = rates.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    };
    let base = median(&targets[0].rates);
    for target in &mut targets {
        let rate = median(&target.rates);
        let (p50, p99, most) = (target.quantile(0.5), target.quantile(0.99), target.quantile(1.0));
        println!(
            "{:<13} {rate:>8.0} acknowledged/s   ratio {:.2}   p50 {:.1} ms  p99 {:.1} ms  max {:.0} ms",
            target.name,
            rate / base,
            p50,
            p99,
            most
        );
    }
    Ok(())
}
