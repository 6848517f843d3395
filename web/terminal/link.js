/**
 * @file The connection of a terminal to the broker: opens it, and reconnects after a loss.
 */

/** Default waits between connect attempts. */
export const RECONNECT = Object.freeze({ afterMs: 200, atMostMs: 30_000 });

/** Minimum duration of a connection before the wait goes back to `afterMs`: shorter ones count as failed attempts. */
const STABLE_MS = 5000;
/** Number of refused logins in a row after which the terminal waits for {@link Link.retryNow}. */
const MAX_REFUSED_LOGINS = 6;
/** End codes after which the terminal does not reconnect: another client connected with the same client ID. */
const FINAL = new Set(["taken_over"]);

/** Keeps one connection open. */
export class Link {
  /** @type {{publish: (topic: string, text: string) => void, close: () => void, sessionPresent: boolean} | undefined} */
  #channel;
  #stopped = false;
  #opening = false;
  /** Set by {@link Link.retryNow} during an attempt: if it fails, the next attempt starts without a wait. */
  #retryAtOnce = false;
  #cancel = () => {};
  #waitMs;
  /** The wait before the last attempt, without jitter. */
  #waitedMs = 0;
  #upSince = 0;
  /** Refused logins since the last connection. */
  #refused = 0;

  /**
   * @param {object} parts
   * @param {import("../terminal.js").Transport} parts.transport
   * @param {import("../terminal.js").Clock} parts.clock
   * @param {() => number} parts.random
   * @param {{clientId: string, topics: string[]}} parts.device
   * @param {(topic: string, text: string) => void} parts.onMessage
   * @param {(state: {sessionPresent: boolean}) => void} parts.onUp called after each successful connect
   * @param {(reason: {code: string, message: string}) => void} parts.onDown called when a connection is lost
   * @param {(refusal: {code: string, message: string, triesAgain: boolean}) => void} parts.onRefused called when the
   *   login of a reconnect is refused
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

  /** Connects for the first time. Does not retry if that fails. */
  async start() {
    await this.#open();
  }

  /** Publishes if there is a connection. Returns `false` without one. */
  publish(topic, text) {
    this.#channel?.publish(topic, text);
    return this.isUp;
  }

  /**
   * Retries at once instead of after the wait. Never starts a second attempt beside a running one: the broker would close
   * one of two clients with the same client ID as taken over.
   */
  retryNow() {
    if (this.#stopped || this.isUp) return;
    this.#retryAtOnce = this.#opening;
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
      ...this.device,
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
    this.#refused = 0;
    this.onUp({ sessionPresent: channel.sessionPresent });
  }

  #lost(reason) {
    this.#channel = undefined;
    if (this.#stopped) return;
    // Two clients with one client ID disconnect each other: each connection lasts as long as the other client waits.
    const isStable = this.clock.now() - this.#upSince >= Math.max(STABLE_MS, 2 * this.#waitedMs);
    if (isStable) this.#waitMs = this.reconnect.afterMs;
    this.onDown(reason);
    if (FINAL.has(reason.code)) this.#stopped = true;
    else this.#retryLater();
  }

  #retryLater() {
    // Jitter between half and the whole wait: not all terminals reconnect to a restarted broker at the same moment.
    const wait = this.#waitMs * (0.5 + this.random() / 2);
    this.#waitedMs = this.#waitMs;
    this.#waitMs = Math.min(this.#waitMs * 2, this.reconnect.atMostMs);
    this.#cancel = this.clock.after(wait, () => this.#retry());
  }

  #retry() {
    this.#cancel = () => {};
    this.#retryAtOnce = false;
    this.#open().catch((error) => {
      if (this.#stopped) return;
      if (FINAL.has(error.code)) {
        // Taken over before the connect completed. A retry would take the client ID back, and the other client would too.
        this.#stopped = true;
        this.onDown(error);
      } else if (error.code === "refused") {
        this.#loginRefused(error);
      } else if (this.#retryAtOnce) {
        this.#retry();
      } else {
        this.#retryLater();
      }
    });
  }

  /**
   * Retries after a refused login, since each attempt gets a new token. After several refusals in a row the app may
   * have no valid token any more: then the link waits for {@link Link.retryNow}.
   */
  #loginRefused({ code, message }) {
    this.#refused += 1;
    const triesAgain = this.#refused < MAX_REFUSED_LOGINS;
    if (triesAgain) this.#retryLater();
    this.onRefused({ code, message, triesAgain });
  }
}
