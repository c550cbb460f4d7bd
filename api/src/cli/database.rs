//! Which database a command works on, and why it may not open.

use super::french::french_io;
use super::{Common, Failure};
use docimo_store::{Store, StoreError};
use std::path::PathBuf;

/// A database looked at without touching it.
#[derive(Debug)]
pub enum Found {
    /// None there: what to do about it, in French.
    Nothing(String),
    /// Of another version: what to do about it, in French.
    OtherVersion(String),
    /// Open as it is.
    Ready(Store),
}

impl Common {
    /// Folder of the data; the platform's by default.
    pub fn data_dir(&self, demo: bool) -> PathBuf {
        if let Some(dir) = &self.data {
            return dir.clone();
        }
        if demo {
            return PathBuf::from("docimo-data");
        }
        let home = || std::env::var_os("HOME").map(|h| PathBuf::from(h).join(".local/share"));
        let base = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).or_else(home);
        base.unwrap_or_else(|| PathBuf::from(".")).join("docimo")
    }

    fn url(&self, demo: bool) -> String {
        self.database
            .clone()
            .unwrap_or_else(|| format!("sqlite://{}", self.data_dir(demo).join("docimo.sqlite").display()))
    }

    /// Where the search indexes of this database are kept: one a process.
    pub fn index_root(&self, demo: bool) -> PathBuf {
        if let Some(dir) = &self.index {
            return dir.clone();
        }
        let url = self.url(demo);
        match url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")) {
            Some(file) => PathBuf::from(format!("{}.index", file.split('?').next().unwrap_or(file))),
            None => self.data_dir(demo).join("index"),
        }
    }

    /// The file of the demonstration's database, unless another database is asked for.
    pub fn demo_file(&self) -> Option<PathBuf> {
        self.database.is_none().then(|| self.data_dir(true).join("docimo.sqlite"))
    }

    /// The file that holds the database, where a file does.
    pub fn file(&self) -> Option<PathBuf> {
        self.url(false).strip_prefix("sqlite://").map(PathBuf::from)
    }

    /// Opens and migrates the database, created if absent.
    pub async fn open(&self, demo: bool) -> Result<Store, Failure> {
        if self.database.is_none() {
            let dir = self.data_dir(demo);
            std::fs::create_dir_all(&dir)
                .map_err(|e| Failure::Environment(format!("dossier {} : {}", dir.display(), french_io(&e))))?;
        }
        let url = self.url(demo);
        Store::open(&url).await.map_err(|e| not_open(&url, e))
    }

    /// Looks for the database and writes nothing.
    pub async fn find(&self) -> Result<Found, Failure> {
        let url = self.url(false);
        let Some(store) = Store::open_as_is(&url).await.map_err(|e| not_open(&url, e))? else {
            return Ok(Found::Nothing(nothing(&url)));
        };
        let migrated = store.is_migrated().await.map_err(|e| not_open(&url, e))?;
        if migrated == Some(true) {
            return Ok(Found::Ready(store));
        }
        store.close().await;
        Ok(match migrated {
            None => Found::Nothing(nothing(&url)),
            Some(_) => Found::OtherVersion(format!(
                "la base {} est d’une autre version de Docimo : « docimo serve » la met à jour (sauvegardez-la avant)",
                Store::place(&url)
            )),
        })
    }

    /// Opens a database that must be there already.
    pub async fn open_existing(&self) -> Result<Store, Failure> {
        match self.find().await? {
            Found::Nothing(advice) => return Err(Failure::Input(advice)),
            Found::OtherVersion(_) => {}
            Found::Ready(store) => store.close().await,
        }
        self.open(false).await
    }
}

fn nothing(url: &str) -> String {
    format!(
        "aucune base Docimo à cet endroit : {}. Créez-la avec « docimo serve », ou désignez la bonne avec --data ou \
         --database",
        Store::place(url)
    )
}

