//! A database with clients, bases and documents in it, as far as search needs them.

use concierge::{
    boot,
    db::{ClientTx, Db, LOGIN_ROLE},
    ids::{BaseId, BaseNo, ChunkId, ClientNo, DocumentId, DocumentNo},
    knowledge::{
        lexical::{postings::Inverted, words::terms},
        search::{self, Passage, Question, Vectors, Version},
    },
    models::{Embedder, Language},
};
use futures_util::future::{BoxFuture, FutureExt};
use sqlx::{Connection, PgConnection};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{cluster::cluster, world::fresh_database};

pub const DIMENSIONS: usize = 64;
const NOW: OffsetDateTime = time::macros::datetime!(2026-01-01 0:00 UTC);

/// A database of its own.
pub struct Library {
    pub db: Db,
    database: String,
}

impl Library {
    pub async fn open() -> Self {
        let (access, database) = (cluster().await, fresh_database().await);
        let login = access
            .options(&database)
            .username(LOGIN_ROLE)
            .password(&boot::login_password(access));
        Self {
            db: Db::open(login, 4).await.unwrap(),
            database,
        }
    }

    /// A connection that no wall stops.
    pub async fn owner(&self) -> PgConnection {
        let options = cluster().await.options(&self.database);
        PgConnection::connect_with(&options).await.unwrap()
    }

    pub async fn client(&self, name: &str) -> ClientNo {
        sqlx::query_scalar(
            "insert into client (client_id, name, description, enabled, v1_tokens, token_realm,
                                 members_may, time_zone, created_at)
             values ($1, $1, '', true, 'header', 'partner', 'own', 'UTC', $2) returning client_no",
        )
        .bind(name)
        .bind(NOW)
        .fetch_one(&mut self.owner().await)
        .await
        .unwrap()
    }

    pub async fn base(&self, client: ClientNo, name: &str) -> BaseNo {
        let mut tx = self.db.client(client).await.unwrap();
        let base = sqlx::query_scalar(
            "insert into base (client_no, base_id, name, title, description, no_answer, created_at)
             values ($1, $2, $3, '', '', 'refuse', $4) returning base_no",
        )
        .bind(client)
        .bind(BaseId::new(NOW))
        .bind(name)
        .bind(NOW)
        .fetch_one(tx.conn())
        .await
        .unwrap();
        tx.commit().await.unwrap();
        base
    }

    /// A document whose first version has these chunks.
    pub async fn add(
        &self,
        client: ClientNo,
        base: BaseNo,
        name: &str,
        chunks: &[String],
    ) -> Version {
        let mut tx = self.db.client(client).await.unwrap();
        let document = document(&mut tx, base, name).await;
        let version = Version {
            base,
            document,
            number: 1,
        };
        write(&mut tx, version, chunks).await;
        tx.commit().await.unwrap();
        version
    }

    pub async fn ask(&self, client: ClientNo, bases: &[BaseNo], text: &str) -> Vec<Passage> {
        let question = search::question(Some(&Letters), text).await.unwrap();
        self.find(client, bases, &question, 10).await
    }

    pub async fn find(
        &self,
        client: ClientNo,
        bases: &[BaseNo],
        question: &Question,
        limit: usize,
    ) -> Vec<Passage> {
        let mut tx = self.db.client(client).await.unwrap();
        let passages = search::passages(&mut tx, bases, question, limit)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        passages
    }

    pub async fn count(&self, table: &'static str) -> i64 {
        let statement = match table {
            "posting" => "select count(*) from posting",
            "chunk_vector" => "select count(*) from chunk_vector",
            "document_index" => "select count(*) from document_index",
            "base_stats" => "select count(*) from base_stats",
            _ => panic!("no statement for {table}"),
        };
        sqlx::query_scalar(statement)
            .fetch_one(&mut self.owner().await)
            .await
            .unwrap()
    }

    /// What the statistics say, and what they would say if they were counted again.
    pub async fn stats(&self, base: BaseNo) -> [(i64, i64); 2] {
        sqlx::query_as::<_, (i64, i64)>(
            "select chunks, terms_total from base_stats where base_no = $1
             union all
             select coalesce(sum(chunks), 0)::bigint, coalesce(sum(terms_total), 0)::bigint
             from document_index where base_no = $1",
        )
        .bind(base)
        .fetch_all(&mut self.owner().await)
        .await
        .unwrap()
        .try_into()
        .unwrap()
    }
}

pub async fn document(tx: &mut ClientTx, base: BaseNo, name: &str) -> DocumentNo {
    sqlx::query_scalar(
        "insert into document (client_no, document_id, base_no, name, media_type, bytes, state,
                               page_errors, chunks, version, progress_done, progress_total,
                               created_at, updated_at)
         values ($1, $2, $3, $4, 'text/plain', 1, 'ready', '[]', 0, 1, 0, 0, $5, $5)
         returning document_no",
    )
    .bind(tx.client())
    .bind(DocumentId::new(NOW))
    .bind(base)
    .bind(name)
    .bind(NOW)
    .fetch_one(tx.conn())
    .await
    .unwrap()
}

/// Writes a version's chunks and makes it the searched one.
pub async fn write(tx: &mut ClientTx, version: Version, chunks: &[String]) {
    let ordinals: Vec<i32> = (0..).take(chunks.len()).collect();
    let ids: Vec<Uuid> = chunks.iter().map(|_| ChunkId::new(NOW).0).collect();
    sqlx::query(
        "insert into chunk (client_no, chunk_id, base_no, document_no, version, ordinal,
                            start_cp, end_cp, page, context, text)
         select $1, id, $2, $3, $4, ordinal, 10 * ordinal, 10 * ordinal + 9, 7, '', text
         from unnest($5::uuid[], $6::int[], $7::text[]) as row (id, ordinal, text)",
    )
    .bind(tx.client())
    .bind(version.base)
    .bind(version.document)
    .bind(version.number)
    .bind(ids)
    .bind(ordinals)
    .bind(chunks)
    .execute(tx.conn())
    .await
    .unwrap();
    let cut: Inverted = chunks.iter().map(|chunk| terms(chunk)).collect();
    let of_chunks: Vec<Vec<f32>> = chunks.iter().map(|chunk| letters(chunk)).collect();
    let vectors = Vectors {
        embedder: Letters.id(),
        of_chunks: &of_chunks,
    };
    search::index_version(tx, version, &cut, Some(vectors))
        .await
        .unwrap();
}

/// An embedder that sees which letters a text is made of, and claims to know English only.
pub struct Letters;

impl Embedder for Letters {
    fn id(&self) -> &str {
        "letters-1"
    }
    fn dimensions(&self) -> usize {
        DIMENSIONS
    }
    fn languages(&self) -> &[Language] {
        &[Language::English]
    }
    fn embed(&self, texts: Vec<String>) -> BoxFuture<'_, concierge::error::Result<Vec<Vec<f32>>>> {
        async move { Ok(texts.iter().map(|text| letters(text)).collect()) }.boxed()
    }
}

pub fn letters(text: &str) -> Vec<f32> {
    let mut vector = vec![0.01; DIMENSIONS];
    for letter in text.chars() {
        vector[letter as usize % DIMENSIONS] += 1.0;
    }
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    vector.iter().map(|x| x / length).collect()
}

pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
