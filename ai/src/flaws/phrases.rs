//! Rules that look for words in the stem or in one proposition: 1 to 8, 14, 17, 18, 23 and 25.

use super::patterns::{self, Found, Negative};
use super::{FlawCode, Inspection, Kind, Part, Severity};

pub(super) fn check(inspection: &mut Inspection<'_>) {
    let negative = stem(inspection);
    for index in 0..inspection.propositions.len() {
        proposition(inspection, index, negative);
    }
    count(inspection);
    documents(inspection);
}

impl Inspection<'_> {
    fn note_stem(&mut self, code: FlawCode, severity: Severity, found: Found, message: impl FnOnce(&str) -> String) {
        let span = self.stem.origin(found);
        let message = message(&self.stem.source()[span.clone()]);
        self.note(code, severity, Part::Stem, span, message);
    }

    fn note_in(
        &mut self,
        index: usize,
        code: FlawCode,
        severity: Severity,
        found: Option<Found>,
        message: impl FnOnce(&str) -> String,
    ) {
        if let Some(found) = found {
            let text = &self.propositions[index].text;
            let span = text.origin(found);
            let message = message(&text.source()[span.clone()]);
            self.note(code, severity, Part::Proposition(index), span, message);
        }
    }
}

/// Rules 3, 17 and 18. Says whether the stem asks for the wrong one.
fn stem(inspection: &mut Inspection<'_>) -> bool {
    let text = inspection.stem.as_str();
    let blank = patterns::blank(text);
    let lead = inspection.stem.lead_in();
    let from = lead.start;
    let shift = |found: Found| found.start + from..found.end + from;
    let negative = patterns::negative_question(&text[lead.clone()]);
    let empty = patterns::empty_lead_in(&text[lead]).filter(|_| !inspection.propositions.is_empty());

    if let Some(found) = blank {
        inspection.note_stem(FlawCode::BlankInStem, Severity::Warning, found, |_| {
            "L’énoncé contient un trou à compléter.".to_owned()
        });
    }
    if let Some(found) = empty {
        let severity = match inspection.item.kind {
            Kind::Qru | Kind::Qrp | Kind::Qrpl => Severity::Warning,
            Kind::Qrm | Kind::Qcm | Kind::Qroc | Kind::Qzp | Kind::Tcs => Severity::Information,
        };
        inspection.note_stem(FlawCode::EmptyLeadIn, severity, shift(found), |seen| {
            format!("La question « {} » ne pose pas de tâche.", seen.trim())
        });
    }
    let Some((negative, found)) = negative else {
        return false;
    };
    let found = shift(found);
    let emphasised = inspection.stem.is_emphasised(&inspection.stem.origin(found.clone()));
    let severity = match (negative, emphasised) {
        (Negative::Question, false) => Severity::Warning,
        (Negative::Question, true) | (Negative::Clinical, false) => Severity::Information,
        (Negative::Clinical, true) => return false,
    };
    inspection.note_stem(FlawCode::NegativeStem, severity, found, |seen| {
        if emphasised {
            format!("La question est négative (« {seen} », mis en évidence).")
        } else {
            format!("La question est négative (« {seen} »), sans mise en évidence.")
        }
    });
    negative == Negative::Question
}

/// Rules 1, 2, 4 to 8 and 14.
fn proposition(inspection: &mut Inspection<'_>, index: usize, stem_is_negative: bool) {
    let here = &inspection.propositions[index];
    let is_true = here.is_true;
    let text = here.text.as_str();
    let all = patterns::all_of_the_above(text);
    let none = patterns::none_of_the_above(text);
    let combined = patterns::combined(text);
    let special = all.is_some() || none.is_some() || combined.is_some();
    let refers = patterns::refers_to_another(text);

    if let Some((certain, found)) = combined {
        let severity = if certain { Severity::Error } else { Severity::Warning };
        inspection.note_in(index, FlawCode::CombinedAnswers, severity, Some(found), |seen| {
            format!("La proposition combine d’autres réponses (« {} »).", seen.trim())
        });
    }
    inspection.note_in(index, FlawCode::AllOfTheAbove, Severity::Error, all, |seen| {
        format!("La proposition désigne toutes les autres (« {} »).", seen.trim())
    });
    inspection.note_in(index, FlawCode::NoneOfTheAbove, Severity::Error, none, |seen| {
        format!("La proposition exclut toutes les autres (« {} »).", seen.trim())
    });
    if special {
        return;
    }
    inspection.note_in(index, FlawCode::RefersToAnother, Severity::Error, refers, |seen| {
        format!("La proposition renvoie à une autre proposition ou question (« {} »).", seen.trim())
    });

    let text = inspection.propositions[index].text.as_str();
    let absolute = patterns::absolute(text);
    let vague = patterns::vague(text);
    let double = patterns::double_negative(text);
    let verb = patterns::negated_verb(text);
    let absence = patterns::absence(text);
    let barrel = patterns::double_barrelled(text);

    let severity = if is_true { Severity::Information } else { Severity::Warning };
    inspection.note_in(index, FlawCode::AbsoluteTerm, severity, absolute, |seen| {
        let status = if is_true { "vraie" } else { "fausse" };
        format!("Terme absolu « {seen} » dans une proposition {status}.")
    });
    inspection.note_in(index, FlawCode::VagueFrequency, Severity::Information, vague, |seen| {
        format!("Fréquence ou possibilité vague : « {seen} ».")
    });
    if double.is_some() {
        inspection.note_in(index, FlawCode::DoubleNegative, Severity::Warning, double, |seen| {
            format!("Double négation : « {seen} ».")
        });
    } else if stem_is_negative && verb.is_some() {
        inspection.note_in(index, FlawCode::DoubleNegative, Severity::Warning, verb, |seen| {
            format!("Proposition négative (« {seen} ») sous une question négative.")
        });
    } else {
        inspection.note_in(index, FlawCode::NegativeProposition, Severity::Information, verb.or(absence), |seen| {
            format!("Proposition négative : « {} ».", seen.trim())
        });
    }
    inspection.note_in(index, FlawCode::DoubleBarrelled, Severity::Information, barrel, |seen| {
        format!("Deux affirmations semblent reliées par « {} ».", seen.trim())
    });
}

