/**
 * @file Who can be spoken to: client IDs `GroupID@@@account[.instance]`, and the topics that reach them.
 */

const PART = /^[A-Za-z0-9_-]+$/;
/** Characters that a client ID, and any topic with its parent, may have. */
const MOST = 64;

/** The parents of a deployment's topics. */
export const TOPICS = Object.freeze({ callUp: "call-up", bulkUp: "bulk-up", callDown: "call-dn", bulkDown: "bulk-dn" });

/**
 * Reads a client ID.
 * @param {string} clientId
 * @returns {{group: string, userId: string, instance: string | undefined}}
 * @throws {RangeError} if the broker or the service would not take it
 */
export function parseClientId(clientId) {
  const [group, device, ...more] = String(clientId).split("@@@");
  const [userId, instance, ...rest] = (device ?? "").split(".");
  const parts = instance === undefined ? [group, userId] : [group, userId, instance];
  if (more.length > 0 || rest.length > 0 || !parts.every((part) => PART.test(part))) {
    throw new RangeError("a client ID has the form GroupID@@@account or GroupID@@@account.instance");
  }
  if (clientId.length > MOST) throw new RangeError(`a client ID has at most ${MOST} characters`);
  return { group, userId, instance };
}

/**
 * The two topics that a device listens on.
 * @param {string} clientId
 * @param {typeof TOPICS} topics
 * @returns {{control: string, bulk: string}}
 * @throws {RangeError} if one of them is too long to be published to: the device could connect but never be addressed
 */
export function downlinkTopics(clientId, topics = TOPICS) {
  const control = `${topics.callDown}/p2p/${clientId}`;
  const bulk = `${topics.bulkDown}/p2p/${clientId}`;
  if (control.length > MOST || bulk.length > MOST) {
    throw new RangeError(`the client ID is too long: a topic has at most ${MOST} characters`);
  }
  return { control, bulk };
}
