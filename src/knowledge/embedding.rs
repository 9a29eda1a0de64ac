//! Vectors of texts for callers, and what making them used.

use super::{metered, store};
use crate::{
    app::App,
    error::{Error, Result},
    identity::Who,
    ids::{ClientNo, MessageId, UserId},
    models::{SharedEmbedder, tokens},
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
/// `Invalid` for texts that are too many or empty, `NotFound` for another model, what
/// [`meter::open`](crate::billing::meter::open) refuses, and the errors of the vendor.
pub async fn embed(
    app: &App,
    who: &Who,
    user: UserId,
    texts: Vec<String>,
    model: Option<&str>,
) -> Result<Embedded> {
    check(&texts)?;
    let named = |embedder: &SharedEmbedder| {
        model.is_none_or(|model| {
            model == app.config.text("models", "embedding") || model == embedder.id()
        })
    };
    let embedder = app.models.embedder().filter(named);
    let embedder = embedder.ok_or(Error::NotFound("embedding model"))?;
    let (own, client) = (app.clone(), who.client);
    let booked = async move { booked(&own, client, user, &embedder, texts).await };
    app.tasks.apart(booked).await
}

/// Sets aside, embeds and settles: whoever begins it ends it, or what is set aside stays so.
async fn booked(
    app: &App,
    client: ClientNo,
    user: UserId,
    embedder: &SharedEmbedder,
    texts: Vec<String>,
) -> Result<Embedded> {
    let tokens = texts.iter().map(|text| tokens::count(text)).sum();
    let id = MessageId::new(app.clock.now());
    let mut tx = app.db.client(client).await?;
    metered::set_aside_texts(&mut tx, user, id.0, tokens, app.clock.now()).await?;
    tx.commit().await?;
    let vectors = embedder.embed(texts).await;
    let (mut tx, now) = (app.db.client(client).await?, app.clock.now());
    if vectors.is_ok() {
        // it costs like what an answer reads, so it is booked like one
        store::add_embedding_usage(&mut tx, id, user, embedder.id(), tokens, now).await?;
    }
    metered::settle_texts(&mut tx, id.0, vectors.is_ok().then_some(tokens), now).await?;
    tx.commit().await?;
    let vectors = vectors?;
    Ok(Embedded {
        model: embedder.id().to_owned(),
        vectors,
        tokens,
    })
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
