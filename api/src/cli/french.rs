//! The command line in French: help, usage errors, and what the operating system says.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command};
use std::ffi::OsString;
use std::io;

/// What the system says of a file, an address or a connection.
pub fn french_io(error: &io::Error) -> String {
    use io::ErrorKind as Kind;
    let text = match error.kind() {
        Kind::NotFound => "fichier ou dossier introuvable",
        Kind::PermissionDenied => "accès refusé par le système",
        Kind::IsADirectory => "c’est un dossier, pas un fichier",
        Kind::NotADirectory => "un élément du chemin n’est pas un dossier",
        Kind::AlreadyExists => "existe déjà",
        Kind::AddrInUse => "adresse déjà prise par un autre programme",
        Kind::AddrNotAvailable => "cette machine n’a pas cette adresse",
        Kind::ConnectionRefused => "connexion refusée : rien n’écoute à cette adresse",
        Kind::ConnectionReset | Kind::ConnectionAborted | Kind::UnexpectedEof => "connexion coupée",
        Kind::HostUnreachable | Kind::NetworkUnreachable => "machine injoignable",
        Kind::TimedOut => "pas de réponse à temps",
        Kind::StorageFull => "il n’y a plus de place sur le disque",
        Kind::QuotaExceeded => "quota de disque dépassé",
        Kind::ReadOnlyFilesystem => "disque en lecture seule",
        Kind::InvalidFilename => "nom de fichier trop long ou refusé par le système",
        Kind::BrokenPipe => "le programme qui lisait la sortie s’est arrêté",
        // Looking a name up has no kind of its own.
        _ if error.to_string().contains("lookup address") => "nom de machine inconnu",
        _ => return error.to_string(),
    };
    text.to_owned()
}

const TEMPLATE: &str = "{before-help}{about-with-newline}\nUsage\u{a0}: {usage}\n\n{all-args}{after-help}\n";
const OPTIONS: &str = "Options\u{a0}";

/// The arguments, with `docimo help mark` read as `docimo mark --help`.
pub fn arguments(given: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut list: Vec<OsString> = given.into_iter().collect();
    if list.get(1).is_some_and(|word| word == "help" || word == "aide") {
        list.remove(1);
        list.push("--help".into());
    }
    list
}

/// The same command, its help in French.
pub fn in_french(command: Command) -> Command {
    let help = Arg::new("help").short('h').long("help").action(ArgAction::Help);
    command
        .help_template(TEMPLATE)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .disable_help_subcommand(true)
        .subcommand_help_heading("Commandes\u{a0}")
        .subcommand_value_name("COMMANDE")
        // A missing command is an error like others, not a help page.
        .arg_required_else_help(false)
        .mut_args(argument)
        .arg(help.help("Affiche cette aide").help_heading(OPTIONS))
        .mut_subcommands(in_french)
}

/// The root's own option.
pub fn version_option() -> Arg {
    let version = Arg::new("version").short('V').long("version").action(ArgAction::Version);
    version.help("Affiche la version").help_heading(OPTIONS)
}

/// An argument whose default, values and variable are told in French.
fn argument(arg: Arg) -> Arg {
    let mut text = arg.get_help().map(StyledStr::to_string).unwrap_or_default();
    let takes_values = arg.get_action().takes_values();
    if takes_values {
        let values: Vec<String> = arg.get_possible_values().iter().map(|v| v.get_name().to_owned()).collect();
        if !values.is_empty() {
            text.push_str(&format!(" [valeurs\u{a0}: {}]", values.join(", ")));
        }
        let defaults: Vec<_> = arg.get_default_values().iter().map(|v| v.to_string_lossy()).collect();
        if !defaults.is_empty() {
            text.push_str(&format!(" [défaut\u{a0}: {}]", defaults.join(", ")));
        }
    }
    if let Some(variable) = arg.get_env() {
        text.push_str(&format!(" [variable\u{a0}: {}]", variable.to_string_lossy()));
    }
    let arg = match (arg.get_help_heading(), arg.is_positional()) {
        (Some(_), _) => arg,
        (None, true) => arg.help_heading("Arguments\u{a0}"),
        (None, false) => arg.help_heading(OPTIONS),
    };
    arg.help(text).hide_default_value(takes_values).hide_possible_values(takes_values).hide_env(true)
}

