//! The questions of the example to fill: one of each usual kind, and a case.

use crate::exchange::draft::{proposition, question};
use docimo_engine::paper::{Case, CaseKind, Element, Part};
use docimo_engine::question::{Body, Proposition, Question, Rank, Status};
use docimo_engine::{CaseId, QuestionId};

fn options(texts: &[(&str, Status)]) -> Vec<Proposition> {
    texts
        .iter()
        .enumerate()
        .map(|(i, (text, status))| proposition(i, (*text).to_owned(), *status, String::new()))
        .collect()
}

fn named(id: &str, stem: &str, body: Body) -> Question {
    Question { id: QuestionId::new(id), rank: Some(Rank::A), ..question(stem.to_owned(), body) }
}

pub(super) fn elements() -> Vec<Element> {
    use Status::{Faux, Inacceptable, Indispensable, Vrai};
    let mut qru = named(
        "exemple-qru",
        "Quelle valve sépare l’oreillette gauche du ventricule gauche ?",
        Body::Qru {
            propositions: options(&[
                ("La valve mitrale", Vrai),
                ("La valve tricuspide", Faux),
                ("La valve aortique", Faux),
                ("La valve pulmonaire", Faux),
            ]),
        },
    );
    qru.comment = "La valve tricuspide est à droite.".to_owned();
    qru.tags = vec!["R2C:233".to_owned()];
    let qrm = named(
        "exemple-qrm",
        "Devant une fièvre avec purpura extensif, que faites-vous aussitôt ?",
        Body::Qrm {
            propositions: options(&[
                ("Une injection de ceftriaxone", Indispensable),
                ("Un appel au Samu", Vrai),
                ("Attendre la ponction lombaire", Inacceptable),
                ("Un retour à domicile avec surveillance", Faux),
                ("Un remplissage en cas de choc", Vrai),
            ]),
        },
    );
    let qroc = named(
        "exemple-qroc",
        "Quel ion manque dans une hypokaliémie ?",
        Body::Qroc {
            exact: vec!["potassium".to_owned(), "K+".to_owned()],
            acceptable: vec!["kalium".to_owned()],
            max_words: 5,
        },
    );
    let tcs = named(
        "exemple-tcs",
        "Un homme de 60 ans a une douleur thoracique depuis deux heures.",
        Body::Tcs {
            hypothesis: "une embolie pulmonaire".to_owned(),
            finding: "un sus-décalage du segment ST en V1 à V4".to_owned(),
            panel: [9, 4, 1, 0, 0],
            experts: Vec::new(),
        },
    );
    let first = named(
        "exemple-dp-1",
        "Quel examen demandez-vous d’abord ?",
        Body::Qru {
            propositions: options(&[
                ("Un électrocardiogramme", Vrai),
                ("Une coronarographie", Faux),
                ("Une IRM cardiaque", Faux),
                ("Un test d’effort", Faux),
            ]),
        },
    );
    let second = named(
        "exemple-dp-2",
        "Quels signes le confirment ?",
        Body::Qrp {
            expected: 2,
            propositions: options(&[
                ("L’absence d’onde P", Vrai),
                ("Des QRS irréguliers", Vrai),
                ("Un PR long fixe", Faux),
                ("Des ondes F en toit d’usine", Faux),
            ]),
        },
    );
    let third = named(
        "exemple-dp-3",
        "Quel score estime le risque d’embolie ?",
        Body::Qroc { exact: vec!["CHA2DS2-VASc".to_owned()], acceptable: Vec::new(), max_words: 5 },
    );
    let part = |text: &str, question| Part { text: text.to_owned(), question };
    let case = Case {
        id: CaseId::new("exemple-dp"),
        kind: CaseKind::Dp,
        title: "Palpitations".to_owned(),
        intro: "Une femme de 72 ans, hypertendue, consulte pour des palpitations.".to_owned(),
        image: None,
        article: None,
        tags: Vec::new(),
        parts: vec![
            part("", first),
            part("Le tracé montre une fibrillation atriale.", second),
            part("Vous discutez un anticoagulant.", third),
        ],
    };
    [qru, qrm, qroc, tcs].into_iter().map(Element::Question).chain([Element::Case(case)]).collect()
}
