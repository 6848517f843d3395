/**
 * @file The logic of a terminal, without the connection. Input: downlinks and requests of the app. Output: uplinks and
 * events. Every input is processed synchronously, so that tests can run it step by step (`tests/conformance`).
 */
import { Inbox, readEnvelope } from "./inbox.js";
import { Outbox } from "./outbox.js";
import { Pages } from "./pages.js";
import { DOWNLINKS } from "./protocol.js";
import { Recent } from "./recent.js";
import { isAnswered, isDecision, uplink } from "./requests.js";
import { Rings } from "./rings.js";

/** Number of requests that can be repeated. */
const REMEMBERED_REQUESTS = 200;
/** Stop reason of a ring that the user answers on this device, by request type. */
const STOPS = { accept: "accepted", reject: "rejected", silence: "silenced" };

/** The logic of one terminal. */
export class Session {
  #inbox = new Inbox();
  #pages = new Pages();
  /** Requests of the app, by id, each with the promise of its outcome. */
  #requests = new Recent(REMEMBERED_REQUESTS);
  /** The pending or successful `accept` or `reject` of each invitation, by invitation id. */
  #invitationAnswers = new Map();
  /** Requests that the terminal sends by itself, by id: `sync` and `ringing`. */
  #own = new Recent(REMEMBERED_REQUESTS);
  /** State of the `sync` for all meetings: `waiting` for its answer, and `again` if another one must follow. */
  #sync = { waiting: false, again: false };
  #steps = 0;
  /** Time up to which the app knows the missed calls; `undefined` if no `sync` lists missed calls. */
  #missedSinceMs;

  /**
   * @param {object} parts
   * @param {import("../terminal.js").Clock} parts.clock
   * @param {() => string} parts.newId
   * @param {(uplink: object) => boolean} parts.send returns `false` if there is no connection
   * @param {(kind: string, detail: object) => void} parts.emit dispatches an event of `Terminal.events`
   * @param {object} [parts.topics]
   * @param {object} [parts.retry]
   * @param {number} [parts.missedSinceMs]
   */
  constructor({ clock, newId, send, emit, topics, retry, missedSinceMs }) {
    this.#missedSinceMs = missedSinceMs;
    this.newId = newId;
    this.emit = emit;
    this.topics = topics;
    this.outbox = new Outbox({ clock, send, retry });
    this.rings = new Rings({
      clock,
      step: () => ++this.#steps,
      ring: (invitation) => this.#ring(invitation),
      stop: ({ meeting_id, invite_id }, reason) => this.emit("stops", { meeting_id, invite_id, reason }),
    });
  }

  /**
   * Sends a request of the app. A second answer to an invitation is not sent: it gets the outcome of the first.
   * @param {string} type
   * @param {object} fields
   * @param {{id?: string, ttlMs?: number}} options
   * @returns {{id: string, outcome: Promise<import("./outbox.js").Outcome> | undefined}}
   */
  request(type, fields = {}, { id = this.newId(), ttlMs } = {}) {
    const standing = isDecision(type) ? this.#invitationAnswers.get(fields.invite_id) : undefined;
    if (standing) return standing;
    const request = uplink(id, type, ttlMs === undefined ? fields : { ttl_ms: ttlMs, ...fields }, this.topics);
    return this.#send(request);
  }

  /**
   * Repeats a request of the app with the same id and body.
   * @param {string} id
   * @throws {RangeError} if the id is not among the last 200
   */
  repeat(id) {
    const known = this.#requests.get(id);
    if (!known) throw new RangeError("unknown request id: only the last 200 requests can be repeated");
    return this.outbox.isWaiting(id) ? known : this.#send(known.request);
  }

