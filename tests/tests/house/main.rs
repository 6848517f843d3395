//! House rules: checks of the source text, of the manifests and of the documents. They start no process but `git` and
//! `cargo`, and take a few seconds. `make check` runs them.

mod crates;
mod documents;
mod features;
mod language;
mod layers;
mod modules;
mod named_tests;
mod names;
mod purity;
mod rust;
mod tables;
mod tree;
