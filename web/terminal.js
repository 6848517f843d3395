/**
 * @file A terminal of Switchboard in JavaScript: what a phone does on the wire. No DOM: it runs in pages, workers and Node.
 *
 * A {@link Terminal} connects with a persistent session, listens on its own two topics, asks the service and sends a request
 * again by the same id until its answer comes, drops what it has seen, what is past its time and what is older than what it
 * knows, asks `sync` when it missed something or an offer was queued, and says what rings.
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

/** The clock of the machine. @type {import("./terminal.js").Clock} */
export const systemClock = {
  now: () => performance.now(),
  after(ms, then) {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};

/** The service said no. `code` is stable, `message` is for people. */
export class Refused extends Error {
  name = "Refused";

  /** @param {object} error the `error` downlink, whole */
  constructor(error) {
    super(error.message ?? error.code);
    this.error = error;
    this.code = error.code ?? "internal";
    this.retryable = error.retryable === true;
    this.retryAfterMs = error.retry_after_ms;
    this.reason = error.reason;
    this.path = error.path;
  }
}

/** No answer came to any copy of a request (`unanswered`), or the terminal has disconnected. */
export class NoAnswer extends Error {
  name = "NoAnswer";

  /** @param {"unanswered" | "disconnected"} code @param {string} requestId */
  constructor(code, requestId) {
    super(code === "unanswered" ? "the service did not answer" : "the terminal has disconnected");
    this.code = code;
    this.requestId = requestId;
  }
}

/** One device of a user. */
export class Terminal {
  /**
   * What happens, as `CustomEvent`s: `rings`, `stops`, `answered`, `refused`, `unanswered`, `news`, `connected`,
   * `disconnected`, `taken_over`, and for logs `uplink` and `downlink`. Details: `terminal.d.ts`.
   */
  events = new EventTarget();
  #session;
  #link;
  #clock;
  #wasUp = false;

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
      send: (uplink) => this.#send(uplink),
      show: (kind, detail) => this.#tell(kind, detail),
    });
    this.#link = new Link({
      transport,
      clock,
      random,
      reconnect,
      who: { clientId, topics: [control, bulk] },
      onMessage: (topic, text) => this.#receive(topic, text),
      onUp: (state) => this.#up(state),
      onDown: (reason) => this.#down(reason),
    });
  }

  /**
   * Connects, and asks what goes on. From then on a lost connection is got back by itself.
   * @returns {Promise<void>}
   */
  connect() {
    return this.#link.start();
  }

  /** Whether there is a connection now. */
  get isConnected() {
    return this.#link.isUp;
  }

  /** The invitations that ring now. */
  get ringing() {
    return this.#session.rings.now();
  }

  /**
   * Asks the service, in turn, and again until there is an answer.
   * @param {string} type
   * @param {object} [fields]
   * @param {{id?: string, ttlMs?: number}} [options]
   * @returns {Promise<object>} the answer
   * @throws {Refused | NoAnswer}
   */
  request(type, fields, options) {
    return this.#answer(this.#session.want(type, fields, options));
  }

  /**
   * The very same request once more, after it was refused or not answered.
   * @param {string} id
   */
  again(id) {
    return this.#answer(this.#session.again(id));
  }

  /**
   * Tells the service something that is never answered, once.
   * @param {"ringing" | "report_media"} type
   * @param {object} fields
   */
  tell(type, fields) {
    this.#session.want(type, fields);
  }

  /** Asks what goes on, everywhere; what it finds is told by events. */
  sync() {
    this.#session.sync();
  }

  /** Connects at once if the connection is lost, for a page that is seen again or a network that is back. */
  reconnectNow() {
    this.#link.retryNow();
  }

  /** Disconnects for good. The broker keeps the session and what comes for it. */
  disconnect() {
    this.#link.stop();
    this.#session.close();
  }

  async #answer({ id, outcome }) {
    const ended = await outcome;
    if (ended === undefined || ended.outcome === "answered") return ended?.message;
    throw ended.outcome === "refused" ? new Refused(ended.message) : new NoAnswer(ended.outcome, id);
  }

  #send({ id, type, topic, text }) {
    const sent = this.#link.publish(topic, text);
    if (sent) this.#tell("uplink", { id, type, topic, text, at: this.#clock.now() });
    return sent;
  }

  #receive(topic, text) {
    const at = this.#clock.now();
    const { message, dropped } = this.#session.receive(text);
    this.#tell("downlink", { topic, text, at, message, dropped });
  }

  #up({ sessionPresent }) {
    const isFirst = !this.#wasUp;
    this.#wasUp = true;
    this.#tell("connected", { sessionPresent, isFirst });
    this.#session.connected();
  }

  #down(reason) {
    this.#tell(reason.code === "taken_over" ? "taken_over" : "disconnected", reason);
    if (reason.code === "taken_over") this.#session.close();
  }

  #tell(kind, detail) {
    this.events.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}

/** An id that was never used before: 128 random bits. */
function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
