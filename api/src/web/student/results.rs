//! A student's own correction: marks, what the jury decided, and every question with its reasons.

use super::drawing::{self, DrawnPoint, DrawnZone};
use crate::app::App;
use crate::assistance::comments::shown::OwnComment;
use crate::assistance::disclosure::MARK;
use crate::auth::Actor;
use crate::error::{ApiError, ApiResult};
use crate::exam::correction::{
    CaseHead, Correction, DecisionView, PropositionResult, QuestionResult, correction, correction_of,
};
use crate::exam::results::ResultSummary;
use crate::exam::room::ScaleView;
use crate::media::{ImageView, VideoView};
use crate::web::bank::tags::{self, TagView};
use crate::web::layout::Layout;
use crate::web::{self, filters};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use docimo_engine::Exact;

struct Figures {
    mark: String,
    points: String,
    rank: String,
    ranked: String,
    rank_a: Option<String>,
    rank_a_words: String,
    rank_a_class: &'static str,
    rank_b: Option<String>,
    pass_words: String,
    mean: Option<String>,
}

struct SectionRow {
    title: String,
    points: String,
    out_of: String,
    on_20: String,
}

struct MapItem {
    number: usize,
    class: &'static str,
    words: &'static str,
}

struct Change {
    label: &'static str,
    before: String,
    after: String,
    class: &'static str,
    delta: String,
}

struct Decided {
    day: String,
    at: String,
    iso: String,
    what: String,
    reason: String,
    number: Option<usize>,
}

struct Verdict {
    letter: char,
    html: String,
    class: &'static str,
    key: &'static str,
    badge: Option<&'static str>,
    words: String,
    comment_html: String,
}

struct PanelRow {
    value: String,
    label: &'static str,
    votes: String,
    credit: String,
    own: bool,
}

struct Shown {
    number: usize,
    kind_label: String,
    /// That a machine wrote it; empty where it is not said.
    mention: &'static str,
    rank: Option<String>,
    rank_class: &'static str,
    tags: Vec<TagView>,
    case: Option<CaseHead>,
    part_html: String,
    stem_html: String,
    image: Option<ImageView>,
    video: Option<VideoView>,
    is_zones: bool,
    zones: Vec<DrawnZone>,
    points_drawn: Vec<DrawnPoint>,
    zones_label: String,
    text_size: String,
    verdicts: Vec<Verdict>,
    hypothesis_html: Option<String>,
    finding_html: Option<String>,
    panel: Vec<PanelRow>,
    own_text: Option<String>,
    own_class: &'static str,
    key_text: Option<String>,
    points: String,
    out_of: String,
    unit: &'static str,
    counts: bool,
    answered: bool,
    reason: String,
    scheme: String,
    neutralised: Option<String>,
    own_comment: Option<OwnComment>,
    comment_html: String,
    source: String,
}

#[derive(Template)]
#[template(path = "student/results.html")]
struct ResultsPage {
    page: Layout,
    /// Whose it is, where the committee reads it.
    candidate: Option<Reader>,
    exam_title: String,
    figures: Figures,
    sections: Vec<SectionRow>,
    map: Vec<MapItem>,
    changes: Vec<Change>,
    decisions: Vec<Decided>,
    questions: Vec<Shown>,
}

/// What the committee needs around a candidate's sheet.
struct Reader {
    exam_id: String,
    person_id: String,
    name: String,
    number: String,
}

/// A candidate's sheet, read by the committee as the candidate will read it.
pub async fn sheet_page(
    State(app): State<App>,
    Path((exam, person)): Path<(String, String)>,
    page: Layout,
) -> ApiResult<Response> {
    let candidate = app.store.candidate(&exam, &person).await?.ok_or(ApiError::NotFound)?;
    let shown = view(correction_of(&app, &exam, &person).await?, page);
    let reader = Reader { exam_id: exam, person_id: person, name: candidate.name, number: candidate.number };
    let title = format!("Copie de {}, {}", reader.name, shown.exam_title);
    web::page(&ResultsPage { page: shown.page.titled(title), candidate: Some(reader), ..shown })
}

/// Own correction, once published.
pub async fn results(
    State(app): State<App>,
    actor: Actor,
    Path(exam): Path<String>,
    page: Layout,
) -> ApiResult<Response> {
    let own = correction(&app, &actor, &exam).await?;
    web::page(&view(own, page))
}

fn view(own: Correction, page: Layout) -> ResultsPage {
    let decisions = own.decisions.iter().filter(|d| d.version > 1).map(|d| decided(d, &own.questions)).collect();
    let map = own.questions.iter().map(map_item).collect();
    let changes = own.first.as_ref().map(|first| changes(first, &own.summary)).unwrap_or_default();
    ResultsPage {
        page: page.titled(format!("Résultats, {}", own.exam_title)),
        candidate: None,
        exam_title: own.exam_title,
        figures: figures(&own.summary),
        sections: own
            .summary
            .sections
            .iter()
            .map(|s| SectionRow {
                title: s.title.clone(),
                points: s.points.french(3),
                out_of: s.out_of.french(3),
                on_20: filters::mark_or_dash((s.points * Exact::int(20)).checked_div(s.out_of)),
            })
            .collect(),
        map,
        changes,
        decisions,
        questions: own.questions.into_iter().map(shown).collect(),
    }
}

