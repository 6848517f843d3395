"""A terminal of another maker: written from docs/protocol.md alone, on a stock MQTT client.

It plays one side of a call and prints everything that it did, sent and received, one JSON object a line.
Usage: terminal.py ROLE HOST:PORT CLIENT_ID [PEER], where ROLE is `callee` or `caller`. The environment variable JWT_SECRET
has the secret that the app signs its tokens with. The callee accepts when it reads a line on standard input.
"""

import base64
import hashlib
import hmac
import json
import os
import queue
import secrets
import sys
import time

import paho.mqtt.client as mqtt

# A terminal retries twice, with the same id, when no answer arrives within three seconds.
ANSWER_WITHIN_S = 3
TRIES = 3
# Far longer than any step takes: a failure ends the program instead of blocking it.
PATIENCE_S = 60


def say(**what):
    """Reports a step to the program that started this one."""
    print(json.dumps(what), flush=True)


def token(account, name, secret):
    """Makes the app's login: a JWT, signed by hand (RFC 7515, HS256)."""

    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    def as_json(value):
        return json.dumps(value, separators=(",", ":")).encode()

    claims = {"sub": account, "name": name, "exp": int(time.time()) + 3600}
    signed = part(as_json({"alg": "HS256", "typ": "JWT"})) + b"." + part(as_json(claims))
    signature = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return (signed + b"." + part(signature)).decode()


def account_of(client_id):
    """Returns the account, which is the user id, of a client ID `GroupID@@@account.instance`."""
    return client_id.split("@@@", 1)[1].split(".", 1)[0]


class Terminal:
    """One device: its connection, its requests and its messages."""

    def __init__(self, address, client_id, secret):
        host, port = address.rsplit(":", 1)
        self.address = (host, int(port))
        self.client_id = client_id
        self.account = account_of(client_id)
        self.password = token(self.account, self.account.split("-")[0].title(), secret)
        self.inbox = queue.Queue()
        self.seen = set()
        self.waiting = []
        self.mqtt = None

    def connect(self, subscribe):
        """Connects with a persistent session. The broker keeps the subscriptions of an earlier connection."""
        acknowledged = queue.Queue()
        self.mqtt = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2,
            client_id=self.client_id,
            clean_session=False,
            protocol=mqtt.MQTTv311,
            reconnect_on_failure=False,
        )
        self.mqtt.username_pw_set(self.account, self.password)
        self.mqtt.on_connect = lambda client, data, flags, reason, properties: acknowledged.put((flags, reason))
        self.mqtt.on_subscribe = lambda client, data, mid, reasons, properties: acknowledged.put(reasons)
        self.mqtt.on_message = lambda client, data, message: self.inbox.put(message)
        self.mqtt.connect(*self.address, keepalive=60)
        self.mqtt.loop_start()
        flags, reason = acknowledged.get(timeout=PATIENCE_S)
        say(did="connect", session_present=flags.session_present, reason=str(reason))
        if reason.is_failure:
            sys.exit(f"the broker refuses: {reason}")
        if subscribe:
            topics = [f"{parent}/p2p/{self.client_id}" for parent in ("call-dn", "bulk-dn")]
            self.mqtt.subscribe([(topic, 1) for topic in topics])
            granted = acknowledged.get(timeout=PATIENCE_S)
            say(did="subscribe", refused=[str(reason) for reason in granted if reason.is_failure])

    def disconnect(self):
        """Closes the connection; the broker keeps the session."""
        self.mqtt.disconnect()
        self.mqtt.loop_stop()

    def publish(self, function, payload):
        """Publishes bytes, and returns when the broker has confirmed them."""
        self.mqtt.publish(f"call-up/{function}", payload, qos=1).wait_for_publish(PATIENCE_S)

    def tell(self, function, kind, **fields):
        """Sends a request; returns its id, function and bytes, for a retry."""
        request = {"v": 1, "type": kind, "id": secrets.token_urlsafe(16), **fields}
        say(sent=request)
        payload = json.dumps(request).encode()
        self.publish(function, payload)
        return request["id"], function, payload

    def ask(self, function, kind, **fields):
        """Sends a request that has an answer; returns both."""
        request = self.tell(function, kind, **fields)
        return request, self.answer(request)

    def answer(self, request):
        """Waits for the answer, and retries when none arrives."""
        request_id, function, payload = request
        for attempt in range(TRIES):
            if attempt:
                self.publish(function, payload)
            last = attempt + 1 == TRIES
            answer = self.hears(
                lambda message: message.get("re") == request_id, PATIENCE_S if last else ANSWER_WITHIN_S
            )
            if answer:
                return answer
        sys.exit(f"no answer came to {payload}")

    def retry(self, request):
        """Sends the same bytes once more, as after a lost answer. Messages seen before count as new for this once."""
        _, function, payload = request
        self.seen.clear()
        say(did="retry", id=request[0])
        self.publish(function, payload)
        return self.answer(request)

    def hears(self, fits, within_s=PATIENCE_S):
        """Returns the next message that fits, or None after the time. Other messages are kept for later calls."""
        for at, message in enumerate(self.waiting):
            if fits(message):
                return self.waiting.pop(at)
        deadline = time.monotonic() + within_s
        while (left := deadline - time.monotonic()) > 0:
            try:
                raw = self.inbox.get(timeout=left)
            except queue.Empty:
                break
            message = json.loads(raw.payload)
            news = message["id"] not in self.seen
            self.seen.add(message["id"])
            say(heard=message, topic=raw.topic, news=news)
            if not news:
                continue
            if fits(message):
                return message
            self.waiting.append(message)
        return None

    def must_hear(self, kind, fits=lambda message: True):
        """Returns the next message of this type that fits; without one, ends the program."""
        return self.hears(lambda message: message["type"] == kind and fits(message)) or sys.exit(f"no `{kind}` came")


