//! Imports run one way: between the crates by their manifests, and between the files of each crate.

use crate::crates::{self, DEPLOYED, OTHERS};
use crate::tree;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The members of the workspace that each crate may depend on. A crate without an entry may depend on any.
const MAY_USE: [(&str, &[&str]); 8] = [
    ("switchboard-protocol", &[]),
    ("switchboard-core", &["switchboard-protocol"]),
    ("switchboard-rtc", &["switchboard-protocol"]),
    ("switchboard-service", &["switchboard-protocol", "switchboard-core", "switchboard-rtc"]),
    ("functions", &["switchboard-protocol", "switchboard-core", "switchboard-rtc", "switchboard-service"]),
    ("terminal", &["switchboard-protocol", "switchboard-rtc"]),
    ("broker", &[]),
    ("sfu", &["switchboard-rtc"]),
];

#[test]
fn crates_depend_on_each_other_in_one_direction() {
    let metadata =
        tree::output("cargo", &["metadata", "--locked", "--offline", "--no-deps", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&metadata).expect("JSON");
    let packages = metadata["packages"].as_array().expect("a list of packages");
    let members: BTreeSet<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    for (name, may_use) in MAY_USE {
        let package = packages.iter().find(|package| package["name"] == name);
        let package = package.unwrap_or_else(|| panic!("{name} is not a member of the workspace"));
        let dependencies = package["dependencies"].as_array().expect("a list of dependencies");
        // `kind` is null for a normal dependency.
        for dependency in dependencies.iter().filter(|dependency| dependency["kind"].is_null()) {
            let used = dependency["name"].as_str().expect("a name");
            assert!(
                !members.contains(used) || may_use.contains(&used),
                "{name} must not depend on {used}: see the list in {}",
                file!()
            );
        }
    }
}

#[test]
fn files_of_a_crate_do_not_import_each_other_in_a_circle() {
    let mut report = Vec::new();
    for folder in DEPLOYED.into_iter().chain(OTHERS) {
        let mut edges: BTreeMap<(String, String), usize> = BTreeMap::new();
        for (from, to, line) in crates::targets(folder).iter().flat_map(|target| target.edges()) {
            edges.entry((from, to)).or_insert(line);
        }
        for circle in circles(&edges) {
            report.push(format!("\n{folder}: {} files import each other:", circle.len()));
            for ((from, to), line) in &edges {
                if circle.contains(from.as_str()) && circle.contains(to.as_str()) {
                    report.push(format!("  {from}:{line} uses {to}"));
                }
            }
        }
    }
    assert!(report.is_empty(), "Move shared items into a file that imports neither:\n{}", report.join("\n"));
}

/// Returns the groups of files in which each file reaches all others through imports.
fn circles(edges: &BTreeMap<(String, String), usize>) -> Vec<BTreeSet<&str>> {
    let mut next: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (from, to) in edges.keys() {
        next.entry(from).or_default().push(to);
    }
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        next.keys().map(|from| (*from, reach(from, &next))).collect();
    let mut found: Vec<BTreeSet<&str>> = Vec::new();
    for (file, ahead) in &reached {
        if ahead.contains(file) && !found.iter().any(|circle| circle.contains(file)) {
            let is_mutual = |other: &&&str| reached.get(**other).is_some_and(|back| back.contains(file));
            found.push(ahead.iter().filter(is_mutual).copied().collect());
        }
    }
    found
}

/// Returns all files that a file reaches through imports.
fn reach<'a>(from: &'a str, next: &BTreeMap<&'a str, Vec<&'a str>>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        for to in next.get(file).into_iter().flatten() {
            if found.insert(*to) {
                open.push(to);
            }
        }
    }
    found
}

#[test]
fn a_circle_is_found_and_a_branch_is_not() {
    let edges = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("e", "d")];
    let edges = edges.into_iter().map(|(from, to)| ((from.to_owned(), to.to_owned()), 1)).collect();
    assert_eq!(circles(&edges), [BTreeSet::from(["a", "b", "c"])]);
}
