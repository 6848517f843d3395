/** @file Asks again what was refused for the moment only, by the same id, when the service says so. */

const TIMES = 2;
const AFTER_MS = 1000;

/**
 * @param {import("../terminal.js").Terminal} terminal
 * @param {string} type
 * @param {object} fields
 * @param {string} [id]
 * @returns {Promise<object>} the answer
 */
export async function persist(terminal, type, fields, id = crypto.randomUUID()) {
  for (let times = 0; ; times += 1) {
    try {
      return await (times === 0 ? terminal.request(type, fields, { id }) : terminal.again(id));
    } catch (error) {
      if (!error.retryable || times === TIMES) throw error;
      await new Promise((resolve) => setTimeout(resolve, error.retryAfterMs ?? AFTER_MS));
    }
  }
}
