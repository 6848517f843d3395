/** @file Waits for conditions instead of fixed times. */

const DEADLINE_MS = 30_000;
const CHECK_EVERY_MS = 50;

/**
 * Calls `check` repeatedly until it returns a truthy value, and returns that value. Throws after the deadline.
 * @template T
 * @param {string | (() => string)} what the expected condition, for the error; a function is called at the deadline
 * @param {() => T | Promise<T>} check
 * @returns {Promise<NonNullable<T>>}
 */
export async function until(what, check, deadlineMs = DEADLINE_MS) {
  const end = Date.now() + deadlineMs;
  let last;
  for (;;) {
    last = await check();
    if (last) return last;
    if (Date.now() > end) {
      const about = typeof what === "function" ? what() : what;
      throw new Error(`timed out: ${about} (last value: ${JSON.stringify(last)})`);
    }
    await new Promise((resolve) => setTimeout(resolve, CHECK_EVERY_MS));
  }
}
