/** @file Texts for users: reasons, codes and states of the protocol in plain words, and formatted times. */
import { isSilent } from "./roster.js";
import { shown } from "./shown.js";

const ENDS = {
  completed: "Call ended",
  cancelled: "Call cancelled",
  all_declined: "Declined",
  no_answer: "No answer",
  unreachable: "No device could be reached",
  busy: "Busy",
  do_not_disturb: "Do not disturb",
  host_ended: "The host ended the call",
  host_left: "The host left",
  empty: "Everybody left",
  unused: "Nobody joined in time",
  max_duration: "The call reached its maximum duration",
  merged: "Merged with another call",
  rtc_failed: "The media connection failed",
  lost: "The connection was lost",
  admin: "Ended by an administrator",
  removed: "You were removed from the call",
  banned: "You were banned from the call",
  denied: "You were not let in",
  moved: "The call was moved to another device",
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
  user_busy: "You are already in another call. Hang up there first.",
  forbidden: "You do not have permission for this. Ask the host.",
  locked: "This call is locked. Ask the host to unlock it.",
  banned: "You are banned from this call.",
  meeting_full: "This call is full. Try again later.",
  meeting_not_found: "This call does not exist. Check the link.",
  meeting_ended: "This call is over.",
  not_host: "Only the host can do that.",
  not_admitted: "You are not in this call. Join it first.",
  speech_blocked: "The host has blocked your microphone. Raise your hand to ask for it.",
  user_not_found: "This person is not in the call.",
  too_many_invitees: "Too many people at once. Invite fewer.",
  already_answered: "Answered on another device.",
  invitation_cancelled: "The caller has hung up.",
  invitation_expired: "This call no longer rings.",
  invitation_not_found: "This call no longer rings.",
  rtc_unavailable: "The media service is not available. Try again.",
  unavailable: "The service is not available now. Try again.",
  internal: "The service had an internal error. Try again.",
  rate_limited: "Too many calls or requests. Try again in a moment.",
  too_many: "Your list of blocked people is full. Unblock somebody first.",
  state_conflict: "You are in this call on another device.",
  unanswered: "The service did not answer. Try again.",
  disconnected: "No connection to the service. Try again when it is back.",
};

/** Missed calls whose reason is worth a word. */
const MISSED = { user_busy: "Missed while busy", do_not_disturb: "Missed, do not disturb" };

const STOPS = {
  cancelled: "The caller has hung up",
  answered_elsewhere: "Answered on another device",
  declined_elsewhere: "Declined on another device",
  expired: "Missed call",
  meeting_ended: "The call is over",
  gone: "The call is over",
};

const MEDIA = {
  unsupported: "This page does not support the media service. You are in the call without sound and picture.",
  unreachable: "The media service cannot be reached. Retrying; you stay in the call.",
  no_route: "There is no network path to the media service. Retrying; you stay in the call.",
  refused: "The media service refused this device. Hang up and join again.",
  full: "The media channel is full. Try again later.",
  over: "The media channel is closed. Hang up and call again.",
};

const DEVICES = {
  denied: "not allowed by the browser",
  absent: "not found",
  busy: "in use by another program",
};

/** Maximum shown length of a name, in characters. */
const MAX_NAME = 80;
/** Maximum length of a title in the protocol, in characters. */
const MAX_TITLE = 200;
/** Cleans a text of another user for one line, and cuts it to `max` characters. */
function sanitized(text, max) {
  const letters = [...shown(text)];
  return letters.length > max ? `${shown(letters.slice(0, max - 1).join(""))}…` : letters.join("");
}

/** Returns the shown name of a user, or the account if the name has no visible character. */
export const nameWords = ({ user_id: userId, name }) => sanitized(name, MAX_NAME) || userId;
export const titleWords = (title) => sanitized(title, MAX_TITLE);

/** Number of names up to which they are the title of a call. */
const MAX_NAMES = 3;

/** Returns the title of a call: its own, the names of the others or, of many, how many people there are. */
export const callTitle = (title, names) =>
  titleWords(title) || (names.length > MAX_NAMES ? `${names.length + 1} people` : names.join(", ")) || "Call";

/** Returns the text for a failed login. */
export function loginWords(error) {
  if (!error) return "";
  if (error instanceof RangeError) return "Account and device are too long together. Shorten one of them.";
  if (error instanceof TypeError || error.code === "unreachable") return "The service cannot be reached. Try again.";
  if (error.code === "refused") return "The service refused this login. Check the account and the device.";
  return error.message;
}

/** Returns the text for the end of a call, with its duration and the words of the user who ended or declined it. */
export const endWords = (reason, durationMs = 0, text = undefined, bannedForMs = undefined) =>
  (ENDS[reason] ?? "Call ended") +
  (bannedForMs > 0 ? ` for ${waitText(bannedForMs)}` : "") +
  (durationMs >= 1000 ? ` · ${durationText(durationMs)}` : "") +
  (remarkWords(text) && ` · ${remarkWords(text)}`);
export const stateWords = (state) => STATES[state] ?? state ?? "";

/** Returns the words of another user in quotes; empty if there are none. */
export const remarkWords = (text) => {
  const words = sanitized(text, MAX_TITLE);
  return words && `“${words}”`;
};

/** Returns the state of a participant, with the reason and the words of a decline. */
export const personWords = (person) =>
  [isSilent(person) ? "Do not disturb" : stateWords(person.state), remarkWords(person.text)].filter(Boolean).join(" · ");

