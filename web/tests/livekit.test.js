/** @file The LiveKit adapter against a fake SDK with the names of `livekit-client` 2.x. */
import assert from "node:assert/strict";
import { test } from "node:test";

import LiveKitSession from "../media/livekit.js";

const EVENTS = [
  "ParticipantConnected",
  "ParticipantDisconnected",
  "TrackSubscribed",
  "TrackUnsubscribed",
  "TrackMuted",
  "TrackUnmuted",
  "Reconnecting",
  "Reconnected",
  "ParticipantPermissionsChanged",
  "Disconnected",
];

/** A fake SDK whose server accepts the token `good` only. */
function fakeSdk() {
  const room = {
    handlers: {},
    calls: [],
    remoteParticipants: new Map(),
    on: (event, then) => (room.handlers[event] = then),
    connect: async (url, token) => {
      room.calls.push(["connect", token]);
      if (token !== "good") throw new Error("could not establish signal connection: invalid token: 401");
    },
    disconnect: () => room.calls.push(["disconnect"]),
    localParticipant: {
      publications: [],
      publishTrack: async (track, { source }) => {
        room.calls.push(["publish", source]);
        const mute = () => room.calls.push(["mute", source]);
        const unmute = () => room.calls.push(["unmute", source]);
        room.localParticipant.publications.push({ track: { mediaStreamTrack: track }, mute, unmute });
      },
      unpublishTrack: async () => room.calls.push(["unpublish"]),
      getTrackPublications: () => room.localParticipant.publications,
    },
  };
  return {
    room,
    Room: function Room() {
      return room;
    },
    RoomEvent: Object.fromEntries(EVENTS.map((name) => [name, name])),
    DisconnectReason: { PARTICIPANT_REMOVED: 4, DUPLICATE_IDENTITY: 2 },
    Track: { Source: { Microphone: "microphone", Camera: "camera" }, sourceToProto: (name) => name.toUpperCase() },
  };
}

function session(sdk, { token = "good", renew = async () => ({ url: "wss://lk", token: "good" }) } = {}) {
  const local = { audio: { kind: "audio" }, video: null };
  const made = new LiveKitSession({ join: { url: "wss://lk", token }, local, renew, sdk });
  const events = [];
  for (const kind of ["state", "peers", "muted", "removed"])
    made.addEventListener(kind, ({ detail }) => events.push([kind, detail]));
  return { made, last: (wanted) => events.findLast(([kind]) => kind === wanted)?.[1] };
}

test("publishes and mutes the local tracks, and lists the peers", async () => {
  const sdk = fakeSdk();
  const { made, last } = session(sdk);
  await made.connect();
  made.setSending({ audio: false, video: false });
  assert.deepEqual(sdk.room.calls, [["connect", "good"], ["publish", "microphone"], ["mute", "microphone"]]);
  const voice = { isMuted: false, track: { mediaStreamTrack: "bob's voice" } };
  const publication = (source) => (source === "microphone" ? voice : undefined);
  sdk.room.remoteParticipants.set("x", { identity: "bob", getTrackPublication: publication });
  sdk.room.handlers.TrackSubscribed();
  assert.deepEqual(last("peers").peers, [
    { userId: "bob", audio: "bob's voice", video: null, muted: { audio: false, video: true } },
  ]);
  sdk.room.localParticipant.permissions = { canPublish: true, canPublishSources: ["CAMERA"] };
  sdk.room.handlers.ParticipantPermissionsChanged();
  assert.deepEqual(last("muted"), { audio: true, video: false });
  made.leave();
  assert.deepEqual([made.state, sdk.room.calls.at(-1)], ["closed", ["disconnect"]]);
});

test("a refused token is renewed once", async () => {
  const sdk = fakeSdk();
  await session(sdk, { token: "old" }).made.connect();
  assert.deepEqual(sdk.room.calls.slice(0, 2), [
    ["connect", "old"],
    ["connect", "good"],
  ]);
  const stubborn = session(fakeSdk(), { token: "old", renew: async () => ({ url: "wss://lk", token: "older" }) });
  await assert.rejects(stubborn.made.connect(), { code: "refused" });
});

test("the end of a session has its reason; a reconnect does not end it", async () => {
  for (const [reason, expected] of [
    [4, "removed"],
    [2, "replaced"],
    [undefined, "closed"],
  ]) {
    const sdk = fakeSdk();
    const { made, last } = session(sdk);
    await made.connect();
    sdk.room.handlers.Reconnecting();
    assert.equal(made.state, "reconnecting");
    sdk.room.handlers.Reconnected();
    assert.equal(made.state, "connected");
    sdk.room.handlers.Disconnected(reason);
    assert.deepEqual([made.state, last("removed")], ["closed", { reason: expected }]);
  }
});

test("a missing SDK is reported as `unsupported`", async () => {
  await assert.rejects(session(undefined).made.connect(), { code: "unsupported" });
});
