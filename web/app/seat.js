/** @file The seat of this tab in a call, so that a page that is loaded again returns to it. */

const KEPT = "switchboard.seat";

/** @returns {{meetingId: string, microphone: boolean, camera: boolean} | undefined} */
export function keptSeat() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT)) ?? undefined;
  } catch {
    return undefined;
  }
}

export const keepSeat = (seat) => sessionStorage.setItem(KEPT, JSON.stringify(seat));
export const forgetSeat = () => sessionStorage.removeItem(KEPT);
