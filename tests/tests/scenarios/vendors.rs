//! The service's management calls to stand-ins for the vendors' services (`tests/fakes/rtc.py`), which check each request
//! with the vendor's own code.

use crate::device::DEADLINE;
use crate::foreign::program;
use crate::user::now_ms;
use serde_json::Value;
use switchboard_rtc::management::{
    ChannelSpec, HttpTimeouts, OpenChannel, RequestContext, RtcError, RtcManagement,
};
use switchboard_rtc::{Account, ManagementApi, Provider, Rights};
use switchboard_service::aws::Https;
use switchboard_service::config::environment;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::time::timeout;

const KEY_ID: &str = "AKIDEXAMPLE";
const KEY_SECRET: &str = "a secret with spaces/and+more=, long enough";
const ROOM: &str = "sb-1";

/// A running stand-in.
struct Vendor {
    url: String,
    output: Lines<BufReader<ChildStdout>>,
    _input: ChildStdin,
    _process: Child,
}

impl Vendor {
    /// Starts the stand-in for this provider.
    async fn start(provider: Provider) -> Self {
        let mut process = program("tests/fakes/rtc.py")
            .args([provider.name(), KEY_ID, KEY_SECRET])
            .spawn()
            .expect("Python can be run");
        let output = process.stdout.take().expect("piped");
        let input = process.stdin.take().expect("piped");
        let lines = BufReader::new(output).lines();
        let mut vendor = Self { url: String::new(), output: lines, _input: input, _process: process };
        vendor.url = format!("http://127.0.0.1:{}", vendor.next().await["port"]);
        vendor
    }

    async fn next(&mut self) -> Value {
        let line = timeout(DEADLINE, self.output.next_line()).await;
        let line = line
            .expect("the stand-in prints in time")
            .expect("the output is readable")
            .expect("the stand-in runs");
        serde_json::from_str(&line).expect("the stand-in prints JSON")
    }

    /// Checks that the stand-in accepted these calls next, in this order.
    async fn accepts_calls(&mut self, calls: &[&str]) {
        for call in calls {
            let said = self.next().await;
            assert_eq!((&said["called"], &said["refused"]), (&(*call).into(), &Value::Null), "{said}");
        }
    }

    /// Returns the reason for which the stand-in refused the next call.
    async fn refused(&mut self) -> String {
        let said = self.next().await;
        said["refused"].as_str().unwrap_or_else(|| panic!("the stand-in accepted {said}")).to_owned()
    }

    /// Returns a client of the stand-in's management API.
    fn control(&self, provider: Provider, mode: &str, secret: &str) -> Box<dyn RtcManagement> {
        let account = Account {
            mode: mode.into(),
            url: "wss://rtc.example.org".into(),
            key_id: "1400000000".into(),
            key_secret: "of the tokens".into(),
            api: Some(ManagementApi {
                url: self.url.clone(),
                key_id: KEY_ID.into(),
                key_secret: secret.into(),
            }),
        };
        let http = Https::read(&environment).expect("authorities").rtc_client(HttpTimeouts::default());
        switchboard_rtc::management(provider, &account, http)
            .expect("an account")
            .expect("with a management API")
    }
}

fn moment(number: u8) -> RequestContext {
    RequestContext { now_ms: now_ms(), nonce: [number; 16] }
}

const CHANNEL: ChannelSpec<'_> =
    ChannelSpec { id: ROOM, max_participants: 4, empty_seconds: 60, departure_seconds: 90 };

#[tokio::test]
async fn livekit_takes_our_calls() {
    let mut livekit = Vendor::start(Provider::Livekit).await;
    let control = livekit.control(Provider::Livekit, "", KEY_SECRET);
    let at = moment(1);
    assert_eq!(control.members(ROOM, at).await, Ok(Vec::new()));
    assert_eq!(livekit.refused().await, "room does not exist");
    assert_eq!(control.register(CHANNEL, at).await, Ok(()));
    assert_eq!(control.register(CHANNEL, at).await, Ok(()));
    let ours = OpenChannel { id: ROOM.into(), created_ms: Some(1_700_000_000_000) };
    assert_eq!(control.channels("sb-", at).await, Ok(vec![ours]));
    assert_eq!(control.members(ROOM, at).await, Ok(vec!["alice".into()]));
    livekit.accepts_calls(&["CreateRoom", "CreateRoom", "ListRooms", "ListParticipants"]).await;
    let muted = Rights::ALL.without_microphone();
    for _ in 0..2 {
        assert_eq!(control.restrict(ROOM, "alice", muted, at).await, Ok(()));
    }
    livekit.accepts_calls(&["UpdateParticipant", "GetParticipant", "MutePublishedTrack"]).await;
    livekit.accepts_calls(&["UpdateParticipant", "GetParticipant"]).await;
    assert_eq!(control.restrict(ROOM, "alice", Rights::ALL, at).await, Ok(()));
    assert_eq!(control.remove(ROOM, "alice", at).await, Ok(()));
    livekit.accepts_calls(&["UpdateParticipant", "RemoveParticipant"]).await;
    assert_eq!(control.remove(ROOM, "alice", at).await, Ok(()));
    assert_eq!(livekit.refused().await, "participant does not exist");
    assert_eq!(control.close(ROOM, at).await, Ok(()));
    livekit.accepts_calls(&["DeleteRoom"]).await;
    assert_eq!(control.close(ROOM, at).await, Ok(()));
    assert_eq!(livekit.refused().await, "room does not exist");

    let stranger = livekit.control(Provider::Livekit, "", "guessed");
    let refused = Err(RtcError::Unauthorized("HTTP 401 unauthenticated".into()));
    assert_eq!(stranger.register(CHANNEL, at).await, refused);
    assert_eq!(livekit.refused().await, "invalid token: InvalidSignatureError");
}

