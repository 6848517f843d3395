//! Wires [`rtc_webhook::rtc_webhook`] to Lambda. The behaviour is in `lib.rs`.

use switchboard::config::{callbacks, environment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let callbacks = callbacks(&environment)?;
    let callbacks = callbacks.as_deref();
    switchboard::serve::run_event(async |event, now, service: &_| {
        rtc_webhook::rtc_webhook(event, callbacks, now, service).await
    })
    .await
}
