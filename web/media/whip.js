/**
 * @file WHIP client (RFC 9725): posts an offer with the join token, and deletes the session.
 */
import { MediaError } from "./adapter.js";

/** Code of the error for each HTTP status; other statuses count as `unreachable`. */
const CODES = { 400: "refused", 401: "unauthenticated", 403: "over", 404: "unreachable", 503: "full" };

/**
 * Creates a session: posts the SDP offer and returns the SDP answer and the URL of the session.
 * @param {{url: string, token: string}} join
 * @param {string} sdp
 * @param {AbortSignal} [signal]
 * @returns {Promise<{sdp: string, location: string}>}
 * @throws {MediaError} if the server is unreachable or refuses the offer
 */
export async function postOffer({ url, token }, sdp, signal) {
  let response;
  try {
    response = await fetch(`${url.replace(/\/$/, "")}/whip`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/sdp" },
      body: sdp,
      signal,
    });
  } catch {
    throw new MediaError("unreachable", "the media service cannot be reached");
  }
  if (response.status !== 201) {
    const code = CODES[response.status] ?? "unreachable";
    throw new MediaError(code, `the media service answered with status ${response.status}`);
  }
  const location = new URL(response.headers.get("location") ?? "", response.url).href;
  return { sdp: await response.text(), location };
}

/**
 * Deletes a session; also works while the page unloads. Failures are ignored: the server ends silent sessions by itself.
 */
export function deleteSession(location, token) {
  fetch(location, { method: "DELETE", headers: { authorization: `Bearer ${token}` }, keepalive: true }).catch(() => {});
}
