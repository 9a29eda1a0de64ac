//! Search: what is found, by whom, and what is left behind.

mod library;
mod plans;

use concierge::{
    error::Error,
    ids::BaseNo,
    knowledge::{
        lexical::{
            postings::Inverted,
            words::{query_terms, terms},
        },
        search::{
            self, DIMENSIONS_MAX, Passage, Question, QuestionVector, SIMILARITY_MIN, Vectors,
            Version, drop_base, drop_document, index_version,
        },
    },
    models::{Embedder, Language},
};
use futures_util::future::{BoxFuture, FutureExt};

use self::library::{DIMENSIONS, Letters, Library, cosine, document, letters, write};

fn texts(chunks: &[&str]) -> Vec<String> {
    chunks.iter().map(|chunk| (*chunk).to_owned()).collect()
}

fn found(passages: &[Passage]) -> Vec<&str> {
    passages
        .iter()
        .map(|passage| passage.text.as_str())
        .collect()
}

#[tokio::test]
async fn questions_find_their_passages_in_both_languages() {
    let library = Library::open().await;
    let client = library.client("a").await;
    let base = library.base(client, "manual").await;
    let chunks = texts(&[
        "电池保修期为两年，整机保修期为一年。",
        "出现错误代码 E05 时，请检查水位。",
        "The battery is covered for two years.",
        "Shipping takes five days.",
    ]);
    let version = library.add(client, base, "手册.pdf", &chunks).await;

    let passages = library.ask(client, &[base], "电池保修多久？").await;
    assert_eq!(found(&passages), [&chunks[0]]);
    let best = &passages[0];
    assert_eq!(
        (best.document_name.as_str(), best.version),
        ("手册.pdf", version.number)
    );
    assert_eq!((best.span.clone(), best.page), (0..9, Some(7)));
    assert!(
        best.score > 0.99 && best.explain.lexical > Some(0.0),
        "{best:?}"
    );
    // the embedder does not know Chinese
    assert_eq!(
        (best.explain.vector, best.explain.weights.vector),
        (None, 0.0)
    );

    let passages = library.ask(client, &[base], "what does e-05 mean").await;
    assert_eq!(passages[0].text, chunks[1]);
    let passages = library
        .ask(client, &[base], "How long are batteries covered?")
        .await;
    assert_eq!(passages[0].text, chunks[2]);
    assert!(passages[0].explain.vector.is_some() && passages[0].explain.weights.vector > 0.0);

    assert_eq!(library.ask(client, &[base], "无关").await, []);
    assert_eq!(library.ask(client, &[], "电池").await, []);
    assert_eq!(library.ask(client, &[base], " ?! ").await, []);
}

#[tokio::test]
async fn two_clients_never_see_each_others_rows() {
    let library = Library::open().await;
    let (alice, bob) = (library.client("alice").await, library.client("bob").await);
    let hers = library.base(alice, "policy").await;
    let his = library.base(bob, "policy").await;
    library
        .add(
            alice,
            hers,
            "p.txt",
            &texts(&["refund secret of alice 退款"]),
        )
        .await;
    library
        .add(bob, his, "p.txt", &texts(&["refund secret of bob 退款"]))
        .await;
    for question in ["refund secret", "退款"] {
        for bases in [vec![hers], vec![hers, his]] {
            let passages = library.ask(alice, &bases, question).await;
            assert_eq!(
                found(&passages),
                ["refund secret of alice 退款"],
                "{question}"
            );
        }
        assert_eq!(library.ask(alice, &[his], question).await, []);
        assert_eq!(library.ask(bob, &[hers], question).await, []);
    }
    // the number of a document of someone else changes nothing
    let mut tx = library.db.client(alice).await.unwrap();
    drop_base(&mut tx, his).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(library.ask(bob, &[his], "refund").await.len(), 1);
}

#[tokio::test]
async fn a_small_client_among_large_ones_gets_all_it_asks_for() {
    let library = Library::open().await;
    for large in 0..12 {
        let client = library.client(&format!("large{large}")).await;
        let base = library.base(client, "all").await;
        let chunks: Vec<String> = (0..300)
            .map(|n| format!("common words {large} {n} quartz fjord vex"))
            .collect();
        library.add(client, base, "d", &chunks).await;
    }
    let small = library.client("small").await;
    let base = library.base(small, "all").await;
    let chunks: Vec<String> = (0..25)
        .map(|n| format!("common words {}", "xyz".repeat(n)))
        .collect();
    library.add(small, base, "d", &chunks).await;

    let asked = letters("qqq xyz");
    let question = Question {
        terms: query_terms("qqq"),
        language: Language::English,
        vector: Some(QuestionVector {
            embedder: Letters.id().to_owned(),
            values: asked.clone(),
        }),
    };
    let mut nearest = chunks.clone();
    nearest.retain(|text| cosine(&asked, &letters(text)) >= SIMILARITY_MIN);
    nearest.sort_by(|a, b| cosine(&asked, &letters(b)).total_cmp(&cosine(&asked, &letters(a))));
    let first = library.find(small, &[base], &question, 10).await;
    assert_eq!(found(&first), nearest[..10]);
    for _ in 1..20 {
        assert_eq!(library.find(small, &[base], &question, 10).await, first);
    }
    assert_eq!(library.ask(small, &[base], "common").await.len(), 10);
}

