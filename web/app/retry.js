/** @file Requests that are repeated after a retryable refusal. */

const RETRIES = 2;
/** Wait before a retry, if the refusal has no `retry_after_ms`. */
const DEFAULT_WAIT_MS = 1000;

/**
 * Sends a request, and repeats it under the same id while the service refuses it as retryable, at most twice.
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
      if (!error.retryable || retries === RETRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, error.retryAfterMs ?? DEFAULT_WAIT_MS));
    }
  }
}

/** Hangs up a call of this user, whichever device has the seat: only the device with the seat can leave. */
export async function hangUpElsewhere(terminal, meetingId, media) {
  await requestWithRetry(terminal, "join", { meeting_id: meetingId, media, takeover: true });
  await requestWithRetry(terminal, "leave", { meeting_id: meetingId });
}
