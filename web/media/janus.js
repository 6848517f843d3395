/**
 * @file Adapter for Janus: its videoroom plugin over a WebSocket (`janus-protocol`). One connection publishes; each other
 * publisher is subscribed to by a connection of its own.
 */
import { Adapter, MediaError } from "./adapter.js";
import { JanusSocket } from "./janus-socket.js";

const PLUGIN = "janus.plugin.videoroom";
/** What the plugin says to a token that it does not take. */
const UNAUTHORIZED = 433;

export default class JanusSession extends Adapter {
  #socket;
  #publisher;
  /** Subscriptions by the id of the publisher. */
  #feeds = new Map();
  #muted = { audio: false, video: false };

  async connect() {
    this.enter("connecting");
    try {
      await this.#publish(await this.#enterRoom());
    } catch (error) {
      this.#drop();
      throw error;
    }
  }

  /** Comes into the room; tokens that are not taken are renewed once. */
  async #enterRoom() {
    try {
      return await this.#ask();
    } catch (error) {
      if (error.code !== "unauthenticated") throw error;
    }
    this.#drop();
    this.join = await this.renew();
    return this.#ask().catch((error) => {
      throw error.code === "unauthenticated" ? new MediaError("refused", error.message) : error;
    });
  }

  async #ask() {
    const { room, participant_id: id, core_token: coreToken } = this.join.params;
    const socket = new JanusSocket(this.join.url, coreToken, () => this.#lost(socket));
    this.#socket = socket;
    await socket.open();
    const handle = await socket.attach(PLUGIN, (event) => this.#published(event));
    const { user_id: display, token } = this.join;
    const { data } = await handle.ask({ request: "join", ptype: "publisher", room, id, display, token });
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
    const configured = await handle.ask(
      { request: "configure", audio: true, video: true },
      connection.localDescription,
    );
    if (this.state === "closed") return;
    await connection.setRemoteDescription(configured.jsep);
    this.enter("connected");
    this.#subscribe(publishers);
  }

  async setTrack(kind, track) {
    this.local[kind] = track;
    const sender = this.#publisher?.connection.getTransceivers()[kind === "audio" ? 0 : 1]?.sender;
    await sender?.replaceTrack(track);
  }

  /** Others see it by what comes; Janus has no word for it. */
  tell() {}

  leave() {
    this.enter("closed");
    this.#drop();
  }

  #published({ data, hangup }) {
    if (hangup) return this.#lost(this.#socket);
    if (data?.publishers) this.#subscribe(data.publishers);
    const gone = data?.unpublished ?? data?.leaving;
    if (gone !== undefined && gone !== "ok") {
      const feed = this.#feeds.get(gone);
      if (this.#feeds.delete(gone)) {
        letGo(feed);
        this.#seePeers();
      }
    }
    if (data?.leaving === "ok" && data.reason === "kicked") this.#end("removed");
    if (data?.videoroom === "destroyed") this.#end("closed");
    if (data?.videoroom === "event" && data.moderation && data.id === this.join.params.participant_id) {
      // The first line of our offer is the microphone, the second one the camera.
      this.#muted = { ...this.#muted, [data.mid === "0" ? "audio" : "video"]: data.moderation === "muted" };
      this.announce("muted", this.#muted);
    }
  }

  #subscribe(publishers) {
    for (const { id, display, streams = [] } of publishers ?? []) {
      if (this.#feeds.has(id)) continue;
      const feed = { userId: display, handle: undefined, connection: undefined, tracks: {} };
      this.#feeds.set(id, feed);
      this.#receive(id, feed, streams).catch(() => {
        letGo(feed);
        if (this.#feeds.get(id) === feed) this.#feeds.delete(id);
      });
    }
  }

  async #receive(id, feed, streams) {
    const handle = await this.#socket.attach(PLUGIN, () => {});
    feed.handle = handle;
    const { room } = this.join.params;
    const wanted = streams.length > 0 ? streams.map(({ mid }) => ({ feed: id, mid })) : [{ feed: id }];
    const offered = await handle.ask({
      request: "join",
      ptype: "subscriber",
      room,
      streams: wanted,
      token: this.join.token,
    });
    // Gone again while we asked.
    if (this.#feeds.get(id) !== feed) return letGo(feed);
    const connection = new RTCPeerConnection({ iceServers: this.join.params.iceServers ?? [] });
    feed.connection = connection;
    handle.trickle(connection);
    connection.ontrack = ({ track }) => {
      feed.tracks[track.kind] = track;
      track.onmute = track.onunmute = () => this.#seePeers();
      this.#seePeers();
    };
    await connection.setRemoteDescription(offered.jsep);
    await connection.setLocalDescription(await connection.createAnswer());
    await handle.ask({ request: "start" }, connection.localDescription);
    return undefined;
  }

  #seePeers() {
    const peers = [...this.#feeds.values()].map(({ userId, tracks: { audio = null, video = null } }) => ({
      userId,
      audio,
      video,
      muted: { audio: audio?.muted !== false, video: video?.muted !== false },
    }));
    this.announce("peers", { peers });
  }

  #end(reason) {
    this.enter("closed", reason);
    this.announce("removed", { reason });
    this.#drop();
  }

  /** What is lost while it connects is told by the failure of that. */
  #lost(socket) {
    if (socket === this.#socket && this.state === "connected") this.#end("closed");
  }

  #drop() {
    this.#publisher?.connection.close();
    this.#publisher = undefined;
    for (const { connection } of this.#feeds.values()) connection?.close();
    this.#feeds.clear();
    this.#socket?.close();
    this.#socket = undefined;
  }
}

/** Ends the subscription to one publisher. */
function letGo({ handle, connection }) {
  connection?.close();
  handle?.detach();
}
