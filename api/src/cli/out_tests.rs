//! A result is written whole or not at all, and never over what was read.

use super::*;
use std::fs;

fn refused(result: Result<Destination, Failure>) -> String {
    match result {
        Err(Failure::Input(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_new_file_or_an_old_one_is_written_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("marks.csv");
    Destination::new(&path, &[]).unwrap().write(b"one").unwrap();
    Destination::new(&path, &[]).unwrap().write(b"two").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"two");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else stays");
    assert!(matches!(Destination::new(Path::new("-"), &[]), Ok(Destination::Standard)));
}

#[test]
fn what_is_read_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key.csv");
    fs::write(&key, "key").unwrap();
    let other_name = folder.path().join(".").join("key.csv");
    assert!(refused(Destination::new(&other_name, &[&key])).contains("aussi lu"));
    fs::hard_link(&key, folder.path().join("twin.csv")).unwrap();
    assert!(refused(Destination::new(&folder.path().join("twin.csv"), &[&key])).contains("aussi lu"));
    assert_eq!(fs::read(&key).unwrap(), b"key");
}

#[test]
fn folders_are_looked_at_before_the_work() {
    let folder = tempfile::tempdir().unwrap();
    assert!(refused(Destination::new(folder.path(), &[])).contains("c’est un dossier"));
    assert!(refused(Destination::new(&folder.path().join("no/marks.csv"), &[])).contains("n’existe pas"));
    fs::write(folder.path().join("file"), "").unwrap();
    assert!(refused(Destination::new(&folder.path().join("file/marks.csv"), &[])).contains("n’est pas un dossier"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_failure_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("marks.csv");
    let destination = Destination::new(&path, &[]).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(matches!(destination.write(b"x"), Err(Failure::Environment(_))));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn links_and_permissions_are_kept() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real.csv"), folder.path().join("link.csv"));
    symlink("real.csv", &link).unwrap();
    Destination::new(&link, &[]).unwrap().write(b"one").unwrap();
    assert_eq!(fs::read(&real).unwrap(), b"one", "made where the link leads");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    Destination::new(&link, &[]).unwrap().write(b"two").unwrap();
    assert_eq!(
        (fs::read(&real).unwrap().as_slice(), fs::metadata(&real).unwrap().mode() & 0o777),
        (&b"two"[..], 0o640)
    );
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
}

#[cfg(target_os = "linux")]
#[test]
fn devices_are_written_through() {
    let full = Destination::new(Path::new("/dev/full"), &[]).unwrap();
    let Err(Failure::Environment(text)) = full.write(b"x") else { panic!() };
    assert!(text.contains("plus de place"), "{text}");
    Destination::new(Path::new("/dev/null"), &[]).unwrap().write(b"x").unwrap();
}

#[test]
fn a_reader_who_left_is_no_error() {
    assert!(printed(Err(io::ErrorKind::BrokenPipe.into())).is_ok());
    assert!(matches!(printed(Err(io::ErrorKind::StorageFull.into())), Err(Failure::Environment(_))));
}

#[test]
fn small_numbers_are_in_decimal() {
    let text = String::from_utf8(json(&[0.000_005, -0.000_001, 0.0, 12.75, 0.000_1]).unwrap()).unwrap();
    assert_eq!(text, "[0.000005,-0.000001,0.0,12.75,0.0001]\n");
}
