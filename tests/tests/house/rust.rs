//! A lexer for Rust. It leaves comments out and makes one token of a string, so that no brace or name inside of them
//! counts.

/// The kinds of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A name or a keyword. A raw identifier is stored without its `r#`.
    Word,
    /// `::` or one character.
    Mark,
    /// A string, a character, a number or a lifetime. Its text is not kept.
    Literal,
}

/// One token of a source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    pub text: String,
    /// Line in the file, counted from 1.
    pub line: usize,
}

impl Token {
    /// Compares with a keyword or a mark.
    pub fn is(&self, text: &str) -> bool {
        self.kind != Kind::Literal && self.text == text
    }
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    tokens: Vec<Token>,
}

impl<'a> Lexer<'a> {
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    fn push(&mut self, kind: Kind, length: usize) {
        let line = self.line;
        let taken = self.take(length);
        let text = match kind {
            Kind::Literal => String::new(),
            _ => taken.trim_start_matches("r#").to_owned(),
        };
        self.tokens.push(Token { kind, text, line });
    }

    fn comment(&mut self) -> bool {
        if self.rest.starts_with("//") {
            self.take(self.rest.find('\n').unwrap_or(self.rest.len()));
            return true;
        }
        if !self.rest.starts_with("/*") {
            return false;
        }
        let mut depth = 0;
        while !self.rest.is_empty() {
            if self.rest.starts_with("/*") {
                depth += 1;
                self.take(2);
            } else if self.rest.starts_with("*/") {
                depth -= 1;
                self.take(2);
                if depth == 0 {
                    break;
                }
            } else {
                self.take(self.rest.chars().next().map_or(1, char::len_utf8));
            }
        }
        true
    }

    /// Reads a string, with or without a prefix, raw or not. Returns `false` if the text does not start with a string.
    fn string(&mut self) -> bool {
        let after_prefix = self.rest.trim_start_matches(['b', 'c', 'r']);
        let prefix = &self.rest[..self.rest.len() - after_prefix.len()];
        if !["", "b", "c", "r", "br", "cr"].contains(&prefix) {
            return false;
        }
        let quoted = after_prefix.trim_start_matches('#');
        let hashes = after_prefix.len() - quoted.len();
        if !quoted.starts_with('"') || (hashes > 0 && !prefix.ends_with('r')) {
            return false;
        }
        let body = &quoted[1..];
        let length = if prefix.ends_with('r') {
            let end = format!("\"{}", "#".repeat(hashes));
            body.find(&end).map_or(body.len(), |at| at + end.len())
        } else {
            end_of_quotes(body, '"')
        };
        self.push(Kind::Literal, prefix.len() + hashes + 1 + length);
        true
    }

    /// Reads a character or a lifetime. Returns `false` if the text starts with neither.
    fn apostrophe(&mut self) -> bool {
        let prefix = usize::from(self.rest.starts_with("b'"));
        let Some(body) = self.rest[prefix..].strip_prefix('\'') else { return false };
        let mut chars = body.chars();
        let (first, second) = (chars.next(), chars.next());
        let length = if first == Some('\\') || second == Some('\'') {
            end_of_quotes(body, '\'')
        } else {
            body.find(|c: char| !is_of_word(c)).unwrap_or(body.len())
        };
        self.push(Kind::Literal, prefix + 1 + length);
        true
    }

