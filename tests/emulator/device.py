"""A terminal on the emulator's broker: stock MQTT over TLS, with a certificate in place of a password.

The emulator has no custom authorizers, but holds a certificate to its IoT policy. So the policy that the deployed authorizer
wrote for the connection is attached to the certificate, and the emulator enforces it.
"""

import json
import pathlib
import queue
import secrets
import ssl

import paho.mqtt.client as mqtt
from deployment import PATIENCE_S

PORT = 8883


class Device:
    """One connection with the rights of `policy`."""

    def __init__(self, iot, folder, authorities, client_id, policy):
        self.client_id = client_id
        self.inbox = queue.Queue()
        self.closed = queue.Queue()
        self._acknowledged = queue.Queue()
        key = iot.create_keys_and_certificate(setAsActive=True)
        name = f"connection-{secrets.token_hex(4)}"
        iot.create_policy(policyName=name, policyDocument=json.dumps(policy))
        iot.attach_policy(policyName=name, target=key["certificateArn"])
        chain, private = pathlib.Path(folder, f"{name}.pem"), pathlib.Path(folder, f"{name}.key")
        chain.write_text(key["certificatePem"])
        private.write_text(key["keyPair"]["PrivateKey"])
        tls = ssl.create_default_context(cadata=authorities)
        tls.load_cert_chain(chain, private)
        # The emulator's certificate names its own host.
        tls.check_hostname = False
        self._mqtt = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=False,
            protocol=mqtt.MQTTv311,
            reconnect_on_failure=False,
        )
        self._mqtt.tls_set_context(tls)
        self._mqtt.on_connect = lambda client, data, flags, reason, properties: self._acknowledged.put(reason)
        self._mqtt.on_subscribe = lambda client, data, mid, reasons, properties: self._acknowledged.put(reasons)
        self._mqtt.on_message = lambda client, data, message: self.inbox.put((message.topic, json.loads(message.payload)))
        self._mqtt.on_disconnect = lambda client, data, flags, reason, properties: self._lost(reason)

    def _lost(self, reason):
        self._acknowledged.put(None)
        self.closed.put(reason)

    def connect(self):
        """Connects, and returns whether the broker let it."""
        self._mqtt.connect("127.0.0.1", PORT)
        self._mqtt.loop_start()
        reason = self._acknowledged.get(timeout=PATIENCE_S)
        return reason is not None and not reason.is_failure

    def subscribe(self, topic):
        """Subscribes, and returns whether the broker granted it. A broker of AWS closes the connection if it does not."""
        self._mqtt.subscribe(topic, 1)
        reasons = self._acknowledged.get(timeout=PATIENCE_S)
        return reasons is not None and not any(reason.is_failure for reason in reasons)

    def publish(self, topic, payload):
        self._mqtt.publish(topic, payload, qos=1)

    def send(self, topic, kind, **fields):
        """Sends a request, and returns its id."""
        request = {"v": 1, "type": kind, "id": secrets.token_urlsafe(16), **fields}
        self.publish(topic, json.dumps(request))
        return request["id"]

    def receive(self, kind, **fields):
        """Waits for a downlink of this type and with these fields; other messages are dropped."""
        seen = []
        while True:
            try:
                _, message = self.inbox.get(timeout=PATIENCE_S)
            except queue.Empty:
                raise TimeoutError(f"{self.client_id}: no {kind}, but {seen}") from None
            if message["type"] == kind and all(message.get(name) == value for name, value in fields.items()):
                return message
            seen.append(message)

    def ask(self, topic, kind, answer, **fields):
        """Sends a request, and returns its answer."""
        return self.receive(answer, re=self.send(topic, kind, **fields))

    def disconnect(self):
        self._mqtt.disconnect()
        self._mqtt.loop_stop()
