//! Notices about the right to speak (T34–T38).

use super::{MAX_TOLD_SINGLY, Notices};
use crate::participant::Participant;
use crate::speech_rules::{speech_of_all, speech_of_one};

impl Notices<'_> {
    /// Adds notices to every member about the own right and the rights of the others, with one body for
    /// several members if the same body applies. Returns whether members need the whole meeting instead,
    /// because the rights of many others changed.
    pub(super) fn of_speech(&mut self) -> bool {
        let (meeting, rev, now_ms, rtc) = (self.meeting, self.rev, self.now_ms, self.rtc);
        let changed: Vec<&Participant> = meeting.members().filter(|p| p.speech.mode.is_from(rev)).collect();
        let of_all = speech_of_all(meeting, rev, now_ms, rtc);
        let has_many = of_all.is_none() && changed.len() > MAX_TOLD_SINGLY;
        let is_single = of_all.is_none() && !has_many;
        for member in meeting.members() {
            let own = changed.iter().filter(|p| p.user_id == member.user_id);
            let others = changed.iter().filter(|p| p.user_id != member.user_id && is_single);
            for participant in own.chain(others) {
                let body = speech_of_one(meeting, participant, now_ms, rtc);
                self.notify_member(member, participant.user_id.as_str(), body);
            }
            if let Some(body) = &of_all {
                self.notify_member(member, "*", body.clone());
            }
        }
        has_many
    }
}
