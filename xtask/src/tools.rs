//! What the machine must have: found, installed with apt-get when root, or asked for.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A program on the PATH or among `places`.
pub fn find(program: &str, places: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(places.iter().map(PathBuf::from));
    folders.into_iter().map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Is this process root?
pub fn is_root() -> bool {
    let uid = Command::new("id").arg("-u").output();
    uid.is_ok_and(|out| String::from_utf8_lossy(&out.stdout).trim() == "0")
}

/// Finds a program, installing its Debian packages if it is missing and we may.
pub fn ensure(program: &str, places: &[&str], packages: &[&str]) -> Result<PathBuf> {
    if let Some(found) = find(program, places) {
        return Ok(found);
    }
    let list = packages.join(" ");
    if !is_root() {
        bail!("{program} is missing: run `sudo apt-get install -y {list}` and start again");
    }
    println!("   installing {list} (for {program})");
    for arguments in
        [vec!["update", "-q"], [vec!["install", "-y", "-q", "--no-install-recommends"], packages.to_vec()].concat()]
    {
        let status = Command::new("apt-get")
            .args(&arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdout(Stdio::null())
            .status()
            .context("apt-get")?;
        if !status.success() {
            bail!("apt-get {} failed", arguments.join(" "));
        }
    }
    find(program, places).with_context(|| format!("{program} is still missing after installing {list}"))
}

/// Folders of PostgreSQL's server programs, the newest version first: the first that has the program is taken.
pub fn postgres_folders() -> Vec<String> {
    let mut versions: Vec<u32> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    versions.iter().map(|version| format!("/usr/lib/postgresql/{version}/bin")).collect()
}

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_path_buf()
}
