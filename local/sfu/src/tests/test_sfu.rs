//! Test harness: an SFU on free ports, with a clock, tokens and requests that the tests control.

use std::future::Future;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use switchboard_rtc::livekit::{self, ApiKey, LivekitClaims, LivekitTrackSource, VideoGrant};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::client::Client;
use crate::{Sfu, SfuOptions};

/// Timeout of each wait; longer than any expected event takes.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Start time of the clock in Unix seconds. Only the tests move the clock.
pub(super) const NOW: i64 = 1_900_000_000;

/// Awaits a future that must resolve in time.
pub(super) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(TIMEOUT, future).await.expect("timed out")
}

/// Polls a condition until it is true.
pub(super) async fn until(mut condition: impl FnMut() -> bool) {
    within(async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// Returns the API key of the tests.
pub(super) fn key() -> ApiKey {
    ApiKey { id: "devkey".into(), secret: "secret-of-the-tests-secret-of-the-tests".into() }
}

/// A running SFU behind HTTP.
pub(super) struct TestSfu {
    /// Base URL of the routes, such as `http://127.0.0.1:1234/sfu`.
    pub(super) url: String,
    pub(super) http: reqwest::Client,
    pub(super) handle: Sfu,
    clock: Arc<AtomicI64>,
    _server: JoinSet<()>,
}

#[derive(Debug)]
pub(super) struct HttpResponse {
    pub(super) status: u16,
    pub(super) location: Option<String>,
    pub(super) body: String,
}

impl HttpResponse {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// Returns the HTTP status and the code of an error response.
    pub(super) fn refusal(&self) -> (u16, String) {
        let code = self.json()["code"].as_str().unwrap_or_default().to_owned();
        assert!(self.json()["msg"].is_string(), "{}", self.body);
        (self.status, code)
    }
}

impl TestSfu {
    pub(super) async fn start() -> Self {
        Self::start_with(key(), NOW, |_| {}).await
    }

    pub(super) async fn start_with(key: ApiKey, now: i64, adjust: impl FnOnce(&mut SfuOptions)) -> Self {
        let clock = Arc::new(AtomicI64::new(now * 1000));
        let read = {
            let clock = Arc::clone(&clock);
            Arc::new(move || clock.load(Ordering::SeqCst))
        };
        let mut options = SfuOptions::on_loopback(key, read);
        adjust(&mut options);
        let handle = Sfu::start(options).await.expect("a free port");
        let (url, server) = serve(Router::new().nest("/sfu", handle.router())).await;
        let http = reqwest::Client::builder().no_proxy().build().expect("a client without TLS");
        Self { url: format!("{url}/sfu"), http, handle, clock, _server: server }
    }

    /// Moves the clock forward.
    pub(super) fn advance_seconds(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// Issues a join token at the present time.
    pub(super) fn token(&self, room: &str, identity: &str) -> String {
        self.token_for(join_grant(room), Some(identity))
    }

    /// Issues a token with this grant at the present time.
    pub(super) fn token_for(&self, grant: VideoGrant, identity: Option<&str>) -> String {
        let now = self.clock.load(Ordering::SeqCst) / 1000;
        signed(&LivekitClaims {
            sub: identity.map(str::to_owned),
            video: Some(grant),
            ..LivekitClaims::issued_by("devkey", now, now + 600)
        })
    }

    /// Posts an SDP offer.
    pub(super) async fn post_offer(&self, token: Option<&str>, offer: &str) -> HttpResponse {
        let mut request = self.http.post(format!("{}/whip", self.url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        send_request(request.header("content-type", "application/sdp").body(offer.to_owned())).await
    }

    /// Joins with a client that has slots for seven other participants.
    pub(super) async fn join(&self, room: &str, identity: &str) -> Client {
        self.join_as(&self.token(room, identity), identity).await
    }

    pub(super) async fn join_as(&self, token: &str, identity: &str) -> Client {
        let (draft, offer) = Client::draft(7).await;
        let answer = self.post_offer(Some(token), &offer).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        draft.start(identity, &answer)
    }

    /// Ends a session.
    pub(super) async fn leave(&self, location: &str, token: &str) -> HttpResponse {
        let origin = self.url.strip_suffix("/sfu").expect("the URL ends with /sfu");
        send_request(self.http.delete(format!("{origin}{location}")).bearer_auth(token)).await
    }

    /// Calls the management API with the grant that the method needs.
    pub(super) async fn call(&self, method: &str, body: Value) -> HttpResponse {
        let grant = match method {
            "CreateRoom" | "DeleteRoom" => VideoGrant { room_create: true, ..VideoGrant::default() },
            "ListRooms" => VideoGrant { room_list: true, ..VideoGrant::default() },
            _ => VideoGrant {
                room_admin: true,
                room: body["room"].as_str().map(str::to_owned),
                ..VideoGrant::default()
            },
        };
        self.call_as(&self.token_for(grant, None), method, &body.to_string()).await
    }

    pub(super) async fn call_as(&self, token: &str, method: &str, body: &str) -> HttpResponse {
        let url = format!("{}/twirp/livekit.RoomService/{method}", self.url);
        let request = self.http.post(url).bearer_auth(token).header("content-type", "application/json");
        send_request(request.body(body.to_owned())).await
    }

    /// Returns a participant in the form of the API.
    pub(super) async fn participant(&self, room: &str, identity: &str) -> Value {
        self.call("GetParticipant", json!({"room": room, "identity": identity})).await.json()
    }

    /// Mutes or unmutes a source of a participant with the management API.
    pub(super) async fn mute(&self, room: &str, identity: &str, source: &str, muted: bool) {
        let participant = self.participant(room, identity).await;
        let tracks = participant["tracks"].as_array().expect("tracks").iter();
        let track = tracks.clone().find(|track| track["source"] == source).expect("the source is there");
        let body = json!({"room": room, "identity": identity, "trackSid": track["sid"], "muted": muted});
        let answer = self.call("MutePublishedTrack", body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// Returns the identities in a channel.
    pub(super) async fn identities(&self, room: &str) -> Vec<String> {
        let answer = self.call("ListParticipants", json!({ "room": room })).await.json();
        let participants = answer["participants"].as_array().expect("a list").iter();
        participants.map(|one| one["identity"].as_str().expect("a name").to_owned()).collect()
    }

    /// Returns the names of all channels.
    pub(super) async fn room_names(&self) -> Vec<String> {
        let answer = self.call("ListRooms", json!({})).await.json();
        let rooms = answer["rooms"].as_array().expect("a list").iter();
        rooms.map(|room| room["name"].as_str().expect("a name").to_owned()).collect()
    }
}

/// Serves routes on a free port.
pub(super) async fn serve(routes: Router) -> (String, JoinSet<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let address = listener.local_addr().expect("the listener is bound");
    let mut server = JoinSet::new();
    server.spawn(
        async move { axum::serve(listener, routes).await.expect("the server runs until it is aborted") },
    );
    (format!("http://{address}"), server)
}

/// Sends a request and reads the response.
pub(super) async fn send_request(request: reqwest::RequestBuilder) -> HttpResponse {
    let response = within(request.send()).await.expect("an answer");
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    let location = header("location").map(str::to_owned);
    HttpResponse {
        status: response.status().as_u16(),
        location,
        body: response.text().await.expect("a body"),
    }
}

/// Builds the grant to join a channel with all permissions.
pub(super) fn join_grant(room: &str) -> VideoGrant {
    VideoGrant {
        room_join: true,
        room: Some(room.to_owned()),
        can_publish: Some(true),
        can_subscribe: Some(true),
        can_publish_sources: vec![LivekitTrackSource::Microphone, LivekitTrackSource::Camera],
        ..VideoGrant::default()
    }
}

pub(super) fn signed(claims: &LivekitClaims) -> String {
    livekit::sign(claims, &key()).expect("signs").expose_secret().to_owned()
}
