//! Agora vectors: compares inflated tokens.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::{each, text, u32_of};
use crate::agora::{AgoraPrivileges, AgoraService, AgoraToken};
use crate::zlib;

fn service(service: &Value) -> AgoraService {
    let privileges = service["privileges"].as_object().expect("an object").iter();
    let privileges: AgoraPrivileges = privileges
        .map(|(privilege, seconds)| {
            let seconds = seconds.as_u64().and_then(|seconds| u32::try_from(seconds).ok());
            (privilege.parse().expect("a number"), seconds.expect("seconds"))
        })
        .collect();
    match text(service, "kind") {
        "rtc" => {
            let uid = &service["uid"];
            let uid = uid.as_str().map_or_else(|| uid.to_string(), str::to_owned);
            AgoraService::Rtc { channel: text(service, "channel").into(), uid, privileges }
        }
        "rtm" => AgoraService::Rtm { user_id: text(service, "userId").into(), privileges },
        other => panic!("unknown service {other}"),
    }
}

#[test]
fn access_tokens() {
    each("agora", "AccessToken2-007", 5, |vector| {
        let (inputs, expected) = (&vector["inputs"], &vector["expected"]);
        let certificate: SecretString = text(inputs, "appCertificate").into();
        let token = AgoraToken {
            app_id: text(inputs, "appId").into(),
            issued: u32_of(inputs, "issueTs"),
            life_seconds: u32_of(inputs, "expire"),
            salt: u32_of(inputs, "salt"),
            services: inputs["services"].as_array().expect("a list").iter().map(service).collect(),
        };
        let ours = token.sign(&certificate).expect("signs");
        let ours = STANDARD.decode(&ours.expose_secret()[3..]).expect("padded standard base64");
        let ours = data_encoding::HEXLOWER.encode(&zlib::inflate(&ours).expect("a zlib stream"));
        assert_eq!(ours, text(expected, "inflatedHex"), "{}", vector["id"]);

        let received = AgoraToken::read(text(expected, "token")).expect("an Agora token");
        assert_eq!(received.token, token, "{}", vector["id"]);
        assert!(received.is_signed_with(&certificate), "{}", vector["id"]);
    });
}
