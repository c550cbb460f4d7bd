//! What a draft starts as, and what a question keeps when its kind changes.

use crate::ambient;
use docimo_engine::paper::{Article, Case, CaseKind, Element, Part};
use docimo_engine::question::{Body, Kind, Proposition, Question, Status};

/// A kind of question or of case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// An isolated question.
    Question(Kind),
    /// A case.
    Case(CaseKind),
}

/// Kinds of cases, in the order of forms.
pub const CASES: [CaseKind; 4] = [CaseKind::Dp, CaseKind::MiniDp, CaseKind::Kfp, CaseKind::Lca];

impl Wanted {
    /// Reads a code: `QRU`, `mini-DP`…
    pub fn from_code(code: &str) -> Option<Self> {
        let case = CASES.into_iter().find(|kind| kind.code().eq_ignore_ascii_case(code.trim()));
        case.map(Self::Case).or_else(|| Kind::from_code(code).map(Self::Question))
    }

    /// The code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Question(kind) => kind.code(),
            Self::Case(kind) => kind.code(),
        }
    }
}

/// An identifier that nothing else has: `q-3f9a…`.
pub fn fresh(prefix: &str) -> String {
    format!("{prefix}-{}", ambient::hex(&ambient::random::<5>()))
}

/// An empty proposition.
pub fn proposition() -> Proposition {
    Proposition { id: fresh("p").as_str().into(), text: String::new(), status: Status::Faux, comment: String::new() }
}

/// An empty question.
pub fn question(kind: Kind) -> Question {
    let many = |n: usize| (0..n).map(|_| proposition()).collect::<Vec<_>>();
    let body = match kind {
        Kind::Qru => Body::Qru { propositions: many(5) },
        Kind::Qrm => Body::Qrm { propositions: many(5) },
        Kind::Qrp => Body::Qrp { expected: 2, propositions: many(5) },
        Kind::Qrpl => Body::Qrpl { expected: 3, propositions: many(10) },
        Kind::Qroc => Body::Qroc { exact: Vec::new(), acceptable: Vec::new(), max_words: 5 },
        Kind::Qzp => Body::Qzp { expected: 1, zones: Vec::new() },
        Kind::Tcs => {
            Body::Tcs { hypothesis: String::new(), finding: String::new(), panel: [0; 5], experts: Vec::new() }
        }
        Kind::Qcm => Body::Qcm { propositions: many(5) },
    };
    Question::new(fresh("q").as_str().into(), String::new(), body)
}

/// A question of a case.
pub fn part(kind: Kind) -> Part {
    Part { text: String::new(), question: question(kind) }
}

/// An empty article.
pub fn article() -> Article {
    Article { title: String::new(), citation: String::new(), body: String::new(), pdf: None }
}

/// An empty question or case.
pub fn element(wanted: Wanted) -> Element {
    match wanted {
        Wanted::Question(kind) => Element::Question(question(kind)),
        Wanted::Case(kind) => {
            let kinds: &[Kind] = match kind {
                CaseKind::Dp | CaseKind::MiniDp => &[Kind::Qrm, Kind::Qrm, Kind::Qrm],
                CaseKind::Kfp => &[Kind::Qrp, Kind::Qroc, Kind::Qrp],
                CaseKind::Lca => &[Kind::Qrm],
            };
            Element::Case(Case {
                id: fresh(&kind.code().to_lowercase()).as_str().into(),
                kind,
                title: String::new(),
                intro: String::new(),
                image: None,
                article: (kind == CaseKind::Lca).then(article),
                tags: Vec::new(),
                parts: kinds.iter().map(|kind| part(*kind)).collect(),
            })
        }
    }
}

/// The same question as another kind: what both have is kept, propositions that are true become answers of a QROC
/// and answers become propositions.
pub fn recast(question: &Question, kind: Kind) -> Question {
    if question.kind() == kind {
        return question.clone();
    }
    let mut list: Vec<Proposition> = question.body.propositions().to_vec();
    if let Body::Qroc { exact, acceptable, .. } = &question.body {
        list = exact
            .iter()
            .chain(acceptable)
            .map(|text| Proposition { text: text.clone(), status: Status::Vrai, ..proposition() })
            .collect();
    }
    let mut fresh = self::question(kind);
    let expected = u32::try_from(list.iter().filter(|p| p.status.is_true()).count()).unwrap_or(0);
    if let Body::Qrp { expected: n, .. } | Body::Qrpl { expected: n, .. } = &mut fresh.body
        && expected > 0
    {
        *n = expected;
    }
    if let Some(own) = fresh.body.propositions_mut()
        && !list.is_empty()
    {
        let least = own.len();
        *own = list;
        while own.len() < least {
            own.push(proposition());
        }
        if kind == Kind::Qrpl || kind == Kind::Qru || kind == Kind::Qcm {
            for p in own {
                p.status = if p.status.is_true() { Status::Vrai } else { Status::Faux };
            }
        }
    } else if let Body::Qroc { exact, .. } = &mut fresh.body {
        *exact = list.into_iter().filter(|p| p.status.is_true() && !p.text.is_empty()).map(|p| p.text).collect();
    }
    Question { body: fresh.body, ..question.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_starts_and_has_names_of_its_own() {
        for kind in Kind::ALL {
            let made = question(kind);
            assert_eq!(made.kind(), kind);
            let ids: std::collections::BTreeSet<_> = made.body.propositions().iter().map(|p| p.id.clone()).collect();
            assert_eq!(ids.len(), made.body.propositions().len());
            assert_eq!(Wanted::from_code(kind.code()), Some(Wanted::Question(kind)));
        }
        for kind in CASES {
            let Element::Case(case) = element(Wanted::Case(kind)) else { panic!("{kind}") };
            assert_eq!(case.article.is_some(), kind == CaseKind::Lca);
            assert_eq!(Wanted::from_code(&kind.code().to_lowercase()), Some(Wanted::Case(kind)));
        }
        assert_eq!(Wanted::from_code("?"), None);
    }

    #[test]
    fn a_question_keeps_what_its_new_kind_has() {
        let mut qrm = question(Kind::Qrm);
        let list = qrm.body.propositions_mut().unwrap();
        (list[0].text, list[0].status) = ("Aspirine".into(), Status::Indispensable);
        (list[1].text, list[1].status) = ("Repos".into(), Status::Inacceptable);
        let first = list[0].id.clone();
        let qru = recast(&qrm, Kind::Qru);
        assert_eq!((qru.body.propositions()[0].id.clone(), qru.body.propositions()[0].status), (first, Status::Vrai));
        assert_eq!(qru.body.propositions()[1].status, Status::Faux);
        let Body::Qroc { exact, .. } = recast(&qrm, Kind::Qroc).body else { panic!() };
        assert_eq!(exact, ["Aspirine"]);
        let back = recast(&recast(&qrm, Kind::Qroc), Kind::Qrpl);
        assert_eq!((back.body.propositions().len(), back.body.expected()), (10, Some(1)));
        assert_eq!(recast(&qrm, Kind::Tcs).body.kind(), Kind::Tcs);
    }
}
