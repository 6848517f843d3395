//! The login of a connected device. The token is read again when the broker refuses it.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use terminal::TerminalEvent;

use crate::error::CommandError;
use crate::options::identity::IdentityOptions;
use crate::printer::Printer;

/// Largest number of new tokens that may be refused one after another.
const MAX_RENEWALS: u32 = 5;

/// The token in use, and the source of the next token.
#[derive(Debug)]
pub struct Login {
    identity: IdentityOptions,
    account: String,
    token: SecretString,
    /// Number of new tokens since the last connection.
    renewals: u32,
    /// Number of new tokens since the start.
    passed: u32,
    /// True if the user has been informed of the present outage.
    is_reported: bool,
}

impl Login {
    pub const fn new(identity: IdentityOptions, account: String, token: SecretString) -> Self {
        Self { identity, account, token, renewals: 0, passed: 0, is_reported: false }
    }

    /// After a refusal, passes a new token to `renew` (the terminal). The error means that the terminal waits
    /// for a token that this command does not have.
    pub fn follow(
        &mut self,
        event: &TerminalEvent,
        renew: impl FnOnce(SecretString),
        printer: Printer,
    ) -> Result<(), CommandError> {
        match event {
            TerminalEvent::Connected { .. } => {
                self.renewals = 0;
                self.is_reported = false;
                Ok(())
            }
            // The events of an outage are queued while a command waits for an answer, so this event may
            // concern an older token.
            TerminalEvent::LoginRefused { renewals, .. } if *renewals < self.passed => Ok(()),
            TerminalEvent::LoginRefused { reason, tries_again, .. } => {
                self.refused(reason, *tries_again, renew, printer)
            }
            _ => Ok(()),
        }
    }

    fn refused(
        &mut self,
        reason: &str,
        tries_again: bool,
        renew: impl FnOnce(SecretString),
        printer: Printer,
    ) -> Result<(), CommandError> {
        if !std::mem::replace(&mut self.is_reported, true) {
            let words = format!("the login is not accepted any more: {reason}");
            printer.note("login_refused", &words, json!({"reason": reason}));
        }
        // If the file cannot be read, another program may be writing it at this moment.
        if let Ok(token) = self.identity.token(&self.account)
            && token.expose_secret() != self.token.expose_secret()
            && self.renewals < MAX_RENEWALS
        {
            self.renewals += 1;
            self.passed += 1;
            self.token = token.clone();
            renew(token);
            printer.note("login_renewed", "trying a new token", json!({}));
            return Ok(());
        }
        if tries_again {
            return Ok(());
        }
        Err(CommandError::new(format!(
            "the login is not accepted any more: {reason}; get a new token and start again (the file of --token-file is \
             read again while the command runs)"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(tries_again: bool, renewals: u32) -> TerminalEvent {
        TerminalEvent::LoginRefused { reason: "refused".to_owned(), tries_again, renewals }
    }

    #[test]
    fn a_late_event_about_the_old_token_does_not_end_a_command_with_a_new_one() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "old").expect("written");
        let identity = IdentityOptions {
            device: None,
            group: "GID_call".to_owned(),
            name: None,
            token: None,
            token_file: Some(file.path().to_owned()),
            secret: None,
        };
        let mut login = Login::new(identity, "bob".to_owned(), "old".into());
        let mut follow = |event: &TerminalEvent| {
            let mut renewed = None;
            let result = login.follow(event, |token| renewed = Some(token), Printer { json: true });
            result
                .map(|()| renewed.map(|token| token.expose_secret().to_owned()))
                .map_err(|_| "ends the command")
        };
        std::fs::write(file.path(), "new").expect("written");
        assert_eq!(follow(&refusal(true, 0)), Ok(Some("new".to_owned())));
        assert_eq!(follow(&refusal(false, 0)), Ok(None), "the old token");
        assert_eq!(follow(&refusal(true, 1)), Ok(None));
        assert_eq!(follow(&refusal(false, 1)), Err("ends the command"), "the new token");
    }
}
