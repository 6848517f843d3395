/** @file Joins the pages of a large `state`, or of large `settings`. */

/** Collects the pages of incomplete answers, by request id. */
export class Pages {
  /** @type {Map<string, Map<number, object>>} */
  #incomplete = new Map();

  /**
   * Adds an answer, or one page of it.
   * @param {object} message
   * @returns {object | undefined} the whole answer, once all pages have come
   */
  add(message) {
    if (!(message.type === "state" || message.type === "settings") || !(message.pages > 1)) return message;
    const pages = this.#incomplete.get(message.re) ?? new Map();
    pages.set(message.page, message);
    this.#incomplete.set(message.re, pages);
    // The answer to a repeated request may have another number of pages: the newest page decides.
    if (pages.size < message.pages) return undefined;
    this.#incomplete.delete(message.re);
    const sorted = [...pages.entries()].sort(([first], [second]) => first - second).map(([, page]) => page);
    const all = (name) => sorted.flatMap((page) => (Array.isArray(page[name]) ? page[name] : []));
    if (message.type === "settings") {
      return { ...message, page: 1, pages: 1, blocked: all("blocked"), allow: all("allow") };
    }
    return { ...message, page: 1, pages: 1, meetings: joined(all("meetings")), invitations: all("invitations") };
  }

  /** Discards the pages of a request that was given up. */
  forget(requestId) {
    this.#incomplete.delete(requestId);
  }
}

/**
 * Merges the parts of a meeting: one with too many participants for a page is continued on the next page.
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
