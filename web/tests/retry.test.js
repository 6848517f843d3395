/** @file Requests are repeated under the same id after a retryable refusal, a limited number of times. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { requestWithRetry } from "../app/retry.js";

/** A terminal whose service refuses with the given errors, one for each request, and then answers. */
function terminal(...refusals) {
  const asked = [];
  const ask = async (id) => {
    asked.push(id);
    const refusal = refusals.shift();
    if (refusal) throw Object.assign(new Error(refusal.code), refusal);
    return { type: "ok", re: id };
  };
  return { asked, request: (_type, _fields, { id }) => ask(id), again: ask };
}

const retryable = { code: "unavailable", retryable: true, retryAfterMs: 0 };

test("a retryable refusal is retried under the same id", async () => {
  const one = terminal(retryable, retryable);
  assert.equal((await requestWithRetry(one, "mute", {}, "m1")).type, "ok");
  assert.deepEqual(one.asked, ["m1", "m1", "m1"]);
});

test("other refusals, and the third retryable one, reject", async () => {
  const refusing = terminal({ code: "not_host", retryable: false });
  await assert.rejects(requestWithRetry(refusing, "mute", {}), { code: "not_host" });
  assert.equal(refusing.asked.length, 1);
  const stubborn = terminal(retryable, retryable, retryable);
  await assert.rejects(requestWithRetry(stubborn, "mute", {}), { code: "unavailable" });
  assert.equal(stubborn.asked.length, 3);
});
