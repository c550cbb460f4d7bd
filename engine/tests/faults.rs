//! Every fault that `check` can find, provoked once, with its place and its message.

#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not there")]

mod common;

use common::*;
use docimo_engine::check::{self, Fault, Severity};
use docimo_engine::paper::{Article, Case, CaseKind, Element, Paper, Part, Pdf, Section};
use docimo_engine::question::{Body, Image, Question, Shape, Video};
use docimo_engine::scheme::{CohortStep, Formula, Rule};
use docimo_engine::{Exact, ZoneId};

/// Faults as they are read: `erreur` or `avertissement`, place, message.
fn read(faults: &[Fault]) -> Vec<String> {
    let word = |severity| match severity {
        Severity::Error => "erreur",
        Severity::Warning => "avertissement",
    };
    faults.iter().map(|f| format!("{} | {} | {}", word(f.severity), f.place, f.message)).collect()
}

#[track_caller]
fn of_question(question: &Question, expected: &[&str]) {
    assert_eq!(read(&check::question(question)), expected);
}

#[track_caller]
fn of_body(body: Body, expected: &[&str]) {
    of_question(&Question { image: Some(image()), ..question("q", body) }, expected);
}

#[track_caller]
fn of_paper(paper: &Paper, expected: &[&str]) {
    assert_eq!(read(&check::paper(paper)), expected);
}

fn sound_section(id: &str) -> Section {
    section(id, vec![question(&format!("{id}-q"), qrm("VVFFF"))])
}

fn sound() -> Paper {
    paper("edn", vec![sound_section("s")])
}

#[test]
fn a_sound_paper_has_no_fault() {
    of_paper(&sound(), &[]);
    let kinds = [
        qru("IXXX"),
        qrm("IXVFF"),
        qrp(2, "VIFF"),
        qrpl(3, "VVVFFFFFFF"),
        qroc(&["embolie"], &["phlébite"]),
        qzp(2, 2),
        tcs([0, 9, 7, 3, 0]),
        qcm("VFVFF"),
    ];
    for body in kinds {
        of_body(body, &[]);
    }
}

// ---- the paper

#[test]
fn the_paper_itself() {
    let mut paper = paper(" ", vec![]);
    paper.title = " ".into();
    paper.scheme = "edm".into();
    paper.rules.rank_a_threshold = Exact::int(21);
    paper.rules.pass_threshold = Some(exact("-1"));
    let known = docimo_engine::scheme::MarkingScheme::PRESETS.join(", ");
    of_paper(
        &paper,
        &[
            "erreur | sujet | le sujet n’a pas de titre",
            "erreur | sujet | le sujet n’a aucune épreuve : ajoutez-en une avec des questions",
            &format!("erreur | sujet | le barème « edm » n’existe pas (barèmes connus : {known})"),
            "erreur | sujet | le seuil de rang A doit être entre 0 et 20",
            "erreur | sujet | le seuil de réussite doit être entre 0 et 20",
        ],
    );
}

#[test]
fn sections() {
    let mut paper = sound();
    let untitled = Section { title: " ".into(), duration_minutes: 0, elements: vec![], ..sound_section("s") };
    let heavy =
        Section { weight: exact("0"), scheme: Some("nul".into()), duration_minutes: 1441, ..sound_section("t") };
    paper.sections.extend([untitled, heavy]);
    let known = docimo_engine::scheme::MarkingScheme::PRESETS.join(", ");
    of_paper(
        &paper,
        &[
            "erreur | épreuve «   » | l’identifiant d’épreuve « s » est utilisé deux fois",
            "erreur | épreuve «   » | l’épreuve n’a pas de titre",
            "erreur | épreuve «   » | durée de 0 min : il faut de 1 minute à 24 heures",
            "erreur | épreuve «   » | l’épreuve n’a aucune question",
            "erreur | épreuve « Épreuve t » | durée de 1441 min : il faut de 1 minute à 24 heures",
            "erreur | épreuve « Épreuve t » | poids de 0 : il doit être positif et au plus 1000",
            &format!("erreur | épreuve « Épreuve t » | le barème « nul » n’existe pas (barèmes connus : {known})"),
        ],
    );
}

