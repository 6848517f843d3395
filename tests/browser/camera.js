/** @file A fake camera that shows one colour, so that tests recognise its picture. Runs in the page, before its scripts. */

/**
 * Replaces the camera of the page. Without `colour` and `portrait` the browser's own fake camera stays.
 * @param {{colour?: string, portrait?: string[], denied?: boolean}} options `colour`: a CSS colour; `portrait`: the CSS
 *   colours of wall, light, skin and coat; `denied`: refuses camera and microphone
 */
export function paintCamera({ colour, portrait, denied }) {
  if (denied) {
    navigator.mediaDevices.getUserMedia = async () => {
      throw new DOMException("denied", "NotAllowedError");
    };
  }
  if (denied || !(colour || portrait)) return;
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
      if (portrait) return paintPortrait(context);
      context.fillStyle = colour;
      context.fillRect(0, 0, 640, 360);
      // A moving mark, so that every frame differs from the one before.
      context.fillStyle = "white";
      context.fillRect((frame += 4) % 600, 4, 24, 12);
      return undefined;
    };
    paint();
    const [track] = canvas.captureStream(20).getVideoTracks();
    const timer = setInterval(() => (track.readyState === "live" ? paint() : clearInterval(timer)), 50);
    return track;
  }

  /** Paints head and shoulders of a person in front of a lit wall. */
  function paintPortrait(context) {
    const [wall, light, skin, coat] = portrait;
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
