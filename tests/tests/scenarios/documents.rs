//! What the documents say of the tests.

use crate::stack::workspace;
use std::fs;
use std::path::{Path, PathBuf};

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

/// Where the tests of a module that docs/states.md names are: a file of the core's tests, the tests of another module,
/// or a function.
fn module(name: &str) -> PathBuf {
    let [core, beside, function] = [
        format!("shared/src/meeting/tests/{name}.rs"),
        format!("shared/src/{name}"),
        format!("functions/{name}"),
    ]
    .map(|path| workspace().join(path));
    [core, beside].into_iter().find(|path| path.exists()).unwrap_or(function)
}

#[test]
fn every_transition_names_tests_that_exist() {
    let states = fs::read_to_string(workspace().join("docs/states.md")).expect("is there");
    let broken = fs::read_to_string(workspace().join("tests/mutations/transitions.json")).expect("is there");
    let mut scenarios = String::new();
    code(&workspace().join("tests/tests/scenarios"), &mut scenarios);
    let rows: Vec<&str> = states.lines().filter(|line| line.starts_with("| T")).collect();
    for (row, number) in rows.iter().zip(1..) {
        assert!(row.starts_with(&format!("| T{number} | ")), "T{number} is missing or out of order: {row}");
        assert!(broken.contains(&format!("\"id\": \"T{number}\"")), "nothing breaks T{number}");
        let proof = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
        let named: Vec<&str> = proof.split('`').skip(1).step_by(2).collect();
        let (core, wire): (Vec<&str>, Vec<&str>) = named.iter().partition(|name| name.contains("::"));
        assert!(!core.is_empty(), "T{number} names no test that breaking it would fail");
        for test in core {
            let (name, test) = test.split_once("::").expect("has both");
            let (path, mut text) = (module(name), String::new());
            if path.is_dir() {
                code(&path, &mut text);
            } else {
                text =
                    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            }
            assert!(text.contains(&format!("fn {test}(")), "{name}::{test} is named and does not exist");
        }
        for test in wire {
            assert!(scenarios.contains(&format!("fn {test}(")), "{test} is named and does not exist");
        }
    }
    assert_eq!(rows.len(), 51);
}
