/** @file Short words to the user that go away by themselves. */

const SHOWN_MS = 7000;
const MOST = 4;

/** Dispatches `change`. */
export class Notices extends EventTarget {
  /** @type {{id: number, kind: "info" | "error", text: string}[]} */
  list = [];
  #count = 0;

  show(text, kind = "info") {
    const id = (this.#count += 1);
    this.list = [...this.list.slice(1 - MOST), { id, kind, text }];
    setTimeout(() => this.dismiss(id), SHOWN_MS);
    this.dispatchEvent(new Event("change"));
  }

  dismiss(id) {
    this.list = this.list.filter((notice) => notice.id !== id);
    this.dispatchEvent(new Event("change"));
  }
}
