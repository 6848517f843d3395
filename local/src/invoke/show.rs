//! Shows what came of an event, for people and for programs.

use std::io::IsTerminal as _;

use local::downlinks::Downlink;
use local::samples;
use serde_json::{Value, json};

use super::event::Event;
use super::target::Played;
use crate::environment::variable;

/// Payloads longer than this are not shown in text; nobody reads them.
const SHOWN_BYTES: usize = 4096;

/// One JSON object.
pub fn json(event: &Event, before: &[&str], played: &Played) -> Value {
    json!({
        "function": event.function,
        "event": event.path,
        "before": before,
        "message": event.message(),
        "result": played.result,
        "failed": played.failed,
        "downlinks": played.downlinks,
    })
}

/// Text for people.
pub fn text(event: &Event, before: &[&str], played: &Played) {
    let path = std::env::current_dir().ok().and_then(|here| event.path.strip_prefix(here).ok());
    if !before.is_empty() {
        heading("before", &before.join(", "));
    }
    let earlier = samples::before(event.sample());
    if before.is_empty() && !earlier.is_empty() {
        heading("on the stack that runs", &format!("(this sample comes after {})", earlier.join(", ")));
    }
    heading(&event.function, &format!("← {}", path.unwrap_or(&event.path).display()));
    body(&event.message().unwrap_or_else(|| event.value.clone()));

    let millis = played.took.as_millis();
    let how = if played.failed { "failed" } else { "returned" };
    heading("result", &format!("{how} after {millis} ms"));
    body(&played.result);

    let count = match played.downlinks.len() {
        0 => "none".to_owned(),
        count => count.to_string(),
    };
    heading("downlinks", &count);
    for downlink in &played.downlinks {
        heading(&downlink.topic, &how_it_went(downlink));
        body(&downlink.body);
    }
}

/// How a message was sent, and what the data plane said.
fn how_it_went(downlink: &Downlink) -> String {
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
    if text.len() > SHOWN_BYTES {
        let beginning = &text[..text.floor_char_boundary(SHOWN_BYTES / 8)];
        println!("{beginning}…\n({} bytes in all)\n", text.len());
    } else {
        println!("{text}\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_did_not_arrive_says_why() {
        let downlink = |call: &str, status| Downlink {
            at_ms: 0,
            function: None,
            request_id: None,
            call: call.to_owned(),
            topic: "t".to_owned(),
            status,
            body: Value::Null,
        };
        assert_eq!(how_it_went(&downlink("publish", 200)), "published");
        assert_eq!(how_it_went(&downlink("direct", 200)), "direct message");
        assert!(how_it_went(&downlink("direct", 404)).contains("not connected"));
        assert!(how_it_went(&downlink("publish", 403)).contains("403"));
    }
}
