//! What the elements of HTML mean for its text.

use html5ever::{
    LocalName, local_name,
    tokenizer::{Tag, TokenSinkResult, states::RawKind},
};

/// What an element does to the text around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Part of a line: everything that is not known.
    Inline,
    /// A line of its own.
    Block,
    /// A heading of a level.
    Heading(u8),
    /// Text whose lines are kept.
    Pre,
    /// A list; `true` for a numbered one.
    List(bool),
    /// An item of a list.
    Item,
    /// A table.
    Table,
    /// A row of one.
    Row,
    /// A cell of one.
    Cell,
    /// The title of the page.
    Title,
    /// Nothing in it is text of the page.
    Dropped,
    /// A line break.
    Break,
    /// A picture with a description.
    Image,
    /// A line between two parts.
    Rule,
    /// Nothing can be in it and it shows nothing.
    Void,
}

impl Role {
    /// Text before and behind it, and before and behind its end, does not stand on one line.
    pub fn breaks(self) -> bool {
        !matches!(
            self,
            Self::Inline | Self::Break | Self::Image | Self::Void | Self::Dropped
        )
    }

    /// It has no end tag.
    pub fn is_void(self) -> bool {
        matches!(self, Self::Break | Self::Image | Self::Rule | Self::Void)
    }
}

/// The role of an element.
pub fn role(name: &LocalName) -> Role {
    match &**name {
        "h1" => Role::Heading(1),
        "h2" => Role::Heading(2),
        "h3" => Role::Heading(3),
        "h4" => Role::Heading(4),
        "h5" => Role::Heading(5),
        "h6" => Role::Heading(6),
        "pre" | "listing" | "xmp" | "plaintext" => Role::Pre,
        "ul" | "menu" => Role::List(false),
        "ol" => Role::List(true),
        "li" => Role::Item,
        "table" => Role::Table,
        "tr" => Role::Row,
        "td" | "th" => Role::Cell,
        "title" => Role::Title,
        "br" => Role::Break,
        "img" => Role::Image,
        "hr" => Role::Rule,
        "area" | "base" | "basefont" | "bgsound" | "col" | "embed" | "frame" | "input" | "link"
        | "meta" | "param" | "source" | "track" | "wbr" => Role::Void,
        "script" | "style" | "template" | "nav" | "noscript" | "svg" | "iframe" | "object"
        | "canvas" | "audio" | "video" | "select" | "datalist" | "textarea" | "noembed"
        | "noframes" => Role::Dropped,
        "address" | "article" | "aside" | "blockquote" | "body" | "caption" | "center" | "dd"
        | "details" | "dialog" | "dir" | "div" | "dl" | "dt" | "fieldset" | "figcaption"
        | "figure" | "footer" | "form" | "head" | "header" | "hgroup" | "html" | "legend"
        | "main" | "option" | "p" | "section" | "summary" | "tbody" | "tfoot" | "thead" => {
            Role::Block
        }
        _ => Role::Inline,
    }
}

/// How the text behind a start tag is to be read, if not as markup.
pub fn raw_text(name: &LocalName) -> Option<TokenSinkResult<()>> {
    Some(match *name {
        local_name!("title") | local_name!("textarea") => TokenSinkResult::RawData(RawKind::Rcdata),
        local_name!("script") => TokenSinkResult::RawData(RawKind::ScriptData),
        local_name!("style")
        | local_name!("xmp")
        | local_name!("iframe")
        | local_name!("noembed")
        | local_name!("noframes")
        | local_name!("noscript") => TokenSinkResult::RawData(RawKind::Rawtext),
        local_name!("plaintext") => TokenSinkResult::Plaintext,
        _ => return None,
    })
}

/// The value of an attribute.
pub fn attribute(tag: &Tag, name: &str) -> Option<String> {
    let found = tag.attrs.iter().find(|attr| &*attr.name.local == name)?;
    Some(found.value.to_string())
}

/// Whether the page says itself that an element is not shown. Pages that hide their whole body
/// until a script has run are read all the same.
pub fn is_hidden(tag: &Tag) -> bool {
    if matches!(&*tag.name, "html" | "body" | "main") {
        return false;
    }
    let style = attribute(tag, "style").unwrap_or_default();
    let style: String = style.chars().filter(|c| !c.is_whitespace()).collect();
    attribute(tag, "hidden").is_some() || style.to_ascii_lowercase().contains("display:none")
}

const CELLS: &[&str] = &["td", "th"];
const PARTS: &[&str] = &["tbody", "thead", "tfoot"];
const NEAR: &[&str] = &[
    "td", "th", "caption", "table", "li", "dd", "div", "template",
];

/// Which open elements end where this one begins, and which elements shield them from it.
pub fn implied_end(name: &LocalName) -> Option<(&'static [&'static str], &'static [&'static str])> {
    Some(match &**name {
        "li" => (&["li"], &["ul", "ol", "menu"]),
        "dt" | "dd" => (&["dt", "dd"], &["dl"]),
        "td" | "th" => (CELLS, &["table", "tr"]),
        "tr" => (&["tr"], &["table"]),
        "tbody" | "thead" | "tfoot" => (PARTS, &["table"]),
        "option" => (&["option"], &["select", "datalist"]),
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
            (&["p", "h1", "h2", "h3", "h4", "h5", "h6"], NEAR)
        }
        _ if role(name).breaks() => (&["p"], NEAR),
        _ => return None,
    })
}
