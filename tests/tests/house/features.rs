//! The table of docs/features.md: every proof exists, and the numbers in its text are those of the rows.

use crate::{tables, tree};
use std::collections::{BTreeMap, BTreeSet};

/// Names that are allowed in the column of proofs.
struct Known {
    transitions: BTreeSet<String>,
    promises: BTreeSet<String>,
    tests: BTreeSet<String>,
}

#[test]
fn every_feature_has_a_status_and_the_proofs_that_exist() {
    let known = Known {
        transitions: tables::ids("docs/states.md"),
        promises: tables::ids("docs/guarantees.md"),
        tests: tables::names(),
    };
    let text = tree::read("docs/features.md");
    let (counts, mistakes) = check(&text, &known);
    assert!(mistakes.is_empty(), "Correct docs/features.md:\n{}", mistakes.join("\n"));
    let number = |status: &str| counts.get(status).copied().unwrap_or_default();
    let rows: usize = counts.values().sum();
    let sentence = format!(
        "{rows} rows, of which {} are complete, {} partial and {} missing",
        number("yes"),
        number("partial"),
        number("no")
    );
    let flowing = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flowing.contains(&sentence), "docs/features.md must contain: {sentence}");
    assert!(rows >= 55, "only {rows} rows were found");
}

/// Counts the rows by status, and lists the mistakes.
fn check(text: &str, known: &Known) -> (BTreeMap<String, usize>, Vec<String>) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut mistakes = Vec::new();
    for line in text.lines().filter(|line| line.starts_with("| F")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [row, _, status, proof, _, _] = cells[..] else {
            mistakes.push(format!("{line}: a row has six cells"));
            continue;
        };
        *counts.entry(status.to_owned()).or_default() += 1;
        let expected = format!("F{}", counts.values().sum::<usize>());
        if row != expected {
            mistakes.push(format!("{row}: number it {expected}"));
        }
        let has_proof = proof != "–";
        match status {
            "yes" | "partial" if has_proof => {}
            "no" if !has_proof => {}
            "yes" | "partial" | "no" => {
                mistakes.push(format!("{row}: `{status}` does not fit the proof {proof}"));
            }
            _ => mistakes.push(format!("{row}: the status is yes, partial or no")),
        }
        for name in proof.split(", ").filter(|_| has_proof) {
            let exists = match name.trim_matches('`') {
                test if test != name => known.tests.contains(test),
                id => known.transitions.contains(id) || known.promises.contains(id),
            };
            if !exists {
                mistakes.push(format!("{row}: {name} is not a transition, a promise or a test"));
            }
        }
    }
    (counts, mistakes)
}

#[test]
fn a_proof_that_does_not_exist_and_a_status_without_proof_are_found() {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let known = Known { transitions: set(&["T1"]), promises: set(&["busy"]), tests: set(&["a_test"]) };
    let text = "| F1 | a | yes | T1, busy, `a_test` | – | – |\n\
                | F2 | b | yes | T2, `no_test` | – | – |\n\
                | F3 | c | partial | – | – | – |\n\
                | F5 | d | no | T1 | – | – |\n\
                | F5 | e | maybe | T1 | – | – |\n";
    let (counts, mistakes) = check(text, &known);
    assert_eq!(counts["yes"], 2);
    let starts: Vec<&str> =
        mistakes.iter().map(|mistake| mistake.split(' ').next().unwrap_or_default()).collect();
    assert_eq!(starts, ["F2:", "F2:", "F3:", "F5:", "F5:", "F5:"], "{mistakes:?}");
}
