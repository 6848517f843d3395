/** @file The last so many keys, oldest forgotten first. */

/** A map that forgets. @template V */
export class Recent {
  /** @param {number} limit keys that are remembered */
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

  /** Remembers `key`; whether it was not known before. */
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
