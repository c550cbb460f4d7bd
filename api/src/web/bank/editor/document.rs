//! The fields of a video or of an article as PDF: the file, and what it says to who cannot read it.

use crate::media::{PdfView, VideoView};
use askama::Template;
use docimo_engine::paper::Pdf;
use docimo_engine::question::Video;

/// A video or a PDF, there or to come.
#[derive(Template)]
#[template(path = "bank/editor/document.html")]
pub(super) struct DocumentFields {
    /// Path of its value: `question.video`, `case.article.pdf`.
    p: String,
    d: String,
    /// Path of what it belongs to, as its file and its button name it.
    owner: String,
    /// `video` or `pdf`.
    kind: &'static str,
    legend: &'static str,
    /// What the legend says where there is none.
    none: &'static str,
    /// " de la question 2", safe HTML.
    of: String,
    pub(super) file: String,
    pages: Option<u32>,
    url: String,
    open: String,
    accept: &'static str,
    hint: &'static str,
    asks: &'static str,
    description: String,
    remove: &'static str,
}

impl DocumentFields {
    /// The video of the question at this path.
    pub(super) fn video(question: &str, video: Option<&Video>, of: &str) -> Self {
        let view = video.map(VideoView::of);
        Self {
            p: format!("{question}.video"),
            d: format!("{}-video", question.replace('.', "-")),
            owner: question.to_owned(),
            kind: "video",
            legend: "Vidéo",
            none: "aucune",
            of: of.to_owned(),
            file: video.map(|v| v.file.clone()).unwrap_or_default(),
            pages: None,
            url: view.map(|v| v.url).unwrap_or_default(),
            open: "Voir la vidéo".into(),
            accept: "video/mp4,video/webm",
            hint: "MP4 (H.264) ou WebM, 30 Mio au plus.",
            asks: "Texte lu à qui ne peut la voir ou l’entendre",
            description: video.map(|v| v.description.clone()).unwrap_or_default(),
            remove: "Retirer la vidéo",
        }
    }

    /// The PDF of the article of a case.
    pub(super) fn pdf(pdf: Option<&Pdf>) -> Self {
        let view = pdf.map(PdfView::of);
        Self {
            p: "case.article.pdf".into(),
            d: "case-article-pdf".into(),
            owner: "case".into(),
            kind: "pdf",
            legend: "Article en PDF",
            none: "aucun",
            of: String::new(),
            file: pdf.map(|p| p.file.clone()).unwrap_or_default(),
            pages: Some(pdf.map_or(0, |p| p.pages)),
            url: view.as_ref().map(|v| v.url.clone()).unwrap_or_default(),
            open: view.map_or_else(|| "Ouvrir l’article (PDF)".into(), |v| v.label),
            accept: "application/pdf",
            hint: "30 Mio au plus, sans mot de passe, sans script ni fichier joint.",
            asks: "Ce que dit le PDF, pour qui ne peut le lire",
            description: pdf.map(|p| p.description.clone()).unwrap_or_default(),
            remove: "Retirer le PDF",
        }
    }
}
