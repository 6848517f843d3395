/** @file A camera that shows one colour, so that it can be told whose picture it is. Runs in the page, before its scripts. */

/**
 * @param {{colour?: string, room?: string[], denied?: boolean}} options a colour as CSS has it, or the colours of a room with
 *   somebody in it (without either the browser's own fake camera stays); or that neither camera nor microphone is allowed
 */
export function paintCamera({ colour, room, denied }) {
  if (denied) {
    navigator.mediaDevices.getUserMedia = async () => {
      throw new DOMException("denied", "NotAllowedError");
    };
  }
  if (denied || !(colour || room)) return;
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async ({ audio, video }) => {
    const stream = audio ? await real({ audio }) : new MediaStream();
    if (video) stream.addTrack(painted());
    return stream;
  };

  function painted() {
    const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 360 });
    const context = canvas.getContext("2d");
    let frame = 0;
    const paint = () => {
      if (room) return paintRoom(context);
      context.fillStyle = colour;
      context.fillRect(0, 0, 640, 360);
      // A corner that moves, so that there is always another frame.
      context.fillStyle = "white";
      context.fillRect((frame += 4) % 600, 4, 24, 12);
      return undefined;
    };
    paint();
    const [track] = canvas.captureStream(20).getVideoTracks();
    const timer = setInterval(() => (track.readyState === "live" ? paint() : clearInterval(timer)), 50);
    return track;
  }

  /** A wall, a lamp's light on it, and head and shoulders of somebody. */
  function paintRoom(context) {
    const [wall, light, skin, coat] = room;
    const glow = context.createRadialGradient(150, 60, 20, 240, 140, 520);
    glow.addColorStop(0, light);
    glow.addColorStop(1, wall);
    const figure = [
      [glow, () => context.rect(0, 0, 640, 360)],
      [coat, () => context.ellipse(320, 400, 165, 150, 0, 0, 2 * Math.PI)],
      [skin, () => context.rect(294, 190, 52, 75)],
      [skin, () => context.ellipse(320, 150, 62, 78, 0, 0, 2 * Math.PI)],
      [coat, () => context.ellipse(320, 122, 70, 62, 0, Math.PI, 2 * Math.PI)],
    ];
    for (const [paint, shape] of figure) {
      context.beginPath();
      shape();
      context.fillStyle = paint;
      context.fill();
    }
  }
}
