//! A question being made from a file of another program, with what is said about it on the way. What
//! several formats share: texts to Markdown, pictures, fractions, numbers with a tolerance, questions
//! that become a small case.

use super::html::{self, Converted, LineFeed, Picture};
use super::media::{self, Names};
use super::{Faulty, Imported, MISSING_ALT, MediaFile, identity};
use docimo_engine::paper::{Case, CaseKind, Element, Part};
use docimo_engine::question::{Body, Image, Proposition, Question, Status};
use docimo_engine::{CaseId, Exact, PropositionId, QuestionId, qroc};
use std::collections::BTreeSet;

/// How a text is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Markup {
    Html,
    /// Moodle's "auto format": HTML whose lines count.
    Auto,
    Plain,
    Markdown,
}

/// What was noticed while a question was made.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) errors: Vec<String>,
    pub(super) warnings: Vec<String>,
    /// Settings and texts without equivalent here.
    pub(super) lost: BTreeSet<String>,
    pub(super) stripped: BTreeSet<String>,
    pub(super) links: BTreeSet<String>,
    /// Images elsewhere than in the stem, by place.
    pub(super) lost_images: BTreeSet<String>,
    pub(super) comment: String,
    pub(super) image: Option<Image>,
    pub(super) media: Vec<MediaFile>,
    pub(super) weight: Option<Exact>,
}

/// A response option with what it is worth.
pub(super) struct Answer {
    /// In percent.
    pub(super) fraction: f64,
    /// As it was written.
    pub(super) raw: String,
    pub(super) markdown: String,
    pub(super) comment: String,
}

/// One question of several asked at once.
pub(super) struct Sub {
    pub(super) stem: String,
    pub(super) body: Body,
}

impl Draft {
    pub(super) fn all_warnings(&mut self) -> Vec<String> {
        let listed = |set: &mut BTreeSet<String>| std::mem::take(set).into_iter().collect::<Vec<_>>().join(", ");
        let mut warnings = std::mem::take(&mut self.warnings);
        if !self.lost_images.is_empty() {
            let places = listed(&mut self.lost_images);
            warnings.push(format!("images non reprises (seul l’énoncé peut en avoir une) : {places}"));
        }
        if !self.links.is_empty() {
            warnings.push(format!("liens retirés, leur texte est gardé : {}", listed(&mut self.links)));
        }
        if !self.stripped.is_empty() {
            warnings.push(format!("mise en forme retirée : {}", listed(&mut self.stripped)));
        }
        if !self.lost.is_empty() {
            warnings.push(format!("non repris : {}", listed(&mut self.lost)));
        }
        warnings
    }

    pub(super) fn lose(&mut self, what: impl Into<String>) {
        self.lost.insert(what.into());
    }

    /// A text in Markdown. Its pictures go to `pictures`, or are told lost by `place`.
    pub(super) fn markdown(
        &mut self,
        raw: &str,
        markup: Markup,
        place: &str,
        pictures: Option<&mut Vec<Picture>>,
    ) -> String {
        let found = match markup {
            Markup::Plain => Converted { markdown: html::plain_to_markdown(raw), ..Converted::default() },
            Markup::Markdown => Converted { markdown: raw.trim().to_owned(), ..Converted::default() },
            Markup::Auto => html::to_markdown(raw.trim(), LineFeed::Break),
            Markup::Html => html::to_markdown(raw, LineFeed::Space),
        };
        self.stripped.extend(found.stripped);
        self.links.extend(found.links.into_iter().map(|mut link| {
            if let Some((at, _)) = link.char_indices().nth(80) {
                link.truncate(at);
                link.push('…');
            }
            link
        }));
        match pictures {
            Some(pictures) => pictures.extend(found.pictures),
            None if !found.pictures.is_empty() => {
                self.lost_images.insert(place.to_owned());
            }
            None => {}
        }
        found.markdown
    }

    /// Takes the first picture that can be read; the others are told.
    pub(super) fn pictures(
        &mut self,
        pictures: &[Picture],
        names: &mut Names,
        mut find: impl FnMut(&Picture, &mut Names) -> Result<MediaFile, String>,
    ) {
        for (rank, picture) in pictures.iter().enumerate() {
            if self.image.is_some() {
                let rest = pictures.len() - rank;
                self.warnings.push(format!("{rest} image(s) de l’énoncé non reprise(s) : une seule est possible"));
                return;
            }
            match find(picture, names) {
                Ok(file) => self.take_picture(file, &picture.alt),
                Err(reason) => self.warnings.push(reason),
            }
        }
    }

