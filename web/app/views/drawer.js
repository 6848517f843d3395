/** @file The protocol log for developers: uplinks, downlinks, latencies of answers, and copies as sample events. */
import { plainJson } from "../shown.js";
import { Button, copyText, html, useChanges, useEffect, useRef, useState } from "../ui.js";

const ARROWS = { up: "↑", down: "↓", note: "·" };

export function Drawer({ phone, covered, onClose }) {
  const { log } = phone;
  useChanges(log);
  const [filter, setFilter] = useState("");
  const [copied, setCopied] = useState();
  const wanted = filter.toLowerCase();
  const entries = log.entries.filter(
    ({ type, message }) => !wanted || `${type} ${JSON.stringify(message)}`.toLowerCase().includes(wanted),
  );
  const list = useRef();
  const isAtEnd = useRef(true);
  useEffect(() => {
    if (isAtEnd.current) list.current.scrollTop = list.current.scrollHeight;
  }, [entries.length]);
  const copy = async (entry) => {
    const content = entry.direction === "up" ? log.sampleEvent(entry) : entry.message;
    if (await copyText(`${JSON.stringify(content, null, 2)}\n`)) setCopied(entry.seq);
    else phone.notices.show("The browser refused access to the clipboard. Select the text and copy it.", "error");
  };
  return html`
    <section class="drawer" aria-label="Protocol log" id="drawer" inert=${covered}>
      <header>
        <h2>Protocol log</h2>
        <input type="search" placeholder="Filter" aria-label="Filter the log" value=${filter} onInput=${(event) => setFilter(event.target.value)} />
        <${Button} label="Clear" kind="small" wide onClick=${() => log.clear()} />
        <${Button} icon="close" label="Close" onClick=${onClose} />
      </header>
      <ol class="log" ref=${list} tabindex="0" aria-label="Messages"
        onScroll=${({ target }) => {
          isAtEnd.current = target.scrollHeight - target.scrollTop - target.clientHeight < 30;
        }}>
        ${entries.map((entry) => html`<${Line} key=${entry.seq} entry=${entry} copied=${copied === entry.seq} copy=${() => copy(entry)} />`)}
      </ol>
    </section>`;
}

function Line({ entry, copied, copy }) {
  const { direction, type, at, topic, message, latencyMs, dropped, copy: count } = entry;
  const [open, setOpen] = useState(false);
  const isError = type === "error";
  return html`
    <li class=${`line ${direction}${isError ? " error" : ""}${dropped ? " dropped" : ""}`} data-type=${type} data-direction=${direction}>
      <details onToggle=${({ target }) => setOpen(target.open)}>
        <summary>
          <span class="arrow" aria-label=${{ up: "sent", down: "received", note: "note" }[direction]}>${ARROWS[direction]}</span>
          <time>${(at / 1000).toFixed(3)}</time>
          <b>${type}</b>
          <span class="quiet gist">${summary(message)}</span>
          ${count > 1 && html`<span class="tag">copy ${count}</span>`}
          ${dropped && html`<span class="tag">dropped: ${dropped}</span>`}
          ${latencyMs !== undefined && html`<span class="latency">${Math.round(latencyMs)} ms</span>`}
        </summary>
        ${
          open &&
          html`
          <p class="quiet">${topic}</p>
          <pre>${plainJson(JSON.stringify(message, null, 2))}</pre>
          ${direction !== "note" && html`<${Button} label=${copied ? "Copied" : direction === "up" ? "Copy as sample event" : "Copy"} kind="small" wide onClick=${copy} />`}`
        }
      </details>
    </li>`;
}

/** Returns the fields that distinguish a message from others of its type. */
function summary(message) {
  const { code, reason, state, participant, user_id: userId, invitees, text } = message ?? {};
  const parts = [
    code,
    reason,
    invitees?.join(", "),
    userId ?? participant?.user_id,
    participant?.state ?? (typeof state === "string" ? state : undefined),
    text,
  ];
  return parts.filter((part) => typeof part === "string" && part).join(" · ");
}
