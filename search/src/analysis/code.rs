//! Codes that are never cut.

/// Bytes of the code that begins the text, if one does and ends there.
pub(super) fn length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let found = objective(bytes).or_else(|| tag(bytes)).or_else(|| cim10(bytes))?;
    let rest = &text[found..];
    let ends = !rest.chars().next().is_some_and(|c| c.is_alphanumeric() || matches!(c, '^' | '~'));
    ends.then_some(found)
}

/// The category of a CIM-10 code with a decimal: `i21` of `i21.0`.
pub(super) fn category(code: &str) -> Option<&str> {
    code.split_once('.').map(|(category, _)| category)
}

fn starts(bytes: &[u8], prefix: &[u8]) -> bool {
    bytes.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

fn digits(bytes: &[u8], from: usize) -> usize {
    bytes.get(from..).map_or(0, |rest| rest.iter().take_while(|b| b.is_ascii_digit()).count())
}

/// `OIC-031-11-B`.
fn objective(bytes: &[u8]) -> Option<usize> {
    let shape = starts(bytes, b"OIC-") && digits(bytes, 4) == 3 && bytes.get(7) == Some(&b'-');
    let shape = shape && digits(bytes, 8) == 2 && bytes.get(10) == Some(&b'-');
    (shape && bytes.get(11).is_some_and(u8::is_ascii_alphabetic)).then_some(12)
}

/// `R2C:339`, `R2C:SDD:27`.
fn tag(bytes: &[u8]) -> Option<usize> {
    let prefix = if starts(bytes, b"R2C:SDD:") {
        8
    } else if starts(bytes, b"R2C:") {
        4
    } else {
        return None;
    };
    let count = digits(bytes, prefix);
    (1..=3).contains(&count).then_some(prefix + count)
}

/// `I21.0`: a capital, two digits, a point, one or two digits. Without a decimal it is a word with digits like another.
fn cim10(bytes: &[u8]) -> Option<usize> {
    let shape = bytes.first().is_some_and(u8::is_ascii_uppercase) && digits(bytes, 1) == 2;
    let decimals = digits(bytes, 4);
    (shape && bytes.get(3) == Some(&b'.') && (1..=2).contains(&decimals)).then_some(4 + decimals)
}
