//! `local demo`: a call between two users on three devices, for people to watch. It starts a stack of its own, plays
//! the call with real terminals, shows what was heard when, and leaves nothing running.

mod call;
mod claims;
mod device;
mod timeline;

use std::fmt;
use std::time::Duration;

use local::journal::Kind;
use local::{Options, Stack, log};

use crate::environment::workspace;
use crate::up;
use call::Cast;
use timeline::Timeline;

/// How often, how far apart and how many times in a row the demo looks whether everything is done before it stops.
const LOOKS: u32 = 100;
const BETWEEN_LOOKS: Duration = Duration::from_millis(30);
const QUIET_LOOKS: u32 = 3;

/// Play a call on a stack of its own and show who hears what when.
///
/// Alice calls Bob, who has a phone and a tablet. Both ring; the phone answers, the tablet stops. Both users join, talk
/// a moment, and Alice hangs up. The call is shown once and then repeated unseen, for a median that means something.
#[derive(clap::Args)]
pub struct Demo {
    /// How often the call is played; the first one is shown
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub runs: u32,

    /// Do not build the functions first
    #[arg(long)]
    pub no_build: bool,

    /// What is logged, as `level` or `part=level,…` (parts: local, function, broker)
    #[arg(long, env = "SWITCHBOARD_LOG", value_name = "FILTER", default_value = "error")]
    pub log: String,
}

/// Why the demo did not come to its end.
#[derive(Debug)]
pub struct Failed {
    /// What was being done.
    step: String,
    /// What went wrong.
    reason: String,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the demo failed at \"{}\": {}", self.step, self.reason)
    }
}

impl std::error::Error for Failed {}

/// Names the step at which something failed.
trait Step<T> {
    fn step(self, what: &str) -> Result<T, Failed>;
}

impl<T, E: fmt::Display> Step<T> for Result<T, E> {
    fn step(self, what: &str) -> Result<T, Failed> {
        self.map_err(|error| Failed { step: what.to_owned(), reason: error.to_string() })
    }
}

/// Plays the demo.
///
/// # Errors
/// The step that failed and why. What was started is stopped all the same.
pub async fn run(demo: &Demo) -> Result<(), Box<dyn std::error::Error>> {
    let timeline = Timeline::on_stdout();
    log::start(&demo.log, !timeline.is_coloured())?;
    let mut stop = up::Stop::listen()?;
    let workspace = workspace()?;
    if !demo.no_build {
        tokio::select! {
            built = up::build(workspace) => built.step("build the functions")?,
            () = stop.requested() => return Err("interrupted".into()),
        }
    }
    let program = std::env::current_exe()?;
    let binaries = program.parent().ok_or("this program is in no directory")?.to_owned();
    let options = Options::on_free_ports(workspace.join("template.yaml"), binaries);
    let stack = Stack::start(options.clone()).await.step("start the stack")?;
    let outcome = tokio::select! {
        outcome = play(demo, &stack, &options, &timeline) => {
            settled(&stack).await;
            outcome.map_err(Into::into)
        }
        () = stop.requested() => Err("interrupted".into()),
    };
    stack.shutdown().await;
    outcome
}

async fn play(demo: &Demo, stack: &Stack, options: &Options, timeline: &Timeline) -> Result<(), Failed> {
    let ready = stack.ready();
    timeline.title(
        "A calls B: MQTT, rules from template.yaml, the real function binaries, DynamoDB, IoT data plane",
    );
    timeline.remark(&format!("MQTT at {}, everything else at {}", ready.mqtt, ready.http));
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

/// Waits until the functions have nothing left to do, so that none is interrupted when the stack stops. A function that
/// does not come to its end is not waited for: the stack reports it.
async fn settled(stack: &Stack) {
    let mut quiet_looks = 0;
    for _ in 0..LOOKS {
        let entries = stack.instruments().journal.after(0);
        let count = |kind| entries.iter().filter(|entry| entry.kind == kind).count();
        // An event that was only just published shows a moment later.
        quiet_looks = if count(Kind::Invoke) == count(Kind::Result) { quiet_looks + 1 } else { 0 };
        if quiet_looks == QUIET_LOOKS {
            return;
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

/// The middle of sorted times; of an even number, the mean of the middle two. There is at least one.
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

    #[test]
    fn a_failure_names_its_step() {
        let failed =
            Err::<(), _>("no answer within 9000 ms").step("Bob's phone accepts").expect_err("it failed");
        assert_eq!(
            failed.to_string(),
            "the demo failed at \"Bob's phone accepts\": no answer within 9000 ms"
        );
    }
}
