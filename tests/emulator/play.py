"""The steps that are played on the deployed stack. Each step returns what it saw; a step that sees something else fails the run."""

import base64
import contextlib
import json
import urllib.error
import urllib.request

from deployment import NAME, until
from device import Device
from smoke.tokens import app_token, livekit_callback

ALICE, BOB = "GID_ios@@@alice.phone", "GID_android@@@bob.phone"
CREATE = {"mode": "direct", "media": "audio", "invitees": ["bob"]}


class Play:
    """The steps, in their order."""

    def __init__(self, deployment, template, secrets, folder):
        self.deployment = deployment
        self.template = template
        self.secrets = secrets
        self.folder = folder
        self.names = deployment.resources()
        self.table = self.names["Table"]
        self.database = deployment.client("dynamodb")
        self.lambdas = deployment.client("lambda")
        with urllib.request.urlopen(f"{deployment.url}/_ministack/iot/ca.pem") as response:
            self.authorities = response.read().decode()

    # ---- Helpers

    def invoke(self, function, event, kind="RequestResponse"):
        payload = json.dumps(event).encode()
        answer = self.lambdas.invoke(FunctionName=f"{NAME}-{function}", InvocationType=kind, Payload=payload)
        if "FunctionError" in answer:
            raise RuntimeError(f"{function} failed: {answer['Payload'].read().decode()}")
        return json.loads(answer["Payload"].read() or b"null")

    def item(self, key, sort):
        found = self.database.get_item(TableName=self.table, Key={"pk": {"S": key}, "sk": {"S": sort}}, ConsistentRead=True)
        return found.get("Item")

    def messages(self, queue):
        received = self.deployment.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in received.get("Messages", [])]

    def authorize(self, client_id, secret):
        password = base64.b64encode(app_token(client_id.split("@@@")[1].split(".")[0], secret).encode()).decode()
        mqtt = {"clientId": client_id, "username": f"?x-amz-customauthorizer-name={NAME}", "password": password}
        event = {"protocolData": {"mqtt": mqtt}, "protocols": ["mqtt"], "signatureVerified": False}
        return self.invoke("authorize", event | {"connectionMetadata": {"id": client_id}})

    def allow_for_the_emulator(self, action):
        """Allows an action on everything: the emulator does not see which resources a call with several names is for."""
        iam = self.deployment.client("iam")
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
        for id, name in self.names.items():
            if id.endswith("FunctionRole"):
                iam.put_role_policy(RoleName=name, PolicyName="emulator", PolicyDocument=json.dumps(document))

    # ---- Steps

    def authorizer(self):
        """`authorize` as the broker invokes it."""
        assert not self.authorize(ALICE, "x" * 32)["isAuthenticated"], "a foreign secret was accepted"
        self.policies = {}
        for client_id in (ALICE, BOB):
            answer = self.authorize(client_id, self.secrets["JwtHs256Secret"])
            assert answer["isAuthenticated"], answer
            (self.policies[client_id],) = answer["policyDocuments"]
        assert self.item("user#alice", "devices"), "the device was not registered"
        return "a good token gets a policy and registers the device, a foreign one is refused"

    def connection(self, client_id):
        iot = self.deployment.client("iot")
        return Device(iot, self.folder, self.authorities, client_id, self.policies[client_id])

    def policy(self):
        """The authorizer's policy, as the emulator's broker enforces it."""
        for topic in ("call-dn/p2p/" + BOB, "#", "call-up/#", "$aws/events/#"):
            stranger = self.connection(ALICE)
            assert stranger.connect()
            assert not stranger.subscribe(topic), f"subscribed to {topic}"
            stranger.disconnect()
        for topic in ("call-dn/p2p/" + BOB, "$aws/events/presence/connected/" + BOB, "call-up/other"):
            stranger = self.connection(ALICE)
            assert stranger.connect()
            stranger.publish(topic, b"{}")
            stranger.closed.get(timeout=20)
        other = Device(self.deployment.client("iot"), self.folder, self.authorities, BOB, self.policies[ALICE])
        assert not other.connect(), "connected as somebody else"
        return "only its own client ID, its own downlinks and the request topics are allowed"

    def presence(self):
        """Connects, and the lifecycle events of the emulator's broker."""
        before = self.presence_version(ALICE)
        self.alice, self.bob = self.connection(ALICE), self.connection(BOB)
        for device in (self.alice, self.bob):
            assert device.connect()
            for parent in ("call-dn", "bulk-dn"):
                assert device.subscribe(f"{parent}/p2p/{device.client_id}")
        until(lambda: self.presence_version(ALICE) != before, "presence updates the device")
        return "the broker's event about a connect changes the device in the table"

    def presence_version(self, client_id):
        item = self.item("user#" + client_id.split("@@@")[1].split(".")[0], "devices")
        return item and item.get(f"device:{client_id}")

    def call(self):
        """A call: rule, function, transaction, ring, answer."""
        created = self.alice.ask("call-up/create-meeting", "create_meeting", "meeting_created", **CREATE)
        self.meeting = created["meeting_id"]
        invitation = self.bob.receive("invitation", meeting_id=self.meeting)
        ids = {"meeting_id": self.meeting, "invite_id": invitation["invite_id"]}
        self.bob.send("call-up/answer", "ringing", **ids)
        self.alice.receive("invitation_updated", meeting_id=self.meeting, state="ringing")
        joined = self.bob.ask("call-up/answer", "accept", "invitation_accepted", media="audio", **ids)
        assert joined["join"]["url"] == self.secrets["RtcUrl"], joined
        update = self.alice.receive("participant_updated", meeting_id=self.meeting)
        assert update["participant"]["state"] == "accepted", update
        record = self.item(f"meeting#{self.meeting}", "state")
        assert int(record["rev"]["N"]) >= update["rev"], record
        assert self.item("user#bob", "slot")["slot_meeting"]["S"] == self.meeting
        self.prefix = created["join"]["channel_id"].split("-")[0]
        stack = self.deployment.finished()["StackId"].split("/")[2]
        assert stack.startswith(self.prefix), "the channel is named after the stack's id"
        return "created, rung, accepted; record, slots and join token are right"

    def requests(self):
        """The other rules, each with a request and its answer."""
        state = self.bob.ask("bulk-up/sync", "sync", "state")
        assert self.meeting in json.dumps(state), state
        self.alice.ask("call-up/attend", "raise_hand", "hand_changed", meeting_id=self.meeting)
        self.alice.ask("call-up/moderate", "update_meeting", "meeting_updated", meeting_id=self.meeting, title="Plans")
        self.alice.ask("call-up/invite", "invite", "invitation_result", meeting_id=self.meeting, invitees=["carol"])
        self.bob.ask("call-up/settings", "block_user", "settings", user_id="mallory")
        assert self.item("user#bob", "settings"), "the settings were not stored"
        self.alice.publish("call-up/answer", b"no json")
        self.alice.receive("error")
        return "sync, attend, moderate, invite, settings and a malformed request are answered"

    def callback(self):
        """The public address of `rtc-webhook`."""
        url = self.names["RtcWebhookUrl"]
        host = self.lambdas.get_function_url_config(FunctionName=f"{NAME}-rtc-webhook")["FunctionUrl"].split("/")[2]
        body, headers = livekit_callback(self.secrets["RtcKeyId"], self.secrets["RtcKeySecret"])
        answers = []
        for signature in (headers["authorization"], "none"):
            request = urllib.request.Request(
                self.deployment.url + "/", body, headers | {"authorization": signature, "host": host}, method="POST"
            )
            try:
                with urllib.request.urlopen(request) as response:
                    answers.append(response.status)
            except urllib.error.HTTPError as error:
                answers.append(error.code)
        assert answers == [200, 401], (url, answers)
        return "a signed callback is taken, an unsigned one refused"

    def operator(self):
        """`destroy` as an operator invokes it."""
        self.invoke("destroy", {"admin": {"meeting_id": self.meeting}}, "Event")
        for device in (self.alice, self.bob):
            ended = device.receive("meeting_ended", meeting_id=self.meeting)
            assert ended["reason"] == "admin", ended
        return "the meeting ended for both"

    def listen_to_outcomes(self):
        """Forwards the events of the outcome bus to a queue, as a consumer of a deployment would."""
        sqs, events, bus = self.deployment.client("sqs"), self.deployment.client("events"), self.names["OutcomeBus"]
        queue = sqs.create_queue(QueueName="consumer")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events.put_rule(Name="consumer", EventBusName=bus, EventPattern=json.dumps({"source": ["switchboard"]}))
        events.put_targets(Rule="consumer", EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])
        return queue

    def timer(self):
        """A ring that nobody answers: delay queue, mapping, `wake`, outcome bus."""
        outcomes = self.listen_to_outcomes()
        created = self.alice.ask("call-up/create-meeting", "create_meeting", "meeting_created", ring_seconds=10, **CREATE)
        invitation = self.bob.receive("invitation", meeting_id=created["meeting_id"])
        self.bob.send("call-up/answer", "ringing", meeting_id=created["meeting_id"], invite_id=invitation["invite_id"])
        ended = self.alice.receive("meeting_ended", meeting_id=created["meeting_id"])
        self.bob.receive("invitation_closed", meeting_id=created["meeting_id"])
        told = until(lambda: self.messages(outcomes), "the outcome bus tells the end")
        assert created["meeting_id"] in json.dumps(told), told
        return f"the ring ended in time with {ended['reason']}, and the outcome bus told it"

    def secrets_in_the_store(self):
        """The secrets in the Parameter Store, each function reading its own, and none of them in a variable."""
        path = "/switchboard/test"
        store = self.deployment.client("ssm")
        parameters = {"IdKey": "ID_KEY", "JwtHs256Secret": "JWT_HS256_SECRET", "RtcKeySecret": "RTC_KEY_SECRET"}
        for parameter, variable in parameters.items():
            store.put_parameter(Type="SecureString", Name=f"{path}/{variable}", Value=self.secrets[parameter])
        self.allow_for_the_emulator("ssm:GetParameters")
        self.deployment.update(self.template, {"SecretsPath": path} | dict.fromkeys(parameters, ""))
        variables = self.lambdas.get_function_configuration(FunctionName=f"{NAME}-answer")["Environment"]["Variables"]
        assert variables["SECRETS_PATH"] == path and not variables["ID_KEY"], variables
        assert self.authorize(ALICE, self.secrets["JwtHs256Secret"])["isAuthenticated"]
        seen = self.call()
        self.alice.ask("call-up/destroy", "destroy_meeting", "meeting_ended", meeting_id=self.meeting)
        return seen

    def sweep(self):
        """`wake` as the schedule invokes it."""
        rules = self.deployment.client("events").list_rules()["Rules"]
        assert [rule["ScheduleExpression"] for rule in rules if "ScheduleExpression" in rule] == ["rate(1 minute)"], rules
        result = self.invoke("wake", {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}})
        return json.dumps(result)

    def failed_event(self):
        """An event that `presence` cannot read, and what Lambda does with it."""
        queue = self.names["FailedEventsQueue"]
        with contextlib.suppress(RuntimeError):
            self.invoke("presence", {"payload": 1}, "Event")
        kept = until(lambda: self.messages(queue), "the failed event is kept")
        assert kept[0]["requestContext"]["functionArn"].split(":")[6] == f"{NAME}-presence", kept
        return "kept in FailedEventsQueue with the reason"
