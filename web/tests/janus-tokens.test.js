/** @file The Janus adapter when tokens end, the server drops the session, or a subscription fails, against a fake server. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { MediaError } from "../media/adapter.js";
import { allAnswered, join, server, session, startServer, stopServer } from "./fake-janus.js";

/** Interval of keep-alives, and maximum time for an answer. */
const [KEEP_ALIVE_MS, ANSWER_MS] = [25_000, 10_000];

beforeEach(startServer);
afterEach(stopServer);

/** Connects a session whose token is renewed to `better`. The timers of the test pass by `timers.tick`. */
async function connected({ mock: { timers } }, options = {}) {
  timers.enable({ apis: ["setInterval", "setTimeout"] });
  const renewed = [];
  const made = session({ renew: async () => renewed.push(1) && join("better"), ...options });
  await made.made.connect();
  await allAnswered();
  return { ...made, renewed, timers, socket: server.sockets[0] };
}

const lastSent = (socket, kind) => socket.sent.findLast(({ janus }) => janus === kind);

test("a keep-alive that is refused is repeated with a fresh token, and later requests have it, too", async (context) => {
  const { made, renewed, timers, socket } = await connected(context);
  server.token = "better";
  timers.tick(KEEP_ALIVE_MS);
  await allAnswered();
  assert.deepEqual([renewed.length, lastSent(socket, "keepalive").token], [1, "better"]);
  timers.tick(KEEP_ALIVE_MS);
  await allAnswered();
  assert.deepEqual([made.state, renewed.length, socket.count("keepalive")], ["connected", 1, 3]);
  made.leave();
});

test("the token is renewed before it ends, again and again", async (context) => {
  const { made, renewed, timers } = await connected(context, { fields: { token_expires_in_ms: 600_000 } });
  timers.tick(479_000);
  await allAnswered();
  assert.equal(renewed.length, 0);
  timers.tick(1000);
  await allAnswered();
  assert.deepEqual([renewed.length, made.join.token], [1, "better"]);
  made.leave();
});

test("a renewal without an answer of the service is tried again", async (context) => {
  let asked = 0;
  const renew = async () => {
    asked += 1;
    if (asked === 1) throw Object.assign(new Error("no answer"), { code: "unanswered" });
    return join("better");
  };
  const { made, timers } = await connected(context, { fields: { token_expires_in_ms: 600_000 }, renew });
  timers.tick(480_000);
  await allAnswered();
  timers.tick(15_000);
  await allAnswered();
  assert.deepEqual([asked, made.join.token, made.state], [2, "better", "connected"]);
  made.leave();
});

test("a session whose token is not renewed any more ends", async (context) => {
  const renew = async () => {
    throw new MediaError("refused", "not admitted");
  };
  const { made, timers, last } = await connected(context, { renew });
  server.token = "better";
  timers.tick(KEEP_ALIVE_MS);
  await allAnswered();
  assert.deepEqual([made.state, last("removed")], ["closed", { reason: "closed" }]);
});

test("a publisher who comes after the token's end is subscribed to with a fresh one", async (context) => {
  const { made, socket } = await connected(context);
  server.token = "better";
  socket.event({ videoroom: "event", publishers: [{ id: "p-carol", display: "carol", streams: [{ mid: "0" }] }] });
  await allAnswered();
  const asked = socket.sent.filter(({ body }) => body?.ptype === "subscriber" && body.streams[0].feed === "p-carol");
  assert.deepEqual(
    asked.map(({ token, body }) => [token, body.token]),
    [["better", "better"]],
  );
  made.leave();
});

test("a session that the server has dropped, or that is not answered any more, ends", async (context) => {
  const dropped = await connected(context);
  dropped.socket.receive({ janus: "timeout", session_id: 1 });
  assert.deepEqual([dropped.made.state, dropped.last("removed")], ["closed", { reason: "closed" }]);

  const silent = session();
  await silent.made.connect();
  server.ignored.add("keepalive");
  dropped.timers.tick(KEEP_ALIVE_MS);
  await allAnswered();
  dropped.timers.tick(ANSWER_MS);
  await allAnswered();
  assert.deepEqual([silent.made.state, silent.last("removed")], ["closed", { reason: "closed" }]);

  const cut = session();
  server.ignored.clear();
  await cut.made.connect();
  const ownConnection = server.connections.findLast(({ closed }) => !closed);
  ownConnection.becomes("failed");
  assert.deepEqual([cut.made.state, cut.last("removed")], ["closed", { reason: "closed" }]);
});

test("a subscription that is refused or breaks is made again while the publisher is there", async (context) => {
  server.refusals = [436];
  const { made, timers, socket, last } = await connected(context);
  assert.equal(socket.bodies("start").length, 0);
  timers.tick(1000);
  await allAnswered();
  assert.equal(socket.bodies("start").length, 1, "made again after a refusal");
  const broken = server.connections.at(-1);
  broken.ontrack({ track: { kind: "audio", muted: false } });
  broken.becomes("connected");
  broken.becomes("failed");
  assert.equal(last("peers").peers[0].audio, null);
  timers.tick(1000);
  await allAnswered();
  assert.equal(socket.bodies("start").length, 2, "made again after a failed connection");
  // This one was never connected, so the wait grows.
  socket.receive({ janus: "hangup", sender: 10 + socket.count("attach") });
  timers.tick(1000);
  await allAnswered();
  assert.equal(socket.bodies("start").length, 2);
  timers.tick(1000);
  await allAnswered();
  assert.equal(socket.bodies("start").length, 3, "made again after a hangup");
  socket.receive({ janus: "hangup", sender: 10 + socket.count("attach") });
  socket.event({ videoroom: "event", unpublished: "p-bob" });
  timers.tick(60_000);
  await allAnswered();
  assert.deepEqual([socket.bodies("start").length, last("peers").peers], [3, []], "not without the publisher");
  made.leave();
});

test("a publisher who is gone is not subscribed to again", async (context) => {
  server.refusals = [428];
  const { made, timers, socket, last } = await connected(context);
  timers.tick(60_000);
  await allAnswered();
  const subscriptions = socket.bodies("join").filter(({ ptype }) => ptype === "subscriber");
  assert.deepEqual([subscriptions.length, last("peers").peers], [1, []]);
  made.leave();
});
