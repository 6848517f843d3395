"""A terminal on paho-mqtt: MQTT 3.1.1 over TCP, with the rules of `session.py`. The test drives it by lines of JSON, as
README.md describes."""

import base64
import json
import os
import queue
import random
import sys
import threading
import time

import paho.mqtt.client as mqtt

from session import Session

# A login that is refused this often is not tried again.
REFUSALS = 6
# A connection of that time makes the waits between attempts start anew.
STABLE_S = 5
CONNECT_WITHIN_S = 30


def say(**what):
    """Reports to the test."""
    print(json.dumps(what), flush=True)


class Terminal:
    """One device: its connection, and its requests."""

    def __init__(self, config):
        self.config = config
        self.inputs = queue.Queue()
        self.session = Session(config["answer_within_ms"] / 1000, config["resends"])
        self.outbox = []
        self.is_first = True
        self.renewals = self.refused = 0
        self.wait = config["reconnect_after_ms"] / 1000
        self.waited = self.up_since = 0.0
        self.retry_at = None
        self.session_present = False
        self.mqtt = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2,
            client_id=config["client_id"],
            clean_session=False,
            protocol=mqtt.MQTTv311,
            reconnect_on_failure=False,
            transport="websockets" if config["virtual_host"] else "tcp",
        )
        if config["virtual_host"]:
            self.mqtt.ws_set_options(headers={"Host": config["virtual_host"]})
        self.mqtt.username_pw_set(config["user_name"], config["token"])
        self.mqtt.connect_timeout = CONNECT_WITHIN_S
        # Callbacks run on the thread of the network: they only pass on what happened.
        put = self.inputs.put
        self.mqtt.on_connect = lambda client, data, flags, reason, more: put(("connack", flags.session_present, reason))
        self.mqtt.on_subscribe = lambda client, data, mid, reasons, more: put(("suback", reasons))
        self.mqtt.on_message = lambda client, data, message: put(("message", message.topic, message.payload))
        self.mqtt.on_disconnect = lambda client, data, flags, reason, more: put(("closed", reason))

    def connect(self):
        """Begins an attempt to connect; its result is an input."""
        self.retry_at = None
        # Ends the thread of an earlier connection.
        self.mqtt.loop_stop()
        try:
            self.mqtt.connect(self.config["host"], self.config["port"], keepalive=30)
        except OSError as error:
            self.failed(str(error))
            return
        self.mqtt.loop_start()

    def run(self):
        """Handles inputs until the end."""
        self.connect()
        while True:
            times = [at for at in (self.session.due(), self.retry_at) if at is not None]
            try:
                what, *more = self.inputs.get(timeout=max(0, min(times) - time.monotonic()) if times else None)
                getattr(self, what)(*more)
            except queue.Empty:
                pass
            now = time.monotonic()
            if self.retry_at is not None and self.retry_at <= now:
                self.connect()
            copies, given_up = self.session.tick(now)
            for topic, payload in copies:
                self.mqtt.publish(topic, payload, qos=1)
            for request, after in given_up:
                say(unanswered={"request": request, "after_ms": round(after * 1000)})

    def connack(self, session_present, reason):
        """Subscribes, or learns that the login is refused."""
        self.session_present = session_present
        if not reason.is_failure:
            topics = [(topic, 1) for topic in self.config["topics"]]
            self.mqtt.subscribe(topics)
            return
        if self.is_first:
            self.leave(refused={"code": self.code(reason), "reason": str(reason)})
        self.refused += 1
        again = self.refused < REFUSALS
        if again:
            self.later()
        else:
            self.retry_at = None
        say(login_refused={"reason": str(reason), "tries_again": again, "renewals": self.renewals})

    @staticmethod
    def code(reason):
        """Returns the return code of MQTT 3.1.1, for which paho shows the reason code of MQTT 5."""
        return {0x84: 1, 0x85: 2, 0x88: 3, 0x86: 4, 0x87: 5}.get(reason.value, reason.value)

    def suback(self, reasons):
        """Is connected, if the broker grants the subscription."""
        if any(reason.is_failure for reason in reasons):
            if self.is_first:
                self.leave(not_subscribed=True)
            self.mqtt.disconnect()
            return
        self.is_first, self.refused, self.up_since = False, 0, time.monotonic()
        self.session.is_connected = True
        for topic, payload in self.outbox:
            self.mqtt.publish(topic, payload, qos=1)
        self.outbox.clear()
        say(connected={"session_present": self.session_present})

    def message(self, topic, payload):
        """Passes a message on, and what it means."""
        say(raw={"topic": topic, "base64": base64.b64encode(payload).decode()})
        for what, content in self.session.receive(payload):
            if what == "answer":
                say(answer={"request": content["re"], "message": content})
            else:
                say(**{what: content})

    def closed(self, reason):
        """Waits for the next attempt after a lost connection."""
        if self.session.is_connected:
            self.session.is_connected = False
            now = time.monotonic()
            if now - self.up_since >= max(STABLE_S, 2 * self.waited):
                self.wait = self.config["reconnect_after_ms"] / 1000
            say(lost=str(reason))
            self.later()
        elif self.is_first:
            self.leave(unreachable=str(reason))
        elif self.retry_at is None and self.refused < REFUSALS:
            self.later()

    def failed(self, reason):
        """An attempt did not reach the broker."""
        if self.is_first:
            self.leave(unreachable=reason)
        self.later()

    def later(self):
        """Sets the time of the next attempt, with jitter."""
        self.retry_at = time.monotonic() + self.wait * random.uniform(0.5, 1)
        self.waited = self.wait
        self.wait = min(self.wait * 2, self.config["reconnect_at_most_ms"] / 1000)

    def command(self, what):
        """Does what the test says."""
        (name, value), *_ = what.items()
        if name == "request":
            self.session.add(value["id"], value["topic"], value["payload"])
        elif name == "cancel":
            self.session.requests.pop(value, None)
        elif name == "publish":
            self.publish(value["topic"], base64.b64decode(value["base64"]))
        elif name == "renew":
            self.mqtt.username_pw_set(self.config["user_name"], value)
            self.renewals += 1
            if self.refused:
                self.refused, self.retry_at = 0, time.monotonic()
        elif name == "disconnect":
            self.mqtt.disconnect()
            self.mqtt.loop_stop()
            self.leave(closed=True)

    def publish(self, topic, payload):
        """Publishes now, or when there is a connection."""
        if self.session.is_connected:
            self.mqtt.publish(topic, payload, qos=1)
        else:
            self.outbox.append((topic, payload))

    @staticmethod
    def leave(**what):
        """Ends the program with a last report."""
        say(**what)
        os._exit(0)


def main():
    """Connects as the first line says, and obeys the others. The end of the input breaks the connection."""
    terminal = Terminal(json.loads(sys.stdin.readline())["connect"])

    def listen():
        for line in sys.stdin:
            terminal.inputs.put(("command", json.loads(line)))
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    terminal.run()


main()
