//! A place in a subscriber's offer in which it sees and hears one other participant at a time. Places are negotiated
//! once; who is in them changes without negotiation.

use std::time::Instant;

use str0m::media::{MediaTime, Mid};

use crate::kinds::Kinds;

/// One pair of an audio and a video line.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) lines: Kinds<Line>,
    /// Participant id of who is in it.
    pub(crate) publisher: Option<String>,
}

impl Slot {
    /// An empty place on these two lines.
    pub(crate) fn new(audio: Mid, video: Mid) -> Self {
        Self { lines: Kinds { audio: Line::new(audio), video: Line::new(video) }, publisher: None }
    }

    /// Gives the place to somebody.
    pub(crate) fn give(&mut self, publisher: &str) {
        self.publisher = Some(publisher.to_owned());
        self.lines.audio.timeline.switch();
        self.lines.video.timeline.switch();
        self.lines.video.awaits_keyframe = true;
    }
}

/// One line of a place.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) mid: Mid,
    pub(crate) timeline: Timeline,
    /// A decoder that has missed something shows rubbish until the next key frame: so nothing is sent until then.
    pub(crate) awaits_keyframe: bool,
}

impl Line {
    fn new(mid: Mid) -> Self {
        Self { mid, timeline: Timeline::default(), awaits_keyframe: false }
    }
}

/// Makes one line's media time run on when another participant, whose time began elsewhere, is put into the place.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    /// Added to the sender's time, in its ticks, modulo 2^64.
    offset: u64,
    switched: bool,
    /// The last time written, and when that frame arrived.
    last: Option<(MediaTime, Instant)>,
}

impl Timeline {
    /// What comes next is from somebody else.
    fn switch(&mut self) {
        self.switched = true;
    }

    /// The time to write for a frame of `time` that arrived at `at`.
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
    fn time_runs_on_when_somebody_else_takes_the_place() {
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
