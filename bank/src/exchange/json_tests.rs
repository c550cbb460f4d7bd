use crate::exchange::{Format, ReadError, Reading, read};
use docimo_engine::paper::{Case, Element};
use docimo_engine::question::Question;

fn import(entries: &str) -> Reading {
    let text = format!("{{\"format\":\"docimo-questions/1\",\"title\":\"T\",\"entries\":[{entries}]}}");
    read(text.as_bytes(), "x.json", None).unwrap()
}

fn reasons(entries: &str) -> Vec<(String, String)> {
    import(entries).faulty.into_iter().map(|f| (f.place, f.reason)).collect()
}

const QRU: &str = r#"{"id":"q-1","kind":"QRU","stem":"?","rank":"A","tags":["R2C:1"],"propositions":[
    {"id":"a","text":"un","status":"vrai","comment":"oui"},{"id":"b","text":"deux","status":"faux"},
    {"id":"c","text":"trois","status":"faux"},{"id":"d","text":"quatre","status":"inacceptable"}]}"#;

/// One of each kind, with every field that the engine knows.
const ALL: [&str; 10] = [
    QRU,
    r#"{"id":"q-2","kind":"QRM","stem":"?","weight":"2/3","scheme":"x","source":"s","comment":"c","image":{"file":"f.png","alt":"a","width":10,"height":20},
        "propositions":[{"id":"a","text":"1","status":"indispensable"},{"id":"b","text":"2","status":"faux"},{"id":"c","text":"3","status":"faux"},{"id":"d","text":"4","status":"faux"}]}"#,
    r#"{"id":"q-3","kind":"QRP","expected":1,"stem":"?","weight":0.5,"propositions":[{"id":"a","text":"1","status":"vrai"},{"id":"b","text":"2","status":"faux"},{"id":"c","text":"3","status":"faux"},{"id":"d","text":"4","status":"faux"}]}"#,
    r#"{"id":"q-4","kind":"QRPL","expected":1,"stem":"?","weight":2,"propositions":[{"id":"a","text":"1","status":"vrai"},{"id":"b","text":"2","status":"faux"},{"id":"c","text":"3","status":"faux"},{"id":"d","text":"4","status":"faux"},
        {"id":"e","text":"5","status":"faux"},{"id":"f","text":"6","status":"faux"},{"id":"g","text":"7","status":"faux"},{"id":"h","text":"8","status":"faux"},{"id":"i","text":"9","status":"faux"},{"id":"j","text":"10","status":"faux"}]}"#,
    r#"{"id":"q-5","kind":"QROC","stem":"?","exact":["un"],"acceptable":["deux"],"max_words":3}"#,
    r#"{"id":"q-6","kind":"QZP","stem":"?","expected":1,"image":{"file":"f.png","alt":"a"},"zones":[
        {"id":"z1","name":"a","shape":{"circle":{"x":0.5,"y":0.5,"r":0.1}},"comment":"c"},
        {"id":"z2","name":"b","shape":{"rect":{"x":0,"y":0.5,"w":0.1,"h":0.2}}},
        {"id":"z3","name":"c","shape":{"polygon":[[0,0],[1,0],[0.5,1]]}}]}"#,
    r#"{"id":"q-7","kind":"TCS","stem":"?","hypothesis":"h","finding":"f","panel":[1,2,3,4,5]}"#,
    r#"{"id":"q-8","kind":"QCM","stem":"?","propositions":[{"id":"a","text":"1","status":"vrai"},{"id":"b","text":"2","status":"faux"},{"id":"c","text":"3","status":"faux"},{"id":"d","text":"4","status":"faux"},{"id":"e","text":"5","status":"faux"}]}"#,
    r#"{"id":"c-1","kind":"LCA","title":"t","intro":"i","tags":["x"],"image":{"file":"f","alt":"a"},"article":{"title":"t","citation":"c","body":"b"},
        "parts":[{"text":"p","question":{"id":"q-9","kind":"QROC","stem":"?","exact":["un"]}},{"question":{"id":"q-10","kind":"QROC","stem":"!","exact":["un"]}}]}"#,
    r#"{"id":"c-2","kind":"mini-DP","title":"t","intro":"","article":null,"parts":[{"question":{"id":"q-11","kind":"QROC","stem":"?","exact":["un"]}}]}"#,
];

