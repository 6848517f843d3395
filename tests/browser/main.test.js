/** @file The browser terminal in a real browser: `tests/browser.sh`. One stack and one browser serve all scenes. */
import "./signalling.js";
import "./hosting.js";
import "./media.js";
import "./seats.js";
