//! Plural and feminine marks.

use std::borrow::Cow;

/// Words whose feminine or plural follows no rule below.
const IRREGULAR: [(&str, &str); 22] = [
    ("yeux", "oeil"),
    ("travaux", "travail"),
    ("nouveau", "nouvel"),
    ("benigne", "benin"),
    ("maligne", "malin"),
    ("longue", "long"),
    ("publique", "public"),
    ("blanche", "blanc"),
    ("blanches", "blanc"),
    ("seche", "sec"),
    ("seches", "sec"),
    ("fraiche", "frais"),
    ("grosse", "gros"),
    ("grosses", "gros"),
    ("gros", "gros"),
    ("epaisse", "epais"),
    ("epaisses", "epais"),
    ("epais", "epais"),
    ("douce", "doux"),
    ("rousse", "roux"),
    ("basse", "bas"),
    ("foie", "foie"),
];

/// Words ending in *-aux* that are their own singular, or of a singular in *-au*.
const NOT_AL: [&str; 9] = ["faux", "taux", "chaux", "noyaux", "tuyaux", "boyaux", "maux", "fabliaux", "etaux"];

/// The stem of a folded word: plural and feminine marks off, nothing else. The longest endings first; a word of three
/// letters or less is left alone, since the marks cannot be told from the word.
#[must_use]
pub fn stem(word: &str) -> String {
    if word.len() < 4 || !word.is_ascii() || word.bytes().any(|b| b.is_ascii_digit()) {
        return word.to_owned();
    }
    if let Some(known) = irregular(word) {
        return known.to_owned();
    }
    let single = singular(word);
    if let Some(known) = irregular(&single) {
        return known.to_owned();
    }
    masculine(&single)
}

fn irregular(word: &str) -> Option<&'static str> {
    IRREGULAR.iter().find(|(form, _)| *form == word).map(|(_, stem)| *stem)
}

fn singular(word: &str) -> Cow<'_, str> {
    if let Some(root) = word.strip_suffix("eaux") {
        return format!("{root}eau").into();
    }
    if let Some(root) = word.strip_suffix("aux").filter(|root| root.len() >= 2) {
        let root =
            if NOT_AL.contains(&word) { word.strip_suffix('x').unwrap_or(word).into() } else { format!("{root}al") };
        return root.into();
    }
    word.strip_suffix(['s', 'x']).unwrap_or(word).into()
}

fn masculine(word: &str) -> String {
    const ENDINGS: [(&str, &str, usize); 9] = [
        // Ending, what replaces it, letters that must stay before it.
        ("trice", "teur", 3),
        ("euse", "eu", 3),
        ("elle", "el", 3),
        ("enne", "en", 2),
        ("onne", "on", 2),
        ("ette", "et", 3),
        ("ive", "if", 2),
        ("sse", "", 4),
        ("ee", "", 4),
    ];
    if word.len() < 5 {
        return word.to_owned();
    }
    for (ending, instead, before) in ENDINGS {
        if let Some(root) = word.strip_suffix(ending).filter(|root| root.len() >= before) {
            return format!("{root}{instead}");
        }
    }
    let Some(root) = word.strip_suffix('e') else { return word.to_owned() };
    // *diffuse* is *diffus*, whose mark is taken for a plural: both lose it.
    root.strip_suffix('s').filter(|r| r.len() >= 5).unwrap_or(root).to_owned()
}
