//! The demonstration: our own questions, a published mock EDN with 1,000 simulated candidates, a smaller one of the
//! year before that shares questions with it, an exam open now, a draft. Seeded once, through the same services as everyone.

mod crowd;

use crate::ambient;
use crate::app::App;
use crate::auth::{Actor, Role, password};
use crate::error::{ApiError, ApiResult};
use crate::exam::candidates::{Row, enrol};
use crate::exam::draft::{self, SectionForm, Settings};
use crate::exam::hazards;
use crate::exam::questions::question_lines;
use crate::exam::{life, marks, results};
use crate::library::import_file;
use crate::media;
use docimo_engine::ledger::{Decision, Neutralisation};
use docimo_store::bank::EntryFilter;
use docimo_store::exams::NewEvent;
use docimo_store::people::Person;
use rust_embed::RustEmbed;
use std::collections::{HashMap, HashSet};

#[derive(RustEmbed)]
#[folder = "demo"]
struct Files;

/// An account that anyone may use.
pub struct DemoAccount {
    /// Login.
    pub login: &'static str,
    /// Password, public.
    pub password: &'static str,
    /// What it is for.
    pub who: &'static str,
    name: &'static str,
    roles: &'static [Role],
}

const fn account(login: &'static str, name: &'static str, who: &'static str, roles: &'static [Role]) -> DemoAccount {
    DemoAccount { login, password: "demonstration", who, name, roles }
}

/// Accounts of the demonstration.
pub const ACCOUNTS: &[DemoAccount] = &[
    account("etudiant", "Camille Exemple", "étudiante : une épreuve ouverte, une correction publiée", &[Role::Student]),
    account("comite", "Pr Dominique Jury", "comité d’examen : composer, ouvrir, noter, publier", &[Role::Committee]),
    account("auteur", "Dr Alix Plume", "auteur : importer et relire des questions", &[Role::Author, Role::Reviewer]),
    account("surveillant", "Sacha Veille", "surveillant : suivre une salle, donner du temps", &[Role::Supervisor]),
    account("scolarite", "Maxence Registre", "scolarité : candidats, aménagements, exports", &[Role::Registrar]),
    account("admin", "Lou Racine", "administratrice : comptes", &[Role::Administrator]),
];

/// Candidates simulated beside the demonstration's student.
const CROWD: usize = 999;
/// Candidates simulated for the session of the year before.
const CROWD_BEFORE: usize = 420;
/// Number of the student who signs in.
const STUDENT: &str = "etudiant";
const DAY_MS: i64 = 86_400_000;

/// Seeds an empty database; does nothing if there is anything in it.
pub async fn seed(app: &App, say: impl Fn(&str)) -> ApiResult<()> {
    if app.store.count_people().await? > 0 {
        return Ok(());
    }
    say("Préparation de la démonstration (une fois)…");
    let actors = people(app).await?;
    let actor = |login: &str| actors.get(login).cloned().ok_or(ApiError::NotFound);
    let (committee, author) = (actor("comite")?, actor("auteur")?);
    questions(app, &author).await?;
    let bank = Bank::load(app).await?;
    say("  questions importées");
    edn_before(app, &committee, &bank).await?;
    say("  EDN blanche de l’an dernier : 420 candidats simulés, publiée");
    mock_edn(app, &committee, &bank).await?;
    say("  EDN blanche : 1 000 candidats simulés, notée, publiée");
    open_exam(app, &committee, &bank).await?;
    draft_exam(app, &committee, &bank).await?;
    say("  une épreuve ouverte, un sujet en préparation");
    Ok(())
}

async fn people(app: &App) -> ApiResult<HashMap<&'static str, Actor>> {
    let mut actors = HashMap::new();
    for account in ACCOUNTS {
        let now_ms = ambient::now_ms();
        let hashed = tokio::task::spawn_blocking(move || password::hash(account.password));
        let person = Person {
            id: ambient::fresh_id(now_ms),
            login: account.login.into(),
            name: account.name.into(),
            secret: Some(hashed.await.map_err(|e| ApiError::Internal(e.into()))??),
            created_ms: now_ms,
            disabled_ms: None,
        };
        app.store.add_person(&person, &account.roles.iter().map(|r| r.name()).collect::<Vec<_>>()).await?;
        let actor = Actor {
            id: person.id.into(),
            name: person.name.into(),
            login: person.login.into(),
            roles: account.roles.into(),
            csrf: "".into(),
            token_hash: "".into(),
        };
        actors.insert(account.login, actor);
    }
    Ok(actors)
}

