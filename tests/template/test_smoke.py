"""The smoke test on a deployment: its calls are checked against the SDK's models, and each failure says what to do."""

import io
import pathlib
import re
import sys
import tempfile
import unittest
from unittest import mock

import botocore.session
from botocore.stub import ANY, Stubber
from translated import ROOT

sys.path.insert(0, str(ROOT / "deploy"))
from smoke import steps, terminals
from smoke.aws import PROBE, Aws
from smoke.step import Failed, Skipped, run
from smoke.tokens import account_of, app_token, livekit_callback

SECRET = "0123456789abcdef0123456789abcdef"
SETTINGS = {"JwtHs256Secret": SECRET, "RtcKeyId": "key", "RtcKeySecret": "secret", "CallDownParent": "dn"}
ENDPOINT = "a1-ats.iot.eu-west-1.amazonaws.com"


SESSION = botocore.session.get_session()
SESSION.set_credentials("id", "key")


class Cloud:
    """Stubbed SDK clients. Each call and answer is checked against the model of its service."""

    def __init__(self):
        self.stubs = {}
        outputs = {"AuthorizerName": "switchboard", "RtcWebhookUrl": "https://callbacks.example/"}
        stack = {
            "StackName": "switchboard",
            "CreationTime": "2026-01-01T00:00:00Z",
            "StackStatus": "CREATE_COMPLETE",
            "Outputs": [{"OutputKey": name, "OutputValue": value} for name, value in outputs.items()],
        }
        self.stub("cloudformation").add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": "switchboard"})
        self.stub("iot").add_response("describe_endpoint", {"endpointAddress": ENDPOINT}, {"endpointType": "iot:Data-ATS"})

    def stub(self, service):
        if service not in self.stubs:
            stubber = Stubber(SESSION.create_client(service, region_name="eu-west-1"))
            stubber.activate()
            self.stubs[service] = stubber
        return self.stubs[service]

    def __call__(self, service, **more):
        return self.stub(service).client


def target(cloud, **settings):
    return Aws("switchboard", cloud, SETTINGS | settings, None, "call")


class OnAws(unittest.TestCase):
    def test_a_stack_that_does_not_exist_is_named(self):
        cloud = Cloud()
        cloud.stubs.clear()
        cloud.stub("cloudformation").add_client_error("describe_stacks", "ValidationError", "Stack does not exist")
        with self.assertRaises(Failed) as failure:
            target(cloud)
        self.assertIn("make deploy", failure.exception.advice)

    def test_the_terminals_reach_the_broker_by_its_authorizer(self):
        arguments = target(Cloud(), AllowedGroups="GID_ios,GID_web").call_arguments()
        told = dict(zip(arguments[1::2], arguments[2::2], strict=True))
        self.assertEqual(
            told,
            {
                "--broker": ENDPOINT,
                "--authorizer": "switchboard",
                "--group": "GID_ios",
                "--parents": "call-up,bulk-up,dn,bulk-dn",
            },
        )

    def test_the_authorizer_is_invoked_as_the_broker_would(self):
        cloud = Cloud()
        context = {"username": "?x-amz-customauthorizer-name=switchboard", "password": ANY}
        context["clientId"] = "GID_smoke@@@smoke-caller.phone"
        for answer in (True, False):
            cloud.stub("iot").add_response(
                "test_invoke_authorizer",
                {"isAuthenticated": answer},
                {"authorizerName": "switchboard", "mqttContext": context},
            )
        smoke = steps.Smoke(target(cloud))
        self.assertIn("refused", smoke.authorizer())

    def test_an_authorizer_that_refuses_or_accepts_everybody_fails(self):
        for answers, advice in (([False], "secret"), ([True, True], "off the network")):
            cloud = Cloud()
            for answer in answers:
                cloud.stub("iot").add_response("test_invoke_authorizer", {"isAuthenticated": answer})
            with self.assertRaises(Failed) as failure:
                steps.Smoke(target(cloud)).authorizer()
            self.assertIn(advice, failure.exception.advice)

    def test_a_denied_direct_message_names_the_right(self):
        cloud = Cloud()
        expected = {"clientId": "GID_smoke@@@smoke-callee.probe", "topic": "dn/p2p/GID_smoke@@@smoke-callee.probe"}
        expected |= {"confirmation": True, "timeout": 5, "payload": PROBE}
        cloud.stub("iot-data").add_client_error("send_direct_message", "ForbiddenException", "no", expected_params=expected)
        with self.assertRaises(Failed) as failure:
            target(cloud).send_direct("GID_smoke@@@smoke-callee.probe")
        self.assertIn("iot:SendDirectMessage", failure.exception.advice)

    def resources(self, cloud, *alarms):
        """Lets the stack have a queue and these alarms."""
        kinds = {"switchboard-Queue": "AWS::SQS::Queue"} | dict.fromkeys(alarms, "AWS::CloudWatch::Alarm")
        common = {"LastUpdatedTimestamp": "2026-01-01T00:00:00Z", "ResourceStatus": "CREATE_COMPLETE"}
        listed = [
            common | {"LogicalResourceId": "Id", "PhysicalResourceId": name, "ResourceType": kind}
            for name, kind in kinds.items()
        ]
        answer = {"StackResourceSummaries": listed}
        cloud.stub("cloudformation").add_response("list_stack_resources", answer, {"StackName": "switchboard"})

    def test_an_alarm_is_told_with_its_description(self):
        alarms = [
            {"AlarmName": "switchboard-ErrorLines-1", "AlarmDescription": "An error", "StateValue": "ALARM"},
            {"AlarmName": "switchboard-Sweep-2", "AlarmDescription": "No sweep", "StateValue": "INSUFFICIENT_DATA"},
        ]
        cloud = Cloud()
        self.resources(cloud, *(alarm["AlarmName"] for alarm in alarms))
        expected = {"AlarmNames": ["switchboard-ErrorLines-1", "switchboard-Sweep-2"], "MaxRecords": 100}
        cloud.stub("cloudwatch").add_response("describe_alarms", {"MetricAlarms": alarms}, expected)
        with self.assertRaises(Failed) as failure:
            steps.Smoke(target(cloud)).alarms()
        self.assertEqual(str(failure.exception), "switchboard-ErrorLines-1: An error")

    def test_a_stack_without_alarms_fails(self):
        cloud = Cloud()
        self.resources(cloud)
        self.assertEqual(target(cloud).alarms(), ["the stack has no alarms"])

    def test_secrets_of_the_parameter_store_are_read_there(self):
        cloud = Cloud()
        for name, value in (("JWT_HS256_SECRET", SECRET), ("RTC_KEY_SECRET", "stored")):
            found = {"Parameters": [{"Name": f"/calls/{name}", "Value": value}]}
            cloud.stub("ssm").add_response("get_parameters", found, {"Names": [f"/calls/{name}"], "WithDecryption": True})
        deployed = target(cloud, SecretsPath="/calls", JwtHs256Secret="", RtcKeySecret="")
        self.assertEqual(deployed.users("alice"), [("alice", ANY)])
        self.assertEqual(deployed.callback(), ("https://callbacks.example/", ("key", "stored")))

    def test_a_deployment_with_public_keys_asks_for_tokens(self):
        with self.assertRaises(Failed) as failure:
            target(Cloud(), JwtHs256Secret="").users("alice", "bob")
        self.assertIn("TOKENS=", failure.exception.advice)


