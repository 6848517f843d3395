//! What the documents say of the tests.

use crate::stack::workspace;
use std::fs;
use std::path::Path;

/// All Rust code below this folder.
fn code(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder of the checkout") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            code(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(&path).expect("text"));
        }
    }
}

#[test]
fn every_guarantee_names_tests_that_exist() {
    let guarantees = fs::read_to_string(workspace().join("docs/guarantees.md")).expect("is there");
    let mut all = String::new();
    for folder in ["shared", "functions", "local", "tests"] {
        code(&workspace().join(folder), &mut all);
    }
    let mut named = 0;
    for row in guarantees.lines().filter(|line| line.starts_with("| ")) {
        let proof = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
        // Names of tests are longer than words of the protocol.
        let tests = proof
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|name| name.matches('_').count() >= 3 || name.contains("count"));
        for test in tests {
            assert!(all.contains(&format!("fn {test}(")), "{test} is named and does not exist");
            named += 1;
        }
    }
    assert!(named > 70, "only {named} tests were found in the document");
}
