"""Limits of the AWS services, checked on the template as SAM translates it. Linters do not know most of them."""

import json
import unittest

import translated
from translated import Stack, resources

TEMPLATE = translated.translated()

# Long but possible values of the parameters: a name that fits with these values also fits with real ones.
LONG = {
    "IotDataEndpoint": "https://a1b2c3d4e5f6g7-ats.iot.ap-southeast-2.amazonaws.com",
    "IdKey": "k" * 64,
    "JwtHs256Secret": "s" * 64,
    "JwtHs256SecretPrevious": "s" * 64,
    "JwtPublicKey": "p" * 800,
    "JwtKeySet": "k" * 1500,
    "JwtIssuer": "https://id.some-longer-name.example.com/some/path",
    "JwtAudience": "some-audience-with-a-long-name",
    "AllowedGroups": ",".join(["GID_some_group"] * 8),
    "RtcUrl": "wss://rtc.some-longer-name.example.com",
    "RtcKeyId": "i" * 64,
    "RtcKeySecret": "s" * 128,
    "RtcApiUrl": "https://rtc.some-longer-name.example.com/api",
    "RtcApiKeyId": "i" * 64,
    "RtcApiKeySecret": "s" * 128,
    "RtcCallbackSecret": "s" * 128,
    "RtcCallbackSecretPrevious": "s" * 128,
    "SecretsPath": "/some/longer/path/of/secrets",
    "TurnUrls": ",".join(["turns:turn.some-longer-name.example.com:5349?transport=tcp"] * 4),
    "TurnSecret": "s" * 64,
    "AlarmEmail": "operators@example.com",
    "AlarmTopicArn": "arn:aws:sns:ap-southeast-2:123456789012:alarms",
}
STACK = Stack(TEMPLATE, **LONG)


def metrics(alarm):
    """Returns the metrics that an alarm reads, without expressions over them."""
    properties = alarm["Properties"]
    return [each for each in properties.get("Metrics", [{"MetricStat": properties}]) if "MetricStat" in each]


def compact(document):
    return json.dumps(document, separators=(",", ":"))


