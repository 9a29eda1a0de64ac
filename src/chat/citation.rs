//! Checks citations: a sentence that cites passage n is given the sentence of n that bears it out, or
//! loses the marker.

use std::collections::HashSet;

use super::{
    event::Citation,
    marker::{self, Marker},
};
use crate::knowledge::{
    chunk::sentences,
    lexical::{
        fusion::language,
        words::{Term, terms},
    },
    search::Passage,
};

/// Share of the words of a sentence that the quote must have. Chosen on the cases below: a restated
/// fact keeps half of its words or more, an unrelated claim shares a stray one.
const OVERLAP_MIN: f32 = 0.3;

/// An answer after the check.
#[derive(Debug, PartialEq)]
pub struct Checked {
    /// The answer, without the markers that nothing bears out.
    pub text: String,
    /// One per passage and quote, by first place.
    pub citations: Vec<Citation>,
    /// Whether a marker was taken out.
    pub changed: bool,
}

/// Checks each marker of the answer against the passage it names.
pub fn check(answer: &str, passages: &[Passage]) -> Checked {
    let markers = marker::find(answer);
    let claims = claims(answer, &markers);
    let mut citations: Vec<Citation> = Vec::new();
    let mut dropped = Vec::new();
    for (marker, claim) in markers.iter().zip(claims) {
        let passage = passages.get((marker.n as usize).wrapping_sub(1));
        match passage.and_then(|passage| cite(marker.n, &claim, passage)) {
            Some(citation) if citations.contains(&citation) => {}
            Some(citation) => citations.push(citation),
            None => dropped.push(*marker),
        }
    }
    Checked {
        text: without(answer, &dropped),
        citations,
        changed: !dropped.is_empty(),
    }
}

/// The sentence that each marker stands in or right behind.
fn claims(answer: &str, markers: &[Marker]) -> Vec<String> {
    // the sentences of the bare text, with the place of each marker in it
    let bare = without(answer, markers);
    let mut removed = 0;
    let places = markers.iter().map(|marker| {
        let at = marker.start - removed;
        removed += marker.end - marker.start;
        at
    });
    let mut ends = Vec::new();
    let mut from = 0;
    for sentence in sentences(&bare) {
        let text = sentence.2;
        if let Some(at) = bare[from..].find(text) {
            ends.push((from + at, from + at + text.len(), text));
            from += at + text.len();
        }
    }
    places
        .map(|at| {
            // trailing spaces and marks belong to what stands before them
            let at = bare[..at].trim_end().len();
            let own = ends
                .iter()
                .find(|(start, end, _)| *start < at && at <= *end);
            own.map_or_else(String::new, |(_, _, text)| (*text).to_owned())
        })
        .collect()
}

fn cite(n: u32, claim: &str, passage: &Passage) -> Option<Citation> {
    let wanted: HashSet<Term> = word_set(claim);
    let mut best: Option<(f32, usize, usize, &str)> = None;
    for (start, end, text) in sentences(&passage.text) {
        let overlap = overlap(&wanted, text);
        if best.is_none_or(|(most, ..)| overlap > most) {
            best = Some((overlap, start, end, text));
        }
    }
    let (overlap, start, end, quote) = best?;
    // words cannot tell whether a Chinese passage bears out an English sentence
    let comparable = language(claim) == language(&passage.text);
    if comparable && overlap < OVERLAP_MIN {
        return None;
    }
    Some(Citation {
        n,
        document_id: passage.document,
        document_name: passage.document_name.clone(),
        version: passage.version,
        chunk_id: passage.chunk,
        start: passage.span.start + start as i32,
        end: passage.span.start + end as i32,
        quote: quote.to_owned(),
        page: passage.page,
    })
}

fn overlap(wanted: &HashSet<Term>, text: &str) -> f32 {
    if wanted.is_empty() {
        return 0.0;
    }
    let found = word_set(text);
    wanted.intersection(&found).count() as f32 / wanted.len() as f32
}

fn word_set(text: &str) -> HashSet<Term> {
    terms(text).into_iter().collect()
}

fn without(text: &str, markers: &[Marker]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for marker in markers {
        out.push_str(&text[from..marker.start]);
        from = marker.end;
    }
    out.push_str(&text[from..]);
    out
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        ids::{ChunkId, DocumentId},
        knowledge::{lexical::fusion::Weights, search::Explain},
    };

    fn passage(start: i32, text: &str) -> Passage {
        Passage {
            chunk: ChunkId(Uuid::from_u128(1)),
            document: DocumentId(Uuid::from_u128(2)),
            document_name: "手册.pdf".into(),
            version: 1,
            span: start..start + text.chars().count() as i32,
            page: Some(3),
            text: text.into(),
            score: 1.0,
            explain: Explain {
                lexical: None,
                vector: None,
                weights: Weights::default(),
            },
        }
    }

    #[test]
    fn the_quote_is_the_sentence_that_bears_it_out() {
        let text = "😀前言如下。电池保修期为24个月或800次循环。电机保修期为36个月。";
        let checked = check("电池的保修期是24个月[1]。", &[passage(100, text)]);
        assert!(!checked.changed);
        let [citation] = &checked.citations[..] else {
            panic!("{checked:?}")
        };
        assert_eq!(citation.quote, "电池保修期为24个月或800次循环。");
        let chars: Vec<char> = text.chars().collect();
        let span = (citation.start - 100) as usize..(citation.end - 100) as usize;
        assert_eq!(chars[span].iter().collect::<String>(), citation.quote);
    }

    #[test]
    fn a_marker_behind_the_full_stop_belongs_to_the_sentence_before() {
        let passages = [passage(
            0,
            "A full charge takes five hours. The motor is rated 250 W.",
        )];
        let checked = check(
            "A full charge takes five hours.[1] The motor has 250 W. [1]",
            &passages,
        );
        let quotes: Vec<&str> = checked.citations.iter().map(|c| c.quote.trim()).collect();
        assert_eq!(
            quotes,
            [
                "A full charge takes five hours.",
                "The motor is rated 250 W."
            ]
        );
    }

    #[test]
    fn an_unrelated_claim_loses_its_marker() {
        let passages = [
            passage(0, "电池保修期为24个月。"),
            passage(50, "The warranty covers the frame."),
        ];
        for (answer, text) in [
            ("北京是中国的首都[1]。", "北京是中国的首都。"),
            (
                "Paris lies on the river Seine [2].",
                "Paris lies on the river Seine .",
            ),
            ("没有这一段[9]。", "没有这一段。"),
        ] {
            let checked = check(answer, &passages);
            assert_eq!(
                (checked.text.as_str(), checked.changed),
                (text, true),
                "{answer}"
            );
            assert!(checked.citations.is_empty());
        }
    }

    #[test]
    fn another_language_is_not_judged_by_words() {
        let checked = check(
            "The battery is covered for 24 months [1].",
            &[passage(0, "保修说明。电池保修期为24个月。")],
        );
        assert_eq!(checked.citations.len(), 1);
        assert!(checked.citations[0].quote.contains("24"));
    }
}
