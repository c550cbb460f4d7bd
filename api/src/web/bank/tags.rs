//! What a question is about, in words.

use r2c_referential::Tag;

/// A tag with its title.
pub struct TagView {
    /// "Item 339", "Cardiologie", "UE biophysique"…
    pub label: String,
    /// Official title, where there is one beside the label.
    pub title: String,
}

/// Reads tags; one that cannot be read is shown as it is.
pub fn read<'a>(tags: impl IntoIterator<Item = &'a str>) -> Vec<TagView> {
    tags.into_iter().map(one).collect()
}

fn one(text: &str) -> TagView {
    let Ok(tag) = text.parse::<Tag>() else { return TagView { label: text.to_owned(), title: String::new() } };
    let title = tag.title().unwrap_or("").to_owned();
    match &tag {
        Tag::Item(number) => TagView { label: format!("Item\u{a0}{number}"), title },
        Tag::Situation(number) => TagView { label: format!("Situation\u{a0}{number}"), title },
        Tag::Objective(code) => TagView { label: code.to_string(), title: String::new() },
        Tag::Specialty(slug) if title.is_empty() => TagView { label: slug.to_string(), title },
        Tag::Specialty(_) => TagView { label: title, title: String::new() },
        Tag::Unit(slug) => TagView { label: format!("UE\u{a0}{slug}"), title: String::new() },
        Tag::EcnItem(number) => TagView { label: format!("Item ECN\u{a0}{number}"), title },
        Tag::Other { referential, code } => TagView { label: format!("{referential} {code}"), title: String::new() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_shown_in_words() {
        let tags = read(["R2C:339", "spec:cardiologie", "UE:biophysique", "autre"]);
        assert_eq!((tags[0].label.as_str(), tags[0].title.as_str()), ("Item\u{a0}339", "Syndromes coronariens aigus"));
        assert_eq!(tags[1].label, "Médecine Cardiovasculaire");
        assert_eq!(tags[2].label, "UE\u{a0}biophysique");
        assert_eq!(tags[3].label, "autre");
    }
}
