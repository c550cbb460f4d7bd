//! The columns, and the names that they are known by.

use crate::revision::fold;

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Column {
    Id,
    Kind,
    Stem,
    Proposition(usize),
    Answers,
    Acceptable,
    Required,
    Forbidden,
    MaxWords,
    Hypothesis,
    Finding,
    Zones,
    Expected,
    Image,
    Alt,
    Rank,
    Weight,
    Tags,
    Source,
    Scheme,
    Comment,
    PropositionComment(usize),
    Case,
    CaseKind,
    CaseTitle,
    CaseIntro,
    CaseTags,
    Before,
}

/// The names written, and others that people use.
const NAMES: [(Column, &str, &[&str]); 26] = [
    (Column::Case, "Dossier", &["identifiant du dossier"]),
    (Column::CaseKind, "Type de dossier", &[]),
    (Column::CaseTitle, "Titre du dossier", &[]),
    (Column::CaseIntro, "Texte d’ouverture", &["texte du dossier", "vignette"]),
    (Column::CaseTags, "Étiquettes du dossier", &[]),
    (Column::Before, "Texte avant", &["texte avant la question"]),
    (Column::Id, "Identifiant", &["id", "code"]),
    (Column::Kind, "Type", &["format", "type de question", "kind"]),
    (Column::Stem, "Énoncé", &["question", "stem", "intitulé"]),
    (Column::Answers, "Réponses", &["bonnes réponses", "correction", "clé", "réponse juste", "correct"]),
    (Column::Acceptable, "Acceptables", &["réponses acceptables"]),
    (Column::Required, "Indispensables", &["réponses indispensables"]),
    (Column::Forbidden, "Inacceptables", &["réponses inacceptables"]),
    (Column::MaxWords, "Mots permis", &["nombre de mots"]),
    (Column::Hypothesis, "Hypothèse", &["si vous pensiez à"]),
    (Column::Finding, "Nouvelle information", &["et que vous trouvez"]),
    (Column::Zones, "Zones", &[]),
    (Column::Expected, "Nombre attendu", &["nombre de réponses"]),
    (Column::Image, "Image", &["fichier image"]),
    (Column::Alt, "Texte de remplacement", &["alt", "description de l’image"]),
    (Column::Rank, "Rang", &["rank"]),
    (Column::Weight, "Poids", &["points", "coefficient"]),
    (Column::Tags, "Étiquettes", &["tags", "mots clés"]),
    (Column::Source, "Source", &["référence"]),
    (Column::Scheme, "Barème", &[]),
    (Column::Comment, "Commentaire", &["correction générale", "explication", "commentaire général"]),
];

fn folded(name: &str) -> String {
    let folded = fold(name);
    folded.strip_suffix('s').map_or(folded.clone(), str::to_owned)
}

impl Column {
    /// The column of a name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let own = folded(name.trim_start_matches('\u{feff}'));
        if own.is_empty() {
            return None;
        }
        let letter = |word: &str| {
            let mut chars = word.chars();
            let letter = chars.next()?.to_ascii_lowercase();
            let index = (letter as usize).checked_sub('a' as usize)?;
            (chars.next().is_none() && index < 25).then_some(index)
        };
        let name = name.trim();
        let lettered = name.rsplit_once([' ', '\u{a0}']).and_then(|(start, last)| Some((folded(start), letter(last)?)));
        match lettered.as_ref().map(|(start, index)| (start.as_str(), *index)) {
            Some(("proposition" | "choix" | "option", index)) => return Some(Self::Proposition(index)),
            Some(("commentaire", index)) => return Some(Self::PropositionComment(index)),
            _ => {}
        }
        let named = NAMES
            .iter()
            .find(|(_, name, others)| folded(name) == own || others.iter().any(|other| folded(other) == own));
        named.map(|(column, ..)| *column).or_else(|| letter(name).map(Self::Proposition))
    }

    /// The name written.
    pub(super) fn name(self) -> String {
        let letter = |index: usize| char::from(b'A' + u8::try_from(index.min(25)).unwrap_or(25));
        match self {
            Self::Proposition(index) => format!("Proposition {}", letter(index)),
            Self::PropositionComment(index) => format!("Commentaire {}", letter(index)),
            other => NAMES.iter().find(|(column, ..)| *column == other).map_or("", |(_, name, _)| name).to_owned(),
        }
    }

    /// The columns of a file that we write, for so many propositions.
    pub(super) fn all(propositions: usize) -> Vec<Self> {
        let mut list: Vec<Self> = Vec::new();
        for (column, ..) in NAMES {
            list.push(column);
            if column == Self::Stem {
                list.extend((0..propositions).map(Self::Proposition));
            }
        }
        list.extend((0..propositions).map(Self::PropositionComment));
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_again() {
        for column in Column::all(25) {
            assert_eq!(Column::parse(&column.name()), Some(column));
            assert_eq!(Column::parse(&column.name().to_uppercase()), Some(column));
        }
        assert_eq!(Column::parse("enonce"), Some(Column::Stem));
        assert_eq!(Column::parse("B"), Some(Column::Proposition(1)));
        assert_eq!(Column::parse("Réponse"), Some(Column::Answers));
        assert_eq!(Column::parse("Proposition S"), Some(Column::Proposition(18)));
        assert_eq!(Column::parse("Auteur"), None);
        assert_eq!(Column::parse(""), None);
    }
}
