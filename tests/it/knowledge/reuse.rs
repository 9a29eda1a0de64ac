//! What was embedded is not embedded again: texts that a client has, questions that it asked.

use std::{path::PathBuf, sync::Arc};

use concierge::{config::Config, jobs, models::Models};
use reqwest::StatusCode;
use serde_json::json;

use super::{accepted, taken_in};
use crate::{
    vendor::{DIMENSIONS, Vendor},
    verbs::text,
    world::{Person, Wish, World, reading},
};

const MANUAL: &str =
    "# Battery\n\nIt is covered for two years.\n\n# Charging\n\nIt takes six hours.\n";

fn settings(vendor: &Vendor, model: &str) -> Vec<(&'static str, String)> {
    vec![
        ("models.embedding", "mock".into()),
        ("embedding.mock.kind", "openai".into()),
        ("embedding.mock.base_url", vendor.base_url()),
        ("embedding.mock.api_key", "key".into()),
        ("embedding.mock.model", model.into()),
        ("embedding.mock.dimensions", DIMENSIONS.to_string()),
    ]
}

async fn embedding(vendor: &Vendor) -> World {
    World::with(Wish {
        set: settings(vendor, "mock-1"),
        ..Wish::default()
    })
    .await
}

/// All texts that the vendor was asked for since the last look.
struct Asked<'v> {
    vendor: &'v Vendor,
    seen: usize,
}

impl Asked<'_> {
    fn since(&mut self) -> Vec<String> {
        let requests = self.vendor.requests();
        let new = requests.iter().skip(self.seen);
        let inputs = new.flat_map(|request| request.body["input"].as_array().unwrap().clone());
        let inputs = inputs.map(|input| text(&input).to_owned()).collect();
        self.seen = requests.len();
        inputs
    }
}

async fn ready(ann: &Person<'_>, base: &str, name: &str, text: &str) -> String {
    let document = taken_in(ann, base, name, text).await;
    assert_eq!(document["state"], "ready", "{document}");
    document["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_text_that_the_client_has_is_not_embedded_again() {
    let vendor = Vendor::start().await;
    let mut asked = Asked {
        vendor: &vendor,
        seen: 0,
    };
    let world = embedding(&vendor).await;
    let acme = world.partner("acme").await;
    let (ann, bob) = (acme.person("ann").await, acme.person("bob").await);
    let (base, bobs) = (ann.base("b").await, bob.base("b").await);
    let first = ready(&ann, &base, "a.md", MANUAL).await;
    let battery = "Battery\nBattery\n\nIt is covered for two years.".to_owned();
    let charging = "Charging\nCharging\n\nIt takes six hours.".to_owned();
    assert_eq!(asked.since(), [battery.clone(), charging.clone()]);

    // by another name, and in another base; only what is new is asked for, and once
    ready(&ann, &base, "b.md", MANUAL).await;
    assert!(asked.since().is_empty());
    let more = "# Light\n\nGreen is full.\n";
    ready(
        &bob,
        &bobs,
        "c.md",
        &format!("{MANUAL}\n{more}\n# Battery\n\nIt is heavy.\n\n{more}"),
    )
    .await;
    let light = "Light\nLight\n\nGreen is full.";
    assert_eq!(asked.since(), [light, "Battery\nBattery\n\nIt is heavy."]);
    let chunks = world.count("select count(*) from chunk").await;
    assert_eq!(chunks, 2 + 2 + 5);
    assert_eq!(
        world.count("select count(*) from chunk_vector").await,
        chunks
    );
    // the same text has the same vector everywhere
    let kinds = "select count(*) from (select distinct c.text, v.embedding::text from chunk c
       join chunk_vector v using (client_no, document_no, version, ordinal)) kinds";
    assert_eq!(world.count(kinds).await, 4);

    // nothing outlives the last document that has it
    for document in ann
        .get(&format!("/api/v1/knowledge-bases/{base}/documents"))
        .await["items"]
        .as_array()
        .unwrap()
    {
        ann.delete(&format!("/api/v1/documents/{}", text(&document["id"])))
            .await;
    }
    bob.delete(&format!("/api/v1/knowledge-bases/{bobs}")).await;
    assert_ne!(ready(&ann, &base, "a.md", MANUAL).await, first);
    assert_eq!(asked.since(), [battery, charging]);
}

#[tokio::test]
async fn neither_another_client_nor_another_model_shares_vectors() {
    let vendor = Vendor::start().await;
    let mut asked = Asked {
        vendor: &vendor,
        seen: 0,
    };
    let world = embedding(&vendor).await;
    let (acme, other) = (world.partner("acme").await, world.partner("other").await);
    for person in [acme.person("ann").await, other.person("eve").await] {
        let base = person.base("b").await;
        ready(&person, &base, "a.md", MANUAL).await;
        assert_eq!(asked.since().len(), 2);
    }
    let ann = acme.person("ann").await;
    let base = ann.base("c").await;
    let id = accepted(ann.upload(&base, "b.md", MANUAL).await).await;
    let mut changed = world.app.clone();
    let mut set: Vec<(String, String)> = Vec::new();
    set.extend(
        settings(&vendor, "mock-2")
            .into_iter()
            .map(|(key, value)| (key.into(), value)),
    );
    let config = Config::assemble("", PathBuf::from(world.folder()), [], &set).unwrap();
    changed.models = Arc::new(Models::new(&config).unwrap());
    jobs::drain(&changed, &reading(&changed)).await.unwrap();
    assert_eq!(ann.document_now(&id).await["state"], "ready");
    assert_eq!(asked.since().len(), 2);
}

#[tokio::test]
async fn a_question_is_embedded_once_for_a_client() {
    let vendor = Vendor::start().await;
    let mut asked = Asked {
        vendor: &vendor,
        seen: 0,
    };
    let world = embedding(&vendor).await;
    let (acme, other) = (world.partner("acme").await, world.partner("other").await);
    let (ann, eve) = (acme.person("ann").await, other.person("eve").await);
    let question = "How long does charging take?";
    let search = async |person: &Person<'_>, base: &str| {
        let path = format!("/api/v1/knowledge-bases/{base}/search");
        person
            .post(&path, json!({"query": question}), StatusCode::OK)
            .await
    };
    let base = ann.base("b").await;
    let first = search(&ann, &base).await;
    assert_eq!(asked.since(), [question]);
    assert_eq!(search(&ann, &base).await, first);
    ann.asks(&ann.session().await, question).await;
    ann.asks(&ann.session().await, &format!(" {question} "))
        .await;
    assert!(asked.since().is_empty());
    ann.asks(&ann.session().await, "How long does charging take")
        .await;
    assert_eq!(asked.since(), ["How long does charging take"]);
    search(&eve, &eve.base("b").await).await;
    assert_eq!(asked.since(), [question]);
    // what failed is not remembered
    vendor.script(crate::vendor::Reply::json(500, &json!({})));
    ann.asks(&ann.session().await, "What is new?").await;
    ann.asks(&ann.session().await, "What is new?").await;
    let calls = asked.since();
    assert!(
        calls.len() >= 2 && calls.iter().all(|call| call == "What is new?"),
        "{calls:?}"
    );
}
