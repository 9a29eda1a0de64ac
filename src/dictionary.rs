//! The dictionary of Chinese words: one for the process, since it takes tens of megabytes.

use std::sync::OnceLock;

use jieba_rs::Jieba;

/// Loaded at the first Chinese text of the process, which takes a fraction of a second.
pub fn dictionary() -> &'static Jieba {
    static DICTIONARY: OnceLock<Jieba> = OnceLock::new();
    DICTIONARY.get_or_init(Jieba::new)
}
