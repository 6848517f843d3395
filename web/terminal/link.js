/**
 * @file The one connection of a terminal: opened, listened on, and got back when it is lost.
 */

/** How long to wait between two attempts to connect. */
export const RECONNECT = Object.freeze({ afterMs: 200, atMostMs: 30_000 });

/** A connection that stood for less is no reason to be impatient again: the next one may fare no better. */
const STABLE_MS = 5000;
/** Ends of a connection after which it is not got back: somebody else connected as this device. */
const FINAL = new Set(["taken_over"]);

/** Keeps a connection. */
export class Link {
  /** @type {{publish: (topic: string, text: string) => void, close: () => void, sessionPresent: boolean} | undefined} */
  #channel;
  #stopped = false;
  /** Whether an attempt is under way, and whether the next one shall follow at once if it fails. */
  #opening = false;
  #hurry = false;
  #cancel = () => {};
  #waitMs;
  #upSince = 0;

  /**
   * @param {object} parts
   * @param {import("../terminal.js").Transport} parts.transport
   * @param {import("../terminal.js").Clock} parts.clock
   * @param {() => number} parts.random
   * @param {{clientId: string, topics: string[]}} parts.who
   * @param {(topic: string, text: string) => void} parts.onMessage
   * @param {(state: {sessionPresent: boolean}) => void} parts.onUp
   * @param {(reason: {code: string, message: string}) => void} parts.onDown
   * @param {typeof RECONNECT} parts.reconnect
   */
  constructor({ reconnect = RECONNECT, ...parts }) {
    Object.assign(this, parts);
    this.reconnect = reconnect;
    this.#waitMs = reconnect.afterMs;
  }

  get isUp() {
    return this.#channel !== undefined;
  }

  /** Connects for the first time. It is not tried again if that fails. */
  async start() {
    await this.#open();
  }

  /** Publishes, if there is a connection; whether there was. */
  publish(topic, text) {
    this.#channel?.publish(topic, text);
    return this.isUp;
  }

  /**
   * Tries again at once, in place of waiting. Two attempts at a time would be two clients under one client ID, of which the
   * broker throws out one as taken over: so an attempt that is under way is waited for.
   */
  retryNow() {
    if (this.#stopped || this.isUp) return;
    this.#hurry = this.#opening;
    if (this.#opening) return;
    this.#cancel();
    this.#retry();
  }

  /** Disconnects for good. */
  stop() {
    this.#stopped = true;
    this.#cancel();
    const channel = this.#channel;
    this.#channel = undefined;
    channel?.close();
  }

  async #open() {
    this.#opening = true;
    try {
      await this.#openOnce();
    } finally {
      this.#opening = false;
    }
  }

  async #openOnce() {
    let channel;
    let ended;
    channel = await this.transport.open({
      ...this.who,
      onMessage: (topic, text) => this.#stopped || this.onMessage(topic, text),
      onClose: (reason) => {
        ended = reason;
        if (channel !== undefined && channel === this.#channel) this.#lost(reason);
      },
    });
    if (this.#stopped) return channel.close();
    if (ended) throw Object.assign(new Error(ended.message), { code: ended.code });
    this.#channel = channel;
    this.#upSince = this.clock.now();
    this.onUp({ sessionPresent: channel.sessionPresent });
  }

  #lost(reason) {
    this.#channel = undefined;
    if (this.#stopped) return;
    if (this.clock.now() - this.#upSince >= STABLE_MS) this.#waitMs = this.reconnect.afterMs;
    this.onDown(reason);
    if (FINAL.has(reason.code)) this.#stopped = true;
    else this.#retryLater();
  }

  #retryLater() {
    // Between half of the wait and the whole of it, so that a broker that comes back does not meet everybody at once.
    const wait = this.#waitMs * (0.5 + this.random() / 2);
    this.#waitMs = Math.min(this.#waitMs * 2, this.reconnect.atMostMs);
    this.#cancel = this.clock.after(wait, () => this.#retry());
  }

  #retry() {
    this.#cancel = () => {};
    this.#hurry = false;
    this.#open().catch((error) => {
      if (this.#stopped) return;
      if (FINAL.has(error.code)) {
        // Taken over before it was listened on: trying again would take it back, and so on for ever.
        this.#stopped = true;
        this.onDown(error);
      } else if (this.#hurry) {
        this.#retry();
      } else {
        this.#retryLater();
      }
    });
  }
}
