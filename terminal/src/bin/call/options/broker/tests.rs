//! Tests of options and ready files, and of the broker that they select.

use super::*;
use clap::Parser;

#[derive(Debug, Parser)]
struct CommandLine {
    #[command(flatten)]
    broker: BrokerOptions,
}

fn parse(options: &str) -> Result<BrokerOptions, clap::Error> {
    let arguments = std::iter::once("call").chain(options.split_whitespace());
    CommandLine::try_parse_from(arguments).map(|line| line.broker)
}

fn config(options: &str) -> Result<Config, CommandError> {
    parse(options)
        .expect(options)
        .config("GID@@@alice".parse().expect("a client ID"), "token".to_owned().into())
}

fn address(options: &str) -> (String, u16) {
    let config = config(options).expect(options);
    (config.host, config.port)
}

#[test]
fn the_default_port_follows_from_tls_and_authorizer() {
    assert_eq!(address("--broker host"), ("host".to_owned(), 1883));
    assert_eq!(address("--broker host:99"), ("host".to_owned(), 99));
    assert_eq!(address("--broker host:99 --tls"), ("host".to_owned(), 99));
    assert_eq!(address("--broker host --tls"), ("host".to_owned(), 8883));
    assert_eq!(address("--broker host --authorizer switchboard"), ("host".to_owned(), 443));
}

#[test]
fn an_authorizer_is_named_in_the_user_name_and_needs_tls() {
    let config = config("--broker host --authorizer switchboard").expect("a broker");
    assert_eq!(config.user_name, "?x-amz-customauthorizer-name=switchboard");
    assert!(matches!(config.transport, Transport::Tls(_)));
}

#[test]
fn a_deployment_may_have_its_own_topic_parents() {
    let config = config("--broker host --parents a/up,b/up,a/dn,b/dn").expect("a broker");
    assert_eq!((config.uplinks.control.as_str(), config.uplinks.bulk.as_str()), ("a/up", "b/up"));
    assert_eq!((config.downlinks.control.as_str(), config.downlinks.bulk.as_str()), ("a/dn", "b/dn"));
    for bad in ["a,b,c", "a,b,c,d,e", "a,b,c,+", "a,b,,d"] {
        assert!(parse(&format!("--parents {bad}")).is_err(), "{bad}");
    }
}

#[test]
fn a_malformed_broker_address_is_refused() {
    for bad in ["host:port", "host:70000", ":1883", "mqtt://host"] {
        assert!(parse(&format!("--broker {bad}")).is_err(), "{bad}");
    }
}

#[test]
fn the_ready_file_is_found_here_and_in_the_nearest_folder_above() {
    let folder = tempfile::tempdir().expect("a folder");
    let below = folder.path().join("terminal/src");
    std::fs::create_dir_all(&below).expect("folders");
    assert_eq!(ready_file_above(&below), None);
    let ready = folder.path().join(READY_FILE);
    std::fs::create_dir_all(folder.path().join(".local")).expect("a folder");
    std::fs::write(&ready, r#"{"mqtt":"127.0.0.1:99","http":"…"}"#).expect("a file");
    assert_eq!(ready_file_above(&below), Some(ready.clone()));
    assert_eq!(address(&format!("--stack {}", ready.display())), ("127.0.0.1".to_owned(), 99));
}

#[test]
fn without_a_stack_the_error_says_how_to_start_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("ready.json");
    let error =
        config(&format!("--stack {}", missing.display())).expect_err("the file is missing").to_string();
    assert!(error.contains("no stack is running") && error.contains("make run"), "{error}");
    std::fs::write(&missing, "{}").expect("a file");
    let error =
        config(&format!("--stack {}", missing.display())).expect_err("the file has no address").to_string();
    assert!(error.contains("is not the ready file"), "{error}");
}

#[test]
fn a_file_without_certificates_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, "nothing").expect("a file");
    let error =
        config(&format!("--broker host --ca {}", file.display())).expect_err("no certificate").to_string();
    assert!(error.contains("no certificate"), "{error}");
}
