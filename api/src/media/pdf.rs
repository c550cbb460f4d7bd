//! Articles as PDF that come in: a document to read, and nothing that runs, opens or hides another file.

use lopdf::{Dictionary, Document, LoadOptions, Object};

/// Largest PDF, in bytes.
pub const MAX_BYTES: usize = 20 * 1024 * 1024;
/// Most pages: an article has some ten, a guideline some hundred.
pub const MAX_PAGES: usize = 300;
/// Most bytes that one of its streams may unfold to while it is read.
const MAX_UNFOLDED: usize = 64 * 1024 * 1024;

/// What a PDF may not do, and how it is said.
const REFUSED: [(&str, &str); 8] = [
    ("JavaScript", "il contient du JavaScript"),
    ("Launch", "il lance un programme"),
    ("ImportData", "il va chercher des données"),
    ("SubmitForm", "il envoie un formulaire"),
    ("GoToE", "il ouvre un fichier joint"),
    ("Rendition", "il joue un média"),
    ("RichMediaExecute", "il joue un média"),
    ("GoTo3DView", "il montre un objet animé"),
];

/// Is it a PDF, by its first bytes?
pub fn is_one(bytes: &[u8]) -> bool {
    bytes.starts_with(b"%PDF-")
}

/// Checks a PDF and counts its pages; else why it is refused, in French.
pub fn check(name: &str, bytes: &[u8]) -> Result<u32, String> {
    inspect(bytes).map_err(|why| format!("le PDF « {name} » est refusé : {why}"))
}

fn inspect(bytes: &[u8]) -> Result<u32, String> {
    if bytes.len() > MAX_BYTES {
        return Err(format!("il dépasse {} Mio", MAX_BYTES / 1024 / 1024));
    }
    if !is_one(bytes) {
        return Err("ce n’est pas un PDF".to_owned());
    }
    let options = LoadOptions { max_decompressed_size: Some(MAX_UNFOLDED), ..LoadOptions::default() };
    let document = Document::load_mem_with_options(bytes, options).map_err(|error| match error {
        lopdf::Error::Decryption(_) | lopdf::Error::InvalidPassword => protected(),
        _ => "il est abîmé ou coupé".to_owned(),
    })?;
    if document.is_encrypted() || document.trailer.has(b"Encrypt") {
        return Err(protected());
    }
    // What is written in clear is seen even where nothing leads to it.
    for (word, why) in [("/JavaScript", REFUSED[0].1), ("/Launch", REFUSED[1].1), ("/EmbeddedFile", EMBEDDED)] {
        if bytes.windows(word.len()).any(|w| w == word.as_bytes()) {
            return Err(why.to_owned());
        }
    }
    let mut waiting: Vec<&Object> = document.objects.values().collect();
    while let Some(object) = waiting.pop() {
        match object {
            Object::Array(list) => waiting.extend(list),
            Object::Dictionary(fields) => waiting.extend(active(fields)?),
            Object::Stream(stream) => waiting.extend(active(&stream.dict)?),
            _ => {}
        }
    }
    match document.page_iter().take(MAX_PAGES + 1).count() {
        0 => Err("il n’a aucune page".to_owned()),
        n if n > MAX_PAGES => Err(format!("il a plus de {MAX_PAGES} pages")),
        n => u32::try_from(n).map_err(|_| "il a trop de pages".to_owned()),
    }
}

const EMBEDDED: &str = "un fichier y est joint";

fn protected() -> String {
    "il est protégé (chiffré) : enregistrez-en une copie sans protection".to_owned()
}

