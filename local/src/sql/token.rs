//! Splits a statement into words, texts, numbers and signs, each with its position.

use super::statement::SqlError;

/// Token of a statement.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A keyword, function name or attribute.
    Word(String),
    /// `'text'`.
    Text(String),
    /// An integer.
    Number(i64),
    /// One of `* , ( ) . = <>`.
    Sign(&'static str),
}

/// Signs. A sign of two characters stands before the signs that it starts with.
const SIGNS: [&str; 7] = ["<>", "*", ",", "(", ")", ".", "="];

/// Splits a statement into tokens with their positions in bytes.
pub(super) fn tokens(sql: &str) -> Result<Vec<(usize, Token)>, SqlError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = sql[at..].chars().next() {
        let rest = &sql[at..];
        if first.is_whitespace() {
            at += first.len_utf8();
        } else if first.is_ascii_alphabetic() || first == '_' {
            let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            tokens.push((at, Token::Word(rest[..length].to_owned())));
            at += length;
        } else if first.is_ascii_digit() {
            let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let number = rest[..length].parse().map_err(|_| error(sql, at, "the number is too large"))?;
            tokens.push((at, Token::Number(number)));
            at += length;
        } else if first == '\'' {
            let (text, length) = text(rest).ok_or_else(|| error(sql, at, "the text has no closing quote"))?;
            tokens.push((at, Token::Text(text)));
            at += length;
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            tokens.push((at, Token::Sign(sign)));
            at += sign.len();
        } else {
            return Err(error(sql, at, "this sign is not supported"));
        }
    }
    Ok(tokens)
}

/// Reads a text in single quotes; returns it with its length in the statement, in bytes. Two quotes inside stand for
/// one.
fn text(rest: &str) -> Option<(String, usize)> {
    let mut text = String::new();
    let mut at = 1;
    loop {
        let length = rest[at..].find('\'')?;
        text.push_str(&rest[at..at + length]);
        at += length + 1;
        if !rest[at..].starts_with('\'') {
            return Some((text, at));
        }
        text.push('\'');
        at += 1;
    }
}

/// Makes an error at a position of the statement.
pub(super) fn error(sql: &str, position: usize, problem: impl Into<String>) -> SqlError {
    let rest = sql.get(position..).unwrap_or_default().chars().take(24).collect();
    SqlError { problem: problem.into(), position, rest }
}
