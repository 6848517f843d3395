/**
 * @file The one interface to media services, and which adapter speaks to which. `join` is the object of the protocol.
 *
 * An adapter is a class with the members of {@link MediaSession}. To add one for another provider, write such a class and
 * name it in `ADAPTERS`:
 *
 * - `alibaba` (ARTC): the vendor's `aliyun-rtc-sdk`; `joinChannel(join.params.single_token, join.user_id)`, publish with
 *   `publishLocalAudioStream`/`publishLocalVideoStream`, peers from `remoteUserOnLineNotify` and `onRemoteTrackAvailableNotify`.
 * - `agora`: `agora-rtc-sdk-ng`; `client.join(join.params.app_id, join.channel_id, join.token, join.params.uid)`, `publish`,
 *   peers from `user-published`; `token-privilege-will-expire` asks `renew()`.
 * - `tencent` (TRTC): `trtc-sdk-v5`; `enterRoom({sdkAppId: join.params.sdk_app_id, userSig: join.token, userId: join.user_id,
 *   strRoomId: join.channel_id, privateMapKey: join.params.private_map_key})`, peers from `REMOTE_VIDEO_AVAILABLE`.
 *
 * These SDKs are not part of this project: their licences are the vendors', and a page that uses one loads it itself and
 * hands it to `openMedia` in `sdk`, as it does with `livekit-client`.
 */

/**
 * Somebody else in the media.
 * @typedef {object} Peer
 * @property {string} userId as the service knows it, which is the account
 * @property {MediaStreamTrack | null} audio
 * @property {MediaStreamTrack | null} video
 * @property {{audio: boolean, video: boolean}} muted what does not come: turned off, or muted by the service
 */

/**
 * What an adapter is given.
 * @typedef {object} MediaOptions
 * @property {object} join of the protocol
 * @property {{audio: MediaStreamTrack | null, video: MediaStreamTrack | null}} local what is sent at first
 * @property {() => Promise<object>} renew asks the service for a fresh `join`
 * @property {object} [sdk] the vendor's SDK, if the page has loaded one
 */

/**
 * A place in the media. Events, each a `CustomEvent`:
 * - `state` `{state, code?}`: `connecting`, `connected`, `reconnecting` (it tries by itself), `closed`.
 * - `peers` `{peers: Peer[]}`: the whole list each time.
 * - `muted` `{audio, video}`: what the service does not let through of one's own.
 * - `removed` `{reason: "removed" | "replaced" | "closed"}`: the service has ended it.
 * @typedef {EventTarget & {
 *   state: string,
 *   connect(): Promise<void>,
 *   setTrack(kind: "audio" | "video", track: MediaStreamTrack | null): Promise<void>,
 *   tell(sends: {audio: boolean, video: boolean}): void,
 *   leave(): void,
 * }} MediaSession
 */

/** Why there are no media. `code`: `unsupported`, `unreachable`, `refused`, `full`, `over`, `no_route`. */
export class MediaError extends Error {
  name = "MediaError";

  /** @param {string} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

const ADAPTERS = {
  sfu: () => import("./sfu.js"),
  livekit: () => import("./livekit.js"),
  janus: () => import("./janus.js"),
};

/**
 * Which adapter a `join` is for. The laptop's own media server takes LiveKit's tokens over HTTP; a real LiveKit server is
 * spoken to by its client over a WebSocket.
 * @param {{provider: string, url: string}} join
 * @returns {string | undefined}
 */
export function adapterFor({ provider, url }) {
  if (provider === "livekit") return /^https?:/i.test(url) ? "sfu" : "livekit";
  return Object.hasOwn(ADAPTERS, provider) ? provider : undefined;
}

/**
 * A place in the media, not connected yet.
 * @param {MediaOptions} options
 * @returns {Promise<MediaSession>}
 * @throws {MediaError} `unsupported`
 */
export async function openMedia(options) {
  const name = adapterFor(options.join);
  if (!name) throw new MediaError("unsupported", `this page has no adapter for ${options.join.provider}`);
  const { default: Adapter } = await ADAPTERS[name]();
  return new Adapter(options);
}

/** What all adapters share: a state, and how to tell. */
export class Adapter extends EventTarget {
  state = "new";

  /** @param {MediaOptions} options */
  constructor({ join, local, renew, sdk }) {
    super();
    this.join = join;
    this.local = { ...local };
    this.renew = renew;
    this.sdk = sdk;
  }

  enter(state, code) {
    if (this.state === state || this.state === "closed") return;
    this.state = state;
    this.announce("state", { state, code });
  }

  announce(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}
