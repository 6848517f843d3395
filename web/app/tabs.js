/**
 * @file One tab a device: a broker keeps one connection for a client ID, and two tabs would take it from each other for
 * ever. The tab that comes later has it; the earlier one is told. Between browsers the broker tells, as MQTT 5 has it.
 */

const CHANNEL = "switchboard.devices";

/**
 * Claims a device for this tab.
 * @param {string} clientId
 * @param {() => void} onLost another tab claims it
 * @returns {() => void} gives it up
 */
export function claimDevice(clientId, onLost) {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data }) => data === clientId && onLost();
  channel.postMessage(clientId);
  return () => channel.close();
}
