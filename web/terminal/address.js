/**
 * @file Client IDs (`GroupID@@@account[.instance]`) and the downlink topics of a device.
 */

const PART = /^[A-Za-z0-9_-]+$/;
/** Maximum length, in characters, of a client ID and of a topic including its prefix. */
const MAX_LENGTH = 64;

/** Default topic prefixes. */
export const TOPICS = Object.freeze({ callUp: "call-up", bulkUp: "bulk-up", callDown: "call-dn", bulkDown: "bulk-dn" });

/**
 * Splits a client ID into its parts.
 * @param {string} clientId
 * @returns {{group: string, userId: string, instance: string | undefined}}
 * @throws {RangeError} if the form or the length is not valid
 */
export function parseClientId(clientId) {
  const [group, device, ...more] = String(clientId).split("@@@");
  const [userId, instance, ...rest] = (device ?? "").split(".");
  const parts = instance === undefined ? [group, userId] : [group, userId, instance];
  if (more.length > 0 || rest.length > 0 || !parts.every((part) => PART.test(part))) {
    throw new RangeError("a client ID must have the form GroupID@@@account or GroupID@@@account.instance");
  }
  if (clientId.length > MAX_LENGTH) throw new RangeError(`a client ID must have at most ${MAX_LENGTH} characters`);
  return { group, userId, instance };
}

/**
 * Returns the two topics that a device subscribes to.
 * @param {string} clientId
 * @param {typeof TOPICS} topics
 * @returns {{control: string, bulk: string}}
 * @throws {RangeError} if a topic is too long: the device could connect, but the service could not publish to it
 */
export function downlinkTopics(clientId, topics = TOPICS) {
  const control = `${topics.callDown}/p2p/${clientId}`;
  const bulk = `${topics.bulkDown}/p2p/${clientId}`;
  if (control.length > MAX_LENGTH || bulk.length > MAX_LENGTH) {
    throw new RangeError(`the client ID is too long: its topics must have at most ${MAX_LENGTH} characters`);
  }
  return { control, bulk };
}
