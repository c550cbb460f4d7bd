//! One candidate, from the sign-in page to the acknowledged hand-in: the protocol of the room's page, with its queue,
//! its retries and its reloads, and a record of everything that was acknowledged.

use crate::measure::{Action, Measures};
use crate::opened;
use crate::paper::{Asked, Paper, answer};
use crate::plan::{Plan, exponential};
use crate::staff::Convocation;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// What candidates of a rung share.
pub struct Shared {
    /// The plan.
    pub plan: Plan,
    /// The exam.
    pub exam: String,
    /// The paper, to answer it.
    pub paper: Paper,
    /// Times and failures.
    pub measures: Measures,
    /// When the committee opened the section.
    pub hour: watch::Receiver<Option<Instant>>,
    /// A cut of each site, measured from the hour.
    pub site_cuts: Vec<Option<(Duration, Duration)>>,
    /// Progress, for whoever watches.
    pub stage: [std::sync::atomic::AtomicUsize; 4],
}

/// Places of [`Shared::stage`].
pub const ENTERED: usize = 0;
/// The paper is open on screen.
pub const OPENED: usize = 1;
/// Saves acknowledged.
pub const SAVED: usize = 2;
/// Handed in.
pub const HANDED_IN: usize = 3;

impl Shared {
    fn reached(&self, stage: usize) {
        self.stage[stage].fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
}

/// A step that was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Stream.
    pub stream: u64,
    /// Number in it.
    pub seq: u64,
    /// What was done.
    pub act: Value,
    /// Verdict, once acknowledged.
    pub verdict: Option<String>,
}

/// Everything a candidate knows at the end.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Number.
    pub number: String,
    /// Sheet.
    pub attempt: String,
    /// Steps, in order.
    pub sent: Vec<Sent>,
    /// Receipts, as told: place in the journal and hash.
    pub receipts: Vec<(i64, String)>,
    /// Was the hand-in acknowledged?
    pub handed_in: bool,
    /// What stopped the candidate, if anything did.
    pub stopped: Option<String>,
}

impl Record {
    /// Last answer to each question that was acknowledged as counted, in the order of the rules: the greatest stream
    /// and number.
    pub fn counted(&self) -> BTreeMap<String, Value> {
        let mut last: BTreeMap<String, ((u64, u64), Value)> = BTreeMap::new();
        for sent in self.sent.iter().filter(|s| s.verdict.as_deref() == Some("counted")) {
            let Some(question) = sent.act["answer"]["question"].as_str() else { continue };
            let at = (sent.stream, sent.seq);
            let kept = last.entry(question.to_owned()).or_insert((at, Value::Null));
            if kept.0 <= at {
                *kept = (at, sent.act["answer"]["response"].clone());
            }
        }
        last.into_iter().map(|(question, (_, response))| (question, response)).collect()
    }
}

/// What may go wrong with a request.
enum Trouble {
    /// No network, by the plan.
    Cut,
    /// No answer.
    Network(String),
    /// An answer that is none; with how long it asks to wait.
    Refused(StatusCode, Value, Duration),
}

impl Trouble {
    fn name(&self) -> String {
        match self {
            Self::Cut => "coupure voulue".into(),
            Self::Network(why) => why.clone(),
            Self::Refused(status, problem, _) => {
                let kind = problem["type"].as_str().unwrap_or_default().rsplit(':').next().unwrap_or_default();
                format!("{} {kind}", status.as_u16())
            }
        }
    }
}

struct Queue {
    stream: u64,
    next: u64,
    waiting: VecDeque<usize>,
}

/// A candidate at work.
struct Candidate<'a> {
    shared: &'a Shared,
    client: Client,
    rng: fastrand::Rng,
    csrf: String,
    record: Record,
    /// Oldest page first; the last one is the page on screen.
    queues: Vec<Queue>,
    cuts: Vec<(Instant, Instant)>,
    /// The line on which the server speaks, kept open as a page keeps it.
    line: Option<reqwest::Response>,
}

/// Longest wait for an answer, as the page waits.
const PATIENCE: Duration = Duration::from_secs(15);
/// Most steps in one save.
const STEPS: usize = 50;
/// How long a candidate tries to hand in before the record says it could not.
const LAST_TRIES: Duration = Duration::from_secs(180);

