//! Wires [`destroy::serve`] to Lambda. The behaviour is in `lib.rs`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    switchboard::serve::run_event(destroy::serve).await
}
