/**
 * @file The Janus protocol over a WebSocket: one session with keep-alives, plugin handles, and answers by transaction.
 */
import { MediaError } from "./adapter.js";

/** Interval of keep-alives; Janus deletes a session after 60 s without a message. */
const KEEP_ALIVE_MS = 25_000;
/** Error code of the Janus core for a token that it does not accept. */
const UNAUTHORIZED = 403;

/** One session with a Janus server. */
export class JanusSocket {
  #socket;
  #sessionId;
  #pending = new Map();
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
    this.#socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    this.#socket.onclose = () => this.#onClose();
    const { data } = await this.#request({ janus: "create" });
    this.#sessionId = data.id;
    this.#timer = setInterval(() => this.#send({ janus: "keepalive" }), KEEP_ALIVE_MS);
  }

  /** Attaches to a plugin and returns the handle. `onEvent` gets the events that answer no request. */
  async attach(plugin, onEvent) {
    const { data } = await this.#request({ janus: "attach", plugin });
    this.#handles.set(data.id, onEvent);
    return {
      /** Sends a request to the plugin. Its answer is an event with the same transaction. */
      request: async (body, jsep) => {
        const answer = await this.#request({ janus: "message", handle_id: data.id, body, ...(jsep && { jsep }) });
        return { data: answer.plugindata?.data ?? {}, jsep: answer.jsep };
      },
      trickle: (connection) => {
        connection.onicecandidate = ({ candidate }) =>
          this.#send({ janus: "trickle", handle_id: data.id, candidate: candidate ?? { completed: true } });
      },
      /** Releases the handle on the server. */
      detach: () => {
        if (this.#handles.delete(data.id)) this.#send({ janus: "detach", handle_id: data.id });
      },
    };
  }

  close() {
    clearInterval(this.#timer);
    if (!this.#socket) return;
    this.#socket.onclose = null;
    this.#rejectPending();
    if (this.#socket.readyState === WebSocket.OPEN) this.#send({ janus: "destroy" });
    this.#socket.close();
  }

  #onClose() {
    clearInterval(this.#timer);
    this.#rejectPending();
    this.onLost();
  }

  /** Rejects all pending requests. */
  #rejectPending() {
    const lost = () => new MediaError("unreachable", "the connection to the media service was lost");
    for (const { reject } of this.#pending.values()) reject(lost());
    this.#pending.clear();
  }

  #send(message) {
    const transaction = String((this.#count += 1));
    const session = this.#sessionId === undefined ? {} : { session_id: this.#sessionId };
    const token = this.token ? { token: this.token } : {};
    this.#socket.send(JSON.stringify({ ...message, ...session, ...token, transaction }));
    return transaction;
  }

  #request(message) {
    return new Promise((resolve, reject) => this.#pending.set(this.#send(message), { resolve, reject }));
  }

  #receive(message) {
    const { janus, transaction, sender } = message;
    const request = this.#pending.get(transaction);
    // `ack` only confirms that the plugin has received the request; the answer follows.
    if (request && janus !== "ack") {
      this.#pending.delete(transaction);
      if (janus === "error") request.reject(mediaError(message.error));
      else request.resolve(message);
      return;
    }
    if (janus === "event") this.#handles.get(sender)?.({ data: message.plugindata?.data, jsep: message.jsep });
    if (janus === "hangup") this.#handles.get(sender)?.({ hangup: true });
  }
}

function mediaError({ code, reason = "refused" } = {}) {
  return new MediaError(code === UNAUTHORIZED ? "unauthenticated" : "refused", reason);
}
