//! Moodle XML, written. Each question is what Moodle can show and mark of it; our exact JSON goes with
//! it. A case is a category with a description, then its questions, each with the text that brings it.
//!
//! Marks: a true proposition of *t* is worth 100/*t* %, a false one of *f* takes off 100/*f* %, an
//! *inacceptable* one takes off everything. Moodle knows no discordance (1; 0,5; 0,2; 0), no
//! *indispensable* and no number of answers announced: each is noted.

use super::ours;
use crate::exchange::render;
use crate::exchange::render::{escape, inline, plain};
use crate::exchange::write::{Elements, Export, Written};
use crate::exchange::xml::File;
use crate::exchange::{Limits, WriteError};
use crate::exchange::{media, payload};
use docimo_engine::paper::{Case, Element, Part, Pdf};
use docimo_engine::question::{Body, Image, Proposition, Question, Rank, Shape, Status, Video};
use docimo_engine::scheme::TcsRule;
use std::fmt::Write as _;
use std::io::{self, Write};

pub(in crate::exchange) fn write(
    elements: Elements<'_>,
    export: &Export<'_>,
    out: &mut dyn Write,
) -> Result<Written, WriteError> {
    let mut written = Written::default();
    out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<quiz>\n")?;
    let base = step(export.title);
    category(out, &base)?;
    while let Some(element) = elements.next() {
        match element {
            Element::Question(question) => {
                let json = serde_json::to_string(question).map_err(io::Error::other)?;
                let xml = question_xml(question, "", export, &mut written);
                add(out, &xml, "role=\"question\"", &json)?;
            }
            Element::Case(case) => write_case(case, &base, export, out, &mut written)?,
        }
        written.elements += 1;
    }
    out.write_all(b"</quiz>\n")?;
    Ok(written)
}

fn write_case(
    case: &Case,
    base: &str,
    export: &Export<'_>,
    out: &mut dyn Write,
    written: &mut Written,
) -> Result<(), WriteError> {
    category(out, &format!("{base}/{}", step(&case.title)))?;
    let json = serde_json::to_string(&Case { parts: Vec::new(), ..case.clone() }).map_err(io::Error::other)?;
    let mut intro = case.intro.clone();
    if let Some(article) = &case.article {
        let _ = write!(intro, "\n\n**{}**\n\n{}\n\n{}", article.title, article.citation, article.body);
    }
    let mut xml = String::from("<question type=\"description\">\n");
    let attached =
        Attached { image: case.image.as_ref(), pdf: case.article.as_ref().and_then(|a| a.pdf.as_ref()), video: None };
    head(&mut xml, &case.title, &render::html(&intro), attached, case.id.as_str(), export, written);
    feedback_and_grade(&mut xml, "", "0");
    tags(&mut xml, case.tags.iter().cloned());
    xml.push_str("</question>\n");
    let role = format!("role=\"case\" parts=\"{}\"", case.parts.len());
    add(out, &xml, &role, &json)?;
    for Part { text, question } in &case.parts {
        let json = serde_json::to_string(&Part { text: text.clone(), question: question.clone() });
        let xml = question_xml(question, text, export, written);
        let role = format!("role=\"part\" case=\"{}\"", escape(case.id.as_str()));
        add(out, &xml, &role, &json.map_err(io::Error::other)?)?;
    }
    category(out, base)?;
    if case.kind.is_progressive() {
        written.lost(case.id.as_str(), "Moodle n’impose pas l’ordre des questions du dossier ni ne les verrouille");
    }
    Ok(())
}

/// A step of the path of a category.
fn step(title: &str) -> String {
    let title = title.trim().replace('/', "//");
    if title.is_empty() { "Docimo".to_owned() } else { title }
}

fn category(out: &mut dyn Write, path: &str) -> io::Result<()> {
    let path = escape(path);
    writeln!(out, "<question type=\"category\"><category><text>$course$/top/{path}</text></category></question>")
}