  /** Sends `sync` for all meetings. While one is pending, remembers to send another one after it. */
  sync() {
    if (this.#sync.waiting) {
      this.#sync.again = true;
      return;
    }
    this.#sync = { waiting: true, again: false };
    const fields = this.#missedSinceMs === undefined ? {} : { missed_since_ms: this.#missedSinceMs };
    this.#requestOwn("sync", fields, () => {
      const { again } = this.#sync;
      this.#sync = { waiting: false, again: false };
      if (again) this.sync();
    });
  }

  /** Sends the requests that waited for a connection, then `sync`, whose answer contains the missed changes. */
  connected() {
    this.outbox.connected();
    this.sync();
  }

  /**
   * Processes a received message.
   * @param {string} text
   * @returns {{message?: object, dropped?: string}} the parsed message, and the reason if it was dropped
   */
  receive(text) {
    const { message, unreadable } = readEnvelope(text);
    if (!message) return { dropped: unreadable };
    const result = this.#inbox.classify(message, (id) => this.outbox.isWaiting(id));
    if (result.verdict === "dropped") return { message, dropped: result.why };
    if (result.verdict === "answer") {
      const whole = this.#pages.add(message);
      if (whole) this.#answered(whole);
      return { message };
    }
    return this.#news(message, result.gap);
  }

  /** Stops all rings and ends all pending requests. */
  close() {
    this.rings.clear();
    this.outbox.close();
  }

  /** Sends a request of the app and remembers it. */
  #send(request) {
    const entry = { id: request.id, request, askedAt: ++this.#steps, outcome: undefined, resolve: () => {} };
    if (!isAnswered(request.type)) {
      this.#requests.add(request.id, entry);
      this.outbox.sendOnce(request);
      return entry;
    }
    entry.outcome = new Promise((resolve) => {
      entry.resolve = resolve;
    });
    this.#requests.add(request.id, entry);
    const inviteId = request.fields.invite_id;
    if (isDecision(request.type)) this.#invitationAnswers.set(inviteId, entry);
    this.outbox.request(request, (outcome) => this.#finish(entry, outcome));
    const reason = STOPS[request.type];
    if (reason && inviteId) this.rings.close(inviteId, reason);
    return entry;
  }

  /** Sends a request of the terminal itself. Its answer causes no `answered` or `refused` event. */
  #requestOwn(type, fields, then) {
    const request = uplink(this.newId(), type, fields, this.topics);
    this.#own.add(request.id, { request, askedAt: ++this.#steps });
    this.outbox.request(request, then);
  }

  #ring(invitation) {
    const { meeting_id, invite_id } = invitation;
    const request = uplink(this.newId(), "ringing", { meeting_id, invite_id }, this.topics);
    this.#own.add(request.id, { request, askedAt: this.#steps });
    this.emit("rings", invitation);
    this.outbox.sendOnce(request);
    return request.id;
  }

  #finish(entry, outcome) {
    const { id, type, fields } = entry.request;
    if (outcome.outcome !== "answered" && this.#invitationAnswers.get(fields.invite_id) === entry) {
      this.#invitationAnswers.delete(fields.invite_id);
    }
    if (outcome.outcome === "unanswered") {
      this.#pages.forget(id);
      this.emit("unanswered", { re: id, type });
    }
    entry.resolve(outcome);
  }

  /** Processes the complete answer to a pending request. */
  #answered(message) {
    const id = message.re;
    this.#inbox.markAnswered(id);
    this.#updateRings(message);
    const known = this.#requests.get(id);
    if (known && isAnswered(known.request.type)) this.emit(message.type === "error" ? "refused" : "answered", message);
    this.outbox.complete(id, message);
    if (message.meeting?.truncated) this.#gap(message.meeting_id);
  }

  #news(message, gap) {
    const { re, type } = message;
    if (typeof re === "string" && this.#own.has(re)) {
      // An error to `ringing`, or a late answer to a `sync` of the terminal.
      if (type === "error") this.rings.ringingRefused(re, message.code);
      else this.#updateRings(message);
      return { message };
    }
    const known = typeof re === "string" ? this.#requests.get(re) : undefined;
    if (known && isAnswered(known.request.type)) {
      this.#updateRings(message);
      this.emit(type === "error" ? "refused" : "answered", message);
      return { message };
    }
    if (!DOWNLINKS.has(type)) return { message, dropped: "unknown type" };
    if (type === "invitation") this.#invited(message);
    else if (type === "invitation_closed") this.rings.close(message.invite_id, message.reason);
    else {
      this.#updateRings(message);
      this.emit("news", message);
    }
    if (gap || message.meeting?.truncated) this.#gap(message.meeting_id);
    return { message };
  }

  #invited(invitation) {
    if (typeof invitation.invite_id !== "string" || !this.rings.isOpen(invitation)) return;
    if (invitation.delivery === "live") this.rings.start(invitation);
    else this.sync();
  }

  /** Sends `sync` for a meeting after a gap in its revisions, or after a snapshot that was truncated. */
  #gap(meetingId) {
    this.#requestOwn("sync", { meeting_id: meetingId }, () => {});
  }

  /** Updates the rings after a message, and emits `state`. */
  #updateRings(message) {
    const { type, meeting_id: meetingId } = message;
    if (type === "meeting_ended") this.rings.endMeeting(meetingId, "meeting_ended");
    if (type === "meeting_merged") this.rings.endMeeting(meetingId, "merged");
    if (type === "state") {
      if (this.#missedSinceMs !== undefined && Array.isArray(message.missed)) {
        this.#missedSinceMs = Math.max(this.#missedSinceMs, message.server_ms);
      }
      this.emit("state", message);
      const asked = this.#own.get(message.re) ?? this.#requests.get(message.re);
      const invitations = Array.isArray(message.invitations) ? message.invitations : [];
      if (asked) this.rings.reconcile(invitations, asked.askedAt, asked.request.fields.meeting_id);
    }
  }
}
