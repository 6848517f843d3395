/** @file The sheet of a ringing invitation: caller, kind of call, time left, and the choices. */
import { Button, Face, Sheet, html, useTicks } from "../ui.js";
import { nameWords, titleWords } from "../words.js";
import { HeldBack } from "./held-back.js";

// The focus goes to the sheet, not to a button: a key pressed for something else must not accept the call.
export function Incoming({ phone, offer, others }) {
  useTicks(250);
  const name = nameWords(offer.from);
  const left = Math.max(0, offer.endsAt - performance.now());
  const group = offer.group.map((userId) => phone.nameOf(userId));
  const isVideo = offer.media === "video";
  const kind = offer.mode === "group" ? "Group call" : isVideo ? "Video call" : "Call";
  const about = [kind, titleWords(offer.title), name !== offer.from.user_id && offer.from.user_id];
  return html`
    <${Sheet} label=${`${name} is calling`} className="incoming">
      <div class="pulse"><${Face} name=${name} id=${offer.from.user_id} size="huge" /></div>
      <h2 id="caller">${name}</h2>
      <p class="quiet">${about.filter(Boolean).join(" · ")}</p>
      ${group.length > 0 && html`<p class="quiet">with ${group.slice(0, 4).join(", ")}${group.length > 4 ? ` and ${group.length - 4} more` : ""}</p>`}
      <progress class="countdown" max=${offer.ringsFor} value=${left} aria-label="Time left"></progress>
      <p class="quiet" role="timer" id="countdown">${Math.ceil(left / 1000)} s</p>
      <${HeldBack} playback=${phone.playback} />
      <div class="choices">
        <${Choice} icon="hangup" label="Decline" kind="danger" id="decline" onClick=${() => phone.reject(offer, phone.call ? "busy" : "declined")} />
        <${Choice} icon="block" label="Block" kind="plain" id="block-caller" onClick=${() => phone.rejectAndBlock(offer)} />
        <${Choice} icon="bell" label="Silence" kind="plain" id="silence" onClick=${() => phone.silence(offer)} />
        ${isVideo && html`<${Choice} icon="phone" label="Audio only" kind="plain" id="accept-audio" onClick=${() => phone.accept(offer, false)} />`}
        <${Choice} icon=${isVideo ? "video" : "phone"} label=${phone.call ? "End and accept" : "Accept"} kind="accept" id="accept"
          onClick=${() => phone.accept(offer, isVideo)} />
      </div>
      ${others > 0 && html`<p class="quiet">${others} more ${others === 1 ? "call is" : "calls are"} waiting.</p>`}
    <//>`;
}

function Choice({ icon, label, kind, id, onClick }) {
  return html`
    <div class="choice">
      <${Button} icon=${icon} label=${label} kind=${`${kind} round large`} id=${id} onClick=${onClick} />
      <span aria-hidden="true">${label}</span>
    </div>`;
}
