//! TURN credentials for any RTC service, in the shared-secret scheme that coturn calls `use-auth-secret`. Source:
//! `draft-uberti-behave-turn-rest-00`.

mod address;
#[cfg(test)]
mod tests;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;

use self::address::ServerKind;
use crate::mac::hmac_sha1;
use crate::{AccountError, Credential, MintError, MintRequest, Minter, Provider, UnsupportedIdError};

/// Life of a credential in seconds: an hour. It is longer than the life of a join token, because a device that
/// changes its network during the call allocates a new relay; later, `refresh_token` brings a new one. The draft
/// recommends a day, but nothing revokes the credential of a removed user.
pub const TTL_SECONDS: i64 = 3_600;

/// TURN and STUN servers; the TURN servers share one secret.
#[derive(Clone, Debug)]
pub struct TurnServers {
    stun: Vec<String>,
    turn: Vec<String>,
    secret: SecretString,
}

impl TurnServers {
    /// Returns the servers at `urls`, a list separated by commas; `None` for an empty list.
    ///
    /// # Errors
    /// A browser would refuse an address, or TURN servers have no secret. STUN needs no secret.
    pub fn new(urls: &str, secret: SecretString) -> Result<Option<Self>, AccountError> {
        let (mut stun, mut turn) = (Vec::new(), Vec::new());
        for url in urls.split(',').map(str::trim).filter(|url| !url.is_empty()) {
            let kind = address::check(url)
                .map_err(|why| AccountError::Malformed { name: "TURN_URLS", why: why.to_owned() })?;
            match kind {
                ServerKind::Stun => stun.push(url.to_owned()),
                ServerKind::Turn => turn.push(url.to_owned()),
            }
        }
        if stun.is_empty() && turn.is_empty() {
            return Ok(None);
        }
        if !turn.is_empty() && secret.expose_secret().is_empty() {
            return Err(AccountError::Missing("TURN_SECRET"));
        }
        Ok(Some(Self { stun, turn, secret }))
    }

    /// Returns the servers in the form of WebRTC, with a credential for `user` that expires at `expires`
    /// (Unix seconds).
    fn ice_servers(&self, user: &str, expires: i64) -> Vec<Value> {
        let mut servers = Vec::new();
        if !self.stun.is_empty() {
            servers.push(json!({"urls": self.stun}));
        }
        if !self.turn.is_empty() {
            let TurnCredential { username, password } = TurnCredential::new(user, expires, &self.secret);
            let credential = password.expose_secret();
            servers.push(json!({"urls": self.turn, "username": username, "credential": credential}));
        }
        servers
    }
}

/// A user name with its password.
#[derive(Clone, Debug)]
pub struct TurnCredential {
    /// Expiry in Unix seconds, followed by a colon and the user, if any.
    pub username: String,
    /// HMAC of the user name with the shared secret.
    pub password: SecretString,
}

impl TurnCredential {
    /// Creates a credential for `user`, which may be empty, that expires at `expires` (Unix seconds).
    #[must_use]
    pub fn new(user: &str, expires: i64, secret: &SecretString) -> Self {
        let username = if user.is_empty() { expires.to_string() } else { format!("{expires}:{user}") };
        let password = password_of(&username, secret);
        Self { username, password }
    }
}

/// Returns whether `password` belongs to `username` with this secret. Compares in constant time.
#[must_use]
pub fn is_password(username: &str, password: &str, secret: &SecretString) -> bool {
    password_of(username, secret).expose_secret().as_bytes().ct_eq(password.as_bytes()).into()
}

fn password_of(username: &str, secret: &SecretString) -> SecretString {
    STANDARD.encode(hmac_sha1(secret.expose_secret().as_bytes(), username.as_bytes())).into()
}

/// A minter that adds TURN servers to the credentials of another minter, as `params.iceServers` in the form of WebRTC.
pub struct WithTurn {
    minter: Box<dyn Minter>,
    servers: TurnServers,
}

impl WithTurn {
    /// Creates a minter that adds `servers` to the credentials of `minter`.
    #[must_use]
    pub fn new(minter: Box<dyn Minter>, servers: TurnServers) -> Self {
        Self { minter, servers }
    }
}

impl Minter for WithTurn {
    fn provider(&self) -> Provider {
        self.minter.provider()
    }

    fn url(&self) -> &str {
        self.minter.url()
    }

    fn check_ids(&self, channel_id: &str, user_id: &str) -> Result<(), UnsupportedIdError> {
        self.minter.check_ids(channel_id, user_id)
    }

    fn media_id(&self, channel_id: &str, user_id: &str, number: u32) -> String {
        self.minter.media_id(channel_id, user_id, number)
    }

    fn presented_id(&self, request: &MintRequest<'_>) -> String {
        self.minter.presented_id(request)
    }

    fn mint(&self, request: &MintRequest<'_>) -> Result<Credential, MintError> {
        let mut credential = self.minter.mint(request)?;
        let expires = request.validity()?.issued.saturating_add(TTL_SECONDS);
        let servers = self.servers.ice_servers(request.user_id, expires);
        credential.params.insert("iceServers".to_owned(), Value::from(servers));
        Ok(credential)
    }
}
