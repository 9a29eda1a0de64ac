//! `/knowledge_base/recreate_vector_store`: a base read anew, an object for each file that was read.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use poem::Response;
use serde_json::{Value, json};

use super::{
    Chatchat, On,
    envelope::said,
    files::{CHUNK_OVERLAP, CHUNK_SIZE},
    objects,
    shelf::{self, ATTACK},
};
use crate::{
    compat::{Call, Fault, Route, Rule, new_base},
    error::Result,
    identity::{Member, Who},
    knowledge::{
        base,
        document::State,
        rebuild::{self, Step, Wish},
        version::Cut,
    },
};

pub(super) fn routes(on: &On) -> Vec<Route> {
    vec![on.post("/knowledge_base/recreate_vector_store", recreate)]
}

async fn recreate(chatchat: Arc<Chatchat>, who: Member, mut call: Call) -> Result<Response, Fault> {
    let mut fields = call.object().await?;
    let name: String = fields.required("knowledge_base_name", Rule::ANY);
    let make = fields.or("allow_empty_kb", true, Rule::ANY);
    fields.or("vs_type", String::new(), Rule::ANY);
    fields.or("embed_model", String::new(), Rule::ANY);
    let chunk_size = fields.optional("chunk_size", CHUNK_SIZE);
    fields.or("chunk_overlap", 50, CHUNK_OVERLAP);
    fields.or("zh_title_enhance", false, Rule::ANY);
    fields.or("not_refresh_vs_cache", false, Rule::ANY);
    fields.done()?;
    if shelf::leads_away(&name) {
        return Ok(said(403, ATTACK));
    }
    let mut tx = chatchat.app.db.client(who.client).await?;
    let found = base::named(&mut tx, &who, &name).await?;
    drop(tx);
    match found {
        Some(found) => {
            let cut = Cut {
                chunk_chars: shelf::columns(chunk_size),
                ..Cut::default()
            };
            start(&chatchat, &who, found.base.base_id, name, cut).await
        }
        None if make => made(&chatchat, &who, &name).await,
        None => {
            let unknown = json!({"code": 404, "msg": format!("未找到知识库 ‘{name}’")});
            Ok(objects::response(stream::iter([unknown])))
        }
    }
}

/// A new base: there is nothing to read.
async fn made(chatchat: &Chatchat, who: &Member, name: &str) -> Result<Response, Fault> {
    let new = new_base(who, name);
    let mut tx = chatchat.app.db.client(who.client).await?;
    base::create(&mut tx, who, &new, chatchat.app.clock.now()).await?;
    tx.commit().await?;
    Ok(objects::response(stream::empty()))
}

async fn start(
    chatchat: &Chatchat,
    who: &Member,
    id: crate::ids::BaseId,
    name: String,
    cut: Cut,
) -> Result<Response, Fault> {
    let (app, chunks_max) = (&chatchat.app, chatchat.library.reading.base_chunks_max);
    // files whose vectors were removed come back
    let wish = Wish { cut, enable: true };
    let parts = rebuild::start(app, who, id, wish, chunks_max).await?;
    let steps = rebuild::follow(app.clone(), Who::clone(who), parts);
    Ok(objects::response(
        steps.map(move |step| object(&name, step)),
    ))
}

fn object(base: &str, step: Step) -> Value {
    let (file, i, n) = (&step.part.name, step.done, step.total);
    let failed = step.reason.or_else(|| {
        let unread = step.state != State::Ready;
        unread.then(|| "未能读取".to_owned())
    });
    match failed {
        None => json!({
            "code": 200, "msg": format!("({i} / {n}): {file}"), "total": n, "finished": i, "doc": file,
        }),
        Some(why) => json!({
            "code": 500, "msg": format!("添加文件‘{file}’到知识库‘{base}’时出错：{why}。已跳过。"),
        }),
    }
}
