//! `POST /train`: makes a base of files, or gives one other files, and waits until it answers by them.

use std::sync::Arc;

use poem::{Response, http::StatusCode};
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;

use super::{
    DataGpt,
    envelope::{bad, failure, success},
    fields::{Given, Space},
    files::{self, Place},
    guard::Asker,
};
use crate::{
    compat::{Call, Fault, new_base},
    error::{Error, Result},
    identity::Who,
    ids::DocumentId,
    knowledge::{
        base::{self, Base, Sizes},
        document::NewDocument,
        replacement::{self, Ended},
    },
};

#[derive(Serialize)]
struct TrainedModel {
    model_name: Value,
    size_type: &'static str,
    pkl_model_size: f64,
    index_model_size: f64,
}

#[derive(Serialize)]
struct TrainedSpace {
    space_name: Value,
    size_type: &'static str,
    pkl_space_size: f64,
    index_space_size: f64,
}

/// `{file_list, model_name, get_file_type}`, later `{file_list, space_name, file_tag}`.
pub async fn train(state: Arc<DataGpt>, mut call: Call) -> Result<Response, Fault> {
    let given = Given::read(&mut call).await?;
    let asker = state.guard.admit(&call, given.text("secret")).await?;
    check_may(&asker.who)?;
    let list = given.texts("file_list")?;
    let space = given.space()?;
    let place = place(&given, &list, space.later)?;
    let end = Instant::now() + state.train_max;
    let new = files::read(&state, &asker.who, place, &list, end).await?;
    let (base, made, ids) = take_in(&state, &asker, &space.name, new).await?;
    let left = end.saturating_duration_since(Instant::now());
    let ended = replacement::wait(&state.app, &asker.who, &ids, left).await?;
    if ended == Ended::Ready {
        return Ok(trained(space, sizes(&state, &asker, &base).await?));
    }
    Err(undone(&state, &asker, base, made, &ids, ended).await?)
}

/// Before anything is fetched for who may keep none of it.
fn check_may(who: &Who) -> Result<()> {
    if who.may_manage() || who.may_own() {
        return Ok(());
    }
    Err(Error::Forbidden(
        "You may not make a knowledge base here.".into(),
    ))
}

/// Early clients say where their files are; later ones leave it to the addresses.
fn place(given: &Given, list: &[&str], later: bool) -> Result<Place, Fault> {
    if !later {
        return match given.needed("get_file_type")? {
            "url" => Ok(Place::Web),
            "path" => Ok(Place::Folder),
            _ => Err(bad("get_file_type must be url or path.")),
        };
    }
    let of_web = |one: &&str| one.starts_with("http://") || one.starts_with("https://");
    Ok(if list.iter().all(of_web) {
        Place::Web
    } else {
        Place::Folder
    })
}

/// The base of this name, made now if there is none, and the documents that wait to be all it holds.
async fn take_in(
    state: &DataGpt,
    asker: &Asker,
    name: &str,
    documents: Vec<NewDocument>,
) -> Result<(Base, bool, Vec<DocumentId>)> {
    let (who, now) = (&asker.who, state.app.clock.now());
    let mut tx = state.app.db.client(who.client).await?;
    let there = base::writable_named(&mut tx, who, name).await?;
    let made = there.is_none();
    let base = match there {
        Some(base) => base,
        None => {
            base::create(&mut tx, who, &new_base(who, name), now)
                .await?
                .base
        }
    };
    let documents = replacement::begin(&mut tx, who, base.base_id, documents, now).await?;
    tx.commit().await?;
    let ids = documents.iter().map(|document| document.document_id);
    Ok((base, made, ids.collect()))
}

async fn sizes(state: &DataGpt, asker: &Asker, base: &Base) -> Result<Sizes> {
    let mut tx = state.app.db.client(asker.who.client).await?;
    base::sizes(&mut tx, base.base_no).await
}

fn trained(space: Space, sizes: Sizes) -> Response {
    let (texts, vectors) = (kilobytes(sizes.text_bytes), kilobytes(sizes.vector_bytes));
    if space.later {
        return success(TrainedSpace {
            space_name: space.given,
            size_type: "kb",
            pkl_space_size: texts,
            index_space_size: vectors,
        });
    }
    success(TrainedModel {
        model_name: space.given,
        size_type: "kb",
        pkl_model_size: texts,
        index_model_size: vectors,
    })
}

/// Four digits behind the point.
pub fn kilobytes(bytes: i64) -> f64 {
    (bytes as f64 / 1_024.0 * 10_000.0).round() / 10_000.0
}

/// What was there before answers on. What takes too long goes on by itself; of what failed nothing
/// is left.
async fn undone(
    state: &DataGpt,
    asker: &Asker,
    base: Base,
    made: bool,
    ids: &[DocumentId],
    ended: Ended,
) -> Result<Fault> {
    let why = match ended {
        Ended::Failed(why) => why,
        Ended::Unfinished => {
            let text =
                "The training goes on: what was trained before answers until it is finished.";
            return Ok(failure(StatusCode::SERVICE_UNAVAILABLE, text).into());
        }
        Ended::Ready | Ended::Gone => {
            let text = "Another training of the same name came after this one.";
            return Ok(failure(StatusCode::CONFLICT, text).into());
        }
    };
    let (who, now) = (&asker.who, state.app.clock.now());
    let mut tx = state.app.db.client(who.client).await?;
    replacement::give_up(&mut tx, who, ids, now).await?;
    if made {
        base::remove_empty(&mut tx, who, base.base_id, now).await?;
    }
    tx.commit().await?;
    Ok(bad(why))
}
