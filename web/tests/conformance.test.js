/** @file Runs `tests/conformance/*.json` against this terminal. The format is in `tests/conformance/README.md`. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { Terminal } from "../terminal.js";
import { FakeBroker, VirtualClock, settled } from "./virtual.js";

const FOLDER = new URL("../../tests/conformance/", import.meta.url);
const SHOWN = ["rings", "stops", "answered", "refused", "unanswered", "news"];

/** Values of the placeholders, which are texts that begin with `$`. */
class Placeholders {
  #values = new Map();

  /** Replaces the placeholders in `value` by their values. */
  resolve(value) {
    if (typeof value === "string" && value.startsWith("$")) {
      assert.ok(this.#values.has(value), `placeholder ${value} has no value yet`);
      return this.#values.get(value);
    }
    if (Array.isArray(value)) return value.map((element) => this.resolve(element));
    if (typeof value === "object" && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, this.resolve(field)]));
    }
    return value;
  }

  /** Asserts that `actual` matches `expected`. Sets placeholders without a value. */
  check(expected, actual, where) {
    if (typeof expected === "string" && expected.startsWith("$")) {
      if (!this.#values.has(expected)) {
        assert.ok(actual !== undefined, `${where} is missing`);
        assert.ok(![...this.#values.values()].includes(actual), `${where}: ${expected} equals another placeholder`);
        this.#values.set(expected, actual);
      }
      assert.deepEqual(actual, this.#values.get(expected), where);
    } else if (expected === null) {
      assert.ok(actual === undefined || actual === null, `${where} must be absent`);
    } else if (Array.isArray(expected)) {
      assert.ok(Array.isArray(actual), `${where} must be a list`);
      assert.equal(actual.length, expected.length, `${where}: ${JSON.stringify(actual)}`);
      expected.forEach((element, index) => this.check(element, actual[index], `${where}[${index}]`));
    } else if (typeof expected === "object") {
      assert.ok(typeof actual === "object" && actual !== null, `${where} must be an object`);
      for (const [name, field] of Object.entries(expected)) this.check(field, actual[name], `${where}.${name}`);
    } else {
      assert.deepEqual(actual, expected, where);
    }
  }
}

async function play({ as, steps }) {
  const clock = new VirtualClock();
  const broker = new FakeBroker();
  const terminal = new Terminal({ clientId: as, transport: broker, clock, random: () => 0 });
  const shown = [];
  for (const kind of SHOWN) terminal.events.addEventListener(kind, ({ detail }) => shown.push({ [kind]: detail }));
  await terminal.connect();
  await settled();
  for (const { message } of broker.taken()) {
    assert.equal(message.type, "sync", "after the connect a terminal sends only `sync` by itself");
    await broker.deliver({
      v: 1,
      type: "state",
      id: "runner-0",
      re: message.id,
      server_ms: 0,
      meetings: [],
      invitations: [],
    });
  }
  shown.length = 0;

  const placeholders = new Placeholders();
  const ignoreRejection = (promise) => promise?.catch(() => {});
  for (const [index, step] of steps.entries()) {
    if (step.receive) {
      const message = placeholders.resolve(step.receive);
      const copy = (_, index) => ({ ...message, id: `${message.id}-${index + 1}` });
      const copies = step.times ? Array.from({ length: step.times }, copy) : [message];
      for (const each of copies) await broker.deliver(each);
    }
    if (step.user) {
      const { type, ...fields } = placeholders.resolve(step.user);
      ignoreRejection(terminal.request(type, fields));
    }
    if (step.again) ignoreRejection(terminal.again(placeholders.resolve(step.again)));
    if (step.wait_ms) await clock.pass(step.wait_ms);
    // The file decides when the connection is back, so skip the wait before the reconnect.
    if (step.connection) broker.isDown = step.connection === "lost";
    if (step.connection === "lost") await broker.drop();
    if (step.connection === "back") terminal.reconnectNow();
    await settled();
    const sent = broker.taken().map(({ topic, message }) => ({ topic, message }));
    placeholders.check(step.sends ?? [], sent, `step ${index + 1}: sends`);
    placeholders.check(step.shows ?? [], shown.splice(0), `step ${index + 1}: shows`);
  }
}

for (const name of readdirSync(FOLDER).filter((name) => name.endsWith(".json"))) {
  const scene = JSON.parse(readFileSync(new URL(name, FOLDER), "utf8"));
  test(`${name}: ${scene.about}`, () => play(scene));
}
