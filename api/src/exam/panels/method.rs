//! What is asked of judges, method by method: the targets of a judgement and how a value is written.

use crate::exam::room::question_view;
use crate::markdown;
use crate::table::fold_header;
use docimo_engine::docimology::standards::{EBEL_DIFFICULTY, EBEL_RELEVANCE};
use docimo_engine::paper::{Paper, Placed};
use docimo_engine::question::Body;

/// How a panel judges.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// Chance of a borderline candidate at each question.
    Angoff,
    /// Would a borderline candidate succeed?
    YesNoAngoff,
    /// Angoff in two rounds.
    ModifiedAngoff,
    /// Relevance by difficulty.
    Ebel,
    /// Bounds of cut and failures.
    Hofstee,
    /// A page of the ordered booklet.
    Bookmark,
    /// Candidates judged borderline.
    BorderlineGroup,
    /// Global grades of candidates.
    BorderlineRegression,
    /// Answers of experts to script concordance questions.
    Tcs,
}

impl Method {
    /// All of them, thresholds first.
    pub const ALL: [Self; 9] = [
        Self::Angoff,
        Self::YesNoAngoff,
        Self::ModifiedAngoff,
        Self::Ebel,
        Self::Hofstee,
        Self::Bookmark,
        Self::BorderlineGroup,
        Self::BorderlineRegression,
        Self::Tcs,
    ];

    /// Its word in the database and in programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Angoff => "angoff",
            Self::YesNoAngoff => "yes-no-angoff",
            Self::ModifiedAngoff => "modified-angoff",
            Self::Ebel => "ebel",
            Self::Hofstee => "hofstee",
            Self::Bookmark => "bookmark",
            Self::BorderlineGroup => "borderline-group",
            Self::BorderlineRegression => "borderline-regression",
            Self::Tcs => "tcs",
        }
    }

    /// The method of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|m| m.word() == word)
    }

    /// Its name on a page.
    pub fn french(self) -> &'static str {
        match self {
            Self::Angoff => "Angoff",
            Self::YesNoAngoff => "Angoff oui/non",
            Self::ModifiedAngoff => "Angoff modifié, deux tours",
            Self::Ebel => "Ebel",
            Self::Hofstee => "Hofstee",
            Self::Bookmark => "Marque-page",
            Self::BorderlineGroup => "Groupe limite",
            Self::BorderlineRegression => "Régression au seuil",
            Self::Tcs => "Panel de concordance",
        }
    }

    /// What is asked of a judge, in a sentence.
    pub fn asked(self) -> &'static str {
        match self {
            Self::Angoff | Self::ModifiedAngoff => {
                "Pour chaque question, la réussite attendue d’un candidat juste au seuil, en %."
            }
            Self::YesNoAngoff => "Pour chaque question : un candidat juste au seuil y répondrait-il bien, oui ou non ?",
            Self::Ebel => {
                "Chaque question placée par pertinence et difficulté, puis la réussite attendue de chaque case, en %."
            }
            Self::Hofstee => {
                "Le seuil acceptable le plus bas et le plus haut, sur 20, puis la part d’échecs acceptable la plus \
                 basse et la plus haute, en %."
            }
            Self::Bookmark => {
                "La page du carnet ordonné où se trouve la première question qu’un candidat juste au seuil ne maîtrise \
                 pas."
            }
            Self::BorderlineGroup => "La liste des candidats que les examinateurs jugent à la limite.",
            Self::BorderlineRegression => {
                "Une appréciation globale par candidat, de 1 (insuffisant) à 5 (excellent), donnée sans voir les notes."
            }
            Self::Tcs => "La réponse de chaque panéliste à chaque question de concordance, de −2 à +2.",
        }
    }

    /// Does it need marks from the start?
    pub fn after_marking(self) -> bool {
        matches!(self, Self::Bookmark | Self::BorderlineGroup | Self::BorderlineRegression)
    }

    /// Does it judge candidates rather than questions?
    pub fn of_candidates(self) -> bool {
        matches!(self, Self::BorderlineGroup | Self::BorderlineRegression)
    }

    /// Does each judge rate the questions of the paper?
    pub fn of_questions(self) -> bool {
        matches!(self, Self::Angoff | Self::YesNoAngoff | Self::ModifiedAngoff | Self::Ebel | Self::Tcs)
    }
}

/// How a value is typed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Scale {
    /// 0 to 100, kept in per cent.
    Percent,
    /// `oui` or `non`.
    YesNo,
    /// A relevance and a difficulty, `essentielle/facile`.
    Cell,
    /// 0 to 20.
    Mark,
    /// A page of the booklet, from 1 to this.
    Page(usize),
    /// `limite`.
    Borderline,
    /// 1 to 5.
    Grade,
    /// −2 to +2.
    Concordance,
}

