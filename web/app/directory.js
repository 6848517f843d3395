/** @file Who there is, looked at again and again while the page is seen. */
import { contacts } from "./account.js";

const EVERY_MS = 2000;

/** Dispatches `change` when somebody came, went or has another name. */
export class Directory extends EventTarget {
  /** @type {{user_id: string, name: string, online: boolean, devices: number}[]} */
  contacts = [];
  #me;
  #timer;

  /** @param {string} me whose own entry is left out */
  constructor(me) {
    super();
    this.#me = me;
  }

  start() {
    this.#timer = setInterval(() => document.hidden || this.refresh(), EVERY_MS);
    this.refresh();
  }

  stop() {
    clearInterval(this.#timer);
  }

  nameOf(userId) {
    return this.contacts.find((one) => one.user_id === userId)?.name;
  }

  async refresh() {
    try {
      const found = (await contacts()).filter(({ user_id: userId }) => userId !== this.#me);
      if (JSON.stringify(found) === JSON.stringify(this.contacts)) return;
      this.contacts = found;
      this.dispatchEvent(new Event("change"));
    } catch {
      // A page without a directory still calls by account.
    }
  }
}
