/** @file Unit tests of the reader of metrics. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { quantile, readMetrics, sum } from "../app/metrics-text.js";

const TEXT = `# HELP switchboard_requests Requests of terminals.
# TYPE switchboard_requests counter
switchboard_requests_total{function="answer",request="accept",code=""} 2
switchboard_requests_total{function="attend",request="leave",code="a \\"quoted\\" code"} 3
switchboard_received_to_commit_milliseconds_bucket{le="8.0",function="answer"} 1
switchboard_received_to_commit_milliseconds_bucket{le="16.0",function="answer"} 4
switchboard_received_to_commit_milliseconds_bucket{le="+Inf",function="answer"} 4
# EOF
`;

test("values and meanings are read, and added up", () => {
  const { samples, meanings } = readMetrics(TEXT);
  assert.equal(meanings.get("requests"), "Requests of terminals.");
  assert.equal(sum(samples, "requests_total"), 5);
  assert.equal(sum(samples, "requests_total", ({ labels }) => labels.request === "accept"), 2);
  assert.equal(sum(samples, "unknown"), 0);
});

test("a share of the times is within a limit of a bucket", () => {
  const { samples } = readMetrics(TEXT);
  assert.equal(quantile(samples, "received_to_commit_milliseconds", 0.25), 8);
  assert.equal(quantile(samples, "received_to_commit_milliseconds", 0.95), 16);
  assert.equal(quantile(samples, "other", 0.5), undefined);
});
