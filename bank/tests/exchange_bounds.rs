//! Files made to harm, or only damaged: each is refused with its limit, and nothing panics or hangs.

mod exchange_common;
mod shared;

use docimo_bank::exchange::{Format, Limits, ReadError, Target, read, read_within, stream, table};
use proptest::prelude::*;
use shared::shared;
use std::fs;
use std::io::{Cursor, Read, Seek, SeekFrom, Write};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const ITEM: &str = r#"<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p2" identifier="un" title="t" adaptive="false" timeDependent="false">
<responseDeclaration identifier="RESPONSE" cardinality="single" baseType="identifier"><correctResponse><value>A</value></correctResponse></responseDeclaration>
<itemBody><p>Où ? <img src="i.png" alt="vue"/></p><choiceInteraction responseIdentifier="RESPONSE" maxChoices="1"><simpleChoice identifier="A">ici</simpleChoice><simpleChoice identifier="B">là</simpleChoice></choiceInteraction></itemBody>
<responseProcessing template="x/match_correct"/></assessmentItem>"#;

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, SimpleFileOptions::default()).expect("memory is written");
        zip.write_all(content).expect("memory is written");
    }
    zip.finish().expect("memory is written").into_inner()
}

fn refusal(bytes: &[u8], limits: &Limits) -> String {
    read_within(bytes, "x.zip", None, limits).expect_err("it is refused").to_string()
}

#[test]
fn archives_are_bounded() {
    let small = Limits { file_bytes: 3 << 20, archive_entries: 10, archive_ratio: 20, ..Limits::default() };
    let good = archive(&[("imsmanifest.xml", b"<manifest/>"), ("un.xml", ITEM.as_bytes())]);
    assert_eq!(read_within(&good, "x.zip", None, &small).unwrap().entries.len(), 1);

    let zeros = vec![b' '; 2 << 20];
    let bomb = archive(&[("un.xml", ITEM.as_bytes()), ("b.xml", &zeros)]);
    assert_eq!(refusal(&bomb, &small), "archive refusée : « b.xml » se déplie plus de 20 fois : archive suspecte");

    let mut noise = Vec::with_capacity(2 << 20);
    let mut state = 1u32;
    noise.extend((0..2 << 20).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    }));
    let small_whole = Limits { file_bytes: 5 << 20, ..small };
    let large = archive(&[("a.bin", &noise), ("b.bin", &noise), ("c.bin", &noise)]);
    assert_eq!(
        refusal(&large[..], &Limits { file_bytes: 10 << 20, archive_entries: 2, ..small }),
        "archive refusée : 3 fichiers : 2 au plus"
    );
    assert_eq!(refusal(&large, &small_whole), format!("fichier de {} octets : {} au plus", large.len(), 5 << 20));
    // Each file packs a little: together they unpack to more than is allowed.
    let words: Vec<u8> = noise.iter().flat_map(|b| [*b; 6]).take(2 << 20).collect();
    let many = archive(&[("a", &words), ("b", &words), ("c", &words)]);
    assert!(many.len() < 5 << 20, "{}", many.len());
    assert_eq!(refusal(&many, &small_whole), "archive refusée : elle contient plus de 5242880 octets");

    for name in ["../un.xml", "/etc/un.xml", "a/../../un.xml", "C:\\un.xml", "a\\..\\..\\un.xml"] {
        let text = refusal(&archive(&[(name, ITEM.as_bytes())]), &small);
        assert!(text.starts_with("archive refusée : le chemin « ") && text.ends_with(" » sort de l’archive"), "{text}");
    }
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_symlink("un.xml", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    let link = zip.finish().unwrap().into_inner();
    assert_eq!(refusal(&link, &small), "archive refusée : « un.xml » est un lien : seuls des fichiers sont lus");

    assert_eq!(
        refusal(b"PK\x03\x04 et rien d'autre", &small),
        "archive refusée : ce n’est pas un zip, ou il est abîmé"
    );
    assert_eq!(
        refusal(&archive(&[("lisez-moi.txt", b"bonjour")]), &small),
        "paquet QTI refusé : aucune question QTI n’a été trouvée dans l’archive"
    );
    // A picture of a question is found beside it, wherever it is.
    let png = exchange_common::PNG;
    let with = read(&archive(&[("a/b/un.xml", ITEM.as_bytes()), ("a/b/i.png", png)]), "x.zip", None).unwrap();
    assert_eq!(with.media().map(|m| (m.name.as_str(), m.bytes.as_slice())).collect::<Vec<_>>(), [("i.png", png)]);
}

