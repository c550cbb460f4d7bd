//! Counts, metadata, images, and the kinds that have no propositions.

use super::text::{Text, root};
use super::{Code, Field, Review, Severity, excerpt};
use crate::exchange::MISSING_ALT;
use docimo_engine::question::{Body, Image, Kind, Question};

pub(super) fn check(r: &mut Review<'_>) {
    keys(r);
    metadata(r);
    let question = r.question;
    if let Some(image) = &question.image {
        picture(r, image);
    }
    match &question.body {
        Body::Qroc { exact, acceptable, .. } => qroc(r, exact, acceptable),
        Body::Tcs { hypothesis, finding, panel, .. } => tcs(r, hypothesis, finding, panel),
        _ => {}
    }
}

fn keys(r: &mut Review<'_>) {
    let (n, keys, kind) = (r.options.len(), r.keys(), r.kind());
    if n == 0 {
        return;
    }
    let least = if kind == Kind::Qrpl { 10 } else { 4 };
    let expected = match kind {
        Kind::Qru => Some(1),
        Kind::Qrp | Kind::Qrpl => r.question.body.expected().map(|e| e as usize),
        _ => None,
    };
    let mut say = |code, severity, message: String| r.note(code, severity, Field::Propositions, vec![], message);
    if n < least {
        say(Code::FewOptions, Severity::Warning, format!("{n} propositions ; il en faut {least} au moins."));
    }
    match expected {
        Some(expected) if expected != keys => say(
            Code::WrongKeyCount,
            Severity::Strong,
            format!("{keys} proposition(s) vraie(s) pour {expected} réponse(s) attendue(s)."),
        ),
        _ if keys == n => say(Code::AllTrue, Severity::Warning, "Toutes les propositions sont vraies.".to_owned()),
        None if keys == 0 => say(Code::NoneTrue, Severity::Strong, "Aucune proposition n’est vraie.".to_owned()),
        None if keys == 1 && kind == Kind::Qrm => {
            say(Code::OneTrue, Severity::Info, "Une seule proposition est vraie.".to_owned());
        }
        _ => {}
    }
}

fn metadata(r: &mut Review<'_>) {
    let q = r.question;
    let mut say = |code, field, message: &str| r.note(code, Severity::Info, field, vec![], message.to_owned());
    if q.rank.is_none() && q.kind() != Kind::Qcm {
        say(Code::MissingRank, Field::Metadata, "Le rang n’est pas indiqué.");
    }
    if q.tags.is_empty() {
        say(Code::MissingTags, Field::Metadata, "La question n’a aucune étiquette.");
    }
    if q.source.trim().is_empty() {
        say(Code::MissingSource, Field::Metadata, "La source n’est pas indiquée.");
    }
    if q.comment.trim().is_empty() && q.body.propositions().iter().all(|p| p.comment.trim().is_empty()) {
        say(Code::MissingComment, Field::Comment, "La correction n’est pas rédigée.");
    }
}

fn picture(r: &mut Review<'_>, image: &Image) {
    let alt = image.alt.trim();
    if alt.is_empty() || alt == MISSING_ALT {
        let message = "L’image n’a pas de texte de remplacement.".to_owned();
        r.note(Code::ImageWithoutAlt, Severity::Strong, Field::Image, vec![], message);
        return;
    }
    let text = Text::of(alt);
    for answer in answers(r.question) {
        if let Some(words) = contains(&text, &answer) {
            let message = format!("Le texte de remplacement contient « {} ».", text.said(words.clone()));
            r.note(Code::AnswerInAlt, Severity::Warning, Field::Image, vec![text.bytes(words)], message);
            return;
        }
    }
}

/// What answers a question, in texts long enough to be recognised: keys of a question with one, exact answers,
/// names of zones.
pub(super) fn answers(q: &Question) -> Vec<String> {
    let list: Vec<&str> = match &q.body {
        Body::Qroc { exact, .. } => exact.iter().map(String::as_str).collect(),
        Body::Qzp { zones, .. } => zones.iter().map(|z| z.name.as_str()).collect(),
        Body::Qru { propositions } => {
            propositions.iter().filter(|p| p.status.is_true()).map(|p| p.text.as_str()).collect()
        }
        _ => vec![],
    };
    list.into_iter()
        .map(str::trim)
        .filter(|t| t.chars().filter(|c| c.is_alphabetic()).count() >= 5)
        .map(str::to_owned)
        .collect()
}

