//! Where entries were used, and how they did: kept on the bank's side when an exam is frozen and published.

use crate::analysis::flags;
use crate::app::App;
use crate::error::{ApiError, ApiResult};
use crate::exam::draft;
use crate::exam::marks::Marked;
use docimo_engine::paper::Paper;
use docimo_store::bank::uses::UseStatistic;
use std::collections::HashMap;

/// Records the uses of papers frozen before uses were recorded. Returns how many papers.
pub async fn catch_up(app: &App) -> ApiResult<usize> {
    let papers = app.store.papers_without_uses().await?;
    let mut done = 0;
    for (exam_id, text, frozen_ms) in papers {
        let paper: Paper = serde_json::from_str(&text).map_err(|e| ApiError::Internal(e.into()))?;
        app.store.record_uses(&exam_id, &draft::elements(&paper), frozen_ms).await?;
        done += 1;
    }
    Ok(done)
}

/// Attaches to the entries of an exam how they did, at the version that is published.
pub async fn attach(app: &App, exam_id: &str, marked: &Marked, version: u32) -> ApiResult<()> {
    let paper = app.frozen_paper(exam_id).await?;
    let attended: HashMap<String, i64> = app.store.attendance(exam_id).await?.into_iter().collect();
    let (counted, statistics) = marked.statistics();
    let of_question: HashMap<usize, usize> = counted.iter().enumerate().map(|(i, q)| (*q, i)).collect();
    let (mut rows, mut seen) = (Vec::new(), Vec::new());
    let mut at = 0;
    for section in &paper.paper.sections {
        for element in &section.elements {
            let first = at;
            at += element.questions().count();
            let Some(entry) = app.store.entry_by_external_id(element.id()).await? else { continue };
            seen.push((entry.id.clone(), attended.get(section.id.as_str()).copied().unwrap_or(0)));
            for (i, question) in element.questions().enumerate() {
                let found = of_question.get(&(first + i)).zip(statistics.as_ref());
                let item = found.and_then(|(q, all)| all.items.get(*q));
                rows.push(UseStatistic {
                    exam_id: exam_id.to_owned(),
                    entry_id: entry.id.clone(),
                    question_id: question.id.to_string(),
                    version: i64::from(version),
                    candidates: i64::try_from(marked.present.len()).unwrap_or(i64::MAX),
                    p: item.and_then(|i| i.p).filter(|v| v.is_finite()),
                    r_rest: item.and_then(|i| i.r_item_rest).filter(|v| v.is_finite()),
                    d27: item.and_then(|i| i.d27).filter(|v| v.is_finite()),
                    flags: item
                        .map(|i| flags::classical(i).iter().map(|f| f.code).collect::<Vec<_>>().join(" "))
                        .unwrap_or_default(),
                });
            }
        }
    }
    app.store.record_statistics(exam_id, &rows, &seen).await?;
    Ok(())
}
