//! Events on their way to the functions, with the retries of each trigger: none for rules, three receives for the queue, and
//! those of the RTC service for callbacks.

use crate::dice::{Dice, mix, number};
use crate::executor::{after, now_ms, spawn};
use crate::faults::Fault;
use crate::invocation::Invocation;
use crate::rtc::{CallbackBody, Reader};
use crate::watch;
use crate::world::{START_MS, World, function_time, world};
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};
use simulator::app::short;
use std::rc::Rc;
use switchboard_protocol::address::ClientId;
use switchboard_protocol::requests::RequestInfo;
use switchboard_service::InvocationFailure;
use switchboard_service::ports::Nudge;
use switchboard_service::request::serve_event;

/// Maximum number of receives of a message of the delay queue, and the time between two receives, as in the template.
const RECEIVES: u32 = 3;
const VISIBILITY_MS: i64 = 60_000;
/// Attempts of the RTC service to deliver a callback.
const CALLBACK_ATTEMPTS: u32 = 4;

/// A request on its way from the broker to its function.
#[derive(Debug, Clone)]
pub struct Published {
    pub by: ClientId,
    pub kind: String,
    pub id: String,
    pub payload: Rc<Vec<u8>>,
    /// Identity of the message, the same in each run of the seed.
    pub place: u64,
}

/// Passes a request to its function: not at all, once or twice, and with a delay, as the faults determine.
pub fn publish(request: &Published) {
    let world = world();
    let mut dice = Dice::new(&[world.seed, request.place]);
    let received_ms = START_MS + now_ms();
    if world.happens(Fault::RequestLost, request.place) {
        world.trace(|| format!("{} {}: request lost", short(&request.by), request.kind));
        return;
    }
    let late_ms =
        if world.happens(Fault::RequestDelayed, request.place) { dice.between(500, 20_000) } else { 0 };
    if world.happens(Fault::RequestDoubled, request.place) {
        let again = Published { place: mix(&[request.place, 1]), ..request.clone() };
        after(dice.between(5, 6_000), move || serve(&again, received_ms));
    }
    let request = request.clone();
    after(dice.between(5, 40) + late_ms, move || serve(&request, received_ms));
}

fn serve(request: &Published, received_ms: i64) {
    let world = world();
    let event = json!({
        "payload": BASE64_STANDARD.encode(&*request.payload), "client_id": request.by,
        "received_ms": received_ms, "trace_id": request.id, "topic": "call-up",
    });
    let name = format!("{} of {}", request.kind, short(&request.by));
    let by = Some((request.by.clone(), request.id.clone()));
    let invocation = Invocation::new(name, mix(&[request.place, 2]), by);
    world.trace(|| format!("{}: begins", invocation.name));
    let info = RequestInfo::find(&request.kind);
    let is_answered = info.is_some_and(RequestInfo::is_answered);
    let function = info.map_or("", |info| info.function.name());
    spawn(async move {
        let result = invocation.run(Box::pin(call(function, event, &world))).await;
        watch::served(&invocation, is_answered, result.as_ref());
    });
}

/// Calls the function that serves requests of this topic.
async fn call(function: &str, event: Value, world: &World) -> Result<Value, InvocationFailure> {
    let (now, service) = (function_time(), &world.service);
    let report = match function {
        "create-meeting" => {
            serve_event(event, now, service, &functions::create_meeting::create_meeting).await
        }
        "invite" => serve_event(event, now, service, &functions::invite::invite).await,
        "answer" => serve_event(event, now, service, &functions::answer::answer).await,
        "attend" => serve_event(event, now, service, &functions::attend::attend).await,
        "moderate" => serve_event(event, now, service, &functions::moderate::moderate).await,
        "settings" => serve_event(event, now, service, &functions::settings::settings).await,
        "sync" => serve_event(event, now, service, &functions::sync::sync).await,
        _ => return functions::destroy::serve(event, now, service).await,
    };
    report.map(|report| report.to_value())
}

/// A message of the delay queue.
#[derive(Debug, Clone)]
pub struct NudgeDelivery {
    pub nudge: Nudge,
    pub place: u64,
    pub receives: u32,
}

