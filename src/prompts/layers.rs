//! Which text counts: the base's, else the client's, else the one that is shipped.

use serde::Deserialize;

use super::{shipped, template::Template};
use crate::models::Language;

/// The text of a prompt in one layer.
#[derive(Clone, Debug, Deserialize)]
pub struct Layer {
    /// The prompt.
    pub name: String,
    /// Whether it is a base's, not the client's.
    pub of_base: bool,
    /// In Chinese; none when the layer below counts.
    pub zh: Option<String>,
    /// In English.
    pub en: Option<String>,
}

impl Layer {
    /// Its text in a language.
    pub fn text(&self, language: Language) -> Option<&str> {
        match language {
            Language::Chinese => self.zh.as_deref(),
            Language::English => self.en.as_deref(),
        }
    }
}

/// The layers of some prompts above the shipped ones.
#[derive(Clone, Debug, Default)]
pub struct Layers(pub Vec<Layer>);

impl Layers {
    /// Whether anybody has a text for it.
    pub fn has(&self, name: &str) -> bool {
        self.texts(name, Language::English).next().is_some()
    }

    /// The text that counts: in the language, if any layer has one in it.
    pub fn text(&self, name: &str, language: Language) -> Option<&str> {
        self.texts(name, language).next()
    }

    /// The same with its values. A text that was kept by other rules than today's is passed over.
    pub fn render(
        &self,
        name: &str,
        language: Language,
        values: &[(&str, &str)],
    ) -> Option<String> {
        self.texts(name, language)
            .find_map(|text| Template::read(text).ok())
            .map(|template| template.render(values))
    }

    /// All texts, the one that counts most first.
    fn texts<'a>(&'a self, name: &str, language: Language) -> impl Iterator<Item = &'a str> {
        let other = match language {
            Language::Chinese => Language::English,
            Language::English => Language::Chinese,
        };
        let mut texts = Vec::new();
        for language in [language, other] {
            for of_base in [true, false] {
                let layer = self.0.iter();
                let mut layer =
                    layer.filter(|layer| layer.name == name && layer.of_base == of_base);
                texts.extend(layer.find_map(|layer| layer.text(language)));
            }
            texts.extend(shipped::find(name).map(|shipped| shipped.text(language)));
        }
        texts.into_iter()
    }
}

/// The name of a language, in that language: the value of `{{language}}`.
pub fn language_name(language: Language) -> &'static str {
    match language {
        Language::Chinese => "中文",
        Language::English => "English",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(of_base: bool, zh: Option<&str>, en: Option<&str>) -> Layer {
        Layer {
            name: "free".into(),
            of_base,
            zh: zh.map(str::to_owned),
            en: en.map(str::to_owned),
        }
    }

    #[test]
    fn the_highest_text_in_the_language_counts() {
        let shipped = shipped::find("free").unwrap();
        let (zh, en) = (Language::Chinese, Language::English);
        let none = Layers::default();
        assert_eq!(none.text("free", zh), Some(shipped.text(zh)));
        assert_eq!(none.text("own", zh), None);
        assert!(none.has("free") && !none.has("own"));
        let layers = Layers(vec![
            layer(false, Some("客户"), Some("client")),
            layer(true, None, Some("base")),
        ]);
        assert_eq!(layers.text("free", en), Some("base"));
        assert_eq!(layers.text("free", zh), Some("客户"));
        let gone = Layers(vec![layer(false, None, None)]);
        assert_eq!(gone.text("free", en), Some(shipped.text(en)));
        let one = Layers(vec![Layer {
            name: "own".into(),
            ..layer(false, Some("只有中文"), None)
        }]);
        assert_eq!(one.text("own", en), Some("只有中文"));
        assert_eq!(one.render("own", en, &[]).as_deref(), Some("只有中文"));
    }

    #[test]
    fn a_text_that_is_no_template_is_passed_over() {
        let layers = Layers(vec![layer(true, None, Some("{{broken"))]);
        let text = layers.render("free", Language::English, &[]).unwrap();
        assert_eq!(text, shipped::find("free").unwrap().text(Language::English));
    }
}
