//! What a command writes: standard output, standard error, one file. Nothing here panics on a pipe that
//! has closed or a disk that is full.

use super::Failure;
use super::french::french_io;
use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

/// A line on standard error. If that fails too, there is nobody left to tell.
pub fn tell(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Writes to standard output.
pub fn try_print(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// Writes to standard output. A reader who left early (`| head`) has read what they wanted.
pub fn print(bytes: &[u8]) -> Result<(), Failure> {
    printed(try_print(bytes))
}

fn printed(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Environment(format!("sortie standard : {}", french_io(&error))))
        }
        _ => Ok(()),
    }
}

/// A JSON document with its line end. Numbers are in decimal notation, however small.
pub fn json(value: &impl Serialize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Decimal);
    value.serialize(&mut serializer).map_err(anyhow::Error::from)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Prints a JSON document.
pub fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    print(&json(value)?)
}

struct Decimal;

impl Formatter for Decimal {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        // The usual writer goes to exponents below 1e-5.
        if value != 0.0 && value.abs() < 1e-4 {
            write!(writer, "{value}")
        } else {
            CompactFormatter.write_f64(writer, value)
        }
    }
}

/// Where a result goes, seen to be writable before any work is done.
#[derive(Debug)]
pub enum Destination {
    /// Standard output.
    Standard,
    /// What exists and is not a regular file (a device, a pipe): written straight through.
    Through(PathBuf),
    /// A file, made or replaced as a whole.
    File(PathBuf),
}

impl Destination {
    /// Looks at `path` (`-` is standard output), which must be none of `inputs`.
    pub fn new(path: &Path, inputs: &[&Path]) -> Result<Self, Failure> {
        if ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].iter().any(|name| Path::new(name) == path) {
            return Ok(Self::Standard);
        }
        let refused = |message: &str| Failure::Input(format!("--out {} : {message}", path.display()));
        let target = match std::fs::metadata(path) {
            Ok(found) if found.is_dir() => return Err(refused("c’est un dossier ; donnez un nom de fichier")),
            Ok(found) if !found.is_file() => return Ok(Self::Through(path.to_owned())),
            Ok(_) => {
                if inputs.iter().any(|input| same_file(input, path)) {
                    return Err(refused("ce fichier est aussi lu par la commande ; choisissez-en un autre"));
                }
                std::fs::OpenOptions::new().write(true).open(path).map_err(|e| refused(&french_io(&e)))?;
                std::fs::canonicalize(path).map_err(|e| refused(&french_io(&e)))?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => end_of_links(path),
            Err(error) => return Err(refused(&french_io(&error))),
        };
        let folder = folder_of(&target);
        if !folder.is_dir() {
            return Err(refused(&format!("le dossier « {} » n’existe pas", folder.display())));
        }
        temporary(folder)
            .map_err(|e| refused(&format!("impossible d’écrire dans « {} » : {}", folder.display(), french_io(&e))))?;
        Ok(Self::File(target))
    }

    /// Writes it all; a file is there whole or as it was before.
    pub fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        let (path, written) = match self {
            Self::Standard => return print(bytes),
            Self::Through(path) => {
                let written = std::fs::OpenOptions::new().write(true).open(path).and_then(|mut to| to.write_all(bytes));
                // A reader who left early has read what they wanted, here too.
                (path, written.or_else(|e| if e.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(e) }))
            }
            Self::File(path) => (path, replace(path, bytes)),
        };
        written.map_err(|e| Failure::Environment(format!("{} : {}", path.display(), french_io(&e))))
    }
}

/// A result being written, of which nobody sees anything before it is whole.
#[derive(Debug)]
pub struct Aside {
    file: tempfile::NamedTempFile,
    to: Destination,
}

impl Aside {
    /// A file beside the destination, or where the system keeps such files.
    pub fn new(to: Destination) -> Result<Self, Failure> {
        let folder = match &to {
            Destination::File(path) => folder_of(path).to_owned(),
            Destination::Standard | Destination::Through(_) => std::env::temp_dir(),
        };
        let failed = |e: io::Error| Failure::Environment(format!("{} : {}", folder.display(), french_io(&e)));
        Ok(Self { file: temporary(&folder).map_err(failed)?, to })
    }

    /// Puts it where it goes, whole.
    pub fn keep(mut self) -> Result<(), Failure> {
        match &self.to {
            Destination::File(path) => persist(path, self.file)
                .map_err(|e| Failure::Environment(format!("{} : {}", path.display(), french_io(&e)))),
            Destination::Standard => printed(self.file.rewind().and_then(|()| {
                let mut out = io::stdout().lock();
                io::copy(&mut self.file, &mut out).and_then(|_| out.flush())
            })),
            Destination::Through(path) => {
                let copied = self.file.rewind().and_then(|()| std::fs::OpenOptions::new().write(true).open(path));
                let copied = copied.and_then(|mut out| io::copy(&mut self.file, &mut out).map(drop));
                let copied = copied.or_else(|e| if e.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(e) });
                copied.map_err(|e| Failure::Environment(format!("{} : {}", path.display(), french_io(&e))))
            }
        }
    }
}

impl Write for Aside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Do both paths lead to one file?
fn same_file(a: &Path, b: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let identity = |path: &Path| std::fs::metadata(path).map(|m| (m.dev(), m.ino()));
        matches!((identity(a), identity(b)), (Ok(a), Ok(b)) if a == b)
    }
    #[cfg(not(unix))]
    {
        matches!((std::fs::canonicalize(a), std::fs::canonicalize(b)), (Ok(a), Ok(b)) if a == b)
    }
}

/// Where links that end on nothing lead: the file is made there. Links are followed as far as systems do.
fn end_of_links(path: &Path) -> PathBuf {
    let mut target = path.to_owned();
    for _ in 0..40 {
        match std::fs::read_link(&target) {
            Ok(next) => target = folder_of(&target).join(next),
            Err(_) => break,
        }
    }
    target
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file of a name of its own in that folder, removed when dropped.
fn temporary(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".docimo-").suffix(".partiel");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any new file: the process's mask takes its part.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = temporary(folder_of(path))?;
    file.write_all(bytes)?;
    persist(path, file)
}

/// The file takes that name, with the owner and rights of the one before.
fn persist(path: &Path, file: tempfile::NamedTempFile) -> io::Result<()> {
    if let Ok(before) = std::fs::metadata(path) {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            // Only a privileged process may give a file away: for the others it is theirs, as before.
            let _ = std::os::unix::fs::fchown(file.as_file(), Some(before.uid()), Some(before.gid()));
        }
        file.as_file().set_permissions(before.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}

#[cfg(test)]
#[path = "out_tests.rs"]
mod tests;
