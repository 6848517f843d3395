/** @file The panel with the user's settings about calls of others. */
import { Button, Face, html, useTicks } from "../ui.js";
import { dateText } from "../words.js";

/** Choices for do-not-disturb, in seconds. */
const SILENT_FOR = [
  [3600, "for an hour"],
  [8 * 3600, "for eight hours"],
  [7 * 24 * 3600, "for a week"],
];

export function Settings({ phone }) {
  useTicks(30_000);
  const { settings } = phone;
  if (!settings?.isKnown) return null;
  const { silentUntil, who, blocked } = settings;
  return html`
    <section class="panel settings" aria-labelledby="settings-title">
      <h2 id="settings-title">Your calls</h2>
      <div class="row">
        <label class="name" for="do-not-disturb"><strong>Do not disturb</strong>
          <span class="quiet" id="silent-until">${silentUntil ? `No call rings until ${dateText(silentUntil)}` : "Calls ring"}</span></label>
        <select id="do-not-disturb" value=${silentUntil ? "on" : "0"} onChange=${(event) => settings.setDoNotDisturb(Number(event.target.value))}>
          ${silentUntil && html`<option value="on" disabled>on</option>`}
          <option value="0">off</option>
          ${SILENT_FOR.map(([seconds, words]) => html`<option key=${seconds} value=${seconds}>${words}</option>`)}
        </select>
      </div>
      <div class="row">
        <label class="name" for="who-may-call"><strong>Who may call you</strong></label>
        <select id="who-may-call" value=${who} onChange=${(event) => settings.setWho(event.target.value)}>
          <option value="everyone">everyone</option>
          ${who === "allowed" && html`<option value="allowed">some people</option>`}
          <option value="nobody">nobody</option>
        </select>
      </div>
      <ul class="list" id="blocked" aria-label="Blocked people">
        ${blocked.map(
          (userId) => html`
          <li class="row" key=${userId} data-user=${userId}>
            <${Face} name=${phone.nameOf(userId)} id=${userId} size="small" />
            <p class="name"><strong>${phone.nameOf(userId)}</strong><span class="quiet">Blocked</span></p>
            <${Button} label="Unblock" kind="small" wide onClick=${() => settings.unblock(userId)} />
          </li>`,
        )}
      </ul>
    </section>`;
}
