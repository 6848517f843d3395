/**
 * @file What a terminal says and shows, without a connection of its own: downlinks and wishes in, uplinks and events out.
 * All of it happens at once, so that it can be played step by step (`tests/conformance`).
 */
import { Inbox, readEnvelope } from "./inbox.js";
import { Outbox } from "./outbox.js";
import { Pages } from "./pages.js";
import { Recent } from "./recent.js";
import { DOWNLINK_TYPES, isAnswered, isDecision, uplink } from "./requests.js";
import { Rings } from "./rings.js";

/** Requests that can be made once more. */
const REMEMBERED_REQUESTS = 200;
/** What the ring ends with when its user decides here. */
const STOPS = { accept: "accepted", reject: "rejected", silence: "silenced" };

/** The logic of one terminal. */
export class Session {
  #inbox = new Inbox();
  #pages = new Pages();
  /** Requests of the user, by id, with who waits for them. */
  #requests = new Recent(REMEMBERED_REQUESTS);
  /** Answers of the user to invitations, by invitation: the request that stands. */
  #decisions = new Map();
  /** Requests that the terminal makes by itself. */
  #own = new Recent(REMEMBERED_REQUESTS);
  /** The `sync` for everything that waits, and whether another one has to follow. */
  #sync = { waiting: false, again: false };
  #steps = 0;

  /**
   * @param {object} parts
   * @param {import("../terminal.js").Clock} parts.clock
   * @param {() => string} parts.newId
   * @param {(uplink: object) => boolean} parts.send whether there was a connection to send it over
   * @param {(kind: string, detail: object) => void} parts.show
   * @param {object} [parts.topics]
   * @param {object} [parts.retry]
   */
  constructor({ clock, newId, send, show, topics, retry }) {
    this.newId = newId;
    this.show = show;
    this.topics = topics;
    this.outbox = new Outbox({ clock, send, retry });
    this.rings = new Rings({
      clock,
      step: () => ++this.#steps,
      ring: (invitation) => this.#ring(invitation),
      stop: ({ meeting_id, invite_id }, reason) => this.show("stops", { meeting_id, invite_id, reason }),
    });
  }

  /**
   * The user wants something.
   * @param {string} type
   * @param {object} fields
   * @param {{id?: string, ttlMs?: number}} options
   * @returns {{id: string, outcome: Promise<import("./outbox.js").Outcome> | undefined}}
   */
  want(type, fields = {}, { id = this.newId(), ttlMs } = {}) {
    const standing = isDecision(type) ? this.#decisions.get(fields.invite_id) : undefined;
    if (standing) return standing;
    const request = uplink(id, type, ttlMs === undefined ? fields : { ttl_ms: ttlMs, ...fields }, this.topics);
    return this.#make(request);
  }

  /**
   * The user wants a request once more that was refused or not answered: the very same one.
   * @param {string} id
   */
  again(id) {
    const known = this.#requests.get(id);
    if (!known) throw new RangeError("there is no such request");
    return this.outbox.isWaiting(id) ? known : this.#make(known.request);
  }