async fn questions(app: &App, author: &Actor) -> ApiResult<()> {
    let mut pictures = Vec::new();
    let mut names = HashMap::new();
    for path in Files::iter().filter(|p| p.starts_with("media/")) {
        let Some(file) = Files::get(&path) else { continue };
        let name = path.trim_start_matches("media/").to_owned();
        let picture = media::check(&name, file.data.to_vec()).map_err(|e| ApiError::Internal(anyhow::anyhow!(e)))?;
        names.insert(name, picture.hash.clone());
        pictures.push(picture);
    }
    app.store.add_revisions(&[], &pictures, ambient::now_ms()).await?;
    for picture in pictures {
        media::sizes::prepare(&app.store, picture).await?;
    }
    for path in Files::iter().filter(|p| p.ends_with(".json")) {
        let Some(file) = Files::get(&path) else { continue };
        let mut content: serde_json::Value =
            serde_json::from_slice(&file.data).map_err(|e| ApiError::Internal(e.into()))?;
        name_by_content(&mut content, &names);
        let report = import_file(&app.store, &author.id, &path, content.to_string().into_bytes(), None, false).await?;
        if let Some(fault) = report.faulty.first() {
            return Err(ApiError::Internal(anyhow::anyhow!("{path}, {} : {}", fault.place, fault.message)));
        }
    }
    Ok(())
}

/// Replaces file names of images by the hashes under which the bank holds them.
fn name_by_content(value: &mut serde_json::Value, names: &HashMap<String, String>) {
    match value {
        serde_json::Value::Object(map) => {
            if let Some(serde_json::Value::String(file)) = map.get_mut("file")
                && let Some(hash) = names.get(file.as_str())
            {
                *file = hash.clone();
            }
            map.values_mut().for_each(|v| name_by_content(v, names));
        }
        serde_json::Value::Array(list) => list.iter_mut().for_each(|v| name_by_content(v, names)),
        _ => {}
    }
}

/// Questions on what a case of the mock exam asks too: nobody is marked twice on the same knowledge.
const ASKED_BY_A_CASE: [&str; 3] = ["endoc-003", "gyn-002", "infectio-001"];

/// Entries of the bank in the order of their ids: kind, identifier in its file, id.
struct Bank(Vec<(String, String, String)>);

impl Bank {
    async fn load(app: &App) -> ApiResult<Self> {
        let (lines, _) = app.store.entries(&EntryFilter { limit: 10_000, ..EntryFilter::default() }).await?;
        Ok(Self(lines.into_iter().map(|l| (l.kind, l.external_id, l.id)).collect()))
    }

    /// The `skip`th to `skip + take`th entries of a kind, less those of [`ASKED_BY_A_CASE`].
    fn some(&self, kind: &str, skip: usize, take: usize) -> Vec<String> {
        let own =
            self.0.iter().filter(|(k, external_id, _)| k == kind && !ASKED_BY_A_CASE.contains(&external_id.as_str()));
        own.skip(skip).take(take).map(|(_, _, id)| id.clone()).collect()
    }

    /// Entries by their identifiers.
    fn named(&self, external_ids: &[&str]) -> Vec<String> {
        self.0.iter().filter(|(_, e, _)| external_ids.contains(&e.as_str())).map(|(_, _, id)| id.clone()).collect()
    }

    /// All of some kinds from `from`, one kind after the other in turns, so that a section mixes them.
    fn mixed(&self, picks: &[(&str, usize, usize)]) -> Vec<String> {
        let mut columns: Vec<std::vec::IntoIter<String>> =
            picks.iter().map(|(kind, skip, take)| self.some(kind, *skip, *take).into_iter()).collect();
        let mut list = Vec::new();
        loop {
            let before = list.len();
            list.extend(columns.iter_mut().filter_map(Iterator::next));
            if list.len() == before {
                return list;
            }
        }
    }
}

fn section(title: &str, duration_minutes: u32, weight: &str) -> SectionForm {
    SectionForm { title: title.into(), duration_minutes, weight: weight.into(), scheme: String::new(), shuffle: true }
}

