//! What the runtime carries is named in NOTICE, and its licence lies beside it.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

use super::checkout;
use crate::cluster::runtime_dir;

/// Licences in the package of PDFium for platforms and options that we do not fetch.
const OTHER_BUILDS: [&str; 4] = ["android", "cibw_musl", "pbin_musl", "v8_xfa"];
/// Texts that others refer to, and the terms of the package's own files.
const SHARED: [&str; 2] = ["SHARED", "LICENSES"];

fn names(folder: &Path) -> BTreeSet<String> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

/// The files below a folder, but not those of other builds.
fn files(folder: &Path, found: &mut BTreeSet<String>) {
    for name in names(folder) {
        let path = folder.join(&name);
        if !path.is_dir() {
            found.insert(name);
        } else if !OTHER_BUILDS.contains(&&*name) && !SHARED.contains(&&*name) {
            files(&path, found);
        }
    }
}

fn notice() -> String {
    fs::read_to_string(checkout("NOTICE")).unwrap()
}

#[test]
fn every_part_of_the_runtime_has_its_licence_and_is_named() {
    let runtime = runtime_dir();
    let manifest = fs::read_to_string(runtime.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let parts = manifest["parts"].as_object().unwrap();
    let notice = notice();
    let (mut folders, mut carriers) = (BTreeSet::new(), BTreeSet::new());
    for (part, says) in parts.iter().filter(|(part, _)| *part != "licenses") {
        // the package that carried it
        let carrier = says["key"].as_str().unwrap().split(' ').next().unwrap();
        let licence = runtime.join("licenses").join(carrier).join("LICENS");
        let found = names(licence.parent().unwrap());
        assert!(
            found.iter().any(|name| name.starts_with("LICENS")),
            "{part}: {found:?}"
        );
        let named = notice
            .lines()
            .any(|line| line.trim_start().split(' ').next() == Some(carrier));
        assert!(
            named,
            "NOTICE does not name {carrier}, which carries {part}"
        );
        folders.insert(part.clone());
        carriers.insert(carrier.to_owned());
    }
    assert!(folders.len() >= 4, "{folders:?}");
    // and nothing lies there that no part accounts for
    let mut there = names(&runtime);
    there.retain(|name| runtime.join(name).is_dir() && name != "licenses");
    assert_eq!(there, folders);
}

#[test]
fn every_licence_is_named_and_every_name_has_one() {
    let (notice, mut there) = (notice(), BTreeSet::new());
    files(&runtime_dir().join("licenses"), &mut there);
    let mut named = BTreeSet::new();
    for list in notice
        .split('[')
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(']')?.0))
    {
        named.extend(list.split(',').map(|name| name.trim().to_owned()));
    }
    // the list of parts that the wheel was built with, which we leave out
    there.remove("auditwheel.cdx.json");
    assert_eq!(named, there, "left: in NOTICE, right: in the runtime");
}
