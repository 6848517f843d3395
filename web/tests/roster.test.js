/** @file A meeting after each downlink. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { after, handsOf, isModerator, participant } from "../app/roster.js";

const person = (userId, fields = {}) => ({
  user_id: userId,
  role: "member",
  state: "joined",
  speech: { mode: "free" },
  hand: false,
  ...fields,
});
const meeting = (fields = {}) => ({
  meeting_id: "m1",
  rev: 5,
  host: "alice",
  participants: [person("alice", { role: "host" }), person("bob")],
  ...fields,
});

test("an older picture of the whole meeting changes nothing", () => {
  const known = meeting();
  assert.equal(after(known, { type: "meeting_updated", meeting: meeting({ rev: 4, locked: true }) }), known);
  assert.equal(after(known, { type: "meeting_updated", meeting: meeting({ rev: 6, locked: true }) }).locked, true);
});

test("somebody new is added, somebody known is changed and keeps the rest", () => {
  const grown = after(meeting(), {
    type: "invitation_updated",
    user_id: "carol",
    state: "ringing",
    reach: "delivered",
  });
  assert.equal(participant(grown, "carol").state, "ringing");
  const changed = after(meeting({ participants: [person("bob", { name: "Bob" })] }), {
    type: "participant_updated",
    participant: { user_id: "bob", state: "left" },
  });
  assert.deepEqual([participant(changed, "bob").name, participant(changed, "bob").state], ["Bob", "left"]);
});

test("hands keep the order in which they were raised", () => {
  const raised = after(meeting(), { type: "hand_changed", hands: ["bob", "alice"] });
  assert.deepEqual(handsOf(raised), ["bob", "alice"]);
  assert.deepEqual(handsOf(after(raised, { type: "hand_changed", hands: ["alice"] })), ["alice"]);
});

test("a new host has the role, the old one does not", () => {
  const changed = after(meeting(), { type: "host_changed", host: "bob", previous: "alice" });
  assert.deepEqual([isModerator(changed, "bob"), isModerator(changed, "alice")], [true, false]);
});

test("a block is known by its user", () => {
  const blocked = after(meeting(), {
    type: "speech_changed",
    user_id: "bob",
    mode: "hard",
    by: "alice",
    enforced: true,
  });
  assert.equal(participant(blocked, "bob").speech.mode, "hard");
  assert.equal(participant(blocked, "alice").speech.mode, "free");
});

test("messages with odd shapes change nothing and break nothing", () => {
  for (const odd of [
    { type: "participant_updated" },
    { type: "speech_changed" },
    { type: "invitation_updated" },
    { type: "lobby_updated" },
    { type: "new_thing" },
  ]) {
    assert.deepEqual(after(meeting(), odd).participants.length, 2, odd.type);
  }
});