/// Writes a question with our JSON in it.
fn add(out: &mut dyn Write, xml: &str, role: &str, json: &str) -> Result<(), WriteError> {
    let quiz = format!("<quiz>{xml}</quiz>");
    let node = File::open(quiz.as_bytes(), &Limits::default()).and_then(|mut file| file.next());
    let digest = match node {
        Ok(Some(node)) => ours::seen(&node),
        Ok(None) => String::new(),
        Err(error) => return Err(io::Error::other(error).into()),
    };
    let body = xml.strip_suffix("</question>\n").unwrap_or(xml);
    // JSON is escaped by itself: what XML cannot hold is `\u0000` there.
    writeln!(out, "{body}<docimo {role} digest=\"{digest}\">{}</docimo>\n</question>", escape(&payload::json(json)))?;
    Ok(())
}

/// What a text shows beside words.
struct Attached<'a> {
    image: Option<&'a Image>,
    pdf: Option<&'a Pdf>,
    video: Option<&'a Video>,
}

/// Name, stem with what is attached to it, identifier.
fn head(
    xml: &mut String,
    name: &str,
    stem: &str,
    attached: Attached<'_>,
    id: &str,
    export: &Export<'_>,
    written: &mut Written,
) {
    let mut stem = stem.to_owned();
    let mut file = String::new();
    if let Some(image) = attached.image {
        match (export.media)(&image.file) {
            Some(bytes) => {
                let name = media::file_name(&image.file, &bytes);
                let src = media::percent_encoded(&name);
                let _ = write!(stem, "<p><img src=\"@@PLUGINFILE@@/{src}\" alt=\"{}\"></p>", escape(&image.alt));
                file = file_xml(&name, &bytes);
            }
            None => {
                written.lost(id, format!("l’image « {} » est introuvable : elle n’est pas dans le fichier", image.file))
            }
        }
    }
    if let Some(pdf) = attached.pdf {
        match (export.media)(&pdf.file) {
            Some(bytes) => {
                let name = media::file_name(&pdf.file, &bytes);
                let src = media::percent_encoded(&name);
                let _ = write!(stem, "<p><a href=\"@@PLUGINFILE@@/{src}\">Article (PDF)</a></p>");
                file.push_str(&file_xml(&name, &bytes));
            }
            None => written.lost(id, format!("le PDF « {} » est introuvable : il n’est pas dans le fichier", pdf.file)),
        }
    }
    if let Some(video) = attached.video {
        match (export.media)(&video.file) {
            Some(bytes) => {
                let name = media::file_name(&video.file, &bytes);
                let src = media::percent_encoded(&name);
                let words = escape(&video.description);
                let _ = write!(
                    stem,
                    "<p><video controls=\"true\" aria-label=\"{words}\"><source src=\"@@PLUGINFILE@@/{src}\">{words}</video></p>"
                );
                file.push_str(&file_xml(&name, &bytes));
            }
            None => written
                .lost(id, format!("la vidéo « {} » est introuvable : elle n’est pas dans le fichier", video.file)),
        }
    }
    let _ = write!(
        xml,
        "<name><text>{}</text></name>\n<questiontext format=\"html\"><text>{}</text>{file}</questiontext>\n<idnumber>{}</idnumber>\n",
        escape(name),
        escape(&stem),
        escape(id)
    );
}

fn file_xml(name: &str, bytes: &[u8]) -> String {
    format!("<file name=\"{}\" path=\"/\" encoding=\"base64\">{}</file>", escape(name), media::to_base64(bytes))
}

fn feedback_and_grade(xml: &mut String, comment: &str, grade: &str) {
    let _ = write!(
        xml,
        "<generalfeedback format=\"html\"><text>{}</text></generalfeedback>\n<defaultgrade>{grade}</defaultgrade>\n\
         <penalty>0</penalty>\n<hidden>0</hidden>\n",
        escape(&render::html(comment))
    );
}

fn tags(xml: &mut String, tags: impl Iterator<Item = String>) {
    let mut any = false;
    for tag in tags {
        xml.push_str(if any { "" } else { "<tags>" });
        any = true;
        let _ = write!(xml, "<tag><text>{}</text></tag>", escape(&tag));
    }
    xml.push_str(if any { "</tags>\n" } else { "" });
}

