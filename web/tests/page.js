/** @file The page without its views, logged in over a fake broker, for tests. */
import { Terminal } from "../terminal.js";
import { FakeBroker, VirtualClock, settled } from "./virtual.js";

const storage = () => {
  const stored = new Map();
  return {
    getItem: (key) => stored.get(key) ?? null,
    setItem: (key, value) => stored.set(key, value),
    removeItem: (key) => stored.delete(key),
    clear: () => stored.clear(),
  };
};
/** The parts of a browser that the page asks for; without cameras. */
Object.assign(globalThis, {
  localStorage: storage(),
  sessionStorage: storage(),
  addEventListener: () => {},
  document: { hidden: true, addEventListener: () => {} },
  fetch: async () => ({ ok: true, json: async () => ({ contacts: [] }) }),
  // Each page is that of another browser: none takes the device of another one over.
  BroadcastChannel: class {
    postMessage() {}
    close() {}
  },
  navigator: globalThis.navigator ?? { userAgent: "Node.js", mediaDevices: new EventTarget() },
});
const { Phone } = await import("../app/phone.js");

let count = 0;

/** The phone of bob.tab and its service, which answers what a test tells it to. */
export class Page {
  broker = new FakeBroker();
  clock = new VirtualClock();
  phone;
  #sent = [];

  /**
   * Logs in. The `sync` of the login stays unanswered.
   * @param {import("node:test").TestContext} t
   * @param {{isReload?: boolean}} [options] `isReload`: the tab remembers its call
   */
  static async open(t, { isReload = false } = {}) {
    if (!isReload) sessionStorage.clear();
    const page = new Page();
    page.phone = new Phone({
      open: async () => new Terminal({ clientId: "GID_web@@@bob.tab", transport: page.broker, clock: page.clock }),
    });
    page.phone.tones = { play: () => {}, stop: () => {} };
    const started = page.phone.start({ account: "bob", device: "tab", name: "Bob" });
    t.after(async () => {
      page.phone.stop();
      sessionStorage.clear();
      localStorage.clear();
      await started;
    });
    await settled();
    return page;
  }

  /** Returns the last request of this type that was sent and not yet returned, if any. */
  sent(type) {
    this.#sent.push(...this.broker.taken().map(({ message }) => message));
    const at = this.#sent.findLastIndex((message) => message.type === type);
    return at < 0 ? undefined : this.#sent.splice(at, 1)[0];
  }

  /** Answers the last request of a type. */
  async answer(request, type, fields = {}) {
    const { id: re, meeting_id } = this.sent(request) ?? {};
    if (re === undefined) throw new Error(`no ${request} was sent`);
    await this.downlink(type, { re, ...(meeting_id && { meeting_id }), ...fields });
    await settled();
  }

  async refuse(request, code, fields = {}) {
    await this.answer(request, "error", { code, message: code, retryable: false, sip: 403, ...fields });
  }

  /** Delivers a downlink. */
  async downlink(type, fields = {}) {
    await this.broker.deliver({ v: 1, type, id: `d${(count += 1)}`, server_ms: 0, ...fields });
    await settled();
  }

  get notices() {
    return this.phone.notices.list.map(({ text }) => text);
  }
}

/** Returns a participant of the protocol. */
export const person = (userId, state = "joined", fields = {}) => ({
  user_id: userId,
  role: "member",
  state,
  speech: { mode: "free" },
  hand: false,
  media: { audio: true, video: false, screen: false },
  ...fields,
});

/** Returns a `meeting` of the protocol, with bob as its host. */
export const meeting = (participants, fields = {}) => ({
  meeting_id: "m1",
  mode: "direct",
  media: "audio",
  state: "active",
  rev: 5,
  host: "bob",
  created_ms: 0,
  ends_in_ms: 14_400_000,
  locked: false,
  policy: {},
  participants,
  ...fields,
});

/** A `join` of a service that the page has no adapter for: it enters the call without media. */
export const join = { provider: "none", url: "", channel_id: "m1", user_id: "bob", token: "t", token_expires_in_ms: 1, rights: {}, params: {} };
