/** @file Sound that the browser holds back until the user acts on the page. */
import { launch } from "./browser.js";
import { logIn } from "./person.js";
import { environment, scene } from "./scene.js";
import { until } from "./until.js";

/**
 * Reports the sound and the hints of the page, from the page itself. Chromium takes each script call of the driver for a gesture of
 * the user, so the test must not run a script in the page.
 */
function reportSound() {
  const contexts = [];
  globalThis.AudioContext = class extends AudioContext {
    constructor(...options) {
      super(...options);
      contexts.push(this);
    }
  };
  setInterval(() => {
    const remote = document.querySelector("#stage audio");
    const note = {
      plays: remote ? !remote.paused : undefined,
      contexts: contexts.filter(({ state }) => state !== "closed").map(({ state }) => state),
      caller: document.querySelector("#caller")?.textContent,
      words: document.querySelector("#held-back")?.innerText,
      activated: navigator.userActivation.hasBeenActive,
    };
    console.log(`sound: ${JSON.stringify(note)}`);
  }, 100);
}

/** Follows the reports of a page. Returns a function that waits for a report. */
function listenTo({ page }) {
  let last;
  page.on("console", (line) => {
    if (line.text().startsWith("sound: ")) last = JSON.parse(line.text().slice("sound: ".length));
  });
  return async (what, check) => {
    last = undefined;
    return until(
      () => `${what}, last report: ${JSON.stringify(last)}`,
      () => last && check(last) && last,
    );
  };
}

/** Runs `play` with Alice's page in a browser that plays no sound without a gesture. */
async function withStrictBrowser(account, play) {
  const browser = await launch({ autoplay: "document-user-activation-required" });
  try {
    const alice = await logIn(browser, environment.stack.url, account, { name: "Alice" });
    await alice.page.addInitScript(reportSound);
    await play(alice);
  } finally {
    await browser.close();
  }
}

scene(
  "a page that returns to a call without a gesture says that it is silent, and the next click turns the sound on",
  async ({ logIn: logInHere }) => {
    const bob = await logInHere("bob");
    await withStrictBrowser(bob.account.replace("bob", "alice"), async (alice) => {
      await bob.call(alice.account);
      await alice.isCalledBy("Bob");
      await alice.click("#accept");
      await Promise.all([alice.isInCall(), bob.isInCall()]);
      // A page that uses the microphone may play sound, so both devices are off.
      for (const device of ["#microphone", "#camera"]) {
        await alice.click(device);
        await alice.sees(`${device}[aria-pressed="false"]`);
      }
      await until("the devices are stored as off", () =>
        alice.page.evaluate(() => /"microphone":false,"camera":false/.test(sessionStorage.getItem("switchboard.seat"))),
      );
      const reports = listenTo(alice);
      await alice.page.reload();
      await reports(
        "the page says that it is silent",
        ({ plays, words, activated }) => plays === false && words?.includes("Turn sound on") && !activated,
      );
      await alice.page.mouse.click(500, 300);
      await reports("the click turns the sound on", ({ plays, words }) => plays && words === undefined);
    });
  },
  { needsMedia: true },
);

scene("a call that rings without a sound says so, and the next key turns the ring on", async ({ logIn: logInHere }) => {
  const bob = await logInHere("bob");
  await withStrictBrowser(bob.account.replace("bob", "alice"), async (alice) => {
    const reports = listenTo(alice);
    await alice.page.reload();
    await reports("the page is loaded without a gesture", ({ activated }) => !activated);
    await bob.call(alice.account);
    await reports(
      "the page says that the ring is silent",
      ({ caller, contexts, words, activated }) =>
        caller === "Bob" && contexts.includes("suspended") && words?.includes("Turn sound on") && !activated,
    );
    await alice.page.keyboard.press("a");
    await reports(
      "the key turns the ring on",
      ({ caller, contexts, words }) =>
        caller === "Bob" && words === undefined && contexts.every((state) => state === "running"),
    );
  });
});