class Steps(unittest.TestCase):
    def setUp(self):
        self.smoke = steps.Smoke(target(Cloud()))

    def webhook(self, forged, taken):
        with mock.patch.object(steps, "post", side_effect=[forged, taken]):
            return self.smoke.webhook()

    def test_callbacks_without_a_signature_have_to_be_refused(self):
        self.assertIn("signed", self.webhook(401, 200))
        for forged, taken, seen in ((200, 200, "200, not 401"), (403, 200, "403, not 401"), (401, 401, "401, not 200")):
            with self.subTest(seen), self.assertRaisesRegex(Failed, seen):
                self.webhook(forged, taken)

    def test_a_service_without_callbacks_skips_the_step(self):
        self.smoke.target.outputs.pop("RtcWebhookUrl")
        with self.assertRaises(Skipped):
            self.smoke.webhook()

    def test_each_exit_code_of_a_call_has_its_advice(self):
        documented = (ROOT / "terminal/src/bin/call/outcome.rs").read_text().partition("EXIT_CODES")[2].partition('";')[0]
        codes = {int(code) for code in re.findall(r"^ *(\d+)  ", documented, re.MULTILINE)}
        # 0 is success, 2 a wrong command line, and 15 follows a signal: this test makes none of them.
        self.assertEqual(set(terminals.EXIT_CODES), codes - {0, 2, 15})

    def test_all_steps_run_and_failures_are_counted(self):
        def fails():
            raise Failed("seen", "do this")

        def skips():
            raise Skipped("not here")

        said = io.StringIO()
        count = run([("one", fails), ("two", lambda: "fine"), ("three", skips)], lambda line: print(line, file=said))
        self.assertEqual(count, 1)
        for line in ("FAILED   one: seen", "What to do: do this", "ok       two: fine", "skipped  three: not here"):
            self.assertIn(line, said.getvalue())


class Terminals(unittest.TestCase):
    """A call with a fake `call` that prints what it is told to."""

    def call(self, listener, creator):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        program = pathlib.Path(folder, "call")
        program.write_text(f"#!/bin/sh\ncase $1 in listen) {listener};; *) {creator};; esac\n")
        program.chmod(0o755)
        return terminals.call([str(program)], ("a", "t"), ("b", "t"))

    LISTENS = "echo '{\"event\":\"listening\"}'"

    def heard(self, reach):
        return f"""echo '{{"event":"heard","message":{{"type":"invitation_updated","user_id":"b","reach":"{reach}"}}}}'"""

    def test_a_call_that_was_rung_by_a_direct_message_passes(self):
        self.assertIn("direct message", self.call(self.LISTENS, self.heard("delivered")))

    def test_a_call_that_went_through_the_queue_fails(self):
        with self.assertRaises(Failed) as failure:
            self.call(self.LISTENS, self.heard("queued"))
        self.assertIn("ring late", failure.exception.advice)

    def test_a_refused_connection_and_a_missing_answer_fail(self):
        with self.assertRaisesRegex(Failed, "did not connect"):
            self.call("exit 1", "exit 0")
        with self.assertRaisesRegex(Failed, "ended with 14"):
            self.call(self.LISTENS, "exit 14")


class Tokens(unittest.TestCase):
    def test_a_token_names_its_account(self):
        self.assertEqual(account_of(app_token("smoke-caller", SECRET)), "smoke-caller")

    def test_a_callback_carries_the_digest_of_its_body(self):
        body, headers = livekit_callback("key", "secret")
        self.assertIn(b"room_started", body)
        self.assertEqual(headers["authorization"].count("."), 2)


if __name__ == "__main__":
    unittest.main()
