/** @file A call that holds this user and is not shown on this device: who rings, and how it is given up. */
import { isPresent, participant } from "./roster.js";
import { requestWithRetry } from "./retry.js";

/** Codes of a call that is over, or that this user has no part in any more. */
const OVER = new Set(["meeting_ended", "meeting_not_found", "forbidden"]);

/**
 * Returns the invitation by which a call still rings for this user.
 * @param {import("../terminal.js").Terminal} terminal
 * @param {string} meetingId
 * @returns {Promise<object | undefined>} `undefined` if the user has a seat in it, or if it is over
 */
export async function openInvitation(terminal, meetingId) {
  return (await stateOf(terminal, meetingId)).invitation;
}

/**
 * Gives up a call of this user: declines one that rings, since taking its seat would answer it; hangs up another one,
 * whichever device has the seat. Only the device with the seat can leave.
 * @returns {Promise<void>} also if the call is over
 */
export async function giveUp(terminal, meetingId, media) {
  try {
    const { invitation, hasSeat } = await stateOf(terminal, meetingId);
    const fields = { meeting_id: meetingId };
    if (invitation) {
      const { invite_id } = invitation;
      await requestWithRetry(terminal, "reject", { ...fields, invite_id, reason: "declined" });
    } else if (hasSeat) {
      await requestWithRetry(terminal, "join", { ...fields, media, takeover: true });
      await requestWithRetry(terminal, "leave", fields);
    }
  } catch (error) {
    if (!OVER.has(error.code)) throw error;
  }
}

async function stateOf(terminal, meetingId) {
  try {
    const state = await requestWithRetry(terminal, "sync", { meeting_id: meetingId });
    const isOfMeeting = ({ meeting_id: id }) => id === meetingId;
    const own = participant(state.meetings?.find(isOfMeeting), terminal.userId);
    return { invitation: state.invitations?.find(isOfMeeting), hasSeat: own !== undefined && isPresent(own) };
  } catch (error) {
    if (OVER.has(error.code)) return { invitation: undefined, hasSeat: false };
    throw error;
  }
}
