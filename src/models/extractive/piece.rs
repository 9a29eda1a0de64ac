//! Cuts passages into pieces that can stand in an answer: sentences, entries of lists, rows of tables.

use super::{
    sentence::{
        clean, entry, is_finished, is_question, is_title, opens_with_answer, sentences, unwrapped,
    },
    table::{self, Table},
};
use crate::models::Excerpt;

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A sentence of running text.
    Sentence,
    /// Running text that does not end as a sentence does: mostly a heading.
    Fragment,
    /// An entry of a list, with all its sentences.
    Entry,
    /// A row of a table, each cell with the head of its column.
    Row,
}

/// Something that can be said, and where it stands.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Index of its passage.
    pub passage: usize,
    /// How many pieces of that passage come before it.
    pub place: usize,
    /// As it is said, in one line.
    pub text: String,
    /// What it is.
    pub shape: Shape,
    /// The headings above it, the highest first, and the question that it answers.
    pub above: Vec<String>,
}

/// The pieces of a passage in their order. Headings and questions are none: they stand above.
pub fn split(passage: usize, excerpt: &Excerpt) -> Vec<Piece> {
    let mut reader = Reader::new(passage, &excerpt.context);
    let lines = unwrapped(&excerpt.text);
    let several = lines.iter().filter(|line| !line.is_empty()).count() > 1;
    for line in &lines {
        if let Some(cells) = table::cells(line) {
            reader.row(cells);
            continue;
        }
        reader.end_table();
        if line.is_empty() {
            continue;
        }
        if reader.is_heading(line) || (several && reader.pieces.is_empty() && is_title(line)) {
            reader.heading(line);
        } else if let Some(entry) = entry(line) {
            reader.add(entry, Shape::Entry);
        } else {
            sentences(line)
                .into_iter()
                .for_each(|sentence| reader.sentence(&sentence));
        }
    }
    reader.end_table();
    reader.pieces
}

struct Reader {
    passage: usize,
    above: Vec<String>,
    /// The last one of `above` is a question.
    asked: bool,
    table: Table,
    pieces: Vec<Piece>,
}

impl Reader {
    fn new(passage: usize, context: &str) -> Self {
        let mut above: Vec<String> = context.split(" > ").map(str::to_owned).collect();
        above.retain(|heading| !heading.is_empty());
        let head = above.pop_if(|last| last.contains(table::CELL));
        Self {
            passage,
            above,
            asked: false,
            table: Table::after(head.as_deref()),
            pieces: Vec::new(),
        }
    }

    fn is_heading(&self, line: &str) -> bool {
        self.above.iter().any(|heading| heading == line)
    }

    fn heading(&mut self, line: &str) {
        if !self.is_heading(line) {
            self.above.push(line.to_owned());
        }
    }

    fn sentence(&mut self, text: &str) {
        if is_question(text) {
            if std::mem::replace(&mut self.asked, true) {
                self.above.pop();
            }
            self.above.push(text.to_owned());
            return;
        }
        let shape = if is_finished(text) {
            Shape::Sentence
        } else {
            Shape::Fragment
        };
        self.add(text, shape);
    }

    fn row(&mut self, cells: Vec<String>) {
        self.table.row(cells);
    }

    fn end_table(&mut self) {
        for row in self.table.end() {
            self.add(&row, Shape::Row);
        }
    }

