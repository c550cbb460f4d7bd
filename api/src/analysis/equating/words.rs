//! What the comparison of two exams comes down to, and how far to believe it.

use super::{Design, Equating, FEW_ANCHORS, LEAST_ANCHORS, Point};
use crate::web::filters::{count, float, percent, thousands};

/// Share of the exam below which an anchor is called short (Kolen and Brennan 2014, ch. 8).
const SHORT: f64 = 0.2;
/// Candidates that linear equating asks for (Kolen and Brennan 2014, ch. 8).
const ENOUGH: usize = 400;
/// Standard deviations between cohorts beyond which methods part.
const FAR: f64 = 0.5;
/// Correlation of the anchor with the whole below which it is a poor copy of it.
const LOOSE: f64 = 0.7;
/// Points on 20 beyond which methods are said to disagree.
const DISAGREE: f64 = 0.5;

/// Too few questions or candidates for more than an order of magnitude?
pub fn thin(e: &Equating) -> bool {
    let short = e.anchor.as_ref().is_some_and(|a| a.questions < FEW_ANCHORS || a.share < SHORT);
    short || e.exam.candidates.min(e.with.candidates) < ENOUGH
}

/// "0,42 point", "2,10 points".
fn points(value: f64) -> String {
    let told = float(Some(value), 2);
    format!("{told} point{} sur 20", if value >= 2.0 { "s" } else { "" })
}

/// The difference between both exams at the mean, in a sentence or two.
pub fn summary(e: &Equating) -> String {
    let other = format!("«\u{a0}{}\u{a0}»", e.with.title);
    let Some((main, Point { mark, value, se })) = e.main().and_then(|m| Some((m, m.at_mean?))) else {
        let why = e.methods.iter().find_map(|m| m.why.clone()).unwrap_or_else(|| "il manque des notes".into());
        return format!("Cette épreuve ne peut pas être comparée à {other}\u{a0}: {why}.");
    };
    let gap = value - mark;
    let error =
        se.map_or_else(|| "erreur-type inconnue".to_owned(), |se| format!("erreur-type {}", float(Some(se), 2)));
    let mut text = String::new();
    if thin(e) {
        text.push_str("Ordre de grandeur, sur peu de données. ");
    }
    if e.design == Design::EquivalentGroups {
        text.push_str("Si les deux promotions sont de même niveau\u{a0}: ");
    }
    let start = if text.ends_with(": ") { "cette" } else { "Cette" };
    if se.is_some_and(|se| gap.abs() >= 2.0 * se) {
        let harder = if gap > 0.0 { "difficile" } else { "facile" };
        text += &format!(
            "{start} épreuve était plus {harder} que {other} d’environ {} ({error}). La note moyenne d’ici, {}, y aurait \
             été de {}.",
            points(gap.abs()),
            float(Some(mark), 2),
            float(Some(value), 2)
        );
    } else {
        let nothing = if start == "cette" { "rien" } else { "Rien" };
        text += &format!(
            "{nothing} ne montre que cette épreuve ait été plus difficile ou plus facile que {other}\u{a0}: l’écart \
             trouvé est de {} ({error}).",
            points(gap.abs())
        );
    }
    if let Some(anchor) = &e.anchor {
        let apart = anchor.mean[0] - anchor.mean[1];
        let more = if apart >= 0.0 { "de plus" } else { "de moins" };
        text += &format!(
            " À {}, les candidats d’ici ont en moyenne {} {more} que ceux de là-bas.",
            count(anchor.questions, "question commune", "questions communes"),
            points(apart.abs())
        );
    }
    text += &format!(" {}.", capital(main.method.french()));
    text
}

