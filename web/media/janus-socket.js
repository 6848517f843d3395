/**
 * @file The Janus protocol over a WebSocket: a session that is kept alive, handles of plugins, and answers by transaction.
 */
import { MediaError } from "./adapter.js";

/** Janus forgets a session that is silent for a minute. */
const KEEP_ALIVE_MS = 25_000;
/** What the core says to a token that it does not take. */
const UNAUTHORIZED = 403;

/** A session with a Janus server. */
export class JanusSocket {
  #socket;
  #sessionId;
  #waiting = new Map();
  #handles = new Map();
  #timer;
  #count = 0;

  /** @param {string} url @param {string | undefined} token @param {() => void} onLost */
  constructor(url, token, onLost) {
    this.url = url;
    this.token = token;
    this.onLost = onLost;
  }

  async open() {
    this.#socket = new WebSocket(this.url, "janus-protocol");
    await new Promise((resolve, reject) => {
      this.#socket.onopen = resolve;
      this.#socket.onerror = () => reject(new MediaError("unreachable", "the media service cannot be reached"));
    });
    this.#socket.onmessage = ({ data }) => this.#heard(JSON.parse(data));
    this.#socket.onclose = () => this.#lost();
    const { data } = await this.#ask({ janus: "create" });
    this.#sessionId = data.id;
    this.#timer = setInterval(() => this.#send({ janus: "keepalive" }), KEEP_ALIVE_MS);
  }

  /** A handle of a plugin. `onEvent` gets what comes unasked. */
  async attach(plugin, onEvent) {
    const { data } = await this.#ask({ janus: "attach", plugin });
    this.#handles.set(data.id, onEvent);
    return {
      /** Asks the plugin; its answer comes as an event of the same transaction. */
      ask: async (body, jsep) => {
        const answer = await this.#ask({ janus: "message", handle_id: data.id, body, ...(jsep && { jsep }) });
        return { data: answer.plugindata?.data ?? {}, jsep: answer.jsep };
      },
      trickle: (connection) => {
        connection.onicecandidate = ({ candidate }) =>
          this.#send({ janus: "trickle", handle_id: data.id, candidate: candidate ?? { completed: true } });
      },
      /** Gives it back to the server. */
      detach: () => {
        if (this.#handles.delete(data.id)) this.#send({ janus: "detach", handle_id: data.id });
      },
    };
  }

  close() {
    clearInterval(this.#timer);
    if (!this.#socket) return;
    this.#socket.onclose = null;
    this.#giveUp();
    if (this.#socket.readyState === WebSocket.OPEN) this.#send({ janus: "destroy" });
    this.#socket.close();
  }

  #lost() {
    clearInterval(this.#timer);
    this.#giveUp();
    this.onLost();
  }

  /** Nobody answers any more. */
  #giveUp() {
    for (const { reject } of this.#waiting.values()) reject(new MediaError("unreachable", "the connection was lost"));
    this.#waiting.clear();
  }

  #send(message) {
    const transaction = String((this.#count += 1));
    const session = this.#sessionId === undefined ? {} : { session_id: this.#sessionId };
    const token = this.token ? { token: this.token } : {};
    this.#socket.send(JSON.stringify({ ...message, ...session, ...token, transaction }));
    return transaction;
  }

  #ask(message) {
    return new Promise((resolve, reject) => this.#waiting.set(this.#send(message), { resolve, reject }));
  }

  #heard(message) {
    const { janus, transaction, sender } = message;
    const waiting = this.#waiting.get(transaction);
    // `ack` says only that the plugin is at it.
    if (waiting && janus !== "ack") {
      this.#waiting.delete(transaction);
      if (janus === "error") waiting.reject(refused(message.error));
      else waiting.resolve(message);
      return;
    }
    if (janus === "event") this.#handles.get(sender)?.({ data: message.plugindata?.data, jsep: message.jsep });
    if (janus === "hangup") this.#handles.get(sender)?.({ hangup: true });
  }
}

function refused({ code, reason = "refused" } = {}) {
  return new MediaError(code === UNAUTHORIZED ? "unauthenticated" : "refused", reason);
}
