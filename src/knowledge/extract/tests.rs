use proptest::prelude::*;

use super::{BlockKind::*, *};

/// The blocks of a document with their text.
pub fn outline(document: &Extracted) -> Vec<(BlockKind, String)> {
    let chars: Vec<char> = document.text.chars().collect();
    let text = |block: &Block| {
        chars[block.start as usize..block.end as usize]
            .iter()
            .collect()
    };
    document
        .blocks
        .iter()
        .map(|block| (block.kind, text(block)))
        .collect()
}

fn read_as(kind: Kind, text: &str) -> Extracted {
    let source = Source {
        kind,
        charset: None,
        bytes: text.as_bytes().to_vec(),
    };
    read(source, &Limits::default()).unwrap()
}

fn expect(kind: Kind, source: &str, expected: &[(BlockKind, &str)]) {
    let found = outline(&read_as(kind, source));
    let expected: Vec<_> = expected
        .iter()
        .map(|(kind, text)| (*kind, (*text).to_owned()))
        .collect();
    assert_eq!(found, expected, "{source}");
}

/// What holds for every document.
fn check(document: &Extracted) {
    let chars: Vec<char> = document.text.chars().collect();
    assert!(unicode_normalization::is_nfc(&document.text), "not NFC");
    let control = |c: &char| c.is_control() && *c != '\n' && *c != '\t';
    assert!(!chars.iter().any(control), "control characters");
    let mut next = 0;
    for block in &document.blocks {
        let (start, end) = (block.start as usize, block.end as usize);
        assert!(
            next <= start && start < end && end <= chars.len(),
            "{block:?}"
        );
        assert!(
            chars[next..start].iter().all(|c| c.is_whitespace()),
            "text between blocks"
        );
        next = end;
    }
    assert_eq!(next, chars.len(), "text behind the last block");
}

#[test]
fn markdown_keeps_what_is_said() {
    let source = "---\ntitle: \"保修手册\"\ntags:\n  - a\n---\n# 电动车**保修**\n\n电池保修\n*八年*，见[官网](https://ev.example/warranty)。<!-- 内部 -->\n温度 10~20 度，~~五年~~。\n\n\
        - 电池\n- 电机\n  1. 定子\n  2. 转子\n\n    补充说明\n- [x] 轮胎\n\n> 注意：`BMS` 除外。\n\n\
        | 部件 | 期限 |\n|---|--:|\n| 电池 | 8 年 |\n| a\\|b | |\n\n```rust\nfn a() {\n    b();\n}\n```\n\n\
        Setext\n===\n![示意图](data:image/png;base64,AAAA)\n\n***\n<https://ev.example>[^1]\n\n[^1]: 脚注。\n";
    expect(
        Kind::Markdown,
        source,
        &[
            (Heading(1), "电动车保修"),
            (
                Paragraph,
                "电池保修八年，见官网 (https://ev.example/warranty)。\
                 温度 10~20 度，~~五年~~。",
            ),
            (ListItem, "- 电池"),
            (ListItem, "- 电机"),
            (ListItem, "  1. 定子"),
            (ListItem, "  2. 转子"),
            (Paragraph, "补充说明"),
            (ListItem, "- [x] 轮胎"),
            (Paragraph, "注意：BMS 除外。"),
            (
                Table,
                "| 部件 | 期限 |\n| --- | --- |\n| 电池 | 8 年 |\n| a\\|b |  |",
            ),
            (Code, "fn a() {\n    b();\n}"),
            (Heading(1), "Setext"),
            (Paragraph, "示意图"),
            (Paragraph, "https://ev.example[^1]"),
            (ListItem, "[^1]: 脚注。"),
        ],
    );
    assert_eq!(
        read_as(Kind::Markdown, source).title.as_deref(),
        Some("保修手册")
    );
}

#[test]
fn rules_around_text_are_not_front_matter() {
    let source = "---\n这是正文，不是元数据。\n---\n后文";
    let text = read_as(Kind::Markdown, source).text;
    assert!(text.contains("这是正文"), "{text}");
}