#[test]
fn questions_twice_in_a_paper() {
    let mut paper = sound();
    paper.sections[0].elements.push(Element::Question(question("s-q", qrm("VVFFF"))));
    let mut with_scheme = question("own", qrm("VVFFF"));
    with_scheme.scheme = Some("nul".into());
    paper.sections[0].elements.push(Element::Question(with_scheme));
    let mut twice = case(CaseKind::Dp, 3);
    twice.parts[2].question.id = "s-q".into();
    twice.parts[1].question.scheme = Some("nul".into());
    paper.sections[0].elements.extend([Element::Case(twice), Element::Case(case(CaseKind::Dp, 3))]);
    let known = docimo_engine::scheme::MarkingScheme::PRESETS.join(", ");
    let place = "épreuve « Épreuve s »";
    of_paper(
        &paper,
        &[
            &format!("erreur | {place} › question s-q | cette question est déjà dans le sujet"),
            &format!("erreur | {place} › question own | le barème « nul » n’existe pas (barèmes connus : {known})"),
            &format!(
                "erreur | {place} › DP c › question c1 | le barème « nul » n’existe pas (barèmes connus : {known})"
            ),
            &format!("erreur | {place} › DP c › question s-q | cette question est déjà dans le sujet"),
            &format!("erreur | {place} › DP c | ce dossier est déjà dans le sujet"),
            &format!("erreur | {place} › DP c › question c0 | cette question est déjà dans le sujet"),
            &format!("erreur | {place} › DP c › question c1 | cette question est déjà dans le sujet"),
        ],
    );
}

#[test]
fn own_schemes() {
    let mut paper = sound();
    let mut own = preset("edn");
    own.name = " ".into();
    own.qru.formula = Formula::AllOrNothing { right: exact("1001"), wrong: exact("0.0001") };
    own.qrm.formula = Formula::Discordance { table: vec![] };
    own.qrp = Rule { floor: Some(exact("1")), cap: Some(exact("0")), ..own.qrp };
    own.qcm.formula = Formula::DiscordanceByTrueCount { tables: vec![vec![]] };
    own.qroc.acceptable = exact("1/1001");
    paper.schemes.insert("maison".into(), own.clone());
    let expected = [
        "erreur | barème «   » | le barème n’a pas de nom",
        "erreur | barème «   » › QRU | valeur 1001 : elle doit être entre -1000 et 1000, avec trois décimales au plus",
        "erreur | barème «   » › QRU | valeur 0.0001 : elle doit être entre -1000 et 1000, avec trois décimales au plus",
        "erreur | barème «   » › QRM | la table des discordances est vide : toute réponse vaudrait zéro",
        "erreur | barème «   » › QRP | le plancher (1) est au-dessus du plafond (0)",
        "erreur | barème «   » › QROC | valeur 1/1001 : elle doit être entre -1000 et 1000, avec trois décimales au plus",
        "erreur | barème «   » › QCM | la table des discordances est vide : toute réponse vaudrait zéro",
    ];
    of_paper(&paper, &expected);
    assert_eq!(read(&check::scheme(&own)), expected);
    for name in docimo_engine::scheme::MarkingScheme::PRESETS {
        assert_eq!(check::scheme(&preset(name)), []);
    }
}

#[test]
fn weights_without_a_reasonable_common_denominator() {
    // Thirty distinct primes: their product is beyond 64 bits.
    let primes: Vec<i128> = (2..200).filter(|n| (2..*n).all(|d| n % d != 0)).take(30).collect();
    let weighted = |p: &i128| Question { weight: Exact::new(1, *p), ..question(&format!("q{p}"), qrm("VVFFF")) };
    let paper = paper("edn", vec![section("s", primes.iter().map(weighted).collect())]);
    let found = read(&check::paper(&paper));
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("erreur | sujet | les poids et barèmes de ce sujet n’ont pas de dénominateur commun"));
}