    /// The image of the question.
    pub(super) fn take_picture(&mut self, file: MediaFile, alt: &str) {
        let alt = if alt.trim().is_empty() {
            self.warnings.push(format!("l’image « {} » n’a pas de texte de remplacement : à compléter", file.name));
            MISSING_ALT.to_owned()
        } else {
            alt.to_owned()
        };
        self.image = Some(Image { file: file.name.clone(), alt, width: 0, height: 0 });
        self.media.push(file);
    }

    /// One key is a QRU, several a QRM. Where one answer may be given, only the best is the key: a part of
    /// the points is told, and is false here. What fractions say beyond true and false is told: an error worth
    /// the whole question where other errors cost less becomes *inacceptable*; unequal credits have no
    /// equivalent. The marking of an exam is its own scheme's, not the file's.
    pub(super) fn choice(&mut self, mut answers: Vec<Answer>, single: bool) -> Body {
        // Not where a picture was the whole of an option: that is a fault.
        if self.lost_images.is_empty() {
            let before = answers.len();
            answers.retain(|a| a.fraction > 0.0 || !a.markdown.is_empty());
            if answers.len() < before {
                self.lose(format!("{} réponse(s) sans texte", before - answers.len()));
            }
        }
        let best = answers.iter().map(|a| a.fraction).fold(0.0, f64::max);
        let right = |fraction: f64| fraction > 0.0 && (!single || fraction >= best - 0.01);
        let positive: Vec<f64> = answers.iter().map(|a| a.fraction).filter(|f| *f > 0.0).collect();
        let even = positive.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 0.01);
        for answer in answers.iter().filter(|a| a.fraction > 0.0 && !right(a.fraction)) {
            let text: String = one_line(&answer.markdown).chars().take(60).collect();
            self.warnings.push(format!("points partiels non repris : « {text} » ({} %) est faux ici", answer.fraction));
        }
        if single && best > 0.0 && best < 99.99 {
            self.lose("points partiels d’une réponse");
        } else if !single && !even {
            self.lose("poids inégaux des réponses justes");
        }
        let milder = answers.iter().any(|a| a.fraction <= 0.0 && a.fraction > -99.99);
        let grave = |fraction: f64| !single && milder && fraction <= -99.99;
        if answers.iter().any(|a| a.fraction < 0.0 && !grave(a.fraction)) {
            self.lose("points négatifs");
        }
        if answers.iter().any(|a| grave(a.fraction)) {
            self.warnings.push("une réponse qui ôte tous les points est reprise comme inacceptable".to_owned());
        }
        let propositions = answers
            .into_iter()
            .enumerate()
            .map(|(i, answer)| {
                let status = match answer.fraction {
                    f if right(f) => Status::Vrai,
                    f if grave(f) => Status::Inacceptable,
                    _ => Status::Faux,
                };
                proposition(i, answer.markdown, status, answer.comment)
            })
            .collect();
        if single { Body::Qru { propositions } } else { Body::Qrm { propositions } }
    }

    /// Open answers, Moodle's way: "*" is any text, "\*" a star.
    pub(super) fn open(&mut self, answers: Vec<Answer>) -> Body {
        let (mut exact, mut acceptable) = (Vec::new(), Vec::new());
        let mut comments = Vec::new();
        for answer in answers {
            let text = answer.raw.split_whitespace().collect::<Vec<_>>().join(" ");
            let pattern = text.replace("\\*", "").contains('*');
            let text = text.replace("\\*", "*");
            if !answer.comment.is_empty() {
                let shown = if text == "*" { "autre réponse".to_owned() } else { html::plain_to_markdown(&text) };
                comments.push(format!("- {shown} : {}", one_line(&answer.comment)));
            }
            if pattern {
                if answer.fraction > 0.0 {
                    self.warnings.push(format!("réponse « {text} » non reprise : le joker « * » n’existe pas ici"));
                }
            } else {
                self.accept(&mut exact, &mut acceptable, answer.fraction, text);
            }
        }
        self.comment = comments.join("\n");
        self.qroc(exact, acceptable)
    }

    fn accept(&mut self, exact: &mut Vec<String>, acceptable: &mut Vec<String>, fraction: f64, text: String) {
        if fraction >= 99.99 {
            exact.push(text);
        } else if fraction > 0.0 {
            if (fraction - 50.0).abs() > 0.01 {
                self.lose("points partiels autres que la moitié");
            }
            acceptable.push(text);
        } else {
            self.lose("réponses fausses prévues");
        }
    }

    /// An open question with no answer to compare with: kept, and told by what examines every entry.
    pub(super) fn essay(&mut self) -> Body {
        Body::Qroc { exact: Vec::new(), acceptable: Vec::new(), max_words: 5 }
    }

    /// Adds to what the correction says.
    pub(super) fn add_comment(&mut self, text: String) {
        let own = std::mem::take(&mut self.comment);
        self.comment = [own, text].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join("\n\n");
    }

    pub(super) fn qroc(&mut self, exact: Vec<String>, acceptable: Vec<String>) -> Body {
        let longest = exact.iter().chain(&acceptable).map(|t| qroc::word_count(t)).max().unwrap_or(0);
        let max_words = u32::try_from(longest).unwrap_or(u32::MAX).max(5);
        if max_words > 5 {
            self.warnings.push(format!("une réponse compte {max_words} mots : la limite usuelle de 5 est relevée"));
        }
        Body::Qroc { exact, acceptable, max_words }
    }

    /// Numbers accepted between `low` and `high`, both included. A QROC compares texts: the values are
    /// listed at the precision that is written if they are few, else the middle alone is kept; both are
    /// told.
    pub(super) fn interval(&mut self, low: &str, high: &str, middle: Option<&str>) -> Option<Vec<String>> {
        let parse = |text: &str| Decimal::parse(text);
        let (Some(low), Some(high)) = (parse(low), parse(high)) else {
            self.errors.push(format!("« {low} » ou « {high} » n’est pas un nombre"));
            return None;
        };
        if low == high {
            return Some(vec![low.text()]);
        }
        let scale = low.scale.max(high.scale).max(middle.and_then(parse).map_or(0, |m| m.scale));
        let bounds = low.at(scale).zip(high.at(scale));
        match bounds {
            Some((from, to)) if from <= to && to - from <= 40 => {
                self.warnings.push(format!(
                    "réponse numérique de {} à {} : les valeurs écrites avec {scale} décimale(s) sont acceptées, les \
                     autres seront à juger",
                    low.text(),
                    high.text()
                ));
                Some((from..=to).map(|units| Decimal { units, scale }.text()).collect())
            }
            Some((from, to)) if from > to => {
                self.errors.push(format!("intervalle vide : de {} à {}", low.text(), high.text()));
                None
            }
            _ => {
                let Some(middle) = middle.and_then(parse) else {
                    self.errors.push(format!(
                        "réponse numérique de {} à {} : trop de valeurs pour une QROC, qui compare des textes",
                        low.text(),
                        high.text()
                    ));
                    return None;
                };
                self.warnings.push(format!(
                    "tolérance non reprise (de {} à {}) : seule la valeur {} est acceptée, les autres seront à juger",
                    low.text(),
                    high.text(),
                    middle.text()
                ));
                Some(vec![middle.text()])
            }
        }
    }

    /// A number with its tolerance.
    pub(super) fn tolerance(&mut self, value: &str, tolerance: &str) -> Option<Vec<String>> {
        let (Some(centre), Some(around)) = (Decimal::parse(value), Decimal::parse(tolerance)) else {
            self.errors.push(format!("« {value} » ou sa tolérance « {tolerance} » n’est pas un nombre"));
            return None;
        };
        let scale = centre.scale.max(around.scale);
        let (Some(centre_units), Some(around_units)) = (centre.at(scale), around.at(scale)) else {
            self.errors.push(format!("« {value} » est un nombre trop grand"));
            return None;
        };
        let bound = |units| Decimal { units, scale }.text();
        let around_units = around_units.saturating_abs();
        let (low, high) = (centre_units.saturating_sub(around_units), centre_units.saturating_add(around_units));
        self.interval(&bound(low), &bound(high), Some(&centre.text()))
    }

    /// Makes one element of several questions asked at once: a small case, whose questions follow each
    /// other. A single one is a question of its own.
    pub(super) fn several(&mut self, title: &str, intro: String, mut subs: Vec<Sub>) -> Option<Element> {
        if subs.is_empty() {
            self.errors.push("aucune question n’a été trouvée dans l’élément".to_owned());
            return None;
        }
        if subs.len() == 1 {
            let sub = subs.remove(0);
            let stem = [intro, sub.stem].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join("\n\n");
            return Some(Element::Question(question(stem, sub.body)));
        }
        self.warnings.push(format!("repris comme un mini-dossier de {} questions, à relire", subs.len()));
        let parts =
            subs.into_iter().map(|sub| Part { text: String::new(), question: question(sub.stem, sub.body) }).collect();
        let title = if title.trim().is_empty() { "Mini-dossier".to_owned() } else { title.trim().to_owned() };
        Some(Element::Case(Case {
            id: CaseId::new(""),
            kind: CaseKind::MiniDp,
            title,
            intro,
            image: None,
            article: None,
            tags: Vec::new(),
            parts,
        }))
    }

    /// The entry, once everything is read.
    pub(super) fn finish(
        mut self,
        place: String,
        id: Option<String>,
        category: Option<&str>,
        element: Option<Element>,
    ) -> Result<Imported, Faulty> {
        let Some(mut element) = element.filter(|_| self.errors.is_empty()) else {
            if self.errors.is_empty() {
                self.errors.push("question illisible".to_owned());
            }
            return Err(Faulty::error(place, self.errors.join(" ; ")));
        };
        match &mut element {
            Element::Question(question) => {
                question.image = question.image.take().or_else(|| self.image.take());
                if question.comment.is_empty() {
                    question.comment = std::mem::take(&mut self.comment);
                }
                if let Some(weight) = self.weight {
                    question.weight = weight;
                }
            }
            Element::Case(case) => {
                case.image = case.image.take().or_else(|| self.image.take());
                if !self.comment.is_empty()
                    && let Some(last) = case.parts.last_mut()
                    && last.question.comment.is_empty()
                {
                    last.question.comment = std::mem::take(&mut self.comment);
                }
            }
        }
        let id = id.unwrap_or_else(|| identity::derived(&element, category));
        identity::set(&mut element, &id);
        let media = std::mem::take(&mut self.media);
        let warnings = self.all_warnings();
        Ok(Imported { place, element, category: category.map(str::to_owned), media, warnings })
    }

    /// The weight that a file gives as points: 1 is the usual.
    pub(super) fn points(&mut self, text: &str) {
        let text = text.trim().replace(',', ".");
        let short = match text.split_once('.') {
            Some((whole, decimals)) => {
                let decimals = decimals.trim_end_matches('0');
                if decimals.is_empty() { whole.to_owned() } else { format!("{whole}.{decimals}") }
            }
            None => text.clone(),
        };
        // Seven decimals are all that many programs write of two thirds.
        let simple = short.parse::<f64>().ok().and_then(|value| {
            (1..=12i32).find_map(|d| {
                let n = (value * f64::from(d)).round();
                ((value * f64::from(d) - n).abs() < 1e-5 && n < 1e6).then(|| Exact::new(n as i128, i128::from(d)))
            })
        });
        match simple.map_or_else(|| short.parse::<Exact>(), Ok) {
            Ok(weight) if weight == Exact::ONE => {}
            Ok(weight) if weight > Exact::ZERO && weight <= Exact::int(1000) && weight.denominator() <= 1000 => {
                self.weight = Some(weight);
            }
            _ => self.lose(format!("note par défaut « {} »", text.chars().take(20).collect::<String>())),
        }
    }
}

