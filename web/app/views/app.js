/** @file The whole page: login, or the phone with what lies on top of it. */
import { Button, Icon, Sheet, html, useChanges, useEffect, useRef, useState } from "../ui.js";
import { nameWords } from "../words.js";
import { Drawer } from "./drawer.js";
import { Home } from "./home.js";
import { Incoming } from "./incoming.js";
import { Login } from "./login.js";
import { Stage } from "./stage.js";

export function App({ phone, logIn, logOut }) {
  useChanges(phone);
  const [drawer, setDrawer] = useState(false);
  const rings = phone.callers[0];
  useEffect(() => {
    document.title = rings
      ? `${nameWords(rings.from)} is calling`
      : phone.call
        ? "In a call – Switchboard"
        : "Switchboard";
  }, [rings, phone.call]);
  const main = useRef();
  useEffect(() => {
    // What had the focus has gone with its view: who uses a keyboard goes on in the new one, not at the top of the page.
    if (document.activeElement === document.body) main.current?.focus();
  }, [phone.phase, phone.call]);
  if (phone.phase === "out") return html`<${Login} phone=${phone} logIn=${logIn} />`;
  if (phone.phase === "connecting") return html`<main class="connecting" role="status"><p>Connecting…</p></main>`;
  // What lies under a sheet is out of reach, for the keyboard and for screen readers.
  const covered = rings !== undefined || phone.elsewhere !== undefined;
  return html`
    <div class=${`shell${drawer ? " with-drawer" : ""}${phone.call ? " in-call" : ""}`}>
      <header class="bar" inert=${covered}>
        <h1 class="brand"><img src="icon.svg" alt="" width="26" height="26" /><span>Switchboard</span></h1>
        <p class="who" id="me"><strong>${phone.account.name || phone.me}</strong><span class="quiet">${phone.me}.${phone.account.device}</span></p>
        <${Button} icon="code" label="Protocol log" id="toggle-drawer" pressed=${drawer} onClick=${() => setDrawer(!drawer)} />
        <${Button} icon="out" label="Log out" id="log-out" onClick=${logOut} />
      </header>
      <${LinkBanner} phone=${phone} />
      <main class="main" tabindex="-1" ref=${main} inert=${covered}>
        ${phone.call ? html`<${Stage} phone=${phone} call=${phone.call} />` : html`<${Home} phone=${phone} />`}
      </main>
      ${drawer && html`<${Drawer} phone=${phone} covered=${covered} onClose=${() => setDrawer(false)} />`}
      ${rings && html`<${Incoming} key=${rings.invite_id} phone=${phone} offer=${rings} others=${phone.callers.length - 1} />`}
      ${phone.elsewhere && html`<${Elsewhere} phone=${phone} />`}
      <${Notices} phone=${phone} />
    </div>`;
}

/** Says that there is no connection, and what can be done about it. */
function LinkBanner({ phone }) {
  if (phone.link === "up") return null;
  if (phone.link === "taken") {
    return html`
      <div class="banner stopped" role="alert" id="taken-over">
        <p>This device was opened somewhere else, so it is quiet here.</p>
        <${Button} label="Use it here" kind="primary small" wide onClick=${() => phone.takeBack().catch(() => {})} />
      </div>`;
  }
  return html`
    <div class="banner" role="status" id="reconnecting">
      <span class="spinner" aria-hidden="true"></span>
      <p>No connection to the service. Reconnecting…${phone.call ? " You can go on talking." : ""}</p>
    </div>`;
}

/** The user is in this call already, on another device. */
function Elsewhere({ phone }) {
  return html`
    <${Sheet} label="In this call on another device" className="question" onClose=${() => phone.move(false)}>
      <h2>You are in this call on another device</h2>
      <p class="quiet">Move it here? The other device leaves.</p>
      <div class="choices">
        <${Button} label="No" kind="small" wide onClick=${() => phone.move(false)} />
        <${Button} label="Move it here" kind="primary small" wide id="move-here" autofocus onClick=${() => phone.move(true)} />
      </div>
    <//>`;
}

function Notices({ phone }) {
  return html`
    <div class="notices" role="log" aria-live="polite" aria-label="Notices">
      ${phone.notices.list.map(
        ({ id, kind, text }) => html`
        <div class=${`notice ${kind}`} key=${id} role=${kind === "error" ? "alert" : undefined}>
          <p>${text}</p>
          <button type="button" class="button plain tiny" aria-label="Dismiss" onClick=${() => phone.notices.dismiss(id)}><${Icon} name="close" /></button>
        </div>`,
      )}
    </div>`;
}
