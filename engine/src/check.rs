//! What makes a paper unfit to be sat: every fault is listed, each with its place.

use crate::Exact;
use crate::ledger::Effective;
use crate::marking::{Compiled, ResponseMatrix};
use crate::paper::{Case, CaseKind, Element, Paper, Section};
use crate::qroc;
use crate::question::{Body, Expert, Image, Kind, Proposition, Question, Shape, Status, Zone, votes_of};
use crate::scheme::{BlankPolicy, CohortStep, Formula, MarkingScheme};
use serde::Serialize;
use std::collections::HashSet;
use std::fmt;

/// Does the fault forbid freezing the paper?
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The paper can be sat, but someone should look.
    Warning,
    /// The paper is refused.
    Error,
}

/// A fault and where it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Fault {
    /// How bad.
    pub severity: Severity,
    /// Section, case, question, proposition, as far as it goes: "épreuve UC1 › DP dp-1 › question q3".
    pub place: String,
    /// What is wrong and what to do, in French.
    pub message: String,
    /// Is it an open question that waits for its key? The bank may keep it; no paper takes it.
    #[serde(skip)]
    pub awaits_key: bool,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.severity {
            Severity::Error => "",
            Severity::Warning => "(avertissement) ",
        };
        write!(f, "{word}{} : {}", self.place, self.message)
    }
}

/// Most propositions that a question may have.
pub const MAX_PROPOSITIONS: usize = 25;

struct Faults {
    list: Vec<Fault>,
    place: Vec<String>,
}

impl Faults {
    fn at<R>(&mut self, place: String, inner: impl FnOnce(&mut Self) -> R) -> R {
        self.place.push(place);
        let result = inner(self);
        self.place.pop();
        result
    }

    fn push(&mut self, severity: Severity, message: impl Into<String>) {
        let place = if self.place.is_empty() { "sujet".to_owned() } else { self.place.join(" › ") };
        self.list.push(Fault { severity, place, message: message.into(), awaits_key: false });
    }

    fn awaits_key(&mut self, message: impl Into<String>) {
        self.error(message);
        if let Some(last) = self.list.last_mut() {
            last.awaits_key = true;
        }
    }

    fn error(&mut self, message: impl Into<String>) {
        self.push(Severity::Error, message);
    }

    fn warn(&mut self, message: impl Into<String>) {
        self.push(Severity::Warning, message);
    }
}

/// Every fault of a paper, in paper order. It may be frozen if none is an [`Severity::Error`].
pub fn paper(paper: &Paper) -> Vec<Fault> {
    let mut f = Faults { list: Vec::new(), place: Vec::new() };
    if paper.title.trim().is_empty() {
        f.error("le sujet n’a pas de titre");
    }
    if paper.sections.is_empty() {
        f.error("le sujet n’a aucune épreuve : ajoutez-en une avec des questions");
    }
    scheme_exists(paper, &mut f, Some(&paper.scheme));
    for own in paper.schemes.values() {
        scheme_itself(&mut f, own);
    }
    if !(Exact::ZERO..=Exact::int(20)).contains(&paper.rules.rank_a_threshold) {
        f.error("le seuil de rang A doit être entre 0 et 20");
    }
    if paper.rules.pass_threshold.is_some_and(|mark| !(Exact::ZERO..=Exact::int(20)).contains(&mark)) {
        f.error("le seuil de réussite doit être entre 0 et 20");
    }
    let (mut sections, mut cases, mut questions) = (HashSet::new(), HashSet::new(), HashSet::new());
    for section in &paper.sections {
        f.at(format!("épreuve « {} »", section.title), |f| {
            if !sections.insert(&section.id) {
                f.error(format!("l’identifiant d’épreuve « {} » est utilisé deux fois", section.id));
            }
            identifier(f, section.id.as_str());
            if section.title.trim().is_empty() {
                f.error("l’épreuve n’a pas de titre");
            }
            if section.duration_minutes == 0 || section.duration_minutes > 24 * 60 {
                f.error(format!("durée de {} min : il faut de 1 minute à 24 heures", section.duration_minutes));
            }
            weight(f, section.weight);
            scheme_exists(paper, f, section.scheme.as_ref());
            for_a_part(paper, f, section.scheme.as_ref());
            if section.elements.is_empty() {
                f.error("l’épreuve n’a aucune question");
            }
            for element in &section.elements {
                match element {
                    Element::Question(q) => {
                        in_question(f, q, |f, q| {
                            if !questions.insert(&q.id) {
                                f.error("cette question est déjà dans le sujet");
                            }
                            in_paper(paper, section, f, q);
                        });
                    }
                    Element::Case(c) => f.at(format!("{} {}", c.kind, c.id), |f| {
                        if !cases.insert(&c.id) {
                            f.error("ce dossier est déjà dans le sujet");
                        }
                        case_itself(f, c);
                        for part in &c.parts {
                            in_question(f, &part.question, |f, q| {
                                if !questions.insert(&q.id) {
                                    f.error("cette question est déjà dans le sujet");
                                }
                                in_paper(paper, section, f, q);
                            });
                        }
                    }),
                }
            }
        });
    }
    if !refused(&f.list) {
        // Better refused now than once it has been sat. A sound paper compiles fast.
        let nobody = ResponseMatrix::new(0, vec![Vec::new(); paper.questions().count()]);
        if let Ok(Err(error)) = nobody.map(|matrix| Compiled::new(&Effective::new(paper.clone()), &matrix)) {
            f.error(error.to_string());
        }
    }
    f.list
}

