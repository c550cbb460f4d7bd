//! What a GIFT file says, as Moodle and the grammar of gift-pegjs understand it. Nothing here knows what
//! it becomes.
//!
//! Questions are parted by blank lines. `\` escapes `~ = # { } : \` and `\n` is a line feed; a line that
//! starts with `//` is a comment, where `[id:…]` and `[tag:…]` are read.

/// A piece of a file.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::exchange) enum Item {
    /// `$CATEGORY: path`.
    Category(String),
    Question(Parsed),
}

/// A question as it is written.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::exchange) struct Parsed {
    /// From 1.
    pub line: usize,
    pub id: Option<String>,
    pub tags: Vec<String>,
    pub title: Option<String>,
    pub stem: Text,
    /// The answers stood inside the stem.
    pub embedded: bool,
    pub kind: Kind,
    pub global_feedback: Option<Text>,
}

/// A text and how it is written.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::exchange) struct Text {
    pub format: Format,
    pub text: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::exchange) enum Format {
    Moodle,
    Html,
    Plain,
    Markdown,
}

#[derive(Clone, PartialEq, Debug)]
pub(in crate::exchange) enum Kind {
    Description,
    Essay,
    /// The first comment is for who answered wrongly, the second for who answered rightly.
    TrueFalse {
        right: bool,
        wrong_feedback: Option<Text>,
        right_feedback: Option<Text>,
    },
    Choices {
        choices: Vec<Choice>,
        single: bool,
    },
    Short(Vec<Choice>),
    /// Value, worth in percent, comment; no value is any other answer.
    Numerical(Vec<(Option<Number>, f64, Option<Text>)>),
    Matching(Vec<(Text, String)>),
}

#[derive(Clone, PartialEq, Debug)]
pub(in crate::exchange) struct Choice {
    /// `=` rather than `~`.
    pub right: bool,
    /// In percent.
    pub weight: Option<f64>,
    pub text: Text,
    pub feedback: Option<Text>,
}

#[derive(Clone, PartialEq, Debug)]
pub(in crate::exchange) enum Number {
    /// Value and tolerance.
    Around(String, String),
    /// Lowest and highest.
    Between(String, String),
}

type Fault = (usize, String);

/// The pieces of a file, in order; a fault has its line.
pub(in crate::exchange) fn items(text: &str) -> impl Iterator<Item = Result<Item, Fault>> {
    blocks(text).into_iter().flat_map(block)
}

/// Lines that go together, with the number of the first.
struct Block<'a> {
    line: usize,
    lines: Vec<&'a str>,
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut open = false;
    for (i, line) in text.lines().enumerate() {
        let line = line.strip_prefix('\u{feff}').unwrap_or(line);
        if line.trim().is_empty() {
            open = false;
            continue;
        }
        match blocks.last_mut() {
            Some(block) if open => block.lines.push(line),
            _ => blocks.push(Block { line: i + 1, lines: vec![line] }),
        }
        open = true;
    }
    // A blank line among the answers: the brace that closes them says so.
    let mut joined: Vec<Block<'_>> = Vec::with_capacity(blocks.len());
    let mut unclosed = false;
    for block in blocks {
        let (closes_first, balance) = braces(&block.lines);
        match joined.last_mut() {
            Some(last) if unclosed && closes_first => {
                last.lines.extend(block.lines);
                unclosed = balance >= 0;
            }
            _ => {
                joined.push(block);
                unclosed = balance > 0;
            }
        }
    }
    joined
}

/// Whether a brace is closed before any is opened, and opened less closed.
fn braces(lines: &[&str]) -> (bool, i32) {
    let (mut first, mut balance) = (None, 0);
    for line in lines.iter().filter(|l| !l.trim_start().starts_with("//")) {
        let mut escaped = false;
        for c in line.chars() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '{' | '}' => {
                    first = first.or(Some(c));
                    balance += if c == '{' { 1 } else { -1 };
                }
                _ => {}
            }
        }
    }
    (first == Some('}'), balance)
}

fn block(block: Block<'_>) -> Vec<Result<Item, Fault>> {
    let mut items = Vec::new();
    let (mut id, mut tags) = (None, Vec::new());
    let mut text = String::new();
    let mut line = block.line;
    for (i, raw) in block.lines.iter().enumerate() {
        let trimmed = raw.trim();
        if let Some(comment) = trimmed.strip_prefix("//") {
            marks(comment, &mut id, &mut tags);
        } else if let Some(path) = trimmed.strip_prefix("$CATEGORY:") {
            items.push(Ok(Item::Category(unescape(path.trim()))));
        } else {
            if text.is_empty() {
                line = block.line + i;
            } else {
                text.push('\n');
            }
            text.push_str(raw.trim_end_matches('\r'));
        }
    }
    if !text.trim().is_empty() {
        items.push(question(&text, line, id, tags).map(Item::Question).map_err(|reason| (line, reason)));
    }
    items
}

