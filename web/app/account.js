/**
 * @file Who uses this page: the account, kept for this tab, and what the laptop's own interfaces say. An app would ask its
 * back end for the token and the contacts; this is the file to change for that.
 */
import mqtt from "../vendor/mqtt.esm.js";
import { Terminal, mqttTransport } from "../terminal.js";
import { nameWords } from "./words.js";

const KEPT = "switchboard.account";
const DEVICE = "switchboard.device";

/**
 * @typedef {{account: string, device: string, name: string}} Account
 */

/** The account that this tab was left with, if any. @returns {Account | undefined} */
export function keptAccount() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT)) ?? undefined;
  } catch {
    return undefined;
  }
}

export const keepAccount = (account) => sessionStorage.setItem(KEPT, JSON.stringify(account));
export const forgetAccount = () => sessionStorage.removeItem(KEPT);

/** A device name to begin with: this browser's own. */
export function suggestedDevice() {
  let device = localStorage.getItem(DEVICE);
  if (!device) {
    device = `web-${crypto.randomUUID().slice(0, 4)}`;
    localStorage.setItem(DEVICE, device);
  }
  return device;
}

/**
 * The terminal of an account, not connected yet.
 * @param {Account} account
 * @returns {Promise<Terminal>}
 */
export async function openTerminal(account) {
  const admitted = await admit(account);
  let fresh = admitted.token;
  const transport = mqttTransport(mqtt, {
    // Where the page came from; so it works behind a tunnel, too.
    url: new URL("/mqtt", location.href.replace(/^http/, "ws")).href,
    // Each connection but the first asks for a token of its own.
    token: async () => {
      const token = fresh ?? (await admit(account)).token;
      fresh = undefined;
      return token;
    },
  });
  return new Terminal({ clientId: admitted.client_id, transport });
}

/** Asks for a client ID and a token. */
async function admit(account) {
  const response = await fetch("/local/login", { method: "POST", body: JSON.stringify(account) });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.message ?? "The login was refused.");
  return answer;
}

/**
 * Who there is, with presence.
 * @returns {Promise<{user_id: string, name: string, online: boolean, devices: number}[]>} named by their account at least
 */
export async function contacts() {
  const response = await fetch("/local/contacts");
  if (!response.ok) throw new Error("The contacts cannot be read.");
  const { contacts: known } = await response.json();
  return known.map(({ user_id, name, devices }) => ({
    user_id,
    name: nameWords({ user_id, name }),
    online: devices.some(({ online }) => online),
    devices: devices.length,
  }));
}
