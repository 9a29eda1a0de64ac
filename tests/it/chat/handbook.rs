//! The handbook of the samples, asked the questions that are kept with it.

use std::{collections::BTreeSet, fs, path::PathBuf};

use concierge::{models::Language, prompts::nothing_found};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    verbs::text,
    world::{Person, World, body},
};

/// What the built-in model does not answer as it should. It may only become shorter.
const MISSED: [&str; 2] = [
    // the row of a table that explains the master key comes before the sentence about backups
    "主密钥和数据库的备份要放在一起吗？",
    // the documents say "of yours" and "or newer", and nothing of a version
    "Which version of PostgreSQL does a database of mine need?",
];
/// What search reaches on the questions that have an answer; it may only become more.
const NDCG_MIN: f64 = 0.927_5;
/// The same with the vectors of the built-in model, which knows English.
const NDCG_WITH_VECTORS_MIN: f64 = 0.922_5;
/// Passages looked at in search.
const FOUND_MAX: usize = 10;

/// A question, and what is known of its answer.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    question: String,
    /// Any of these documents may answer.
    #[serde(default)]
    documents: Vec<String>,
    /// All of this must be said, or stand in what is cited.
    #[serde(default)]
    words: Vec<String>,
    /// The documents hold no answer.
    #[serde(default)]
    no_answer: bool,
    /// `make run` has the page offer it.
    #[serde(default)]
    offered: bool,
}

impl Question {
    /// Why an answer is not the right one.
    fn fault(&self, answer: &Value) -> Option<String> {
        let (said, citations) = (text(&answer["content"]), &answer["citations"]);
        if self.no_answer {
            let honest = [Language::Chinese, Language::English].map(nothing_found);
            let right = honest.contains(&said) && citations == &json!([]);
            return (!right).then(|| format!("it has no answer, but: {said}"));
        }
        let first = citations[0]["document_name"].as_str().unwrap_or("nothing");
        if !self.documents.iter().any(|name| name == first) {
            return Some(format!("cites {first} first: {said}"));
        }
        let missing = self.words.iter().find(|words| !says(answer, words));
        missing.map(|words| format!("{words} is missing: {said}"))
    }
}

/// Whether these words stand in an answer or in what it cites.
fn says(answer: &Value, words: &str) -> bool {
    let citations = answer["citations"].as_array().unwrap().iter();
    let mut quotes = citations.map(|it| text(&it["quote"]));
    text(&answer["content"]).contains(words) || quotes.any(|quote| quote.contains(words))
}

fn samples(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("samples")
        .join(path)
}

fn questions() -> Vec<Question> {
    let text = fs::read_to_string(samples("questions.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

async fn reads_the_handbook(ann: &Person<'_>, world: &World) -> String {
    let base = ann.base("handbook").await;
    for entry in fs::read_dir(samples("handbook")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let answer = ann.upload(&base, name, fs::read(&path).unwrap()).await;
        let document = body(answer, StatusCode::ACCEPTED).await;
        world.run_jobs().await;
        let document = ann.document_now(text(&document["id"])).await;
        assert_eq!(document["state"], "ready", "{document}");
    }
    base
}

/// How well a ranking puts what is relevant first: 1 when nothing else comes before it.
fn ndcg(relevant: &[bool]) -> f64 {
    let gain = |ranks: &mut dyn Iterator<Item = usize>| -> f64 {
        ranks.map(|rank| 1.0 / (rank as f64 + 2.0).log2()).sum()
    };
    let count = relevant.iter().filter(|it| **it).count();
    let best = gain(&mut (0..count.min(FOUND_MAX)));
    let found = relevant.iter().take(FOUND_MAX).enumerate();
    let found = gain(&mut found.filter(|(_, it)| **it).map(|(rank, _)| rank));
    if best > 0.0 { found / best } else { 0.0 }
}

/// The ranking of a search as far as it goes: which passages hold the answer.
async fn ranking(ann: &Person<'_>, base: &str, question: &Question) -> Vec<bool> {
    let path = format!("/api/v1/knowledge-bases/{base}/search");
    let query = json!({"query": question.question, "limit": 100});
    let found = ann.post(&path, query, StatusCode::OK).await;
    let holds = |passage: &Value| {
        let name = text(&passage["document_name"]);
        question.documents.iter().any(|it| it == name)
            && question
                .words
                .iter()
                .all(|words| text(&passage["text"]).contains(words))
    };
    let passages = found["passages"].as_array().unwrap();
    passages.iter().map(holds).collect()
}

/// How the questions went.
struct Outcome {
    missed: BTreeSet<String>,
    /// The mean over the questions that have an answer.
    ndcg: f64,
    report: String,
}

async fn ask_all(ann: &Person<'_>, base: &str) -> Outcome {
    let (mut missed, mut qualities, mut report) = (BTreeSet::new(), Vec::new(), String::new());
    for question in questions() {
        let answer = ann.asks(&ann.session().await, &question.question).await;
        let fault = question.fault(&answer);
        let mut quality = String::new();
        if !question.no_answer {
            let found = ndcg(&ranking(ann, base, &question).await);
            quality = format!("{found:.2}");
            qualities.push(found);
        }
        let word = if fault.is_some() { "MISS" } else { "hit" };
        let reason = fault.as_deref().unwrap_or_default();
        report += &format!("{word:4} {quality:4} {} {reason}\n", question.question);
        if fault.is_some() {
            missed.insert(question.question);
        }
    }
    let ndcg = qualities.iter().sum::<f64>() / qualities.len() as f64;
    report += &format!("{} missed, nDCG@{FOUND_MAX} {ndcg:.3}", missed.len());
    Outcome {
        missed,
        ndcg,
        report,
    }
}

async fn reaches(world: World, missed: &[&str], ndcg_min: f64) {
    let ann = world.partner("acme").await.person("ann").await;
    let base = reads_the_handbook(&ann, &world).await;
    let reached = ask_all(&ann, &base).await;
    eprintln!("{}", reached.report);
    let known: BTreeSet<String> = missed.iter().map(|it| (*it).to_owned()).collect();
    assert_eq!(reached.missed, known, "{}", reached.report);
    assert!(reached.ndcg >= ndcg_min, "{}", reached.report);
}

#[tokio::test]
async fn the_handbook_answers_the_questions_kept_with_it() {
    assert_eq!(questions().len(), 20);
    reaches(World::new().await, &MISSED, NDCG_MIN).await;
}

#[tokio::test]
async fn vectors_make_the_answers_no_worse() {
    let set = vec![("models.embedding", "minilm".to_owned())];
    reaches(World::configured(set).await, &MISSED, NDCG_WITH_VECTORS_MIN).await;
}

#[test]
fn what_is_offered_is_answered() {
    let offered = questions().into_iter().filter(|it| it.offered);
    let offered: Vec<Question> = offered.collect();
    assert!((4..=8).contains(&offered.len()));
    for it in offered {
        let good = !it.no_answer && !MISSED.contains(&&*it.question);
        assert!(
            good && it.question.chars().count() <= 200,
            "{}",
            it.question
        );
    }
}

#[test]
fn a_ranking_is_judged_by_what_comes_first() {
    assert!((ndcg(&[true, true, false]) - 1.0).abs() < 1e-9);
    assert!((ndcg(&[false, true]) - 1.0 / 3_f64.log2()).abs() < 1e-9);
    assert!(ndcg(&[false, false]).abs() < 1e-9 && ndcg(&[]).abs() < 1e-9);
    // what is found too late counts as not found
    let late: Vec<bool> = (0..30).map(|rank| rank == 20).collect();
    assert!(ndcg(&late).abs() < 1e-9);
}
