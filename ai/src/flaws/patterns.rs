//! What the guard looks for in words. The patterns are this project's own; they read text made
//! ready by `text::Normal` (lower case, straight apostrophes) and need neither look-around nor
//! back-references. Each says what it leaves out on purpose.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// A part of a text where something was found.
pub(crate) type Found = Range<usize>;

macro_rules! pattern {
    ($name:ident, $($part:literal),+ $(,)?) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(concat!($($part),+)).expect("the patterns are compiled by the tests")
        });
    };
}

/// The word that ends just before a place.
fn word_before(text: &str, at: usize) -> &str {
    text[..at].trim_end().rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default()
}

/// The word that begins just after a place.
fn word_after(text: &str, at: usize) -> &str {
    text[at..].trim_start().split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default()
}

pattern!(
    ABSOLUTE,
    r"\b(?:toujours|jamais|systématiquement|constamment|exclusivement|uniquement|seulement",
    r"|obligatoirement|impérativement|strictement|absolument|totalement|invariablement",
    r"|en aucun cas|dans tous les cas|sans exception|à 100 ?%|pathognomoniques?",
    r"|aucune? (?:patiente?|malade|cas|exception)",
    r"|(?:chez )?tous les (?:patients|malades|cas)|toutes les (?:patientes|formes))",
);

/// Absolute terms. Leaves out those a negation makes relative (*pas toujours*, *non
/// systématiquement*).
pub(crate) fn absolute(text: &str) -> Option<Found> {
    ABSOLUTE
        .find_iter(text)
        .find(|found| {
            let negated = matches!(word_before(text, found.start()), "pas" | "non" | "guère");
            let ends_word = !text[found.end()..].starts_with(char::is_alphanumeric);
            !negated && ends_word
        })
        .map(|found| found.range())
}

pattern!(
    VAGUE,
    r"\b(?:souvent|parfois|rarement|fréquemment|habituellement|généralement|en général",
    r"|classiquement|typiquement|quelquefois|occasionnellement|peu fréquente?s?|peut-être",
    r"|peu(?:t|vent) (?:parfois |aussi )?(?:être|entraîner|provoquer|causer|survenir|évoluer|se|s')",
    r"|pourraient|pourrait|en principe|plutôt|assez|plusieurs|certains|certaines",
    r"|la plupart)\b",
);

/// Vague frequencies and possibilities. *Un certain* is left out. *La biopsie peut être proposée*
/// is found: a recommendation may rightly say so, which is why the flaw is only an information.
pub(crate) fn vague(text: &str) -> Option<Found> {
    VAGUE.find(text).map(|found| found.range())
}

pattern!(EXCEPTION, r"\b(?:sauf|excepté|hormis|à l'exception|faux|fausses?|inexacte?s?|incorrecte?s?|erronée?s?)\b",);
pattern!(
    NEGATED_QUESTION,
    r"\b(?:n'(?:est|a|ont|était|entraîne|évoque|appartient|explique)|ne (?:le |la |les |se |s')?\w+) (?:pas|jamais|plus)\b",
    r"|\b(?:lequel|laquelle|lesquels|lesquelles) n(?:e |')",
);
pattern!(
    CLINICAL_NEGATIVE,
    r"\b(?:contre-indiqu(?:é|ée|és|ées)|non (?:adapté|indiqué|recommandé|justifié)e?s?)(?:[^\w]|$)",
);
pattern!(INTERROGATIVE, r"\b(?:quel|quelle|quels|quelles|lequel|laquelle|lesquels|lesquelles|que|comment|pourquoi)\b",);

/// How a question is negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Negative {
    /// It asks for the wrong one: *sauf*, *fausse*, *n’est pas*.
    Question,
    /// It asks for what must not be done: *contre-indiqué*. A fair clinical question.
    Clinical,
}

/// A negative question. Leaves out nouns that begin by *faux* (*fausse couche*) and negations of
/// the context, before the interrogative word (*chez un patient qui n’a pas de fièvre, quel…*).
pub(crate) fn negative_question(lead_in: &str) -> Option<(Negative, Found)> {
    let noun = |at: usize| {
        let next = word_after(lead_in, at);
        ["couche", "route", "membrane", "anévr", "positif", "négatif", "du", "croup", "passage", "kyste"]
            .iter()
            .any(|head| next.starts_with(head))
    };
    if let Some(found) = EXCEPTION.find_iter(lead_in).find(|found| !noun(found.end())) {
        return Some((Negative::Question, found.range()));
    }
    let context = |at: usize| INTERROGATIVE.find_iter(lead_in).any(|question| question.start() > at);
    if let Some(found) = NEGATED_QUESTION.find_iter(lead_in).find(|found| !context(found.start())) {
        return Some((Negative::Question, found.range()));
    }
    CLINICAL_NEGATIVE.find_iter(lead_in).find(|found| !context(found.start())).map(|found| {
        let end = found.start() + found.as_str().trim_end_matches(|c: char| !c.is_alphanumeric()).len();
        (Negative::Clinical, found.start()..end)
    })
}

