//! From options and ready files to a broker.

use super::*;
use crate::cli::Cli;
use clap::Parser as _;

fn config(options: &str) -> Result<Config, Failure> {
    let line = ["call", "sync"].into_iter().chain(options.split_whitespace());
    let place = Cli::try_parse_from(line).expect(options).common.place;
    place.config("GID@@@alice".parse().expect("a client ID"), "token".to_owned().into())
}

fn address(options: &str) -> (String, u16) {
    let config = config(options).expect(options);
    (config.host, config.port)
}

#[test]
fn the_port_follows_from_what_is_spoken() {
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
fn a_deployment_may_have_topics_of_its_own() {
    let config = config("--broker host --parents a/up,b/up,a/dn,b/dn").expect("a broker");
    assert_eq!((config.uplinks.control.as_str(), config.uplinks.bulk.as_str()), ("a/up", "b/up"));
    assert_eq!((config.downlinks.control.as_str(), config.downlinks.bulk.as_str()), ("a/dn", "b/dn"));
    for bad in ["a,b,c", "a,b,c,d,e", "a,b,c,+", "a,b,,d"] {
        let line = ["call", "sync", "--parents", bad];
        assert!(Cli::try_parse_from(line).is_err(), "{bad}");
    }
}

#[test]
fn what_is_no_broker_is_refused() {
    for bad in ["host:port", "host:70000", ":1883", "mqtt://host"] {
        assert!(Cli::try_parse_from(["call", "sync", "--broker", bad]).is_err(), "{bad}");
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
fn without_a_stack_it_is_said_how_to_start_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("ready.json");
    let failure = config(&format!("--stack {}", missing.display())).expect_err("there is none").to_string();
    assert!(failure.contains("no stack is running") && failure.contains("make run"), "{failure}");
    std::fs::write(&missing, "{}").expect("a file");
    let failure = config(&format!("--stack {}", missing.display())).expect_err("it is empty").to_string();
    assert!(failure.contains("is no ready file"), "{failure}");
}

#[test]
fn a_file_without_certificates_is_no_authority() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, "nothing").expect("a file");
    let failure = config(&format!("--broker host --ca {}", file.display())).expect_err("nobody").to_string();
    assert!(failure.contains("no certificate"), "{failure}");
}
