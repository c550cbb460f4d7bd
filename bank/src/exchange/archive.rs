//! A zip read within bounds: number of files, unpacked size, ratio, paths, links. Nothing is written to a
//! disk; the sizes that the archive announces are not believed.

use super::ReadError;
use super::limits::Limits;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// The files of an archive, by path.
pub(super) struct Archive {
    pub(super) files: BTreeMap<String, Vec<u8>>,
}

impl Archive {
    pub(super) fn open(bytes: &[u8], limits: &Limits) -> Result<Self, ReadError> {
        let refused = |message: String| ReadError::Archive(message);
        let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| refused(french(&error)))?;
        if zip.len() > limits.archive_entries {
            return Err(refused(format!("{} fichiers : {} au plus", zip.len(), limits.archive_entries)));
        }
        let mut files = BTreeMap::new();
        let mut left = limits.file_bytes;
        for index in 0..zip.len() {
            let mut file = zip.by_index(index).map_err(|error| refused(french(&error)))?;
            let name: String = file.name().map_err(|error| refused(french(&error)))?.chars().take(300).collect();
            let outside =
                name.starts_with('/') || name.contains(['\\', '\0', ':']) || name.split('/').any(|step| step == "..");
            let safe = file.enclosed_name().filter(|_| !outside);
            let Some(path) = safe.map(|path| path.to_string_lossy().into_owned()) else {
                return Err(refused(format!("le chemin « {name} » sort de l’archive")));
            };
            if file.is_symlink() {
                return Err(refused(format!("« {name} » est un lien : seuls des fichiers sont lus")));
            }
            if file.is_dir() {
                continue;
            }
            let packed = file.compressed_size().max(1);
            // Above a mebibyte the ratio is watched: small texts pack very well.
            let allowed = left.min((packed.saturating_mul(limits.archive_ratio)).max(1 << 20));
            let mut content = Vec::new();
            file.by_ref()
                .take(allowed + 1)
                .read_to_end(&mut content)
                .map_err(|error| refused(format!("« {name} » est abîmé ({error})")))?;
            if content.len() as u64 > allowed {
                return Err(refused(if allowed == left {
                    format!("elle contient plus de {} octets", limits.file_bytes)
                } else {
                    format!("« {name} » se déplie plus de {} fois : archive suspecte", limits.archive_ratio)
                }));
            }
            left -= content.len() as u64;
            files.insert(path, content);
        }
        Ok(Self { files })
    }

    /// The file that `href` names, seen from the folder of `base`.
    pub(super) fn resolve(&self, base: &str, href: &str) -> Option<(String, &Vec<u8>)> {
        let href = href.split(['?', '#']).next().unwrap_or(href);
        let decoded = super::media::percent_decoded(href).unwrap_or_else(|| href.to_owned());
        let folder = base.rsplit_once('/').map_or("", |(folder, _)| folder);
        // Canvas writes its own root in the path.
        let bare = decoded.trim_start_matches("$IMS-CC-FILEBASE$/").trim_start_matches("%24IMS-CC-FILEBASE%24/");
        for candidate in
            [format!("{folder}/{decoded}"), decoded.clone(), bare.to_owned(), format!("web_resources/{bare}")]
        {
            let mut steps: Vec<&str> = Vec::new();
            for step in candidate.split('/') {
                match step {
                    "" | "." => {}
                    ".." => drop(steps.pop()),
                    step => steps.push(step),
                }
            }
            let path = steps.join("/");
            if let Some(content) = self.files.get(&path) {
                return Some((path, content));
            }
        }
        None
    }
}

fn french(error: &zip::result::ZipError) -> String {
    use zip::result::ZipError;
    match error {
        ZipError::Io(error) => format!("abîmée ou coupée ({error})"),
        ZipError::InvalidArchive(_) => "ce n’est pas un zip, ou il est abîmé".to_owned(),
        ZipError::UnsupportedArchive(reason) if reason.to_string().to_lowercase().contains("password") => {
            "elle est protégée par un mot de passe".to_owned()
        }
        ZipError::UnsupportedArchive(_) => "compression inconnue : refaites un zip ordinaire".to_owned(),
        other => format!("illisible ({other})"),
    }
}
