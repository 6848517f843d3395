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
    return { ...message, page: 1, pages: 1, meetings: all("meetings"), invitations: all("invitations") };
  }

  /** Nobody waits for this answer any more. */
  forget(requestId) {
    this.#incomplete.delete(requestId);
  }
}
