/** @file A clock and a broker that only do what a test says. */

/** A clock that stands still until it is moved. */
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

  /** How much is still to happen. */
  get timers() {
    return this.#timers.size;
  }

  /** Time passes; what falls due happens when it is due, the last moment included. */
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

/** A transport in the hands of a test. */
export class FakeBroker {
  /** What was published. @type {{topic: string, message: object, text: string}[]} */
  published = [];
  /** Connects that shall fail, by code. */
  refusals = [];
  opened = 0;
  /** Whether nobody gets through. */
  isDown = false;
  /** Whether a connect takes until {@link FakeBroker.decide}. */
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

  /** The connect that has waited longest succeeds, or fails with a code. */
  async decide(refusal) {
    this.#decisions.shift()(refusal);
    await settled();
  }

  get topics() {
    return this.#connection.topics;
  }

  /** A downlink arrives. */
  async deliver(message) {
    const text = typeof message === "string" ? message : JSON.stringify(message);
    const bulk = ["state", "history"].includes(message.type);
    this.#connection.onMessage(this.topics[bulk ? 1 : 0], text);
    await settled();
  }

  /** The connection ends. */
  async drop(reason = { code: "lost", message: "test" }) {
    this.#connection.onClose(reason);
    await settled();
  }

  /** What was published since the last call. */
  taken() {
    return this.published.splice(0);
  }
}

/** Everything that was begun has been done, as far as it need not wait. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));
