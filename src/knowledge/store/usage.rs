//! What embedding texts used, beside what answers used.

use time::OffsetDateTime;

use crate::{
    db::ClientTx,
    error::{Error, Result},
    ids::{MessageId, UserId},
};

pub async fn add_embedding_usage(
    tx: &mut ClientTx,
    id: MessageId,
    user: UserId,
    model: &str,
    tokens: u32,
    now: OffsetDateTime,
) -> Result<()> {
    let client = tx.client();
    sqlx::query(
        "insert into usage (client_no, message_id, user_id, model, input_tokens, output_tokens, counted_by, outcome, created_at)
         values ($1, $2, $3, $4, $5, 0, 'server', 'done', $6)",
    )
    .bind(client)
    .bind(id)
    .bind(user)
    .bind(model)
    .bind(i32::try_from(tokens).map_err(Error::internal)?)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(())
}
