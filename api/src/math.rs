//! Formulas: LaTeX between dollars becomes MathML, which browsers draw and screen readers read.
//!
//! What the converter writes is not believed: it is read again, and only the elements and attributes of a list
//! come out. A formula that cannot be read is shown as it was typed.

use math_core::{LatexToMathML, MathCoreConfig, MathDisplay};
use quick_xml::events::{BytesStart, Event};
use std::sync::LazyLock;

/// Longest formula read, in bytes.
const LONGEST: usize = 2_000;
/// Most commands and groups.
const DEEPEST: usize = 120;
/// So few that no formula can exhaust the stack of the thread that asks.
const SHALLOW: usize = 20;
/// Stack for those that have more, in bytes.
const STACK: usize = 32 * 1024 * 1024;

static CONVERTER: LazyLock<Option<LatexToMathML>> =
    LazyLock::new(|| LatexToMathML::new(MathCoreConfig::default()).ok());

const ELEMENTS: [&str; 26] = [
    "math",
    "mrow",
    "mi",
    "mn",
    "mo",
    "ms",
    "mtext",
    "mspace",
    "mfrac",
    "msqrt",
    "mroot",
    "msub",
    "msup",
    "msubsup",
    "munder",
    "mover",
    "munderover",
    "mmultiscripts",
    "mprescripts",
    "mtable",
    "mtr",
    "mtd",
    "mpadded",
    "mphantom",
    "mstyle",
    "merror",
];

const ATTRIBUTES: [&str; 23] = [
    "display",
    "mathvariant",
    "stretchy",
    "fence",
    "separator",
    "form",
    "lspace",
    "rspace",
    "minsize",
    "maxsize",
    "largeop",
    "movablelimits",
    "symmetric",
    "linethickness",
    "accent",
    "accentunder",
    "displaystyle",
    "scriptlevel",
    "width",
    "height",
    "depth",
    "rowspan",
    "columnspan",
];

/// Safe MathML of a formula; `None` where it cannot be read.
pub fn mathml(latex: &str, display: bool) -> Option<String> {
    if latex.len() > LONGEST || depth(latex) > DEEPEST {
        return None;
    }
    if depth(latex) <= SHALLOW {
        return converted(latex, display);
    }
    // A deep one is read on a stack of its own.
    std::thread::scope(|scope| {
        let reading = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || converted(latex, display));
        reading.ok()?.join().ok()?
    })
}

fn converted(latex: &str, display: bool) -> Option<String> {
    let mode = if display { MathDisplay::Block } else { MathDisplay::Inline };
    let found = CONVERTER.as_ref()?.convert_with_local_state(latex, mode).ok()?;
    sanitised(&found.mathml)
}

/// How deep a formula can be nested, at most: each command, group, exponent or index may hold the next.
fn depth(latex: &str) -> usize {
    latex.chars().filter(|c| matches!(c, '\\' | '{' | '[' | '(' | '^' | '_' | '\'')).count()
}

/// The same, made of what is allowed only.
fn sanitised(mathml: &str) -> Option<String> {
    let mut reader = quick_xml::Reader::from_str(mathml);
    let mut out = String::with_capacity(mathml.len());
    loop {
        match reader.read_event().ok()? {
            Event::Start(e) => open(&e, &mut out, false)?,
            Event::Empty(e) => open(&e, &mut out, true)?,
            Event::End(e) => {
                let name = e.name();
                out.push_str("</");
                out.push_str(ELEMENTS.iter().find(|known| **known == name.as_ref())?);
                out.push('>');
            }
            // Already escaped by who wrote it; written again, it is so by us.
            Event::Text(text) => escape(&text, &mut out),
            Event::GeneralRef(name) => {
                out.push('&');
                out.extend(name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '#'));
                out.push(';');
            }
            Event::Eof => return Some(out),
            _ => return None,
        }
    }
}

