//! Connects [`functions::wake::wake`] to Lambda. The behaviour is in `mod.rs`.

use functions::wake::{ChannelAges, wake};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let ages = ChannelAges::default();
    switchboard_service::run::run_event(async |event, now, service: &_| {
        wake(event, &ages, now, service).await
    })
    .await
}
