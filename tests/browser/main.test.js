/** @file All scenes of the browser terminal in a real browser, with one stack. Run by `tests/browser.sh`. */
import "./signalling.js";
import "./hosting.js";
import "./media.js";
import "./seats.js";
import "./running.js";
import "./layout.js";
import "./devices.js";
import "./sound.js";
import "./janus.js";
import "./live.js";