#[tokio::test]
async fn alibaba_takes_our_calls() {
    let mut alibaba = Vendor::start(Provider::Alibaba).await;
    let artc = alibaba.control(Provider::Alibaba, "", KEY_SECRET);
    assert_eq!(artc.register(CHANNEL, moment(1)).await, Ok(()));
    assert_eq!(artc.members(ROOM, moment(2)).await, Ok(vec!["alice".into()]));
    // User ids of the service cannot contain these characters, but the signature must be valid for any characters.
    assert_eq!(artc.remove(ROOM, "a user*~", moment(3)).await, Ok(()));
    assert_eq!(artc.close(ROOM, moment(4)).await, Ok(()));
    let ours = vec![OpenChannel { id: ROOM.into(), created_ms: None }];
    assert_eq!(artc.channels("sb-", moment(5)).await, Ok(ours));
    alibaba
        .accepts_calls(&[
            "DescribeChannelParticipants",
            "RemoveTerminals",
            "DeleteChannel",
            "ListRTCLiveRooms",
        ])
        .await;

    let ding = alibaba.control(Provider::Alibaba, "dingrtc", KEY_SECRET);
    assert_eq!(ding.members(ROOM, moment(6)).await, Ok(vec!["alice".into()]));
    assert_eq!(ding.remove(ROOM, "alice", moment(7)).await, Ok(()));
    assert_eq!(ding.close(ROOM, moment(8)).await, Ok(()));
    alibaba.accepts_calls(&["DescribeChannelAllUsers", "RemoveUsers", "StopChannel"]).await;

    let again = ding.close(ROOM, moment(8)).await;
    assert_eq!(again, Err(RtcError::Unauthorized("SignatureNonceUsed".into())));
    assert_eq!(alibaba.refused().await, "SignatureNonceUsed");
    let stranger = alibaba.control(Provider::Alibaba, "", "guessed");
    let refused = Err(RtcError::Unauthorized("SignatureDoesNotMatch".into()));
    assert_eq!(stranger.close(ROOM, moment(9)).await, refused);
    assert_eq!(alibaba.refused().await, "SignatureDoesNotMatch");
}

#[tokio::test]
async fn tencent_takes_our_calls() {
    let mut tencent = Vendor::start(Provider::Tencent).await;
    let rooms = tencent.control(Provider::Tencent, "", KEY_SECRET);
    assert_eq!(rooms.register(CHANNEL, moment(1)).await, Ok(()));
    assert_eq!(rooms.remove(ROOM, "älice", moment(2)).await, Ok(()));
    assert_eq!(rooms.close(ROOM, moment(3)).await, Ok(()));
    tencent.accepts_calls(&["RemoveUserByStrRoomId", "DismissRoomByStrRoomId"]).await;
    assert_eq!(rooms.close("sb-2", moment(4)).await, Ok(()));
    assert_eq!(tencent.refused().await, "FailedOperation.RoomNotExist");

    let stranger = tencent.control(Provider::Tencent, "", "guessed");
    let refused = Err(RtcError::Unauthorized("AuthFailure.SignatureFailure".into()));
    assert_eq!(stranger.close(ROOM, moment(5)).await, refused);
    assert_eq!(tencent.refused().await, "AuthFailure.SignatureFailure");
    let late = RequestContext { now_ms: now_ms() - 600_000, ..moment(6) };
    let refused = Err(RtcError::Unauthorized("AuthFailure.SignatureExpire".into()));
    assert_eq!(rooms.close(ROOM, late).await, refused);
    assert_eq!(tencent.refused().await, "AuthFailure.SignatureExpire");
}
