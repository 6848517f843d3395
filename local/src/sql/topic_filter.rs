//! Topic filters with wildcards.

/// A topic filter with the wildcards `+` (one level) and `#` (the rest).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicFilter(String);

impl TopicFilter {
    /// Checks a filter.
    ///
    /// # Errors
    /// The filter is empty, a wildcard is not a whole level, or `#` is not at the end.
    pub fn new(filter: &str) -> Result<Self, &'static str> {
        if filter.is_empty() {
            return Err("the topic filter is empty");
        }
        let mut levels = filter.split('/').peekable();
        while let Some(level) = levels.next() {
            match level {
                "#" if levels.peek().is_some() => return Err("`#` must be the last level of a topic filter"),
                "+" | "#" => {}
                _ if level.contains(['+', '#']) => {
                    return Err("`+` and `#` must be whole levels of a topic filter");
                }
                _ => {}
            }
        }
        Ok(Self(filter.to_owned()))
    }

    /// Text of the filter.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Matches a topic. A wildcard at the first level does not match a topic that begins with `$` (MQTT 5, 4.7.2).
    #[must_use]
    pub fn matches(&self, topic: &str) -> bool {
        if topic.starts_with('$') && self.0.starts_with(['+', '#']) {
            return false;
        }
        let mut levels = topic.split('/');
        for wanted in self.0.split('/') {
            match (wanted, levels.next()) {
                ("#", _) => return true,
                ("+", Some(_)) => {}
                (wanted, Some(level)) if wanted == level => {}
                _ => return false,
            }
        }
        levels.next().is_none()
    }
}
