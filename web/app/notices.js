/** @file Short messages to the user that disappear after a few seconds. */

const SHOWN_MS = 7000;
const MAX_SHOWN = 4;

/** Dispatches `change` when `list` changes. */
export class Notices extends EventTarget {
  /** @type {{id: number, kind: "info" | "error", text: string}[]} */
  list = [];
  #count = 0;

  show(text, kind = "info") {
    const id = (this.#count += 1);
    this.list = [...this.list.slice(1 - MAX_SHOWN), { id, kind, text }];
    setTimeout(() => this.dismiss(id), SHOWN_MS);
    this.dispatchEvent(new Event("change"));
  }

  dismiss(id) {
    this.list = this.list.filter((notice) => notice.id !== id);
    this.dispatchEvent(new Event("change"));
  }
}
