//! The crates of the workspace and the modules of their sources.

use crate::rust::{self, Kind, Token};
use crate::tree;
use std::collections::{BTreeMap, BTreeSet};

/// Folders of the crates that are deployed.
pub const DEPLOYED: [&str; 5] =
    ["shared/protocol", "shared/core", "shared/rtc", "shared/service", "functions"];

/// Folders of all other crates with code outside of tests.
pub const OTHERS: [&str; 4] = ["local", "local/broker", "local/sfu", "terminal"];

/// One imported name of a `use` statement.
pub struct Use {
    pub path: Vec<String>,
    /// Name in this module: the last part of the path, or the name after `as`; `*` for a glob.
    pub name: String,
    pub is_public: bool,
    pub line: usize,
}

/// A module, without code that only tests see.
#[derive(Default)]
pub struct Module {
    pub parent: Option<usize>,
    pub file: String,
    pub children: BTreeMap<String, usize>,
    /// Items that the module defines, except modules.
    pub items: BTreeSet<String>,
    pub uses: Vec<Use>,
    /// Paths of two parts or more in the code, with their lines.
    pub paths: Vec<(Vec<String>, usize)>,
    /// All names in the code outside of `use`.
    pub words: BTreeSet<String>,
    pub tokens: Vec<Token>,
}

/// The modules of one target: a library or a program. The first module is the root.
pub struct Target {
    pub modules: Vec<Module>,
}

/// All targets in the `src` folder of a crate.
pub fn targets(folder: &str) -> Vec<Target> {
    let source = format!("{folder}/src/");
    let is_root = |path: &str| {
        let Some(path) = path.strip_prefix(&source) else { return false };
        ["lib.rs", "main.rs"].contains(&path)
            || (path.ends_with("/main.rs") && (path.matches('/').count() == 1 || path.starts_with("bin/")))
    };
    let roots: Vec<String> = tree::files().into_iter().filter(|path| is_root(path)).collect();
    assert!(!roots.is_empty(), "{folder} has no library and no program");
    roots.iter().map(|root| Target::load(root)).collect()
}

impl Target {
    fn load(root: &str) -> Self {
        let mut target = Self { modules: Vec::new() };
        let folder = root.rsplit_once('/').map_or("", |(folder, _)| folder);
        target.load_file(None, root, folder);
        target
    }

    /// Reads a file as a module. Its child modules are in `folder`.
    fn load_file(&mut self, parent: Option<usize>, file: &str, folder: &str) -> usize {
        let tokens = rust::without_tests(&rust::tokens(&tree::read(file)));
        self.add(parent, file, folder, &tokens)
    }

    fn add(&mut self, parent: Option<usize>, file: &str, folder: &str, tokens: &[Token]) -> usize {
        let id = self.modules.len();
        self.modules.push(Module { parent, file: file.to_owned(), ..Module::default() });
        let mut own = Vec::new();
        let mut at = 0;
        let mut depth = 0_u32;
        while at < tokens.len() {
            let token = &tokens[at];
            if token.is("mod") && tokens.get(at + 1).is_some_and(|next| next.kind == Kind::Word) {
                let name = tokens[at + 1].text.clone();
                let below = format!("{folder}/{name}");
                let child = if tokens[at + 2].is("{") {
                    let end = rust::after_bracket(tokens, at + 2);
                    let inner = &tokens[at + 3..end - 1];
                    at = end;
                    self.add(Some(id), file, &below, inner)
                } else {
                    at += 3;
                    let [plain, nested] = [format!("{below}.rs"), format!("{below}/mod.rs")];
                    let path = if tree::root().join(&plain).exists() { plain } else { nested };
                    self.load_file(Some(id), &path, &below)
                };
                self.modules[id].children.insert(name, child);
                continue;
            }
            if token.is("use") {
                let end =
                    at + tokens[at..].iter().position(|token| token.is(";")).expect("a `;` after `use`");
                let is_public = is_public(&tokens[..at]);
                read_use(&tokens[at + 1..end], &[], is_public, &mut self.modules[id].uses);
                at = end + 1;
                continue;
            }
            if token.is("{") {
                depth += 1;
            } else if token.is("}") {
                depth = depth.saturating_sub(1);
            } else if depth == 0 && defines(token) {
                let name = tokens[at + 1..].iter().find(|next| next.kind == Kind::Word && !next.is("mut"));
                self.modules[id].items.extend(name.map(|name| name.text.clone()));
            }
            own.push(token.clone());
            at += 1;
        }
        let module = &mut self.modules[id];
        module.paths = paths(&own);
        module.words =
            own.iter().filter(|token| token.kind == Kind::Word).map(|token| token.text.clone()).collect();
        module.tokens = own;
        id
    }

