//! The rules of language in CONTRIBUTING.md, as far as a program can check them: in comments, documents and texts.

use crate::tree;

/// Forbidden words, with the advice for the author. They are split here so that this file passes.
const FORBIDDEN: [(&[&str], &str); 6] = [
    (&["is", "none"], "write \"not a …\", \"no such …\" or \"unknown …\""),
    (&["there", "is", "none"], "write \"not a …\", \"no such …\" or \"unknown …\""),
    (&[concat!("who", "ever")], "name the user, the device or the service"),
    (&["ask", "again"], "write \"retry\""),
    (&["asks", "again"], "write \"retry\""),
    (&["of", "ours"], "name the owner"),
];

/// A sentence that opens with one of these is a question, not a description.
const OPENING: [&str; 8] = ["Who", "Whom", "Whose", "What", "Which", "Why", "How", "Whether"];

/// Files of other projects, and files that programs generate from checked sources.
const EXCLUDED: [&str; 3] = ["web/vendor/", "docs/asyncapi.yaml", "events/README.md"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Comments start with `//` or `*`.
    Slashes,
    /// Comments start with `#`, or are the texts of Python in triple quotes.
    Hash,
    Markdown,
}

fn form(path: &str) -> Option<Form> {
    let name = path.rsplit('/').next().unwrap_or(path);
    if name == "Makefile" || path == ".ci/run" {
        return Some(Form::Hash);
    }
    match name.rsplit_once('.')?.1 {
        "rs" | "js" | "mjs" | "ts" | "css" => Some(Form::Slashes),
        "py" | "sh" | "yaml" | "yml" | "toml" => Some(Form::Hash),
        "md" => Some(Form::Markdown),
        _ => None,
    }
}

#[test]
fn comments_and_texts_are_written_plainly() {
    let mut wrong = Vec::new();
    let mut checked = 0;
    for path in tree::files() {
        let Some(form) = form(&path).filter(|_| !EXCLUDED.iter().any(|prefix| path.starts_with(prefix)))
        else {
            continue;
        };
        checked += 1;
        wrong.extend(check(&tree::read(&path), form).map(|(line, rule)| format!("{path}:{line}: {rule}")));
    }
    assert!(checked > 500, "only {checked} files were found");
    assert!(wrong.is_empty(), "{} places break the rules of language:\n{}", wrong.len(), wrong.join("\n"));
}

/// Returns all places in a file that break a rule, with their lines.
fn check(text: &str, form: Form) -> impl Iterator<Item = (usize, String)> {
    let lines = text.lines().zip(1..).filter_map(move |(line, number)| {
        let words = forbidden(&if form == Form::Markdown { without_code(line) } else { line.to_owned() })?;
        Some((number, words))
    });
    let openings = paragraphs(text, form).into_iter().filter_map(|(line, paragraph)| {
        let word = opening(&paragraph)?;
        Some((line, format!("a sentence opens with \"{word}\"; start with a noun or a verb")))
    });
    let mut found: Vec<(usize, String)> = lines.chain(openings).collect();
    found.sort();
    found.into_iter()
}

/// Returns the advice for the first forbidden words of a line.
fn forbidden(line: &str) -> Option<String> {
    // An expression of Python.
    let line = line.replace("is None", "").to_lowercase();
    FORBIDDEN.iter().find_map(|(words, advice)| {
        let words = words.join(" ");
        let is_of_word = |c: char| c.is_alphanumeric() || c == '_';
        let is_there = line.match_indices(&words).any(|(at, _)| {
            !line[..at].ends_with(is_of_word) && !line[at + words.len()..].starts_with(is_of_word)
        });
        is_there.then(|| format!("\"{words}\"; {advice}"))
    })
}

/// Returns the first word of a paragraph if it is in [`OPENING`] and the first sentence ends with a full stop.
fn opening(paragraph: &str) -> Option<&'static str> {
    let first = paragraph.split_whitespace().next()?;
    let word = *OPENING.iter().find(|word| first.trim_end_matches(',') == **word)?;
    // A heading has no full stop.
    let end = paragraph.char_indices().find(|(at, c)| {
        let rest = &paragraph[at + c.len_utf8()..];
        ['.', '?', '!'].contains(c) && (rest.is_empty() || rest.starts_with(' '))
    });
    end.filter(|(_, c)| *c == '.').map(|_| word)
}

/// Returns the paragraphs of comments, or of a document, each with its first line.
fn paragraphs(text: &str, form: Form) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut marker = "";
    let mut is_code = false;
    for (line, number) in text.lines().zip(1..) {
        let Some((new_marker, body)) = comment(line.trim(), form) else {
            marker = "";
            continue;
        };
        if body.starts_with("```") {
            is_code = !is_code;
        }
        if is_code || body.is_empty() || body.starts_with("```") {
            marker = "";
            continue;
        }
        if let Some(row) = body.strip_prefix('|') {
            found.extend(row.split('|').map(|cell| (number, cell.trim().to_owned())));
            marker = "";
            continue;
        }
        let item = body.trim_start_matches(|c: char| c.is_ascii_digit());
        let item =
            item.strip_prefix(". ").or_else(|| body.strip_prefix("- ")).or_else(|| body.strip_prefix("* "));
        match found.last_mut().filter(|_| marker == new_marker && item.is_none()) {
            Some((_, paragraph)) => {
                paragraph.push(' ');
                paragraph.push_str(body);
            }
            None => found.push((number, item.unwrap_or(body).to_owned())),
        }
        marker = new_marker;
    }
    found
}

/// Returns the marker and the text of a line that is a comment, or of a line of a document.
fn comment(line: &str, form: Form) -> Option<(&'static str, &str)> {
    let markers: &[&'static str] = match form {
        Form::Markdown => return Some((" ", line)),
        Form::Slashes => &["///", "//!", "//", "/**", "/*", "*"],
        Form::Hash => &["\"\"\"", "#"],
    };
    let (marker, body) = markers.iter().find_map(|marker| Some((*marker, line.strip_prefix(marker)?)))?;
    let body = body.trim().trim_end_matches("\"\"\"").trim_end_matches("*/").trim();
    // The further lines of a block comment in JavaScript start with `*`.
    Some((if marker.starts_with("/*") { "*" } else { marker }, body))
}

/// Returns a line of a document without its code spans, which may quote forbidden words.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("_")
}

#[test]
fn a_riddle_is_found_in_every_form() {
    let places = |text: &str, form| check(text, form).map(|(line, _)| line).collect::<Vec<_>>();
    let what = "What";
    assert_eq!(places(&format!("x;\n/// {what} it\n/// does.\n"), Form::Slashes), [2]);
    assert_eq!(places(&format!("/** {what} it does. */"), Form::Slashes), [1]);
    assert_eq!(places(&format!("def f():\n    \"\"\"{what} it does.\"\"\""), Form::Hash), [2]);
    assert_eq!(places(&format!("| a | {what} it does. |\n\n- {what} it is."), Form::Markdown), [1, 3]);
    assert_eq!(places(&format!("let text = \"it {} {}\";", "is", "none"), Form::Slashes), [1]);
}

#[test]
fn headings_questions_and_code_are_allowed() {
    let what = "What";
    for text in [
        format!("# {what} it does\n"),
        format!("{what} does it do? It calls.\n"),
        format!("The answer says\n{what} happened.\n"),
        format!("Not `{}`.\n", concat!("who", "ever")),
        format!("```\n{what} is this.\n```\n"),
    ] {
        assert_eq!(check(&text, Form::Markdown).count(), 0, "{text}");
    }
}