#[tokio::test]
async fn a_document_leaves_with_all_its_rows() {
    let library = Library::open().await;
    let client = library.client("a").await;
    let base = library.base(client, "b").await;
    let kept = library
        .add(client, base, "kept", &texts(&["stays here"]))
        .await;
    let gone = library
        .add(
            client,
            base,
            "gone",
            &texts(&["leaves soon", "and goes 离开"]),
        )
        .await;
    let [stats, counted] = library.stats(base).await;
    assert_eq!((stats, stats.0), (counted, 3));

    let mut tx = library.db.client(client).await.unwrap();
    drop_document(&mut tx, gone.document).await.unwrap();
    drop_document(&mut tx, gone.document).await.unwrap();
    tx.commit().await.unwrap();
    let [stats, counted] = library.stats(base).await;
    assert_eq!((stats, stats), (counted, (1, 2)));
    assert_eq!(library.count("posting").await, 2);
    assert_eq!(library.count("chunk_vector").await, 1);
    assert_eq!(library.ask(client, &[base], "离开").await, []);
    assert_eq!(
        library.ask(client, &[base], "stay").await[0].text,
        "stays here"
    );

    let mut tx = library.db.client(client).await.unwrap();
    drop_base(&mut tx, kept.base).await.unwrap();
    tx.commit().await.unwrap();
    for table in ["posting", "chunk_vector", "document_index", "base_stats"] {
        assert_eq!(library.count(table).await, 0, "{table}");
    }
}

#[tokio::test]
async fn a_document_in_the_search_cannot_be_deleted() {
    let library = Library::open().await;
    let client = library.client("a").await;
    let base = library.base(client, "b").await;
    library.add(client, base, "d", &texts(&["text"])).await;
    for statement in ["delete from document", "delete from base"] {
        let mut tx = library.db.client(client).await.unwrap();
        let refused = sqlx::query(statement).execute(tx.conn()).await.unwrap_err();
        let constraint = refused
            .as_database_error()
            .and_then(|error| error.constraint());
        assert_eq!(constraint, Some("document_index_document"), "{statement}");
    }
}

#[tokio::test]
async fn a_new_version_takes_over_in_one_commit() {
    let library = Library::open().await;
    let client = library.client("a").await;
    let base = library.base(client, "b").await;
    let old = library
        .add(client, base, "d", &texts(&["alpha one", "alpha two"]))
        .await;

    let mut tx = library.db.client(client).await.unwrap();
    let new = Version { number: 2, ..old };
    write(&mut tx, new, &texts(&["beta one"])).await;
    assert_eq!(
        library.ask(client, &[base], "alpha").await.len(),
        2,
        "not committed yet"
    );
    tx.commit().await.unwrap();

    let passages = library.ask(client, &[base], "alpha beta").await;
    assert_eq!(found(&passages), ["beta one"]);
    assert_eq!(passages[0].version, 2);
    let [stats, counted] = library.stats(base).await;
    assert_eq!((stats, stats), (counted, (1, 2)));

    let mut tx = library.db.client(client).await.unwrap();
    index_version(&mut tx, new, &Inverted::default(), None)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(library.count("posting").await, 0);
    assert_eq!(library.stats(base).await, [(0, 0), (0, 0)]);
}

#[tokio::test]
async fn documents_indexed_at_the_same_time_are_all_counted() {
    let library = Library::open().await;
    let client = library.client("a").await;
    let base = library.base(client, "b").await;
    let chunks = texts(&["same words", "same time"]);
    let add = |name| library.add(client, base, name, &chunks);
    tokio::join!(add("1"), add("2"), add("3"), add("4"));
    assert_eq!(library.stats(base).await, [(8, 16), (8, 16)]);
}

#[tokio::test]
async fn a_term_in_thousands_of_chunks_of_one_document_is_found_in_all() {
    let library = Library::open().await;
    let client = library.client("a").await;
    let base = library.base(client, "b").await;
    let mut chunks: Vec<String> = (0..4_000).map(|n| format!("everywhere w{n}")).collect();
    chunks[3_987] = "everywhere everywhere".to_owned();
    library.add(client, base, "long", &chunks).await;
    let passages = library.ask(client, &[base], "everywhere").await;
    assert_eq!(
        (passages.len(), passages[0].text.as_str()),
        (10, "everywhere everywhere")
    );
    let passages = library.ask(client, &[base], "w3999").await;
    assert_eq!(passages[0].text, "everywhere w3999");
}

