/**
 * @file Adapter for the SFU of the laptop stack. One offer has receivers for seven other participants; a data channel
 * then reports the participant of each receiver. The connection is never renegotiated.
 */
import { Adapter, MediaError } from "./adapter.js";
import { deleteSession, postOffer } from "./whip.js";

/** Number of other participants that can be received. */
const MAX_PEERS = 7;
/** Maximum time to gather candidates. Without a STUN server gathering ends at once. */
const GATHER_MS = 1000;
/** Maximum time from the answer to a connected peer connection. */
const CONNECT_MS = 10_000;
/** Time in the state `disconnected` after which the session reconnects. */
const DISCONNECTED_MS = 4000;
/** Waits before the attempts to reconnect; the last one is repeated. */
const RETRY_MS = [0, 500, 1000, 2000, 4000, 8000];

export default class SfuSession extends Adapter {
  #peerConnection;
  #dataChannel;
  #location;
  #sending = { audio: false, video: false };
  #disconnectedTimer;
  #isReconnecting = false;

  async connect() {
    this.setState("connecting");
    await this.#join();
  }

  async setTrack(kind, track) {
    this.local[kind] = track;
    await this.#sender(kind)?.replaceTrack(track);
  }

  setSending(sending) {
    this.#sending = { ...sending };
    if (this.#dataChannel?.readyState === "open") {
      this.#dataChannel.send(JSON.stringify({ type: "media", ...sending }));
    }
  }

  leave() {
    this.setState("closed");
    this.#closeConnection(true);
  }

  /** The peer connection, for measurements. */
  get peerConnection() {
    return this.#peerConnection;
  }

  #sender(kind) {
    return this.#peerConnection?.getTransceivers()[kind === "audio" ? 0 : 1]?.sender;
  }

  async #join() {
    const connection = this.#prepare();
    try {
      await connection.setLocalDescription(await connection.createOffer());
      await gathered(connection);
      const session = await this.#post(connection.localDescription.sdp);
      if (this.state === "closed") return deleteSession(session.location, this.join.token);
      this.#location = session.location;
      await connection.setRemoteDescription({ type: "answer", sdp: session.sdp });
      await connected(connection);
    } catch (error) {
      if (connection === this.#peerConnection) this.#closeConnection(true);
      throw error;
    }
    if (this.state === "closed") return;
    this.setState("connected");
  }

  #prepare() {
    const connection = new RTCPeerConnection({ iceServers: this.join.params?.iceServers ?? [] });
    this.#peerConnection = connection;
    // Both kinds get a line, even without a device: a camera or microphone may be plugged in later.
    for (const kind of ["audio", "video"]) {
      connection.addTransceiver(this.local[kind] ?? kind, { direction: "sendonly" });
    }
    for (let peer = 0; peer < MAX_PEERS; peer += 1) {
      connection.addTransceiver("audio", { direction: "recvonly" });
      connection.addTransceiver("video", { direction: "recvonly" });
    }
    const dataChannel = connection.createDataChannel("room");
    dataChannel.onopen = () => this.setSending(this.#sending);
    dataChannel.onmessage = ({ data }) => this.#receive(connection, data);
    this.#dataChannel = dataChannel;
    connection.onconnectionstatechange = () => this.#onConnectionState(connection);
    return connection;
  }

  /** Posts the offer. Renews a token that is not accepted, once. */
  async #post(sdp) {
    try {
      return await postOffer(this.join, sdp);
    } catch (error) {
      if (error.code !== "unauthenticated") throw error;
      await this.renewJoin(this.join);
      return postOffer(this.join, sdp).catch((again) => {
        throw again.code === "unauthenticated" ? new MediaError("refused", again.message) : again;
      });
    }
  }

  #receive(connection, data) {
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    if (connection !== this.#peerConnection) return;
    if (message.type === "slots" && Array.isArray(message.slots)) {
      this.emit("peers", { peers: message.slots.map((slot) => peerOf(connection, slot)) });
    } else if (message.type === "muted") {
      this.emit("muted", { audio: message.audio === true, video: message.video === true });
    } else if (message.type === "removed") {
      this.setState("closed", message.reason);
      this.emit("removed", { reason: message.reason });
      this.#closeConnection(false);
    }
  }

  #onConnectionState(connection) {
    if (connection !== this.#peerConnection || this.state === "closed") return;
    clearTimeout(this.#disconnectedTimer);
    const { connectionState } = connection;
    if (this.state === "connecting") return;
    if (connectionState === "failed" || connectionState === "closed") this.#reconnect();
    if (connectionState === "disconnected") {
      this.#disconnectedTimer = setTimeout(() => this.#reconnect(), DISCONNECTED_MS);
    }
  }

  async #reconnect() {
    if (this.#isReconnecting || this.state === "closed") return;
    this.#isReconnecting = true;
    this.setState("reconnecting");
    this.#closeConnection(false);
    for (let attempt = 0; this.state !== "closed"; attempt += 1) {
      await pause(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]);
      if (this.state === "closed") break;
      try {
        await this.#join();
        break;
      } catch (error) {
        if (error.code === "over" || error.code === "refused") {
          this.setState("closed", error.code);
          break;
        }
        this.emit("state", { state: "reconnecting", code: error.code });
      }
    }
    this.#isReconnecting = false;
  }

  #closeConnection(deleteOnServer) {
    clearTimeout(this.#disconnectedTimer);
    const connection = this.#peerConnection;
    this.#peerConnection = undefined;
    this.#dataChannel = undefined;
    if (deleteOnServer && this.#location) deleteSession(this.#location, this.join.token);
    this.#location = undefined;
    if (connection) {
      connection.onconnectionstatechange = null;
      connection.close();
    }
  }
}

/** Returns the participant of an SFU slot, with the received tracks. */
function peerOf(connection, slot) {
  const track = (mid) =>
    connection.getTransceivers().find((transceiver) => transceiver.mid === mid)?.receiver.track ?? null;
  return {
    userId: String(slot.user_id),
    audio: track(slot.audio_mid),
    video: track(slot.video_mid),
    muted: { audio: slot.muted?.audio === true, video: slot.muted?.video === true },
  };
}

function gathered(connection) {
  if (connection.iceGatheringState === "complete") return undefined;
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GATHER_MS);
    connection.addEventListener("icegatheringstatechange", () => {
      if (connection.iceGatheringState !== "complete") return;
      clearTimeout(timer);
      resolve();
    });
  });
}

function connected(connection) {
  return new Promise((resolve, reject) => {
    const fail = () => reject(new MediaError("no_route", "no network path to the media service was found"));
    const timer = setTimeout(fail, CONNECT_MS);
    const check = () => {
      const { connectionState } = connection;
      if (connectionState === "connected") resolve();
      else if (connectionState === "failed" || connectionState === "closed") fail();
      else return;
      clearTimeout(timer);
    };
    connection.addEventListener("connectionstatechange", check);
    check();
  });
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
