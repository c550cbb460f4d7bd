//! What a question is about, in words.

use r2c_referential::{Tag, specialty};

/// A tag with its title.
pub struct TagView {
    /// "Item 339", "Cardiologie", "UE biophysique"…
    pub label: String,
    /// Official title, where there is one beside the label.
    pub title: String,
    /// Its page of the referential; empty where it has none.
    pub href: String,
}

/// Reads tags; one that cannot be read is shown as it is.
pub fn read<'a>(tags: impl IntoIterator<Item = &'a str>) -> Vec<TagView> {
    tags.into_iter().map(one).collect()
}

fn one(text: &str) -> TagView {
    let view = |label: String, title: String, href: String| TagView { label, title, href };
    let Ok(tag) = text.parse::<Tag>() else { return view(text.to_owned(), String::new(), String::new()) };
    let title = tag.title().unwrap_or("").to_owned();
    let none = String::new;
    match &tag {
        Tag::Item(number) => view(format!("Item\u{a0}{number}"), title, format!("/referentiel/items/{number}")),
        Tag::Situation(number) => view(format!("Situation\u{a0}{number}"), title, "/referentiel/situations".into()),
        Tag::Objective(code) => view(code.to_string(), none(), format!("/referentiel/items/{}", code.item())),
        Tag::Specialty(slug) if title.is_empty() => view(slug.to_string(), title, none()),
        Tag::Specialty(slug) => {
            let known = specialty(slug.as_str()).map_or(slug.as_str(), |s| s.slug.as_str()).to_owned();
            view(title, none(), format!("/referentiel/specialites/{known}"))
        }
        Tag::Unit(slug) => view(format!("UE\u{a0}{slug}"), none(), none()),
        Tag::EcnItem(number) => view(format!("Item ECN\u{a0}{number}"), title, none()),
        Tag::Other { referential, code } => view(format!("{referential} {code}"), none(), none()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_shown_in_words() {
        let tags = read(["R2C:339", "spec:cardiologie", "UE:biophysique", "autre"]);
        assert_eq!((tags[0].label.as_str(), tags[0].title.as_str()), ("Item\u{a0}339", "Syndromes coronariens aigus"));
        assert_eq!(tags[0].href, "/referentiel/items/339");
        assert_eq!(tags[1].label, "Médecine Cardiovasculaire");
        assert_eq!(tags[1].href, "/referentiel/specialites/medecine-cardiovasculaire");
        assert_eq!(tags[2].label, "UE\u{a0}biophysique");
        assert_eq!(tags[3].label, "autre");
    }
}
