/** @file Behaviour that the conformance vectors do not cover: promises, the connection, many duplicates, the types. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as library from "../terminal.js";
import { FakeBroker, VirtualClock, settled } from "./virtual.js";

const { NoAnswer, Refused, Terminal, parseClientId } = library;

async function connected() {
  const clock = new VirtualClock();
  const broker = new FakeBroker();
  const terminal = new Terminal({ clientId: "GID_web@@@alice.tab", transport: broker, clock, random: () => 1 });
  const seen = [];
  for (const kind of ["rings", "stops", "news", "state", "connected", "disconnected", "taken_over", "login_refused", "downlink"]) {
    terminal.events.addEventListener(kind, ({ detail }) => seen.push([kind, detail]));
  }
  await terminal.connect();
  await settled();
  const [sync] = broker.taken();
  await broker.deliver({
    v: 1,
    type: "state",
    id: "s0",
    re: sync.message.id,
    server_ms: 0,
    meetings: [],
    invitations: [],
  });
  const kinds = (...wanted) => seen.filter(([kind]) => wanted.includes(kind));
  return { clock, broker, terminal, seen, kinds };
}

const invitation = (fields = {}) => ({
  v: 1,
  type: "invitation",
  id: "d1",
  meeting_id: "m1",
  rev: 1,
  server_ms: 0,
  invite_id: "i1",
  from: { user_id: "bob" },
  mode: "direct",
  media: "audio",
  group: [],
  deadline_in_ms: 45_000,
  delivery: "live",
  ...fields,
});

test("subscribes to its own two topics and sends `sync`", async () => {
  const broker = new FakeBroker();
  const terminal = new Terminal({ clientId: "GID_web@@@alice.tab", transport: broker, clock: new VirtualClock() });
  await terminal.connect();
  assert.deepEqual(broker.topics, ["call-dn/p2p/GID_web@@@alice.tab", "bulk-dn/p2p/GID_web@@@alice.tab"]);
  assert.deepEqual(
    broker.taken().map(({ topic }) => topic),
    ["bulk-up/sync"],
  );
});

test("invalid and too long client IDs are refused", () => {
  assert.deepEqual(parseClientId("G@@@alice.tab"), { group: "G", userId: "alice", instance: "tab" });
  assert.deepEqual(parseClientId("G@@@alice"), { group: "G", userId: "alice", instance: undefined });
  for (const wrong of [
    "",
    "alice",
    "@@@alice",
    "G@@@",
    "G@@@a.b.c",
    "G@@@a@@@b",
    "G@@@a b",
    "G@@@a.",
    `G@@@${"x".repeat(61)}`,
  ]) {
    assert.throws(() => parseClientId(wrong), RangeError, wrong);
  }
  const transport = new FakeBroker();
  assert.throws(() => new Terminal({ clientId: `G@@@${"x".repeat(55)}`, transport }), /too long/);
});

test("a refusal rejects with the fields of the `error`", async () => {
  const { terminal, broker } = await connected();
  const asked = assert.rejects(terminal.request("join", { meeting_id: "m1", media: "audio" }), (error) => {
    assert.ok(error instanceof Refused);
    assert.deepEqual([error.code, error.message, error.retryable, error.retryAfterMs], ["locked", "It is.", true, 5]);
    return true;
  });
  const [{ message }] = broker.taken();
  await broker.deliver({
    v: 1,
    type: "error",
    id: "d1",
    re: message.id,
    code: "locked",
    message: "It is.",
    retryable: true,
    retry_after_ms: 5,
    sip: 403,
    server_ms: 1,
  });
  await asked;
});

test("a request without an answer rejects and can be repeated with the same bytes", async () => {
  const { terminal, broker, clock } = await connected();
  const asked = terminal.request("rejoin", { meeting_id: "m1" });
  const outcome = assert.rejects(asked, NoAnswer);
  await clock.pass(9000);
  await outcome;
  const copies = broker.taken();
  assert.equal(copies.length, 3);
  const again = terminal.again(copies[0].message.id);
  assert.deepEqual(
    broker.taken().map(({ text }) => text),
    [copies[0].text],
  );
  await broker.deliver({ v: 1, type: "joined", id: "d1", re: copies[0].message.id, meeting_id: "m1", server_ms: 1 });
  assert.equal((await again).type, "joined");
});

test("a duplicate is dropped even after 1,000 other messages", async () => {
  const { broker, kinds } = await connected();
  const news = (id) => ({
    v: 1,
    type: "missed_call",
    id,
    server_ms: 0,
    meeting_id: id,
    from: { user_id: "bob" },
    reason: "no_answer",
    at_ms: 0,
  });
  for (let count = 0; count < 1000; count += 1) await broker.deliver(news(`n${count}`));
  await broker.deliver(news("n0"));
  assert.equal(kinds("news").length, 1000);
});

test("unreadable messages, other versions and unknown types are dropped and logged", async () => {
  const { broker, kinds } = await connected();
  const before = kinds("downlink").length;
  for (const odd of [
    "",
    "no json",
    "[]",
    "null",
    "7",
    '{"v":2,"type":"ok","id":"a"}',
    '{"v":1,"id":"a"}',
    '{"v":1,"type":"ok"}',
    '{"v":1,"type":"earthquake","id":"z"}',
  ]) {
    await broker.deliver(odd);
  }
  const logged = kinds("downlink").slice(before);
  assert.equal(logged.length, 9);
  assert.ok(
    logged.every(([, { dropped }]) => dropped),
    JSON.stringify(logged),
  );
  assert.deepEqual(kinds("news"), []);
});

test("reconnects with increasing waits and then sends `sync`", async () => {
  const { broker, clock, kinds } = await connected();
  broker.isDown = true;
  await broker.drop();
  assert.equal(kinds("disconnected").length, 1);
  const tried = [];
  for (const wait of [200, 400, 800, 1600]) {
    const before = broker.opened;
    await clock.pass(wait - 1);
    tried.push(broker.opened - before);
    await clock.pass(1);
    tried.push(broker.opened - before);
  }
  assert.deepEqual(tried, [0, 1, 0, 1, 0, 1, 0, 1]);
  broker.isDown = false;
  await clock.pass(3200);
  assert.equal(kinds("connected").at(-1)[1].isFirst, false);
  assert.deepEqual(
    broker.taken().map(({ message }) => message.type),
    ["sync"],
  );
});

test("does not reconnect after a takeover", async () => {
  const { terminal, broker, clock, kinds } = await connected();
  const asked = assert.rejects(terminal.request("rejoin", { meeting_id: "m1" }), { code: "disconnected" });
  await broker.drop({ code: "taken_over", message: "elsewhere" });
  await asked;
  const before = broker.opened;
  await clock.pass(120_000);
  assert.equal(broker.opened, before);
  assert.equal(kinds("taken_over").length, 1);
});

test("`reconnectNow` during an attempt starts the next one at once after its failure, not beside it", async () => {
  const { terminal, broker, clock, kinds } = await connected();
  broker.isSlow = true;
  await broker.drop();
  await clock.pass(200);
  const before = broker.opened;
  // A laptop wakes up: the page becomes visible and the network is back.
  terminal.reconnectNow();
  terminal.reconnectNow();
  await settled();
  assert.equal(broker.opened, before, "no second attempt: two clients with one client ID would disconnect each other");
  await broker.decide("unreachable");
  assert.equal(broker.opened, before + 1, "the next attempt starts without a wait");
  await broker.decide();
  assert.deepEqual([terminal.isConnected, kinds("taken_over").length], [true, 0]);
});

test("two clients with one client ID connect ever more rarely, also without a word of the broker", async () => {
  const clock = new VirtualClock();
  const brokers = [new FakeBroker(), new FakeBroker()];
  for (const transport of brokers)
    await new Terminal({ clientId: "G@@@alice", transport, clock, random: () => 0 }).connect();
  const connects = [0, 0];
  let [newest, seen] = [1, brokers.map(({ opened }) => opened)];
  await brokers[0].drop();
  while (clock.now() < 300_000) {
    await clock.pass(50);
    const next = brokers.findIndex(({ opened }, index) => opened > seen[index]);
    if (next < 0) continue;
    connects.push(clock.now());
    seen = brokers.map(({ opened }) => opened);
    // Each new connection closes the one of the other client.
    await brokers[newest].drop();
    newest = next;
  }
  const between = (from, to) => connects.filter((at) => at >= from && at < to).length;
  assert.ok(between(0, 20_000) <= 20, `too many in 20 s: ${connects}`);
  assert.ok(between(60_000, 300_000) <= 17, `the waits must not start anew: ${connects}`);
});

test("a refused login is reported, retried a few times, and retried at once by `reconnectNow`", async () => {
  const { terminal, broker, clock, kinds } = await connected();
  broker.refusals.push(...Array(7).fill("refused"));
  await broker.drop();
  const before = broker.opened;
  await clock.pass(600_000);
  assert.equal(broker.opened - before, 6, "not for ever");
  assert.deepEqual(
    kinds("login_refused").map(([, { triesAgain }]) => triesAgain),
    [true, true, true, true, true, false],
  );
  terminal.reconnectNow();
  await settled();
  assert.equal(kinds("login_refused").length, 7);
  terminal.reconnectNow();
  await settled();
  assert.equal(kinds("connected").length, 2);
});

test("does not reconnect after a takeover during a reconnect", async () => {
  const { broker, clock, kinds } = await connected();
  broker.isSlow = true;
  await broker.drop();
  await clock.pass(200);
  const before = broker.opened;
  await broker.decide("taken_over");
  await clock.pass(120_000);
  assert.deepEqual([broker.opened, kinds("taken_over").length], [before, 1]);
});

test("after `disconnect` nothing is sent and requests reject at once", async () => {
  const { terminal, broker, clock } = await connected();
  terminal.disconnect();
  await assert.rejects(terminal.request("history"), { code: "disconnected" });
  terminal.tell("report_media", { meeting_id: "m1", state: "left" });
  terminal.sync();
  assert.deepEqual([broker.taken(), clock.timers], [[], 0]);
});

test("a failed first connect rejects with its code and is not retried", async () => {
  const clock = new VirtualClock();
  const broker = new FakeBroker();
  broker.refusals.push("refused");
  const terminal = new Terminal({ clientId: "G@@@alice", transport: broker, clock });
  await assert.rejects(terminal.connect(), { code: "refused" });
  await clock.pass(60_000);
  assert.equal(broker.opened, 1);
});

test("requests made without a connection are sent after the reconnect, unless it takes too long", async () => {
  const { terminal, broker, clock } = await connected();
  broker.isDown = true;
  await broker.drop();
  terminal.tell("report_media", { meeting_id: "m1", state: "joined" });
  const asked = terminal.request("rejoin", { meeting_id: "m1" });
  asked.catch(() => {});
  await clock.pass(1000);
  broker.isDown = false;
  terminal.reconnectNow();
  await settled();
  assert.deepEqual(
    broker
      .taken()
      .map(({ message }) => message.type)
      .sort(),
    ["rejoin", "report_media", "sync"],
  );

  broker.isDown = true;
  await broker.drop();
  terminal.tell("report_media", { meeting_id: "m1", state: "joined" });
  await clock.pass(9001);
  broker.isDown = false;
  terminal.reconnectNow();
  await settled();
  assert.deepEqual(
    broker.taken().map(({ message }) => message.type),
    ["sync"],
  );
});

test("accepting twice sends one request, and both calls resolve with its answer", async () => {
  const { terminal, broker } = await connected();
  await broker.deliver(invitation());
  broker.taken();
  const fields = { meeting_id: "m1", invite_id: "i1", media: "audio" };
  const both = [terminal.request("accept", fields), terminal.request("accept", fields)];
  const sent = broker.taken();
  assert.equal(sent.length, 1);
  await broker.deliver({
    v: 1,
    type: "invitation_accepted",
    id: "d9",
    re: sent[0].message.id,
    meeting_id: "m1",
    server_ms: 0,
  });
  assert.deepEqual(
    (await Promise.all(both)).map(({ id }) => id),
    ["d9", "d9"],
  );
});

test("several queued offers cause one `sync`, and a second one after its answer", async () => {
  const { broker } = await connected();
  for (const name of ["1", "2", "3"]) {
    await broker.deliver(
      invitation({ id: `q${name}`, invite_id: `i${name}`, meeting_id: `m${name}`, delivery: "queued" }),
    );
  }
  const [first, ...others] = broker.taken();
  assert.deepEqual([first.message.type, others.length], ["sync", 0]);
  await broker.deliver({
    v: 1,
    type: "state",
    id: "s1",
    re: first.message.id,
    server_ms: 0,
    meetings: [],
    invitations: [],
  });
  assert.deepEqual(
    broker.taken().map(({ message }) => message.type),
    ["sync"],
  );
});

test("the type declarations match the exports and the members of Terminal", () => {
  const types = readFileSync(new URL("../terminal.d.ts", import.meta.url), "utf8");
  const named = (text, pattern) => [...text.matchAll(pattern)].map(([, name]) => name).sort();
  assert.deepEqual(named(types, /^export (?:class|const|function) (\w+)/gm), Object.keys(library).sort());
  const [, members] = /^export class Terminal \{\n(.*?)^\}/ms.exec(types);
  const made = new Terminal({ clientId: "G@@@a", transport: new FakeBroker() });
  const there = [...Object.keys(made), ...Object.getOwnPropertyNames(Terminal.prototype)].sort();
  assert.deepEqual(named(members, /^  (?:readonly )?(\w+)[(:]/gm), there);
});

test("a request of an unknown type is not sent", async () => {
  const { broker, terminal } = await connected();
  await assert.rejects(async () => terminal.request("dance", { meeting_id: "m1" }), RangeError);
  assert.deepEqual(broker.taken(), []);
});

test("each `sync` lists the calls missed since the one before, if the app wants them", async () => {
  const clock = new VirtualClock();
  const broker = new FakeBroker();
  const missedSinceMs = 500;
  const terminal = new Terminal({ clientId: "GID_web@@@alice.tab", transport: broker, clock, random: () => 0, missedSinceMs });
  const listed = [];
  terminal.events.addEventListener("state", ({ detail }) => listed.push(...detail.missed));
  await terminal.connect();
  await settled();
  const [first] = broker.taken();
  assert.equal(first.message.missed_since_ms, 500);
  const missed = [{ meeting_id: "m1", from: { user_id: "bob" }, reason: "no_answer", at_ms: 900, mode: "direct", media: "audio" }];
  const state = { v: 1, type: "state", id: "s0", re: first.message.id, server_ms: 7_000, meetings: [], invitations: [], missed };
  await broker.deliver(state);
  assert.deepEqual(listed, missed);
  terminal.sync();
  await settled();
  assert.equal(broker.taken()[0].message.missed_since_ms, 7_000);
});
