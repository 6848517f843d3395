/** @file The line of a device: connected or not, and whether the device is used somewhere else now. */
import { claimDevice } from "./tabs.js";

/** Dispatches `change`. */
export class Line extends EventTarget {
  /** `up`, `down`, or `taken`: another tab or browser is this device now. */
  state = "down";
  #terminal;
  /** Gives the device up for other tabs. */
  #release = () => {};

  /** @param {import("../terminal.js").Terminal} terminal */
  constructor(terminal) {
    super();
    this.#terminal = terminal;
    const on = (kind, state) => terminal.events.addEventListener(kind, () => this.#enter(state));
    on("connected", "up");
    on("disconnected", "down");
    terminal.events.addEventListener("taken_over", () => this.#taken());
  }

  /** Claims the device and connects. */
  async open() {
    this.#release = claimDevice(this.#terminal.clientId, () => this.#taken());
    try {
      await this.#terminal.connect();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Disconnects for good. The broker keeps what comes for this device. */
  close() {
    this.#release();
    this.#terminal.disconnect();
  }

  #taken() {
    this.close();
    this.#enter("taken");
  }

  #enter(state) {
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}
