/** @file What is refused for the moment only is asked again by the same id, and not for ever. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { persist } from "../app/persist.js";

/** A terminal whose service refuses with these errors before it answers. */
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

const passing = { code: "unavailable", retryable: true, retryAfterMs: 0 };

test("a refusal that may pass is asked again by the same id", async () => {
  const one = terminal(passing, passing);
  assert.equal((await persist(one, "mute", {}, "m1")).type, "ok");
  assert.deepEqual(one.asked, ["m1", "m1", "m1"]);
});

test("a lasting refusal, and one that does not pass, is told", async () => {
  const lasting = terminal({ code: "not_host", retryable: false });
  await assert.rejects(persist(lasting, "mute", {}), { code: "not_host" });
  assert.equal(lasting.asked.length, 1);
  const stubborn = terminal(passing, passing, passing);
  await assert.rejects(persist(stubborn, "mute", {}), { code: "unavailable" });
  assert.equal(stubborn.asked.length, 3);
});
