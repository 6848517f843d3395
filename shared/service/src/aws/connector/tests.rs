//! Tests of connections to servers on this machine, with and without TLS.

use super::*;
use crate::error_chain::ErrorChain;
use axum::Router;
use axum::http::StatusCode;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const NO_CONTENT: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

/// Time limit for connecting that no test reaches.
const PATIENT: Duration = Duration::from_secs(30);

/// Sends a request to a URL and returns its status.
async fn status(connector: &SharedHttpConnector, url: &str) -> Result<u16, ConnectorError> {
    let mut request = HttpRequest::new(SdkBody::empty());
    request.set_uri(url.to_owned()).expect("a URL");
    connector.call(request).await.map(|response| response.status().as_u16())
}

/// Starts a TLS server with a certificate of its own. Returns its URL and the certificate (PEM).
async fn tls_server() -> (String, String) {
    let names = vec!["localhost".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).expect("a certificate");
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .expect("a certificate with its key");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("https://localhost:{}/", listener.local_addr().expect("it listens").port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let mut request = [0; 1024];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(NO_CONTENT).await;
            }
        }
    });
    (url, cert.pem())
}

/// Starts an HTTP server that answers with the statuses in their order. Returns its URL and the number of its
/// connections.
async fn http_server(statuses: Vec<StatusCode>) -> (String, Arc<AtomicUsize>) {
    let replies = Arc::new(AtomicUsize::new(0));
    let answer = move || {
        let status = statuses[replies.fetch_add(1, Ordering::Relaxed).min(statuses.len() - 1)];
        async move { (status, "{}") }
    };
    let connections = Arc::new(AtomicUsize::new(0));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("it listens"));
    let counted = axum::serve::ListenerExt::tap_io(listener, {
        let connections = Arc::clone(&connections);
        move |_| {
            connections.fetch_add(1, Ordering::Relaxed);
        }
    });
    tokio::spawn(async move { axum::serve(counted, Router::new().fallback(answer)).await });
    (url, connections)
}

/// Makes SDK clients for a data plane at `url`.
fn aws(url: &str) -> crate::aws::Aws {
    let url = url.to_owned();
    let variables = move |name: &'static str| match name {
        "AWS_REGION" => Some("eu-west-1".to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("of-the-tests".to_owned()),
        "AWS_ENDPOINT_URL_IOT_DATA_PLANE" => Some(url.clone()),
        _ => None,
    };
    let https = Https::read(&variables).expect("the embedded authorities");
    crate::aws::Aws::read(&variables, https).expect("complete")
}

#[tokio::test]
async fn an_authority_in_the_file_of_the_setting_is_trusted_and_no_other() {
    let (url, certificate) = tls_server().await;
    let mut file = tempfile::NamedTempFile::new().expect("a scratch file");
    file.write_all(certificate.as_bytes()).expect("it can be written");
    let path = file.path().to_str().expect("UTF-8").to_owned();

    let named = Https::read(&|name| (name == "SSL_CERT_FILE").then(|| path.clone())).expect("an authority");
    assert_eq!(status(&named.connector(PATIENT), &url).await.expect("it is trusted"), 204);

    let embedded = Https::read(&|_| None).expect("the embedded authorities");
    let error = status(&embedded.connector(PATIENT), &url).await.expect_err("it is not trusted");
    let shown = ErrorChain(&error).to_string();
    assert!(error.is_io() && shown.contains("UnknownIssuer"), "{shown}");
}

#[test]
fn a_setting_without_an_authority_stops_the_cold_start() {
    let missing = |name| (name == "SSL_CERT_FILE").then(|| "/no/such/file.pem".to_owned());
    let error = Https::read(&missing).expect_err("no authority").to_string();
    assert!(error.contains("SSL_CERT_FILE") && error.contains("/no/such/file.pem"), "{error}");
}

#[test]
fn the_roots_of_aws_are_embedded() {
    let names: Vec<String> = webpki_roots::TLS_SERVER_ROOTS
        .iter()
        .map(|root| String::from_utf8_lossy(root.subject.as_ref()).into_owned())
        .collect();
    for root in ["Amazon Root CA 1", "Amazon Root CA 2", "Amazon Root CA 3", "Amazon Root CA 4"] {
        assert!(names.iter().any(|name| name.contains(root)), "{root}");
    }
    let services = "Starfield Services Root Certificate Authority - G2";
    assert!(names.iter().any(|name| name.contains(services)), "{services}");
}

#[tokio::test]
async fn a_server_that_does_not_finish_the_handshake_costs_the_limit_for_connecting() {
    // The operating system accepts connections for a listener by itself; no program answers on them.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("https://localhost:{}/", listener.local_addr().expect("it listens").port());
    let https = Https::read(&|_| None).expect("the embedded authorities");
    let error = status(&https.connector(Duration::from_millis(50)), &url).await.expect_err("no handshake");
    assert!(error.is_timeout(), "{}", ErrorChain(&error));
}

#[tokio::test]
async fn a_refused_connection_is_an_io_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("it listens"));
    drop(listener);
    let https = Https::read(&|_| None).expect("the embedded authorities");
    let error = status(&https.connector(PATIENT), &url).await.expect_err("nothing listens");
    assert!(error.is_io(), "{}", ErrorChain(&error));
}

#[tokio::test]
async fn all_clients_of_an_endpoint_share_its_connections() {
    let (url, connections) = http_server(vec![StatusCode::OK]).await;
    let aws = aws(&url);
    for client in [aws.data_plane(), aws.direct_messages(), aws.data_plane()] {
        client.publish().topic("call-dn/p2p/x").send().await.expect("published");
    }
    assert_eq!(connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_connection_is_given_up_after_an_error_of_the_server() {
    let (url, connections) = http_server(vec![StatusCode::INTERNAL_SERVER_ERROR, StatusCode::OK]).await;
    aws(&url).data_plane().publish().topic("call-dn/p2p/x").send().await.expect("published again");
    assert_eq!(connections.load(Ordering::Relaxed), 2, "the retry has a connection of its own");
}
