//! `POST /hooks/stripe`: signed events. What is answered with 200 has had its effect, and is
//! committed; anything else is sent again by Stripe.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use poem::{Body, Endpoint, Request, Response, http::Method};

use crate::{
    app::App,
    billing::stripe::{self, Event, Stripe, Taken, Told},
    error::{Error, Result},
    ids::{ClientNo, OrderId},
};

/// Bytes of an event at most: the largest that Stripe sends are a tenth of it.
const EVENT_BYTES_MAX: usize = 512 * 1024;
const SIGNATURE: &str = "stripe-signature";

/// Takes events in.
pub struct StripeHook {
    /// Handles to the world.
    pub app: App,
    /// Whose events.
    pub stripe: Arc<Stripe>,
}

impl Endpoint for StripeHook {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        if request.method() != Method::POST {
            return Err(Error::NotFound("address").into());
        }
        let header = request.header(SIGNATURE).unwrap_or_default().to_owned();
        let body = read(request.take_body()).await?;
        self.take_in(&header, &body).await?;
        let answer = Response::builder().content_type("application/json");
        Ok(answer.body(r#"{"received":true}"#))
    }
}

impl StripeHook {
    async fn take_in(&self, header: &str, body: &[u8]) -> Result<()> {
        let (app, stripe) = (&self.app, &self.stripe);
        stripe::verify(header, body, stripe.hook_secrets(), app.clock.now())?;
        let event = Event::parse(body)?;
        let hash = digest(&SHA256, body);
        let taken = self.deal_with(&event, hash.as_ref()).await?;
        tracing::info!(
            id = event.id,
            kind = event.kind,
            ?taken,
            "an event of Stripe"
        );
        Ok(())
    }

    /// What became of it; none when it is about no order of ours.
    async fn deal_with(&self, event: &Event, hash: &[u8]) -> Result<Option<Taken>> {
        let (app, stripe) = (&self.app, &self.stripe);
        let mut told = stripe.read(event)?;
        let mut found = self.find(&told).await?;
        if found.is_none() {
            stripe.ask_whose(&mut told).await?;
            found = self.find(&told).await?;
        }
        if let Some(whose) = found {
            let taken = stripe::take_in(app, stripe, whose, (event, told), hash).await?;
            return Ok(Some(taken));
        }
        let mut tx = app.db.system().await?;
        stripe::stray(&mut tx, event, hash, app.clock.now()).await?;
        tx.commit().await?;
        Ok(None)
    }

    async fn find(&self, told: &Told) -> Result<Option<(ClientNo, OrderId)>> {
        stripe::find(&mut self.app.db.system().await?, told).await
    }
}

async fn read(body: Body) -> Result<Vec<u8>> {
    let read = body.into_bytes_limit(EVENT_BYTES_MAX).await;
    let bytes = read.map_err(|error| match error {
        poem::error::ReadBodyError::PayloadTooLarge => {
            Error::TooLarge(format!("An event has at most {EVENT_BYTES_MAX} bytes."))
        }
        error => Error::invalid(format!("The body cannot be read: {error}.")),
    })?;
    Ok(bytes.into())
}
