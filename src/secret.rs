//! A text that never shows itself: not in logs, not in errors, not in memory after its end.

use zeroize::Zeroizing;

/// A key, password or token. `Debug` prints a placeholder and there is no `Display`; the memory is
/// overwritten when the last copy is dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The text itself, for the one place that has to send it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `text` with every occurrence of the secret replaced, for words of strangers that may
    /// repeat what they were sent. Secrets shorter than 4 bytes are not looked for: replacing
    /// them would leave nothing readable, and would tell them.
    pub fn redact(&self, text: &str) -> String {
        if self.0.len() < REDACT_BYTES_MIN {
            return text.to_owned();
        }
        text.replace(self.0.as_str(), PLACEHOLDER)
    }
}

const REDACT_BYTES_MIN: usize = 4;
const PLACEHOLDER: &str = "[redacted]";

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(PLACEHOLDER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_prints_itself() {
        let secret = Secret::from("sk-proj-8f2a".to_owned());
        assert_eq!(
            format!("{secret:?} {:#?}", Some(&secret)),
            "[redacted] Some(\n    [redacted],\n)"
        );
        assert_eq!(secret.expose(), "sk-proj-8f2a");
    }

    #[test]
    fn it_is_cut_out_of_the_words_of_others() {
        let secret = Secret::from("sk-proj-8f2a".to_owned());
        assert_eq!(
            secret.redact("wrong key sk-proj-8f2a (sk-proj-8f2a)"),
            "wrong key [redacted] ([redacted])"
        );
        assert_eq!(Secret::from(String::new()).redact("as it was"), "as it was");
    }
}
