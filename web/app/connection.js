/** @file State of a device's connection, including use of the same device in another tab or browser. */
import { claimDevice } from "./tabs.js";

/** Time for which the broker keeps most notices for a device that is away: 60 s, less a leeway for the loss to be seen. */
const KEPT_MS = 45_000;

/** Longest wait between two attempts to connect while somebody needs the connection. */
const HURRY_MS = 3000;

/** Dispatches `change` when `state` changes. */
export class Connection extends EventTarget {
  /**
   * `up`, `down`, `taken`: another tab or browser uses this device now, or `refused`: the service does not accept the login
   * any more.
   */
  state = "down";
  /** True if the broker may have dropped downlinks since the connection before this one. */
  mayHaveMissed = false;
  #downSince;
  #isNeeded = () => false;
  #hurry;
  #terminal;
  /** Ends the claim made by `claimDevice`. */
  #release = () => {};

  /** @param {import("../terminal.js").Terminal} terminal */
  constructor(terminal) {
    super();
    this.#terminal = terminal;
    const on = (kind, state) => terminal.events.addEventListener(kind, () => this.#setState(state));
    terminal.events.addEventListener("connected", ({ detail }) => this.#connected(detail));
    terminal.events.addEventListener("disconnected", () => this.#disconnected());
    on("login_refused", "refused");
    terminal.events.addEventListener("taken_over", () => this.#onTaken());
  }

  /**
   * Tries to connect at least every 3 s while the connection is lost and `isNeeded`. The terminal itself waits longer after
   * each failure, since it does not know of calls.
   * @param {() => boolean} isNeeded
   */
  hurryWhile(isNeeded) {
    this.#isNeeded = isNeeded;
  }

  /** Claims the device and connects. */
  async open() {
    this.#release = claimDevice(this.#terminal.clientId, () => this.#onTaken());
    try {
      await this.#terminal.connect();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Disconnects for good. The broker queues the messages for this device. */
  close() {
    clearInterval(this.#hurry);
    this.#release();
    this.#terminal.disconnect();
  }

  #connected({ sessionPresent, isFirst }) {
    const awayMs = performance.now() - (this.#downSince ?? performance.now());
    this.mayHaveMissed = !isFirst && (!sessionPresent || awayMs >= KEPT_MS);
    this.#downSince = undefined;
    clearInterval(this.#hurry);
    this.#setState("up");
  }

  #disconnected() {
    this.#downSince ??= performance.now();
    clearInterval(this.#hurry);
    this.#hurry = setInterval(() => this.#isNeeded() && this.#terminal.reconnectNow(), HURRY_MS);
    this.#setState("down");
  }

  #onTaken() {
    this.close();
    this.#setState("taken");
  }

  #setState(state) {
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}