fn figures(summary: &ResultSummary) -> Figures {
    let threshold = filters::mark(summary.rank_a_threshold);
    let (rank_a_words, rank_a_class) = match summary.rank_a_pass {
        Some(true) => (format!("seuil de {threshold} atteint"), " stat--success"),
        Some(false) => (format!("seuil de {threshold} non atteint"), " stat--warning"),
        None => (String::new(), ""),
    };
    Figures {
        mark: filters::mark_or_dash(summary.on_20),
        points: format!("{} points sur {}", summary.points.french(3), summary.out_of.french(3)),
        rank: filters::ordinal(summary.rank),
        ranked: filters::thousands(summary.ranked),
        rank_a: summary.rank_a_on_20.map(filters::mark),
        rank_a_words,
        rank_a_class,
        rank_b: summary.rank_b_on_20.map(filters::mark),
        pass_words: match (summary.pass, summary.pass_threshold) {
            (Some(true), Some(t)) => format!(", seuil de {} atteint", filters::mark(t)),
            (Some(false), Some(t)) => format!(", seuil de {} non atteint", filters::mark(t)),
            _ => String::new(),
        },
        mean: summary.mean_on_20.map(|m| filters::float(Some(m), 2)),
    }
}

fn map_item(question: &QuestionResult) -> MapItem {
    let (class, words) = if question.neutralised.is_some() {
        ("none", "neutralisée")
    } else if question.share >= 1.0 {
        ("right", "tous les points")
    } else if question.share > 0.0 {
        ("partial", "une partie des points")
    } else if question.answered {
        ("zero", "aucun point")
    } else {
        ("none", "sans réponse")
    };
    MapItem { number: question.view.number, class, words }
}

fn changes(first: &ResultSummary, now: &ResultSummary) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut marks = |label, before: Option<Exact>, after: Option<Exact>| {
        if let (Some(before), Some(after)) = (before, after)
            && before != after
        {
            changes.push(Change {
                label,
                before: filters::mark(before),
                after: filters::mark(after),
                class: if after > before { " delta--up" } else { " delta--down" },
                delta: filters::signed((after - before).to_f64(), 2),
            });
        }
    };
    marks("Note sur 20", first.on_20, now.on_20);
    marks("Note de rang A", first.rank_a_on_20, now.rank_a_on_20);
    if first.rank != now.rank {
        let places = i64::from(first.rank) - i64::from(now.rank);
        let noun = if places.abs() < 2 { "place" } else { "places" };
        changes.push(Change {
            label: "Rang",
            before: filters::ordinal(first.rank),
            after: filters::ordinal(now.rank),
            class: if places > 0 { " delta--up" } else { " delta--down" },
            delta: format!("{} {noun} {}", places.abs(), if places > 0 { "en mieux" } else { "en moins bien" }),
        });
    }
    changes
}

/// The spaces that French puts before double signs and inside quotation marks do not break.
fn typeset(text: &str) -> String {
    let pairs = [
        (" :", "\u{a0}:"),
        (" ;", "\u{202f};"),
        (" !", "\u{202f}!"),
        (" ?", "\u{202f}?"),
        ("« ", "«\u{a0}"),
        (" »", "\u{a0}»"),
    ];
    pairs.into_iter().fold(text.to_owned(), |text, (plain, set)| text.replace(plain, set))
}

/// A decision with the question's number and the letters of this candidate's screen.
fn decided(decision: &DecisionView, questions: &[QuestionResult]) -> Decided {
    let about = decision.question.as_ref().and_then(|id| questions.iter().find(|q| q.view.id == *id));
    let mut what = typeset(&decision.what);
    if let Some(question) = about {
        what = what.replacen(question.view.id.as_str(), &question.view.number.to_string(), 1);
        let renamed =
            what.split_once("\u{a0}: ").filter(|(_, changes)| changes.contains(" → ")).map(|(head, changes)| {
                let letters: Vec<String> = changes.split(", ").map(|change| on_screen(change, question)).collect();
                format!("{head}\u{a0}: {}", letters.join(", "))
            });
        what = renamed.unwrap_or(what);
    }
    let at = filters::date_time(decision.at_ms);
    Decided {
        day: day(&at),
        at,
        iso: filters::iso(decision.at_ms),
        what,
        reason: decision.reason.clone(),
        number: about.map(|q| q.view.number),
    }
}