/// `[id:393]` and `[tag:fred]` in a comment.
fn marks(comment: &str, id: &mut Option<String>, tags: &mut Vec<String>) {
    let mut rest = comment;
    while let Some(at) = rest.find('[') {
        rest = &rest[at + 1..];
        let mut escaped = false;
        let end = rest.char_indices().find(|(_, c)| {
            let found = *c == ']' && !escaped;
            escaped = *c == '\\' && !escaped;
            found
        });
        let Some((end, _)) = end else { return };
        let inner = rest[..end].replace("\\]", "]");
        if let Some(value) = inner.strip_prefix("id:") {
            *id = Some(value.trim().to_owned()).filter(|v| !v.is_empty());
        } else if let Some(value) = inner.strip_prefix("tag:") {
            let value = value.trim().to_owned();
            if !value.is_empty() && !tags.contains(&value) {
                tags.push(value);
            }
        }
        rest = &rest[end..];
    }
}

fn question(raw: &str, line: usize, id: Option<String>, tags: Vec<String>) -> Result<Parsed, String> {
    let mut rest = raw.trim();
    let mut title = None;
    if let Some(inner) = rest.strip_prefix("::") {
        let end = find(inner, |text| text.starts_with("::")).ok_or("le titre ouvert par « :: » n’est pas fermé")?;
        title = Some(flat(&inner[..end]));
        rest = inner[end + 2..].trim_start();
    }
    let open = find(rest, |text| text.starts_with('{'));
    let (before, answers, after) = match open {
        None => (rest, None, ""),
        Some(open) => {
            let inner = &rest[open + 1..];
            let close = find(inner, |text| text.starts_with('}')).ok_or("l’accolade « { » n’est pas fermée")?;
            (&rest[..open], Some(&inner[..close]), &inner[close + 1..])
        }
    };
    if find(after, |text| text.starts_with('{')).is_some() {
        return Err(
            "deux groupes de réponses « { } » dans une question : mettez une ligne vide entre les questions".into()
        );
    }
    let (format, before) = format(before, Format::Moodle);
    // What some editors leave after the last question.
    let after = after.trim().trim_start_matches("\";").trim();
    let embedded = !after.is_empty();
    let mut stem = tidy(before, format);
    if embedded {
        stem = format!("{stem} _____ {}", tidy(after, format)).trim_start().to_owned();
    }
    let mut global_feedback = None;
    let kind = match answers {
        None => Kind::Description,
        Some(answers) => {
            let (answers, general) = match find(answers, |text| text.starts_with("####")) {
                Some(at) => (&answers[..at], Some(&answers[at + 4..])),
                None => (answers, None),
            };
            global_feedback = general.and_then(|text| feedback(text, format));
            kind(answers.trim(), format)?
        }
    };
    Ok(Parsed { line, id, tags, title, stem: Text { format, text: stem }, embedded, kind, global_feedback })
}

fn kind(answers: &str, format: Format) -> Result<Kind, String> {
    if answers.is_empty() {
        return Ok(Kind::Essay);
    }
    if let Some(numbers) = answers.strip_prefix('#') {
        return numerical(numbers.trim(), format);
    }
    let (word, rest) = answers.split_at(find(answers, |text| text.starts_with('#')).unwrap_or(answers.len()));
    let truth = match word.trim().to_ascii_uppercase().as_str() {
        "T" | "TRUE" => Some(true),
        "F" | "FALSE" => Some(false),
        _ => None,
    };
    if let Some(right) = truth {
        let mut comments = split(rest, |text| text.starts_with('#')).into_iter().skip(1);
        let wrong_feedback = comments.next().and_then(|text| feedback(text, format));
        let right_feedback = comments.next().and_then(|text| feedback(text, format));
        return Ok(Kind::TrueFalse { right, wrong_feedback, right_feedback });
    }
    let parts = split(answers, |text| text.starts_with(['=', '~']));
    if parts.first().is_some_and(|first| !first.trim().is_empty()) {
        return Err("les réponses doivent commencer par « = » (juste) ou « ~ » (fausse)".into());
    }
    let mut starts = signs(answers);
    let choices: Vec<Choice> = parts
        .into_iter()
        .skip(1)
        .map(|part| choice(starts.next() == Some('='), part, format))
        .collect::<Result<_, _>>()?;
    let right = choices.iter().filter(|c| c.right).count();
    if right == choices.len() {
        let pairs: Option<Vec<(Text, String)>> = choices
            .iter()
            .map(|c| {
                let (sub, answer) = c.text.text.split_once("->")?;
                let text = Text { format: c.text.format, text: sub.trim().to_owned() };
                Some((text, answer.trim().to_owned()))
            })
            .collect();
        return Ok(match pairs {
            Some(pairs) => Kind::Matching(pairs),
            None => Kind::Short(choices),
        });
    }
    Ok(Kind::Choices { single: right > 0, choices })
}

/// The signs that start answers, in order.
fn signs(text: &str) -> impl Iterator<Item = char> {
    let mut escaped = false;
    text.chars().filter(move |c| {
        let found = !escaped && matches!(c, '=' | '~');
        escaped = *c == '\\' && !escaped;
        found
    })
}

