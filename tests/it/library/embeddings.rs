//! Vectors of texts.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{vendor::Vendor, verbs::text, world::World};

#[tokio::test]
async fn texts_become_vectors_and_are_booked() {
    let vendor = Vendor::start().await;
    let world = World::configured(vec![
        ("models.embedding", "mock".into()),
        ("embedding.mock.kind", "openai".into()),
        ("embedding.mock.base_url", vendor.base_url()),
        ("embedding.mock.api_key", "key".into()),
        ("embedding.mock.model", "m".into()),
        ("embedding.mock.dimensions", "8".into()),
    ])
    .await;
    let ann = world.partner("acme").await.person("ann").await;
    let texts = json!({"texts": ["电池保修期为24个月。", "b"]});
    let made = ann
        .post("/api/v1/embeddings", texts.clone(), StatusCode::OK)
        .await;
    let vectors = made["vectors"].as_array().unwrap();
    let lengths: Vec<usize> = vectors
        .iter()
        .map(|one| one.as_array().unwrap().len())
        .collect();
    assert_eq!(lengths, [8, 8]);
    assert_ne!(vectors[0], vectors[1]);
    let again = |model: &Value| json!({"texts": ["b"], "model": model});
    for model in [json!("mock"), made["model"].clone()] {
        let same = ann
            .post("/api/v1/embeddings", again(&model), StatusCode::OK)
            .await;
        assert_eq!(same["vectors"][0], vectors[1]);
    }
    ann.post(
        "/api/v1/embeddings",
        again(&json!("gpt-9")),
        StatusCode::NOT_FOUND,
    )
    .await;
    let booked = "select sum(input_tokens) from usage where outcome = 'done' and output_tokens = 0";
    let tokens = made["input_tokens"].as_i64().unwrap();
    assert!(tokens > 1, "{made}");
    assert_eq!(world.count(booked).await, tokens + 2);
    assert!(!text(&made["model"]).is_empty());
    for bad in [
        json!([]),
        json!([""]),
        json!(vec!["a"; 129]),
        json!(["字".repeat(8_001)]),
    ] {
        ann.post(
            "/api/v1/embeddings",
            json!({"texts": bad}),
            StatusCode::UNPROCESSABLE_ENTITY,
        )
        .await;
    }
}

#[tokio::test]
async fn without_a_model_there_are_no_vectors() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    let refused = ann
        .post(
            "/api/v1/embeddings",
            json!({"texts": ["a"]}),
            StatusCode::NOT_FOUND,
        )
        .await;
    assert_eq!(refused["code"], "not_found");
    assert_eq!(world.count("select count(*) from usage").await, 0);
}
