//! The test columns of docs/states.md and docs/guarantees.md, written from the names and markers of the tests.
//!
//! A test proves a transition by its number in the test's name (`t6_t7_…`). A comment `// Proves: T51, login` above a
//! test adds transitions, and promises by their ids. `make generate` writes the columns.
//!
//! `make generate` adds a row for a transition without a row, with the sentence that describes the transition in the
//! file of its action. Later runs keep the row's sentence, so that an author may change it.

use crate::tree;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// The folders of tests and their labels in the columns, in this order.
const LABELS: [(&str, &str); 12] = [
    ("shared/core/", "core"),
    ("shared/protocol/", "protocol"),
    ("shared/rtc/", "rtc"),
    ("shared/service/", "service"),
    ("functions/", "functions"),
    ("tests/tests/store/", "store"),
    ("tests/tests/scenarios/", "scenarios"),
    ("tests/tests/chaos/", "chaos"),
    ("local/broker/", "broker"),
    ("local/sfu/", "sfu"),
    ("local/", "local"),
    ("terminal/", "terminal"),
];

/// Environment variable that makes the tests write the columns instead of comparing them.
const WRITE: &str = "SWITCHBOARD_WRITE_TABLES";

/// A test, with the ids of the transitions and promises that it proves.
struct Proof {
    label: &'static str,
    name: String,
    proves: BTreeSet<String>,
}

/// Returns all tests of the workspace.
fn proofs() -> Vec<Proof> {
    let mut found = Vec::new();
    for path in tree::files().into_iter().filter(|path| tree::extension(path) == "rs") {
        let Some((index, (_, label))) =
            LABELS.iter().enumerate().find(|(_, (folder, _))| path.starts_with(folder))
        else {
            continue;
        };
        let tests = read(&tree::read(&path));
        found.extend(tests.into_iter().map(|(name, proves)| (index, Proof { label, name, proves })));
    }
    found.sort_by(|(a, left), (b, right)| (a, &left.name).cmp(&(b, &right.name)));
    found.into_iter().map(|(_, proof)| proof).collect()
}

/// Returns the tests of a file, with the ids in their names and markers.
fn read(text: &str) -> Vec<(String, BTreeSet<String>)> {
    let mut found = Vec::new();
    let mut is_test = false;
    let mut proves = BTreeSet::new();
    for line in text.lines().map(str::trim) {
        if let Some(ids) = line.strip_prefix("// Proves: ") {
            proves.extend(ids.split(',').map(|id| id.trim().to_owned()));
        } else if let Some(attribute) = line.strip_prefix("#[") {
            is_test |= ["test]", "test("].iter().any(|mark| attribute.contains(mark))
                && !attribute.starts_with("cfg");
        } else if let Some(name) = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ") {
            let name = name.split(['(', '<']).next().unwrap_or_default();
            if is_test {
                let numbers = name.split('_').map_while(transition);
                proves.extend(numbers);
                found.push((name.to_owned(), std::mem::take(&mut proves)));
            }
            assert!(proves.is_empty(), "{name} has a marker and is not a test");
            is_test = false;
        }
    }
    assert!(proves.is_empty(), "a marker without a test: {proves:?}");
    found
}

/// Reads `t6` as `T6`; `None` for any other word.
fn transition(word: &str) -> Option<String> {
    let number = word.strip_prefix('t')?;
    (!number.is_empty() && number.chars().all(|c| c.is_ascii_digit())).then(|| format!("T{number}"))
}

