use super::*;

const COMPLETE: [(&str, &str); 8] = [
    ("JWT_HS256_SECRET", "local-development-only"),
    ("ALLOWED_GROUPS", ""),
    ("CALL_UP_PARENT", "call-up"),
    ("BULK_UP_PARENT", "bulk-up"),
    ("CALL_DOWN_PARENT", "call-dn"),
    ("BULK_DOWN_PARENT", "bulk-dn"),
    ("IOT_ARN_PREFIX", "arn:aws:iot:eu-west-1:123456789012"),
    ("TABLE_NAME", "calls"),
];

/// Returns a complete environment in which some variables have other values.
pub(crate) fn environment(changed: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> {
    move |name| {
        let value = changed.iter().chain(&COMPLETE).find(|(known, _)| *known == name)?.1;
        Some(value.to_owned())
    }
}

pub(crate) fn config() -> AuthorizerConfig {
    AuthorizerConfig::read(&environment(&[])).expect("complete")
}

fn complaint(changed: &[(&str, &str)]) -> String {
    AuthorizerConfig::read(&environment(changed)).expect_err("refused").to_string()
}

#[test]
fn a_missing_variable_is_named() {
    for name in [
        "CALL_UP_PARENT",
        "BULK_UP_PARENT",
        "CALL_DOWN_PARENT",
        "BULK_DOWN_PARENT",
        "IOT_ARN_PREFIX",
        "TABLE_NAME",
    ] {
        let complete = environment(&[]);
        let read = AuthorizerConfig::read(&|wanted| if wanted == name { None } else { complete(wanted) });
        assert!(matches!(read.expect_err("refused"), ConfigError::Missing(missing) if missing == name));
    }
}

#[test]
fn without_any_key_nothing_starts() {
    let complaint = complaint(&[("JWT_HS256_SECRET", ""), ("JWT_PUBLIC_KEY", "")]);
    assert_eq!(
        complaint,
        "the environment variable JWT_HS256_SECRET, JWT_PUBLIC_KEY or JWT_KEY_SET is missing"
    );
}

#[test]
fn a_malformed_key_is_named_and_never_shown() {
    for key in ["nonsense", "-----BEGIN PRIVATE KEY-----\nnonsense", include_str!("../fixtures/p384.pub.pem")]
    {
        assert_eq!(
            complaint(&[("JWT_PUBLIC_KEY", key)]),
            "the environment variable JWT_PUBLIC_KEY is malformed: not a PEM public key of RSA or P-256"
        );
    }
    assert_eq!(
        complaint(&[("JWT_HS256_SECRET", include_str!("../fixtures/rsa.pub.pem"))]),
        "the environment variable JWT_HS256_SECRET is malformed: a PEM text instead of a secret"
    );
    for set in ["nonsense", "{}", r#"{"keys": []}"#, r#"{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}"#] {
        assert_eq!(
            complaint(&[("JWT_KEY_SET", set)]),
            "the environment variable JWT_KEY_SET is malformed: not a JSON Web Key Set with a public key of RSA or P-256",
            "{set}"
        );
    }
}

#[test]
fn a_short_secret_is_refused_and_the_public_one_is_for_the_laptop_only() {
    let short = "the environment variable JWT_HS256_SECRET is malformed: shorter than 32 bytes; use a random secret, as \
                 `openssl rand -base64 32` prints it";
    for secret in ["x", &"s".repeat(31), "local-development-onlY"] {
        assert_eq!(complaint(&[("JWT_HS256_SECRET", secret)]), short);
    }
    assert_eq!(complaint(&[("LAMBDA_TASK_ROOT", "/var/task")]), short);
    let long = "s".repeat(32);
    let on_aws = [("JWT_HS256_SECRET", long.as_str()), ("LAMBDA_TASK_ROOT", "/var/task")];
    assert!(AuthorizerConfig::read(&environment(&on_aws)).is_ok());
    assert!(complaint(&[("JWT_HS256_SECRET_PREVIOUS", "short")]).contains("JWT_HS256_SECRET_PREVIOUS"));
}

#[test]
fn a_public_key_needs_an_issuer_and_an_audience() {
    let rsa = ("JWT_PUBLIC_KEY", include_str!("../fixtures/rsa.pub.pem"));
    let (issuer, audience) = (("JWT_ISSUER", "https://id.example.com"), ("JWT_AUDIENCE", "calls, other"));
    assert_eq!(complaint(&[rsa]), "the environment variable JWT_ISSUER is missing");
    assert_eq!(complaint(&[rsa, issuer]), "the environment variable JWT_AUDIENCE is missing");
    let config = AuthorizerConfig::read(&environment(&[rsa, issuer, audience])).expect("complete");
    assert_eq!(config.verifier.audiences, ["calls", "other"]);
}

#[test]
fn a_parent_that_would_widen_the_policy_is_refused() {
    for parent in [
        "+",
        "#",
        "call-up/#",
        "*",
        "a/b",
        "a//b",
        "/a",
        "call dn",
        "$aws",
        "call-dn-with-33-characters-in-all-",
    ] {
        for name in ["CALL_UP_PARENT", "BULK_DOWN_PARENT"] {
            assert_eq!(
                complaint(&[(name, parent)]),
                format!(
                    "the environment variable {name} is malformed: a parent topic is one level of 1 to 32 characters A-Z a-z 0-9 _ -"
                ),
                "{parent}"
            );
        }
    }
    assert!(AuthorizerConfig::read(&environment(&[("CALL_DOWN_PARENT", "tenant_call-dn")])).is_ok());
}

// Case: parents-that-meet
#[test]
fn parents_that_meet_stop_the_start() {
    for (up, down) in [
        ("CALL_UP_PARENT", "CALL_DOWN_PARENT"),
        ("CALL_UP_PARENT", "BULK_DOWN_PARENT"),
        ("BULK_UP_PARENT", "CALL_DOWN_PARENT"),
        ("BULK_UP_PARENT", "BULK_DOWN_PARENT"),
    ] {
        let complaint = complaint(&[(up, "calls"), (down, "calls")]);
        assert!(complaint.contains(up) && complaint.contains("different parent topics"), "{complaint}");
    }
    for equal in [["CALL_UP_PARENT", "BULK_UP_PARENT"], ["CALL_DOWN_PARENT", "BULK_DOWN_PARENT"]] {
        assert!(AuthorizerConfig::read(&environment(&equal.map(|name| (name, "calls")))).is_ok());
    }
}

#[test]
fn an_arn_prefix_of_another_form_is_refused() {
    for prefix in [
        "",
        "arn:aws:iot:eu-west-1",
        "arn:aws:s3:eu-west-1:1",
        "arn:aws:iot:*:1",
        "arn:aws:iot:eu-west-1:1:topic",
    ] {
        assert!(complaint(&[("IOT_ARN_PREFIX", prefix)]).contains("IOT_ARN_PREFIX"), "{prefix}");
    }
}

#[test]
fn settings_that_make_too_long_a_policy_stop_the_start() {
    let account = format!("arn:aws:iot:eu-west-1:{}", "1".repeat(200));
    assert!(complaint(&[("IOT_ARN_PREFIX", &account)]).contains("too long"));
}

#[test]
fn debug_output_shows_no_key() {
    let shown = format!("{:?}", config());
    assert!(!shown.contains("local-development-only"), "{shown}");
}
