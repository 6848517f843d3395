/** @file Joins the pages of a large `state`, or of large `settings`. */

/** Collects the pages of incomplete answers, by request id. */
export class Pages {
  /** @type {Map<string, {total: number, received: Map<number, object>}>} */
  #incomplete = new Map();

  /**
   * Adds an answer, or one page of it.
   * @param {object} message
   * @returns {object | undefined} the whole answer, once all pages have come
   */
  add(message) {
    const { re, type, page, pages: total } = message;
    if (!(type === "state" || type === "settings") || !(total > 1) || !(page >= 1 && page <= total)) return message;
    const known = this.#incomplete.get(re);
    // The answer to a repeated request may have another number of pages, which do not fit the first ones.
    const received = known?.total === total ? known.received : new Map();
    received.set(page, message);
    this.#incomplete.set(re, { total, received });
    if (received.size < total) return undefined;
    this.#incomplete.delete(re);
    const sorted = [...received.entries()].sort(([first], [second]) => first - second).map(([, page]) => page);
    const all = (name) => sorted.flatMap((page) => (Array.isArray(page[name]) ? page[name] : []));
    // The fields that are no lists in parts, as `missed`, stand on the first page.
    const whole = { ...sorted[0], page: 1, pages: 1 };
    if (type === "settings") return { ...whole, blocked: all("blocked"), allow: all("allow") };
    return { ...whole, meetings: joined(all("meetings")), invitations: all("invitations") };
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
