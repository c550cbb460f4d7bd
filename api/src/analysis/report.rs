//! The report: one HTML file that needs nothing else and prints well, and a summary for a terminal.

use super::document::{Document, QuestionDocument};
use super::study::Study;
use super::subject::Subject;
use crate::web::chart::Histogram;
use crate::web::filters::{count, float, percent, thousands};
use crate::web::plot::{Axis, Plot, Series};
use askama::Template;
use docimo_engine::stats::summary;

/// A figure with its name and what it means.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What it is.
    pub label: String,
    /// Its value.
    pub value: String,
    /// What it means here.
    pub note: String,
}

/// A question in the report.
pub struct Line {
    number: usize,
    id: String,
    stem: String,
    kind: &'static str,
    rank: String,
    p: String,
    d27: String,
    r: String,
    alpha: String,
    a: String,
    b: String,
    infit: String,
    flags: Vec<String>,
    neutralised: bool,
}

#[derive(Template)]
#[template(path = "analysis/report.html")]
struct Report<'a> {
    title: &'a str,
    version: u32,
    present: String,
    enrolled: String,
    questions: String,
    figures: Vec<Figure>,
    histogram: Histogram,
    plots: Vec<Plot>,
    parts: Vec<[String; 6]>,
    groups: Vec<[String; 6]>,
    lines: Vec<Line>,
    flagged: Vec<(usize, String, Vec<String>)>,
    model: Vec<Figure>,
    no_model: String,
    tied: Vec<(String, String, String)>,
    thresholds: Vec<([String; 7], String)>,
    dif: Vec<[String; 6]>,
    compared_groups: usize,
    copies: String,
    ranks: Vec<Figure>,
    no_ranks: String,
    warnings: &'a [String],
}

/// Reliability and error, told. `mean` and `sd` are on 20.
pub fn figures(subject: &Subject, study: &Study) -> Vec<Figure> {
    let reliability = &study.exam.reliability;
    let on_20 = summary(&subject.on_20());
    let scale = subject.marks.scale_on_20().unwrap_or(0.0);
    let figure = |label: &str, value: String, note: String| Figure { label: label.into(), value, note };
    let interval = reliability
        .alpha_interval
        .map(|[low, high]| format!("intervalle à 95 % de {} à {}", float(Some(low), 3), float(Some(high), 3)));
    let mut figures = vec![
        figure(
            "Moyenne sur 20",
            float(on_20.as_ref().map(|s| s.mean), 2),
            format!(
                "écart-type {}, médiane {}",
                float(on_20.as_ref().map(|s| s.sd), 2),
                float(on_20.as_ref().map(|s| s.quartiles[1]), 2)
            ),
        ),
        figure("Alpha de Cronbach", float(reliability.alpha, 3), interval.unwrap_or_default()),
        figure(
            "Oméga de McDonald",
            float(study.omega.as_ref().ok().copied(), 3),
            "fidélité si une seule aptitude est mesurée".into(),
        ),
        figure(
            "Erreur de mesure",
            float(reliability.sem.map(|s| s * scale), 2),
            "points sur 20 : deux notes à moins de 2,8 fois cela ne se distinguent pas sûrement".into(),
        ),
    ];
    if let Ok(l) = &study.lambdas {
        figures.push(figure(
            "Lambda 2 de Guttman",
            float(l.lambda[1], 3),
            format!("lambda 6\u{a0}: {}", float(l.lambda[5], 3)),
        ));
    }
    if let Some(i) = &study.inter_item {
        figures.push(figure(
            "Corrélation entre questions",
            float(Some(i.mean), 3),
            format!("de {} à {}", float(Some(i.min), 2), float(Some(i.max), 2)),
        ));
    }
    figures
}