pattern!(NEGATED_VERB, r"\bn(?:e |')\w+(?: \w+){0,2} (?:pas|plus|jamais|aucune?|rien|guère)\b",);
pattern!(ABSENCE, r"^\s*sans\b|\babsence d(?:e|u|es)\b|\babsence d'|\baucune?\b");

/// A negated verb. *Ne… que* restricts and does not negate: left out.
pub(crate) fn negated_verb(text: &str) -> Option<Found> {
    NEGATED_VERB.find(text).map(|found| found.range())
}

/// A negative finding (*absence de fièvre*). *Sans* is left out but at the beginning, where the
/// proposition is nothing else, and *non* altogether: they mostly belong to names (*syndrome
/// coronarien sans sus-décalage*, *anti-inflammatoire non stéroïdien*).
pub(crate) fn absence(text: &str) -> Option<Found> {
    ABSENCE.find(text).map(|found| found.range())
}

pattern!(
    DOUBLE_NEGATIVE,
    r"\b(?:n'(?:est|a|ont) (?:pas|jamais)|ne \w+ (?:pas|jamais)|jamais|aucune?)\b[^.;]{0,40}?",
    r"\b(in\w{3,}ables?|im\w{3,}(?:able|ible)s?|sans|absence|absente?s?",
    r"|contre-indiqu\w*|inutiles?|exclue?s?|exclure)\b",
);

/// Two negations in one proposition. Leaves out words that only look negative
/// (*indispensable*, *injectable*).
pub(crate) fn double_negative(text: &str) -> Option<Found> {
    const NOT_NEGATIVE: [&str; 8] = [
        "indispensable",
        "injectable",
        "imputable",
        "implantable",
        "inhalable",
        "inflammable",
        "imaginable",
        "impeccable",
    ];
    DOUBLE_NEGATIVE
        .captures_iter(text)
        .find(|captures| {
            captures.get(1).is_none_or(|second| !NOT_NEGATIVE.contains(&second.as_str().trim_end_matches('s')))
        })
        .and_then(|captures| captures.get(0))
        .map(|found| found.range())
}

pattern!(
    ALL_OF_THE_ABOVE,
    r"\btoutes (?:les|ces) (?:réponses|propositions|affirmations|assertions)",
    r"(?: (?:précédentes|ci-dessus|suivantes|proposées)| sont (?:exactes|vraies|justes|correctes|bonnes|possibles)|\s*\.?\s*$)",
    r"|\btous (?:les|ces) items(?: (?:précédents|ci-dessus)| sont|\s*\.?\s*$)",
    r"|\btout ce qui précède\b|\btoutes celles qui précèdent\b",
);
pattern!(
    NONE_OF_THE_ABOVE,
    r"\baucune (?:de ces|des) (?:réponses|propositions|affirmations|assertions)(?: (?:précédentes|ci-dessus|proposées)| n|\s*\.?\s*$)",
    r"|\baucun(?:e)? (?:réponse|proposition|affirmation|item) (?:n'est|ne) (?:exacte?|vraie?|juste|correcte?|convient)",
    r"|\baucun (?:de ces|des) items\b",
    r"|\btout(?:e)?s (?:les|ces) (?:réponses|propositions|affirmations|items)(?: précédente?s| ci-dessus)? sont (?:faux|fausses|inexacte?s|incorrecte?s|erronée?s)",
    r"|^\s*aucune?\s*\.?\s*$",
);

/// *Toutes les réponses précédentes.* A *réponse immunitaire* is no answer: left out.
pub(crate) fn all_of_the_above(text: &str) -> Option<Found> {
    if none_of_the_above(text).is_some() {
        return None;
    }
    ALL_OF_THE_ABOVE.find(text).map(|found| found.range())
}

/// *Aucune de ces réponses.* *Aucune réponse au traitement* is a finding: left out.
pub(crate) fn none_of_the_above(text: &str) -> Option<Found> {
    NONE_OF_THE_ABOVE.find(text).map(|found| found.range())
}

