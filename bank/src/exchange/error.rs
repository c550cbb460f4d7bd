//! Why a file as a whole cannot be read, or written.

/// Why a file as a whole cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReadError {
    /// Neither the name nor the content tells.
    #[error(
        "« {name} » : format non reconnu (formats lus : JSON Docimo, XML Moodle, GIFT, Aiken, AMC, QTI, CSV, XLSX) ; \
         précisez-le si vous le connaissez"
    )]
    UnknownFormat {
        /// Of the file.
        name: String,
    },
    /// Larger than a file may be.
    #[error("fichier de {size} octets : {limit} au plus")]
    TooLarge {
        /// In bytes.
        size: u64,
        /// In bytes.
        limit: u64,
    },
    /// One question is larger than one may be.
    #[error("ligne {line} : une question dépasse {limit} octets")]
    QuestionTooLarge {
        /// From 1.
        line: usize,
        /// In bytes.
        limit: u64,
    },
    /// More entries than a file may have.
    #[error("le fichier compte plus de {limit} questions : partagez-le")]
    TooManyEntries {
        /// Most.
        limit: usize,
    },
    /// Bytes that are no text in the announced encoding.
    #[error("ligne {line} : ce n’est pas du texte {encoding} ; enregistrez le fichier en UTF-8")]
    Encoding {
        /// From 1.
        line: usize,
        /// The encoding announced or supposed.
        encoding: String,
    },
    /// The JSON is cut or malformed.
    #[error("JSON illisible, ligne {line}, colonne {column} : {message}")]
    JsonSyntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// A JSON, but not a file of questions.
    #[error("ce JSON n’est pas un fichier de questions Docimo : {0}")]
    NotQuestions(String),
    /// The XML is cut or malformed.
    #[error("XML illisible, ligne {line}, colonne {column} : {message}")]
    XmlSyntax {
        /// From 1.
        line: usize,
        /// From 1, in bytes.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// An entity that XML does not define: defining one is refused, so is fetching it.
    #[error("ligne {line} : l’entité « &{name}; » n’est pas permise en XML ; écrivez le caractère lui-même")]
    XmlEntity {
        /// From 1.
        line: usize,
        /// Without `&` and `;`.
        name: String,
    },
    /// Elements nested too deeply.
    #[error("ligne {line} : XML trop profond (plus de {limit} balises l’une dans l’autre)")]
    XmlTooDeep {
        /// From 1.
        line: usize,
        /// Most.
        limit: usize,
    },
    /// Too many elements.
    #[error("ligne {line} : XML trop grand (plus de {limit} balises)")]
    XmlTooManyElements {
        /// From 1.
        line: usize,
        /// Most.
        limit: usize,
    },
    /// An XML, but not of questions.
    #[error(
        "ce XML commence par <{root}> : un export de questions Moodle commence par <quiz>, une question QTI par \
         <assessmentItem>, <qti-assessment-item> ou <questestinterop>"
    )]
    NotQuiz {
        /// Name of its root.
        root: String,
    },
    /// A backup of a Moodle course.
    #[error(
        "ceci est une sauvegarde Moodle : dans la banque de questions, choisissez « Exporter », format « XML Moodle »"
    )]
    MoodleBackup,
    /// An archive that is damaged, or made to harm.
    #[error("archive refusée : {0}")]
    Archive(String),
    /// A package whose version is not read.
    #[error("paquet QTI refusé : {0}")]
    Package(String),
    /// A spreadsheet that cannot be read.
    #[error("tableau illisible : {0}")]
    Table(String),
    /// The source failed while it was read.
    #[error("lecture interrompue : {0}")]
    Io(String),
}

/// Why nothing, or not everything, was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The destination failed.
    #[error("écriture interrompue : {0}")]
    Io(#[from] std::io::Error),
    /// The workbook could not be made.
    #[error("classeur impossible à écrire : {0}")]
    Workbook(String),
    /// The archive could not be made.
    #[error("archive impossible à écrire : {0}")]
    Archive(String),
}
