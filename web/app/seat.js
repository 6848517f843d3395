/** @file Storage for the seat of this tab, so that a reloaded page returns to its call. */

const STORAGE_KEY = "switchboard.seat";

/**
 * The seat of a call. `sinceMs`: when this device came into the media, in milliseconds since the epoch.
 * @typedef {{meetingId: string, mode: string, media: string, sinceMs?: number, microphone: boolean, camera: boolean}} Seat
 */

/** Returns the stored seat, if any. @returns {Seat | undefined} */
export function storedSeat() {
  try {
    return JSON.parse(sessionStorage.getItem(STORAGE_KEY)) ?? undefined;
  } catch {
    return undefined;
  }
}

export const storeSeat = (seat) => sessionStorage.setItem(STORAGE_KEY, JSON.stringify(seat));
export const forgetSeat = () => sessionStorage.removeItem(STORAGE_KEY);
