/** @file The stack and the browser of a test run, and `scene`, which defines a test and closes the pages and proxies of the test. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch } from "./browser.js";
import { logIn } from "./person.js";
import { openProxy } from "./proxy.js";
import { startStack } from "./stack.js";

/** Limit of one test, so that a hanging test does not block the run. */
const TIMEOUT_MS = 90_000;
let count = 0;

/** The stack and the browser that all tests share. Set before the first test. */
export const environment = { stack: undefined, browser: undefined };

before(async () => {
  [environment.stack, environment.browser] = await Promise.all([startStack(), launch()]);
});

after(async () => {
  await environment.browser?.close();
  await environment.stack?.close();
});

/** Returns `true` if the stack has a media server. */
export const hasMedia = () => environment.stack.ready.sfu !== undefined;

/**
 * Defines a test. Its accounts have a number that no other test uses, so that tests do not affect each other. The test
 * fails on script errors of its pages. `SWITCHBOARD_TEST_SHOTS` names a folder for screenshots of failed tests.
 * @param {string} about
 * @param {(tools: {logIn: Function, openProxy: Function}) => Promise<void>} play
 */
export function scene(about, play, { needsMedia = false } = {}) {
  test(about, { timeout: TIMEOUT_MS }, async (context) => {
    if (needsMedia && !hasMedia()) return context.skip("the stack has no media server");
    const number = (count += 1);
    const opened = [];
    const proxies = [];
    const tools = {
      /** Opens a page and logs in. In test 7 the name `alice` becomes the account `alice7`, shown as Alice. */
      async logIn(name, options = {}) {
        const person = await logIn(environment.browser, options.url ?? environment.stack.url, `${name}${number}`, {
          name: name[0].toUpperCase() + name.slice(1),
          ...options,
        });
        opened.push(person);
        return person;
      },
      /** Opens a TCP proxy in front of the stack. */
      async openProxy() {
        const proxy = await openProxy(environment.stack.url);
        proxies.push(proxy);
        return proxy;
      },
    };
    try {
      await play(tools);
      for (const { account, errors } of opened) assert.deepEqual(errors, [], `errors on the page of ${account}`);
    } catch (error) {
      const shots = process.env.SWITCHBOARD_TEST_SHOTS;
      for (const { page, account } of shots ? opened : [])
        await page.screenshot({ path: `${shots}/${account}.png` }).catch(() => {});
      throw error;
    } finally {
      for (const person of opened) await person.close();
      for (const proxy of proxies) await proxy.close();
    }
    return undefined;
  });
}