/// What the response model says of the whole, told.
pub fn model_figures(study: &Study) -> Result<Vec<Figure>, String> {
    let latent = study.latent.as_ref().map_err(Clone::clone)?;
    let c = &latent.calibration;
    let figure = |label: &str, value: String, note: String| Figure { label: label.into(), value, note };
    let mut figures = vec![
        figure("Modèle", model_name(c.model).into(), count(c.items.len(), "question", "questions")),
        figure(
            "Log-vraisemblance",
            float(Some(c.log_likelihood), 2),
            format!("AIC {}, BIC {}", float(Some(c.aic), 1), float(Some(c.bic), 1)),
        ),
        figure(
            "Calcul",
            if c.converged { "stable".into() } else { "non stabilisé".into() },
            format!(
                "{}, {} ; un pas deux fois plus fin change la log-vraisemblance de {}",
                count(c.iterations, "étape", "étapes"),
                count(c.nodes, "nœud", "nœuds"),
                float(Some(c.grid_error), 4)
            ),
        ),
        figure(
            "Fidélité marginale",
            float(c.marginal_reliability(), 3),
            "part de la variance des aptitudes estimées qui n’est pas de l’erreur".into(),
        ),
    ];
    if let Ok(whole) = &latent.whole {
        figures.push(figure(
            "RMSEA (M2)",
            float(Some(whole.m2.rmsea), 3),
            format!(
                "intervalle à 90 % de {} à {} ; sous 0,06 le modèle convient",
                float(Some(whole.rmsea_interval.0), 3),
                float(Some(whole.rmsea_interval.1), 3)
            ),
        ));
    }
    Ok(figures)
}

/// The name of a model, for people.
pub fn model_name(model: docimo_engine::docimology::irt::Model) -> &'static str {
    use docimo_engine::docimology::irt::Model;
    match model {
        Model::Rasch => "Rasch",
        Model::TwoPl => "2PL (Birnbaum)",
        Model::ThreePl => "3PL (Birnbaum)",
        Model::Pcm => "crédit partiel (Masters)",
        Model::Gpcm => "crédit partiel généralisé (Muraki)",
        Model::Grm => "réponses graduées (Samejima)",
    }
}

/// Uncertainty of ranks, told.
pub fn rank_figures(study: &Study) -> Result<Vec<Figure>, String> {
    let ranks = study.ranks.as_ref().map_err(ToString::to_string)?;
    let figure = |label: &str, value: String, note: String| Figure { label: label.into(), value, note };
    Ok(vec![
        figure(
            "Largeur médiane de l’intervalle",
            thousands(ranks.median_width as usize),
            format!(
                "rangs, à {} ; {} de questions",
                percent(ranks.level),
                count(ranks.replicates, "tirage", "tirages")
            ),
        ),
        figure(
            "Stabilité du classement",
            float(Some(ranks.stability), 3),
            "corrélation moyenne entre le classement et celui d’un tirage".into(),
        ),
    ])
}

/// How far each threshold classifies, told: name, cut, same decision twice, κ, right decisions, wrongly passed,
/// wrongly failed; or why not.
pub fn thresholds(study: &Study) -> Vec<([String; 7], String)> {
    study
        .thresholds
        .iter()
        .map(|t| {
            let (name, cut) = (t.name.to_owned(), float(Some(t.cut), 2));
            match &t.found {
                Ok(found) => {
                    let d = &found.taken;
                    let cells = [
                        name,
                        cut,
                        percent(d.consistency),
                        float(d.kappa, 2),
                        percent(d.accuracy),
                        percent(d.false_positive),
                        percent(d.false_negative),
                    ];
                    (cells, String::new())
                }
                Err(why) => ([name, cut, "—".into(), "—".into(), "—".into(), "—".into(), "—".into()], why.to_string()),
            }
        })
        .collect()
}

/// Questions of classes B and C that hold for all comparisons, the surest first: question, group, class, delta,
/// standardised difference in per cent, adjusted p.
fn dif_lines(subject: &Subject, study: &Study) -> Vec<[String; 6]> {
    use docimo_engine::docimology::dif::Class;
    let mut lines: Vec<(f64, [String; 6])> = Vec::new();
    for group in &study.dif {
        let Ok(found) = &group.found else { continue };
        for (column, item) in found.items.iter().enumerate() {
            if let Some(item) = item.as_ref().filter(|i| i.class != Class::A && i.adjusted_p < 0.05) {
                let label = &subject.labels[study.columns[column]];
                let cells = [
                    format!("{}. {}", label.number, label.stem),
                    group.name.clone(),
                    item.class.letter().to_owned(),
                    float(item.delta, 2),
                    float(Some(item.standardised * 100.0), 1),
                    float(Some(item.adjusted_p), 4),
                ];
                lines.push((item.adjusted_p, cells));
            }
        }
    }
    lines.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
    lines.into_iter().take(100).map(|(_, cells)| cells).collect()
}

