//! `switchboard-core` and `switchboard-protocol` decide from their arguments alone. Their dependencies could read a clock,
//! randomness or the network; so the tree of each must not contain such a crate. `clippy.toml` forbids the same of `std`.

use crate::tree;

/// Crates that read the outer world: name, or the start of a name before `*`.
const IMPURE: [&str; 21] = [
    // Asynchronous runtimes.
    "tokio*",
    "futures*",
    "async-*",
    "smol",
    "mio",
    // SDKs and HTTP.
    "aws-*",
    "lambda_runtime*",
    "hyper*",
    "reqwest",
    "rustls*",
    // Clocks.
    "time",
    "chrono",
    "jiff",
    "web-time",
    "humantime",
    // Randomness.
    "rand",
    "rand_*",
    "getrandom",
    "fastrand",
    "uuid",
    "ring",
];

#[test]
fn the_core_and_the_protocol_read_nothing_of_the_outer_world() {
    for package in ["switchboard-core", "switchboard-protocol"] {
        // A procedural macro runs in the compiler only.
        let edges = ["--edges", "normal,no-proc-macro", "--all-features"];
        let form = ["--prefix", "none", "--format", "{lib}"];
        let arguments =
            [&["tree", "--locked", "--offline", "--package", package][..], &edges, &form].concat();
        let list = tree::output("cargo", &arguments);
        let crates: Vec<&str> = list.lines().map(|line| line.trim_end_matches(" (*)")).collect();
        assert!(crates.contains(&"serde_json"), "{package}: `cargo tree` lists {crates:?}");
        let impure: Vec<&&str> = crates.iter().filter(|name| is_impure(name)).collect();
        assert!(
            impure.is_empty(),
            "{package} must not depend on {impure:?}: see `cargo tree -p {package} -e normal`"
        );
    }
}

/// Compares the name of a library, in which hyphens are underscores.
fn is_impure(library: &str) -> bool {
    IMPURE.iter().any(|pattern| {
        let pattern = pattern.replace('-', "_");
        match pattern.strip_suffix('*') {
            Some(start) => library.starts_with(start),
            None => library == pattern,
        }
    })
}

#[test]
fn names_are_compared_whole_or_by_their_start() {
    assert!(is_impure("aws_sdk_sqs") && is_impure("time") && is_impure("tokio_util"));
    assert!(!is_impure("timeless") && !is_impure("randomize") && !is_impure("serde_json"));
}
