use crate::exchange::{Format, MISSING_ALT, ReadError, Reading, read};
use docimo_engine::paper::Element;
use docimo_engine::question::{Body, Kind, Question};

fn quiz(inner: &str) -> Result<Reading, ReadError> {
    read(
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<quiz>\n{inner}\n</quiz>\n").as_bytes(),
        "banque.xml",
        None,
    )
}

fn multichoice(more: &str, answers: &[(&str, &str)]) -> String {
    let answers: String = answers
        .iter()
        .map(|(fraction, text)| format!("<answer fraction=\"{fraction}\" format=\"html\"><text><![CDATA[{text}]]></text><feedback><text>dit {fraction}</text></feedback></answer>\n"))
        .collect();
    format!("<question type=\"multichoice\"><name><text>Le nom</text></name>{more}{answers}</question>")
}

const STEM: &str = "<questiontext format=\"html\"><text><![CDATA[<p>Une <b>question</b> ?</p>]]></text></questiontext>";
const FOUR: [(&str, &str); 4] = [("100", "un"), ("0", "deux"), ("0", "trois"), ("0", "quatre")];

fn only(import: &Reading) -> &Question {
    assert_eq!(import.faulty, []);
    assert_eq!(import.entries.len(), 1);
    match &import.entries[0].element {
        Element::Question(question) => question,
        Element::Case(_) => panic!("a case"),
    }
}

#[test]
fn a_multiple_choice_with_everything() {
    let more = format!(
        "{STEM}<idnumber>Cardio 12</idnumber><generalfeedback><text>&lt;p&gt;En g&#233;n&amp;eacute;ral&lt;/p&gt;</text></generalfeedback><single>false</single>
        <penalty>0.33</penalty><hidden>1</hidden><defaultgrade>2</defaultgrade><shuffleanswers>1</shuffleanswers><answernumbering>iii</answernumbering>
        <correctfeedback><text>Bravo</text></correctfeedback><shownumcorrect/><hint><text>x</text></hint><truc>1</truc><tags><tag><text> R2C:339 </text></tag><tag><text>R2C:339</text></tag></tags>"
    );
    let category = "<question type=\"category\"><category><text>$course$/top/Cardio/Rythme</text></category><info><text>x</text></info></question>";
    let answers = [
        ("66.7", "un"),
        ("33.3", "deux"),
        ("-100", "<i>trois</i>"),
        ("0", "quatre <u>4</u> <a href='http://x.fr'>lien</a>"),
    ];
    let import = quiz(&format!("{category}{}", multichoice(&more, &answers))).unwrap();
    let q = only(&import);
    assert_eq!(
        (q.id.as_str(), q.kind(), q.stem.as_str(), q.comment.as_str()),
        ("cardio-12", Kind::Qrm, "Une **question** ?", "En général")
    );
    assert_eq!(q.tags, ["R2C:339"]);
    let propositions: Vec<_> = q
        .body
        .propositions()
        .iter()
        .map(|p| (p.id.as_str(), p.text.as_str(), p.status.is_true(), p.comment.as_str()))
        .collect();
    assert_eq!(
        propositions,
        [
            ("a", "un", true, "dit 66.7"),
            ("b", "deux", true, "dit 33.3"),
            ("c", "*trois*", false, "dit -100"),
            ("d", "quatre 4 lien", false, "dit 0")
        ]
    );
    let entry = &import.entries[0];
    assert_eq!((entry.place.as_str(), entry.category.as_deref()), ("question 1, ligne 3", Some("Cardio/Rythme")));
    assert_eq!(
        entry.warnings,
        [
            "une réponse qui ôte tous les points est reprise comme inacceptable",
            "liens retirés, leur texte est gardé : http://x.fr",
            "mise en forme retirée : <u>",
            "non repris : <truc>, indices, mélange des réponses, nombre de réponses justes annoncé, numérotation des réponses, poids inégaux des réponses justes, pénalité par essai, question masquée, retours selon la réussite (juste, partielle, fausse)",
            "la description de la catégorie n’est pas reprise",
        ]
    );
    assert_eq!(q.weight, docimo_engine::Exact::int(2));
    assert_eq!((import.title.as_str(), import.format), ("banque", Format::MoodleXml));
}

