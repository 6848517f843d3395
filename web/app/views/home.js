/** @file The view without a call: contacts and past calls. */
import { Running } from "./running.js";
import { Settings } from "./settings.js";
import { Button, Face, Icon, html, useEffect, useState } from "../ui.js";
import { dateText, historyWords } from "../words.js";

export function Home({ phone }) {
  return html`
    <div class="home">
      <${Running} phone=${phone} />
      <${People} phone=${phone} />
      <${Recent} phone=${phone} />
      <${Settings} phone=${phone} />
    </div>`;
}

function People({ phone }) {
  const [chosen, setChosen] = useState(() => new Set());
  const toggle = (userId) => {
    const next = new Set(chosen);
    if (!next.delete(userId)) next.add(userId);
    setChosen(next);
  };
  const known = [...phone.directory.contacts].sort(
    (one, other) => other.online - one.online || one.name.localeCompare(other.name),
  );
  return html`
    <section class="panel people" aria-labelledby="people-title">
      <h2 id="people-title">People</h2>
      <${Dial} phone=${phone} />
      <ul class="list" id="contacts">
        ${known.map(
          (contact) => html`<${Contact} key=${contact.user_id} phone=${phone} contact=${contact}
          chosen=${chosen.has(contact.user_id)} toggle=${() => toggle(contact.user_id)} />`,
        )}
      </ul>
      ${known.length === 0 && html`<p class="empty">No other user has logged in yet. Open this page in another window and log in with another account.</p>`}
      ${
        chosen.size > 0 &&
        html`
        <div class="foot" role="group" aria-label="Group call">
          <${Button} icon="video" label=${`Call ${chosen.size} ${chosen.size === 1 ? "person" : "people"} as a group`} kind="primary" wide id="call-group"
            onClick=${() => phone.dial([...chosen], "video", { group: true })} />
          <${Button} icon="close" label="Clear the selection" onClick=${() => setChosen(new Set())} />
        </div>`
      }
    </section>`;
}

function Contact({ phone, contact, chosen, toggle }) {
  const { user_id: userId, name, online } = contact;
  return html`
    <li class="row contact" data-user=${userId}>
      <label class="choose"><input type="checkbox" checked=${chosen} onChange=${toggle} aria-label=${`Choose ${name} for a group call`} /></label>
      <${Face} name=${name} id=${userId} online=${online} />
      <p class="name"><strong>${name}</strong><span class="quiet">${online ? "Online" : "Offline"}${name !== userId ? ` · ${userId}` : ""}</span></p>
      <${Button} icon="phone" label=${`Call ${name}`} onClick=${() => phone.dial([userId], "audio")} />
      <${Button} icon="video" label=${`Video call ${name}`} onClick=${() => phone.dial([userId], "video")} />
    </li>`;
}

/** A form to call accounts, or to join a meeting by its id or link. */
function Dial({ phone }) {
  const [text, setText] = useState("");
  const [open, setOpen] = useState(false);
  const meeting = meetingIn(location.hash);
  useEffect(() => {
    if (meeting) setText(meeting);
  }, [meeting]);
  const users = text.split(/[\s,;]+/).filter(Boolean);
  const id = meetingIn(text) ?? (text === meeting ? meeting : undefined);
  const submit = (event) => {
    event.preventDefault();
    if (id) {
      history.replaceState(null, "", location.pathname);
      phone.join(id);
    } else if (users.length > 0) {
      phone.dial(users, "video");
    }
  };
  return html`
    <form class="dial" onSubmit=${submit}>
      <input id="dial" value=${text} onInput=${(event) => setText(event.target.value)} placeholder="Account, or link of a call"
        aria-label="Account to call, or link of a call to join" autocapitalize="off" autocomplete="off" spellcheck="false" />
      <button class="button primary" type="submit" id="dial-go" disabled=${users.length === 0 && !id}>${id ? "Join" : "Call"}</button>
      <${Button} icon="add" label="New call with a link" id="new-meeting" pressed=${open} onClick=${() => setOpen(!open)} />
      ${open && html`<${NewMeeting} phone=${phone} />`}
    </form>`;
}

/** A form to start a group call that others join by its link. */
function NewMeeting({ phone }) {
  const [entry, setEntry] = useState("lobby");
  return html`
    <div class="new-meeting">
      <label>People with the link
        <select id="meeting-entry" value=${entry} onChange=${(event) => setEntry(event.target.value)}>
          <option value="lobby">wait until I admit them</option>
          <option value="open">join directly</option>
        </select>
      </label>
      <${Button} label="Start" kind="primary" wide id="meeting-start" onClick=${() => phone.dial([], "video", { group: true, policy: { join: entry } })} />
    </div>`;
}

/** Returns the meeting id in a link, or the text itself if it is an id. */
function meetingIn(text) {
  return /#meeting=([A-Za-z0-9_-]+)/.exec(text)?.[1] ?? /^\s*([a-z2-7]{26})\s*$/.exec(text)?.[1];
}

function Recent({ phone }) {
  const { calls, missed, cursor } = phone.callHistory;
  return html`
    <section class="panel recent" aria-labelledby="recent-title">
      <h2 id="recent-title">Recent ${missed.length > 0 && html`<span class="count" id="missed">${missed.length} missed</span>`}</h2>
      ${missed.length > 0 && html`<${Button} label="Mark as seen" kind="plain small" wide onClick=${() => phone.callHistory.markSeen()} />`}
      <ul class="list" id="history">
        ${calls.map((past) => html`<${Past} key=${past.meeting_id} phone=${phone} past=${past} />`)}
      </ul>
      ${calls.length === 0 && html`<p class="empty">No calls yet.</p>`}
      ${cursor && html`<${Button} label="Earlier calls" kind="plain" wide onClick=${() => phone.callHistory.readMore()} />`}
    </section>`;
}

function Past({ phone, past }) {
  const names = past.peers.map((userId) => phone.nameOf(userId)).join(", ") || "No participants";
  return html`
    <li class=${`row past${past.missed ? " missed" : ""}`}>
      <${Icon} name=${past.direction === "in" ? "incoming" : "outgoing"} />
      <p class="name"><strong>${names}</strong>
        <span class="quiet">${past.direction === "in" ? "Incoming" : "Outgoing"} · ${historyWords(past)}</span></p>
      ${
        past.direction === "in" &&
        past.mode === "direct" &&
        phone.settings?.isKnown &&
        !phone.settings.isBlocked(past.peers[0]) &&
        html`<${Button} icon="block" label=${`Block ${names}`} onClick=${() => phone.settings.block(past.peers[0])} />`
      }
      <time class="quiet" datetime=${new Date(past.ended_ms).toISOString()}>${dateText(past.ended_ms)}</time>
      ${
        past.peers.length > 0 &&
        html`<${Button} icon=${past.media === "video" ? "video" : "phone"} label=${`Call ${names} again`}
        onClick=${() => phone.dial(past.peers, past.media, { group: past.mode === "group" })} />`
      }
    </li>`;
}
