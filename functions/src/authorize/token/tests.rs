use serde_json::{Value, json};
use switchboard_rtc::jwt::sign_hs256;

use super::*;
use crate::authorize::keys::KeyTexts;

const SECRET: &str = "a-secret-of-the-tests-of-32-bytes";
const EXP: i64 = 1_767_229_200;
const NOW_MS: i64 = 1_767_225_600_000;

// Made with Python's `cryptography`; `sub` alice, `name` Alice, `exp` as above. The private keys were
// deleted.
const RSA_KEY: &str = include_str!("../fixtures/rsa.pub.pem");
const EC_KEY: &str = include_str!("../fixtures/ec.pub.pem");
const RS256: &str = include_str!("../fixtures/rs256.jwt");
const RS512: &str = include_str!("../fixtures/rs512.jwt");
const ES256: &str = include_str!("../fixtures/es256.jwt");

fn keys(secret: &str, public_key: &str) -> Verifier {
    verifier(&KeyTexts { secret: secret.into(), public_keys: public_key.to_owned(), ..KeyTexts::default() })
}

fn verifier(texts: &KeyTexts) -> Verifier {
    Verifier {
        keys: Keys::new(texts).expect("good keys"),
        issuer: None,
        audiences: Vec::new(),
        max_seconds: None,
    }
}

