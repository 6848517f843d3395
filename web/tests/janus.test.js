/** @file The Janus adapter against a server that is played: what it says, what it makes of answers, and what it gives back. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import JanusSession from "../media/janus.js";
import { settled } from "./virtual.js";

/** All connections of a test. */
let sockets;
let connections;

/** A WebSocket to a server that takes the tokens `good`, unless it is silent. */
class FakeSocket {
  static OPEN = 1;
  readyState = 0;
  said = [];
  static taken = new Set(["good"]);
  /** Requests to plugins that are not answered. */
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
    this.said.push(message);
    const answer = this.#answer(message);
    if (answer) setImmediate(() => this.hear({ transaction: message.transaction, ...answer }));
  }

  #answer({ janus, body, token }) {
    if (janus === "create" && !FakeSocket.taken.has(token)) return { janus: "error", error: { code: 403, reason: "no" } };
    if (janus === "create") return { janus: "success", data: { id: 1 } };
    if (janus === "attach") return { janus: "success", data: { id: 10 + this.count("attach") } };
    if (janus !== "message" || FakeSocket.ignored.has(body.request)) return undefined;
    const data = (fields) => ({ janus: "event", plugindata: { data: fields }, jsep: { type: "answer", sdp: "" } });
    if (body.request !== "join") return data({});
    if (!FakeSocket.taken.has(body.token)) return data({ error_code: 433, error: "Unauthorized" });
    return data({ publishers: body.ptype === "publisher" ? [{ id: "p-bob", display: "bob", streams: [{ mid: "0" }] }] : [] });
  }

  /** Something comes from the server. */
  hear(message) {
    this.onmessage({ data: JSON.stringify(message) });
  }

  /** An event of the room. */
  event(data, sender = 11) {
    this.hear({ janus: "event", sender, plugindata: { data } });
  }

  count(kind) {
    return this.said.filter(({ janus }) => janus === kind).length;
  }

  bodies(request) {
    return this.said.filter(({ body }) => body?.request === request).map(({ body }) => body);
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
  const told = [];
  for (const kind of ["state", "peers", "muted", "removed"])
    made.addEventListener(kind, ({ detail }) => told.push([kind, detail]));
  return { made, told, last: (wanted) => told.findLast(([kind]) => kind === wanted)?.[1] };
}

/** Lets the server answer as often as a join with one other takes. */
async function rest() {
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

test("it publishes, sees who is there, and forgets who goes", async () => {
  const { made, last } = session();
  await made.connect();
  await rest();
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

test("who goes before we have asked for them is not asked for any more", async () => {
  const { made, last } = session();
  await made.connect();
  const [socket] = sockets;
  // The subscription is on its way.
  socket.event({ videoroom: "event", leaving: "p-bob" });
  await rest();
  assert.deepEqual([last("peers").peers, connections.length, socket.count("detach")], [[], 1, 1]);
  made.leave();
});

test("tokens that are not taken are renewed once", async () => {
  const { made } = session({ token: "old" });
  await made.connect();
  assert.deepEqual([made.state, sockets.length], ["connected", 2]);
  made.leave();
  const stubborn = session({ token: "old", renew: async () => join("older") });
  await assert.rejects(stubborn.made.connect(), { code: "refused" });
  assert.equal(sockets.length, 4);
});

test("a connection that is lost ends what waits, and a place that stood", async () => {
  FakeSocket.ignored.add("configure");
  const waiting = session();
  const outcome = assert.rejects(waiting.made.connect(), { code: "unreachable" });
  await rest();
  sockets[0].onclose();
  await outcome;
  assert.equal(waiting.last("removed"), undefined, "the failure says it");

  FakeSocket.ignored.clear();
  const { made, last } = session();
  await made.connect();
  sockets[1].onclose();
  assert.deepEqual([made.state, last("removed")], ["closed", { reason: "closed" }]);
});

test("who is put out, or whose room is over, is told so", async () => {
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