    /// Returns the module that defines the item at a path, as seen from a module; `None` for items of other crates and
    /// for modules.
    pub fn definer(&self, from: usize, path: &[String]) -> Option<usize> {
        match self.resolve(from, path, 0)? {
            Found::Item(module) => Some(module),
            Found::Module(_) | Found::OtherCrate => None,
        }
    }

    fn resolve(&self, from: usize, path: &[String], depth: usize) -> Option<Found> {
        let (first, rest) = path.split_first()?;
        let start = match first.as_str() {
            "crate" => Found::Module(0),
            "self" => Found::Module(from),
            "super" => Found::Module(self.modules[from].parent?),
            name => self.lookup(from, name, depth)?,
        };
        rest.iter().try_fold(start, |found, name| match found {
            Found::Item(_) | Found::OtherCrate => Some(found),
            Found::Module(module) if name == "super" => self.modules[module].parent.map(Found::Module),
            // An unknown name is an item that a macro of the module makes.
            Found::Module(module) => self.lookup(module, name, depth).or(Some(Found::Item(module))),
        })
    }

    /// Finds a name in a module: a child, an item, an import, or a name that a glob imports.
    fn lookup(&self, module: usize, name: &str, depth: usize) -> Option<Found> {
        // Imports may be circular.
        if depth > 8 {
            return None;
        }
        let scope = &self.modules[module];
        if let Some(child) = scope.children.get(name) {
            return Some(Found::Module(*child));
        }
        if scope.items.contains(name) {
            return Some(Found::Item(module));
        }
        if let Some(import) = scope.uses.iter().find(|import| import.name == name && import.path[0] != name) {
            return self.resolve(module, &import.path, depth + 1).or(Some(Found::OtherCrate));
        }
        scope.uses.iter().filter(|import| import.name == "*").find_map(|glob| {
            match self.resolve(module, &glob.path, depth + 1)? {
                Found::Module(target) if target != module => self.lookup(target, name, depth + 1),
                _ => None,
            }
        })
    }

    /// Returns every use of another file's item: the using file, the defining file and the line.
    pub fn edges(&self) -> Vec<(String, String, usize)> {
        let mut edges = Vec::new();
        for (id, module) in self.modules.iter().enumerate() {
            let mut targets: Vec<(usize, usize)> = Vec::new();
            for import in &module.uses {
                if import.name == "*" {
                    let Some(Found::Module(target)) = self.resolve(id, &import.path, 0) else { continue };
                    let used = module.words.iter().filter_map(|word| match self.lookup(target, word, 1)? {
                        Found::Item(definer) => Some((definer, import.line)),
                        Found::Module(_) | Found::OtherCrate => None,
                    });
                    targets.extend(used.filter(|_| !import.is_public));
                } else if !import.is_public || module.words.contains(&import.name) {
                    targets.extend(self.definer(id, &import.path).map(|target| (target, import.line)));
                }
            }
            for (path, line) in &module.paths {
                targets.extend(self.definer(id, path).map(|target| (target, *line)));
            }
            for (target, line) in targets {
                let target = &self.modules[target].file;
                if *target != module.file {
                    edges.push((module.file.clone(), target.clone(), line));
                }
            }
        }
        edges
    }
}

