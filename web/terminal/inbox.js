/**
 * @file Classifies each downlink: answer to a pending request, other news, or dropped. Pure: no network, no clock.
 */
import { Recent } from "./recent.js";
import { Revisions } from "./revisions.js";

/** Number of remembered downlink ids; the protocol requires at least 1,000. */
const REMEMBERED_IDS = 2000;

/**
 * Result for one downlink. `gap`: a message of the meeting before this one was missed.
 * @typedef {{verdict: "answer"} | {verdict: "news", gap: boolean} | {verdict: "dropped", why: string}} Verdict
 */

/** Remembers received downlinks, to recognise duplicates, second answers and old snapshots. */
export class Inbox {
  #seen = new Recent(REMEMBERED_IDS);
  #answered = new Recent(REMEMBERED_IDS);
  #revisions = new Revisions();

  /**
   * Classifies a downlink and remembers it.
   * @param {object} message
   * @param {(requestId: string) => boolean} isWaiting returns `true` for a request without an answer yet
   * @returns {Verdict}
   */
  classify(message, isWaiting) {
    if (typeof message.expires_in_ms === "number" && message.expires_in_ms <= 0) return dropped("expired");
    const isNew = this.#seen.add(message.id);
    const request = typeof message.re === "string" ? message.re : undefined;
    if (request !== undefined) {
      // The answer to a repeated request may have the downlink id of the first answer: not a duplicate here.
      if (isWaiting(request)) {
        this.#revisions.record(message);
        return { verdict: "answer" };
      }
      if (isNew && this.#answered.has(request)) return dropped("a second answer");
    }
    if (!isNew) return dropped("a duplicate");
    if (request !== undefined) this.#answered.add(request);
    const standing = this.#revisions.record(message);
    return standing === "superseded"
      ? dropped("superseded by a newer snapshot")
      : { verdict: "news", gap: standing === "after_gap" };
  }

  /** Remembers that a request has its complete answer. A second answer is then dropped. */
  markAnswered(requestId) {
    this.#answered.add(requestId);
  }
}

/**
 * Parses the envelope of a downlink.
 * @param {string} text
 * @returns {{message: object} | {unreadable: string}} the message, or the reason why it cannot be read
 */
export function readEnvelope(text) {
  let message;
  try {
    message = JSON.parse(text);
  } catch {
    return { unreadable: "not JSON" };
  }
  if (typeof message !== "object" || message === null || Array.isArray(message))
    return { unreadable: "not a JSON object" };
  // The protocol treats `null` as absent; only `re` may be `null`.
  for (const [name, value] of Object.entries(message)) if (value === null && name !== "re") delete message[name];
  if (message.v !== 1) return { unreadable: "unsupported protocol version" };
  if (typeof message.type !== "string" || typeof message.id !== "string") return { unreadable: "missing type or id" };
  return { message };
}

const dropped = (why) => ({ verdict: "dropped", why });
