//! Tests of valid and invalid command lines.

use std::time::Duration;

use clap::CommandFactory as _;
use clap::error::ErrorKind;
use serde_json::json;
use switchboard_protocol::object::{Media, Mode};
use switchboard_protocol::requests::RejectReason;

use super::*;
use crate::options::values::Device;

fn parse(line: &str) -> Command {
    try_parse(line).unwrap_or_else(|error| panic!("{line}: {error}")).command
}

fn try_parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(std::iter::once("call").chain(line.split_whitespace()))
}

fn refusal(line: &str) -> ErrorKind {
    try_parse(line).expect_err(line).kind()
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_shows_examples() {
    for command in Cli::command().get_subcommands() {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        assert!(help.contains(&format!("call {}", command.get_name())), "{}", command.get_name());
    }
}

#[test]
fn every_example_of_the_help_can_be_parsed() {
    let mut examples = vec![EXAMPLES.to_owned()];
    examples.extend(
        Cli::command().get_subcommands().filter_map(|command| Some(command.get_after_help()?.to_string())),
    );
    // Lines with quotes or operators need a shell to split them.
    let lines = examples.iter().flat_map(|text| text.lines()).filter(|line| line.starts_with("  call "));
    let plain = lines.filter(|line| !line.contains(['\'', '"', '<', '>', '$', '|', '&', '…']));
    let mut count = 0;
    for line in plain {
        // Two spaces separate the command from its description.
        let command = line.trim().split("  ").next().unwrap_or_default();
        try_parse(command.trim_start_matches("call ")).unwrap_or_else(|error| panic!("{command}: {error}"));
        count += 1;
    }
    assert!(count > 15, "{count}");
}

#[test]
fn common_options_stand_before_or_behind_the_command() {
    for line in ["--as alice.phone --json sync", "sync --as alice.phone --json"] {
        let common = try_parse(line).expect(line).common;
        let device = Device::Part("alice".to_owned(), Some("phone".to_owned()));
        assert_eq!((common.identity.device, common.json), (Some(device), true), "{line}");
    }
}

#[test]
fn a_device_is_an_account_with_or_without_instance_or_a_whole_client_id() {
    let client_id = |text: &str, instance| {
        let device: Device = text.parse().expect(text);
        device.client_id("GID_call", instance).expect(text).to_string()
    };
    assert_eq!(client_id("alice", None), "GID_call@@@alice");
    assert_eq!(client_id("alice", Some("shell")), "GID_call@@@alice.shell");
    assert_eq!(client_id("alice.phone", Some("shell")), "GID_call@@@alice.phone");
    assert_eq!(client_id("GID_ios@@@alice.phone", Some("shell")), "GID_ios@@@alice.phone");
    for bad in ["", "alice.", "a.b.c", "alice+", "@@@alice", "alice phone"] {
        assert!(bad.parse::<Device>().is_err(), "{bad}");
    }
    assert_eq!(refusal("sync --as a.b.c"), ErrorKind::ValueValidation);
}

#[test]
fn the_default_mode_is_direct_for_one_account_and_group_for_several() {
    let request = |line: &str| match parse(line) {
        Command::Create(create) => create.request(),
        other => panic!("{other:?}"),
    };
    let direct = request("create bob");
    assert_eq!((direct.mode, direct.media, direct.invitees.len()), (Mode::Direct, Media::Audio, 1));
    let group = request("create bob carol --video --title Sync --ring-seconds 20");
    assert_eq!((group.mode, group.media), (Mode::Group, Media::Video));
    assert_eq!((group.title.as_deref(), group.ring_seconds), (Some("Sync"), Some(20)));
    assert_eq!(request("create bob --mode group").mode, Mode::Group);
    let rules = request(r#"create bob --policy {"invite":"any"} --ext {"ticket":7}"#);
    assert_eq!(json!(rules.policy)["invite"], "any");
    assert_eq!(json!(rules.ext), json!({"ticket": 7}));
}

#[test]
fn a_call_needs_valid_accounts_and_options() {
    assert_eq!(refusal("create"), ErrorKind::MissingRequiredArgument);
    assert_eq!(refusal("create bob@example.com"), ErrorKind::ValueValidation);
    assert_eq!(refusal("create bob --mode circle"), ErrorKind::InvalidValue);
    assert_eq!(refusal("create bob --ext 5"), ErrorKind::ValueValidation);
    assert_eq!(refusal("create bob --hang-up-after -1"), ErrorKind::UnknownArgument);
    assert_eq!(refusal("create bob --hang-up-after soon"), ErrorKind::ValueValidation);
}

#[test]
fn listening_accepts_or_rejects_but_not_both() {
    let Command::Listen(listen) = parse("listen --reject --after 1.5 --once") else { panic!("`listen`") };
    assert_eq!(listen.reject, Some(RejectReason::Declined));
    assert_eq!((listen.after, listen.once), (Duration::from_millis(1500), true));
    let Command::Listen(listen) = parse("listen --reject busy") else { panic!("`listen`") };
    assert_eq!(listen.reject, Some(RejectReason::Busy));
    assert_eq!(refusal("listen --accept --reject"), ErrorKind::ArgumentConflict);
    assert_eq!(refusal("listen --reject never"), ErrorKind::InvalidValue);
}

#[test]
fn an_answer_needs_no_id_but_a_meeting_needs_one() {
    for line in ["answer accept", "answer accept i7 --meeting m1 --video", "answer reject i7 --reason busy"] {
        assert!(matches!(parse(line), Command::Answer(_)), "{line}");
    }
    assert_eq!(refusal("answer accept --meeting m1"), ErrorKind::MissingRequiredArgument);
    assert_eq!(refusal("answer accept --audio --video"), ErrorKind::ArgumentConflict);
    assert_eq!(refusal("answer"), ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand);
}

#[test]
fn destroy_names_a_meeting_or_a_create_request() {
    for line in ["destroy m1", "destroy --create-id c1 --reason over"] {
        assert!(matches!(parse(line), Command::Destroy(_)), "{line}");
    }
    assert_eq!(refusal("destroy"), ErrorKind::MissingRequiredArgument);
    assert_eq!(refusal("destroy m1 --create-id c1"), ErrorKind::ArgumentConflict);
}

#[test]
fn the_meeting_of_a_request_is_optional() {
    for line in ["invite carol", "invite carol dave --meeting m1 --ring-seconds 20"] {
        assert!(matches!(parse(line), Command::Invite(_)), "{line}");
    }
    for line in ["cancel", "cancel carol --meeting m1", "leave", "leave --meeting m1", "sync --meeting m1"] {
        parse(line);
    }
    assert_eq!(refusal("invite"), ErrorKind::MissingRequiredArgument);
    assert_eq!(refusal("leave --meeting a/b"), ErrorKind::ValueValidation);
    let Command::History(history) = parse("history --limit 5 --cursor c") else { panic!("`history`") };
    assert_eq!((history.limit, history.cursor.as_deref()), (Some(5), Some("c")));
    let Command::Watch(watch) = parse("watch --full") else { panic!("`watch`") };
    assert!(watch.full);
}

#[test]
fn a_request_keeps_its_fields_and_gets_missing_ones() {
    let Command::Request(request) = parse("request sync {}") else { panic!("`request`") };
    let body = |text: &str| {
        let uplink = request.uplink(text).expect(text);
        serde_json::from_slice::<serde_json::Value>(&uplink.payload()).expect("JSON")
    };
    assert_eq!(body(r#"{"type":"sync","id":"s1","v":2}"#), json!({"type": "sync", "id": "s1", "v": 2}));
    let filled = body(r#"{"type":"sync"}"#);
    assert_eq!(filled["v"], 1);
    assert_eq!(filled["id"].as_str().map(str::len), Some(32));
    for bad in ["[]", "x", r#"{"id":5}"#, r#"{"id":""}"#] {
        let failure = request.uplink(bad).expect_err(bad).to_string();
        assert!(failure.contains("--raw"), "{failure}");
    }
    assert_eq!(refusal("request a/b {}"), ErrorKind::ValueValidation);
}

#[test]
fn a_token_is_made_or_explained() {
    let Command::Token(token) = parse("token --valid-for 60") else { panic!("`token`") };
    assert_eq!((token.valid_for, token.decode.is_none()), (Duration::from_mins(1), true));
    assert!(matches!(parse("token --decode -"), Command::Token(token) if token.decode.is_some()));
    assert_eq!(refusal("token --decode x --valid-for 5"), ErrorKind::ArgumentConflict);
    let Command::Token(token) = parse("token --decode x --rtc-secret A --turn-secret B") else {
        panic!("`token`")
    };
    assert!(token.rtc_secret.is_some() && token.turn_secret.is_some());
}

#[test]
fn completions_know_the_commands() {
    assert!(matches!(parse("completions fish"), Command::Completions(_)));
    assert_eq!(refusal("completions cobol"), ErrorKind::InvalidValue);
    let mut script = Vec::new();
    clap_complete::generate(clap_complete::Shell::Bash, &mut Cli::command(), "call", &mut script);
    let script = String::from_utf8(script).expect("text");
    assert!(script.contains("--hang-up-after") && script.contains("history"), "{script}");
}

#[test]
fn secrets_show_neither_in_help_nor_in_debug_output() {
    let cli = try_parse("token --secret TOP --token HUSH --decode SHH --rtc-secret PST --turn-secret ZIP");
    let cli = cli.expect("secrets");
    let shown = format!("{cli:?}");
    assert!(!["TOP", "HUSH", "SHH", "PST", "ZIP"].iter().any(|secret| shown.contains(secret)), "{shown}");
    let hidden: Vec<_> = Cli::command()
        .get_arguments()
        .filter(|argument| argument.get_env().is_some() && argument.is_hide_env_values_set())
        .map(|argument| argument.get_id().to_string())
        .collect();
    assert_eq!(hidden, ["secret"]);
}