#[test]
fn xml_is_bounded() {
    let text = |bytes: &[u8]| read(bytes, "x.xml", None).unwrap_err().to_string();
    for root in ["quiz", "assessmentItem", "questestinterop", "qti-assessment-item"] {
        let entity = format!("<!DOCTYPE {root} [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><{root}>&x;</{root}>");
        assert!(text(entity.as_bytes()).contains("l’entité"), "{root}");
        let laughs = format!("<!DOCTYPE {root} [<!ENTITY a \"aa\"><!ENTITY b \"&a;&a;\">]><{root}/>");
        assert!(text(laughs.as_bytes()).contains("l’entité"), "{root}");
        let deep = format!("<{root}><question>{}", "<a>".repeat(100_000));
        assert!(text(deep.as_bytes()).contains("XML trop profond (plus de 64 balises"), "{root}");
    }
    let wide = format!("<assessmentItem>{}</assessmentItem>", "<a/>".repeat(2_000_000));
    assert!(text(wide.as_bytes()).contains("XML trop grand (plus de 1000000 balises)"));
    let limits = Limits { question_bytes: 200_000, ..Limits::default() };
    let long = format!("<quiz><question type=\"essay\"><name>{}</name></question></quiz>", "x".repeat(500_000));
    assert_eq!(
        read_within(long.as_bytes(), "x.xml", None, &limits).unwrap_err(),
        ReadError::QuestionTooLarge { line: 1, limit: 200_000 }
    );
    let many = "<quiz>".to_owned() + &"<question type=\"essay\"/>".repeat(11) + "</quiz>";
    let few = Limits { entries: 10, ..Limits::default() };
    assert_eq!(
        read_within(many.as_bytes(), "x.xml", None, &few).unwrap_err().to_string(),
        "le fichier compte plus de 10 questions : partagez-le"
    );
}

/// A file that is never in memory: the same question again and again.
struct Endless {
    at: u64,
    length: u64,
}

const HEAD: &[u8] = b"<quiz>";
const QUESTION: &str = "<question type=\"multichoice\"><name><text>n</text></name><questiontext format=\"html\"><text>Texte ?</text></questiontext><single>true</single><answer fraction=\"100\"><text>a</text></answer><answer fraction=\"0\"><text>b</text></answer></question>\n";
const TAIL: &[u8] = b"</quiz>";

impl Endless {
    fn byte(&self, at: u64) -> u8 {
        let body = at.saturating_sub(HEAD.len() as u64);
        if at < HEAD.len() as u64 {
            HEAD[at as usize]
        } else if at >= self.length - TAIL.len() as u64 {
            TAIL[(at - (self.length - TAIL.len() as u64)) as usize]
        } else {
            QUESTION.as_bytes()[(body % QUESTION.len() as u64) as usize]
        }
    }
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let left = usize::try_from(self.length - self.at).unwrap_or(usize::MAX).min(buffer.len());
        for (i, byte) in buffer[..left].iter_mut().enumerate() {
            *byte = self.byte(self.at + i as u64);
        }
        self.at += left as u64;
        Ok(left)
    }
}

impl Seek for Endless {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        match to {
            SeekFrom::Start(at) => self.at = at,
            SeekFrom::Current(by) => self.at = self.at.saturating_add_signed(by),
            SeekFrom::End(by) => self.at = self.length.saturating_add_signed(by),
        }
        Ok(self.at)
    }
}

#[test]
fn a_stream_is_read_a_question_at_a_time() {
    let count = 20_000;
    let length = (HEAD.len() + QUESTION.len() * count + TAIL.len()) as u64;
    let (mut entries, mut copies) = (0, 0);
    // Far less than the file: only a question at a time may be held.
    let limits = Limits { question_bytes: 200_000, ..Limits::default() };
    stream(Endless { at: 0, length }, "x.xml", None, &limits, |entry| match entry {
        Ok(_) => entries += 1,
        Err(_) => copies += 1,
    })
    .unwrap();
    assert_eq!((entries, copies), (1, count - 1));
}

#[test]
fn the_template_is_read_without_fault() {
    for target in [Target::Csv, Target::Xlsx] {
        let mut out = Vec::new();
        table::template(target, &mut out).unwrap();
        let reading = read(&out, "modele", None).unwrap();
        assert_eq!(reading.faulty, [], "{target:?}");
        let ids: Vec<&str> = reading.elements().map(|e| e.id()).collect();
        assert_eq!(ids, ["exemple-qru", "exemple-qrm", "exemple-qroc", "exemple-tcs", "exemple-dp"]);
        assert_eq!(reading.warnings, [""; 0]);
        assert!(reading.entries.iter().all(|e| e.warnings.is_empty()), "{reading:?}");
    }
}

