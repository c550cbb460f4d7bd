//! The report of a site, as a page and as a file.

use super::back;
use super::watch::lapse;
use crate::app::App;
use crate::auth::Actor;
use crate::error::ApiResult;
use crate::exam::supervision::report::{self, state_french};
use crate::exam::{draft, export};
use crate::web::committee::{At, Head, head, segment};
use crate::web::filters::{date_time, time};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

struct Line {
    number: String,
    name: String,
    room: String,
    state: &'static str,
    available: String,
    used: String,
    stopped: String,
    offline: String,
    given: String,
    late: i64,
    while_stopped: i64,
    machines: String,
    handed_in: String,
}

struct Incident {
    when: String,
    until: String,
    what: String,
    whom: String,
    reason: String,
    author: String,
}

#[derive(Template)]
#[template(path = "supervision/report.html")]
struct ReportPage {
    page: Layout,
    head: Head,
    back: String,
    csv: String,
    made: String,
    opened: String,
    closed: String,
    statement: String,
    others: Vec<(String, usize)>,
    incidents: Vec<Incident>,
    lines: Vec<Line>,
}

/// The report of a section at a site.
pub async fn report_page(
    State(app): State<App>,
    actor: Actor,
    Path((id, section, site)): Path<(String, String, String)>,
    page: Layout,
) -> ApiResult<Response> {
    let exam = draft::exam(&app, &id).await?;
    let report = report::site(&app, &actor, &id, &section, &site).await?;
    let head = head(&app, &actor, &exam, At::Watch)
        .await?
        .under(format!("Rapport du centre {}", report.site))
        .lead(format!("Épreuve «\u{a0}{}\u{a0}».", report.section));
    let at = |ms: Option<i64>| ms.map_or_else(|| "—".into(), time);
    let lines = report
        .candidates
        .iter()
        .map(|c| {
            let parts = [
                ("aménagement", c.accommodation_ms),
                ("accordé", c.extension_ms),
                ("personnelle", c.compensation_ms),
                ("salle", c.room_compensation_ms),
                ("centre", c.site_compensation_ms),
            ];
            let given: Vec<String> =
                parts.iter().filter(|(_, ms)| *ms > 0).map(|(what, ms)| format!("{what} {}", lapse(*ms))).collect();
            Line {
                number: c.number.clone(),
                name: c.name.clone(),
                room: c.room.clone(),
                state: state_french(&c.state),
                available: lapse(c.available_ms),
                used: lapse(c.used_ms),
                stopped: lapse(c.stopped_ms + c.breaks_ms),
                offline: lapse(c.offline_ms),
                given: given.join(", "),
                late: c.late_answers,
                while_stopped: c.answers_while_stopped,
                machines: format!("{} / {}", c.machines, c.pages),
                handed_in: at(c.handed_in_ms),
            }
        })
        .collect();
    let incidents = report
        .incidents
        .iter()
        .map(|i| Incident {
            when: time(i.at_ms),
            until: match (i.minutes, i.until_ms) {
                (Some(minutes), _) => format!("+{minutes}\u{a0}min"),
                (None, Some(until)) => format!("jusqu’à {}, {}", time(until), lapse(until - i.at_ms)),
                (None, None) => "dure encore".into(),
            },
            what: match i.kind.as_str() {
                "pause" => "Suspension",
                "alarm" => "Alarme",
                "break" => "Pause de droit",
                "compensation" => "Compensation d’incident",
                _ => "Temps accordé",
            }
            .into(),
            whom: i.whom.clone(),
            reason: i.reason.clone(),
            author: i.author.clone(),
        })
        .collect();
    web::page(&ReportPage {
        page: page.titled(head.document()),
        back: back(&id, &section, ""),
        csv: format!("/examens/{id}/suivi/{}/centres/{site}/rapport.csv", segment(&section)),
        made: date_time(report.at_ms),
        opened: at(report.opened_ms),
        closed: at(report.closed_ms),
        statement: report.statement(),
        others: report.others.iter().map(|o| (o.name.clone(), o.incidents)).collect(),
        incidents,
        lines,
        head,
    })
}

/// The same as a CSV file.
pub async fn report_csv(
    State(app): State<App>,
    actor: Actor,
    Path((id, section, site)): Path<(String, String, String)>,
) -> ApiResult<Response> {
    let report = report::site(&app, &actor, &id, &section, &site).await?;
    let title = format!("{} – {} – {}", report.exam, report.section, report.site);
    Ok(export::download(report::csv(&report)?, "text/csv; charset=utf-8", &title, "csv"))
}