/// A question with nothing but its stem and body; its identifier is given later.
pub(super) fn question(stem: String, body: Body) -> Question {
    Question::new(QuestionId::new(""), stem, body)
}

/// A proposition named by its rank: a, b, c…
pub(super) fn proposition(index: usize, text: String, status: Status, comment: String) -> Proposition {
    Proposition { id: PropositionId::new(letter(index)), text, status, comment }
}

/// a to z, then p27…
pub(super) fn letter(index: usize) -> String {
    match u8::try_from(index) {
        Ok(i) if i < 26 => char::from(b'a' + i).to_string(),
        _ => format!("p{}", index + 1),
    }
}

/// A Markdown in one line, for a list.
pub(super) fn one_line(markdown: &str) -> String {
    markdown.replace("\\\n", " ").split('\n').map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Pairs to match. With "true" and "false" as the only answers it is a QCM; else each pair is a QRU
/// among all the answers.
pub(super) fn matching(draft: &mut Draft, pairs: Vec<(String, String)>, others: Vec<String>) -> Vec<Sub> {
    let mut options: Vec<String> = Vec::new();
    for answer in pairs.iter().map(|(_, answer)| answer).chain(&others).filter(|answer| !answer.is_empty()) {
        if !options.contains(answer) {
            options.push(answer.clone());
        }
    }
    let truth = |answer: &str| match answer.trim().to_lowercase().as_str() {
        "vrai" | "true" | "v" | "oui" => Some(Status::Vrai),
        "faux" | "false" | "f" | "non" => Some(Status::Faux),
        _ => None,
    };
    if (1..=2).contains(&options.len()) && options.iter().all(|o| truth(o).is_some()) && pairs.len() >= 2 {
        let propositions = pairs
            .into_iter()
            .enumerate()
            .map(|(i, (text, answer))| proposition(i, text, truth(&answer).unwrap_or(Status::Faux), String::new()))
            .collect();
        return vec![Sub { stem: String::new(), body: Body::Qcm { propositions } }];
    }
    if options.len() < 2 {
        draft.errors.push("appariement sans deux réponses différentes".to_owned());
        return Vec::new();
    }
    pairs
        .into_iter()
        .map(|(stem, answer)| {
            let propositions = options
                .iter()
                .enumerate()
                .map(|(i, option)| {
                    let status = if *option == answer { Status::Vrai } else { Status::Faux };
                    proposition(i, option.clone(), status, String::new())
                })
                .collect();
            Sub { stem, body: Body::Qru { propositions } }
        })
        .collect()
}

/// A decimal number, exactly: `units` × 10^−`scale`.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Decimal {
    units: i64,
    scale: u32,
}