/// Rule 23.
fn count(inspection: &mut Inspection<'_>) {
    let kind = inspection.item.kind;
    if inspection.propositions.is_empty() {
        return;
    }
    let text = inspection.stem.as_str();
    let announced = patterns::announced_count(text);
    let lead = inspection.stem.lead_in();
    let from = lead.start;
    let shift = |found: Found| found.start + from..found.end + from;
    let one = patterns::asks_for_one(&text[lead.clone()]).map(shift);
    let several = patterns::asks_for_several(&text[lead]).map(shift);
    let true_count = inspection.propositions.iter().filter(|p| p.is_true).count();
    let expected = match kind {
        Kind::Qru => Some(1),
        Kind::Qrp | Kind::Qrpl => inspection.item.expected.or(Some(true_count)),
        Kind::Qrm | Kind::Qcm | Kind::Qroc | Kind::Qzp | Kind::Tcs => None,
    };
    match (announced, expected) {
        (Some((count, found)), Some(expected)) if count != expected => {
            inspection.note_stem(FlawCode::CountContradiction, Severity::Error, found, |seen| {
                format!("L’énoncé annonce « {seen} » alors que la question en attend {expected}.")
            });
        }
        (Some((count, found)), None) if matches!(kind, Kind::Qrm | Kind::Qcm) => {
            let severity = if count == true_count { Severity::Warning } else { Severity::Error };
            inspection.note_stem(FlawCode::CountContradiction, severity, found, |seen| {
                format!("L’énoncé annonce « {seen} » alors que ce type de question ne donne pas de nombre.")
            });
        }
        (Some(_), Some(_) | None) => {}
        (None, _) => {
            let (found, asked) = match kind {
                Kind::Qru => (several, "plusieurs réponses"),
                Kind::Qrm | Kind::Qrp | Kind::Qrpl if true_count > 1 => (one, "une seule réponse"),
                Kind::Qrm | Kind::Qrp | Kind::Qrpl | Kind::Qcm | Kind::Qroc | Kind::Qzp | Kind::Tcs => (None, ""),
            };
            if let Some(found) = found {
                inspection.note_stem(FlawCode::CountContradiction, Severity::Warning, found, |seen| {
                    format!("L’énoncé semble demander {asked} (« {seen} »), contrairement au type de la question.")
                });
            }
        }
    }
}

/// Rule 25.
fn documents(inspection: &mut Inspection<'_>) {
    let text = inspection.stem.as_str();
    let shown = patterns::shown_document(text);
    let pointed = patterns::pointed_document(text);
    match (inspection.item.has_image, shown, pointed) {
        (true, None, None) if inspection.item.kind != Kind::Qzp && !patterns::names_document(text) => {
            let whole = inspection.stem.whole();
            inspection.note(
                FlawCode::UnreferencedImage,
                Severity::Information,
                Part::Stem,
                whole,
                "Une image accompagne la question et l’énoncé n’en parle pas.".to_owned(),
            );
        }
        (false, Some(found), _) => {
            inspection.note_stem(FlawCode::MissingImage, Severity::Error, found, |seen| {
                format!("L’énoncé annonce un document (« {} ») et aucune image n’est jointe.", seen.trim())
            });
        }
        (false, None, Some(found)) => {
            inspection.note_stem(FlawCode::MissingImage, Severity::Warning, found, |seen| {
                format!("L’énoncé désigne un document (« {} ») et aucune image n’est jointe.", seen.trim())
            });
        }
        (true, _, _) | (false, None, None) => {}
    }
}