/// Pairs of copies, in numbers only: a report travels, names do not.
fn copies(study: &Study) -> String {
    match &study.likeness {
        Err(why) => why.to_string(),
        Ok(found) => {
            let strong = found.screening.pairs.iter().filter(|p| p.false_discovery <= 0.05).count();
            let compared = usize::try_from(found.screening.compared).unwrap_or(usize::MAX);
            let told = |strong: usize| match strong {
                0 => "aucune ne se distingue".to_owned(),
                n => format!("{} à regarder", count(n, "paire", "paires")),
            };
            let mut text = format!(
                "{} sur leurs réponses fausses identiques\u{202f}; une fois tenu compte du nombre de comparaisons, {}.",
                count(compared, "paire de copies comparée", "paires de copies comparées"),
                told(strong)
            );
            let beside = usize::try_from(found.screening.neighbours_compared).unwrap_or(usize::MAX);
            if beside > 0 {
                let strong = found.screening.neighbours.iter().filter(|p| p.false_discovery <= 0.05).count();
                let pairs = count(beside, "paire de voisins, comparée à part", "paires de voisins, comparées à part");
                text.push_str(&format!(" {pairs}\u{202f}: {}.", told(strong)));
            }
            text
        }
    }
}

/// Marks, with what the eye looks for.
pub fn histogram(subject: &Subject) -> Histogram {
    let on_20 = subject.on_20();
    let mut markers = Vec::new();
    if let Some(summary) = summary(&on_20) {
        markers.push((summary.quartiles[1], format!("Médiane {}", float(Some(summary.quartiles[1]), 2))));
    }
    if let Some(threshold) = subject.effective.paper.rules.pass_threshold {
        markers.push((threshold.to_f64(), format!("Seuil {}", threshold.french(2))));
    }
    Histogram::of_marks("notes", "Répartition des notes sur 20", &on_20, &markers)
}

/// Test information along ability.
pub fn information_plot(study: &Study) -> Option<Plot> {
    let latent = study.latent.as_ref().ok()?;
    let most = latent.information.iter().map(|i| i.1).fold(0.0, f64::max);
    let (at, _) = latent.information.iter().copied().fold((0.0, 0.0), |b, i| if i.1 > b.1 { i } else { b });
    Some(Plot::new(
        "information",
        "Information de l’examen selon l’aptitude",
        format!(
            "L’examen distingue le mieux les candidats d’aptitude {} ; l’erreur y est de {} écart-type.",
            float(Some(at), 1),
            float(Some(1.0 / most.max(1e-9).sqrt()), 2)
        ),
        (&Axis::new("Aptitude (écarts-types)", -4.0, 4.0, 0), &Axis::up_to("Information", most, 1)),
        &[Series::new("Examen", latent.information.clone())],
        &[],
    ))
}

/// Error of measurement along the mark.
pub fn error_plot(subject: &Subject, study: &Study) -> Option<Plot> {
    let out_of = subject.marks.out_of().to_f64();
    // Where the whole cohort stretches the scale, the mark is no longer a share of the points.
    if study.conditional.len() < 3 || out_of <= 0.0 || subject.marks.stretched() {
        return None;
    }
    let points: Vec<(f64, f64)> =
        study.conditional.iter().map(|c| (c.total * 20.0 / out_of, c.sem * 20.0 / out_of)).collect();
    let most = points.iter().map(|p| p.1).fold(0.0, f64::max);
    Some(Plot::new(
        "erreur",
        "Erreur de mesure selon la note",
        format!("Erreur-type de mesure par tranche de notes ; au plus {} point sur 20.", float(Some(most), 2)),
        (&Axis::new("Note sur 20", 0.0, 20.0, 0), &Axis::up_to("Points sur 20", most, 2)),
        &[Series::new("Erreur-type", points)],
        &[],
    ))
}

