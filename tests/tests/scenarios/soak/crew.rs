//! Users who call each other in every way that there is, over and over.

use crate::calls::{Call, direct, group};
use crate::device::{Device, request};
use crate::inviting::{invite, receives_state};
use crate::stack::Stack;
use crate::user::User;
use serde_json::{Value, json};
use terminal::ReceivedDownlink;

/// Users who call each other.
pub struct Crew {
    alice: User,
    bob: User,
    carol: User,
    dave: User,
    stack: Stack,
}

/// The connected devices of a crew. A round has six parts, between which the stack becomes quiet: a function that handles
/// the end of a connection must not race with what the crew does next.
pub struct Round<'a> {
    crew: &'a Crew,
    stranger: User,
    alices: Device,
    /// `None` while it is away, as Carol's.
    bobs: Option<Device>,
    carols: Option<Device>,
    daves: Device,
    strangers: Device,
    /// The call of Alice and Bob, while they talk.
    talk: Option<Call>,
    pub calls: u64,
}

impl Crew {
    pub fn new(stack: &Stack) -> Self {
        let [alice, bob, carol, dave] = ["Alice", "Bob", "Carol", "Dave"].map(|name| member(stack, name));
        Self { alice, bob, carol, dave, stack: stack.clone() }
    }

    /// The first part: everybody connects, and somebody who is never seen again.
    pub async fn connects(&self) -> Round<'_> {
        let stranger = member(&self.stack, "Stranger");
        Round {
            alices: self.alice.on("phone").await,
            bobs: Some(self.bob.on("phone").await),
            carols: Some(self.carol.on("phone").await),
            daves: self.dave.on("phone").await,
            strangers: stranger.on("phone").await,
            crew: self,
            stranger,
            talk: None,
            calls: 0,
        }
    }
}

