//! The report of a simulation: a page that stands alone, and the same in JSON.

use crate::measure::ActionSummary;
use crate::run::{Ladder, Rung};
use crate::{Outcome, SimulationError};
use askama::Template;

struct Line {
    action: &'static str,
    count: String,
    p50: String,
    p95: String,
    p99: String,
    max: String,
    failures: String,
}

struct RungView<'a> {
    rung: &'a Rung,
    lines: Vec<Line>,
    cpu: String,
    server: String,
    simulation: String,
    disk: String,
    saves: String,
    memory: String,
}

/// A row of the table of growth.
struct Growth {
    candidates: usize,
    saves: String,
    save_p50: String,
    save_p99: String,
    hour_p99: String,
    key_p99: String,
    server: String,
    memory: String,
    saturated: &'static str,
    lost: usize,
    failures: u64,
}

/// A curve of the drawing.
struct Curve {
    name: &'static str,
    class: &'static str,
    points: String,
    dots: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    ladder: &'a Ladder,
    clean: bool,
    rungs: Vec<RungView<'a>>,
    growth: Vec<Growth>,
    curves: Vec<Curve>,
    ticks_x: Vec<(String, String)>,
    ticks_y: Vec<(String, String)>,
    memory_gib: String,
    fsync: String,
}

/// Milliseconds, the French way.
fn ms(value: f64) -> String {
    match value {
        v if !v.is_finite() => "—".into(),
        v if v < 10.0 => format!("{v:.1} ms").replace('.', ","),
        v if v < 10_000.0 => format!("{v:.0} ms"),
        v => format!("{:.1} s", v / 1e3).replace('.', ","),
    }
}

fn comma(value: f64, decimals: usize) -> String {
    format!("{value:.decimals$}").replace('.', ",")
}

fn line(summary: &ActionSummary) -> Line {
    let failures: Vec<String> = summary.failures.iter().map(|(why, n)| format!("{n} × {why}")).collect();
    Line {
        action: summary.action.french(),
        count: summary.count.to_string(),
        p50: ms(summary.p50_ms),
        p95: ms(summary.p95_ms),
        p99: ms(summary.p99_ms),
        max: ms(summary.max_ms),
        failures: if failures.is_empty() { "—".into() } else { failures.join(", ") },
    }
}

use crate::measure::Action;

fn view(rung: &Rung) -> RungView<'_> {
    RungView {
        rung,
        lines: rung.actions.iter().map(line).collect(),
        cpu: format!("{} %", comma(rung.spent.cpu * 100.0, 0)),
        server: comma(rung.spent.server_cores, 2),
        simulation: comma(rung.spent.simulation_cores, 2),
        disk: format!("{} %", comma(rung.spent.disk * 100.0, 0)),
        saves: comma(rung.saves_per_s, 0),
        memory: memory(rung),
    }
}

fn memory(rung: &Rung) -> String {
    if rung.memory_mib.1 > 0.0 { format!("{} Kio", comma(rung.kib_per_candidate(), 1)) } else { "—".into() }
}

fn growth(rung: &Rung) -> Growth {
    let at = |action, of: fn(&ActionSummary) -> f64| rung.action(action).map_or_else(|| "—".into(), |a| ms(of(a)));
    Growth {
        candidates: rung.candidates,
        saves: comma(rung.saves_per_s, 0),
        save_p50: at(Action::Save, |a| a.p50_ms),
        save_p99: at(Action::Save, |a| a.p99_ms),
        hour_p99: at(Action::Hour, |a| a.p99_ms),
        key_p99: at(Action::Key, |a| a.p99_ms),
        server: comma(rung.spent.server_cores, 2),
        memory: memory(rung),
        saturated: rung.spent.saturated(),
        lost: rung.findings.faults + rung.findings.unacknowledged + rung.breaches,
        failures: rung.failures(),
    }
}

/// Width and height of the drawing without its margins, SVG units.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 260.0;
/// Decades of the vertical scale: from 1 ms to 100 s.
const DECADES: f64 = 5.0;

fn across(candidates: usize, most: usize) -> f64 {
    WIDTH * candidates as f64 / most.max(1) as f64
}

fn up(value_ms: f64) -> f64 {
    HEIGHT * (1.0 - (value_ms.max(1.0).log10() / DECADES).clamp(0.0, 1.0))
}

