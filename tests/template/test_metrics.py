"""The metrics of the service: alarms, dashboard and saved queries name only metrics that exist, and show all of them."""

import json
import re
import unittest

import translated
from test_limits import STACK, TEMPLATE
from translated import resources

SOURCE = (translated.ROOT / "shared/service/src/metrics.rs").read_text()
# The scenario `metrics` proves that the functions write each of these.
BY_FUNCTIONS = set(re.findall(r"^    (\w+),$", SOURCE.split("metrics! {\n", 1)[1].split("\n}\n", 1)[0], re.M))
NAMESPACE = STACK.values["AWS::StackName"]


def by_filters():
    filters = resources(TEMPLATE, "AWS::Logs::MetricFilter").values()
    return {each["MetricName"] for one in filters for each in one["Properties"]["MetricTransformations"]}


def dashboard():
    (only,) = resources(TEMPLATE, "AWS::CloudWatch::Dashboard").values()
    return json.loads(STACK.value(only["Properties"]["DashboardBody"]))["widgets"]


def on_dashboard():
    """Returns the namespaces and names of the metrics on the dashboard."""
    rows = [row for widget in dashboard() for row in widget["properties"].get("metrics", [])]
    return {(namespace, name) for namespace, name, *_ in rows}


def in_alarms():
    for alarm in resources(TEMPLATE, "AWS::CloudWatch::Alarm").values():
        properties = STACK.value(alarm["Properties"])
        stats = [each["MetricStat"]["Metric"] for each in properties.get("Metrics", []) if "MetricStat" in each]
        yield from ((each["Namespace"], each["MetricName"]) for each in stats or [properties])


class Metrics(unittest.TestCase):
    def test_the_metrics_are_found(self):
        self.assertGreater(len(BY_FUNCTIONS), 15)
        self.assertIn("ErrorLines", by_filters())

    def test_alarms_and_dashboard_name_metrics_that_are_written(self):
        known = BY_FUNCTIONS | by_filters()
        named = {name for namespace, name in on_dashboard() | set(in_alarms()) if namespace == NAMESPACE}
        self.assertEqual(named - known, set())
        self.assertIn("ReceivedToLastDownlink", named)

    def test_the_dashboard_shows_every_metric(self):
        shown = {name for namespace, name in on_dashboard() if namespace == NAMESPACE}
        self.assertEqual((BY_FUNCTIONS | by_filters()) - shown, set())

    def test_the_dashboard_shows_every_alarm_and_every_function(self):
        body = STACK.value(resources(TEMPLATE, "AWS::CloudWatch::Dashboard")["CallsDashboard"]["Properties"]["DashboardBody"])
        (alarms,) = [widget["properties"]["alarms"] for widget in dashboard() if widget["type"] == "alarm"]
        self.assertEqual(len(alarms), len(resources(TEMPLATE, "AWS::CloudWatch::Alarm")))
        for function in resources(TEMPLATE, "AWS::Lambda::Function").values():
            self.assertIn(f'"{STACK.value(function["Properties"]["FunctionName"])}"', body)

    def test_the_operations_page_explains_every_metric(self):
        operations = (translated.ROOT / "docs/operations.md").read_text()
        for name in BY_FUNCTIONS:
            meaning = re.search(rf"/// (.*)\.\n    {name},", SOURCE)[1]
            self.assertIn(f"| `{name}` | {meaning} |", operations)

    def test_widgets_do_not_overlap_and_fit_the_grid(self):
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
        taken = set()
        for widget in dashboard():
            self.assertLessEqual(widget["x"] + widget["width"], 24)
            cells = {
                (widget["x"] + column, widget["y"] + row)
                for column in range(widget["width"])
                for row in range(widget["height"])
            }
            self.assertFalse(cells & taken, widget)
            taken |= cells

    def test_saved_queries_read_fields_that_the_lines_have(self):
        fields = BY_FUNCTIONS | {"span", "function", "request", "code", "_aws"}
        fields |= {"level", "message", "rev", "state", "error", "meeting"}
        for query in resources(TEMPLATE, "AWS::Logs::QueryDefinition").values():
            text = re.sub(r"'[^']*'", "", query["Properties"]["QueryString"])
            made = set(re.findall(r"\bas (\w+)", text))
            words = set(re.findall(r"(?<![@.\w])([A-Za-z_]+)[\w.]*", text))
            keywords = {"fields", "filter", "sort", "stats", "limit", "by", "as", "and", "or", "asc", "desc", "ispresent", "count"}
            self.assertEqual(words - keywords - made - fields, set(), text)


if __name__ == "__main__":
    unittest.main()