impl Round<'_> {
    /// The second part: a direct call is answered, and the connection of the callee breaks.
    pub async fn talks(&mut self) {
        let Self { crew: Crew { bob, .. }, alices, .. } = self;
        let mut bobs = self.bobs.take().expect("Bob is connected");
        let call = calls(alices, bob).await;
        is_offered(&mut bobs, &call).await;
        tells(&bobs, "answer", call.about_invitation("ringing")).await;
        alices.receives_that("invitation_updated", |news| news.body["state"] == "ringing").await;
        bobs.requests("answer", call.about_invitation("accept")).await;
        tells(alices, "attend", call.joined()).await;
        tells(&bobs, "attend", call.joined()).await;
        receives_state(alices, bob, "joined").await;
        drop(bobs);
        self.talk = Some(call);
        let away = self.carols.take().expect("Carol is connected");
        away.terminal.disconnect().await;
    }

    /// The third part: Bob is back.
    pub async fn is_back(&mut self) {
        self.bobs = Some(self.crew.bob.on("phone").await);
    }

    /// The fourth part: the call ends. Others are declined, taken back, and not answered by a device that is away.
    pub async fn ends(&mut self) {
        let call = self.talk.take().expect("they talk");
        let bobs = self.bobs.as_mut().expect("Bob is back");
        bobs.requests("attend", call.request("rejoin")).await;
        tells(bobs, "attend", call.joined()).await;
        self.alices.requests("attend", call.request("leave")).await;
        hears_the_end(bobs, &call).await;
        self.is_declined().await;
        self.is_cancelled().await;
        self.is_missed().await;
        self.takes_back_before_the_answer().await;
    }

    /// The fifth part: Carol's device is back.
    pub async fn returns(&mut self) {
        self.carols = Some(self.crew.carol.on("phone").await);
    }

    /// The last part: a group, a call of the stranger, settings and history.
    pub async fn meets(&mut self) {
        self.has_a_group().await;
        let call = calls(&self.strangers, &self.crew.dave).await;
        is_offered(&mut self.daves, &call).await;
        self.daves.requests("answer", call.about_invitation("reject")).await;
        hears_the_end(&mut self.strangers, &call).await;
        for kind in ["block_user", "unblock_user"] {
            self.daves.requests("settings", json!({"type": kind, "user_id": self.stranger.id})).await;
        }
        for device in [&self.alices, &self.daves, &self.strangers] {
            device.syncs().await;
            device.requests("sync", json!({"type": "history"})).await;
        }
        self.calls = 7;
    }

    /// Every second device disconnects in good order; the connections of the others break.
    pub async fn goes_home(self) {
        self.alices.terminal.disconnect().await;
        self.daves.terminal.disconnect().await;
    }

    async fn is_declined(&mut self) {
        let bobs = self.bobs.as_mut().expect("Bob is back");
        let call = calls(&self.alices, &self.crew.bob).await;
        is_offered(bobs, &call).await;
        bobs.requests("answer", call.about_invitation("reject")).await;
        hears_the_end(&mut self.alices, &call).await;
    }

    async fn is_cancelled(&mut self) {
        let bobs = self.bobs.as_ref().expect("Bob is back");
        let call = calls(bobs, &self.crew.dave).await;
        is_offered(&mut self.daves, &call).await;
        bobs.requests("invite", call.about_invitation("cancel_invite")).await;
        let closed = |news: &ReceivedDownlink| news.body["invite_id"] == json!(call.invite_id);
        self.daves.receives_that("invitation_closed", closed).await;
    }

    /// The offer waits in the queue of the device.
    async fn is_missed(&mut self) {
        let call = calls(&self.alices, &self.crew.carol).await;
        let queued = |news: &ReceivedDownlink| news.body["reach"] == "queued";
        self.alices.receives_that("invitation_updated", queued).await;
        self.alices.requests("attend", call.request("leave")).await;
    }

    /// A create request that is taken back by its id, whichever comes first.
    async fn takes_back_before_the_answer(&self) {
        let create = request("create-meeting", direct(&self.crew.alice));
        let destroy = request("destroy", json!({"type": "destroy_meeting", "create_id": create.id()}));
        let terminal = &self.daves.terminal;
        let (created, destroyed) =
            tokio::join!(terminal.request_uplink(&create), terminal.request_uplink(&destroy));
        assert!(destroyed.is_ok(), "{destroyed:?} after {created:?}");
    }

    /// Everybody comes and raises a hand; one is muted, one removed and invited again, one leaves, and the host ends it.
    async fn has_a_group(&mut self) {
        let Self { crew: Crew { bob, carol, dave, .. }, alices: host, bobs, carols, daves, .. } = self;
        let (bobs, carols) = (bobs.as_mut().expect("Bob is back"), carols.as_mut().expect("Carol is back"));
        let created = host.requests("create-meeting", group(&[bob, carol, dave])).await;
        let meeting = Call::to(&created, bob);
        tells(host, "attend", meeting.joined()).await;
        for (user, device) in [(bob, &mut *bobs), (carol, &mut *carols), (dave, &mut *daves)] {
            let call = Call::to(&created, user);
            is_offered(device, &call).await;
            device.requests("answer", call.about_invitation("accept")).await;
            tells(device, "attend", call.joined()).await;
            receives_state(host, user, "joined").await;
            device.requests("attend", call.request("raise_hand")).await;
        }
        let about = |kind: &str, user: &User| {
            let mut fields = meeting.request(kind);
            fields["user_id"] = json!(user.id);
            fields
        };
        let mut mute = about("mute", bob);
        mute["mode"] = json!("hard");
        host.requests("moderate", mute).await;
        host.requests("moderate", about("remove", carol)).await;
        carols.receives("participant_removed").await;
        let again = Call::to(&host.requests("invite", invite(&meeting, &[carol])).await, carol);
        is_offered(carols, &again).await;
        carols.requests("answer", again.about_invitation("accept")).await;
        daves.requests("attend", meeting.request("leave")).await;
        host.requests("destroy", meeting.request("destroy_meeting")).await;
        hears_the_end(carols, &meeting).await;
    }
}

/// A user whose tokens outlive any soak.
fn member(stack: &Stack, name: &str) -> User {
    User { token_days: 100 * 365, ..User::at(stack, name) }
}

async fn calls(caller: &Device, callee: &User) -> Call {
    Call::of(&caller.requests("create-meeting", direct(callee)).await)
}

/// Sends a request that is not answered.
async fn tells(device: &Device, function: &str, fields: Value) {
    device.terminal.send_uplink(&request(function, fields)).await.expect("connected");
}

async fn is_offered(device: &mut Device, call: &Call) {
    device.receives_that("invitation", |offer| offer.body["invite_id"] == json!(call.invite_id)).await;
}

async fn hears_the_end(device: &mut Device, call: &Call) {
    let ended = |news: &ReceivedDownlink| news.meeting_id.as_deref() == Some(call.meeting_id.as_str());
    device.receives_that("meeting_ended", ended).await;
}