/// Every fault of a marking scheme.
pub fn scheme(scheme: &MarkingScheme) -> Vec<Fault> {
    let mut f = Faults { list: Vec::new(), place: Vec::new() };
    scheme_itself(&mut f, scheme);
    f.list
}

/// Every fault of one question.
pub fn question(question: &Question) -> Vec<Fault> {
    let mut f = Faults { list: Vec::new(), place: Vec::new() };
    in_question(&mut f, question, |_, _| {});
    f.list
}

/// Every fault of one case and of its questions.
pub fn case(case: &Case) -> Vec<Fault> {
    let mut f = Faults { list: Vec::new(), place: Vec::new() };
    f.at(format!("{} {}", case.kind, case.id), |f| {
        case_itself(f, case);
        let mut seen = HashSet::new();
        for part in &case.parts {
            in_question(f, &part.question, |f, q| {
                if !seen.insert(&q.id) {
                    f.error("deux questions du dossier ont cet identifiant");
                }
            });
        }
    });
    f.list
}

/// Is there a fault that forbids use?
pub fn refused(faults: &[Fault]) -> bool {
    faults.iter().any(|f| f.severity == Severity::Error)
}

/// Is there a fault that forbids even keeping the question in a bank, until it is finished?
pub fn unkeepable(faults: &[Fault]) -> bool {
    faults.iter().any(|f| f.severity == Severity::Error && !f.awaits_key)
}

fn scheme_exists(paper: &Paper, f: &mut Faults, name: Option<&String>) {
    if let Some(name) = name
        && paper.scheme_named(name).is_none()
    {
        let known = MarkingScheme::PRESETS.join(", ");
        f.error(format!("le barème « {name} » n’existe pas (barèmes connus : {known})"));
    }
}

/// What a question must be to go with its paper: a scheme that exists and that can mark it.
fn in_paper(paper: &Paper, section: &Section, f: &mut Faults, q: &Question) {
    scheme_exists(paper, f, q.scheme.as_ref());
    for_a_part(paper, f, q.scheme.as_ref());
    let name = q.scheme.as_deref().or(section.scheme.as_deref()).unwrap_or(&paper.scheme);
    if let Some(scheme) = paper.scheme_named(name)
        && blank_is_right(&q.body)
        && scheme.rule(q.kind()).is_some_and(|rule| matches!(rule.blank_policy, BlankPolicy::Fixed(_)))
    {
        f.error(format!(
            "aucune proposition vraie : ne rien cocher serait juste, mais le barème « {name} » donne alors sa note à \
             une question sans réponse ; choisissez un autre barème pour cette question"
        ));
    }
}

/// Is leaving everything unticked the right answer, so that it cannot be told from not answering?
pub(crate) fn blank_is_right(body: &Body) -> bool {
    matches!(body, Body::Qrm { .. }) && true_count(body.propositions()) == 0
}

/// A scheme that stretches the marks of whole sheets cannot be one section's or one question's.
fn for_a_part(paper: &Paper, f: &mut Faults, name: Option<&String>) {
    if let Some(name) = name
        && *name != paper.scheme
        && let Some(scheme) = paper.scheme_named(name)
        && matches!(scheme.cohort, CohortStep::TopLinear | CohortStep::Stretch)
    {
        f.error(format!(
            "le barème « {name} » étire les notes des copies entières : il ne vaut que pour tout l’examen"
        ));
    }
}

