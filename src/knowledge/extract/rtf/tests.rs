use super::{
    super::{BlockKind::*, Limits, tests::outline},
    *,
};

fn read_all(bytes: &[u8]) -> super::super::Extracted {
    let limits = Limits::default();
    let mut writer = Writer::new(&limits);
    read(&mut writer, bytes).unwrap();
    writer.finish()
}

#[test]
fn text_headings_tables_and_lists_are_read() {
    let source = b"{\\rtf1\\ansi\\ansicpg936\\deff0{\\fonttbl{\\f0\\fcharset134 SimSun;}{\\f1\\fcharset0 Arial;}}\
        {\\stylesheet{\\s0 Normal;}{\\s1\\outlinelevel0 heading 1;}}{\\info{\\title \\'b1\\'a3\\'d0\\'de}{\\author x}}\
        \\pard\\s1 \\'b1\\'a3\\'d0\\'de\\par\\pard\\plain\\f0 \\u30005?\\u27744? {\\b 8} years\\line more \\{x\\}\\par\
        {\\*\\generator x;}{\\pict\\bin5 {}{{{}{\\listtext 1.\\tab}item\\par\
        \\trowd\\pard\\intbl a\\cell b\\cell\\row\\trowd\\pard\\intbl c\\cell\\f1 caf\\'e9\\cell\\row\\pard end\\u55357?\\u56832?\\par}";
    let document = read_all(source);
    let expected = [
        (Heading(1), "保修"),
        (Paragraph, "电池 8 years\nmore {x}"),
        (ListItem, "1. item"),
        (Table, "| a | b |\n| --- | --- |\n| c | café |"),
        (Paragraph, "end😀"),
    ];
    assert_eq!(
        outline(&document),
        expected.map(|(kind, text)| (kind, text.to_owned()))
    );
    assert_eq!(document.title.as_deref(), Some("保修"));
}

#[test]
fn bottomless_groups_are_refused() {
    let limits = Limits::default();
    let source = "{\\rtf1".to_owned() + &"{".repeat(100_000);
    let error = read(&mut Writer::new(&limits), source.as_bytes()).unwrap_err();
    assert!(error.to_string().contains("deeper"), "{error}");
}