#[test]
fn tables_as_people_write_them() {
    let table = "Énoncé;Proposition A;Proposition B;Proposition C;Proposition D;Réponses;Points;Auteur\n\
                 Où bat le cœur ?;Thorax;Abdomen;Crâne;Bassin;A;0,5;moi\n\
                 \"Deux\nlignes ; et un point-virgule\";un;deux;trois;quatre;a, c;;\n\
                 Quel ion ?;;;;;potassium|K+;;\n\
                 ;;;;;;;\n\
                 Trou ?;un;;trois;;A;;\n\
                 Lettre ?;un;deux;trois;quatre;Z;;\n";
    let check = |bytes: &[u8], note: &str| {
        let reading = read(bytes, "x.csv", None).unwrap_or_else(|error| panic!("{note} {error}"));
        let kinds: Vec<_> = reading.elements().flat_map(|e| e.questions()).map(|q| q.kind().code()).collect();
        assert_eq!(kinds, ["QRU", "QRM", "QROC"], "{note} {:?}", reading.faulty);
        let faults: Vec<_> = reading.faulty.iter().map(|f| (f.place.as_str(), f.reason.as_str())).collect();
        assert_eq!(
            faults,
            [
                ("ligne 7", "Proposition B est vide alors que Proposition C ne l’est pas"),
                ("ligne 8", "Réponses : « Z » n’est pas une liste de lettres (ACE)"),
            ],
            "{note}"
        );
        assert!(reading.warnings.iter().any(|w| w == "colonnes inconnues, non reprises : Auteur"), "{note}");
        let first = reading.elements().next().unwrap().questions().next().unwrap();
        assert_eq!(
            (first.stem.as_str(), first.weight),
            ("Où bat le cœur ?", docimo_engine::Exact::new(1, 2)),
            "{note}"
        );
    };
    check(table.as_bytes(), "UTF-8");
    check(format!("\u{feff}{table}").as_bytes(), "UTF-8 with its mark");
    let utf16: Vec<u8> = std::iter::once(0xfeff).chain(table.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    check(&utf16, "UTF-16");
    let windows: Vec<u8> = table
        .chars()
        .map(|c| match c {
            'œ' => 0x9c,
            '’' => 0x92,
            c => u8::try_from(u32::from(c)).unwrap(),
        })
        .collect();
    check(&windows, "Windows-1252");
    let tabs = "Énoncé\tProposition A\tProposition B\tRéponses\nOù ?\tici\tlà\tB\n";
    assert_eq!(read(tabs.as_bytes(), "x", None).unwrap().entries.len(), 1);
    let commas = "Type,Énoncé,Réponses\nQROC,\"Quoi, donc ?\",oui\n";
    assert_eq!(read(commas.as_bytes(), "x", None).unwrap().entries.len(), 1);
    let error = read(b"a;b\n1;2\n", "x.csv", None).unwrap_err().to_string();
    assert!(
        error.starts_with("tableau illisible : la première ligne doit nommer les colonnes, dont « Énoncé »"),
        "{error}"
    );
}

/// Files to damage: the smallest of each format, ours and those of others.
fn seeds() -> Vec<(Format, Vec<u8>)> {
    let mut seeds = vec![
        (Format::Qti, ITEM.as_bytes().to_vec()),
        (Format::Qti, archive(&[("imsmanifest.xml", b"<manifest/>"), ("un.xml", ITEM.as_bytes()), ("i.png", exchange_common::PNG)])),
        (Format::MoodleXml, format!("<quiz>{QUESTION}</quiz>").into_bytes()),
        (Format::Gift, b"$CATEGORY: a/b\n\n// [id:x] [tag:y]\n::t::[html]<b>Ou</b> ?{=ici#oui ~%50%la ~ailleurs####fin}\n\nN {#1.5:0.1}\n\nA {=a -> b =c -> d}".to_vec()),
        (Format::Aiken, "Où ?\nA) ici\nB) là\nANSWER: B\n".into()),
        (Format::AmcTxt, "Title: T\n*( g\n*[id=a] Où ?\n+ ici\n- là\n*)\n** Et ?\n+ {b=1} un\n+ deux\n".into()),
        (Format::AmcLatex, "\\element{g}{\\begin{question}{x}\\bareme{b=2} O\\`u~? \\emph{l\\'a} $x^2$\\begin{reponses}\\bonne{oui}\\mauvaise{non}\\end{reponses}\\end{question}}".into()),
    ];
    for (format, target) in [(Format::Csv, Target::Csv), (Format::Xlsx, Target::Xlsx)] {
        let mut out = Vec::new();
        table::template(target, &mut out).expect("memory is written");
        seeds.push((format, out));
    }
    for (format, path) in [
        (Format::MoodleXml, "moodle/moodle-core-3.3.1/qtype/match.xml"),
        (Format::MoodleXml, "moodle/moodle-core-3.3.1/qtype/gapselect.xml"),
        (Format::Gift, "gift/moodle-core-3.3.1/questions.gift.txt"),
        (Format::AmcLatex, "amc/debian-amc-1.6.0/fr/groupes/groupes.tex"),
        (Format::AmcTxt, "amc/debian-amc-1.6.0/fr/simple-txt/simple-txt.txt"),
        (Format::Qti, "qti/instructure-qti/items_1.2/numeric_within_range.xml"),
        (Format::Qti, "qti/instructure-qti/items_1.2/categorization.xml"),
        (Format::Qti, "qti/instructure-qti/test_qti_1.2.zip"),
        (Format::Qti, "qti/instructure-qti/tests/interactionmix_saxony_v3/Matchsingle_143114773.xml"),
        (Format::Qti, "qti/qtiworks/_jqtiplus_tests/item/mapResponse/MapResponsePoint-Multiple.xml"),
    ] {
        seeds.extend(
            shared(&format!("fixtures/{path}")).map(|path| (format, fs::read(path).expect("the file is there"))),
        );
    }
    seeds
}

#[test]
fn the_seeds_are_read() {
    for (format, bytes) in seeds() {
        let reading = read(&bytes, "x", Some(format)).unwrap();
        assert!(!reading.entries.is_empty() || !reading.faulty.is_empty(), "{format:?}");
    }
}

fn try_all(bytes: &[u8], format: Format) {
    let limits = Limits { file_bytes: 8 << 20, ..Limits::default() };
    for format in [None, Some(format)] {
        if let Ok(reading) = read_within(bytes, "x", format, &limits) {
            for entry in &reading.entries {
                // What is given for good is good.
                assert!(!docimo_engine::check::unkeepable(&docimo_bank::faults(&entry.element)), "{entry:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_never_panic(
        pick in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0usize..40, prop::collection::vec(any::<u8>(), 0..6)), 1..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let seeds = seeds();
        let (format, mut bytes) = seeds[pick.index(seeds.len())].clone();
        for (at, length, insert) in edits {
            let at = at.index(bytes.len().max(1)).min(bytes.len());
            let end = (at + length).min(bytes.len());
            bytes.splice(at..end, insert);
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len().max(1)));
        }
        try_all(&bytes, format);
    }

    #[test]
    fn spliced_files_never_panic(
        picks in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1usize..400), 2..10),
    ) {
        let seeds = seeds();
        let mut bytes = Vec::new();
        let mut format = Format::Gift;
        for (seed, at, length) in picks {
            let (own, text) = &seeds[seed.index(seeds.len())];
            format = *own;
            let at = at.index(text.len());
            bytes.extend(&text[at..(at + length).min(text.len())]);
        }
        try_all(&bytes, format);
    }

    #[test]
    fn any_bytes_as_any_format(pick in any::<prop::sample::Index>(), bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        try_all(&bytes, Format::ALL[pick.index(Format::ALL.len())]);
    }
}

/// Repeated pieces that make a naive reader slow: each is read in a time that grows with its length.
#[test]
fn repetitions_do_not_hang() {
    for (format, piece) in [
        (Format::Gift, "{"),
        (Format::Gift, "::"),
        (Format::Gift, "{=a\n\n"),
        (Format::Gift, "}\n\n"),
        (Format::Gift, "=~#"),
        (Format::Aiken, "A) x\n"),
        (Format::Aiken, "ANSWER: A\n"),
        (Format::AmcTxt, "*(\n"),
        (Format::AmcTxt, "+ x\n"),
        (Format::AmcLatex, "\\begin{question}"),
        (Format::AmcLatex, "\\begin{question}{x}\\begin{reponses}\\bonne{a}\\end{reponses}\\end{question}"),
        (Format::AmcLatex, "\\element{"),
        (Format::Csv, "\""),
        (Format::Csv, "Énoncé;"),
        (Format::Csv, "|"),
    ] {
        let text = piece.repeat(40_000);
        let _ = read(text.as_bytes(), "x", Some(format));
    }
}
