//! The RTC service: channels with their members, the management API, and callbacks.

use crate::dice::{Dice, mix, number};
use crate::executor::{after, now_ms};
use crate::faults::Fault;
use crate::invocation::{Call, current};
use crate::lambda::deliver_callback;
use crate::phone;
use crate::world::{START_MS, world};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use switchboard_protocol::join::{Join, Rights};
use switchboard_rtc::callback::{
    Callback, CallbackError, CallbackReader, MediaEvent, MediaEventKind, ServiceTime, Stay,
};
use switchboard_rtc::management::{
    ChannelSpec, ManagementCapabilities, OpenChannel, RequestContext, RtcError, RtcManagement,
};

/// The channels, by name.
#[derive(Debug, Default)]
pub struct Rtc {
    pub channels: BTreeMap<String, Channel>,
    /// `true` if the first join opens a channel that does not exist.
    pub makes_channels: bool,
    /// `true` if an empty channel stays open.
    keeps_channels: bool,
    events: i64,
    stays: u64,
}

impl Rtc {
    pub fn new(makes_channels: bool, keeps_channels: bool) -> Self {
        Self { makes_channels, keeps_channels, ..Self::default() }
    }
}

/// A channel.
#[derive(Debug, Default)]
pub struct Channel {
    pub opened_ms: i64,
    /// Members, by their ids.
    pub members: BTreeMap<String, Member>,
    /// Time since which the channel is empty.
    empty_since_ms: i64,
    empty_ms: i64,
    departure_ms: i64,
    was_entered: bool,
}

/// A device in the media.
#[derive(Debug)]
pub struct Member {
    pub phone: usize,
    pub rights: Rights,
    stay: Stay,
}

/// A callback, in a form of its own: the signatures and forms of the vendors are tested in `switchboard-rtc`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CallbackBody {
    channel_id: String,
    at: ServiceTime,
    what: String,
    media_id: String,
    stay: Option<Stay>,
}

impl CallbackBody {
    pub fn words(&self) -> String {
        format!("{} {}", self.what, self.media_id)
    }
}

/// Reader of [`CallbackBody`].
pub struct Reader;

impl CallbackReader for Reader {
    fn read(&self, callback: &Callback<'_>) -> Result<Vec<MediaEvent>, CallbackError> {
        let body: CallbackBody =
            serde_json::from_slice(callback.body).map_err(|_| CallbackError::Malformed)?;
        let CallbackBody { channel_id, at, what, media_id, stay } = body;
        let kind = match what.as_str() {
            "joined" => MediaEventKind::Joined { media_id, stay },
            "closed" => MediaEventKind::ChannelClosed,
            what => MediaEventKind::Left { media_id, stay, clean: what == "left" },
        };
        Ok(vec![MediaEvent { id: format!("{}-{}", at.ms, at.seq), channel_id, at, kind }])
    }
}

/// Sends a callback.
fn call_back(channel_id: &str, what: &str, media_id: &str, stay: Option<Stay>) {
    let world = world();
    let seq = {
        let mut rtc = world.rtc.borrow_mut();
        rtc.events += 1;
        rtc.events
    };
    let at = ServiceTime { ms: START_MS + now_ms(), seq };
    let body = CallbackBody {
        channel_id: channel_id.to_owned(),
        at,
        what: what.to_owned(),
        media_id: media_id.to_owned(),
        stay,
    };
    let place = mix(&[number(channel_id), number(what), number(media_id), now_ms().cast_unsigned()]);
    if world.happens(Fault::CallbackLost, place) {
        world.trace(|| format!("callback {}: lost", body.words()));
        let of_user = |phone: &&std::cell::RefCell<phone::Phone>| phone.borrow().user.as_str() == media_id;
        let phones = world.phones.iter().enumerate().filter(|(_, phone)| of_user(phone));
        world.watch.borrow_mut().unseen.extend(phones.map(|(index, _)| index));
        return;
    }
    let mut dice = Dice::new(&[world.seed, place]);
    let wait_ms = dice.between(10, 120);
    let late_ms = if world.happens(Fault::CallbackDelayed, place) { dice.between(200, 30_000) } else { 0 };
    if world.happens(Fault::CallbackDoubled, place) {
        let again = body.clone();
        after(wait_ms + dice.between(0, 5_000), move || deliver_callback(again, mix(&[place, 1]), 1));
    }
    after(wait_ms + late_ms, move || deliver_callback(body, place, 1));
}

