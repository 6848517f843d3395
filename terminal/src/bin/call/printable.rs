//! Text of other users on this TTY. It must not control the TTY, and must not change the order of the text
//! beside it or hide it.

use switchboard_protocol::shown;

/// Returns a line with replacements for control characters, and without characters that hide text or change
/// its order.
pub fn line(text: &str) -> String {
    let replaced: String =
        text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect();
    shown::visible(&replaced)
}

/// Returns the name of a user; `None` without a name, or for a name without visible characters.
pub fn name(name: &serde_json::Value) -> Option<String> {
    name.as_str().and_then(shown::shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    // Case: names-that-deceive
    #[test]
    fn names_that_deceive_neither_turn_a_line_nor_control_the_terminal() {
        assert_eq!(
            line("Bob\u{202e}ecilA calls \u{1b}[2J\u{9b}1m\u{200b}!"),
            "BobecilA calls \u{fffd}[2J\u{fffd}1m!"
        );
        assert_eq!(line("  \u{1f469}\u{200d}\u{1f4bb} Ann"), "  \u{1f469}\u{200d}\u{1f4bb} Ann");
        assert_eq!(name(&json!("\u{3164}\u{202e}")), None);
        assert_eq!(name(&json!("\u{2066}Bank\u{2069}")).as_deref(), Some("Bank"));
        assert_eq!(name(&json!(7)), None);
    }
}
