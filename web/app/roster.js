/**
 * @file Applies downlinks to a `meeting` object of the protocol. Pure: returns a new object.
 */

/** States of participants who are in the call. */
const PRESENT = new Set(["accepted", "joined", "reconnecting"]);
/** States of participants with an open invitation. */
const PENDING = new Set(["invited", "ringing"]);

/** Fields of a participant that are over when a newer snapshot does not have them; `code` is of the state before it. */
const UNSAID = { reason: null, text: null, removed_ms: null, confirmed_gone_ms: null, reentries_stopped: null };

export const isPresent = ({ state }) => PRESENT.has(state);
export const isPending = ({ state }) => PENDING.has(state);
export const isWaiting = ({ state }) => state === "lobby";

/** Returns a participant of whom only the account is known. */
export const unknownParticipant = (userId) => ({
  user_id: userId,
  role: "member",
  state: "invited",
  speech: { mode: "free" },
  hand: false,
  media: { audio: false, video: false, screen: false },
});

/** Returns a meeting to show before the service has sent one. */
export const placeholderMeeting = (fields) => ({ rev: 0, participants: [], policy: {}, ...fields });

/** Returns the participant of a user, if there is one. */
export const participant = (meeting, userId) => meeting?.participants?.find(({ user_id }) => user_id === userId);

/**
 * Returns the meeting after a downlink.
 * @param {object} meeting
 * @param {object} message
 * @param {number} [now] time of the receipt, by `performance.now()`: a block ends `until_in_ms` after it, at `until`
 * @returns {object} the same object if the message changes nothing
 */
export function applyDownlink(meeting, message, now = performance.now()) {
  const after = changed(meeting, message);
  if (after === meeting) return meeting;
  const dated = (one) => {
    const { until_in_ms: inMs, until } = one.speech ?? {};
    const isDue = inMs !== undefined && inMs !== null && until === undefined;
    return isDue ? { ...one, speech: { ...one.speech, until: now + inMs } } : one;
  };
  return { ...after, participants: after.participants?.map(dated) };
}

function changed(meeting, message) {
  if (message.meeting && typeof message.meeting === "object") return newerMeeting(meeting, message.meeting);
  switch (message.type) {
    case "participant_updated":
      return message.participant?.user_id ? withSnapshot(meeting, message.participant) : meeting;
    case "invitation_updated":
      return withChange(meeting, message.user_id, invitationChange(message));
    case "invitation_result":
    case "meeting_created":
      return (message.invitations ?? []).reduce(
        (seen, { user_id: userId, ...invitation }) => withChange(seen, userId, invitationChange(invitation)),
        meeting,
      );
    case "speech_changed":
      return message.user_id === "*" ? withSpeechOfAll(meeting, message) : withSpeech(meeting, message.user_id, message);
    case "hand_changed":
      return withHands(meeting, message.hands ?? []);
    case "host_changed":
      return withHost(meeting, message.host);
    case "lobby_request":
      return withChange(meeting, message.user_id, { state: "lobby", ...(message.name && { name: message.name }) });
    case "lobby_updated":
      return (message.users ?? []).reduce(withDecision, meeting);
    default:
      return meeting;
  }
}

/** Returns the meeting after a decision on a user who waits. A notice about a ban or a removal may come before. */
function withDecision(meeting, { user_id: userId, admitted, code }) {
  const known = participant(meeting, userId);
  if (admitted || (known ? !isWaiting(known) : code === "user_not_found")) return meeting;
  // Without a free seat, the user stays in the lobby.
  const states = { meeting_full: "lobby", banned: "banned" };
  return withChange(meeting, userId, { state: states[code] ?? "left" });
}

/** Returns the fields of the participant that an invitation changes. */
function invitationChange({ state, reach, code, reason, text }) {
  // Without a state, nothing is known about the code and the words of its end either.
  return state === undefined
    ? { reach }
    : { state, reach, code: code ?? null, reason: reason ?? null, text: text ?? null };
}

/** Returns the meeting after a snapshot of a participant, which has no code: the known one holds as long as its state. */
function withSnapshot(meeting, snapshot) {
  const { user_id: userId, state } = snapshot;
  const isSameState = participant(meeting, userId)?.state === state;
  return withChange(meeting, userId, { ...UNSAID, ...(isSameState ? {} : { code: null }), ...snapshot });
}

/** Returns the newer of two `meeting` objects, by `rev`. */
function newerMeeting(known, meeting) {
  return known && known.rev > meeting.rev ? known : meeting;
}

function withChange(meeting, userId, change) {
  if (typeof userId !== "string") return meeting;
  const defined = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  const known = participant(meeting, userId);
  const participants = known
    ? meeting.participants.map((one) => (one === known ? { ...one, ...defined } : one))
    : [...(meeting.participants ?? []), { ...unknownParticipant(userId), ...defined }];
  return { ...meeting, participants };
}

/** Returns the time left of a block of speech, in milliseconds; `undefined` for one without an end. */
export const blockedFor = ({ speech }, now = performance.now()) =>
  speech?.mode === "hard" && speech.until !== undefined ? Math.max(0, speech.until - now) : undefined;

/** Returns the fields of the participant that `speech_changed` changes. */
function speechChange({ mode, until_in_ms, by, enforced }) {
  return { speech: { mode, until_in_ms, by, enforced } };
}

function withSpeech(meeting, userId, message) {
  return withChange(meeting, userId, speechChange(message));
}

/**
 * `"*"` means all members except the host and the one who changed it. It is not the account of anybody. A soft mute does
 * not lift a block.
 */
function withSpeechOfAll(meeting, message) {
  const isMeant = (one) =>
    isPresent(one) &&
    one.user_id !== meeting.host &&
    one.user_id !== message.by &&
    !(message.mode === "soft" && one.speech?.mode === "hard");
  const participants = meeting.participants.map((one) => (isMeant(one) ? { ...one, ...speechChange(message) } : one));
  return { ...meeting, participants };
}

function withHands(meeting, hands) {
  const participants = meeting.participants.map((one) => ({ ...one, hand: hands.includes(one.user_id) }));
  return { ...meeting, participants, hands };
}

function withHost(meeting, host) {
  const role = (one) => (one.user_id === host ? "host" : one.role === "host" ? "member" : one.role);
  return { ...meeting, host, participants: meeting.participants.map((one) => ({ ...one, role: role(one) })) };
}

/** Returns whether a user declined in order not to be disturbed, or is not to be disturbed by the settings. */
export const isSilent = ({ state, reason, code }) =>
  (state === "declined" && reason === "do_not_disturb") || (state === "unreachable" && code === "do_not_disturb");

/** Returns the users with a raised hand: first those with a known order, in that order, then the others. */
export function handsOf(meeting) {
  const up = (meeting.participants ?? []).filter(({ hand }) => hand).map(({ user_id: userId }) => userId);
  const ordered = (meeting.hands ?? []).filter((userId) => up.includes(userId));
  return [...ordered, ...up.filter((userId) => !ordered.includes(userId))];
}

/** Returns `true` for the host and the cohosts. */
export function isModerator(meeting, userId) {
  return meeting.host === userId || participant(meeting, userId)?.role === "cohost";
}

/** Returns whether a user may invite more users: either side of a direct call may, which becomes a group by it. */
export const mayInvite = (meeting, userId) =>
  meeting.mode === "direct" || isModerator(meeting, userId) || meeting.policy?.invite === "any";
