//! The world in which apps run: its time, its network and its media.

use crate::app::App;
use serde_json::Value;
use std::cell::RefCell;
use std::rc::Rc;
use switchboard_protocol::address::UserId;
use switchboard_protocol::join::Join;
use terminal::Uplink;

/// A world of apps. All of it is on one thread.
pub trait Stage {
    /// Seed of the run.
    fn seed(&self) -> u64;

    /// Time in milliseconds since the start of the run.
    fn now_ms(&self) -> i64;

    /// Calls `action` after so many milliseconds.
    fn after(&self, ms: i64, action: Box<dyn FnOnce()>);

    /// Adds a line to the trace, if one is kept.
    fn trace(&self, line: &dyn Fn() -> String);

    /// Runs `action` on an app that nothing else uses meanwhile.
    fn with_app(&self, phone: usize, action: &mut dyn FnMut(&mut App));

    /// Number of devices.
    fn phones(&self) -> usize;

    /// Sends a request, or drops it if its user may not send it now.
    fn send(&self, phone: usize, uplink: Uplink, refusals: u32);

    /// True if the RTC service tells the service who is in the media.
    fn has_rtc(&self) -> bool;

    /// Enters a channel with a token. Returns `false` if there is no such channel.
    fn enter_media(&self, phone: usize, join: &Join) -> bool;

    /// Ends the stay of a device in a channel: `left` on purpose, or `dropped`.
    fn exit_media(&self, phone: usize, channel_id: &str, media_id: &str, what: &str);

    /// Takes note that the RTC service ended the stay of a device in a channel.
    fn media_lost(&self, phone: usize, channel_id: &str);

    /// Live meetings that a user may want to join: groups, or with `own` those in which the user is a member.
    fn meetings(&self, user: &UserId, own: bool) -> Vec<String>;

    /// Starts the app, with nothing in its memory.
    fn switch_on(&self, phone: usize);

    /// Ends the app without a word. The broker notices the end of the connection so many milliseconds later.
    fn switch_off(&self, phone: usize, noticed_after_ms: i64);

    /// Connects to the broker.
    fn link(&self, phone: usize);

    /// Loses the connection to the broker, which notices it so many milliseconds later.
    fn unlink(&self, phone: usize, noticed_after_ms: i64);
}

thread_local! {
    static STAGE: RefCell<Option<Rc<dyn Stage>>> = const { RefCell::new(None) };
}

/// Returns the world of the present run.
///
/// # Panics
/// No run is going on.
#[must_use]
pub fn stage() -> Rc<dyn Stage> {
    STAGE.with_borrow(|stage| Rc::clone(stage.as_ref().expect("a run is going on")))
}

/// Makes this the world of the present run, or ends the run.
pub fn set_stage(stage: Option<Rc<dyn Stage>>) {
    drop(STAGE.replace(stage));
}

/// Runs `action` on an app.
///
/// # Panics
/// No run is going on.
pub fn with<T>(phone: usize, action: impl FnOnce(&mut App) -> T) -> T {
    let (mut action, mut result) = (Some(action), None);
    stage().with_app(phone, &mut |app| result = action.take().map(|action| action(app)));
    result.expect("a stage runs the action")
}

/// Returns the time in milliseconds since the start of the run.
#[must_use]
pub fn now_ms() -> i64 {
    stage().now_ms()
}

/// Calls `action` after so many milliseconds.
pub fn after(ms: i64, action: impl FnOnce() + 'static) {
    stage().after(ms, Box::new(action));
}

/// Adds a line to the trace, if one is kept.
pub fn trace(line: impl Fn() -> String) {
    stage().trace(&line);
}

/// Sends a request of this kind with these fields. Returns its id.
pub fn request(phone: usize, kind: &str, fields: Value) -> String {
    let mut fields = match fields {
        Value::Object(fields) => fields,
        _ => serde_json::Map::new(),
    };
    let id = with(phone, App::next_request_id);
    fields.insert("type".to_owned(), kind.into());
    fields.insert("id".to_owned(), id.clone().into());
    let function =
        switchboard_protocol::requests::RequestInfo::find(kind).map_or("", |info| info.function.name());
    let uplink = Uplink::from_fields(function, fields);
    let uplink = if function == "sync" { uplink.bulk() } else { uplink };
    stage().send(phone, uplink, 0);
    id
}
