/** @file Real sound and pictures through the laptop's media server, each person in a colour of their own. */
import assert from "node:assert/strict";

import { house, scene } from "./house.js";
import { until } from "./until.js";

const COLOURS = { alice: [200, 30, 30], bob: [30, 60, 200], carol: [30, 160, 60] };
const css = (colour) => `rgb(${colour.join(",")})`;
const needsMedia = { needsMedia: true };

/** Somebody whose camera shows their colour. */
const enterIn = (enter, name, options = {}) => enter(name, { colour: css(COLOURS[name]), ...options });

async function videoCall(enter, { group = false } = {}) {
  const bob = await enterIn(enter, "bob");
  const alice = await enterIn(enter, "alice");
  if (group) await alice.callGroup(bob.account);
  else await alice.call(bob.account);
  await bob.isCalledBy("Alice");
  await bob.click("#accept");
  await Promise.all([alice.isIn(), bob.isIn()]);
  await Promise.all([alice.seesAndHears(bob.account), bob.seesAndHears(alice.account)]);
  return { alice, bob };
}

scene(
  "two see and hear each other, each the right one",
  async ({ enter }) => {
    const { alice, bob } = await videoCall(enter);
    await alice.seesColour(bob.account, COLOURS.bob);
    await bob.seesColour(alice.account, COLOURS.alice);
    await bob.sees(`.tile.speaking[data-user="${alice.account}"]`);
    await alice.click("#camera");
    await bob.sees(`.tile[data-user="${alice.account}"][data-video="false"]`);
    await alice.click("#camera");
    await bob.sees(`.tile[data-user="${alice.account}"][data-video="true"]`);
    await bob.seesColour(alice.account, COLOURS.alice);
    await alice.click("#hang-up");
    await bob.isTold("Call ended");
  },
  needsMedia,
);

scene(
  "a block by the host stops the sound on its way, whatever the blocked page does",
  async ({ enter }) => {
    const { alice, bob } = await videoCall(enter, { group: true });
    // A page that does not listen: its microphone goes on sending.
    await bob.page.evaluate(() => {
      const { call } = globalThis.switchboard.phone;
      call.local.set = async () => true;
    });
    await alice.useTool(bob.account, "Block microphone");
    await bob.sees("#blocked");
    const still = async () => {
      const before = await alice.receives(bob.account);
      // Frames go on coming, so the way is open and time has passed; sound does not.
      const after = await until("more pictures come", async () => {
        const sums = await alice.receives(bob.account);
        return sums.frames >= before.frames + 20 && sums;
      });
      return after.audioPackets === before.audioPackets;
    };
    await until("no packet of sound comes through", still);
    await alice.useTool(bob.account, "Allow to speak");
    const silent = await alice.receives(bob.account);
    await until(
      "sound comes through again",
      async () => (await alice.receives(bob.account)).audioPackets > silent.audioPackets + 20,
    );
  },
  needsMedia,
);

scene(
  "who is removed has no media any more, whatever the removed page does",
  async ({ enter }) => {
    const { alice, bob } = await videoCall(enter, { group: true });
    // A page that does not listen: it stays in the media as long as it is let.
    await bob.page.evaluate(() => {
      const { call } = globalThis.switchboard.phone;
      call.apply = async () => {};
      call.end = () => {};
    });
    await alice.useTool(bob.account, "Remove");
    await until("Bob's place in the media is closed", () =>
      bob.page.evaluate(() => globalThis.switchboard.phone.call.media.state === "closed"),
    );
    await until("Alice has no media of Bob", () =>
      alice.page.evaluate((of) => !globalThis.switchboard.phone.call.peers.has(of), bob.account),
    );
  },
  needsMedia,
);

scene(
  "three see each other",
  async ({ enter }) => {
    const carol = await enterIn(enter, "carol");
    const { alice, bob } = await videoCall(enter, { group: true });
    await alice.bringsIn(carol, "Alice");
    await alice.seesColour(carol.account, COLOURS.carol);
    await bob.seesColour(carol.account, COLOURS.carol);
    await carol.seesColour(alice.account, COLOURS.alice);
    await carol.seesColour(bob.account, COLOURS.bob);
  },
  needsMedia,
);

scene(
  "a page that is loaded again sends and gets media again",
  async ({ enter }) => {
    const { alice, bob } = await videoCall(enter);
    await bob.page.reload();
    await bob.isIn();
    await Promise.all([alice.seesAndHears(bob.account), bob.seesAndHears(alice.account)]);
    await alice.seesColour(bob.account, COLOURS.bob);
  },
  needsMedia,
);

scene(
  "without camera and microphone one joins all the same, and it is said",
  async ({ enter }) => {
    const alice = await enterIn(enter, "alice");
    const bob = await enter("bob", { denied: true });
    await alice.call(bob.account);
    await bob.isCalledBy("Alice");
    await bob.click("#accept");
    await bob.isIn();
    await until("it is said", async () =>
      (await bob.text("#device-problem"))?.includes("Microphone not allowed by the browser, camera not allowed"),
    );
    await bob.seesAndHears(alice.account);
    await alice.sees(`.tile[data-user="${bob.account}"][data-audio="false"][data-video="false"]`);
  },
  needsMedia,
);

scene(
  "a token that is not taken is renewed once",
  async ({ enter }) => {
    const bob = await enterIn(enter, "bob");
    const alice = await enterIn(enter, "alice");
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
  "a media server that is gone is said to be, and found again",
  async ({ enter }) => {
    const bob = await enterIn(enter, "bob");
    const alice = await enterIn(enter, "alice");
    await bob.page.route("**/whip", (route) => route.abort());
    await alice.call(bob.account);
    await bob.isCalledBy("Alice");
    await bob.click("#accept");
    await until("it is said", async () => (await bob.text("#media-problem"))?.includes("cannot be reached"));
    await bob.page.unroute("**/whip");
    await bob.seesAndHears(alice.account);
  },
  needsMedia,
);

scene(
  "who finds no way to the media is given up after a while, and told so",
  async ({ enter }) => {
    const [alice, bob] = [await enterIn(enter, "alice"), await enterIn(enter, "bob")];
    await bob.page.route("**/whip", (route) => route.abort());
    await alice.callGroup(bob.account);
    await alice.isIn();
    await bob.isCalledBy("Alice");
    await bob.click("#accept");
    await bob.sees("#media-problem");
    // The service's patience; nothing tells him that it is over.
    await house.stack.advance(21_000);
    await bob.isTold("The media connection failed");
    await bob.isOut();
  },
  needsMedia,
);
