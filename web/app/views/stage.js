/** @file The view of a call: tiles of the participants, state, and controls. */
import { Button, Face, html, useState, useTicks } from "../ui.js";
import { handsOf, isPending, isPresent, isWaiting } from "../roster.js";
import { callTitle, deviceWords, durationText, mediaWords, stateWords } from "../words.js";
import { Devices } from "./devices.js";
import { People } from "./people.js";
import { HeldBack } from "./held-back.js";
import { Tiles } from "./tiles.js";

export function Stage({ phone, call }) {
  const [panel, setPanel] = useState();
  const toggle = (name) => setPanel(panel === name ? undefined : name);
  if (call.phase === "lobby") return html`<${Lobby} phone=${phone} />`;
  const { meeting, me } = call;
  const others = meeting.participants.filter(({ user_id: userId }) => userId !== me);
  const waiting = others.filter(isWaiting).length;
  const hands = handsOf(meeting);
  return html`
    <div class=${`stage${panel ? " with-panel" : ""}`} data-phase=${call.phase} data-media=${call.mediaState} id="stage">
      <${Head} phone=${phone} call=${call} others=${others} />
      <${Tiles} phone=${phone} call=${call} others=${others} hands=${hands} />
      <div class="controls" role="group" aria-label="Call">
        <${Microphone} call=${call} />
        <${Camera} call=${call} />
        ${meeting.mode === "group" && html`<${Hand} phone=${phone} call=${call} hands=${hands} />`}
        <${Button} icon="people" label=${waiting ? `People, ${waiting} waiting` : "People"} id="people" pressed=${panel === "people"}
          kind=${`round${waiting ? " alerting" : ""}`} onClick=${() => toggle("people")} />
        <${Button} icon="gear" label="Devices" id="devices" kind="round" pressed=${panel === "devices"} onClick=${() => toggle("devices")} />
        <${Button} icon="hangup" label="Hang up" id="hang-up" kind="danger round pill" onClick=${() => phone.hangUp()} />
      </div>
      ${panel === "people" && html`<${People} phone=${phone} call=${call} hands=${hands} onClose=${() => setPanel()} />`}
      ${panel === "devices" && html`<${Devices} call=${call} onClose=${() => setPanel()} />`}
    </div>`;
}

function Head({ phone, call, others }) {
  useTicks(1000);
  const { meeting } = call;
  const names = others
    .filter((one) => isPresent(one) || isPending(one))
    .map(({ user_id: userId }) => phone.nameOf(userId));
  const problem = deviceWords(call.local.problems);
  const now = performance.now();
  // Screen readers announce changes of the state (`status`), but not of the clock (`timer`).
  const state = [stateOf(call, others), meeting.locked && "Locked"].filter(Boolean).join(" · ");
  const clock = call.phase === "in" && call.since !== undefined && durationText(now - call.since);
  return html`
    <header class="stage-head">
      <h2 id="call-title">${callTitle(meeting.title, names)}</h2>
      <p class="quiet" id="call-state"><span role="status">${state}</span>${state && clock && " · "}${clock && html`<span role="timer">${clock}</span>`}</p>
      ${
        call.endsAt &&
        html`
        <p class="hint warn"><span role="status">This call ends soon</span> · <span role="timer">${durationText(call.endsAt - now)}</span></p>`
      }
      ${call.mediaProblem && html`<p class="hint warn" role="alert" id="media-problem">${mediaWords(call.mediaProblem)}</p>`}
      ${!call.mediaProblem && call.mediaState === "reconnecting" && html`
        <p class="hint warn" role="status" id="media-problem">The media connection is interrupted. Reconnecting…</p>`}
      <${HeldBack} playback=${phone.playback} />
      ${problem && html`<p class="hint" role="status" id="device-problem">${problem}</p>`}
      ${call.speech === "hard" && html`
        <p class="hint warn" id="blocked"><span role="status">The host has blocked your microphone</span>
          ${call.blockedFor !== undefined && html` · <span role="timer">${durationText(call.blockedFor)}</span>`}</p>`}
      ${call.speech === "soft" && html`<p class="hint" role="status" id="muted">The host has muted you. Turn your microphone on to speak.</p>`}
    </header>`;
}

function stateOf(call, others) {
  if (call.phase === "calling") {
    const ringing = others.find(({ state }) => state === "ringing") ?? others[0];
    return ringing ? stateWords(ringing.state) : "Starting…";
  }
  if (call.phase === "entering") return call.isReturning ? "Coming back…" : "Connecting…";
  return others.some(isPresent) ? undefined : "No other participants";
}

function Microphone({ call }) {
  const on = call.local.isOn("audio");
  const blocked = call.speech === "hard";
  // A constant label, since `aria-pressed` shows the state of the microphone.
  return html`<${Button} icon=${on ? "mic" : "micOff"} label="Microphone" id="microphone"
    title=${blocked ? "Blocked by the host" : on ? "Turn microphone off" : "Turn microphone on"} kind=${`round${on ? "" : " off"}`} pressed=${on}
    disabled=${blocked} onClick=${() => call.setMicrophone(!on)} />`;
}

function Camera({ call }) {
  const on = call.local.isOn("video");
  return html`<${Button} icon=${on ? "video" : "videoOff"} label="Camera" id="camera"
    title=${on ? "Turn camera off" : "Turn camera on"} kind=${`round${on ? "" : " off"}`}
    pressed=${on} onClick=${() => call.setCamera(!on)} />`;
}

function Hand({ phone, call, hands }) {
  const up = hands.includes(call.me);
  return html`<${Button} icon="hand" label="Raise hand" title=${up ? "Lower hand" : "Raise hand"} id="hand" kind=${`round${up ? " raised" : ""}`} pressed=${up}
    onClick=${() => phone.request(up ? "lower_hand" : "raise_hand")} />`;
}

function Lobby({ phone }) {
  return html`
    <div class="lobby" id="lobby">
      <div class="pulse"><${Face} name=${phone.nameOf(phone.me)} id=${phone.me} size="huge" /></div>
      <h2>Waiting to be let in</h2>
      <p class="quiet" role="status">The host knows that you are here.</p>
      <${Button} icon="hangup" label="Leave" kind="danger" wide onClick=${() => phone.hangUp()} />
    </div>`;
}