#[test]
fn html_in_markdown_is_read_as_html() {
    expect(
        Kind::Markdown,
        "<div align=center><h2>标题</h2><script>x()</script></div>\n\n一<br>二 <span>三</span>\n\n\
         <table><tr><td>a<td>b</table>",
        &[
            (Heading(2), "标题"),
            (Paragraph, "一\n二 三"),
            (Table, "| a | b |\n| --- | --- |"),
        ],
    );
}

#[test]
fn html_keeps_what_a_reader_sees() {
    let source = "<!DOCTYPE html><html><head><title> 保修 手册 </title><style>p{}</style>\
        <script>if (a<b) document.write('<p>x')</script></head><body>\
        <nav><ul><li>首页</li></ul></nav><template><p>模板</p></template>\
        <h1>电动车<em>保修</em></h1><p>电池保修\n八年&amp;电机&nbsp;五年。<br>见下表<p hidden>隐藏</p>\
        <p style=\"color:red; DISPLAY : none\">隐藏<p>可见<div hidden><p>隐<div>藏</div>了</div>文字\
        <ul><li>甲<li>乙<ol start=3><li>子<p>段落</p></ol><li>丙</ul>\
        <table><caption>期限</caption><thead><tr><th>部件<th>期限<tbody><tr><td><p>电池</p><p>组</p><td>\
        <tr><td>a|b</td><td>8 <b>年</b></td></tr></table>\
        <pre>a\n  b</pre><img alt=\"示意图\"><svg><title>图标</title><text>图</text></svg><noscript>启用</noscript>\
        <textarea>输入</textarea><h7>x</h7></body></html>";
    expect(
        Kind::Html,
        source,
        &[
            (Heading(1), "电动车保修"),
            (Paragraph, "电池保修八年&电机 五年。\n见下表"),
            (Paragraph, "可见"),
            (Paragraph, "文字"),
            (ListItem, "- 甲"),
            (ListItem, "- 乙"),
            (ListItem, "  3. 子"),
            (Paragraph, "段落"),
            (ListItem, "- 丙"),
            (Paragraph, "期限"),
            (
                Table,
                "| 部件 | 期限 |\n| --- | --- |\n| 电池 组 |  |\n| a\\|b | 8 年 |",
            ),
            (Code, "a\n  b"),
            (Paragraph, "示意图x"),
        ],
    );
    assert_eq!(
        read_as(Kind::Html, source).title.as_deref(),
        Some("保修 手册")
    );
}

#[test]
fn tables_that_only_place_things_become_text() {
    expect(
        Kind::Html,
        "<table><tr><td>菜单</td><td><h2>标题</h2><p>正文</p>\
         <table><tr><td>1<td>2</table>尾</td></tr></table>末",
        &[
            (Paragraph, "菜单"),
            (Heading(2), "标题"),
            (Paragraph, "正文"),
            (Table, "| 1 | 2 |\n| --- | --- |"),
            (Paragraph, "尾"),
            (Paragraph, "末"),
        ],
    );
    expect(
        Kind::Html,
        "<table><tr><td>一<tr><td>二</table>",
        &[(Paragraph, "一"), (Paragraph, "二")],
    );
}

#[test]
fn a_page_that_hides_itself_until_its_script_ran_is_read() {
    expect(
        Kind::Html,
        "<body style='display:none'><p>正文",
        &[(Paragraph, "正文")],
    );
}

