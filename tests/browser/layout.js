/** @file The layout of a call: many people, and small screens. */
import assert from "node:assert/strict";

import { scene } from "./scene.js";
import { until } from "./until.js";

/** Height in pixels that a tile needs for a face and a name. */
const READABLE_PX = 90;

/** Shows a made-up roster of this many people, the own user included. */
async function showsPeople(person, count) {
  await person.page.evaluate((wanted) => {
    const { call } = globalThis.switchboard.phone;
    const [me] = call.meeting.participants;
    const made = Array.from({ length: wanted - 1 }, (_, at) => ({
      ...me,
      user_id: `made-${at}`,
      name: `Made-up Person ${at}`,
      role: "member",
      state: "joined",
    }));
    call.applyMeeting({ ...call.meeting, rev: call.meeting.rev + 1, participants: [me, ...made] });
  }, count);
}

const tiles = (person) =>
  person.page.$$eval(".tile", (all) => all.map((one) => [one.dataset.user, one.getBoundingClientRect().height]));

for (const [about, viewport, people, atMost] of [
  ["a laptop", { width: 1280, height: 800 }, 25, 9],
  ["a phone", { width: 390, height: 844 }, 49, 6],
  ["a phone in landscape", { width: 844, height: 390 }, 12, 4],
]) {
  scene(`${people} people fit on ${about}, page by page`, async ({ logIn }) => {
    const alice = await logIn("alice", { viewport });
    await alice.click("#new-meeting");
    await alice.click("#meeting-start");
    await alice.isInCall();
    await showsPeople(alice, people);
    await until("there are pages", async () => (await tiles(alice)).length === atMost);
    assert.equal(await alice.text("#call-title"), `${people} people`);
    const seen = new Set();
    for (;;) {
      for (const [user, height] of await tiles(alice)) {
        seen.add(user);
        assert.ok(height >= READABLE_PX, `the tile of ${user} is ${height} pixels high`);
      }
      const next = await alice.page.$('#pager button:has-text("Next"):not([disabled])');
      if (!next) break;
      const page = await alice.text("#pager [role=status]");
      await next.click();
      await until("the next page", async () => (await alice.text("#pager [role=status]")) !== page);
    }
    assert.equal(seen.size, people);
  });
}

scene("a panel on a phone leaves the controls free", async ({ logIn }) => {
  const alice = await logIn("alice", { viewport: { width: 390, height: 844 } });
  await alice.click("#new-meeting");
  await alice.click("#meeting-start");
  await alice.isInCall();
  await showsPeople(alice, 30);
  await alice.click("#people");
  await alice.sees("#people-panel");
  // A click fails if another element receives it.
  await alice.page.click("#microphone", { timeout: 5_000 });
  await alice.page.click("#hang-up", { timeout: 5_000 });
  await alice.hasNoCall();
});
