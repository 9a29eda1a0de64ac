//! `/user/info`: who the token says one is.

use std::sync::Arc;

use poem::Response;
use serde::Serialize;

use super::{Chatchat, On, envelope::success, naive};
use crate::{
    compat::{Call, Fault, Route},
    identity::{Member, profile, user},
};

pub(super) fn routes(on: &On) -> Vec<Route> {
    vec![on.get("/user/info", info)]
}

#[derive(Serialize)]
struct Info<'a> {
    client_id: &'a str,
    user_id: &'a str,
    username: &'a str,
    enable: bool,
    create_time: String,
}

async fn info(chatchat: Arc<Chatchat>, who: Member, _: Call) -> Result<Response, Fault> {
    let mut tx = chatchat.app.db.client(who.client).await?;
    let created_at = user::created_at(&mut tx, who.user().user_id).await?;
    let local = profile::local_times(&mut tx, &[created_at]).await?;
    let user = who.user();
    Ok(success(Info {
        client_id: &who.client_id,
        user_id: &user.external_id,
        username: &user.username,
        enable: user.enabled,
        create_time: local.first().map(|at| naive(*at)).unwrap_or_default(),
    }))
}
