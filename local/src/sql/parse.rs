//! Parses the text of a statement by recursive descent.

use std::str::FromStr;

use regex::Regex;
use serde_json::Value;

use super::statement::{Expression, Pattern, Select, SqlError, Statement};
use super::token::{Token, error, tokens};
use super::topic_filter::TopicFilter;

impl FromStr for Statement {
    type Err = SqlError;

    fn from_str(sql: &str) -> Result<Self, SqlError> {
        Parser { sql, tokens: tokens(sql)?, next: 0 }.statement()
    }
}

struct Parser<'a> {
    sql: &'a str,
    tokens: Vec<(usize, Token)>,
    next: usize,
}

impl Parser<'_> {
    fn statement(mut self) -> Result<Statement, SqlError> {
        self.expect_keyword("SELECT")?;
        let select = self.select()?;
        self.expect_keyword("FROM")?;
        let topic_filter = self.topic_filter()?;
        let condition = if self.keyword("WHERE") { Some(self.disjunction()?) } else { None };
        if self.next < self.tokens.len() {
            return Err(self.error("the end of the statement was expected here"));
        }
        Ok(Statement { select, topic_filter, condition })
    }

    fn select(&mut self) -> Result<Select, SqlError> {
        let mut fields: Vec<(String, Expression)> = Vec::new();
        loop {
            let start = self.next;
            let expression = self.disjunction()?;
            let alias = if self.keyword("AS") {
                Some(self.word("a name after AS")?)
            } else if let Expression::Attribute(path) = &expression {
                path.last().cloned()
            } else {
                None
            };
            match alias {
                Some(alias) if fields.iter().any(|(name, _)| *name == alias) => {
                    return Err(self.error_at(start, format!("`{alias}` is selected twice")));
                }
                Some(alias) => fields.push((alias, expression)),
                // AWS does not document which value wins if a field of the payload has the name of another field.
                None if expression == Expression::Payload => {
                    if !fields.is_empty() || self.peek_sign(",") {
                        return Err(self.error_at(start, "`*` beside other fields needs `AS name`"));
                    }
                    return Ok(Select::Payload);
                }
                None => return Err(self.error_at(start, "this expression needs `AS name`")),
            }
            if !self.sign(",") {
                return Ok(Select::Fields(fields));
            }
        }
    }

    fn topic_filter(&mut self) -> Result<TopicFilter, SqlError> {
        let start = self.next;
        let filter = self.text("a topic filter in quotes")?;
        TopicFilter::new(&filter).map_err(|problem| self.error_at(start, problem))
    }

    fn disjunction(&mut self) -> Result<Expression, SqlError> {
        let mut left = self.conjunction()?;
        while self.keyword("OR") {
            left = Expression::Or(Box::new(left), Box::new(self.conjunction()?));
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Result<Expression, SqlError> {
        let mut left = self.negation()?;
        while self.keyword("AND") {
            left = Expression::And(Box::new(left), Box::new(self.negation()?));
        }
        Ok(left)
    }

    fn negation(&mut self) -> Result<Expression, SqlError> {
        if self.keyword("NOT") {
            return Ok(Expression::Not(Box::new(self.negation()?)));
        }
        let left = self.operand()?;
        let negated = self.peek_sign("<>");
        if !self.sign("=") && !self.sign("<>") {
            return Ok(left);
        }
        let right = self.operand()?;
        Ok(Expression::Equal { left: Box::new(left), right: Box::new(right), negated })
    }

    fn operand(&mut self) -> Result<Expression, SqlError> {
        if self.sign("(") {
            let inner = self.disjunction()?;
            self.expect_sign(")")?;
            return Ok(inner);
        }
        if self.sign("*") {
            return Ok(Expression::Payload);
        }
        let start = self.next;
        match self.take() {
            Some(Token::Text(text)) => Ok(Expression::Literal(Value::from(text))),
            Some(Token::Number(number)) => Ok(Expression::Literal(Value::from(number))),
            Some(Token::Word(word)) if self.sign("(") => self.call(start, &word),
            Some(Token::Word(word)) => self.word_operand(start, word),
            _ => Err(self.error_at(start, "a value was expected here")),
        }
    }

    fn word_operand(&mut self, start: usize, word: String) -> Result<Expression, SqlError> {
        match word.to_ascii_lowercase().as_str() {
            "true" => return Ok(Expression::Literal(Value::Bool(true))),
            "false" => return Ok(Expression::Literal(Value::Bool(false))),
            "null" => return Ok(Expression::Literal(Value::Null)),
            "select" | "from" | "where" | "as" | "and" | "or" | "not" | "set" | "value" | "in" | "case" => {
                return Err(self.error_at(start, format!("`{word}` is not supported here")));
            }
            _ => {}
        }
        let mut path = vec![word];
        while self.sign(".") {
            path.push(self.word("an attribute after `.`")?);
        }
        Ok(Expression::Attribute(path))
    }

    /// Parses a function call after its opening parenthesis.
    fn call(&mut self, start: usize, name: &str) -> Result<Expression, SqlError> {
        let expression = match name {
            "encode" => {
                self.expect_sign("*")?;
                self.expect_sign(",")?;
                let scheme = self.next;
                if self.text("'base64'")? != "base64" {
                    return Err(self.error_at(scheme, "the only encoding is 'base64'"));
                }
                Expression::EncodedPayload
            }
            "clientid" => Expression::ClientId,
            "timestamp" => Expression::Timestamp,
            "traceid" => Expression::TraceId,
            "sourceip" => Expression::SourceIp,
            "principal" => Expression::Principal,
            "topic" => match self.peek() {
                Some(Token::Number(level)) if *level > 0 => {
                    let level = usize::try_from(*level).unwrap_or(usize::MAX);
                    self.next += 1;
                    Expression::TopicLevel(level)
                }
                _ => Expression::Topic,
            },
            "startswith" => {
                let text = self.operand()?;
                self.expect_sign(",")?;
                Expression::StartsWith(Box::new(text), Box::new(self.operand()?))
            }
            "regexp_matches" => {
                let text = self.operand()?;
                self.expect_sign(",")?;
                let pattern = self.next;
                let regex = Regex::new(&self.text("a pattern in quotes")?);
                let regex = regex.map_err(|error| self.error_at(pattern, format!("{error}")))?;
                Expression::Matches(Box::new(text), Pattern(regex))
            }
            _ => return Err(self.error_at(start, format!("the function `{name}` is not supported"))),
        };
        self.expect_sign(")")?;
        Ok(expression)
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.next += 1;
        token
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword));
        self.next += usize::from(found);
        found
    }

    fn expect_keyword(&mut self, keyword: &str) -> Result<(), SqlError> {
        if self.keyword(keyword) { Ok(()) } else { Err(self.error(format!("{keyword} was expected here"))) }
    }

    fn peek_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token::Sign(found)) if *found == sign)
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = self.peek_sign(sign);
        self.next += usize::from(found);
        found
    }

    fn expect_sign(&mut self, sign: &str) -> Result<(), SqlError> {
        if self.sign(sign) { Ok(()) } else { Err(self.error(format!("`{sign}` was expected here"))) }
    }

    fn word(&mut self, what: &str) -> Result<String, SqlError> {
        match self.take() {
            Some(Token::Word(word)) => Ok(word),
            _ => Err(self.error_at(self.next - 1, format!("{what} was expected here"))),
        }
    }

    fn text(&mut self, what: &str) -> Result<String, SqlError> {
        match self.take() {
            Some(Token::Text(text)) => Ok(text),
            _ => Err(self.error_at(self.next - 1, format!("{what} was expected here"))),
        }
    }

    fn error(&self, problem: impl Into<String>) -> SqlError {
        self.error_at(self.next, problem)
    }

    /// Makes an error at a token, or at the end of the statement.
    fn error_at(&self, token: usize, problem: impl Into<String>) -> SqlError {
        let position = self.tokens.get(token).map_or(self.sql.len(), |(position, _)| *position);
        error(self.sql, position, problem)
    }
}
