//! Prints the call as a table of times, devices and messages, coloured on a terminal.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use crate::commands::workspace::variable;

/// Width of the device column, in characters.
const DEVICE: usize = 12;
/// Width of the message column, in characters.
const MESSAGE: usize = 20;

/// Line of the table: a message that a device published or received.
pub struct Line {
    /// Time of the message.
    pub at: Instant,
    /// Label of the device.
    pub device: &'static str,
    /// `true` if the device published the message, `false` if it received the message.
    pub sent: bool,
    /// Type of the message.
    pub message: String,
    /// Time since the publish that caused the message.
    pub after: Option<Duration>,
    /// Explanation for the reader.
    pub note: String,
}

/// Printer of the table.
pub struct Timeline {
    coloured: bool,
}

impl Timeline {
    /// Makes a printer to standard output, coloured on a terminal unless `NO_COLOR` is set (<https://no-color.org>).
    pub fn on_stdout() -> Self {
        let unwanted = variable("NO_COLOR").is_some();
        Self { coloured: std::io::stdout().is_terminal() && !unwanted }
    }

    /// Reports whether the output is coloured.
    pub fn is_coloured(&self) -> bool {
        self.coloured
    }

    /// Prints the title.
    pub fn title(&self, text: &str) {
        println!("\n{}", self.paint("1", text));
    }

    /// Prints a remark without a time.
    pub fn remark(&self, text: &str) {
        println!("{}", self.paint("2", text));
    }

    /// Prints the headings of the columns.
    pub fn head(&self) {
        let head = format!("{:>9}  {:DEVICE$}    {:MESSAGE$} {:>9}", "time", "device", "message", "delivery");
        println!("\n{}", self.paint("2", &head));
    }

    /// Prints the lines of one step, sorted by time. Times count from the start of the call.
    pub fn step(&self, began: Instant, mut lines: Vec<Line>) {
        lines.sort_by_key(|line| line.at);
        for line in lines {
            let time = format!("{:>9}", millis(line.at.saturating_duration_since(began)));
            let (arrow, colour) = if line.sent { ("→", "33") } else { ("←", "36") };
            let device = format!("{:DEVICE$}", line.device);
            let message = format!("{:MESSAGE$}", line.message);
            let after = format!("{:>9}", line.after.map(millis).unwrap_or_default());
            println!(
                "{}  {} {arrow}  {} {}  {}",
                self.paint("2", &time),
                self.paint("1", &device),
                self.paint(colour, &message),
                self.paint("32", &after),
                line.note,
            );
        }
    }

    /// Prints a detail of the line before.
    pub fn detail(&self, text: &str) {
        println!("{:>9}  {:DEVICE$}    {}", "", "", self.paint("2", text));
    }

    /// Prints the result.
    pub fn result(&self, text: &str) {
        println!("\n{}\n", self.paint("1;32", text));
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        if self.coloured { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Formats a duration in milliseconds with one decimal: `23.4 ms`.
pub fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