// ---- cases

fn case(kind: CaseKind, parts: usize) -> Case {
    let part = |i: usize| Part { text: String::new(), question: question(&format!("c{i}"), qrm("VVFFF")) };
    Case {
        id: "c".into(),
        kind,
        title: "Douleur".into(),
        intro: "Un homme…".into(),
        image: None,
        article: None,
        tags: vec![],
        parts: (0..parts).map(part).collect(),
    }
}

fn article(body: &str) -> Option<Article> {
    Some(Article { title: "Trial".into(), citation: String::new(), body: body.into(), pdf: None })
}

#[test]
fn cases() {
    let faults = |case: &Case| read(&check::case(case));
    assert!(faults(&case(CaseKind::Dp, 3)).is_empty());
    assert_eq!(
        faults(&Case { title: " ".into(), ..case(CaseKind::Dp, 0) }),
        ["erreur | DP c | le dossier n’a pas de titre", "erreur | DP c | le dossier n’a aucune question"]
    );
    assert_eq!(
        faults(&case(CaseKind::MiniDp, 9)),
        ["avertissement | mini-DP c | 9 question(s) ; un mini-DP en compte 3 à 8"]
    );
    assert_eq!(
        faults(&case(CaseKind::Kfp, 2)),
        [
            "avertissement | KFP c | 2 question(s) ; un KFP en compte 3",
            "avertissement | KFP c | un KFP comporte au moins une QROC",
            "avertissement | KFP c | un KFP comporte au moins une QRP",
        ]
    );
    assert_eq!(faults(&case(CaseKind::Lca, 13)), ["erreur | LCA c | la lecture critique n’a pas d’article"]);
    assert_eq!(
        faults(&Case { article: article(" "), ..case(CaseKind::Lca, 13) }),
        ["erreur | LCA c | l’article est vide"]
    );
    assert_eq!(
        faults(&Case { article: article("Background…"), ..case(CaseKind::Dp, 3) }),
        ["avertissement | DP c | un article n’a de sens que dans une LCA : il sera montré avec le texte d’ouverture"]
    );
    let bare = Image { file: " ".into(), alt: " ".into(), width: 0, height: 0 };
    assert_eq!(
        faults(&Case { image: Some(bare), ..case(CaseKind::Dp, 3) }),
        [
            "erreur | DP c | l’image n’a pas de fichier",
            "erreur | DP c | l’image n’a pas de texte de remplacement : décrivez-la sans donner la réponse",
        ]
    );
    let mut twice = case(CaseKind::Dp, 3);
    twice.parts[2].question.id = "c0".into();
    assert_eq!(faults(&twice), ["erreur | DP c › question c0 | deux questions du dossier ont cet identifiant"]);
}

#[test]
fn an_article_has_a_text_or_a_pdf() {
    let faults = |article: Option<Article>| read(&check::case(&Case { article, ..case(CaseKind::Lca, 13) }));
    let with = |body: &str, file: &str| {
        let pdf = Some(Pdf { file: file.into(), pages: 8, description: String::new() });
        article(body).map(|article| Article { pdf, ..article })
    };
    assert!(faults(with("", "h")).is_empty());
    assert!(faults(with("Background…", "h")).is_empty());
    assert_eq!(faults(with("", " ")), ["erreur | LCA c | le PDF de l’article n’a pas de fichier"]);
}

