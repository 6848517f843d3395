/**
 * @file One tab per device. The broker keeps one connection for each client ID, so two tabs with the same one would
 * disconnect each other in turn. The newer tab keeps the device and notifies the older one over a `BroadcastChannel`.
 * Between browsers the broker notifies the older connection (MQTT 5: session taken over).
 */

const CHANNEL = "switchboard.devices";

/**
 * Claims a device for this tab.
 * @param {string} clientId
 * @param {() => void} onLost called when another tab claims the device
 * @returns {() => void} ends the claim
 */
export function claimDevice(clientId, onLost) {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data }) => data === clientId && onLost();
  channel.postMessage(clientId);
  return () => channel.close();
}
