//! Whether the hot statements use their indexes, in the role and behind the policies they run with.

use concierge::{db::ClientTx, ids::ClientNo, knowledge::search};
use sqlx::{AssertSqlSafe, Executor};

use super::library::{Library, letters};

const CLIENTS: i32 = 8;
const CHUNKS: i32 = 1_500;

/// Enough rows of enough clients for a plan to matter.
async fn crowded() -> (Library, ClientNo) {
    let library = Library::open().await;
    let mut last = ClientNo(0);
    for number in 0..CLIENTS {
        last = library.client(&format!("c{number}")).await;
        let base = library.base(last, "b").await;
        for document in 0..3 {
            let chunk = |n| format!("common {} rare{n} 电池 保修 {document}", n % 50);
            let chunks: Vec<String> = (0..CHUNKS / 3).map(chunk).collect();
            library
                .add(last, base, &document.to_string(), &chunks)
                .await;
        }
    }
    library
        .owner()
        .await
        .execute("vacuum analyze")
        .await
        .unwrap();
    (library, last)
}

async fn explain(tx: &mut ClientTx, name: &str, arguments: &str) -> String {
    let statement = format!("explain execute {name} ({arguments})");
    let lines: Vec<String> = sqlx::query_scalar(AssertSqlSafe(statement))
        .persistent(false)
        .fetch_all(tx.conn())
        .await
        .unwrap();
    lines.join("\n")
}

#[tokio::test]
async fn the_hot_statements_use_their_indexes_also_the_twentieth_time() {
    let (library, client) = crowded().await;
    let vector = letters("common")
        .iter()
        .map(f32::to_string)
        .collect::<Vec<_>>()
        .join(",");
    let base: i32 = sqlx::query_scalar("select base_no from base where client_no = $1")
        .bind(client)
        .fetch_one(&mut library.owner().await)
        .await
        .unwrap();
    let me = client.0;
    let mut tx = library.db.client(client).await.unwrap();
    // as a search does
    tx.plan_by_values().await.unwrap();
    for (name, statement, arguments, index, condition) in [
        (
            "postings",
            search::POSTINGS,
            format!("{me}, '{{{base}}}', '{{common,rare7,电池}}'"),
            "Index Only Scan using posting_pkey on posting",
            "(base_no = ANY ('{BASE}'::integer[])) AND (term = ANY (",
        ),
        (
            "nearest",
            search::NEAREST_EXACT,
            format!("{me}, '{{{base}}}', 'letters-1', '[{vector}]', 10"),
            "using chunk_vector_pkey on chunk_vector",
            "(base_no = ANY ('{BASE}'::integer[])) AND (embedder = ",
        ),
        (
            "chunks",
            search::CHUNKS,
            format!("{me}, '{{1,2}}', '{{1,1}}', '{{5,6}}'"),
            "Index Scan using chunk_order on chunk",
            "(document_no = found.document_no) AND (version = found.version) AND (ordinal = ",
        ),
        (
            "of_texts",
            search::VECTORS_OF_TEXTS,
            format!("{me}, 'letters-1', '{{\\\\x01,\\\\x02}}'"),
            "using chunk_vector_pkey on chunk_vector",
            "(base_no = c.base_no) AND (embedder = ",
        ),
    ] {
        let types = match name {
            "nearest" => "(int, int[], text, halfvec, bigint)",
            "of_texts" => "(int, text, bytea[])",
            _ => "",
        };
        let prepare = format!("prepare {name} {types} as {statement}");
        tx.conn().execute(AssertSqlSafe(prepare)).await.unwrap();
        let first = explain(&mut tx, name, &arguments).await;
        assert!(first.contains(index), "{name}: {first}");
        let condition = format!("Index Cond: ((client_no = {me}) AND {condition}")
            .replace("BASE", &base.to_string());
        assert!(first.contains(&condition), "{name}: {first}");
        for _ in 0..20 {
            let execute = format!("execute {name} ({arguments})");
            tx.conn().execute(AssertSqlSafe(execute)).await.unwrap();
        }
        assert_eq!(explain(&mut tx, name, &arguments).await, first);
    }
}
