/** @file The settings about calls of others on the page, and the words of a refusal that asks to wait. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { requestWithRetry } from "../app/retry.js";
import { CallSettings } from "../app/settings.js";
import { personWords, refusalWords } from "../app/words.js";

/** A terminal whose service has these settings, and refuses with `refusal` if there is one. */
function terminal(settings, refusal) {
  const asked = [];
  const request = async (type, fields) => {
    asked.push({ type, ...fields });
    if (refusal) throw Object.assign(new Error(refusal.code), refusal);
    return { type: "settings", blocked: [], who: "everyone", allow: [], ...settings };
  };
  return { asked, request };
}

test("the page shows what the service answers, and do-not-disturb ends by itself", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
  const one = terminal({ blocked: ["mallory"], who: "nobody", do_not_disturb_in_ms: 60_000 });
  const settings = new CallSettings(one);
  assert.equal(settings.isKnown, false);
  await settings.refresh();
  assert.deepEqual([settings.isBlocked("mallory"), settings.isBlocked("alice"), settings.who], [true, false, "nobody"]);
  assert.equal(settings.silentUntil, 1_060_000);
  t.mock.timers.tick(60_000);
  assert.equal(settings.silentUntil, undefined);
});

test("each change is one request", async () => {
  const one = terminal({});
  const settings = new CallSettings(one);
  await settings.block("mallory");
  await settings.unblock("mallory");
  await settings.setDoNotDisturb(3600);
  await settings.setWho("nobody");
  assert.deepEqual(one.asked, [
    { type: "block_user", user_id: "mallory" },
    { type: "unblock_user", user_id: "mallory" },
    { type: "set_availability", do_not_disturb_seconds: 3600 },
    { type: "set_availability", who: "nobody" },
  ]);
});

test("the people who may call are kept as a list, which each change replaces", async () => {
  const one = terminal({ who: "allowed", allow: ["alice", "carol"] });
  const settings = new CallSettings(one);
  await settings.refresh();
  assert.deepEqual(settings.allow, ["alice", "carol"]);
  await settings.allowUser("dave");
  await settings.allowUser("alice");
  await settings.disallowUser("carol");
  assert.deepEqual(
    one.asked.slice(1).map(({ allow }) => allow),
    [["alice", "carol", "dave"], ["alice", "carol"], ["alice"]],
  );
});

test("a refused change keeps the settings and is reported", async () => {
  const settings = new CallSettings(terminal({}, { code: "too_many", retryable: false }));
  const problems = [];
  settings.addEventListener("problem", ({ detail }) => problems.push(detail.code));
  assert.equal(await settings.block("mallory"), false);
  assert.deepEqual([problems, settings.isBlocked("mallory")], [["too_many"], false]);
});

test("a long wait is left to the user, and said in words", async () => {
  const limited = { code: "rate_limited", retryable: true, retryAfterMs: 125_000 };
  const one = terminal({}, limited);
  await assert.rejects(requestWithRetry(one, "create_meeting", {}), { code: "rate_limited" });
  assert.equal(one.asked.length, 1);
  assert.match(refusalWords(limited), /Try again in 3 minutes\./);
  assert.match(refusalWords({ ...limited, retryAfterMs: 1_001 }), /Try again in 2 seconds\./);
  assert.match(refusalWords({ code: "rate_limited" }), /in a moment/);
});

test("a callee who is not to be disturbed is shown as such", () => {
  assert.equal(personWords({ state: "unreachable", code: "do_not_disturb" }), "Do not disturb");
  assert.equal(personWords({ state: "unreachable", code: "unreachable" }), "Not reachable");
});
