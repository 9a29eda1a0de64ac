//! RTF: its text, headings by style or outline level, lists and tables.

mod code_pages;
mod tokens;

use std::collections::HashMap;

use encoding_rs::Encoding;

use super::{BlockKind, Writer, plain::starts_item, table::Table, wide::flow};
use crate::error::{Error, Result};
use code_pages::{charset, code_page};
use tokens::{Token, Tokens};

/// Groups within each other.
const DEPTH_MAX: usize = 1_000;

/// Destinations whose text is not text of the document.
const DROPPED: &[&str] = &[
    "colortbl",
    "filetbl",
    "listtable",
    "listoverridetable",
    "revtbl",
    "rsidtbl",
    "generator",
    "themedata",
    "colorschememapping",
    "latentstyles",
    "datastore",
    "xmlnstbl",
    "pict",
    "object",
    "objdata",
    "header",
    "headerl",
    "headerr",
    "headerf",
    "footer",
    "footerl",
    "footerr",
    "footerf",
    "fldinst",
    "bkmkstart",
    "bkmkend",
    "annotation",
    "atnid",
    "atnauthor",
    "atrfstart",
    "atrfend",
    "comment",
    "author",
    "operator",
    "company",
    "keywords",
    "subject",
    "category",
    "manager",
    "doccomm",
    "hlinkbase",
    "creatim",
    "revtim",
    "printim",
    "buptim",
    "template",
    "pgdsctbl",
    "nonshppict",
    "mmathPr",
    "fontemb",
    "fontfile",
    "falt",
    "panose",
];

/// Reads a document.
///
/// # Errors
/// `Invalid` when it is damaged, `TooLarge` past a limit of the writer.
pub fn read(writer: &mut Writer<'_>, bytes: &[u8]) -> Result<()> {
    if !bytes.starts_with(b"{\\rtf") {
        return Err(Error::invalid("The document is not RTF."));
    }
    let mut reader = Reader::new(writer);
    for token in Tokens::new(bytes) {
        reader.token(&token)?;
    }
    reader.paragraph()?;
    reader.end_table()?;
    reader.writer.title(&reader.title);
    Ok(())
}

/// Where text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Destination {
    Text,
    Dropped,
    Fonts,
    Styles,
    Title,
}

/// What a group inherits and gives back.
#[derive(Clone, Copy)]
struct State {
    destination: Destination,
    font: i32,
    /// Bytes that stand for a Unicode character in old programs.
    skip: usize,
    hidden: bool,
}

struct Reader<'w, 'l> {
    writer: &'w mut Writer<'l>,
    state: State,
    stack: Vec<State>,
    encoding: &'static Encoding,
    fonts: HashMap<i32, &'static Encoding>,
    /// Levels of the styles that are headings.
    styles: HashMap<i32, u8>,
    style: i32,
    style_name: String,
    text: String,
    /// Bytes that wait for those that complete their character.
    bytes: Vec<u8>,
    /// Half of a character outside the first plane.
    surrogate: Option<u16>,
    /// Bytes that still stand for the character before.
    skipping: usize,
    level: Option<u8>,
    in_table: bool,
    table: Table,
    row_open: bool,
    title: String,
}

impl<'w, 'l> Reader<'w, 'l> {
    fn new(writer: &'w mut Writer<'l>) -> Self {
        Self {
            writer,
            state: State {
                destination: Destination::Text,
                font: 0,
                skip: 1,
                hidden: false,
            },
            stack: Vec::new(),
            encoding: encoding_rs::WINDOWS_1252,
            fonts: HashMap::new(),
            styles: HashMap::new(),
            style: 0,
            style_name: String::new(),
            text: String::new(),
            bytes: Vec::new(),
            surrogate: None,
            skipping: 0,
            level: None,
            in_table: false,
            table: Table::default(),
            row_open: false,
            title: String::new(),
        }
    }

    fn token(&mut self, token: &Token<'_>) -> Result<()> {
        if !matches!(token, Token::Byte(_)) {
            self.flush_bytes();
        }
        match token {
            Token::Open => {
                if self.stack.len() >= DEPTH_MAX {
                    return Err(Error::invalid(format!(
                        "The RTF nests groups deeper than {DEPTH_MAX}."
                    )));
                }
                self.stack.push(self.state);
            }
            Token::Close => self.close(),
            Token::Byte(_) if self.skipping > 0 => self.skipping -= 1,
            Token::Byte(byte) => self.bytes.push(*byte),
            Token::Text(text) => {
                let skipped = self.skipping.min(text.len());
                self.skipping -= skipped;
                self.put(&text[skipped..]);
            }
            Token::Mark(mark) => self.mark(*mark),
            Token::Word(name, value) => return self.word(name, *value),
        }
        Ok(())
    }

    fn close(&mut self) {
        self.skipping = 0;
        if self.state.destination == Destination::Styles {
            self.end_style();
        }
        if let Some(state) = self.stack.pop() {
            self.state = state;
        }
    }

    fn mark(&mut self, mark: u8) {
        match mark {
            b'*' => {
                self.state.destination = match self.state.destination {
                    // a destination of which only new programs know; some are known below
                    Destination::Text => Destination::Dropped,
                    other => other,
                }
            }
            b'~' => self.put("\u{a0}"),
            b'_' => self.put("-"),
            b'\\' | b'{' | b'}' => self.put(char::from(mark).encode_utf8(&mut [0; 4])),
            _ => {}
        }
    }

    fn put(&mut self, text: &str) {
        if self.state.hidden {
            return;
        }
        match self.state.destination {
            Destination::Text => self.text.push_str(text),
            Destination::Styles => self.style_name.push_str(text),
            Destination::Title => self.title.push_str(text),
            Destination::Dropped | Destination::Fonts => {}
        }
    }

