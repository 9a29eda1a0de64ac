//! HTML as a reader sees it, in one pass over its tags.
//!
//! No tree is built: that takes quadratic time on hostile nesting, and needs none of what it
//! gives. A short stack of open elements is enough to know what is hidden and what is a list.

mod blocks;
mod elements;

use std::{
    cell::RefCell,
    collections::HashMap,
    time::{Duration, Instant},
};

use html5ever::{
    LocalName,
    tendril::SliceExt,
    tokenizer::{
        BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
    },
};

use super::Writer;
use crate::error::{Error, Result};
use blocks::Blocks;
use elements::{Role, attribute, implied_end, is_hidden, raw_text, role};

/// Elements that are followed in depth; what is nested deeper is taken as flat.
const DEPTH_MAX: usize = 256;
/// Bytes after which the clock is looked at.
const SLICE_BYTES: usize = 8 << 10;

/// Reads a page or a part of one.
///
/// # Errors
/// `TooLarge` past a limit of the writer, `Invalid` past `seconds_max`.
pub fn read(writer: &mut Writer<'_>, source: &str) -> Result<()> {
    let until = Instant::now() + Duration::from_secs(writer.limits().seconds_max);
    let sink = Sink(RefCell::new(Reader {
        blocks: Blocks::new(writer),
        failure: None,
        stack: Vec::new(),
        deeper: HashMap::new(),
        hidden: 0,
    }));
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let queue = BufferQueue::default();
    let mut rest = source;
    while !rest.is_empty() {
        let (slice, behind) = rest.split_at(rest.floor_char_boundary(SLICE_BYTES));
        rest = behind;
        queue.push_back(slice.to_tendril());
        let _ = tokenizer.feed(&queue);
        tokenizer.sink.0.borrow_mut().take_failure()?;
        if Instant::now() > until {
            return Err(Error::invalid("Reading this page takes too long."));
        }
    }
    tokenizer.end();
    let mut reader = tokenizer.sink.0.into_inner();
    reader.take_failure()?;
    reader.close_to(0)?;
    reader.blocks.finish()
}

struct Sink<'w, 'l>(RefCell<Reader<'w, 'l>>);

impl TokenSink for Sink<'_, '_> {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut reader = self.0.borrow_mut();
        if reader.failure.is_some() {
            return TokenSinkResult::Continue;
        }
        let outcome = match &token {
            Token::CharacterTokens(text) if reader.hidden == 0 => {
                reader.blocks.text(text);
                Ok(())
            }
            Token::TagToken(tag) if tag.kind == TagKind::EndTag => reader.end(&tag.name),
            Token::TagToken(tag) => reader.start(tag),
            _ => Ok(()),
        };
        reader.failure = outcome.err();
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => {
                raw_text(&tag.name).unwrap_or(TokenSinkResult::Continue)
            }
            _ => TokenSinkResult::Continue,
        }
    }
}

struct Open {
    name: LocalName,
    role: Role,
    hidden: bool,
}

struct Reader<'w, 'l> {
    blocks: Blocks<'w, 'l>,
    failure: Option<Error>,
    /// Open elements, without those that neither begin a line nor hide anything.
    stack: Vec<Open>,
    /// Open elements beyond `DEPTH_MAX`, by name.
    deeper: HashMap<LocalName, u32>,
    /// Open elements that hide what is in them.
    hidden: usize,
}

impl Reader<'_, '_> {
    fn take_failure(&mut self) -> Result<()> {
        self.failure.take().map_or(Ok(()), Err)
    }

    fn start(&mut self, tag: &Tag) -> Result<()> {
        let role = role(&tag.name);
        self.close_implied(&tag.name)?;
        let hides = role == Role::Dropped || is_hidden(tag);
        let kept = !role.is_void() && (role.breaks() || hides || self.is_hiding(&tag.name));
        if kept && self.stack.len() >= DEPTH_MAX {
            *self.deeper.entry(tag.name.clone()).or_default() += 1;
            return if self.hidden == 0 {
                self.blocks.flush()
            } else {
                Ok(())
            };
        }
        if self.hidden == 0 && !hides {
            self.begin(tag, role)?;
        }
        if !kept {
            return Ok(());
        }
        self.hidden += usize::from(hides);
        self.stack.push(Open {
            name: tag.name.clone(),
            role,
            hidden: hides,
        });
        Ok(())
    }

    /// What a visible start tag brings about.
    fn begin(&mut self, tag: &Tag, role: Role) -> Result<()> {
        if role.breaks() {
            self.blocks.flush()?;
        }
        match role {
            Role::Break => self.blocks.text("\u{2028}"),
            Role::Image => self.blocks.text(&attribute(tag, "alt").unwrap_or_default()),
            Role::List(numbered) => {
                let first = attribute(tag, "start").and_then(|number| number.parse().ok());
                self.blocks.open_list(numbered.then(|| first.unwrap_or(1)));
            }
            Role::Item => self.blocks.open_item(),
            Role::Table => self.blocks.open_table()?,
            Role::Row => self.blocks.open_row(),
            Role::Cell => self.blocks.open_cell(),
            Role::Heading(level) => self.blocks.open_heading(level)?,
            Role::Pre => self.blocks.open_pre()?,
            Role::Title => self.blocks.open_title(),
            _ => {}
        }
        Ok(())
    }

    /// What the end of a visible element brings about.
    fn finish(&mut self, role: Role) -> Result<()> {
        if role.breaks() {
            self.blocks.flush()?;
        }
        match role {
            Role::List(_) => self.blocks.close_list(),
            Role::Item => self.blocks.close_item(),
            Role::Table => self.blocks.close_table()?,
            Role::Cell => self.blocks.close_cell(),
            Role::Heading(_) => self.blocks.close_heading(),
            Role::Pre => self.blocks.close_pre(),
            Role::Title => self.blocks.close_title(),
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &LocalName) -> Result<()> {
        if let Some(count) = self.deeper.get_mut(name).filter(|count| **count > 0) {
            *count -= 1;
            let shown = self.hidden == 0 && role(name).breaks();
            return if shown { self.blocks.flush() } else { Ok(()) };
        }
        match self.stack.iter().rposition(|open| open.name == *name) {
            Some(at) => self.close_to(at),
            None if self.hidden == 0 && role(name).breaks() => self.blocks.flush(),
            None => Ok(()),
        }
    }

    /// Closes open elements until only `depth` are left.
    fn close_to(&mut self, depth: usize) -> Result<()> {
        while self.stack.len() > depth {
            self.deeper.clear();
            let Some(open) = self.stack.pop() else {
                break;
            };
            self.hidden -= usize::from(open.hidden);
            if self.hidden == 0 && !open.hidden {
                self.finish(open.role)?;
            }
        }
        Ok(())
    }

    /// Closes elements that end because another one begins (`<li>` ends the `<li>` before it).
    fn close_implied(&mut self, name: &LocalName) -> Result<()> {
        let Some((ended, shields)) = implied_end(name) else {
            return Ok(());
        };
        for at in (0..self.stack.len()).rev() {
            let open = &*self.stack[at].name;
            if ended.contains(&open) {
                return self.close_to(at);
            }
            if shields.contains(&open) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Whether an element of this name hides what is read now: then its namesakes inside must be
    /// counted.
    fn is_hiding(&self, name: &LocalName) -> bool {
        self.hidden > 0
            && self
                .stack
                .iter()
                .any(|open| open.hidden && open.name == *name)
    }
}
