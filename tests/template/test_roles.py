"""Tests the rights of each role, statement by statement, after SAM has added statements and managed policies."""

import unittest

import translated
from translated import Stack, resources

TEMPLATE = translated.translated()
STACK = Stack(TEMPLATE)
WITH_PATH = Stack(TEMPLATE, SecretsPath="/calls/prod")

BROKER = "arn:aws:iot:ap-southeast-2:123456789012:"
MEETINGS = [f"dynamodb:{each}Item -> arn:Table" for each in ("Get", "Put", "Update", "Delete", "BatchWrite")]
USERS = ["dynamodb:BatchGetItem -> arn:Table"]
USER_MEETINGS = USERS + ["dynamodb:Query -> arn:Table"]
PUBLISH = [f"iot:Publish -> {BROKER}topic/call-dn/p2p/*"]
RING = [f"iot:SendDirectMessage -> {BROKER}client/* if iot:Topic is like call-dn/p2p/*"]
TIMERS = ["sqs:SendMessage -> arn:WakeQueue"]
FAILED = ["sqs:SendMessage -> arn:FailedEventsQueue"]
OUTCOMES = ["events:PutEvents -> arn:OutcomeBus"]
REQUESTS = MEETINGS + PUBLISH + TIMERS + FAILED + OUTCOMES

ALLOWED = {
    "CreateMeeting": REQUESTS + USERS + RING,
    "Answer": REQUESTS + USER_MEETINGS + OUTCOMES,
    "Attend": REQUESTS + USERS,
    "Moderate": REQUESTS + USERS,
    "Destroy": REQUESTS,
    "Invite": REQUESTS + USERS + RING,
    "Sync": USERS
    + ["dynamodb:GetItem -> arn:Table", "dynamodb:Query -> arn:Table"]
    + PUBLISH
    + [f"iot:Publish -> {BROKER}topic/bulk-dn/p2p/*"]
    + TIMERS
    + FAILED,
    "Settings": ["dynamodb:GetItem -> arn:Table", "dynamodb:UpdateItem -> arn:Table"] + PUBLISH + FAILED,
    "Presence": REQUESTS + USER_MEETINGS + [f"iot:GetConnection -> {BROKER}client/*"],
    "Wake": REQUESTS
    + RING
    + ["dynamodb:Query -> arn:Table/index/due", f"iot:GetConnection -> {BROKER}client/*"],
    "RtcWebhook": REQUESTS,
    "Authorize": ["dynamodb:UpdateItem -> arn:Table"] + FAILED,
}
# Lambda writes the logs, and reads the queue of timers, in the name of the function's role. AWS wrote these policies: they are
# for all log groups and all queues of the account.
LOGS = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
QUEUES = "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"


def listed(value):
    return value if isinstance(value, list) else [value]


def statements(role):
    """Returns a line for each action on each resource."""
    for policy in role.get("Policies", []):
        for each in policy["PolicyDocument"]["Statement"]:
            assert each["Effect"] == "Allow", each
            unknown = set(each) - {"Effect", "Action", "Resource", "Condition", "Sid"}
            assert not unknown, unknown
            condition = ""
            if "Condition" in each:
                assert list(each["Condition"]) == ["StringLike"], each
                condition = "".join(f" if {key} is like {like}" for key, like in each["Condition"]["StringLike"].items())
            for action in listed(each["Action"]):
                for resource in listed(each["Resource"]):
                    yield f"{action} -> {resource}{condition}"


class Roles(unittest.TestCase):
    def roles(self, stack=STACK):
        return {id: stack.value(role["Properties"]) for id, role in resources(TEMPLATE, "AWS::IAM::Role").items()}

    def test_each_role_may_do_what_its_function_does_and_nothing_else(self):
        roles = self.roles()
        self.assertEqual(roles.keys(), {f"{name}FunctionRole" for name in ALLOWED} | {"RuleErrorRole"})
        for name, allowed in ALLOWED.items():
            with self.subTest(name):
                role = roles[f"{name}FunctionRole"]
                self.assertEqual(sorted(statements(role)), sorted(allowed))
                self.assertEqual(role["ManagedPolicyArns"], [LOGS, QUEUES] if name == "Wake" else [LOGS])
        self.assertEqual(list(statements(roles["RuleErrorRole"])), FAILED)

    def test_with_a_path_each_role_may_read_its_own_secrets_and_no_others(self):
        store = "ssm:GetParameters -> arn:aws:ssm:ap-southeast-2:123456789012:parameter/calls/prod/"
        roles = self.roles(WITH_PATH)
        for name, allowed in ALLOWED.items():
            with self.subTest(name):
                more = set(statements(roles[f"{name}FunctionRole"])) - set(allowed)
                read = {line.removeprefix(store) for line in more}
                tokens = {"JWT_HS256_SECRET", "JWT_HS256_SECRET_PREVIOUS"}
                meetings = {"ID_KEY", "RTC_API_KEY_SECRET", "RTC_KEY_SECRET", "TURN_SECRET"}
                callbacks = {"RTC_CALLBACK_SECRET", "RTC_CALLBACK_SECRET_PREVIOUS"}
                wanted = {"Authorize": tokens, "RtcWebhook": meetings | callbacks}.get(name, meetings)
                self.assertEqual(read, wanted)

    def test_only_lambda_and_the_rules_of_this_account_may_take_a_role(self):
        for id, role in self.roles().items():
            with self.subTest(id):
                (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
                service = listed(statement["Principal"]["Service"])
                if id == "RuleErrorRole":
                    self.assertEqual(service, ["iot.amazonaws.com"])
                    condition = {"StringEquals": {"aws:SourceAccount": translated.ACCOUNT}}
                    self.assertEqual(statement["Condition"], condition)
                else:
                    self.assertEqual(service, ["lambda.amazonaws.com"])

    def test_each_permission_of_a_service_names_the_account_and_the_caller(self):
        for id, permission in resources(TEMPLATE, "AWS::Lambda::Permission").items():
            properties = STACK.value(permission["Properties"])
            with self.subTest(id):
                if properties["Principal"] == "iot.amazonaws.com":
                    self.assertEqual(properties["SourceAccount"], translated.ACCOUNT)
                if properties["Principal"] != "*":
                    self.assertIn("SourceArn", properties)


if __name__ == "__main__":
    unittest.main()
