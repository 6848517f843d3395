/** @file What is left of a call that goes on without this page: go back to it, or hang up. */
import { isPending, isPresent } from "../roster.js";
import { Button, html, useEffect } from "../ui.js";
import { titleWords } from "../words.js";

/** Time between two `sync` requests for the listed calls: a device without a seat gets no notices. */
const SYNC_EVERY_MS = 15_000;

export function Running({ phone }) {
  const { runningCalls: calls } = phone;
  const left = phone.running?.left;
  const isShown = calls.length > 0 || left !== undefined;
  const isDue = isShown || phone.running?.isKnown === false;
  useEffect(() => {
    if (!isDue) return undefined;
    const timer = setInterval(() => phone.running?.refresh(), SYNC_EVERY_MS);
    return () => clearInterval(timer);
  }, [phone, isDue]);
  if (!isShown) return null;
  return html`
    <section class="panel running" id="running" aria-label="Your calls that go on">
      ${calls.map((meeting) => html`
        <div class="row" key=${meeting.meeting_id} data-meeting=${meeting.meeting_id} role="status">
          <p class="name"><strong>${runningWords(phone, meeting)}</strong>
            <span class="quiet">On another device, or in a page that was closed</span></p>
          <${Button} icon="hangup" label="Hang up" kind="small" wide onClick=${() => phone.giveUp(meeting)} />
          <${Button} icon="phone" label="Return" kind="primary small" wide onClick=${() => phone.returnTo(meeting)} />
        </div>`)}
      ${left && html`
        <div class="row" data-meeting=${left.meeting_id} role="status">
          <p class="name"><strong>You left the call${withWords(phone, left)}</strong><span class="quiet">It goes on without you</span></p>
          <${Button} icon="close" label="Dismiss" onClick=${() => phone.running.forgetLeft()} />
          <${Button} icon="phone" label="Join again" kind="primary small" wide onClick=${() => phone.returnTo(left)} />
        </div>`}
    </section>`;
}

function runningWords(phone, meeting) {
  const isRinging = meeting.state === "ringing" || meeting.state === "created";
  return `${isRinging ? "You are calling" : "You are in a call"}${withWords(phone, meeting, isRinging ? " " : " with ")}`;
}

/** Returns the title, or up to three names of the others. */
function withWords(phone, { title, participants }, before = " with ") {
  if (titleWords(title)) return ` “${titleWords(title)}”`;
  const others = participants.filter((one) => one.user_id !== phone.me && (isPresent(one) || isPending(one)));
  const names = others.slice(0, 3).map((one) => phone.nameOf(one.user_id, one.name));
  if (names.length === 0) return "";
  const more = others.length - names.length;
  return before + names.join(", ") + (more > 0 ? ` and ${more} more` : "");
}
