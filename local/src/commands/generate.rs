//! `local generate` writes the files that are made from the tables of the protocol, and `local env` prints the environment
//! of functions that run outside of the stack.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};

use local::template::{Deployment, StackIdentity};
use local::{REGION, StackAddresses, contract, embedded_sfu, parameters, samples};

use super::workspace::{READY_FILE, variable, workspace};

/// Print the environment variables that a function needs to work with a running stack, one `NAME=value` a line.
///
/// Use it for functions that another program runs, as `cargo lambda watch --env-file` does. The output has the
/// variables of all functions. If the stack was started with other keys, set the same `SWITCHBOARD_…` variables for
/// this command.
#[derive(clap::Args)]
pub struct Env {
    /// Ready file of the stack [default: .local/ready.json, which `make run` writes]
    #[arg(long, value_name = "READY_FILE")]
    pub stack: Option<PathBuf>,
}

/// Writes `docs/asyncapi.yaml`, the tables of the browser terminal and of the README, the rows of `docs/protocol.md`, and
/// `events/`.
///
/// # Errors
/// A table of the protocol is incomplete, the template cannot be read, or a file cannot be written.
pub fn write() -> Result<(), Box<dyn Error>> {
    let workspace = workspace()?;
    for path in contract::write(workspace)? {
        println!("wrote {path}");
    }
    // The address has no effect, since the events do not contain it.
    let http = "http://127.0.0.1:8080";
    let deployment = read_template(workspace, http, |_| None)?;
    let events = samples::events(&deployment, &StackIdentity::laptop(http))?;
    samples::write(&workspace.join("events"), &events)?;
    println!("wrote {} sample events to events/", events.len());
    Ok(())
}

/// Prints the environment of functions.
///
/// # Errors
/// The ready file or the template cannot be read.
pub fn print_environment(env: &Env) -> Result<(), Box<dyn Error>> {
    let workspace = workspace()?;
    let path = env.stack.clone().unwrap_or_else(|| workspace.join(READY_FILE));
    let text = std::fs::read_to_string(&path).map_err(|error| {
        format!("cannot read the ready file {}: {error}; start a stack first with `make run`", path.display())
    })?;
    let addresses: StackAddresses = serde_json::from_str(&text)?;
    let deployment = read_template(workspace, &addresses.http, variable)?;
    for (name, value) in environment(&deployment, &addresses) {
        println!("{name}={value}");
    }
    Ok(())
}

fn read_template(
    workspace: &Path,
    http: &str,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Deployment, Box<dyn Error>> {
    let provider = variable("RTC_PROVIDER").unwrap_or_else(|| "livekit".to_owned());
    let mut values = parameters::laptop(&provider, variable);
    values.insert("IotDataEndpoint".to_owned(), "http://127.0.0.1:1".to_owned());
    embedded_sfu::configure(&mut values, http, false);
    Ok(Deployment::read(&workspace.join("template.yaml"), &StackIdentity::laptop(http), &values)?)
}

/// Variables that the template sets for its functions and variables that Lambda sets, with the addresses of the stack.
fn environment(deployment: &Deployment, addresses: &StackAddresses) -> BTreeMap<String, String> {
    let declared = deployment.functions.iter().flat_map(|function| &function.environment);
    let mut variables: BTreeMap<String, String> =
        declared.map(|(name, value)| (name.clone(), value.clone())).collect();
    let events = format!("{}/events", addresses.http);
    let lambda = [
        ("TABLE_NAME", addresses.table.as_str()),
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_ENDPOINT_URL_DYNAMODB", &addresses.dynamodb),
        ("AWS_ENDPOINT_URL_IOT_DATA_PLANE", &addresses.iot_data),
        ("AWS_ENDPOINT_URL_EVENTBRIDGE", &events),
        ("AWS_ENDPOINT_URL_SQS", &addresses.sqs),
    ];
    variables.extend(lambda.map(|(name, value)| (name.to_owned(), value.to_owned())));
    // An empty variable means the same as an absent one.
    variables.retain(|_, value| !value.is_empty());
    variables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_has_the_addresses_and_keys_of_the_stack() {
        let workspace = workspace().expect("a workspace");
        let deployment = read_template(workspace, "http://127.0.0.1:9", |_| None);
        let addresses = StackAddresses {
            mqtt: "127.0.0.1:1".to_owned(),
            http: "http://127.0.0.1:9".to_owned(),
            mqtt_ws: "ws://127.0.0.1:9/mqtt".to_owned(),
            dynamodb: "http://127.0.0.1:9/dynamodb".to_owned(),
            iot_data: "http://127.0.0.1:9/iot-data".to_owned(),
            sqs: "http://127.0.0.1:9/sqs".to_owned(),
            lambda: "http://127.0.0.1:9".to_owned(),
            function_urls: BTreeMap::new(),
            sfu: None,
            table: "switchboard-Table".to_owned(),
        };
        let variables = environment(&deployment.expect("a template"), &addresses);
        assert_eq!(variables["AWS_ENDPOINT_URL_IOT_DATA_PLANE"], "http://127.0.0.1:9/iot-data");
        assert_eq!(variables["WAKE_QUEUE_URL"], "http://127.0.0.1:9/sqs/000000000000/switchboard-WakeQueue");
        assert_eq!(variables["ID_KEY"], parameters::laptop("livekit", |_| None)["IdKey"]);
        assert!(!variables.contains_key("JWT_PUBLIC_KEY"), "empty variables are left out");
    }
}
