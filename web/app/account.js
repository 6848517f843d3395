/**
 * @file The account of this tab, and the login and contacts of the laptop stack. An app replaces this file: it gets the
 * token and the contacts from its own back end.
 */
import mqtt from "../vendor/mqtt.esm.js";
import { Terminal, mqttTransport } from "../terminal.js";
import { seenMissedMs } from "./seen-missed.js";
import { nameWords } from "./words.js";

const ACCOUNT_KEY = "switchboard.account";
const DEVICE_KEY = "switchboard.device";

/**
 * @typedef {{account: string, device: string, name: string}} Account
 */

/** Returns the account stored for this tab, if any. @returns {Account | undefined} */
export function storedAccount() {
  try {
    return JSON.parse(sessionStorage.getItem(ACCOUNT_KEY)) ?? undefined;
  } catch {
    return undefined;
  }
}

export const storeAccount = (account) => sessionStorage.setItem(ACCOUNT_KEY, JSON.stringify(account));
export const forgetAccount = () => sessionStorage.removeItem(ACCOUNT_KEY);

/** Returns the default device name of this browser, generated at the first call. */
export function suggestedDevice() {
  let device = localStorage.getItem(DEVICE_KEY);
  if (!device) {
    device = `web-${crypto.randomUUID().slice(0, 4)}`;
    localStorage.setItem(DEVICE_KEY, device);
  }
  return device;
}

/**
 * Logs in and creates the terminal of an account; the caller connects it.
 * @param {Account} account
 * @returns {Promise<Terminal>}
 */
export async function openTerminal(account) {
  const admitted = await admit(account);
  let unusedToken = admitted.token;
  const transport = mqttTransport(mqtt, {
    // The origin of the page, so that it also works behind a tunnel.
    url: new URL("/mqtt", location.href.replace(/^http/, "ws")).href,
    // The first connect uses the token of the login; each later one requests a fresh token.
    token: async () => {
      const token = unusedToken ?? (await admit(account)).token;
      unusedToken = undefined;
      return token;
    },
  });
  return new Terminal({ clientId: admitted.client_id, transport, missedSinceMs: seenMissedMs(account.account) });
}

/** Requests a client ID and a token from the laptop stack. */
async function admit(account) {
  const response = await fetch("/local/login", { method: "POST", body: JSON.stringify(account) });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    const error = new Error(answer.message ?? `The login failed with status ${response.status}. Try again.`);
    // With status 401 or 403 the account may not log in any more. Other failures may be temporary.
    throw response.status === 401 || response.status === 403 ? Object.assign(error, { code: "refused" }) : error;
  }
  return answer;
}

/**
 * Reads the users of the laptop stack, with their presence.
 * @returns {Promise<{user_id: string, name: string, online: boolean, devices: number}[]>} `name`: at least the account
 */
export async function contacts() {
  const response = await fetch("/local/contacts");
  if (!response.ok) throw new Error(`reading the contacts failed with status ${response.status}`);
  const { contacts: known } = await response.json();
  return known.map(({ user_id, name, devices }) => ({
    user_id,
    name: nameWords({ user_id, name }),
    online: devices.some(({ online }) => online),
    devices: devices.length,
  }));
}
