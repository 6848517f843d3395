/** @file The page without its views: requests and downlinks that overtake each other. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Terminal } from "../terminal.js";
import { FakeBroker, VirtualClock, settled } from "./virtual.js";

const stored = new Map();
/** The parts of a browser that the page uses; without cameras. */
Object.assign(globalThis, {
  localStorage: {
    getItem: (key) => stored.get(key) ?? null,
    setItem: (key, value) => stored.set(key, value),
    removeItem: (key) => stored.delete(key),
    clear: () => stored.clear(),
  },
  addEventListener: () => {},
  document: { hidden: true, addEventListener: () => {} },
  fetch: async () => ({ ok: true, json: async () => ({ contacts: [] }) }),
  navigator: globalThis.navigator ?? { userAgent: "Node.js", mediaDevices: new EventTarget() },
});
const { Phone } = await import("../app/phone.js");

async function loggedIn() {
  const broker = new FakeBroker();
  const phone = new Phone({
    open: async () => new Terminal({ clientId: "GID_web@@@bob.tab", transport: broker, clock: new VirtualClock() }),
  });
  await phone.start({ account: "bob", device: "tab", name: "Bob" });
  await settled();
  return { broker, phone };
}

const sent = (messages, type) => messages.find(({ message }) => message.type === type)?.message;

test("a state that was asked for before a join does not end the join", async (t) => {
  const { broker, phone } = await loggedIn();
  t.after(() => phone.stop());
  const sync = sent(broker.taken(), "sync");
  phone.join("m1");
  await settled();
  const join = sent(broker.taken(), "join");

  await broker.deliver({ v: 1, type: "state", id: "d1", re: sync.id, server_ms: 0, meetings: [], invitations: [] });
  await broker.deliver({ v: 1, type: "lobby_waiting", id: "d2", re: join.id, meeting_id: "m1", server_ms: 0 });
  // A `sync` of the lobby's meeting is refused with `forbidden`, which would end the call.
  assert.equal(sent(broker.taken(), "sync"), undefined);
  assert.equal(phone.call.phase, "lobby");
});

test("a missed call that a state lists is shown once, until the user has seen it", async (t) => {
  const { broker, phone } = await loggedIn();
  t.after(() => phone.stop());
  t.after(() => localStorage.clear());
  const sync = sent(broker.taken(), "sync");
  const missed = (meetingId, atMs) => ({ meeting_id: meetingId, from: { user_id: "alice" }, reason: "no_answer", at_ms: atMs });
  const state = { v: 1, type: "state", re: sync.id, server_ms: 9_000, meetings: [], invitations: [] };
  await broker.deliver({ v: 1, type: "missed_call", id: "d1", server_ms: 9_000, ...missed("m2", 2_000) });
  await broker.deliver({ ...state, id: "d2", missed: [missed("m2", 2_000), missed("m1", 1_000)] });
  const ids = () => phone.callHistory.missed.map(({ meeting_id: id }) => id);
  assert.deepEqual(ids(), ["m1", "m2"]);
  phone.callHistory.markSeen();
  assert.deepEqual(ids(), []);

  const next = await loggedIn();
  t.after(() => next.phone.stop());
  const again = sent(next.broker.taken(), "sync");
  await next.broker.deliver({ ...state, id: "d3", re: again.id, missed: [missed("m3", 3_000), missed("m2", 2_000)] });
  assert.deepEqual(next.phone.callHistory.missed.map(({ meeting_id: id }) => id), ["m3"]);
});
