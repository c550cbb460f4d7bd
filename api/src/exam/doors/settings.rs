//! What a committee decides of the doors of its exam.

use super::address;
use crate::app::App;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult, Wrong};
use crate::exam::seb::config::{self, Allowed};
use crate::exam::seb::keys::{self, Wanted};
use crate::exam::seb::plist::{self, Value};
use crate::exam::{draft, event};
use docimo_store::doors::LockedBrowser;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Most Browser Exam Keys of an exam.
const MOST_KEYS: usize = 200;

/// Where the configuration comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// We make it.
    Generated,
    /// A file was brought.
    Uploaded,
    /// Any will do, as long as it is Safe Exam Browser.
    Any,
}

impl Mode {
    /// Its code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Generated => "generated",
            Self::Uploaded => "uploaded",
            Self::Any => "any",
        }
    }

    /// Reads a code.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Generated, Self::Uploaded, Self::Any].into_iter().find(|mode| mode.code() == code)
    }

    fn french(self) -> &'static str {
        match self {
            Self::Generated => "configuration faite par Docimo",
            Self::Uploaded => "configuration d’un fichier",
            Self::Any => "n’importe quelle configuration",
        }
    }
}

/// A configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// Its settings.
    pub pairs: Vec<(String, Value)>,
    /// Its file, as it is served.
    pub file: String,
}

/// The browser that an exam asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Where its configuration comes from.
    pub mode: Mode,
    /// What candidates may do, where we make it.
    #[serde(default)]
    pub allowed: Allowed,
    /// Hash of the password that leaves it, where we make it; empty without one.
    #[serde(default)]
    pub quit_hash: String,
    /// Browser Exam Keys, one of which is asked for; none where any will do.
    #[serde(default)]
    pub exam_keys: Vec<String>,
    /// The file that was brought.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file: String,
}

impl Default for Settings {
    fn default() -> Self {
        let allowed = Allowed { reload: true, zoom: true, ..Allowed::default() };
        Self { mode: Mode::Generated, allowed, quit_hash: String::new(), exam_keys: Vec::new(), file: String::new() }
    }
}

impl Settings {
    /// The configuration and its file; `None` where any will do. `base` is our public address.
    pub fn configuration(&self, base: &str) -> ApiResult<Option<Configuration>> {
        Ok(match self.mode {
            Mode::Generated => {
                let pairs = config::generated(base, self.allowed, &self.quit_hash);
                let file = plist::write(&pairs);
                Some(Configuration { pairs, file })
            }
            Mode::Uploaded => {
                let pairs = plist::read(self.file.as_bytes()).map_err(|e| ApiError::Internal(e.into()))?;
                Some(Configuration { pairs, file: self.file.clone() })
            }
            Mode::Any => None,
        })
    }

    /// Where the configuration is, from our public address.
    pub fn path(exam_id: &str) -> String {
        format!("/navigateur/{exam_id}/docimo.seb")
    }

    /// The link that opens Safe Exam Browser with the configuration; `None` where any will do.
    pub fn launch(&self, base: &str, exam_id: &str) -> Option<String> {
        let (scheme, host) = base.split_once("://")?;
        let scheme = if scheme == "https" { "sebs" } else { "seb" };
        (self.mode != Mode::Any).then(|| format!("{scheme}://{host}{}", Self::path(exam_id)))
    }

    /// What is asked of a browser.
    pub fn wanted(&self, base: &str) -> ApiResult<Wanted> {
        let configuration = self.configuration(base)?;
        Ok(Wanted {
            config_key: configuration.map(|own| config::config_key(&own.pairs)),
            exam_keys: self.exam_keys.clone(),
        })
    }
}

/// The browser that an exam asks for; `None` for any.
pub async fn of(app: &App, exam_id: &str) -> ApiResult<Option<Settings>> {
    let kept = app.store.locked_browser(exam_id).await?;
    kept.map(|kept| serde_json::from_str(&kept.settings).map_err(|e| ApiError::Internal(e.into()))).transpose()
}

/// What is asked for, as a form or a program sends it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct SettingsForm {
    /// `off`, `generated`, `uploaded` or `any`.
    pub mode: String,
    /// What candidates may do.
    #[serde(default)]
    pub allowed: Allowed,
    /// Password that leaves the browser; absent or empty keeps the one there is.
    #[serde(default)]
    pub quit_password: String,
    /// Take the password away?
    #[serde(default)]
    pub no_password: bool,
    /// Browser Exam Keys, by blanks, commas or lines.
    #[serde(default)]
    pub exam_keys: String,
    /// A configuration in clear XML; absent or empty keeps the one there is.
    #[serde(default)]
    pub file: String,
}

fn read_keys(text: &str) -> Result<Vec<String>, Vec<Wrong>> {
    let (mut found, mut wrong): (Vec<String>, Vec<Wrong>) = Default::default();
    for (i, line) in text.lines().enumerate() {
        for part in line.split([' ', '\t', ',', ';']).filter(|part| !part.is_empty()) {
            match keys::key(part) {
                Some(key) if !found.contains(&key) => found.push(key),
                Some(_) => {}
                None => wrong.push(Wrong {
                    place: format!("Browser Exam Keys, ligne {}", i + 1),
                    message: format!(
                        "« {} » n’est pas une clé : 64 chiffres hexadécimaux sont attendus.",
                        part.chars().take(70).collect::<String>()
                    ),
                }),
            }
        }
    }
    if found.len() > MOST_KEYS {
        wrong.push(Wrong { place: "Browser Exam Keys".into(), message: format!("{MOST_KEYS} clés au plus.") });
    }
    if wrong.is_empty() { Ok(found) } else { Err(wrong) }
}