fn question_xml(question: &Question, before: &str, export: &Export<'_>, written: &mut Written) -> String {
    let id = question.id.as_str();
    let mut lost = |what: &str| written.lost(id, what);
    if question.scheme.is_some() {
        lost("Moodle ne garde pas le barème propre à la question");
    }
    if !question.source.is_empty() {
        lost("Moodle n’a pas de champ pour la source");
    }
    let mut hints: Vec<String> = question.tags.clone();
    hints.extend(question.rank.map(|rank| if rank == Rank::A { "rang:A" } else { "rang:B" }.to_owned()));
    let mut stem =
        [before, question.stem.as_str()].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join("\n\n");
    let mut image = question.image.as_ref();
    let mut end = String::new();
    let kind = match &question.body {
        Body::Qru { propositions } => {
            choice(&mut end, propositions, true);
            "multichoice"
        }
        Body::Qrm { propositions } => {
            lost("Moodle ne connaît pas les discordances : points partagés entre les réponses justes");
            choice(&mut end, propositions, false);
            "multichoice"
        }
        Body::Qrp { propositions, .. } | Body::Qrpl { propositions, .. } => {
            lost("Moodle ne limite pas le nombre de réponses cochées");
            hints.push(format!("docimo:{}", question.kind()));
            choice(&mut end, propositions, false);
            "multichoice"
        }
        Body::Qcm { propositions } => {
            lost("chaque proposition est à apparier à « Vrai » ou « Faux »");
            for p in propositions {
                let _ = writeln!(
                    end,
                    "<subquestion format=\"html\"><text>{}</text><answer><text>{}</text></answer></subquestion>",
                    escape(&inline(&p.text)),
                    if p.status.is_true() { "Vrai" } else { "Faux" }
                );
            }
            // Both answers are offered even where one is never right.
            for (truth, word) in [(true, "Vrai"), (false, "Faux")] {
                if propositions.iter().all(|p| p.status.is_true() != truth) {
                    let _ = writeln!(
                        end,
                        "<subquestion format=\"html\"><text></text><answer><text>{word}</text></answer></subquestion>"
                    );
                }
            }
            if propositions.iter().any(|p| !p.comment.is_empty()) {
                lost("Moodle ne garde pas les commentaires des éléments à apparier");
            }
            end.push_str("<shuffleanswers>false</shuffleanswers>\n");
            "matching"
        }
        body @ Body::Qroc { .. } if body.lacks_key() => {
            end.push_str(
                "<responseformat>editor</responseformat>\n<responserequired>1</responserequired>\n\
                 <responsefieldlines>15</responsefieldlines>\n<attachments>0</attachments>\n\
                 <attachmentsrequired>0</attachmentsrequired>\n",
            );
            "essay"
        }
        Body::Qroc { exact, acceptable, .. } => {
            end.push_str("<usecase>0</usecase>\n");
            let credits = exact.iter().map(|t| (100.0, t)).chain(acceptable.iter().map(|t| (50.0, t)));
            for (percent, text) in credits {
                answer(&mut end, percent, &escape(&text.replace('*', "\\*")), "");
            }
            "shortanswer"
        }
        Body::Tcs { hypothesis, finding, panel, .. } => {
            lost("TCS en choix simple : les crédits sont arrondis à ceux que Moodle admet");
            let _ = write!(
                stem,
                "\n\nSi vous pensiez à : {hypothesis}\n\net que vous trouvez : {finding}\n\nl’hypothèse devient :"
            );
            end.push_str("<single>true</single>\n<shuffleanswers>false</shuffleanswers>\n<answernumbering>none</answernumbering>\n");
            for (label, credit) in ["−2", "−1", "0", "+1", "+2"].into_iter().zip(TcsRule::ShareOfMode.credits(panel))
            {
                answer(&mut end, nearest(credit.to_f64() * 100.0), label, "");
            }
            "multichoice"
        }
        Body::Qzp { .. } => match zones(question, export) {
            Some(xml) => {
                image = None;
                lost("zones à pointer en repères à placer : chaque repère a sa zone");
                end = xml;
                "ddmarker"
            }
            None => {
                lost("l’image ou sa taille manque : Moodle n’en montrera que l’énoncé");
                "description"
            }
        },
    };
    if question.body.propositions().iter().any(|p| p.status == Status::Indispensable) {
        lost("Moodle ne connaît pas les propositions indispensables");
    }
    let title: String = plain(&stem).0.chars().take(80).collect();
    let mut xml = format!("<question type=\"{kind}\">\n");
    let attached = Attached { image, pdf: None, video: question.video.as_ref() };
    head(&mut xml, &title, &render::html(&stem), attached, id, export, written);
    feedback_and_grade(&mut xml, &question.comment, &format!("{:.7}", question.weight.to_f64()));
    xml.push_str(&end);
    tags(&mut xml, hints.into_iter());
    xml.push_str("</question>\n");
    xml
}

