/** Types of `terminal.js`, for editors. The fields of each message are in `docs/asyncapi.yaml`. */
import type { AnsweredRequestType, UnansweredRequestType } from "./terminal/protocol.js";

/** A downlink: the envelope fields, plus the fields of its type. */
export interface Downlink {
  v: 1;
  type: string;
  id: string;
  /** In an answer: the id of its request. `null` in an error to a request without a usable id. */
  re?: string | null;
  meeting_id?: string;
  rev?: number;
  prev_rev?: number;
  server_ms: number;
  expires_in_ms?: number;
  [field: string]: unknown;
}

/** An invitation that can ring here: an `invitation` downlink, or an open invitation listed in a `state`. */
export interface Invitation {
  meeting_id: string;
  invite_id: string;
  from: { user_id: string; name?: string };
  mode: "direct" | "group";
  media: "audio" | "video";
  title?: string;
  /** User ids of the other invited or present participants. */
  group: string[];
  /** Milliseconds from receipt to the end of the ring. */
  deadline_in_ms: number;
  delivery: "live" | "queued";
  ext?: Record<string, unknown>;
}

/** A monotonic clock with timers. Tests pass a virtual one. */
export interface Clock {
  /** Milliseconds since any fixed moment; never decreases. */
  now(): number;
  /** Calls `then` once, after `ms` milliseconds. The returned function cancels the timer. */
  after(ms: number, then: () => void): () => void;
}

/** Reason for the end of a connection, or for a failed connect. */
export interface Ended {
  /** `taken_over`: another client connected with the same client ID. The terminal does not reconnect after it. */
  code: "lost" | "taken_over" | "unreachable" | "refused" | "not_subscribed";
  message: string;
}

/** An open connection to the broker. */
export interface Channel {
  /** `true` if the broker kept the session, with the messages queued for it. */
  sessionPresent: boolean;
  /** Publishes with QoS 1. Does not wait for the acknowledgement. */
  publish(topic: string, text: string): void;
  close(): void;
}

/** Opens connections to the broker: `mqttTransport`, or an implementation over another MQTT client. */
export interface Transport {
  /**
   * Connects with a persistent session and subscribes to `topics` with QoS 1. Resolves when both are granted.
   * `onMessage` may be called before the promise resolves. `onClose` is called once if an established connection ends.
   * A rejection is an error with a `code` of {@link Ended}.
   */
  open(options: {
    clientId: string;
    topics: string[];
    onMessage(topic: string, text: string): void;
    onClose(reason: Ended): void;
  }): Promise<Channel>;
}

/** Topic prefixes of a deployment. */
export interface Topics {
  callUp: string;
  bulkUp: string;
  callDown: string;
  bulkDown: string;
}

export interface TerminalOptions {
  /** `GroupID@@@account[.instance]`, at most 64 characters. */
  clientId: string;
  transport: Transport;
  clock?: Clock;
  topics?: Topics;
  /** Milliseconds to wait for an answer, and how often to resend. Default, from the protocol: 3000 and 2. */
  retry?: { answerWithinMs: number; resends: number };
  /** Wait before a reconnect: `afterMs` at first, doubled after each attempt up to `atMostMs`, with jitter. */
  reconnect?: { afterMs: number; atMostMs: number };
  /** Returns a new request id: 1–64 of `[A-Za-z0-9_-]`, never returned before. */
  newId?: () => string;
  /** Returns a number between 0 and 1, for the jitter. */
  random?: () => number;
  /**
   * Lets each `sync` of the terminal list the calls missed since this time in `missed` of the `state` event: the greatest
   * `at_ms` that the user has seen, or 0 on a new device. Without it, none are listed. A call that `missed_call` announced may
   * be listed again, with the same `meeting_id` and `at_ms`.
   */
  missedSinceMs?: number;
}

