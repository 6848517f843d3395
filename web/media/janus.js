/**
 * @file Adapter for Janus: its videoroom plugin over a WebSocket (`janus-protocol`). One peer connection publishes; each
 * other publisher is received over a peer connection of its own.
 */
import { Adapter, MediaError } from "./adapter.js";
import { JanusSocket } from "./janus-socket.js";

const PLUGIN = "janus.plugin.videoroom";
/** Error code of the plugin for a token that it does not accept. */
const UNAUTHORIZED = 433;
/** Error code of the plugin for a publisher who is gone. */
const NO_SUCH_FEED = 428;
/** Waits before the attempts to subscribe to a publisher again; the last one is repeated. */
const RETRY_MS = [1000, 2000, 4000, 8000];

export default class JanusSession extends Adapter {
  #socket;
  #publisher;
  /** Subscriptions, by publisher id. */
  #feeds = new Map();
  #muted = { audio: false, video: false };

  async connect() {
    this.setState("connecting");
    try {
      await this.#publish(await this.#joinRoomRenewing());
      this.keepRenewed();
    } catch (error) {
      this.#closeConnections();
      throw error;
    }
  }

  /** Joins the room. Renews a token that is not accepted, once. */
  async #joinRoomRenewing() {
    try {
      return await this.#joinRoom();
    } catch (error) {
      if (error.code !== "unauthenticated") throw error;
    }
    this.#closeConnections();
    await this.renewJoin(this.join);
    return this.#joinRoom().catch((error) => {
      throw error.code === "unauthenticated" ? new MediaError("refused", error.message) : error;
    });
  }

  async #joinRoom() {
    const { room, participant_id: id } = this.join.params;
    const socket = new JanusSocket({
      join: () => this.join,
      renew: (join) => this.renewJoin(join),
      onLost: () => this.#onConnectionLost(socket),
    });
    this.#socket = socket;
    await socket.open();
    const handle = await socket.attach(PLUGIN, (event) => this.#onRoomEvent(event));
    const { user_id: display, token } = this.join;
    const { data } = await handle.request({ request: "join", ptype: "publisher", room, id, display, token });
    if (data.error_code) throw refusal(data);
    return { handle, publishers: data.publishers };
  }

  async #publish({ handle, publishers }) {
    const connection = new RTCPeerConnection({ iceServers: this.join.params.iceServers ?? [] });
    this.#publisher = { handle, connection };
    for (const kind of ["audio", "video"])
      connection.addTransceiver(this.local[kind] ?? kind, { direction: "sendonly" });
    handle.trickle(connection);
    const socket = this.#socket;
    connection.onconnectionstatechange = () =>
      connection.connectionState === "failed" && this.#onConnectionLost(socket);
    await connection.setLocalDescription(await connection.createOffer());
    const configured = await handle.request(
      { request: "configure", audio: true, video: true },
      connection.localDescription,
    );
    if (this.state === "closed") return;
    if (configured.data.error_code) throw refusal(configured.data);
    await connection.setRemoteDescription(configured.jsep);
    this.setState("connected");
    this.#subscribe(publishers);
  }

  async setTrack(kind, track) {
    this.local[kind] = track;
    const sender = this.#publisher?.connection.getTransceivers()[kind === "audio" ? 0 : 1]?.sender;
    await sender?.replaceTrack(track);
  }

  /** Does nothing: Janus has no such message. The others notice the missing media. */
  setSending() {}

  leave() {
    this.setState("closed");
    this.#closeConnections();
  }

  #onRoomEvent({ data, hangup }) {
    if (hangup) return this.#onConnectionLost(this.#socket);
    if (data?.publishers) this.#subscribe(data.publishers);
    const gone = data?.unpublished ?? data?.leaving;
    if (gone !== undefined && gone !== "ok") {
      const feed = this.#feeds.get(gone);
      if (this.#feeds.delete(gone)) {
        closeFeed(feed);
        clearTimeout(feed.timer);
        this.#emitPeers();
      }
    }
    if (data?.leaving === "ok" && data.reason === "kicked") this.#end("removed");
    if (data?.videoroom === "destroyed") this.#end("closed");
    if (data?.videoroom === "event" && data.moderation && data.id === this.join.params.participant_id) {
      // Media line 0 of the published offer is the microphone, line 1 the camera.
      this.#muted = { ...this.#muted, [data.mid === "0" ? "audio" : "video"]: data.moderation === "muted" };
      this.emit("muted", this.#muted);
    }
  }

  #subscribe(publishers) {
    for (const { id, display, streams = [] } of publishers ?? []) {
      if (this.#feeds.has(id)) continue;
      this.#subscribeTo(id, { userId: display, streams, failures: 0 });
    }
  }

  /** Subscribes to one publisher, and again after a failure as long as the publisher is there. */
  #subscribeTo(id, { userId, streams, failures }) {
    const feed = { userId, streams, failures, handle: undefined, connection: undefined, timer: undefined, tracks: {} };
    this.#feeds.set(id, feed);
    this.#receive(id, feed).catch((error) => this.#feedLost(id, feed, error));
  }

  #feedLost(id, feed, { gone = false } = {}) {
    closeFeed(feed);
    if (this.#feeds.get(id) !== feed || this.state === "closed") return;
    // The same connection may report its end twice.
    clearTimeout(feed.timer);
    feed.tracks = {};
    if (gone) this.#feeds.delete(id);
    else {
      const wait = RETRY_MS[Math.min(feed.failures, RETRY_MS.length - 1)];
      feed.timer = setTimeout(() => this.#subscribeTo(id, { ...feed, failures: feed.failures + 1 }), wait);
    }
    this.#emitPeers();
  }

  async #receive(id, feed) {
    const { streams } = feed;
    const handle = await this.#socket.attach(PLUGIN, ({ hangup }) => hangup && this.#feedLost(id, feed));
    feed.handle = handle;
    const { room } = this.join.params;
    const wanted = streams.length > 0 ? streams.map(({ mid }) => ({ feed: id, mid })) : [{ feed: id }];
    const offered = await this.#requestWithToken(handle, {
      request: "join",
      ptype: "subscriber",
      room,
      streams: wanted,
    });
    // The publisher left before the subscription was answered.
    if (this.#feeds.get(id) !== feed) return closeFeed(feed);
    if (offered.data.error_code) throw refusal(offered.data);
    const connection = new RTCPeerConnection({ iceServers: this.join.params.iceServers ?? [] });
    feed.connection = connection;
    handle.trickle(connection);
    connection.onconnectionstatechange = () => {
      if (connection.connectionState === "connected") feed.failures = 0;
      if (connection.connectionState === "failed") this.#feedLost(id, feed);
    };
    connection.ontrack = ({ track }) => {
      feed.tracks[track.kind] = track;
      track.onmute = track.onunmute = () => this.#emitPeers();
      this.#emitPeers();
    };
    await connection.setRemoteDescription(offered.jsep);
    await connection.setLocalDescription(await connection.createAnswer());
    await handle.request({ request: "start" }, connection.localDescription);
    return undefined;
  }

  /** Sends a request with the room token. Renews a token that is not accepted, once. */
  async #requestWithToken(handle, body) {
    const { join } = this;
    const answer = await handle.request({ ...body, token: join.token });
    if (answer.data.error_code !== UNAUTHORIZED) return answer;
    await this.renewJoin(join);
    return handle.request({ ...body, token: this.join.token });
  }

  #emitPeers() {
    const peers = [...this.#feeds.values()].map(({ userId, tracks: { audio = null, video = null } }) => ({
      userId,
      audio,
      video,
      muted: { audio: audio?.muted !== false, video: video?.muted !== false },
    }));
    this.emit("peers", { peers });
  }

  #end(reason) {
    this.setState("closed", reason);
    this.emit("removed", { reason });
    this.#closeConnections();
  }

  /** Ends a connected session. A loss during the connect makes the connect itself fail. */
  #onConnectionLost(socket) {
    if (socket === this.#socket && this.state === "connected") this.#end("closed");
  }

  #closeConnections() {
    this.stopRenewing();
    this.#publisher?.connection.close();
    this.#publisher = undefined;
    for (const { connection, timer } of this.#feeds.values()) {
      connection?.close();
      clearTimeout(timer);
    }
    this.#feeds.clear();
    this.#socket?.close();
    this.#socket = undefined;
  }
}

/** Returns the error for a request that the plugin refused. `gone`: the publisher has left. */
function refusal({ error_code: code, error }) {
  const refused = new MediaError(code === UNAUTHORIZED ? "unauthenticated" : "refused", String(error));
  return Object.assign(refused, { gone: code === NO_SUCH_FEED });
}

/** Ends the subscription to one publisher. */
function closeFeed({ handle, connection }) {
  connection?.close();
  handle?.detach();
}