/// The objects in a dictionary, if it does nothing but show.
fn active(fields: &Dictionary) -> Result<impl Iterator<Item = &Object>, String> {
    let name = |key: &[u8]| fields.get(key).and_then(Object::as_name).unwrap_or_default();
    if let Some((_, why)) = REFUSED.iter().find(|(action, _)| name(b"S") == action.as_bytes()) {
        return Err((*why).to_owned());
    }
    let embedded = fields.has(b"EmbeddedFiles") || (fields.has(b"EF") && (fields.has(b"F") || fields.has(b"UF")));
    if embedded || name(b"Type") == b"EmbeddedFile" || name(b"Subtype") == b"FileAttachment" {
        return Err(EMBEDDED.to_owned());
    }
    if matches!(name(b"Subtype"), b"RichMedia" | b"Movie" | b"Sound" | b"Screen" | b"3D") {
        return Err("il joue un média".to_owned());
    }
    if fields.has(b"XFA") {
        return Err("il contient un formulaire dynamique (XFA)".to_owned());
    }
    Ok(fields.iter().map(|(_, value)| value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lopdf::{Stream, dictionary};

    /// A PDF of `pages` pages; `more` may add to its objects and catalogue.
    fn pdf(pages: usize, more: impl FnOnce(&mut Document, &mut Dictionary)) -> Vec<u8> {
        let mut document = Document::with_version("1.5");
        let parent = document.new_object_id();
        let kids: Vec<Object> = (0..pages)
            .map(|_| {
                let contents = document.add_object(Stream::new(dictionary! {}, b"BT ET".to_vec()));
                let page = dictionary! { "Type" => "Page", "Parent" => parent, "Contents" => contents,
                "MediaBox" => vec![0.into(), 0.into(), 595.into(), 842.into()] };
                document.add_object(page).into()
            })
            .collect();
        let tree = dictionary! { "Type" => "Pages", "Count" => pages as i64, "Kids" => kids };
        document.objects.insert(parent, Object::Dictionary(tree));
        let mut catalog = dictionary! { "Type" => "Catalog", "Pages" => parent };
        more(&mut document, &mut catalog);
        let root = document.add_object(catalog);
        document.trailer.set("Root", root);
        let mut bytes = Vec::new();
        document.save_to(&mut bytes).unwrap();
        bytes
    }

    fn refused(bytes: &[u8]) -> String {
        check("a.pdf", bytes).unwrap_err()
    }

    #[test]
    fn pages_are_counted() {
        assert_eq!(check("a.pdf", &pdf(8, |_, _| {})), Ok(8));
        let linked = pdf(1, |document, _| {
            document.add_object(dictionary! { "S" => "URI", "URI" => Object::string_literal("https://doi.org/1") });
        });
        assert_eq!(check("a.pdf", &linked), Ok(1), "a link is no danger");
        assert!(refused(&pdf(0, |_, _| {})).contains("aucune page"));
        assert!(refused(&pdf(MAX_PAGES + 1, |_, _| {})).contains("plus de 300 pages"));
    }

    #[test]
    fn what_runs_opens_or_hides_is_refused() {
        let action = |kind: &'static str| {
            pdf(1, move |document, catalog| {
                let id = document.add_object(dictionary! { "Type" => "Action", "S" => kind });
                catalog.set("OpenAction", id);
            })
        };
        assert!(refused(&action("JavaScript")).contains("JavaScript"));
        assert!(refused(&action("Launch")).contains("lance un programme"));
        assert!(refused(&action("SubmitForm")).contains("formulaire"));
        let nested = pdf(1, |_, catalog| {
            let deep = dictionary! { "O" => vec![dictionary! { "S" => "GoToE" }.into()] };
            catalog.set("AA", deep);
        });
        assert!(refused(&nested).contains("fichier joint"));
        let attached = pdf(1, |_, catalog| catalog.set("Names", dictionary! { "EmbeddedFiles" => dictionary! {} }));
        assert!(refused(&attached).contains("un fichier y est joint"));
        let form = pdf(1, |_, catalog| catalog.set("AcroForm", dictionary! { "XFA" => Object::Null }));
        assert!(refused(&form).contains("XFA"));
    }

    #[test]
    fn a_protected_or_cut_pdf_is_refused() {
        let locked = pdf(1, |document, _| {
            let id = document.add_object(dictionary! { "Filter" => "Standard", "V" => 1, "R" => 2 });
            document.trailer.set("Encrypt", id);
        });
        assert!(refused(&locked).contains("protégé"), "{}", refused(&locked));
        let whole = pdf(2, |_, _| {});
        assert!(refused(&whole[..40]).contains("abîmé"));
        assert!(refused(b"%PDF-1.7\n%%EOF").contains("abîmé"));
        assert!(refused(b"GIF89a").contains("pas un PDF"));
        assert!(refused(&[b"%PDF-1.7".as_slice(), &vec![0; MAX_BYTES]].concat()).contains("20 Mio"));
    }
}
