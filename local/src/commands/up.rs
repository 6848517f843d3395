//! `local up`: builds the functions, starts the stack, announces its addresses, and stops it on Ctrl-C or SIGTERM.

use std::error::Error;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tracing::{info, warn};

use local::table::TableStore;
use local::{OtherServices, Stack, StackAddresses, StackOptions, log, parameters};
use switchboard_rtc::Provider;

use super::workspace::{StopSignals, binaries, build, variable, workspace};

/// Start the stack and keep it running until Ctrl-C.
///
/// When all parts answer, the command prints a JSON object with their addresses as the last line on standard output;
/// the log goes to standard error. Terminals log in with a client ID like `GID@@@alice.phone` and a JWT (HS256, claims
/// `sub` and `exp`) as password, signed with the secret in `SWITCHBOARD_JWT_SECRET` (default:
/// `local-development-only`).
#[derive(clap::Args)]
pub struct Up {
    /// Address of MQTT; port 0 selects a free port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:1883")]
    pub mqtt: SocketAddr,

    /// Address of HTTP (AWS APIs, MQTT over WebSocket at /mqtt); port 0 selects a free port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub http: SocketAddr,

    /// Directory that keeps the table, or `memory` for a table that is lost when the stack stops
    #[arg(long, value_name = "DIR|memory", default_value = "memory")]
    pub state: PathBuf,

    /// File to write the addresses to when all parts answer; it is removed when the stack stops
    #[arg(long, value_name = "PATH")]
    pub ready_file: Option<PathBuf>,

    /// File to append every event of the event bus (outcome) to, one line of JSON each
    #[arg(long, value_name = "FILE")]
    pub outcomes: Option<PathBuf>,

    /// Do not build the functions before the start
    #[arg(long)]
    pub no_build: bool,

    /// SAM template to run [default: template.yaml of this workspace]
    #[arg(long, value_name = "PATH")]
    pub template: Option<PathBuf>,

    /// Directory of the function binaries [default: directory of this program]
    #[arg(long, value_name = "DIR")]
    pub binaries: Option<PathBuf>,

    /// URL of a DynamoDB-compatible server to use instead of the embedded one
    #[arg(long, value_name = "URL", conflicts_with = "state")]
    pub dynamodb: Option<String>,

    /// URL of another IoT data plane for the functions. Terminals of this stack do not get what is published there
    #[arg(long, value_name = "URL")]
    pub iot_data: Option<String>,

    /// URL of another SQS-compatible server for the timers of the functions. This stack does not read its queues
    #[arg(long, value_name = "URL")]
    pub sqs: Option<String>,

    /// RTC service that join tokens are made for; the key is a development key unless `RTC_KEY_ID` and `RTC_KEY_SECRET`
    /// are set
    #[arg(long, env = "RTC_PROVIDER", value_name = "NAME", default_value_t = Provider::Livekit)]
    pub rtc_provider: Provider,

    /// Let the embedded SFU manage meetings, for browsers: it reports who is in the media, and removes and mutes
    /// participants. Without this option, the service believes terminals that report that they are in the media, even
    /// terminals without media such as `call`
    #[arg(long)]
    pub sfu: bool,

    /// UDP address of the embedded SFU for media; some browsers need an address of this machine other than loopback
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub media: SocketAddr,

    /// Name of the stack, which names of tables and queues begin with
    #[arg(long, value_name = "NAME", default_value = "switchboard")]
    pub stack_name: String,

    /// Value of a template parameter, for example `AllowedGroups=GID_ios,GID_web`; can be repeated
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    pub parameters: Vec<(String, String)>,

    /// Log filter, as `level` or `part=level,…` (parts: local, function, broker)
    #[arg(long, env = "SWITCHBOARD_LOG", value_name = "FILTER", default_value = log::DEFAULT_FILTER)]
    pub log: String,
}

