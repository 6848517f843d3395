"""More limits of the AWS services on the translated template, service by service. Each one says what AWS refuses."""

import json
import re
import unittest

import translated
from test_limits import LONG, STACK, TEMPLATE, metrics
from translated import Stack, resources

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html: Lambda refuses a function that sets one.
RESERVED = {
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
}


def properties(kind):
    found = {id: STACK.value(each.get("Properties", {})) for id, each in resources(TEMPLATE, kind).items()}
    assert found, f"no resource of type {kind}"
    return found


def walk(node):
    """Yields each mapping in a value."""
    if isinstance(node, dict):
        yield node
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from walk(each)


class CloudFormation(unittest.TestCase):
    def test_the_template_is_deployed_from_a_bucket(self):
        # CreateStack takes at most 51,200 bytes in the request itself.
        makefile = (translated.ROOT / "Makefile").read_text()
        size = len((translated.ROOT / "template.yaml").read_bytes())
        self.assertGreater(size, 51_200, "the check below is not needed any more")
        self.assertIn("--resolve-s3", makefile)

    def test_values_of_parameters_are_at_most_4096_bytes(self):
        for name, value in LONG.items():
            self.assertLessEqual(len(value), 4096, name)
        for name, parameter in TEMPLATE["Parameters"].items():
            self.assertRegex(name, r"^[A-Za-z0-9]{1,255}$")
            self.assertLessEqual(len(str(parameter.get("Default", ""))), 4096, name)

    def test_logical_ids_are_alphanumeric(self):
        for section in ("Resources", "Outputs", "Conditions", "Rules"):
            for id in TEMPLATE[section]:
                self.assertRegex(id, r"^[A-Za-z0-9]{1,255}$", section)

    def test_and_and_or_have_two_to_ten_conditions(self):
        for node in walk([TEMPLATE["Conditions"], TEMPLATE["Rules"]]):
            for function in ("Fn::And", "Fn::Or"):
                if function in node:
                    self.assertIn(len(node[function]), range(2, 11), node)

    def test_rules_use_the_functions_of_rules_and_refer_to_parameters_only(self):
        allowed = {"Fn::And", "Fn::Equals", "Fn::Not", "Fn::Or", "Fn::Contains", "Ref"}
        for name, rule in TEMPLATE["Rules"].items():
            for node in walk([rule.get("RuleCondition", {}), [each["Assert"] for each in rule["Assertions"]]]):
                self.assertLessEqual(set(node), allowed, name)
                self.assertIn(node.get("Ref", "IdKey"), TEMPLATE["Parameters"], name)


