"""Breaks the RTC service, the broker and the table, one after the other. Each has to raise the alarm of error lines.

The emulator keeps metric filters but does not apply them. So this module applies them to the log that the emulator kept,
puts the metric, and asks the emulator for the state of the alarm.
"""

import json
import time

from deployment import NAME, until
from play import CREATE

# Nothing listens on this port of the loopback interface.
NOWHERE = "http://127.0.0.1:9"
# The one pattern of the template that counts lines by their level.
PATTERN = '{ $.level = "ERROR" }'
# The emulator has no direct messages and denies them, which is an error line of its own for each ring.
EMULATOR = "direct message denied"


class Broken:
    def __init__(self, play):
        self.play = play
        self.template = play.template
        self.deployment = play.deployment
        self.logs = self.deployment.client("logs")
        self.watch = self.deployment.client("cloudwatch")

    def error_lines(self):
        """Returns the lines that the filters of the stack count, by log group."""
        counted = {}
        for filter in self.logs.describe_metric_filters()["metricFilters"]:
            (made,) = filter["metricTransformations"]
            if (made["metricNamespace"], made["metricName"]) != (NAME, "ErrorLines"):
                continue
            assert filter["filterPattern"] == PATTERN, filter
            events = self.logs.filter_log_events(logGroupName=filter["logGroupName"])["events"]
            # The emulator also writes lines of Lambda itself, which are not JSON.
            lines = [json.loads(event["message"]) for event in events if event["message"].startswith("{")]
            counted[filter["logGroupName"]] = [
                line for line in lines if line.get("level") == "ERROR" and not line["message"].startswith(EMULATOR)
            ]
        assert counted, "no filter counts error lines"
        return counted

    def alarm(self):
        (alarm,) = (
            each
            for each in self.watch.describe_alarms()["MetricAlarms"]
            if (each.get("Namespace"), each.get("MetricName")) == (NAME, "ErrorLines")
        )
        return alarm

    def raises(self, part, function, provoke):
        """Provokes an error of `function`, and returns when the alarm of error lines sounds."""
        group = f"/aws/lambda/{NAME}-{function}"
        before = len(self.error_lines()[group])
        provoke()
        lines = until(lambda: self.error_lines()[group][before:], f"{part} breaks, and {function} logs an error")
        self.watch.put_metric_data(
            Namespace=NAME, MetricData=[{"MetricName": "ErrorLines", "Value": len(lines), "Timestamp": time.time()}]
        )
        until(lambda: self.alarm()["StateValue"] == "ALARM", "the alarm sounds")
        return f"{function}: {lines[0]['message']}"

    def create(self):
        self.play.alice.send("call-up/create-meeting", "create_meeting", **CREATE)

    def no_errors_so_far(self):
        found = {group: lines for group, lines in self.error_lines().items() if lines}
        assert not found, found
        assert self.alarm()["StateValue"] != "ALARM"
        return "no error line and no alarm before"

    def rtc_service(self):
        self.deployment.update(self.template, {"RtcApiUrl": NOWHERE})
        seen = self.raises("the RTC service", "create-meeting", self.create)
        self.deployment.update(self.template, {"RtcApiUrl": ""})
        return seen

    def broker(self):
        self.deployment.update(self.template, {"IotDataEndpoint": NOWHERE})
        seen = self.raises("the broker", "create-meeting", self.create)
        self.deployment.update(self.template, {"IotDataEndpoint": self.deployment.url})
        return seen

    def table(self):
        self.deployment.client("dynamodb").delete_table(TableName=self.play.table)
        return self.raises("the table", "create-meeting", self.create)
