/** @file The panel with the participants of the call and the host's tools. */
import { Button, Face, Icon, copyText, html, useEffect, useRef, useState, useTicks } from "../ui.js";
import { blockedFor, isPending, isPresent, isWaiting, mayInvite } from "../roster.js";
import { blockWords, mediaFlagWords, personWords, removalWords } from "../words.js";

export function People({ phone, call, hands, onClose }) {
  useTicks(1000);
  const { meeting } = call;
  const all = meeting.participants;
  const waiting = all.filter(isWaiting);
  const here = all.filter(isPresent);
  const pending = all.filter(isPending);
  const gone = all.filter((one) => !isWaiting(one) && !isPresent(one) && !isPending(one));
  const isGroup = meeting.mode === "group";
  return html`
    <aside class="side" aria-label="People" id="people-panel">
      <header><h3>People</h3><${Button} icon="close" label="Close" onClick=${onClose} /></header>
      ${call.isModerator && waiting.length > 0 && html`<${Waiting} phone=${phone} waiting=${waiting} />`}
      ${hands.length > 0 && html`<${Hands} phone=${phone} hands=${hands} />`}
      <ul class="list">
        ${here.map((one) => html`<${Person} key=${one.user_id} phone=${phone} call=${call} person=${one} isGroup=${isGroup} />`)}
        ${pending.map((one) => html`<${Person} key=${one.user_id} phone=${phone} call=${call} person=${one} isGroup=${isGroup} />`)}
        ${gone.map((one) => html`<${Person} key=${one.user_id} phone=${phone} call=${call} person=${one} isGroup=${isGroup} />`)}
      </ul>
      <${Invite} phone=${phone} meeting=${meeting} />
      ${isGroup && html`<${Link} phone=${phone} meeting=${meeting} />`}
      ${isGroup && call.isModerator && html`<${Meeting} phone=${phone} meeting=${meeting} />`}
    </aside>`;
}

function Waiting({ phone, waiting }) {
  return html`
    <section class="box" aria-label="Waiting to be let in" id="waiting">
      <h4>Waiting to be let in</h4>
      <ul class="list">
        ${waiting.map(
          ({ user_id: userId }) => html`
          <li class="row" key=${userId} data-user=${userId}>
            <${Face} name=${phone.nameOf(userId)} id=${userId} size="small" />
            <p class="name"><strong>${phone.nameOf(userId)}</strong></p>
            <${Button} label="Deny" kind="small" wide onClick=${() => phone.request("deny", { users: [userId] })} />
            <${Button} label="Admit" kind="primary small" wide onClick=${() => phone.request("admit", { users: [userId] })} />
          </li>`,
        )}
      </ul>
      ${waiting.length > 1 && html`<${Button} label="Admit all" kind="small" wide onClick=${() => phone.request("admit", { users: "*" })} />`}
    </section>`;
}

function Hands({ phone, hands }) {
  return html`
    <section class="box" aria-label="Raised hands" id="hands">
      <h4>Raised hands</h4>
      <ol class="plain-list">${hands.map((userId) => html`<li key=${userId}><${Icon} name="hand" /> ${phone.nameOf(userId)}</li>`)}</ol>
    </section>`;
}

function Person({ phone, call, person, isGroup }) {
  const { user_id: userId, state, role, speech } = person;
  const isMe = userId === call.me;
  const name = phone.nameOf(userId);
  const roleWords = { host: "Host", cohost: "Co-host" };
  const words = [
    isPresent(person) && state === "joined" ? mediaFlagWords(person) : personWords(person),
    call.isModerator && removalWords(person),
    isGroup && roleWords[role],
    speech?.mode === "hard" && blockWords("Microphone blocked", blockedFor(person)),
    speech?.mode === "soft" && "Muted",
  ].filter(Boolean);
  const mayChange = call.isModerator && !isMe && person.role !== "host";
  return html`
    <li class="row person" data-user=${userId} data-state=${state}>
      <${Face} name=${name} id=${userId} size="small" />
      <p class="name"><strong>${name}${isMe ? " (you)" : ""}</strong><span class="quiet">${words.join(" · ")}</span></p>
      ${isPending(person) && html`<${Button} label="Cancel" kind="small" wide onClick=${() => phone.request("cancel_invite", { invitees: [userId] })} />`}
      ${mayChange && isPresent(person) && html`<${Tools} phone=${phone} call=${call} person=${person} name=${name} />`}
    </li>`;
}