class Lambda(unittest.TestCase):
    def test_no_function_sets_a_variable_that_lambda_reserves(self):
        for id, function in properties("AWS::Lambda::Function").items():
            for name in function["Environment"]["Variables"]:
                self.assertNotIn(name, RESERVED, id)
                self.assertRegex(name, r"^[A-Za-z][A-Za-z0-9_]+$", id)

    def test_the_memory_fits_a_new_account(self):
        # Lambda allows 10,240 MB, but new accounts start with 3,008.
        parameter = TEMPLATE["Parameters"]["MemorySize"]
        self.assertEqual((parameter["MinValue"], parameter["MaxValue"]), (128, 3008))

    def test_the_policy_of_a_function_is_at_most_20_kb(self):
        functions = {}
        for permission in properties("AWS::Lambda::Permission").values():
            functions.setdefault(permission["FunctionName"], []).append(permission)
        for name, statements in functions.items():
            # Lambda writes a statement of some 400 bytes around each permission.
            size = len(json.dumps(statements)) + 400 * len(statements)
            self.assertLessEqual(size, 20_480, name)

    def test_a_batch_of_timers_fits_the_mapping(self):
        for id, mapping in properties("AWS::Lambda::EventSourceMapping").items():
            # More than 10 messages need a window in which they are collected.
            self.assertIn(mapping["BatchSize"], range(1, 11), id)

    def test_logs_are_json_where_a_level_is_set(self):
        # Lambda refuses levels for logs as text.
        # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
        for id, function in properties("AWS::Lambda::Function").items():
            self.assertEqual(function["LoggingConfig"]["LogFormat"], "JSON", id)
        levels = {name: TEMPLATE["Parameters"][name]["AllowedValues"] for name in ("LogLevel", "SystemLogLevel")}
        self.assertLessEqual(set(levels["LogLevel"]), {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"})
        self.assertLessEqual(set(levels["SystemLogLevel"]), {"DEBUG", "INFO", "WARN"})


class Iot(unittest.TestCase):
    def test_topic_rules_are_within_the_limits_of_the_rules_engine(self):
        for id, rule in properties("AWS::IoT::TopicRule").items():
            with self.subTest(id):
                payload = rule["TopicRulePayload"]
                self.assertLessEqual(len(payload["Actions"]), 10)
                self.assertIn("ErrorAction", payload)
                self.assertLessEqual(len(payload["Description"]), 2000)
                topic = re.search(r"FROM\s+'([^']+)'", payload["Sql"])[1]
                # At most eight levels and 256 bytes, also with parents of 32 characters.
                self.assertLessEqual(topic.count("/"), 7)
                longest = Stack(TEMPLATE, CallUpParent="u" * 32, BulkUpParent="b" * 32).value(
                    TEMPLATE["Resources"][id]["Properties"]["TopicRulePayload"]["Sql"]
                )
                self.assertLessEqual(len(longest), 2000)
                self.assertLessEqual(len(re.search(r"FROM\s+'([^']+)'", longest)[1]), 256)

    def test_the_authorizer_has_a_key_exactly_if_it_checks_signatures(self):
        # IoT refuses a key without signing, and signing without the name of the token.
        authorizer = TEMPLATE["Resources"]["Authorizer"]["Properties"]
        for stack, signs in ((Stack(TEMPLATE), False), (Stack(TEMPLATE, AuthorizerSigningKey="PEM"), True)):
            value = stack.value(authorizer)
            self.assertEqual("TokenKeyName" in value, signs)
            self.assertEqual("TokenSigningPublicKeys" in value, signs)
            self.assertEqual(value["SigningDisabled"], not signs)
            self.assertLessEqual(len(value["AuthorizerName"]), 128)


class Watching(unittest.TestCase):
    def test_metric_math_is_as_cloudwatch_takes_it(self):
        for id, alarm in properties("AWS::CloudWatch::Alarm").items():
            with self.subTest(id):
                # An alarm looks back at most a day.
                read = [{"MetricStat": alarm}] if "Period" in alarm else metrics({"Properties": alarm})
                for period in (each["MetricStat"]["Period"] for each in read):
                    self.assertTrue(period in (10, 20, 30) or period % 60 == 0)
                    self.assertLessEqual(period * alarm["EvaluationPeriods"], 86_400)
                self.assertIn(alarm["TreatMissingData"], ("breaching", "notBreaching", "ignore", "missing"))
                if "Metrics" not in alarm:
                    continue
                beside = {"MetricName", "Namespace", "Statistic", "Dimensions", "Period"} & set(alarm)
                self.assertFalse(beside, "CloudWatch refuses these beside Metrics")
                ids = [each["Id"] for each in alarm["Metrics"]]
                self.assertEqual(len(set(ids)), len(ids))
                for each in ids:
                    self.assertRegex(each, r"^[a-z][A-Za-z0-9_]{0,254}$")
                returned = [each for each in alarm["Metrics"] if each.get("ReturnData", True)]
                self.assertEqual(len(returned), 1, "an alarm watches one series")
                self.assertLessEqual(len(returned[0].get("Expression", "")), 2048)

    def test_metric_filters_are_within_the_limits_of_cloudwatch_logs(self):
        for_group = {}
        for id, filter in properties("AWS::Logs::MetricFilter").items():
            for_group.setdefault(filter["LogGroupName"], []).append(id)
            self.assertLessEqual(len(filter["FilterPattern"]), 1024)
            self.assertEqual(len(filter["MetricTransformations"]), 1, id)
            (made,) = filter["MetricTransformations"]
            self.assertLessEqual(len(made["MetricNamespace"]), 255)
            self.assertFalse(made["MetricNamespace"].startswith("AWS/"), "AWS keeps these to itself")
            self.assertNotRegex(made["MetricNamespace"] + made["MetricName"], r"[:*$]")
        for group, ids in for_group.items():
            self.assertLessEqual(len(ids), 100, group)

    def test_a_function_writes_to_a_group_that_exists_before_it(self):
        # A log group that Lambda creates by itself has no retention, and the stack's own group then "already exists".
        groups = {id: each["LogGroupName"] for id, each in properties("AWS::Logs::LogGroup").items()}
        for id, function in properties("AWS::Lambda::Function").items():
            self.assertEqual(function["LoggingConfig"]["LogGroup"], f"/aws/lambda/{function['FunctionName']}", id)
            self.assertIn(function["LoggingConfig"]["LogGroup"], groups.values(), id)
            raw = TEMPLATE["Resources"][id]["Properties"]["LoggingConfig"]["LogGroup"]
            self.assertIn(raw.get("Ref"), groups, "the reference makes CloudFormation create the group first")

    def test_logs_are_kept_for_times_that_cloudwatch_knows(self):
        known = {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
        self.assertLessEqual(set(TEMPLATE["Parameters"]["LogRetentionDays"]["AllowedValues"]), known)


class Others(unittest.TestCase):
    def test_dynamodb_gets_the_attributes_of_its_keys_and_no_others(self):
        (table,) = properties("AWS::DynamoDB::Table").values()
        indexes = table["GlobalSecondaryIndexes"]
        used = {key["AttributeName"] for each in [table, *indexes] for key in each["KeySchema"]}
        # Another attribute, or a missing one, is a ValidationException.
        self.assertEqual({each["AttributeName"] for each in table["AttributeDefinitions"]}, used)
        self.assertLessEqual(len(indexes), 20)
        for index in indexes:
            self.assertRegex(index["IndexName"], r"^[A-Za-z0-9_.-]{3,255}$")

    def test_a_rule_of_eventbridge_has_at_most_five_targets(self):
        for id, rule in properties("AWS::Events::Rule").items():
            self.assertIn(len(rule["Targets"]), range(1, 6), id)
            for target in rule["Targets"]:
                self.assertRegex(target["Id"], r"^[.\-_A-Za-z0-9]{1,64}$")
            self.assertRegex(rule["ScheduleExpression"], r"^rate\((1 minute|(?!1 )\d+ minutes)\)$")

    def test_the_parameter_store_takes_the_names_and_the_path(self):
        stack = Stack(TEMPLATE, SecretsPath="/calls/prod")
        for id, role in resources(TEMPLATE, "AWS::IAM::Role").items():
            names = [
                resource.split(":parameter", 1)[1]
                for policy in stack.value(role["Properties"]).get("Policies", [])
                for statement in policy["PolicyDocument"]["Statement"]
                if statement["Action"] == "ssm:GetParameters"
                for resource in statement["Resource"]
            ]
            # GetParameters takes ten names; the functions ask in parts of ten.
            self.assertLessEqual(len(names), 10, id)
            for name in names:
                self.assertLessEqual(name.count("/"), 15, "levels of a name")
                self.assertLessEqual(len(name), 1011)

    def test_a_mail_subscription_is_made_only_with_an_address(self):
        for address, topics in (("", 0), ("operators@example.com", 1)):
            stack = Stack(TEMPLATE, AlarmEmail=address)
            made = [each for each in resources(TEMPLATE, "AWS::SNS::Topic").values() if stack.exists(each)]
            self.assertEqual(len(made), topics)


if __name__ == "__main__":
    unittest.main()
