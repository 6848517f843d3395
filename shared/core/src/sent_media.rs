//! The media that the device of a seat sends, as the members see it. The device announces the media with the
//! request that brings it into the media, and later reports changes.

use crate::change::Change;
use crate::input::MediaChange;
use crate::refusal::Refusal;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::code::Code;
use switchboard_protocol::limits::MAX_REPORTS_PER_SECOND;
use switchboard_protocol::object::Media;

impl Change {
    /// Refuses with `rate_limited` a change of media beyond [`MAX_REPORTS_PER_SECOND`], for the seat that
    /// `by` has or may claim. To be called before any change.
    pub(crate) fn require_media_pace(&self, by: &ClientId, media: MediaChange) -> Result<(), Refusal> {
        let Some(participant) = self.participant(by) else { return Ok(()) };
        let seat = participant.seat();
        let Some(seat) = seat.filter(|seat| seat.device == *by || seat.claimants.contains(by)) else {
            return Ok(());
        };
        let allowed = self.meeting.allowed_media(&participant.speech, media.over(*seat.media));
        let is_news = allowed != *seat.media;
        let is_limited = is_news && seat.reported_ms.len() >= MAX_REPORTS_PER_SECOND;
        let wait_ms = seat.reported_ms.first().map_or(0, |first_ms| first_ms + 1_000 - self.now.ms);
        if is_limited && wait_ms > 0 {
            let message = format!(
                "change your media at most {MAX_REPORTS_PER_SECOND} times a second; send the latest state after `retry_after_ms`"
            );
            let refusal = Refusal::new(Code::RateLimited, message);
            return Err(Refusal { retry_after_ms: Some(wait_ms), ..refusal });
        }
        Ok(())
    }

    /// Sets the media that the device of the seat sends, with a notice to all members. The microphone of a
    /// user whose speech is blocked counts as off, whatever the device reports.
    pub(crate) fn show_media(&mut self, by: &ClientId, media: MediaChange) {
        let (now_ms, rev) = (self.now.ms, self.rev);
        let Some(participant) = self.participant(by).filter(|p| p.sits_on(by)) else { return };
        let Some(present) = participant.seat().map(|seat| *seat.media) else { return };
        let media = self.meeting.allowed_media(&participant.speech, media.over(present));
        let Some(seat) = self.seat_of(by).filter(|_| media != present) else { return };
        if seat.reported_ms.len() >= MAX_REPORTS_PER_SECOND {
            seat.reported_ms.remove(0);
        }
        seat.reported_ms.push(now_ms);
        seat.media.set(media, rev);
        self.is_changed = true;
    }

    /// Stores the media that `by` will send at first from a seat that it gets now or later.
    pub(crate) fn announce_media(&mut self, by: &ClientId, media: Media) {
        let Some(participant) = self.meeting.participants.get_mut(&by.user()) else { return };
        self.is_changed |= participant.announced != Some(media);
        participant.announced = Some(media);
    }

    /// Shows the media that `by` announced when it asked to be admitted, if it did, from the seat that it
    /// claimed. Does not count as a report.
    pub(crate) fn show_wish(&mut self, by: &ClientId, wish: Option<Media>) {
        let rev = self.rev;
        let (Some(participant), Some(wish)) = (self.participant(by), wish) else { return };
        let shown = self.meeting.allowed_media(&participant.speech, wish.into());
        self.announce_media(by, wish);
        if let Some(seat) = self.seat_of(by).filter(|seat| *seat.media != shown) {
            seat.media.set(shown, rev);
            self.is_changed = true;
        }
    }

    /// Shows the media that `by` will send at first from its present seat. The notice of a move or a return
    /// shows the media.
    pub(crate) fn announce_media_again(&mut self, by: &ClientId, media: Media) {
        self.announce_media(by, media);
        if let Some(participant) = self.participant(by).filter(|p| p.standing.is_from(self.rev)) {
            let shown = self.meeting.allowed_media(&participant.speech, media.into());
            if let Some(seat) = self.seat_of(by) {
                *seat.media.amend() = shown;
            }
        } else {
            self.show_media(by, media.into());
        }
    }
}
