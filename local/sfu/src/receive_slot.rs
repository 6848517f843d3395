//! Receive slots: pairs of media lines in a subscriber's offer, each of which shows one other participant at a time.
//! The lines are negotiated once; the assignment of participants changes without negotiation.

use std::time::Instant;

use str0m::media::{MediaTime, Mid};

use crate::per_kind::PerKind;

/// A pair of one audio line and one video line.
#[derive(Debug)]
pub(crate) struct ReceiveSlot {
    pub(crate) lines: PerKind<ReceiveLine>,
    /// Participant ID (`PA_…`) of the participant shown; `None` if the slot is free.
    pub(crate) publisher: Option<String>,
}

impl ReceiveSlot {
    /// Creates a free slot with these two lines.
    pub(crate) fn new(audio: Mid, video: Mid) -> Self {
        Self {
            lines: PerKind { audio: ReceiveLine::new(audio), video: ReceiveLine::new(video) },
            publisher: None,
        }
    }

    /// Assigns the slot to a publisher.
    pub(crate) fn assign(&mut self, publisher: &str) {
        self.publisher = Some(publisher.to_owned());
        self.lines.audio.timeline.switch();
        self.lines.video.timeline.switch();
        self.lines.video.awaits_keyframe = true;
    }
}

/// One media line of a slot.
#[derive(Debug)]
pub(crate) struct ReceiveLine {
    pub(crate) mid: Mid,
    pub(crate) timeline: Timeline,
    /// While `true`, only a key frame is sent: after missed frames a decoder would show artefacts until the next one.
    pub(crate) awaits_keyframe: bool,
}

impl ReceiveLine {
    fn new(mid: Mid) -> Self {
        Self { mid, timeline: Timeline::default(), awaits_keyframe: false }
    }
}

/// Maps the media time of successive publishers to one continuous media time of the line.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    /// Difference that is added to the publisher's time, in ticks of the publisher, modulo 2^64.
    offset: u64,
    switched: bool,
    /// Last media time written, with the arrival time of that frame.
    last: Option<(MediaTime, Instant)>,
}

impl Timeline {
    /// Marks that the next frame is from another publisher.
    fn switch(&mut self) {
        self.switched = true;
    }

    /// Returns the media time to write for a frame with media time `time` that arrived at `at`.
    pub(crate) fn map(&mut self, time: MediaTime, at: Instant) -> MediaTime {
        let frequency = time.frequency();
        if std::mem::take(&mut self.switched)
            && let Some((last, last_at)) = self.last
        {
            let pause = at.saturating_duration_since(last_at).as_micros();
            let ticks = pause * u128::from(frequency.get()) / 1_000_000;
            let next = last.rebase(frequency).numer() + u64::try_from(ticks).unwrap_or(0).max(1);
            self.offset = next.wrapping_sub(time.numer());
        }
        let mapped = MediaTime::new(time.numer().wrapping_add(self.offset), frequency);
        self.last = Some((mapped, at));
        mapped
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn media_time_is_continuous_when_the_publisher_changes() {
        let mut timeline = Timeline::default();
        let began = Instant::now();
        timeline.switch();
        assert_eq!(timeline.map(MediaTime::from_90khz(5_000), began), MediaTime::from_90khz(5_000));
        timeline.switch();
        let later = began + Duration::from_secs(1);
        assert_eq!(timeline.map(MediaTime::from_90khz(77), later), MediaTime::from_90khz(95_000));
        assert_eq!(timeline.map(MediaTime::from_90khz(177), later), MediaTime::from_90khz(95_100));
        timeline.switch();
        assert_eq!(timeline.map(MediaTime::from_90khz(900_000), later), MediaTime::from_90khz(95_101));
    }
}