/// Returns the key of [`ES256`] as a member of a key set.
fn jwk(kid: &str) -> Value {
    let pem: String = EC_KEY.lines().filter(|line| !line.starts_with("--")).collect();
    let der = data_encoding::BASE64.decode(pem.as_bytes()).expect("base64");
    // The point is at the end of the key: two coordinates of 32 bytes.
    let (x, y) = der[der.len() - 64..].split_at(32);
    let text = |bytes: &[u8]| data_encoding::BASE64URL_NOPAD.encode(bytes);
    json!({"kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "x": text(x), "y": text(y)})
}

fn key_set(keys: &[Value]) -> Verifier {
    verifier(&KeyTexts { key_set: json!({"keys": keys}).to_string(), ..KeyTexts::default() })
}

fn hs256(claims: &Value) -> String {
    sign_hs256(claims, SECRET.as_bytes()).expect("signs")
}

fn verify(claims: &Value, now_ms: i64) -> Result<Identity, TokenError> {
    keys(SECRET, "").verify(&hs256(claims), now_ms)
}

fn base64url(text: &str) -> String {
    data_encoding::BASE64URL_NOPAD.encode(text.as_bytes())
}

#[test]
fn each_algorithm_is_accepted_with_its_key() {
    let alice = Identity { account: "alice".into(), name: Some("Alice".into()), expires_ms: EXP * 1000 };
    let token = hs256(&json!({"sub": "alice", "name": "Alice", "exp": EXP}));
    assert_eq!(keys(SECRET, "").verify(&token, NOW_MS), Ok(alice.clone()));
    assert_eq!(keys("", RSA_KEY).verify(RS256, NOW_MS), Ok(alice.clone()));
    assert_eq!(keys("", EC_KEY).verify(ES256, NOW_MS), Ok(alice.clone()));
    let both = keys(SECRET, EC_KEY);
    assert_eq!(both.verify(&token, NOW_MS), Ok(alice.clone()));
    assert_eq!(both.verify(ES256, NOW_MS), Ok(alice));
}

#[test]
fn a_public_key_may_come_on_one_line() {
    let one_line = EC_KEY.trim().replace('\n', "\\n");
    assert!(keys("", &one_line).verify(ES256, NOW_MS).is_ok());
}

#[test]
fn an_algorithm_without_its_key_is_refused() {
    assert_eq!(keys("", RSA_KEY).verify(ES256, NOW_MS), Err(TokenError::Algorithm));
    assert_eq!(keys("", EC_KEY).verify(RS256, NOW_MS), Err(TokenError::Algorithm));
    assert_eq!(keys(SECRET, "").verify(RS256, NOW_MS), Err(TokenError::Algorithm));
    assert_eq!(
        keys("", RSA_KEY).verify(RS512, NOW_MS),
        Err(TokenError::Algorithm),
        "the same key, another algorithm"
    );
    // The classic forgery uses the public key, which everybody has, as the secret.
    let forged = sign_hs256(&json!({"sub": "alice", "exp": EXP}), RSA_KEY.as_bytes()).expect("signs");
    assert_eq!(keys("", RSA_KEY).verify(&forged, NOW_MS), Err(TokenError::Algorithm));
}

#[test]
fn an_unsigned_token_is_refused() {
    let claims = base64url(&json!({"sub": "alice", "exp": EXP}).to_string());
    let signature = hs256(&json!({"sub": "alice", "exp": EXP}));
    let signature = signature.rsplit_once('.').expect("three parts").1;
    for algorithm in ["none", "None", "NONE", ""] {
        let header = base64url(&json!({"alg": algorithm, "typ": "JWT"}).to_string());
        for token in [format!("{header}.{claims}."), format!("{header}.{claims}.{signature}")] {
            assert_eq!(keys(SECRET, "").verify(&token, NOW_MS), Err(TokenError::Malformed), "{algorithm:?}");
        }
    }
}

#[test]
fn another_secret_or_an_altered_claim_is_refused() {
    let forged = sign_hs256(&json!({"sub": "alice", "exp": EXP}), b"guess").expect("signs");
    assert_eq!(keys(SECRET, "").verify(&forged, NOW_MS), Err(TokenError::Signature));
    for (token, keys) in [(RS256, keys("", RSA_KEY)), (ES256, keys("", EC_KEY))] {
        let parts: Vec<_> = token.split('.').collect();
        let claims = base64url(&json!({"sub": "bob", "exp": EXP}).to_string());
        let altered = format!("{}.{claims}.{}", parts[0], parts[2]);
        assert_eq!(keys.verify(&altered, NOW_MS), Err(TokenError::Signature));
    }
}

#[test]
fn a_token_is_accepted_until_60_seconds_after_its_end() {
    let claims = json!({"sub": "alice", "exp": EXP});
    assert!(verify(&claims, EXP * 1000).is_ok());
    assert!(verify(&claims, EXP * 1000 + LEEWAY_MS).is_ok());
    assert_eq!(
        verify(&claims, EXP * 1000 + LEEWAY_MS + 1),
        Err(ClaimError { claim: "exp", fault: ClaimFault::Past }.into())
    );
}

#[test]
fn a_token_is_accepted_from_two_minutes_before_its_begin() {
    let claims = json!({"sub": "alice", "exp": EXP, "nbf": EXP - 600});
    let begin_ms = (EXP - 600) * 1000;
    assert!(verify(&claims, begin_ms - NOT_BEFORE_LEEWAY_MS).is_ok());
    assert_eq!(
        verify(&claims, begin_ms - NOT_BEFORE_LEEWAY_MS - 1),
        Err(ClaimError { claim: "nbf", fault: ClaimFault::Future }.into())
    );
}

// Case: why-a-login-failed
#[test]
fn why_a_login_failed_names_the_claim_and_how_it_is_wrong() {
    use ClaimFault::{Empty, Future, Missing, NotNumber, NotText, Past};
    for (claims, claim, fault) in [
        (json!({"sub": "alice"}), "exp", Missing),
        (json!({"sub": "alice", "exp": null}), "exp", Missing),
        (json!({"sub": "alice", "exp": "1484048026"}), "exp", NotNumber),
        (json!({"sub": "alice", "exp": [EXP]}), "exp", NotNumber),
        (json!({"sub": "alice", "exp": -1}), "exp", Past),
        (json!({"exp": EXP}), "sub", Missing),
        (json!({"sub": 7, "exp": EXP}), "sub", NotText),
        (json!({"sub": "", "exp": EXP}), "sub", Empty),
        (json!({"sub": "alice", "exp": EXP, "nbf": "1"}), "nbf", NotNumber),
        (json!({"sub": "alice", "exp": EXP, "nbf": EXP}), "nbf", Future),
    ] {
        let refused = verify(&claims, NOW_MS).expect_err("refused");
        assert_eq!(refused, ClaimError { claim, fault }.into(), "{claims}");
        assert!(refused.to_string().starts_with(&format!("the claim {claim} is ")), "{refused}");
    }
    assert!(verify(&json!({"sub": "alice", "exp": EXP, "nbf": null}), NOW_MS).is_ok());
    for claims in [json!([]), json!("alice"), json!(null)] {
        assert_eq!(verify(&claims, NOW_MS), Err(TokenError::Claims), "{claims}");
    }
}

// Case: half-an-emoji
#[test]
fn half_an_emoji_in_a_claim_is_repaired() {
    let claims = r#"{"sub":"alice","exp":4102444800,"name":"A\ud83d","more":"\udf5d"}"#;
    let claims = serde_json::value::RawValue::from_string(claims.to_owned()).expect("JSON");
    let token = sign_hs256(&claims, SECRET.as_bytes()).expect("signs");
    let identity = keys(SECRET, "").verify(&token, NOW_MS).expect("admitted");
    assert_eq!(identity.name.as_deref(), Some("A\u{fffd}"));
}

#[test]
fn other_claims_are_the_apps_business() {
    let claims = json!({"sub": "alice", "exp": 1_767_229_200.5, "aud": "app", "iss": "id", "roles": [1]});
    assert_eq!(verify(&claims, NOW_MS).map(|identity| identity.expires_ms), Ok(EXP * 1000 + 500));
}

#[test]
fn an_extension_that_must_be_understood_is_refused() {
    let header = base64url(r#"{"alg":"HS256","crit":["exp"],"exp":1}"#);
    let token = hs256(&json!({"sub": "alice", "exp": EXP}));
    let rest = token.split_once('.').expect("three parts").1;
    assert_eq!(keys(SECRET, "").verify(&format!("{header}.{rest}"), NOW_MS), Err(TokenError::Algorithm));
}

#[test]
fn what_is_no_token_is_refused_without_a_panic() {
    for text in ["", ".", "..", "...", "a.b.c", "é.é.é", "e30.e30.", "null", "bnVsbA.bnVsbA.bnVsbA"] {
        assert_eq!(keys(SECRET, EC_KEY).verify(text, NOW_MS), Err(TokenError::Malformed), "{text:?}");
    }
}

#[test]
fn a_display_name_is_what_others_may_see_or_nothing() {
    let name = |name: Value| {
        verify(&json!({"sub": "alice", "exp": EXP, "name": name}), NOW_MS).map(|identity| identity.name)
    };
    assert_eq!(name(json!("𝄞".repeat(100))), Ok(Some("𝄞".repeat(64))), "at most 256 bytes");
    assert_eq!(name(json!("  Türklingel 🚪 ")), Ok(Some("Türklingel 🚪".into())));
    assert_eq!(name(json!("A\u{0}li\nce")), Ok(Some("Ali ce".into())));
    assert_eq!(name(json!("é".repeat(500))), Ok(Some("é".repeat(128))));
    for nothing in
        [json!(""), json!(" \n"), json!("\u{202e}\u{3164}"), json!(7), json!(null), json!({"first": "Alice"})]
    {
        assert_eq!(name(nothing.clone()), Ok(None), "{nothing}");
    }
}

#[test]
fn tokens_of_the_present_and_of_the_previous_secret_are_accepted() {
    let (now, before) = ("n".repeat(32), "b".repeat(32));
    let rotating = verifier(&KeyTexts {
        secret: now.as_str().into(),
        previous_secret: before.as_str().into(),
        ..KeyTexts::default()
    });
    let signed =
        |secret: &str| sign_hs256(&json!({"sub": "alice", "exp": EXP}), secret.as_bytes()).expect("signs");
    assert!(rotating.verify(&signed(&now), NOW_MS).is_ok());
    assert!(rotating.verify(&signed(&before), NOW_MS).is_ok());
    assert_eq!(rotating.verify(&signed(&"o".repeat(32)), NOW_MS), Err(TokenError::Signature));
}

#[test]
fn several_public_keys_are_tried_one_after_the_other() {
    for both in [format!("{RSA_KEY}{EC_KEY}"), format!("{EC_KEY}\n{RSA_KEY}").replace('\n', "\\n")] {
        let keys = keys("", &both);
        assert!(keys.verify(RS256, NOW_MS).is_ok());
        assert!(keys.verify(ES256, NOW_MS).is_ok());
    }
    let texts =
        KeyTexts { public_keys: format!("{RSA_KEY}-----BEGIN PUBLIC KEY-----"), ..KeyTexts::default() };
    assert!(Keys::new(&texts).is_err(), "a key that is cut off is not passed over");
}

#[test]
fn a_key_set_verifies_with_the_key_that_the_token_names() {
    // The token names no key, so every key of its algorithm is tried.
    let other = json!({"kty": "EC", "crv": "P-256", "kid": "other", "use": "sig",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"});
    assert!(key_set(&[other.clone(), jwk("mine")]).verify(ES256, NOW_MS).is_ok());
    assert_eq!(key_set(std::slice::from_ref(&other)).verify(ES256, NOW_MS), Err(TokenError::Signature));

    let (_, rest) = ES256.split_once('.').expect("three parts");
    let named = |kid: &str| format!("{}.{rest}", base64url(&json!({"alg": "ES256", "kid": kid}).to_string()));
    // The signature covers the header, so these tokens are forged. The test checks which keys are tried.
    assert_eq!(key_set(&[jwk("mine")]).verify(&named("mine"), NOW_MS), Err(TokenError::Signature));
    assert_eq!(key_set(&[jwk("mine")]).verify(&named("gone"), NOW_MS), Err(TokenError::Algorithm));
}

#[test]
fn a_key_for_another_purpose_or_algorithm_is_passed_over() {
    let with = |name: &str, value: &str| {
        let mut key = jwk("k");
        key[name] = json!(value);
        Keys::new(&KeyTexts { key_set: json!({"keys": [key]}).to_string(), ..KeyTexts::default() })
    };
    assert!(with("use", "sig").is_ok());
    assert!(with("alg", "ES256").is_ok());
    assert!(with("use", "enc").is_err());
    assert!(with("alg", "ECDH-ES").is_err());
    let symmetric = json!({"kty": "oct", "k": base64url(SECRET), "alg": "HS256"});
    let mixed = key_set(&[symmetric, jwk("k")]);
    let token = hs256(&json!({"sub": "alice", "exp": EXP}));
    assert_eq!(mixed.verify(&token, NOW_MS), Err(TokenError::Algorithm), "a secret in a public document");
}

#[test]
fn issuer_and_audience_must_be_the_configured_ones() {
    let mut verifier = keys(SECRET, "");
    verifier.issuer = Some("https://id.example.com".to_owned());
    verifier.audiences = vec!["calls".to_owned(), "calls-beta".to_owned()];
    let verify = |iss: Value, aud: Value| {
        let claims = json!({"sub": "alice", "exp": EXP, "iss": iss, "aud": aud});
        verifier.verify(&hs256(&claims), NOW_MS).map(|identity| identity.account)
    };
    let issuer = || json!("https://id.example.com");
    assert_eq!(verify(issuer(), json!("calls")), Ok("alice".to_owned()));
    assert_eq!(verify(issuer(), json!(["x", "calls-beta"])), Ok("alice".to_owned()));
    for other in
        [json!("https://id.example.com/"), json!("https://other.example.com"), json!(null), json!("")]
    {
        assert_eq!(verify(other.clone(), json!("calls")), Err(TokenError::Issuer), "{other}");
    }
    for other in [json!("call"), json!(["x"]), json!([]), json!(null)] {
        assert_eq!(verify(issuer(), other.clone()), Err(TokenError::Audience), "{other}");
    }
    let not_text = |claim| Err(ClaimError { claim, fault: ClaimFault::NotText }.into());
    assert_eq!(verify(issuer(), json!(7)), not_text("aud"));
    assert_eq!(verify(json!(7), json!("calls")), not_text("iss"));
}