/// Opens a channel unless it is open.
fn open(id: &str, empty_ms: i64, departure_ms: i64) {
    let world = world();
    let mut rtc = world.rtc.borrow_mut();
    if rtc.channels.contains_key(id) {
        return;
    }
    let channel = Channel {
        opened_ms: now_ms(),
        empty_since_ms: now_ms(),
        empty_ms,
        departure_ms,
        ..Channel::default()
    };
    rtc.channels.insert(id.to_owned(), channel);
    drop(rtc);
    world.trace(|| format!("channel {id} opened"));
    close_when_empty(id, empty_ms);
}

/// Closes a channel that is still empty after `wait_ms`, as the RTC service does by itself.
fn close_when_empty(id: &str, wait_ms: i64) {
    if world().rtc.borrow().keeps_channels {
        return;
    }
    let id = id.to_owned();
    after(wait_ms, move || {
        let is_over = {
            let world = world();
            let rtc = world.rtc.borrow();
            rtc.channels.get(&id).is_some_and(|channel| {
                let kept_ms = if channel.was_entered { channel.departure_ms } else { channel.empty_ms };
                channel.members.is_empty() && channel.empty_since_ms + kept_ms <= now_ms()
            })
        };
        if is_over {
            close(&id);
        }
    });
}

/// Enters a channel with a token. Returns `false` if the channel does not exist and a join opens none.
pub fn enter(phone: usize, join: &Join) -> bool {
    let world = world();
    let id = &join.channel_id;
    if !world.rtc.borrow().channels.contains_key(id) {
        if !world.rtc.borrow().makes_channels {
            return false;
        }
        open(id, 300_000, 20_000);
    }
    let (stay, replaced) = {
        let mut rtc = world.rtc.borrow_mut();
        rtc.stays += 1;
        let stay = Stay { id: format!("stay-{}", rtc.stays), since_ms: START_MS + now_ms() };
        let Some(channel) = rtc.channels.get_mut(id) else { return false };
        channel.was_entered = true;
        let member = Member { phone, rights: join.rights, stay: stay.clone() };
        (stay, channel.members.insert(join.user_id.clone(), member))
    };
    if let Some(replaced) = replaced {
        call_back(id, "dropped", &join.user_id, Some(replaced.stay));
        if replaced.phone != phone {
            phone::media_lost(replaced.phone, id);
        }
    }
    call_back(id, "joined", &join.user_id, Some(stay));
    true
}

/// Ends the stay of a device in a channel: `left` on purpose, `dropped`, or `removed`.
pub fn exit(phone: usize, channel_id: &str, media_id: &str, what: &str) {
    let world = world();
    let (stay, kept_ms) = {
        let mut rtc = world.rtc.borrow_mut();
        let Some(channel) = rtc.channels.get_mut(channel_id) else { return };
        if channel.members.get(media_id).is_none_or(|member| member.phone != phone) {
            return;
        }
        let stay = channel.members.remove(media_id).map(|member| member.stay);
        channel.empty_since_ms = now_ms();
        (stay, channel.members.is_empty().then_some(channel.departure_ms))
    };
    call_back(channel_id, what, media_id, stay);
    if let Some(kept_ms) = kept_ms {
        world.watch.borrow_mut().emptied(channel_id);
        close_when_empty(channel_id, kept_ms);
    }
}

fn close(id: &str) {
    let world = world();
    let Some(channel) = world.rtc.borrow_mut().channels.remove(id) else { return };
    world.trace(|| format!("channel {id} closed"));
    world.watch.borrow_mut().closed(id, &channel);
    call_back(id, "closed", "", None);
    for member in channel.members.into_values() {
        phone::media_lost(member.phone, id);
    }
}