fn scheme_itself(f: &mut Faults, scheme: &MarkingScheme) {
    f.at(format!("barème « {} »", scheme.name), |f| {
        if scheme.name.trim().is_empty() {
            f.error("le barème n’a pas de nom");
        }
        let reasonable =
            |value: &Exact| (Exact::int(-1000)..=Exact::int(1000)).contains(value) && value.denominator() <= 1000;
        let numbers = |f: &mut Faults, values: &[Exact]| {
            for value in values.iter().filter(|v| !reasonable(v)) {
                f.error(format!("valeur {value} : elle doit être entre -1000 et 1000, avec trois décimales au plus"));
            }
        };
        for kind in Kind::ALL {
            f.at(kind.code().to_owned(), |f| {
                let Some(rule) = scheme.rule(kind) else {
                    if kind == Kind::Qroc {
                        numbers(f, &[scheme.qroc.exact, scheme.qroc.acceptable]);
                    }
                    return;
                };
                numbers(f, &rule.numbers());
                let empty = match &rule.formula {
                    Formula::Discordance { table } => table.is_empty(),
                    Formula::DiscordanceByTrueCount { tables } => tables.is_empty() || tables.iter().any(Vec::is_empty),
                    _ => false,
                };
                if empty {
                    f.error("la table des discordances est vide : toute réponse vaudrait zéro");
                }
                if let (Some(floor), Some(cap)) = (rule.floor, rule.cap)
                    && floor > cap
                {
                    f.error(format!("le plancher ({floor}) est au-dessus du plafond ({cap})"));
                }
            });
        }
    });
}

fn weight(f: &mut Faults, weight: Exact) {
    if weight <= Exact::ZERO || weight > Exact::int(1000) {
        f.error(format!("poids de {weight} : il doit être positif et au plus 1000"));
    } else if weight.denominator() > 1000 {
        f.error(format!("poids de {weight} : trois décimales au plus"));
    }
}

fn case_itself(f: &mut Faults, case: &Case) {
    if case.title.trim().is_empty() {
        f.error("le dossier n’a pas de titre");
    }
    let (least, most) = case.kind.size();
    match case.parts.len() {
        0 => f.error("le dossier n’a aucune question"),
        n if !(least..=most).contains(&n) => {
            let wanted = if least == most { format!("{least}") } else { format!("{least} à {most}") };
            f.warn(format!("{n} question(s) ; un {} en compte {wanted}", case.kind));
        }
        _ => {}
    }
    if let Some(image) = &case.image {
        image_itself(f, image);
    }
    match (case.kind, &case.article) {
        (CaseKind::Lca, None) => f.error("la lecture critique n’a pas d’article"),
        (CaseKind::Lca, Some(article)) if article.body.trim().is_empty() && article.pdf.is_none() => {
            f.error("l’article est vide");
        }
        (CaseKind::Dp | CaseKind::MiniDp | CaseKind::Kfp, Some(_)) => {
            f.warn("un article n’a de sens que dans une LCA : il sera montré avec le texte d’ouverture");
        }
        _ => {}
    }
    if let Some(pdf) = case.article.as_ref().and_then(|article| article.pdf.as_ref())
        && pdf.file.trim().is_empty()
    {
        f.error("le PDF de l’article n’a pas de fichier");
    }
    if case.kind == CaseKind::Kfp {
        for kind in [Kind::Qroc, Kind::Qrp] {
            if !case.parts.iter().any(|p| p.question.kind() == kind) {
                f.warn(format!("un KFP comporte au moins une {kind}"));
            }
        }
    }
}

fn in_question<'q>(f: &mut Faults, q: &'q Question, more: impl FnOnce(&mut Faults, &'q Question)) {
    f.at(format!("question {}", q.id), |f| {
        identifier(f, q.id.as_str());
        if q.stem.trim().is_empty() {
            f.error("l’énoncé est vide");
        }
        weight(f, q.weight);
        if let Some(image) = &q.image {
            image_itself(f, image);
        }
        if let Some(video) = &q.video {
            if video.file.trim().is_empty() {
                f.error("la vidéo n’a pas de fichier");
            }
            if video.description.trim().is_empty() {
                f.warn("la vidéo n’a pas de description : dites ce qu’on y voit et ce qu’on y entend, sans donner la réponse");
            }
        }
        body(f, q);
        more(f, q);
    });
}

