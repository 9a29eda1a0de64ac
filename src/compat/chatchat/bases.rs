//! `/knowledge_base/…`: bases made, listed, described and removed.

use std::sync::Arc;

use percent_encoding::percent_decode_str;
use poem::Response;
use serde::Serialize;
use serde_json::json;

use super::{
    Chatchat, On,
    envelope::{enveloped, said, success},
    naive,
    shelf::{self, ATTACK},
};
use crate::{
    compat::{Call, Fault, Route, Rule, new_base},
    error::Error,
    identity::{Member, profile},
    knowledge::base::{self, Change, CountedBase, NewBase},
};

/// What is behind every base, in the words of the original.
const STORE: &str = "pg";

pub(super) fn routes(on: &On) -> Vec<Route> {
    vec![
        on.get("/knowledge_base/list_knowledge_bases", list),
        on.get("/knowledge_base/list_knowledge_bases_v2", list_v2),
        on.post("/knowledge_base/create_knowledge_base", create),
        on.post("/knowledge_base/delete_knowledge_base", delete),
        on.post("/knowledge_base/update_info", update_info),
        on.post("/knowledge_base/update_zh_name", update_zh_name),
    ]
}

async fn list(chatchat: Arc<Chatchat>, who: Member, _: Call) -> Result<Response, Fault> {
    let mut tx = chatchat.app.db.client(who.client).await?;
    let bases = shelf::bases(&mut tx, &who).await?;
    let names: Vec<String> = bases.into_iter().map(|counted| counted.base.name).collect();
    Ok(success(names))
}

#[derive(Serialize)]
struct Listed {
    kb_name: String,
    kb_zh_name: String,
    kb_info: String,
    vs_type: &'static str,
    embed_model: String,
    file_count: i64,
    create_time: String,
}

async fn list_v2(chatchat: Arc<Chatchat>, who: Member, _: Call) -> Result<Response, Fault> {
    let mut tx = chatchat.app.db.client(who.client).await?;
    let bases = shelf::bases(&mut tx, &who).await?;
    let made: Vec<_> = bases
        .iter()
        .map(|counted| counted.base.created_at)
        .collect();
    let times = profile::local_times(&mut tx, &made).await?;
    let embedder = chatchat.app.config.text("models", "embedding");
    let listed = bases.into_iter().zip(times).map(|(counted, at)| {
        let CountedBase {
            base, documents, ..
        } = counted;
        Listed {
            // a page shows this one: better the name than nothing
            kb_zh_name: if base.title.is_empty() {
                base.name.clone()
            } else {
                base.title
            },
            kb_name: base.name,
            kb_info: base.description,
            vs_type: STORE,
            embed_model: embedder.to_owned(),
            file_count: documents,
            create_time: naive(at),
        }
    });
    Ok(success(listed.collect::<Vec<_>>()))
}

async fn create(chatchat: Arc<Chatchat>, who: Member, mut call: Call) -> Result<Response, Fault> {
    let mut fields = call.object().await?;
    let name: String = fields.required("knowledge_base_name", Rule::ANY);
    let title: Option<String> = fields.optional("kb_zh_name", Rule::ANY);
    let info: Option<String> = fields.optional("kb_info", Rule::ANY);
    fields.or("vector_store_type", String::new(), Rule::ANY);
    fields.or("embed_model", String::new(), Rule::ANY);
    fields.done()?;
    if shelf::leads_away(&name) {
        return Ok(said(403, ATTACK));
    }
    if name.trim().is_empty() {
        return Ok(said(404, "知识库名称不能为空，请重新填写知识库名称"));
    }
    let described = (title.unwrap_or_default(), info.unwrap_or_default());
    make(&chatchat, &who, &name, described).await
}

async fn make(
    chatchat: &Chatchat,
    who: &Member,
    name: &str,
    (title, description): (String, String),
) -> Result<Response, Fault> {
    let taken = || said(404, format!("已存在同名知识库 {name}"));
    let new = NewBase {
        title,
        description,
        ..new_base(who, name)
    };
    let mut tx = chatchat.app.db.client(who.client).await?;
    if base::named(&mut tx, who, name).await?.is_some() {
        return Ok(taken());
    }
    match base::create(&mut tx, who, &new, chatchat.app.clock.now()).await {
        Ok(_) => tx.commit().await?,
        Err(Error::Taken(_)) => return Ok(taken()),
        Err(Error::Invalid(why)) => return Ok(said(500, format!("创建知识库出错： {why}"))),
        Err(error) => return Err(error.into()),
    }
    Ok(said(200, format!("已新增知识库 {name}")))
}

async fn delete(chatchat: Arc<Chatchat>, who: Member, mut call: Call) -> Result<Response, Fault> {
    let name = call.bare_text(Rule::ANY).await?;
    let name = percent_decode_str(&name).decode_utf8_lossy().into_owned();
    let mut tx = chatchat.app.db.client(who.client).await?;
    let found = shelf::base_of(&mut tx, &who, &name).await?;
    let now = chatchat.app.clock.now();
    base::remove(&mut tx, &who, found.base.base_id, now).await?;
    tx.commit().await?;
    Ok(said(200, format!("成功删除知识库 {name}")))
}

async fn update_info(
    chatchat: Arc<Chatchat>,
    who: Member,
    mut call: Call,
) -> Result<Response, Fault> {
    let mut fields = call.object().await?;
    let name: String = fields.required("knowledge_base_name", Rule::ANY);
    let info: String = fields.required("kb_info", Rule::ANY);
    fields.done()?;
    let change = Change {
        description: Some(info.clone()),
        ..Change::default()
    };
    describe(&chatchat, &who, &name, change).await?;
    Ok(enveloped(
        200,
        "知识库介绍修改完成",
        json!({"kb_info": info}),
    ))
}

async fn update_zh_name(
    chatchat: Arc<Chatchat>,
    who: Member,
    mut call: Call,
) -> Result<Response, Fault> {
    let mut fields = call.object().await?;
    let name: String = fields.required("knowledge_base_name", Rule::ANY);
    let title: String = fields.required("kb_zh_name", Rule::ANY);
    fields.done()?;
    let change = Change {
        title: Some(title.clone()),
        ..Change::default()
    };
    describe(&chatchat, &who, &name, change).await?;
    let data = json!({"kb_zh_name": title});
    Ok(enveloped(200, "知识库中文名修改完成", data))
}

async fn describe(
    chatchat: &Chatchat,
    who: &Member,
    name: &str,
    change: Change,
) -> Result<(), Fault> {
    let mut tx = chatchat.app.db.client(who.client).await?;
    let found = shelf::base_of(&mut tx, who, name).await?;
    let now = chatchat.app.clock.now();
    base::change(&mut tx, who, found.base.base_id, &change, now).await?;
    Ok(tx.commit().await?)
}