/// Intervals of ranks along the ranking.
pub fn ranks_plot(study: &Study) -> Option<Plot> {
    let ranks = study.ranks.as_ref().ok()?;
    let n = ranks.candidates.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by_key(|c| (ranks.candidates[*c].rank, *c));
    let picked: Vec<usize> = (0..60.min(n)).map(|i| order[i * (n - 1) / 59.min(n - 1).max(1)]).collect();
    let curve = |of: &dyn Fn(usize) -> u32| -> Vec<(f64, f64)> {
        let mut points: Vec<(f64, f64)> =
            picked.iter().map(|c| (f64::from(ranks.candidates[*c].rank), f64::from(of(*c)))).collect();
        points.dedup_by(|a, b| a.0 == b.0);
        points
    };
    let axis = |label: &str| Axis::new(label, 0.0, n as f64, 0);
    Some(Plot::new(
        "rangs",
        "Rang obtenu et rangs plausibles",
        format!(
            "Pour la moitié des candidats, l’intervalle à {} couvre au moins {}.",
            percent(ranks.level),
            count(ranks.median_width as usize, "rang", "rangs")
        ),
        (&axis("Rang obtenu"), &axis("Rang plausible")),
        &[
            Series::new("au pire", curve(&|c| ranks.candidates[c].high)),
            Series::new("obtenu", curve(&|c| ranks.candidates[c].rank)),
            Series::new("au mieux", curve(&|c| ranks.candidates[c].low)),
        ],
        &[],
    ))
}

/// Sections, ranks and kinds: family, name, questions, points, success, alpha.
pub fn parts(study: &Study) -> Vec<[String; 6]> {
    let line = |p: &super::study::PartLine| {
        [
            p.family.to_owned(),
            p.name.clone(),
            p.columns.len().to_string(),
            float(Some(p.out_of), 1),
            percent(p.mean),
            float(p.reliability.as_ref().and_then(|r| r.alpha), 3),
        ]
    };
    study.parts.iter().map(line).collect()
}

/// Groups of candidates: way of grouping, name, sheets, mean, rank A threshold, threshold on the whole.
pub fn groups(study: &Study) -> Vec<[String; 6]> {
    let line = |g: &super::study::GroupLine| {
        [
            g.grouping.clone(),
            g.name.clone(),
            thousands(g.on_20.as_ref().map_or(0, |s| s.n)),
            float(g.on_20.as_ref().map(|s| s.mean), 2),
            format!("{} sur {}", thousands(g.rank_a.0), thousands(g.rank_a.1)),
            g.pass.map_or_else(|| "—".into(), thousands),
        ]
    };
    study.groups.iter().map(line).collect()
}

fn line(subject: &Subject, study: &Study, index: usize) -> Line {
    let label = &subject.labels[index];
    let column = study.column_of(index);
    let item = column.map(|c| &study.exam.items[c]);
    let latent = study.latent.as_ref().ok();
    let at = column.and_then(|c| latent.and_then(|l| l.place[c].map(|at| (l, at))));
    let parameters = at.map(|(l, at)| &l.calibration.items[at]);
    Line {
        number: label.number,
        id: label.id.clone(),
        stem: label.stem.clone(),
        kind: label.kind.code(),
        rank: label.rank.map_or_else(|| "—".into(), |r| r.to_string()),
        p: item.and_then(|i| i.p).map_or_else(|| "—".into(), percent),
        d27: float(item.and_then(|i| i.d27), 2),
        r: float(item.and_then(|i| i.r_item_rest), 2),
        alpha: float(item.and_then(|i| i.alpha_if_deleted), 3),
        a: float(parameters.map(|p| p.a), 2),
        b: float(parameters.map(|p| p.b.iter().sum::<f64>() / p.b.len() as f64), 2),
        infit: float(at.and_then(|(l, at)| l.mean_squares[at]).map(|m| m.infit), 2),
        flags: column
            .map_or(vec![], |c| study.flags[c].iter().filter(|f| f.weight < 3).map(|f| f.french.clone()).collect()),
        neutralised: column.is_none(),
    }
}

