/** @file The protocol log hides tokens and makes sample events. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { ProtocolLog, shortened } from "../app/log.js";

test("tokens are shortened at any depth", () => {
  const long = "x".repeat(100);
  const shown = JSON.stringify(shortened({ join: { token: long, params: [{ single_token: long }], url: "ws://rtc" } }));
  assert.ok(!shown.includes(long) && shown.includes("ws://rtc"), shown);
});

test("an uplink becomes the event that the broker rule passes to the function", () => {
  const log = new ProtocolLog();
  log.clientId = "GID_web@@@zoë";
  const event = log.sampleEvent({ topic: "call-up/attend", text: '{"name":"Zoë"}' });
  assert.equal(Buffer.from(event.payload, "base64").toString("utf8"), '{"name":"Zoë"}');
  assert.deepEqual([event.client_id, event.topic], ["GID_web@@@zoë", "call-up/attend"]);
});