fn not_open(url: &str, error: StoreError) -> Failure {
    match error {
        StoreError::BadUrl(_) => Failure::Input(error.to_string()),
        other => Failure::Environment(format!("base {} : {}", Store::place(url), cause(&other))),
    }
}

/// What a database says, in French where it is usual.
pub fn cause(error: &StoreError) -> String {
    let mut text = error.to_string();
    if let StoreError::Database(inner) = error {
        text = inner.to_string();
        let source = std::error::Error::source(inner).and_then(|s| s.downcast_ref::<std::io::Error>());
        if let Some(io) = source {
            return french_io(io);
        }
        if let Some(known) = inner.as_database_error().and_then(|e| e.code()).and_then(|code| by_code(&code)) {
            return known.to_owned();
        }
    }
    // The migrator wraps what the database says.
    let wrapped = [
        ("previously applied but is missing", "cette base a été mise à jour par une version plus récente de Docimo"),
        ("(code: 8)", "fichier en lecture seule"),
        ("(code: 26)", "ce fichier n’est pas une base SQLite"),
    ];
    wrapped.iter().find(|(said, _)| text.contains(said)).map_or(text, |(_, french)| (*french).to_owned())
}

/// By code of SQLite, or SQLSTATE of PostgreSQL.
fn by_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "5" | "6" | "261" | "517" => "un autre programme tient la base : réessayez dans un instant",
        "8" | "264" | "776" | "1032" | "1288" | "1544" => "fichier en lecture seule",
        "10" => "erreur de lecture ou d’écriture du disque",
        "11" => "fichier endommagé : restaurez une sauvegarde",
        "13" => "il n’y a plus de place sur le disque",
        "14" => "impossible d’ouvrir ou de créer ce fichier : vérifiez que son dossier existe, et les droits",
        "26" => "ce fichier n’est pas une base SQLite",
        "28P01" | "28000" => "le serveur refuse cet utilisateur ou ce mot de passe",
        "3D000" => "le serveur n’a pas de base de ce nom : créez-la d’abord",
        "42501" => "cet utilisateur n’a pas les droits nécessaires sur la base",
        "53300" => "le serveur a trop de connexions",
        "57P03" => "le serveur démarre ou s’arrête : réessayez dans un instant",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn common(database: Option<String>, data: Option<PathBuf>) -> Common {
        Common { database, data, ..Common::default() }
    }

    async fn message(url: String) -> String {
        match common(Some(url), None).open(false).await {
            Err(Failure::Environment(text) | Failure::Input(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_database_that_does_not_open_says_where_and_why() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("absent/x.sqlite");
        let text = message(format!("sqlite://{}", path.display())).await;
        assert!(text.contains(&path.display().to_string()) && text.contains("impossible d’ouvrir"), "{text}");
        let path = folder.path().join("text.sqlite");
        std::fs::write(&path, "this is no database, however long one reads it\n".repeat(50)).unwrap();
        let text = message(format!("sqlite://{}", path.display())).await;
        assert!(text.contains("text.sqlite") && text.contains("n’est pas une base SQLite"), "{text}");
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let text = message(format!("postgres://user:secret@127.0.0.1:{port}/db")).await;
        assert!(text.contains(&format!("127.0.0.1:{port}")) && text.contains("connexion refusée"), "{text}");
        assert!(!text.contains("secret") && !text.contains("user"), "{text}");
        assert!(!message("user:secret@host/db".into()).await.contains("secret"));
    }

    #[tokio::test]
    async fn looking_for_a_database_creates_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let common = common(None, Some(folder.path().join("data")));
        let Found::Nothing(advice) = common.find().await.unwrap() else { panic!() };
        assert!(advice.contains("docimo serve"), "{advice}");
        assert!(matches!(common.open_existing().await, Err(Failure::Input(_))));
        assert!(!folder.path().join("data").exists());
        common.open(false).await.unwrap().close().await;
        assert!(matches!(common.find().await.unwrap(), Found::Ready(_)));
    }
}
