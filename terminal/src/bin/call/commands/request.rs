//! `call request`: sends any JSON, or any other bytes, to any function, and shows the answer.

use std::io::Read as _;
use std::time::Duration;

use clap::Args;
use serde_json::{Map, Value, json};
use switchboard_protocol::requests::{FUNCTIONS, REQUESTS};
use terminal::{ReceivedDownlink, TerminalEvent, Uplink};

use crate::error::CommandError;
use crate::one_shot::SHELL_INSTANCE;
use crate::options::CommonOptions;
use crate::options::values::TopicParents;
use crate::outcome::CommandOutcome;
use crate::phone::{Phone, PhoneInput};

/// Time to wait for an error after raw bytes, or after a request that is never answered.
const ERROR_WITHIN: Duration = Duration::from_secs(3);

const EXAMPLES: &str = "\
Examples:
  call request sync '{\"type\":\"sync\"}' --as bob
  call request create-meeting '{\"type\":\"create_meeting\",\"mode\":\"direct\",\"media\":\"audio\",\"invitees\":[\"bob\"]}' --as alice
  call request attend '{\"type\":\"leave\",\"id\":\"l1\",\"meeting_id\":\"MEETING\"}' --as alice
  call request answer - --as bob < accept.json
  call request answer 'not JSON' --raw --as bob          malformed requests are answered with an error

`v` and `id` are filled in if they are missing.";

/// Returns the help below the options: examples, and the request types of each function.
fn help() -> String {
    let functions = FUNCTIONS.iter().map(|function| {
        let types = REQUESTS.iter().filter(|request| request.function == *function);
        let types: Vec<_> = types.map(|request| request.kind).collect();
        format!("  {:<16}{}", function.name(), types.join(", "))
    });
    let functions: Vec<_> = functions.collect();
    format!("{EXAMPLES}\n\nFunctions and their request types:\n{}", functions.join("\n"))
}

/// Send any JSON to any function and show the answer.
#[derive(Debug, Args)]
#[command(after_help = help())]
pub struct RequestArgs {
    /// The function, the last level of its topic
    #[arg(value_name = "FUNCTION", value_parser = function)]
    pub function: String,

    /// The request, a JSON object with `type`; `-` reads it from standard input
    #[arg(value_name = "JSON|-")]
    pub body: String,

    /// Send it under the bulk parent, as with every `sync`
    #[arg(long)]
    pub bulk: bool,

    /// Send exactly these bytes, valid or not, and wait 3 s for an error
    #[arg(long)]
    pub raw: bool,
}

fn function(text: &str) -> Result<String, String> {
    let is_level = !text.is_empty() && !text.contains(['/', '+', '#']);
    if is_level {
        Ok(text.to_owned())
    } else {
        Err("a function is one level of a topic, without `/`, `+` and `#`".to_owned())
    }
}

pub async fn run(request: &RequestArgs, common: &CommonOptions) -> Result<CommandOutcome, CommandError> {
    let mut input = String::new();
    let text = if request.body == "-" {
        std::io::stdin()
            .read_to_string(&mut input)
            .map_err(|error| CommandError::new(format!("standard input: {error}")))?;
        input.as_str()
    } else {
        &request.body
    };
    let uplink = if request.raw { None } else { Some(request.uplink(text)?) };
    let mut phone = Phone::connect(common, Some(SHELL_INSTANCE), None).await?;
    let sent = match uplink {
        Some(uplink) => send(&uplink, &mut phone).await,
        None => send_raw(&request.topic(&common.broker.parents), text, &mut phone).await,
    };
    phone.client.terminal.disconnect().await;
    sent
}

impl RequestArgs {
    /// Returns the request from JSON text, with `v` and `id` added if they are missing.
    pub fn uplink(&self, text: &str) -> Result<Uplink, CommandError> {
        let fields: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
            CommandError::new(format!("a request must be a JSON object: {error} (--raw sends any text)"))
        })?;
        if fields.get("id").is_some_and(|id| id.as_str().is_none_or(str::is_empty)) {
            let message = "`id` must be a text, since the answer names it (--raw sends any text)";
            return Err(CommandError::new(message));
        }
        let uplink = Uplink::from_fields(&self.function, fields);
        Ok(if self.is_bulk() { uplink.bulk() } else { uplink })
    }

    fn topic(&self, parents: &TopicParents) -> String {
        let parent = if self.is_bulk() { &parents.up.bulk } else { &parents.up.control };
        format!("{parent}/{}", self.function)
    }

    fn is_bulk(&self) -> bool {
        self.bulk || FUNCTIONS.iter().any(|function| function.is_bulk() && function.name() == self.function)
    }
}

async fn send(uplink: &Uplink, phone: &mut Phone) -> Result<CommandOutcome, CommandError> {
    if uplink.is_answered() {
        let answer = phone.client.request_uplink(uplink).await?;
        phone.client.printer.full_message(&Value::Object(answer.body));
        return Ok(CommandOutcome::Done);
    }
    phone.client.printer.sent(uplink);
    phone.client.terminal.send_uplink(uplink).await?;
    // Requests of this type are never answered, but may be refused.
    wait_for_error(
        phone,
        |message| message.answers() == Some(uplink.id()),
        "no error came; requests of this type are not answered",
    )
    .await
}

async fn send_raw(topic: &str, text: &str, phone: &mut Phone) -> Result<CommandOutcome, CommandError> {
    let words = format!("{} bytes to {topic}", text.len());
    phone.client.printer.note("sent_raw", &words, json!({"topic": topic, "bytes": text.len()}));
    phone.client.terminal.publish(topic, text.as_bytes().to_vec()).await?;
    let id = serde_json::from_str::<Value>(text).ok().and_then(|body| body["id"].as_str().map(str::to_owned));
    let is_answer = |message: &ReceivedDownlink| match (message.answers(), &id) {
        (Some(re), Some(id)) => re == id,
        (None, _) => message.kind == "error",
        (Some(_), None) => false,
    };
    wait_for_error(phone, is_answer, "no answer came").await
}

/// Waits up to [`ERROR_WITHIN`] for a message that `is_answer` accepts, which usually is an error. Prints
/// `nothing` if none arrives.
async fn wait_for_error(
    phone: &mut Phone,
    is_answer: impl Fn(&ReceivedDownlink) -> bool,
    nothing: &str,
) -> Result<CommandOutcome, CommandError> {
    let answer = async {
        loop {
            match phone.next().await? {
                PhoneInput::Event(TerminalEvent::Message(message)) if is_answer(&message) => {
                    return Ok::<_, CommandError>(Some(message));
                }
                PhoneInput::Stop => return Ok(None),
                _ => {}
            }
        }
    };
    let Some(answer) = tokio::time::timeout(ERROR_WITHIN, answer).await.unwrap_or(Ok(None))? else {
        phone.client.printer.note("no_answer", nothing, json!({}));
        return Ok(CommandOutcome::Done);
    };
    phone.client.printer.full_message(&Value::Object(answer.body.clone()));
    Ok(if answer.kind == "error" { CommandOutcome::Refused } else { CommandOutcome::Done })
}