/// Delivers a nudge to `wake`. The queue delivers it again if `wake` fails or is killed.
pub fn deliver_nudge(delivery: NudgeDelivery) {
    let world = world();
    let lost =
        delivery.nudge.lost_device.as_ref().map_or(String::new(), |lost| format!(" for {}", short(lost)));
    let name = format!("wake{lost}");
    let invocation = Invocation::new(name, mix(&[delivery.place, u64::from(delivery.receives)]), None);
    world.trace(|| format!("{}: begins (nudge {})", invocation.name, delivery.place % 1_000));
    let body = serde_json::to_string(&delivery.nudge).expect("a nudge serialises");
    let event = json!({"Records": [{"messageId": "m", "body": body}]});
    spawn(async move {
        let wake = functions::wake::wake(event, &world.ages, function_time(), &world.service);
        let result = invocation.run(Box::pin(wake)).await;
        watch::finished(&invocation, result.as_ref());
        let is_done = matches!(result, Some(Ok(failed)) if failed["batchItemFailures"] == json!([]));
        if is_done {
            return;
        }
        if delivery.receives < RECEIVES {
            let next = NudgeDelivery { receives: delivery.receives + 1, ..delivery };
            after(VISIBILITY_MS, move || deliver_nudge(next));
        } else {
            world.watch.borrow_mut().dead_letters += 1;
        }
    });
}

/// Runs the sweep each minute, up to the end of the run.
pub fn sweep_each_minute() {
    after(60_000, || {
        let world = world();
        sweep_each_minute();
        let place = mix(&[number("sweep"), now_ms().cast_unsigned()]);
        if world.happens(Fault::SweepMissed, place) {
            return;
        }
        let invocation = Invocation::new("sweep".to_owned(), place, None);
        world.trace(|| "sweep: begins".to_owned());
        spawn(async move {
            let sweep = functions::wake::wake(json!({}), &world.ages, function_time(), &world.service);
            let result = invocation.run(Box::pin(sweep)).await;
            watch::finished(&invocation, result.as_ref());
        });
    });
}

/// Delivers a lifecycle event to `presence`.
pub fn deliver_lifecycle(device: &ClientId, kind: &str, event: &Value, place: u64) {
    let world = world();
    let invocation = Invocation::new(format!("presence of {} {kind}", short(device)), place, None);
    world.trace(|| format!("{}: begins", invocation.name));
    let event = json!({
        "payload": BASE64_STANDARD.encode(event.to_string()), "client_id": device,
        "received_ms": event["timestamp"], "trace_id": "t",
    });
    let phone = world.phone_of(device);
    spawn(async move {
        let presence = functions::presence::presence(event, function_time(), &world.service);
        let result = invocation.run(Box::pin(presence)).await;
        watch::finished(&invocation, result.as_ref());
        if !matches!(result, Some(Ok(_))) {
            world.watch.borrow_mut().unheard.extend(phone);
        }
    });
}

/// Delivers a callback of the RTC service to `rtc-webhook`. The RTC service retries if the function's response requests
/// a retry.
pub fn deliver_callback(body: CallbackBody, place: u64, attempt: u32) {
    let world = world();
    let name = format!("rtc-webhook {}", body.words());
    let invocation = Invocation::new(name, mix(&[place, u64::from(attempt)]), None);
    world.trace(|| format!("{}: begins", invocation.name));
    let event = json!({
        "requestContext": {"http": {"method": "POST"}}, "headers": {},
        "body": serde_json::to_string(&body).expect("a callback serialises"), "isBase64Encoded": false,
    });
    spawn(async move {
        let webhook =
            functions::rtc_webhook::rtc_webhook(event, Some(&Reader), function_time(), &world.service);
        let result = invocation.run(Box::pin(webhook)).await;
        watch::finished(&invocation, result.as_ref());
        let is_taken = matches!(&result, Some(Ok(response)) if response["statusCode"] == json!(200));
        if !is_taken && attempt < CALLBACK_ATTEMPTS {
            let wait_ms = 500 << attempt;
            after(wait_ms, move || deliver_callback(body, place, attempt + 1));
        }
    });
}
