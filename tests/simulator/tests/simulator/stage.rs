//! The simulator as the world of the apps.

use crate::executor;
use crate::phone::{self, with};
use crate::rtc;
use crate::world::world;
use simulator::app::App;
use simulator::stage::Stage;
use switchboard_protocol::address::UserId;
use switchboard_protocol::join::Join;
use switchboard_protocol::object::Mode;
use switchboard_service::fake::StoredMeeting;
use terminal::Uplink;

/// The world of the present run.
pub struct VirtualStage;

impl Stage for VirtualStage {
    fn seed(&self) -> u64 {
        world().seed
    }

    fn now_ms(&self) -> i64 {
        executor::now_ms()
    }

    fn after(&self, ms: i64, action: Box<dyn FnOnce()>) {
        executor::after(ms, action);
    }

    fn trace(&self, line: &dyn Fn() -> String) {
        world().trace(line);
    }

    fn with_app(&self, phone: usize, action: &mut dyn FnMut(&mut App)) {
        with(phone, |phone| action(&mut phone.app));
    }

    fn phones(&self) -> usize {
        world().phones.len()
    }

    fn send(&self, phone: usize, uplink: Uplink, refusals: u32) {
        phone::send(phone, uplink, refusals);
    }

    fn has_rtc(&self) -> bool {
        world().service.rtc.is_some()
    }

    fn enter_media(&self, phone: usize, join: &Join) -> bool {
        rtc::enter(phone, join)
    }

    fn exit_media(&self, phone: usize, channel_id: &str, media_id: &str, what: &str) {
        rtc::exit(phone, channel_id, media_id, what);
    }

    fn media_lost(&self, phone: usize, channel_id: &str) {
        phone::media_lost(phone, channel_id);
    }

    fn meetings(&self, user: &UserId, own: bool) -> Vec<String> {
        let world = world();
        let table = world.table();
        let live = table.meetings.values().filter(|stored| stored.meeting.end().is_none());
        let is_member = |stored: &StoredMeeting| {
            stored.meeting.participants.get(user).is_some_and(|participant| participant.is_member())
        };
        let fits = |stored: &&StoredMeeting| {
            if own { is_member(stored) } else { *stored.meeting.mode == Mode::Group }
        };
        live.filter(fits).map(|stored| stored.meeting.id.to_string()).collect()
    }

    fn switch_on(&self, phone: usize) {
        phone::switch_on(phone);
    }

    fn switch_off(&self, phone: usize, noticed_after_ms: i64) {
        phone::switch_off(phone, noticed_after_ms);
    }

    fn link(&self, phone: usize) {
        phone::link(phone);
    }

    fn unlink(&self, phone: usize, noticed_after_ms: i64) {
        phone::unlink(phone, noticed_after_ms);
    }
}
