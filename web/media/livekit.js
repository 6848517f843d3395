/**
 * @file Adapter for a LiveKit server over its client `livekit-client` 2.x, which the page loads and passes as `sdk`.
 */
import { Adapter, MediaError } from "./adapter.js";

export default class LiveKitSession extends Adapter {
  #room;
  #published = new Map();

  async connect() {
    if (!this.sdk?.Room) throw new MediaError("unsupported", "livekit-client is missing; load it in the page and pass it as `sdk`");
    this.setState("connecting");
    const { Room, RoomEvent, DisconnectReason } = this.sdk;
    const room = new Room({ adaptiveStream: false });
    this.#room = room;
    const changed = [
      RoomEvent.ParticipantConnected,
      RoomEvent.ParticipantDisconnected,
      RoomEvent.TrackSubscribed,
      RoomEvent.TrackUnsubscribed,
      RoomEvent.TrackMuted,
      RoomEvent.TrackUnmuted,
    ];
    for (const event of changed) room.on(event, () => this.#emitPeers());
    room.on(RoomEvent.Reconnecting, () => this.setState("reconnecting"));
    room.on(RoomEvent.Reconnected, () => this.setState("connected"));
    room.on(RoomEvent.ParticipantPermissionsChanged, () => this.#emitMuted());
    room.on(RoomEvent.Disconnected, (reason) => {
      if (this.state === "closed") return;
      this.setState("closed");
      const reasons = {
        [DisconnectReason.PARTICIPANT_REMOVED]: "removed",
        [DisconnectReason.DUPLICATE_IDENTITY]: "replaced",
      };
      this.emit("removed", { reason: reasons[reason] ?? "closed" });
    });
    await this.#connectRoom(room);
    if (this.state === "closed") return room.disconnect();
    this.setState("connected");
    for (const kind of ["audio", "video"]) if (this.local[kind]) await this.setTrack(kind, this.local[kind]);
    this.#emitPeers();
  }

  async setTrack(kind, track) {
    this.local[kind] = track;
    if (this.state !== "connected") return;
    const { localParticipant } = this.#room;
    const published = this.#published.get(kind);
    this.#published.delete(kind);
    if (published) await localParticipant.unpublishTrack(published, false);
    if (!track) return;
    const { Track } = this.sdk;
    const source = kind === "audio" ? Track.Source.Microphone : Track.Source.Camera;
    await localParticipant.publishTrack(track, { source });
    this.#published.set(kind, track);
  }

  /** Mutes and unmutes the published tracks; LiveKit reports that to the other participants. */
  setSending({ audio, video }) {
    for (const [kind, on] of [
      ["audio", audio],
      ["video", video],
    ]) {
      const track = this.#published.get(kind);
      const publication =
        track &&
        this.#room.localParticipant.getTrackPublications().find((known) => known.track?.mediaStreamTrack === track);
      if (on) publication?.unmute();
      else publication?.mute();
    }
  }

  leave() {
    this.setState("closed");
    this.#room?.disconnect();
  }

  async #connectRoom(room) {
    try {
      await room.connect(this.join.url, this.join.token);
    } catch (error) {
      // The server refuses the token with status 401; the client reports it only in the text of the error.
      if (!/401|token|unauthori[sz]ed/i.test(String(error?.message))) {
        throw new MediaError("unreachable", "the media service cannot be reached");
      }
      await this.renewJoin(this.join);
      await room.connect(this.join.url, this.join.token).catch(() => {
        throw new MediaError("refused", "the media service refused a fresh token");
      });
    }
  }

  #emitPeers() {
    const { Track } = this.sdk;
    const peers = [...this.#room.remoteParticipants.values()].map((participant) => {
      const publication = (source) => participant.getTrackPublication(source);
      const track = (source) => publication(source)?.track?.mediaStreamTrack ?? null;
      const [audio, video] = [Track.Source.Microphone, Track.Source.Camera];
      return {
        userId: participant.identity,
        audio: track(audio),
        video: track(video),
        muted: { audio: publication(audio)?.isMuted !== false, video: publication(video)?.isMuted !== false },
      };
    });
    this.emit("peers", { peers });
  }

  #emitMuted() {
    const { canPublish, canPublishSources = [] } = this.#room.localParticipant.permissions ?? {};
    const { Track } = this.sdk;
    const mayPublish = (source) =>
      canPublish !== false &&
      (canPublishSources.length === 0 || canPublishSources.includes(Track.sourceToProto?.(source) ?? source));
    this.emit("muted", { audio: !mayPublish(Track.Source.Microphone), video: !mayPublish(Track.Source.Camera) });
  }
}