/// The report as one file.
///
/// # Errors
/// A template that cannot be rendered.
pub fn html(subject: &Subject, study: &Study) -> anyhow::Result<String> {
    let document = Document::new(subject, study, None);
    let lines: Vec<Line> = (0..subject.labels.len()).map(|i| line(subject, study, i)).collect();
    let flagged =
        lines.iter().filter(|l| !l.flags.is_empty()).map(|l| (l.number, l.stem.clone(), l.flags.clone())).collect();
    let latent = study.latent.as_ref();
    let name = |column: usize| {
        let label = &subject.labels[study.columns[column]];
        format!("{}. {}", label.number, label.stem)
    };
    let report = Report {
        title: &subject.title,
        version: subject.version,
        present: count(subject.people.len(), "copie notée", "copies notées"),
        enrolled: count(subject.enrolled, "candidat inscrit", "candidats inscrits"),
        questions: count(subject.labels.len(), "question", "questions"),
        figures: figures(subject, study),
        histogram: histogram(subject).unfolded(),
        plots: [error_plot(subject, study), information_plot(study), ranks_plot(study)]
            .into_iter()
            .flatten()
            .map(Plot::unfolded)
            .collect(),
        parts: parts(study),
        groups: groups(study),
        lines,
        flagged,
        model: model_figures(study).unwrap_or_default(),
        no_model: latent.err().cloned().unwrap_or_default(),
        tied: latent.map_or(vec![], |l| {
            l.tied.iter().take(20).map(|t| (name(t.pair.0), name(t.pair.1), float(Some(t.q3), 2))).collect()
        }),
        thresholds: thresholds(study),
        dif: dif_lines(subject, study),
        compared_groups: study.dif.iter().filter(|g| g.found.is_ok()).count(),
        copies: copies(study),
        ranks: rank_figures(study).unwrap_or_default(),
        no_ranks: rank_figures(study).err().unwrap_or_default(),
        warnings: &document.warnings,
    };
    Ok(report.render()?)
}

/// A summary for a terminal.
pub fn text(document: &Document) -> String {
    let number = |v: Option<f64>, places: usize| float(v, places);
    let mut out = format!(
        "{}, {}\nmoyenne {} points, écart-type {}\nalpha {}",
        count(document.candidates, "candidat", "candidats"),
        count(document.questions.len(), "question", "questions"),
        number(Some(document.exam.mean), 2),
        number(Some(document.exam.sd), 2),
        number(document.exam.alpha, 3)
    );
    if let Some([low, high]) = document.exam.alpha_ci {
        out += &format!(" (de {} à {})", number(Some(low), 3), number(Some(high), 3));
    }
    out += &format!(
        ", oméga {}, erreur de mesure {} points\n",
        number(document.exam.omega, 3),
        number(document.exam.sem, 2)
    );
    if let Some(m) = &document.irt {
        let state = if m.converged { "stable" } else { "non stabilisé" };
        out += &format!(
            "modèle {} : log-vraisemblance {}, AIC {}, {state}\n",
            m.model,
            number(Some(m.log_likelihood), 2),
            number(Some(m.aic), 1)
        );
    }
    if let Some(width) = document.exam.median_rank_interval {
        out += &format!("intervalle médian des rangs : {}\n", count(width as usize, "rang", "rangs"));
    }
    out += &format!(
        "\n{:<16} {:>5} {:>7} {:>6} {:>6} {:>6} {:>6}  à regarder\n",
        "question", "type", "p", "D27", "r", "a", "b"
    );
    for q in &document.questions {
        out += &row(q);
    }
    out
}

fn row(q: &QuestionDocument) -> String {
    let irt = q.irt.as_ref();
    format!(
        "{:<16} {:>5} {:>7} {:>6} {:>6} {:>6} {:>6}  {}\n",
        q.question,
        q.kind,
        float(q.p, 3),
        float(q.d27, 2),
        float(q.r_item_rest, 2),
        float(irt.map(|i| i.a), 2),
        float(irt.map(|i| i.b), 2),
        q.flags.join(", ")
    )
}
