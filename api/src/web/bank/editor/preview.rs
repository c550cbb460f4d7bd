//! A draft as a student sees it, and as it will be corrected, in HTML made on the server: what the room and the
//! correction are made of, so that nothing looks otherwise once published.

use crate::error::ApiResult;
use crate::exam::room::{ArticleView, QuestionView, question_view};
use crate::markdown;
use crate::media::ImageView;
use crate::web::committee::{Shown, shown};
use askama::Template;
use docimo_engine::paper::{Case, Element};

struct CaseHead {
    kind: &'static str,
    title: String,
    intro_html: String,
    image: Option<ImageView>,
    article: Option<ArticleView>,
    progressive: bool,
}

impl CaseHead {
    fn of(case: &Case) -> Self {
        Self {
            kind: case.kind.french(),
            title: case.title.clone(),
            intro_html: markdown::block(&case.intro),
            image: case.image.as_ref().filter(|i| !i.file.is_empty()).map(ImageView::of),
            article: case.article.as_ref().map(ArticleView::of),
            progressive: case.kind.is_progressive(),
        }
    }
}

struct Seen {
    letters: Vec<char>,
    part_html: String,
    question: QuestionView,
}

#[derive(Template)]
#[template(path = "bank/editor/student.html")]
struct StudentView {
    case: Option<CaseHead>,
    questions: Vec<Seen>,
}

struct Corrected {
    part_html: String,
    question: Shown,
}

#[derive(Template)]
#[template(path = "bank/editor/correction.html")]
struct CorrectionView {
    questions: Vec<Corrected>,
}

/// Questions with the text that brings each, and the case.
fn parts(element: &Element) -> (Option<CaseHead>, Vec<(&str, &docimo_engine::question::Question)>) {
    match element {
        Element::Question(question) => (None, vec![("", question)]),
        Element::Case(case) => {
            let parts = case.parts.iter().map(|p| (p.text.as_str(), &p.question)).collect();
            (Some(CaseHead::of(case)), parts)
        }
    }
}

/// As a student sees it: no key, no comment.
pub fn student(element: &Element) -> ApiResult<String> {
    let (case, parts) = parts(element);
    let one = |(i, (text, question)): (usize, (&str, &docimo_engine::question::Question))| {
        let mut view = question_view(question, i + 1, None);
        view.image = view.image.filter(|image| image.url.len() > "/media/".len());
        Seen {
            letters: (0..view.propositions.len()).map(super::super::shown::letter).collect(),
            part_html: markdown::block(text),
            question: view,
        }
    };
    let questions = parts.into_iter().enumerate().map(one).collect();
    Ok(StudentView { case, questions }.render()?)
}

/// As it will be corrected: key, comments, zones.
pub fn correction(element: &Element) -> ApiResult<String> {
    let (_, parts) = parts(element);
    let one = |(i, (text, question)): (usize, (&str, &docimo_engine::question::Question))| {
        let mut question = shown(question, i + 1, true);
        question.image = question.image.filter(|image| image.url.len() > "/media/".len());
        question.anchor = format!("correction-{}", i + 1);
        Corrected { part_html: markdown::block(text), question }
    };
    Ok(CorrectionView { questions: parts.into_iter().enumerate().map(one).collect() }.render()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Element {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_student_sees_no_key_and_the_correction_shows_it() {
        let element = read(
            r#"{"question":{"id":"q","kind":"QRM","stem":"**Lequel** $x^2$ ?","comment":"secret","propositions":[
            {"id":"a","text":"<b>A</b>","status":"vrai","comment":"raison"},{"id":"b","text":"B","status":"faux"}]}}"#,
        );
        let seen = student(&element).unwrap();
        assert!(seen.contains("<strong>Lequel</strong> <math>") && seen.contains("&lt;b&gt;A&lt;/b&gt;"), "{seen}");
        assert!(!seen.contains("secret") && !seen.contains("raison") && !seen.contains("Vraie"));
        let corrected = correction(&element).unwrap();
        assert!(corrected.contains("secret") && corrected.contains("raison") && corrected.contains("Vraie"));
    }

    #[test]
    fn every_kind_is_shown_even_empty() {
        use crate::bank::draft::blank::{CASES, Wanted, element};
        use docimo_engine::question::Kind;
        let kinds = Kind::ALL.into_iter().map(Wanted::Question).chain(CASES.into_iter().map(Wanted::Case));
        for wanted in kinds {
            let made = element(wanted);
            assert!(student(&made).is_ok() && correction(&made).is_ok());
        }
    }
}
