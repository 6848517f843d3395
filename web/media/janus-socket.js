/**
 * @file The Janus protocol over a WebSocket: one session with keep-alives, plugin handles, and answers by transaction.
 * Janus checks the core token of every request, so each request carries the newest one.
 */
import { MediaError } from "./adapter.js";

/** Interval of keep-alives; Janus deletes a session after 60 s without an accepted message. */
const KEEP_ALIVE_MS = 25_000;
/** Maximum time for the connect, and for the answer to a request. */
const ANSWER_MS = 10_000;
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
  #isClosed = false;

  /**
   * @param {object} parts
   * @param {() => object} parts.join returns the newest `join`
   * @param {(join: object) => Promise<void>} parts.renew replaces a `join` whose token was not accepted
   * @param {() => void} parts.onLost called once when the session is over
   */
  constructor({ join, renew, onLost }) {
    this.join = join;
    this.renew = renew;
    this.onLost = onLost;
  }

  async open() {
    this.#socket = new WebSocket(this.join().url, "janus-protocol");
    await opened(this.#socket);
    this.#socket.onmessage = ({ data }) => this.#receive(data);
    this.#socket.onclose = () => this.#lost();
    const { data } = await this.#request({ janus: "create" });
    this.#sessionId = data.id;
    this.#timer = setInterval(() => this.#keepAlive(), KEEP_ALIVE_MS);
  }

  /**
   * Attaches to a plugin and returns the handle. `onEvent` gets the events that answer no request; `{hangup: true}` means
   * that Janus has ended the media or the handle.
   */
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
        connection.onicecandidate = ({ candidate }) => {
          const message = { janus: "trickle", handle_id: data.id, candidate: candidate ?? { completed: true } };
          // Another candidate may connect without this one. If none connects, the peer connection reports the failure.
          this.#request(message, { isAckAnswer: true }).catch(() => {});
        };
      },
      /** Releases the handle on the server. A failure is ignored: the handle ends with the session. */
      detach: () => {
        if (!this.#handles.delete(data.id) || this.#isClosed) return;
        this.#request({ janus: "detach", handle_id: data.id }).catch(() => {});
      },
    };
  }

  close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#rejectPending();
    if (!this.#socket) return;
    this.#socket.onclose = null;
    if (this.#socket.readyState === WebSocket.OPEN) this.#send({ janus: "destroy" }, this.join());
    this.#socket.close();
  }

  #lost() {
    if (this.#isClosed) return;
    this.close();
    this.onLost();
  }

  async #keepAlive() {
    try {
      await this.#request({ janus: "keepalive" }, { isAckAnswer: true });
    } catch (error) {
      // On other errors, the next keep-alive retries. Janus reports when it deletes the session.
      if (error instanceof MediaError) this.#lost();
    }
  }

  /** Rejects all pending requests. */
  #rejectPending() {
    const lost = () => new MediaError("unreachable", "the connection to the media service was lost");
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(lost());
    }
    this.#pending.clear();
  }

  #send(message, join) {
    const transaction = String((this.#count += 1));
    const session = this.#sessionId === undefined ? {} : { session_id: this.#sessionId };
    const token = join.params.core_token ? { token: join.params.core_token } : {};
    this.#socket.send(JSON.stringify({ ...message, ...session, ...token, transaction }));
    return transaction;
  }

  /** Sends a request of a session. Renews a token that is not accepted, once. */
  async #request(message, { isAckAnswer = false } = {}) {
    const join = this.join();
    try {
      return await this.#requestOnce(message, join, isAckAnswer);
    } catch (error) {
      // Before Janus has created a session, the caller can start again with a new connection.
      if (error.code !== "unauthenticated" || this.#sessionId === undefined) throw error;
    }
    await this.renew(join);
    return this.#requestOnce(message, this.join(), isAckAnswer);
  }

  #requestOnce(message, join, isAckAnswer) {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(new MediaError("unreachable", "the connection to the media service is closed"));
      const transaction = this.#send(message, join);
      const timer = setTimeout(() => {
        this.#pending.delete(transaction);
        reject(new MediaError("unreachable", "the media service did not answer"));
      }, ANSWER_MS);
      this.#pending.set(transaction, { resolve, reject, timer, isAckAnswer });
      return undefined;
    });
  }

  #receive(text) {
    const message = parsed(text);
    const { janus, transaction, sender } = message;
    // A session without an accepted keep-alive is deleted by Janus.
    if (janus === "timeout") return this.#lost();
    const request = this.#pending.get(transaction);
    if (request) {
      // To a request of a plugin `ack` only confirms the receipt; the answer follows.
      if (janus === "ack" && !request.isAckAnswer) return undefined;
      clearTimeout(request.timer);
      this.#pending.delete(transaction);
      if (janus === "error") request.reject(mediaError(message.error));
      else request.resolve(message);
      return undefined;
    }
    if (janus === "event") this.#handles.get(sender)?.({ data: message.plugindata?.data, jsep: message.jsep });
    if (janus === "hangup" || janus === "detached") this.#handles.get(sender)?.({ hangup: true });
    return undefined;
  }
}

function opened(socket) {
  return new Promise((resolve, reject) => {
    const fail = () => reject(new MediaError("unreachable", "the media service cannot be reached"));
    const timer = setTimeout(() => {
      socket.close();
      fail();
    }, ANSWER_MS);
    socket.onopen = () => {
      clearTimeout(timer);
      resolve();
    };
    socket.onerror = () => {
      clearTimeout(timer);
      fail();
    };
  });
}

function parsed(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

function mediaError({ code, reason = "refused" } = {}) {
  return new MediaError(code === UNAUTHORIZED ? "unauthenticated" : "refused", reason);
}
