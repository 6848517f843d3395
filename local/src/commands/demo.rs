//! `local demo`: plays a call between two users on three devices. It starts a stack of its own, plays the call with
//! real terminals, prints which device got which message when, and stops the stack.

mod call;
mod claims;
mod device;
mod error;
mod timeline;

use std::time::Duration;

use local::instruments::journal::EntryKind;
use local::{Stack, StackOptions, log};

use super::workspace::{StopSignals, binaries, build, workspace};
use call::Cast;
use error::{DemoError, Step as _};
use timeline::Timeline;

/// Maximum number of checks for running invocations before the demo stops the stack.
const MAX_CHECKS: u32 = 100;
/// Time between two checks.
const CHECK_INTERVAL: Duration = Duration::from_millis(30);
/// Number of consecutive checks without a running invocation after which the stack is idle.
const IDLE_CHECKS: u32 = 3;

/// Play a call on a stack of its own and show which device gets which message when.
///
/// Alice calls Bob, who has a phone and a tablet. Both devices ring; the phone answers, and the tablet stops ringing.
/// Both users join, talk for a moment, and Alice hangs up. The first call is shown; the others only count for the
/// median.
#[derive(clap::Args)]
pub struct Demo {
    /// Number of calls to play; the first one is shown
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub runs: u32,

    /// Do not build the functions before the start
    #[arg(long)]
    pub no_build: bool,

    /// Log filter, as `level` or `part=level,…` (parts: local, function, broker)
    #[arg(long, env = "SWITCHBOARD_LOG", value_name = "FILTER", default_value = "error")]
    pub log: String,
}

/// Plays the demo.
///
/// # Errors
/// A step failed; the error names it. The stack is stopped in any case.
pub async fn run(demo: &Demo) -> Result<(), Box<dyn std::error::Error>> {
    let timeline = Timeline::on_stdout();
    log::start(&demo.log, !timeline.is_coloured())?;
    let mut stop = StopSignals::listen()?;
    let workspace = workspace()?;
    if !demo.no_build {
        tokio::select! {
            built = build(workspace) => built.step("build the functions")?,
            () = stop.next() => return Err("interrupted".into()),
        }
    }
    let options = StackOptions::on_free_ports(workspace.join("template.yaml"), binaries()?);
    let stack = Stack::start(options.clone()).await.step("start the stack")?;
    let result = tokio::select! {
        result = play(demo, &stack, &options, &timeline) => {
            wait_until_idle(&stack).await;
            result.map_err(Into::into)
        }
        () = stop.next() => Err("interrupted".into()),
    };
    stack.shutdown().await;
    result
}

async fn play(
    demo: &Demo,
    stack: &Stack,
    options: &StackOptions,
    timeline: &Timeline,
) -> Result<(), DemoError> {
    let addresses = stack.addresses();
    timeline.title(
        "A calls B: MQTT, rules from template.yaml, the real function binaries, DynamoDB, IoT data plane",
    );
    timeline.remark(&format!("MQTT at {}, HTTP at {}", addresses.mqtt, addresses.http));
    let mut cast = Cast::connect(stack, &options.parameters).await?;

    timeline.head();
    let mut rings = vec![cast.call(Some(timeline)).await?];
    for _ in 1..demo.runs {
        rings.push(cast.call(None).await?);
    }
    cast.disconnect().await;

    rings.sort_unstable();
    timeline.result(&format!(
        "Alice's publish → Bob's invitation: median {} of {} calls (fastest {}, slowest {})",
        timeline::millis(median(&rings)),
        rings.len(),
        timeline::millis(rings[0]),
        timeline::millis(rings[rings.len() - 1]),
    ));
    Ok(())
}

/// Waits until no invocation runs, so that the stop of the stack interrupts none. The wait has a limit; the stack
/// reports an invocation that runs longer.
async fn wait_until_idle(stack: &Stack) {
    let mut idle_checks = 0;
    for _ in 0..MAX_CHECKS {
        let entries = stack.instruments().journal.after(0);
        let count = |kind| entries.iter().filter(|entry| entry.kind == kind).count();
        // One check is not enough: an event that was just published is not in the journal yet.
        let is_idle = count(EntryKind::Invoke) == count(EntryKind::Result);
        idle_checks = if is_idle { idle_checks + 1 } else { 0 };
        if idle_checks == IDLE_CHECKS {
            return;
        }
        tokio::time::sleep(CHECK_INTERVAL).await;
    }
}

/// Median of sorted times: the middle one, or the mean of the middle two. The slice must not be empty.
fn median(sorted: &[Duration]) -> Duration {
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) { (sorted[middle - 1] + sorted[middle]) / 2 } else { sorted[middle] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_the_mean_of_the_middle_two() {
        let times = |millis: &[u64]| millis.iter().copied().map(Duration::from_millis).collect::<Vec<_>>();
        assert_eq!(median(&times(&[7])), Duration::from_millis(7));
        assert_eq!(median(&times(&[1, 2, 90])), Duration::from_millis(2));
        assert_eq!(median(&times(&[1, 2, 4, 90])), Duration::from_millis(3));
    }
}
