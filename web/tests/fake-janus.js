/** @file A fake Janus server with one other publisher, bob, and the peer connections of its client. */
import JanusSession from "../media/janus.js";
import { settled } from "./virtual.js";

/** The state of the server, with the sockets and connections that its client has opened. */
export const server = {
  /** The only token that is accepted. */
  token: "good",
  /** Requests that are not answered: names of plugin requests or of requests to the core. */
  ignored: new Set(),
  /** Error codes for the next subscriptions. */
  refusals: [],
  /** @type {FakeSocket[]} */
  sockets: [],
  /** @type {FakeConnection[]} */
  connections: [],
};

/** A WebSocket to a server that checks the token of every request. */
class FakeSocket {
  static OPEN = 1;
  readyState = 0;
  sent = [];
  #handles = 0;

  constructor(url, protocol) {
    Object.assign(this, { url, protocol });
    server.sockets.push(this);
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
    if (server.ignored.has(body?.request ?? janus)) return undefined;
    if (token !== server.token) return { janus: "error", error: { code: 403, reason: "no" } };
    if (janus === "create") return { janus: "success", data: { id: 1 } };
    if (janus === "attach") return { janus: "success", data: { id: (this.#handles += 1) + 10 } };
    if (janus === "keepalive" || janus === "trickle") return { janus: "ack" };
    if (janus !== "message") return { janus: "success" };
    const data = (fields) => ({ janus: "event", plugindata: { data: fields }, jsep: { type: "answer", sdp: "" } });
    if (body.request !== "join") return data({});
    if (body.token !== server.token) return data({ error_code: 433, error: "Unauthorized" });
    const refused = body.ptype === "subscriber" && server.refusals.shift();
    if (refused) return data({ error_code: refused, error: "refused" });
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
  connectionState = "new";
  lines = [];

  constructor() {
    server.connections.push(this);
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

  /** Changes the state of the connection, as the network does. */
  becomes(state) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  close() {
    this.closed = true;
  }
}

/** Starts an empty server in place of the browser's WebSocket and RTCPeerConnection. */
export function startServer() {
  Object.assign(server, { token: "good", ignored: new Set(), refusals: [], sockets: [], connections: [] });
  Object.assign(globalThis, { WebSocket: FakeSocket, RTCPeerConnection: FakeConnection });
}

export function stopServer() {
  for (const name of ["WebSocket", "RTCPeerConnection"]) delete globalThis[name];
}

/** Returns a `join` with this token. */
export const join = (token = "good", fields = {}) => ({
  ...fields,
  provider: "janus",
  url: "ws://janus",
  token,
  user_id: "alice",
  params: { room: "r", core_token: token, participant_id: "p-alice" },
});

/** Creates a session that is not connected yet, and collects its events. */
export function session({ token, fields, renew = async () => join() } = {}) {
  const made = new JanusSession({ join: join(token, fields), local: { audio: null, video: null }, renew });
  const events = [];
  for (const kind of ["state", "peers", "muted", "removed"])
    made.addEventListener(kind, ({ detail }) => events.push([kind, detail]));
  return { made, events, last: (wanted) => events.findLast(([kind]) => kind === wanted)?.[1] };
}

/** Waits until the server has answered all requests of a join with one other publisher. */
export async function allAnswered() {
  for (let turn = 0; turn < 40; turn += 1) await settled();
}
