//! Vectors of texts for callers, and what making them used.

use time::OffsetDateTime;

use super::store;
use crate::{
    app::App,
    db::ClientTx,
    error::{Error, Result},
    identity::Who,
    ids::{MessageId, UserId},
    models::tokens,
};

/// Texts of one call at most.
pub const TEXTS_MAX: usize = 128;
/// Characters of one text.
pub const TEXT_CHARS_MAX: usize = 8_000;
/// Characters of all texts of a call.
pub const ALL_CHARS_MAX: usize = 200_000;

/// What texts became.
pub struct Embedded {
    /// Who made the vectors: vectors of different makers are never compared.
    pub model: String,
    /// One for each text, in their order.
    pub vectors: Vec<Vec<f32>>,
    /// Tokens of the texts, as the server counts them.
    pub tokens: u32,
}

/// The vectors of some texts by the model that this server embeds with. What they used is booked to
/// the user.
///
/// # Errors
/// `Invalid` for texts that are too many or empty, `NotFound` for another model, those of the vendor.
pub async fn embed(
    app: &App,
    who: &Who,
    user: UserId,
    texts: Vec<String>,
    model: Option<&str>,
) -> Result<Embedded> {
    check(&texts)?;
    let named = |embedder: &crate::models::SharedEmbedder| {
        model.is_none_or(|model| {
            model == app.config.text("models", "embedding") || model == embedder.id()
        })
    };
    let embedder = app.models.embedder().filter(named);
    let embedder = embedder.ok_or(Error::NotFound("embedding model"))?;
    let tokens = texts.iter().map(|text| tokens::count(text)).sum();
    let vectors = embedder.embed(texts).await?;
    let mut tx = app.db.client(who.client).await?;
    book(&mut tx, user, embedder.id(), tokens, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Embedded {
        model: embedder.id().to_owned(),
        vectors,
        tokens,
    })
}

/// It costs like what an answer reads, so it is booked like one, under an id that nothing else has.
async fn book(
    tx: &mut ClientTx,
    user: UserId,
    model: &str,
    tokens: u32,
    now: OffsetDateTime,
) -> Result<()> {
    store::add_embedding_usage(tx, MessageId::new(now), user, model, tokens, now).await
}

fn check(texts: &[String]) -> Result<()> {
    if !(1..=TEXTS_MAX).contains(&texts.len()) {
        return Err(Error::invalid(format!(
            "One call takes 1 to {TEXTS_MAX} texts, this one has {}.",
            texts.len()
        )));
    }
    let mut all = 0;
    for text in texts {
        let chars = text.chars().count();
        all += chars;
        if text.trim().is_empty() || chars > TEXT_CHARS_MAX || all > ALL_CHARS_MAX {
            return Err(Error::invalid(format!(
                "A text has 1 to {TEXT_CHARS_MAX} characters, and all of a call at most {ALL_CHARS_MAX}."
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_bounds() {
        let long = "字".repeat(TEXT_CHARS_MAX);
        assert!(check(&[long.clone(), "a".into()]).is_ok());
        for bad in [
            vec![],
            vec![String::new()],
            vec!["\n".to_owned()],
            vec![format!("{long}a")],
            vec!["a".to_owned(); TEXTS_MAX + 1],
            vec![long; 26],
        ] {
            assert_eq!(check(&bad).unwrap_err().code(), "invalid");
        }
    }
}
