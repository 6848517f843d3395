/**
 * @file Adapter for a LiveKit server by its own client, `livekit-client` 2.x, which the page loads and hands in as `sdk`.
 */
import { Adapter, MediaError } from "./adapter.js";

export default class LiveKitSession extends Adapter {
  #room;
  #published = new Map();

  async connect() {
    if (!this.sdk?.Room) throw new MediaError("unsupported", "this page has not loaded livekit-client");
    this.enter("connecting");
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
    for (const event of changed) room.on(event, () => this.#seePeers());
    room.on(RoomEvent.Reconnecting, () => this.enter("reconnecting"));
    room.on(RoomEvent.Reconnected, () => this.enter("connected"));
    room.on(RoomEvent.ParticipantPermissionsChanged, () => this.#seeRights());
    room.on(RoomEvent.Disconnected, (reason) => {
      if (this.state === "closed") return;
      this.enter("closed");
      const reasons = {
        [DisconnectReason.PARTICIPANT_REMOVED]: "removed",
        [DisconnectReason.DUPLICATE_IDENTITY]: "replaced",
      };
      this.announce("removed", { reason: reasons[reason] ?? "closed" });
    });
    await this.#enterRoom(room);
    if (this.state === "closed") return room.disconnect();
    this.enter("connected");
    for (const kind of ["audio", "video"]) if (this.local[kind]) await this.setTrack(kind, this.local[kind]);
    this.#seePeers();
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

  /** LiveKit tells others by itself what is published and muted. */
  tell({ audio, video }) {
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
    this.enter("closed");
    this.#room?.disconnect();
  }

  async #enterRoom(room) {
    try {
      await room.connect(this.join.url, this.join.token);
    } catch (error) {
      // 401 of the server's validation; the client names it in words only.
      if (!/401|token|unauthori[sz]ed/i.test(String(error?.message))) {
        throw new MediaError("unreachable", "the media service cannot be reached");
      }
      this.join = await this.renew();
      await room.connect(this.join.url, this.join.token).catch(() => {
        throw new MediaError("refused", "the media service does not take the token");
      });
    }
  }

  #seePeers() {
    const { Track } = this.sdk;
    const peers = [...this.#room.remoteParticipants.values()].map((participant) => {
      const of = (source) => participant.getTrackPublication(source);
      const track = (source) => of(source)?.track?.mediaStreamTrack ?? null;
      const [audio, video] = [Track.Source.Microphone, Track.Source.Camera];
      return {
        userId: participant.identity,
        audio: track(audio),
        video: track(video),
        muted: { audio: of(audio)?.isMuted !== false, video: of(video)?.isMuted !== false },
      };
    });
    this.announce("peers", { peers });
  }

  #seeRights() {
    const { canPublish, canPublishSources = [] } = this.#room.localParticipant.permissions ?? {};
    const { Track } = this.sdk;
    const may = (source) =>
      canPublish !== false &&
      (canPublishSources.length === 0 || canPublishSources.includes(Track.sourceToProto?.(source) ?? source));
    this.announce("muted", { audio: !may(Track.Source.Microphone), video: !may(Track.Source.Camera) });
  }
}