    fn flush_bytes(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        let bytes = std::mem::take(&mut self.bytes);
        let encoding = self
            .fonts
            .get(&self.state.font)
            .copied()
            .unwrap_or(self.encoding);
        let (text, _) = encoding.decode_without_bom_handling(&bytes);
        self.put(&text);
    }

    fn word(&mut self, name: &str, value: Option<i32>) -> Result<()> {
        let number = value.unwrap_or(0);
        let on = value != Some(0);
        match name {
            "par" | "sect" | "page" | "column" if self.shows() => self.paragraph()?,
            "line" | "lbr" => self.put("\u{2028}"),
            "tab" => self.put("\t"),
            "emdash" => self.put("—"),
            "endash" => self.put("–"),
            "lquote" => self.put("‘"),
            "rquote" => self.put("’"),
            "ldblquote" => self.put("“"),
            "rdblquote" => self.put("”"),
            "bullet" => self.put("•"),
            "emspace" | "enspace" | "qmspace" => self.put(" "),
            "u" => self.unicode(number),
            "uc" => self.state.skip = usize::try_from(number).unwrap_or(1).min(16),
            "ansicpg" => self.encoding = code_page(number).unwrap_or(self.encoding),
            "f" if self.state.destination != Destination::Dropped => self.state.font = number,
            "fcharset" if self.state.destination == Destination::Fonts => {
                if let Some(encoding) = charset(number) {
                    self.fonts.insert(self.state.font, encoding);
                }
            }
            "v" => self.state.hidden = on,
            "plain" => self.state.hidden = false,
            "deleted" => self.state.hidden = on,
            "fonttbl" => self.state.destination = Destination::Fonts,
            "stylesheet" => self.state.destination = Destination::Styles,
            "title" if self.in_info() => {
                // it may come a second time, in Unicode
                self.title.clear();
                self.state.destination = Destination::Title;
            }
            "info" => self.state.destination = Destination::Dropped,
            // said by new programs for those that know it: text of the document
            "shptxt" | "shpinst" | "shprslt" | "footnote" => {
                self.state.destination = Destination::Text
            }
            "pard" if self.shows() => (self.style, self.level, self.in_table) = (0, None, false),
            "s" => self.style = number,
            "outlinelevel" if self.state.destination == Destination::Styles => {
                self.styles.insert(self.style, level(number));
            }
            "outlinelevel" => self.level = (number < 9).then(|| level(number)),
            "intbl" if self.shows() => self.in_table = true,
            "trowd" if self.shows() && !self.row_open => self.open_row(),
            "cell" | "nestcell" if self.shows() => self.cell(),
            "row" | "nestrow" if self.shows() => self.row_open = false,
            name if DROPPED.contains(&name) => self.state.destination = Destination::Dropped,
            _ => {}
        }
        Ok(())
    }

    fn shows(&self) -> bool {
        self.state.destination == Destination::Text
    }

    /// Whether the group around this one is the list of properties.
    fn in_info(&self) -> bool {
        self.stack
            .last()
            .is_some_and(|state| state.destination == Destination::Dropped)
    }

    fn unicode(&mut self, number: i32) {
        self.skipping = self.state.skip;
        // negative numbers stand for the upper half
        let unit = (number & 0xffff) as u16;
        let units = match self.surrogate.take() {
            Some(high) => vec![high, unit],
            None if (0xd800..0xdc00).contains(&unit) => {
                self.surrogate = Some(unit);
                return;
            }
            None => vec![unit],
        };
        let text = String::from_utf16_lossy(&units);
        self.put(&text);
    }

    fn end_style(&mut self) {
        let name = std::mem::take(&mut self.style_name).to_lowercase();
        let word = name
            .trim()
            .trim_end_matches(';')
            .strip_prefix("heading ")
            .map(str::trim);
        if let Some(number) = word.and_then(|word| word.parse::<i32>().ok()) {
            self.styles.entry(self.style).or_insert(level(number - 1));
        }
        self.style = 0;
    }

    fn open_row(&mut self) {
        self.table.row();
        self.row_open = true;
    }

    fn cell(&mut self) {
        if !self.row_open {
            self.open_row();
        }
        let text = std::mem::take(&mut self.text);
        self.table.cell(&text);
    }

    /// Ends the paragraph that is open.
    fn paragraph(&mut self) -> Result<()> {
        if self.in_table {
            // of several in one cell
            self.text.push('\n');
            return Ok(());
        }
        self.end_table()?;
        let text = flow(&std::mem::take(&mut self.text));
        // bullets come from fonts of symbols
        let text = match text.strip_prefix(|c| ('\u{e000}'..='\u{f8ff}').contains(&c)) {
            Some(rest) => format!("- {}", rest.trim_start()),
            None => text,
        };
        let level = self.level.or_else(|| self.styles.get(&self.style).copied());
        let kind = match level {
            Some(level) => BlockKind::Heading(level),
            None if starts_item(&text) => BlockKind::ListItem,
            None => BlockKind::Paragraph,
        };
        self.writer.block(kind, &text)?;
        Ok(())
    }

    fn end_table(&mut self) -> Result<()> {
        let table = std::mem::take(&mut self.table);
        self.row_open = false;
        if table.is_grid() {
            self.writer.block(BlockKind::Table, &table.render())?;
            return Ok(());
        }
        for cell in table.into_cells() {
            self.writer.block(BlockKind::Paragraph, &cell)?;
        }
        Ok(())
    }
}

fn level(number: i32) -> u8 {
    u8::try_from(number.saturating_add(1))
        .unwrap_or(1)
        .clamp(1, 6)
}

#[cfg(test)]
mod tests;
