//! Lists of words, folded and sorted.

const LITTLE: [&str; 84] = [
    "a",
    "ai",
    "ainsi",
    "au",
    "aux",
    "avec",
    "car",
    "ce",
    "ceci",
    "cela",
    "celle",
    "celles",
    "celui",
    "ces",
    "cet",
    "cette",
    "chez",
    "comme",
    "d",
    "dans",
    "de",
    "des",
    "donc",
    "dont",
    "du",
    "elle",
    "elles",
    "en",
    "entre",
    "es",
    "est",
    "et",
    "etait",
    "etant",
    "etre",
    "eu",
    "eux",
    "il",
    "ils",
    "j",
    "je",
    "l",
    "la",
    "laquelle",
    "le",
    "lequel",
    "les",
    "lesquelles",
    "lesquels",
    "leur",
    "leurs",
    "lors",
    "lui",
    "mais",
    "ne",
    "ni",
    "nous",
    "on",
    "ont",
    "ou",
    "par",
    "parmi",
    "pas",
    "pour",
    "qu",
    "que",
    "quel",
    "quelle",
    "quelles",
    "quels",
    "qui",
    "s",
    "sa",
    "se",
    "selon",
    "ses",
    "son",
    "sont",
    "sous",
    "sur",
    "un",
    "une",
    "vos",
    "vous",
];

const ELIDED: [&str; 16] =
    ["c", "d", "entr", "j", "jusqu", "l", "lorsqu", "m", "n", "presqu", "puisqu", "qu", "quelqu", "quoiqu", "s", "t"];

const UNITS: [&str; 44] = [
    "a", "an", "ans", "bpm", "c", "cc", "cl", "cm", "dl", "f", "fl", "g", "gy", "h", "hz", "j", "kcal", "kda", "kg",
    "km", "kpa", "l", "m", "mci", "mg", "mhz", "min", "ml", "mm", "mmhg", "mmol", "mn", "mol", "mosm", "ms", "ng",
    "nm", "nmol", "pg", "s", "sem", "ug", "ui", "um",
];

/// Is the folded word one of those that every text is full of?
#[must_use]
pub fn is_little_word(word: &str) -> bool {
    LITTLE.binary_search(&word).is_ok()
}

pub(super) fn is_elided(word: &str) -> bool {
    ELIDED.binary_search(&word).is_ok()
}

/// Is the folded word a unit that may be stuck to its number?
pub(super) fn is_unit(word: &str) -> bool {
    UNITS.binary_search(&word).is_ok() || matches!(word, "umol" | "ul" | "meq" | "mv" | "ppm")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted() {
        assert!(LITTLE.is_sorted() && ELIDED.is_sorted() && UNITS.is_sorted());
    }
}
