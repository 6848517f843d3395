/** @file The panel to select microphone and camera. */
import { Button, html, useEffect, useState } from "../ui.js";

const KINDS = [
  ["audio", "Microphone"],
  ["video", "Camera"],
];

export function Devices({ call, onClose }) {
  const [devices, setDevices] = useState({ audio: [], video: [] });
  const refresh = async () => setDevices({ audio: await call.local.list("audio"), video: await call.local.list("video") });
  useEffect(() => {
    refresh();
    navigator.mediaDevices?.addEventListener("devicechange", refresh);
    return () => navigator.mediaDevices?.removeEventListener("devicechange", refresh);
  }, [call]);
  const isNameless = Object.values(devices).some((known) => known.some(({ label }) => !label));
  return html`
    <aside class="side" aria-label="Devices" id="devices-panel">
      <header><h3>Devices</h3><${Button} icon="close" label="Close" onClick=${onClose} /></header>
      ${KINDS.map(
        ([kind, label]) => html`
        <label key=${kind}>${label}
          <select id=${`choose-${kind}`} value=${call.local.chosen(kind)} disabled=${devices[kind].length === 0}
            onChange=${(event) => call.local.choose(kind, event.target.value).then(refresh)}>
            ${devices[kind].length === 0 && html`<option value="">None found</option>`}
            ${devices[kind].map(({ deviceId, label: name }, index) => html`<option key=${deviceId} value=${deviceId}>${name || `${label} ${index + 1}`}</option>`)}
          </select>
        </label>`,
      )}
      ${isNameless && html`<p class="quiet">Allow the browser to use microphone and camera to see their names.</p>`}
    </aside>`;
}
