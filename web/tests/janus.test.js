/** @file The Janus adapter against a fake server: sent requests, handling of answers and events, released resources. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import JanusSession from "../media/janus.js";
import { settled } from "./virtual.js";

/** All WebSockets and peer connections of a test. */
let sockets;
let connections;

/** A WebSocket to a server that accepts the token `good` only. */
class FakeSocket {
  static OPEN = 1;
  readyState = 0;
  sent = [];
  static acceptedTokens = new Set(["good"]);
  /** Plugin requests that the server does not answer. */
  static ignored = new Set();

  constructor(url, protocol) {
    Object.assign(this, { url, protocol });
    sockets.push(this);
    setImmediate(() => {
      this.readyState = FakeSocket.OPEN;
      this.onopen();
    });
  }

  send(text) {
    const message = JSON.parse(text);
    this.sent.push(message);
    const answer = this.#answer(message);
    if (answer) setImmediate(() => this.receive({ transaction: message.transaction, ...answer }));
  }

  #answer({ janus, body, token }) {
    if (janus === "create" && !FakeSocket.acceptedTokens.has(token))
      return { janus: "error", error: { code: 403, reason: "no" } };
    if (janus === "create") return { janus: "success", data: { id: 1 } };
    if (janus === "attach") return { janus: "success", data: { id: 10 + this.count("attach") } };
    if (janus !== "message" || FakeSocket.ignored.has(body.request)) return undefined;
    const data = (fields) => ({ janus: "event", plugindata: { data: fields }, jsep: { type: "answer", sdp: "" } });
    if (body.request !== "join") return data({});
    if (!FakeSocket.acceptedTokens.has(body.token)) return data({ error_code: 433, error: "Unauthorized" });
    return data({ publishers: body.ptype === "publisher" ? [{ id: "p-bob", display: "bob", streams: [{ mid: "0" }] }] : [] });
  }

  /** Receives a message of the server. */
  receive(message) {
    this.onmessage({ data: JSON.stringify(message) });
  }

  /** Receives an event of the videoroom plugin. */
  event(data, sender = 11) {
    this.receive({ janus: "event", sender, plugindata: { data } });
  }

  count(kind) {
    return this.sent.filter(({ janus }) => janus === kind).length;
  }

  bodies(request) {
    return this.sent.filter(({ body }) => body?.request === request).map(({ body }) => body);
  }

  close() {
    this.readyState = 3;
  }
}

class FakeConnection {
  closed = false;
  lines = [];

  constructor() {
    connections.push(this);
  }

  addTransceiver(track) {
    this.lines.push({ sender: { replaceTrack: async (next) => (this.lines[0].track = next) }, track });
  }

  getTransceivers() {
    return this.lines;
  }

  async createOffer() {
    return { type: "offer", sdp: "" };
  }

  async createAnswer() {
    return { type: "answer", sdp: "" };
  }

  async setLocalDescription(description) {
    this.localDescription = description;
  }

  async setRemoteDescription() {}

  close() {
    this.closed = true;
  }
}

const join = (token = "good") => ({
  provider: "janus",
  url: "ws://janus",
  token,
  user_id: "alice",
  params: { room: "r", core_token: token, participant_id: "p-alice" },
});

function session({ token, renew = async () => join() } = {}) {
  const made = new JanusSession({ join: join(token), local: { audio: null, video: null }, renew });
  const events = [];
  for (const kind of ["state", "peers", "muted", "removed"])
    made.addEventListener(kind, ({ detail }) => events.push([kind, detail]));
  return { made, events, last: (wanted) => events.findLast(([kind]) => kind === wanted)?.[1] };
}

/** Waits until the server has answered all requests of a join with one other publisher. */
async function allAnswered() {
  for (let turn = 0; turn < 20; turn += 1) await settled();
}

beforeEach(() => {
  [sockets, connections] = [[], []];
  FakeSocket.ignored.clear();
  Object.assign(globalThis, { WebSocket: FakeSocket, RTCPeerConnection: FakeConnection });
});
afterEach(() => {
  for (const name of ["WebSocket", "RTCPeerConnection"]) delete globalThis[name];
});

test("publishes, subscribes to the others, and removes a peer who unpublishes", async () => {
  const { made, last } = session();
  await made.connect();
  await allAnswered();
  const [socket] = sockets;
  assert.equal(made.state, "connected");
  assert.deepEqual(
    socket.bodies("join").map(({ ptype, token }) => [ptype, token]),
    [
      ["publisher", "good"],
      ["subscriber", "good"],
    ],
  );
  const [, fromBob] = connections;
  fromBob.ontrack({ track: { kind: "audio", muted: false } });
  const [{ userId, audio, video, muted }] = last("peers").peers;
  assert.deepEqual([userId, audio?.kind, video, muted], ["bob", "audio", null, { audio: false, video: true }]);
  socket.event({ videoroom: "event", id: "p-alice", mid: "0", moderation: "muted" });
  assert.deepEqual(last("muted"), { audio: true, video: false });
  socket.event({ videoroom: "event", unpublished: "p-bob" });
  assert.deepEqual([last("peers").peers, fromBob.closed, socket.count("detach")], [[], true, 1]);
  made.leave();
  assert.deepEqual([connections.every(({ closed }) => closed), socket.count("destroy")], [true, 1]);
});

test("a publisher who leaves during the subscription is not subscribed to", async () => {
  const { made, last } = session();
  await made.connect();
  const [socket] = sockets;
  // The subscription to bob is sent, but not answered yet.
  socket.event({ videoroom: "event", leaving: "p-bob" });
  await allAnswered();
  assert.deepEqual([last("peers").peers, connections.length, socket.count("detach")], [[], 1, 1]);
  made.leave();
});

test("a refused token is renewed once", async () => {
  const { made } = session({ token: "old" });
  await made.connect();
  assert.deepEqual([made.state, sockets.length], ["connected", 2]);
  made.leave();
  const stubborn = session({ token: "old", renew: async () => join("older") });
  await assert.rejects(stubborn.made.connect(), { code: "refused" });
  assert.equal(sockets.length, 4);
});

test("a lost connection rejects pending requests and ends a connected session", async () => {
  FakeSocket.ignored.add("configure");
  const waiting = session();
  const outcome = assert.rejects(waiting.made.connect(), { code: "unreachable" });
  await allAnswered();
  sockets[0].onclose();
  await outcome;
  assert.equal(waiting.last("removed"), undefined, "the rejected connect already reports the loss");

  FakeSocket.ignored.clear();
  const { made, last } = session();
  await made.connect();
  sockets[1].onclose();
  assert.deepEqual([made.state, last("removed")], ["closed", { reason: "closed" }]);
});

test("a kick and the end of the room are reported with their reasons", async () => {
  for (const [data, reason] of [
    [{ videoroom: "event", leaving: "ok", reason: "kicked" }, "removed"],
    [{ videoroom: "destroyed" }, "closed"],
  ]) {
    const { made, last } = session();
    await made.connect();
    sockets.at(-1).event(data);
    assert.deepEqual([made.state, last("removed")], ["closed", { reason }]);
  }
});