/// Decides which browser an exam asks for. Every fault at once; nothing is kept of settings that have one.
pub async fn set(app: &App, actor: &Actor, exam_id: &str, form: &SettingsForm) -> ApiResult<()> {
    let exam = draft::exam(app, exam_id).await?;
    if matches!(exam.state.as_str(), "closed" | "marked" | "published") {
        return Err(ApiError::Conflict("L’examen est terminé : ce réglage ne change plus.".into()));
    }
    if form.mode == "off" {
        let done = event(actor, exam_id, "browser", "Navigateur verrouillé : aucun");
        return Ok(app.store.set_locked_browser(exam_id, None, &actor.id, &done).await?);
    }
    let Some(mode) = Mode::from_code(&form.mode) else {
        return Err(ApiError::wrong("mode", "Choisissez un réglage de la liste."));
    };
    let before = of(app, exam_id).await?.unwrap_or_default();
    let mut wrong = Vec::new();
    let exam_keys = read_keys(&form.exam_keys).unwrap_or_else(|faults| {
        wrong.extend(faults);
        Vec::new()
    });
    let file = if form.file.trim().is_empty() { before.file } else { form.file.clone() };
    if mode == Mode::Uploaded {
        if file.is_empty() {
            wrong.push(Wrong {
                place: "fichier .seb".into(),
                message: "Choisissez le fichier de configuration.".into(),
            });
        } else if let Err(error) = plist::read(file.as_bytes()) {
            wrong.push(Wrong { place: "fichier .seb".into(), message: format!("{error}.") });
        }
    }
    if form.quit_password.chars().count() > 200 {
        wrong.push(Wrong { place: "mot de passe".into(), message: "200 caractères au plus.".into() });
    }
    if !wrong.is_empty() {
        return Err(ApiError::Invalid { title: "Ces réglages ne peuvent pas être enregistrés".into(), wrong });
    }
    let quit_hash = match form.quit_password.as_str() {
        _ if form.no_password => String::new(),
        "" => before.quit_hash,
        password => config::password_hash(password),
    };
    let file = if mode == Mode::Uploaded { file } else { String::new() };
    let settings = Settings { mode, allowed: form.allowed, quit_hash, exam_keys, file };
    let kept = LockedBrowser {
        mode: mode.code().into(),
        settings: serde_json::to_string(&settings).map_err(|e| ApiError::Internal(e.into()))?,
    };
    let detail = format!(
        "Navigateur verrouillé : {}{}",
        mode.french(),
        match settings.exam_keys.len() {
            0 => String::new(),
            n => format!(", {n} Browser Exam Key"),
        }
    );
    let done = event(actor, exam_id, "browser", detail);
    Ok(app.store.set_locked_browser(exam_id, Some(&kept), &actor.id, &done).await?)
}

/// Decides from which addresses a site is entered; an empty text: from any.
pub async fn set_addresses(app: &App, actor: &Actor, exam_id: &str, site_id: &str, text: &str) -> ApiResult<()> {
    draft::exam(app, exam_id).await?;
    let sites = app.store.sites(exam_id).await?;
    let site = sites.iter().find(|s| s.id == site_id).ok_or(ApiError::NotFound)?;
    if text.len() > 20_000 {
        return Err(ApiError::wrong("plages", "20 000 caractères au plus."));
    }
    let ranges = address::ranges(text).map_err(|wrong| ApiError::Invalid {
        title: "Ces plages ne peuvent pas être enregistrées".into(),
        wrong: wrong
            .into_iter()
            .map(|(line, error)| Wrong { place: format!("{}, ligne {line}", site.name), message: format!("{error}.") })
            .collect(),
    })?;
    let kept = if ranges.is_empty() { String::new() } else { text.replace("\r\n", "\n").trim().to_owned() };
    let detail = match ranges.len() {
        0 => format!("Centre « {} » : entrée depuis toute adresse", site.name),
        n => format!("Centre « {} » : entrée depuis {n} plage(s) d’adresses", site.name),
    };
    let done = event(actor, exam_id, "addresses", detail);
    Ok(app.store.set_site_addresses(exam_id, site_id, &kept, &done).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_by_line() {
        let key = "A".repeat(64);
        assert_eq!(
            read_keys(&format!("{key}\n {key} , {}", "0".repeat(64))).unwrap(),
            [key.to_lowercase(), "0".repeat(64)]
        );
        let wrong = read_keys("\nabc").unwrap_err();
        assert!(wrong[0].place.ends_with("ligne 2") && wrong[0].message.contains("64"), "{wrong:?}");
    }

    #[test]
    fn a_configuration_brought_keeps_its_own_key() {
        let file = "<plist version=\"1.0\"><dict><key>startURL</key><string>https://a.fr</string></dict></plist>";
        let settings = Settings { mode: Mode::Uploaded, file: file.into(), ..Settings::default() };
        let served = settings.configuration("https://b.fr").unwrap().unwrap().file;
        assert_eq!(served, file, "served as it was brought");
        assert_eq!(settings.wanted("https://b.fr").unwrap(), settings.wanted("https://c.fr").unwrap());
        let any = Settings { mode: Mode::Any, ..Settings::default() };
        assert_eq!(any.wanted("https://b.fr").unwrap(), Wanted::default());
    }
}
