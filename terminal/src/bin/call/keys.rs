//! What a person types while it rings: a letter and Enter.

use std::io::{BufRead as _, IsTerminal as _};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// What a person wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Take the call.
    Accept,
    /// Do not take it.
    Reject,
    /// Leave it.
    HangUp,
}

impl Key {
    fn read(line: &str) -> Option<Self> {
        match line.trim().to_ascii_lowercase().as_str() {
            "a" | "accept" => Some(Self::Accept),
            "r" | "reject" => Some(Self::Reject),
            "h" | "hang up" => Some(Self::HangUp),
            _ => None,
        }
    }
}

/// The keyboard, if a person sits at it.
pub struct Keys(Option<UnboundedReceiver<Key>>);

impl Keys {
    /// Nobody types.
    pub const fn none() -> Self {
        Self(None)
    }

    /// Reads standard input if it is a terminal.
    pub fn listen() -> Self {
        if !std::io::stdin().is_terminal() {
            return Self::none();
        }
        let (typed, keys) = unbounded_channel();
        // A read from the terminal cannot be taken back, so it gets a thread that ends with the process.
        std::thread::spawn(move || {
            let lines = std::io::stdin().lock().lines();
            for key in lines.map_while(Result::ok).filter_map(|line| Key::read(&line)) {
                if typed.send(key).is_err() {
                    return;
                }
            }
        });
        Self(Some(keys))
    }

    /// Whether a person can answer.
    pub const fn are_there(&self) -> bool {
        self.0.is_some()
    }

    /// The next key; never returns if nobody types.
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
    fn a_letter_or_the_word_is_understood_and_nothing_else() {
        assert_eq!(Key::read(" A\n"), Some(Key::Accept));
        assert_eq!(Key::read("reject"), Some(Key::Reject));
        assert_eq!(Key::read("h"), Some(Key::HangUp));
        assert_eq!(Key::read(""), None);
        assert_eq!(Key::read("answer"), None);
    }
}
