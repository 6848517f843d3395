//! Shows the report of an invocation as text or JSON.

use std::io::IsTerminal as _;

use local::instruments::downlinks::Downlink;
use local::samples;
use serde_json::{Value, json};

use super::event_file::EventFile;
use super::target::InvokeReport;
use crate::commands::workspace::variable;

/// Longer payloads are cut in the text output.
const MAX_SHOWN_BYTES: usize = 4096;

/// Makes the report as one JSON object.
pub fn json(event: &EventFile, before: &[&str], report: &InvokeReport) -> Value {
    json!({
        "function": event.function,
        "event": event.path,
        "before": before,
        "message": event.message(),
        "result": report.result,
        "failed": report.failed,
        "downlinks": report.downlinks,
    })
}

/// Prints the report as text.
pub fn text(event: &EventFile, before: &[&str], report: &InvokeReport) {
    let path = std::env::current_dir().ok().and_then(|here| event.path.strip_prefix(here).ok());
    if !before.is_empty() {
        heading("before", &before.join(", "));
    }
    let earlier = samples::before(event.sample());
    if before.is_empty() && !earlier.is_empty() {
        heading(
            "on the running stack",
            &format!("(this sample needs these before it: {})", earlier.join(", ")),
        );
    }
    heading(&event.function, &format!("← {}", path.unwrap_or(&event.path).display()));
    body(&event.message().unwrap_or_else(|| event.value.clone()));

    let millis = report.took.as_millis();
    let how = if report.failed { "failed" } else { "returned" };
    heading("result", &format!("{how} after {millis} ms"));
    body(&report.result);

    let count = match report.downlinks.len() {
        0 => "none".to_owned(),
        count => count.to_string(),
    };
    heading("downlinks", &count);
    for downlink in &report.downlinks {
        heading(&downlink.topic, &delivery(downlink));
        body(&downlink.body);
    }
}

/// Describes the call that sent a message, and the answer of the data plane.
fn delivery(downlink: &Downlink) -> String {
    let sent = if downlink.call == "direct" { "direct message" } else { "published" };
    match downlink.status {
        200..=299 => sent.to_owned(),
        404 if downlink.call == "direct" => format!("{sent}, but the device is not connected"),
        status => format!("{sent}, refused with status {status}"),
    }
}

fn heading(title: &str, more: &str) {
    if std::io::stdout().is_terminal() && variable("NO_COLOR").is_none() {
        println!("\x1b[1m{title}\x1b[0m  {more}");
    } else {
        println!("{title}  {more}");
    }
}

fn body(value: &Value) {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    if text.len() > MAX_SHOWN_BYTES {
        let beginning = &text[..text.floor_char_boundary(MAX_SHOWN_BYTES / 8)];
        println!("{beginning}…\n({} bytes in all)\n", text.len());
    } else {
        println!("{text}\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_was_not_delivered_has_a_reason() {
        let downlink = |call: &str, status| Downlink {
            at_ms: 0,
            function: None,
            request_id: None,
            call: call.to_owned(),
            topic: "t".to_owned(),
            status,
            body: Value::Null,
        };
        assert_eq!(delivery(&downlink("publish", 200)), "published");
        assert_eq!(delivery(&downlink("direct", 200)), "direct message");
        assert!(delivery(&downlink("direct", 404)).contains("not connected"));
        assert!(delivery(&downlink("publish", 403)).contains("403"));
    }
}
