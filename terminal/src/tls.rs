//! TLS to a broker that is not on this machine: rustls on ring, trusting what the machine trusts or what it is given.

use rumqttc::TlsConfiguration;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// No certificate authority, and so nobody to trust.
    #[error("there is no certificate authority to trust: {0}")]
    NoAuthority(String),
    /// The library refuses the settings.
    #[error("TLS cannot be set up: {0}")]
    Settings(#[from] rustls::Error),
}

/// How TLS is spoken with the broker. Clones share the settings.
#[derive(Debug, Clone)]
pub struct Tls(Arc<ClientConfig>);

impl Tls {
    /// Trusts the certificate authorities in `authorities` (PEM), or those of this machine if that is absent, and
    /// offers the application protocols in `alpn`: `mqtt` for a custom authorizer at port 443 of AWS IoT.
    ///
    /// # Errors
    /// There is no authority to trust.
    pub fn new(authorities: Option<&[u8]>, alpn: &[&str]) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        let reason = match authorities {
            Some(pem) => {
                let certificates = CertificateDer::pem_slice_iter(pem).filter_map(Result::ok);
                roots.add_parsable_certificates(certificates);
                "the file has no certificate in PEM".to_owned()
            }
            None => {
                let found = rustls_native_certs::load_native_certs();
                roots.add_parsable_certificates(found.certs);
                let errors: Vec<_> = found.errors.iter().map(ToString::to_string).collect();
                format!("this machine names none {}", errors.join(", ")).trim_end().to_owned()
            }
        };
        if roots.is_empty() {
            return Err(TlsError::NoAuthority(reason));
        }
        // The provider is named here, so that no other crate of a program has to choose one for the process.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Ok(Self(Arc::new(config)))
    }
}

impl From<&Tls> for TlsConfiguration {
    fn from(tls: &Tls) -> Self {
        Self::Rustls(Arc::clone(&tls.0))
    }
}