#[test]
fn single_is_a_qru() {
    let q = quiz(&multichoice(STEM, &FOUR)).unwrap();
    assert_eq!(only(&q).kind(), Kind::Qru);
    // Neither the name nor the rank: the category and the wording.
    assert_eq!(only(&q).id.as_str(), "question-792aee97c82f");
    assert_eq!(q.entries[0].warnings, [""; 0]);
    let half = quiz(&multichoice(STEM, &[("100", "un"), ("50", "deux"), ("0", "trois"), ("0", "quatre")])).unwrap();
    assert_eq!(only(&half).body.propositions().iter().filter(|p| p.status.is_true()).count(), 1);
    assert_eq!(half.entries[0].warnings, ["points partiels non repris : « deux » (50 %) est faux ici"]);
    let two = quiz(&multichoice(STEM, &[("100", "un"), ("100", "deux"), ("0", "trois"), ("0", "quatre")])).unwrap();
    assert!(two.faulty[0].reason.ends_with("une QRU doit avoir une seule réponse vraie, celle-ci en a 2"));
}

#[test]
fn true_or_false() {
    let text = format!(
        "<question type=\"truefalse\"><name><text>V</text></name>{STEM}<answer fraction=\"0\"><text>true</text><feedback><text>non</text></feedback></answer><answer fraction=\"100\"><text>false</text></answer></question>"
    );
    let import = quiz(&text).unwrap();
    let got: Vec<_> = only(&import)
        .body
        .propositions()
        .iter()
        .map(|p| (p.text.as_str(), p.status.is_true(), p.comment.as_str()))
        .collect();
    assert_eq!(got, [("Vrai", false, "non"), ("Faux", true, "")]);
    let broken = quiz(&text.replace("<text>true", "<text>false")).unwrap();
    assert_eq!(broken.faulty[0].reason, "la même réponse est donnée deux fois ; il manque la réponse « Vrai »");
}

#[test]
fn short_answers() {
    let answer = |fraction: &str, text: &str, why: &str| {
        format!("<answer fraction=\"{fraction}\"><text>{text}</text><feedback><text>{why}</text></feedback></answer>")
    };
    let text = format!(
        "<question type=\"shortanswer\"><name><text>S</text></name>{STEM}<generalfeedback><text>Voilà</text></generalfeedback><usecase>1</usecase>{}{}{}{}{}</question>",
        answer("100", "embolie pulmonaire", "bien"),
        answer("50", "un deux trois quatre cinq six", ""),
        answer("80", "thromb*", ""),
        answer("100", "HLA-B\\*27", ""),
        answer("0", "*", "non")
    );
    let import = quiz(&text).unwrap();
    let q = only(&import);
    let Body::Qroc { exact, acceptable, max_words } = &q.body else { panic!("{:?}", q.body) };
    assert_eq!(
        (exact.as_slice(), acceptable.as_slice(), *max_words),
        (
            &["embolie pulmonaire".to_owned(), "HLA-B*27".to_owned()][..],
            &["un deux trois quatre cinq six".to_owned()][..],
            6
        )
    );
    assert_eq!(q.comment, "Voilà\n\n- embolie pulmonaire : bien\n- autre réponse : non");
    assert_eq!(
        import.entries[0].warnings,
        [
            "réponse « thromb* » non reprise : le joker « * » n’existe pas ici",
            "une réponse compte 6 mots : la limite usuelle de 5 est relevée",
            "non repris : respect de la casse"
        ]
    );
}

const PNG: &str = "iVBORw0KGgo="; // The signature alone.

