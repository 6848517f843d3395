//! Every Rust file is compiled: the compiler ignores a file without its `mod`, and the tests in it never run.

use crate::rust;
use crate::tree;
use std::collections::BTreeSet;

/// Returns the files that may declare the module in `path`; `None` for a file that is a target of its own.
fn parents(path: &str) -> Option<(String, [String; 4])> {
    let (folder, name) = path.strip_suffix(".rs")?.rsplit_once('/')?;
    let (folder, name) = if name == "mod" { folder.rsplit_once('/')? } else { (folder, name) };
    let (package, last) = folder.rsplit_once('/').unwrap_or(("", folder));
    let is_target = ["lib", "main", "build"].contains(&name)
        || (["tests", "examples", "benches"].contains(&last)
            && tree::root().join(package).join("Cargo.toml").exists());
    let candidates = [
        format!("{folder}.rs"),
        format!("{folder}/mod.rs"),
        format!("{folder}/lib.rs"),
        format!("{folder}/main.rs"),
    ];
    (!is_target).then(|| (name.to_owned(), candidates))
}

/// Returns `true` if a source text declares the module `name` in a file of its own.
fn declares(text: &str, name: &str) -> bool {
    let tokens = rust::tokens(text);
    tokens.windows(3).any(|three| three[0].is("mod") && three[1].is(name) && three[2].is(";"))
}

#[test]
fn every_rust_file_is_a_module_of_a_target() {
    let files: BTreeSet<String> =
        tree::files().into_iter().filter(|path| tree::extension(path) == "rs").collect();
    let is_orphan = |path: &&String| {
        parents(path).is_some_and(|(name, parents)| {
            !parents
                .iter()
                .filter(|parent| files.contains(*parent))
                .any(|parent| declares(&tree::read(parent), &name))
        })
    };
    let orphans: Vec<&String> = files.iter().filter(is_orphan).collect();
    assert!(files.len() > 500, "only {} files were found", files.len());
    assert!(orphans.is_empty(), "no `mod` leads to these files, so they are not compiled: {orphans:?}");
}

#[test]
fn a_declared_module_is_told_from_an_inline_one_and_a_comment() {
    assert!(declares("#[cfg(test)]\npub(crate) mod ext;", "ext"));
    assert!(!declares("// mod ext;\nmod ext {}\nmod ext_2;", "ext"));
}
