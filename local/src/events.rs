//! `local events`: writes the sample events. `local asyncapi`: writes the description of the protocol. `local env`: prints
//! what functions need to run outside of the stack.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};

use local::template::{Deployment, Surroundings};
use local::{REGION, Ready, contract, media, parameters, samples};

use crate::environment::{READY_FILE, variable, workspace};

/// Print the environment that functions need to work with a running stack, one `NAME=value` a line.
///
/// For functions that something else runs, as `cargo lambda watch --env-file` does. The values are those of all functions
/// together; a stack that was started with other keys needs the same `SWITCHBOARD_…` variables here.
#[derive(clap::Args)]
pub struct Env {
    /// Ready file of the stack [default: .local/ready.json, where `make run` puts it]
    #[arg(long, value_name = "READY_FILE")]
    pub stack: Option<PathBuf>,
}

/// Writes `events/`.
///
/// # Errors
/// The template cannot be read, or the folder cannot be written.
pub fn write() -> Result<(), Box<dyn Error>> {
    let workspace = workspace()?;
    // Nothing of an address is in an event.
    let http = "http://127.0.0.1:8080";
    let deployment = read(workspace, http, |_| None)?;
    let events = samples::events(&deployment, &Surroundings::laptop(http))?;
    samples::write(&workspace.join("events"), &events)?;
    println!("{} samples in events/", events.len());
    Ok(())
}

/// Writes `docs/asyncapi.yaml`.
///
/// # Errors
/// The document is not complete, or cannot be written.
pub fn write_contract() -> Result<(), Box<dyn Error>> {
    Ok(contract::write(workspace()?)?)
}

/// Prints the environment.
///
/// # Errors
/// There is no such stack, or the template cannot be read.
pub fn print_environment(env: &Env) -> Result<(), Box<dyn Error>> {
    let workspace = workspace()?;
    let path = env.stack.clone().unwrap_or_else(|| workspace.join(READY_FILE));
    let text = std::fs::read_to_string(&path)
        .map_err(|error| format!("{}: {error}; start a stack first (`make run`)", path.display()))?;
    let ready: Ready = serde_json::from_str(&text)?;
    let deployment = read(workspace, &ready.http, variable)?;
    for (name, value) in environment(&deployment, &ready) {
        println!("{name}={value}");
    }
    Ok(())
}

fn read(
    workspace: &Path,
    http: &str,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Deployment, Box<dyn Error>> {
    let provider = variable("RTC_PROVIDER").unwrap_or_else(|| "livekit".to_owned());
    let mut values = parameters::laptop(&provider, variable);
    values.insert("IotDataEndpoint".to_owned(), "http://127.0.0.1".to_owned());
    media::settle(&mut values, http, false);
    Ok(Deployment::read(&workspace.join("template.yaml"), &Surroundings::laptop(http), &values)?)
}

/// What the template sets for all functions, and what Lambda would set, with the addresses of the stack.
fn environment(deployment: &Deployment, ready: &Ready) -> BTreeMap<String, String> {
    let declared = deployment.functions.iter().flat_map(|function| &function.environment);
    let mut variables: BTreeMap<String, String> =
        declared.map(|(name, value)| (name.clone(), value.clone())).collect();
    let events = format!("{}/events", ready.http);
    let lambda = [
        ("TABLE_NAME", ready.table.as_str()),
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_ENDPOINT_URL_DYNAMODB", &ready.dynamodb),
        ("AWS_ENDPOINT_URL_IOT_DATA_PLANE", &ready.iot_data),
        ("AWS_ENDPOINT_URL_EVENTBRIDGE", &events),
        ("AWS_ENDPOINT_URL_SQS", &ready.sqs),
    ];
    variables.extend(lambda.map(|(name, value)| (name.to_owned(), value.to_owned())));
    // The functions take an empty one for absent, too.
    variables.retain(|_, value| !value.is_empty());
    variables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_outside_find_the_stacks_parts_and_its_keys() {
        let workspace = workspace().expect("a workspace");
        let deployment = read(workspace, "http://127.0.0.1:9", |_| None);
        let ready = Ready {
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
        let variables = environment(&deployment.expect("it can be read"), &ready);
        assert_eq!(variables["AWS_ENDPOINT_URL_IOT_DATA_PLANE"], "http://127.0.0.1:9/iot-data");
        assert_eq!(variables["WAKE_QUEUE_URL"], "http://127.0.0.1:9/sqs/000000000000/switchboard-WakeQueue");
        assert_eq!(variables["ID_KEY"], parameters::laptop("livekit", |_| None)["IdKey"]);
        assert!(!variables.contains_key("JWT_PUBLIC_KEY"), "an empty one says nothing");
    }
}
