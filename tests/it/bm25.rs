//! BM25 against tantivy, on the same terms.

use std::collections::{BTreeMap, BTreeSet};

use concierge::knowledge::lexical::bm25::{Hit, Row, Stats, top};
use concierge::knowledge::lexical::postings::{self, Block, Inverted};
use concierge::knowledge::lexical::words::{QueryTerm, Term, query_terms, terms};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tantivy::collector::TopDocs;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::query::{BooleanQuery, Occur, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::WhitespaceTokenizer;
use tantivy::{Index, Searcher, TantivyDocument};

const CHUNKS: usize = 2_400;
const CHUNKS_PER_VERSION: usize = 7;
const QUERIES: usize = 200;
const TOP: usize = 10;

const VOCABULARY: usize = 3_000;

const CHINESE: &str = "电池保修期限退货发票水位过低错误代码重置密码网络连接设备维客服话地址订单物流配送价格优惠会员\
    积分账户余额充温度屏幕亮声音安装说明书下载软件升级版本数据备份恢复全隐私政策合同条款责任赔偿申请审核流程";
const SYLLABLES: &str =
    "ba cor den fil gra hun ist jam kel lor mun nop par quo ris sol tur vex wit zan";

/// Words of both languages, those in use and made-up ones, the frequent ones first.
fn vocabulary(dice: &mut StdRng) -> Vec<String> {
    let characters: Vec<char> = CHINESE.chars().filter(|c| !c.is_whitespace()).collect();
    let syllables: Vec<&str> = SYLLABLES.split(' ').collect();
    let mut word = |at: usize| {
        let mut two = |among: usize| [dice.random_range(0..among), dice.random_range(0..among)];
        match at % 2 {
            0 => two(characters.len())
                .map(|at| characters[at].to_string())
                .concat(),
            _ => two(syllables.len()).map(|at| syllables[at]).concat(),
        }
    };
    (0..VOCABULARY).map(&mut word).collect()
}

/// Text whose words are as unevenly spread as in a language: the n-th about 1/n of all.
fn text(dice: &mut StdRng, vocabulary: &[String], lengths: std::ops::Range<usize>) -> String {
    let mut text = String::new();
    for _ in 0..dice.random_range(lengths) {
        let place = (vocabulary.len() as f64).powf(dice.random_range(0.0..1.0)) as usize - 1;
        text.push_str(&vocabulary[place]);
        text.push_str(if dice.random_bool(0.2) { "，" } else { " " });
    }
    text
}

/// A generated corpus in both engines.
struct Corpus {
    blocks: BTreeMap<Term, Vec<(u32, Block)>>,
    stats: Stats,
    searcher: Searcher,
    field: Field,
}

impl Corpus {
    /// `length` is applied to the lengths of chunks, in our engine only.
    fn new(chunks: &[Vec<Term>], length: fn(u32) -> u32) -> Self {
        let mut blocks: BTreeMap<Term, Vec<(u32, Block)>> = BTreeMap::new();
        for (version, of_version) in (0..).zip(chunks.chunks(CHUNKS_PER_VERSION)) {
            let inverted: Inverted = of_version.iter().cloned().collect();
            for (term, mut postings) in inverted.postings {
                postings
                    .iter_mut()
                    .for_each(|posting| posting.chunk_terms = length(posting.chunk_terms));
                for block in postings::blocks(&postings) {
                    blocks
                        .entry(term.clone())
                        .or_default()
                        .push((version, block));
                }
            }
        }
        let terms_total = chunks.iter().map(|terms| terms.len() as u64).sum();
        let stats = Stats {
            chunks: chunks.len() as u64,
            terms_total,
        };
        let (index, field) = index(chunks);
        let searcher = index.reader().unwrap().searcher();
        assert_eq!(
            searcher.segment_readers().len(),
            1,
            "a document's number is its place"
        );
        Self {
            blocks,
            stats,
            searcher,
            field,
        }
    }

    /// Places in the corpus with scores, as ours finds them.
    fn ours(&self, query: &[Term]) -> Vec<(usize, f32)> {
        let mut rows: Vec<Row<'_, u32>> = Vec::new();
        for (term, asked) in query.iter().enumerate() {
            for (version, block) in self.blocks.get(asked).into_iter().flatten() {
                rows.push(Row {
                    term,
                    weight: 1.0,
                    version: *version,
                    packed: &block.packed,
                });
            }
        }
        let place =
            |hit: &Hit<u32>| hit.version as usize * CHUNKS_PER_VERSION + hit.ordinal as usize;
        let hits = top(rows, self.stats, TOP).unwrap();
        hits.iter().map(|hit| (place(hit), hit.score)).collect()
    }

    fn theirs(&self, query: &[Term]) -> Vec<(usize, f32)> {
        let parts = query.iter().map(|term| {
            let term = tantivy::Term::from_field_text(self.field, term.as_str());
            let query = TermQuery::new(term, IndexRecordOption::WithFreqs);
            (Occur::Should, Box::new(query) as Box<dyn Query>)
        });
        let query = BooleanQuery::new(parts.collect());
        let found = self
            .searcher
            .search(&query, &TopDocs::with_limit(TOP).order_by_score())
            .unwrap();
        found
            .into_iter()
            .map(|(score, at)| (at.doc_id as usize, score))
            .collect()
    }
}

fn index(chunks: &[Vec<Term>]) -> (Index, Field) {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer("as_given")
        .set_index_option(IndexRecordOption::WithFreqs);
    let mut schema = Schema::builder();
    let options = TextOptions::default().set_indexing_options(indexing);
    let field = schema.add_text_field("text", options);
    let index = Index::create_in_ram(schema.build());
    index
        .tokenizers()
        .register("as_given", WhitespaceTokenizer::default());
    let mut writer = index
        .writer_with_num_threads::<TantivyDocument>(1, 50_000_000)
        .unwrap();
    for chunk in chunks {
        let words: Vec<&str> = chunk.iter().map(Term::as_str).collect();
        let mut document = TantivyDocument::new();
        document.add_text(field, words.join(" "));
        writer.add_document(document).unwrap();
    }
    writer.commit().unwrap();
    (index, field)
}

fn chunks(dice: &mut StdRng, vocabulary: &[String]) -> Vec<Vec<Term>> {
    (0..CHUNKS)
        .map(|_| terms(&text(dice, vocabulary, 40..160)))
        .collect()
}

/// The terms of a question, all of the same weight: the judge knows no other.
fn asked(question: &str) -> Vec<Term> {
    query_terms(question)
        .into_iter()
        .map(|QueryTerm { term, .. }| term)
        .collect()
}

fn queries(dice: &mut StdRng, vocabulary: &[String]) -> Vec<Vec<Term>> {
    let mut queries = Vec::new();
    while queries.len() < QUERIES {
        let query = asked(&text(dice, vocabulary, 3..10));
        if !query.is_empty() {
            queries.push(query);
        }
    }
    queries
}

#[test]
fn the_best_ten_are_those_of_tantivy() {
    let mut dice = StdRng::seed_from_u64(1);
    let vocabulary = vocabulary(&mut dice);
    let chunks: Vec<Vec<Term>> = (0..CHUNKS)
        .map(|_| terms(&text(&mut dice, &vocabulary, 40..160)))
        .collect();
    let corpus = Corpus::new(&chunks, |exact| exact);
    let mut overlap = 0.0;
    for query in queries(&mut dice, &vocabulary) {
        let places = |found: Vec<(usize, f32)>| -> BTreeSet<usize> {
            found.into_iter().map(|(place, _)| place).collect()
        };
        let (ours, theirs) = (places(corpus.ours(&query)), places(corpus.theirs(&query)));
        assert_eq!(ours.len(), theirs.len(), "{query:?}");
        overlap += ours.intersection(&theirs).count() as f64 / theirs.len().max(1) as f64;
    }
    let overlap = overlap / QUERIES as f64;
    // tantivy rounds chunk lengths above 40 terms
    assert!(overlap >= 0.95, "overlap {overlap}");
}

#[test]
fn scores_are_those_of_tantivy_when_lengths_are_rounded_as_it_rounds_them() {
    let mut dice = StdRng::seed_from_u64(2);
    let vocabulary = vocabulary(&mut dice);
    let chunks = chunks(&mut dice, &vocabulary);
    let rounded = |terms| FieldNormReader::id_to_fieldnorm(FieldNormReader::fieldnorm_to_id(terms));
    let corpus = Corpus::new(&chunks, rounded);
    for query in queries(&mut dice, &vocabulary) {
        let (ours, theirs) = (corpus.ours(&query), corpus.theirs(&query));
        assert_eq!(ours.len(), theirs.len(), "{query:?}");
        for (mine, other) in ours.iter().zip(&theirs) {
            assert!(
                (mine.1 - other.1).abs() <= 1e-5 * other.1,
                "{mine:?} {other:?} {query:?}"
            );
        }
    }
}

#[test]
fn equal_scores_come_in_the_order_of_version_and_ordinal() {
    let chunk = terms("电池 warranty");
    let of_version = vec![chunk.clone(), chunk.clone(), chunk];
    let inverted: Inverted = of_version.into_iter().collect();
    let query = asked("电池 warranty");
    let packed: Vec<Vec<u8>> = query
        .iter()
        .map(|term| postings::pack(&inverted.postings[term]))
        .collect();
    let mut rows = Vec::new();
    for version in [9, 4] {
        for (term, packed) in packed.iter().enumerate().rev() {
            rows.push(Row {
                term,
                weight: 1.0,
                version,
                packed,
            });
        }
    }
    let stats = Stats {
        chunks: 6,
        terms_total: 12,
    };
    let order = |limit| -> Vec<(i32, u32)> {
        let hits = top(rows.clone(), stats, limit).unwrap();
        hits.iter().map(|hit| (hit.version, hit.ordinal)).collect()
    };
    assert_eq!(order(10), [(4, 0), (4, 1), (4, 2), (9, 0), (9, 1), (9, 2)]);
    assert_eq!(order(4), order(10)[..4]);
    assert_eq!(order(0), []);
    assert!(
        top(
            vec![Row {
                term: 0,
                weight: 1.0,
                version: 1,
                packed: &[1, 200]
            }],
            stats,
            3
        )
        .is_err()
    );
}