    fn word(&mut self) -> bool {
        let raw = if self.rest.starts_with("r#") { 2 } else { 0 };
        let body = &self.rest[raw..];
        let length = body.find(|c: char| !is_of_word(c)).unwrap_or(body.len());
        if length == 0 {
            return false;
        }
        let is_number = body.starts_with(|c: char| c.is_ascii_digit());
        self.push(if is_number { Kind::Literal } else { Kind::Word }, raw + length);
        true
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Returns the length of the rest of a quoted text, with its closing quote.
fn end_of_quotes(body: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in body.char_indices() {
        if c == quote && !is_escaped {
            return at + 1;
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    body.len()
}

/// Returns all tokens of a file.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { rest: text, line: 1, tokens: Vec::new() };
    while let Some(first) = lexer.rest.chars().next() {
        if first.is_whitespace() {
            lexer.take(first.len_utf8());
        } else if !(lexer.comment() || lexer.string() || lexer.apostrophe() || lexer.word()) {
            let length = if lexer.rest.starts_with("::") { 2 } else { first.len_utf8() };
            lexer.push(Kind::Mark, length);
        }
    }
    lexer.tokens
}

/// Returns the index after the bracket that closes the one at `open`.
pub fn after_bracket(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        if ["(", "[", "{"].iter().any(|mark| token.is(mark)) {
            depth += 1;
        } else if [")", "]", "}"].iter().any(|mark| token.is(mark)) {
            depth -= 1;
            if depth == 0 {
                return at + 1;
            }
        }
    }
    tokens.len()
}

/// Returns the tokens without items, fields and statements under `#[cfg(test)]`, and without attributes.
pub fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let is_attribute = tokens[at].is("#") && tokens.get(at + 1).is_some_and(|next| next.is("["));
        if !is_attribute {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        let end = after_bracket(tokens, at + 1);
        at = if is_cfg_test(&tokens[at..end]) { after_item(tokens, end) } else { end };
    }
    kept
}

/// Recognises `#[cfg(test)]` and `#[cfg(all(test, …))]`.
fn is_cfg_test(attribute: &[Token]) -> bool {
    let text: Vec<&str> = attribute.iter().map(|token| token.text.as_str()).collect();
    text.starts_with(&["#", "[", "cfg", "(", "test", ")"])
        || text.starts_with(&["#", "[", "cfg", "(", "all", "(", "test", ","])
}

/// Returns the index after the item, field or statement that starts at an index, with its attributes.
fn after_item(tokens: &[Token], start: usize) -> usize {
    let mut at = start;
    while at < tokens.len() && tokens[at].is("#") {
        at = after_bracket(tokens, at + 1);
    }
    let modifiers = ["pub", "async", "unsafe", "extern", "(", ")", "crate", "super", "in"];
    let keyword = tokens[at..].iter().find(|token| !modifiers.iter().any(|word| token.is(word)));
    let ends_with_braces = ["fn", "mod", "impl", "struct", "enum", "trait", "macro_rules"];
    let ends_with_braces =
        keyword.is_some_and(|token| ends_with_braces.iter().any(|keyword| token.is(keyword)));
    let ends_with_comma = keyword.is_some_and(|token| {
        !ends_with_braces && !["use", "const", "static", "type", "let"].iter().any(|word| token.is(word))
    });
    while at < tokens.len() {
        let token = &tokens[at];
        if token.is(";") || (ends_with_comma && token.is(",")) {
            return at + 1;
        }
        if token.is("}") {
            return at;
        }
        if token.is("{") && ends_with_braces {
            return after_bracket(tokens, at);
        }
        let opens = ["(", "[", "{"].iter().any(|mark| token.is(mark));
        at = if opens { after_bracket(tokens, at) } else { at + 1 };
    }
    at
}

#[test]
fn strings_comments_and_lifetimes_are_no_names() {
    let text = r##"
        // struct A;
        /* struct B /* nested */ { */
        fn c<'a>(r#type: &'a str) -> char { let _ = ("struct D {", r#"struct "E" {"#, b'{', '\'', 1u8); '{' }
    "##;
    let words: Vec<String> =
        tokens(text).into_iter().filter(|token| token.kind == Kind::Word).map(|token| token.text).collect();
    assert_eq!(words, ["fn", "c", "type", "str", "char", "let", "_"]);
}

#[test]
fn test_code_is_left_out() {
    let text = "
        #[cfg(test)] mod tests;
        #[cfg(test)] #[derive(Debug)] struct A { b: u8 }
        #[cfg(test)] use a::{b, c};
        #[cfg(test)] pub(crate) const D: [u8; 2] = [1, 2];
        #[cfg(any(test, feature = \"x\"))] fn kept() {}
        struct Kept { #[cfg(test)] e: u8, f: u8 }
    ";
    let words: Vec<String> = without_tests(&tokens(text))
        .into_iter()
        .filter(|token| token.kind == Kind::Word)
        .map(|token| token.text)
        .collect();
    assert_eq!(words, ["fn", "kept", "struct", "Kept", "f", "u8"]);
}
