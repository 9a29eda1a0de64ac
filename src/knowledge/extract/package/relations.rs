//! Where the parts of an Office container lie, by their relationships.

use super::Package;
use crate::error::Result;

/// A relationship of a part.
pub struct Relation {
    pub id: String,
    /// The last word of its type, such as `slide`.
    pub kind: String,
    /// The entry it leads to, or an address outside.
    pub target: String,
}

/// The relationships of a part; none when it has no list.
pub fn relations(package: &mut Package, part: &str) -> Result<Vec<Relation>> {
    let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
    let list = join(folder, &format!("_rels/{file}.rels"));
    let Some(root) = package.xml(&list)? else {
        return Ok(Vec::new());
    };
    let of = |element: &super::xml::Element, name| element.attribute(name).map(str::to_owned);
    Ok(root
        .elements()
        .filter_map(|element| {
            let external = element.attribute("TargetMode") == Some("External");
            let target = of(element, "Target")?;
            Some(Relation {
                id: of(element, "Id")?,
                kind: of(element, "Type")?.rsplit('/').next()?.to_owned(),
                target: if external {
                    target
                } else {
                    join(folder, &target)
                },
            })
        })
        .collect())
}

/// A path that is relative to a folder, without `.` and `..`; a leading `/` is the container.
pub fn join(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = match target.starts_with('/') {
        true => Vec::new(),
        false => folder.split('/').collect(),
    };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        for (folder, target, path) in [
            ("ppt", "slides/slide1.xml", "ppt/slides/slide1.xml"),
            (
                "ppt/slides",
                "../notesSlides/n.xml",
                "ppt/notesSlides/n.xml",
            ),
            ("ppt", "/word/a.xml", "word/a.xml"),
            ("", "../../etc/passwd", "etc/passwd"),
        ] {
            assert_eq!(join(folder, target), path);
        }
    }
}