#[test]
fn a_video_has_a_file_and_is_described() {
    let with = |file: &str, description: &str| {
        let video = Some(Video { file: file.into(), description: description.into() });
        Question { video, ..question("q", qrm("VVFFF")) }
    };
    of_question(&with("h", "Une marche en steppage."), &[]);
    let undescribed = "avertissement | question q | la vidéo n’a pas de description : \
                       dites ce qu’on y voit et ce qu’on y entend, sans donner la réponse";
    of_question(&with(" ", " "), &["erreur | question q | la vidéo n’a pas de fichier", undescribed]);
}

// ---- questions

#[test]
fn what_every_question_has() {
    let bare = Image { file: String::new(), alt: String::new(), width: 0, height: 0 };
    of_question(
        &Question { stem: " ".into(), weight: exact("-1"), image: Some(bare), ..question(" ", qrm("VVFFF")) },
        &[
            "erreur | question   | l’identifiant doit avoir de 1 à 100 caractères",
            "erreur | question   | l’énoncé est vide",
            "erreur | question   | poids de -1 : il doit être positif et au plus 1000",
            "erreur | question   | l’image n’a pas de fichier",
            "erreur | question   | l’image n’a pas de texte de remplacement : décrivez-la sans donner la réponse",
        ],
    );
    let long = "x".repeat(101);
    of_question(
        &question(&long, qrm("VVFFF")),
        &[&format!("erreur | question {long} | l’identifiant doit avoir de 1 à 100 caractères")],
    );
    for (weight, message) in [
        ("1001", "poids de 1001 : il doit être positif et au plus 1000"),
        ("0,0001", "poids de 0.0001 : trois décimales au plus"),
    ] {
        let question = Question { weight: exact(weight), ..question("q", qrm("VVFFF")) };
        of_question(&question, &[&format!("erreur | question q | {message}")]);
    }
}

#[test]
fn propositions_of_any_kind() {
    let place = "question q › proposition";
    let mut faulty = propositions("VFFF");
    faulty[1].id = "a".into();
    faulty[2].id = " ".into();
    faulty[2].text = " ".into();
    faulty[3].text = " texte A ".into();
    of_body(
        Body::Qru { propositions: faulty },
        &[
            &format!("erreur | {place} B | identifiant « a » déjà utilisé"),
            &format!("erreur | {place} C | sans identifiant"),
            &format!("erreur | {place} C | le texte est vide"),
            &format!("erreur | {place} D | le texte est celui d’une autre proposition"),
        ],
    );
    of_body(qru("V"), &["erreur | question q | il faut au moins deux propositions"]);
    of_body(qrm("VFF"), &["avertissement | question q | 3 propositions, nombre inhabituel pour ce type"]);
    let many = format!("V{}", "F".repeat(25));
    of_body(
        qrpl(1, &many.replace('{', "")),
        &[
            "erreur | question q | 26 propositions : 25 au plus",
            "erreur | question q | 26 propositions : une QRP longue en a de 10 à 25",
        ],
    );
}

#[test]
fn each_kind() {
    of_body(qru("FFFF"), &["erreur | question q | une QRU doit avoir une réponse vraie, celle-ci n’en a aucune"]);
    of_body(qru("VIFF"), &["erreur | question q | une QRU doit avoir une seule réponse vraie, celle-ci en a 2"]);
    of_body(
        qrm("FFFF"),
        &[
            "avertissement | question q | aucune proposition vraie : sur cette QRM, ne rien cocher donne tous les points",
        ],
    );
    of_body(qrm("VVVV"), &["avertissement | question q | toutes les propositions sont vraies"]);
    of_body(
        qcm("VVVVVVFFFFFFF"),
        &[
            "avertissement | question q | 13 propositions, nombre inhabituel pour ce type",
            "erreur | question q | 12 propositions au plus",
        ],
    );
    of_body(qrp(3, "VVFF"), &["erreur | question q | 3 réponse(s) annoncée(s) mais 2 proposition(s) vraie(s)"]);
    of_body(qrp(0, "FFFF"), &["erreur | question q | aucune réponse attendue"]);
    of_body(
        qrpl(6, "VVVVVVFFF"),
        &[
            "erreur | question q | 9 propositions : une QRP longue en a de 10 à 25",
            "erreur | question q | 6 réponses attendues : une QRP longue en attend de 1 à 5",
        ],
    );
    of_body(
        qrpl(2, "IVFFFFFFFX"),
        &["erreur | question q | une QRP longue n’a ni proposition indispensable ni inacceptable"],
    );
}

