"""Tests of the parameter file, and of the values that CloudFormation refuses before it creates a resource."""

import pathlib
import subprocess
import unittest

import translated
from deploy_addresses import describe
from translated import ROOT, Stack, yaml_parse

TEMPLATE = translated.translated()
EXAMPLE = yaml_parse((ROOT / "deploy.example.yaml").read_text())
SECRET = "0123456789abcdef0123456789abcdef"
FILLED = EXAMPLE | {
    "IdKey": SECRET,
    "JwtHs256Secret": SECRET,
    "RtcUrl": "wss://rtc.example.com",
    "RtcKeyId": "key",
    "RtcKeySecret": "secret",
}


def refused(**changed):
    return Stack(TEMPLATE, **(FILLED | changed)).refused()


class Settings(unittest.TestCase):
    def test_the_example_file_has_what_a_deployment_needs(self):
        self.assertEqual(refused(), [])
        # The unchanged example is refused with the name of each missing value.
        found = " ".join(Stack(TEMPLATE, **EXAMPLE).refused())
        for name in ("IdKey", "JwtHs256Secret", "RtcKeyId", "RtcKeySecret", "RtcUrl"):
            self.assertIn(name, found)
        optional = {name for name, each in TEMPLATE["Parameters"].items() if "Default" in each}
        self.assertLessEqual(set(TEMPLATE["Parameters"]) - optional, set(EXAMPLE))

    def test_sam_reads_the_example_file_as_parameters(self):
        from samcli.cli.types import CfnParameterOverridesType

        value = f"file://{ROOT / 'deploy.example.yaml'}"
        read = CfnParameterOverridesType().convert((value,), None, None)
        self.assertEqual(read, {name: str(value) for name, value in EXAMPLE.items()})

    def test_a_value_that_cannot_work_is_refused(self):
        for changed, problem in [
            ({"IdKey": "short"}, "IdKey"),
            ({"JwtHs256Secret": "x"}, "32 characters"),
            ({"JwtHs256Secret": ""}, "JwtKeySet"),
            ({"IdKey": ""}, "IdKey"),
            ({"SecretsPath": "calls"}, "a path like"),
            ({"SecretsPath": "/calls/"}, "a path like"),
            ({"JwtHs256SecretPrevious": "x"}, "JwtHs256SecretPrevious"),
            ({"JwtPublicKey": "PEM"}, "JwtIssuer"),
            ({"JwtKeySet": "{}", "JwtIssuer": "https://id.example.com"}, "JwtAudience"),
            ({"RtcKeySecret": ""}, "RtcKeySecret"),
            ({"RtcKeyId": ""}, "RtcKeyId"),
            ({"RtcUrl": ""}, "RtcUrl"),
            ({"RtcProvider": "janus", "RtcUrl": "", "RtcKeyId": ""}, "RtcUrl"),
            ({"IotDataEndpoint": "http://a.iot.eu-west-1.amazonaws.com"}, "https://"),
            ({"IotDataEndpoint": "https://a.iot.eu-west-1.amazonaws.com/"}, "slash"),
            ({"TurnUrls": "turn.example.com:3478"}, "turn:"),
            ({"TurnUrls": "turn:"}, "turn:"),
            ({"TurnUrls": "turn:a.example.com,turn:"}, "turn:"),
            ({"CallUpParent": "call-dn"}, "different parent topics"),
            ({"AlarmEmail": "nobody"}, "AlarmEmail"),
        ]:
            with self.subTest(changed):
                self.assertIn(problem, " ".join(refused(**changed)))

    def test_values_that_can_work_are_taken(self):
        for changed in [
            {"IotDataEndpoint": "https://a1-ats.iot.eu-west-1.amazonaws.com"},
            {"JwtHs256Secret": "", "JwtPublicKey": "PEM", "JwtIssuer": "i", "JwtAudience": "a"},
            {"SecretsPath": "/calls/prod", "IdKey": "", "JwtHs256Secret": "", "RtcKeySecret": ""},
            {"RtcProvider": "agora", "RtcUrl": ""},
            {"RtcProvider": "janus", "RtcKeyId": ""},
            {"TurnUrls": "stun:stun.example.com"},
            {"TurnUrls": "turn:a.example.com:3478, turns:a.example.com:5349?transport=tcp", "TurnSecret": "s"},
            {"AlarmEmail": "operators@example.com"},
        ]:
            with self.subTest(changed):
                self.assertEqual(refused(**changed), [])

    def test_signing_of_tokens_is_a_choice(self):
        authorizer = TEMPLATE["Resources"]["Authorizer"]["Properties"]
        plain = Stack(TEMPLATE).value(authorizer)
        self.assertEqual((plain["SigningDisabled"], "TokenKeyName" in plain), (True, False))
        signed = Stack(TEMPLATE, AuthorizerSigningKey="PEM").value(authorizer)
        self.assertEqual(signed["SigningDisabled"], False)
        self.assertEqual((signed["TokenKeyName"], signed["TokenSigningPublicKeys"]), ("token", {"current": "PEM"}))

    def test_git_ignores_what_a_deployment_writes(self):
        if not (ROOT / ".git").exists():
            self.skipTest("not a checkout")
        written = ["deploy.yaml", "samconfig.toml", ".aws-sam/build/template.yaml", ".venv-deploy/ready"]
        asked = subprocess.run(["git", "check-ignore", *written], cwd=ROOT, capture_output=True, text=True, check=False)
        self.assertEqual(asked.stdout.split(), written)

    def test_a_deployment_says_how_to_reach_it(self):
        class CloudFormation:
            def describe_stacks(self, StackName):
                outputs = {"AuthorizerName": StackName, "RtcWebhookUrl": "https://callbacks.example/"}
                return {"Stacks": [{"Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in outputs.items()]}]}

        class Iot:
            def describe_endpoint(self, endpointType):
                assert endpointType == "iot:Data-ATS"
                return {"endpointAddress": "a1-ats.iot.eu-west-1.amazonaws.com"}

        said = describe("switchboard", CloudFormation(), Iot())
        for part in ("wss://a1-ats.iot", "?x-amz-customauthorizer-name=switchboard", "--authorizer switchboard", "443"):
            self.assertIn(part, said)
        options = (pathlib.Path(ROOT) / "terminal/src/bin/call/options/broker.rs").read_text()
        for option in ("broker", "authorizer"):
            self.assertIn(f"pub {option}: Option", options, "the commands name an option of `call`")


if __name__ == "__main__":
    unittest.main()
