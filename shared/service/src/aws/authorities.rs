//! The certificate authorities that the functions trust.
//!
//! Mozilla's list is embedded in a form that needs no parsing. Reading the same list from the machine's files
//! took most of a cold start ([decision
//! 15](../../../../docs/decisions/0015-http-1-only-and-embedded-authorities.md)).

use crate::config::{ConfigError, Variables};
use rustls::RootCertStore;
use std::path::Path;

/// Setting that names a PEM file with the authorities to trust, in place of the embedded ones.
const FILE: &str = "SSL_CERT_FILE";
/// Setting that names a folder of such files.
const FOLDER: &str = "SSL_CERT_DIR";

/// Returns the authorities from the files that the settings name; without such a setting, the embedded ones.
pub(super) fn read(variables: &impl Variables) -> Result<RootCertStore, ConfigError> {
    let (file, folder) = (variables(FILE), variables(FOLDER));
    if file.is_none() && folder.is_none() {
        return Ok(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect());
    }
    let found = rustls_native_certs::load_certs_from_paths(
        file.as_deref().map(Path::new),
        folder.as_deref().map(Path::new),
    );
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(found.certs);
    if store.is_empty() {
        let errors: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
        let why = format!("no certificate authority in this file or in {FOLDER}: {}", errors.join(", "));
        return Err(ConfigError::Wrong { name: FILE, why });
    }
    Ok(store)
}
