//! Samples of what a stack keeps.

use super::verdict::Series;
use crate::stack::Stack;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// Reads the processes of one stack.
pub struct Taker {
    stack_process: u32,
}

/// One number of each series, by its name.
pub type Sample = BTreeMap<&'static str, f64>;

/// The samples of a run.
#[derive(Default)]
pub struct Samples {
    times: Vec<Duration>,
    series: BTreeMap<&'static str, Vec<f64>>,
}

/// Names of the series with their units, and how much each may grow: by a part of its median, or at least by an amount.
/// Memory is handed out in arenas and pages, which a process keeps. All other numbers are exact.
const SERIES: [(&str, f64, f64); 10] = [
    ("stack memory, MB", 0.05, 4.0),
    ("stack handles", 0.05, 2.0),
    ("function processes", 0.05, 1.0),
    ("memory of a function process, MB", 0.05, 1.0),
    ("handles of a function process", 0.05, 1.0),
    ("broker connections", 0.0, 0.5),
    ("broker sessions", 0.0, 0.5),
    ("broker clients", 0.0, 0.5),
    ("table items", 0.02, 2.0),
    ("queued messages", 0.1, 4.0),
];
/// Dead letters are no series that may grow at all.
const DEAD_LETTERS: &str = "dead letters";

impl Taker {
    /// Finds the processes of the stack.
    pub fn of(stack: &Stack) -> Self {
        let is_stack = |process: &u32| {
            fs::read_to_string(format!("/proc/{process}/comm")).is_ok_and(|name| name.trim_end() == "local")
        };
        let process = children(stack.keeper()).into_iter().find(is_stack);
        Self { stack_process: process.expect("the keeper has started the stack") }
    }

    /// Takes one sample.
    pub async fn take(&self, stack: &Stack) -> Sample {
        let functions = children(self.stack_process);
        let mean = |of: fn(u32) -> Option<f64>| {
            // A process may end between the list and the look at it.
            let each: Vec<f64> = functions.iter().filter_map(|process| of(*process)).collect();
            each.iter().sum::<f64>() / count(each.len())
        };
        let gauges = stack.get("/local/gauges").await;
        let broker = |name: &str| gauges["broker"][name].as_f64().expect("a number");
        let queues = |is_dead: bool| {
            let of_kind = |name: &str| (name.contains("Dead") || name.contains("Failed")) == is_dead;
            let queues = gauges["queues"].as_object().expect("queues").iter();
            queues.filter(|(name, _)| of_kind(name)).map(|(_, queue)| messages(queue)).sum::<f64>()
        };
        Sample::from([
            ("stack memory, MB", memory_mb(self.stack_process).expect("the stack runs")),
            ("stack handles", handles(self.stack_process).expect("the stack runs")),
            ("function processes", count(functions.len())),
            ("memory of a function process, MB", mean(memory_mb)),
            ("handles of a function process", mean(handles)),
            ("broker connections", broker("connections")),
            ("broker sessions", broker("sessions")),
            ("broker clients", broker("clients")),
            ("table items", count(stack.items().await.len())),
            ("queued messages", queues(false)),
            (DEAD_LETTERS, queues(true)),
        ])
    }
}

impl Samples {
    pub fn add(&mut self, at: Duration, sample: Sample) {
        self.times.push(at);
        for (name, value) in sample {
            self.series.entry(name).or_default().push(value);
        }
    }

    /// The last sample in words.
    pub fn last(&self) -> String {
        let last = |(name, values): (&&str, &Vec<f64>)| {
            format!("{name} {:.1}", values.last().copied().unwrap_or_default())
        };
        self.series.iter().map(last).collect::<Vec<_>>().join("; ")
    }

    pub fn times_s(&self) -> Vec<f64> {
        self.times.iter().map(Duration::as_secs_f64).collect()
    }

    /// All series with their verdicts.
    pub fn judged(&self) -> Vec<Series> {
        let tolerances = SERIES.into_iter().chain([(DEAD_LETTERS, 0.0, 0.5)]);
        let judge = |(name, part, amount): (&str, f64, f64)| {
            Series::judge(name, self.series[name].clone(), part, amount)
        };
        tolerances.map(judge).collect()
    }
}

/// Every message of a queue, visible or not.
fn messages(queue: &Value) -> f64 {
    ["visible", "delayed", "in_flight"].iter().filter_map(|name| queue[name].as_f64()).sum()
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).expect("a small number"))
}

/// The processes that a process has started.
fn children(process: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).expect("Linux, and the process runs");
    let of_task = |task: std::io::Result<fs::DirEntry>| {
        let list = fs::read_to_string(task.ok()?.path().join("children")).ok()?;
        Some(list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<u32>>())
    };
    tasks.filter_map(of_task).flatten().collect()
}

/// Resident memory.
fn memory_mb(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? / 1024.0)
}

/// Open file descriptors.
fn handles(process: u32) -> Option<f64> {
    Some(count(fs::read_dir(format!("/proc/{process}/fd")).ok()?.count()))
}
