//! The settings of the functions, read from environment variables once, before the first event.
//!
//! A missing variable stops the cold start with an error that names it, instead of failing the first request.

#[cfg(test)]
mod tests;

use crate::aws::SecretsError;
use secrecy::SecretString;
use switchboard_protocol::address::DownlinkParents;
use switchboard_protocol::id::IdKey;
use switchboard_rtc::callback::{AnyKey, CallbackReader};
use switchboard_rtc::management::{HttpClient, RtcManagement};
use switchboard_rtc::turn::{TurnServers, WithTurn};
use switchboard_rtc::{Account, AccountError, ManagementApi, Minter, Provider, UnknownProvider};

/// Error that stops the cold start of a function.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The variable is not set, or is empty.
    #[error("the environment variable {0} is missing")]
    Missing(&'static str),
    /// The variable is set to something unusable.
    #[error("the environment variable {name} is malformed: {why}")]
    Wrong {
        /// Name of the variable.
        name: &'static str,
        /// Explanation, without the value, which may be secret.
        why: String,
    },
    /// The secrets cannot be read.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// A setting of the RTC account is missing or wrong.
    #[error(transparent)]
    Account(#[from] AccountError),
}

impl From<UnknownProvider> for ConfigError {
    fn from(unknown: UnknownProvider) -> Self {
        Self::Wrong { name: "RTC_PROVIDER", why: unknown.to_string() }
    }
}

/// Lookup of a setting by name: [`environment`], or a closure of a test.
pub trait Variables: Fn(&'static str) -> Option<String> {}

impl<F: Fn(&'static str) -> Option<String>> Variables for F {}

/// Returns the value of a variable that must be set.
pub fn required(variables: &impl Variables, name: &'static str) -> Result<String, ConfigError> {
    variables(name).ok_or(ConfigError::Missing(name))
}

/// Returns the value of an environment variable. An empty value counts as absent, since a template cannot omit a variable.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the environment's adapter")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The settings that all meeting functions share.
pub struct Config {
    /// Name of the table.
    pub table: String,
    /// Secret from which ids are derived.
    pub id_key: IdKey,
    /// Parents of the downlink topics.
    pub parents: DownlinkParents,
    /// Prefix of this deployment's channels at the RTC service.
    pub channel_prefix: String,
    /// Minter of join tokens for the configured RTC service.
    pub minter: Box<dyn Minter>,
    /// Management of channels at the RTC service; `None` without a configured management API.
    pub control: Option<Box<dyn RtcManagement>>,
    /// Address of the delay queue that feeds `wake`.
    pub wake_queue_url: String,
    /// Name of the event bus, for functions whose results Lambda does not forward itself.
    pub outcome_bus: Option<String>,
}

impl Config {
    /// Reads the settings. `http` is the client for management requests to the RTC service.
    pub fn read(variables: &impl Variables, http: HttpClient) -> Result<Self, ConfigError> {
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
            control: control(variables, http)?,
            wake_queue_url: required("WAKE_QUEUE_URL")?,
            outcome_bus: variables("OUTCOME_BUS"),
        })
    }
}

/// Minimum length of the id key in bytes: the 128 bits of the derived ids.
const ID_KEY_MIN_BYTES: usize = 16;

fn id_key(variables: &impl Variables) -> Result<IdKey, ConfigError> {
    let secret = required(variables, "ID_KEY")?;
    if secret.len() < ID_KEY_MIN_BYTES {
        let why = format!("at least {ID_KEY_MIN_BYTES} characters, random");
        return Err(ConfigError::Wrong { name: "ID_KEY", why });
    }
    Ok(IdKey::new(SecretString::from(secret)))
}

/// Makes the reader of callbacks of the configured RTC service; `None` without callbacks or without a secret to verify them.
/// With `RTC_CALLBACK_SECRET_PREVIOUS` it also accepts callbacks that are signed with the secret before: for `LiveKit`, which
/// signs with a key of its own, that is the key's id and secret, `ID:SECRET`.
pub fn callbacks(variables: &impl Variables) -> Result<Option<Box<dyn CallbackReader>>, ConfigError> {
    let provider = required(variables, "RTC_PROVIDER")?.parse::<Provider>()?;
    let secret = variables("RTC_CALLBACK_SECRET").map(SecretString::from);
    let reader = switchboard_rtc::callback_reader(provider, &account(variables), secret.as_ref());
    let Some(previous) = variables("RTC_CALLBACK_SECRET_PREVIOUS") else { return Ok(reader) };
    let mut account = account(variables);
    if provider == Provider::Livekit {
        let (id, secret) = previous.split_once(':').ok_or_else(|| ConfigError::Wrong {
            name: "RTC_CALLBACK_SECRET_PREVIOUS",
            why: "for LiveKit it is the previous key's id and secret, ID:SECRET".to_owned(),
        })?;
        (account.key_id, account.key_secret) = (id.to_owned(), secret.into());
    }
    let before = switchboard_rtc::callback_reader(provider, &account, Some(&previous.into()));
    let readers: Vec<_> = reader.into_iter().chain(before).collect();
    Ok(if readers.is_empty() { None } else { Some(Box::new(AnyKey(readers))) })
}

/// Makes the minter of join tokens, which adds TURN credentials if TURN servers are configured.
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

/// Makes the management client of the configured RTC service. It connects at its first call.
fn control(
    variables: &impl Variables,
    http: HttpClient,
) -> Result<Option<Box<dyn RtcManagement>>, ConfigError> {
    let provider = required(variables, "RTC_PROVIDER")?.parse::<Provider>()?;
    Ok(switchboard_rtc::management(provider, &account(variables), http)?)
}

/// Reads the settings of the account at the RTC service. The provider checks them.
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
