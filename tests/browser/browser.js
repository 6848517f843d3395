/** @file The browser, with a camera and a microphone that are not there. */
import { chromium } from "playwright-core";

const PROGRAM = process.env.SWITCHBOARD_TEST_CHROMIUM ?? "/usr/bin/chromium";

/** One browser for all tests. */
export function launch() {
  return chromium.launch({
    executablePath: PROGRAM,
    args: [
      // The tests may run as root in a container; the pages are our own.
      "--no-sandbox",
      "--disable-gpu",
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      "--autoplay-policy=no-user-gesture-required",
      // Without it a machine that has loopback only finds no way between browser and media server.
      "--allow-loopback-in-peer-connection",
      "--disable-background-networking",
      "--no-first-run",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
