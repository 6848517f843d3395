/** @file The page without its views: requests and downlinks that overtake each other. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Terminal } from "../terminal.js";
import { FakeBroker, VirtualClock, settled } from "./virtual.js";

/** The parts of a browser that the page asks for; without cameras, and without storage. */
Object.assign(globalThis, {
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