pattern!(
    COMBINED,
    r"^\s*(?:les )?((?:réponse|proposition|item|option)s? )?",
    r"[a-f](?: ?[,+] ?[a-f])* ?(?:et|ou|\+) ?[a-f]",
    r"((?:,? (?:sont|uniquement|seulement|vraie?s?|exacte?s?|justes?|correcte?s?))*)\s*\.?\s*$",
    r"|^\s*(?:les )?((?:réponse|proposition|item|option)s? )\d(?: ?[,+] ?\d)* ?(?:et|\+) ?\d\b",
);

/// Combined answers (*A et C*). The flag says whether it can be nothing else: *A et B* alone may
/// name blood groups or vitamins.
pub(crate) fn combined(text: &str) -> Option<(bool, Found)> {
    let captures = COMBINED.captures(text)?;
    let certain = captures.get(1).or(captures.get(3)).is_some() || captures.get(2).is_some_and(|tail| !tail.is_empty());
    captures.get(0).map(|found| (certain, found.range()))
}

pattern!(LETTERED, r"\b(?:réponse|proposition|item|option)s? ([a-f])\b",);
pattern!(
    HINGED,
    r"\b(?:la|les|cette|ces) (?:réponse|proposition|affirmation)s? (?:précédente|ci-dessus|suivante)s?(?:[^\w]|$)",
    r"|\bcomme (?:vu|indiqué|dit|mentionné) (?:à la question|précédemment|ci-dessus)",
    r"|\bquestions? (?:précédente|suivante|n° ?\d|\d)",
);

/// A proposition that names another one, or another question. Leaves out the verb *a* (*la
/// réponse a été favorable*) and elisions (*réponse d’hypersensibilité*).
pub(crate) fn refers_to_another(text: &str) -> Option<Found> {
    let letter = LETTERED.captures_iter(text).find_map(|captures| {
        let (whole, letter) = (captures.get(0)?, captures.get(1)?);
        let rest = &text[letter.end()..];
        let verb = letter.as_str() == "a"
            && !matches!(
                word_after(text, letter.end()),
                "" | "est" | "et" | "ou" | "sont" | "ainsi" | "avec" | "car" | "n" | "puis"
            );
        (!rest.starts_with('\'') && !verb).then(|| whole.range())
    });
    letter.or_else(|| HINGED.find(text).map(|found| found.range()))
}

pattern!(
    DOUBLE_BARREL,
    r"\b(?:est|sont|a|ont|doit|doivent|peut|peuvent|provoque|entraîne|nécessite|permet|impose",
    r"|augmente|diminue|touche|survient|repose|comporte)\b.+",
    r"\b(et\b|ainsi que\b|mais\b|car\b|parce qu[e']|puisqu[e']|donc\b|ce qui\b).*",
    r"\b(?:est|sont|a|ont|doit|doivent|peut|peuvent|provoque|entraîne|nécessite|permet|impose",
    r"|augmente|diminue|touche|survient|repose|comporte)\b",
);

/// Two statements joined in one: a verb, a conjunction, a verb. *La fièvre et les frissons sont
/// fréquents* has one verb: left out.
pub(crate) fn double_barrelled(text: &str) -> Option<Found> {
    DOUBLE_BARREL.captures(text).and_then(|captures| captures.get(1)).map(|conjunction| conjunction.range())
}

pattern!(BLANK, r"_{3,}|\.{4,}|…{2,}");

/// A blank to fill.
pub(crate) fn blank(text: &str) -> Option<Found> {
    BLANK.find(text).map(|found| found.range())
}

pattern!(
    BARE_TOPIC,
    r"^\s*(?:concernant|à propos d(?:e|u|es)\b|à propos d'|au sujet d(?:e|u|es)\b|au sujet d'|s'agissant d(?:e|u|es)\b|s'agissant d')[^?:]*:?\s*$",
);
pattern!(
    WHICH_IS_TRUE,
    r"\b(?:quel(?:le)?(?:s|\(s\))?|cochez|indiquez|donnez)\b[^?]{0,40}\b(?:réponse|proposition|affirmation|assertion|item)[^?]{0,25}",
    r"\b(?:vraie?|exacte?|juste|correcte?|fausse|inexacte?|erronée?)(?:s|\(s\))?\s*[?:.]*\s*$",
    r"|\b(?:laquelle|lesquelles|laquelle \(lesquelles\)) (?:est|sont)\b[^?]{0,12}",
    r"\b(?:vraie|exacte|juste|correcte|fausse|inexacte|erronée)(?:s|\(s\))?\s*[?:.]*\s*$",
);

