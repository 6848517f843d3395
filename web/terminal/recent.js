/** @file A map of limited size. */

/** Keeps the last `limit` keys; the oldest is deleted first. @template V */
export class Recent {
  /** @param {number} limit maximum number of keys */
  constructor(limit) {
    this.limit = limit;
    /** @type {Map<string, V>} */
    this.entries = new Map();
  }

  has(key) {
    return this.entries.has(key);
  }

  get(key) {
    return this.entries.get(key);
  }

  /** Stores `key`. Returns `true` if it was not stored before. */
  add(key, value = true) {
    const isNew = !this.entries.has(key);
    this.entries.set(key, value);
    if (this.entries.size > this.limit) this.entries.delete(this.entries.keys().next().value);
    return isNew;
  }

  delete(key) {
    return this.entries.delete(key);
  }
}
