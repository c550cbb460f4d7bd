//! The committee: makes the exam, opens it, marks it.

use crate::paper::Paper;
use crate::plan::Plan;
use crate::{Outcome, SimulationError};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A member of a committee who is signed in.
#[derive(Clone)]
pub struct Staff {
    client: Client,
    base: String,
    token: String,
}

/// A candidate's way in.
#[derive(Clone, Debug)]
pub struct Convocation {
    /// Candidate number, which is the login.
    pub number: String,
    /// Access code.
    pub code: String,
    /// Which site.
    pub site: usize,
}

impl Staff {
    /// Signs in.
    pub async fn sign_in(address: &str, login: &str, password: &str) -> Outcome<Self> {
        let client = Client::new();
        let mut staff = Self { client, base: format!("{address}/api/v1"), token: String::new() };
        let session = staff.ask(Method::POST, "/session", Some(json!({"login": login, "password": password}))).await?;
        staff.token = session["token"].as_str().unwrap_or_default().to_owned();
        Ok(staff)
    }

    async fn send(&self, method: Method, path: &str, kind: &str, body: Option<Vec<u8>>) -> Outcome<Value> {
        let doing = || format!("{method} {path}");
        let failed = |why: String| SimulationError::Server { doing: doing(), why };
        let mut request = self.client.request(method.clone(), format!("{}{path}", self.base));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(body) = body {
            request = request.header("content-type", kind).body(body);
        }
        let reply = request.send().await.map_err(|e| failed(e.to_string()))?;
        let status = reply.status();
        let text = reply.text().await.map_err(|e| failed(e.to_string()))?;
        if !status.is_success() {
            return Err(failed(format!("{status} {}", text.chars().take(400).collect::<String>())));
        }
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).map_err(|e| failed(e.to_string()))
    }

    /// A question or an order in JSON.
    pub async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Outcome<Value> {
        self.send(method, path, "application/json", body.map(|b| b.to_string().into_bytes())).await
    }

    async fn get(&self, path: &str) -> Outcome<Value> {
        self.ask(Method::GET, path, None).await
    }

    /// Makes an exam with its paper, frozen; its id.
    pub async fn prepare(&self, plan: &Plan, paper: &Paper, count: usize, rng: &mut fastrand::Rng) -> Outcome<String> {
        let title = format!("Simulation, {count} candidats, graine {}", plan.seed);
        let settings =
            json!({"title": title, "start_mode": "common", "grace_seconds": 0, "instructions": "Simulation."});
        let exam = self.ask(Method::POST, "/exams", Some(settings)).await?;
        let id = exam["id"].as_str().unwrap_or_default().to_owned();
        // Nobody runs out of time: what is late would not be marked.
        let seconds = 4 * 3600;
        let json = paper.json(rng, &title, seconds);
        self.ask(Method::PUT, &format!("/exams/{id}/paper"), Some(json)).await?;
        Ok(id)
    }

    /// Enrols `count` candidates.
    pub async fn enrol(&self, exam: &str, plan: &Plan, count: usize) -> Outcome<Vec<Convocation>> {
        let mut csv = String::from("numero;nom;prenom;centre\n");
        // Numbers are logins: another simulation on the same server must not have them.
        let mark: String = exam.chars().filter(char::is_ascii_alphanumeric).rev().take(6).collect();
        for i in 0..count {
            csv.push_str(&format!("S{mark}-{i};Candidat;Simulé {i};Centre {}\n", i % plan.sites));
        }
        let made =
            self.send(Method::POST, &format!("/exams/{exam}/candidates"), "text/csv", Some(csv.into_bytes())).await?;
        let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let site = |line: &Value| text(line, "site").rsplit(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0);
        let list: Vec<Convocation> = made
            .as_array()
            .into_iter()
            .flatten()
            .map(|line| Convocation { number: text(line, "number"), code: text(line, "code"), site: site(line) })
            .collect();
        if list.len() != count {
            let why = format!("{} codes pour {count} candidats", list.len());
            return Err(SimulationError::Server { doing: "inscription".into(), why });
        }
        Ok(list)
    }

    /// Freezes the paper; what the paper of a simulation may look like is answered for.
    pub async fn freeze(&self, exam: &str) -> Outcome<()> {
        let found = self.get(&format!("/exams/{exam}/hazards")).await?;
        let open: Vec<&Value> = found["hazards"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|h| h["answered"].is_null())
            .map(|h| &h["code"])
            .collect();
        if !open.is_empty() {
            let answer = json!({"hazards": open, "reason": "Simulation de charge : sujet sans candidats réels."});
            self.ask(Method::POST, &format!("/exams/{exam}/hazards"), Some(answer)).await?;
        }
        self.ask(Method::POST, &format!("/exams/{exam}/freeze"), None).await?;
        Ok(())
    }

    /// Opens the section everywhere.
    pub async fn open(&self, exam: &str) -> Outcome<()> {
        self.ask(Method::POST, &format!("/exams/{exam}/sections/s1/open"), Some(json!({}))).await?;
        Ok(())
    }

    /// Ends the exam and marks it; points of each candidate, in hundredths.
    pub async fn mark(&self, exam: &str) -> Outcome<BTreeMap<String, u64>> {
        self.ask(Method::POST, &format!("/exams/{exam}/finish"), None).await?;
        self.ask(Method::POST, &format!("/exams/{exam}/mark"), None).await?;
        let results = self.get(&format!("/exams/{exam}/results")).await?;
        let of = |line: &Value| {
            let points = line["result"]["points"].as_f64().or_else(|| line["points"].as_f64())?;
            Some((line["number"].as_str()?.to_owned(), (points * 100.0).round() as u64))
        };
        Ok(results.as_array().into_iter().flatten().filter_map(of).collect())
    }

    /// The journal of a sheet, as the server keeps it.
    pub async fn journal(&self, attempt: &str) -> Outcome<Value> {
        self.get(&format!("/attempts/{attempt}/journal")).await
    }

    /// Every journal against its receipts.
    pub async fn receipts(&self, exam: &str) -> Outcome<Value> {
        self.get(&format!("/exams/{exam}/receipts")).await
    }
}
