/**
 * @file Adapter for the media server of the laptop stack: one offer with seats for seven others, then a data channel that
 * says who sits where. There is never a renegotiation.
 */
import { Adapter, MediaError } from "./adapter.js";
import { deletePlace, postOffer } from "./whip.js";

/** Others that can be seen and heard. */
const SEATS = 7;
/** How long candidates are gathered at most; without a STUN server it takes no time. */
const GATHER_MS = 1000;
/** How long a connection may take to stand, and a silence to last before it is made anew. */
const CONNECT_MS = 10_000;
const SILENCE_MS = 4000;
/** Waits between attempts to get the place back. */
const RETRY_MS = [0, 500, 1000, 2000, 4000, 8000];

export default class SfuSession extends Adapter {
  #peerConnection;
  #room;
  #location;
  #sends = { audio: false, video: false };
  #silence;
  #isReconnecting = false;

  async connect() {
    this.enter("connecting");
    await this.#join();
  }

  async setTrack(kind, track) {
    this.local[kind] = track;
    await this.#sender(kind)?.replaceTrack(track);
  }

  tell(sends) {
    this.#sends = { ...sends };
    if (this.#room?.readyState === "open") this.#room.send(JSON.stringify({ type: "media", ...sends }));
  }

  leave() {
    this.enter("closed");
    this.#drop(true);
  }

  /** The connection, for measurements. */
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
      const place = await this.#post(connection.localDescription.sdp);
      if (this.state === "closed") return deletePlace(place.location, this.join.token);
      this.#location = place.location;
      await connection.setRemoteDescription({ type: "answer", sdp: place.sdp });
      await standing(connection);
    } catch (error) {
      if (connection === this.#peerConnection) this.#drop(true);
      throw error;
    }
    if (this.state === "closed") return;
    this.enter("connected");
  }

  #prepare() {
    const connection = new RTCPeerConnection({ iceServers: this.join.params?.iceServers ?? [] });
    this.#peerConnection = connection;
    // Also without a camera or a microphone: one may be plugged in later.
    for (const kind of ["audio", "video"]) {
      connection.addTransceiver(this.local[kind] ?? kind, { direction: "sendonly" });
    }
    for (let seat = 0; seat < SEATS; seat += 1) {
      connection.addTransceiver("audio", { direction: "recvonly" });
      connection.addTransceiver("video", { direction: "recvonly" });
    }
    const room = connection.createDataChannel("room");
    room.onopen = () => this.tell(this.#sends);
    room.onmessage = ({ data }) => this.#heard(connection, data);
    this.#room = room;
    connection.onconnectionstatechange = () => this.#watch(connection);
    return connection;
  }

  /** Posts the offer; a token that is not taken is renewed once. */
  async #post(sdp) {
    try {
      return await postOffer(this.join, sdp);
    } catch (error) {
      if (error.code !== "unauthenticated") throw error;
      this.join = await this.renew();
      return postOffer(this.join, sdp).catch((again) => {
        throw again.code === "unauthenticated" ? new MediaError("refused", again.message) : again;
      });
    }
  }

  #heard(connection, data) {
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    if (connection !== this.#peerConnection) return;
    if (message.type === "slots" && Array.isArray(message.slots)) {
      this.announce("peers", { peers: message.slots.map((slot) => seated(connection, slot)) });
    } else if (message.type === "muted") {
      this.announce("muted", { audio: message.audio === true, video: message.video === true });
    } else if (message.type === "removed") {
      this.enter("closed", message.reason);
      this.announce("removed", { reason: message.reason });
      this.#drop(false);
    }
  }

  #watch(connection) {
    if (connection !== this.#peerConnection || this.state === "closed") return;
    clearTimeout(this.#silence);
    const { connectionState } = connection;
    if (this.state === "connecting") return;
    if (connectionState === "failed" || connectionState === "closed") this.#reconnect();
    if (connectionState === "disconnected") this.#silence = setTimeout(() => this.#reconnect(), SILENCE_MS);
  }

  async #reconnect() {
    if (this.#isReconnecting || this.state === "closed") return;
    this.#isReconnecting = true;
    this.enter("reconnecting");
    this.#drop(false);
    for (let attempt = 0; this.state !== "closed"; attempt += 1) {
      await pause(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]);
      if (this.state === "closed") break;
      try {
        await this.#join();
        break;
      } catch (error) {
        if (error.code === "over" || error.code === "refused") {
          this.enter("closed", error.code);
          break;
        }
        this.announce("state", { state: "reconnecting", code: error.code });
      }
    }
    this.#isReconnecting = false;
  }

  #drop(inGoodOrder) {
    clearTimeout(this.#silence);
    const connection = this.#peerConnection;
    this.#peerConnection = undefined;
    this.#room = undefined;
    if (inGoodOrder && this.#location) deletePlace(this.#location, this.join.token);
    this.#location = undefined;
    if (connection) {
      connection.onconnectionstatechange = null;
      connection.close();
    }
  }
}

/** Who sits in a slot, with the tracks that come there. */
function seated(connection, slot) {
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

function standing(connection) {
  return new Promise((resolve, reject) => {
    const fail = () => reject(new MediaError("no_route", "no way to the media service was found"));
    const timer = setTimeout(fail, CONNECT_MS);
    const look = () => {
      const { connectionState } = connection;
      if (connectionState === "connected") resolve();
      else if (connectionState === "failed" || connectionState === "closed") fail();
      else return;
      clearTimeout(timer);
    };
    connection.addEventListener("connectionstatechange", look);
    look();
  });
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
