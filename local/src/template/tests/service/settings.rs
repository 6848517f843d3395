//! Tests that the template sets exactly the variables that the functions read. The tests run the functions' own
//! readers.

use std::cell::RefCell;

use switchboard_rtc::management::HttpTimeouts;
use switchboard_service::aws::{Aws, Https};
use switchboard_service::config::{Config, callbacks};

use super::*;

/// Variables that Lambda sets.
const LAMBDA: [&str; 4] = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
/// Variables that only a laptop sets, or only Lambda. In AWS, the SDK knows the endpoints.
const LAPTOP: [&str; 6] = [
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_SQS",
    "AWS_ENDPOINT_URL_EVENTBRIDGE",
    "AWS_ENDPOINT_URL_SSM",
    "LAMBDA_TASK_ROOT",
    "AWS_EXECUTION_ENV",
];
/// Variable with the address of the broker. Every AWS account has its own address, so functions that call the broker
/// need it.
const BROKER: &str = "AWS_ENDPOINT_URL_IOT_DATA_PLANE";
/// Variable for functions that publish outcomes themselves.
const BUS: &str = "OUTCOME_BUS";

fn publishes_outcomes(function: &Function) -> bool {
    function.role.iter().flat_map(|statement| &statement.actions).any(|action| action == "events:PutEvents")
}

/// Names of all variables that a function reads at its start with the template's values.
fn variables_read(function: &Function) -> BTreeSet<&'static str> {
    let names = RefCell::new(BTreeSet::new());
    let variables = |name: &'static str| {
        names.borrow_mut().insert(name);
        let set = function.environment.get(name).cloned().filter(|value| !value.is_empty());
        set.or_else(|| LAMBDA.contains(&name).then(|| "set-by-lambda".to_owned()))
            // Functions read the management key only if this URL is set.
            .or_else(|| (name == "RTC_API_URL").then(|| "http://127.0.0.1:8080".to_owned()))
            .or_else(|| name.starts_with("RTC_API_KEY").then(|| "a key of tests".to_owned()))
    };
    let https = Https::read(&|_| None).expect("the embedded authorities");
    let http = https.rtc_client(HttpTimeouts::default());
    let read = match function.name.as_str() {
        "authorize" => functions::authorize::AuthorizerConfig::read(&variables).map(drop),
        "rtc-webhook" => Config::read(&variables, http).and_then(|_| callbacks(&variables)).map(drop),
        _ => Config::read(&variables, http).map(drop),
    };
    // A successful read means that every required variable is set to a valid value.
    read.unwrap_or_else(|error| panic!("{} does not start: {error}", function.name));
    assert!(Aws::read(&variables, https).is_ok(), "{}", function.name);
    names.into_inner()
}

#[test]
fn the_template_sets_exactly_the_variables_that_each_function_reads() {
    let (livekit, alibaba) = (service_with("livekit"), service_with("alibaba"));
    for (function, other) in livekit.functions.iter().zip(&alibaba.functions) {
        let calls_broker = function
            .role
            .iter()
            .flat_map(|statement| &statement.actions)
            .any(|action| action.starts_with("iot:"));
        let mut read: BTreeSet<&str> = &variables_read(function) | &variables_read(other);
        read.retain(|name| !LAMBDA.contains(name) && !LAPTOP.contains(name));
        read.retain(|name| *name != BROKER || calls_broker);
        read.retain(|name| *name != BUS || publishes_outcomes(function));
        // `FunctionSettings` reads this variable before all others, and `MetricLines` its own.
        read.extend(["SECRETS_PATH", switchboard_service::metrics::NAMESPACE]);
        let set: BTreeSet<&str> = function.environment.keys().map(String::as_str).collect();
        assert_eq!(set, read, "{}", function.name);
    }
}

#[test]
fn variables_have_the_values_of_their_resources() {
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
    assert_eq!(of("wake")["CHANNEL_PREFIX"], "switchboard", "the samples name its channels");
}

#[test]
fn the_prefix_of_channels_follows_from_the_stack_unless_it_is_set() {
    let mut given = given("livekit");
    given.insert("ChannelPrefix".to_owned(), String::new());
    let deployment = Deployment::parse("template.yaml", TEMPLATE, &here(), &given).expect("a template");
    let wake = deployment.functions.iter().find(|function| function.name == "wake").expect("a function");
    assert_eq!(wake.environment["CHANNEL_PREFIX"], "51af3dc0");
}