/// Bounds of Hofstee: word, head of a column, label, scale.
pub const BOUNDS: [(&str, &str, &str, Scale); 4] = [
    ("bound:least-cut", "seuil min", "Seuil le plus bas, sur 20", Scale::Mark),
    ("bound:greatest-cut", "seuil max", "Seuil le plus haut, sur 20", Scale::Mark),
    ("bound:least-failure", "échecs min", "Échecs les plus bas, en %", Scale::Percent),
    ("bound:greatest-failure", "échecs max", "Échecs les plus hauts, en %", Scale::Percent),
];

/// Something to judge.
#[derive(Clone, Debug)]
pub struct Target {
    /// `question:q1`, `cell:essentielle/facile`, `bound:least-cut`, `page`.
    pub id: String,
    /// Number of the question, from 1; 0 for what is not a question.
    pub number: usize,
    /// Name in a table; questions also answer to their number.
    pub head: String,
    /// Shown beside the field.
    pub label: String,
    /// The question itself, as HTML; empty for what is not a question.
    pub html: String,
    /// How it is typed.
    pub scale: Scale,
}

impl Target {
    /// Does a column head mean this target?
    pub fn answers_to(&self, head: &str) -> bool {
        let folded = fold_header(head);
        let numbered = self.number > 0
            && [format!("{}", self.number), format!("q{}", self.number), format!("question{}", self.number)]
                .contains(&folded);
        numbered || head.trim() == self.head || folded == fold_header(&self.head)
    }
}

fn scale(method: Method) -> Scale {
    match method {
        Method::YesNoAngoff => Scale::YesNo,
        Method::Ebel => Scale::Cell,
        Method::Tcs => Scale::Concordance,
        _ => Scale::Percent,
    }
}

/// Script concordance questions of a paper.
pub fn concordance_questions(paper: &Paper) -> impl Iterator<Item = Placed<'_>> {
    paper.questions().filter(|p| matches!(p.question.body, Body::Tcs { .. }))
}

/// What a panel judges in this paper; candidates are not listed. `pages` is the length of the booklet.
pub fn targets(method: Method, paper: &Paper, pages: usize) -> Vec<Target> {
    let question = |p: Placed<'_>| Target {
        id: format!("question:{}", p.question.id),
        number: p.number,
        head: p.question.id.to_string(),
        label: format!("Question {}", p.number),
        html: full(&p),
        scale: scale(method),
    };
    let plain = |id: String, head: &str, label: &str, scale| Target {
        id,
        number: 0,
        head: head.to_owned(),
        label: label.to_owned(),
        html: String::new(),
        scale,
    };
    match method {
        Method::Angoff | Method::YesNoAngoff | Method::ModifiedAngoff => paper.questions().map(question).collect(),
        Method::Ebel => {
            let cells = EBEL_RELEVANCE.iter().flat_map(|r| EBEL_DIFFICULTY.iter().map(move |d| (r, d)));
            let cells = cells.map(|(r, d)| {
                plain(format!("cell:{r}/{d}"), &format!("{r}/{d}"), &format!("{r}, {d}"), Scale::Percent)
            });
            paper.questions().map(question).chain(cells).collect()
        }
        Method::Hofstee => BOUNDS.iter().map(|(id, head, label, s)| plain((*id).to_owned(), head, label, *s)).collect(),
        Method::Bookmark => {
            vec![plain("page".into(), "page", "Page du marque-page", Scale::Page(pages + 1))]
        }
        Method::Tcs => concordance_questions(paper).map(question).collect(),
        Method::BorderlineGroup | Method::BorderlineRegression => Vec::new(),
    }
}

/// A question as judges read it: what candidates see, and the right answers.
fn full(placed: &Placed<'_>) -> String {
    let view = question_view(placed.question, placed.number, None);
    let mut html = view.stem_html;
    for (title, text) in [("Hypothèse", view.hypothesis_html), ("Information nouvelle", view.finding_html)] {
        if let Some(text) = text {
            html.push_str(&format!("<p><strong>{title}</strong></p>{text}"));
        }
    }
    let propositions = placed.question.body.propositions();
    if !propositions.is_empty() {
        html.push_str("<ul>");
        for (i, (seen, p)) in view.propositions.iter().zip(propositions).enumerate() {
            let right = if p.status.is_true() { " <em>(vrai)</em>" } else { "" };
            html.push_str(&format!("<li>{}. {}{right}</li>", char::from(b'A' + (i % 26) as u8), seen.html));
        }
        html.push_str("</ul>");
    }
    if let Body::Qroc { exact, .. } = &placed.question.body {
        html.push_str(&format!("<p>Réponse : {}</p>", markdown::inline(&exact.join(" ; "))));
    }
    html
}

