"""The invocations that are measured, and the content of the table before them."""

import base64
import json
import re
import time

VARIABLES = {
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "AKIABENCH",
    "AWS_SECRET_ACCESS_KEY": "a-secret-of-the-benchmark",
    "AWS_SESSION_TOKEN": "a-session-token-of-the-benchmark",
    "AWS_LAMBDA_FUNCTION_NAME": "bench",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
    "AWS_LAMBDA_FUNCTION_VERSION": "1",
    "AWS_LAMBDA_LOG_GROUP_NAME": "bench",
    "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
    "AWS_LAMBDA_LOG_LEVEL": "WARN",
    "TABLE_NAME": "bench",
    "CALL_DOWN_PARENT": "call-dn",
    "BULK_DOWN_PARENT": "bulk-dn",
    "ID_KEY": "an-id-key-of-the-benchmark-0000000000",
    "CHANNEL_PREFIX": "bench",
    "RTC_PROVIDER": "livekit",
    "RTC_URL": "wss://rtc.example.com",
    "RTC_KEY_ID": "APIbench",
    "RTC_KEY_SECRET": "an-api-secret-of-the-benchmark-000000",
    # Limits that the benchmark does not reach: a few users and devices send all requests within seconds.
    "INVITATIONS_PER_MINUTE": "1000",
    "INVITATIONS_PER_HOUR": "1000",
    "UNANSWERED_RINGS_PER_HOUR": "1000",
    "REQUESTS_PER_SECOND": "1000",
    "REQUEST_BURST": "10000",
    "WAKE_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/000000000000/wake",
}


def rule_event(function, client_id, message):
    """Returns a function that makes the event of the broker's rule when it is called, since requests expire."""
    event = {
        "payload": base64.b64encode(json.dumps({"v": 1, **message}).encode()).decode(),
        "client_id": client_id,
        "topic": f"call-up/{function}",
        "trace_id": "2f3c8e1a-5b7d-4c90-8e21-6a4f0d9b3c75",
        "source_ip": "203.0.113.7",
    }
    return lambda: json.dumps({**event, "received_ms": int(time.time() * 1000)}).encode()


def caller(number):
    return f"GID_ios@@@alice{number}.phone"


def callee(number, device="phone"):
    return f"GID_android@@@bob{number}.{device}"


def noop(_, count, __):
    """Returns events for the function that does nothing."""
    return [lambda: b"{}"] * count


def create(endpoints, count, _):
    """Returns the direct calls of `count` pairs of users. Each callee has two devices."""
    seen = {"M": {"seen_ms": {"N": str(int(time.time() * 1000))}}}
    for number in range(count):
        for user, devices in (("alice", [caller(number)]), ("bob", [callee(number), callee(number, "tablet")])):
            item = {"pk": {"S": f"user#{user}{number}"}, "sk": {"S": "devices"}}
            endpoints.table.put(item | {f"device:{device}": seen for device in devices})
    return [
        rule_event("create-meeting", caller(number), {
            "type": "create_meeting", "id": f"create-{number}", "mode": "direct", "media": "audio",
            "invitees": [f"bob{number}"],
        })
        for number in range(count)
    ]


def accept(endpoints, count, invoke):
    """Returns the callees' accepts of `count` direct calls, which `create-meeting` makes before."""
    invoke("create-meeting", create(endpoints, count, invoke))
    offers = {}
    for path, payload in endpoints.downlinks:
        downlink = json.loads(payload)
        if downlink["type"] == "invitation":
            user = re.search(r"@@@(bob\d+)\.", path)[1]
            offers[user] = (downlink["meeting_id"], downlink["invite_id"])
    if len(offers) != count:
        raise ValueError(f"{count} calls were made, but {len(offers)} callees were invited")
    return [
        rule_event("answer", f"GID_android@@@{user}.phone", {
            "type": "accept", "id": f"accept-{user}", "meeting_id": meeting, "invite_id": invite, "media": "audio",
        })
        for user, (meeting, invite) in offers.items()
    ]


# Flow of each measured function: fills the table and returns the events. The first flow is the baseline.
FLOWS = {"noop": noop, "create-meeting": create, "answer": accept}

# Number of requests of one invocation. Another number means that a flow failed, or that the service changed.
REQUESTS = {"noop": 0, "create-meeting": 7, "answer": 5}
