//! Connects [`functions::destroy::serve`] to Lambda. The behaviour is in `mod.rs`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    switchboard_service::run::run_event(functions::destroy::serve).await
}
