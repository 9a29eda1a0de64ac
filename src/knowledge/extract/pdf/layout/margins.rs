//! Running heads, page numbers: what stands at the same place of most pages.

use std::collections::HashMap;

use super::super::{Line, Pages};

/// Fewer pages than this do not tell a running head from text.
const PAGES_MIN: usize = 3;
/// Lines at the top and at the bottom of a page that may be one.
const EDGE_LINES: usize = 2;
/// Points by which it may move from page to page.
const PLACE_POINTS: f32 = 6.0;
/// Digits of the longest page number, with the count of all pages.
const DIGITS_MAX: usize = 10;

/// Takes out lines among the first and last two of a page that stand at the same height of at
/// least three in five pages and say the same but for numbers. Rows of tables always stay.
pub fn drop_repeated(pages: &mut Pages) {
    let mut seen: HashMap<(i32, String), usize> = HashMap::new();
    let mut filled = 0;
    for lines in pages.iter().filter_map(|(_, lines)| lines.as_ref().ok()) {
        filled += usize::from(!lines.is_empty());
        let mut keys: Vec<_> = edges(lines)
            .into_iter()
            .filter_map(|at| key(&lines[at]))
            .collect();
        keys.sort();
        keys.dedup();
        for key in keys {
            *seen.entry(key).or_default() += 1;
        }
    }
    let often = PAGES_MIN.max(filled * 3 / 5);
    for lines in pages
        .iter_mut()
        .filter_map(|(_, lines)| lines.as_mut().ok())
    {
        let mut repeated: Vec<usize> = edges(lines)
            .into_iter()
            .filter(|at| {
                key(&lines[*at]).is_some_and(|key| seen.get(&key).is_some_and(|n| *n >= often))
            })
            .collect();
        repeated.sort_unstable();
        for at in repeated.into_iter().rev() {
            lines.remove(at);
        }
    }
}

/// The highest and lowest lines of a page.
fn edges(lines: &[Line]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by(|a, b| lines[*b].bottom.total_cmp(&lines[*a].bottom));
    let bottom = order.len().saturating_sub(EDGE_LINES);
    let mut edges: Vec<usize> = order.iter().take(EDGE_LINES).copied().collect();
    edges.extend(order.iter().skip(bottom.max(EDGE_LINES)));
    edges
}

/// What two running heads have in common: their height and their letters.
fn key(line: &Line) -> Option<(i32, String)> {
    let letters: String = line.text.chars().filter(|c| c.is_alphabetic()).collect();
    let digits = line.text.chars().filter(char::is_ascii_digit).count();
    let numbers_only = letters.is_empty() && (digits == 0 || digits > DIGITS_MAX);
    let is_row = line.text.contains('\t') && (letters.is_empty() || digits == 0);
    let place = (line.bottom / PLACE_POINTS).round() as i32;
    (!numbers_only && !is_row).then_some((place, letters))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, bottom: f32) -> Line {
        Line {
            text: text.to_owned(),
            bottom,
            ..Line::default()
        }
    }

    fn left(pages: &Pages) -> Vec<String> {
        let lines = pages.iter().flat_map(|(_, lines)| lines.iter().flatten());
        lines.map(|line| line.text.clone()).collect()
    }

    #[test]
    fn running_heads_go_and_text_stays() {
        let mut pages: Pages = (1..=4)
            .map(|page| {
                let lines = vec![
                    line("电动车保修手册", 800.0),
                    line(&format!("正文 {page}"), 700.0 - page as f32 * 20.0),
                    line(&format!("{page}\t{page}00"), 100.0),
                    line(&format!("- {page} -"), 40.0),
                ];
                (page, Ok(lines))
            })
            .collect();
        drop_repeated(&mut pages);
        let expected = [
            "正文 1", "1\t100", "正文 2", "2\t200", "正文 3", "3\t300", "正文 4", "4\t400",
        ];
        assert_eq!(left(&pages), expected);
    }

    #[test]
    fn two_pages_do_not_tell() {
        let page = |number| (number, Ok(vec![line("手册", 800.0), line("1", 40.0)]));
        let mut pages: Pages = vec![page(1), page(2)];
        drop_repeated(&mut pages);
        assert_eq!(left(&pages).len(), 4);
    }
}