/// A number typed the French way.
pub fn number(text: &str) -> Option<f64> {
    let text = text.trim().trim_end_matches('%').trim().replace(',', ".").replace('\u{2212}', "-");
    text.parse().ok().filter(|v: &f64| v.is_finite())
}

impl Scale {
    /// A typed value as it is kept; empty stays empty. The error says what is expected.
    pub fn read(self, text: &str) -> Result<String, String> {
        let text = text.trim();
        let refused = |expected: &str| Err(format!("« {text} » : {expected}"));
        if text.is_empty() {
            return Ok(String::new());
        }
        let within = |least: f64, most: f64| number(text).filter(|v| (least..=most).contains(v));
        match self {
            Self::Percent => within(0.0, 100.0).map(short).map_or_else(|| refused("un nombre de 0 à 100"), Ok),
            Self::Mark => within(0.0, 20.0).map(short).map_or_else(|| refused("un nombre de 0 à 20"), Ok),
            Self::Grade => within(1.0, 5.0).map(short).map_or_else(|| refused("un nombre de 1 à 5"), Ok),
            Self::YesNo => match fold_header(text).as_str() {
                "oui" | "o" | "1" | "yes" | "y" | "vrai" => Ok("oui".into()),
                "non" | "n" | "0" | "no" | "faux" => Ok("non".into()),
                _ => refused("oui ou non"),
            },
            Self::Cell => cell(text).map_or_else(
                || refused("une pertinence et une difficulté, « essentielle/facile » ou « 1/1 »"),
                |(r, d)| Ok(format!("{}/{}", EBEL_RELEVANCE[r], EBEL_DIFFICULTY[d])),
            ),
            Self::Page(last) => match text.parse::<usize>() {
                Ok(page) if (1..=last).contains(&page) => Ok(page.to_string()),
                _ => refused(&format!("une page de 1 à {last} ({last} : toutes les questions sont maîtrisées)")),
            },
            Self::Borderline => match fold_header(text).as_str() {
                "limite" | "oui" | "o" | "1" | "x" => Ok("limite".into()),
                "non" | "n" | "0" => Ok(String::new()),
                _ => refused("limite, oui ou non"),
            },
            Self::Concordance => match number(text) {
                Some(v) if v.fract() == 0.0 && (-2.0..=2.0).contains(&v) => Ok(format!("{v:.0}").replace("-0", "0")),
                _ => refused("−2, −1, 0, +1 ou +2"),
            },
        }
    }
}

fn short(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Relevance and difficulty, by name or by place from 1.
pub fn cell(text: &str) -> Option<(usize, usize)> {
    let (r, d) = text.split_once(['/', ',', ';', ' '])?;
    let place = |names: &[&str], text: &str| {
        let folded = fold_header(text);
        let by_name = names.iter().position(|n| !folded.is_empty() && fold_header(n).starts_with(&folded));
        by_name.or_else(|| folded.parse::<usize>().ok().filter(|n| (1..=names.len()).contains(n)).map(|n| n - 1))
    };
    Some((place(&EBEL_RELEVANCE, r)?, place(&EBEL_DIFFICULTY, d)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_kept_one_way_or_refused_with_what_is_expected() {
        let kept = |scale: Scale, text: &str| scale.read(text).unwrap_or_else(|why| why);
        assert_eq!(kept(Scale::Percent, " 62,5 % "), "62.5");
        assert_eq!(kept(Scale::Percent, ""), "");
        assert_eq!(kept(Scale::YesNo, "O"), "oui");
        assert_eq!(kept(Scale::YesNo, "Non"), "non");
        assert_eq!(kept(Scale::Cell, "Essentielle / difficile"), "essentielle/difficile");
        assert_eq!(kept(Scale::Cell, "2/1"), "importante/facile");
        assert_eq!(kept(Scale::Concordance, "\u{2212}2"), "-2");
        assert_eq!(kept(Scale::Concordance, "+1"), "1");
        assert_eq!(kept(Scale::Concordance, "-0"), "0");
        assert_eq!(kept(Scale::Page(4), "4"), "4");
        for (scale, text) in [
            (Scale::Percent, "101"),
            (Scale::Percent, "NaN"),
            (Scale::Mark, "20,5"),
            (Scale::YesNo, "peut-être"),
            (Scale::Cell, "5/1"),
            (Scale::Cell, "essentielle"),
            (Scale::Concordance, "3"),
            (Scale::Concordance, "0,5"),
            (Scale::Page(4), "0"),
            (Scale::Grade, "6"),
        ] {
            assert!(scale.read(text).unwrap_err().contains(text), "{text}");
        }
    }
}
