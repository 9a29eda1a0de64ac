//! Every relative link leads somewhere.

use pulldown_cmark::{Event, Parser, Tag};

use super::{checkout, pages};

/// Where the links and pictures of a page lead, those in HTML too.
fn targets(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                found.push(dest_url.into_string());
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                for attribute in ["src=\"", "href=\""] {
                    let values = html.split(attribute).skip(1);
                    found
                        .extend(values.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
                }
            }
            _ => {}
        }
    }
    found
}

fn is_elsewhere(target: &str) -> bool {
    target.contains("://") || target.starts_with("mailto:") || target.starts_with('#')
}

#[test]
fn every_relative_link_leads_somewhere() {
    let (mut followed, mut broken) = (0, Vec::new());
    for page in pages() {
        let folder = checkout(&page.path).parent().unwrap().to_owned();
        for target in targets(&page.text) {
            if is_elsewhere(&target) {
                continue;
            }
            followed += 1;
            let path = target.split('#').next().unwrap();
            if !folder.join(path).exists() {
                broken.push(format!("{}: {target}", page.path));
            }
        }
    }
    assert!(followed > 30, "only {followed} links: are these the pages?");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn links_and_pictures_are_seen() {
    let text = "[a](b.md#c) ![d](e.png)\n\n<p>\n<img src=\"f.png\" alt=\"g\">\n</p>\n";
    assert_eq!(targets(text), ["b.md#c", "e.png", "f.png"]);
}
