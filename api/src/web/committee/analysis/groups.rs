//! Questions that favour a group at equal level.

use super::super::{Head, segment};
use super::{Asked, Found, find};
use crate::app::App;
use crate::auth::Actor;
use crate::error::ApiResult;
use crate::web::filters::{float, signed};
use crate::web::{self, layout::Layout};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use docimo_engine::docimology::dif::Class;

struct Line {
    href: String,
    number: usize,
    stem: String,
    group: String,
    class: &'static str,
    delta: String,
    standardised: String,
    p: String,
    regression: String,
    words: String,
}

struct GroupSummary {
    grouping: String,
    name: String,
    n: String,
    counts: [usize; 3],
    why: String,
}

#[derive(Template)]
#[template(path = "analysis/groups.html")]
struct GroupsPage {
    page: Layout,
    head: Head,
    groups: Vec<GroupSummary>,
    lines: Vec<Line>,
}

/// Differential functioning, group by group.
pub async fn groups(
    State(app): State<App>,
    actor: Actor,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    page: Layout,
) -> ApiResult<Response> {
    let (head, room, study) =
        match find(&app, &actor, &id, &page, &asked, ("/groupes", "Groupes à niveau égal")).await? {
            Found::Ready(found) => *found,
            Found::Later(response) => return Ok(response),
        };
    let (mut groups, mut lines) = (Vec::new(), Vec::new());
    for group in &study.dif {
        let mut counts = [0; 3];
        let (mut n, mut why) = (String::new(), String::new());
        match &group.found {
            Err(reason) => why = reason.to_string(),
            Ok(found) => {
                for (column, item) in found.items.iter().enumerate() {
                    let Some(item) = item else { continue };
                    if n.is_empty() {
                        n = item.n.1.to_string();
                    }
                    counts[item.class as usize] += 1;
                    if item.class == Class::A {
                        continue;
                    }
                    let label = &room.subject.labels[study.columns[column]];
                    let harder = item.standardised < 0.0;
                    lines.push((
                        item.adjusted_p,
                        Line {
                            href: format!("/examens/{id}/notation/{}", segment(&label.id)),
                            number: label.number,
                            stem: label.stem.clone(),
                            group: group.name.clone(),
                            class: item.class.letter(),
                            delta: float(item.delta, 2),
                            standardised: signed(item.standardised * 100.0, 1),
                            p: float(Some(item.adjusted_p), 3),
                            regression: item.logistic.map_or("—", |l| l.class.letter()).to_owned(),
                            words: format!("plus {} pour ce groupe", if harder { "difficile" } else { "facile" }),
                        },
                    ));
                }
            }
        }
        groups.push(GroupSummary { grouping: group.grouping.clone(), name: group.name.clone(), n, counts, why });
    }
    lines.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.number.cmp(&b.1.number)));
    web::page(&GroupsPage {
        page: page.titled(head.document()),
        head,
        groups,
        lines: lines.into_iter().map(|(_, line)| line).collect(),
    })
}
