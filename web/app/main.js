/** @file Entry point of the page: logs in again if this tab was logged in, and renders the views. */
import { forgetAccount, storeAccount, storedAccount } from "./account.js";
import { Phone } from "./phone.js";
import { html, render } from "./ui.js";
import { App } from "./views/app.js";

const phone = new Phone();
const logIn = async (account) => {
  await phone.start(account);
  storeAccount(account);
};
const logOut = () => {
  forgetAccount();
  phone.stop();
};

const stored = storedAccount();
// After a failure the login form shows the stored account and the error.
if (stored) logIn(stored).catch(() => {});
render(html`<${App} phone=${phone} logIn=${logIn} logOut=${logOut} />`, document.getElementById("page"));

// Reconnect at once when the network is back or the page becomes visible again.
addEventListener("online", () => phone.reconnect());
document.addEventListener("visibilitychange", () => document.hidden || phone.reconnect());

// For tests and the developer console.
globalThis.switchboard = { phone };