#[test]
fn a_role_may_read_the_secrets_of_its_function_and_no_others() {
    use switchboard_service::settings::{CALLBACK_SECRETS, MEETING_SECRETS, TOKEN_SECRETS};
    let mut given = given("livekit");
    given.insert("SecretsPath".to_owned(), "/calls/prod".to_owned());
    let deployment = Deployment::parse("template.yaml", TEMPLATE, &here(), &given).expect("a template");
    for function in &deployment.functions {
        let wanted: BTreeSet<&str> = match function.name.as_str() {
            "authorize" => TOKEN_SECRETS.into(),
            "rtc-webhook" => &BTreeSet::from(MEETING_SECRETS) | &BTreeSet::from(CALLBACK_SECRETS),
            _ => MEETING_SECRETS.into(),
        };
        let allowed: BTreeSet<&str> = function
            .role
            .iter()
            .filter(|statement| statement.actions == ["ssm:GetParameters"])
            .flat_map(|statement| &statement.resources)
            .map(|arn| {
                let path = "arn:aws:ssm:us-east-1:000000000000:parameter/calls/prod/";
                arn.strip_prefix(path).unwrap_or_else(|| panic!("{arn} is not below the path"))
            })
            .collect();
        assert_eq!(allowed, wanted, "{}", function.name);
    }
    let without = service();
    let reads = |function: &Function| function.role.iter().any(|it| it.actions == ["ssm:GetParameters"]);
    assert!(!without.functions.iter().any(reads), "without a path no function reads secrets");
}

/// Returns `true` if a deployment with this value of a parameter is accepted.
fn template_accepts(parameter: &str, value: &str) -> bool {
    let mut parameters = parameters::laptop("livekit", |_| None);
    parameters.insert("IotDataEndpoint".to_owned(), "http://127.0.0.1:8080/iot-data".to_owned());
    parameters.insert(parameter.to_owned(), value.to_owned());
    Deployment::parse("template.yaml", TEMPLATE, &here(), &parameters).is_ok()
}

/// Returns `true` if the functions that read a variable start with this value.
fn functions_accept(variable: &str, value: &str) -> bool {
    let service = service();
    let with = |function: &Function| {
        let mut environment = function.environment.clone();
        environment.insert(variable.to_owned(), value.to_owned());
        // TURN servers need a secret, which is a setting of its own.
        environment.insert("TURN_SECRET".to_owned(), "a secret of tests".to_owned());
        move |name: &'static str| {
            let set = environment.get(name).cloned().filter(|value| !value.is_empty());
            set.or_else(|| LAMBDA.contains(&name).then(|| "set-by-lambda".to_owned()))
                .or_else(|| name.starts_with("RTC_API_KEY").then(|| "a key of tests".to_owned()))
        }
    };
    let mut readers = service.functions.iter().filter(|function| function.environment.contains_key(variable));
    readers.all(|function| {
        let variables = with(function);
        let is_read = match function.name.as_str() {
            "authorize" => functions::authorize::AuthorizerConfig::read(&variables).is_ok(),
            _ => {
                let https = Https::read(&|_| None).expect("the embedded authorities");
                Config::read(&variables, https.rtc_client(HttpTimeouts::default())).is_ok()
            }
        };
        let https = Https::read(&|_| None).expect("the embedded authorities");
        is_read && Aws::read(&variables, https).is_ok()
    })
}

