/** @file What people read: reasons, codes and states of the protocol in plain words, and times. */

const ENDS = {
  completed: "Call ended",
  cancelled: "Call cancelled",
  all_declined: "Declined",
  no_answer: "No answer",
  unreachable: "Nobody could be reached",
  busy: "Busy",
  host_ended: "The host ended the call",
  host_left: "The host left",
  empty: "Everybody left",
  unused: "Nobody came",
  max_duration: "The time of this call is over",
  merged: "Merged with another call",
  rtc_failed: "The media connection failed",
  lost: "The connection was lost",
  admin: "Ended by an administrator",
  removed: "You were removed from the call",
  banned: "You were banned from the call",
  denied: "You were not let in",
  moved: "The call goes on on another device",
};

const STATES = {
  invited: "Inviting…",
  ringing: "Ringing…",
  accepted: "Joining…",
  joined: "In the call",
  reconnecting: "Reconnecting…",
  lobby: "Waiting to be let in",
  left: "Left",
  declined: "Declined",
  user_busy: "Busy",
  no_answer: "No answer",
  unreachable: "Not reachable",
  cancelled: "Cancelled",
  removed: "Removed",
  banned: "Banned",
  lost: "Connection lost",
  failed: "Could not join",
  ended: "Ended",
};

const REFUSALS = {
  user_busy: "You are in another call already.",
  forbidden: "You have no part in this call.",
  locked: "This call is locked.",
  banned: "You were banned from this call.",
  meeting_full: "This call is full.",
  meeting_not_found: "There is no such call.",
  meeting_ended: "This call is over.",
  not_host: "Only the host can do that.",
  not_admitted: "You are not in this call any more.",
  speech_blocked: "The host has blocked your microphone.",
  user_not_found: "This person is not in the call.",
  too_many_invitees: "That is too many people at once.",
  already_answered: "Answered on another device.",
  invitation_cancelled: "The caller has hung up.",
  invitation_expired: "This call is not ringing any more.",
  invitation_not_found: "This call is not ringing any more.",
  rtc_unavailable: "The media service is not available. Try again.",
  unavailable: "The service cannot do that now. Try again.",
  internal: "Something went wrong in the service. Try again.",
  rate_limited: "Too many requests. Try again in a moment.",
  state_conflict: "You are in this call on another device.",
  unanswered: "The service did not answer. Try again.",
  disconnected: "There is no connection to the service.",
};

const STOPS = {
  cancelled: "The caller has hung up",
  answered_elsewhere: "Answered on another device",
  declined_elsewhere: "Declined on another device",
  expired: "Missed call",
  meeting_ended: "The call is over",
  gone: "The call is over",
};

const MEDIA = {
  unsupported: "This page has no adapter for the media service. You are in the call without sound and picture.",
  unreachable: "The media service cannot be reached. Trying again; the call itself goes on.",
  no_route: "No way to the media service was found. Trying again; the call itself goes on.",
  refused: "The media service does not let you in.",
  full: "The media room is full.",
  over: "The media room is closed.",
};

const DEVICES = {
  denied: "not allowed by the browser",
  absent: "not found",
  busy: "in use by another program",
};

/** Most characters of a name that are shown, and of a title, which the protocol limits. */
const NAME_MOST = 80;
const TITLE_MOST = 200;
/** Control characters, and those that turn the direction of everything after them. */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g;

/** What somebody else has written, as far as it may stand in a line with our own words; empty if nothing is left. */
function tame(text, most) {
  const letters = [...String(text ?? "").replace(UNSEEN, " ").replace(/\s+/g, " ").trim()];
  return letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : letters.join("");
}

/** The name of somebody, or the account if there is none to be seen. */
export const nameWords = ({ user_id: userId, name }) => tame(name, NAME_MOST) || userId;
export const titleWords = (title) => tame(title, TITLE_MOST);

/** Why a login failed. */
export function loginWords(error) {
  if (!error) return "";
  if (error instanceof RangeError) return "Account and device are too long together.";
  if (error instanceof TypeError || error.code === "unreachable") return "The service cannot be reached. Try again.";
  return error.code === "refused" ? "The service does not let this account in." : error.message;
}

/** How a call ended, and how long it was. */
export const endWords = (reason, durationMs = 0) =>
  (ENDS[reason] ?? "Call ended") + (durationMs >= 1000 ? ` · ${lasting(durationMs)}` : "");
export const stateWords = (state) => STATES[state] ?? state ?? "";
export const stopWords = (reason) => STOPS[reason];
export const mediaWords = (code) => MEDIA[code] ?? "The media connection is interrupted.";

/** What a failed request means, for people. */
export const refusalWords = (error) => REFUSALS[error?.code] ?? error?.message ?? "That did not work.";

/** What is missing of microphone and camera, in one sentence. */
export function deviceWords({ audio, video }) {
  const parts = [];
  if (audio) parts.push(`Microphone ${DEVICES[audio] ?? audio}`);
  if (video) parts.push(`${parts.length ? "camera" : "Camera"} ${DEVICES[video] ?? video}`);
  return parts.length ? `${parts.join(", ")}. You join with what there is.` : "";
}

/** How a past call went, from this side. */
export function historyWords({ direction, reason, duration_ms: duration }) {
  if (duration > 0) return lasting(duration);
  if (direction === "in" && reason !== "declined") return reason === "user_busy" ? "Missed while busy" : "Missed";
  return endWords(reason);
}

/** Milliseconds as `4:05` or `1:02:03`. */
export function lasting(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const pad = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`;
}

/** A moment of the past: today by its time, else by its day. */
export function moment(ms, now = Date.now()) {
  const date = new Date(ms);
  const isToday = date.toDateString() === new Date(now).toDateString();
  return isToday
    ? date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })
    : date.toLocaleDateString([], { day: "numeric", month: "short" });
}

/** Up to two letters for a face. */
export function initials(name) {
  const words = String(name)
    .split(/[\s._-]+/)
    .filter(Boolean);
  return (
    words
      .slice(0, 2)
      .map((word) => [...word][0].toUpperCase())
      .join("") || "?"
  );
}
