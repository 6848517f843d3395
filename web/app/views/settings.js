/** @file The panel with the user's settings about calls of others. */
import { Button, Face, html, useState, useTicks } from "../ui.js";
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
  const { silentUntil, who, allow, blocked } = settings;
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
          <option value="allowed">some people</option>
          <option value="nobody">nobody</option>
        </select>
      </div>
      ${who === "allowed" && html`<${Allowed} phone=${phone} settings=${settings} allow=${allow} />`}
      <ul class="list" id="blocked" aria-label="Blocked people">
        ${blocked.map(
          (userId) => html`
          <${Listed} key=${userId} phone=${phone} userId=${userId} words="Blocked">
            <${Button} label="Unblock" kind="small" wide onClick=${() => settings.unblock(userId)} />
          <//>`,
        )}
      </ul>
    </section>`;
}

/** The people whose calls ring, and a form to add one. */
function Allowed({ phone, settings, allow }) {
  const [text, setText] = useState("");
  const userId = text.trim();
  const submit = async (event) => {
    event.preventDefault();
    if (userId && (await settings.allowUser(userId))) setText("");
  };
  const others = phone.directory.contacts.filter(({ user_id: known }) => !allow.includes(known));
  return html`
    <ul class="list" id="allowed" aria-label="People who may call you">
      ${allow.map(
        (one) => html`
        <${Listed} key=${one} phone=${phone} userId=${one} words="May call you">
          <${Button} label="Remove" kind="small" wide onClick=${() => settings.disallowUser(one)} />
        <//>`,
      )}
    </ul>
    ${allow.length === 0 && html`<p class="quiet">Nobody yet: no call rings.</p>`}
    <form class="invite" onSubmit=${submit}>
      <input id="allow" list="allowable" value=${text} onInput=${(event) => setText(event.target.value)}
        placeholder="Account" aria-label="Account that may call you" autocapitalize="off" autocomplete="off" spellcheck="false" />
      <datalist id="allowable">${others.map(({ user_id: known, name }) => html`<option key=${known} value=${known}>${name}</option>`)}</datalist>
      <button class="button primary" type="submit" id="allow-go" disabled=${!userId}>Add</button>
    </form>`;
}

function Listed({ phone, userId, words, children }) {
  return html`
    <li class="row" data-user=${userId}>
      <${Face} name=${phone.nameOf(userId)} id=${userId} size="small" />
      <p class="name"><strong>${phone.nameOf(userId)}</strong><span class="quiet">${words}</span></p>
      ${children}
    </li>`;
}
