/** @file The login form. The laptop stack needs no password. */
import { storedAccount, suggestedDevice } from "../account.js";
import { html } from "../ui.js";
import { loginWords } from "../words.js";

const PATTERN = "[A-Za-z0-9_\\-]+";

export function Login({ phone, logIn }) {
  // Prefill with the account of the last attempt, or with the one stored for this tab.
  const account = phone.account ?? storedAccount();
  const submit = (event) => {
    event.preventDefault();
    const text = (name) => event.target.elements[name].value.trim();
    // `phone.problem` has the reason of a failure.
    logIn({ account: text("account"), device: text("device"), name: text("name") }).catch(() => {});
  };
  return html`
    <main class="login">
      <form class="card" onSubmit=${submit} aria-labelledby="login-title">
        <img src="icon.svg" alt="" width="48" height="48" />
        <h1 id="login-title">Switchboard</h1>
        <p class="quiet">Open this page in two windows, log in as two people, and call.</p>
        <label>Account
          <input name="account" id="account" required pattern=${PATTERN} maxlength="32" autocapitalize="off" autocomplete="off"
            spellcheck="false" autofocus placeholder="alice" defaultValue=${account?.account} title="Letters, digits, _ and -" />
        </label>
        <label>Name <span class="quiet">as others see it</span>
          <input name="name" id="name" maxlength="60" autocomplete="off" placeholder="Alice" defaultValue=${account?.name} />
        </label>
        <label>Device
          <input name="device" id="device" required pattern=${PATTERN} maxlength="20" autocapitalize="off" autocomplete="off"
            spellcheck="false" defaultValue=${account?.device ?? suggestedDevice()} title="Letters, digits, _ and -" />
        </label>
        <p class="problem" role="alert" id="login-problem">${loginWords(phone.problem)}</p>
        <button class="button primary wide" id="log-in" type="submit">Log in</button>
      </form>
    </main>`;
}
