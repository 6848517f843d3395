/**
 * @file The protocol log: every uplink and downlink with its latency, and what a sample event of it looks like.
 */

import { Recent } from "../terminal/recent.js";

/** Entries, and requests that may still be answered, that are kept. */
const MOST = 500;
/** Fields that let their holder in somewhere; they are shown by their beginning. */
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
 * @property {number} [latencyMs] of an answer: since the first copy of its request
 * @property {number} [copy] of an uplink: which copy
 * @property {string} [dropped] why a downlink was of no use
 */

/** Listens to a terminal. */
export class ProtocolLog extends EventTarget {
  /** @type {Entry[]} */
  entries = [];
  #seq = 0;
  #asked = new Recent(MOST);

  /** @param {import("../terminal.js").Terminal} terminal */
  follow(terminal) {
    this.clientId = terminal.clientId;
    terminal.events.addEventListener("uplink", ({ detail }) => this.#sent(detail));
    terminal.events.addEventListener("downlink", ({ detail }) => this.#came(detail));
    for (const kind of ["connected", "disconnected", "taken_over"]) {
      terminal.events.addEventListener(kind, ({ detail }) => this.note(kind, detail));
    }
  }

  /** Something that was not said on the wire. */
  note(type, message) {
    this.#add({ direction: "note", at: performance.now(), type, message });
  }

  clear() {
    this.entries = [];
    this.dispatchEvent(new Event("change"));
  }

  #sent({ id, type, topic, text, at }) {
    const asked = this.#asked.get(id) ?? { at, copies: 0 };
    asked.copies += 1;
    this.#asked.add(id, asked);
    this.#add({ direction: "up", at, type, topic, text, message: shortened(JSON.parse(text)), copy: asked.copies });
  }

  #came({ topic, text, at, message, dropped }) {
    const asked = message && this.#asked.get(message.re);
    this.#add({
      direction: "down",
      at,
      topic,
      dropped,
      type: message?.type ?? "unreadable",
      message: message ? shortened(message) : { text },
      latencyMs: asked && at - asked.at,
    });
  }

  #add(entry) {
    const entries = [...this.entries.slice(1 - MOST), { seq: (this.#seq += 1), ...entry }];
    // What a downlink made the terminal say is told before the downlink itself.
    this.entries = entries.sort((one, other) => one.at - other.at);
    this.dispatchEvent(new Event("change"));
  }

  /**
   * An uplink as its rule hands it to the function, for `events/` and `make invoke EVENT=…`.
   * @param {Entry} entry
   */
  sampleEvent({ topic, text }) {
    const payload = btoa(String.fromCharCode(...new TextEncoder().encode(text)));
    // The year 2100, as in all samples: they do not expire.
    const received = 4_102_444_800_000;
    return {
      payload,
      client_id: this.clientId,
      topic,
      received_ms: received,
      trace_id: crypto.randomUUID(),
      source_ip: "203.0.113.7",
    };
  }
}

/** A copy in which tokens are shown by their beginning only. */
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
