//! Prints to standard output: a line for people, or a JSON object for programs. Tokens in messages are
//! omitted.

mod redact;
mod sentences;

use std::io::Write as _;
use std::time::Instant;

use anstyle::{AnsiColor, Style};
use serde_json::{Map, Value, json};
use switchboard_protocol::shown::plain_json;
use terminal::{ReceivedDownlink, Uplink};

use crate::clock::now_ms;
use crate::error::CommandError;
use crate::outcome::CommandOutcome;
use crate::printable;
use redact::redacted;
pub use sentences::{details, sentence, wait_words};

const DIM: Style = Style::new().dimmed();
const SENT: Style = AnsiColor::Cyan.on_default();
const RECEIVED: Style = AnsiColor::Green.on_default();
const ALERT: Style = AnsiColor::Yellow.on_default().bold();
const ERROR: Style = AnsiColor::Red.on_default().bold();

#[derive(Debug, Clone, Copy)]
pub struct Printer {
    /// Prints one JSON object per line, in place of sentences.
    pub json: bool,
}

impl Printer {
    /// Prints a local event: `event` and `fields` for programs, `words` for people.
    pub fn note(self, event: &str, words: &str, fields: Value) {
        self.show(event, fields, "·", DIM, words);
    }

    /// Prints a local event that needs the attention of a person.
    pub fn alert(self, event: &str, words: &str, fields: Value) {
        self.show(event, fields, "☎", ALERT, words);
    }

    /// Prints a request that is sent.
    pub fn sent(self, uplink: &Uplink) {
        let body: Value = serde_json::from_slice(&uplink.payload()).unwrap_or_default();
        let words = format!("{:<20} {}", uplink.kind(), sentences::request(&body));
        self.show("sent", json!({"message": redacted(&body)}), "→", SENT, &words);
    }

    /// Prints a downlink that was received.
    pub fn received(self, message: &ReceivedDownlink) {
        self.received_body(&Value::Object(message.body.clone()), message.received_at, "");
    }

    /// Prints a downlink that was received at `at`, followed by a remark.
    pub fn received_body(self, body: &Value, at: Instant, remark: &str) {
        let style = if body["type"] == "error" { ERROR } else { RECEIVED };
        let words = format!("{:<20} {}{remark}", body["type"].as_str().unwrap_or("?"), sentence(body));
        self.show_at(ms_of(at), "heard", json!({"message": redacted(body)}), "←", style, &words);
        if !self.json {
            for line in details(body) {
                print(&format!("{:17}{}", "", printable::line(&line)));
            }
        }
    }

    /// Prints all fields of a message for people. Programs already got them with the previous line.
    pub fn full_message(self, message: &Value) {
        if !self.json {
            print(&plain_json(&format!("{:#}", redacted(message))));
        }
    }

    /// Prints plain text for people, and an event for programs.
    pub fn text(self, event: &str, text: &str, fields: Value) {
        if self.json {
            Self::object(now_ms(), event, fields);
        } else {
            print(text);
        }
    }

    /// Prints the outcome of the command. For people, prints only errors and outcomes other than `Done`, to
    /// standard error.
    pub fn result(self, outcome: CommandOutcome, failure: Option<&CommandError>) {
        if self.json {
            let mut fields = json!({"outcome": outcome.word(), "exit_code": outcome.exit_code()});
            if let Some(failure) = failure {
                fields["error"] = failure.to_string().into();
                fields["code"] = failure.code.clone().into();
            }
            Self::object(now_ms(), "result", fields);
        } else if let Some(failure) = failure {
            let words = failure.to_string();
            let words: Vec<String> = words.lines().map(printable::line).collect();
            anstream::eprintln!("{ERROR}error:{ERROR:#} {}", words.join("\n"));
        } else if outcome != CommandOutcome::Done {
            anstream::eprintln!("{ERROR}{}{ERROR:#}", outcome.word().replace('_', " "));
        }
    }

    /// Rings the bell if standard output is a TTY.
    pub fn bell(self) {
        use std::io::IsTerminal as _;
        let mut output = std::io::stdout().lock();
        if !self.json && output.is_terminal() {
            // Writing fails if the window is closed, which has no bell.
            drop(output.write_all(b"\x07").and_then(|()| output.flush()));
        }
    }

    fn show(self, event: &str, fields: Value, mark: &str, style: Style, words: &str) {
        self.show_at(now_ms(), event, fields, mark, style, words);
    }

    fn show_at(self, at_ms: i64, event: &str, fields: Value, mark: &str, style: Style, words: &str) {
        if self.json {
            return Self::object(at_ms, event, fields);
        }
        let time = chrono::DateTime::from_timestamp_millis(at_ms).unwrap_or_default();
        let time = time.with_timezone(&chrono::Local).format("%H:%M:%S%.3f");
        print(&format!("{DIM}{time}{DIM:#}  {style}{mark}{style:#}  {}", printable::line(words.trim_end())));
    }

    fn object(at_ms: i64, event: &str, fields: Value) {
        let mut object =
            Map::from_iter([("event".to_owned(), event.into()), ("at_ms".to_owned(), at_ms.into())]);
        if let Value::Object(fields) = fields {
            object.extend(fields);
        }
        print(&plain_json(&Value::Object(object).to_string()));
    }
}

/// Returns the Unix time of an instant, in milliseconds.
fn ms_of(at: Instant) -> i64 {
    now_ms().saturating_sub(i64::try_from(at.elapsed().as_millis()).unwrap_or(0))
}

/// Prints one line. anstream removes the colours if the output is not a TTY.
fn print(line: &str) {
    let mut output = anstream::stdout().lock();
    if writeln!(output, "{line}").and_then(|()| output.flush()).is_err() {
        // The process that reads the output has closed the pipe, as in `call watch | head`.
        std::process::exit(i32::from(CommandOutcome::Failed.exit_code()));
    }
}