#[derive(Clone, Copy)]
enum Found {
    Module(usize),
    /// An item of this module.
    Item(usize),
    OtherCrate,
}

fn defines(token: &Token) -> bool {
    let keywords =
        ["struct", "enum", "trait", "type", "union", "fn", "const", "static", "macro_rules", "macro"];
    keywords.iter().any(|keyword| token.is(keyword))
}

/// Returns `true` if the tokens before a `use` make it a re-export.
fn is_public(before: &[Token]) -> bool {
    let last_word = before
        .iter()
        .rev()
        .find(|token| !["(", ")", "crate", "super", "in", "self", "::"].iter().any(|mark| token.is(mark)));
    last_word.is_some_and(|token| token.is("pub"))
}

/// Reads the tree between `use` and `;`, or a branch of the tree.
fn read_use(tokens: &[Token], prefix: &[String], is_public: bool, found: &mut Vec<Use>) {
    let mut path = prefix.to_vec();
    let mut at = 0;
    let mut line = 0;
    let mut name = None;
    while at < tokens.len() {
        let token = &tokens[at];
        line = token.line;
        if token.is("{") {
            let inner = &tokens[at + 1..rust::after_bracket(tokens, at) - 1];
            let mut start = 0;
            let mut depth = 0;
            for (end, token) in inner.iter().enumerate() {
                if token.is("{") {
                    depth += 1;
                } else if token.is("}") {
                    depth -= 1;
                } else if token.is(",") && depth == 0 {
                    read_use(&inner[start..end], &path, is_public, found);
                    start = end + 1;
                }
            }
            read_use(&inner[start..], &path, is_public, found);
            return;
        }
        if token.is("as") {
            name = tokens.get(at + 1).map(|token| token.text.clone());
            break;
        }
        if token.is("*") {
            found.push(Use { path, name: "*".into(), is_public, line });
            return;
        }
        // In braces, `self` is the module before them.
        if token.kind == Kind::Word && (path.is_empty() || !token.is("self")) {
            path.push(token.text.clone());
        }
        at += 1;
    }
    if let Some(last) = path.last().filter(|_| !tokens.is_empty()) {
        let name = name.unwrap_or_else(|| last.clone());
        found.push(Use { path, name, is_public, line });
    }
}

/// Returns all paths of two parts or more.
fn paths(tokens: &[Token]) -> Vec<(Vec<String>, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let follows = at > 0 && (tokens[at - 1].is("::") || tokens[at - 1].is("."));
        let mut path = Vec::new();
        let line = tokens[at].line;
        while tokens.get(at).is_some_and(|token| token.kind == Kind::Word) {
            path.push(tokens[at].text.clone());
            at += 1;
            let goes_on = tokens.get(at).is_some_and(|token| token.is("::"))
                && tokens.get(at + 1).is_some_and(|token| token.kind == Kind::Word);
            if !goes_on {
                break;
            }
            at += 1;
        }
        if path.is_empty() {
            at += 1;
        } else if path.len() > 1 && !follows {
            found.push((path, line));
        }
    }
    found
}

#[test]
fn paths_lead_through_re_exports_to_the_defining_file() {
    let parse = |text: &str| rust::without_tests(&rust::tokens(text));
    let mut target = Target { modules: Vec::new() };
    let root = "pub use inner::Thing; use other_crate::Foreign; mod inner { pub struct Thing; } mod user { }";
    target.add(None, "lib.rs", "", &parse(root));
    let named = |module: &str| target.modules[0].children[module];
    let definer = |path: &[&str]| {
        let path: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
        target.definer(named("user"), &path)
    };
    assert_eq!(definer(&["crate", "Thing"]), Some(named("inner")));
    assert_eq!(definer(&["super", "inner", "Thing", "new"]), Some(named("inner")));
    assert_eq!(definer(&["super", "Foreign"]), None);
    assert_eq!(definer(&["crate", "made_by_a_macro"]), Some(0));
    assert_eq!(definer(&["other_crate", "Foreign"]), None);
}
