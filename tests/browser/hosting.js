/** @file Conferences: a third comes in, and the host's tools. */
import { scene } from "./house.js";
import { until } from "./until.js";

/** Alice and Bob in a group call that Alice hosts. */
async function conference(enter) {
  const bob = await enter("bob");
  const alice = await enter("alice");
  await alice.callGroup(bob.account);
  await alice.isIn();
  await bob.isCalledBy("Alice");
  await bob.click("#accept");
  await bob.isIn();
  await alice.sees(`.tile[data-user="${bob.account}"][data-state="joined"]`);
  return { alice, bob };
}

scene("a third is invited and comes in", async ({ enter }) => {
  const carol = await enter("carol");
  const { alice, bob } = await conference(enter);
  await alice.bringsIn(carol, "Alice");
  for (const one of [alice, bob]) await one.sees(`.tile[data-user="${carol.account}"][data-state="joined"]`);
  await carol.click("#hang-up");
  await bob.page.waitForSelector(`.tile[data-user="${carol.account}"]`, { state: "detached" });
});

scene("the host mutes, blocks and allows, and each is shown", async ({ enter }) => {
  const { alice, bob } = await conference(enter);
  await alice.useTool(bob.account, "Mute");
  await bob.sees("#muted");
  await bob.sees('#microphone[aria-pressed="false"]');
  await bob.click("#microphone");
  await bob.sees('#microphone[aria-pressed="true"]');
  await alice.useTool(bob.account, "Block microphone");
  await bob.sees("#blocked");
  await bob.sees("#microphone:disabled");
  await alice.useTool(bob.account, "Allow to speak");
  await bob.page.waitForSelector("#blocked", { state: "detached" });
  // The right is back; the microphone stays off until its user turns it on.
  await bob.sees('#microphone[aria-pressed="false"]:not(:disabled)');
  await bob.click("#microphone");
  await bob.sees('#microphone[aria-pressed="true"]');
});

scene("hands are raised and shown in their order", async ({ enter }) => {
  const { alice, bob } = await conference(enter);
  await bob.click("#hand");
  await alice.sees(`.tile[data-user="${bob.account}"] .badge`);
  await alice.click("#people");
  await until("Bob's hand is listed", async () => (await alice.text("#hands"))?.includes("Bob"));
  await bob.click("#hand");
  await alice.page.waitForSelector("#hands", { state: "detached" });
});

scene("who is removed is out and told so", async ({ enter }) => {
  const { alice, bob } = await conference(enter);
  await alice.useTool(bob.account, "Remove");
  await bob.isTold("You were removed from the call");
  await bob.isOut();
  await alice.page.waitForSelector(`.tile[data-user="${bob.account}"]`, { state: "detached" });
});

scene("a guest waits in the lobby until the host lets them in", async ({ enter }) => {
  const alice = await enter("alice");
  await alice.click("#new-meeting");
  await alice.click("#meeting-start");
  await alice.isIn();
  const meetingId = await alice.page.evaluate(() => globalThis.switchboard.phone.call.meetingId);
  const guest = await enter("guest");
  const stranger = await enter("stranger");
  for (const one of [guest, stranger]) {
    await one.page.fill("#dial", `#meeting=${meetingId}`);
    await one.click("#dial-go");
    await one.sees("#lobby");
  }
  await alice.click("#people");
  await alice.click(`#waiting [data-user="${guest.account}"] button:has-text("Admit")`);
  await guest.isIn();
  await alice.sees(`.tile[data-user="${guest.account}"]`);
  await alice.click(`#waiting [data-user="${stranger.account}"] button:has-text("Deny")`);
  await stranger.isTold("You were not let in");
});

scene("a locked call lets nobody new in", async ({ enter }) => {
  const { alice } = await conference(enter);
  await alice.click("#people");
  await alice.page.selectOption("#entry", "open");
  await alice.click("#locked");
  await until("it is locked", async () => (await alice.text("#call-state"))?.includes("Locked"));
  const meetingId = await alice.page.evaluate(() => globalThis.switchboard.phone.call.meetingId);
  const carol = await enter("carol");
  await carol.page.fill("#dial", `#meeting=${meetingId}`);
  await carol.click("#dial-go");
  await carol.isTold("This call is locked.");
});

scene("another becomes host and ends the call for all", async ({ enter }) => {
  const { alice, bob } = await conference(enter);
  await alice.useTool(bob.account, "Make host");
  await bob.click("#people");
  await bob.click("#end-for-all");
  await alice.isTold("The host ended the call");
  await Promise.all([alice.isOut(), bob.isOut()]);
});
