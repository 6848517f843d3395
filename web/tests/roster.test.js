/** @file A meeting after each downlink. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { applyDownlink, blockedFor, handsOf, isModerator, mayInvite, participant } from "../app/roster.js";
import { blockWords, endWords, historyWords, mediaFlagWords, notInvitedWords, personWords, removalNews, removalWords } from "../app/words.js";
import { DOWNLINKS } from "../terminal/protocol.js";

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

test("an older snapshot of the whole meeting changes nothing", () => {
  const known = meeting();
  assert.equal(applyDownlink(known, { type: "meeting_updated", meeting: meeting({ rev: 4, locked: true }) }), known);
  const newer = { type: "meeting_updated", meeting: meeting({ rev: 6, locked: true }) };
  assert.equal(applyDownlink(known, newer).locked, true);
});

test("a change of everybody's right to speak spares the host and the sender, and adds nobody", () => {
  const group = meeting({
    participants: [
      person("alice", { role: "host" }),
      person("bob", { role: "cohost" }),
      person("carol"),
      person("dave", { state: "invited" }),
    ],
  });
  const message = { type: "speech_changed", user_id: "*", mode: "hard", by: "bob", enforced: true };
  const muted = applyDownlink(group, message);
  assert.deepEqual(
    muted.participants.map(({ user_id: userId, speech }) => [userId, speech.mode]),
    [
      ["alice", "free"],
      ["bob", "free"],
      ["carol", "hard"],
      ["dave", "free"],
    ],
  );
});

test("an unknown participant is added; a known one is changed and keeps the other fields", () => {
  const grown = applyDownlink(meeting(), {
    type: "invitation_updated",
    user_id: "carol",
    state: "ringing",
    reach: "delivered",
  });
  assert.equal(participant(grown, "carol").state, "ringing");
  const changed = applyDownlink(meeting({ participants: [person("bob", { name: "Bob" })] }), {
    type: "participant_updated",
    participant: { user_id: "bob", state: "left" },
  });
  assert.deepEqual([participant(changed, "bob").name, participant(changed, "bob").state], ["Bob", "left"]);
});

test("hands keep the order in which they were raised", () => {
  const raised = applyDownlink(meeting(), { type: "hand_changed", hands: ["bob", "alice"] });
  assert.deepEqual(handsOf(raised), ["bob", "alice"]);
  assert.deepEqual(handsOf(applyDownlink(raised, { type: "hand_changed", hands: ["alice"] })), ["alice"]);
});

test("the new host gets the role and the old one loses it", () => {
  const changed = applyDownlink(meeting(), { type: "host_changed", host: "bob", previous: "alice" });
  assert.deepEqual([isModerator(changed, "bob"), isModerator(changed, "alice")], [true, false]);
});

test("a block of one user leaves the others free", () => {
  const blocked = applyDownlink(meeting(), {
    type: "speech_changed",
    user_id: "bob",
    mode: "hard",
    by: "alice",
    enforced: true,
  });
  assert.equal(participant(blocked, "bob").speech.mode, "hard");
  assert.equal(participant(blocked, "alice").speech.mode, "free");
});

test("malformed and unknown messages change nothing", () => {
  for (const odd of [
    { type: "participant_updated" },
    { type: "speech_changed" },
    { type: "invitation_updated" },
    { type: "lobby_updated" },
    { type: "new_thing" },
  ]) {
    assert.deepEqual(applyDownlink(meeting(), odd).participants.length, 2, odd.type);
  }
});

test("every downlink type changes a meeting or is listed as one without effect", () => {
  const withoutEffect = new Set([
    "error",
    "history",
    "invitation",
    "invitation_closed",
    "lobby_waiting",
    "meeting_ended",
    "meeting_ending",
    "missed_call",
    "ok",
    "participant_removed",
    "settings",
    "state",
    "token",
  ]);
  const examples = new URL("../../shared/protocol/src/downlink/examples.json", import.meta.url);
  for (const [type, example] of Object.entries(JSON.parse(readFileSync(examples, "utf8")))) {
    assert.ok(DOWNLINKS.has(type), `${type} is not in protocol.js; run make generate`);
    const known = meeting({ rev: 0 });
    const isChanged = applyDownlink(known, example) !== known;
    assert.equal(isChanged, !withoutEffect.has(type), `${type}: add it to roster.js or to this list`);
  }
});

test("the words of a decline are shown until the user is invited again", () => {
  const update = (fields) => ({ type: "invitation_updated", user_id: "bob", reach: "delivered", ...fields });
  const declined = applyDownlink(meeting(), update({ state: "declined", reason: "other", text: "In a meeting" }));
  assert.deepEqual(
    [participant(declined, "bob").reason, personWords(participant(declined, "bob"))],
    ["other", "Declined · “In a meeting”"],
  );
  const again = { type: "participant_updated", participant: { user_id: "bob", state: "invited" } };
  assert.equal(personWords(participant(applyDownlink(declined, again), "bob")), "Inviting…");
  assert.equal(personWords({ state: "declined", reason: "do_not_disturb" }), "Do not disturb");
});

test("the words of a host are shown at the end, and what a participant sends beside the name", () => {
  assert.equal(endWords("host_ended", 61000, "Wrong\u202e number"), "The host ended the call · 1:01 · “Wrong number”");
  assert.equal(endWords("host_ended", 0), "The host ended the call");
  assert.equal(mediaFlagWords({ media: { audio: false, video: true, screen: true } }), "Microphone off · Camera on · Shares the screen");
});

test("a past call is missed if the service says so, and has the words of its end", () => {
  const words = (fields) => historyWords({ direction: "in", duration_ms: 0, ...fields });
  const missed = (reason) => ({ reason, missed: { from: { user_id: "alice" }, reason, at_ms: 1 } });
  assert.equal(words(missed("no_answer")), "Missed");
  assert.equal(words(missed("user_busy")), "Missed while busy");
  assert.equal(words(missed("do_not_disturb")), "Missed, do not disturb");
  assert.equal(words({ reason: "failed", answered_ms: 1 }), "Could not join");
  assert.equal(words({ reason: "user_busy" }), "Declined", "with the reason `busy`, during another call");
  assert.equal(words({ reason: "declined" }), "Declined");
  assert.equal(words({ reason: "completed", answered_ms: 1 }), "Call ended", "the caller hung up before the media");
  assert.equal(words({ reason: "left", answered_ms: 1, duration_ms: 61000 }), "1:01");
  const said = historyWords({ direction: "out", reason: "all_declined", duration_ms: 0, text: "In a meeting" });
  assert.equal(said, "Declined · “In a meeting”");
});

test("a soft mute of everybody does not lift a block", () => {
  const group = meeting({ participants: [person("alice"), person("bob", { speech: { mode: "hard" } }), person("carol")] });
  const message = { type: "speech_changed", user_id: "*", mode: "soft", by: "alice", enforced: false };
  const modes = (after) => after.participants.map(({ speech }) => speech.mode);
  assert.deepEqual(modes(applyDownlink(group, message)), ["free", "hard", "soft"]);
  assert.deepEqual(modes(applyDownlink(group, { ...message, mode: "free" })), ["free", "free", "free"]);
});

test("a block says how long it holds, from the receipt of the notice or the snapshot", () => {
  const block = { type: "speech_changed", user_id: "bob", mode: "hard", until_in_ms: 60_000, by: "alice", enforced: true };
  const bob = participant(applyDownlink(meeting(), block, 1_000), "bob");
  assert.equal(blockedFor(bob, 21_000), 40_000);
  assert.equal(blockWords("Microphone blocked", blockedFor(bob, 21_000)), "Microphone blocked for 0:40 more");
  const later = applyDownlink(meeting({ participants: [bob] }), { type: "hand_changed", hands: [] }, 50_000);
  assert.equal(blockedFor(participant(later, "bob"), 50_000), 11_000, "another change does not prolong it");
  const whole = meeting({ rev: 6, participants: [person("bob", { speech: { mode: "hard", until_in_ms: 5_000 } })] });
  assert.equal(blockedFor(participant(applyDownlink(meeting(), { meeting: whole }, 1_000), "bob"), 2_000), 4_000);
  const forGood = participant(applyDownlink(meeting(), { ...block, until_in_ms: undefined }, 1_000), "bob");
  assert.equal(blockWords("Microphone blocked", blockedFor(forGood)), "Microphone blocked");
  assert.equal(endWords("banned", 0, undefined, 300_000), "You were banned from the call for 5 minutes");
});

test("either side of a direct call may invite, and a member of a group only by its rule", () => {
  assert.equal(mayInvite(meeting({ mode: "direct" }), "bob"), true);
  assert.equal(mayInvite(meeting({ mode: "group" }), "bob"), false);
  assert.equal(mayInvite(meeting({ mode: "group" }), "alice"), true);
  assert.equal(mayInvite(meeting({ mode: "group", policy: { invite: "any" } }), "bob"), true);
});

test("the code of an invitation holds as long as its state", () => {
  const update = (fields) => ({ type: "invitation_updated", user_id: "bob", reach: "unknown", ...fields });
  const silent = applyDownlink(meeting(), update({ state: "unreachable", code: "do_not_disturb" }));
  const snapshot = (state) => ({ type: "participant_updated", participant: { user_id: "bob", state } });
  assert.equal(personWords(participant(applyDownlink(silent, snapshot("unreachable")), "bob")), "Do not disturb");
  const again = applyDownlink(applyDownlink(silent, snapshot("invited")), snapshot("unreachable"));
  assert.equal(personWords(participant(again, "bob")), "Not reachable");
  assert.equal(personWords(participant(applyDownlink(silent, update({ state: "unreachable" })), "bob")), "Not reachable");
});

test("a user who was not invited is named with the reason", () => {
  assert.equal(notInvitedWords("Mallory", { state: "banned", code: "banned" }), "Mallory is banned from this call");
  assert.equal(notInvitedWords("Zed", { code: "user_not_found" }), "Zed was not invited");
  assert.equal(notInvitedWords("Alice", { state: "joined" }), "Alice: In the call");
});

test("a moderator sees when a removed user is out of the media, comes back and is stopped", () => {
  const update = (known, fields) =>
    applyDownlink(known, { type: "participant_updated", participant: { user_id: "bob", state: "removed", ...fields } });
  const steps = [
    [{ removed_ms: 1000 }, "", "not yet confirmed to be out of the call"],
    [{ removed_ms: 1000, confirmed_gone_ms: 1400 }, "out of the call (confirmed after 0.4 s)"],
    [{ removed_ms: 1000 }, "is back in the call and is removed again", "not yet confirmed to be out of the call"],
    [{ removed_ms: 1000, confirmed_gone_ms: 9000, reentries_stopped: 1 }, "tried to come back, stopped"],
    [{ removed_ms: 1000, confirmed_gone_ms: 9000, reentries_stopped: 2 }, "", "tried to come back, stopped (2 times)"],
  ];
  let known = meeting();
  for (const [fields, news, words = news] of steps) {
    const before = participant(known, "bob");
    known = update(known, fields);
    const bob = participant(known, "bob");
    assert.deepEqual([removalNews(before, bob), removalWords(bob)], [news, words]);
  }
  assert.equal(removalWords(participant(update(known, { state: "invited" }), "bob")), "", "invited again");
});

test("a wait ends unless no seat is free, and its end does not hide a ban that is known", () => {
  const lobby = meeting({ participants: [person("dave", { state: "lobby" })] });
  const ended = { type: "lobby_updated", users: [{ user_id: "dave", admitted: false }] };
  assert.equal(applyDownlink(lobby, ended).participants[0].state, "left");
  const full = { type: "lobby_updated", users: [{ user_id: "dave", admitted: false, code: "meeting_full" }] };
  assert.equal(applyDownlink(lobby, full).participants[0].state, "lobby");
  const unknown = { type: "lobby_updated", users: [{ user_id: "mallory", admitted: false, code: "user_not_found" }] };
  assert.equal(applyDownlink(lobby, unknown), lobby);
  const ban = { type: "participant_updated", participant: person("dave", { state: "banned" }) };
  assert.equal(applyDownlink(applyDownlink(lobby, ban), ended).participants[0].state, "banned");
});