/// "24 novembre" of "24 novembre 2026 à 9 h 05".
fn day(at: &str) -> String {
    at.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

fn on_screen(change: &str, question: &QuestionResult) -> String {
    let Some((id, status)) = change.split_once(" → ") else { return change.to_owned() };
    match question.view.propositions.iter().position(|p| p.id == id) {
        Some(i) => format!("proposition {} désormais «\u{a0}{status}\u{a0}»", char::from(b'A' + (i % 26) as u8)),
        None => change.to_owned(),
    }
}

fn verdict(p: PropositionResult) -> Verdict {
    let words = match (p.three_states, p.ticked, p.rejected) {
        (true, true, _) => format!("{} (vrai)", p.words()),
        (true, _, true) => format!("{} (faux)", p.words()),
        _ => p.words().to_owned(),
    };
    Verdict {
        letter: p.letter,
        class: p.mark(),
        key: if p.is_true { "Vraie" } else { "Fausse" },
        badge: match p.status.as_str() {
            "indispensable" => Some("Indispensable"),
            "inacceptable" => Some("Inacceptable"),
            _ => None,
        },
        words,
        html: p.html,
        comment_html: p.comment_html,
    }
}

/// The panel as a table, from its one line: "−2 : 3 experts, 0,5 point ; …".
fn panel(line: &str, scale: &[ScaleView], own: Option<&str>) -> Vec<PanelRow> {
    line.split(';')
        .zip(scale)
        .filter_map(|(cell, step)| {
            let (value, rest) = cell.split_once(':')?;
            let (votes, credit) = rest.split_once(", ")?;
            let value = value.trim();
            Some(PanelRow {
                value: value.to_owned(),
                label: step.label,
                votes: votes.trim().to_owned(),
                credit: credit.trim().to_owned(),
                own: own == Some(value),
            })
        })
        .collect()
}

fn shown(q: QuestionResult) -> Shown {
    let is_tcs = !q.view.scale.is_empty();
    let panel = match (&q.key_text, is_tcs) {
        (Some(line), true) => panel(line, &q.view.scale, q.own_text.as_deref()),
        _ => Vec::new(),
    };
    let is_zones = !q.zones.is_empty();
    let hit = q.zones.iter().filter(|z| z.hit).count();
    let width = q.view.image.as_ref().map_or(800, |i| i.width);
    let zones_label = format!(
        "{hit} zone{} sur {} pointée{}. {} point{} placé{}.",
        if hit > 1 { "s" } else { "" },
        q.zones.len(),
        if hit > 1 { "s" } else { "" },
        q.placed.len(),
        if q.placed.len() > 1 { "s" } else { "" },
        if q.placed.len() > 1 { "s" } else { "" },
    );
    Shown {
        number: q.view.number,
        kind_label: q.view.kind_label,
        mention: if q.written_with_ai { MARK } else { "" },
        rank_class: if q.rank.as_deref() == Some("A") { "a" } else { "b" },
        rank: q.rank,
        tags: tags::read(q.tags.iter().map(String::as_str)),
        case: q.case,
        part_html: q.part_html,
        stem_html: q.view.stem_html,
        is_zones: is_zones && q.view.image.is_some(),
        image: q.view.image,
        video: q.view.video,
        points_drawn: drawing::points(&q.placed, width),
        zones: drawing::zones(q.zones),
        zones_label,
        text_size: format!("{}", width / 28),
        verdicts: q.propositions.into_iter().map(verdict).collect(),
        hypothesis_html: q.view.hypothesis_html,
        finding_html: q.view.finding_html,
        key_text: q.key_text.filter(|_| panel.is_empty()).map(|k| typeset(&k)),
        panel,
        own_text: q.own_text,
        own_class: match (q.answered, q.share) {
            (false, _) => "",
            (true, share) if share >= 1.0 => "answer__right",
            (true, share) if share <= 0.0 => "answer__wrong",
            _ => "",
        },
        counts: q.out_of != "0",
        unit: if q.out_of == "0" || q.out_of == "1" || q.out_of.starts_with("0,") || q.out_of.starts_with("1,") {
            "point"
        } else {
            "points"
        },
        points: q.points,
        out_of: q.out_of,
        answered: q.answered,
        reason: typeset(&q.reason),
        scheme: typeset(&q.scheme),
        neutralised: q.neutralised.map(typeset),
        own_comment: q.own_comment,
        comment_html: q.comment_html,
        source: q.source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exam::room::TCS_SCALE;

    #[test]
    fn the_panel_of_a_tcs_reads_as_a_table() {
        let scale: Vec<ScaleView> = TCS_SCALE.iter().map(|(value, label)| ScaleView { value: *value, label }).collect();
        let line = "−2 : 0 expert, 0 point ; −1 : 1 expert, 0,1 point ; 0 : 2 experts, 0,2 point ; +1 : 10 experts, 1 point ; +2 : 2 experts, 0,2 point";
        let rows = panel(line, &scale, Some("+1"));
        assert_eq!(rows.len(), 5);
        assert_eq!((rows[1].votes.as_str(), rows[1].credit.as_str()), ("1 expert", "0,1 point"));
        assert!(rows[3].own && !rows[4].own);
    }
}
