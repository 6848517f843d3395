"""A deployed stack as the target of the smoke test."""

import pathlib

import botocore.exceptions
import yaml

from .step import Failed
from .tokens import account_of, app_token

PROBE = b'{"v":1,"type":"smoke_probe","id":"smoke-probe"}'
PARENTS = {
    "CallUpParent": "call-up",
    "BulkUpParent": "bulk-up",
    "CallDownParent": "call-dn",
    "BulkDownParent": "bulk-dn",
}


class Aws:
    """The stack `name`. `client` makes an SDK client, `settings` are those of the parameter file, and `tokens` are files
    with the JWTs of two users, or none: then they are signed with the secret of the settings."""

    def __init__(self, name, client, settings, tokens, terminal):
        self.name = name
        self.client = client
        self.settings = settings
        self.tokens = tokens
        self.terminal = terminal
        self.group = self.settings.get("AllowedGroups", "").split(",")[0].strip() or "GID_smoke"
        self.parents = [settings.get(parent) or default for parent, default in PARENTS.items()]
        try:
            (stack,) = client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        except botocore.exceptions.ClientError as error:
            advice = "Run `make deploy` first, with the same STACK_NAME and REGION."
            raise Failed(f"no stack {name}: {error}", advice) from None
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
        endpoint = client("iot").describe_endpoint(endpointType="iot:Data-ATS")
        self.endpoint = endpoint["endpointAddress"]

    def users(self, *accounts):
        if self.tokens:
            texts = [pathlib.Path(path).read_text().strip() for path in self.tokens]
            return [(account_of(text), text) for text in texts]
        secret = self._secret("JwtHs256Secret", "JWT_HS256_SECRET")
        if not secret:
            raise Failed(
                "the deployment verifies tokens with public keys",
                "Let your app's server make tokens for two users, and name the files: make smoke TOKENS='a.jwt b.jwt'.",
            )
        return [(account, app_token(account, secret)) for account in accounts]

    def _secret(self, parameter, variable):
        """Reads a secret where the deployment has it: in the settings, or in the Parameter Store."""
        path = self.settings.get("SecretsPath")
        if not path:
            return self.settings.get(parameter) or None
        store = self.client("ssm")
        found = store.get_parameters(Names=[f"{path}/{variable}"], WithDecryption=True)["Parameters"]
        return found[0]["Value"] if found else None

    def call_arguments(self):
        return [
            self.terminal, "--broker", self.endpoint, "--authorizer", self.outputs["AuthorizerName"],
            "--group", self.group, "--parents", ",".join(self.parents),
        ]

    def authorize(self, client_id, token):
        name = self.outputs["AuthorizerName"]
        user_name = f"?x-amz-customauthorizer-name={name}"
        context = {"username": user_name, "password": token.encode(), "clientId": client_id}
        try:
            return self.client("iot").test_invoke_authorizer(authorizerName=name, mqttContext=context)
        except botocore.exceptions.ClientError as error:
            if error.response["Error"]["Code"] == "UnauthorizedException":
                return {"isAuthenticated": False}
            raise Failed(
                f"the authorizer was not invoked: {error}",
                "InvalidResponse: read the log of the function authorize. AccessDenied: your principal needs "
                "iot:TestInvokeAuthorizer. With AuthorizerSigningKey, AWS refuses tokens without a signature.",
            ) from None

    def send_direct(self, client_id):
        topic = f"{self.parents[2]}/p2p/{client_id}"
        data = self.client("iot-data", endpoint_url=f"https://{self.endpoint}")
        try:
            data.send_direct_message(clientId=client_id, topic=topic, confirmation=True, timeout=5, payload=PROBE)
        except botocore.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            raise Failed(
                f"the broker refused a direct message: {code}: {error.response['Error'].get('Message', '')}",
                {
                    "ForbiddenException": "Your principal needs iot:SendDirectMessage. If it has it, the authorizer's policy "
                    "does not let the terminal receive direct messages. Calls work meanwhile, but ring late: offers go "
                    "through the broker's queue.",
                    "ResourceNotFoundException": "The terminal's connection was lost. Run the step again.",
                    "GatewayTimeoutException": "The terminal did not confirm within five seconds: look at the network.",
                }.get(code, "Look up the code under SendDirectMessage in the AWS IoT data plane reference."),
            ) from None

    def callback(self):
        """Returns the address of callbacks, and the key of a service whose signature can be made here."""
        key = None
        if self.settings.get("RtcProvider", "livekit") == "livekit":
            secret = self._secret("RtcKeySecret", "RTC_KEY_SECRET")
            key = (self.settings["RtcKeyId"], secret) if secret else None
        return self.outputs.get("RtcWebhookUrl"), key

    def alarms(self):
        # By the names of the stack's own resources: names of another stack's alarms may begin with the name of this one.
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.name)
        resources = [each for page in pages for each in page["StackResourceSummaries"]]
        names = [each["PhysicalResourceId"] for each in resources if each["ResourceType"] == "AWS::CloudWatch::Alarm"]
        if not names:
            return ["the stack has no alarms"]
        alarms = self.client("cloudwatch").describe_alarms(AlarmNames=names, MaxRecords=100)["MetricAlarms"]
        return [f"{alarm['AlarmName']}: {alarm['AlarmDescription']}" for alarm in alarms if alarm["StateValue"] == "ALARM"]


def read_settings(path):
    """Reads the parameter file."""
    try:
        values = yaml.safe_load(pathlib.Path(path).read_text())
    except OSError as error:
        raise Failed(str(error), "Copy deploy.example.yaml to deploy.yaml and fill it in.") from None
    return {name: "" if value is None else str(value) for name, value in values.items()}
