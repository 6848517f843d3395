/** @file Requests that are repeated after a retryable refusal. */

const RETRIES = 2;
/** Wait before a retry, if the refusal has no `retry_after_ms`. */
const DEFAULT_WAIT_MS = 1000;
/** Longest wait before a retry. A refusal that asks for more is shown to the user, who decides. */
const MAX_WAIT_MS = 5000;

/**
 * Sends a request, and repeats it under the same id while the service refuses it as retryable, at most twice.
 * A refusal that asks to wait for longer than 5 s rejects at once.
 * @param {import("../terminal.js").Terminal} terminal
 * @param {string} type
 * @param {object} fields
 * @param {string} [id]
 * @returns {Promise<object>} the answer
 */
export async function requestWithRetry(terminal, type, fields, id = crypto.randomUUID()) {
  for (let retries = 0; ; retries += 1) {
    try {
      return await (retries === 0 ? terminal.request(type, fields, { id }) : terminal.again(id));
    } catch (error) {
      const waitMs = error.retryAfterMs ?? DEFAULT_WAIT_MS;
      if (!error.retryable || retries === RETRIES || waitMs > MAX_WAIT_MS) throw error;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}
