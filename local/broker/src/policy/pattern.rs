//! Wildcards of policies: `*` matches any number of characters, including `/`, and `?` matches exactly one character.
//! The MQTT wildcards `+` and `#` are ordinary characters.

/// Pattern of an action or resource in a policy statement.
#[derive(Debug, Clone)]
pub(super) struct Pattern(Vec<char>);

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        Self(text.chars().collect())
    }

    /// Returns `true` if the whole text matches. Backtracks to the last `*` only, so matching takes at most
    /// (pattern length × text length) steps.
    pub(super) fn matches(&self, text: &str) -> bool {
        let pattern = &self.0;
        let text: Vec<char> = text.chars().collect();
        let (mut at, mut seen) = (0, 0);
        let mut last_star = None;
        while seen < text.len() {
            match pattern.get(at) {
                Some('*') => {
                    last_star = Some((at, seen));
                    at += 1;
                }
                Some(&expected) if expected == '?' || expected == text[seen] => {
                    at += 1;
                    seen += 1;
                }
                _ => {
                    let Some((star, taken)) = last_star else {
                        return false;
                    };
                    last_star = Some((star, taken + 1));
                    at = star + 1;
                    seen = taken + 1;
                }
            }
        }
        pattern[at..].iter().all(|rest| *rest == '*')
    }
}
