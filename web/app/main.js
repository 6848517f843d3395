/** @file Begins the page: logs in again if this tab was logged in, and shows the phone. */
import { forgetAccount, keepAccount, keptAccount } from "./account.js";
import { Phone } from "./phone.js";
import { html, render } from "./ui.js";
import { App } from "./views/app.js";

const phone = new Phone();
const logIn = async (account) => {
  await phone.start(account);
  keepAccount(account);
};
const logOut = () => {
  forgetAccount();
  phone.stop();
};

const kept = keptAccount();
// If that fails, the form says what was kept.
if (kept) logIn(kept).catch(() => {});
render(html`<${App} phone=${phone} logIn=${logIn} logOut=${logOut} />`, document.getElementById("page"));

// A laptop that wakes, or a network that is back, does not wait for the next attempt.
addEventListener("online", () => phone.reconnect());
document.addEventListener("visibilitychange", () => document.hidden || phone.reconnect());

// For tests and the developer console.
globalThis.switchboard = { phone };
