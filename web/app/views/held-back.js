/** @file A hint with a button while the browser holds back sound or pictures. */
import { Button, html } from "../ui.js";
import { heldBackWords } from "../words.js";

export function HeldBack({ playback }) {
  if (!playback.held) return null;
  const { text, label } = heldBackWords(playback.held);
  // Any gesture starts the sound, so a click on the button needs no handler of its own, except by assistive technology.
  return html`
    <p class="hint warn held-back" role="alert" id="held-back">
      <span>${text}</span>
      <${Button} label=${label} kind="primary small" wide id="turn-on" onClick=${() => playback.startHeld()} />
    </p>`;
}
