/** @file The contacts, refreshed periodically while the page is visible. */
import { contacts } from "./account.js";

const EVERY_MS = 2000;

/** Dispatches `change` when a contact is new or changes its name or presence. */
export class Directory extends EventTarget {
  /** @type {{user_id: string, name: string, online: boolean, devices: number}[]} */
  contacts = [];
  #me;
  #timer;

  /** @param {string} me the own user, who is left out */
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
      // Keep the known contacts. Without any, the user can still call an account by its name.
    }
  }
}
