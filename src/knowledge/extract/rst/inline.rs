//! The marks inside lines of reStructuredText.

/// The text without its marks.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '`' => quoted(rest, &mut out),
            '*' => starred(rest, &mut out),
            ':' => role(rest),
            '\\' => escaped(rest, &mut out),
            _ => None,
        };
        let length = length.unwrap_or_else(|| {
            out.push(c);
            c.len_utf8()
        });
        rest = &rest[length..];
        // the underscore of a reference
        if out.ends_with(']') && rest.starts_with('_') {
            rest = &rest[1..];
        }
    }
    out
}

/// Text between backquotes: code, or a link with its address.
fn quoted(text: &str, out: &mut String) -> Option<usize> {
    if let Some(inside) = text.strip_prefix("``") {
        let end = inside.find("``")?;
        out.push_str(&inside[..end]);
        return Some(end + 4);
    }
    let inside = &text[1..];
    let end = inside.find('`')?;
    let said = &inside[..end];
    let marks = inside[end + 1..]
        .bytes()
        .take_while(|byte| *byte == b'_')
        .count()
        .min(2);
    match said.rsplit_once(" <") {
        Some((name, target)) => {
            out.push_str(name);
            let address = target.trim_end_matches('>');
            if marks > 0 && address.contains("://") {
                out.push_str(&format!(" ({address})"));
            }
        }
        None => out.push_str(said),
    }
    Some(end + 2 + marks)
}

fn starred(text: &str, out: &mut String) -> Option<usize> {
    let mark = if text.starts_with("**") { "**" } else { "*" };
    let inside = &text[mark.len()..];
    let end = inside.find(mark).filter(|end| *end > 0)?;
    let said = &inside[..end];
    if said.starts_with(' ') || said.ends_with(' ') {
        return None;
    }
    out.push_str(&plain_quotes(said));
    Some(end + 2 * mark.len())
}

fn plain_quotes(text: &str) -> String {
    text.replace("``", "")
}

/// The name of a role in front of backquotes.
fn role(text: &str) -> Option<usize> {
    let end = text[1..].find(':')?;
    let name = &text[1..=end];
    let is_name = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_+.".contains(c));
    (is_name && text[end + 2..].starts_with('`')).then_some(end + 2)
}

fn escaped(text: &str, out: &mut String) -> Option<usize> {
    let c = text.chars().nth(1)?;
    if !c.is_whitespace() {
        out.push(c);
    }
    Some(1 + c.len_utf8())
}
