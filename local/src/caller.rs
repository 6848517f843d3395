//! Who calls an emulated service: endpoints that are handed to functions end in `/fn/<process>`, so the path says it.

use crate::journal::Caller;
use crate::runtime::Functions;

/// Splits the path of a request to a service into its caller and the rest of the path, which starts with `/` or is
/// empty. Requests to the plain endpoint are nobody's.
pub(crate) fn caller_of<'p>(path: &'p str, service: &str, functions: &Functions) -> (Caller, &'p str) {
    let rest = path.strip_prefix(service).unwrap_or(path);
    match rest.strip_prefix("/fn/") {
        Some(labelled) => {
            let end = labelled.find('/').unwrap_or(labelled.len());
            (functions.caller(&labelled[..end]), &labelled[end..])
        }
        None => (Caller::default(), rest),
    }
}
