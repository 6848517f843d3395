/** @file Who are you? On a laptop an account needs no password. */
import { keptAccount, suggestedDevice } from "../account.js";
import { html, useState } from "../ui.js";

const FORM = "[A-Za-z0-9_\\-]+";

export function Login({ logIn }) {
  const kept = keptAccount();
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    const text = (name) => event.target.elements[name].value.trim();
    setBusy(true);
    setProblem("");
    try {
      await logIn({ account: text("account"), device: text("device"), name: text("name") });
    } catch (error) {
      setProblem(error.message || "The service cannot be reached.");
      setBusy(false);
    }
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
        <p class="problem" role="alert" id="login-problem">${problem}</p>
        <button class="button primary wide" id="log-in" type="submit" disabled=${busy} aria-busy=${busy}>${busy ? "Logging in…" : "Log in"}</button>
      </form>
    </main>`;
}