fn choice(right: bool, part: &str, format_of_stem: Format) -> Result<Choice, String> {
    let (weight, part) = weight(part.trim())?;
    let (text, comment) = match find(part, |text| text.starts_with('#')) {
        Some(at) => (&part[..at], Some(&part[at + 1..])),
        None => (part, None),
    };
    let (format, text) = format(text, format_of_stem);
    let text = Text { format, text: tidy(text, format) };
    Ok(Choice { right, weight, text, feedback: comment.and_then(|text| feedback(text, format_of_stem)) })
}

/// `%50%`.
fn weight(part: &str) -> Result<(Option<f64>, &str), String> {
    let Some((percent, rest)) = part.strip_prefix('%').and_then(|inner| inner.split_once('%')) else {
        return Ok((None, part));
    };
    match percent.trim().replace(',', ".").parse::<f64>() {
        Ok(weight) if weight.is_finite() => Ok((Some(weight), rest.trim_start())),
        _ => Err(format!("poids « %{percent}% » illisible")),
    }
}

fn numerical(text: &str, format: Format) -> Result<Kind, String> {
    if !text.starts_with(['=', '~']) {
        // Only one, perhaps with a comment, perhaps followed by what other answers are told.
        let own = find(text, |t| t.starts_with(['=', '~'])).unwrap_or(text.len());
        let mut list = vec![one_number(&text[..own], 100.0, format)?];
        if own < text.len() {
            list.extend(numbers(&text[own..], format)?);
        }
        return Ok(Kind::Numerical(list));
    }
    numbers(text, format).map(Kind::Numerical)
}

type Valued = (Option<Number>, f64, Option<Text>);

fn numbers(text: &str, format: Format) -> Result<Vec<Valued>, String> {
    let mut starts = signs(text);
    split(text, |t| t.starts_with(['=', '~']))
        .into_iter()
        .skip(1)
        .map(|part| {
            let full = if starts.next() == Some('=') { 100.0 } else { 0.0 };
            let (weight, part) = weight(part.trim())?;
            one_number(part, weight.unwrap_or(full), format)
        })
        .collect()
}

fn one_number(part: &str, fraction: f64, format: Format) -> Result<Valued, String> {
    let (number, comment) = match find(part, |text| text.starts_with('#')) {
        Some(at) => (&part[..at], Some(&part[at + 1..])),
        None => (part, None),
    };
    let number = number.trim();
    let comment = comment.and_then(|text| feedback(text, format));
    let is_number = |text: &str| text.trim().replace(',', ".").parse::<f64>().is_ok_and(f64::is_finite);
    let own = |text: &str| text.trim().to_owned();
    let parsed = if number.is_empty() || number == "*" {
        None
    } else if let Some((low, high)) = number.split_once("..") {
        Some(Number::Between(own(low), own(high))).filter(|_| is_number(low) && is_number(high))
    } else {
        let (value, tolerance) = number.split_once(':').unwrap_or((number, "0"));
        let tolerance = if tolerance.trim().is_empty() { "0" } else { tolerance };
        Some(Number::Around(own(value), own(tolerance))).filter(|_| is_number(value) && is_number(tolerance))
    };
    match parsed {
        None if !number.is_empty() && number != "*" => Err(format!("« {number} » n’est pas un nombre")),
        parsed => Ok((parsed, fraction, comment)),
    }
}

fn feedback(text: &str, format_of_stem: Format) -> Option<Text> {
    let (format, text) = format(text.trim(), format_of_stem);
    let text = tidy(text, format);
    (!text.is_empty()).then_some(Text { format, text })
}

/// `[html]` at the start of a text.
fn format(text: &str, inherited: Format) -> (Format, &str) {
    let text = text.trim_start();
    for (mark, format) in [
        ("[html]", Format::Html),
        ("[moodle]", Format::Moodle),
        ("[plain]", Format::Plain),
        ("[markdown]", Format::Markdown),
    ] {
        if let Some(rest) = text.strip_prefix(mark) {
            return (format, rest);
        }
    }
    (inherited, text)
}

/// Unescaped; in Moodle's own format a line feed of the file is a space.
fn tidy(text: &str, format: Format) -> String {
    let text = text.trim();
    match format {
        Format::Moodle => flat(text),
        Format::Html | Format::Plain | Format::Markdown => unescape(text).trim().to_owned(),
    }
}

fn flat(text: &str) -> String {
    unescape(&text.split('\n').map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>().join(" ")).trim().to_owned()
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some('n')) => {
                chars.next();
                out.push('\n');
            }
            ('\\', Some(&escaped @ ('~' | '=' | '#' | '{' | '}' | ':' | '\\'))) => {
                chars.next();
                out.push(escaped);
            }
            _ => out.push(c),
        }
    }
    out
}

/// The first place, not escaped, where `found` is true of the rest.
fn find(text: &str, found: impl Fn(&str) -> bool) -> Option<usize> {
    let mut escaped = false;
    for (i, c) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if found(&text[i..]) {
            return Some(i);
        }
    }
    None
}

/// Parts between one-byte signs that are not escaped; the first is before any sign.
fn split(text: &str, sign: impl Fn(&str) -> bool) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = find(rest, &sign) {
        parts.push(&rest[..at]);
        rest = &rest[at + 1..];
    }
    parts.push(rest);
    parts
}
