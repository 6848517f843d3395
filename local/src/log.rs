//! The stack's log on standard error: one line per event with time, origin and level, coloured on a terminal. JSON log
//! lines of functions are converted to such lines.

use std::fmt::{self, Write as _};
use std::io::IsTerminal as _;

use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber, debug, error, info, warn};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Default log filter. The libraries log errors only.
pub const DEFAULT_FILTER: &str = "warn,local=info,function=info,broker=info,rmqtt=error,dynoxide=error";

/// Starts the log. It is coloured on a terminal, unless `no_color` is set (<https://no-color.org>).
///
/// # Errors
/// The filter is not valid.
pub fn start(filter: &str, no_color: bool) -> Result<(), String> {
    let filter: tracing_subscriber::filter::Targets = filter.parse().map_err(|error| {
        format!("the log filter `{filter}` is not valid: {error}; write it as `info` or `warn,local=debug`")
    })?;
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal() && !no_color)
        .event_format(Lines);
    // A second call, as in tests, keeps the first log.
    let _ = tracing_subscriber::registry().with(lines).with(filter).try_init();
    Ok(())
}

/// Logs a line of output of a function.
pub(crate) fn function_line(function: &str, line: &str) {
    if line.is_empty() {
        return;
    }
    let (level, text) = parse(line);
    match level {
        Level::ERROR => error!(target: "function", origin = function, "{text}"),
        Level::WARN => warn!(target: "function", origin = function, "{text}"),
        Level::INFO => info!(target: "function", origin = function, "{text}"),
        _ => debug!(target: "function", origin = function, "{text}"),
    }
}

/// Level and text of a line. A JSON line of `tracing` is converted to its message and fields; other lines stay as they
/// are.
fn parse(line: &str) -> (Level, String) {
    let Ok(Value::Object(entry)) = serde_json::from_str::<Value>(line) else {
        return (Level::INFO, line.to_owned());
    };
    let level = match entry.get("level").and_then(Value::as_str) {
        Some("ERROR") => Level::ERROR,
        Some("WARN") => Level::WARN,
        Some("DEBUG" | "TRACE") => Level::DEBUG,
        _ => Level::INFO,
    };
    let mut text = String::new();
    let nested = entry.get("fields").and_then(Value::as_object);
    let fields = nested.unwrap_or(&entry);
    if let Some(message) = fields.get("message").and_then(Value::as_str) {
        text.push_str(message);
    }
    let mut append = |name: &str, value: &Value| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let separator = if text.is_empty() { "" } else { " " };
        // Writing to a string cannot fail.
        let _ = write!(text, "{separator}{name}={value}");
    };
    for (name, value) in fields {
        if !matches!(name.as_str(), "message" | "level" | "timestamp" | "target" | "span" | "spans") {
            append(name, value);
        }
    }
    if let Some(span) = entry.get("span").and_then(Value::as_object) {
        for (name, value) in span {
            if name != "name" && !fields.contains_key(name) {
                append(name, value);
            }
        }
    }
    (level, text)
}

/// Log format: `18:45:03.123 create-meeting  INFO message key=value`.
struct Lines;

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut parts = Parts::default();
        event.record(&mut parts);
        let target = event.metadata().target();
        let origin = parts.origin.unwrap_or_else(|| match target.split("::").next().unwrap_or(target) {
            "rmqtt" | "broker" => "broker".to_owned(),
            "local" => "stack".to_owned(),
            other => other.to_owned(),
        });
        let level = *event.metadata().level();
        let time = chrono::Local::now().format("%H:%M:%S%.3f");
        if writer.has_ansi_escapes() {
            let level_colour = match level {
                Level::ERROR => "\x1b[1;31m",
                Level::WARN => "\x1b[33m",
                Level::INFO => "",
                _ => "\x1b[2m",
            };
            let origin_colour = 31 + origin.bytes().map(usize::from).sum::<usize>() % 6;
            writeln!(
                writer,
                "\x1b[2m{time}\x1b[0m \x1b[{origin_colour}m{origin:<15}\x1b[0m {level_colour}{level:<5} {}\x1b[0m{}",
                parts.message, parts.fields
            )
        } else {
            writeln!(writer, "{time} {origin:<15} {level:<5} {}{}", parts.message, parts.fields)
        }
    }
}

/// Origin, message and fields of an event.
#[derive(Default)]
struct Parts {
    origin: Option<String>,
    message: String,
    fields: String,
}

impl Visit for Parts {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "origin" => self.origin = Some(value.to_owned()),
            "message" => value.clone_into(&mut self.message),
            // Writing to a string cannot fail.
            name => drop(write!(self.fields, " {name}={value}")),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            name => drop(write!(self.fields, " {name}={value:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_of_a_function_becomes_a_readable_line() {
        let line = r#"{"timestamp":"2026-11-22T18:00:00Z","level":"WARN","fields":{"message":"refused","code":"not_host"},"target":"destroy","span":{"caller":"GID@@@bob","name":"request"}}"#;
        assert_eq!(parse(line), (Level::WARN, "refused code=not_host caller=GID@@@bob".to_owned()));
    }

    #[test]
    fn flat_json_and_plain_text_are_readable_too() {
        assert_eq!(parse(r#"{"level":"ERROR","message":"no","n":1}"#), (Level::ERROR, "no n=1".to_owned()));
        assert_eq!(parse("thread 'main' panicked"), (Level::INFO, "thread 'main' panicked".to_owned()));
        assert_eq!(parse("[1]"), (Level::INFO, "[1]".to_owned()));
    }
}
