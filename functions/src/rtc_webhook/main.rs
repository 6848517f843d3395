//! Connects [`functions::rtc_webhook::rtc_webhook`] to Lambda. The behaviour is in `mod.rs`.

use switchboard_service::aws::Https;
use switchboard_service::config::{callbacks, environment};
use switchboard_service::settings::{CALLBACK_SECRETS, FunctionSettings};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let https = Https::read(&environment)?;
    let settings = FunctionSettings::read(&CALLBACK_SECRETS, &https).await?;
    let callbacks = callbacks(&|name| settings.get(name))?;
    let callbacks = callbacks.as_deref();
    switchboard_service::run::run_event(async |event, now, service: &_| {
        // The future is boxed, since it is too large for the stack frames that would pass it on.
        Box::pin(functions::rtc_webhook::rtc_webhook(event, callbacks, now, service)).await
    })
    .await
}
