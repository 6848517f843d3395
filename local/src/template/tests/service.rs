//! What must hold of the template that is deployed. It is checked as it is evaluated, so that it does not matter in which
//! words the template says it.

mod roles;
mod settings;

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value as Json;

use super::*;
use crate::sql::Message;
use crate::template::resource::FUNCTION;
use crate::template::yaml::Place;
use crate::{parameters, samples};

const TEMPLATE: &str = include_str!("../../../../template.yaml");
const LOG_GROUP: &str = "AWS::Logs::LogGroup";

/// The laptop's parameters, for one RTC service.
fn given(rtc_provider: &str) -> BTreeMap<String, String> {
    let mut given = parameters::laptop(rtc_provider, |_| None);
    given.insert("IotDataEndpoint".to_owned(), "http://127.0.0.1:8080/iot-data".to_owned());
    given
}

/// What the template declares, for one RTC service.
fn service_with(rtc_provider: &str) -> Deployment {
    Deployment::parse("template.yaml", TEMPLATE, &here(), &given(rtc_provider))
        .expect("the service's template can be evaluated")
}

fn service() -> Deployment {
    service_with("livekit")
}

/// The value at a place of the template, evaluated.
fn value(keys: &[&str]) -> Option<Json> {
    let source = Source::parse("template.yaml", TEMPLATE).expect("YAML");
    let (here, given) = (here(), given("livekit"));
    let evaluator = Evaluator::new(&source, &here, &given).expect("it has all parameters");
    let place = keys.iter().fold(Place::default(), |place, key| place.key(*key));
    evaluator.at(&place).expect("it can be evaluated")
}

/// Logical ids of the resources of a type.
fn ids(kind: &str) -> Vec<String> {
    let source = Source::parse("template.yaml", TEMPLATE).expect("YAML");
    let all = Place::of(&["Resources"]);
    let resources = source.entries(&all);
    let of_kind =
        resources.filter(|(_, resource)| resource.get("Type").and_then(|t| t.as_str()) == Some(kind));
    of_kind.map(|(id, _)| id.to_owned()).collect()
}

#[test]
fn every_function_with_samples_exists_and_the_other_way_round() {
    let declared: BTreeSet<String> = service().functions.into_iter().map(|function| function.name).collect();
    let sampled: BTreeSet<String> =
        samples::all().iter().map(|sample| sample.function().to_owned()).collect();
    assert_eq!(declared, sampled);
    assert_eq!(service().authorizer.as_deref(), Some("authorize"));
}

#[test]
fn no_function_is_retried_and_what_fails_is_kept() {
    for function in service().functions {
        assert_eq!(function.asynchronous.retries, 0, "{}", function.name);
        assert_eq!(function.asynchronous.max_age, Duration::from_mins(1), "{}", function.name);
        let on_failure = function.asynchronous.on_failure.as_deref();
        assert_eq!(on_failure, Some("switchboard-FailedEventsQueue"), "{}", function.name);
    }
}

#[test]
fn what_a_function_did_is_told_once() {
    let bus = "arn:aws:events:us-east-1:000000000000:event-bus/switchboard-outcomes";
    for function in service().functions {
        let tells = function
            .role
            .iter()
            .any(|statement| statement.actions == ["events:PutEvents"] && statement.resources == [bus]);
        let told = function.asynchronous.on_success.as_deref() == Some(bus);
        let (is_told, tells_itself) = match function.name.as_str() {
            // Nobody wants to know who looked, or who connected.
            "sync" | "authorize" => (false, false),
            "wake" | "rtc-webhook" => (false, true),
            _ => (true, false),
        };
        assert_eq!((told, tells), (is_told, tells_itself), "{}", function.name);
    }
}

