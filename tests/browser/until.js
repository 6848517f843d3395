/** @file Waits for conditions, never for time. */

const DEADLINE_MS = 30_000;
const LOOK_EVERY_MS = 50;

/**
 * Waits until `look` gives something.
 * @template T
 * @param {string} what for the message if it never does
 * @param {() => T | Promise<T>} look
 * @returns {Promise<NonNullable<T>>}
 */
export async function until(what, look, deadlineMs = DEADLINE_MS) {
  const end = Date.now() + deadlineMs;
  let last;
  for (;;) {
    last = await look();
    if (last) return last;
    if (Date.now() > end) throw new Error(`in vain: ${what} (the last look gave ${JSON.stringify(last)})`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