fn settings(title: &str, start_mode: &str, scheme: &str, instructions: &str) -> Settings {
    Settings {
        title: title.into(),
        start_mode: start_mode.into(),
        grace_seconds: 10,
        instructions: instructions.into(),
        scheme: scheme.into(),
        rank_a_filter: "knowledge".into(),
        rank_a_threshold: "14".into(),
        pass_threshold: String::new(),
        offline_parts: "1".into(),
    }
}

async fn add(app: &App, exam: &str, form: SectionForm, entries: &[String]) -> ApiResult<String> {
    let id = draft::add_section(app, exam, &form).await?;
    draft::add_entries(app, exam, &id, entries).await?;
    Ok(id)
}

/// Freezes a paper that takes up questions of another on purpose: the committee answers for them by name.
async fn freeze(app: &App, committee: &Actor, exam: &str) -> ApiResult<()> {
    let checked = hazards::check(app, exam, &draft::paper(app, exam).await?).await?;
    let form = hazards::Answer {
        hazards: checked.open().map(|risk| risk.code.clone()).collect(),
        reason: "Examens blancs de la démonstration : les mêmes questions servent exprès à plusieurs, pour que leurs \
                 sessions se comparent."
            .into(),
    };
    if !form.hazards.is_empty() {
        hazards::answer(app, committee, exam, &form).await?;
    }
    draft::freeze(app, committee, exam).await
}

/// A past mock EDN, marked, with one question neutralised, published.
async fn mock_edn(app: &App, committee: &Actor, bank: &Bank) -> ApiResult<()> {
    let rules = "Trois épreuves. Une question validée dans un dossier progressif ne peut plus être modifiée.";
    let exam = draft::create(app, committee, &settings("EDN blanche de novembre", "common", "edn", rules)).await?;
    let mut first = bank.mixed(&[("QRU", 0, 7), ("QRM", 0, 10), ("QRP", 0, 4), ("QROC", 0, 3), ("QZP", 0, 3)]);
    first.extend(bank.some("DP", 0, 1));
    let mut second = bank.mixed(&[("QRU", 7, 4), ("QRM", 10, 6), ("QRP", 4, 3), ("QRPL", 0, 2), ("TCS", 0, 5)]);
    second.extend(bank.some("DP", 1, 1));
    second.extend(bank.some("KFP", 0, 1));
    let lca = bank.some("LCA", 0, 1);
    add(app, &exam, section("UC 1 : questions isolées et dossier", 90, "1"), &first).await?;
    add(app, &exam, section("UC 2 : questions isolées, dossiers, TCS", 90, "1"), &second).await?;
    add(app, &exam, section("UC 3 : lecture critique d’article", 60, "2"), &lca).await?;
    freeze(app, committee, &exam).await?;

    let mut rows = crowd::rows(&crowd::THIS_YEAR, CROWD);
    rows.insert(0, student_row("Centre de Brest"));
    sat(app, committee, &exam, &crowd::THIS_YEAR, &rows, 6).await?;

    // The jury neutralises the isolated question that discriminates least.
    let marked = marks::mark_at(app, &exam, None).await?;
    let worst = question_lines(&marked)
        .into_iter()
        .filter(|q| q.case.is_none() && q.r_item_rest.is_some())
        .min_by(|a, b| a.r_item_rest.unwrap_or(1.0).total_cmp(&b.r_item_rest.unwrap_or(1.0)));
    if let Some(question) = worst {
        let form = marks::DecisionForm {
            decision: Decision::Neutralise { question: question.id.as_str().into(), policy: Neutralisation::Removed },
            reason:
                "Discrimination très faible : les meilleurs candidats n’ont pas mieux répondu que les autres. Le jury \
                     retire la question par prudence, sans remettre sa clé en cause."
                    .into(),
        };
        marks::decide(app, committee, &exam, &form).await?;
    }
    results::publish(app, committee, &exam).await
}

/// The mock EDN of the year before, smaller, half of it taken again this year: marked, published.
async fn edn_before(app: &App, committee: &Actor, bank: &Bank) -> ApiResult<()> {
    let exam = draft::create(app, committee, &settings("EDN blanche de l’an dernier", "common", "edn", "")).await?;
    let mut entries =
        bank.mixed(&[("QRU", 3, 10), ("QRM", 4, 12), ("QRP", 3, 5), ("QROC", 1, 4), ("QRPL", 0, 3), ("TCS", 2, 4)]);
    entries.extend(bank.some("mini-DP", 0, 1));
    add(app, &exam, section("Questions isolées et mini-dossier", 90, "1"), &entries).await?;
    freeze(app, committee, &exam).await?;
    sat(app, committee, &exam, &crowd::LAST_YEAR, &crowd::rows(&crowd::LAST_YEAR, CROWD_BEFORE), 370).await?;
    results::publish(app, committee, &exam).await
}

