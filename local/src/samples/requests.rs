//! One sample of every request type, from the table of requests.

use std::borrow::Cow;

use switchboard_protocol::requests::{REQUESTS, RequestInfo};

use super::sample::{Answer, Sample};

/// Returns the samples of the requests.
pub(super) fn samples() -> Vec<Sample> {
    let sample = |request: &RequestInfo| {
        let message = request.sample;
        let mut sample = Sample::message(name(request), message.sender, message.message).about(message.about);
        sample.after = message.after;
        sample.answer = message.answer.map_or(Answer::Nothing, Answer::Downlink);
        sample
    };
    REQUESTS.iter().map(sample).collect()
}

/// Returns the name of a request's sample: `<function>.<type>`, or `<function>` if the function has one type.
pub(super) fn name(request: &RequestInfo) -> Cow<'static, str> {
    let function = request.function;
    match REQUESTS.iter().filter(|other| other.function == function).count() {
        1 => function.name().into(),
        _ => format!("{function}.{}", request.kind).into(),
    }
}
