/** @file Shared parts of the views: preact with tagged templates, icons, components. Texts are never parsed as markup. */
import { html, render, useEffect, useLayoutEffect, useRef, useState } from "../vendor/preact.esm.js";
import { initials } from "./words.js";

export { html, render, useEffect, useLayoutEffect, useRef, useState };

/** SVG paths in a view box of 24 by 24. */
const ICONS = {
  phone: "M5 4h4l2 5-2.5 1.5a11 11 0 0 0 5 5L15 13l5 2v4a2 2 0 0 1-2 2A16 16 0 0 1 3 6a2 2 0 0 1 2-2",
  hangup: "M3 15.5c0-5 4-7 9-7s9 2 9 7l-.5 1.5-5-1-.5-3c-2-.7-4-.7-6 0l-.5 3-5 1z",
  video: "M3 7h12v10H3zM15 11l6-4v10l-6-4",
  videoOff: "M3 7h9m3 3v7H3V8M15 11l6-4v10l-5-3.3M3 3l18 18",
  mic: "M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3M6 11a6 6 0 0 0 12 0M12 17v4M9 21h6",
  micOff:
    "M9 9v2a3 3 0 0 0 4.5 2.6M15 11V6a3 3 0 0 0-5.7-1.3M6 11a6 6 0 0 0 9.6 4.8M18 11a6 6 0 0 1-.4 2.2M12 17v4M9 21h6M3 3l18 18",
  hand: "M8 12V5.5a1.5 1.5 0 0 1 3 0V11m0-6.5a1.5 1.5 0 0 1 3 0V11m0-5a1.5 1.5 0 0 1 3 0v8a7 7 0 0 1-7 7c-3 0-4.5-1.5-6-4l-2-3.5a1.5 1.5 0 0 1 2.6-1.5L8 14",
  people:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M2.5 20a6.5 6.5 0 0 1 13 0M16 4.5a3.5 3.5 0 0 1 0 6M18 14.5a6.5 6.5 0 0 1 3.5 5.5",
  gear: "M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4",
  code: "M8 7l-5 5 5 5M16 7l5 5-5 5M13.5 5l-3 14",
  close: "M5 5l14 14M19 5L5 19",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  add: "M12 5v14M5 12h14",
  bell: "M6 10a6 6 0 0 1 12 0c0 6 2 7 2 7H4s2-1 2-7M10 20.5h4M3 3l18 18",
  block: "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18M5.7 5.7l12.6 12.6",
  out: "M10 4H5v16h5M14 8l4 4-4 4M18 12H9",
  incoming: "M18 6L7 17M7 9v8h8",
  outgoing: "M6 18L17 7M9 7h8v8",
};

/** An icon, hidden from screen readers: the element around it has the label. */
export const Icon = ({ name }) =>
  html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${ICONS[name]} /></svg>`;

/** A button with an icon. `wide`: the label is visible; otherwise it is for screen readers only. */
export function Button({
  icon,
  label,
  kind = "plain",
  wide = false,
  pressed,
  onClick,
  disabled,
  id,
  title,
  busy,
  autofocus,
}) {
  return html`
    <button type="button" id=${id} class=${`button ${kind}${wide ? " wide" : ""}`} onClick=${onClick} disabled=${disabled}
      aria-pressed=${pressed} aria-label=${wide ? undefined : label} aria-busy=${busy} autofocus=${autofocus} title=${title ?? (wide ? undefined : label)}>
      ${icon && html`<${Icon} name=${icon} />`}${wide && html`<span>${label}</span>`}
    </button>`;
}

/** Initials on a colour that depends on the user id only. */
export function Face({ name, id, size = "medium", online }) {
  const hue = [...String(id ?? name)].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7);
  return html`
    <span class=${`face ${size}`} style=${{ "--hue": hue }} aria-hidden="true">
      ${initials(name)}${online !== undefined && html`<i class=${online ? "dot online" : "dot"}></i>`}
    </span>`;
}

/** Renders the component again at each event of `target`. */
export function useChanges(target, kind = "change") {
  const [, tick] = useState(0);
  useEffect(() => {
    const changed = () => tick((count) => count + 1);
    target?.addEventListener(kind, changed);
    return () => target?.removeEventListener(kind, changed);
  }, [target, kind]);
}

/** Renders the component again every `everyMs` milliseconds, for clocks. */
export function useTicks(everyMs) {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
}

/** Returns whether a media query holds, and renders the component again when that changes. */
export function useMedia(query) {
  const list = useRef();
  list.current ??= matchMedia(query);
  useChanges(list.current);
  return list.current.matches;
}

/** Copies a text to the clipboard. Returns `false` if the browser refuses. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** A modal sheet: keeps the focus while open and restores it afterwards. With `onClose`, Escape closes it. */
export function Sheet({ label, className = "", onClose, children }) {
  const element = useRef();
  // Before the next frame: a key pressed from now on must not reach the page below the sheet.
  useLayoutEffect(() => {
    const previous = document.activeElement;
    const sheet = element.current;
    (sheet.querySelector("[autofocus]") ?? sheet).focus();
    // In a microtask: the elements below are `inert` until the sheet is removed.
    return () => queueMicrotask(() => previous?.isConnected && previous.focus?.());
  }, []);
  const onKeyDown = (event) => {
    if (event.key === "Escape" && onClose) {
      event.stopPropagation();
      onClose();
    }
    if (event.key === "Tab") keepFocus(event, element.current);
  };
  return html`
    <div class="backdrop" onClick=${(event) => event.target === event.currentTarget && onClose?.()}>
      <div class=${`sheet ${className}`} role="dialog" aria-modal="true" aria-label=${label} tabindex="-1" ref=${element} onKeyDown=${onKeyDown}>
        ${children}
      </div>
    </div>`;
}

function keepFocus(event, sheet) {
  const focusable = [...sheet.querySelectorAll("button, input, select, a[href], textarea")].filter((one) => !one.disabled);
  if (focusable.length === 0) return event.preventDefault();
  const [first, last] = [focusable[0], focusable.at(-1)];
  const { activeElement } = document;
  if (event.shiftKey && (activeElement === first || activeElement === sheet)) {
    event.preventDefault();
    last.focus();
  } else if (!event.shiftKey && activeElement === last) {
    event.preventDefault();
    first.focus();
  }
}
