//! A panel of experts: the key it makes, its agreement, and taking that key into the paper or the register.

use super::super::beside::Beside;
use super::super::{At, Fields, Head, head};
use super::one::Frame;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiResult, Wrong};
use crate::exam::marks::{ledger, preview_all};
use crate::exam::panels::{self, Book, Ground, Taken, concordance, is_marked};
use crate::web::filters::{count, float, percent};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, RawForm, State};
use axum::response::Response;

struct QuestionRow {
    number: usize,
    stem: String,
    votes: String,
    credits: String,
    modes: String,
    agreement: String,
    chance: String,
    flags: String,
    now: String,
    differs: bool,
}

struct PanellistRow {
    name: String,
    answered: usize,
    score: String,
    distance: String,
    changed: String,
    most: String,
    out: bool,
}

struct Effect {
    changed: usize,
    beside: Beside,
}

#[derive(Template)]
#[template(path = "panels/tcs.html")]
pub(super) struct TcsPage {
    page: Layout,
    head: Head,
    frame: Frame,
    why_not: String,
    size: String,
    reliability: String,
    questions: Vec<QuestionRow>,
    panellists: Vec<PanellistRow>,
    differing: usize,
    draft: bool,
    version: usize,
    effect: Option<Effect>,
    waits: bool,
}

pub(super) async fn page_of(
    app: &App,
    actor: &Actor,
    (id, panel_id): (&str, &str),
    page: Layout,
    wrong: Vec<Wrong>,
    pasted: String,
) -> ApiResult<TcsPage> {
    let book = Book::load(app, id, panel_id).await?;
    let ground = Ground::load(app, id).await?;
    let found = concordance::analyse(&book, concordance::asked(&ground.paper));
    let decisions = concordance::decisions(&book, &ground.paper);
    let differs = |id: &str| decisions.iter().any(|d| d.question().is_some_and(|q| q.as_str() == id));
    let key = |id: &str| {
        panels::method::concordance_questions(&ground.paper).find(|p| p.question.id.as_str() == id).map_or_else(
            String::new,
            |p| match &p.question.body {
                docimo_engine::question::Body::Tcs { panel, .. } => concordance::told(panel),
                _ => String::new(),
            },
        )
    };
    let signed = super::super::question::signed;
    let analysis = found.analysis.as_ref();
    let questions = analysis.map_or_else(Vec::new, |a| {
        found
            .questions
            .iter()
            .zip(&a.questions)
            .map(|(asked, q)| QuestionRow {
                number: asked.number,
                stem: asked.stem.clone(),
                votes: concordance::told(&q.votes.0),
                credits: q.credits.map_or_else(|| "—".into(), |c| c.map(|v| float(Some(v), 2)).join("\u{202f}; ")),
                modes: q.modes.iter().map(|m| signed(*m)).collect::<Vec<_>>().join(" et "),
                agreement: q.agreement.map_or_else(|| "—".into(), percent),
                chance: float(q.by_chance, 2),
                flags: q.flags.iter().map(|f| f.french()).collect::<Vec<_>>().join("\u{202f}; "),
                now: key(&asked.id),
                differs: differs(&asked.id),
            })
            .collect()
    });
    let panellists = analysis.map_or_else(Vec::new, |a| {
        found
            .panellists
            .iter()
            .zip(&a.panellists)
            .map(|(name, p)| PanellistRow {
                name: name.clone(),
                answered: p.answered,
                score: float(p.score, 2),
                distance: float(Some(p.distance), 2),
                changed: p.effect.modes_changed.to_string(),
                most: float(Some(p.effect.max_change), 2),
                out: p.out_of_line,
            })
            .collect()
    });
    let reliability = analysis.map_or_else(String::new, |a| {
        let icc = a.agreement.as_ref().map_or_else(
            || "accord non calculable, faute de deux questions auxquelles tous ont répondu".to_owned(),
            |i| {
                format!(
                    "accord (ICC 2,1) {} pour un panéliste, {} pour leur moyenne",
                    float(i.single, 2),
                    float(i.average, 2)
                )
            },
        );
        format!(
            "Fidélité (alpha des crédits du panel)\u{a0}: {}\u{202f}; {icc}. Score moyen d’un panéliste par la clé des autres\u{a0}: {} (écart-type {}). Une fidélité basse dans un panel homogène n’est pas un défaut.",
            float(a.alpha, 2),
            float(a.mean_score, 2),
            float(a.sd_score, 2)
        )
    });
    let marked = is_marked(&ground.exam);
    let effect = if marked && !decisions.is_empty() {
        let comparison = preview_all(app, actor, id, &decisions).await?;
        let title = format!("Aujourd’hui (version {})", comparison.before.version);
        Some(Effect {
            changed: comparison.changed,
            beside: Beside::of(&comparison, title, "Avec les votes de ce panel".into()),
        })
    } else {
        None
    };
    let at = if ground.exam.frozen_ms.is_some() { At::Standards } else { At::Paper };
    let head = head(app, actor, &ground.exam, at)
        .await?
        .under(&book.panel.title)
        .lead("Panel de concordance de script")
        .link(format!("/examens/{id}/tcs"), "Tous les panels de concordance");
    Ok(TcsPage {
        page: page.titled(head.document()),
        head,
        frame: Frame::of(&book, &ground, wrong, pasted),
        why_not: found.why_not.clone().unwrap_or_default(),
        size: analysis.map_or_else(String::new, |a| {
            format!("{}\u{a0}: {}.", count(found.panellists.len(), "panéliste", "panélistes"), a.size.french())
        }),
        reliability,
        questions,
        panellists,
        differing: decisions.len(),
        draft: ground.exam.state == "draft",
        version: ledger(app, id).await?.len(),
        effect,
        waits: !marked && ground.exam.state != "draft",
    })
}

/// Takes the votes of a panel: into a draft paper, or into the register of a marked exam.
pub async fn adopt(
    State(app): State<App>,
    actor: Actor,
    Path((id, panel)): Path<(String, String)>,
    RawForm(body): RawForm,
) -> ApiResult<Response> {
    let fields = Fields::read(&body);
    let expected = fields.get("version").parse().ok();
    let taken = panels::take_votes(&app, &actor, &id, &panel, fields.get("reason"), expected).await?;
    let to = format!("/examens/{id}/panels/{panel}");
    Ok(match taken {
        Taken::Draft(n) => {
            web::go(&to, format!("{}.", count(n, "clé reprise dans le sujet", "clés reprises dans le sujet")))
        }
        Taken::Register(version) => web::go(
            &format!("/examens/{id}/registre"),
            format!(
                "Votes repris\u{a0}: version {version} du registre. Rien n’est publié tant que vous ne publiez pas."
            ),
        ),
    })
}
