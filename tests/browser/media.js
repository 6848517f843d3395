/** @file Audio and video through the SFU of the laptop stack. Each person's camera has its own colour. */
import assert from "node:assert/strict";

import { environment, scene } from "./scene.js";
import { until } from "./until.js";

const COLOURS = { alice: [200, 30, 30], bob: [30, 60, 200], carol: [30, 160, 60] };
const css = (colour) => `rgb(${colour.join(",")})`;
const needsMedia = { needsMedia: true };

/** Logs in a person whose camera shows their colour. */
const logInWithColour = (logIn, name, options = {}) => logIn(name, { colour: css(COLOURS[name]), ...options });

async function videoCall(logIn, { group = false } = {}) {
  const bob = await logInWithColour(logIn, "bob");
  const alice = await logInWithColour(logIn, "alice");
  if (group) await alice.callGroup(bob.account);
  else await alice.call(bob.account);
  await bob.isCalledBy("Alice");
  await bob.click("#accept");
  await Promise.all([alice.isInCall(), bob.isInCall()]);
  await Promise.all([alice.seesAndHears(bob.account), bob.seesAndHears(alice.account)]);
  return { alice, bob };
}

scene(
  "two participants see and hear each other",
  async ({ logIn }) => {
    const { alice, bob } = await videoCall(logIn);
    await alice.seesColour(bob.account, COLOURS.bob);
    await bob.seesColour(alice.account, COLOURS.alice);
    await bob.sees(`.tile.speaking[data-user="${alice.account}"]`);
    await alice.click("#camera");
    await bob.sees(`.tile[data-user="${alice.account}"][data-video="false"]`);
    await alice.click("#camera");
    await bob.sees(`.tile[data-user="${alice.account}"][data-video="true"]`);
    await bob.seesColour(alice.account, COLOURS.alice);
    await alice.click("#hang-up");
    await bob.seesNotice("Call ended");
  },
  needsMedia,
);

scene(
  "a block by the host stops the audio even if the blocked page keeps sending",
  async ({ logIn }) => {
    const { alice, bob } = await videoCall(logIn, { group: true });
    // Make the page ignore the block, so that its microphone keeps sending.
    await bob.page.evaluate(() => {
      const { call } = globalThis.switchboard.phone;
      call.local.set = async () => true;
    });
    await alice.useTool(bob.account, "Block microphone");
    await bob.sees("#blocked");
    const still = async () => {
      const before = await alice.mediaFrom(bob.account);
      // New video frames prove that the connection works and time has passed; audio packets must not come.
      const after = await until("more video frames come", async () => {
        const sums = await alice.mediaFrom(bob.account);
        return sums.frames >= before.frames + 20 && sums;
      });
      return after.audioPackets === before.audioPackets;
    };
    await until("no audio packet comes", still);
    await alice.useTool(bob.account, "Allow to speak");
    const silent = await alice.mediaFrom(bob.account);
    await until(
      "audio comes again",
      async () => (await alice.mediaFrom(bob.account)).audioPackets > silent.audioPackets + 20,
    );
  },
  needsMedia,
);

scene(
  "a removed participant loses the media even if the removed page stays connected",
  async ({ logIn }) => {
    const { alice, bob } = await videoCall(logIn, { group: true });
    // Make the page ignore the removal, so that it stays in the media until the SFU ends its session.
    await bob.page.evaluate(() => {
      const { call } = globalThis.switchboard.phone;
      call.apply = async () => {};
      call.end = () => {};
    });
    await alice.useTool(bob.account, "Remove");
    await until("Bob's media session is closed", () =>
      bob.page.evaluate(() => globalThis.switchboard.phone.call.media.state === "closed"),
    );
    await until("Alice has no media of Bob", () =>
      alice.page.evaluate((of) => !globalThis.switchboard.phone.call.peers.has(of), bob.account),
    );
  },
  needsMedia,
);

scene(
  "three participants see each other",
  async ({ logIn }) => {
    const carol = await logInWithColour(logIn, "carol");
    const { alice, bob } = await videoCall(logIn, { group: true });
    await alice.addsToCall(carol, "Alice");
    await alice.seesColour(carol.account, COLOURS.carol);
    await bob.seesColour(carol.account, COLOURS.carol);
    await carol.seesColour(alice.account, COLOURS.alice);
    await carol.seesColour(bob.account, COLOURS.bob);
  },
  needsMedia,
);

