//! Templates without logic. Values are put in and never read again: what looks like a template in a
//! value stays text.
//!
//! `{{name}}` is a value; `{{#name}}…{{/name}}` is there when the value is not empty, and
//! `{{^name}}…{{/name}}` when it is.

use crate::error::{Error, Result};

/// Characters of a template at most.
pub const TEXT_CHARS_MAX: usize = 8_000;
/// Values that a template puts in at most: a large value is not to be multiplied without end.
const PLACES_MAX: usize = 20;

/// A variable that a prompt may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Whether a text that lacks it makes no sense.
    pub required: bool,
}

/// A template, read.
#[derive(Debug)]
pub struct Template<'t>(Vec<Part<'t>>);

#[derive(Debug)]
enum Part<'t> {
    Text(&'t str),
    Value(&'t str),
    /// Parts that are there when the value is empty, or is not.
    When {
        name: &'t str,
        empty: bool,
        parts: Vec<Part<'t>>,
    },
}

/// The inside of `{{…}}`.
enum Tag<'t> {
    Value(&'t str),
    Open { name: &'t str, empty: bool },
    Close(&'t str),
}

impl<'t> Template<'t> {
    /// Reads a template.
    ///
    /// # Errors
    /// `Invalid` with what is wrong, and where.
    pub fn read(text: &'t str) -> Result<Self> {
        let (mut outer, mut inner, mut open) = (Vec::new(), Vec::new(), None);
        let mut rest = text;
        while let Some(at) = rest.find("{{") {
            let parts = if open.is_some() {
                &mut inner
            } else {
                &mut outer
            };
            parts.push(Part::Text(&rest[..at]));
            let (tag, behind) = tag(&rest[at..])?;
            rest = behind;
            match (tag, open) {
                (Tag::Value(name), _) => parts.push(Part::Value(name)),
                (Tag::Open { name, empty }, None) => open = Some((name, empty)),
                (Tag::Open { name, .. }, Some((outer, _))) => {
                    return Err(Error::invalid(format!(
                        "{{{{#{name}}}}} stands within {{{{#{outer}}}}}: sections cannot be nested."
                    )));
                }
                (Tag::Close(name), Some((opened, empty))) if name == opened => {
                    let parts = std::mem::take(&mut inner);
                    outer.push(Part::When { name, empty, parts });
                    open = None;
                }
                (Tag::Close(name), _) => {
                    return Err(Error::invalid(format!(
                        "{{{{/{name}}}}} closes what was not opened."
                    )));
                }
            }
        }
        if let Some((name, _)) = open {
            return Err(Error::invalid(format!(
                "{{{{#{name}}}}} is not closed: write {{{{/{name}}}}}."
            )));
        }
        outer.push(Part::Text(rest));
        Ok(Self(outer))
    }

    /// Fails unless it uses these variables only, and all that are required.
    ///
    /// # Errors
    /// `Invalid`, naming the variable.
    pub fn check(&self, variables: &[Variable]) -> Result<()> {
        let mut used = Vec::new();
        names(&self.0, &mut used);
        let known = |name: &str| variables.iter().any(|known| known.name == name);
        if let Some((name, _)) = used.iter().find(|(name, _)| !known(name)) {
            let names: Vec<&str> = variables.iter().map(|known| known.name.as_str()).collect();
            return Err(Error::invalid(format!(
                "There is no variable {{{{{name}}}}} in this prompt; it has: {}.",
                names.join(", ")
            )));
        }
        let shown = |name: &str| used.iter().any(|(used, value)| *used == name && *value);
        let required = variables.iter().filter(|variable| variable.required);
        for variable in required {
            if !shown(&variable.name) {
                return Err(Error::invalid(format!(
                    "This prompt needs the variable {{{{{}}}}}.",
                    variable.name
                )));
            }
        }
        if used.len() > PLACES_MAX {
            return Err(Error::invalid(format!(
                "A prompt has at most {PLACES_MAX} places for variables."
            )));
        }
        Ok(())
    }

    /// The text with its values. A variable without a value is empty.
    pub fn render(&self, values: &[(&str, &str)]) -> String {
        let mut text = String::new();
        render(&self.0, values, &mut text);
        text.trim().to_owned()
    }
}

/// The tag that a text begins with, and what is behind it.
fn tag(text: &str) -> Result<(Tag<'_>, &str)> {
    let inside = text.strip_prefix("{{").unwrap_or(text);
    let near = || text.chars().take(20).collect::<String>();
    let Some((tag, behind)) = inside.split_once("}}") else {
        return Err(Error::invalid(format!(
            "{}… is not closed by }}}}.",
            near()
        )));
    };
    let (sign, name) = match tag.trim_start().split_at_checked(1) {
        Some((sign @ ("#" | "^" | "/"), name)) => (sign, name.trim()),
        _ => ("", tag.trim()),
    };
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || name.len() > 50 || !name.chars().all(fits) {
        return Err(Error::invalid(format!(
            "{}… names no variable: write {{{{name}}}}, in small letters.",
            near()
        )));
    }
    let tag = match sign {
        "#" => Tag::Open { name, empty: false },
        "^" => Tag::Open { name, empty: true },
        "/" => Tag::Close(name),
        _ => Tag::Value(name),
    };
    Ok((tag, behind))
}

/// The variables that are used, and whether as values.
fn names<'t>(parts: &[Part<'t>], into: &mut Vec<(&'t str, bool)>) {
    for part in parts {
        match part {
            Part::Text(_) => {}
            Part::Value(name) => into.push((name, true)),
            Part::When { name, parts, .. } => {
                into.push((name, false));
                names(parts, into);
            }
        }
    }
}

fn render(parts: &[Part<'_>], values: &[(&str, &str)], text: &mut String) {
    let value = |name: &str| {
        let found = values.iter().find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| value)
    };
    for part in parts {
        match part {
            Part::Text(part) => text.push_str(part),
            Part::Value(name) => text.push_str(value(name)),
            Part::When { name, empty, parts } => {
                if value(name).is_empty() == *empty {
                    render(parts, values, text);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(text: &str, values: &[(&str, &str)]) -> String {
        Template::read(text).unwrap().render(values)
    }

    #[test]
    fn values_are_put_in_and_never_read() {
        for (text, expected) in [
            ("a {{x}} b", "a {{y}} b"),
            ("{{ x }}{{y}}", "{{y}}{{#x}}"),
            ("{{#x}}there: {{x}}{{/x}}{{^x}}not{{/x}}", "there: {{y}}"),
            ("{{#none}}there{{/none}}{{^none}}not{{/none}}", "not"),
            ("{ {x} } }} {{x}}", "{ {x} } }} {{y}}"),
            ("电池{{x}}保修", "电池{{y}}保修"),
            ("", ""),
        ] {
            let values = [("x", "{{y}}"), ("y", "{{#x}}")];
            assert_eq!(render(text, &values), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_template_is_refused_with_the_reason() {
        for (text, says) in [
            ("a {{x", "not closed"),
            ("{{}}", "names no variable"),
            ("{{#}}", "names no variable"),
            ("{{> file}}", "names no variable"),
            ("{{{x}}}", "names no variable"),
            ("{{x.y}}", "names no variable"),
            ("{{X}}", "names no variable"),
            ("{{变量}}", "names no variable"),
            ("{{=<% %>=}}", "names no variable"),
            ("{{#x}}a", "{{#x}} is not closed"),
            ("a{{/x}}", "closes what was not opened"),
            ("{{#x}}{{/y}}", "closes what was not opened"),
            ("{{#x}}{{#y}}{{/y}}{{/x}}", "cannot be nested"),
        ] {
            let error = Template::read(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn variables_are_declared() {
        let declared = [
            Variable {
                name: "passages".into(),
                required: true,
            },
            Variable {
                name: "language".into(),
                required: false,
            },
        ];
        let check = |text: &str| Template::read(text).unwrap().check(&declared);
        assert!(check("{{passages}}").is_ok());
        assert!(check("{{#passages}}{{passages}} {{language}}{{/passages}}").is_ok());
        for (text, names) in [
            ("{{passages}}{{secret}}", "{{secret}}"),
            ("{{passages}}{{#secret}}{{/secret}}", "{{secret}}"),
            ("no passages", "{{passages}}"),
            ("{{#passages}}are there{{/passages}}", "{{passages}}"),
        ] {
            let error = check(text).unwrap_err().to_string();
            assert!(error.contains(names), "{text}: {error}");
        }
        assert!(check(&"{{passages}}".repeat(20)).is_ok());
        assert!(check(&"{{passages}}".repeat(21)).is_err());
    }

    mod properties {
        use proptest::prelude::*;

        use super::super::Template;

        proptest! {
            #[test]
            fn whatever_is_read_neither_panics_nor_loses_text(text in "[{}#^/a-c 电\\n]{0,40}") {
                if let Ok(template) = Template::read(&text) {
                    template.render(&[("a", "{{b}}"), ("b", "x")]);
                }
                let plain = text.replace('{', "");
                let template = Template::read(&plain).unwrap();
                prop_assert_eq!(template.render(&[]), plain.trim());
            }
        }
    }
}
