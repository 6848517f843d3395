//! The keyboard of a person at the shell, who types a letter and Enter.

use std::io::{BufRead as _, IsTerminal as _};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// An instruction that a person typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Accept,
    Reject,
    HangUp,
}

impl Key {
    fn parse(line: &str) -> Option<Self> {
        match line.trim().to_ascii_lowercase().as_str() {
            "a" | "accept" => Some(Self::Accept),
            "r" | "reject" => Some(Self::Reject),
            "h" | "hang up" => Some(Self::HangUp),
            _ => None,
        }
    }
}

/// The keys that a person types; `None` if the command does not read standard input.
pub struct Keys(Option<UnboundedReceiver<Key>>);

impl Keys {
    /// Creates the keys of a command that does not read standard input.
    pub const fn disabled() -> Self {
        Self(None)
    }

    /// Reads standard input if it is a TTY.
    pub fn listen() -> Self {
        if !std::io::stdin().is_terminal() {
            return Self::disabled();
        }
        let (sender, keys) = unbounded_channel();
        // A blocking read of a TTY cannot be cancelled, so it runs in a thread that ends with the process.
        std::thread::spawn(move || {
            let lines = std::io::stdin().lock().lines();
            for key in lines.map_while(Result::ok).filter_map(|line| Key::parse(&line)) {
                if sender.send(key).is_err() {
                    return;
                }
            }
        });
        Self(Some(keys))
    }

    /// Returns `true` if the command reads standard input.
    pub const fn is_available(&self) -> bool {
        self.0.is_some()
    }

    /// Returns the next key. Never returns if standard input is not read, or has ended.
    pub async fn next(&mut self) -> Key {
        let key = match &mut self.0 {
            Some(keys) => keys.recv().await,
            None => None,
        };
        match key {
            Some(key) => key,
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_or_the_whole_word_is_a_key_and_other_text_is_not() {
        assert_eq!(Key::parse(" A\n"), Some(Key::Accept));
        assert_eq!(Key::parse("reject"), Some(Key::Reject));
        assert_eq!(Key::parse("h"), Some(Key::HangUp));
        assert_eq!(Key::parse(""), None);
        assert_eq!(Key::parse("answer"), None);
    }
}
