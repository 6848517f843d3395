//! The settings of the functions. They are read from environment variables once, before the first event.
//!
//! A missing variable stops the cold start with an error that names the variable. Otherwise, the first
//! request would fail.

pub(crate) mod form;
#[cfg(test)]
mod tests;
mod variables;

use crate::settings::{CALLBACK_SECRETS, MEETING_SECRETS};
use secrecy::SecretString;
use switchboard_core::RequestLimits;
use switchboard_protocol::address::DownlinkParents;
use switchboard_protocol::id::IdKey;
use switchboard_rtc::callback::{AnyKey, CallbackReader};
use switchboard_rtc::management::{HttpClient, RtcManagement};
use switchboard_rtc::turn::{TurnServers, WithTurn};
use switchboard_rtc::{Account, ManagementApi, Minter, Provider};

pub use form::{count, parent, table_name};
pub use variables::{ConfigError, Variables, environment, is_on_aws, require_own_secrets, required};

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
    /// Management of channels at the RTC service; `None` if no management API is configured.
    pub control: Option<Box<dyn RtcManagement>>,
    /// Address of the delay queue that feeds `wake`.
    pub wake_queue_url: String,
    /// Limits of the rate of requests.
    pub limits: RequestLimits,
    /// Name of the event bus, for functions with reports that Lambda does not forward itself.
    pub outcome_bus: Option<String>,
}

impl Config {
    /// Reads the settings. `http` is the client for management requests to the RTC service.
    pub fn read(variables: &impl Variables, http: HttpClient) -> Result<Self, ConfigError> {
        require_own_secrets(variables, &MEETING_SECRETS)?;
        form::require_encryption(variables, &["RTC_URL", "RTC_API_URL"])?;
        Ok(Self {
            table: form::table_name(variables)?,
            id_key: id_key(variables)?,
            parents: DownlinkParents {
                control: form::parent(variables, "CALL_DOWN_PARENT")?,
                bulk: form::parent(variables, "BULK_DOWN_PARENT")?,
            },
            channel_prefix: form::channel_prefix(variables)?,
            minter: minter(variables)?,
            control: control(variables, http)?,
            wake_queue_url: form::url(variables, "WAKE_QUEUE_URL")?,
            limits: limits(variables)?,
            outcome_bus: form::bus_name(variables)?,
        })
    }
}

/// Reads the limits of the rate of requests. A limit that is not set has its default.
fn limits(variables: &impl Variables) -> Result<RequestLimits, ConfigError> {
    let limit = |name, default, max| form::count(variables, name, default, 1..=max);
    let default = RequestLimits::default();
    Ok(RequestLimits {
        invitations_per_minute: limit("INVITATIONS_PER_MINUTE", default.invitations_per_minute, 1_000)?,
        invitations_per_hour: limit("INVITATIONS_PER_HOUR", default.invitations_per_hour, 1_000)?,
        unanswered_rings_per_hour: limit(
            "UNANSWERED_RINGS_PER_HOUR",
            default.unanswered_rings_per_hour,
            1_000,
        )?,
        live_meetings_per_user: limit("LIVE_MEETINGS_PER_USER", default.live_meetings_per_user, 200)?,
        requests_per_second: limit("REQUESTS_PER_SECOND", default.requests_per_second, 1_000)?,
        request_burst: limit("REQUEST_BURST", default.request_burst, 10_000)?,
        knocks_per_minute: limit("KNOCKS_PER_MINUTE", default.knocks_per_minute, 60)?,
    })
}

/// Smallest length of the id key in characters, which is also `MinLength` of the template's parameter. Random
/// text of this length has more than the 128 bits of a derived id.
const ID_KEY_MIN_CHARS: usize = 32;

fn id_key(variables: &impl Variables) -> Result<IdKey, ConfigError> {
    let secret = required(variables, "ID_KEY")?;
    if secret.chars().count() < ID_KEY_MIN_CHARS {
        let why = format!("use at least {ID_KEY_MIN_CHARS} random characters");
        return Err(ConfigError::Wrong { name: "ID_KEY", why });
    }
    Ok(IdKey::new(SecretString::from(secret)))
}

/// Makes the reader of callbacks of the configured RTC service; `None` if the service has no callbacks, or
/// without a secret to verify them. If `RTC_CALLBACK_SECRET_PREVIOUS` is set, callbacks that are signed with
/// the previous secret are accepted, too. For `LiveKit`, which signs with a key, its value is the previous
/// key's id and secret: `ID:SECRET`.
pub fn callbacks(variables: &impl Variables) -> Result<Option<Box<dyn CallbackReader>>, ConfigError> {
    require_own_secrets(variables, &CALLBACK_SECRETS)?;
    let provider = required(variables, "RTC_PROVIDER")?.parse::<Provider>()?;
    let secret = variables("RTC_CALLBACK_SECRET").map(SecretString::from);
    let reader = switchboard_rtc::callback_reader(provider, &account(variables), secret.as_ref());
    let Some(previous) = variables("RTC_CALLBACK_SECRET_PREVIOUS") else { return Ok(reader) };
    let mut account = account(variables);
    if provider == Provider::Livekit {
        let (id, secret) = previous.split_once(':').ok_or_else(|| ConfigError::Wrong {
            name: "RTC_CALLBACK_SECRET_PREVIOUS",
            why: "for LiveKit, set the previous key's id and secret, ID:SECRET".to_owned(),
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

/// Makes the management client of the configured RTC service. The client connects at its first call.
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