#[test]
fn pictures_of_the_stem() {
    let stem = |img: &str, files: &str| {
        format!("<questiontext format=\"html\"><text><![CDATA[<p>Vu {img} ?</p>]]></text>{files}</questiontext>")
    };
    let file = |name: &str, data: &str| format!("<file name=\"{name}\" path=\"/\" encoding=\"base64\">{data}</file>");
    let one = quiz(&multichoice(
        &stem("<img src=\"@@PLUGINFILE@@/mon%20c%C5%93ur.PNG\" alt=\"Cœur\">", &file("mon cœur.PNG", PNG)),
        &FOUR,
    ))
    .unwrap();
    let q = only(&one);
    assert_eq!(q.stem, "Vu ?");
    assert_eq!(q.image.as_ref().map(|i| (i.file.as_str(), i.alt.as_str())), Some(("mon-coeur.png", "Cœur")));
    let media = &one.entries[0].media[0];
    assert_eq!((media.name.as_str(), media.mime, media.bytes.len()), ("mon-coeur.png", "image/png", 8));

    let bare = quiz(&multichoice(&stem("<img src=\"data:image/png;base64,iVBORw0KGgo=\">", ""), &FOUR)).unwrap();
    assert_eq!(only(&bare).image.as_ref().map(|i| i.alt.as_str()), Some(MISSING_ALT));
    assert_eq!(bare.entries[0].warnings, ["l’image « image.png » n’a pas de texte de remplacement : à compléter"]);

    for (img, files, wanted) in [
        ("<img src=\"http://x/y.png\">", String::new(), "l’image « http://x/y.png » est hors du fichier : non reprise"),
        ("<img src=\"@@PLUGINFILE@@/a.png\">", String::new(), "l’image « a.png » n’est pas dans le fichier"),
        ("<img src=\"@@PLUGINFILE@@/a.png\">", file("a.png", "!!"), "l’image « a.png » est illisible (base64)"),
        (
            "<img src=\"@@PLUGINFILE@@/a.png\">",
            file("a.png", "Zm9v"),
            "« a.png » n’est pas une image PNG, JPEG, GIF, WebP ou SVG : non reprise",
        ),
        ("", file("son.mp3", "Zm9v"), "fichiers joints non repris : « son.mp3 »"),
    ] {
        let import = quiz(&multichoice(&stem(img, &files), &FOUR)).unwrap();
        assert_eq!(only(&import).image, None);
        assert_eq!(import.entries[0].warnings, [wanted]);
    }
    let two = quiz(&multichoice(
        &stem(
            "<img src=\"@@PLUGINFILE@@/a.png\" alt=\"a\"><img src=\"@@PLUGINFILE@@/b.png\" alt=\"b\">",
            &(file("a.png", PNG) + &file("b.png", PNG)),
        ),
        &FOUR,
    ));
    assert_eq!(two.unwrap().entries[0].warnings, ["1 image(s) de l’énoncé non reprise(s) : une seule est possible"]);
    let in_option =
        quiz(&multichoice(STEM, &[("100", "un <img src='x.png'>"), ("0", "deux"), ("0", "trois"), ("0", "quatre")]))
            .unwrap();
    assert_eq!(in_option.entries[0].warnings, ["images non reprises (seul l’énoncé peut en avoir une) : propositions"]);
    // An option that was only a picture cannot be used, and says why.
    let only_image =
        quiz(&multichoice(STEM, &[("100", "<img src='x.png'>"), ("0", "deux"), ("0", "trois"), ("0", "quatre")]))
            .unwrap();
    assert!(
        only_image.faulty[0].reason.contains("proposition A : le texte est vide")
            && only_image.faulty[0].reason.contains("images non reprises")
    );
}

#[test]
fn ids_do_not_depend_on_the_order() {
    let named = |id: &str, answer: &str| {
        let four = [("100", answer), ("0", "deux"), ("0", "trois"), ("0", "quatre")];
        multichoice(&format!("{STEM}<idnumber>{id}</idnumber>"), &four)
    };
    let ids = |inner: &str| -> Vec<String> {
        let mut ids: Vec<_> = quiz(inner).unwrap().entries.iter().map(|e| e.element.id().to_owned()).collect();
        ids.sort();
        ids
    };
    let (a, b, c) = (named("le-nom", "un"), named("le-nom", "autre"), named("seul", "un"));
    let wanted = ids(&format!("{a}{b}{c}"));
    assert_eq!(wanted.len(), 3);
    assert!(wanted[0].starts_with("le-nom-") && wanted[1].starts_with("le-nom-") && wanted[2] == "seul", "{wanted:?}");
    assert_eq!(ids(&format!("{c}{b}{a}")), wanted);
    // The very same question twice is read once, and told.
    let twice = quiz(&format!("{a}{b}{a}")).unwrap();
    assert_eq!((twice.entries.len(), twice.faulty.len()), (2, 1));
    assert_eq!(twice.faulty[0].severity, docimo_engine::check::Severity::Warning);
    assert!(twice.faulty[0].reason.starts_with("copie exacte de question 1, ligne 3"), "{:?}", twice.faulty);
    assert!(twice.entries[0].warnings[0].starts_with("identifiant « le-nom » porté par 2 questions"));
    // Another key is still the same question for a file without identifiers.
    let bare = |right: &str| {
        let list: Vec<_> = FOUR.iter().map(|(_, text)| (if *text == right { "100" } else { "0" }, *text)).collect();
        ids(&multichoice(STEM, &list))
    };
    assert_eq!(bare("un"), bare("deux"));
}

