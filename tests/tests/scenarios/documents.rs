//! What the documents say of the tests, of each other and of the code.

use crate::stack::workspace;
use std::fs;
use std::path::{Path, PathBuf};

fn read(path: &str) -> String {
    fs::read_to_string(workspace().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

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
    let guarantees = read("docs/guarantees.md");
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
    let [core, service, function] = [
        format!("shared/core/src/tests/{name}.rs"),
        format!("shared/service/src/{name}"),
        format!("functions/src/{}", name.replace('-', "_")),
    ]
    .map(|path| workspace().join(path));
    [core, service].into_iter().find(|path| path.exists()).unwrap_or(function)
}

#[test]
fn every_transition_names_tests_that_exist() {
    let states = read("docs/states.md");
    let mut scenarios = String::new();
    code(&workspace().join("tests/tests/scenarios"), &mut scenarios);
    let rows: Vec<&str> = states.lines().filter(|line| line.starts_with("| T")).collect();
    for (row, number) in rows.iter().zip(1..) {
        assert!(row.starts_with(&format!("| T{number} | ")), "T{number} is missing or out of order: {row}");
        let proof = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
        let named: Vec<&str> = proof.split('`').skip(1).step_by(2).collect();
        let (core, wire): (Vec<&str>, Vec<&str>) = named.iter().partition(|name| name.contains("::"));
        assert!(!core.is_empty(), "T{number} names no test that breaking it would fail");
        for test in &core {
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
        // What nobody outside of the service sees has no scenario of its own.
        let is_internal = [3, 47, 51].contains(&number);
        let of_its_own = |test: &&str| test.split('_').any(|word| word == format!("t{number}"));
        assert!(is_internal || wire.iter().any(of_its_own), "no scenario has the number of T{number}");
        for test in wire {
            assert!(scenarios.contains(&format!("fn {test}(")), "{test} is named and does not exist");
        }
    }
    assert_eq!(rows.len(), 51);
}

/// The documents below this folder that are ours.
fn documents(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the checkout") {
        let path = entry.expect("readable").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && name != "node_modules" && name != "target" {
            documents(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

#[test]
fn every_link_of_the_documents_leads_somewhere() {
    let mut all = Vec::new();
    documents(workspace(), &mut all);
    let mut followed = 0;
    for document in all {
        let text = fs::read_to_string(&document).expect("text");
        let folder = document.parent().expect("it is in a folder");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap_or_default();
            if !path.is_empty() && !path.contains("://") {
                assert!(folder.join(path).exists(), "{}: there is no {link}", document.display());
                followed += 1;
            }
        }
    }
    assert!(followed > 80, "only {followed} links were found");
}
