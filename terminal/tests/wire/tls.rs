//! Tests of TLS: the trusted authorities, and the user name and ALPN that AWS IoT needs for a custom
//! authorizer.

use crate::fake_broker::{FakeBroker, within};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rumqttc::tokio_rustls::TlsAcceptor;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use std::sync::Arc;
use terminal::{Config, ConnectError, Terminal, Tls, TlsError, Transport};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A TLS proxy in front of a broker, for one connection.
struct TlsProxy {
    port: u16,
    /// Self-signed certificate of the proxy, PEM.
    certificate: String,
    /// The negotiated application protocol; `None` if the handshake failed.
    protocol: JoinHandle<Option<Vec<u8>>>,
}

impl TlsProxy {
    async fn before(broker: &FakeBroker) -> Self {
        let names = vec!["localhost".to_owned()];
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).expect("a certificate");
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .expect("a certificate with its key");
        config.alpn_protocols = vec![b"mqtt".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it listens").port();
        let broker = broker.address();
        let protocol = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("the terminal connects");
            let mut outside = acceptor.accept(stream).await.ok()?;
            let protocol = outside.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
            let mut inside = TcpStream::connect(broker).await.expect("the broker listens");
            // An error ends the proxy in the same way as a closed connection.
            drop(tokio::io::copy_bidirectional(&mut outside, &mut inside).await);
            protocol
        });
        Self { port, certificate: cert.pem(), protocol }
    }

    /// Returns a configuration that trusts `authority`.
    fn config(&self, broker: &FakeBroker, authority: &str) -> Config {
        let tls = Tls::new(Some(authority.as_bytes()), &["mqtt"]).expect("an authority");
        let transport = Transport::Tls(tls);
        Config { host: "localhost".to_owned(), port: self.port, transport, ..broker.patient() }
    }
}

#[tokio::test]
async fn a_terminal_connects_over_tls_and_names_its_authorizer() {
    let broker = FakeBroker::start().await;
    let proxy = TlsProxy::before(&broker).await;
    let mut config = proxy.config(&broker, &proxy.certificate);
    config.user_name = "?x-amz-customauthorizer-name=switchboard".to_owned();
    let (connected, mut peer) =
        within(async { tokio::join!(Terminal::connect(config), broker.accept(false)) }).await;
    let (terminal, _events) = connected.expect("it trusts the proxy");
    let login = peer.connect.login.clone().expect("a login");
    assert_eq!(login.username, "?x-amz-customauthorizer-name=switchboard");
    within(async { tokio::join!(terminal.disconnect(), peer.disconnect_packet()) }).await;
    drop(peer);
    assert_eq!(within(proxy.protocol).await.expect("no panic"), Some(b"mqtt".to_vec()));
}

#[tokio::test]
async fn a_broker_with_an_untrusted_certificate_gets_no_mqtt() {
    let broker = FakeBroker::start().await;
    let (proxy, other) = (TlsProxy::before(&broker).await, TlsProxy::before(&broker).await);
    let outcome = within(Terminal::connect(proxy.config(&broker, &other.certificate))).await;
    let Err(ConnectError::Unreachable(reason)) = outcome else {
        panic!("the certificate is trusted: {outcome:?}")
    };
    assert!(reason.contains("certificate"), "{reason}");
    assert_eq!(within(proxy.protocol).await.expect("no panic"), None, "the handshake failed");
    other.protocol.abort();
}

#[test]
fn without_an_authority_tls_is_an_error() {
    assert!(matches!(Tls::new(Some(b"nothing"), &[]), Err(TlsError::NoAuthority(_))));
}
