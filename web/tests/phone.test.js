/** @file The page without its views: requests and downlinks that overtake each other, and calls that it finds again. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Page, join, meeting, person } from "./page.js";
import { settled } from "./virtual.js";

test("a state that was asked for before a join does not end the join", async (t) => {
  const page = await Page.open(t);
  page.phone.join("m1");
  await page.answer("sync", "state", { meetings: [], invitations: [] });
  await page.answer("join", "lobby_waiting");
  // A `sync` of the lobby's meeting is refused with `forbidden`, which would end the call.
  assert.equal(page.sent("sync"), undefined);
  assert.equal(page.phone.call.phase, "lobby");
});

test("a missed call that a state lists is shown once, until the user has seen it", async (t) => {
  const page = await Page.open(t);
  const missed = (meetingId, atMs) => ({ meeting_id: meetingId, from: { user_id: "alice" }, reason: "no_answer", at_ms: atMs });
  const state = (calls) => ({ server_ms: 9_000, meetings: [], invitations: [], missed: calls });
  await page.downlink("missed_call", { server_ms: 9_000, ...missed("m2", 2_000) });
  await page.answer("sync", "state", state([missed("m2", 2_000), missed("m1", 1_000)]));
  const ids = ({ phone }) => phone.callHistory.missed.map(({ meeting_id: id }) => id);
  assert.deepEqual(ids(page), ["m1", "m2"]);
  page.phone.callHistory.markSeen();
  assert.deepEqual(ids(page), []);

  const next = await Page.open(t);
  await next.answer("sync", "state", state([missed("m3", 3_000), missed("m2", 2_000)]));
  assert.deepEqual(ids(next), ["m3"]);
});

test("who calls again the user whom the own call still rings waits for the answer", async (t) => {
  const page = await Page.open(t);
  page.phone.dial(["alice"], "audio");
  await settled();
  const ringing = meeting([person("bob", "accepted"), person("alice", "ringing")], { state: "ringing" });
  await page.answer("create_meeting", "meeting_merged", { meeting_id: "m1", meeting: ringing, join });
  assert.equal(page.phone.call.phase, "calling");
  assert.equal(page.sent("report_media"), undefined);
  await page.downlink("participant_updated", { meeting_id: "m1", rev: 6, prev_rev: 5, participant: person("alice", "accepted") });
  assert.equal(page.phone.call.phase, "in");
  assert.ok(page.sent("report_media"));
});

test("who is in a merged call at once is in its media", async (t) => {
  const page = await Page.open(t);
  page.phone.dial(["alice"], "audio");
  await settled();
  const both = meeting([person("bob", "accepted"), person("alice", "accepted")]);
  await page.answer("create_meeting", "meeting_merged", { meeting_id: "m1", meeting: both, join });
  assert.equal(page.phone.call.phase, "in");
});

/** A direct call of bob to alice that is refused while another call, m7, holds bob. */
async function heldByAnotherCall(t, state) {
  const page = await Page.open(t);
  page.phone.dial(["carol"], "audio");
  await settled();
  await page.refuse("create_meeting", "user_busy", { meeting_id: "m7" });
  await page.answer("sync", "state", { meeting_id: "m7", meetings: [], invitations: [], ...state });
  return page;
}
const offer = { meeting_id: "m7", invite_id: "i7", from: { user_id: "alice" }, mode: "direct", media: "audio", group: [], deadline_in_ms: 9_000, delivery: "live" };
const rings = { meetings: [meeting([person("alice"), person("bob", "ringing")], { meeting_id: "m7" })], invitations: [offer] };

test("a silenced call that rings on is declined in favour of a new one, and not answered", async (t) => {
  const page = await heldByAnotherCall(t, rings);
  assert.equal(page.phone.heldBy.offer.invite_id, "i7");
  page.phone.answerHeld("call");
  await page.answer("sync", "state", { meetings: [], ...rings });
  assert.equal(page.sent("join"), undefined, "a seat would answer the call");
  await page.answer("reject", "ok");
  assert.deepEqual(page.sent("create_meeting").invitees, ["carol"]);
});

