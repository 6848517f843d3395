//! The keys that verify the app's JWTs. Several keys are accepted at the same time, so that an operator can
//! replace a key while tokens with the previous key are still valid.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header};
use secrecy::{ExposeSecret, SecretString};

/// Smallest length of a secret in bytes: the length of the digest (RFC 7518, 3.2). An attacker with one token
/// can try shorter secrets offline.
pub const MIN_SECRET_BYTES: usize = 32;

/// Secret of the laptop stack, which is public and shorter than [`MIN_SECRET_BYTES`].
pub const DEVELOPMENT_SECRET: &str = "local-development-only";

/// Length of an uncompressed point of P-256 in bytes: one byte for the form, and two coordinates.
const P256_POINT_BYTES: usize = 65;

/// The keys of this deployment. Each key has one algorithm, and a token's header only selects among the keys.
/// A token with `none`, or one that uses a public key as HMAC secret, is refused.
#[derive(Debug)]
pub struct Keys(Vec<Key>);

/// One key.
#[derive(Debug)]
pub(super) struct Key {
    /// `kid` of the key, if the key set contains one.
    id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) verification: DecodingKey,
}

/// The configured keys as texts. An empty text means that the key is not configured.
#[derive(Debug, Default)]
pub struct KeyTexts {
    /// Secret for HS256.
    pub secret: SecretString,
    /// Previous secret for HS256.
    pub previous_secret: SecretString,
    /// Public keys for RS256 or ES256 in PEM, one after another.
    pub public_keys: String,
    /// Public keys for RS256 or ES256 as a JSON Web Key Set (RFC 7517).
    pub key_set: String,
    /// `true` outside AWS, where the public [`DEVELOPMENT_SECRET`] is accepted.
    pub is_laptop: bool,
}

/// The reason for which a configured key is refused. It never contains the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Neither a secret nor a public key is configured.
    #[error("neither a secret nor a public key")]
    None,
    /// The secret is a PEM text. If it were a public key, anyone could sign tokens with it.
    #[error("a PEM text instead of a secret")]
    PemAsSecret,
    /// The secret has less than [`MIN_SECRET_BYTES`].
    #[error(
        "shorter than {MIN_SECRET_BYTES} bytes; use a random secret, as `openssl rand -base64 32` prints it"
    )]
    ShortSecret,
    /// The previous secret has one of the defects above.
    #[error("not a secret of at least {MIN_SECRET_BYTES} bytes")]
    PreviousSecret,
    /// The text is not a public key of RSA or P-256.
    #[error("not a PEM public key of RSA or P-256")]
    PublicKey,
    /// The text is not a JSON Web Key Set with a public key of RSA or P-256 for signatures.
    #[error("not a JSON Web Key Set with a public key of RSA or P-256")]
    KeySet,
}

impl Keys {
    /// Reads the configured keys.
    ///
    /// # Errors
    /// No key is configured, or a key is malformed.
    pub fn new(texts: &KeyTexts) -> Result<Self, KeyError> {
        let mut keys = Vec::new();
        keys.extend(read_secret(&texts.secret, texts.is_laptop)?);
        let previous = read_secret(&texts.previous_secret, texts.is_laptop);
        keys.extend(previous.map_err(|_| KeyError::PreviousSecret)?);
        keys.extend(read_public_keys(&texts.public_keys)?);
        keys.extend(read_key_set(&texts.key_set)?);
        if keys.is_empty() { Err(KeyError::None) } else { Ok(Self(keys)) }
    }

    /// Returns the keys that may have signed a token with this header: those with its algorithm and, if both
    /// have a `kid`, with the same `kid`.
    pub(super) fn of(&self, header: &Header) -> impl Iterator<Item = &Key> {
        self.0.iter().filter(|key| key.algorithm == header.alg).filter(|key| match (&key.id, &header.kid) {
            (Some(id), Some(wanted)) => id == wanted,
            _ => true,
        })
    }
}

fn read_secret(secret: &SecretString, is_laptop: bool) -> Result<Option<Key>, KeyError> {
    let secret = secret.expose_secret();
    if secret.contains("-----BEGIN") {
        return Err(KeyError::PemAsSecret);
    }
    let is_development = is_laptop && secret == DEVELOPMENT_SECRET;
    match secret.len() {
        0 => Ok(None),
        length if length < MIN_SECRET_BYTES && !is_development => Err(KeyError::ShortSecret),
        _ => {
            let key = DecodingKey::from_secret(secret.as_bytes());
            Ok(Some(Key { id: None, algorithm: Algorithm::HS256, verification: key }))
        }
    }
}

fn read_public_keys(pems: &str) -> Result<Vec<Key>, KeyError> {
    // A deployment parameter is one line, in which line ends are often escaped.
    let pems = pems.replace("\\n", "\n");
    let mut keys = Vec::new();
    let mut rest = pems.trim();
    while !rest.is_empty() {
        let (_, after) = rest.split_once("-----END").ok_or(KeyError::PublicKey)?;
        let label = after.split_once("-----").ok_or(KeyError::PublicKey)?.0;
        let length = rest.len() - after.len() + label.len() + "-----".len();
        let (pem, next) = rest.split_at(length);
        keys.push(read_public_key(pem)?);
        rest = next.trim();
    }
    Ok(keys)
}

fn read_public_key(pem: &str) -> Result<Key, KeyError> {
    // Here the library also accepts private keys and certificates, and misreads them.
    if !pem.contains("PUBLIC KEY-----") {
        return Err(KeyError::PublicKey);
    }
    if let Ok(key) = DecodingKey::from_rsa_pem(pem.as_bytes()) {
        return Ok(Key { id: None, algorithm: Algorithm::RS256, verification: key });
    }
    let key = DecodingKey::from_ec_pem(pem.as_bytes()).map_err(|_| KeyError::PublicKey)?;
    let is_p256 = key.try_get_as_bytes().is_ok_and(|point| point.len() == P256_POINT_BYTES);
    if is_p256 {
        Ok(Key { id: None, algorithm: Algorithm::ES256, verification: key })
    } else {
        Err(KeyError::PublicKey)
    }
}

/// Reads a key set. Skips keys for other purposes and for other algorithms, since the set of an identity
/// provider contains such keys, too.
fn read_key_set(json: &str) -> Result<Vec<Key>, KeyError> {
    if json.is_empty() {
        return Ok(Vec::new());
    }
    let set: JwkSet = serde_json::from_str(json).map_err(|_| KeyError::KeySet)?;
    let keys: Vec<Key> = set.keys.iter().filter_map(read_jwk).collect();
    if keys.is_empty() { Err(KeyError::KeySet) } else { Ok(keys) }
}

fn read_jwk(jwk: &Jwk) -> Option<Key> {
    let (algorithm, name) = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        // A symmetric key in a public document is a mistake and is never accepted.
        _ => return None,
    };
    let is_for_signatures =
        jwk.common.public_key_use.as_ref().is_none_or(|it| *it == PublicKeyUse::Signature);
    let is_for_algorithm = jwk.common.key_algorithm.as_ref().is_none_or(|it| *it == name);
    if !is_for_signatures || !is_for_algorithm {
        return None;
    }
    let key = DecodingKey::from_jwk(jwk).ok()?;
    Some(Key { id: jwk.common.key_id.clone(), algorithm, verification: key })
}
