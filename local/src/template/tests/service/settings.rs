//! The variables of the deployed template are those that the functions read: found by letting them read.

use std::cell::RefCell;

use switchboard_service::aws::Aws;
use switchboard_service::config::{Config, callbacks};

use super::*;

/// Set by Lambda itself.
const LAMBDA: [&str; 4] = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
/// Only a laptop sets these; in the cloud the SDK knows where the services are.
const LAPTOP: [&str; 3] =
    ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL_EVENTBRIDGE"];
/// Every account has its own broker, so its address must be set for whoever speaks to it.
const BROKER: &str = "AWS_ENDPOINT_URL_IOT_DATA_PLANE";
/// Set where a function tells outcomes by itself.
const BUS: &str = "OUTCOME_BUS";

fn tells_by_itself(function: &Function) -> bool {
    function.role.iter().flat_map(|statement| &statement.actions).any(|action| action == "events:PutEvents")
}

/// The names of all variables that a function asks for when it starts with what the template sets.
fn asked(function: &Function) -> BTreeSet<&'static str> {
    let asked = RefCell::new(BTreeSet::new());
    let variables = |name: &'static str| {
        asked.borrow_mut().insert(name);
        let set = function.environment.get(name).cloned().filter(|value| !value.is_empty());
        set.or_else(|| LAMBDA.contains(&name).then(|| "set-by-lambda".to_owned()))
            // Its key is asked for only where it is managed.
            .or_else(|| (name == "RTC_API_URL").then(|| "http://127.0.0.1:8080".to_owned()))
            .or_else(|| name.starts_with("RTC_API_KEY").then(|| "a key of tests".to_owned()))
    };
    let read = match function.name.as_str() {
        "authorize" => functions::authorize::Config::read(&variables).map(drop),
        "rtc-webhook" => Config::read(&variables).and_then(|_| callbacks(&variables)).map(drop),
        _ => Config::read(&variables).map(drop),
    };
    // That it could be read says that every required variable is set, and to something of use.
    read.unwrap_or_else(|error| panic!("{} would not start: {error}", function.name));
    assert!(Aws::read(&variables).is_ok(), "{}", function.name);
    asked.into_inner()
}

#[test]
fn every_variable_that_a_function_reads_is_set_and_none_besides() {
    let (livekit, alibaba) = (service_with("livekit"), service_with("alibaba"));
    for (function, other) in livekit.functions.iter().zip(&alibaba.functions) {
        let speaks_to_broker = function
            .role
            .iter()
            .flat_map(|statement| &statement.actions)
            .any(|action| action.starts_with("iot:"));
        let mut read: BTreeSet<&str> = &asked(function) | &asked(other);
        read.retain(|name| !LAMBDA.contains(name) && !LAPTOP.contains(name));
        read.retain(|name| *name != BROKER || speaks_to_broker);
        read.retain(|name| *name != BUS || tells_by_itself(function));
        let set: BTreeSet<&str> = function.environment.keys().map(String::as_str).collect();
        assert_eq!(set, read, "{}", function.name);
    }
}

#[test]
fn variables_have_the_values_of_what_they_are_named_after() {
    let service = service();
    let of = |name: &str| {
        let function = service.functions.iter().find(|function| function.name == name).expect("a function");
        &function.environment
    };
    assert_eq!(of("create-meeting")["TABLE_NAME"], "switchboard-Table");
    assert_eq!(
        of("create-meeting")["WAKE_QUEUE_URL"],
        "http://127.0.0.1:8080/sqs/000000000000/switchboard-WakeQueue"
    );
    assert_eq!(of("authorize")["IOT_ARN_PREFIX"], "arn:aws:iot:us-east-1:000000000000");
}
