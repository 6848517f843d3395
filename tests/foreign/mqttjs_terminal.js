/**
 * @file A terminal on mqtt.js: MQTT 5 over WebSocket, with the parts of the browser library below its rings. The test
 * drives it by lines of JSON, as README.md describes.
 */
import mqtt from "mqtt";
import { createInterface } from "node:readline";
import { Inbox, readEnvelope } from "../../web/terminal/inbox.js";
import { Link } from "../../web/terminal/link.js";
import { mqttTransport } from "../../web/terminal/mqtt.js";
import { Outbox } from "../../web/terminal/outbox.js";
import { Pages } from "../../web/terminal/pages.js";
import { systemClock } from "../../web/terminal.js";

/** Longest time of a connect: a busy machine must not be taken for a refusal. */
const CONNECT_MS = 30_000;
/** Return codes of MQTT 3.1.1, by the reason codes of MQTT 5. */
const RETURN_CODES = new Map([[0x84, 1], [0x85, 2], [0x88, 3], [0x86, 4], [0x87, 5]]);

const say = (report) => process.stdout.write(`${JSON.stringify(report)}\n`);

/** Reports, and ends the program once the report is written. */
const leave = (report) => process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit());

/** Drives a terminal by the commands of the test. */
class Driver {
  #inbox = new Inbox();
  #pages = new Pages();
  #unsent = [];
  #renewals = 0;

  constructor(config) {
    this.token = config.token;
    const retry = { answerWithinMs: config.answer_within_ms, resends: config.resends };
    this.outbox = new Outbox({
      clock: systemClock,
      send: ({ topic, text }) => this.link.publish(topic, text),
      retry,
    });
    this.link = new Link({
      transport: mqttTransport(mqtt, {
        url: config.web_socket,
        userName: config.user_name,
        token: () => this.token,
        timeoutMs: CONNECT_MS,
      }),
      clock: systemClock,
      random: Math.random,
      device: { clientId: config.client_id, topics: config.topics },
      reconnect: { afterMs: config.reconnect_after_ms, atMostMs: config.reconnect_at_most_ms },
      onMessage: (topic, text) => this.#message(topic, text),
      onUp: ({ sessionPresent }) => this.#up(sessionPresent),
      onDown: ({ message }) => say({ lost: message }),
      onRefused: ({ message, triesAgain }) =>
        say({ login_refused: { reason: message, tries_again: triesAgain, renewals: this.#renewals } }),
    });
  }

  async connect() {
    try {
      await this.link.start();
    } catch ({ code, reasonCode, message }) {
      if (code === "refused") leave({ refused: { code: RETURN_CODES.get(reasonCode) ?? reasonCode, reason: message } });
      else if (code === "not_subscribed") leave({ not_subscribed: true });
      else leave({ unreachable: message });
    }
  }

  command(command) {
    const [[name, value]] = Object.entries(command);
    if (name === "request") this.#request(value);
    else if (name === "cancel") this.outbox.complete(value, { type: "cancelled" });
    else if (name === "publish") this.#publish(value.topic, Buffer.from(value.base64, "base64"));
    else if (name === "renew") {
      this.token = value;
      this.#renewals += 1;
      this.link.retryNow();
    } else if (name === "disconnect") this.#disconnect();
  }

  #request({ id, topic, payload }) {
    const { type, meeting_id: meetingId } = JSON.parse(payload);
    const began = systemClock.now();
    this.outbox.request({ id, type, meetingId, topic, text: payload }, ({ outcome, message }) => {
      if (outcome === "unanswered") {
        this.#pages.forget(id);
        say({ unanswered: { request: id, after_ms: Math.round(systemClock.now() - began) } });
      } else if (message && message.type !== "cancelled") say({ answer: { request: id, message } });
    });
  }

  #publish(topic, bytes) {
    if (!this.link.publish(topic, bytes)) this.#unsent.push([topic, bytes]);
  }

  #up(sessionPresent) {
    say({ connected: { session_present: sessionPresent } });
    for (const [topic, bytes] of this.#unsent.splice(0)) this.link.publish(topic, bytes);
    this.outbox.connected();
  }

  #message(topic, text) {
    say({ raw: { topic, base64: Buffer.from(text).toString("base64") } });
    const { message } = readEnvelope(text);
    if (!message) return;
    const { verdict, gap } = this.#inbox.classify(message, (id) => this.outbox.isWaiting(id));
    if (verdict === "answer") {
      const whole = this.#pages.add(message);
      if (!whole) return;
      this.#inbox.markAnswered(whole.re);
      this.outbox.complete(whole.re, whole);
    } else if (verdict === "news") {
      say({ notice: message });
      if (gap) say({ gap: message.meeting_id });
    }
  }

  /** Disconnects in good order; the program ends when the connection has. */
  #disconnect() {
    this.link.stop();
    process.stdin.destroy();
    say({ closed: true });
  }
}

let driver;
createInterface({ input: process.stdin })
  .on("line", (line) => {
    const command = JSON.parse(line);
    if (driver) return driver.command(command);
    driver = new Driver(command.connect);
    driver.connect();
  })
  // The end of the input breaks the connection.
  .on("close", () => driver?.link.isUp && process.exit());
