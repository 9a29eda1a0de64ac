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

/// What a marker is to bear out.
#[derive(Debug, Default)]
struct Claim {
    /// The sentence it stands in or right behind.
    sentence: String,
    /// That one with those before it, back to the marker before, the longest first.
    longer: Vec<String>,
}

fn claims(answer: &str, markers: &[Marker]) -> Vec<Claim> {
    // the sentences of the bare text, with the place of each marker in it
    let bare = without(answer, markers);
    let mut ends = Vec::new();
    let mut from = 0;
    for (_, _, text) in sentences(&bare) {
        if let Some(at) = bare[from..].find(text) {
            ends.push((from + at, from + at + text.len()));
            from += at + text.len();
        }
    }
    let (mut removed, mut before) = (0, 0);
    let claim = |marker: &Marker| {
        let place = marker.start - removed;
        removed += marker.end - marker.start;
        // trailing spaces and marks belong to what stands before them
        let at = bare[..place].trim_end().len();
        let since = std::mem::replace(&mut before, place);
        let own = ends
            .iter()
            .position(|&(start, end)| start < at && at <= end);
        own.map_or_else(Claim::default, |own| {
            let (start, end) = ends[own];
            let starts = ends[..own].iter().map(|(start, _)| *start);
            let longer = starts.filter(|start| *start >= since);
            Claim {
                sentence: bare[start..end].to_owned(),
                longer: longer.map(|start| bare[start..end].to_owned()).collect(),
            }
        })
    };
    markers.iter().map(claim).collect()
}

fn cite(n: u32, claim: &Claim, passage: &Passage) -> Option<Citation> {
    let quoted = claim
        .longer
        .iter()
        .find_map(|text| quoted(text, &passage.text));
    let (start, end) = match quoted {
        Some(place) => place,
        None => nearest(&claim.sentence, &passage.text)?,
    };
    let quote = passage.text.chars().skip(start).take(end - start).collect();
    let place = passage.place(start..end);
    Some(Citation {
        n,
        document_id: passage.document,
        document_name: passage.document_name.clone(),
        version: passage.version,
        chunk_id: passage.chunk,
        start: place.start,
        end: place.end,
        quote,
        page: passage.page,
    })
}

/// Where several sentences stand word for word, whatever the space between them.
fn quoted(claim: &str, passage: &str) -> Option<(usize, usize)> {
    let solid = |text: &str| -> Vec<(usize, char)> {
        let all = text.chars().enumerate();
        all.filter(|(_, c)| !c.is_whitespace()).collect()
    };
    // the mark of a list is the answer's own
    let wanted = solid(claim.trim_start_matches(['-', '*', ' ']));
    let text = solid(passage);
    let same = |place: &&[(usize, char)]| place.iter().zip(&wanted).all(|(a, b)| a.1 == b.1);
    let place = text.windows(wanted.len().max(1)).find(same)?;
    Some((place.first()?.0, place.last()?.0 + 1))
}

/// The sentence or row that shares most with a claim, if that is enough.
fn nearest(claim: &str, passage: &str) -> Option<(usize, usize)> {
    let wanted: HashSet<Term> = word_set(claim);
    let mut best: Option<(f32, usize, usize)> = None;
    for (start, end, text) in quotable(passage) {
        let overlap = overlap(&wanted, text);
        if best.is_none_or(|(most, ..)| overlap > most) {
            best = Some((overlap, start, end));
        }
    }
    let (overlap, start, end) = best?;
    // words cannot tell whether a Chinese passage bears out an English sentence
    let comparable = language(claim) == language(passage);
    (!comparable || overlap >= OVERLAP_MIN).then_some((start, end))
}

/// What can be quoted of a passage, with its code points: sentences, and rows of tables as a whole,
/// since part of a row tells nothing.
fn quotable(text: &str) -> Vec<(usize, usize, &str)> {
    let (mut all, mut start) = (Vec::new(), 0);
    for line in text.split_inclusive('\n') {
        let row = line.trim_end();
        if row.starts_with('|') || row.contains('\t') {
            all.push((start, start + row.chars().count(), row));
        } else {
            all.extend(sentences(line).map(|(from, to, text)| (start + from, start + to, text)));
        }
        start += line.chars().count();
    }
    all
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
            context: String::new(),
            version: 1,
            span: start..start + text.chars().count() as i32,
            page: Some(3),
            text: text.into(),
            metadata: None,
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

    #[test]
    fn what_is_quoted_word_for_word_is_quoted_whole() {
        let text = "😀 The light\n\n- Red: charging.\n- Flashing: fault. Wait ten seconds. Call us.\nCall us.";
        let answer = "They say:\n\n- Flashing: fault. Wait ten seconds. Call us. [1]\n- Red: charging. [1] Bye.";
        let checked = check(answer, &[passage(100, text)]);
        let quotes: Vec<&str> = checked
            .citations
            .iter()
            .map(|it| it.quote.as_str())
            .collect();
        let whole = "Flashing: fault. Wait ten seconds. Call us.";
        assert_eq!(quotes, [whole, "- Red: charging."]);
        let chars: Vec<char> = text.chars().collect();
        let first = &checked.citations[0];
        let span = (first.start - 100) as usize..(first.end - 100) as usize;
        assert_eq!(chars[span].iter().collect::<String>(), whole);
    }

    #[test]
    fn a_row_is_quoted_whole() {
        let text = "| Code | Meaning |\n| --- | --- |\n| E05 | Too low. Charge soon. |\n| E06 | Too high. |";
        let answer = "Code: E05, Meaning: Too low. Charge soon. [1]";
        let checked = check(answer, &[passage(0, text)]);
        assert_eq!(
            checked.citations[0].quote,
            "| E05 | Too low. Charge soon. |"
        );
        let checked = check(
            "代码：E08，含义：过热 [1]",
            &[passage(0, "E08\t过热\nE09\t无信号")],
        );
        assert_eq!(checked.citations[0].quote, "E08\t过热");
    }
}