#[test]
fn open_answers() {
    of_body(qroc(&[], &["x"]), &["erreur | question q | la QROC n’a aucune réponse exacte"]);
    of_body(
        qroc(&["Embolie", " . "], &["l’embolie"]),
        &[
            "erreur | question q | la réponse «  .  » est vide",
            "avertissement | question q | la réponse « l’embolie » est donnée deux fois, à la graphie près",
        ],
    );
    of_body(
        qroc(&["un deux trois quatre cinq six"], &[]),
        &["erreur | question q | la réponse « un deux trois quatre cinq six » compte 6 mots, 5 sont permis"],
    );
    for (max_words, message) in [(0, "0 mots permis : de 1 à 20"), (21, "21 mots permis : de 1 à 20")] {
        let body = Body::Qroc { exact: vec!["+".into()], acceptable: vec![], max_words };
        of_body(body, &[&format!("erreur | question q | {message}")]);
    }
}

#[test]
fn zones() {
    of_question(&question("q", qzp(1, 1)), &["erreur | question q | une question à zones demande une image"]);
    of_body(
        qzp(6, 2),
        &[
            "erreur | question q | 6 zones à pointer : de 1 à 5",
            "erreur | question q | 6 zone(s) annoncée(s) mais 2 définie(s)",
        ],
    );
    of_body(qzp(0, 1), &["erreur | question q | 0 zones à pointer : de 1 à 5"]);
    of_body(qzp(5, 21), &["erreur | question q | 20 zones au plus"]);
    let mut body = qzp(4, 4);
    if let Body::Qzp { zones, .. } = &mut body {
        zones[1].id = ZoneId::from("z1");
        zones[1].shape = Shape::Rect { x: 0.9, y: 0.9, w: 0.2, h: 0.05 };
        zones[2].shape = Shape::Circle { x: f64::NAN, y: 0.5, r: 0.1 };
        zones[3].shape = Shape::Rect { x: 0.5, y: 0.5, w: 0.2, h: 0.001 };
    }
    of_body(
        body,
        &[
            "erreur | question q › zone « Zone 2 » | identifiant « z1 » déjà utilisé",
            "erreur | question q › zone « Zone 2 » | la zone sort de l’image",
            "erreur | question q › zone « Zone 3 » | la zone sort de l’image",
            "erreur | question q › zone « Zone 4 » | la zone est trop petite pour être pointée",
        ],
    );
    let mut outside = qzp(1, 1);
    if let Body::Qzp { zones, .. } = &mut outside {
        zones[0].shape = Shape::Polygon(vec![[0.5, 0.5], [1.5, 0.5], [0.5, 0.9]]);
    }
    of_body(outside, &["erreur | question q › zone « Zone 1 » | la zone sort de l’image"]);
}

#[test]
fn scripts() {
    of_body(
        Body::Tcs { hypothesis: " ".into(), finding: String::new(), panel: [0; 5], experts: vec![] },
        &[
            "erreur | question q | le TCS n’a pas d’hypothèse (« si vous pensiez à… »)",
            "erreur | question q | le TCS n’a pas de nouvelle information (« et que vous trouvez… »)",
            "erreur | question q | le TCS n’a pas de panel : donnez les votes des experts de −2 à +2",
        ],
    );
    of_body(tcs([0, 201, 0, 0, 0]), &["erreur | question q | plus de 200 votes pour une réponse : vérifiez le panel"]);
    of_body(
        tcs([u32::MAX, u32::MAX, 0, 0, 1]),
        &["erreur | question q | plus de 200 votes pour une réponse : vérifiez le panel"],
    );
    of_body(tcs([0, 3, 4, 0, 0]), &["avertissement | question q | panel de 7 expert(s) : 10 à 20 sont recommandés"]);
    of_body(tcs([0, 0, 15, 0, 0]), &["avertissement | question q | panel unanime : ce TCS ne discrimine pas"]);
}