/// What someone should know before using it.
pub fn warnings(e: &Equating) -> Vec<String> {
    let mut out = Vec::new();
    let usable = e.common.iter().filter(|c| c.used).count();
    match (&e.anchor, e.design) {
        (_, Design::EquivalentGroups) => {
            let why = match (e.common.len(), usable) {
                (0, _) => "Aucune question commune".to_owned(),
                (_, n) => format!(
                    "{}, il en faut au moins {LEAST_ANCHORS}",
                    count(n, "question commune utilisable", "questions communes utilisables")
                ),
            };
            out.push(format!(
                "{why}\u{a0}: rien ne sépare la difficulté des épreuves du niveau des promotions. Les équivalences \
                 supposent les deux promotions de même niveau (même recrutement, même préparation)\u{a0}; sinon la \
                 différence de niveau est prise pour une différence de difficulté."
            ));
        }
        (None, Design::Anchor) => out.push("Les notes aux questions communes n’ont pas pu être calculées.".into()),
        (Some(anchor), Design::Anchor) => {
            if anchor.questions < FEW_ANCHORS || anchor.share < SHORT {
                out.push(format!(
                    "Ancrage court\u{a0}: {}, soit {} de l’épreuve. Il en faudrait au moins {FEW_ANCHORS}, et un \
                     cinquième de l’épreuve\u{a0}: prenez ces équivalences pour un ordre de grandeur.",
                    count(anchor.questions, "question commune", "questions communes"),
                    percent(anchor.share)
                ));
            }
            if let Some(effect) = anchor.effect.filter(|d| d.abs() > FAR) {
                out.push(format!(
                    "Les deux promotions sont loin l’une de l’autre ({} écart-type aux questions communes)\u{a0}: les \
                     méthodes divergent alors, et celle de Tucker sous-estime cet écart. Regardez Levine et la méthode \
                     enchaînée.",
                    float(Some(effect.abs()), 2)
                ));
            }
            let loosest = anchor.correlation.iter().flatten().copied().fold(1.0, f64::min);
            if loosest < LOOSE {
                out.push(format!(
                    "Les questions communes ne ressemblent guère à l’épreuve entière (corrélation {})\u{a0}: elles \
                     rattachent mal l’une à l’autre.",
                    float(Some(loosest), 2)
                ));
            }
        }
    }
    for (exam, place) in [(&e.exam, "ici"), (&e.with, "à l’autre épreuve")] {
        if exam.candidates < ENOUGH {
            out.push(format!(
                "{} {place}, moins de {ENOUGH}\u{a0}: l’erreur est grande, surtout aux deux bouts de l’échelle.",
                count(exam.candidates, "copie", "copies")
            ));
        }
    }
    let drifted: Vec<String> = e
        .common
        .iter()
        .filter(|c| c.used && c.drift.is_some_and(|d| d.sure))
        .map(|c| c.number[0].to_string())
        .collect();
    if !drifted.is_empty() {
        out.push(format!(
            "{} de difficulté au-delà de la marge d’erreur (n° {})\u{a0}: fuite, actualité, enseignement ou place dans \
             l’épreuve. Une question de l’ancrage qui a changé pour une raison connue doit en sortir.",
            count(drifted.len(), "question commune a changé", "questions communes ont changé"),
            drifted.join(", ")
        ));
    }
    let at_mean: Vec<f64> = e.methods.iter().filter_map(|m| Some(m.at_mean?.value)).collect();
    let (low, high) = at_mean.iter().fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
    if high - low > DISAGREE {
        out.push(format!(
            "Les méthodes ne s’accordent pas\u{a0}: la note moyenne vaut de {} à {} selon elles.",
            float(Some(low), 2),
            float(Some(high), 2)
        ));
    }
    if e.design == Design::Anchor
        && let Some(why) = &e.no_link
    {
        out.push(format!("Sans le modèle de réponse\u{a0}: {why}."));
    }
    for m in e.methods.iter().filter(|m| m.method.needs_anchor() == (e.design == Design::Anchor)) {
        if let Some(why) = &m.why
            && e.no_link.as_ref() != Some(why)
        {
            out.push(format!("{} ({})", capital(why), m.method.french()));
        }
    }
    out
}

/// With a capital.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// "Version 2 du registre, 1 000 copies, 110 questions comptées".
pub fn exam(of: &super::Exam) -> String {
    format!(
        "version {} du registre, {}, {}",
        of.version,
        count(of.candidates, "copie", "copies"),
        count(of.questions, "question comptée", "questions comptées")
    )
}

/// "812 sur 1 000 (81 %)".
pub fn passes(n: usize, of: usize) -> String {
    let share = if of > 0 { n as f64 / of as f64 } else { 0.0 };
    format!("{} sur {} ({})", thousands(n), thousands(of), percent(share))
}
