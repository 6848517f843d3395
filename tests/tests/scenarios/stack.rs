//! The stack under test: `local up` from the build directory. Most tests share one, which is started once and stops with
//! the tests; a test that moves the clock or injects faults has its own.

use serde_json::Value;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Starts the stack and stops it at the end of standard input, which closes when the tests end, crashed ones included.
const KEEPER: &str = r#""$0" "$@" </dev/null & stack=$!; cat >/dev/null; kill -INT "$stack"; wait "$stack""#;
/// Time limit of a start, which normally takes well under a second.
const START_WITHIN: Duration = Duration::from_mins(1);
/// Number of stacks started.
static STARTED: AtomicUsize = AtomicUsize::new(0);
/// Limits that no test reaches, unless it sets its own: tests call the same user more often than people do.
const UNLIMITED: [&str; 6] = [
    "InvitationsPerMinute=1000",
    "InvitationsPerHour=1000",
    "UnansweredRingsPerHour=1000",
    "LiveMeetingsPerUser=200",
    "RequestsPerSecond=1000",
    "RequestBurst=10000",
];

/// Settings of the user who runs the tests, which must not change the results.
const SETTINGS: [&str; 14] = [
    "SWITCHBOARD_JWT_SECRET",
    "SWITCHBOARD_ID_KEY",
    "RTC_PROVIDER",
    "RTC_MODE",
    "RTC_URL",
    "RTC_KEY_ID",
    "RTC_KEY_SECRET",
    "RTC_API_URL",
    "RTC_API_KEY_ID",
    "RTC_API_KEY_SECRET",
    "RTC_CALLBACK_SECRET",
    "TURN_URLS",
    "TURN_SECRET",
    "SWITCHBOARD_LOG",
];

/// A running stack. It stops with the last clone, or with the tests.
#[derive(Debug, Clone)]
pub struct Stack {
    /// Host and port of MQTT.
    pub mqtt: (String, u16),
    /// URL of the HTTP server.
    pub http: String,
    /// Name of the table.
    pub table: String,
    /// Number of the stack in this run.
    pub number: usize,
    keeper: Arc<Keeper>,
}

/// The stack's process, kept for its standard input: the stack runs as long as that input is open.
#[derive(Debug)]
struct Keeper(Child);

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // The ports of the stack are free when the process has ended. The log has the reason of its end.
        drop(self.0.wait());
    }
}

impl Stack {
    /// The stack that all tests share.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Stack> = OnceLock::new();
        SHARED.get_or_init(|| Self::start("shared", &[], &[]))
    }

    /// A stack for this test alone, so that it may move the clock.
    pub fn own() -> Self {
        Self::own_with(&[])
    }

    /// Like [`own`](Self::own), with parameters of the template, as `AllowedGroups=GID_ios`.
    pub fn own_with(parameters: &[&str]) -> Self {
        Self::start(&Self::name_of_test(), parameters, &[])
    }

    /// Like [`own`](Self::own), with options of `local up`.
    pub fn own_with_options(options: &[&str]) -> Self {
        Self::start(&Self::name_of_test(), &[], options)
    }

    /// A test runs on a thread that has the test's name.
    fn name_of_test() -> String {
        std::thread::current().name().unwrap_or("own").replace("::", "-")
    }

    /// The process that keeps the stack, which has started it.
    pub fn keeper(&self) -> u32 {
        self.keeper.0.id()
    }

    fn start(name: &str, parameters: &[&str], options: &[&str]) -> Self {
        let binary = binaries().join("local");
        assert!(binary.is_file(), "{} is not built: run `make build` first", binary.display());
        let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let (ready_file, log_file) = (
            // Several runs of the tests may be active at the same time.
            scratch.join(format!("{name}-stack-{}.json", std::process::id())),
            scratch.join(format!("{name}-stack.log")),
        );
        // The ready file of an earlier run would look like that of this one.
        drop(fs::remove_file(&ready_file));
        let log = File::create(&log_file).expect("the build directory can be written");
        let mut command = Command::new("sh");
        command
            .args(["-c", KEEPER])
            .arg(&binary)
            .args(["up", "--no-build", "--mqtt", "127.0.0.1:0", "--http", "127.0.0.1:0", "--ready-file"])
            .arg(&ready_file)
            .args(UNLIMITED.iter().chain(parameters).flat_map(|parameter| ["--parameter", *parameter]))
            .args(options)
            // The folder of the template.
            .current_dir(workspace())
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a file can be shared"))
            .stderr(log);
        if let Some(url) = other_table() {
            // Each stack has a table of its own, since this server outlives the stack and serves other stacks, too.
            command.args([
                "--dynamodb",
                &url,
                "--stack-name",
                &format!("test-{}", uuid::Uuid::new_v4().simple()),
            ]);
        }
        for setting in SETTINGS {
            command.env_remove(setting);
        }
        let mut keeper = command.spawn().expect("sh can be run");
        let ready = wait_until_ready(&mut keeper, &ready_file, &log_file);
        let field = |name: &str| ready[name].as_str().expect("the ready file names its parts").to_owned();
        let mqtt = field("mqtt");
        let (host, port) = mqtt.rsplit_once(':').expect("host:port");
        let port = port.parse().expect("a port");
        Self {
            mqtt: (host.to_owned(), port),
            http: field("http"),
            table: field("table"),
            number: STARTED.fetch_add(1, Ordering::Relaxed),
            keeper: Arc::new(Keeper(keeper)),
        }
    }
}

/// The DynamoDB-compatible server to use in place of the embedded one, if this run names one.
pub fn other_table() -> Option<String> {
    std::env::var("SWITCHBOARD_TEST_DYNAMODB").ok().filter(|url| !url.is_empty())
}

/// An HTTP client of this test's own runtime.
pub fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("a client without TLS needs nothing from the system")
}

fn wait_until_ready(keeper: &mut Child, ready_file: &Path, log_file: &Path) -> Value {
    let deadline = Instant::now() + START_WITHIN;
    loop {
        if let Ok(ready) = fs::read(ready_file) {
            return serde_json::from_slice(&ready).expect("the ready file is JSON");
        }
        let log = || fs::read_to_string(log_file).unwrap_or_default();
        let ended = keeper.try_wait().expect("a child process").is_some();
        // The shell outlives a stack that fails to start; its output has the reason.
        assert!(!ended && Instant::now() < deadline, "the stack did not start:\n{}", log());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The folder of the workspace's binaries: one level above that of the tests.
pub fn binaries() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    test.ancestors().nth(2).expect("the test is in target/debug/deps").to_owned()
}

/// The checkout.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package is a folder of the workspace")
}
