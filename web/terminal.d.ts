/** Types of `terminal.js`, for editors. The fields of each message are in `docs/asyncapi.yaml`. */

/** A downlink: the envelope, and the fields of its type. */
export interface Downlink {
  v: 1;
  type: string;
  id: string;
  /** Id of the request that it answers. */
  re?: string | null;
  meeting_id?: string;
  rev?: number;
  prev_rev?: number;
  server_ms: number;
  expires_in_ms?: number;
  [field: string]: unknown;
}

/** An offer of a call. */
export interface Invitation {
  meeting_id: string;
  invite_id: string;
  from: { user_id: string; name?: string };
  mode: "direct" | "group";
  media: "audio" | "video";
  title?: string;
  /** The others who are invited or present. */
  group: string[];
  /** Counted from receipt. */
  deadline_in_ms: number;
  delivery: "live" | "queued";
  ext?: Record<string, unknown>;
}

/** Time, as a terminal knows it; tests have one of their own. */
export interface Clock {
  /** Milliseconds since any fixed moment; never goes back. */
  now(): number;
  /** Calls once after so many milliseconds; what it returns cancels that. */
  after(ms: number, then: () => void): () => void;
}

/** Why a connection ended. */
export interface Ended {
  /** `taken_over`: another client has connected as this device, and this one stays away. */
  code: "lost" | "taken_over" | "unreachable" | "refused" | "not_subscribed";
  message: string;
}

/** An open connection. */
export interface Channel {
  /** Whether the broker kept the session, and with it what came in the meantime. */
  sessionPresent: boolean;
  /** QoS 1; returns at once. */
  publish(topic: string, text: string): void;
  close(): void;
}

/** What carries a terminal: `mqttTransport`, or anything else that speaks for a broker. */
export interface Transport {
  /**
   * Connects with a persistent session and subscribes with QoS 1; resolves when both are granted.
   * Messages may come before it resolves, and `onClose` is called once if the connection ends after it was made.
   */
  open(options: {
    clientId: string;
    topics: string[];
    onMessage(topic: string, text: string): void;
    onClose(reason: Ended): void;
  }): Promise<Channel>;
}

/** The parents of a deployment's topics. */
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
  /** The protocol's: again after 3 s, twice. */
  retry?: { answerWithinMs: number; resends: number };
  /** Waits between attempts to connect again: doubled each time, jittered. */
  reconnect?: { afterMs: number; atMostMs: number };
  /** Makes ids of requests: 1–64 of `[A-Za-z0-9_-]`, never one twice. */
  newId?: () => string;
  /** Between 0 and 1. */
  random?: () => number;
}

/** The `detail` of each event of `Terminal.events`. */
export interface TerminalEvents {
  /** An invitation begins to ring here. */
  rings: Invitation;
  /**
   * It stops: the reason of `invitation_closed`, the code of an error to `ringing`, or `meeting_ended`, `expired`,
   * `accepted`, `rejected`, `silenced`, `merged`, `gone`.
   */
  stops: { meeting_id: string; invite_id: string; reason: string };
  /** A request has its answer; also one that was given up before. */
  answered: Downlink;
  /** A request is refused; also one that was given up before. */
  refused: Downlink;
  /** A request is given up. */
  unanswered: { re: string; type: string };
  /** Any other downlink of a known type. */
  news: Downlink;
  /** What goes on, whoever asked: every `state`, whole. */
  state: Downlink;
  connected: { sessionPresent: boolean; isFirst: boolean };
  /** The terminal keeps trying to connect again. */
  disconnected: Ended;
  /** It does not: another client is this device now. */
  taken_over: Ended;
  /** For logs: each copy of each request as it is sent. `at` is by the clock. */
  uplink: { id: string; type: string; topic: string; text: string; at: number };
  /** For logs: everything that came, and why it was dropped if it was. */
  downlink: { topic: string; text: string; at: number; message?: Downlink; dropped?: string };
}

/** One device of a user. */
export class Terminal {
  constructor(options: TerminalOptions);
  readonly clientId: string;
  /** The account in the client ID. */
  readonly userId: string;
  readonly instance: string | undefined;
  /** Dispatches `CustomEvent<TerminalEvents[kind]>`. */
  readonly events: EventTarget;
  readonly isConnected: boolean;
  /** The invitations that ring now. */
  readonly ringing: Invitation[];
  /** Rejects with an `Ended` error if the first connect fails; it is not tried again. */
  connect(): Promise<void>;
  /** Rejects with {@link Refused} or {@link NoAnswer}. */
  request(type: string, fields?: Record<string, unknown>, options?: { id?: string; ttlMs?: number }): Promise<Downlink>;
  /** The very same request once more. @throws RangeError if it is not known (any more) */
  again(id: string): Promise<Downlink>;
  /** Sent once, never answered. */
  tell(type: "ringing" | "report_media", fields: Record<string, unknown>): void;
  /** Asks what goes on, everywhere; what it finds is told by events. */
  sync(): void;
  /** Connects at once if the connection is lost. */
  reconnectNow(): void;
  /** For good; what is asked for later rejects as `disconnected`. */
  disconnect(): void;
}

/** The service said no. */
export class Refused extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
  /** Why the meeting ended, with code `meeting_ended`. */
  readonly reason?: string;
  /** The field at fault. */
  readonly path?: string;
  readonly error: Downlink;
}

/** Nothing came. What was asked for may have happened all the same. */
export class NoAnswer extends Error {
  readonly code: "unanswered" | "disconnected";
  readonly requestId: string;
}

export const TOPICS: Topics;
export const systemClock: Clock;
export function parseClientId(clientId: string): { group: string; userId: string; instance: string | undefined };

/** Carries a terminal over mqtt.js 5, which is handed in. */
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