#[test]
fn what_is_not_read_is_faulty() {
    let import = quiz("<question type=\"calculated\"><name><text>Trou</text></name></question><truc/><question/><question type=\"multichoice\"/>").unwrap();
    let got: Vec<_> = import.faulty.iter().map(|f| (f.place.as_str(), f.reason.as_str())).collect();
    assert_eq!(
        got,
        [
            ("question 1, ligne 3", "type « calculated » non pris en charge (« Trou »)"),
            ("ligne 3", "élément <truc> inattendu : il n’a pas été lu"),
            ("question 2, ligne 3", "question sans type"),
            ("question 3, ligne 3", "question sans réponse ; question sans <questiontext>"),
        ]
    );
    let raw = quiz(&multichoice("<questiontext><text>\n<p>Non protégé</p></text></questiontext>", &FOUR)).unwrap();
    assert_eq!(raw.faulty[0].reason, "<questiontext>, ligne 4 : des balises HTML (<p>) hors de CDATA");
    let fraction = quiz(&multichoice(STEM, &[("cent", "un"), ("0", "deux")])).unwrap();
    assert!(fraction.faulty[0].reason.starts_with("réponse 1, ligne 3 : fraction « cent » illisible"));
}

#[test]
fn formats_of_text() {
    let with = |format: &str, text: &str| {
        quiz(&multichoice(
            &format!("<questiontext format=\"{format}\"><text><![CDATA[{text}]]></text></questiontext>"),
            &FOUR,
        ))
        .unwrap()
    };
    assert_eq!(only(&with("plain_text", "a <b>*\nc")).stem, "a \\<b>\\*\\\nc");
    assert_eq!(only(&with("markdown", "**a** b")).stem, "**a** b");
    assert_eq!(only(&with("moodle_auto_format", "a\n<i>b</i>")).stem, "a\\\n*b*");
    assert_eq!(
        with("html", "<p>Na &amp;lt; 135</p>").entries[0].warnings,
        ["entités HTML restées dans le texte : &lt;"]
    );
}

#[test]
fn hostile_files_are_refused_with_their_place() {
    let error = |text: &str| read(text.as_bytes(), "x.xml", None).unwrap_err().to_string();
    assert_eq!(
        error(
            "<?xml version=\"1.0\"?>\n<!DOCTYPE quiz [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><quiz><question type=\"cloze\"><name>&x;</name></question></quiz>"
        ),
        "ligne 2 : l’entité « &…; » n’est pas permise en XML ; écrivez le caractère lui-même"
    );
    assert_eq!(
        error("<quiz>\n<question type=\"cloze\">\n<name>&nbsp;</name></question></quiz>"),
        "ligne 3 : l’entité « &nbsp; » n’est pas permise en XML ; écrivez le caractère lui-même"
    );
    assert_eq!(
        error("<quiz>\n<question type=\"cloze\">\n<name>x"),
        "XML illisible, ligne 3, colonne 8 : le fichier est coupé : <name>, ouvert ligne 3, n’est pas fermé"
    );
    assert_eq!(
        error("<quiz>\n<question></a></question></quiz>"),
        "XML illisible, ligne 2, colonne 11 : </a> ferme <question>"
    );
    assert_eq!(error("<quiz>\n"), "XML illisible, ligne 2, colonne 1 : le fichier est coupé : <quiz> n’est pas fermé");
    assert_eq!(error("<quiz></quiz><quiz/>"), "XML illisible, ligne 1, colonne 14 : <quiz> après la fin de </quiz>");
    assert_eq!(error("<quiz>é bonjour</quiz>"), "XML illisible, ligne 1, colonne 7 : du texte hors d’une question");
    assert!(
        error("<feed/>").starts_with("ce XML commence par <feed> : un export de questions Moodle commence par <quiz>")
    );
    assert!(error("<MOODLE_BACKUP><x/></MOODLE_BACKUP>").starts_with("ceci est une sauvegarde Moodle"));
    assert!(error(&format!("<quiz>{}", "<question>".repeat(100_000))).contains("XML trop profond (plus de 64 balises"));
    assert!(
        error(&format!("<quiz><question>{}", "<a/>".repeat(100_000)))
            .contains("XML trop grand (plus de 20000 balises)")
    );
    assert!(error("<quiz><question a=\"&x;\"/></quiz>").contains("entité inconnue"));
    assert!(error("<quiz><question>a & b</question></quiz>").contains("&amp;"));
    // Billion laughs: refused at the declaration.
    assert!(matches!(
        read(b"<!DOCTYPE q [<!ENTITY a \"aa\"><!ENTITY b \"&a;&a;\">]><quiz/>", "x", None),
        Err(ReadError::XmlEntity { .. })
    ));
    assert_eq!(read(b"<quiz/>", "x.xml", None).unwrap().warnings, ["le fichier ne contient aucune question"]);
}