/** The `detail` of each event of `Terminal.events`. */
export interface TerminalEvents {
  /** An invitation starts to ring on this device. */
  rings: Invitation;
  /**
   * An invitation stops ringing. `reason` is the reason of `invitation_closed`, the code of an error to `ringing`, or
   * `meeting_ended`, `expired`, `accepted`, `rejected`, `silenced`, `merged`, `gone` (not listed in a `state`).
   */
  stops: { meeting_id: string; invite_id: string; reason: string };
  /** The answer to a request of the app; also if it arrives after `unanswered`. */
  answered: Downlink;
  /** The `error` answer to a request of the app; also if it arrives after `unanswered`. */
  refused: Downlink;
  /** A request of the app got no answer and is not resent any more. */
  unanswered: { re: string; type: string };
  /** Any other downlink of a known type. */
  news: Downlink;
  /** Every complete `state`, whether the app or the terminal itself sent the `sync`. */
  state: Downlink;
  /** The terminal connected and subscribed. `isFirst` is `false` after a reconnect. */
  connected: { sessionPresent: boolean; isFirst: boolean };
  /** The connection ended. The terminal retries until it is connected again. */
  disconnected: Ended;
  /** Another client connected with this client ID. The terminal does not reconnect. */
  taken_over: Ended;
  /**
   * A reconnect was refused because of the login: `token` returned a token that has ended or is not accepted, or rejected
   * with code `refused`. `triesAgain` is `false` after several refusals in a row: the terminal then waits for
   * `reconnectNow`, which the app calls once it has a valid login.
   */
  login_refused: Ended & { triesAgain: boolean };
  /** For logs: each copy of each request as it is sent. `at` is a time of the terminal's clock. */
  uplink: { id: string; type: string; topic: string; text: string; at: number };
  /** For logs: every received message. `dropped` is the reason if the terminal ignored it. */
  downlink: { topic: string; text: string; at: number; message?: Downlink; dropped?: string };
}

/** The terminal of one device: one client ID, one connection. */
export class Terminal {
  constructor(options: TerminalOptions);
  readonly clientId: string;
  /** Account part of the client ID. */
  readonly userId: string;
  /** Instance part of the client ID, if it has one. */
  readonly instance: string | undefined;
  /** Dispatches `CustomEvent<TerminalEvents[kind]>`. */
  readonly events: EventTarget;
  readonly isConnected: boolean;
  /** The invitations that ring now. */
  readonly ringing: Invitation[];
  /** Connects for the first time. Rejects with an `Ended` error if that fails, and does not retry. */
  connect(): Promise<void>;
  /**
   * Sends a request and resolves with its answer. Rejects with {@link Refused} or {@link NoAnswer}.
   * @throws RangeError if the type is unknown
   */
  request(
    type: AnsweredRequestType,
    fields?: Record<string, unknown>,
    options?: { id?: string; ttlMs?: number },
  ): Promise<Downlink>;
  /** Repeats a request with the same id and body. @throws RangeError if the id is not among the last 200 */
  again(id: string): Promise<Downlink>;
  /** Sends a request that the service does not answer; it is not resent. */
  tell(type: UnansweredRequestType, fields: Record<string, unknown>): void;
  /** Sends `sync` for all meetings. The result comes as events: `state`, `rings`, `stops`. */
  sync(): void;
  /** Reconnects at once: instead of after the current wait, or after `login_refused`. Does nothing while connected. */
  reconnectNow(): void;
  /** Disconnects for good. Pending and later requests reject with code `disconnected`. */
  disconnect(): void;
}

/** The service refused a request with an `error`. */
export class Refused extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
  /** With code `meeting_ended`: the reason of the end. */
  readonly reason?: string;
  /** Path of the missing or wrong field. */
  readonly path?: string;
  /** The meeting of the request; with code `user_busy` the call that holds the user. */
  readonly meetingId?: string;
  /** The `error` downlink. */
  readonly error: Downlink;
}

/** No answer came to any copy of a request. The service may have executed the request all the same. */
export class NoAnswer extends Error {
  readonly code: "unanswered" | "disconnected";
  readonly requestId: string;
}

export const TOPICS: Topics;
export const systemClock: Clock;
export function parseClientId(clientId: string): { group: string; userId: string; instance: string | undefined };

/** Returns a transport over mqtt.js 5; the caller passes the module. */
export function mqttTransport(
  mqtt: unknown,
  options: {
    url: string;
    token: () => string | Promise<string>;
    userName?: string;
    keepAliveSeconds?: number;
    timeoutMs?: number;
  },
): Transport;
