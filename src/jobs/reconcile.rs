//! Placeholder
use crate::{app::App, error::Result, ids::ClientNo};
/// Later.
pub async fn client(_app: &App, _client: ClientNo) -> Result<()> { Ok(()) }