class Limits(unittest.TestCase):
    def each(self, kind):
        found = resources(TEMPLATE, kind)
        self.assertTrue(found, f"no resource of type {kind}")
        for id, resource in found.items():
            with self.subTest(id):
                yield id, STACK.value(resource.get("Properties", {}))

    def test_an_alarm_reads_at_most_ten_metrics(self):
        for id, alarm in resources(TEMPLATE, "AWS::CloudWatch::Alarm").items():
            with self.subTest(id):
                self.assertLessEqual(len(metrics(alarm)), 10)
                self.assertLessEqual(len(STACK.value(alarm["Properties"])["AlarmActions"]), 5)
                self.assertLessEqual(len(alarm["Properties"]["AlarmDescription"]), 1024)

    def test_every_alarm_tells_the_topic_and_the_address(self):
        for id, alarm in self.each("AWS::CloudWatch::Alarm"):
            self.assertEqual(len(alarm["AlarmActions"]), 2)
        silent = Stack(TEMPLATE)
        for alarm in resources(TEMPLATE, "AWS::CloudWatch::Alarm").values():
            self.assertEqual(silent.value(alarm["Properties"])["AlarmActions"], [])

    def test_a_metric_of_log_lines_is_watched_or_documented(self):
        made = {
            each["MetricName"]
            for _, filter in self.each("AWS::Logs::MetricFilter")
            for each in filter["MetricTransformations"]
        }
        namespace = STACK.value({"Ref": "AWS::StackName"})
        watched = {
            alarm["MetricName"]
            for _, alarm in self.each("AWS::CloudWatch::Alarm")
            if alarm.get("Namespace") == namespace
        }
        operations = (translated.ROOT / "docs/operations.md").read_text()
        for name in made - watched:
            self.assertIn(name, operations)

    def test_error_lines_of_every_function_are_counted(self):
        counted = [
            filter["LogGroupName"]
            for _, filter in self.each("AWS::Logs::MetricFilter")
            if filter["FilterPattern"] == '{ $.level = "ERROR" }'
        ]
        groups = [group["LogGroupName"] for _, group in self.each("AWS::Logs::LogGroup")]
        self.assertEqual(sorted(counted), sorted(groups))

    def test_names_are_as_long_as_their_services_allow(self):
        limits = [
            ("AWS::Lambda::Function", "FunctionName", 64, r"^[A-Za-z0-9_-]+$"),
            ("AWS::IoT::TopicRule", "RuleName", 128, r"^[A-Za-z0-9_]+$"),
            ("AWS::IoT::Authorizer", "AuthorizerName", 128, r"^[\w=,@-]+$"),
            ("AWS::Events::EventBus", "Name", 256, r"^[/.\-_A-Za-z0-9]+$"),
            ("AWS::Logs::LogGroup", "LogGroupName", 512, r"^[\w#/.-]+$"),
        ]
        for kind, name, longest, pattern in limits:
            for id, properties in self.each(kind):
                self.assertLessEqual(len(properties[name]), longest)
                self.assertRegex(properties[name], pattern)

    def test_rules_of_two_stacks_with_the_same_topics_have_the_same_names(self):
        names = {id: rule["RuleName"] for id, rule in self.each("AWS::IoT::TopicRule")}
        other = Stack(TEMPLATE, CallUpParent="stage-call-up", BulkUpParent="stage-bulk-up")
        for id, rule in resources(TEMPLATE, "AWS::IoT::TopicRule").items():
            self.assertNotIn(translated.LONGEST_STACK_NAME, names[id], "so that the second stack is refused")
            self.assertNotEqual(other.value(rule["Properties"]["RuleName"]), names[id])
        self.assertEqual(len(set(names.values())), len(names))

    def test_environments_are_at_most_4_kb(self):
        for id, function in self.each("AWS::Lambda::Function"):
            size = len(compact(function["Environment"]["Variables"]))
            self.assertLessEqual(size, 4096)

    def test_settings_of_functions_are_within_the_limits_of_lambda(self):
        for id, function in self.each("AWS::Lambda::Function"):
            self.assertLessEqual(len(function["Description"]), 256)
            self.assertLessEqual(function["Timeout"], 900)
            self.assertIn(function["MemorySize"], range(128, 10241))
            if id == "AuthorizeFunction":
                self.assertLessEqual(function["Timeout"], 5, "the broker waits no longer")
        for id, config in self.each("AWS::Lambda::EventInvokeConfig"):
            self.assertIn(config["MaximumRetryAttempts"], range(3))
            self.assertIn(config["MaximumEventAgeInSeconds"], range(60, 21601))

    def test_queues_are_within_the_limits_of_sqs(self):
        longest = max(each["Timeout"] for _, each in self.each("AWS::Lambda::Function"))
        for id, queue in self.each("AWS::SQS::Queue"):
            self.assertIn(queue["MessageRetentionPeriod"], range(60, 1209601))
            self.assertTrue(queue["SqsManagedSseEnabled"])
            if "RedrivePolicy" in queue:
                self.assertGreaterEqual(queue["VisibilityTimeout"], 6 * longest)

    def test_inline_policies_of_a_role_are_at_most_10240_characters(self):
        for id, role in self.each("AWS::IAM::Role"):
            inline = [policy["PolicyDocument"] for policy in role.get("Policies", [])]
            self.assertLessEqual(sum(len(compact(document)) for document in inline), 10240)
            self.assertLessEqual(len(compact(role["AssumeRolePolicyDocument"])), 2048)
            self.assertLessEqual(len(role.get("ManagedPolicyArns", [])), 10)

    def test_the_stack_is_within_the_limits_of_cloudformation(self):
        self.assertLessEqual(len(TEMPLATE["Resources"]), 500)
        self.assertLessEqual(len(TEMPLATE["Parameters"]), 200)
        self.assertLessEqual(len(TEMPLATE["Outputs"]), 200)
        self.assertLessEqual(len(compact(TEMPLATE)), 1_000_000)
        self.assertLessEqual(len((translated.ROOT / "template.yaml").read_bytes()), 1_000_000)
        for name, parameter in TEMPLATE["Parameters"].items():
            self.assertLessEqual(len(parameter["Description"]), 4000, name)
        for name, output in TEMPLATE["Outputs"].items():
            self.assertLessEqual(len(output["Description"]), 1024, name)

    def test_a_failed_first_deployment_leaves_nothing_and_later_ones_keep_the_table(self):
        policies = {each.get("DeletionPolicy") for each in TEMPLATE["Resources"].values()}
        self.assertEqual(policies, {None, "RetainExceptOnCreate"})
        self.assertEqual(TEMPLATE["Resources"]["Table"]["UpdateReplacePolicy"], "Retain")

    def test_the_public_address_and_its_permissions_come_and_go_together(self):
        for provider, public in {"livekit": True, "agora": True, "janus": True, "alibaba": False, "tencent": False}.items():
            stack = Stack(TEMPLATE, RtcProvider=provider)
            present = {id for id, each in TEMPLATE["Resources"].items() if stack.exists(each)}
            parts = {"RtcWebhookUrl", "RtcWebhookUrlPermission", "RtcWebhookUrlInvokePermission"}
            self.assertEqual(present & parts, parts if public else set(), provider)
        permissions = [STACK.value(each["Properties"]) for each in resources(TEMPLATE, "AWS::Lambda::Permission").values()]
        to_all = sorted(each["Action"] for each in permissions if each["Principal"] == "*")
        self.assertEqual(to_all, ["lambda:InvokeFunction", "lambda:InvokeFunctionUrl"])
        invoke = next(each for each in permissions if each["Principal"] == "*" and each["Action"] == "lambda:InvokeFunction")
        self.assertTrue(invoke["InvokedViaFunctionUrl"], "or anybody in AWS could invoke the function directly")

    def test_reserved_concurrency_is_a_choice(self):
        limited = Stack(TEMPLATE, PresenceConcurrency=100, RtcWebhookConcurrency=20)
        for id, count in {"PresenceFunction": 100, "RtcWebhookFunction": 20}.items():
            properties = TEMPLATE["Resources"][id]["Properties"]
            self.assertEqual(limited.value(properties)["ReservedConcurrentExecutions"], count)
            self.assertNotIn("ReservedConcurrentExecutions", STACK.value(properties))

    def test_channels_of_two_stacks_never_have_the_same_prefix(self):
        other, own = Stack(TEMPLATE), Stack(TEMPLATE, ChannelPrefix="mine")
        other.values["AWS::StackId"] = other.values["AWS::StackId"].replace("51af3dc0", "62bf4ed1")
        for id, function in resources(TEMPLATE, "AWS::Lambda::Function").items():
            environment = function["Properties"]["Environment"]["Variables"]
            prefixes = [stack.value(environment).get("CHANNEL_PREFIX") for stack in (STACK, other, own)]
            if id != "AuthorizeFunction":
                self.assertEqual(prefixes, ["51af3dc0", "62bf4ed1", "mine"], id)


if __name__ == "__main__":
    unittest.main()
