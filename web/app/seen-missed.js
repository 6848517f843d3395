/** @file The time up to which the user has seen missed calls: for each account in this browser, across logins. */

const KEY = "switchboard.seen-missed.";

/** Returns the time, in milliseconds since the epoch by the service's clock; 0 if the account is new here. */
export function seenMissedMs(userId) {
  try {
    return Number(localStorage.getItem(KEY + userId)) || 0;
  } catch {
    return 0;
  }
}

/** Stores the time. Without storage, the calls are shown as missed again after the next login. */
export function storeSeenMissed(userId, atMs) {
  try {
    localStorage.setItem(KEY + userId, String(atMs));
  } catch {
    // Without storage, the next login shows the calls as missed again.
  }
}
