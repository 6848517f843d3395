/**
 * @file The protocol log: every uplink and downlink, the latency of answers, and sample events made from uplinks.
 */

import { Recent } from "../terminal/recent.js";

/** Maximum number of entries, and of remembered requests. */
const MAX_ENTRIES = 500;
/** Fields with credentials; the log shows only their first characters. */
const SECRETS = new Set(["token", "single_token", "core_token", "private_map_key", "credential"]);

/**
 * @typedef {object} Entry
 * @property {number} seq
 * @property {"up" | "down" | "note"} direction
 * @property {number} at milliseconds since the page was opened
 * @property {string} type
 * @property {string} [topic]
 * @property {object} [message] with tokens shortened
 * @property {string} [text] the bytes of an uplink
 * @property {number} [latencyMs] of an answer: time since the first copy of its request was sent
 * @property {number} [copy] of an uplink: number of the copy, from 1
 * @property {string} [dropped] reason why the terminal dropped a downlink
 */

/** Collects log entries from the events of a terminal. Dispatches `change`. */
export class ProtocolLog extends EventTarget {
  /** @type {Entry[]} */
  entries = [];
  #seq = 0;
  #requests = new Recent(MAX_ENTRIES);

  /** @param {import("../terminal.js").Terminal} terminal */
  follow(terminal) {
    this.clientId = terminal.clientId;
    terminal.events.addEventListener("uplink", ({ detail }) => this.#sent(detail));
    terminal.events.addEventListener("downlink", ({ detail }) => this.#received(detail));
    for (const kind of ["connected", "disconnected", "taken_over"]) {
      terminal.events.addEventListener(kind, ({ detail }) => this.note(kind, detail));
    }
  }

  /** Adds an entry for something other than a message. */
  note(type, message) {
    this.#add({ direction: "note", at: performance.now(), type, message });
  }

  clear() {
    this.entries = [];
    this.dispatchEvent(new Event("change"));
  }

  #sent({ id, type, topic, text, at }) {
    const request = this.#requests.get(id) ?? { at, copies: 0 };
    request.copies += 1;
    this.#requests.add(id, request);
    this.#add({ direction: "up", at, type, topic, text, message: shortened(JSON.parse(text)), copy: request.copies });
  }

  #received({ topic, text, at, message, dropped }) {
    const request = message && this.#requests.get(message.re);
    this.#add({
      direction: "down",
      at,
      topic,
      dropped,
      type: message?.type ?? "unreadable",
      message: message ? shortened(message) : { text },
      latencyMs: request && at - request.at,
    });
  }

  #add(entry) {
    const entries = [...this.entries.slice(1 - MAX_ENTRIES), { seq: (this.#seq += 1), ...entry }];
    // A terminal reports the uplinks that a downlink causes before the downlink itself, so sort by time.
    this.entries = entries.sort((one, other) => one.at - other.at);
    this.dispatchEvent(new Event("change"));
  }

  /**
   * Converts an uplink to the event that the broker rule passes to the function, for `events/` and
   * `make invoke EVENT=…`.
   * @param {Entry} entry
   */
  sampleEvent({ topic, text }) {
    const payload = btoa(String.fromCharCode(...new TextEncoder().encode(text)));
    // The year 2100, as in all samples, so that the request does not expire.
    const received = 4_102_444_800_000;
    return {
      payload,
      client_id: this.clientId,
      topic,
      received_ms: received,
      trace_id: crypto.randomUUID(),
    };
  }
}

/** Returns a copy of a JSON value in which tokens are cut to their first 12 characters. */
export function shortened(value) {
  if (Array.isArray(value)) return value.map(shortened);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      SECRETS.has(name) && typeof field === "string"
        ? `${field.slice(0, 12)}… (${field.length} characters)`
        : shortened(field),
    ]),
  );
}