/// The place of an answer in a text, plural and feminine aside; articles before it do not count.
pub(super) fn contains(text: &Text<'_>, answer: &str) -> Option<std::ops::Range<usize>> {
    let answer = Text::of(answer);
    let skip = answer
        .words
        .iter()
        .take_while(|w| matches!(w.fold.as_str(), "le" | "la" | "les" | "l" | "un" | "une" | "des" | "du"))
        .count();
    let wanted: Vec<&str> = answer.words[skip..].iter().map(|w| root(&w.fold)).collect();
    if wanted.is_empty() || wanted.len() > text.words.len() {
        return None;
    }
    (0..=text.words.len() - wanted.len())
        .find(|at| wanted.iter().enumerate().all(|(k, w)| root(text.fold(at + k)) == *w))
        .map(|at| at..at + wanted.len())
}

fn qroc(r: &mut Review<'_>, exact: &[String], acceptable: &[String]) {
    /// Above this many answers, the question is open to too much.
    const MANY: usize = 15;
    let given = |list: &[String]| list.iter().filter(|t| !t.trim().is_empty()).count();
    let total = given(exact) + given(acceptable);
    let field = |i: usize| if i < exact.len() { Field::Exact(i) } else { Field::Acceptable(i - exact.len()) };
    let mut found = None;
    for (i, text) in exact.iter().chain(acceptable).enumerate() {
        let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
        let only_short = (1..=2).contains(&letters) && !text.chars().any(|c| c.is_ascii_digit());
        if only_short {
            let message = format!("« {} » n’a que {letters} caractère(s).", text.trim());
            r.note(Code::QrocShortAnswer, Severity::Info, field(i), vec![], message);
        }
        let words = docimo_engine::qroc::word_count(text);
        if words > 5 {
            r.note(
                Code::QrocLongAnswer,
                Severity::Warning,
                field(i),
                vec![],
                format!("« {} » compte {words} mots.", excerpt(text)),
            );
        }
        if found.is_none() && letters >= 3 {
            found = contains(&r.stem, text).map(|words| (field(i), words));
        }
    }
    if let Some((_, words)) = found {
        r.at_stem(Code::QrocAnswerInStem, Severity::Strong, words, |said| {
            format!("« {said} » est une réponse acceptée.")
        });
    }
    if total == 0 {
        let message = "Aucune réponse attendue n’est donnée.".to_owned();
        r.note(Code::MissingKey, Severity::Strong, Field::Answers, vec![], message);
    }
    let say = match total {
        1 => Some((Code::QrocFewAnswers, "Une seule réponse est acceptée.".to_owned())),
        n if n > MANY => Some((Code::QrocManyAnswers, format!("{n} réponses sont acceptées."))),
        _ => None,
    };
    if let Some((code, message)) = say {
        r.note(code, Severity::Info, Field::Answers, vec![], message);
    }
}

fn tcs(r: &mut Review<'_>, hypothesis: &str, finding: &str, panel: &[u32; 5]) {
    let votes: u64 = panel.iter().map(|v| u64::from(*v)).sum();
    let most = panel.iter().map(|v| u64::from(*v)).max().unwrap_or(0);
    let ends = u64::from(panel[0]) + u64::from(panel[4]);
    let panel_message = match votes {
        0 => Some("Aucun vote n’est donné pour les cinq réponses de −2 à +2.".to_owned()),
        1..10 => Some(format!("Le panel compte {votes} expert(s) ; il en faut dix à vingt.")),
        _ if most == votes => Some("Tous les experts ont la même réponse.".to_owned()),
        _ if panel[0] > 0 && panel[4] > 0 && ends * 2 >= votes && u64::from(panel[0].min(panel[4])) * 4 >= votes => {
            Some("Les experts se partagent entre −2 et +2.".to_owned())
        }
        _ => None,
    };
    if votes == 0 {
        r.note(Code::MissingKey, Severity::Strong, Field::Panel, vec![], "Le panel n’a pas voté.".to_owned());
    }
    if let Some(message) = panel_message {
        r.note(Code::TcsPanel, Severity::Warning, Field::Panel, vec![], message);
    }
    let (h, f) = (Text::of(hypothesis), Text::of(finding));
    for (text, code, field) in
        [(&h, Code::TcsHypothesisForm, Field::Hypothesis), (&f, Code::TcsFindingForm, Field::Finding)]
    {
        let fault = if text.is_empty() {
            Some("Le texte est vide.".to_owned())
        } else if text.source.contains('?') {
            Some("Le texte est une question.".to_owned())
        } else if text.words.len() > 40 {
            Some(format!("Le texte compte {} mots.", text.words.len()))
        } else if field == Field::Finding && text.joined() == h.joined() {
            Some("L’information répète l’hypothèse.".to_owned())
        } else if field == Field::Finding && contains(&r.stem, finding).is_some() && text.words.len() >= 2 {
            Some("L’information est déjà dans la vignette.".to_owned())
        } else {
            None
        };
        if let Some(message) = fault {
            r.note(code, Severity::Warning, field, vec![], message);
        }
    }
}
