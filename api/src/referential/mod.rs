//! What is taught, as this instance knows it: files read, versions compared and brought in, what the bank
//! covers, tags that wait for someone.
//!
//! Reading order: [`mod@file`] (bytes to nodes), [`bring`] (nodes to a version), [`pull`] (the official wiki),
//! [`coverage`] (what has questions), [`review`] (tags that a version dropped). The lists themselves and
//! what becomes of a tag are in `r2c-referential`, tables in `store`; pages are in `web::referential`.

pub mod bring;
pub mod coverage;
pub mod file;
pub mod pull;
pub mod review;
mod workbook;

use crate::error::{ApiError, ApiResult};
use docimo_store::referentials::NodeRow;
use r2c_referential::{Code, Node, NodeStatus, TitleStatus};

/// Short name of the national referential, whose tags are the codes of its objectives.
pub const NATIONAL: &str = "r2c";

/// How a question names a node.
pub fn tag_of(slug: &str, code: &str) -> String {
    if slug == NATIONAL { code.to_owned() } else { format!("{slug}:{code}") }
}

/// How the tags of a referential begin.
pub fn tag_prefix(slug: &str) -> String {
    if slug == NATIONAL { "OIC-".to_owned() } else { format!("{slug}:") }
}

/// A node as the store keeps it.
fn row(slug: &str, node: &Node) -> NodeRow {
    NodeRow {
        code: node.code.to_string(),
        parent: node.parent.as_ref().map(ToString::to_string).unwrap_or_default(),
        tag: tag_of(slug, node.code.as_str()),
        kind: node.kind.clone(),
        title: node.title.clone(),
        title_status: node.title_status.name().to_owned(),
        rank: node.rank.map(|r| r.to_string()).unwrap_or_default(),
        rubric: node.rubric.map(|r| r.to_string()).unwrap_or_default(),
        status: node.status.name().to_owned(),
        replaces: node.replaces.iter().map(Code::as_str).collect::<Vec<_>>().join(" "),
    }
}

/// A node as it was kept; `None` if its code is none, which no import lets in.
pub fn node(row: &NodeRow) -> Option<Node> {
    Some(Node {
        parent: row.parent.parse().ok(),
        kind: row.kind.clone(),
        title_status: TitleStatus::from_name(&row.title_status).unwrap_or_default(),
        rank: row.rank.parse().ok(),
        rubric: row.rubric.parse().ok(),
        status: NodeStatus::from_name(&row.status).unwrap_or_default(),
        replaces: row.replaces.split(' ').filter_map(|code| code.parse().ok()).collect(),
        ..Node::new(row.code.parse().ok()?, row.title.clone())
    })
}

/// Runs what takes a processor's time (a large file, thousands of titles) off the threads that answer pages.
pub async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> ApiResult<T> {
    tokio::task::spawn_blocking(work).await.map_err(|e| ApiError::Internal(e.into()))
}
