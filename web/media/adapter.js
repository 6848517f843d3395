/**
 * @file The common interface of the media adapters, and the selection of the adapter for a `join` object.
 *
 * An adapter is a class with the members of {@link MediaSession}. To support another provider, write such a class and add
 * it to `ADAPTERS`. Starting points:
 *
 * - `alibaba` (ARTC): the vendor's `aliyun-rtc-sdk`; `joinChannel(join.params.single_token, join.user_id)`, publish with
 *   `publishLocalAudioStream`/`publishLocalVideoStream`, peers from `remoteUserOnLineNotify` and `onRemoteTrackAvailableNotify`;
 *   on `authInfoWillExpire` call `renewJoin` and `refreshAuthInfo`.
 * - `agora`: `agora-rtc-sdk-ng`; `client.join(join.params.app_id, join.channel_id, join.token, join.params.uid)`, `publish`,
 *   peers from `user-published`; on `token-privilege-will-expire` call `renewJoin` and `renewToken`.
 * - `tencent` (TRTC): `trtc-sdk-v5`; `enterRoom({sdkAppId: join.params.sdk_app_id, userSig: join.token, userId: join.user_id,
 *   strRoomId: join.channel_id, privateMapKey: join.params.private_map_key})`, peers from `REMOTE_VIDEO_AVAILABLE`.
 *
 * The vendors' SDKs have licences of their own and are not part of this project. A page that uses one, or
 * `livekit-client`, loads it itself and passes it to `openMedia` as `sdk`.
 */

/**
 * Another participant in the channel.
 * @typedef {object} Peer
 * @property {string} userId the account
 * @property {MediaStreamTrack | null} audio
 * @property {MediaStreamTrack | null} video
 * @property {{audio: boolean, video: boolean}} muted kinds not received: turned off, or blocked by the RTC service
 */

/**
 * Options of an adapter.
 * @typedef {object} MediaOptions
 * @property {object} join the `join` object of the protocol
 * @property {{audio: MediaStreamTrack | null, video: MediaStreamTrack | null}} local the tracks to publish at first
 * @property {() => Promise<object>} renew requests a fresh `join` from the service. Rejects with a {@link MediaError}
 *   `refused` if the service gives none any more, and with another error if a retry may help
 * @property {object} [sdk] the vendor's SDK, if the page has loaded one
 */

/**
 * A session in the channel of a meeting. Events, each a `CustomEvent`:
 * - `state` `{state, code?}`: `connecting`, `connected`, `reconnecting` (the adapter retries by itself), `closed`.
 * - `peers` `{peers: Peer[]}`: the complete list each time.
 * - `muted` `{audio, video}`: the kinds of one's own media that the RTC service blocks.
 * - `removed` `{reason: "removed" | "replaced" | "closed"}`: the RTC service ended the session.
 *
 * `setTrack` replaces the published track of a kind; `null` publishes none. `setSending` passes on which kinds are turned
 * on, for the other participants.
 * @typedef {EventTarget & {
 *   state: string,
 *   connect(): Promise<void>,
 *   setTrack(kind: "audio" | "video", track: MediaStreamTrack | null): Promise<void>,
 *   setSending(sending: {audio: boolean, video: boolean}): void,
 *   leave(): void,
 * }} MediaSession
 */

/** Failure of a media session. `code`: `unsupported`, `unreachable`, `refused`, `full`, `over`, `no_route`. */
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
 * Returns the name of the adapter for a `join`. The SFU of the laptop stack takes LiveKit tokens and has an HTTP address;
 * a LiveKit server has a WebSocket address.
 * @param {{provider: string, url: string}} join
 * @returns {string | undefined} `undefined` if there is no adapter
 */
export function adapterFor({ provider, url }) {
  if (provider === "livekit") return /^https?:/i.test(url) ? "sfu" : "livekit";
  return Object.hasOwn(ADAPTERS, provider) ? provider : undefined;
}

/**
 * Creates a media session; the caller connects it.
 * @param {MediaOptions} options
 * @returns {Promise<MediaSession>}
 * @throws {MediaError} `unsupported` if there is no adapter for the provider
 */
export async function openMedia(options) {
  const name = adapterFor(options.join);
  if (!name) throw new MediaError("unsupported", `no media adapter for provider ${options.join.provider}; add one in web/media/adapter.js`);
  const { default: Adapter } = await ADAPTERS[name]();
  return new Adapter(options);
}

/** Part of a token's life after which an adapter that needs a valid token all the time renews it. */
const RENEWED_AFTER = 0.8;
/** Wait after an attempt to renew a token that the service did not answer. */
const RENEW_AGAIN_MS = 15_000;

/** Base class of the adapters: options, state, events, and the renewal of the token. */
export class Adapter extends EventTarget {
  state = "new";
  #renewing;
  #renewTimer;

  /** @param {MediaOptions} options */
  constructor({ join, local, renew, sdk }) {
    super();
    this.join = join;
    this.local = { ...local };
    this.renew = renew;
    this.sdk = sdk;
  }

  setState(state, code) {
    if (this.state === state || this.state === "closed") return;
    this.state = state;
    this.emit("state", { state, code });
  }

  /**
   * Replaces a `join` whose token was not accepted, or soon will not be. Does nothing if it has been replaced already.
   * Concurrent callers share one request.
   */
  async renewJoin(stale) {
    if (stale !== this.join) return;
    this.#renewing ??= this.renew().finally(() => (this.#renewing = undefined));
    const join = await this.#renewing;
    if (stale === this.join) this.join = join;
  }

  /**
   * Renews the token before it ends, until {@link Adapter.stopRenewing}: for a service that checks it after the join, too.
   */
  keepRenewed(waitMs = this.join.token_expires_in_ms * RENEWED_AFTER) {
    this.stopRenewing();
    if (!(waitMs > 0) || this.state === "closed") return;
    this.#renewTimer = setTimeout(async () => {
      const before = this.#renewTimer;
      try {
        await this.renewJoin(this.join);
        if (this.#renewTimer === before) this.keepRenewed();
      } catch (error) {
        // A service that refuses a fresh token for good refuses it at the next request, too, which ends the session.
        if (this.#renewTimer === before && !(error instanceof MediaError)) this.keepRenewed(RENEW_AGAIN_MS);
      }
    }, waitMs);
  }

  stopRenewing() {
    clearTimeout(this.#renewTimer);
    this.#renewTimer = undefined;
  }

  emit(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}
