//! The tables of the browser terminal: `web/terminal/protocol.js` and its types.

use std::fmt::Write as _;

use switchboard_protocol::VERSION;
use switchboard_protocol::downlink::{DOWNLINKS, DownlinkInfo};
use switchboard_protocol::requests::{REQUESTS, RequestInfo};

/// Returns the text of `protocol.js`.
pub fn tables() -> String {
    let mut text = format!(
        "\
/**
 * @file The tables of the protocol. Made by `make generate` from `shared/protocol/src`; change them there.
 */

/** Version of the protocol. */
export const VERSION = {VERSION};

/**
 * Request types. `function` is the last level of the topic; `bulk` is `true` if the topic is under the parent of
 * requests of low priority. A request that is not `answered` is sent once. A request `outOfTurn` is sent while another
 * request of its meeting waits for an answer.
 * @type {{Map<string, {{function: string, bulk: boolean, answered: boolean, outOfTurn: boolean}}>}}
 */
export const REQUESTS = new Map([
"
    );
    for request in REQUESTS {
        let RequestInfo { kind, function, out_of_turn, .. } = request;
        let (bulk, answered) = (function.is_bulk(), request.is_answered());
        // Writing to a text does not fail.
        let _ = writeln!(
            text,
            "  [\"{kind}\", {{ function: \"{function}\", bulk: {bulk}, answered: {answered}, outOfTurn: {out_of_turn} }}],"
        );
    }
    text += "\
]);

/**
 * Downlink types. `snapshot.object` names the object of the meeting of which the message is a snapshot; `snapshot.key`
 * is the path of the field that identifies one of several such objects.
 * @type {Map<string, {bulk: boolean, snapshot?: {object: string, key: string[]}}>}
 */
export const DOWNLINKS = new Map([
";
    for DownlinkInfo { kind, bulk, snapshot, .. } in DOWNLINKS {
        let snapshot = snapshot.map_or_else(String::new, |snapshot| {
            let key: Vec<_> = snapshot.key.iter().map(|field| format!("\"{field}\"")).collect();
            format!(", snapshot: {{ object: \"{}\", key: [{}] }}", snapshot.object, key.join(", "))
        });
        let _ = writeln!(text, "  [\"{kind}\", {{ bulk: {bulk}{snapshot} }}],");
    }
    text + "]);\n"
}

/// Returns the text of `protocol.d.ts`.
pub fn types() -> String {
    let requests = |is_listed: fn(&RequestInfo) -> bool| {
        REQUESTS.iter().filter(move |request| is_listed(request)).map(|request| request.kind)
    };
    format!(
        "\
/** Types of messages. Made by `make generate` from `shared/protocol/src`; change them there. */

/** Requests that the service answers. */
export type AnsweredRequestType ={};

/** Requests that are sent once and not answered. */
export type UnansweredRequestType ={};
",
        union(requests(RequestInfo::is_answered)),
        union(requests(|request| !request.is_answered())),
    )
}

fn union<'a>(kinds: impl Iterator<Item = &'a str>) -> String {
    kinds.fold(String::new(), |union, kind| union + "\n  | \"" + kind + "\"")
}
