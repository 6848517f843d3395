/** @file The Janus adapter against a fake server: sent requests, handling of answers and events, released resources. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { allAnswered, join, server, session, startServer, stopServer } from "./fake-janus.js";

beforeEach(startServer);
afterEach(stopServer);

test("publishes, subscribes to the others, and removes a peer who unpublishes", async () => {
  const { made, last } = session();
  await made.connect();
  await allAnswered();
  const [socket] = server.sockets;
  assert.equal(made.state, "connected");
  assert.deepEqual(
    socket.bodies("join").map(({ ptype, token }) => [ptype, token]),
    [
      ["publisher", "good"],
      ["subscriber", "good"],
    ],
  );
  const [, fromBob] = server.connections;
  fromBob.ontrack({ track: { kind: "audio", muted: false } });
  const [{ userId, audio, video, muted }] = last("peers").peers;
  assert.deepEqual([userId, audio?.kind, video, muted], ["bob", "audio", null, { audio: false, video: true }]);
  socket.event({ videoroom: "event", id: "p-alice", mid: "0", moderation: "muted" });
  assert.deepEqual(last("muted"), { audio: true, video: false });
  socket.event({ videoroom: "event", unpublished: "p-bob" });
  assert.deepEqual([last("peers").peers, fromBob.closed, socket.count("detach")], [[], true, 1]);
  made.leave();
  assert.deepEqual([server.connections.every(({ closed }) => closed), socket.count("destroy")], [true, 1]);
});

test("a publisher who leaves during the subscription is not subscribed to", async () => {
  const { made, last } = session();
  await made.connect();
  const [socket] = server.sockets;
  // The subscription to bob is sent, but not answered yet.
  socket.event({ videoroom: "event", leaving: "p-bob" });
  await allAnswered();
  assert.deepEqual([last("peers").peers, server.connections.length, socket.count("detach")], [[], 1, 1]);
  made.leave();
});

test("a refused token is renewed once", async () => {
  const { made } = session({ token: "old" });
  await made.connect();
  assert.deepEqual([made.state, server.sockets.length], ["connected", 2]);
  made.leave();
  const stubborn = session({ token: "old", renew: async () => join("older") });
  await assert.rejects(stubborn.made.connect(), { code: "refused" });
  assert.equal(server.sockets.length, 4);
});

test("a lost connection rejects pending requests and ends a connected session", async () => {
  server.ignored.add("configure");
  const waiting = session();
  const outcome = assert.rejects(waiting.made.connect(), { code: "unreachable" });
  await allAnswered();
  server.sockets[0].onclose();
  await outcome;
  assert.equal(waiting.last("removed"), undefined, "the rejected connect already reports the loss");

  server.ignored.clear();
  const { made, last } = session();
  await made.connect();
  server.sockets[1].onclose();
  assert.deepEqual([made.state, last("removed")], ["closed", { reason: "closed" }]);
});

test("a kick and the end of the room are reported with their reasons", async () => {
  for (const [data, reason] of [
    [{ videoroom: "event", leaving: "ok", reason: "kicked" }, "removed"],
    [{ videoroom: "destroyed" }, "closed"],
  ]) {
    const { made, last } = session();
    await made.connect();
    server.sockets.at(-1).event(data);
    assert.deepEqual([made.state, last("removed")], ["closed", { reason }]);
  }
});
