/**
 * @file One request and one answer of WHIP (RFC 9725): an offer is posted with the join token, and the answer comes back.
 */
import { MediaError } from "./adapter.js";

const CODES = { 400: "refused", 401: "unauthenticated", 403: "over", 404: "unreachable", 503: "full" };

/**
 * Joins.
 * @param {{url: string, token: string}} join
 * @param {string} sdp
 * @param {AbortSignal} [signal]
 * @returns {Promise<{sdp: string, location: string}>}
 * @throws {MediaError}
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
    throw new MediaError(CODES[response.status] ?? "unreachable", `the media service answered ${response.status}`);
  }
  const location = new URL(response.headers.get("location") ?? "", response.url).href;
  return { sdp: await response.text(), location };
}

/** Leaves, also while the page goes away. What it answers does not matter: silence ends the place, too. */
export function deletePlace(location, token) {
  fetch(location, { method: "DELETE", headers: { authorization: `Bearer ${token}` }, keepalive: true }).catch(() => {});
}