#[test]
fn every_kind_is_read_as_the_engine_reads_it() {
    let import = import(&ALL.join(","));
    assert_eq!(import.faulty, []);
    assert_eq!((import.title.as_str(), import.format), ("T", Format::Json));
    for (entry, text) in import.entries.iter().zip(ALL) {
        let oracle = match &entry.element {
            Element::Question(_) => Element::Question(serde_json::from_str::<Question>(text).unwrap()),
            Element::Case(_) => Element::Case(serde_json::from_str::<Case>(text).unwrap()),
        };
        assert_eq!(entry.element, oracle, "{text}");
        // What the engine writes is read back without a word about fields.
        let written = match &oracle {
            Element::Question(q) => serde_json::to_string(q).unwrap(),
            Element::Case(c) => serde_json::to_string(c).unwrap(),
        };
        let again = super::tests::import(&written);
        assert_eq!(again.entries[0].element, oracle);
        assert!(!again.entries[0].warnings.iter().any(|w| w.contains("sans effet")), "{:?}", again.entries[0].warnings);
    }
    assert_eq!(import.entries[0].place, "entrée 1 (q-1)");
}

#[test]
fn every_fault_has_its_path() {
    let faults = reasons(
        r#"{"id":"x","kind":"QRM","stem":3,"rank":"C","weight":"lourd","tags":["a",1],"propositions":[{"id":"a","text":"1","status":"Vrai?"},{"text":"2"},7]},
           12,
           {"stem":"?"},
           {"id":"y","kind":"QRX","stem":"?","propositions":[]},
           {"id":"z","kind":"TCS","stem":"?","hypothesis":"h","finding":"f","panel":[1,-2,3]},
           {"id":"w","kind":"QZP","stem":"?","image":{"file":"f","alt":"a"},"expected":1.5,"zones":[{"id":"z","name":"n","shape":{"oval":{}}},{"id":"z","name":"n","shape":{"circle":{"x":"1","y":0}}},{"id":"u","name":"n","shape":{"polygon":[[0,1,2],[0,0]]}}]},
           {"id":"v","id":"v2","kind":"QROC","stem":"?","exact":"un"}"#,
    );
    let expected = [
        (
            "entrée 1 (x)",
            "entries[0].stem : texte attendu, nombre trouvé ; entries[0].weight : « lourd » n’est pas un poids (1, 0.5, \"2/3\") ; entries[0].rank : rang « C » inconnu (A ou B) ; entries[0].tags[1] : texte attendu, nombre trouvé ; entries[0].propositions[0].status : « Vrai? » inconnu (vrai, faux, indispensable, inacceptable) ; entries[0].propositions[1].id : champ manquant ; entries[0].propositions[1].status : champ manquant ; entries[0].propositions[2] : objet attendu, nombre trouvé",
        ),
        ("entrée 2", "entries[1] : objet attendu, nombre trouvé"),
        ("entrée 3", "entries[2].kind : champ manquant ; entries[2].id : champ manquant"),
        (
            "entrée 4 (y)",
            "entries[3].kind : type « QRX » inconnu (QRU, QRM, QRP, QRPL, QROC, QZP, TCS, QCM, ou DP, mini-DP, KFP, LCA)",
        ),
        (
            "entrée 5 (z)",
            "entries[4].panel[1] : nombre entier positif attendu ; entries[4].panel : 3 nombres de votes : il en faut 5, de −2 à +2",
        ),
        (
            "entrée 6 (w)",
            "entries[5].expected : nombre entier positif attendu ; entries[5].zones[0].shape.oval : forme inconnue (circle, rect, polygon) ; entries[5].zones[1].shape.circle.x : nombre attendu, texte trouvé ; entries[5].zones[1].shape.circle.r : champ manquant ; entries[5].zones[2].shape.polygon[0] : un coin s’écrit [x, y] ; entries[5].zones[2].shape.polygon : un polygone a au moins trois coins",
        ),
        ("entrée 7 (v)", "entries[6].id : champ donné deux fois ; entries[6].exact : liste attendue, texte trouvé"),
    ];
    for (i, (place, reason)) in expected.into_iter().enumerate() {
        assert_eq!((faults[i].0.as_str(), faults[i].1.as_str()), (place, reason));
    }
    assert_eq!(faults.len(), expected.len());
}

