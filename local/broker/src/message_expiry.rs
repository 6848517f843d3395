//! Message expiry by the broker's clock. `rmqtt` would use the system clock, so each message carries its own deadline
//! and `rmqtt`'s check is disabled.

use std::num::NonZeroU32;

use rmqtt::types::Publish;

/// Writes the deadline into messages and reads it back.
///
/// The deadline is stored in `Publish::delay_interval`: that field is part of every queued message and has no other
/// use while `rmqtt`'s `delayed` feature is off. Its unit is 10 ms since the start of the broker, enough for 497 days.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MessageExpiry {
    started_ms: i64,
}

impl MessageExpiry {
    pub(crate) fn new(started_ms: i64) -> Self {
        Self { started_ms }
    }

    /// Converts the expiry interval of a message just accepted, if it has one, into a deadline.
    pub(crate) fn stamp(self, publish: &mut Publish, now_ms: i64) {
        let interval = publish.properties.as_ref().and_then(|properties| properties.message_expiry_interval);
        publish.delay_interval = interval.map(|seconds| {
            let deadline = self.ticks(now_ms).saturating_add(i64::from(seconds.get()) * 100);
            u32::try_from(deadline).unwrap_or(u32::MAX)
        });
        // Without a creation time, rmqtt treats every message as new, so its own check never drops one.
        publish.create_time = None;
    }

    /// Returns `true` if the message must not be delivered any more.
    pub(crate) fn expired(self, publish: &Publish, now_ms: i64) -> bool {
        publish.delay_interval.is_some_and(|deadline| i64::from(deadline) <= self.ticks(now_ms))
    }

    /// Reduces the expiry interval of a queued message to the time left, in whole seconds, rounded up.
    pub(crate) fn refresh(self, publish: &mut Publish, now_ms: i64) {
        let Some(deadline) = publish.delay_interval else {
            return;
        };
        let left = (i64::from(deadline) - self.ticks(now_ms)).max(0);
        let seconds = u32::try_from((left + 99) / 100).ok().and_then(NonZeroU32::new);
        if let Some(properties) = &mut publish.properties {
            properties.message_expiry_interval = seconds;
        }
    }

    fn ticks(self, now_ms: i64) -> i64 {
        (now_ms - self.started_ms) / 10
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use rmqtt::codec::types::Publish as Packet;
    use rmqtt::codec::v5::PublishProperties;
    use rmqtt::types::{Publish, QoS};

    use super::MessageExpiry;

    const START: i64 = 1_800_000_000_123;

    fn message(seconds: u32) -> Publish {
        Publish::from(Packet {
            dup: false,
            retain: false,
            qos: QoS::AtLeastOnce,
            topic: "t".into(),
            packet_id: None,
            payload: bytes::Bytes::new(),
            properties: Some(PublishProperties {
                message_expiry_interval: NonZeroU32::new(seconds),
                ..PublishProperties::default()
            }),
        })
    }

    fn interval(publish: &Publish) -> Option<u32> {
        publish.properties.as_ref()?.message_expiry_interval.map(NonZeroU32::get)
    }

    #[test]
    fn a_message_expires_after_its_interval() {
        let expiry = MessageExpiry::new(START);
        let mut publish = message(2);
        expiry.stamp(&mut publish, START + 500);
        assert!(!expiry.expired(&publish, START + 500));
        assert!(!expiry.expired(&publish, START + 2_480));
        assert!(expiry.expired(&publish, START + 2_500));
    }

    #[test]
    fn a_message_without_interval_never_expires() {
        let expiry = MessageExpiry::new(START);
        let mut publish = message(0);
        expiry.stamp(&mut publish, START);
        assert!(!expiry.expired(&publish, i64::MAX / 2));
    }

    #[test]
    fn a_queued_message_gets_the_time_left_as_its_interval() {
        let expiry = MessageExpiry::new(START);
        let mut publish = message(60);
        expiry.stamp(&mut publish, START);
        expiry.refresh(&mut publish, START + 2_500);
        assert_eq!(interval(&publish), Some(58));
        expiry.refresh(&mut publish, START + 59_990);
        assert_eq!(interval(&publish), Some(1));
    }

    #[test]
    fn the_longest_interval_does_not_wrap() {
        let expiry = MessageExpiry::new(START);
        let mut publish = message(u32::MAX);
        expiry.stamp(&mut publish, START + 1_000_000);
        assert!(!expiry.expired(&publish, START + 604_800_000));
    }
}
