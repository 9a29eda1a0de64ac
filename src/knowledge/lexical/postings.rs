//! Which chunks of a document version a term stands in, packed into a few bytes.

use std::collections::BTreeMap;

use super::words::Term;

/// Chunks of one document version; ordinals start at 0.
pub const VERSION_CHUNKS_MAX: u32 = 1 << 20;

/// A packed block is at most this long, so that a row of it fits into a btree page three times.
pub const BLOCK_BYTES_MAX: usize = 1_800;

/// A term in one chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    /// Place of the chunk in its document version.
    pub ordinal: u32,
    /// How often the term stands in the chunk; at least 1.
    pub frequency: u32,
    /// Terms of the whole chunk, repetitions counted; at least `frequency`.
    pub chunk_terms: u32,
}

/// Bytes that [`pack`] did not write.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a packed posting is corrupt: {0}")]
pub struct Corrupt(&'static str);

/// A block of a term's postings, as a row stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The first ordinal in it, which tells the blocks of a term apart.
    pub first: u32,
    /// What [`read`] reads.
    pub packed: Vec<u8>,
}

/// A document version by its terms: for each of them, the chunks it stands in.
#[derive(Debug, Default)]
pub struct Inverted {
    /// Chunks of the version.
    pub chunks: usize,
    /// Their terms, repetitions counted.
    pub terms_total: u64,
    /// Postings in the order of their ordinals.
    pub postings: BTreeMap<Term, Vec<Posting>>,
}

impl Inverted {
    /// Adds the next chunk. What is kept of it is much less than its terms are.
    pub fn add(&mut self, terms: Vec<Term>) {
        let ordinal = u32::try_from(self.chunks).unwrap_or(u32::MAX);
        let chunk_terms = u32::try_from(terms.len()).unwrap_or(u32::MAX);
        self.chunks += 1;
        self.terms_total += u64::from(chunk_terms);
        for term in terms {
            let postings = self.postings.entry(term).or_default();
            match postings.last_mut() {
                Some(last) if last.ordinal == ordinal => last.frequency += 1,
                _ => postings.push(Posting {
                    ordinal,
                    frequency: 1,
                    chunk_terms,
                }),
            }
        }
    }
}

impl FromIterator<Vec<Term>> for Inverted {
    fn from_iter<Chunks: IntoIterator<Item = Vec<Term>>>(chunks: Chunks) -> Self {
        let mut inverted = Self::default();
        chunks.into_iter().for_each(|terms| inverted.add(terms));
        inverted
    }
}

/// Packs postings, in ascending order of their ordinals, into as few blocks as the limit allows.
pub fn blocks(postings: &[Posting]) -> Vec<Block> {
    // a posting takes 2 to 15 bytes, the count at most 5
    const POSTINGS_SAFE: usize = (BLOCK_BYTES_MAX - 5) / 15;
    let mut blocks = Vec::new();
    let mut rest = postings;
    while let Some(first) = rest.first() {
        let mut take = rest.len().min(BLOCK_BYTES_MAX / 2);
        let mut packed = pack(&rest[..take]);
        while packed.len() > BLOCK_BYTES_MAX {
            take = (take * BLOCK_BYTES_MAX / packed.len())
                .max(POSTINGS_SAFE)
                .min(take - 1);
            packed = pack(&rest[..take]);
        }
        blocks.push(Block {
            first: first.ordinal,
            packed,
        });
        rest = &rest[take..];
    }
    blocks
}

/// Packs postings, in ascending order of their ordinals: their count, then for each the gap to
/// the one before (doubled, odd if the term stands there more than once), the frequency if it is
/// more than one, and the length of the chunk; all of them LEB128.
pub fn pack(postings: &[Posting]) -> Vec<u8> {
    debug_assert!(postings.is_sorted_by(|a, b| a.ordinal < b.ordinal));
    let mut bytes = Vec::with_capacity(1 + 3 * postings.len());
    put(&mut bytes, postings.len() as u64);
    let mut expected = 0;
    for posting in postings {
        let gap = u64::from(posting.ordinal.wrapping_sub(expected));
        let repeated = posting.frequency > 1;
        put(&mut bytes, gap << 1 | u64::from(repeated));
        if repeated {
            put(&mut bytes, u64::from(posting.frequency));
        }
        put(&mut bytes, u64::from(posting.chunk_terms));
        expected = posting.ordinal.wrapping_add(1);
    }
    bytes
}

/// All postings of a block; fails on bytes that [`pack`] does not write.
pub fn unpack(bytes: &[u8]) -> Result<Vec<Posting>, Corrupt> {
    read(bytes)?.collect()
}

/// Starts to read a block: its count at once, its postings one by one.
pub fn read(bytes: &[u8]) -> Result<Reader<'_>, Corrupt> {
    let mut rest = bytes;
    let count = number(&mut rest)?;
    // a posting takes two bytes or more; this also bounds what a reader may allocate
    if count == 0 || u64::from(count) * 2 > rest.len() as u64 {
        return Err(Corrupt("its count does not fit its length"));
    }
    Ok(Reader {
        rest,
        left: count,
        expected: 0,
    })
}

/// Postings on their way out of a block; ends after the first error.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    left: u32,
    expected: u32,
}

impl Reader<'_> {
    /// Postings not yet read.
    pub fn left(&self) -> u32 {
        self.left
    }

    fn posting(&mut self) -> Result<Posting, Corrupt> {
        let head = number(&mut self.rest)?;
        let ordinal = self.expected.saturating_add(head >> 1);
        let frequency = if head & 1 == 1 {
            number(&mut self.rest)?
        } else {
            1
        };
        let chunk_terms = number(&mut self.rest)?;
        if ordinal >= VERSION_CHUNKS_MAX {
            return Err(Corrupt("an ordinal is too large"));
        }
        if frequency == 0 || frequency > chunk_terms {
            return Err(Corrupt("a frequency is impossible"));
        }
        self.expected = ordinal + 1;
        if self.left == 1 && !self.rest.is_empty() {
            return Err(Corrupt("bytes are left over"));
        }
        Ok(Posting {
            ordinal,
            frequency,
            chunk_terms,
        })
    }
}

impl Iterator for Reader<'_> {
    type Item = Result<Posting, Corrupt>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        let posting = self.posting();
        self.left = if posting.is_ok() { self.left - 1 } else { 0 };
        Some(posting)
    }
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn number(rest: &mut &[u8]) -> Result<u32, Corrupt> {
    let mut number = 0_u64;
    for shift in [0, 7, 14, 21, 28] {
        let (&byte, after) = rest.split_first().ok_or(Corrupt("it ends too early"))?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return u32::try_from(number).map_err(|_| Corrupt("a number is too large"));
        }
    }
    Err(Corrupt("a number is too long"))
}
