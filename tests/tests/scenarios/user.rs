//! Users and their logins: every test has its own, so that all can share one stack.

use crate::device::Device;
use crate::stack::Stack;
use secrecy::SecretString;
use std::time::{SystemTime, UNIX_EPOCH};
use switchboard_protocol::address::{ClientId, UserId};
use terminal::{Config, development_jwt};
use uuid::Uuid;

/// The secret with which the laptop stack verifies JWTs by default.
pub const JWT_SECRET: &str = "local-development-only";

/// A user with a new account.
#[derive(Debug, Clone)]
pub struct User {
    /// The account, as `alice-0f3c9a12`.
    pub id: UserId,
    /// The display name, as `Alice`.
    pub name: String,
    /// The stack to which the user's devices connect.
    pub stack: Stack,
    /// Days for which the user's tokens are valid; many, since tests move the stack's clock.
    pub token_days: i64,
}

impl User {
    /// A new user of that name, on the stack that all tests share.
    pub fn new(name: &str) -> Self {
        Self::at(Stack::shared(), name)
    }

    /// A new user of that name, on that stack.
    pub fn at(stack: &Stack, name: &str) -> Self {
        let unique = Uuid::new_v4().simple().to_string();
        let account = format!("{}-{}", name.to_ascii_lowercase(), &unique[..8]);
        Self {
            id: account.parse().expect("letters and digits"),
            name: name.to_owned(),
            stack: stack.clone(),
            token_days: 30,
        }
    }

    /// The client ID of one of the user's devices.
    pub fn client_id(&self, instance: &str) -> ClientId {
        format!("GID_test@@@{}.{instance}", self.id).parse().expect("letters and digits")
    }

    /// The configuration of one of the user's devices.
    pub fn config(&self, instance: &str) -> Config {
        self.config_with(instance, self.token())
    }

    /// The configuration of one of the user's devices with that token.
    pub fn config_with(&self, instance: &str, token: SecretString) -> Config {
        let (host, port) = &self.stack.mqtt;
        Config::new(self.client_id(instance), host, *port, token)
    }

    /// A token that is valid for a month, since tests move the stack's clock.
    pub fn token(&self) -> SecretString {
        development_jwt(
            JWT_SECRET,
            self.id.as_str(),
            Some(&self.name),
            now_seconds() + self.token_days * 24 * 3600,
        )
    }

    /// Connects one of the user's devices.
    pub async fn on(&self, instance: &str) -> Device {
        Device::connect(self, instance).await
    }

    /// Connects one of the user's devices, and waits until the service has noticed.
    pub async fn online(&self, instance: &str) -> Device {
        let client_id = self.client_id(instance);
        let before = self.stack.presence_events("connected", client_id.as_str()).await;
        let device = self.on(instance).await;
        self.stack.until_presence_event("connected", client_id.as_str(), before).await;
        device
    }
}

/// Unix time in seconds.
pub fn now_seconds() -> i64 {
    now_ms() / 1000
}

/// Milliseconds since the epoch.
pub fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    now.as_millis().try_into().expect("before the year 292 million")
}