/// Adds a row for each transition that a file of the core describes at its top and the document lacks.
fn with_new_rows(text: &str, files: &[String]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let number = |line: &String| {
        let id = line.strip_prefix("| T")?.split(" | ").next()?;
        id.parse::<u32>().ok()
    };
    let described: BTreeMap<u32, String> = files.iter().flat_map(|file| described(file)).collect();
    while let Some(at) = lines.iter().rposition(|line| number(line).is_some()) {
        let next = number(&lines[at]).expect("found above") + 1;
        let Some(sentence) = described.get(&next) else { break };
        lines.insert(at + 1, format!("| T{next} | {sentence} |  |"));
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

/// Returns the transitions in the first sentence of a file's comment, as in "`silence` (T10): a silenced device stops
/// ringing."
fn described(file: &str) -> Vec<(u32, String)> {
    let comment: Vec<&str> = file.lines().map_while(|line| line.strip_prefix("//! ")).collect();
    let comment = comment.join(" ");
    let Some((numbers, rest)) = comment.split_once("(T").and_then(|(_, rest)| rest.split_once("): ")) else {
        return Vec::new();
    };
    let sentence = rest.split(". ").next().unwrap_or(rest).trim_end_matches('.');
    let mut letters = sentence.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let sentence = first + letters.as_str();
    let numbers = numbers.split(", T").filter_map(|number| number.parse().ok());
    numbers.map(|number| (number, sentence.clone())).collect()
}

/// Rewrites the last cell of each row whose first cell is an id. Returns the text and the ids in their order.
fn with_columns(text: &str, is_id: fn(&str) -> bool, proofs: &[Proof]) -> (String, Vec<String>) {
    let mut ids = Vec::new();
    let lines = text.lines().map(|line| {
        let cells: Vec<&str> = line.split(" | ").collect();
        match cells[0].strip_prefix("| ").filter(|id| cells.len() > 2 && is_id(id)) {
            Some(id) => {
                ids.push(id.to_owned());
                format!("{} | {} |", cells[..cells.len() - 1].join(" | "), column(id, proofs))
            }
            None => line.to_owned(),
        }
    });
    let text: String = lines.map(|line| line + "\n").collect();
    (text, ids)
}

/// Returns the tests that prove one id, by their labels.
fn column(id: &str, proofs: &[Proof]) -> String {
    let mut groups: Vec<(&str, Vec<String>)> = Vec::new();
    for proof in proofs.iter().filter(|proof| proof.proves.contains(id)) {
        if groups.last().is_none_or(|(label, _)| *label != proof.label) {
            groups.push((proof.label, Vec::new()));
        }
        groups.last_mut().expect("pushed above").1.push(format!("`{}`", proof.name));
    }
    let groups = groups.into_iter().map(|(label, names)| format!("{label} {}", names.join(", ")));
    groups.collect::<Vec<_>>().join("; ")
}

/// Compares a document with its columns, or writes them.
fn check(path: &str, is_id: fn(&str) -> bool) -> Vec<String> {
    let old = tree::read(path);
    let core = tree::files().into_iter().filter(|file| file.starts_with("shared/core/src/"));
    let core: Vec<String> = core.map(|file| tree::read(&file)).collect();
    let (new, ids) = with_columns(&with_new_rows(&old, &core), is_id, &proofs());
    if std::env::var_os(WRITE).is_some() {
        fs::write(tree::root().join(path), new).expect("the document can be written");
    } else {
        let changed = old.lines().zip(new.lines()).find(|(old, new)| old != new);
        assert!(
            old == new,
            "{path} is not up to date: run `make generate`. First difference: {changed:?}; lines: {} and {}",
            old.lines().count(),
            new.lines().count()
        );
    }
    ids
}

fn is_transition(id: &str) -> bool {
    transition(&id.to_lowercase()).is_some_and(|number| number == id)
}

fn is_promise(id: &str) -> bool {
    id.starts_with(|c: char| c.is_ascii_lowercase()) && id.chars().all(|c| c.is_ascii_lowercase() || c == '-')
}

#[test]
fn every_transition_is_proven_by_a_unit_test_and_a_scenario() {
    let ids = check("docs/states.md", is_transition);
    let expected: Vec<String> = (1..=ids.len()).map(|number| format!("T{number}")).collect();
    assert_eq!(ids, expected, "the transitions of docs/states.md are numbered in order");
    assert!(ids.len() > 50, "only {} transitions were found", ids.len());
    let proofs = proofs();
    for id in &ids {
        let mut of_id = proofs.iter().filter(|proof| proof.proves.contains(id));
        let is_scenario = |proof: &Proof| proof.label == "scenarios";
        assert!(of_id.clone().any(|proof| !is_scenario(proof)), "{id} has no unit test");
        assert!(of_id.any(is_scenario), "{id} has no scenario");
    }
    assert_known(&proofs, is_transition, &ids);
}

#[test]
fn every_promise_is_proven_by_a_test() {
    let ids = check("docs/guarantees.md", is_promise);
    assert!(ids.len() > 50, "only {} promises were found", ids.len());
    let mut seen = BTreeSet::new();
    let proofs = proofs();
    for id in &ids {
        assert!(seen.insert(id), "{id} is the id of two promises");
        assert!(proofs.iter().any(|proof| proof.proves.contains(id)), "{id} is proven by no test");
    }
    assert_known(&proofs, |id| !is_transition(id), &ids);
}

/// Returns the ids in the first column of a document's tables.
pub fn ids(path: &str) -> BTreeSet<String> {
    let is_id = |id: &str| is_transition(id) || is_promise(id);
    with_columns(&tree::read(path), is_id, &[]).1.into_iter().collect()
}

/// Returns the names of all tests in Rust.
pub fn names() -> BTreeSet<String> {
    proofs().into_iter().map(|proof| proof.name).collect()
}

/// Checks that each id of a marker is in a document.
fn assert_known(proofs: &[Proof], is_id: fn(&str) -> bool, known: &[String]) {
    for proof in proofs {
        let unknown = proof.proves.iter().find(|id| is_id(id) && !known.contains(id));
        assert!(unknown.is_none(), "{} names {unknown:?}, which no document has", proof.name);
    }
}

#[test]
fn tests_are_read_with_their_numbers_and_markers() {
    let text = "
        // Proves: T51, login
        #[tokio::test]
        async fn t6_t7_of_two_t9() {
        }
        #[cfg(test)]
        fn helper() {}
        #[test]
        fn plain() {}
    ";
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>();
    let expected = [
        ("t6_t7_of_two_t9".to_owned(), ids(&["T6", "T7", "T51", "login"])),
        ("plain".to_owned(), BTreeSet::new()),
    ];
    assert_eq!(read(text), expected);
}

#[test]
fn a_transition_without_a_row_gets_the_sentence_of_its_file() {
    let document = "| T1 | One | core `t1_a` |\n| T2 | Two |  |\n\nText.\n";
    let file = |text: &str| text.to_owned();
    let files = [
        file("//! `pin` (T3, T4): the host pins a member. Members\n//! are notified.\n\nfn pin() {}\n"),
        file("//! `old` (T2): another sentence.\n"),
        file("//! No number.\n"),
    ];
    let expected = "| T1 | One | core `t1_a` |\n| T2 | Two |  |\n| T3 | The host pins a member |  |\n| T4 | The host pins a \
                    member |  |\n\nText.\n";
    assert_eq!(with_new_rows(document, &files), expected);
}
