//! What is shown: a line for people or a JSON object for programs, on standard output. No token ever shows.

mod redact;
mod words;

use std::io::Write as _;
use std::time::Instant;

use anstyle::{AnsiColor, Style};
use serde_json::{Map, Value, json};
use terminal::{ReceivedDownlink, Uplink};

use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::who::now_ms;
use redact::redacted;
pub use words::{details, sentence};

const DIM: Style = Style::new().dimmed();
const SENT: Style = AnsiColor::Cyan.on_default();
const HEARD: Style = AnsiColor::Green.on_default();
const LOUD: Style = AnsiColor::Yellow.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// How it is shown.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// One JSON object a line, in place of words.
    pub json: bool,
}

impl Output {
    /// Something that happened here; `event` and `fields` for programs, `words` for people.
    pub fn note(self, event: &str, words: &str, fields: Value) {
        self.show(event, fields, "·", DIM, words);
    }

    /// Something that a person must not overlook.
    pub fn alert(self, event: &str, words: &str, fields: Value) {
        self.show(event, fields, "☎", LOUD, words);
    }

    /// A request that was sent.
    pub fn sent(self, uplink: &Uplink) {
        let body: Value = serde_json::from_slice(&uplink.payload()).unwrap_or_default();
        let words = format!("{:<20} {}", uplink.kind(), words::request(&body));
        self.show("sent", json!({"message": redacted(&body)}), "→", SENT, &words);
    }

    /// A downlink that came.
    pub fn heard(self, message: &ReceivedDownlink) {
        self.heard_body(&Value::Object(message.body.clone()), message.received_at, "");
    }

    /// A downlink that came, with a remark.
    pub fn heard_body(self, body: &Value, at: Instant, remark: &str) {
        let style = if body["type"] == "error" { BAD } else { HEARD };
        let words = format!("{:<20} {}{remark}", body["type"].as_str().unwrap_or("?"), sentence(body));
        self.show_at(ms_of(at), "heard", json!({"message": redacted(body)}), "←", style, &words);
        if !self.json {
            for line in details(body) {
                print(&format!("{:17}{}", "", harmless(&line)));
            }
        }
    }

    /// A whole message, which programs have read already.
    pub fn whole(self, message: &Value) {
        if !self.json {
            print(&format!("{:#}", redacted(message)));
        }
    }

    /// Plain text, and the same for programs.
    pub fn text(self, event: &str, text: &str, fields: Value) {
        if self.json {
            Self::object(now_ms(), event, fields);
        } else {
            print(text);
        }
    }

    /// How the command ended; people hear of it on standard error if it is bad.
    pub fn result(self, outcome: Outcome, failure: Option<&Failure>) {
        if self.json {
            let mut fields = json!({"outcome": outcome.word(), "exit_code": outcome.exit_code()});
            if let Some(failure) = failure {
                fields["error"] = failure.to_string().into();
                fields["code"] = failure.code.clone().into();
            }
            Self::object(now_ms(), "result", fields);
        } else if let Some(failure) = failure {
            anstream::eprintln!("{BAD}error:{BAD:#} {failure}");
        } else if outcome != Outcome::Done {
            anstream::eprintln!("{BAD}{}{BAD:#}", outcome.word().replace('_', " "));
        }
    }

    /// Rings the bell of a terminal.
    pub fn bell(self) {
        use std::io::IsTerminal as _;
        let mut output = std::io::stdout().lock();
        if !self.json && output.is_terminal() {
            // Who has closed the window hears no bell.
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
        print(&format!("{DIM}{time}{DIM:#}  {style}{mark}{style:#}  {}", harmless(words.trim_end())));
    }

    fn object(at_ms: i64, event: &str, fields: Value) {
        let mut object =
            Map::from_iter([("event".to_owned(), event.into()), ("at_ms".to_owned(), at_ms.into())]);
        if let Value::Object(fields) = fields {
            object.extend(fields);
        }
        print(&Value::Object(object).to_string());
    }
}

/// When something came, in milliseconds since the epoch.
fn ms_of(at: Instant) -> i64 {
    now_ms().saturating_sub(i64::try_from(at.elapsed().as_millis()).unwrap_or(0))
}

/// The text without control characters: other people's names and titles must not steer this terminal.
fn harmless(words: &str) -> String {
    words.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

/// One line, without colours where they are not wanted.
fn print(line: &str) {
    let mut output = anstream::stdout().lock();
    if writeln!(output, "{line}").and_then(|()| output.flush()).is_err() {
        // Nobody reads any more, as after `call watch | head`.
        std::process::exit(i32::from(Outcome::Failed.exit_code()));
    }
}
