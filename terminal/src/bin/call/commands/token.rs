//! `call token`: creates a development token, or explains a token.

use std::io::Read as _;
use std::time::Duration;

use clap::Args;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::clock::now_seconds;
use crate::error::CommandError;
use crate::explain::{Secrets, explain};
use crate::options::CommonOptions;
use crate::options::values::seconds;
use crate::outcome::CommandOutcome;
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  call token --as alice --name Alice                     a token that the laptop stack accepts
  CALL_TOKEN=$(call token --as alice) call listen --as alice.phone
  call token --decode eyJhbGciOi…                        user, place, rights, expiry, and validity with reasons
  call token --decode - --secret \"$KEY\" < join.json      a whole `join` object, with its signature checked

Exit code 1 with --decode: the token is invalid, or its format is unknown. Other users of the machine can see a token that is an \
argument; `-` reads it from standard input.";

/// Create a development token, or explain any token in plain words.
///
/// Created tokens are signed with the development secret, so only the laptop stack accepts them. The command
/// explains the app's JWT, the tokens of LiveKit, Alibaba, Agora, Tencent and Janus, TURN credentials, and
/// whole `join` objects or messages that contain one. A secret is needed only to check the signature.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct TokenArgs {
    /// Explain this token instead of creating one; `-` reads it from standard input
    #[arg(long, value_name = "TOKEN|-")]
    pub decode: Option<SecretString>,

    /// The secret half of the key at the RTC service, to verify its tokens [default: value of --secret]
    #[arg(long, env = "RTC_KEY_SECRET", hide_env_values = true, value_name = "SECRET")]
    pub rtc_secret: Option<SecretString>,

    /// The TURN server's secret, to verify TURN credentials [default: value of --secret, for a single credential]
    #[arg(long, env = "TURN_SECRET", hide_env_values = true, value_name = "SECRET")]
    pub turn_secret: Option<SecretString>,

    /// Life of the token in seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "3600", conflicts_with = "decode")]
    pub valid_for: Duration,
}

/// Creates or explains a token.
pub fn run(token: &TokenArgs, common: &CommonOptions) -> Result<CommandOutcome, CommandError> {
    let printer = Printer { json: common.json };
    match &token.decode {
        Some(text) => decode(text.expose_secret(), token, common, printer),
        None => {
            let client_id = common.identity.client_id(None)?;
            let account = client_id.user();
            let minted = common.identity.development_token(account.as_str(), token.valid_for);
            let ends = now_seconds().saturating_add_unsigned(token.valid_for.as_secs());
            let fields = json!({"token": minted.expose_secret(), "account": account, "ends": ends});
            printer.text("token", minted.expose_secret(), fields);
            Ok(CommandOutcome::Done)
        }
    }
}

fn decode(
    text: &str,
    token: &TokenArgs,
    common: &CommonOptions,
    printer: Printer,
) -> Result<CommandOutcome, CommandError> {
    let mut input = String::new();
    let text = if text == "-" {
        std::io::stdin()
            .read_to_string(&mut input)
            .map_err(|error| CommandError::new(format!("standard input: {error}")))?;
        input.as_str()
    } else {
        text
    };
    // An empty variable counts as unset.
    let given = |secret: &&SecretString| !secret.expose_secret().is_empty();
    let secrets = Secrets {
        any: common.identity.secret.as_ref().filter(given),
        rtc: token.rtc_secret.as_ref().filter(given),
        turn: token.turn_secret.as_ref().filter(given),
    };
    let all = explain(text, secrets).map_err(|error| CommandError::new(error.to_string()))?;
    let now = now_seconds();
    for (place, explained) in all.iter().enumerate() {
        let gap = if place == 0 { "" } else { "\n" };
        printer.text(
            "explained",
            &format!("{gap}{}", explained.lines(now).join("\n")),
            explained.fields(now),
        );
    }
    let valid = all.iter().all(|explained| explained.refusals(now).is_empty());
    Ok(if valid { CommandOutcome::Done } else { CommandOutcome::Failed })
}
