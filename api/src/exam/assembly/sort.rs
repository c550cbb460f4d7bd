//! Where the tags of a question belong in a table of specification, and how its values are written.

use docimo_assembly::Facet;
use docimo_engine::paper::CaseKind;
use docimo_engine::question::Kind;
use r2c_referential::{Tag, fold, specialties, specialties_of, specialty};

/// Referential of the tags that say a cognitive level: `niveau:rappel`, `niveau:raisonnement`…
const LEVEL: &str = "niveau";

/// Facets of a question by its tags. Where no specialty is named, those that teach its items are.
pub fn facets(tags: &[&str]) -> Vec<(Facet, String)> {
    let tags: Vec<Tag> = tags.iter().filter_map(|tag| tag.parse().ok()).collect();
    let named = tags.iter().any(|tag| matches!(tag, Tag::Specialty(_) | Tag::Unit(_)));
    let mut all = Vec::new();
    for tag in &tags {
        if let Some(item) = tag.item() {
            all.push((Facet::Item, item.to_string()));
            if !named {
                all.extend(specialties_of(item).map(|s| (Facet::Specialty, s.name.to_owned())));
            }
            continue;
        }
        all.push(match tag {
            Tag::Situation(number) => (Facet::Situation, number.to_string()),
            Tag::Specialty(slug) => {
                (Facet::Specialty, tag.specialty().map_or_else(|| slug.to_string(), |s| s.name.to_owned()))
            }
            Tag::Unit(slug) => (Facet::Specialty, format!("UE {slug}")),
            Tag::Other { referential, code } if referential.as_str() == LEVEL => (Facet::Level, code.to_string()),
            Tag::Item(_) | Tag::Objective(_) | Tag::EcnItem(_) | Tag::Other { .. } => (Facet::Item, tag.to_string()),
        });
    }
    all
}

/// Every facet with its code in forms and files.
pub const FACETS: [(Facet, &str); 7] = [
    (Facet::Specialty, "specialty"),
    (Facet::Item, "item"),
    (Facet::Rank, "rank"),
    (Facet::Kind, "kind"),
    (Facet::Case, "case"),
    (Facet::Situation, "situation"),
    (Facet::Level, "level"),
];

/// The value that someone wrote, as units have it: "339" for "R2C:339", the name of a specialty for its short name.
///
/// # Errors
/// What is expected, in French.
pub fn value(facet: Facet, text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    let number = |text: &str| text.trim_start_matches(|c: char| !c.is_ascii_digit()).to_owned();
    match facet {
        Facet::Specialty => Ok(specialty(text.strip_prefix("spec:").unwrap_or(text))
            .or_else(|| specialties().iter().find(|s| fold(s.name) == fold(text)))
            .map_or_else(|| text.to_owned(), |s| s.name.to_owned())),
        Facet::Item => match text.parse::<Tag>() {
            Ok(tag) => Ok(tag.item().map_or_else(|| tag.to_string(), |n| n.to_string())),
            Err(_) => format!("R2C:{}", number(text))
                .parse::<Tag>()
                .map(|_| number(text))
                .map_err(|_| "un item de la R2C est un nombre de 1 à 367"),
        },
        Facet::Situation => match text.parse::<Tag>() {
            Ok(Tag::Situation(n)) => Ok(n.to_string()),
            _ => format!("R2C:SDD:{}", number(text))
                .parse::<Tag>()
                .map(|_| number(text))
                .map_err(|_| "une situation de départ est un nombre de 1 à 356"),
        },
        Facet::Rank => match text.to_uppercase().as_str() {
            rank @ ("A" | "B") => Ok(rank.to_owned()),
            _ => Err("un rang est A ou B"),
        },
        Facet::Kind => Kind::from_code(&text.to_uppercase())
            .map(|kind| kind.code().to_owned())
            .ok_or("un type est QRU, QRM, QRP, QRPL, QROC, QZP, TCS ou QCM"),
        Facet::Case => [CaseKind::Dp, CaseKind::MiniDp, CaseKind::Kfp, CaseKind::Lca]
            .map(CaseKind::code)
            .into_iter()
            .chain(["QI"])
            .find(|code| code.eq_ignore_ascii_case(text))
            .map(str::to_owned)
            .ok_or("un format est DP, mini-DP, KFP, LCA, ou QI pour les questions isolées"),
        Facet::Level => Ok(text.strip_prefix("niveau:").unwrap_or(text).to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_go_where_a_committee_looks_for_them() {
        let has = |tags: &[&str], facet, value: &str| facets(tags).contains(&(facet, value.to_owned()));
        assert!(has(&["OIC-339-01-A"], Facet::Item, "339"));
        assert!(has(&["R2C:339"], Facet::Specialty, "Médecine Cardiovasculaire"), "by the item");
        assert!(!has(&["R2C:339", "spec:urologie"], Facet::Specialty, "Médecine Cardiovasculaire"), "by its own");
        assert!(has(&["R2C:SDD:27"], Facet::Situation, "27"));
        assert!(has(&["niveau:rappel"], Facet::Level, "rappel"));
        assert!(has(&["UE:biophysique"], Facet::Specialty, "UE biophysique"));
        assert!(facets(&["sans préfixe"]).is_empty());
    }

    #[test]
    fn values_are_read_as_they_are_said() {
        assert_eq!(value(Facet::Specialty, "cardiologie").unwrap(), "Médecine Cardiovasculaire");
        assert_eq!(value(Facet::Specialty, "medecine cardiovasculaire").unwrap(), "Médecine Cardiovasculaire");
        assert_eq!(value(Facet::Item, "R2C:339").unwrap(), "339");
        assert_eq!(value(Facet::Item, "item 339").unwrap(), "339");
        assert!(value(Facet::Item, "999").is_err());
        assert_eq!(value(Facet::Case, "mini-dp").unwrap(), "mini-DP");
        assert_eq!(value(Facet::Rank, "b").unwrap(), "B");
        assert!(value(Facet::Kind, "DP").is_err());
    }
}