test("a silenced call is answered only if its user says so", async (t) => {
  const page = await heldByAnotherCall(t, rings);
  page.phone.answerHeld("back");
  await settled();
  assert.equal(page.sent("join"), undefined);
  assert.equal(page.sent("accept").invite_id, "i7");
});

test("a call that holds the user is left from this device before the new one, and one that is over is not", async (t) => {
  const inCall = { meetings: [meeting([person("alice"), person("bob")], { meeting_id: "m7" })] };
  const page = await heldByAnotherCall(t, inCall);
  page.phone.answerHeld("call");
  await page.answer("sync", "state", { invitations: [], ...inCall });
  await page.answer("join", "joined", { meeting: inCall.meetings[0], join });
  await page.answer("leave", "ok");
  assert.ok(page.sent("create_meeting"));

  const late = await heldByAnotherCall(t, inCall);
  late.phone.answerHeld("call");
  await late.refuse("sync", "meeting_ended", { reason: "completed" });
  assert.equal(late.sent("join"), undefined);
  assert.ok(late.sent("create_meeting"));
});

/** Waits in the lobby of m1. */
async function inLobby(t) {
  const page = await Page.open(t);
  await page.answer("sync", "state", { meetings: [], invitations: [] });
  page.phone.join("m1");
  await page.answer("join", "lobby_waiting");
  return page;
}

/** Loses the connection, and is back after `awayMs`. */
async function reconnects(t, page, awayMs) {
  await page.broker.drop();
  const now = performance.now();
  const stopped = t.mock.method(performance, "now", () => now + awayMs);
  page.phone.reconnect();
  await settled();
  stopped.mock.restore();
}

test("who waits in a lobby knocks once more after an outage in which the decision was lost", async (t) => {
  const admitted = await inLobby(t);
  await reconnects(t, admitted, 61_000);
  const group = meeting([person("alice"), person("bob", "accepted")], { mode: "group" });
  await admitted.answer("join", "joined", { meeting: group, join });
  assert.equal(admitted.phone.call.phase, "in");

  const waiting = await inLobby(t);
  await reconnects(t, waiting, 61_000);
  await waiting.answer("join", "lobby_waiting");
  assert.equal(waiting.phone.call.phase, "lobby");

  const ended = await inLobby(t);
  await reconnects(t, ended, 61_000);
  await ended.refuse("join", "meeting_ended", { reason: "host_ended" });
  assert.equal(ended.phone.call, undefined);
  assert.deepEqual(ended.notices, ["The host ended the call"]);
});

test("who waits in a lobby does not knock once more while the broker keeps the decision", async (t) => {
  const page = await inLobby(t);
  await reconnects(t, page, 5_000);
  assert.equal(page.sent("join"), undefined);
  // The state shows that the user was admitted: the seat needs its token.
  const group = meeting([person("alice"), person("bob", "accepted")], { mode: "group" });
  await page.answer("sync", "state", { meetings: [group], invitations: [] });
  await page.answer("join", "joined", { meeting: group, join });
  assert.equal(page.phone.call.phase, "in");
});

test("a callee who is not to be disturbed is named so at the end of the call", async (t) => {
  const page = await Page.open(t);
  page.phone.dial(["alice"], "audio");
  await settled();
  const over = meeting([person("bob", "accepted"), person("alice", "unreachable")]);
  const invitation = { user_id: "alice", invite_id: "i1", state: "unreachable", code: "do_not_disturb", reach: "unknown" };
  await page.answer("create_meeting", "meeting_created", { meeting_id: "m1", meeting: over, invitations: [invitation] });
  await page.downlink("meeting_ended", { meeting_id: "m1", rev: 6, reason: "unreachable", sip: 480, duration_ms: 0 });
  assert.deepEqual(page.notices, ["Do not disturb"]);
});

