//! The prompts that are shipped: files in `prompts/`, compiled in.

use std::sync::LazyLock;

use super::template::Variable;
use crate::models::Language;

/// The system prompt with passages.
pub const ANSWER: &str = "answer";
/// The system prompt without.
pub const FREE: &str = "free";
/// How a model is asked for a title.
pub const TITLE: &str = "title";
/// What is said when nothing was found.
pub const NO_ANSWER: &str = "no_answer";

const FILES: [&str; 4] = [
    include_str!("../../prompts/answer.md"),
    include_str!("../../prompts/free.md"),
    include_str!("../../prompts/title.md"),
    include_str!("../../prompts/no_answer.md"),
];

static SHIPPED: LazyLock<Vec<Shipped>> = LazyLock::new(|| {
    let read = |file: &&'static str| read(file).expect("the shipped prompts parse: a test says so");
    FILES.iter().map(read).collect()
});

/// A shipped prompt.
#[derive(Debug)]
pub struct Shipped {
    /// Its name.
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// What its texts may use.
    pub variables: Vec<Variable>,
    zh: &'static str,
    en: &'static str,
}

impl Shipped {
    /// Its text in a language.
    pub fn text(&self, language: Language) -> &'static str {
        match language {
            Language::Chinese => self.zh,
            Language::English => self.en,
        }
    }
}

/// All of them.
pub fn all() -> &'static [Shipped] {
    &SHIPPED
}

/// The one of this name.
pub fn find(name: &str) -> Option<&'static Shipped> {
    SHIPPED.iter().find(|shipped| shipped.name == name)
}

/// What is said, unless a client or a base says otherwise, when nothing was found.
pub fn nothing_found(language: Language) -> &'static str {
    find(NO_ANSWER).map_or("", |shipped| shipped.text(language))
}

/// What the texts of a prompt of this name may use. Those that clients name themselves stand in the
/// place of `answer`.
pub fn variables(name: &str) -> &'static [Variable] {
    let like = find(name).or_else(|| find(ANSWER));
    like.map_or(&[], |shipped| shipped.variables.as_slice())
}

/// Front matter between two lines `---`, then `# zh` and `# en`.
fn read(file: &'static str) -> Option<Shipped> {
    let (front, body) = file.strip_prefix("---\n")?.split_once("\n---\n")?;
    let field = |name: &str| {
        let mut fields = front.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let variable = |word: &str| {
        let bare = word.trim().trim_end_matches(" (required)");
        Variable {
            name: bare.to_owned(),
            required: bare != word.trim(),
        }
    };
    let (zh, en) = body.strip_prefix("# zh\n")?.split_once("\n# en\n")?;
    Some(Shipped {
        name: field("name")?,
        title: field("title")?,
        description: field("description")?,
        variables: field("variables")?.split(',').map(variable).collect(),
        zh: zh.trim(),
        en: en.trim(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompts::template::Template;

    #[test]
    fn what_is_shipped_holds_to_its_own_rules() {
        let names: Vec<&str> = all().iter().map(|shipped| shipped.name).collect();
        assert_eq!(names, [ANSWER, FREE, TITLE, NO_ANSWER]);
        for shipped in all() {
            for language in [Language::Chinese, Language::English] {
                let template = Template::read(shipped.text(language)).unwrap();
                template.check(&shipped.variables).unwrap();
            }
        }
        let required = variables(ANSWER)
            .iter()
            .filter(|variable| variable.required);
        assert_eq!(required.count(), 1);
        assert_eq!(variables("own"), variables(ANSWER));
    }
}