#[test]
fn hostile_nesting_takes_neither_stack_nor_time() {
    let deep = |open: &str, close: &str, text: &str, times: usize| {
        open.repeat(times) + text + &close.repeat(times)
    };
    let started = std::time::Instant::now();
    for open in [
        "<div>",
        "<b>",
        "<table><tr><td>",
        "<ul><li>",
        "<a href=x>",
        "<p><span hidden>",
    ] {
        let page = deep(open, "", "底", 20_000);
        check(&read_as(Kind::Html, &page));
    }
    let page = deep("<div>", "</div>", "底", 100_000) + "<p>尾</p>";
    assert_eq!(read_as(Kind::Html, &page).text, "底\n\n尾");
    let page = deep("<nav><i>", "</i></nav>", "隐", 20_000) + "<p>尾</p>";
    assert_eq!(read_as(Kind::Html, &page).text, "尾");
    for source in [
        deep("> ", "\na", "底", 20_000),
        deep("1. > - ", "\na", "底", 20_000),
        deep("[", "](a)", "底", 50_000),
        deep("*a **", "", "底", 50_000),
        deep("![", "", "底", 50_000),
        deep("- ", "", "底", 50_000),
        deep("<!--", "", "底", 50_000),
        deep("`", " ", "底", 50_000),
        deep("|a", "|", "|\n|-|\n", 20_000),
    ] {
        check(&read_as(Kind::Markdown, &source));
    }
    let wide = ["a|", "-|", "b|\n"]
        .map(|cell| cell.repeat(8_000))
        .join("\n|");
    check(&read_as(Kind::Markdown, &format!("|{wide}")));
    // far above what it takes, far below what quadratic time would
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

#[test]
fn a_tag_with_a_million_attributes_ends_in_time() {
    let tag: String = (0..400_000).map(|n| format!(" a{n}")).collect();
    let source = Source {
        kind: Kind::Html,
        charset: None,
        bytes: format!("<p{tag}>x").into_bytes(),
    };
    let limits = Limits {
        seconds_max: 1,
        ..Limits::default()
    };
    let error = read(source, &limits).unwrap_err();
    assert!(error.to_string().contains("too long"), "{error}");
}

#[test]
fn limits_are_named_when_they_are_passed() {
    let limits = Limits {
        text_chars_max: 10,
        blocks_max: 3,
        ..Limits::default()
    };
    let source = |text: &str| Source {
        kind: Kind::Text,
        charset: None,
        bytes: text.as_bytes().to_vec(),
    };
    let error = read(source("01234567890"), &limits).unwrap_err();
    assert_eq!(
        (error.code(), error.to_string().contains("10 characters")),
        ("too_large", true)
    );
    let error = read(source("a\n\nb\n\nc\n\nd"), &limits).unwrap_err();
    assert_eq!(
        (error.code(), error.to_string().contains("than 3")),
        ("too_large", true)
    );
    assert!(read(source("电池电池电池电池电池"), &limits).is_ok());
}

#[test]
fn emoji_count_as_code_points() {
    let document = read_as(Kind::Markdown, "# 😀👍\n\n电池");
    assert_eq!((document.blocks[1].start, document.blocks[1].end), (4, 6));
}

/// Pieces of which formats are made, in any order.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<&[u8]> = vec![
        b"<div",
        b">",
        b"</div>",
        b"<p hidden>",
        b"<table>",
        b"<tr><td>",
        b"</table>",
        b"<li>",
        b"<ul>",
        b"<!--",
        b"-->",
        b"<script>",
        b"</script>",
        b"<title>",
        b"</title>",
        b"<pre>",
        b"&amp;",
        b"&#x0;",
        b"<br>",
        b"<svg/>",
        b"<h1>",
        b"</h2>",
        b"# ",
        b"- ",
        b"1. ",
        b"> ",
        b"|",
        b"|-|-|",
        b"```",
        b"[a](b)",
        b"![",
        b"](",
        b"---\n",
        b"***",
        b"\n",
        b"\n\n",
        b" ",
        b"\t",
        b"a",
        b"B",
        "电池".as_bytes(),
        "保修。".as_bytes(),
        "😀".as_bytes(),
        "e\u{301}".as_bytes(),
        "\u{301}".as_bytes(),
        "が".as_bytes(),
        "\u{3099}".as_bytes(),
        "か".as_bytes(),
        b"\0",
        b"\xff\xfe",
        b"\x80",
        b"\r",
        b"\r\n",
        "第一章 总则\n".as_bytes(),
        b"[^1]",
        b"[^1]: ",
        b"<a hidden",
        b" style='display:none'",
        b"\"",
        b"'",
        b"=",
        b"</",
        b"<",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn anything_is_read_or_refused(
        bytes in prop_oneof![soup(), prop::collection::vec(any::<u8>(), 0..400)],
        name in "[a-z]{0,4}(\\.(txt|md|html|pdf|png))?",
        label in prop::option::of("[a-z0-9-]{0,12}"),
    ) {
        let _ = super::kind(&name, label.as_deref(), &bytes);
        for kind in [Kind::Text, Kind::Markdown, Kind::Html] {
            let source = Source { kind, charset: label.clone(), bytes: bytes.clone() };
            if let Ok(document) = read(source, &Limits::default()) {
                check(&document);
            }
        }
    }
}
