/**
 * @file Decides what becomes of a downlink: an answer, news, or nothing. Pure: no network, no clock of its own.
 */
import { Recent } from "./recent.js";
import { Revisions } from "./revisions.js";

/** Ids that are remembered; the protocol asks for 1,000 at least. */
const REMEMBERED_IDS = 2000;

/**
 * What becomes of a downlink.
 * @typedef {{verdict: "answer"} | {verdict: "news", gap: boolean} | {verdict: "dropped", why: string}} Verdict
 */

/** What a terminal remembers of what came. */
export class Inbox {
  #seen = new Recent(REMEMBERED_IDS);
  #answered = new Recent(REMEMBERED_IDS);
  #revisions = new Revisions();

  /**
   * Takes a downlink.
   * @param {object} message
   * @param {(requestId: string) => boolean} isWaiting whether a request waits for its answer
   * @returns {Verdict}
   */
  take(message, isWaiting) {
    if (typeof message.expires_in_ms === "number" && message.expires_in_ms <= 0) return dropped("past its time");
    const isNew = this.#seen.add(message.id);
    const request = typeof message.re === "string" ? message.re : undefined;
    if (request !== undefined) {
      // A repeated request is answered under the same downlink id, so who waits gets it, seen or not.
      if (isWaiting(request)) {
        this.#revisions.note(message);
        return { verdict: "answer" };
      }
      if (isNew && this.#answered.has(request)) return dropped("a second answer");
    }
    if (!isNew) return dropped("a duplicate");
    if (request !== undefined) this.#answered.add(request);
    const standing = this.#revisions.note(message);
    return standing === "superseded"
      ? dropped("older than what is known")
      : { verdict: "news", gap: standing === "after_gap" };
  }

  /** Remembers that a request has its whole answer; the next one is ignored. */
  settle(requestId) {
    this.#answered.add(requestId);
  }
}

/**
 * Reads an envelope.
 * @param {string} text
 * @returns {{message: object} | {unreadable: string}}
 */
export function readEnvelope(text) {
  let message;
  try {
    message = JSON.parse(text);
  } catch {
    return { unreadable: "no JSON" };
  }
  if (typeof message !== "object" || message === null || Array.isArray(message))
    return { unreadable: "no JSON object" };
  // What is `null` is absent.
  for (const [name, value] of Object.entries(message)) if (value === null && name !== "re") delete message[name];
  if (message.v !== 1) return { unreadable: "another version of the protocol" };
  if (typeof message.type !== "string" || typeof message.id !== "string") return { unreadable: "no type or no id" };
  return { message };
}

const dropped = (why) => ({ verdict: "dropped", why });
