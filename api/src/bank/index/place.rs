//! Where a process keeps its index: a directory that no other process has at the same time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// A file by which another process asks for the index to be built anew; removed once it is.
pub const ASKED: &str = "reconstruire";
/// More processes than this on one machine share nothing worth sharing.
const MOST: usize = 64;

/// A directory, held for as long as this lives.
#[derive(Debug)]
pub struct Place {
    dir: PathBuf,
    /// Closed, and with it unlocked, by the end of the process whatever ends it.
    _lock: File,
}

impl Place {
    /// Takes the first free directory under a root: `1`, or `2` if another process has it…
    ///
    /// # Errors
    /// Where the root cannot be written.
    pub fn take(root: &Path) -> io::Result<Self> {
        for number in 1..=MOST {
            let dir = root.join(number.to_string());
            std::fs::create_dir_all(&dir)?;
            if let Some(lock) = lock(&dir)? {
                return Ok(Self { dir, _lock: lock });
            }
        }
        Err(io::Error::other("trop de processus ont un index sous ce dossier"))
    }

    /// The directories under a root that hold an index, and whether a process has each.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn all(root: &Path) -> io::Result<Vec<(PathBuf, bool)>> {
        let dirs = (1..=MOST).map(|n| root.join(n.to_string())).filter(|d| d.join("current").exists());
        dirs.map(|dir| lock(&dir).map(|free| (dir, free.is_none()))).collect()
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Did someone ask for the index to be built anew?
    pub fn is_asked(&self) -> bool {
        self.dir.join(ASKED).exists()
    }

    /// It was built anew.
    pub fn answered(&self) {
        // Where it cannot be removed the index is built once more at the next look: no harm, and the log says why.
        if let Err(error) = std::fs::remove_file(self.dir.join(ASKED))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(dir = %self.dir.display(), %error, "a request to rebuild the index cannot be removed");
        }
    }
}

fn lock(dir: &Path) -> io::Result<Option<File>> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(dir.join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_process_has_a_place_of_its_own() {
        let root = tempfile::tempdir().unwrap();
        let first = Place::take(root.path()).unwrap();
        let second = Place::take(root.path()).unwrap();
        assert_eq!((first.dir(), second.dir()), (&*root.path().join("1"), &*root.path().join("2")));
        assert!(Place::all(root.path()).unwrap().is_empty(), "no index there yet");
        std::fs::write(first.dir().join("current"), "g-1").unwrap();
        assert_eq!(Place::all(root.path()).unwrap(), [(root.path().join("1"), true)]);
        drop(first);
        assert_eq!(Place::all(root.path()).unwrap(), [(root.path().join("1"), false)]);
        assert_eq!(Place::take(root.path()).unwrap().dir(), root.path().join("1"));
    }
}