#[test]
fn every_function_writes_to_a_log_group_whose_logs_end() {
    let groups: Vec<Json> =
        ids(LOG_GROUP).iter().filter_map(|id| value(&["Resources", id, "Properties"])).collect();
    for id in ids(FUNCTION) {
        let name = value(&["Resources", &id, "Properties", "FunctionName"]).expect("a name");
        let group = value(&["Resources", &id, "Properties", "LoggingConfig", "LogGroup"]);
        let group =
            group.unwrap_or_else(|| panic!("{id} names no log group: Lambda's own keeps logs forever"));
        assert_eq!(group, format!("/aws/lambda/{}", name.as_str().expect("text")), "{id}");
        let declared = groups.iter().find(|declared| declared["LogGroupName"] == group);
        let days = &declared.unwrap_or_else(|| panic!("{group} is not declared"))["RetentionInDays"];
        assert!(days.as_u64().is_some_and(|days| days > 0), "{id}: {days}");
    }
}

#[test]
fn every_functions_errors_raise_the_alarm() {
    let metrics = value(&["Resources", "FunctionErrorsAlarm", "Properties", "Metrics"]).expect("metrics");
    let metrics = metrics.as_array().expect("a list").iter();
    let watched: BTreeSet<&str> = metrics
        .filter_map(|metric| metric.pointer("/MetricStat/Metric/Dimensions/0/Value")?.as_str())
        .collect();
    let service = service();
    let declared: BTreeSet<&str> =
        service.functions.iter().map(|function| function.deployed_name.as_str()).collect();
    assert_eq!(watched, declared);
}

#[test]
fn what_a_rule_cannot_hand_over_is_kept() {
    // The version and the error action's kind are checked whenever a template is read.
    for rule in service().rules {
        assert_eq!(rule.error_queue.as_deref(), Some("switchboard-FailedEventsQueue"), "{}", rule.name);
    }
    for id in ids("AWS::IoT::TopicRule") {
        let place = ["Resources", &id, "Properties", "TopicRulePayload", "ErrorAction", "Sqs", "RoleArn"];
        let role = value(&place).expect("a role");
        assert_eq!(role, "arn:aws:iam::000000000000:role/switchboard-RuleErrorRole", "{id}");
    }
}

#[test]
fn every_rule_wraps_the_payload_so_that_nothing_in_it_can_pose_as_who_sent_it() {
    let payload = br#"{"client_id":"GID@@@mallory","received_ms":1,"payload":"x"}"#;
    for rule in service().rules {
        let event = rule.statement.apply(&Message {
            topic: "call-up/answer",
            payload,
            client_id: Some("GID@@@alice"),
            principal: None,
            source_ip: Some("203.0.113.7"),
            trace_id: Some("t"),
            received_ms: 5,
        });
        let event = serde_json::to_value(event.expect("it applies to everything")).expect("JSON");
        assert_eq!(event["payload"], BASE64.encode(payload), "{}", rule.name);
        assert_eq!(event["received_ms"], 5, "{}", rule.name);
        // The broker's own lifecycle events name the client in their payload.
        if !rule.statement.from().as_str().starts_with("$aws/") {
            assert_eq!(event["client_id"], "GID@@@alice", "{}", rule.name);
            let names: BTreeSet<&str> =
                event.as_object().expect("fields").keys().map(String::as_str).collect();
            let wanted = ["payload", "client_id", "topic", "received_ms", "trace_id", "source_ip"];
            assert_eq!(names, wanted.into(), "{}", rule.name);
        }
    }
}

#[test]
fn every_rule_listens_to_the_topic_of_its_function() {
    for rule in service().rules {
        let [function] = rule.functions.as_slice() else {
            panic!("{} invokes {:?}", rule.name, rule.functions)
        };
        let topic = match function.as_str() {
            "presence" => "$aws/events/presence/+/+".to_owned(),
            "sync" => "bulk-up/sync".to_owned(),
            function => format!("call-up/{function}"),
        };
        assert_eq!(rule.statement.from().as_str(), topic, "{}", rule.name);
    }
}

#[test]
fn the_table_has_the_sparse_index_and_expiry() {
    let service = service();
    let table = service.tables.first().expect("a table");
    assert_eq!(table.create["GlobalSecondaryIndexes"][0]["IndexName"], "due");
    assert_eq!(table.create["BillingMode"], "PAY_PER_REQUEST");
    let expiry = table.time_to_live.as_ref().expect("items expire");
    assert_eq!(expiry["TimeToLiveSpecification"]["AttributeName"], "expires_at");
}