impl Decimal {
    /// "3.14", "3,14", "-2", "1e3"; without useless zeros.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim().replace(',', ".").replace('\u{2212}', "-");
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text.as_str(), 0),
        };
        let (whole, decimals) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let decimals = decimals.trim_end_matches('0');
        if !mantissa.bytes().any(|b| b.is_ascii_digit()) {
            return None;
        }
        if !decimals.bytes().all(|b| b.is_ascii_digit()) || decimals.len() > 12 || !(-12..=15).contains(&exponent) {
            return None;
        }
        let digits = format!(
            "{}{decimals}",
            if whole.is_empty() || whole == "-" { format!("{whole}0") } else { whole.to_owned() }
        );
        let mut units: i64 = digits.parse().ok()?;
        let mut scale = i32::try_from(decimals.len()).ok()? - exponent;
        while scale < 0 {
            units = units.checked_mul(10)?;
            scale += 1;
        }
        while scale > 0 && units % 10 == 0 {
            units /= 10;
            scale -= 1;
        }
        Some(Self { units, scale: u32::try_from(scale).ok()? })
    }

    /// Units at a finer scale.
    fn at(self, scale: u32) -> Option<i64> {
        10i64.checked_pow(scale.checked_sub(self.scale)?).and_then(|factor| self.units.checked_mul(factor))
    }

    /// With a decimal comma, as one writes it in French.
    fn text(self) -> String {
        let sign = if self.units < 0 { "-" } else { "" };
        let digits = self.units.unsigned_abs().to_string();
        let scale = self.scale as usize;
        if scale == 0 {
            return format!("{sign}{digits}");
        }
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, decimals) = padded.split_at(padded.len() - scale);
        format!("{sign}{whole},{decimals}")
    }
}