// ---- all together

#[test]
fn several_faults_on_one_paper_come_in_its_order() {
    let mut paper = sound();
    paper.title = String::new();
    paper.sections[0].duration_minutes = 0;
    let mut dp = case(CaseKind::Dp, 2);
    dp.parts[1].question.body = qru("VVFF");
    paper.sections[0].elements.push(Element::Case(dp));
    paper.sections[0].elements.push(Element::Question(question("last", qrp(1, "VVFF"))));
    let faults = check::paper(&paper);
    let place = "épreuve « Épreuve s »";
    let expected = [
        "erreur | sujet | le sujet n’a pas de titre".to_owned(),
        format!("erreur | {place} | durée de 0 min : il faut de 1 minute à 24 heures"),
        format!("avertissement | {place} › DP c | 2 question(s) ; un DP en compte 3 à 8"),
        format!("erreur | {place} › DP c › question c1 | une QRU doit avoir une seule réponse vraie, celle-ci en a 2"),
        format!("erreur | {place} › question last | 1 réponse(s) annoncée(s) mais 2 proposition(s) vraie(s)"),
    ];
    assert_eq!(read(&faults), expected);
    assert!(check::refused(&faults));
    let warnings: Vec<Fault> = faults.into_iter().filter(|f| f.severity == Severity::Warning).collect();
    assert!(!check::refused(&warnings));
    assert_eq!(
        warnings[0].to_string(),
        format!("(avertissement) {place} › DP c : 2 question(s) ; un DP en compte 3 à 8")
    );
}

#[test]
fn a_scheme_that_stretches_whole_sheets_is_for_the_whole_exam() {
    let mut paper = sound();
    let mut own = preset("v1");
    own.cohort = CohortStep::Stretch;
    own.name = "nancy".into();
    paper.schemes.insert("nancy".into(), own);
    paper.sections[0].scheme = Some("nancy".into());
    of_paper(
        &paper,
        &[
            "erreur | épreuve « Épreuve s » | le barème « nancy » étire les notes des copies entières : il ne vaut que pour tout l’examen",
        ],
    );
    paper.scheme = "nancy".into();
    of_paper(&paper, &[]);
}

#[test]
fn a_right_blank_cannot_have_the_mark_of_no_answer() {
    let mut paper = paper("edn-blank-zero", vec![section("s", vec![question("q", qrm("FFFFF"))])]);
    let faults = check::paper(&paper);
    assert!(
        check::refused(&faults) && read(&faults).iter().any(|f| f.contains("ne rien cocher serait juste")),
        "{faults:?}"
    );
    paper.sections[0].scheme = Some("edn".into());
    assert!(!check::refused(&check::paper(&paper)));
}

#[test]
fn polygons_without_an_inside() {
    let body = |corners: &[[f64; 2]]| {
        let Body::Qzp { mut zones, .. } = qzp(1, 1) else { panic!() };
        zones[0].shape = Shape::Polygon(corners.to_vec());
        Body::Qzp { expected: 1, zones }
    };
    let small = "erreur | question q › zone « Zone 1 » | la zone est trop petite pour être pointée";
    of_body(body(&[[0.1, 0.1], [0.5, 0.5], [0.9, 0.9]]), &[small]);
    of_body(
        body(&[[0.1, 0.1], [0.9, 0.9]]),
        &[small, "erreur | question q › zone « Zone 1 » | polygone de 2 sommet(s) : il en faut au moins trois"],
    );
    of_body(body(&[[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]), &[]);
}