    fn add(&mut self, text: &str, shape: Shape) {
        // a bare "No." would answer the question of whoever reads it
        let question = self.above.last().filter(|last| is_question(last));
        let text = match question.filter(|_| opens_with_answer(text)) {
            Some(question) => clean(&format!("{question} {text}")),
            None => clean(text),
        };
        if text.chars().any(char::is_alphanumeric) {
            self.pieces.push(Piece {
                passage: self.passage,
                place: self.pieces.len(),
                text,
                shape,
                above: self.above.clone(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(context: &str, text: &str) -> Vec<Piece> {
        let excerpt = Excerpt {
            context: context.to_owned(),
            text: text.to_owned(),
        };
        split(0, &excerpt)
    }

    #[test]
    fn sentences_end_where_a_reader_ends_them() {
        let long = "表".repeat(400);
        let cut = format!("{}…", "表".repeat(300));
        let cases: [(&str, &[&str]); 14] = [
            (
                "电池保修期为24个月。充电器保修一年！",
                &["电池保修期为24个月。", "充电器保修一年！"],
            ),
            ("一、范围；二、期限。", &["一、范围；", "二、期限。"]),
            (
                "See Fig. 3 of v2.1 now. Dr. Wu agrees.",
                &["See Fig. 3 of v2.1 now.", "Dr. Wu agrees."],
            ),
            (
                "Yes. It belongs to the bike.",
                &["Yes. It belongs to the bike."],
            ),
            ("可以。能在小雨中骑行。", &["可以。能在小雨中骑行。"]),
            (
                "- one. And more.\n- another",
                &["one. And more.", "another"],
            ),
            ("* -20℃至60℃\n-20℃ is cold", &["-20℃至60℃", "-20℃ is cold"]),
            (
                "1. Wait.\n（2）先断电。\n3、拔插头",
                &["Wait.", "先断电。", "拔插头"],
            ),
            (
                "2.5 A charges it. It takes 24 hours.",
                &["2.5 A charges it.", "It takes 24 hours."],
            ),
            (
                "The warranty covers the battery and the\ncharger for two years.",
                &["The warranty covers the battery and the charger for two years."],
            ),
            (
                "本产品自购买之日起享受整机保修服务，其中电池\n保修期为24个月。",
                &["本产品自购买之日起享受整机保修服务，其中电池保修期为24个月。"],
            ),
            ("As shown [3] before [x].", &["As shown  before [x]."]),
            ("——\n\n…", &[]),
            (&long, &[&cut]),
        ];
        for (text, wanted) in cases {
            let texts: Vec<String> = pieces("", text).into_iter().map(|it| it.text).collect();
            assert_eq!(texts, wanted, "{text}");
        }
    }

    #[test]
    fn headings_and_questions_stand_above() {
        let cases: [(&str, &str, &[&str], &[&str]); 4] = [
            ("", "保修\n电池两年。", &["电池两年。"], &["保修"]),
            (
                "保修 > 电池",
                "电池\n\n两年。",
                &["两年。"],
                &["保修", "电池"],
            ),
            (
                "",
                "问：屏幕坏了怎么办？\n问：电池保修多久？\n答：两年。",
                &["答：两年。"],
                &["问：电池保修多久？"],
            ),
            ("", "battery warranty", &["battery warranty"], &[]),
        ];
        for (context, text, said, above) in cases {
            let pieces = pieces(context, text);
            let texts: Vec<&str> = pieces.iter().map(|it| it.text.as_str()).collect();
            assert_eq!(texts, said, "{text}");
            assert_eq!(pieces[0].above, above, "{text}");
        }
    }

    #[test]
    fn a_bare_answer_keeps_its_question() {
        let cases = [
            (
                "下雨天能骑吗？",
                "可以。能在小雨中骑行。",
                "下雨天能骑吗？ 可以。能在小雨中骑行。",
            ),
            (
                "Are screens covered?",
                "No, they are not.",
                "Are screens covered? No, they are not.",
            ),
            ("How fast is it?", "It goes 25 km/h.", "It goes 25 km/h."),
            ("Screens", "No, they are not.", "No, they are not."),
        ];
        for (heading, text, said) in cases {
            assert_eq!(
                pieces(heading, &format!("{heading}\n\n{text}"))[0].text,
                said
            );
        }
    }

    #[test]
    fn a_row_says_what_its_cells_are() {
        let table = "| Model | Range |\n| --- | --- |\n| C1 | 40 km |\n| C2 | 70 km |";
        let cases: [(&str, &str, &[&str]); 5] = [
            (
                "",
                table,
                &["Model: C1, Range: 40 km", "Model: C2, Range: 70 km"],
            ),
            (
                "",
                "部件\t保修期\t说明\n电池\t24 个月\t\n车架\t5 年\t含焊缝",
                &[
                    "部件：电池，保修期：24 个月",
                    "部件：车架，保修期：5 年，说明：含焊缝",
                ],
            ),
            (
                "故障 > 代码 | 含义",
                "E08\t温度过高\nE09\t没有信号",
                &["代码：E08，含义：温度过高", "代码：E09，含义：没有信号"],
            ),
            (
                "故障 > 代码 | 含义",
                "代码\t含义\nE09\t没有信号",
                &["代码：E09，含义：没有信号"],
            ),
            ("", "E09\t没有信号", &["E09，没有信号"]),
        ];
        for (context, text, said) in cases {
            let pieces = pieces(context, text);
            let texts: Vec<&str> = pieces.iter().map(|it| it.text.as_str()).collect();
            assert_eq!(texts, said, "{text}");
            assert!(pieces.iter().all(|it| it.shape == Shape::Row), "{text}");
        }
    }
}
