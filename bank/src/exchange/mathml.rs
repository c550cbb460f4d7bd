//! MathML as a line of text: a fraction is `(a)/(b)`, an exponent `x^(2)`. A small reading for the
//! formulas of other programs, whose text would otherwise run together; it is told as stripped markup.

use super::text;

/// Deepest formula followed.
const MAX_DEPTH: usize = 24;

/// The text of what is inside `<math>`.
pub(super) fn line(inner: &str) -> String {
    let mut rest = inner;
    let parts = children(&mut rest, 0);
    // An annotation in TeX says it better.
    parts.concat().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The texts of the elements until the end tag of the one that holds them.
fn children(rest: &mut &str, depth: usize) -> Vec<String> {
    let mut parts = Vec::new();
    while let Some(at) = rest.find('<') {
        let text = text::unescape(rest[..at].trim());
        if !text.is_empty() {
            parts.push(text);
        }
        let after = &rest[at + 1..];
        let Some(end) = after.find('>') else {
            *rest = "";
            return parts;
        };
        let tag = &after[..end];
        *rest = &after[end + 1..];
        if tag.starts_with('/') {
            return parts;
        }
        if tag.starts_with(['!', '?']) {
            continue;
        }
        let empty = tag.ends_with('/');
        let name = tag.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
        let name = name.rsplit(':').next().unwrap_or(name).to_ascii_lowercase();
        let inner = if empty || depth >= MAX_DEPTH { Vec::new() } else { children(rest, depth + 1) };
        parts.push(compose(&name, inner));
    }
    let text = text::unescape(rest.trim());
    if !text.is_empty() {
        parts.push(text);
    }
    *rest = "";
    parts
}

fn compose(name: &str, parts: Vec<String>) -> String {
    let group = |text: &str| if text.chars().nth(1).is_some() { format!("({text})") } else { text.to_owned() };
    match (name, parts.as_slice()) {
        ("annotation" | "annotation-xml", _) => String::new(),
        ("mfrac", [a, b]) => format!("{}/{}", group(a), group(b)),
        ("msup", [a, b]) => format!("{}^{}", group(a), group(b)),
        ("msub", [a, b]) => format!("{a}_{}", group(b)),
        ("msubsup", [a, b, c]) => format!("{a}_{}^{}", group(b), group(c)),
        ("msqrt", parts) => format!("√({})", parts.concat()),
        ("mroot", [a, b]) => format!("{}^(1/{b})", group(a)),
        ("mtr", parts) => format!("{} ; ", parts.join(" ")),
        ("mspace", _) => " ".to_owned(),
        (_, parts) => parts.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_formulas() {
        for (mathml, wanted) in [
            ("<mfrac><mn>1</mn><mn>6</mn></mfrac>", "1/6"),
            ("<msup><mi>x</mi><mn>2</mn></msup><mo>+</mo><msqrt><mi>y</mi></msqrt>", "x^2+√(y)"),
            ("<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></mfrac>", "(a+b)/2"),
            ("<semantics><mi>x</mi><annotation>x</annotation></semantics>", "x"),
            ("<m:mi>&alpha;</m:mi>", "α"),
            ("<mi>x", "x"),
        ] {
            assert_eq!(line(mathml), wanted, "{mathml}");
        }
        let _ = line(&"<mrow>".repeat(100_000));
    }
}
