//! Markdown as a reader sees it: emphasis, front matter and comments go, structure stays.

use std::{borrow::Cow, mem::take};

use pulldown_cmark::{CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd};

use super::{
    BlockKind, Writer, html,
    table::{Table, list_marker},
    wide::flow,
};
use crate::error::Result;

/// Longest address of a link that is kept, in bytes; embedded data is not an address.
const LINK_BYTES_MAX: usize = 300;
/// Quotes and lists within each other.
const NESTING_MAX: usize = 50;

/// Reads a Markdown document.
///
/// # Errors
/// `TooLarge` past a limit of the writer.
pub fn read(writer: &mut Writer<'_>, source: &str) -> Result<()> {
    let source = super::writer::clean(source);
    let source = flatten(&source);
    let (front, body) = split_front(&source);
    if let Some(title) = front.lines().find_map(|line| line.strip_prefix("title:")) {
        writer.title(title.trim().trim_matches(['"', '\'']));
    }
    // Struck-out text keeps its `~~`: as an option it would also eat the `~` of "10~20 度".
    let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_TASKLISTS;
    let mut reader = Reader {
        writer,
        inline: String::new(),
        lists: Vec::new(),
        marker: None,
        table: None,
        links: Vec::new(),
        raw: None,
    };
    for event in Parser::new_ext(body, options) {
        reader.event(event)?;
    }
    reader.flush(BlockKind::Paragraph)
}

/// Cuts the marks at the front of a line that put quotes and lists into each other, beyond
/// `NESTING_MAX` of them: the parser takes the depth of a quote times its lines in time.
fn flatten(source: &str) -> Cow<'_, str> {
    if !source.lines().any(|line| excess(line).is_some()) {
        return Cow::Borrowed(source);
    }
    let mut flat = String::with_capacity(source.len());
    for line in source.split_inclusive('\n') {
        let (from, to) = excess(line).unwrap_or((0, 0));
        flat.push_str(&line[..from]);
        flat.push_str(&line[to..]);
    }
    Cow::Owned(flat)
}

/// The bytes of a line between its last allowed mark and its text.
fn excess(line: &str) -> Option<(usize, usize)> {
    let bytes = line.as_bytes();
    let is_mark = |byte: &u8| b">-*+.) \t".contains(byte) || byte.is_ascii_digit();
    let front = bytes
        .iter()
        .position(|byte| !is_mark(byte))
        .unwrap_or(bytes.len());
    let opens = |at: &usize| {
        let apart = bytes.get(at + 1).is_none_or(u8::is_ascii_whitespace);
        bytes[*at] == b'>' || (b"-*+.)".contains(&bytes[*at]) && apart)
    };
    let from = (0..front).filter(opens).nth(NESTING_MAX)?;
    Some((from, front))
}

/// Splits off YAML front matter: `key: value` lines between two lines of `---` at the very top.
/// Anything else between two rules is text.
fn split_front(source: &str) -> (&str, &str) {
    let source = source.trim_start_matches('\n');
    let Some(rest) = source.strip_prefix("---\n") else {
        return ("", source);
    };
    for end in ["\n---\n", "\n...\n"] {
        if let Some((front, body)) = rest.split_once(end)
            && front.lines().all(is_yaml)
        {
            return (front, body);
        }
    }
    ("", source)
}

fn is_yaml(line: &str) -> bool {
    let key = line.split(':').next().unwrap_or("");
    let is_key = key.len() < line.len() && !key.is_empty() && !key.contains(char::is_whitespace);
    is_key || line.is_empty() || line.starts_with([' ', '-', '#', '\t'])
}

struct Reader<'w, 'l> {
    writer: &'w mut Writer<'l>,
    inline: String,
    /// The next number of every open list; `None` for bullets.
    lists: Vec<Option<u64>>,
    /// The marker the next block begins with.
    marker: Option<String>,
    table: Option<Table>,
    /// Open links: where their text begins, where they lead.
    links: Vec<(usize, String)>,
    /// Code or HTML, kept as it is.
    raw: Option<String>,
}

