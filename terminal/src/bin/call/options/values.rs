//! Parsers and types of option values that are not plain texts.

use std::str::FromStr;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::de::DeserializeOwned;
use serde_json::Value;
use switchboard_protocol::address::{AddressError, ClientId, DownlinkParents, is_part};
use switchboard_protocol::object::Mode;
use switchboard_protocol::requests::RejectReason;
use terminal::UplinkParents;

/// The value of `--as`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Device {
    /// A whole client ID, with its group.
    Whole(ClientId),
    /// An account with an optional instance: `alice.phone`, `alice`.
    Part(String, Option<String>),
}

impl Device {
    /// Returns the client ID. `group` and `instance` replace the parts that the value leaves out.
    pub fn client_id(&self, group: &str, instance: Option<&str>) -> Result<ClientId, AddressError> {
        match self {
            Self::Whole(client_id) => Ok(client_id.clone()),
            Self::Part(account, named) => match named.as_deref().or(instance) {
                Some(instance) => format!("{group}@@@{account}.{instance}").parse(),
                None => format!("{group}@@@{account}").parse(),
            },
        }
    }
}

impl FromStr for Device {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text.contains("@@@") {
            return text.parse().map(Self::Whole);
        }
        // The text is parsed with a group of one letter, to reject a value that is invalid with any group.
        format!("G@@@{text}").parse::<ClientId>()?;
        Ok(match text.split_once('.') {
            Some((account, instance)) => Self::Part(account.to_owned(), Some(instance.to_owned())),
            None => Self::Part(text.to_owned(), None),
        })
    }
}

/// Host and optional port of a broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerAddress {
    pub host: String,
    pub port: Option<u16>,
}

impl FromStr for BrokerAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains("://") {
            return Err("expected a host and a port without a scheme, as in `127.0.0.1:1883`".to_owned());
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => {
                (host, Some(port.parse().map_err(|_| format!("`{port}` is not a port (1 to 65535)"))?))
            }
            None => (text, None),
        };
        if host.is_empty() {
            return Err("the host is missing".to_owned());
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

/// The four parents of a deployment's topics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicParents {
    /// Parents of the topics of requests.
    pub up: UplinkParents,
    /// Parents of the topics of downlinks.
    pub down: DownlinkParents,
}

impl FromStr for TopicParents {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<_> = text.split(',').map(|part| part.trim().to_owned()).collect();
        let Ok([call_up, bulk_up, call_down, bulk_down]) = <[String; 4]>::try_from(parts) else {
            return Err("expected four parents, separated by commas".to_owned());
        };
        if [&call_up, &bulk_up, &call_down, &bulk_down].iter().any(|parent| !parent.split('/').all(is_part)) {
            return Err("the levels of a parent consist of A-Z a-z 0-9 _ -, as in `call-up`".to_owned());
        }
        Ok(Self {
            up: UplinkParents { control: call_up, bulk: bulk_up },
            down: DownlinkParents { control: call_down, bulk: bulk_down },
        })
    }
}

/// Parses the group of a client ID.
pub fn group(text: &str) -> Result<String, String> {
    if is_part(text) { Ok(text.to_owned()) } else { Err("a group consists of A-Z a-z 0-9 _ -".to_owned()) }
}

/// Parses a time in seconds, which may have a fraction.
pub fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "expected a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "expected a number of seconds, zero or more".to_owned())
}

/// Parses JSON as the type.
pub fn json<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let value = switchboard_protocol::json::parse(text.as_bytes());
    value.and_then(serde_json::from_value).map_err(|error| error.to_string())
}

/// Parses `direct` or `group`.
pub fn mode() -> impl TypedValueParser<Value = Mode> {
    PossibleValuesParser::new(["direct", "group"]).map(|word| from_wire_word(&word))
}

/// Parses the reason of a rejection.
pub fn reject_reason() -> impl TypedValueParser<Value = RejectReason> {
    PossibleValuesParser::new(["declined", "busy", "do_not_disturb", "other"])
        .map(|word| from_wire_word(&word))
}

fn from_wire_word<T: DeserializeOwned>(word: &str) -> T {
    serde_json::from_value(Value::from(word)).expect("the possible values are words of the protocol")
}