/// A picture beside a text, found in `files`.
pub(super) fn attached(
    picture: &Picture,
    files: &mut [media::Attached],
    names: &mut Names,
) -> Result<MediaFile, String> {
    media::extract(picture, files, names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals() {
        for (text, wanted) in [
            ("3.1400", "3,14"),
            ("-0,5", "-0,5"),
            ("1e3", "1000"),
            ("5", "5"),
            ("-3.142", "-3,142"),
            (".5", "0,5"),
            ("10", "10"),
        ] {
            assert_eq!(Decimal::parse(text).map(Decimal::text).as_deref(), Some(wanted), "{text}");
        }
        for bad in ["", "x", "1.2.3", "1e99", "99999999999999999999", "1.-2"] {
            assert!(Decimal::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn tolerances_are_listed_or_told() {
        let mut draft = Draft::default();
        assert_eq!(draft.tolerance("1822", "2").unwrap(), ["1820", "1821", "1822", "1823", "1824"]);
        assert_eq!(draft.tolerance("3.14", "0").unwrap(), ["3,14"]);
        assert_eq!(draft.tolerance("3.1415", "0.0005").unwrap().len(), 11);
        assert_eq!(draft.tolerance("5", "1000").unwrap(), ["5"]);
        assert_eq!(draft.interval("1", "5", None).unwrap(), ["1", "2", "3", "4", "5"]);
        assert!(draft.interval("0", "1000", None).is_none());
        assert_eq!(draft.warnings.len(), 4);
    }
}
