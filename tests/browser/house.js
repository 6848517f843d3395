/** @file Stack and browser for a run of tests, and a way to write tests that clean up after themselves. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch } from "./browser.js";
import { openLine } from "./line.js";
import { logIn } from "./person.js";
import { startStack } from "./stack.js";

/** Of one test; a hang shall not take the whole run with it. */
const TIMEOUT_MS = 90_000;
let count = 0;

/** What all tests share; there when the first one begins. */
export const house = { stack: undefined, browser: undefined };

before(async () => {
  [house.stack, house.browser] = await Promise.all([startStack(), launch()]);
});

after(async () => {
  await house.browser?.close();
  await house.stack?.close();
});

/** Whether the stack has a media server. */
export const hasMedia = () => house.stack.ready.sfu !== undefined;

/**
 * A test with people of its own: accounts have a number that no other test uses, so nobody meets anybody of before.
 * @param {string} about
 * @param {(people: {enter: Function, line: Function}) => Promise<void>} play
 */
export function scene(about, play, { needsMedia = false } = {}) {
  test(about, { timeout: TIMEOUT_MS }, async (context) => {
    if (needsMedia && !hasMedia()) return context.skip("the stack has no media server");
    const number = (count += 1);
    const opened = [];
    const lines = [];
    const people = {
      /** Logs somebody in; `alice` becomes `alice7`, shown as Alice. */
      async enter(name, options = {}) {
        const person = await logIn(house.browser, options.url ?? house.stack.url, `${name}${number}`, {
          name: name[0].toUpperCase() + name.slice(1),
          ...options,
        });
        opened.push(person);
        return person;
      },
      async line() {
        const line = await openLine(house.stack.url);
        lines.push(line);
        return line;
      },
    };
    try {
      await play(people);
      for (const { account, faults } of opened) assert.deepEqual(faults, [], `errors on the page of ${account}`);
    } catch (error) {
      const shots = process.env.SWITCHBOARD_TEST_SHOTS;
      for (const { page, account } of shots ? opened : [])
        await page.screenshot({ path: `${shots}/${account}.png` }).catch(() => {});
      throw error;
    } finally {
      for (const person of opened) await person.leave();
      for (const line of lines) await line.close();
    }
    return undefined;
  });
}