/// The management API. It has no fields and changes the world of its thread, since a port of the RTC service must be
/// `Send`.
pub struct Management;

impl Management {
    async fn begin(what: &str) -> Result<Call, RtcError> {
        let call = Call::begin(10, 60).await;
        call.delay(Fault::RtcSlow, 3_000).await;
        if call.fails(Fault::RtcFails) {
            return Err(RtcError::Unavailable(format!("fault of the simulator in {what}")));
        }
        Ok(call)
    }

    async fn end<T>(call: Call, result: T) -> Result<T, RtcError> {
        call.end(5, 30).await;
        if call.fails(Fault::RtcAnswerLost) {
            return Err(RtcError::Unavailable("the answer got lost".to_owned()));
        }
        Ok(result)
    }
}

#[async_trait]
impl RtcManagement for Management {
    fn capabilities(&self) -> ManagementCapabilities {
        ManagementCapabilities {
            reports_presence: true,
            enforces_rights: true,
            lists_channels: true,
            admits_any_id: false,
        }
    }

    async fn register(&self, channel: ChannelSpec<'_>, _: RequestContext) -> Result<(), RtcError> {
        let call = Self::begin("register").await?;
        open(
            channel.id,
            i64::from(channel.empty_seconds) * 1_000,
            i64::from(channel.departure_seconds) * 1_000,
        );
        Self::end(call, ()).await
    }

    async fn close(&self, channel_id: &str, _: RequestContext) -> Result<(), RtcError> {
        let call = Self::begin("close").await?;
        close(channel_id);
        Self::end(call, ()).await
    }

    async fn remove(&self, channel_id: &str, media_id: &str, _: RequestContext) -> Result<(), RtcError> {
        let call = Self::begin("remove").await?;
        let phone = {
            let world = world();
            let rtc = world.rtc.borrow();
            let member = rtc.channels.get(channel_id).and_then(|channel| channel.members.get(media_id));
            member.map(|member| member.phone)
        };
        if let Some(phone) = phone {
            world().trace(|| format!("{media_id} removed from the media"));
            exit(phone, channel_id, media_id, "removed");
            phone::media_lost(phone, channel_id);
        }
        Self::end(call, ()).await
    }

    async fn restrict(
        &self,
        channel_id: &str,
        media_id: &str,
        rights: Rights,
        _: RequestContext,
    ) -> Result<(), RtcError> {
        world().trace(|| {
            format!(
                "    restrict {media_id} {} begins {}",
                rights.microphone,
                current().map_or_else(String::new, |i| i.name.clone())
            )
        });
        let call = Self::begin("restrict").await?;
        {
            let world = world();
            let mut rtc = world.rtc.borrow_mut();
            let channel = rtc.channels.get_mut(channel_id);
            if let Some(member) = channel.and_then(|channel| channel.members.get_mut(media_id)) {
                let by = current().map_or_else(String::new, |invocation| invocation.name.clone());
                world.trace(|| {
                    format!("    {media_id} may speak in the media: {}, by {by}", rights.microphone)
                });
                member.rights = rights;
            }
        }
        Self::end(call, ()).await
    }

    async fn members(&self, channel_id: &str, _: RequestContext) -> Result<Vec<String>, RtcError> {
        let call = Self::begin("members").await?;
        let members = {
            let world = world();
            let rtc = world.rtc.borrow();
            let channel = rtc.channels.get(channel_id);
            channel.map(|channel| channel.members.keys().cloned().collect()).unwrap_or_default()
        };
        Self::end(call, members).await
    }

    async fn channels(&self, prefix: &str, _: RequestContext) -> Result<Vec<OpenChannel>, RtcError> {
        let call = Self::begin("channels").await?;
        let channels = {
            let world = world();
            let rtc = world.rtc.borrow();
            let open = rtc.channels.iter().filter(|(id, _)| id.starts_with(prefix));
            let shown = |(id, channel): (&String, &Channel)| OpenChannel {
                id: id.clone(),
                created_ms: Some(START_MS + channel.opened_ms),
            };
            open.map(shown).collect()
        };
        Self::end(call, channels).await
    }
}
