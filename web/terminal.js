/**
 * @file A Switchboard terminal in JavaScript: the client side of the protocol. No DOM: runs in pages, workers and Node.
 *
 * A {@link Terminal} connects with a persistent session and subscribes to its own two topics. It sends requests, and
 * resends each one under the same id until its answer comes. It drops duplicate, expired and superseded downlinks. It
 * sends `sync` after a gap in the revisions, or when an offer was queued. Events report which invitations ring.
 *
 * ```js
 * import mqtt from "./vendor/mqtt.esm.js";
 * import { Terminal, mqttTransport } from "./terminal.js";
 *
 * const transport = mqttTransport(mqtt, { url: "wss://broker.example/mqtt", token: () => fetchToken() });
 * const terminal = new Terminal({ clientId: "GID_web@@@alice.tab1", transport });
 * terminal.events.addEventListener("rings", ({ detail }) => showIncoming(detail));
 * await terminal.connect();
 * const created = await terminal.request("create_meeting", { mode: "direct", media: "video", invitees: ["bob"] });
 * ```
 *
 * Types for editors are in `terminal.d.ts`; the protocol is `docs/asyncapi.yaml`.
 */
import { TOPICS, downlinkTopics, parseClientId } from "./terminal/address.js";
import { Link, RECONNECT } from "./terminal/link.js";
import { RETRY } from "./terminal/outbox.js";
import { Session } from "./terminal/session.js";

export { TOPICS, parseClientId } from "./terminal/address.js";
export { mqttTransport } from "./terminal/mqtt.js";

/** The clock of this machine. @type {import("./terminal.js").Clock} */
export const systemClock = {
  now: () => performance.now(),
  after(ms, then) {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};

/** The service refused a request. `code` is stable; `message` is for people. */
export class Refused extends Error {
  name = "Refused";

  /** @param {object} error the `error` downlink */
  constructor(error) {
    super(error.message ?? error.code);
    this.error = error;
    this.code = error.code ?? "internal";
    this.retryable = error.retryable === true;
    this.retryAfterMs = error.retry_after_ms;
    this.reason = error.reason;
    this.path = error.path;
    /** The meeting of the request; with `user_busy` the call that holds the user. */
    this.meetingId = error.meeting_id;
  }
}

/** No answer came to any copy of a request (`unanswered`), or the terminal was disconnected (`disconnected`). */
export class NoAnswer extends Error {
  name = "NoAnswer";

  /** @param {"unanswered" | "disconnected"} code @param {string} requestId */
  constructor(code, requestId) {
    super(
      code === "unanswered"
        ? "the service did not answer; repeat the request under the same id"
        : "the terminal is disconnected; the request was not completed",
    );
    this.code = code;
    this.requestId = requestId;
  }
}

/** The terminal of one device: one client ID, one connection. */
export class Terminal {
  /**
   * Dispatches `CustomEvent`s: `rings`, `stops`, `answered`, `refused`, `unanswered`, `news`, `state`, `connected`,
   * `disconnected`, `taken_over`, `login_refused`, and for logs `uplink` and `downlink`. Details: `terminal.d.ts`.
   */
  events = new EventTarget();
  #session;
  #link;
  #clock;
  #wasConnected = false;

  /** @param {import("./terminal.js").TerminalOptions} options */
  constructor({
    clientId,
    transport,
    clock = systemClock,
    topics = TOPICS,
    retry = RETRY,
    reconnect = RECONNECT,
    newId = randomId,
    random = Math.random,
    missedSinceMs,
  }) {
    const { userId, instance } = parseClientId(clientId);
    const { control, bulk } = downlinkTopics(clientId, topics);
    /** @readonly */ this.clientId = clientId;
    /** @readonly */ this.userId = userId;
    /** @readonly */ this.instance = instance;
    this.#clock = clock;
    this.#session = new Session({
      clock,
      newId,
      topics,
      retry,
      missedSinceMs,
      send: (uplink) => this.#send(uplink),
      emit: (kind, detail) => this.#emit(kind, detail),
    });
    this.#link = new Link({
      transport,
      clock,
      random,
      reconnect,
      device: { clientId, topics: [control, bulk] },
      onMessage: (topic, text) => this.#receive(topic, text),
      onUp: (state) => this.#connected(state),
      onDown: (reason) => this.#disconnected(reason),
      onRefused: (refusal) => this.#emit("login_refused", refusal),
    });
  }

  /**
   * Connects for the first time, then sends `sync`. After that the terminal reconnects by itself.
   * @returns {Promise<void>} rejects, and does not retry, if the first connect fails
   */
  connect() {
    return this.#link.start();
  }

  get isConnected() {
    return this.#link.isUp;
  }

  /** The invitations that ring now. */
  get ringing() {
    return this.#session.rings.current();
  }

  /**
   * Sends a request and resends it until its answer comes. Requests of one meeting are sent one after the other.
   * @param {string} type
   * @param {object} [fields]
   * @param {{id?: string, ttlMs?: number}} [options]
   * @returns {Promise<object>} the answer
   * @throws {Refused | NoAnswer}
   */
  request(type, fields, options) {
    return this.#answerOf(this.#session.request(type, fields, options));
  }

  /**
   * Repeats a request with the same id and body, after it was refused or not answered.
   * @param {string} id
   * @throws {RangeError} if the id is not among the last 200
   */
  again(id) {
    return this.#answerOf(this.#session.repeat(id));
  }

  /**
   * Sends, once, a request that the service does not answer.
   * @param {"ringing" | "report_media"} type
   * @param {object} fields
   */
  tell(type, fields) {
    this.#session.request(type, fields);
  }

  /** Sends `sync` for all meetings. The result comes as events: `state`, `rings`, `stops`. */
  sync() {
    this.#session.sync();
  }

  /** Reconnects at once if the connection is lost; for a page that becomes visible or a network that is back. */
  reconnectNow() {
    this.#link.retryNow();
  }

  /** Disconnects for good. The broker keeps the session and queues its messages. */
  disconnect() {
    this.#link.stop();
    this.#session.close();
  }

  async #answerOf({ id, outcome }) {
    const ended = await outcome;
    if (ended === undefined || ended.outcome === "answered") return ended?.message;
    throw ended.outcome === "refused" ? new Refused(ended.message) : new NoAnswer(ended.outcome, id);
  }

  #send({ id, type, topic, text }) {
    const sent = this.#link.publish(topic, text);
    if (sent) this.#emit("uplink", { id, type, topic, text, at: this.#clock.now() });
    return sent;
  }

  #receive(topic, text) {
    const at = this.#clock.now();
    const { message, dropped } = this.#session.receive(text);
    this.#emit("downlink", { topic, text, at, message, dropped });
  }

  #connected({ sessionPresent }) {
    const isFirst = !this.#wasConnected;
    this.#wasConnected = true;
    this.#emit("connected", { sessionPresent, isFirst });
    this.#session.connected();
  }

  #disconnected(reason) {
    this.#emit(reason.code === "taken_over" ? "taken_over" : "disconnected", reason);
    if (reason.code === "taken_over") this.#session.close();
  }

  #emit(kind, detail) {
    this.events.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}

/** Returns a new id: 128 random bits in hexadecimal. */
function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
