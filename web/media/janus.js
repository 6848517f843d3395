/**
 * @file Adapter for Janus: its videoroom plugin over a WebSocket (`janus-protocol`). One peer connection publishes; each
 * other publisher is received over a peer connection of its own.
 */
import { Adapter, MediaError } from "./adapter.js";
import { JanusSocket } from "./janus-socket.js";

const PLUGIN = "janus.plugin.videoroom";
/** Error code of the plugin for a token that it does not accept. */
const UNAUTHORIZED = 433;

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
    this.join = await this.renew();
    return this.#joinRoom().catch((error) => {
      throw error.code === "unauthenticated" ? new MediaError("refused", error.message) : error;
    });
  }

  async #joinRoom() {
    const { room, participant_id: id, core_token: coreToken } = this.join.params;
    const socket = new JanusSocket(this.join.url, coreToken, () => this.#onConnectionLost(socket));
    this.#socket = socket;
    await socket.open();
    const handle = await socket.attach(PLUGIN, (event) => this.#onRoomEvent(event));
    const { user_id: display, token } = this.join;
    const { data } = await handle.request({ request: "join", ptype: "publisher", room, id, display, token });
    if (data.error_code) {
      throw new MediaError(data.error_code === UNAUTHORIZED ? "unauthenticated" : "refused", String(data.error));
    }
    return { handle, publishers: data.publishers };
  }

  async #publish({ handle, publishers }) {
    const connection = new RTCPeerConnection({ iceServers: this.join.params.iceServers ?? [] });
    this.#publisher = { handle, connection };
    for (const kind of ["audio", "video"])
      connection.addTransceiver(this.local[kind] ?? kind, { direction: "sendonly" });
    handle.trickle(connection);
    await connection.setLocalDescription(await connection.createOffer());
    const configured = await handle.request(
      { request: "configure", audio: true, video: true },
      connection.localDescription,
    );
    if (this.state === "closed") return;
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
      const feed = { userId: display, handle: undefined, connection: undefined, tracks: {} };
      this.#feeds.set(id, feed);
      this.#receive(id, feed, streams).catch(() => {
        closeFeed(feed);
        if (this.#feeds.get(id) === feed) this.#feeds.delete(id);
      });
    }
  }

  async #receive(id, feed, streams) {
    const handle = await this.#socket.attach(PLUGIN, () => {});
    feed.handle = handle;
    const { room } = this.join.params;
    const wanted = streams.length > 0 ? streams.map(({ mid }) => ({ feed: id, mid })) : [{ feed: id }];
    const offered = await handle.request({
      request: "join",
      ptype: "subscriber",
      room,
      streams: wanted,
      token: this.join.token,
    });
    // The publisher left before the subscription was answered.
    if (this.#feeds.get(id) !== feed) return closeFeed(feed);
    const connection = new RTCPeerConnection({ iceServers: this.join.params.iceServers ?? [] });
    feed.connection = connection;
    handle.trickle(connection);
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
    this.#publisher?.connection.close();
    this.#publisher = undefined;
    for (const { connection } of this.#feeds.values()) connection?.close();
    this.#feeds.clear();
    this.#socket?.close();
    this.#socket = undefined;
  }
}

/** Ends the subscription to one publisher. */
function closeFeed({ handle, connection }) {
  connection?.close();
  handle?.detach();
}