/** Returns that a microphone is blocked, with the time left if the block has an end. */
export const blockWords = (words, leftMs) => (leftMs === undefined ? words : `${words} for ${durationText(leftMs)} more`);

/** Returns why an answer to `invite` or `cancel_invite` has no invitation of a user, whose name is `name`. */
export function notInvitedWords(name, { state, code }) {
  if (code === "banned") return `${name} is banned from this call`;
  if (code === "user_not_found") return `${name} was not invited`;
  return `${name}: ${stateWords(state) || (code ?? "").replaceAll("_", " ") || "not invited"}`;
}

/**
 * Returns the words for moderators about the media of a removed participant; empty if the service reports no removal.
 * The time since the removal is named at the first confirmation only; after a re-entry, the words name the re-entry.
 */
export function removalWords({ removed_ms: removed, confirmed_gone_ms: gone, reentries_stopped: reentries }) {
  if (!removed) return "";
  if (!gone) return "not yet confirmed to be out of the call";
  if (reentries) return `tried to come back, stopped${reentries > 1 ? ` (${reentries} times)` : ""}`;
  return `out of the call (confirmed after ${(Math.max(0, gone - removed) / 1000).toFixed(1)} s)`;
}

/** Returns the words about a change in the media of a removed participant; empty if nothing has changed. */
export function removalNews(before, now) {
  if (!before?.removed_ms || !now?.removed_ms) return "";
  if ((before.confirmed_gone_ms ?? null) === (now.confirmed_gone_ms ?? null)) return "";
  return now.confirmed_gone_ms ? removalWords(now) : "is back in the call and is removed again";
}

/**
 * Returns the words for microphone off, camera on and a shared screen of a participant in the media; otherwise empty.
 */
export const mediaFlagWords = ({ media }) =>
  [media?.audio === false && "Microphone off", media?.video && "Camera on", media?.screen && "Shares the screen"]
    .filter(Boolean)
    .join(" · ");
export const stopWords = (reason) => STOPS[reason];
export const mediaWords = (code) => MEDIA[code] ?? "The media connection is interrupted.";

/** Returns the text for a failed request. */
export function refusalWords(error) {
  if (error?.code === "rate_limited" && error.retryAfterMs >= 1000) {
    return `Too many calls or requests. Try again in ${waitText(error.retryAfterMs)}.`;
  }
  return REFUSALS[error?.code] ?? error?.message ?? "The request failed. Try again.";
}

/** Returns a wait in words, rounded up, so that the wait is over after the time in the words. */
function waitText(ms) {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds} second${seconds === 1 ? "" : "s"}`;
  const minutes = Math.ceil(seconds / 60);
  return `${minutes} minute${minutes === 1 ? "" : "s"}`;
}

/** Returns one sentence about a missing microphone or camera; empty if both are available. */
export function deviceWords({ audio, video }) {
  const parts = [];
  if (audio) parts.push(`Microphone ${DEVICES[audio] ?? audio}`);
  if (video) parts.push(`${parts.length ? "camera" : "Camera"} ${DEVICES[video] ?? video}`);
  const missing = parts.length > 1 ? "these devices" : "this device";
  return parts.length ? `${parts.join(", ")}. You can stay in the call without ${missing}.` : "";
}

/** Returns what to do about a microphone or camera that could not be turned on. */
export function deviceHelpWords(kind, problem) {
  const device = kind === "audio" ? "microphone" : "camera";
  if (problem === "denied") {
    return `The browser does not allow this page to use the ${device}. Allow it in the settings of the page, left of its address, and press the button again.`;
  }
  if (problem === "busy") return `Another program uses the ${device}. Close that program and press the button again.`;
  return `No ${device} was found. Plug one in and press the button again.`;
}

/** Texts for held-back media: an explanation, and the label of the button that starts the media. */
const HELD_BACK = {
  sound: { text: "The browser keeps this page silent until you click or press a key.", label: "Turn sound on" },
  picture: { text: "The browser shows no video until you click or press a key.", label: "Start the video" },
};

/** @param {"sound" | "picture"} what */
export const heldBackWords = (what) => HELD_BACK[what];

/** Returns the text for a microphone or camera that took the place of one that is gone. */
export function replacedWords(kind, label) {
  const device = kind === "audio" ? "microphone" : "camera";
  return label ? `Your ${device} is now: ${label}` : `Another ${device} is in use now`;
}

/** Returns the duration of a past call, or how it ended without one, with the words of the user who ended or declined it. */
export const historyWords = (past) => [pastWords(past), remarkWords(past.text)].filter(Boolean).join(" · ");

/** The service says which calls the user missed; reason and times do not tell it. */
function pastWords({ direction, reason, duration_ms: duration, missed }) {
  if (duration > 0) return durationText(duration);
  if (missed) return MISSED[missed.reason ?? reason] ?? "Missed";
  // An incoming call that was not missed although its user was busy was declined with this reason.
  if (direction === "in" && reason === "user_busy") return "Declined";
  return ENDS[reason] ?? STATES[reason] ?? endWords(reason);
}

/** Formats a duration as `4:05` or `1:02:03`. */
export function durationText(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const pad = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`;
}

/** Formats a time of the past: the time of day if it is today, otherwise the date. */
export function dateText(ms, now = Date.now()) {
  const date = new Date(ms);
  const isToday = date.toDateString() === new Date(now).toDateString();
  return isToday
    ? date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })
    : date.toLocaleDateString([], { day: "numeric", month: "short" });
}

/** Returns up to two initials of a name. */
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