#[tokio::test]
async fn corrupt_postings_are_an_error_for_the_log() {
    let library = Library::open().await;
    let client = library.client("a").await;
    let base = library.base(client, "b").await;
    library.add(client, base, "d", &texts(&["word"])).await;
    sqlx::query("update posting set packed = '\\xffff'")
        .execute(&mut library.owner().await)
        .await
        .unwrap();
    let question = search::question(None, "word").await.unwrap();
    let mut tx = library.db.client(client).await.unwrap();
    let error = search::passages(&mut tx, &[base], &question, 3)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Internal(_)), "{error:?}");
}

#[tokio::test]
async fn vectors_fit_or_are_refused() {
    let library = Library::open().await;
    let client = library.client("a").await;
    let base = library.base(client, "b").await;
    let mut tx = library.db.client(client).await.unwrap();
    let document = document(&mut tx, base, "d").await;
    let version = Version {
        base,
        document,
        number: 1,
    };
    let words: Inverted = [terms("one"), terms("two")].into_iter().collect();
    let embedder = &"e".repeat(64);
    let mut index = async |of_chunks: &[Vec<f32>]| {
        let vectors = Vectors {
            embedder,
            of_chunks,
        };
        index_version(&mut tx, version, &words, Some(vectors)).await
    };
    index(&vec![vec![0.5; DIMENSIONS_MAX]; 2]).await.unwrap();
    for wrong in [
        vec![vec![0.5; DIMENSIONS]; 1],
        vec![vec![0.5; DIMENSIONS_MAX + 1]; 2],
    ] {
        let refused = index(&wrong).await;
        assert!(matches!(refused, Err(Error::Internal(_))), "{refused:?}");
    }
    tx.commit().await.unwrap();
    assert_eq!(library.count("chunk_vector").await, 2);
}

#[tokio::test]
async fn several_bases_are_one_ranking() {
    let library = Library::open().await;
    let client = library.client("a").await;
    let mut bases: Vec<BaseNo> = Vec::new();
    for name in ["first", "second"] {
        bases.push(library.base(client, name).await);
    }
    library
        .add(client, bases[0], "d", &texts(&["保修 电池", "运费"]))
        .await;
    library
        .add(
            client,
            bases[1],
            "d",
            &texts(&["保修 条款 与 其他", "保修"]),
        )
        .await;
    let passages = library.ask(client, &bases, "电池 保修").await;
    assert_eq!(found(&passages), ["保修 电池", "保修", "保修 条款 与 其他"]);
    assert_eq!(library.ask(client, &bases[1..], "保修").await.len(), 2);
}

/// An embedder that is away.
struct Away;

impl Embedder for Away {
    fn id(&self) -> &str {
        "away"
    }
    fn dimensions(&self) -> usize {
        DIMENSIONS
    }
    fn languages(&self) -> &[Language] {
        &[Language::English]
    }
    fn embed(&self, _: Vec<String>) -> BoxFuture<'_, concierge::error::Result<Vec<Vec<f32>>>> {
        async { Err(Error::Unavailable(anyhow::anyhow!("no connection"))) }.boxed()
    }
}

#[tokio::test]
async fn without_its_embedder_a_question_is_searched_by_words() {
    let library = Library::open().await;
    let client = library.client("a").await;
    let base = library.base(client, "b").await;
    library
        .add(client, base, "d", &texts(&["opening hours", "prices"]))
        .await;
    let away = search::question(Some(&Away), "When do you open?").await;
    assert!(matches!(away, Err(Error::Unavailable(_))), "{away:?}");
    let question = search::question(None, "When do you open?").await.unwrap();
    let passages = library.find(client, &[base], &question, 5).await;
    assert_eq!(found(&passages), ["opening hours"]);
    assert_eq!(passages[0].explain.weights.vector, 0.0);
}

#[tokio::test]
async fn vectors_of_different_embedders_are_never_compared() {
    let library = Library::open().await;
    let client = library.client("a").await;
    let base = library.base(client, "b").await;
    library
        .add(client, base, "d", &texts(&["opening hours", "prices"]))
        .await;
    let vector = QuestionVector {
        embedder: "other".to_owned(),
        values: vec![0.5; 3],
    };
    let question = Question {
        terms: query_terms("price"),
        language: Language::English,
        vector: Some(vector),
    };
    let passages = library.find(client, &[base], &question, 5).await;
    assert_eq!(found(&passages), ["prices"]);
}
