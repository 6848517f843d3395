/** @file A virtual clock and a fake broker for tests. */

/** A clock whose time passes only through {@link VirtualClock.pass}. */
export class VirtualClock {
  #now = 0;
  #timers = new Set();

  now() {
    return this.#now;
  }

  after(ms, then) {
    const timer = { at: this.#now + ms, then };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Number of pending timers. */
  get timers() {
    return this.#timers.size;
  }

  /** Advances the time by `ms` milliseconds and runs each timer at its time, including those due at the end. */
  async pass(ms) {
    const until = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= until).sort((first, second) => first.at - second.at)[0];
      if (!due) break;
      this.#timers.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.then();
      await settled();
    }
    this.#now = until;
  }
}

/** A transport controlled by a test. */
export class FakeBroker {
  /** Published messages not yet taken. @type {{topic: string, message: object, text: string}[]} */
  published = [];
  /** Error codes for the next connects. */
  refusals = [];
  /** Number of connect attempts. */
  opened = 0;
  /** Makes every connect fail as `unreachable`. */
  isDown = false;
  /** Makes a connect wait for {@link FakeBroker.decide}. */
  isSlow = false;
  #connection;
  #decisions = [];

  async open({ clientId, topics, onMessage, onClose }) {
    this.opened += 1;
    const slow = this.isSlow && (await new Promise((resolve) => this.#decisions.push(resolve)));
    const refusal = slow || (this.isDown ? "unreachable" : this.refusals.shift());
    if (refusal) throw Object.assign(new Error(refusal), { code: refusal });
    this.#connection = { clientId, topics, onMessage, onClose };
    return {
      sessionPresent: this.opened > 1,
      publish: (topic, text) => this.published.push({ topic, text, message: JSON.parse(text) }),
      close: () => {},
    };
  }

  /** Completes the oldest waiting connect: successfully, or with an error code. */
  async decide(refusal) {
    this.#decisions.shift()(refusal);
    await settled();
  }

  get topics() {
    return this.#connection.topics;
  }

  /** Delivers a downlink to the terminal. */
  async deliver(message) {
    const text = typeof message === "string" ? message : JSON.stringify(message);
    const bulk = ["state", "history"].includes(message.type);
    this.#connection.onMessage(this.topics[bulk ? 1 : 0], text);
    await settled();
  }

  /** Ends the connection. */
  async drop(reason = { code: "lost", message: "test" }) {
    this.#connection.onClose(reason);
    await settled();
  }

  /** Returns and removes the published messages. */
  taken() {
    return this.published.splice(0);
  }
}

/** Resolves after all pending promise callbacks have run. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));
