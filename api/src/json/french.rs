//! What serde says of a JSON that does not fit, in French.

/// A fault of syntax, with its place.
pub fn syntax(error: &serde_json::Error) -> String {
    let what = if error.is_eof() { "il s’arrête trop tôt" } else { "il est mal formé" };
    format!("Ce JSON ne se lit pas : {what}, ligne {}, colonne {}.", error.line(), error.column())
}

/// A fault of the data: the words of serde, which are few, in French.
pub fn data(said: &str) -> String {
    let said = said.split(" at line ").next().unwrap_or(said);
    let quoted: Vec<&str> = said.split('`').skip(1).step_by(2).collect();
    let name = quoted.first().copied().unwrap_or_default();
    let others = || quoted[1..].join(", ");
    if said.starts_with("missing field") {
        format!("le champ « {name} » manque")
    } else if said.starts_with("duplicate field") {
        format!("le champ « {name} » est là deux fois")
    } else if said.starts_with("unknown field") {
        match others() {
            known if known.is_empty() => format!("le champ « {name} » n’existe pas"),
            known => format!("le champ « {name} » n’existe pas (connus : {known})"),
        }
    } else if said.starts_with("unknown variant") {
        format!("« {name} » n’est pas une valeur permise (permises : {})", others())
    } else if let Some((found, wanted)) = found_and_wanted(said) {
        format!("{} reçu, {} attendu", received(found), expected(wanted))
    } else if said.starts_with("data did not match any variant") {
        "aucune des formes permises ne convient".into()
    } else {
        // Our own types speak French already.
        said.to_owned()
    }
}

/// "invalid type: string \"x\", expected u32" → (`string "x"`, `u32`).
fn found_and_wanted(said: &str) -> Option<(&str, &str)> {
    let rest = ["invalid type: ", "invalid value: ", "invalid length "].iter().find_map(|p| said.strip_prefix(p))?;
    rest.rsplit_once(", expected ")
}

fn received(found: &str) -> String {
    let (kind, value) = found.split_once(' ').unwrap_or((found, ""));
    let value = value.trim_matches(['`', '"']);
    match kind {
        "integer" | "floating" => format!("nombre {}", value.trim_start_matches("point ").trim_matches('`')),
        "string" => format!("texte « {value} »"),
        "boolean" => format!("booléen {value}"),
        "null" | "unit" => "null".into(),
        "sequence" => "liste".into(),
        "map" => "objet".into(),
        other => other.to_owned(),
    }
}

fn expected(wanted: &str) -> String {
    match wanted {
        "u8" | "u16" | "u32" | "u64" | "usize" => "nombre entier positif".into(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "nombre entier".into(),
        "f32" | "f64" => "nombre".into(),
        "a boolean" => "true ou false".into(),
        "a string" | "string" => "texte".into(),
        "a sequence" => "liste".into(),
        "a map" => "objet".into(),
        other if other.starts_with("struct ") || other.starts_with("internally tagged") => "objet".into(),
        other if other.starts_with("a sequence") || other.contains("array of length") => "liste".into(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::error::ApiError;
    use crate::exam::draft::{SectionForm, SettingsPatch};
    use crate::json::read;

    fn fault<T: serde::de::DeserializeOwned + std::fmt::Debug>(text: &str) -> (String, String) {
        match read::<T>(text.as_bytes()).unwrap_err() {
            ApiError::Invalid { wrong, .. } => (wrong[0].place.clone(), wrong[0].message.clone()),
            other => (String::new(), other.to_string()),
        }
    }

    #[test]
    fn faults_say_where_and_what_in_french() {
        for (text, place, words) in [
            (
                r#"{"title":"x","duration_minutes":-1}"#,
                "duration_minutes",
                "nombre -1 reçu, nombre entier positif attendu",
            ),
            (r#"{"title":3,"duration_minutes":1}"#, "title", "nombre 3 reçu, texte attendu"),
            (r#"{"duration_minutes":1}"#, "corps", "le champ « title » manque"),
            (
                r#"{"title":"x","duration_minutes":1,"shuffle":"on"}"#,
                "shuffle",
                "texte « on » reçu, true ou false attendu",
            ),
            (r#"[1]"#, "corps", ""),
        ] {
            let (at, said) = fault::<SectionForm>(text);
            assert!(at == place || words.is_empty(), "{text}: {at}");
            assert!(said.contains(words), "{text}: {said}");
            assert!(!said.contains("expected") && !said.contains("invalid"), "{said}");
        }
        let (_, said) = fault::<SettingsPatch>(r#"{"titel":"x"}"#);
        assert!(said.contains("« titel » n’existe pas"), "{said}");
        assert!(fault::<SettingsPatch>("{").1.contains("ligne 1"));
    }
}
