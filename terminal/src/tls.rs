//! TLS to a broker on another machine: rustls with the ring provider.

use rumqttc::TlsConfiguration;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// The error of TLS settings.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// No certificate authority was found.
    #[error("no certificate authority to trust: {0}")]
    NoAuthority(String),
    /// rustls refuses the settings.
    #[error("TLS cannot be set up: {0}")]
    Settings(#[from] rustls::Error),
}

/// TLS settings. Clones share them.
#[derive(Debug, Clone)]
pub struct Tls(Arc<ClientConfig>);

impl Tls {
    /// Creates settings that trust the certificate authorities in `authorities` (PEM), or with `None` those
    /// of this machine, and that offer the application protocols in `alpn`. AWS IoT requires `mqtt` for a
    /// custom authorizer at port 443.
    ///
    /// # Errors
    /// No authority was found, or rustls refuses the settings.
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
                format!("this machine has none {}", errors.join(", ")).trim_end().to_owned()
            }
        };
        if roots.is_empty() {
            return Err(TlsError::NoAuthority(reason));
        }
        // The provider is passed explicitly, so that the process needs no default provider.
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
