/** @file Who are you? On a laptop an account needs no password. */
import { keptAccount, suggestedDevice } from "../account.js";
import { html } from "../ui.js";
import { loginWords } from "../words.js";

const FORM = "[A-Za-z0-9_\\-]+";

export function Login({ phone, logIn }) {
  // What was tried just now, or in this tab before.
  const kept = phone.account ?? keptAccount();
  const submit = (event) => {
    event.preventDefault();
    const text = (name) => event.target.elements[name].value.trim();
    // If it fails, `phone.problem` says why.
    logIn({ account: text("account"), device: text("device"), name: text("name") }).catch(() => {});
  };
  return html`
    <main class="login">
      <form class="card" onSubmit=${submit} aria-labelledby="login-title">
        <img src="icon.svg" alt="" width="48" height="48" />
        <h1 id="login-title">Switchboard</h1>
        <p class="quiet">Open this page in two windows, log in as two people, and call.</p>
        <label>Account
          <input name="account" id="account" required pattern=${FORM} maxlength="32" autocapitalize="off" autocomplete="off"
            spellcheck="false" autofocus placeholder="alice" defaultValue=${kept?.account} title="Letters, digits, _ and -" />
        </label>
        <label>Name <span class="quiet">as others see it</span>
          <input name="name" id="name" maxlength="60" autocomplete="off" placeholder="Alice" defaultValue=${kept?.name} />
        </label>
        <label>Device
          <input name="device" id="device" required pattern=${FORM} maxlength="20" autocapitalize="off" autocomplete="off"
            spellcheck="false" defaultValue=${kept?.device ?? suggestedDevice()} title="Letters, digits, _ and -" />
        </label>
        <p class="problem" role="alert" id="login-problem">${loginWords(phone.problem)}</p>
        <button class="button primary wide" id="log-in" type="submit">Log in</button>
      </form>
    </main>`;
}
