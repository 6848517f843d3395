//! Tests of the deployed template. They check the evaluated template, so that its notation does not matter.

mod roles;
mod settings;

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value as Json;

use super::*;
use crate::sql::PublishedMessage;
use crate::template::resource::FUNCTION;
use crate::template::yaml::Place;
use crate::{parameters, samples};

const TEMPLATE: &str = include_str!("../../../../template.yaml");
const LOG_GROUP: &str = "AWS::Logs::LogGroup";

/// Parameters of a laptop with an RTC service.
fn given(rtc_provider: &str) -> BTreeMap<String, String> {
    let mut given = parameters::laptop(rtc_provider, |_| None);
    given.insert("IotDataEndpoint".to_owned(), "http://127.0.0.1:8080/iot-data".to_owned());
    given
}

/// Evaluates the template with an RTC service.
fn service_with(rtc_provider: &str) -> Deployment {
    Deployment::parse("template.yaml", TEMPLATE, &here(), &given(rtc_provider))
        .expect("the template can be evaluated")
}

fn service() -> Deployment {
    service_with("livekit")
}

/// Evaluated value at a place of the template.
fn value(keys: &[&str]) -> Option<Json> {
    let source = Source::parse("template.yaml", TEMPLATE).expect("YAML");
    let (here, given) = (here(), given("livekit"));
    let evaluator = Evaluator::new(&source, &here, &given).expect("all parameters are given");
    let place = keys.iter().fold(Place::default(), |place, key| place.key(*key));
    evaluator.at(&place).expect("the value can be evaluated")
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
fn every_function_has_samples_and_every_sample_has_a_function() {
    let declared: BTreeSet<String> = service().functions.into_iter().map(|function| function.name).collect();
    let sampled: BTreeSet<String> =
        samples::all().iter().map(|sample| sample.function().to_owned()).collect();
    assert_eq!(declared, sampled);
    assert_eq!(service().authorizer.as_deref(), Some("authorize"));
}

#[test]
fn no_function_is_retried_and_failed_events_are_kept() {
    for function in service().functions {
        assert_eq!(function.async_invoke.retries, 0, "{}", function.name);
        assert_eq!(function.async_invoke.max_age, Duration::from_mins(1), "{}", function.name);
        let on_failure = function.async_invoke.on_failure.as_deref();
        assert_eq!(on_failure, Some("switchboard-FailedEventsQueue"), "{}", function.name);
    }
}

// Proves: outcome-events
#[test]
fn every_result_is_published_once() {
    let bus = "arn:aws:events:us-east-1:000000000000:event-bus/switchboard-outcomes";
    for function in service().functions {
        let may_publish = function
            .role
            .iter()
            .any(|statement| statement.actions == ["events:PutEvents"] && statement.resources == [bus]);
        let has_destination = function.async_invoke.on_success.as_deref() == Some(bus);
        let expected = match function.name.as_str() {
            // Reads, settings and connections are not reported.
            "sync" | "settings" | "authorize" => (false, false),
            "wake" | "rtc-webhook" | "presence" => (false, true),
            // The call that an accept leaves is not the call of the request.
            "answer" => (true, true),
            _ => (true, false),
        };
        assert_eq!((has_destination, may_publish), expected, "{}", function.name);
    }
}

#[test]
fn every_function_has_a_log_group_with_a_retention() {
    let groups: Vec<Json> =
        ids(LOG_GROUP).iter().filter_map(|id| value(&["Resources", id, "Properties"])).collect();
    for id in ids(FUNCTION) {
        let name = value(&["Resources", &id, "Properties", "FunctionName"]).expect("a name");
        let group = value(&["Resources", &id, "Properties", "LoggingConfig", "LogGroup"]);
        let group = group
            .unwrap_or_else(|| panic!("{id} has no log group; the default one of Lambda keeps logs forever"));
        assert_eq!(group, format!("/aws/lambda/{}", name.as_str().expect("text")), "{id}");
        let declared = groups.iter().find(|declared| declared["LogGroupName"] == group);
        let days = &declared.unwrap_or_else(|| panic!("{group} is not declared"))["RetentionInDays"];
        assert!(days.as_u64().is_some_and(|days| days > 0), "{id}: {days}");
    }
}

/// Returns the names of the functions whose `metric` an alarm watches.
fn watched(alarm: &str, metric: &str) -> BTreeSet<String> {
    let metrics = value(&["Resources", alarm, "Properties", "Metrics"]).expect("metrics");
    let metrics =
        metrics.as_array().expect("a list").iter().filter_map(|each| each.pointer("/MetricStat/Metric"));
    metrics
        .filter(|each| each["Namespace"] == "AWS/Lambda" && each["MetricName"] == metric)
        .filter_map(|each| each.pointer("/Dimensions/0/Value")?.as_str().map(str::to_owned))
        .collect()
}

#[test]
fn errors_and_throttles_of_every_function_raise_an_alarm() {
    let declared: BTreeSet<String> =
        service().functions.into_iter().map(|function| function.deployed_name).collect();
    for (alarm, metric) in [("FunctionErrorsAlarm", "Errors"), ("FunctionThrottlesAlarm", "Throttles")] {
        let alarms = [alarm, "AuthorizeAlarm", "SettingsAlarm"];
        let all: BTreeSet<String> = alarms.into_iter().flat_map(|alarm| watched(alarm, metric)).collect();
        assert_eq!(all, declared, "{metric}");
    }
}

#[test]
fn only_a_service_with_callbacks_makes_a_function_public() {
    for provider in switchboard_rtc::Provider::ALL {
        let account = switchboard_rtc::Account { key_secret: "x".to_owned().into(), ..Default::default() };
        let secret = "x".to_owned().into();
        let has_callbacks = switchboard_rtc::callback_reader(provider, &account, Some(&secret)).is_some();
        let service = service_with(provider.name());
        let public: Vec<&str> =
            service.functions.iter().filter(|f| f.has_url).map(|f| f.name.as_str()).collect();
        let expected: &[&str] = if has_callbacks { &["rtc-webhook"] } else { &[] };
        assert_eq!(public, expected, "{provider}");
    }
}

#[test]
fn the_names_of_rules_follow_from_their_topics() {
    let names: BTreeSet<String> = service().rules.into_iter().map(|rule| rule.name).collect();
    let wanted = [
        "call_up_answer",
        "call_up_attend",
        "call_up_create_meeting",
        "call_up_destroy",
        "call_up_invite",
        "call_up_moderate",
        "call_up_presence",
        "call_up_settings",
        "bulk_up_sync",
    ];
    assert_eq!(names, wanted.map(str::to_owned).into());
}

#[test]
fn every_rule_keeps_events_that_it_cannot_deliver() {
    // Reading a template already checks the SQL version and the kind of the error action.
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
fn every_rule_wraps_the_payload_so_that_it_cannot_forge_the_sender() {
    let payload =
        br#"{"client_id":"GID@@@mallory","clientId":"GID@@@mallory","received_ms":1,"payload":"x"}"#;
    for rule in service().rules {
        // Lifecycle events of the broker name the client in their payload.
        let is_lifecycle = rule.statement.topic_filter().as_str().starts_with("$aws/");
        let event = rule.statement.apply(&PublishedMessage {
            topic: if is_lifecycle { "$aws/events/presence/connected/x" } else { "call-up/answer" },
            payload,
            client_id: Some("GID@@@alice"),
            principal: None,
            source_ip: Some("203.0.113.7"),
            trace_id: Some("t"),
            received_ms: 5,
        });
        let event = serde_json::to_value(event.expect("the rule applies to every message")).expect("JSON");
        assert_eq!(event["payload"], BASE64.encode(payload), "{}", rule.name);
        assert_eq!(event["received_ms"], 5, "{}", rule.name);
        if !is_lifecycle {
            assert_eq!(event["client_id"], "GID@@@alice", "{}", rule.name);
            let names: BTreeSet<&str> =
                event.as_object().expect("fields").keys().map(String::as_str).collect();
            // The address of the sender is left out, since every field of the event reaches the rules of the outcome
            // bus and the failed events.
            let wanted = ["payload", "client_id", "topic", "received_ms", "trace_id"];
            assert_eq!(names, wanted.into(), "{}", rule.name);
        }
    }
}

#[test]
fn only_connects_and_disconnects_of_terminals_invoke_presence() {
    let service = service();
    let rule = service.rules.iter().find(|rule| rule.functions == ["presence"]).expect("a rule");
    let invokes = |kind: &str, client_id: &str| {
        let payload = serde_json::json!({"clientId": client_id, "eventType": kind}).to_string();
        let message = PublishedMessage {
            topic: &format!("$aws/events/presence/{kind}/{client_id}"),
            payload: payload.as_bytes(),
            client_id: None,
            principal: None,
            source_ip: None,
            trace_id: None,
            received_ms: 5,
        };
        rule.statement.apply(&message).is_some()
    };
    assert!(invokes("connected", "GID_ios@@@alice.phone"));
    assert!(invokes("disconnected", "GID-web@@@bob"));
    assert!(!invokes("connect_failed", "GID_ios@@@alice.phone"));
    assert!(!invokes("connected", "thermometer-7"));
    assert!(!invokes("connected", "@@@alice"));
    assert!(!invokes("connected", "x y@@@alice"));
}

#[test]
fn every_rule_selects_the_topic_of_its_function() {
    for rule in service().rules {
        let [function] = rule.functions.as_slice() else {
            panic!("{} invokes {:?}", rule.name, rule.functions)
        };
        let topic = match function.as_str() {
            "presence" => "$aws/events/presence/+/+".to_owned(),
            "sync" => "bulk-up/sync".to_owned(),
            function => format!("call-up/{function}"),
        };
        assert_eq!(rule.statement.topic_filter().as_str(), topic, "{}", rule.name);
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
