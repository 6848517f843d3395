/** @file The scheduled end of a call, as far as a hint about it is due. Pure. */
import { isPresent, participant } from "./roster.js";

/** Time before the end of a meeting's time from which the hint is shown: the service warns at this time. */
const SOON_MS = 5 * 60_000;

/**
 * The end that the hint counts down to: `at` by `performance.now()`; `rev` of the downlink that announced it.
 * @typedef {{at: number, reason: string, rev: number | undefined}} Ending
 */

/**
 * Returns the scheduled end after a downlink.
 * @param {Ending | undefined} ending as known before
 * @param {object} message
 * @param {object} meeting after the downlink
 * @param {number} now by `performance.now()`
 * @returns {Ending | undefined} `undefined` if no end is near
 */
export function endingAfter(ending, message, meeting, now) {
  if (message.type === "meeting_ending") {
    return { at: now + message.in_ms, reason: message.reason, rev: message.rev };
  }
  if (ending?.reason === "host_left") {
    // A notice from before the host left says nothing about a return.
    const isNews = !(message.rev <= ending.rev) && concernsHost(message, meeting);
    const host = participant(meeting, meeting.host);
    if (!isNews || !host || !isPresent(host)) return ending;
    ending = undefined;
  }
  // An older snapshot of the meeting was not taken over.
  const isWhole = message.meeting !== undefined && message.meeting.rev === meeting.rev;
  if (!isWhole || typeof meeting.ends_in_ms !== "number" || meeting.state === "ended") return ending;
  const { ends_in_ms: inMs, rev } = meeting;
  return inMs < SOON_MS ? { at: now + inMs, reason: "max_duration", rev } : undefined;
}

function concernsHost({ type, participant: changed, meeting: whole }, meeting) {
  return whole !== undefined || type === "host_changed" || changed?.user_id === meeting.host;
}
