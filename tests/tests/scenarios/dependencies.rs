//! The dependencies of the package `functions`: one HTTP stack, and no clock for tests.

use crate::stack::workspace;
use std::process::{Command, Output};

/// Runs `cargo tree` for the package with further arguments.
fn cargo_tree(arguments: &[&str]) -> Output {
    Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
        .args(["tree", "--locked", "--offline", "--package", "functions"])
        .args(arguments)
        .current_dir(workspace())
        .output()
        .expect("cargo can be run")
}

/// The dependency paths from the package to `dependency`, as cargo prints them; empty if there is no path.
fn paths_to(dependency: &str) -> String {
    let output = cargo_tree(&["--edges", "normal", "--invert", dependency]);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    // Cargo fails if no package of the workspace has that version.
    assert!(output.status.success() || errors.contains("did not match any packages"), "{errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn no_function_pulls_in_the_legacy_http_stack() {
    assert_eq!(paths_to("hyper@0.14"), "");
    assert!(
        paths_to("hyper@1").contains("functions"),
        "the functions have an HTTP stack that this test can find"
    );
}

#[test]
fn no_function_is_deployed_with_a_clock_that_tests_can_move() {
    let output = cargo_tree(&["--edges", "features"]);
    let tree = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(tree.contains("switchboard-rtc feature \"management\""), "cargo lists the features: {tree}");
    assert!(!tree.contains("test-clock"), "{tree}");
}
