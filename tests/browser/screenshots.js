/** @file Takes the pictures of the README: a ringing invitation, and a call. */
import { mkdirSync } from "node:fs";

import { launch } from "./browser.js";
import { logIn } from "./person.js";
import { startStack } from "./stack.js";
import { until } from "./until.js";

const FOLDER = new URL("../../docs/images/", import.meta.url).pathname;
/** Colours of wall, light, skin and coat. */
const PORTRAITS = {
  alice: ["#3b4a6b", "#f0c9a0", "#c98f6b", "#2d2a3d"],
  bob: ["#5d7a6c", "#f3efdc", "#8d5a3c", "#1f4d5c"],
};
const SIZE = { viewport: { width: 960, height: 600 } };

const [stack, browser] = await Promise.all([startStack(), launch()]);
try {
  mkdirSync(FOLDER, { recursive: true });
  const alice = await logIn(browser, stack.url, "alice", { ...SIZE, portrait: PORTRAITS.alice, name: "Alice Weber" });
  const bob = await logIn(browser, stack.url, "bob", { ...SIZE, portrait: PORTRAITS.bob, name: "Bob Okafor" });
  await alice.call("bob");
  await bob.isCalledBy("Alice Weber");
  await bob.page.waitForFunction(() => getComputedStyle(document.querySelector(".backdrop")).opacity === "1");
  await bob.page.screenshot({ path: `${FOLDER}ringing.png` });
  await bob.click("#accept");
  await Promise.all([alice.isInCall(), bob.isInCall()]);
  await alice.seesAndHears("bob");
  await alice.click("#toggle-drawer");
  await until("the log has entries", async () => (await alice.page.$$(".line")).length > 5);
  await alice.page.setViewportSize({ width: 960, height: 760 });
  await alice.page.screenshot({ path: `${FOLDER}in-call.png` });
} finally {
  await browser.close();
  await stack.close();
}
