//! Embeddings of an OpenAI-compatible vendor.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of tests that cannot go on ends the test"
)]

use concierge::{
    error::Result,
    models::{AzureDeployment, Embedder as _, EmbeddingShape, Language, OpenAiEmbedder},
};
use serde_json::{Value, json};

use super::{failure, target};
use crate::vendor::{DIMENSIONS, Reply, Vendor, vector};

fn shape() -> EmbeddingShape {
    EmbeddingShape {
        dimensions: DIMENSIONS,
        ask_dimensions: false,
        inputs_per_request: 3,
        input_tokens_max: 100,
        languages: vec![Language::Chinese, Language::English],
    }
}

fn embedder(vendor: &Vendor, shape: EmbeddingShape) -> OpenAiEmbedder {
    OpenAiEmbedder::new(&target(vendor), shape).unwrap()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

fn inputs(body: &Value) -> Vec<&str> {
    body["input"]
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect()
}

async fn embed(vendor: &Vendor, count: usize) -> Result<Vec<Vec<f32>>> {
    embedder(vendor, shape())
        .embed(vec!["text".to_owned(); count])
        .await
}

#[tokio::test]
async fn vectors_come_in_order_in_batches_and_at_length_one() {
    let vendor = Vendor::start().await;
    let asked = ["电池", "battery", "c", "d", "e", "f", "g"];
    let embedder = embedder(&vendor, shape());
    let vectors = embedder.embed(texts(&asked)).await.unwrap();
    assert_eq!(vectors.len(), asked.len());
    for (text, ours) in asked.iter().zip(&vectors) {
        let theirs = vector(text, DIMENSIONS);
        let length = theirs.iter().map(|x| x * x).sum::<f32>().sqrt();
        let cosine: f32 = theirs.iter().zip(ours).map(|(a, b)| a * b / length).sum();
        let own: f32 = ours.iter().map(|x| x * x).sum();
        assert!(
            (cosine - 1.0).abs() < 1e-5 && (own - 1.0).abs() < 1e-5,
            "{text}"
        );
    }
    let requests = vendor.requests();
    let batches: Vec<usize> = requests.iter().map(|it| inputs(&it.body).len()).collect();
    assert_eq!(batches, [3, 3, 1]);
    assert_eq!(requests[0].target, "/v1/embeddings");
    assert_eq!(
        requests[0].body,
        json!({"model": "mock-1", "input": ["电池", "battery", "c"]})
    );
    assert_eq!(
        (embedder.id(), embedder.dimensions()),
        ("mock-1/8", DIMENSIONS)
    );
    assert_eq!(embedder.languages(), [Language::Chinese, Language::English]);
}

#[tokio::test]
async fn nothing_is_asked_for_nothing() {
    let vendor = Vendor::start().await;
    assert_eq!(embed(&vendor, 0).await.unwrap(), Vec::<Vec<f32>>::new());
    assert_eq!(vendor.requests().len(), 0);
}

#[tokio::test]
async fn empty_and_long_texts_are_made_fit() {
    let vendor = Vendor::start().await;
    let long = "保修".repeat(200);
    embedder(&vendor, shape())
        .embed(texts(&["", "\n", &long]))
        .await
        .unwrap();
    let requests = vendor.requests();
    let sent = inputs(&requests[0].body);
    assert_eq!(sent[..2], [" ", " "]);
    assert!(long.starts_with(sent[2]));
    assert_eq!(
        sent[2].chars().count(),
        142,
        "100 tokens at 0.7 a character"
    );
}

#[tokio::test]
async fn a_length_is_asked_for_where_there_is_a_choice() {
    let vendor = Vendor::start().await;
    let chosen = EmbeddingShape {
        dimensions: 5,
        ask_dimensions: true,
        ..shape()
    };
    let vectors = embedder(&vendor, chosen)
        .embed(texts(&["a"]))
        .await
        .unwrap();
    assert_eq!(vectors[0].len(), 5);
    assert_eq!(vendor.requests()[0].body["dimensions"], 5);
}

#[tokio::test]
async fn azure_has_its_own_path() {
    let vendor = Vendor::start().await;
    let mut target = target(&vendor);
    target.base_url = vendor.base_url().replace("/v1", "");
    target.azure = Some(AzureDeployment {
        deployment: "ada".to_owned(),
        api_version: "2024-10-21".to_owned(),
    });
    OpenAiEmbedder::new(&target, shape())
        .unwrap()
        .embed(texts(&["a"]))
        .await
        .unwrap();
    assert_eq!(
        vendor.requests()[0].target,
        "/openai/deployments/ada/embeddings?api-version=2024-10-21"
    );
}

#[tokio::test]
async fn vectors_that_would_spoil_a_search_are_refused() {
    let vendor = Vendor::start().await;
    let good = vec![1.0; DIMENSIONS];
    let entry = |index: usize, numbers: &Value| json!({"index": index, "embedding": numbers});
    let (good, zero) = (json!(good), json!(vec![0.0; DIMENSIONS]));
    let huge = json!([1e39, 0, 0, 0, 0, 0, 0, 0]);
    let cases = [
        (
            vec![entry(0, &good)],
            "2 texts were sent and 1 vectors came",
        ),
        (vec![entry(0, &good), entry(0, &good)], "no vector 1 came"),
        (vec![entry(0, &good), entry(2, &good)], "no vector 1 came"),
        (
            vec![entry(0, &good), entry(1, &json!([1.0, 2.0]))],
            "2 numbers, 8 were expected",
        ),
        (vec![entry(0, &good), entry(1, &zero)], "no direction"),
        (vec![entry(0, &good), entry(1, &huge)], "no direction"),
        (
            vec![entry(0, &good), entry(1, &json!([null]))],
            "no embeddings",
        ),
        (
            vec![entry(0, &good), entry(1, &json!("AAAA"))],
            "no embeddings",
        ),
    ];
    for (data, wanted) in cases {
        vendor.script(Reply::json(200, &json!({ "data": data })));
        let error = embed(&vendor, 2).await.unwrap_err();
        assert_eq!(error.code(), "upstream");
        assert!(failure(&error).contains(wanted), "{}", failure(&error));
    }
}

#[tokio::test]
async fn failures_read_as_those_of_a_chat() {
    let vendor = Vendor::start().await;
    let cases = [
        (
            Reply::plain(429, &[("Retry-After", "3")], ""),
            "throttled: 3",
        ),
        (
            Reply::plain(401, &[], "bad key"),
            "401 Unauthorized: bad key",
        ),
        (Reply::plain(200, &[], "<html>"), "no embeddings"),
    ];
    for (reply, wanted) in cases {
        vendor.script(reply);
        let error = embed(&vendor, 1).await.unwrap_err();
        assert!(failure(&error).contains(wanted), "{}", failure(&error));
    }
    vendor.script(Reply::plain(502, &[], "busy"));
    assert_eq!(embed(&vendor, 1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_shape_without_room_is_refused() {
    let vendor = Vendor::start().await;
    for broken in [
        EmbeddingShape {
            dimensions: 0,
            ..shape()
        },
        EmbeddingShape {
            inputs_per_request: 0,
            ..shape()
        },
        EmbeddingShape {
            input_tokens_max: 0,
            ..shape()
        },
    ] {
        let error = OpenAiEmbedder::new(&target(&vendor), broken).err().unwrap();
        assert_eq!(error.code(), "invalid");
    }
}
