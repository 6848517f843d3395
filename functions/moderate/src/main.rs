//! Wires [`moderate::moderate`] to Lambda. The behaviour is in `lib.rs`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    switchboard::serve::run(moderate::moderate).await
}
