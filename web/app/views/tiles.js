/** @file The tiles of a call: all people on one page, or some of them on pages with the speakers first. */
import { Button, Face, html, useMedia, useRef, useState } from "../ui.js";
import { tileOrder, tilePage } from "../grid.js";
import { isPending, isPresent } from "../roster.js";
import { stateWords } from "../words.js";
import { Sound, Tile } from "./tile.js";

/** Tiles of a page beside the own one: as many as keep a face and a name readable. */
const TILES = { wide: 8, narrow: 5, low: 3 };
/** Pending invitations that are named. */
const MAX_PENDING = 6;

export function Tiles({ phone, call, others, hands }) {
  const isNarrow = useMedia("(max-width: 760px)");
  const isLow = useMedia("(max-height: 460px)");
  const [wanted, setWanted] = useState(0);
  const order = useRef([]);
  const present = others.filter(isPresent);
  const pending = others.filter(isPending);
  const size = isLow ? TILES.low : isNarrow ? TILES.narrow : TILES.wide;
  order.current = tileOrder(order.current, present.map(({ user_id: userId }) => userId), call.levels.speaking, size);
  const { shown, page, pages } = tilePage(order.current, wanted, size);
  const tile = (participant, isMe) => {
    const { user_id: userId } = participant;
    const peer = isMe ? undefined : call.peers.get(userId);
    return html`<${Tile} key=${userId} name=${phone.nameOf(userId)} participant=${participant} isMe=${isMe} peer=${peer} call=${call} playback=${phone.playback}
      hand=${hands.indexOf(userId) + 1} speaking=${call.levels.speaking.has(userId)}
      isHost=${call.meeting.host === userId && call.meeting.mode === "group"} />`;
  };
  const me = call.meeting.participants.find(({ user_id: userId }) => userId === call.me) ?? {
    user_id: call.me,
    state: "joined",
  };
  const isDirect = call.meeting.mode === "direct" && present.length + pending.length <= 1;
  const onPage = shown.map((userId) => present.find((one) => one.user_id === userId));
  return html`
    <div class=${`tiles ${isDirect ? "direct" : "grid"}`} data-count=${onPage.length + 1}>
      ${onPage.map((one) => tile(one, false))}
      ${isDirect && present.length === 0 && pending.map((one) => html`<${Invited} key=${one.user_id} phone=${phone} participant=${one} />`)}
      ${tile(me, true)}
    </div>
    ${present.map(({ user_id: userId }) => {
      const audio = call.peers.get(userId)?.audio;
      return audio && html`<${Sound} key=${userId} track=${audio} playback=${phone.playback} />`;
    })}
    ${pages > 1 && html`<${Pager} page=${page} pages=${pages} count=${present.length + 1} show=${setWanted} />`}
    ${!isDirect && pending.length > 0 && html`<${Pending} phone=${phone} pending=${pending} />`}`;
}

function Pager({ page, pages, count, show }) {
  return html`
    <nav class="pager" aria-label="Pages of the call" id="pager">
      <${Button} label="Previous" kind="small" wide disabled=${page === 0} onClick=${() => show(page - 1)} />
      <span class="quiet" role="status">${count} people · page ${page + 1} of ${pages}</span>
      <${Button} label="Next" kind="small" wide disabled=${page === pages - 1} onClick=${() => show(page + 1)} />
    </nav>`;
}

function Pending({ phone, pending }) {
  const more = pending.length - MAX_PENDING;
  return html`
    <ul class="pending" aria-label="Not here yet">
      ${pending.slice(0, MAX_PENDING).map(({ user_id: userId, state }) => html`
        <li key=${userId}>
          <${Face} name=${phone.nameOf(userId)} id=${userId} size="small" />
          <span>${phone.nameOf(userId)}</span> <span class="quiet">${stateWords(state)}</span>
        </li>`)}
      ${more > 0 && html`<li class="more">and ${more} more</li>`}
    </ul>`;
}

/** The tile of an invitee who has not answered. */
function Invited({ phone, participant: { user_id: userId, reach } }) {
  return html`
    <div class="tile invited">
      <div class="pulse"><${Face} name=${phone.nameOf(userId)} id=${userId} size="huge" /></div>
      ${reach === "queued" && html`<p role="status">No device is online.</p>`}
    </div>`;
}
