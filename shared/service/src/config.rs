//! What a function reads from its environment, once, before the first event. A missing variable stops the cold
//! start and is named, instead of failing the first caller.

#[cfg(test)]
mod tests;

use crate::aws;
use secrecy::SecretString;
use switchboard_protocol::address::DownlinkParents;
use switchboard_protocol::id::IdKey;
use switchboard_rtc::callback::CallbackReader;
use switchboard_rtc::management::{HttpTimeouts, RtcManagement};
use switchboard_rtc::turn::{TurnServers, WithTurn};
use switchboard_rtc::{Account, AccountError, ManagementApi, Minter, Provider, UnknownProvider};

/// Why a function cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The variable is not set, or is empty.
    #[error("the environment variable {0} is missing")]
    Missing(&'static str),
    /// The variable is set to something unusable.
    #[error("the environment variable {name} is wrong: {why}")]
    Wrong {
        /// Which one.
        name: &'static str,
        /// What is wrong with it; never its value if that is a secret.
        why: String,
    },
    /// A setting of the RTC account is missing or wrong.
    #[error(transparent)]
    Account(#[from] AccountError),
}

/// Named as any other setting: `main` shows an error as it is for debugging.
impl From<UnknownProvider> for ConfigError {
    fn from(unknown: UnknownProvider) -> Self {
        Self::Wrong { name: "RTC_PROVIDER", why: unknown.to_string() }
    }
}

/// How settings are looked up, by name: [`environment`], or what a test or the template says.
pub trait Variables: Fn(&'static str) -> Option<String> {}

impl<F: Fn(&'static str) -> Option<String>> Variables for F {}

/// The value of a variable that must be there.
pub fn required(variables: &impl Variables, name: &'static str) -> Result<String, ConfigError> {
    variables(name).ok_or(ConfigError::Missing(name))
}

/// The value of a variable; empty counts as absent, since templates cannot leave a variable out.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the environment's adapter")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The settings that all meeting functions share.
pub struct Config {
    /// The one table.
    pub table: String,
    /// The secret under which ids are derived.
    pub id_key: IdKey,
    /// Where devices listen.
    pub parents: DownlinkParents,
    /// Prefix of our channels at the RTC service.
    pub channel_prefix: String,
    /// Mints join tokens for the configured RTC service.
    pub minter: Box<dyn Minter>,
    /// Manages channels at the configured RTC service, where its management API is configured.
    pub control: Option<Box<dyn RtcManagement>>,
    /// The delay queue that wakes a meeting at its deadline.
    pub wake_queue_url: String,
    /// The event bus for outcomes, for functions whose results nobody else tells there.
    pub outcome_bus: Option<String>,
}

impl Config {
    /// Reads the settings; an empty one counts as absent.
    pub fn read(variables: &impl Variables) -> Result<Self, ConfigError> {
        let required = |name| required(variables, name);
        Ok(Self {
            table: required("TABLE_NAME")?,
            id_key: id_key(variables)?,
            parents: DownlinkParents {
                control: required("CALL_DOWN_PARENT")?,
                bulk: required("BULK_DOWN_PARENT")?,
            },
            channel_prefix: required("CHANNEL_PREFIX")?,
            minter: minter(variables)?,
            control: control(variables)?,
            wake_queue_url: required("WAKE_QUEUE_URL")?,
            outcome_bus: variables("OUTCOME_BUS"),
        })
    }
}

/// Bytes that the id key must have: the ids have 128 bits, so should it.
const ID_KEY_MIN_BYTES: usize = 16;

fn id_key(variables: &impl Variables) -> Result<IdKey, ConfigError> {
    let secret = required(variables, "ID_KEY")?;
    if secret.len() < ID_KEY_MIN_BYTES {
        let why = format!("at least {ID_KEY_MIN_BYTES} characters, random");
        return Err(ConfigError::Wrong { name: "ID_KEY", why });
    }
    Ok(IdKey::new(SecretString::from(secret)))
}

/// What reads the callbacks of the configured RTC service; `None` if it has none, or nothing to check them by.
pub fn callbacks(variables: &impl Variables) -> Result<Option<Box<dyn CallbackReader>>, ConfigError> {
    let provider = required(variables, "RTC_PROVIDER")?.parse::<Provider>()?;
    let secret = variables("RTC_CALLBACK_SECRET").map(SecretString::from);
    Ok(switchboard_rtc::callback_reader(provider, &account(variables), secret.as_ref()))
}

/// Mints for the configured RTC service, with TURN credentials if there are TURN servers.
fn minter(variables: &impl Variables) -> Result<Box<dyn Minter>, ConfigError> {
    let minter = switchboard_rtc::minter(
        required(variables, "RTC_PROVIDER")?.parse::<Provider>()?,
        account(variables),
    )?;
    let secret = SecretString::from(variables("TURN_SECRET").unwrap_or_default());
    Ok(match TurnServers::new(&variables("TURN_URLS").unwrap_or_default(), secret)? {
        Some(servers) => Box::new(WithTurn::new(minter, servers)),
        None => minter,
    })
}

/// What manages channels at the configured RTC service; connects when it is first used.
fn control(variables: &impl Variables) -> Result<Option<Box<dyn RtcManagement>>, ConfigError> {
    let provider = required(variables, "RTC_PROVIDER")?.parse::<Provider>()?;
    Ok(switchboard_rtc::management(provider, &account(variables), aws::rtc_http(HttpTimeouts::default()))?)
}

/// What is set of the account at the RTC service; the provider says what it lacks.
fn account(variables: &impl Variables) -> Account {
    let text = |name| variables(name).unwrap_or_default();
    let api = variables("RTC_API_URL").map(|url| ManagementApi {
        url: url.trim_end_matches('/').to_owned(),
        key_id: text("RTC_API_KEY_ID"),
        key_secret: SecretString::from(text("RTC_API_KEY_SECRET")),
    });
    Account {
        mode: text("RTC_MODE"),
        url: text("RTC_URL"),
        key_id: text("RTC_KEY_ID"),
        key_secret: SecretString::from(text("RTC_KEY_SECRET")),
        api,
    }
}