fn open(e: &BytesStart<'_>, out: &mut String, empty: bool) -> Option<()> {
    let name = e.name();
    let name = ELEMENTS.iter().find(|known| **known == name.as_ref())?;
    out.push('<');
    out.push_str(name);
    for attribute in e.attributes() {
        let attribute = attribute.ok()?;
        let known = ATTRIBUTES.iter().find(|known| **known == attribute.key.as_ref());
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '%' | '-');
        if let Some(known) = known
            && attribute.value.len() <= 30
            && attribute.value.chars().all(plain)
        {
            out.push_str(&format!(" {known}=\"{}\"", attribute.value));
        }
    }
    out.push_str(if empty { "/>" } else { ">" });
    Some(())
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_formulas_become_mathml() {
        let html = mathml(r"\frac{a}{b}", false).unwrap();
        assert!(html.starts_with("<math>") && html.contains("<mfrac>") && html.ends_with("</math>"), "{html}");
        assert!(mathml(r"\int_0^1 x\,dx", true).unwrap().contains("display=\"block\""));
        for formula in [
            r"PaO_2 < 60",
            r"\text{DFG} = \frac{(140 - \text{âge}) \times \text{poids}}{\text{créatinine}}",
            r"10^{-3}\,\mathrm{mol\cdot L^{-1}}",
            r"\sqrt{x^2+y^2} \leq \alpha \to \infty",
            r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}",
            r"\mathrm{HCO_3^-} + \mathrm{H^+} \rightleftharpoons \mathrm{H_2CO_3}",
        ] {
            assert!(mathml(formula, false).is_some(), "{formula}");
        }
    }

    #[test]
    fn what_a_formula_hides_does_not_come_out() {
        for attack in [
            r"\text{<script>alert(1)</script>}",
            r"\href{javascript:alert(1)}{x}",
            r"\text{<img src=x onerror=alert(1)>}",
            r#"\class{x" onclick="alert(1)}{y}"#,
            r"\color{red;background:url(//x)}{y}",
            r"\text{</mtext></math><script>1</script>}",
            r"<b onclick=x>",
            r"\text{&lt;script&gt;}",
            r"\style{position:fixed}{x}",
            r"\unicode{x3C}script",
        ] {
            let html = mathml(attack, true).unwrap_or_default();
            for bad in ["<script", "<img", "<a", "<b", "onclick=\"", "href", "style", "url("] {
                assert!(!html.contains(bad), "{attack} → {html}");
            }
        }
    }

    #[test]
    fn what_cannot_be_read_is_said_by_its_absence() {
        assert_eq!(mathml(r"\frac{a}", false), None);
        assert_eq!(mathml(r"\inconnue", false), None);
        // Half of the stack that a thread of the server has.
        let deep = || {
            for deep in
                ["{", "\\sqrt ", "x^", "\\left(", "\\begin{matrix}", "\\frac1", "\\hat ", "\\mathrm ", "^{", "\\text{"]
            {
                let _ = mathml(&deep.repeat(1_990 / deep.len()), false);
                let signs = depth(deep).max(1);
                for most in [SHALLOW, DEEPEST] {
                    let _ = mathml(&deep.repeat(most / signs), false);
                    let _ = mathml(&format!("{}x{}", deep.repeat(most / signs), "}".repeat(most)), false);
                }
            }
        };
        std::thread::Builder::new().stack_size(1 << 20).spawn(deep).unwrap().join().unwrap();
        assert_eq!(mathml(&"x".repeat(3_000), false), None);
    }

    #[test]
    fn only_the_list_goes_through() {
        assert_eq!(sanitised("<math><script/></math>"), None);
        assert_eq!(
            sanitised(r#"<math display="block" onclick="x" style="y"><mi href="z">a &lt; b</mi></math>"#).unwrap(),
            r#"<math display="block"><mi>a &lt; b</mi></math>"#
        );
        assert_eq!(sanitised("<math><!--x--></math>"), None);
    }
}
