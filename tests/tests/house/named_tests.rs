//! The tests that docs/threat-model.md, docs/limits.md and docs/reliability.md name: each row of their tables has at
//! least one test, and each named test exists.

use crate::{tables, tree};
use std::collections::BTreeSet;

/// Lists the rows whose last cell names no test, or an unknown test. Tables without a column of tests are ignored.
fn mistakes(text: &str, known: &BTreeSet<String>) -> (usize, Vec<String>) {
    let (mut rows, mut wrong, mut has_tests) = (0, Vec::new(), false);
    for line in text.lines() {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        match line {
            _ if !line.starts_with('|') => has_tests = false,
            _ if cells.last().is_some_and(|last| ["tests", "reached by"].contains(last)) => has_tests = true,
            _ if !has_tests || line.starts_with("|---") => {}
            _ => {
                rows += 1;
                let names: Vec<&str> = cells
                    .last()
                    .into_iter()
                    .flat_map(|last| last.split(", "))
                    .map(|name| name.trim_matches('`'))
                    .collect();
                for name in names.iter().filter(|name| !known.contains(**name)) {
                    wrong.push(format!("{}: {name} is not a test", cells[0]));
                }
            }
        }
    }
    (rows, wrong)
}

#[test]
fn every_line_of_the_threat_model_of_the_limits_and_of_the_faults_names_its_tests() {
    let known = tables::names();
    for (path, least) in [("docs/threat-model.md", 20), ("docs/limits.md", 20), ("docs/reliability.md", 20)] {
        let (rows, wrong) = mistakes(&tree::read(path), &known);
        assert!(rows >= least, "{path}: only {rows} rows were found");
        assert!(wrong.is_empty(), "Correct {path}:\n{}", wrong.join("\n"));
    }
}

#[test]
fn a_row_without_a_test_or_with_an_unknown_one_is_found() {
    let known = ["a_test".to_owned()].into();
    let text = "| a | tests |\n|---|---|\n| one | `a_test` |\n| two | `a_test`, `no_test` |\n| three | – |\n\n\
                | b | c |\n|---|---|\n| four | – |\n";
    let (rows, wrong) = mistakes(text, &known);
    assert_eq!(rows, 3);
    assert_eq!(wrong, ["two: no_test is not a test", "three: – is not a test"]);
}
