use super::*;

#[test]
fn names_texts_and_references_are_read() {
    let root = parse(
        "<?xml version='1.0'?><w:a x:n='1 &lt; 2'>电池 &amp; &#x7535;<b/>尾<![CDATA[<c>]]></w:a>"
            .as_bytes(),
    )
    .unwrap();
    assert_eq!((&*root.name, root.text().as_str()), ("a", "电池 & 电尾<c>"));
    assert_eq!(root.attribute("n"), Some("1 < 2"));
    assert!(root.child("b").is_some() && root.children.len() == 3);
}

#[test]
fn other_encodings_are_read() {
    let page = "<?xml version=\"1.0\" encoding=\"GBK\"?><a>电池保修八年</a>";
    let bytes = encoding_rs::GBK.encode(page).0.into_owned();
    assert_eq!(parse(&bytes).unwrap().text(), "电池保修八年");
}

#[test]
fn entities_are_refused_whatever_they_stand_for() {
    let laughs = "<!DOCTYPE a [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]><a>&b;</a>";
    let outside = "<!DOCTYPE a [<!entity x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>";
    for source in [laughs, outside] {
        let error = parse(source.as_bytes()).unwrap_err();
        assert!(error.to_string().contains("entities"), "{error}");
    }
    let html = "<!DOCTYPE html PUBLIC \"a\" \"http://a.example/a.dtd\"><a>一&nbsp;二</a>";
    assert_eq!(parse(html.as_bytes()).unwrap().text(), "一 二");
}

#[test]
fn broken_and_bottomless_files_are_refused() {
    let deep = "<a>".repeat(100_000);
    for (source, word) in [
        ("<a><b></a>", "damaged"),
        ("<a", "damaged"),
        ("<a>", "mid-element"),
        ("", "no element"),
        (&deep, "deeper"),
    ] {
        let error = parse(source.as_bytes()).unwrap_err();
        assert_eq!(error.code(), "invalid", "{source:.20}");
        assert!(error.to_string().contains(word), "{error}");
    }
}
