//! Item models: the list, and one with its preview.

use crate::ambient;
use crate::app::App;
use crate::assistance::item_models::{self, SAMPLES};
use crate::auth::Actor;
use crate::bank::reach::Reach;
use crate::error::{ApiError, ApiResult};
use crate::web::bank::editor::preview;
use crate::web::committee::Fields;
use crate::web::filters::{date_time, thousands};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::response::Response;
use docimo_bank::item_model::{ItemModel, MAX_QUESTIONS};
use docimo_bank::rights::Level;
use docimo_store::bank::COMMON_FOLDER;

struct Line {
    id: String,
    title: String,
    kind: String,
    folder: String,
    changed: String,
    author: String,
    entries: i64,
    retired: bool,
}

#[derive(Template)]
#[template(path = "assistance/item_models.html")]
struct ListPage {
    page: Layout,
    lines: Vec<Line>,
}

/// Every model in reach.
pub async fn list(State(app): State<App>, actor: Actor, page: Layout) -> ApiResult<Response> {
    let reach = Reach::of(&app, &actor).await?;
    let mut lines = Vec::new();
    for row in item_models::list(&app, &actor).await? {
        lines.push(Line {
            kind: item_models::read(&row)?.kind,
            folder: reach.path(&row.folder_id),
            changed: date_time(row.changed_ms),
            retired: row.retired_ms.is_some(),
            id: row.id,
            title: row.title,
            author: row.author,
            entries: row.entries,
        });
    }
    web::page(&ListPage { page: page.titled("Modèles de questions"), lines })
}

struct Sample {
    html: String,
    values: String,
}

#[derive(Template)]
#[template(path = "assistance/item_model.html")]
struct ModelPage {
    page: Layout,
    /// Empty for a new one.
    id: String,
    seen: i64,
    retired: bool,
    model: ItemModel,
    folders: Vec<(String, String)>,
    folder: String,
    samples: Vec<Sample>,
    told: String,
    wrong: String,
    most: u32,
    may_write: bool,
}

/// What a new model starts from: one that works, to be changed.
fn example() -> ItemModel {
    ItemModel {
        title: String::new(),
        kind: "QRU".into(),
        stem: "Un enfant de {poids} kg reçoit du {medicament.nom} par voie orale. Quelle dose par prise ?".into(),
        values:
            "poids : 10 à 30 par 2\nmedicament : nom ; mg_kg\n- paracétamol ; 15\n- ibuprofène ; 10\ndose : = poids * \
                 medicament.mg_kg\nmoitie : = dose / 2\ndouble : = dose * 2\ntriple : = dose * 3"
                .into(),
        constraints: "dose ≤ 400".into(),
        propositions:
            "[faux] {moitie} mg // La moitié de la dose.\n[vrai] {dose} mg // {poids} kg × {medicament.mg_kg} \
                       mg/kg\n[faux] {double} mg\n[faux] {triple} mg"
                .into(),
        comment: "La dose est de {medicament.mg_kg} mg/kg par prise.".into(),
        ..ItemModel::default()
    }
}

fn model_of(fields: &Fields) -> ItemModel {
    let text = |name: &str| fields.get(name).replace("\r\n", "\n").replace('\0', "").trim().to_owned();
    ItemModel {
        title: text("titre"),
        kind: text("type"),
        stem: text("enonce"),
        values: text("valeurs"),
        constraints: text("contraintes"),
        propositions: text("propositions"),
        comment: text("commentaire"),
        source: text("source"),
        rank: text("rang"),
        tags: text("etiquettes"),
    }
}

/// Where a model stands, for its page.
struct Standing {
    id: String,
    seen: i64,
    retired: bool,
    folder: String,
}

async fn show(app: &App, actor: &Actor, page: Layout, at: Standing, model: ItemModel) -> ApiResult<Response> {
    let reach = Reach::of(app, actor).await?;
    let (mut samples, mut told, mut wrong) = (Vec::new(), String::new(), String::new());
    match item_models::preview(&model, SAMPLES, ambient::seed()).await {
        Ok(family) => {
            for instance in &family.questions {
                let values: Vec<String> = instance.values.iter().map(|(n, v)| format!("{n} = {v}")).collect();
                samples.push(Sample { html: preview::student(&instance.element)?, values: values.join(" ; ") });
            }
            let ways = usize::try_from(family.ways).map_or_else(|_| "un très grand nombre".to_owned(), thousands);
            told = format!(
                "{ways} tirage(s) possible(s) avant contraintes, qui en laissent environ {} %.",
                (family.held * 100.0).round()
            );
        }
        // What is wrong stands beside what was written, which is kept on the page.
        Err(error @ ApiError::Invalid { .. }) => wrong = error.to_string(),
        Err(other) => return Err(other),
    }
    let title = if at.id.is_empty() { "Nouveau modèle de questions".to_owned() } else { model.title.clone() };
    web::page(&ModelPage {
        page: page.titled(title),
        may_write: at.id.is_empty() || reach.may(&at.folder, Level::Write),
        folders: reach.folders_at(Level::Write),
        id: at.id,
        seen: at.seen,
        retired: at.retired,
        folder: at.folder,
        model,
        samples,
        told,
        wrong,
        most: MAX_QUESTIONS,
    })
}

/// A new model, on an example that works.
pub async fn new_page(State(app): State<App>, actor: Actor, page: Layout) -> ApiResult<Response> {
    let at = Standing { id: String::new(), seen: 0, retired: false, folder: COMMON_FOLDER.into() };
    show(&app, &actor, page, at, example()).await
}

/// One model, with questions drawn from it.
pub async fn model(State(app): State<App>, actor: Actor, Path(id): Path<String>, page: Layout) -> ApiResult<Response> {
    let (row, _) = item_models::open(&app, &actor, &id, Level::Read).await?;
    let model = item_models::read(&row)?;
    let at = Standing { id, seen: row.latest, retired: row.retired_ms.is_some(), folder: row.folder_id };
    show(&app, &actor, page, at, model).await
}

/// Previews what is written, or keeps it.
pub async fn save(State(app): State<App>, actor: Actor, page: Layout, RawForm(body): RawForm) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let model = model_of(&fields);
    let (id, seen) = (fields.get("modele").to_owned(), fields.number("version", "version").unwrap_or(0));
    if fields.get("action") == "apercu" {
        let at = Standing { id, seen: seen.into(), retired: false, folder: fields.get("dossier").to_owned() };
        return show(&app, &actor, page, at, model).await;
    }
    let known = (!id.is_empty()).then_some((id.as_str(), i64::from(seen)));
    let id = item_models::save(&app, &actor, known, fields.get("dossier"), &model).await?;
    Ok(web::go(&format!("/assistance/modeles/{id}"), "Modèle enregistré."))
}

/// Draws questions as proposals, or takes the model out of use or back.
pub async fn act(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let here = format!("/assistance/modeles/{id}");
    match fields.get("action") {
        "tirer" => {
            let job = item_models::propose(&app, &actor, &id, fields.number("nombre", "nombre")?).await?;
            Ok(web::go(&format!("/assistance/demandes/{job}"), "Questions tirées : elles attendent une relecture."))
        }
        "retirer" | "remettre" => {
            item_models::open(&app, &actor, &id, Level::Write).await?;
            let retired = (fields.get("action") == "retirer").then(ambient::now_ms);
            app.store.retire_item_model(&id, retired).await?;
            Ok(web::go(&here, if retired.is_some() { "Modèle retiré." } else { "Modèle remis en usage." }))
        }
        _ => Err(ApiError::bad("Action inconnue.")),
    }
}