impl Reader<'_, '_> {
    fn event(&mut self, event: Event<'_>) -> Result<()> {
        match event {
            Event::Start(tag) => return self.start(tag),
            Event::End(tag) => return self.end(tag),
            Event::Text(text) | Event::Code(text) | Event::Html(text) => self.text(&text),
            Event::InlineMath(text) | Event::DisplayMath(text) => self.text(&text),
            Event::InlineHtml(tag) if is_break(&tag) => self.inline.push('\u{2028}'),
            Event::InlineHtml(_) => {}
            Event::FootnoteReference(name) => self.text(&format!("[^{name}]")),
            Event::SoftBreak => self.inline.push('\n'),
            Event::HardBreak => self.inline.push('\u{2028}'),
            Event::Rule => return self.flush(BlockKind::Paragraph),
            Event::TaskListMarker(done) => self.text(if done { "[x] " } else { "[ ] " }),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        match &mut self.raw {
            Some(raw) => raw.push_str(text),
            None => self.inline.push_str(text),
        }
    }

    fn start(&mut self, tag: Tag<'_>) -> Result<()> {
        match tag {
            Tag::Link {
                link_type,
                dest_url,
                ..
            } => self.open_link(link_type, &dest_url),
            Tag::TableRow | Tag::TableHead => self.table.get_or_insert_default().row(),
            Tag::Paragraph
            | Tag::Heading { .. }
            | Tag::BlockQuote(_)
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition => return self.flush(BlockKind::Paragraph),
            Tag::List(first) => {
                self.flush(BlockKind::Paragraph)?;
                self.lists.push(first);
            }
            Tag::Item => self.open_item()?,
            Tag::FootnoteDefinition(name) => {
                self.flush(BlockKind::Paragraph)?;
                self.marker = Some(format!("[^{name}]: "));
            }
            Tag::CodeBlock(_) | Tag::HtmlBlock | Tag::MetadataBlock(_) => {
                self.flush(BlockKind::Paragraph)?;
                self.raw = Some(String::new());
            }
            Tag::Table(_) => {
                self.flush(BlockKind::Paragraph)?;
                self.table = Some(Table::default());
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, tag: TagEnd) -> Result<()> {
        match tag {
            TagEnd::Heading(level) => {
                let level = level_number(level);
                if level == 1 {
                    self.writer.title(&self.inline);
                }
                self.marker = None;
                return self.flush(BlockKind::Heading(level));
            }
            TagEnd::Paragraph
            | TagEnd::BlockQuote(_)
            | TagEnd::FootnoteDefinition
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition => return self.flush(BlockKind::Paragraph),
            TagEnd::Item => {
                self.flush(BlockKind::Paragraph)?;
                self.marker = None;
            }
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::CodeBlock => {
                let code = self.raw.take().unwrap_or_default();
                self.writer.block(BlockKind::Code, &code)?;
            }
            TagEnd::HtmlBlock => {
                let fragment = self.raw.take().unwrap_or_default();
                html::read(self.writer, &fragment)?;
            }
            TagEnd::MetadataBlock(_) => self.raw = None,
            TagEnd::Link => self.close_link(),
            TagEnd::TableCell => {
                let cell = take(&mut self.inline);
                self.table.get_or_insert_default().cell(&cell);
            }
            TagEnd::Table => {
                let table = self.table.take().unwrap_or_default();
                self.writer.block(BlockKind::Table, &table.render())?;
            }
            _ => {}
        }
        Ok(())
    }

    fn open_item(&mut self) -> Result<()> {
        self.flush(BlockKind::Paragraph)?;
        self.marker = Some(list_marker(&mut self.lists));
        Ok(())
    }

    fn open_link(&mut self, link_type: LinkType, address: &CowStr<'_>) {
        let bare = matches!(link_type, LinkType::Autolink | LinkType::Email);
        let kept = !bare
            && address.len() <= LINK_BYTES_MAX
            && ["http://", "https://", "mailto:", "tel:"]
                .iter()
                .any(|scheme| address.starts_with(scheme));
        let address = if kept {
            address.to_string()
        } else {
            String::new()
        };
        self.links.push((self.inline.len(), address));
    }

    /// Where a link leads is part of what the document says, unless its text says it already.
    fn close_link(&mut self) {
        let Some((start, address)) = self.links.pop() else {
            return;
        };
        let text = self.inline.get(start..).unwrap_or("");
        if !address.is_empty() && !text.contains(&address) {
            self.inline.push_str(&format!(" ({address})"));
        }
    }

    /// Ends the block that is open, if there is text in it.
    fn flush(&mut self, kind: BlockKind) -> Result<()> {
        let text = flow(&take(&mut self.inline));
        if text.is_empty() {
            return Ok(());
        }
        match self.marker.take() {
            Some(marker) => self.writer.block(BlockKind::ListItem, &(marker + &text))?,
            None => self.writer.block(kind, &text)?,
        };
        Ok(())
    }
}

fn is_break(tag: &str) -> bool {
    let name = tag
        .trim_start_matches('<')
        .trim_end_matches(['>', '/', ' ']);
    name.eq_ignore_ascii_case("br")
}

fn level_number(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}
