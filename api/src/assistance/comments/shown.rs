//! What a student reads of their own wrong answer: looked up, never written for them.

use super::wording;
use crate::app::App;
use crate::error::ApiResult;
use crate::markdown;
use docimo_engine::docimology::patterns::{Given, given};
use docimo_engine::question::Question;
use docimo_engine::response::Response;
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

/// The comment of a student's own wrong answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OwnComment {
    /// Safe HTML.
    pub html: String,
    /// Was it drafted with a machine, in this version or one before?
    pub drafted_by_ai: bool,
}

/// Comments that are shown for an exam's questions, by question, wording and pattern.
pub struct Published(HashMap<(String, String, String), (String, bool)>);

impl Published {
    /// Reads those of an exam.
    pub async fn of(app: &App, exam_id: &str) -> ApiResult<Self> {
        let rows = app.store.comments_in(exam_id).await?;
        let one = |row: docimo_store::ai::comments::ShownComment| {
            ((row.question_id, row.wording, row.pattern), (row.body, row.drafted > 0))
        };
        Ok(Self(rows.into_iter().map(one).collect()))
    }

    /// That of an answer; `None` where nothing is wrong with it or nobody wrote for it.
    #[must_use]
    pub fn for_answer(&self, question: &Question, answer: Option<&Response>) -> Option<OwnComment> {
        if self.0.is_empty() {
            return None;
        }
        let Given::Wrong(pattern) = given(question, answer) else { return None };
        let (body, drafted_by_ai) = self.0.get(&(question.id.to_string(), wording(question), pattern.key()))?;
        Some(OwnComment { html: markdown::block(body), drafted_by_ai: *drafted_by_ai })
    }
}
