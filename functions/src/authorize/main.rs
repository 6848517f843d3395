//! Connects [`functions::authorize`] to Lambda, the table and the clock. The behaviour is in `mod.rs`.

use functions::authorize::{Admission, AuthorizerConfig, authorize};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use switchboard_service::aws::{Aws, Https};
use switchboard_service::clock::now_ms;
use switchboard_service::config::environment;
use switchboard_service::dynamodb::Table;
use switchboard_service::error_chain::ErrorChain;
use switchboard_service::metrics::{MetricLines, count_connection};
use switchboard_service::run::init_logs;
use switchboard_service::settings::{FunctionSettings, TOKEN_SECRETS};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    init_logs();
    // A wrong setting must stop the cold start, before any connection is refused because of it.
    let https = Https::read(&environment)?;
    let settings = FunctionSettings::read(&TOKEN_SECRETS, &https).await?;
    let config = &AuthorizerConfig::read(&|name| settings.get(name))?;
    let aws = Aws::read(&environment, https)?;
    let lines = MetricLines::start();
    let table = &Table::new(aws.dynamodb(), config.table.clone());

    run(service_fn(move |event: LambdaEvent<Value>| async move {
        let now_ms = now_ms(&event.context);
        let register = async |new: &Admission| {
            let registered = table.register_device(&new.client, new.name.as_deref(), now_ms).await;
            registered.map_err(|error| ErrorChain(&error).to_string())
        };
        let answer = authorize(&event.payload, config, now_ms, register).await;
        count_connection(answer["isAuthenticated"] == true);
        lines.write(None, None, std::io::stdout().lock());
        Ok::<_, Error>(answer)
    }))
    .await
}
