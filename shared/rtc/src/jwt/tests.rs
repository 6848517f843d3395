use serde_json::{Value, json};

use super::*;

const SECRET: &[u8] = b"a-secret-of-the-tests";

fn token_with(header: &str, claims: &str) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = mac(SECRET, signed.as_bytes()).finalize().into_bytes();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn verify(token: &str) -> Result<Value, JwtError> {
    verify_hs256(token, SECRET)
}

/// RFC 7515, appendix A.1: the HS256 example.
#[test]
fn the_example_of_the_rfc_verifies() {
    let key = URL_SAFE_NO_PAD
        .decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
        .expect("base64url");
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsD\
                 QogImh0dHA6\
                 Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let claims: Value = verify_hs256(token, &key).expect("verifies");
    assert_eq!(claims["iss"], "joe");
}

#[test]
fn a_token_verifies_with_its_secret_only() {
    let token = sign_hs256(&json!({"a": 1}), SECRET).expect("signs");
    assert_eq!(verify(&token), Ok(json!({"a": 1})));
    assert_eq!(verify_hs256::<Value>(&token, b"another"), Err(JwtError::Signature));
}

#[test]
fn an_altered_claim_or_signature_is_refused() {
    let token = sign_hs256(&json!({"admin": false}), SECRET).expect("signs");
    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    let (header, _) = signed.split_once('.').expect("three parts");
    let forged = format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(r#"{"admin":true}"#));
    assert_eq!(verify(&forged), Err(JwtError::Signature));
    assert_eq!(verify(&format!("{signed}.")), Err(JwtError::Signature));
    assert_eq!(verify(&format!("{signed}.{}", &signature[..20])), Err(JwtError::Signature));
}

#[test]
fn only_hs256_is_accepted() {
    for header in [r#"{"alg":"none"}"#, r#"{"alg":"HS512"}"#, r#"{"alg":"hs256"}"#, r#"{"alg":"RS256"}"#] {
        assert_eq!(verify(&token_with(header, "{}")), Err(JwtError::Algorithm), "{header}");
    }
    let unsigned =
        format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode("{}"));
    assert_eq!(verify(&unsigned), Err(JwtError::Algorithm));
    let critical = token_with(r#"{"alg":"HS256","crit":["exp"]}"#, "{}");
    assert_eq!(verify(&critical), Err(JwtError::Algorithm), "an extension that readers must support");
}

#[test]
fn other_text_is_malformed() {
    for text in ["", ".", "..", "...", "a", "a.b", "a.b.c", "a.b.c.d", "é.é.é", "e30.e30.", "e30=.e30=.AA=="]
    {
        assert_eq!(verify(text), Err(JwtError::Malformed), "{text:?}");
    }
    assert_eq!(verify(&token_with(r#"{"alg":"HS256"}"#, "not json")), Err(JwtError::Claims));
}

#[test]
fn unverified_claims_need_no_secret() {
    let token = sign_hs256(&json!({"sub": "alice"}), SECRET).expect("signs");
    assert_eq!(unverified_claims::<Value>(&token), Ok(json!({"sub": "alice"})));
    assert_eq!(unverified_claims::<Value>("a.b.c.d"), Err(JwtError::Malformed));
}
