//! Converts the errors of hyper to errors that the SDK's retries understand.

use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::retry::ErrorKind;
use hyper_util::client::legacy;
use std::error::Error;
use std::time::Duration;

/// Error of an attempt to connect that exceeded its time limit.
#[derive(Debug, thiserror::Error)]
#[error("no connection within {0:?}")]
pub(super) struct ConnectTimeout(pub Duration);

/// Classifies the failure of a request. The SDK retries after time-outs, I/O errors and transient errors.
pub(super) fn connector_error(error: legacy::Error) -> ConnectorError {
    if source::<ConnectTimeout>(&error).is_some() {
        return ConnectorError::timeout(error.into());
    }
    if error.is_connect() || source::<std::io::Error>(&error).is_some() {
        return ConnectorError::io(error.into());
    }
    let Some(hyper) = source::<hyper::Error>(&error) else {
        return ConnectorError::other(error.into(), None);
    };
    if hyper.is_user() {
        ConnectorError::user(error.into())
    } else if hyper.is_closed() || hyper.is_canceled() {
        ConnectorError::io(error.into())
    } else if hyper.is_incomplete_message() {
        // The server closed the connection before its response.
        ConnectorError::other(error.into(), Some(ErrorKind::TransientError))
    } else {
        ConnectorError::other(error.into(), None)
    }
}

/// Returns the first error of type `E` in the chain of sources of `error`.
fn source<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}
