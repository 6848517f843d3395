/**
 * @file What a meeting looks like after each downlink. Pure: takes a meeting of the protocol, gives another one.
 */

/** States in which somebody has a place in the call. */
const PRESENT = new Set(["accepted", "joined", "reconnecting"]);
/** States in which somebody may still come. */
const PENDING = new Set(["invited", "ringing"]);

export const isPresent = ({ state }) => PRESENT.has(state);
export const isPending = ({ state }) => PENDING.has(state);
export const isWaiting = ({ state }) => state === "lobby";

/** Somebody of whom nothing is known but the account. */
export const stranger = (userId) => ({
  user_id: userId,
  role: "member",
  state: "invited",
  speech: { mode: "free" },
  hand: false,
  media: { audio: false, video: false, screen: false },
});

/** A meeting before the service has said anything of it. */
export const unseen = (fields) => ({ rev: 0, participants: [], policy: {}, ...fields });

/** The participant, if there is one. */
export const participant = (meeting, userId) => meeting?.participants?.find(({ user_id }) => user_id === userId);

/**
 * The meeting after a downlink.
 * @param {object} meeting
 * @param {object} message
 * @returns {object} the same one if the message changes nothing in it
 */
export function after(meeting, message) {
  if (message.meeting && typeof message.meeting === "object") return merged(meeting, message.meeting);
  switch (message.type) {
    case "participant_updated":
      return message.participant?.user_id
        ? changed(meeting, message.participant.user_id, message.participant)
        : meeting;
    case "invitation_updated":
      return changed(meeting, message.user_id, { state: message.state, reach: message.reach, code: message.code });
    case "invitation_result":
    case "meeting_created":
      return (message.invitations ?? []).reduce(
        (seen, { user_id: userId, state, reach }) => changed(seen, userId, { state, reach }),
        meeting,
      );
    case "speech_changed":
      return message.user_id
        ? changed(meeting, message.user_id, {
            speech: {
              mode: message.mode,
              until_in_ms: message.until_in_ms,
              by: message.by,
              enforced: message.enforced,
            },
          })
        : meeting;
    case "hand_changed":
      return withHands(meeting, message.hands ?? []);
    case "host_changed":
      return withHost(meeting, message.host);
    case "lobby_request":
      return changed(meeting, message.user_id, { state: "lobby", ...(message.name && { name: message.name }) });
    case "lobby_updated":
      return (message.users ?? []).reduce(
        (seen, { user_id: userId, admitted }) => (admitted ? seen : changed(seen, userId, { state: "left" })),
        meeting,
      );
    default:
      return meeting;
  }
}

/** A whole meeting counts if it is not older than the one that is known. */
function merged(known, meeting) {
  return known && known.rev > meeting.rev ? known : meeting;
}

function changed(meeting, userId, change) {
  if (typeof userId !== "string") return meeting;
  const defined = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  const known = participant(meeting, userId);
  const participants = known
    ? meeting.participants.map((one) => (one === known ? { ...one, ...defined } : one))
    : [...(meeting.participants ?? []), { ...stranger(userId), ...defined }];
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

/** The hands that are up, in the order in which they were raised as far as that is known. */
export function handsOf(meeting) {
  const up = (meeting.participants ?? []).filter(({ hand }) => hand).map(({ user_id: userId }) => userId);
  const ordered = (meeting.hands ?? []).filter((userId) => up.includes(userId));
  return [...ordered, ...up.filter((userId) => !ordered.includes(userId))];
}

/** Whether the user may use the host's tools. */
export function isModerator(meeting, userId) {
  return meeting.host === userId || participant(meeting, userId)?.role === "cohost";
}
