/** @file The settings of the user about calls of others, as the service keeps them for all devices of the user. */
import { requestWithRetry } from "./retry.js";

/** Dispatches `change` when the settings change, and `problem` with the error of a request that failed. */
export class CallSettings extends EventTarget {
  /** Blocked users, by account. @type {string[]} */
  blocked = [];
  /** Users whose calls ring: `everyone`, `allowed` or `nobody`. */
  who = "everyone";
  /** Users whose calls ring while `who` is `allowed`, by account. @type {string[]} */
  allow = [];
  /** End of do-not-disturb, in milliseconds since the epoch by the clock of this device. @type {number | undefined} */
  #silentUntil;
  /** True once the service has answered. */
  isKnown = false;
  #terminal;

  /** @param {import("../terminal.js").Terminal} terminal */
  constructor(terminal) {
    super();
    this.#terminal = terminal;
  }

  /** End of do-not-disturb, or `undefined` if calls ring. */
  get silentUntil() {
    return this.#silentUntil > Date.now() ? this.#silentUntil : undefined;
  }

  /** Reads the settings. A failure is not shown, since the answer to the next change contains the settings, too. */
  async refresh() {
    try {
      this.#apply(await this.#terminal.request("settings", {}));
    } catch {
      // The page keeps the settings that it shows.
    }
  }

  isBlocked(userId) {
    return this.blocked.includes(userId);
  }

  async block(userId) {
    return this.#request("block_user", { user_id: userId });
  }

  async unblock(userId) {
    return this.#request("unblock_user", { user_id: userId });
  }

  /** @param {number} seconds from now; 0 lets calls ring again */
  async setDoNotDisturb(seconds) {
    return this.#request("set_availability", { do_not_disturb_seconds: seconds });
  }

  /** @param {"everyone" | "allowed" | "nobody"} who */
  async setWho(who) {
    return this.#request("set_availability", { who });
  }

  /** Lets calls of a user ring while `who` is `allowed`. The service replaces the list as a whole. */
  async allowUser(userId) {
    return this.#request("set_availability", { allow: [...new Set([...this.allow, userId])] });
  }

  /** Takes a user off the list of those whose calls ring. */
  async disallowUser(userId) {
    return this.#request("set_availability", { allow: this.allow.filter((one) => one !== userId) });
  }

  /** Sends a request and applies the settings in the answer. Returns `true` if the service accepted the request. */
  async #request(type, fields) {
    try {
      this.#apply(await requestWithRetry(this.#terminal, type, fields));
      return true;
    } catch (error) {
      this.dispatchEvent(new CustomEvent("problem", { detail: error }));
      return false;
    }
  }

  #apply({ blocked, who, allow, do_not_disturb_in_ms: silentFor }) {
    this.isKnown = true;
    this.blocked = blocked ?? [];
    this.who = who ?? "everyone";
    this.allow = allow ?? [];
    this.#silentUntil = silentFor > 0 ? Date.now() + silentFor : undefined;
    this.dispatchEvent(new Event("change"));
  }
}
