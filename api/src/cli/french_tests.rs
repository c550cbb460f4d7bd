//! No English reaches those who type a command.

use crate::cli::{Failure, command, read};
use clap::Command;

fn words(line: &str) -> Vec<std::ffi::OsString> {
    super::arguments(line.split(' ').map(Into::into))
}

fn refused(line: &str) -> String {
    match read(words(line)) {
        Err(Err(Failure::Input(text))) => text,
        Err(Err(other)) => panic!("{other:?}"),
        Err(Ok(())) => panic!("help instead of an error"),
        Ok(_) => panic!("{line} is accepted"),
    }
}

#[test]
fn usage_errors_are_sentences_that_name_the_argument() {
    for (line, said, help) in [
        ("docimo --databse x", "option inconnue : --databse ; vouliez-vous dire « --database » ?", "docimo"),
        ("docimo mrk", "commande inconnue : mrk ; vouliez-vous dire « mark » ?", "docimo"),
        ("docimo mark --key k --responses r", "il manque --scheme <BARÈME>", "docimo mark"),
        ("docimo mark --key", "--key <CLÉ.CSV> attend une valeur", "docimo mark"),
        (
            "docimo import x --format pdf",
            "valeur inconnue « pdf » (connues : auto, json, moodle-xml, gift, aiken, amc-txt, amc-latex, qti, csv, xlsx)",
            "docimo import",
        ),
        ("docimo serve --listen ici", "valeur « ici » refusée, attendu une adresse et un port", "docimo serve"),
        ("docimo check --data x --data y", "ne peut être donné qu’une fois", "docimo check"),
        ("docimo user", "il manque une commande (connues : add, code, list)", "docimo user"),
        ("docimo check x", "argument en trop : x", "docimo check"),
        ("docimo user add", "il manque", "docimo user add"),
        ("docimo --lang en check", "valeur inconnue « en »", "docimo check"),
    ] {
        let text = refused(line);
        assert!(text.contains(said), "{line}\n{text}");
        assert!(text.ends_with(&format!("Pour l’aide : {help} --help")), "{line}\n{text}");
    }
}

fn pages(command: &mut Command, list: &mut Vec<String>) {
    list.push(command.render_help().to_string());
    list.push(command.render_long_help().to_string());
    let names: Vec<String> = command.get_subcommands().map(|c| c.get_name().to_owned()).collect();
    for name in names {
        pages(command.find_subcommand_mut(&name).unwrap(), list);
    }
}

#[test]
fn every_page_of_help_is_in_french() {
    let mut command = command();
    command.build();
    let mut list = Vec::new();
    pages(&mut command, &mut list);
    assert!(list[0].starts_with("Docimo : examens en ligne"), "{}", list[0]);
    assert!(list.len() >= 20);
    for page in &list {
        for english in
            ["Usage:", "Options:", "Commands:", "Arguments:", "[default", "[possible", "[env", "Print ", "COMMAND]"]
        {
            assert!(!page.contains(english), "{english}\n{page}");
        }
        assert!(page.contains("Usage\u{a0}: docimo") && page.contains("Affiche cette aide"), "{page}");
    }
    let mark = list.iter().find(|p| p.contains("docimo mark")).unwrap();
    for told in ["acceptable", "scheme  ", "ACE/B", "docimo scheme show edn", "Z1|Z3"] {
        assert!(mark.contains(told), "{told}\n{mark}");
    }
}

#[test]
fn help_may_be_a_word() {
    assert_eq!(words("docimo help mark"), ["docimo", "mark", "--help"]);
    assert_eq!(words("docimo mark help"), ["docimo", "mark", "help"]);
}

#[test]
fn the_system_speaks_french() {
    for kind in [
        std::io::ErrorKind::NotFound,
        std::io::ErrorKind::PermissionDenied,
        std::io::ErrorKind::IsADirectory,
        std::io::ErrorKind::AddrInUse,
        std::io::ErrorKind::AlreadyExists,
    ] {
        let error = std::io::Error::from(kind);
        assert_ne!(super::french_io(&error), error.to_string());
    }
}