fn curve(ladder: &Ladder, name: &'static str, class: &'static str, of: impl Fn(&Rung) -> Option<f64>) -> Curve {
    let most = ladder.rungs.iter().map(|r| r.candidates).max().unwrap_or(1);
    let dots: Vec<(String, String)> = ladder
        .rungs
        .iter()
        .filter_map(|r| Some((format!("{:.1}", across(r.candidates, most)), format!("{:.1}", up(of(r)?)))))
        .collect();
    let points: Vec<String> = dots.iter().map(|(x, y)| format!("{x},{y}")).collect();
    Curve { name, class, points: points.join(" "), dots }
}

/// The page: nothing in it needs a network.
pub fn html(ladder: &Ladder) -> Outcome<String> {
    let most = ladder.rungs.iter().map(|r| r.candidates).max().unwrap_or(1);
    let p = |action: Action, of: fn(&ActionSummary) -> f64| move |r: &Rung| r.action(action).map(of);
    let page = Page {
        ladder,
        clean: ladder.is_clean(),
        rungs: ladder.rungs.iter().map(view).collect(),
        growth: ladder.rungs.iter().map(growth).collect(),
        curves: vec![
            curve(ladder, "enregistrement, médiane", "a", p(Action::Save, |a| a.p50_ms)),
            curve(ladder, "enregistrement, 99 %", "b", p(Action::Save, |a| a.p99_ms)),
            curve(ladder, "de l’ouverture au sujet lisible, 99 %", "c", p(Action::Hour, |a| a.p99_ms)),
        ],
        ticks_x: ladder
            .rungs
            .iter()
            .map(|r| (format!("{:.1}", across(r.candidates, most)), r.candidates.to_string()))
            .collect(),
        ticks_y: [(1.0, "1 ms"), (10.0, "10 ms"), (100.0, "100 ms"), (1e3, "1 s"), (1e4, "10 s"), (1e5, "100 s")]
            .map(|(v, label)| (format!("{:.1}", up(v)), label.to_owned()))
            .into(),
        memory_gib: comma(ladder.machine.memory_gib, 1),
        fsync: ladder.machine.fsync_ms.map_or_else(|| "non mesuré".into(), ms),
    };
    page.render().map_err(|e| SimulationError::Plan(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{Machine, Spent};
    use crate::measure::Measures;
    use crate::oracle::Findings;
    use crate::plan::Plan;
    use std::time::Duration;

    fn ladder() -> Ladder {
        let rung = |candidates: usize, faults: usize| {
            let measures = Measures::default();
            measures.took(Action::Save, Duration::from_millis(12));
            measures.took(Action::Hour, Duration::from_millis(300));
            measures.failed(Action::Save, "503 <overloaded>");
            Rung {
                candidates,
                actions: measures.summary(),
                spent: Spent { seconds: 10.0, cpu: 0.95, ..Spent::default() },
                saves_per_s: 42.0,
                memory_mib: (20.0, 30.0),
                findings: Findings {
                    candidates,
                    faults,
                    said: vec!["S-1 <perdu>".into(); faults],
                    ..Findings::default()
                },
                breaches: 0,
            }
        };
        Ladder {
            plan: Plan::default(),
            at: "2026-01-01T00:00:00+01:00".into(),
            version: "0",
            server: "SQLite".into(),
            machine: Machine::default(),
            rungs: vec![rung(500, 0), rung(2000, 1)],
        }
    }

    #[test]
    fn the_page_tells_what_was_measured_and_what_was_lost() {
        let ladder = ladder();
        let page = html(&ladder).unwrap_or_else(|e| panic!("{e}"));
        for text in
            ["12 ms", "503 &#60;overloaded&#62;", "S-1 &#60;perdu&#62;", "processeur", "2000", "Des réponses manquent"]
        {
            assert!(page.contains(text), "{text}\n{page}");
        }
        assert!(!page.contains("http"), "nothing is fetched");
        assert!(!ladder.is_clean());
        let json = serde_json::to_value(&ladder).unwrap_or_default();
        assert_eq!(json["rungs"][1]["findings"]["faults"], 1);
        assert_eq!(ladder.rungs[0].kib_per_candidate(), 20.48);
    }
}