/// A lead-in that gives no task: one cannot answer it with the propositions covered. *Concernant X,
/// quel examen demander ?* gives one: left out.
pub(crate) fn empty_lead_in(lead_in: &str) -> Option<Found> {
    BARE_TOPIC.find(lead_in).or_else(|| WHICH_IS_TRUE.find(lead_in)).map(|found| found.range())
}

pattern!(
    COUNT,
    r"\b(une seule|la seule|deux|trois|quatre|cinq|six|\d{1,2}) (?:bonnes? |seules? )?(?:réponse|proposition|affirmation)s?\b",
);
pattern!(
    SINGULAR_ASKED,
    r"\bquelle est la (?:bonne )?(?:réponse|proposition|affirmation)\b|\bcochez la (?:bonne )?(?:réponse|proposition)\b|\blaquelle\b",
);
pattern!(
    PLURAL_ASKED,
    r"\bquelles sont les (?:bonnes )?(?:réponses|propositions|affirmations)\b|\bcochez les (?:bonnes )?(?:réponses|propositions)\b|\blesquelles\b",
);

/// A number of answers that the stem announces. Leaves out the number of propositions offered
/// (*parmi les cinq propositions suivantes*).
pub(crate) fn announced_count(text: &str) -> Option<(usize, Found)> {
    COUNT.captures_iter(text).find_map(|captures| {
        let (whole, count) = (captures.get(0)?, captures.get(1)?);
        let count = match count.as_str() {
            "une seule" | "la seule" => 1,
            "deux" => 2,
            "trois" => 3,
            "quatre" => 4,
            "cinq" => 5,
            "six" => 6,
            digits => digits.parse().ok()?,
        };
        let before = text[..whole.start()].trim_end();
        let offered = matches!(word_after(text, whole.end()), "suivantes" | "ci" | "proposées")
            || before.ends_with("parmi les")
            || before.ends_with("parmi ces")
            || before.ends_with("parmi");
        (!offered).then(|| (count, whole.range()))
    })
}

/// The stem asks for one answer by its grammar (*laquelle*), and not also for several.
pub(crate) fn asks_for_one(text: &str) -> Option<Found> {
    if PLURAL_ASKED.is_match(text) {
        return None;
    }
    SINGULAR_ASKED.find(text).map(|found| found.range())
}

/// The stem asks for several answers by its grammar (*lesquelles*), and not also for one.
pub(crate) fn asks_for_several(text: &str) -> Option<Found> {
    if SINGULAR_ASKED.is_match(text) {
        return None;
    }
    PLURAL_ASKED
        .find(text)
        // *La (ou lesquelles)* asks for one or several.
        .filter(|found| !text[..found.start()].trim_end().trim_end_matches("ou").trim_end().ends_with('('))
        .map(|found| found.range())
}

macro_rules! media {
    () => {
        concat!(
            r"(?:image|figure|photo|photographie|schéma|illustration|iconographie|document|cliché",
            r"|tracé|courbe|graphique|coupe|ecg|électrocardiogramme|eeg|emg|radio|radiographie",
            r"|scanner|tomodensitométrie|tdm|irm|échographie|scintigraphie|angiographie",
            r"|coronarographie|frottis|audiogramme|tympanogramme|fond d'œil|champ visuel|arbre",
            r"|arbre généalogique|lame|myélogramme|électrophorèse)s?",
        )
    };
}
static SHOWN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"\b",
        media!(),
        r"(?: [\w']+){0,4} (?:ci-dessous|ci-joint|ci-jointe|ci-contre|ci-après|suivante?s?|joint|jointe)\b",
        r"|\b(?:voici|voir) (?:son |sa |le |la |l'|un |une |cette |cet )",
        media!(),
        r"\b",
    ))
    .expect("the patterns are compiled by the tests")
});
static POINTED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"\b(?:cette|cet|ce|ces) ",
        media!(),
        r"\b|\bsur (?:l'image|la figure|le schéma|la photographie|le cliché|le tracé|l'illustration)\b",
        r"|\bci-(?:contre|jointe?)\b",
    ))
    .expect("the patterns are compiled by the tests")
});

/// A document that the stem announces (*l’ECG suivant*).
pub(crate) fn shown_document(text: &str) -> Option<Found> {
    SHOWN.find(text).map(|found| found.range())
}

/// A document that the stem points at (*cette radiographie*): it may have been told in words.
pub(crate) fn pointed_document(text: &str) -> Option<Found> {
    POINTED.find(text).map(|found| found.range())
}

static NAMED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(concat!(r"\b", media!(), r"\b")).expect("the patterns are compiled by the tests"));

/// Whether the stem names a document at all.
pub(crate) fn names_document(text: &str) -> bool {
    NAMED.is_match(text)
}
