//! Tests of access to the stack: it refuses requests of other sites' pages on every route, and listens on no address
//! that other machines reach.

use std::net::SocketAddr;

use local::{Stack, StackOptions};
use reqwest::{Method, StatusCode};

use crate::support::{binaries, start, template};

/// Routes of each part of the stack, with the method that changes or shows something, and a path without a route.
const ROUTES: [(Method, &str); 22] = [
    (Method::POST, "/2015-03-31/functions/probe/invocations"),
    (Method::GET, "/2018-06-01/runtime/invocation/next"),
    (Method::GET, "/local/clock"),
    (Method::POST, "/local/clock"),
    (Method::GET, "/local/journal"),
    (Method::GET, "/local/downlinks"),
    (Method::GET, "/local/outcomes"),
    (Method::POST, "/local/faults"),
    (Method::DELETE, "/local/faults"),
    (Method::POST, "/local/broker"),
    (Method::POST, "/rtc/fn/probe.1/x"),
    (Method::POST, "/local/login"),
    (Method::GET, "/local/contacts"),
    (Method::POST, "/dynamodb"),
    (Method::POST, "/iot-data/topics/probe%2Fx"),
    (Method::POST, "/sqs"),
    (Method::POST, "/events"),
    (Method::GET, "/mqtt"),
    (Method::POST, "/lambda-url/probe/"),
    (Method::POST, "/sfu/whip"),
    (Method::GET, "/"),
    (Method::GET, "/no-such-route"),
];

async fn status(stack: &Stack, method: &Method, path: &str, header: (&str, &str)) -> StatusCode {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let request = client.request(method.clone(), format!("{}{path}", stack.addresses().http));
    let request = request.header("content-type", "text/plain").header(header.0, header.1).body("{}");
    request.send().await.expect("an answer").status()
}

#[tokio::test]
async fn every_route_refuses_a_foreign_host_and_a_foreign_origin() {
    let stack = start().await;
    for (method, path) in ROUTES {
        for header in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("host", "evil.example"),
            ("host", "127.0.0.1.evil.example:8080"),
        ] {
            let refused = status(&stack, &method, path, header).await;
            assert_eq!(refused, StatusCode::FORBIDDEN, "{method} {path} {header:?}");
        }
    }
    let entries = stack.instruments().journal.after(0);
    assert!(entries.is_empty(), "no function was invoked: {entries:?}");
    let allowed = status(&stack, &Method::GET, "/local/clock", ("origin", "http://localhost:3000")).await;
    assert_eq!(allowed, StatusCode::OK, "a page of this machine");
    stack.shutdown().await;
}

#[tokio::test]
async fn the_stack_listens_on_this_machine_only() {
    let other: SocketAddr = "0.0.0.0:0".parse().expect("an address");
    let options = || StackOptions::on_free_ports(template(), binaries());
    for options in [StackOptions { mqtt: other, ..options() }, StackOptions { http: other, ..options() }] {
        let error = Stack::start(options).await.err().expect("refused").to_string();
        assert!(error.contains("0.0.0.0:0 is not a loopback address"), "{error}");
    }
}
