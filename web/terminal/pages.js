/** @file Puts the pages of a large `state` together. */

/** Pages of answers that are not complete yet, by request. */
export class Pages {
  /** @type {Map<string, Map<number, object>>} */
  #incomplete = new Map();

  /**
   * Takes an answer, or a page of one.
   * @param {object} message
   * @returns {object | undefined} the whole answer when all of it is there
   */
  take(message) {
    if (message.type !== "state" || !(message.pages > 1)) return message;
    const pages = this.#incomplete.get(message.re) ?? new Map();
    pages.set(message.page, message);
    this.#incomplete.set(message.re, pages);
    // An answer that is made anew may have fewer pages; the last word counts.
    if (pages.size < message.pages) return undefined;
    this.#incomplete.delete(message.re);
    const sorted = [...pages.entries()].sort(([first], [second]) => first - second).map(([, page]) => page);
    const all = (name) => sorted.flatMap((page) => (Array.isArray(page[name]) ? page[name] : []));
    return { ...message, page: 1, pages: 1, meetings: joined(all("meetings")), invitations: all("invitations") };
  }

  /** Nobody waits for this answer any more. */
  forget(requestId) {
    this.#incomplete.delete(requestId);
  }
}

/**
 * A meeting with too many people for one page goes on in the next one: the same meeting with the others.
 * @param {object[]} parts
 * @returns {object[]}
 */
function joined(parts) {
  const meetings = [];
  for (const part of parts) {
    const last = meetings.at(-1);
    if (last && last.meeting_id === part.meeting_id) {
      meetings[meetings.length - 1] = { ...last, participants: [...last.participants, ...part.participants] };
    } else {
      meetings.push(part);
    }
  }
  return meetings;
}
