//! The dependencies of the functions: one HTTP stack, not two.

use crate::stack::workspace;
use std::process::Command;

/// The dependency paths from `package` to `dependency`, as cargo prints them; empty if there is no path.
fn pulls_in(package: &str, dependency: &str) -> String {
    let output = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
        .args([
            "tree",
            "--locked",
            "--offline",
            "--edges",
            "normal",
            "--invert",
            dependency,
            "--package",
            package,
        ])
        .current_dir(workspace())
        .output()
        .expect("cargo can be run");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // Cargo fails if no package of the workspace has that version.
    assert!(output.status.success() || said.contains("did not match any packages"), "{said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The packages of the functions.
fn functions() -> Vec<String> {
    let folders = std::fs::read_dir(workspace().join("functions")).expect("the functions have a folder");
    folders.map(|entry| entry.expect("readable").file_name().into_string().expect("plain names")).collect()
}

#[test]
fn no_function_pulls_in_the_legacy_http_stack() {
    let functions = functions();
    assert!(functions.len() >= 5, "{functions:?}");
    for function in functions {
        assert_eq!(pulls_in(&function, "hyper@0.14"), "", "of {function}");
        assert!(
            pulls_in(&function, "hyper@1").contains(&function),
            "{function} has a HTTP stack, and this test sees it"
        );
    }
}

#[test]
fn no_function_is_deployed_with_a_clock_that_tests_can_move() {
    for function in functions() {
        let output = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
            .args(["tree", "--locked", "--offline", "--edges", "features", "--package", &function])
            .current_dir(workspace())
            .output()
            .expect("cargo can be run");
        let tree = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(tree.contains("switchboard feature \"aws\""), "this test sees features: {tree}");
        assert!(!tree.contains("test-clock"), "of {function}");
    }
}
