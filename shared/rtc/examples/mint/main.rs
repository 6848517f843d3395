//! Mints the tokens of a list of vectors, for comparison with the vendors' own packages:
//!
//! ```text
//! cargo run -p switchboard-rtc --example mint < tests/vectors/rtc-tokens.json > tokens.json
//! npm ci --prefix tests/verify
//! node tests/verify/check_all.js tests/vectors/rtc-tokens.json tokens.json
//! ```
//!
//! Reads a JSON array of `{"id", "variant", "inputs"}` (other members are ignored) and writes `{id: token}`.
//! A token is a text, `{"username", "password"}` for TURN, or the `Authorization` header for signed requests.
//! The variant `join`, which the vectors do not have, mints a whole `join` object from an account and a
//! request. The vectors of Chime are skipped, since Chime has no provider. An entry that cannot be minted is
//! reported on standard error and leads to the exit code 1.

mod inputs;
mod token;

use std::error::Error;
use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use serde::Deserialize;
use serde_json::{Map, Value};

/// One vector, without the expected token.
#[derive(Deserialize)]
struct Entry {
    id: String,
    variant: String,
    inputs: Value,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut vectors = String::new();
    std::io::stdin().read_to_string(&mut vectors)?;
    let entries: Vec<Entry> = serde_json::from_str(&vectors)?;

    let mut tokens = Map::new();
    let mut code = ExitCode::SUCCESS;
    for Entry { id, variant, inputs } in entries {
        match token::mint(&variant, inputs) {
            Ok(Some(token)) => drop(tokens.insert(id, token)),
            Ok(None) => eprintln!("{id}: skipped"),
            Err(error) => {
                eprintln!("{id}: {error}");
                code = ExitCode::FAILURE;
            }
        }
    }
    let mut output = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut output, &tokens)?;
    writeln!(output)?;
    Ok(code)
}
