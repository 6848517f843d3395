/**
 * @file Adapter for Janus: its videoroom plugin over a WebSocket (`janus-protocol`). One connection publishes; each other
 * publisher is subscribed to by a connection of its own.
 */
import { Adapter, MediaError } from "./adapter.js";
import { JanusSocket } from "./janus-socket.js";

const PLUGIN = "janus.plugin.videoroom";

export default class JanusSession extends Adapter {
  #socket;
  #publisher;
  /** Subscriptions by the id of the publisher. */
  #feeds = new Map();
  #muted = { audio: false, video: false };

  async connect() {
    this.enter("connecting");
    const { core_token: coreToken } = this.join.params ?? {};
    this.#socket = new JanusSocket(this.join.url, coreToken, () => this.#lost());
    await this.#socket.open();
    const handle = await this.#socket.attach(PLUGIN, (event) => this.#published(event));
    const { room, participant_id: id } = this.join.params;
    const joined = await handle.ask({
      request: "join",
      ptype: "publisher",
      room,
      id,
      display: this.join.user_id,
      token: this.join.token,
    });
    if (joined.data.error_code) throw new MediaError("refused", String(joined.data.error));

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
    await connection.setRemoteDescription(configured.jsep);
    this.enter("connected");
    this.#subscribe(joined.data.publishers);
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
    if (hangup) return this.#lost();
    if (data?.publishers) this.#subscribe(data.publishers);
    const gone = data?.unpublished ?? data?.leaving;
    if (gone !== undefined && gone !== "ok") {
      this.#feeds.get(gone)?.connection.close();
      if (this.#feeds.delete(gone)) this.#seePeers();
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
      this.#feeds.set(id, { userId: display, connection: undefined, tracks: {} });
      this.#receive(id, streams).catch(() => this.#feeds.delete(id));
    }
  }

  async #receive(id, streams) {
    const feed = this.#feeds.get(id);
    const handle = await this.#socket.attach(PLUGIN, () => {});
    const { room } = this.join.params;
    const wanted = streams.length > 0 ? streams.map(({ mid }) => ({ feed: id, mid })) : [{ feed: id }];
    const offered = await handle.ask({
      request: "join",
      ptype: "subscriber",
      room,
      streams: wanted,
      token: this.join.token,
    });
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

  #lost() {
    if (this.state !== "closed") this.#end("closed");
  }

  #drop() {
    this.#publisher?.connection.close();
    for (const { connection } of this.#feeds.values()) connection?.close();
    this.#feeds.clear();
    this.#socket?.close();
  }
}
