//! Connects [`functions::rtc_webhook::rtc_webhook`] to Lambda. The behaviour is in `mod.rs`.

use switchboard_service::config::{callbacks, environment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let callbacks = callbacks(&environment)?;
    let callbacks = callbacks.as_deref();
    switchboard_service::run::run_event(async |event, now, service: &_| {
        functions::rtc_webhook::rtc_webhook(event, callbacks, now, service).await
    })
    .await
}