test("a decline in order not to be disturbed is named so, with its words", async (t) => {
  const page = await Page.open(t);
  page.phone.dial(["alice"], "audio");
  await settled();
  const ringing = meeting([person("bob", "accepted"), person("alice", "ringing")], { state: "ringing" });
  await page.answer("create_meeting", "meeting_created", { meeting_id: "m1", meeting: ringing, join, invitations: [] });
  const declined = { user_id: "alice", invite_id: "i1", state: "declined", code: "do_not_disturb", reason: "do_not_disturb", text: "In a meeting", reach: "delivered" };
  await page.downlink("invitation_updated", { meeting_id: "m1", rev: 6, ...declined });
  await page.downlink("meeting_ended", { meeting_id: "m1", rev: 6, reason: "all_declined", sip: 603, duration_ms: 0 });
  assert.deepEqual(page.notices, ["Do not disturb · “In a meeting”"]);
});

test("users who were not invited are named, with the reason", async (t) => {
  const page = await Page.open(t);
  page.phone.dial([], "audio", { group: true });
  await settled();
  const group = meeting([person("bob")], { mode: "group" });
  await page.answer("create_meeting", "meeting_created", { meeting_id: "m1", meeting: group, join, invitations: [] });
  page.phone.request("invite", { invitees: ["mallory"] });
  await settled();
  await page.answer("invite", "invitation_result", { invitations: [], not_invited: [{ user_id: "mallory", state: "banned", code: "banned" }] });
  assert.deepEqual(page.notices, ["mallory is banned from this call"]);
});

/** Bob is in the direct call m1 with alice, on another device or in a page that was closed. */
const elsewhere = { meetings: [meeting([person("bob"), person("alice", "joined", { name: "Alice" })])], invitations: [] };

test("a call that goes on without the page is offered, and the page goes back to it", async (t) => {
  const page = await Page.open(t);
  await page.answer("sync", "state", elsewhere);
  assert.deepEqual(page.phone.runningCalls.map(({ meeting_id: id }) => id), ["m1"]);
  page.phone.returnTo(page.phone.runningCalls[0]);
  await settled();
  const taken = page.sent("join");
  assert.equal(taken.takeover, true);
  await page.downlink("joined", { re: taken.id, meeting_id: "m1", meeting: elsewhere.meetings[0], join });
  assert.equal(page.phone.call.phase, "in");
  assert.deepEqual(page.phone.runningCalls, []);
});

test("the page knows of running calls only after an answer, also after each loss of the connection", async (t) => {
  const page = await Page.open(t);
  assert.equal(page.phone.running.isKnown, false);
  await page.answer("sync", "state", elsewhere);
  assert.equal(page.phone.running.isKnown, true);
  await page.broker.drop();
  assert.equal(page.phone.running.isKnown, false);
});

test("a call that rings for the user, or that the user left, is no running call", async (t) => {
  const page = await Page.open(t);
  const states = ["ringing", "left", "lost"];
  const meetings = states.map((state) => meeting([person("alice"), person("bob", state)], { meeting_id: state }));
  await page.answer("sync", "state", { meetings, invitations: [] });
  assert.deepEqual(page.phone.runningCalls, []);
});

test("a call is hung up from the home page, and an older state does not bring it back", async (t) => {
  const page = await Page.open(t);
  await page.answer("sync", "state", elsewhere);
  page.phone.giveUp(page.phone.runningCalls[0]);
  assert.deepEqual(page.phone.runningCalls, []);
  await page.answer("sync", "state", { meeting_id: "m1", ...elsewhere });
  await page.answer("join", "joined", { meeting: elsewhere.meetings[0], join });
  page.phone.running.apply(elsewhere);
  assert.deepEqual(page.phone.runningCalls, []);
  await page.answer("leave", "ok");
  assert.ok(page.sent("sync"), "the page asks how it stands");
});

