/** @file Storage for the seat of this tab, so that a reloaded page returns to its call. */

const STORAGE_KEY = "switchboard.seat";

/** Returns the stored seat, if any. @returns {{meetingId: string, microphone: boolean, camera: boolean} | undefined} */
export function storedSeat() {
  try {
    return JSON.parse(sessionStorage.getItem(STORAGE_KEY)) ?? undefined;
  } catch {
    return undefined;
  }
}

export const storeSeat = (seat) => sessionStorage.setItem(STORAGE_KEY, JSON.stringify(seat));
export const forgetSeat = () => sessionStorage.removeItem(STORAGE_KEY);
