//! Help in the application, the accessibility statement, and the design system shown.

use super::layout::Layout;
use crate::error::ApiResult;
use crate::web::{self, filters};
use askama::Template;
use axum::response::Response;
use docimo_engine::Exact;
use docimo_engine::mark::{Key, score_ticks};
use docimo_engine::scheme::{MarkingScheme, TcsRule};

/// The worked example: five propositions, three true (A, C, E).
const EXAMPLE: Key = Key {
    count: 5,
    right: 0b10101,
    indispensable: 0,
    inacceptable: 0,
    expected: None,
    single: false,
    three_states: false,
};
/// Responses to it: what is ticked, in words and as a code.
const RESPONSES: [(&str, u32); 6] =
    [("A, C, E", 0b10101), ("A, C", 0b00101), ("A, B, C", 0b00111), ("A, B", 0b00011), ("rien", 0), ("tout", 0b11111)];

struct SchemeRow {
    name: String,
    title: String,
    source: String,
    scores: Vec<String>,
}

/// What each built-in scheme gives to each response, by the engine itself.
fn schemes() -> Vec<SchemeRow> {
    MarkingScheme::PRESETS
        .iter()
        .filter_map(|name| MarkingScheme::preset(name))
        .map(|scheme| SchemeRow {
            scores: RESPONSES
                .iter()
                .map(|(_, code)| score_ticks(&EXAMPLE, &scheme.qrm, *code).score.french(3))
                .collect(),
            name: scheme.name,
            title: scheme.title,
            source: scheme.source,
        })
        .collect()
}

/// A panel for the worked example of a TCS.
const PANEL: [u32; 5] = [0, 1, 3, 9, 2];

#[derive(Template)]
#[template(path = "help/help.html")]
struct HelpPage {
    page: Layout,
    responses: Vec<&'static str>,
    schemes: Vec<SchemeRow>,
    panel: Vec<(&'static str, u32, String)>,
    min_chars: usize,
    max_file: usize,
    grammar: &'static str,
}

/// Help for everyone.
pub async fn help(page: Layout) -> ApiResult<Response> {
    let labels = ["−2", "−1", "0", "+1", "+2"];
    let credits = TcsRule::default().credits(&PANEL);
    let view = HelpPage {
        page: page.titled("Aide"),
        responses: RESPONSES.iter().map(|(words, _)| *words).collect(),
        schemes: schemes(),
        panel: labels.into_iter().zip(PANEL).zip(credits).map(|((l, votes), c)| (l, votes, c.french(3))).collect(),
        min_chars: crate::auth::password::MIN_PASSWORD_CHARS,
        max_file: crate::auth::guard::MAX_BODY / 1024 / 1024,
        grammar: docimo_search::query::GRAMMAR_FR,
    };
    web::page(&view)
}

#[derive(Template)]
#[template(path = "help/accessibility.html")]
struct AccessibilityPage {
    page: Layout,
}

/// The accessibility statement.
pub async fn accessibility(page: Layout) -> ApiResult<Response> {
    web::page(&AccessibilityPage { page: page.titled("Accessibilité") })
}

struct Bar {
    x: usize,
    y: usize,
    height: usize,
    class: &'static str,
}

#[derive(Template)]
#[template(path = "help/components.html")]
struct ComponentsPage {
    page: Layout,
    colours: Vec<(&'static str, &'static str)>,
    steps: Vec<(&'static str, &'static str, u32)>,
    sizes: Vec<(&'static str, &'static str, &'static str)>,
    bars: Vec<Bar>,
    mark: String,
}

/// The design system: tokens and every component, in real markup.
pub async fn components(page: Layout) -> ApiResult<Response> {
    let heights = [2, 5, 9, 16, 28, 44, 62, 88, 110, 128, 118, 92, 70, 41, 20, 8];
    let bars = heights
        .iter()
        .enumerate()
        .map(|(i, height)| Bar {
            x: 4 + i * 37,
            y: 160 - height,
            height: *height,
            class: if i == 9 { "bar bar--mark" } else { "bar" },
        })
        .collect();
    let view = ComponentsPage {
        page: page.titled("Composants"),
        colours: COLOURS.to_vec(),
        steps: STEPS.to_vec(),
        sizes: SIZES.to_vec(),
        bars,
        mark: filters::mark(Exact::new(57, 4)),
    };
    web::page(&view)
}

/// Colours, by what they are for. Their values are in base.css, light and dark.
const COLOURS: [(&str, &str); 12] = [
    ("paper", "fond de page"),
    ("sheet", "feuille\u{a0}: champs, encarts"),
    ("well", "creux"),
    ("ink", "texte"),
    ("ink-2", "texte second"),
    ("rule", "filet"),
    ("accent", "accent\u{a0}: liens, action principale"),
    ("wash", "fond d’accent"),
    ("band", "bandeau"),
    ("ok", "juste, fait"),
    ("warn", "à regarder"),
    ("bad", "faux, danger"),
];

/// Spacing: token, size, pixels.
const STEPS: [(&str, &str, u32); 8] = [
    ("s1", "0,25 rem", 4),
    ("s2", "0,5 rem", 8),
    ("s3", "0,75 rem", 12),
    ("s4", "1 rem", 16),
    ("s5", "1,5 rem", 24),
    ("s6", "2 rem", 32),
    ("s7", "3 rem", 48),
    ("s8", "4,5 rem", 72),
];

/// Type: token, size, use.
const SIZES: [(&str, &str, &str); 8] = [
    ("t-xs", "0,75 rem", "étiquettes, légendes de figures"),
    ("t-s", "0,8125 rem", "tableaux denses, indications"),
    ("t-m", "0,9375 rem", "texte courant de l’interface"),
    ("t-l", "1,0625 rem", "titres de tableaux, propositions"),
    ("t-read", "1,125 rem", "lecture\u{a0}: énoncés, corrections"),
    ("t-h3", "1,1875 rem", "titre 3"),
    ("t-h2", "de 1,3125 à 1,5 rem", "titre 2"),
    ("t-h1", "de 1,75 à 2,5 rem", "titre de page"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_examples_are_those_of_the_official_scale() {
        let rows = schemes();
        assert_eq!(rows.len(), MarkingScheme::PRESETS.len());
        // EDN: no discordance 1, one 0,5, two 0,2, three and more 0; nothing ticked has three.
        assert_eq!(rows[0].scores, ["1", "0,5", "0,2", "0", "0", "0,2"]);
    }
}