test("a group that this page left and that goes on can be joined again, until it is over", async (t) => {
  const page = await Page.open(t);
  await page.answer("sync", "state", { meetings: [], invitations: [] });
  page.phone.dial(["alice"], "audio", { group: true });
  await settled();
  const group = meeting([person("bob"), person("alice")], { mode: "group" });
  await page.answer("create_meeting", "meeting_created", { meeting_id: "m1", meeting: group, join, invitations: [] });
  page.phone.hangUp();
  await settled();
  await page.answer("leave", "ok", { rev: 9 });
  assert.equal(page.phone.running.left.meeting_id, "m1");
  // A state from before the hang-up.
  page.phone.running.apply({ meetings: [group] });
  assert.deepEqual(page.phone.runningCalls, []);
  page.phone.running.refresh();
  await page.refuse("sync", "meeting_ended", { reason: "empty" });
  assert.equal(page.phone.running.left, undefined);
});

test("a reload of the page keeps the seat of a call that still rings, and the age of one that is answered", async (t) => {
  const before = await Page.open(t);
  before.phone.dial(["alice"], "audio");
  await settled();
  const ringing = meeting([person("bob", "accepted"), person("alice", "ringing")], { state: "ringing" });
  await before.answer("create_meeting", "meeting_created", { meeting_id: "m1", meeting: ringing, join, invitations: [] });

  const page = await Page.open(t, { isReload: true });
  assert.equal(page.phone.call.isReturning, true, "the home page is not shown in between");
  await page.answer("rejoin", "joined", { meeting: ringing, join });
  assert.equal(page.phone.call.phase, "calling");
  await page.downlink("participant_updated", { meeting_id: "m1", rev: 6, prev_rev: 5, participant: person("alice", "accepted") });
  assert.equal(page.phone.call.phase, "in");

  const seat = JSON.parse(sessionStorage.getItem("switchboard.seat"));
  sessionStorage.setItem("switchboard.seat", JSON.stringify({ ...seat, sinceMs: Date.now() - 38_000 }));
  const again = await Page.open(t, { isReload: true });
  const answered = meeting([person("bob"), person("alice")], { rev: 6 });
  await again.answer("rejoin", "joined", { meeting: answered, join });
  assert.ok(performance.now() - again.phone.call.since >= 38_000);
});

test("a page whose call has ended meanwhile says how", async (t) => {
  sessionStorage.setItem("switchboard.seat", JSON.stringify({ meetingId: "m1", microphone: true, camera: false }));
  const page = await Page.open(t, { isReload: true });
  await page.refuse("rejoin", "meeting_ended", { reason: "completed" });
  assert.equal(page.phone.call, undefined);
  assert.deepEqual(page.notices, ["Call ended"]);
  assert.equal(sessionStorage.getItem("switchboard.seat"), null);
});

test("a lost connection is tried every three seconds during a call, and not without one", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const page = await Page.open(t);
  page.broker.isDown = true;
  await page.broker.drop();
  const attempts = async () => {
    const before = page.broker.opened;
    t.mock.timers.tick(3_000);
    await settled();
    return page.broker.opened - before;
  };
  assert.equal(await attempts(), 0);
  page.phone.dial(["alice"], "audio");
  assert.equal(await attempts(), 1);
  page.broker.isDown = false;
  assert.equal(await attempts(), 1);
  assert.equal(page.phone.connectionState, "up");
  assert.equal(await attempts(), 0);
});

test("an action that cannot be taken back is done after a yes only", async (t) => {
  const page = await Page.open(t);
  let done = 0;
  const question = { title: "End the call for all?", action: "End", act: () => (done += 1) };
  page.phone.ask(question);
  page.phone.answerQuestion(false);
  page.phone.ask(question);
  page.phone.answerQuestion(true);
  assert.deepEqual([done, page.phone.question], [1, undefined]);
});