/// Plays one candidate.
pub async fn play(shared: Arc<Shared>, convocation: Convocation, index: usize) -> Record {
    let mut rng = fastrand::Rng::with_seed(shared.plan.seed ^ (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut builder = Client::builder().cookie_store(true).timeout(PATIENCE).pool_idle_timeout(Duration::from_secs(8));
    // Behind the router of a site, as far as this machine can show it.
    if shared.plan.address.contains("//127.0.0.1") {
        let site = u8::try_from(convocation.site % 200).unwrap_or(0);
        builder = builder.local_address(IpAddr::V4(Ipv4Addr::new(127, 0, 1, site + 1)));
    }
    let mut record = Record { number: convocation.number.clone(), ..Record::default() };
    let client = match builder.build() {
        Ok(client) => client,
        Err(error) => {
            record.stopped = Some(error.to_string());
            return record;
        }
    };
    let wait = shared.plan.entering.mul_f64(rng.f64());
    let mut candidate = Candidate {
        shared: &shared,
        client,
        rng,
        csrf: String::new(),
        record,
        queues: Vec::new(),
        cuts: Vec::new(),
        line: None,
    };
    sleep(wait).await;
    if let Err(why) = candidate.sit(&convocation).await {
        candidate.record.stopped = Some(why);
    }
    candidate.record
}

/// A form, as a browser sends it.
fn form_of(request: reqwest::RequestBuilder, fields: &[(&str, &str)]) -> reqwest::RequestBuilder {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    request
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .body(body)
}

/// The token that the forms of a page carry.
fn token(page: &str) -> &str {
    between(page, "name=\"csrf\" value=\"", "\"").unwrap_or_default()
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0)
}

impl Candidate<'_> {
    fn is_cut(&self) -> Option<Instant> {
        let now = Instant::now();
        self.cuts.iter().find(|(from, to)| (*from..*to).contains(&now)).map(|(_, to)| *to)
    }

    /// A request; what a cut of the network interrupts may or may not have reached the server.
    async fn send(&self, request: reqwest::RequestBuilder) -> Result<(StatusCode, Vec<u8>, String), Trouble> {
        if self.is_cut().is_some() {
            return Err(Trouble::Cut);
        }
        let now = Instant::now();
        let cut = self.cuts.iter().map(|(from, _)| *from).filter(|from| *from > now).min();
        let network = |e: reqwest::Error| {
            Trouble::Network(if e.is_timeout() { "pas de réponse".into() } else { "connexion rompue".into() })
        };
        let work = async {
            let reply = request.send().await.map_err(network)?;
            let (status, url) = (reply.status(), reply.url().path().to_owned());
            let retry = reply.headers().get("retry-after").and_then(|v| v.to_str().ok()?.parse().ok());
            let bytes = reply.bytes().await.map_err(network)?;
            if status.is_success() {
                return Ok((status, bytes.to_vec(), url));
            }
            let problem = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
            Err(Trouble::Refused(status, problem, Duration::from_secs(retry.unwrap_or(0))))
        };
        match cut {
            None => work.await,
            Some(cut) => tokio::select! {
                done = work => done,
                () = sleep_until(cut) => Err(Trouble::Cut),
            },
        }
    }

    /// The same until it goes well, patiently; each failure is counted.
    async fn insist(
        &mut self,
        action: Action,
        request: impl Fn(&Self) -> reqwest::RequestBuilder,
    ) -> Result<(Vec<u8>, String), String> {
        let begun = Instant::now();
        let mut delay = Duration::from_millis(500);
        loop {
            let asked = Instant::now();
            let trouble = match self.send(request(self)).await {
                Ok((_, bytes, url)) => {
                    self.shared.measures.took(action, asked.elapsed());
                    return Ok((bytes, url));
                }
                Err(trouble) => trouble,
            };
            let retry = match &trouble {
                Trouble::Cut => Duration::ZERO,
                Trouble::Network(_) => Duration::ZERO,
                Trouble::Refused(_, _, retry) => *retry,
            };
            if !matches!(trouble, Trouble::Cut) {
                self.shared.measures.failed(action, &trouble.name());
            }
            if begun.elapsed() > LAST_TRIES {
                return Err(format!("{} : {}", action.french(), trouble.name()));
            }
            let jitter = 0.5 + self.rng.f64() / 2.0;
            sleep(delay.mul_f64(jitter).max(retry)).await;
            delay = (delay * 2).min(Duration::from_secs(10));
        }
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.shared.plan.address)
    }

    fn api(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let path = format!("/api/v1/attempts/{}{path}", self.record.attempt);
        self.client
            .request(method, self.at(&path))
            .header("x-csrf-token", &self.csrf)
            .header("accept", "application/json")
    }

    async fn json(&mut self, action: Action, method: Method, path: &str, body: Option<Value>) -> Result<Value, String> {
        let ask = |c: &Self| {
            let request = c.api(method.clone(), path);
            if let Some(body) = &body { request.json(body) } else { request }
        };
        let (bytes, _) = self.insist(action, ask).await?;
        serde_json::from_slice(&bytes).map_err(|e| format!("{path} : {e}"))
    }

    async fn page(&mut self, action: Action, path: &str) -> Result<String, String> {
        let (bytes, _) = self.insist(action, |c| c.client.get(c.at(path)).header("accept", "text/html")).await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    async fn sit(&mut self, convocation: &Convocation) -> Result<(), String> {
        self.enter(convocation).await?;
        let manifest = self.load_page().await?;
        let pieces = self.download(&manifest).await?;
        self.shared.reached(ENTERED);
        let (hour, pushed) = self.wait_for_the_hour().await?;
        let keys = match pushed {
            Some(keys) => {
                self.shared.measures.took(Action::Key, hour.elapsed());
                keys
            }
            None => self.keys().await?,
        };
        let keyed = hour.elapsed();
        sleep(self.shared.plan.opening.mul_f64(self.rng.f64())).await;
        let opening = Instant::now();
        let base = self.open(&manifest, &pieces, 0, &keys)?;
        let found = base["questions"].as_object().map_or(0, serde_json::Map::len);
        let expected = self.shared.paper.isolated.len() + 1;
        if found != expected {
            return Err(format!("{found} questions lisibles, {expected} attendues"));
        }
        self.shared.measures.took(Action::Hour, keyed + opening.elapsed());
        self.shared.reached(OPENED);
        self.plan_cuts(hour, convocation.site);
        self.compose(hour, &manifest, &pieces).await?;
        self.hand_in().await
    }

    /// From the sign-in page to the page of the room. A form whose answer was lost may have been done: its page is asked
    /// for again, as people do.
    async fn enter(&mut self, convocation: &Convocation) -> Result<(), String> {
        let action = format!("/mes-examens/{}/s1", self.shared.exam);
        let begun = Instant::now();
        loop {
            let page = self.page(Action::SignIn, "/connexion").await?;
            let form = [
                ("csrf", token(&page)),
                ("suite", "/mes-examens"),
                ("login", &convocation.number),
                ("password", &convocation.code),
            ];
            // Signed in already, the form is not there.
            if page.contains("name=\"password\"") && !self.post(Action::SignIn, "/connexion", &form).await {
                self.pause(begun).await?;
                continue;
            }
            let list = self.page(Action::Enter, "/mes-examens").await?;
            if !list.contains(&action) {
                self.pause(begun).await?;
                continue;
            }
            if self.post(Action::Enter, &action, &[("csrf", token(&list))]).await {
                return Ok(());
            }
            self.pause(begun).await?;
        }
    }

    async fn pause(&mut self, begun: Instant) -> Result<(), String> {
        if begun.elapsed() > LAST_TRIES {
            return Err("l’entrée en salle n’a pas abouti".into());
        }
        sleep(Duration::from_millis(500).mul_f64(0.5 + self.rng.f64())).await;
        Ok(())
    }

    /// Sends a form once; false if it has to be shown again. Where it leads to a sheet, that is noted.
    async fn post(&mut self, action: Action, path: &str, form: &[(&str, &str)]) -> bool {
        let asked = Instant::now();
        match self.send(form_of(self.client.post(self.at(path)), form)).await {
            Ok((_, _, url)) => {
                self.shared.measures.took(action, asked.elapsed());
                if let Some(attempt) = url.strip_prefix("/epreuves/") {
                    self.record.attempt = attempt.to_owned();
                }
                action == Action::SignIn || !self.record.attempt.is_empty()
            }
            Err(trouble) => {
                self.shared.measures.failed(action, &trouble.name());
                false
            }
        }
    }

    /// One load of the page: its data, its stream, the manifest.
    async fn load_page(&mut self) -> Result<Value, String> {
        let path = format!("/epreuves/{}", self.record.attempt);
        let page = self.page(Action::Room, &path).await?;
        self.csrf = between(&page, "data-csrf=\"", "\"").unwrap_or_default().to_owned();
        let room = self.json(Action::Room, Method::GET, "/room", None).await?;
        let opened = self.json(Action::Room, Method::POST, "/streams", Some(json!({}))).await?;
        let stream = opened["stream"].as_u64().ok_or("pas de numéro de flux")?;
        self.queues.push(Queue { stream, next: 1, waiting: VecDeque::new() });
        let hash = room["paper_hash"].as_str().ok_or("pas de manifeste")?.to_owned();
        self.json(Action::Paper, Method::GET, &format!("/paper/{hash}"), None).await
    }

    async fn download(&mut self, manifest: &Value) -> Result<Vec<Vec<u8>>, String> {
        let mut pieces = Vec::new();
        for piece in manifest["pieces"].as_array().cloned().unwrap_or_default() {
            let hash = piece["hash"].as_str().unwrap_or_default().to_owned();
            let path = format!("/paper/{hash}");
            let (bytes, _) = self.insist(Action::Paper, |c| c.api(Method::GET, &path)).await?;
            if !opened::is_whole(&hash, &bytes) {
                return Err("une pièce du sujet est altérée".into());
            }
            pieces.push(bytes);
        }
        Ok(pieces)
    }

    /// Waits as the page does: told by the server, or asking it every ten seconds. When the section was opened, and the
    /// key, if it was pushed.
    async fn wait_for_the_hour(&mut self) -> Result<(Instant, Option<Value>), String> {
        let listens = self.rng.f64() < self.shared.plan.push;
        let mut hour = self.shared.hour.clone();
        let mut pushed = None;
        loop {
            if listens {
                pushed = self.listen().await;
                if pushed.is_some() {
                    break;
                }
            }
            let clock = self.json(Action::Clock, Method::GET, "/clock", None).await?;
            if clock["state"] == "running" {
                break;
            }
            sleep(Duration::from_secs(10).mul_f64(0.9 + self.rng.f64() / 5.0)).await;
        }
        match *hour.borrow_and_update() {
            Some(at) => Ok((at, pushed)),
            None => Err("ouvert avant l’heure".into()),
        }
    }

    /// Listens to the server until it pushes the key; none if it stops speaking before.
    async fn listen(&mut self) -> Option<Value> {
        let request = self
            .api(Method::GET, "/events")
            .header("accept", "text/event-stream")
            .timeout(Duration::from_secs(4 * 3600));
        let Ok(mut reply) = request.send().await else {
            self.shared.measures.failed(Action::Clock, "pas d’annonces du serveur");
            return None;
        };
        if !reply.status().is_success() {
            self.shared.measures.failed(Action::Clock, &format!("annonces : {}", reply.status().as_u16()));
            return None;
        }
        let mut text = String::new();
        while let Ok(Some(chunk)) = reply.chunk().await {
            text.push_str(&String::from_utf8_lossy(&chunk));
            while let Some(end) = text.find("\n\n") {
                let event: String = text.drain(..end + 2).collect();
                let data = event.lines().find_map(|l| l.strip_prefix("data:")).unwrap_or_default();
                if event.lines().any(|l| l.trim() == "event: keys" || l.trim() == "event:keys") {
                    let keys = serde_json::from_str(data.trim()).ok();
                    self.line = Some(reply);
                    return keys;
                }
            }
        }
        None
    }

    /// Asks for the keys until there is one.
    async fn keys(&mut self) -> Result<Value, String> {
        let begun = Instant::now();
        loop {
            let keys = self.json(Action::Key, Method::GET, "/keys", None).await?;
            if keys["keys"].as_object().is_some_and(|k| !k.is_empty()) {
                return Ok(keys["keys"].clone());
            }
            if begun.elapsed() > PATIENCE {
                return Err("pas de clé après l’heure".into());
            }
            sleep(Duration::from_millis(500)).await;
        }
    }

    fn open(&self, manifest: &Value, pieces: &[Vec<u8>], number: usize, keys: &Value) -> Result<Value, String> {
        let key = keys[number.to_string()].as_str().ok_or_else(|| format!("pas de clé n° {number}"))?;
        let bytes = pieces.get(number).ok_or_else(|| format!("pas de pièce n° {number}"))?;
        opened::open(manifest, number, bytes, key).map_err(|e| e.to_string())
    }

    fn plan_cuts(&mut self, hour: Instant, site: usize) {
        let plan = &self.shared.plan;
        if let Some((from, length)) = self.shared.site_cuts.get(site).copied().flatten() {
            self.cuts.push((hour + from, hour + from + length));
        }
        if self.rng.f64() < plan.cut {
            let from = hour + plan.composing.mul_f64(self.rng.f64());
            let length = exponential(&mut self.rng, plan.cut_length);
            self.cuts.push((from, from + length));
        }
    }

    fn push(&mut self, act: Value) {
        let Some(queue) = self.queues.last_mut() else { return };
        queue.waiting.push_back(self.record.sent.len());
        self.record.sent.push(Sent { stream: queue.stream, seq: queue.next, act, verdict: None });
        queue.next += 1;
    }

    async fn compose(&mut self, hour: Instant, manifest: &Value, pieces: &[Vec<u8>]) -> Result<(), String> {
        let plan = self.shared.plan.clone();
        // They hand in one after the other, in the last tenth.
        let end = hour + plan.composing.mul_f64(0.9 + self.rng.f64() / 10.0);
        let reload = (self.rng.f64() < plan.reload).then(|| hour + plan.composing.mul_f64(self.rng.f64() * 0.9));
        let mut reload = reload;
        let mut locked = 0;
        // The first answer comes after a part of a think time: everyone is somewhere in theirs.
        let mut next = Instant::now() + exponential(&mut self.rng, plan.think).mul_f64(self.rng.f64());
        let mut beat = Instant::now() + Duration::from_secs(10).mul_f64(self.rng.f64());
        let mut retry = Instant::now();
        let mut delay = Duration::from_millis(500);
        while Instant::now() < end {
            let pending = self.queues.iter().any(|q| !q.waiting.is_empty());
            let wake = next.min(beat).min(if pending { retry } else { next }).min(end);
            sleep_until(wake).await;
            let now = Instant::now();
            if reload.is_some_and(|at| at <= now) && self.is_cut().is_none() {
                reload = None;
                self.load_page().await?;
            }
            if now >= next {
                next = now + exponential(&mut self.rng, plan.think);
                locked = self.act(locked);
                retry = now;
            }
            if now >= beat {
                beat = now + Duration::from_secs(15).mul_f64(0.9 + self.rng.f64() / 5.0);
                let asked = Instant::now();
                let waiting: usize = self.queues.iter().map(|q| q.waiting.len()).sum();
                let stream = self.queues.last().map_or(0, |q| q.stream);
                let news = json!({"stream": stream, "waiting": waiting, "offline_ms": 0});
                match self.send(self.api(Method::POST, "/presence").json(&news)).await {
                    Ok(_) => self.shared.measures.took(Action::Clock, asked.elapsed()),
                    Err(Trouble::Cut) => {}
                    Err(trouble) => self.shared.measures.failed(Action::Clock, &trouble.name()),
                }
            }
            if retry <= Instant::now() && self.queues.iter().any(|q| !q.waiting.is_empty()) {
                match self.flush(Action::Save).await {
                    Ok(revealed) => {
                        delay = Duration::from_millis(500);
                        retry = Instant::now();
                        if let Some(part) = revealed {
                            let keys = self.keys().await?;
                            if part < self.shared.paper.case.len() {
                                self.open(manifest, pieces, part, &keys)?;
                            }
                        }
                    }
                    Err(wait) => {
                        retry = Instant::now() + delay.mul_f64(0.5 + self.rng.f64() / 2.0).max(wait);
                        delay = (delay * 2).min(Duration::from_secs(10));
                    }
                }
            }
        }
        Ok(())
    }

    /// Something a candidate does; how many parts of the case are validated after it.
    fn act(&mut self, locked: usize) -> usize {
        let shared = self.shared;
        let isolated = &shared.paper.isolated;
        let case = &shared.paper.case;
        let draw = self.rng.usize(..isolated.len() + case.len());
        let say = |c: &mut Self, asked: &Asked| {
            let response = answer(&mut c.rng, &asked.kind);
            c.push(json!({"view": {"element": asked.id}}));
            c.push(json!({"answer": {"question": asked.id, "response": response}}));
        };
        if draw < isolated.len() || locked >= case.len() {
            let asked = &isolated[draw % isolated.len()];
            say(self, asked);
            if self.rng.u8(..20) == 0 {
                self.push(json!({"flag": {"question": asked.id, "on": true}}));
            }
            return locked;
        }
        say(self, &case[locked]);
        self.push(json!({"lock": {"question": case[locked].id}}));
        locked + 1
    }

    /// Sends what waits, oldest page first. The part of the case that a validation showed; or how long to wait.
    async fn flush(&mut self, action: Action) -> Result<Option<usize>, Duration> {
        let mut revealed = None;
        for at in 0..self.queues.len() {
            while !self.queues[at].waiting.is_empty() {
                let stream = self.queues[at].stream;
                let batch: Vec<usize> = self.queues[at].waiting.iter().copied().take(STEPS).collect();
                let steps: Vec<Value> = batch
                    .iter()
                    .map(|i| json!({"seq": self.record.sent[*i].seq, "client_ms": 0, "act": self.record.sent[*i].act}))
                    .collect();
                let body = json!({"stream": stream, "steps": steps});
                let asked = Instant::now();
                let reply = self.send(self.api(Method::POST, "/steps").json(&body)).await;
                let (_, bytes, _) = match reply {
                    Ok(reply) => reply,
                    Err(Trouble::Cut) => return Err(Duration::from_millis(200)),
                    Err(trouble) => {
                        self.shared.measures.failed(action, &trouble.name());
                        return Err(match trouble {
                            Trouble::Refused(_, _, wait) => wait,
                            _ => Duration::ZERO,
                        });
                    }
                };
                self.shared.measures.took(action, asked.elapsed());
                let reply: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
                let receipt = self.acknowledge(at, &batch, &reply);
                self.shared.reached(SAVED);
                for i in &batch {
                    if let Some(question) = self.record.sent[*i].act["lock"]["question"].as_str() {
                        revealed = self.shared.paper.case.iter().position(|a| a.id == question).map(|p| p + 1);
                    }
                }
                if self.rng.f64() < self.shared.plan.doubled {
                    self.twice(&body, receipt).await;
                }
            }
        }
        Ok(revealed)
    }

    fn acknowledge(&mut self, at: usize, batch: &[usize], reply: &Value) -> Option<(i64, String)> {
        let upto = reply["acknowledged"].as_u64().unwrap_or(0);
        let verdicts = reply["verdicts"].as_array().cloned().unwrap_or_default();
        for i in batch {
            let sent = &mut self.record.sent[*i];
            if sent.seq > upto {
                self.shared.measures.failed(Action::Save, "accusé incomplet");
                continue;
            }
            let said = verdicts.iter().find(|v| v["seq"] == json!(sent.seq));
            sent.verdict = said.and_then(|v| v["verdict"].as_str()).map(Into::into);
            if sent.verdict.is_none() {
                self.shared.measures.failed(Action::Save, "accusé sans verdict");
            }
            self.queues[at].waiting.retain(|w| w != i);
        }
        let receipt = &reply["receipt"];
        let told = receipt["position"].as_i64().zip(receipt["hash"].as_str().map(Into::into));
        match &told {
            Some(told) => self.record.receipts.push(told.clone()),
            None => self.shared.measures.failed(Action::Save, "accusé sans reçu"),
        }
        told
    }

    /// The same save again, as a network that doubles packets would: same receipt.
    async fn twice(&mut self, body: &Value, before: Option<(i64, String)>) {
        let Ok((_, bytes, _)) = self.send(self.api(Method::POST, "/steps").json(body)).await else { return };
        let reply: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let receipt = &reply["receipt"];
        let after: Option<(i64, String)> = receipt["position"].as_i64().zip(receipt["hash"].as_str().map(Into::into));
        if after != before {
            self.shared.measures.failed(Action::Save, "autre reçu pour le même envoi");
        }
    }

    async fn hand_in(&mut self) -> Result<(), String> {
        self.push(json!({"hand_in": {}}));
        let work = async {
            let mut delay = Duration::from_millis(500);
            loop {
                let asked = Instant::now();
                match self.flush(Action::HandIn).await {
                    Ok(_) => return asked,
                    Err(wait) => {
                        let jitter = 0.5 + self.rng.f64() / 2.0;
                        sleep(delay.mul_f64(jitter).max(wait)).await;
                        delay = (delay * 2).min(Duration::from_secs(10));
                    }
                }
            }
        };
        if timeout(LAST_TRIES, work).await.is_err() {
            return Err("la remise n’a pas été accusée".into());
        }
        self.record.handed_in = true;
        self.shared.reached(HANDED_IN);
        Ok(())
    }
}