/// Words that lead to the command whose help would tell more: `docimo user add`.
pub fn path(root: &Command, arguments: &[OsString]) -> String {
    let (mut command, mut path) = (root, root.get_name().to_owned());
    for word in arguments.iter().skip(1).filter_map(|word| word.to_str()) {
        if let Some(next) = command.find_subcommand(word) {
            command = next;
            path = format!("{path} {word}");
        }
    }
    path
}

/// What is wrong with a command line, in a sentence, then where to read more.
pub fn explain(error: &clap::Error, path: &str) -> String {
    format!("{}.\nPour l’aide : {path} --help", sentence(error))
}

fn sentence(error: &clap::Error) -> String {
    let context = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(list)) => list.join(", "),
        Some(ContextValue::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let (argument, value) = (context(ContextKind::InvalidArg), context(ContextKind::InvalidValue));
    let near = |kind: ContextKind| match context(kind) {
        text if text.is_empty() => text,
        text => format!(" ; vouliez-vous dire « {text} » ?"),
    };
    let known = |kind: ContextKind| match context(kind) {
        text if text.is_empty() => text,
        text => format!(" (connues : {text})"),
    };
    match error.kind() {
        ErrorKind::UnknownArgument if argument.starts_with('-') => {
            format!("option inconnue : {argument}{}", near(ContextKind::SuggestedArg))
        }
        ErrorKind::UnknownArgument => format!("argument en trop : {argument}"),
        ErrorKind::InvalidSubcommand => {
            let word = context(ContextKind::InvalidSubcommand);
            format!("commande inconnue : {word}{}", near(ContextKind::SuggestedSubcommand))
        }
        ErrorKind::MissingRequiredArgument => format!("il manque {argument}"),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            format!("il manque une commande{}", known(ContextKind::ValidSubcommand))
        }
        ErrorKind::InvalidValue if value.is_empty() => {
            format!("{argument} attend une valeur{}", known(ContextKind::ValidValue))
        }
        ErrorKind::InvalidValue => {
            format!("{argument} : valeur inconnue « {value} »{}", known(ContextKind::ValidValue))
        }
        ErrorKind::ValueValidation => match std::error::Error::source(error) {
            Some(cause) => format!("{argument} : valeur « {value} » refusée, {cause}"),
            None => format!("{argument} : valeur « {value} » refusée"),
        },
        ErrorKind::ArgumentConflict => match context(ContextKind::PriorArg) {
            prior if prior == argument || prior.is_empty() => format!("{argument} ne peut être donné qu’une fois"),
            prior => format!("{argument} ne va pas avec {prior}"),
        },
        ErrorKind::TooManyValues => format!("{argument} : la valeur « {value} » est en trop"),
        ErrorKind::TooFewValues => {
            let (given, least) = (context(ContextKind::ActualNumValues), context(ContextKind::MinValues));
            format!("{argument} attend au moins {least} valeurs, {given} donnée(s)")
        }
        ErrorKind::WrongNumberOfValues => {
            let (given, expected) = (context(ContextKind::ActualNumValues), context(ContextKind::ExpectedNumValues));
            format!("{argument} attend {expected} valeur(s), {given} donnée(s)")
        }
        ErrorKind::NoEquals => format!("{argument} : un signe = est attendu avant la valeur"),
        ErrorKind::InvalidUtf8 => "un argument contient des octets qui ne sont pas de l’UTF-8".to_owned(),
        _ => format!("ligne de commande incomprise ({})", error.kind()),
    }
}

#[cfg(test)]
#[path = "french_tests.rs"]
mod tests;