fn choice(xml: &mut String, propositions: &[Proposition], single: bool) {
    let _ = write!(
        xml,
        "<single>{single}</single>\n<shuffleanswers>true</shuffleanswers>\n<answernumbering>ABCD</answernumbering>\n"
    );
    let right = propositions.iter().filter(|p| p.status.is_true()).count();
    for p in propositions {
        let percent = match p.status {
            s if s.is_true() => share(right),
            _ if single => 0.0,
            Status::Inacceptable => -100.0,
            _ => -share((propositions.len() - right).max(2)),
        };
        answer(xml, percent, &escape(&inline(&p.text)), &render::html(&p.comment));
    }
}

/// One of so many, in percent; Moodle refuses other fractions.
fn share(count: usize) -> f64 {
    if count <= 10 { 100.0 / count.max(1) as f64 } else { 5.0 }
}

/// The nearest credit that Moodle admits, in percent.
fn nearest(percent: f64) -> f64 {
    const ADMITTED: [f64; 20] = [
        0.0, 5.0, 10.0, 11.11111, 12.5, 14.28571, 16.66667, 20.0, 25.0, 30.0, 33.33333, 40.0, 50.0, 60.0, 66.66667,
        70.0, 75.0, 80.0, 90.0, 100.0,
    ];
    ADMITTED.into_iter().min_by(|a, b| (a - percent).abs().total_cmp(&(b - percent).abs())).unwrap_or(0.0)
}

fn answer(xml: &mut String, percent: f64, text: &str, comment: &str) {
    let _ = writeln!(
        xml,
        "<answer fraction=\"{percent:.5}\" format=\"html\"><text>{text}</text><feedback format=\"html\"><text>{}</text></feedback></answer>",
        escape(comment)
    );
}

/// Markers to put on the image, in pixels; `None` without its bytes or size.
fn zones(question: &Question, export: &Export<'_>) -> Option<String> {
    let Body::Qzp { zones, .. } = &question.body else { return None };
    let image = question.image.as_ref()?;
    let bytes = (export.media)(&image.file)?;
    let (width, height) = match media::size(&bytes) {
        Some(size) => size,
        None => (image.width > 0 && image.height > 0).then_some((image.width, image.height))?,
    };
    let (w, h) = (f64::from(width), f64::from(height));
    let mut xml = file_xml(&media::file_name(&image.file, &bytes), &bytes);
    xml.push('\n');
    for (i, zone) in zones.iter().enumerate() {
        let no = i + 1;
        let _ = writeln!(xml, "<drag><no>{no}</no><text>{}</text><noofdrags>1</noofdrags></drag>", escape(&zone.name));
    }
    for (i, zone) in zones.iter().enumerate() {
        let no = i + 1;
        let (shape, coords) = match &zone.shape {
            Shape::Circle { x, y, r } => ("circle", format!("{:.0},{:.0};{:.0}", x * w, y * h, r * w)),
            Shape::Rect { x, y, w: dx, h: dy } => {
                ("rectangle", format!("{:.0},{:.0};{:.0},{:.0}", x * w, y * h, dx * w, dy * h))
            }
            Shape::Polygon(corners) => {
                let corner = |[x, y]: &[f64; 2]| format!("{:.0},{:.0}", x * w, y * h);
                ("polygon", corners.iter().map(corner).collect::<Vec<_>>().join(";"))
            }
        };
        let _ = writeln!(
            xml,
            "<drop><no>{no}</no><shape>{shape}</shape><coords>{coords}</coords><choice>{no}</choice></drop>"
        );
    }
    Some(xml)
}
