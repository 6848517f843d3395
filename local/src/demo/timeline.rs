//! Prints what happens as a table of times, devices and messages; coloured for people at a terminal.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use crate::environment::variable;

/// How wide the columns are, in characters.
const DEVICE: usize = 12;
const MESSAGE: usize = 20;

/// One line: who published or heard what, when.
pub struct Line {
    /// When.
    pub at: Instant,
    /// Which device.
    pub device: &'static str,
    /// Whether the device sent it.
    pub sent: bool,
    /// The message's type.
    pub message: String,
    /// How long after the publish that caused it.
    pub after: Option<Duration>,
    /// What is worth knowing about it.
    pub note: String,
}

/// Where and how lines are printed.
pub struct Timeline {
    coloured: bool,
}

impl Timeline {
    /// Coloured if standard output is a terminal and `NO_COLOR` is not set (<https://no-color.org>).
    pub fn on_stdout() -> Self {
        let unwanted = variable("NO_COLOR").is_some();
        Self { coloured: std::io::stdout().is_terminal() && !unwanted }
    }

    /// Whether colours are used.
    pub fn is_coloured(&self) -> bool {
        self.coloured
    }

    /// What the demo is about.
    pub fn title(&self, text: &str) {
        println!("\n{}", self.paint("1", text));
    }

    /// Something that happens at no particular time.
    pub fn remark(&self, text: &str) {
        println!("{}", self.paint("2", text));
    }

    /// The heads of the columns.
    pub fn head(&self) {
        let head = format!("{:>9}  {:DEVICE$}    {:MESSAGE$} {:>9}", "time", "device", "message", "delivery");
        println!("\n{}", self.paint("2", &head));
    }

    /// What one step made happen, in order of time since the call began.
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

    /// More about the line before.
    pub fn detail(&self, text: &str) {
        println!("{:>9}  {:DEVICE$}    {}", "", "", self.paint("2", text));
    }

    /// What came out of it.
    pub fn result(&self, text: &str) {
        println!("\n{}\n", self.paint("1;32", text));
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        if self.coloured { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Milliseconds with one decimal: `23.4 ms`.
pub fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
