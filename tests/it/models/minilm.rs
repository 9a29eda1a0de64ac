//! The built-in embedder, run for real.

use std::path::Path;

use concierge::{
    error::Error,
    models::{Embedder as _, Language, MiniLm},
};

fn model() -> MiniLm {
    let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).join(".runtime");
    MiniLm::open(&runtime, 1).unwrap()
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[tokio::test]
async fn texts_that_mean_the_same_are_near() {
    let texts = [
        "How long is the warranty of the battery?",
        "The battery is covered by a guarantee for two years.",
        "Our office is closed on public holidays.",
        "Recipe for potato soup with leeks",
    ];
    let vectors = model()
        .embed(texts.map(str::to_owned).to_vec())
        .await
        .unwrap();
    let near = dot(&vectors[0], &vectors[1]);
    for (text, vector) in texts.iter().zip(&vectors).skip(2) {
        let far = dot(&vectors[0], vector);
        assert!(near > 0.5 && far < 0.3, "{near} {far} {text}");
    }
}

#[tokio::test]
async fn alone_or_in_a_batch_is_the_same() {
    let model = model();
    let texts: Vec<String> = (0..19)
        .map(|n| {
            format!(
                "Sentence {n} about {}",
                "warranty and batteries ".repeat(n * 7 % 30)
            )
        })
        .collect();
    let together = model.embed(texts.clone()).await.unwrap();
    assert_eq!(together.len(), texts.len());
    for (text, batched) in texts.into_iter().zip(together) {
        let alone = model.embed(vec![text.clone()]).await.unwrap().remove(0);
        let apart = alone
            .iter()
            .zip(&batched)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(apart < 1e-5, "{apart} {text}");
        assert!((dot(&alone, &alone) - 1.0).abs() < 1e-5);
        assert_eq!(alone.len(), model.dimensions());
    }
}

#[tokio::test]
async fn odd_texts_get_vectors_too() {
    // 254 words and the two marks around them are 256 tokens
    let cut = "warranty ".repeat(254);
    let long = format!("{cut}{}", "potato soup ".repeat(800));
    let odd = [
        "",
        " \n",
        "\u{0}",
        "电池保修期为24个月",
        "🔋🔋",
        &long,
        &cut,
        &"x".repeat(20_000),
    ];
    let vectors = model()
        .embed(odd.map(str::to_owned).to_vec())
        .await
        .unwrap();
    for (text, vector) in odd.iter().zip(&vectors) {
        assert!((dot(vector, vector) - 1.0).abs() < 1e-5, "{text}");
    }
    let same = dot(&vectors[5], &vectors[6]);
    assert!(
        same > 0.99999,
        "what is behind the cut does not count: {same}"
    );
}

#[tokio::test]
async fn nothing_needs_no_model() {
    let model = model();
    assert_eq!(
        model.embed(Vec::new()).await.unwrap(),
        Vec::<Vec<f32>>::new()
    );
    assert_eq!(model.languages(), [Language::English]);
    assert_eq!(model.id(), "minilm-l6-v2/fp32-256");
}

#[tokio::test]
async fn many_callers_take_turns() {
    let model = model();
    let calls = (0..30).map(|n| model.embed(vec![format!("question {n}"); 1 + n % 12]));
    for (n, vectors) in futures_util::future::join_all(calls)
        .await
        .into_iter()
        .enumerate()
    {
        assert_eq!(vectors.unwrap().len(), 1 + n % 12);
    }
}

#[tokio::test]
async fn a_crowd_is_told_to_come_back() {
    let model = model();
    let crowd = (0..300).map(|_| model.embed(vec!["question".to_owned()]));
    let ends = futures_util::future::join_all(crowd).await;
    let refused: Vec<&Error> = ends.iter().filter_map(|end| end.as_ref().err()).collect();
    // how many are served meanwhile depends on the machine, but the first 64 have a place
    assert!((1..=236).contains(&refused.len()), "{}", refused.len());
    assert!(refused.iter().all(|error| error.code() == "throttled"));
}

#[test]
fn a_missing_file_is_named() {
    let error = MiniLm::open(Path::new("/nowhere"), 1).err().unwrap();
    assert_eq!(error.code(), "invalid");
    assert!(
        error
            .to_string()
            .contains("/nowhere/onnxruntime/libonnxruntime"),
        "{error}"
    );
}
