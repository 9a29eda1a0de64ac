//! The documents of the handbook are what their sources say.

use std::process::Command;

use super::checkout;
use crate::golden::python_libraries;

#[test]
fn the_handbook_is_made_of_its_sources() {
    let output = Command::new(checkout("scripts/make-handbook"))
        .arg("--compare")
        .env("PYTHONPATH", python_libraries())
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
}
