//! Checks of topics and client IDs.
//! Source: "AWS IoT Core message broker and protocol limits and quotas".

use crate::config::Limits;

/// Maximum number of levels of a topic or filter, which is seven slashes.
pub(crate) const TOPIC_LEVELS: usize = 8;

/// Checks the topic of a published message. The error is a sentence for the client.
pub(crate) fn check_topic(topic: &str, limits: &Limits) -> Result<(), &'static str> {
    if topic.is_empty() {
        return Err("Topic must not be empty");
    }
    if topic.len() > limits.topic_bytes {
        return Err("Topic is too long");
    }
    if topic.contains(['+', '#']) {
        return Err("Topic must not contain wildcards");
    }
    if topic.contains('\0') {
        return Err("Topic must not contain the null character");
    }
    if topic.split('/').count() > TOPIC_LEVELS {
        return Err("Topic has too many levels");
    }
    Ok(())
}

/// Checks the topic filter of a subscription. The error is a sentence for the log.
pub(crate) fn check_filter(filter: &str, limits: &Limits) -> Result<(), &'static str> {
    if filter.len() > limits.topic_bytes {
        return Err("the filter is too long");
    }
    if filter.split('/').count() > TOPIC_LEVELS {
        return Err("the filter has too many levels");
    }
    Ok(())
}

/// Checks a client ID of a CONNECT or of a request to the data plane. The error is a sentence for the client.
pub(crate) fn check_client_id(client_id: &str, limits: &Limits) -> Result<(), &'static str> {
    if client_id.is_empty() {
        return Err("Client ID must not be empty");
    }
    if client_id.len() > limits.client_id_bytes {
        return Err("Client ID is too long");
    }
    if client_id.starts_with('$') {
        return Err("Client ID must not start with $");
    }
    if client_id.contains('\0') {
        return Err("Client ID must not contain the null character");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{check_client_id, check_filter, check_topic};
    use crate::config::Limits;

    #[test]
    fn topics_are_checked_against_the_limits() {
        let limits = Limits::default();
        for good in
            ["a", "call-dn/p2p/GID@@@alice.phone", "1/2/3/4/5/6/7/8", "$aws/events/x", &"x".repeat(256)]
        {
            assert_eq!(check_topic(good, &limits), Ok(()), "{good}");
        }
        for bad in ["", "a/+", "a/#", "a\0b", "1/2/3/4/5/6/7/8/9", &"x".repeat(257)] {
            assert!(check_topic(bad, &limits).is_err(), "{bad}");
        }
    }

    #[test]
    fn filters_are_checked_against_the_limits() {
        let limits = Limits::default();
        for good in ["#", "+/+", "1/2/3/4/5/6/7/#", &"x".repeat(256)] {
            assert_eq!(check_filter(good, &limits), Ok(()), "{good}");
        }
        for bad in ["1/2/3/4/5/6/7/8/#", &"x".repeat(257)] {
            assert!(check_filter(bad, &limits).is_err(), "{bad}");
        }
    }

    #[test]
    fn client_ids_are_checked_against_the_limits() {
        let limits = Limits::default();
        for good in ["a", "GID_ios@@@alice.phone", &"x".repeat(128)] {
            assert_eq!(check_client_id(good, &limits), Ok(()), "{good}");
        }
        for bad in ["", "$a", "a\0", &"x".repeat(129)] {
            assert!(check_client_id(bad, &limits).is_err(), "{bad}");
        }
    }
}