/** The menu of host tools for one participant. */
function Tools({ phone, call, person, name }) {
  const [open, setOpen] = useState(false);
  const menu = useRef();
  useEffect(() => {
    if (!open) return undefined;
    const away = ({ target }) => menu.current.contains(target) || setOpen(false);
    document.addEventListener("pointerdown", away);
    return () => document.removeEventListener("pointerdown", away);
  }, [open]);
  // Move the focus back to the menu button before the focused item is removed.
  const close = () => {
    menu.current.querySelector("button").focus();
    setOpen(false);
  };
  const { user_id: userId, role, speech } = person;
  const act =
    (type, fields = {}) =>
    () => {
      close();
      phone.request(type, { user_id: userId, ...fields });
    };
  const askToBan = () => {
    close();
    const ban = () => phone.request("remove", { user_id: userId, ban: true });
    phone.ask({ title: `Remove and ban ${name}?`, action: "Remove and ban", act: ban });
  };
  const isMuted = speech?.mode === "soft" || speech?.mode === "hard";
  const isHost = call.meeting.host === call.me;
  const items = [
    !isMuted && ["Mute", act("mute", { mode: "soft" })],
    speech?.mode !== "hard" && ["Block microphone", act("mute", { mode: "hard" })],
    isMuted && ["Allow to speak", act("allow_speech")],
    isHost && ["Make host", act("transfer_host")],
    isHost && [
      role === "cohost" ? "No longer co-host" : "Make co-host",
      act("set_role", { role: role === "cohost" ? "member" : "cohost" }),
    ],
    ["Remove", act("remove"), "grave"],
    ["Remove and ban", askToBan, "grave"],
  ].filter(Boolean);
  const keys = (event) => {
    if (event.key === "Escape" && open) close();
  };
  const left = ({ relatedTarget }) => relatedTarget && !menu.current.contains(relatedTarget) && setOpen(false);
  return html`
    <div class="menu" ref=${menu} onKeyDown=${keys} onFocusOut=${left}>
      <button type="button" class="button plain" aria-label=${`Tools for ${name}`} title=${`Tools for ${name}`}
        aria-expanded=${open} onClick=${() => setOpen(!open)}><${Icon} name="more" /></button>
      ${
        open &&
        html`<div class="menu-items" role="group" aria-label=${`Tools for ${name}`}>
        ${items.map(([label, then, kind = ""]) => html`<button type="button" key=${label} class=${`menu-item ${kind}`} onClick=${then}>${label}</button>`)}
      </div>`
      }
    </div>`;
}

function Invite({ phone, meeting }) {
  const [text, setText] = useState("");
  const inside = new Set(
    meeting.participants.filter((one) => isPresent(one) || isPending(one)).map(({ user_id: userId }) => userId),
  );
  const invitable = phone.directory.contacts.filter(({ user_id: userId }) => !inside.has(userId));
  const invitees = text.split(/[\s,;]+/).filter((userId) => userId && !inside.has(userId));
  const submit = async (event) => {
    event.preventDefault();
    if (invitees.length > 0 && (await phone.request("invite", { invitees }))) setText("");
  };
  if (!mayInvite(meeting, phone.me)) return null;
  return html`
    <form class="invite" onSubmit=${submit}>
      <input id="invite" list="invitable" value=${text} onInput=${(event) => setText(event.target.value)}
        placeholder="Invite by account" aria-label="Account to invite" autocapitalize="off" autocomplete="off" spellcheck="false" />
      <datalist id="invitable">
        ${invitable.map(({ user_id: userId, name }) => html`<option key=${userId} value=${userId}>${name}</option>`)}
      </datalist>
      <button class="button primary" type="submit" id="invite-go" disabled=${invitees.length === 0}>Invite</button>
    </form>`;
}

function Link({ phone, meeting }) {
  const link = `${location.origin}${location.pathname}#meeting=${meeting.meeting_id}`;
  const copy = async () => {
    const isForInvited = (meeting.policy?.join ?? "invited") === "invited";
    const copied = isForInvited ? "Link copied. Only invited people can join with it." : "Link copied";
    phone.notices.show((await copyText(link)) ? copied : link);
  };
  return html`<${Button} icon="link" label="Copy link" kind="plain" wide id="copy-link" onClick=${copy} />`;
}

/** The host tools for the whole call. */
function Meeting({ phone, meeting }) {
  const update = (fields) => phone.request("update_meeting", fields);
  const policy = meeting.policy ?? {};
  return html`
    <section class="box" aria-label="This call" id="meeting-tools">
      <h4>This call</h4>
      <label class="switch">
        <input type="checkbox" id="locked" checked=${meeting.locked === true}
          onChange=${(event) => update({ locked: event.target.checked })} />
        Locked: no new participants
      </label>
      <label>People with the link
        <select id="entry" value=${policy.join ?? "invited"} onChange=${(event) => update({ policy: { join: event.target.value } })}>
          <option value="invited">join only if invited</option>
          <option value="lobby">wait until admitted</option>
          <option value="open">join directly</option>
        </select>
      </label>
      <div class="buttons">
        <${Button} label="Mute all" kind="small" wide id="mute-all" onClick=${() => phone.request("mute", { user_id: "*", mode: "soft" })} />
        <${Button} label="Block all" kind="small" wide id="block-all" onClick=${() => phone.request("mute", { user_id: "*", mode: "hard" })} />
        <${Button} label="Allow all" kind="small" wide id="allow-all" onClick=${() => phone.request("allow_speech", { user_id: "*" })} />
        <${Button} label="30 minutes more" kind="small" wide onClick=${() => update({ extend_minutes: 30 })} />
      </div>
      <${Button} label="End for all" kind="danger" wide id="end-for-all" 
        onClick=${() => phone.ask({ title: "End the call for all?", action: "End for all", act: () => phone.endForAll() })} />
    </section>`;
}