/// An identifier goes into addresses, files and columns.
fn identifier(f: &mut Faults, id: &str) {
    if id.trim().is_empty() || id.len() > 100 {
        f.error("l’identifiant doit avoir de 1 à 100 caractères");
    } else if id.chars().any(char::is_control) || matches!(id, "." | "..") {
        f.error("l’identifiant a un caractère qui ne se voit pas, ou n’est fait que de points");
    }
}

fn image_itself(f: &mut Faults, image: &Image) {
    if image.file.trim().is_empty() {
        f.error("l’image n’a pas de fichier");
    }
    if image.alt.trim().is_empty() {
        f.error("l’image n’a pas de texte de remplacement : décrivez-la sans donner la réponse");
    }
}

fn body(f: &mut Faults, q: &Question) {
    let kind = q.kind();
    match &q.body {
        Body::Qru { propositions: list } => {
            propositions(f, list, 4..=5);
            match true_count(list) {
                1 => {}
                0 => f.error("une QRU doit avoir une réponse vraie, celle-ci n’en a aucune"),
                n => f.error(format!("une QRU doit avoir une seule réponse vraie, celle-ci en a {n}")),
            }
        }
        Body::Qrm { propositions: list } => {
            propositions(f, list, 4..=5);
            all_or_none(f, list, kind);
        }
        Body::Qcm { propositions: list } => {
            propositions(f, list, 5..=5);
            if list.len() > 12 {
                f.error("12 propositions au plus");
            }
        }
        Body::Qrp { expected, propositions: list } => {
            propositions(f, list, 4..=5);
            expected_matches(f, *expected, list);
        }
        Body::Qrpl { expected, propositions: list } => {
            propositions(f, list, 0..=usize::MAX);
            if !(10..=MAX_PROPOSITIONS).contains(&list.len()) {
                f.error(format!("{} propositions : une QRP longue en a de 10 à 25", list.len()));
            }
            if !(1..=5).contains(expected) {
                f.error(format!("{expected} réponses attendues : une QRP longue en attend de 1 à 5"));
            }
            expected_matches(f, *expected, list);
            if list.iter().any(|p| matches!(p.status, Status::Indispensable | Status::Inacceptable)) {
                f.error("une QRP longue n’a ni proposition indispensable ni inacceptable");
            }
        }
        Body::Qroc { exact, acceptable, max_words } => {
            if q.body.lacks_key() {
                f.awaits_key(
                    "la QROC n’a aucune réponse exacte : ajoutez-en une avant de valider la question ou de la mettre \
                     dans un sujet",
                );
            } else if exact.iter().all(|t| t.trim().is_empty()) {
                f.error("la QROC n’a aucune réponse exacte");
            }
            open_answer(f, exact, acceptable, *max_words);
        }
        Body::Qzp { expected, zones: list } => zones(f, q, *expected, list),
        Body::Tcs { hypothesis, finding, panel, experts } => {
            if hypothesis.trim().is_empty() {
                f.error("le TCS n’a pas d’hypothèse (« si vous pensiez à… »)");
            }
            if finding.trim().is_empty() {
                f.error("le TCS n’a pas de nouvelle information (« et que vous trouvez… »)");
            }
            listed(f, experts, panel);
            let votes: u64 = panel.iter().map(|v| u64::from(*v)).sum();
            if votes == 0 {
                f.awaits_key("le TCS n’a pas de panel : donnez les votes des experts de −2 à +2");
            } else if panel.iter().any(|v| *v > 200) {
                f.error("plus de 200 votes pour une réponse : vérifiez le panel");
            } else if votes < 10 {
                f.warn(format!("panel de {votes} expert(s) : 10 à 20 sont recommandés"));
            } else if panel.iter().any(|v| u64::from(*v) == votes) {
                f.warn("panel unanime : ce TCS ne discrimine pas");
            }
        }
    }
}

/// Experts listed one by one are the panel.
fn listed(f: &mut Faults, experts: &[Expert], panel: &[u32; 5]) {
    let mut names = HashSet::new();
    for expert in experts {
        let name = expert.name.trim();
        if name.is_empty() || name.chars().count() > 100 {
            f.error("un expert du panel n’a pas de nom (de 1 à 100 caractères)");
        } else if !names.insert(name.to_lowercase()) {
            f.error(format!("l’expert « {name} » est deux fois dans le panel"));
        }
        if !(-2..=2).contains(&expert.answer) {
            f.error(format!("panel : la réponse de « {name} » est {}, il faut de −2 à +2", expert.answer));
        }
    }
    if !experts.is_empty() && votes_of(experts) != *panel {
        f.error("les votes du panel ne sont pas ceux des experts listés");
    }
}

