//! What a newcomer asks the sample documents, answered by the built-in model.

use concierge::{models::Language, prompts::nothing_found};
use reqwest::StatusCode;
use serde_json::json;

use crate::{
    verbs::text,
    world::{Person, World, body},
};

const SAMPLES: [&str; 3] = ["charging-guide.md", "faq.html", "电动车保修手册.pdf"];

/// Questions, each with the fact that an answer must have.
const ANSWERED: [(&str, &str); 19] = [
    ("电池保修多久？", "24 个月"),
    ("退货要满足什么条件？", "7 天内可以无理由退货"),
    ("从零充满电要几个小时？", "6 小时"),
    ("E07 是什么故障？", "控制器温度超过 85 摄氏度"),
    ("E08 要冷却多少分钟？", "30 分钟"),
    ("新疆多久能送到？", "7 至 10 个工作日"),
    ("充电器保修几个月？", "12 个月"),
    ("C2 卖多少钱？", "4,999 元"),
    ("刹车片多薄就要换？", "小于 1 毫米"),
    ("可以用高压水枪洗车吗？", "不能用高压水枪冲洗"),
    ("How long is the battery under warranty?", "24 months"),
    (
        "What does a flashing red light mean?",
        "Flashing red: fault. Unplug the charger",
    ),
    ("What is the tyre pressure of the L3?", "300 kPa"),
    ("Can I take the battery on a plane?", "by road only"),
    (
        "Is the warranty transferable to a new owner?",
        "It belongs to the bike",
    ),
    ("What range does the C2 have?", "70 km"),
    (
        "How many times per week may I use the fast charger?",
        "3 times a week",
    ),
    ("What does E12 mean?", "Cells differ by more than 0.3 V"),
    ("How much does a new battery for the C2 cost?", "1,980 yuan"),
];

/// Questions that share a word with the documents, and no answer.
const UNANSWERED: [(&str, Language); 6] = [
    ("北京今天天气怎么样？", Language::Chinese),
    ("北京有门店吗？", Language::Chinese),
    ("电池能用来发电吗？", Language::Chinese),
    ("What is the weather in Beijing today?", Language::English),
    (
        "Who is the CEO of the company in Beijing?",
        Language::English,
    ),
    ("Does the battery have bluetooth?", Language::English),
];

async fn knows_the_samples(ann: &Person<'_>, world: &World) {
    let base = ann.base("samples").await;
    for name in SAMPLES {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("samples")
            .join(name);
        let bytes = std::fs::read(path).unwrap();
        let document = body(ann.upload(&base, name, bytes).await, StatusCode::ACCEPTED).await;
        world.run_jobs().await;
        let document = ann.document_now(text(&document["id"])).await;
        assert_eq!(document["state"], "ready", "{document}");
    }
}

#[tokio::test]
async fn the_samples_answer_what_a_newcomer_asks() {
    let world = World::new().await;
    let ann = world.partner("acme").await.person("ann").await;
    knows_the_samples(&ann, &world).await;
    for (question, fact) in ANSWERED {
        let answer = ann.asks(&ann.session().await, question).await;
        let quotes: Vec<&str> = answer["citations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| text(&it["quote"]))
            .collect();
        assert!(
            text(&answer["content"]).contains(fact),
            "{question} -> {answer}"
        );
        assert!(
            quotes.iter().any(|quote| quote.contains(fact)),
            "{question} -> {quotes:?}"
        );
    }
    for (question, language) in UNANSWERED {
        let answer = ann.asks(&ann.session().await, question).await;
        assert_eq!(answer["content"], nothing_found(language), "{question}");
        assert_eq!(answer["citations"], json!([]), "{question}");
    }
}
