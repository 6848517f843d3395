//! The gateway's process with its own configuration, and the listener for its events.

use super::now_ms;
use crate::stack::client;
use axum::body::Bytes;
use axum::http::HeaderMap;
use serde_json::Value;
use std::fs;
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use switchboard_rtc::Provider;
use switchboard_rtc::callback::{Callback, MediaEvent, MediaEventKind};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// `token_auth_secret` of the gateway.
pub const SECRET: &str = "a secret of the gateway";
/// `admin_key` of the plugin.
pub const ADMIN_KEY: &str = "a key of the rooms";
/// Password of the event handler.
const EVENTS: &str = "a password of the events";

/// Time limit of each step, so that a failing test does not hang.
pub const TIME_LIMIT: Duration = Duration::from_secs(30);
/// Time between two checks of a condition.
pub const CHECK_INTERVAL: Duration = Duration::from_millis(20);

/// A running gateway; it stops when this is dropped.
pub struct Gateway {
    url: String,
    http: reqwest::Client,
    events: Arc<Mutex<Vec<MediaEvent>>>,
    listener: JoinHandle<()>,
    _process: Child,
    _folder: TempDir,
}

impl Gateway {
    /// Starts a gateway on a free port; retries with another port if a process takes it first.
    pub async fn start() -> Self {
        for _ in 0..5 {
            if let Some(gateway) = Self::try_start().await {
                return gateway;
            }
        }
        panic!("janus does not start; is it installed (Debian: apt-get install janus)?");
    }

    async fn try_start() -> Option<Self> {
        let events = Arc::default();
        let (listener, events_url) = listen(Arc::clone(&events)).await;
        let free = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
        let port = free.expect("a free port").port();
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in configuration(folder.path().to_str().expect("a path"), port, &events_url) {
            fs::write(folder.path().join(name), text).expect("a new folder is writable");
        }
        let log = fs::File::create(folder.path().join("log")).expect("a new folder is writable");
        let mut process = Command::new("janus")
            .arg("--configs-folder")
            .arg(folder.path())
            .stdout(log.try_clone().expect("a file"))
            .stderr(log)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("janus can be run (Debian: apt-get install janus)");
        let url = format!("http://127.0.0.1:{port}/janus");
        let http = client();
        let begin = Instant::now();
        while begin.elapsed() < TIME_LIMIT {
            if let Some(status) = process.try_wait().expect("a child process") {
                let log = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
                eprintln!("janus ended with {status}:\n{log}");
                return None;
            }
            let info = http.get(format!("{url}/info")).send().await;
            if info.is_ok_and(|answer| answer.status().is_success()) {
                return Some(Self { url, http, events, listener, _process: process, _folder: folder });
            }
            sleep(CHECK_INTERVAL).await;
        }
        None
    }

    /// Address of its HTTP API.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Posts a request of the gateway's protocol to a path below its address.
    pub async fn post(&self, path: &str, mut body: Value) -> Value {
        body["transaction"] = "t".into();
        let request = self.http.post(format!("{}{path}", self.url)).json(&body).timeout(TIME_LIMIT);
        request.send().await.expect("the gateway answers").json().await.expect("JSON")
    }

    /// The next event of a session.
    pub async fn poll(&self, session: &str, token: &str) -> Value {
        let url = format!("{}{session}", self.url);
        let url = reqwest::Url::parse_with_params(&url, [("maxev", "1"), ("token", token)]).expect("a URL");
        let request = self.http.get(url).timeout(TIME_LIMIT);
        request.send().await.expect("the gateway answers").json().await.expect("JSON")
    }

    /// Waits until the event handler reports `kind`; returns all events so far.
    pub async fn events_until(&self, kind: &MediaEventKind) -> Vec<MediaEvent> {
        let begin = Instant::now();
        loop {
            let reported = self.events.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if reported.iter().any(|event| event.kind == *kind) {
                return reported;
            }
            assert!(begin.elapsed() < TIME_LIMIT, "the gateway did not report {kind:?}, but {reported:#?}");
            sleep(CHECK_INTERVAL).await;
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// Receives the events as `rtc-webhook` does, and keeps those with a meaning for the service.
async fn listen(events: Arc<Mutex<Vec<MediaEvent>>>) -> (JoinHandle<()>, String) {
    let account = switchboard_rtc::Account::default();
    let reader = switchboard_rtc::callback_reader(Provider::Janus, &account, Some(&EVENTS.into()))
        .expect("Janus has callbacks");
    let reader = Arc::new(reader);
    let take = move |headers: HeaderMap, body: Bytes| {
        let (reader, events) = (Arc::clone(&reader), Arc::clone(&events));
        async move {
            let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
            let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
            let callback = Callback { headers: &headers, body: &body, now_ms: now_ms() };
            let reported = reader.read(&callback).expect("an event of this gateway");
            events.lock().unwrap_or_else(PoisonError::into_inner).extend(reported);
        }
    };
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/", socket.local_addr().expect("the socket is bound"));
    let router = axum::Router::new().fallback(take);
    (tokio::spawn(async move { axum::serve(socket, router).await.expect("serves") }), url)
}

/// A gateway with HTTP on loopback, the plugin `videoroom` and the event handler, and nothing else.
fn configuration(folder: &str, port: u16, events_url: &str) -> [(&'static str, String); 4] {
    let gateway = format!(
        r#"general: {{
            configs_folder = "{folder}"
            debug_level = 4
            token_auth = true
            token_auth_secret = "{SECRET}"
            session_timeout = 60
        }}
        nat: {{ full_trickle = true }}
        plugins: {{
            disable = "libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_voicemail.so"
        }}
        transports: {{
            disable = "libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so,libjanus_websockets.so"
        }}
        events: {{
            broadcast = true
            disable = "libjanus_gelfevh.so,libjanus_mqttevh.so,libjanus_nanomsgevh.so,libjanus_rabbitmqevh.so,libjanus_wsevh.so"
        }}
        loggers: {{ disable = "libjanus_jsonlog.so" }}
        "#
    );
    let http = format!(
        r#"general: {{
            json = "compact"
            base_path = "/janus"
            http = true
            port = {port}
            ip = "127.0.0.1"
            https = false
        }}
        admin: {{ admin_http = false }}
        "#
    );
    let rooms = format!(
        r#"general: {{
            admin_key = "{ADMIN_KEY}"
            string_ids = true
        }}
        "#
    );
    let events = format!(
        r#"general: {{
            enabled = true
            events = "plugins"
            grouping = true
            json = "compact"
            backend = "{events_url}"
            backend_user = "{}"
            backend_pwd = "{EVENTS}"
        }}
        "#,
        switchboard_rtc::janus::callback::USER
    );
    [
        ("janus.jcfg", gateway),
        ("janus.transport.http.jcfg", http),
        ("janus.plugin.videoroom.jcfg", rooms),
        ("janus.eventhandler.sampleevh.jcfg", events),
    ]
}