/// An exam sat by everyone some days ago, then marked for the first time.
async fn sat(
    app: &App,
    committee: &Actor,
    exam: &str,
    crowd: &crowd::Crowd,
    rows: &[Row],
    days_ago: i64,
) -> ApiResult<()> {
    let nobody_signs_in: HashSet<String> = rows.iter().map(|r| r.number.clone()).filter(|n| n != STUDENT).collect();
    enrol(app, committee, exam, rows, &nobody_signs_in).await?;
    // At 8:00 UTC, nine in Paris in winter.
    let held_ms = ambient::now_ms() / DAY_MS * DAY_MS - days_ago * DAY_MS + 8 * 3_600_000;
    let paper = app.frozen_paper(exam).await?;
    let sites: Vec<String> = app.store.sites(exam).await?.into_iter().map(|s| s.id).collect();
    let said = |what: &'static str, at_ms: i64, detail: String| NewEvent {
        id: ambient::fresh_id(at_ms),
        exam_id: Some(exam.to_owned()),
        at_ms,
        author_id: Some(committee.id.to_string()),
        what,
        detail,
    };
    for (i, section) in paper.sections.iter().enumerate() {
        let opened_ms = held_ms + i as i64 * 3 * 3_600_000;
        let event = said("open", opened_ms, format!("« {} » ouverte", section.title));
        app.store.open_sitting(exam, section, &sites, &event).await?;
        let candidates = app.store.candidates(exam).await?;
        let sheets = crowd::sheets(crowd, exam, section, &candidates, opened_ms);
        app.store.add_sheets(&sheets).await?;
        let closed_ms = opened_ms + i64::from(section.duration_minutes) * 80_000;
        let event = said("close", closed_ms, format!("« {} » close", section.title));
        app.store.close_sitting(exam, section.id.as_str(), &sites, &event).await?;
    }
    let ended = said("finish", held_ms + DAY_MS / 2, "Examen terminé".into());
    app.store.move_exam(exam, &["open"], "closed", &ended).await?;
    marks::first_marking(app, committee, exam).await
}

fn student_row(site: &str) -> Row {
    Row {
        number: STUDENT.into(),
        name: "Camille Exemple".into(),
        site: Some(site.into()),
        factor: None,
        extra_minutes: None,
        reference: None,
        place: None,
        line: 0,
    }
}

/// An exam that the demonstration's student can sit now.
async fn open_exam(app: &App, committee: &Actor, bank: &Bank) -> ApiResult<()> {
    let rules = "Épreuve d’entraînement : le temps commence quand vous entrez. **Chaque réponse est enregistrée \
                 dès que vous la donnez.** Vous pouvez fermer la page et revenir : tout sera là.";
    let exam =
        draft::create(app, committee, &settings("Entraînement de la semaine", "individual", "edn", rules)).await?;
    let mut entries =
        bank.mixed(&[("QRU", 11, 2), ("QRP", 7, 1), ("QROC", 3, 2), ("QZP", 3, 1), ("TCS", 5, 1), ("QRPL", 2, 1)]);
    entries.splice(1..1, bank.named(&["endoc-003", "gyn-002"]));
    entries.extend(bank.some("mini-DP", 0, 1));
    entries.extend(bank.some("QCM", 0, 1));
    let id = add(app, &exam, section("Questions variées et mini-dossier", 60, "1"), &entries).await?;
    freeze(app, committee, &exam).await?;
    enrol(app, committee, &exam, &[student_row("Centre principal")], &HashSet::new()).await?;
    life::open(app, committee, &exam, &id, &[]).await
}

/// A draft for a committee to play with.
async fn draft_exam(app: &App, committee: &Actor, bank: &Bank) -> ApiResult<()> {
    let exam = draft::create(app, committee, &settings("Colle de PASS : UE transversales", "common", "v6", "")).await?;
    add(app, &exam, section("QCM", 45, "1"), &bank.some("QCM", 0, 12)).await?;
    Ok(())
}