impl Up {
    fn options(&self, workspace: &Path, binaries: &Path) -> StackOptions {
        let store = match &self.dynamodb {
            Some(url) => TableStore::External(url.clone()),
            None if self.state == Path::new("memory") => TableStore::Memory,
            None => TableStore::Directory(self.state.clone()),
        };
        let mut values = parameters::laptop(self.rtc_provider.name(), variable);
        values.extend(self.parameters.iter().cloned());
        StackOptions {
            mqtt: self.mqtt,
            http: self.http,
            store,
            template: self.template.clone().unwrap_or_else(|| workspace.join("template.yaml")),
            binaries: self.binaries.clone().unwrap_or_else(|| binaries.to_owned()),
            stack_name: self.stack_name.clone(),
            media: self.media,
            sfu: self.sfu,
            other_services: OtherServices { iot_data: self.iot_data.clone(), sqs: self.sqs.clone() },
            parameters: values,
        }
    }
}

/// Runs the stack until a signal stops it.
///
/// # Errors
/// The build fails, or the stack does not start.
pub async fn run(up: &Up) -> Result<(), Box<dyn Error>> {
    log::start(&up.log, variable("NO_COLOR").is_some())?;
    let mut stop = StopSignals::listen()?;
    // A killed stack leaves its ready file, which would name the wrong addresses.
    if let Some(path) = &up.ready_file {
        let _ = std::fs::remove_file(path);
    }

    let workspace = workspace()?;
    if !up.no_build {
        tokio::select! {
            built = build(workspace) => built?,
            () = stop.next() => return Ok(()),
        }
    }
    let options = up.options(workspace, &binaries()?);
    let secrets = parameters::development_secrets(&options.parameters);
    if !secrets.is_empty() {
        warn!(
            "PUBLIC DEVELOPMENT SECRETS in use: {}. Everybody knows them: keep this stack on this machine, and never deploy them",
            secrets.join(", ")
        );
    }
    let stack = tokio::select! {
        stack = Stack::start(options) => stack?,
        () = stop.next() => return Ok(()),
    };
    if let Some(path) = &up.outcomes {
        let opened = stack.instruments().outcomes.append_to(path);
        opened.map_err(|error| format!("cannot write outcomes to {}: {error}", path.display()))?;
    }
    let announced = announce(stack.addresses(), up.ready_file.as_deref());
    if announced.is_ok() {
        stop.next().await;
        info!("stopping; press Ctrl-C again to stop at once");
    }
    tokio::select! {
        () = stack.shutdown() => {}
        () = stop.next() => warn!("stopped without a shutdown of all parts"),
    }
    if let Some(path) = &up.ready_file {
        let _ = std::fs::remove_file(path);
    }
    announced
}

/// Announces the addresses in the log, in the ready file and, last, on standard output.
fn announce(addresses: &StackAddresses, file: Option<&Path>) -> Result<(), Box<dyn Error>> {
    info!("ready: MQTT at {}, HTTP at {}", addresses.mqtt, addresses.http);
    info!("to call from a browser, open {}/ in two windows", addresses.http);
    info!("live numbers of the functions: {}/live.html", addresses.http);
    if let Some(path) = file {
        addresses
            .write(path)
            .map_err(|error| format!("cannot write the ready file {}: {error}", path.display()))?;
    }
    let mut output = std::io::stdout().lock();
    writeln!(output, "{}", serde_json::to_string(addresses)?)?;
    output.flush()?;
    Ok(())
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("the form is NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        up: Up,
    }

    #[test]
    fn the_table_is_in_memory_unless_a_directory_or_a_server_is_named() {
        let store = |arguments: &[&str]| {
            let line = Line::parse_from([&["up"], arguments].concat());
            line.up.options(Path::new("/w"), Path::new("/b")).store
        };
        assert_eq!(store(&[]), TableStore::Memory);
        assert_eq!(store(&["--state", "x"]), TableStore::Directory(PathBuf::from("x")));
        assert_eq!(
            store(&["--dynamodb", "http://127.0.0.1:1"]),
            TableStore::External("http://127.0.0.1:1".to_owned())
        );
        assert!(Line::try_parse_from(["up", "--state", "x", "--dynamodb", "http://h"]).is_err());
    }

    #[test]
    fn parameters_replace_the_defaults() {
        let Line { up } = Line::parse_from(["up", "--parameter", "IdKey=a=b"]);
        assert_eq!(up.options(Path::new("/w"), Path::new("/b")).parameters["IdKey"], "a=b");
        assert!(Line::try_parse_from(["up", "--parameter", "IdKey"]).is_err());
    }
}