  /** Asks what goes on, everywhere; one such question at a time. */
  sync() {
    if (this.#sync.waiting) {
      this.#sync.again = true;
      return;
    }
    this.#sync = { waiting: true, again: false };
    this.#ask("sync", {}, () => {
      const { again } = this.#sync;
      this.#sync = { waiting: false, again: false };
      if (again) this.sync();
    });
  }

  /** A connection is there again: what was missed is asked for. */
  connected() {
    this.outbox.connected();
    this.sync();
  }

  /**
   * A message came.
   * @param {string} text
   * @returns {{message?: object, dropped?: string}} what it was, and why it is of no use if it is not
   */
  receive(text) {
    const { message, unreadable } = readEnvelope(text);
    if (!message) return { dropped: unreadable };
    const decided = this.#inbox.take(message, (id) => this.outbox.isWaiting(id));
    if (decided.verdict === "dropped") return { message, dropped: decided.why };
    if (decided.verdict === "answer") {
      const whole = this.#pages.take(message);
      if (whole) this.#answered(whole);
      return { message };
    }
    return this.#news(message, decided.gap);
  }

  /** Nothing happens any more. */
  close() {
    this.rings.clear();
    this.outbox.close();
  }

  /** Sends a request of the user and remembers it. */
  #make(request) {
    const entry = { id: request.id, request, askedAt: ++this.#steps, outcome: undefined, settled: () => {} };
    if (!isAnswered(request.type)) {
      this.#requests.add(request.id, entry);
      this.outbox.tell(request);
      return entry;
    }
    entry.outcome = new Promise((resolve) => {
      entry.settled = resolve;
    });
    this.#requests.add(request.id, entry);
    const inviteId = request.fields.invite_id;
    if (isDecision(request.type)) this.#decisions.set(inviteId, entry);
    this.outbox.ask(request, (outcome) => this.#settle(entry, outcome));
    const reason = STOPS[request.type];
    if (reason && inviteId) this.rings.close(inviteId, reason);
    return entry;
  }

  /** Asks something of its own accord: nothing is shown. */
  #ask(type, fields, then) {
    const request = uplink(this.newId(), type, fields, this.topics);
    this.#own.add(request.id, { request, askedAt: ++this.#steps });
    this.outbox.ask(request, then);
  }

  #ring(invitation) {
    const { meeting_id, invite_id } = invitation;
    const request = uplink(this.newId(), "ringing", { meeting_id, invite_id }, this.topics);
    this.#own.add(request.id, { request, askedAt: this.#steps });
    this.show("rings", invitation);
    this.outbox.tell(request);
    return request.id;
  }

  #settle(entry, outcome) {
    const { id, type, fields } = entry.request;
    if (outcome.outcome !== "answered" && this.#decisions.get(fields.invite_id) === entry) {
      this.#decisions.delete(fields.invite_id);
    }
    if (outcome.outcome === "unanswered") {
      this.#pages.forget(id);
      this.show("unanswered", { re: id, type });
    }
    entry.settled(outcome);
  }

  /** An answer is there, whole. */
  #answered(message) {
    const id = message.re;
    this.#inbox.settle(id);
    this.#consequences(message);
    const known = this.#requests.get(id);
    if (known && isAnswered(known.request.type)) this.show(message.type === "error" ? "refused" : "answered", message);
    this.outbox.answer(id, message);
  }

  #news(message, gap) {
    const { re, type } = message;
    if (typeof re === "string" && this.#own.has(re)) {
      // `ringing` was refused, or our own question is answered after all.
      if (type === "error") this.rings.refused(re, message.code);
      else this.#consequences(message);
      return { message };
    }
    const known = typeof re === "string" ? this.#requests.get(re) : undefined;
    if (known && isAnswered(known.request.type)) {
      this.#consequences(message);
      this.show(type === "error" ? "refused" : "answered", message);
      return { message };
    }
    if (!DOWNLINK_TYPES.has(type)) return { message, dropped: "an unknown type" };
    if (type === "invitation") this.#invited(message);
    else if (type === "invitation_closed") this.rings.close(message.invite_id, message.reason);
    else {
      this.#consequences(message);
      this.show("news", message);
    }
    if (gap) this.#gap(message.meeting_id);
    return { message };
  }

  #invited(invitation) {
    if (typeof invitation.invite_id !== "string" || !this.rings.isOpen(invitation)) return;
    if (invitation.delivery === "live") this.rings.begin(invitation);
    else this.sync();
  }

  /** Something was missed in this meeting. */
  #gap(meetingId) {
    this.#ask("sync", { meeting_id: meetingId }, () => {});
  }

  /** What a message means for what rings. */
  #consequences(message) {
    const { type, meeting_id: meetingId } = message;
    if (type === "meeting_ended") this.rings.endMeeting(meetingId, "meeting_ended");
    if (type === "meeting_merged") this.rings.endMeeting(meetingId, "merged");
    if (type === "state") {
      this.show("state", message);
      const asked = this.#own.get(message.re) ?? this.#requests.get(message.re);
      const invitations = Array.isArray(message.invitations) ? message.invitations : [];
      if (asked) this.rings.compare(invitations, asked.askedAt, asked.request.fields.meeting_id);
    }
  }
}
