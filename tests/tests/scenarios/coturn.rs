//! A real coturn: Debian's TURN server on loopback accepts the service's credentials, and no expired or altered ones.

use crate::user::now_ms;
use secrecy::ExposeSecret;
use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::process::Stdio;
use std::time::Duration;
use switchboard_rtc::turn::{TurnCredential, TurnServers, WithTurn};
use switchboard_rtc::{Account, MintRequest, Minter, Provider, Rights};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

/// `static-auth-secret` of the server.
const SECRET: &str = "a secret of the relay";

/// Time limit of each step, so that a failing test does not hang.
const TIME_LIMIT: Duration = Duration::from_secs(30);
const CHECK_INTERVAL: Duration = Duration::from_millis(20);

/// A running server; it stops when this is dropped.
struct Relay {
    address: SocketAddr,
    _process: Child,
    _folder: TempDir,
}

/// A STUN binding request without attributes (RFC 8489).
const BINDING: [u8; 20] = [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

impl Relay {
    async fn start() -> Self {
        for _ in 0..5 {
            if let Some(relay) = Self::try_start().await {
                return relay;
            }
        }
        panic!("turnserver does not start; is it installed (Debian: apt-get install coturn)?");
    }

    /// Starts a server on a free port; `None` if another process takes the port in between.
    async fn try_start() -> Option<Self> {
        let free = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
        let address = free.expect("a free port");
        let folder = tempfile::tempdir().expect("a folder");
        let configuration = folder.path().join("turnserver.conf");
        let log = folder.path().join("log");
        let path = folder.path().to_str().expect("a path");
        let settings = format!(
            "listening-ip=127.0.0.1\nrelay-ip=127.0.0.1\nlistening-port={}\nrealm=test\n\
             use-auth-secret\nstatic-auth-secret={SECRET}\nno-tls\nno-dtls\nno-cli\nno-tcp-relay\n\
             allow-loopback-peers\ncli-password=none\nsimple-log\nlog-file={path}/turn.log\n\
             pidfile={path}/pid\nuserdb={path}/db\n",
            address.port()
        );
        fs::write(&configuration, settings).expect("a new folder is writable");
        let output = fs::File::create(&log).expect("a new folder is writable");
        let mut process = Command::new("turnserver")
            .arg("-c")
            .arg(&configuration)
            .stdout(output.try_clone().expect("a file"))
            .stderr(output)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("turnserver can be run (Debian: apt-get install coturn)");
        let begin = Instant::now();
        while begin.elapsed() < TIME_LIMIT {
            if let Some(status) = process.try_wait().expect("a child process") {
                eprintln!(
                    "turnserver ended with {status}:\n{}",
                    fs::read_to_string(&log).unwrap_or_default()
                );
                return None;
            }
            if answers(address).await {
                return Some(Self { address, _process: process, _folder: folder });
            }
            sleep(CHECK_INTERVAL).await;
        }
        None
    }

    /// Returns `true` if a client with this credential gets an address at the relay and can send a message through the
    /// relay to itself.
    async fn accepts(&self, username: &str, password: &str) -> bool {
        let client = Command::new("turnutils_uclient")
            // One client sends one message to itself.
            .args(["-y", "-n", "1", "-m", "1", "-g", "-X"])
            .args(["-p", &self.address.port().to_string()])
            .args(["-u", username, "-w", password, "127.0.0.1"])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output =
            timeout(TIME_LIMIT, client).await.expect("the client ends").expect("the client can be run");
        String::from_utf8_lossy(&output.stdout).contains("Total lost packets 0")
    }
}

/// Returns `true` if a server answers STUN at this address.
async fn answers(address: SocketAddr) -> bool {
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
    let mut answer = [0; 512];
    let asked = async {
        socket.send_to(&BINDING, address).await?;
        socket.recv(&mut answer).await
    };
    timeout(Duration::from_millis(200), asked).await.is_ok_and(|received| received.is_ok())
}

#[tokio::test]
async fn the_relay_takes_our_credentials_and_no_expired_or_altered_ones() {
    let relay = Relay::start().await;
    let urls = format!("turn:{}", relay.address);
    let servers = TurnServers::new(&urls, SECRET.into()).expect("an address").expect("servers");
    let account = Account {
        url: "wss://rtc.example.org".into(),
        key_id: "key".into(),
        key_secret: "secret".into(),
        ..Account::default()
    };
    let minter =
        WithTurn::new(switchboard_rtc::minter(Provider::Livekit, account).expect("an account"), servers);
    let now = now_ms() / 1000;
    let request = MintRequest {
        channel_id: "sb-meeting-1",
        user_id: "alice",
        number: 1,
        salt: 1,
        name: None,
        rights: Rights::ALL,
        now_ms: now_ms(),
        ttl_seconds: 600,
    };
    let join = minter.join(&request).expect("mints");
    let server = &join.params["iceServers"][0];
    assert_eq!(server["urls"][0], urls.as_str());
    let text = |member: &str| server[member].as_str().expect("text").to_owned();
    let (username, credential) = (text("username"), text("credential"));
    assert!(relay.accepts(&username, &credential).await, "issued by the service");

    let later = username.replacen(char::is_numeric, "9", 1);
    assert!(!relay.accepts(&later, &credential).await, "altered to expire later");
    assert!(!relay.accepts(&username.replace("alice", "mallory"), &credential).await, "of another user");
    assert!(!relay.accepts(&username, "guessed").await, "guessed");
    let with = |expires: i64, secret: &str| {
        let made = TurnCredential::new("alice", expires, &secret.into());
        (made.username, made.password.expose_secret().to_owned())
    };
    let (username, credential) = with(now - 60, SECRET);
    assert!(!relay.accepts(&username, &credential).await, "expired");
    let (username, credential) = with(now + 600, "another secret");
    assert!(!relay.accepts(&username, &credential).await, "of another relay");
    let (username, credential) = with(now + 600, SECRET);
    assert!(relay.accepts(&username, &credential).await, "the server still accepts the service's credential");
}
