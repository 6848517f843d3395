/** @file The hint about the scheduled end of a call. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { endingAfter } from "../app/ending.js";
import { meeting, person } from "./page.js";

const MINUTE = 60_000;
const whole = (fields) => {
  const now = meeting([person("alice", fields.host ?? "joined")], { host: "alice", mode: "group", rev: 9, ...fields.meeting });
  return [{ type: "meeting_updated", rev: now.rev, meeting: now }, now];
};
const warned = (reason) => endingAfter(undefined, { type: "meeting_ending", in_ms: 2 * MINUTE, reason, rev: 8 }, meeting([]), 1_000);

test("an extension takes the hint away, and a snapshot near the end shows it", () => {
  assert.equal(warned("max_duration").at, 121_000);
  assert.equal(endingAfter(warned("max_duration"), ...whole({ meeting: { ends_in_ms: 32 * MINUTE } }), 2_000), undefined);
  assert.equal(endingAfter(undefined, ...whole({ meeting: { ends_in_ms: MINUTE } }), 2_000).at, 62_000);
  assert.equal(endingAfter(undefined, ...whole({ meeting: { ends_in_ms: 5 * MINUTE } }), 2_000), undefined);
});

test("a snapshot that was not taken over says nothing about the end", () => {
  const [message] = whole({ meeting: { ends_in_ms: 32 * MINUTE } });
  const ending = warned("max_duration");
  assert.equal(endingAfter(ending, message, meeting([]), 2_000), ending);
});

test("the return of the host takes the hint away, and a notice from before the host left does not", () => {
  const ending = warned("host_left");
  const back = (rev) => [
    { type: "participant_updated", rev, participant: person("alice") },
    meeting([person("alice")], { host: "alice", mode: "group" }),
  ];
  assert.equal(endingAfter(ending, ...back(8), 2_000), ending);
  assert.equal(endingAfter(ending, ...back(9), 2_000), undefined);
  assert.equal(endingAfter(ending, ...whole({ host: "left", meeting: {} }), 2_000), ending, "the host is still away");
  assert.equal(endingAfter(ending, ...whole({ meeting: {} }), 2_000), undefined);
  const other = { type: "participant_updated", rev: 9, participant: person("carol") };
  const both = meeting([person("alice"), person("carol")], { host: "alice" });
  assert.equal(endingAfter(ending, other, both, 2_000), ending, "a notice about somebody else");
});
