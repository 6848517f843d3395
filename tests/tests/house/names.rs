//! One name, one meaning: no type name is defined twice in the deployed crates, and limits are named `MAX_…`.

use crate::crates::{self, DEPLOYED, Target};
use crate::rust::{self, Kind, Token};
use std::collections::BTreeMap;

/// Places by name.
type Places = BTreeMap<String, Vec<String>>;

#[test]
fn a_type_name_is_defined_once() {
    let mut wrong = Vec::new();
    let types = definitions(types);
    for (name, places) in &types {
        if places.len() > 1 {
            wrong.push(format!("{name} is defined {} times: {}", places.len(), places.join(", ")));
        }
    }
    assert!(types.len() > 100, "only {} types were found", types.len());
    assert!(wrong.is_empty(), "Give each type a name of its own:\n{}", wrong.join("\n"));
}

#[test]
fn limits_are_named_max_something() {
    let is_wrong = |(name, _): &(&String, &Vec<String>)| name.ends_with("_MAX");
    let constants = definitions(constants);
    let wrong: Vec<String> = constants
        .iter()
        .filter(is_wrong)
        .map(|(name, places)| format!("{name} in {}", places.join(", ")))
        .collect();
    assert!(constants.len() > 50, "only {} constants were found", constants.len());
    assert!(wrong.is_empty(), "Name a limit MAX_… and a default DEFAULT_…:\n{}", wrong.join("\n"));
}

/// Returns all names that `read` finds in the deployed crates, with file and line.
fn definitions(read: fn(&[Token]) -> Vec<&Token>) -> Places {
    let mut places = Places::new();
    let targets: Vec<Target> = DEPLOYED.iter().flat_map(|folder| crates::targets(folder)).collect();
    // The records of an older schema keep their names; they are read, converted and never written.
    let is_old_schema = |file: &str| file.contains("/record/v") && !file.ends_with("/v2.rs");
    for module in
        targets.iter().flat_map(|target| &target.modules).filter(|module| !is_old_schema(&module.file))
    {
        for name in read(&module.tokens) {
            places.entry(name.text.clone()).or_default().push(format!("{}:{}", module.file, name.line));
        }
    }
    places
}

/// Returns the names after a keyword, outside of the blocks that `skipped` opens. Names of macro variables do not
/// count.
fn named_after<'a>(tokens: &'a [Token], keywords: &[&str], skipped: &[&str]) -> Vec<&'a Token> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let is_one = |words: &[&str]| words.iter().any(|word| tokens[at].is(word));
        if is_one(keywords) && tokens.get(at + 1).is_some_and(|name| name.kind == Kind::Word) {
            found.push(&tokens[at + 1]);
        }
        if is_one(skipped) {
            let block = tokens[at..].iter().position(|token| token.is("{") || token.is(";"));
            match block.map(|length| at + length) {
                Some(open) if tokens[open].is("{") => {
                    // The name of the trait stands before its block.
                    let inner = &tokens[open..rust::after_bracket(tokens, open)];
                    let keywords: Vec<&str> =
                        keywords.iter().copied().filter(|keyword| *keyword != "type").collect();
                    found.extend(named_after(inner, &keywords, skipped));
                    at = open + inner.len();
                    continue;
                }
                _ => {}
            }
        }
        at += 1;
    }
    found
}

/// Returns the names of types and traits, without associated types.
fn types(tokens: &[Token]) -> Vec<&Token> {
    named_after(tokens, &["struct", "enum", "trait", "type", "union"], &["impl", "trait"])
}

fn constants(tokens: &[Token]) -> Vec<&Token> {
    let mut found = named_after(tokens, &["const", "static"], &[]);
    found.retain(|name| !name.is("fn"));
    found
}

#[test]
fn associated_types_are_left_out() {
    let text = "
        trait A { type B; const C: u8; }
        impl A for D { type B = u8; fn f() { struct E; } }
        macro_rules! i { ($name:ident) => { struct $name; } }
    ";
    let tokens = rust::tokens(text);
    let names: Vec<&str> = types(&tokens).into_iter().map(|token| token.text.as_str()).collect();
    assert_eq!(names, ["A", "E"]);
}
