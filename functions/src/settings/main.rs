//! Connects [`functions::settings::settings`] to Lambda. The behaviour is in `mod.rs`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    switchboard_service::run::run(functions::settings::settings).await
}
