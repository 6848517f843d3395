//! The files of the checkout.

use std::fs;
use std::path::Path;
use std::process::Command;

/// The root folder of the workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package is a folder of the workspace")
}

/// Reads a file by its path from the root.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Runs a program in the root folder and returns its standard output.
pub fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {}: {errors}", arguments.join(" "));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Returns the paths of all files that are in git or may be added to it, from the root, in order.
pub fn files() -> Vec<String> {
    // CI may run as another user than the owner of the checkout, which git refuses by default.
    let list = ["-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"];
    let mut files: Vec<String> = output("git", &list).lines().map(String::from).collect();
    // Leave out a file that was deleted but whose deletion is not committed.
    files.retain(|path| root().join(path).is_file());
    files.sort();
    files.dedup();
    files
}

/// Returns the part of a path after the last dot.
pub fn extension(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}
