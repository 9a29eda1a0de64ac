//! What is otherwise for one answer than for its conversation: settings, bases, what was said before.

use poem_openapi::{Object, types::Example};
use uuid::Uuid;

use super::{
    prompt::Earlier,
    settings::{Settings, SettingsChange},
    store::Speaker,
};
use crate::{
    db::ClientTx,
    error::Result,
    models::{Models, Role},
};

/// Entries of a history by its caller that are looked at, the last ones: more than fit into a prompt.
const HISTORY_ENTRIES_MAX: usize = 60;

/// What was said before, as the caller tells it.
#[derive(Object, Clone, Debug)]
#[oai(example, rename = "HistoryEntry")]
pub struct Said {
    /// Who said it.
    pub role: Speaker,
    /// What was said.
    pub content: String,
}

impl Example for Said {
    fn example() -> Self {
        Self {
            role: Speaker::User,
            content: "电池保修多久？".into(),
        }
    }
}

/// What is otherwise for one answer.
#[derive(Clone, Debug, Default)]
pub struct Otherwise {
    /// Settings.
    pub settings: Option<SettingsChange>,
    /// The bases that are asked, of those that the user may read; none when empty.
    pub bases: Option<Vec<Uuid>>,
    /// What was said before, the first first, in the place of what the conversation holds.
    pub history: Option<Vec<Said>>,
    /// Whether the passages found are kept with the answer.
    pub keep_passages: bool,
}

impl Otherwise {
    /// The settings that count.
    ///
    /// # Errors
    /// Those of [`SettingsChange::check`].
    pub(super) async fn settings(
        &self,
        usual: Settings,
        tx: &mut ClientTx,
        models: &Models,
    ) -> Result<Settings> {
        let Some(change) = &self.settings else {
            return Ok(usual);
        };
        change.check(&usual, tx, models).await?;
        Ok(change.applied_to(usual))
    }

    /// Whether no base is asked, whatever the conversation asks.
    pub(super) fn asks_no_base(&self) -> bool {
        self.bases.as_ref().is_some_and(Vec::is_empty)
    }

    /// What was said before, the latest first.
    pub(super) fn earlier(&self) -> Option<Vec<Earlier>> {
        let history = self.history.as_ref()?;
        let latest = history.iter().rev().take(HISTORY_ENTRIES_MAX);
        let earlier = latest
            .filter(|said| !said.content.trim().is_empty())
            .map(|said| Earlier {
                role: match said.role {
                    Speaker::User => Role::User,
                    Speaker::Assistant => Role::Assistant,
                },
                content: said.content.clone(),
            });
        Some(earlier.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_history_the_end_counts() {
        let history = (0..10_000).map(|n| Said {
            role: Speaker::User,
            content: if n % 2 == 0 {
                " ".into()
            } else {
                n.to_string()
            },
        });
        let otherwise = Otherwise {
            history: Some(history.collect()),
            ..Otherwise::default()
        };
        let earlier = otherwise.earlier().unwrap();
        assert_eq!(earlier.len(), HISTORY_ENTRIES_MAX / 2);
        assert_eq!(earlier[0].content, "9999");
        assert!(Otherwise::default().earlier().is_none());
    }
}
