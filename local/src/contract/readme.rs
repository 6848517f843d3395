//! The table of requests in the README.

use std::fmt::Write as _;

use switchboard_protocol::requests::{FUNCTIONS, REQUESTS, RequestInfo};

use super::error::{BEGIN, ContractError, END};

/// Returns the README with the present table between its markers.
///
/// # Errors
/// The README has no markers.
pub fn with_table(readme: &str) -> Result<String, ContractError> {
    let (before, rest) = readme.split_once(BEGIN).ok_or(ContractError::NoMarkers)?;
    let (_, after) = rest.split_once(END).ok_or(ContractError::NoMarkers)?;
    Ok(format!("{before}{BEGIN}\n{}{END}{after}", table()))
}

fn table() -> String {
    let mut table = "| topic | function | requests → answers |\n|---|---|---|\n".to_owned();
    for function in FUNCTIONS {
        let parent = if function.is_bulk() { "bulk-up" } else { "call-up" };
        let folder = function.name().replace('-', "_");
        let requests = REQUESTS.iter().filter(|request| request.function == *function);
        let requests: Vec<_> = requests.map(request).collect();
        // Writing to a text does not fail.
        let _ = writeln!(
            table,
            "| `{parent}/{function}` | [`{function}`](functions/src/{folder}/mod.rs) | {} |",
            requests.join(", ")
        );
    }
    table
}

fn request(request: &RequestInfo) -> String {
    let answers: Vec<_> = request.answered_by.iter().map(|answer| format!("`{answer}`")).collect();
    match answers.as_slice() {
        [] => format!("`{}` (not answered)", request.kind),
        answers => format!("`{}` → {}", request.kind, answers.join(" or ")),
    }
}
