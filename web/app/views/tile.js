/** @file The tile of one participant: video or initials, name, and state. */
import { Face, Icon, html, useEffect, useRef } from "../ui.js";
import { stateWords } from "../words.js";

export function Tile({ name, participant, isMe, peer, call, hand, speaking, isHost, playback }) {
  const { user_id: userId, state, speech } = participant;
  const video = isMe ? call.local.tracks.video : shownVideo(peer);
  const micOff = isMe ? !call.local.isOn("audio") : isSilent(peer, participant);
  const words = [
    isMe ? `${name} (you)` : name,
    isHost && "host",
    micOff && "microphone off",
    !video && "no picture",
    speaking && "speaking",
    hand > 0 && "hand raised",
    state === "reconnecting" && "reconnecting",
  ].filter(Boolean);
  return html`
    <article class=${`tile${speaking && !micOff ? " speaking" : ""}${isMe ? " own" : ""}${state === "reconnecting" ? " away" : ""}`}
      data-user=${userId} data-state=${state} data-audio=${String(!micOff)} data-video=${String(video !== null)} aria-label=${words.join(", ")}>
      ${video ? html`<${Picture} track=${video} mirrored=${isMe} playback=${playback} />` : html`<${Face} name=${name} id=${userId} size="huge" />`}
      <footer class="label" aria-hidden="true">
        ${micOff && html`<${Icon} name="micOff" />`}
        <span>${isMe ? "You" : name}</span>
        ${isHost && html`<small>Host</small>`}
        ${speech?.mode === "hard" && html`<small>Blocked</small>`}
      </footer>
      ${hand > 0 && html`<span class="badge" aria-hidden="true"><${Icon} name="hand" />${hand}</span>`}
      ${(state === "reconnecting" || state === "accepted") && !isMe && html`<p class="veil">${stateWords(state)}</p>`}
    </article>`;
}

/** Returns the video track of a peer, unless the peer's camera is off. */
function shownVideo(peer) {
  return peer?.video && !peer.muted.video ? peer.video : null;
}

/** Returns `true` if the microphone is blocked, muted or off: by the media session, else by the participant's report. */
function isSilent(peer, { speech, state, media }) {
  if (state !== "joined") return false;
  return speech?.mode === "hard" || speech?.mode === "soft" || (peer ? peer.muted.audio : media?.audio === false);
}

/** Returns the reference for a media element that plays a track. */
function usePlayed(track, playback) {
  const element = useRef();
  useEffect(() => {
    element.current.srcObject = new MediaStream([track]);
    return playback.keepPlaying(element.current);
  }, [track, playback]);
  return element;
}

function Picture({ track, mirrored, playback }) {
  const element = usePlayed(track, playback);
  return html`<video class=${mirrored ? "mirrored" : ""} ref=${element} muted playsinline autoplay disablePictureInPicture></video>`;
}

/** The sound of a participant, with a tile or without one. */
export function Sound({ track, playback }) {
  const element = usePlayed(track, playback);
  return html`<audio ref=${element} autoplay></audio>`;
}