// Case: settings-stop-the-start
#[test]
fn the_template_accepts_the_values_with_which_the_functions_start() {
    let long = "x".repeat(33);
    let cases: [(&str, &str, &[&str], &[&str]); 10] = [
        ("CallDownParent", "CALL_DOWN_PARENT", &["call-dn", "a_B-9"], &["", "a/b", "a+", "#", "ä", &long]),
        ("BulkDownParent", "BULK_DOWN_PARENT", &["bulk-dn"], &["", "a/b", "a b", "$aws", &long]),
        ("CallUpParent", "CALL_UP_PARENT", &["call-up"], &["", "a/b", "+", &long]),
        ("BulkUpParent", "BULK_UP_PARENT", &["bulk-up"], &["", "a/b", "+", &long]),
        (
            "AllowedGroups",
            "ALLOWED_GROUPS",
            &["", "GID_ios", " GID_ios, GID_web ,"],
            &["a b", "a/b", "a;b", "ä"],
        ),
        ("IdKey", "ID_KEY", &[&long], &["", "0123456789abcdef"]),
        ("ChannelPrefix", "CHANNEL_PREFIX", &["sb", "a_B9"], &["a-b", "a.b", "xxxxxxxxxxxxxxxxxxxxxxxxx"]),
        (
            "RtcUrl",
            "RTC_URL",
            &["wss://rtc.example.com", "http://127.0.0.1:7880/x", "ws://[::1]:1"],
            &["rtc.example.com", "wss://", "ftp://a", "wss://a b", "wss:///a"],
        ),
        (
            "RtcApiUrl",
            "RTC_API_URL",
            &["", "https://rtc.example.com/", "http://127.0.0.1:1/a"],
            &["rtc.example.com", "https://", "wss://a", "https://a?b", "https://a@b", "https://a b"],
        ),
        (
            "TurnUrls",
            "TURN_URLS",
            &[
                "",
                "turn:a",
                "TURN:a:1",
                "turns:a:443?transport=tcp , stun:b,",
                "turn:[2001:db8::1]:3478",
                "stuns:a",
            ],
            &[
                "a",
                "turn:",
                "turn://a",
                "turn:a?transport=sctp",
                "turn:u@a",
                "turn:a b",
                "turn:2001:db8::1",
                "turn:a:1/",
                "stun:a?transport=udp",
                "turn:a stun:b",
                "turn:a:123456",
            ],
        ),
    ];
    for (parameter, variable, right, wrong) in cases {
        for value in right {
            assert!(template_accepts(parameter, value), "{parameter}={value}");
            assert!(functions_accept(variable, value), "{variable}={value}");
        }
        for value in wrong {
            assert!(!template_accepts(parameter, value), "{parameter}={value}");
            assert!(!functions_accept(variable, value), "{variable}={value}");
        }
    }
    assert!(template_accepts("TurnUrls", "turn:a:99999") && !functions_accept("TURN_URLS", "turn:a:99999"));
}

#[test]
fn a_value_that_the_template_does_not_list_is_refused_without_being_shown() {
    let parse = |parameter: &str, value: &str| {
        let mut parameters = parameters::laptop("livekit", |_| None);
        parameters.insert("IotDataEndpoint".to_owned(), "http://127.0.0.1:8080/iot-data".to_owned());
        parameters.insert(parameter.to_owned(), value.to_owned());
        Deployment::parse("template.yaml", TEMPLATE, &here(), &parameters).map(drop)
    };
    for (parameter, value) in
        [("RtcProvider", "xyzzy"), ("LogLevel", "xyzzy"), ("LogRetentionDays", "xyzzy"), ("IdKey", "xyzzy")]
    {
        let refusal = parse(parameter, value).expect_err(parameter).to_string();
        assert!(refusal.contains(parameter) && !refusal.contains("xyzzy"), "{refusal}");
    }
}

// Case: parents-that-meet
#[test]
fn parents_that_meet_are_refused_by_the_rule_of_the_template() {
    let parse = |changes: &[(&str, &str)]| {
        let mut parameters = parameters::laptop("livekit", |_| None);
        parameters.insert("IotDataEndpoint".to_owned(), "http://127.0.0.1:8080/iot-data".to_owned());
        parameters.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Deployment::parse("template.yaml", TEMPLATE, &here(), &parameters).map(drop)
    };
    for change in [("CallDownParent", "call-up"), ("BulkDownParent", "bulk-up"), ("CallUpParent", "bulk-dn")]
    {
        let refusal = parse(&[change]).expect_err("refused").to_string();
        assert!(refusal.contains("ParentsDiffer"), "{refusal}");
    }
    assert!(parse(&[("CallUpParent", "bulk-up")]).is_ok(), "two parents of requests may be equal");
    let refusal = parse(&[("JwtHs256Secret", "")]).expect_err("refused").to_string();
    assert!(refusal.contains("TokensCanBeVerified"), "{refusal}");
}
