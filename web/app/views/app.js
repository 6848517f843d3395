/** @file The page: the login, or the main view with its banner, sheets and notices. */
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
  const offer = phone.shownOffers[0];
  useEffect(() => {
    document.title = offer
      ? `${nameWords(offer.from)} is calling`
      : phone.call
        ? "In a call – Switchboard"
        : "Switchboard";
  }, [offer, phone.call]);
  const main = useRef();
  useEffect(() => {
    // The focused element was removed with its view: move the focus to the new view, for keyboard users.
    if (document.activeElement === document.body) main.current?.focus();
  }, [phone.phase, phone.call]);
  if (phone.phase === "out") return html`<${Login} phone=${phone} logIn=${logIn} />`;
  if (phone.phase === "connecting") return html`<main class="connecting" role="status"><p>Connecting…</p></main>`;
  // While a sheet is open, keyboard and screen readers must not reach the page below it.
  const leave = () =>
    phone.call ? phone.ask({ title: "Hang up and log out?", action: "Log out", act: logOut }) : logOut();
  const covered = offer !== undefined || phone.elsewhere !== undefined || phone.heldBy !== undefined || phone.question !== undefined;
  return html`
    <div class=${`shell${drawer ? " with-drawer" : ""}${phone.call ? " in-call" : ""}`}>
      <header class="bar" inert=${covered}>
        <h1 class="brand"><img src="icon.svg" alt="" width="26" height="26" /><span>Switchboard</span></h1>
        <p class="who" id="me"><strong>${phone.account.name || phone.me}</strong><span class="quiet">${phone.me}.${phone.account.device}</span></p>
        <${Button} icon="code" label="Protocol log" id="toggle-drawer" pressed=${drawer} onClick=${() => setDrawer(!drawer)} />
        <${Button} icon="out" label="Log out" id="log-out" onClick=${leave} />
      </header>
      <${ConnectionBanner} phone=${phone} logOut=${logOut} />
      <main class="main" tabindex="-1" ref=${main} inert=${covered}>
        ${phone.call ? html`<${Stage} phone=${phone} call=${phone.call} />` : html`<${Home} phone=${phone} />`}
      </main>
      ${drawer && html`<${Drawer} phone=${phone} covered=${covered} onClose=${() => setDrawer(false)} />`}
      ${offer && html`<${Incoming} key=${offer.invite_id} phone=${phone} offer=${offer} others=${phone.shownOffers.length - 1} />`}
      ${phone.elsewhere && html`<${Elsewhere} phone=${phone} />`}
      ${phone.heldBy && html`<${Held} phone=${phone} />`}
      ${phone.question && html`<${Question} phone=${phone} question=${phone.question} />`}
      <${Notices} phone=${phone} />
    </div>`;
}

/** A banner while there is no connection. */
function ConnectionBanner({ phone, logOut }) {
  if (phone.connectionState === "up") return null;
  if (phone.connectionState === "taken") {
    return html`
      <div class="banner stopped" role="alert" id="taken-over">
        <p>Another tab or browser uses this device now. Calls do not ring here.</p>
        <${Button} label="Use it here" kind="primary small" wide onClick=${() => phone.reclaimDevice().catch(() => {})} />
      </div>`;
  }
  if (phone.connectionState === "refused") {
    return html`
      <div class="banner stopped" role="alert" id="login-refused">
        <p>The service does not accept your login any more.${phone.call ? " The call continues for a short time." : ""}</p>
        <${Button} label="Try again" kind="small" wide id="retry-login" onClick=${() => phone.reconnect()} />
        <${Button} label="Log in again" kind="primary small" wide onClick=${logOut} />
      </div>`;
  }
  return html`
    <div class="banner" role="status" id="reconnecting">
      <span class="spinner" aria-hidden="true"></span>
      <p>No connection to the service. Reconnecting…${phone.call ? " The call continues." : ""}</p>
      <${Button} label="Try now" kind="small" wide id="try-now" onClick=${() => phone.reconnect()} />
    </div>`;
}

/** Asks before an action that cannot be taken back. */
function Question({ phone, question: { title, action } }) {
  return html`
    <${Sheet} label=${title} className="question" onClose=${() => phone.answerQuestion(false)}>
      <h2>${title}</h2>
      <div class="choices">
        <${Button} label="Cancel" kind="small" wide autofocus onClick=${() => phone.answerQuestion(false)} />
        <${Button} label=${action} kind="danger small" wide id="confirm" onClick=${() => phone.answerQuestion(true)} />
      </div>
    <//>`;
}

/** Asks whether to move a call from another device of the user to this one. */
function Elsewhere({ phone }) {
  return html`
    <${Sheet} label="In this call on another device" className="question" onClose=${() => phone.answerMove(false)}>
      <h2>You are in this call on another device</h2>
      <p class="quiet">Move it here? The other device leaves.</p>
      <div class="choices">
        <${Button} label="No" kind="small" wide onClick=${() => phone.answerMove(false)} />
        <${Button} label="Move it here" kind="primary small" wide id="move-here" autofocus onClick=${() => phone.answerMove(true)} />
      </div>
    <//>`;
}

/** Asks the user to continue or to end a call that prevents another one. */
function Held({ phone }) {
  if (phone.heldBy.offer) return html`<${HeldByRing} phone=${phone} offer=${phone.heldBy.offer} />`;
  return html`
    <${Sheet} label="You are still in another call" className="question" onClose=${() => phone.answerHeld()}>
      <h2>You are still in another call</h2>
      <p class="quiet">Go back to it, or hang up there and make the new call?</p>
      <div class="choices">
        <${Button} label="Cancel" kind="small" wide onClick=${() => phone.answerHeld()} />
        <${Button} label="Hang up and call" kind="small" wide id="hang-up-and-call" onClick=${() => phone.answerHeld("call")} />
        <${Button} label="Go back" kind="primary small" wide id="go-back" autofocus onClick=${() => phone.answerHeld("back")} />
      </div>
    <//>`;
}

/** The same of a call that rings, for example one that was silenced: going back to it would answer it. */
function HeldByRing({ phone, offer }) {
  const name = nameWords(offer.from);
  return html`
    <${Sheet} label=${`${name} is calling`} className="question" onClose=${() => phone.answerHeld()}>
      <h2>${name} is calling you</h2>
      <p class="quiet">Answer, or decline and make the new call?</p>
      <div class="choices">
        <${Button} label="Cancel" kind="small" wide onClick=${() => phone.answerHeld()} />
        <${Button} label="Decline and call" kind="small" wide id="decline-and-call" onClick=${() => phone.answerHeld("call")} />
        <${Button} label="Answer" kind="primary small" wide id="answer-held" autofocus onClick=${() => phone.answerHeld("back")} />
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