scene(
  "a reloaded page sends and receives media again",
  async ({ logIn }) => {
    const { alice, bob } = await videoCall(logIn);
    await bob.page.reload();
    await bob.isInCall();
    await Promise.all([alice.seesAndHears(bob.account), bob.seesAndHears(alice.account)]);
    await alice.seesColour(bob.account, COLOURS.bob);
  },
  needsMedia,
);

scene(
  "a media session that the media service ends is replaced by a new one",
  async ({ logIn }) => {
    const { alice, bob } = await videoCall(logIn);
    // A request to end the session would count as hanging up, if the service heard of it before the page rejoins.
    await bob.page.route("**/sfu/**", (route) =>
      route.request().method() === "DELETE" ? route.abort() : route.continue(),
    );
    await bob.page.evaluate(() => {
      const { media } = globalThis.switchboard.phone.call;
      globalThis.endedMedia = media;
      media.leave();
    });
    await until("the page enters the media again", () =>
      bob.page.evaluate(() => globalThis.switchboard.phone.call.media !== globalThis.endedMedia),
    );
    await Promise.all([alice.seesAndHears(bob.account), bob.seesAndHears(alice.account)]);
    await bob.isInCall();
  },
  needsMedia,
);

scene(
  "a participant without camera and microphone joins, and the page shows what is missing",
  async ({ logIn }) => {
    const alice = await logInWithColour(logIn, "alice");
    const bob = await logIn("bob", { denied: true });
    await alice.call(bob.account);
    await bob.isCalledBy("Alice");
    await bob.click("#accept");
    await bob.isInCall();
    await until("the page shows the missing devices", async () =>
      (await bob.text("#device-problem"))?.includes("Microphone not allowed by the browser, camera not allowed"),
    );
    await bob.seesAndHears(alice.account);
    await alice.sees(`.tile[data-user="${bob.account}"][data-audio="false"][data-video="false"]`);
  },
  needsMedia,
);

scene(
  "a refused token is renewed once",
  async ({ logIn }) => {
    const bob = await logInWithColour(logIn, "bob");
    const alice = await logInWithColour(logIn, "alice");
    let refused = 0;
    await bob.page.route("**/whip", (route) => {
      refused += 1;
      return refused === 1 ? route.fulfill({ status: 401, body: "{}" }) : route.continue();
    });
    await alice.call(bob.account);
    await bob.isCalledBy("Alice");
    await bob.click("#accept");
    await bob.seesAndHears(alice.account);
    assert.equal(refused, 2);
  },
  needsMedia,
);

scene(
  "an unreachable media server is shown, and reconnected when it is back",
  async ({ logIn }) => {
    const bob = await logInWithColour(logIn, "bob");
    const alice = await logInWithColour(logIn, "alice");
    await bob.page.route("**/whip", (route) => route.abort());
    await alice.call(bob.account);
    await bob.isCalledBy("Alice");
    await bob.click("#accept");
    await until("the page shows the failure", async () =>
      (await bob.text("#media-problem"))?.includes("cannot be reached"),
    );
    await bob.page.unroute("**/whip");
    await bob.seesAndHears(alice.account);
  },
  needsMedia,
);

scene(
  "a participant who cannot reach the media is failed by the service and sees the reason",
  async ({ logIn }) => {
    const [alice, bob] = [await logInWithColour(logIn, "alice"), await logInWithColour(logIn, "bob")];
    await bob.page.route("**/whip", (route) => route.abort());
    await alice.callGroup(bob.account);
    await alice.isInCall();
    await bob.isCalledBy("Alice");
    await bob.click("#accept");
    await bob.sees("#media-problem");
    // The join deadline of the service (20 s) passes. Bob's page gets no notice of it; the page must request the state.
    await environment.stack.advance(21_000);
    await bob.seesNotice("The media connection failed");
    await bob.hasNoCall();
  },
  needsMedia,
);
