/** @file State of a device's connection, including use of the same device in another tab or browser. */
import { claimDevice } from "./tabs.js";

/** Dispatches `change` when `state` changes. */
export class Connection extends EventTarget {
  /**
   * `up`, `down`, `taken`: another tab or browser uses this device now, or `refused`: the service does not accept the login
   * any more.
   */
  state = "down";
  #terminal;
  /** Ends the claim made by `claimDevice`. */
  #release = () => {};

  /** @param {import("../terminal.js").Terminal} terminal */
  constructor(terminal) {
    super();
    this.#terminal = terminal;
    const on = (kind, state) => terminal.events.addEventListener(kind, () => this.#setState(state));
    on("connected", "up");
    on("disconnected", "down");
    on("login_refused", "refused");
    terminal.events.addEventListener("taken_over", () => this.#onTaken());
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
    this.#release();
    this.#terminal.disconnect();
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