#[test]
fn faults_of_the_engine_are_faults_of_the_entry() {
    let faults = reasons(&QRU.replace("\"faux\"", "\"vrai\"").replace("\"trois\"", "\"Deux\""));
    assert_eq!(
        faults,
        [(
            "entrée 1 (q-1)".to_owned(),
            "question q-1 › proposition C : le texte est celui d’une autre proposition ; question q-1 : une QRU doit avoir une seule réponse vraie, celle-ci en a 3".to_owned()
        )]
    );
}

#[test]
fn unknown_fields_are_named_once() {
    let text = QRU.replace("\"text\":", "\"why\":1,\"text\":").replace("\"stem\"", "\"expected\":2,\"stem\"");
    let import = import(&text);
    assert_eq!(import.entries[0].warnings, ["champs sans effet, ignorés : expected, propositions[].why"]);
    let root = br#"{"format":"docimo-questions/1","version":2,"entries":[]}"#;
    let import = read(root, "dossier/essai.json", None).unwrap();
    assert_eq!(
        import.warnings,
        ["champ inconnu à la racine, ignoré : version", "le fichier ne contient aucune question"]
    );
    assert_eq!(import.title, "essai");
}

#[test]
fn an_id_has_one_bearer() {
    let twice = format!("{QRU},{},{}", QRU.replace('?', "?!"), ALL[9].replace("q-11", "q-1"));
    let faults = reasons(&twice);
    assert_eq!(faults[0], ("entrée 2 (q-1)".into(), "l’identifiant « q-1 » est déjà celui de l’entrée 1 (q-1)".into()));
    assert_eq!(
        faults[1],
        ("entrée 3 (c-2)".into(), "l’identifiant de question « q-1 » est déjà dans l’entrée 1 (q-1)".into())
    );
    assert_eq!(
        import(&QRU.replace("q-1", "Q_1")).entries[0].warnings,
        ["identifiant à écrire avec a-z, 0-9 et tirets : « Q_1 »"]
    );
}

#[test]
fn duplicates_and_leftovers_are_warned() {
    let permuted = QRU.replace("q-1", "q-2").replace("un\"", "#\"").replace("deux", "UN").replace('#', "deux.");
    let import = import(&format!(
        "{QRU},{permuted},{}",
        QRU.replace("q-1", "q-3").replace("trois", "tr&egrave;s &lt; un").replace("quatre", "deux !")
    ));
    assert_eq!(
        import.entries[1].warnings,
        ["doublon de entrée 1 (q-1) (mais avec une autre clé : laquelle est juste ?)"]
    );
    assert_eq!(
        crate::exchange::duplicates(&import.entries),
        [("entrée 1 (q-1)".to_owned(), "entrée 2 (q-2)".to_owned())]
    );
    assert_eq!(
        import.entries[2].warnings,
        [
            "entités HTML restées dans le texte : &egrave; &lt;",
            "deux propositions ne diffèrent que par la casse, les accents ou la ponctuation : « deux ! »"
        ]
    );
}

#[test]
fn a_broken_file_says_where() {
    let error = |text: &str| read(text.as_bytes(), "x.json", None).unwrap_err().to_string();
    assert_eq!(
        error("{\"format\": \"docimo-questions/1\",\n \"entries\": [\n  {\"id\": \"a\" \"kind\"}]}"),
        "JSON illisible, ligne 3, colonne 14 : une virgule ou « } » est attendue"
    );
    assert_eq!(error("{\"format\":"), "JSON illisible, ligne 1, colonne 10 : le fichier s’arrête avant la fin");
    assert_eq!(error("{\"a\":1,}"), "JSON illisible, ligne 1, colonne 8 : virgule en trop");
    assert!(error(&"[".repeat(200)).ends_with("objets emboîtés trop profondément"));
    assert!(error("{\"a\":1e999}").ends_with("nombre trop grand"));
    assert_eq!(
        error("[]"),
        "ce JSON n’est pas un fichier de questions Docimo : un objet { … } est attendu à la racine"
    );
    assert_eq!(
        error("{}"),
        "ce JSON n’est pas un fichier de questions Docimo : il manque \"format\": \"docimo-questions/1\""
    );
    assert!(matches!(read(b"bonjour", "x.txt", None), Err(ReadError::UnknownFormat { .. })));
}