def is_participant(user, state):
    """Makes a filter for the `participant_updated` that puts the user in this state."""
    return lambda message: message["participant"]["user_id"] == user and message["participant"]["state"] == state


def mistakes(terminal, meeting_id):
    """Sends two malformed requests, which the service must refuse."""
    terminal.publish("answer", b"this is not JSON \xff")
    terminal.must_hear("error", lambda error: error["re"] is None)
    _, refused = terminal.ask("answer", "accept", meeting_id=meeting_id, media="audio")
    say(did="mistakes", refused=refused["code"], path=refused.get("path"))


def callee(terminal):
    """Plays the callee: rings, accepts, and talks until the other side ends the call."""
    terminal.connect(subscribe=True)
    terminal.disconnect()
    terminal.connect(subscribe=False)
    say(did="wait for a call")
    invitation = terminal.must_hear("invitation")
    about = {"meeting_id": invitation["meeting_id"], "invite_id": invitation["invite_id"]}
    terminal.tell("answer", "ringing", **about)
    say(did="ring")
    # Wait until the user picks up: requests published at once may arrive in any order.
    sys.stdin.readline()
    accept, accepted = terminal.ask("answer", "accept", media=invitation["media"], **about)
    again = terminal.retry(accept)
    say(did="accept", join=accepted["join"], same_answer=again["id"] == accepted["id"])
    terminal.tell("attend", "report_media", meeting_id=about["meeting_id"], state="joined", audio=True)
    for user in (terminal.account, invitation["from"]["user_id"]):
        terminal.must_hear("participant_updated", is_participant(user, "joined"))
    mistakes(terminal, about["meeting_id"])
    say(did="talk")
    ended = terminal.must_hear("meeting_ended")
    say(did="end", reason=ended["reason"])


def caller(terminal, peer):
    """Plays the caller: calls, talks once the other side has joined, and hangs up."""
    terminal.connect(subscribe=True)
    create, created = terminal.ask("create-meeting", "create_meeting", mode="direct", media="audio", invitees=[peer])
    again = terminal.retry(create)
    meeting_id = created["meeting_id"]
    say(did="call", join=created["join"], same_answer=again["id"] == created["id"])
    terminal.must_hear("invitation_updated", lambda update: update["state"] == "ringing")
    terminal.must_hear("participant_updated", is_participant(peer, "accepted"))
    terminal.tell("attend", "report_media", meeting_id=meeting_id, state="joined", audio=True)
    for user in (terminal.account, peer):
        terminal.must_hear("participant_updated", is_participant(user, "joined"))
    mistakes(terminal, meeting_id)
    say(did="talk")
    _, left = terminal.ask("attend", "leave", meeting_id=meeting_id)
    say(did="leave", answer=left["type"])


def main():
    """Plays the role that the command line names."""
    role, address, client_id, *peer = sys.argv[1:]
    terminal = Terminal(address, client_id, os.environ["JWT_SECRET"])
    {"callee": callee, "caller": caller}[role](terminal, *peer)
    terminal.disconnect()


main()