fn true_count(list: &[Proposition]) -> usize {
    list.iter().filter(|p| p.status.is_true()).count()
}

fn expected_matches(f: &mut Faults, expected: u32, list: &[Proposition]) {
    let n = true_count(list);
    if n != expected as usize {
        f.error(format!("{expected} réponse(s) annoncée(s) mais {n} proposition(s) vraie(s)"));
    } else if expected == 0 {
        f.error("aucune réponse attendue");
    }
}

fn all_or_none(f: &mut Faults, list: &[Proposition], kind: Kind) {
    let n = true_count(list);
    if n == 0 && !list.is_empty() {
        f.warn(format!("aucune proposition vraie : sur cette {kind}, ne rien cocher donne tous les points"));
    } else if n == list.len() && n > 0 {
        f.warn("toutes les propositions sont vraies");
    }
}

fn propositions(f: &mut Faults, list: &[Proposition], usual: std::ops::RangeInclusive<usize>) {
    match list.len() {
        0 | 1 => f.error("il faut au moins deux propositions"),
        n if n > MAX_PROPOSITIONS => f.error(format!("{n} propositions : {MAX_PROPOSITIONS} au plus")),
        n if !usual.contains(&n) => f.warn(format!("{n} propositions, nombre inhabituel pour ce type")),
        _ => {}
    }
    let (mut ids, mut texts) = (HashSet::new(), HashSet::new());
    for (i, p) in list.iter().enumerate() {
        let letter = char::from(b'A' + (i % 26) as u8);
        f.at(format!("proposition {letter}"), |f| {
            if p.id.as_str().trim().is_empty() {
                f.error("sans identifiant");
            } else if !ids.insert(&p.id) {
                f.error(format!("identifiant « {} » déjà utilisé", p.id));
            }
            if p.text.trim().is_empty() {
                f.error("le texte est vide");
            } else if !texts.insert(p.text.trim().to_lowercase()) {
                f.error("le texte est celui d’une autre proposition");
            }
        });
    }
}

fn open_answer(f: &mut Faults, exact: &[String], acceptable: &[String], max_words: u32) {
    if !(1..=20).contains(&max_words) {
        f.error(format!("{max_words} mots permis : de 1 à 20"));
    }
    let mut seen = HashSet::new();
    for text in exact.iter().chain(acceptable) {
        let normal = qroc::normalise(text);
        if normal.is_empty() {
            f.error(format!("la réponse « {text} » est vide"));
        } else if !seen.insert(normal) {
            f.warn(format!("la réponse « {text} » est donnée deux fois, à la graphie près"));
        }
        let words = qroc::word_count(text);
        if words > max_words as usize {
            f.error(format!("la réponse « {text} » compte {words} mots, {max_words} sont permis"));
        }
    }
}

fn zones(f: &mut Faults, q: &Question, expected: u32, zones: &[Zone]) {
    if q.image.is_none() {
        f.error("une question à zones demande une image");
    }
    if !(1..=5).contains(&expected) {
        f.error(format!("{expected} zones à pointer : de 1 à 5"));
    }
    if zones.len() < expected as usize {
        f.error(format!("{expected} zone(s) annoncée(s) mais {} définie(s)", zones.len()));
    }
    if zones.len() > 20 {
        f.error("20 zones au plus");
    }
    let aspect = q.image_aspect();
    let mut ids = HashSet::new();
    for zone in zones {
        f.at(format!("zone « {} »", zone.name), |f| {
            if !ids.insert(&zone.id) {
                f.error(format!("identifiant « {} » déjà utilisé", zone.id));
            }
            let [left, top, right, bottom] = zone.shape.bounds(aspect);
            let finite = [left, top, right, bottom].iter().all(|v| v.is_finite());
            // A hair of tolerance: a zone drawn to the very border is inside.
            let inside = left >= -1e-9 && top >= -1e-9 && right <= 1.0 + 1e-9 && bottom <= 1.0 + 1e-9;
            if !finite || !inside {
                f.error("la zone sort de l’image");
            } else if right - left < 0.005 || bottom - top < 0.005 || zone.shape.area(aspect) < 0.000_01 {
                f.error("la zone est trop petite pour être pointée");
            }
            if let Shape::Polygon(corners) = &zone.shape
                && corners.len() < 3
            {
                f.error(format!("polygone de {} sommet(s) : il en faut au moins trois", corners.len()));
            }
        });
    }
}
