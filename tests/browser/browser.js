/** @file Starts Chromium with a fake camera and a fake microphone. */
import { chromium } from "playwright-core";

const PROGRAM = process.env.SWITCHBOARD_TEST_CHROMIUM ?? "/usr/bin/chromium";

/**
 * Starts a browser.
 * @param {{autoplay?: string}} options `autoplay`: Chromium's policy for sound without a gesture of the user
 */
export function launch({ autoplay = "no-user-gesture-required" } = {}) {
  return chromium.launch({
    executablePath: PROGRAM,
    args: [
      // The tests may run as root in a container. They open only pages of this project.
      "--no-sandbox",
      "--disable-gpu",
      "--use-fake-ui-for-media-stream",
      // Several cameras, so that one can take the place of another. There are several microphones in any case.
      "--use-fake-device-for-media-stream=device-count=3",
      `--autoplay-policy=${autoplay}`,
      // A machine with a loopback interface only needs it to connect browser and media server.
      "--allow-loopback-in-peer-connection",
      "--disable-background-networking",
      "--no-first-run",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
